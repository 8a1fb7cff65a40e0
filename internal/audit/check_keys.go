package audit

import (
	"crypto"
	"fmt"
	"slices"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/party"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// A key is judged by what the log said of it before the event: a revocation that came
// later takes nothing from the log, it makes contested what it reaches back to. The
// register is believed only about keys that the log says nothing of, and is itself held
// against the log.

// life is a device key as the log tells it so far.
type life struct {
	party.Key
	first    party.Period // of the first chapter
	replaces string
	reason   string // of the newest revocation
	n        int64
	head     id.Hash
}

// after adds a chapter that follows.
func (l life) after(k statement.Key, hash id.Hash) life {
	switch k.What {
	case statement.Limited:
		l.Valid = party.Period{From: k.From, To: k.To}
	case statement.Revoked:
		l.Key, l.reason = l.Revoke(k.Effective, k.At), k.Reason
	}
	l.n, l.head = k.N, hash
	return l
}

// begun is a key after its first chapter. The fault is damaged.
func begun(k statement.Key, hash id.Hash) (life, error) {
	pub, err := signature.ParseJWK(k.JWK)
	if err != nil {
		return life{}, fault.Wrap(err, fault.Damaged, "the key of its first chapter cannot be read")
	}
	if kid, err := signature.Thumbprint(pub); err != nil || kid != k.Kid {
		return life{}, fault.New(fault.Damaged, "its first chapter holds the key of another name")
	}
	valid := party.Period{From: k.From, To: k.To}
	return life{Key: party.Key{Kid: k.Kid, Party: k.Party, Person: k.Person, Device: k.Device, Public: pub, Valid: valid},
		first: valid, replaces: k.Replaces, n: 1, head: hash}, nil
}

// signing is an event that a key signed, for revocations that come later.
type signing struct {
	seq    int64
	at     int64 // Unix milliseconds
	hash   id.Hash
	unsure error // it came before the first chapter, and the register does not bear it out
}

// lives are the keys of the log.
type lives struct {
	of     map[string]*life
	signed map[string][]signing
	early  map[string]party.Key // of the register: signed before their first chapter
}

func newLives() lives {
	return lives{map[string]*life{}, map[string][]signing{}, map[string]party.Key{}}
}

// follow adds a chapter, or says why it cannot come next.
func (ls lives) follow(k statement.Key, hash id.Hash) error {
	l := ls.of[k.Kid]
	switch {
	case l == nil && k.N == 1:
		begun, err := begun(k, hash)
		if err == nil {
			ls.of[k.Kid] = &begun
		}
		return err
	case l == nil:
		return fault.New(fault.Damaged, "it is chapter %d of key %s, whose first is missing", k.N, k.Kid)
	case k.N != l.n+1 || k.Prev != l.head:
		return fault.New(fault.Damaged, "it is chapter %d of key %s and does not follow chapter %d: one is missing, or there are two", k.N, k.Kid, l.n)
	}
	*l = l.after(k, hash)
	return nil
}

// opened is what the parallel part found about an entry.
type opened struct {
	signed signature.Signed
	event  event.Event
	key    party.Key // of the register
	known  bool      // by the register
	good   bool      // the register's key verifies the signature
	fault  error     // its form
	err    error     // the register could not be asked: nothing can be said
}

// verify reads an event and verifies its signature by the register's key, which is no
// damage if the log's turns out to be another.
func (c *checker) verify(k ledger.Kept) (o opened) {
	o.signed, o.event, o.fault = open(k.Body)
	if o.fault != nil {
		return o
	}
	o.key, o.known, o.err = c.s.Keys.Key(c.ctx, o.signed.Kid)
	if fault.Of(o.err) == fault.Damaged { // deviceKeys names it
		o.known, o.err = false, nil
	}
	o.good = o.known && o.signed.Verify(o.key.Public) == nil
	return o
}

// signer says whether an event is signed by a key of its party and person, in the log's
// words or else in the register's.
func (c *checker) signer(o opened) error {
	key, good := o.key, o.good
	if l := c.keys.of[o.signed.Kid]; l != nil {
		if !o.known || !samePublic(key.Public, l.Public) {
			good = o.signed.Verify(l.Public) == nil
		}
		key = l.Key
	} else if !o.known {
		return fmt.Errorf("key %s is neither in the log nor in the registry", o.signed.Kid)
	}
	if key.Party != o.event.Party || key.Person != o.event.Person {
		return fmt.Errorf("key %s belongs to another party or person", o.signed.Kid)
	}
	if !good {
		return o.signed.Verify(key.Public)
	}
	return nil
}

func samePublic(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// judge says whether an event may stand where it stands by its signature and its key.
func (c *checker) judge(e ledger.Entry, o opened) error {
	if o.fault != nil {
		return o.fault
	}
	if err := c.signer(o); err != nil {
		return err
	}
	kid := o.signed.Kid
	s := signing{seq: e.Seq, at: o.event.At.UnixMilli(), hash: e.Hash}
	if l := c.keys.of[kid]; l == nil {
		c.keys.early[kid] = o.key
		s.unsure = unsure(o.key, o.event, e)
	} else if err := l.Sound(o.event.At); fault.Of(err) == fault.KeyContested && c.rulings[e.Hash].verdict == event.Admit {
		// An authority has let it in.
	} else if err != nil {
		return err
	}
	c.keys.signed[kid] = append(c.keys.signed[kid], s)
	return nil
}

// unsure judges by the register, as it is today, an event that stands before anything
// the log says of its key. A revocation that was reported after the event was recorded
// takes nothing from it.
func unsure(k party.Key, ev event.Event, e ledger.Entry) error {
	if k.RefusedFrom.IsZero() || e.RecordedAt.Before(k.RefusedFrom) {
		return party.Key{Valid: k.Valid}.Sound(ev.At)
	}
	return k.Sound(ev.At)
}

// settleKeys judges, with the whole log known, what could not be judged in its place, and
// counts what is contested.
func (c *checker) settleKeys() error {
	kids := make([]string, 0, len(c.keys.signed))
	for kid := range c.keys.signed {
		kids = append(kids, kid)
	}
	slices.Sort(kids) // the same store gives the same report
	for _, kid := range kids {
		key := c.keys.early[kid]
		l := c.keys.of[kid]
		if l != nil {
			key = l.Key
		} else {
			c.r.Unstated++
		}
		for _, s := range c.keys.signed[kid] {
			if s.unsure != nil && l != nil {
				s.unsure = party.Key{Valid: l.first}.Sound(unixMilli(s.at))
			}
			contested := !key.RevokedAt.IsZero() && s.at >= key.RevokedAt.UnixMilli()
			if s.unsure != nil && !(contested && fault.Of(s.unsure) == fault.KeyContested && c.rulings[s.hash].verdict == event.Admit) {
				c.r.say(AreaSignature, fmt.Sprintf("entry %d", s.seq), "事件签名或密钥不成立", "%v", s.unsure)
			}
			if contested {
				c.contested(s.hash)
			}
			if r, ok := c.rulings[s.hash]; ok {
				r.met = true
				c.rulings[s.hash] = r
			}
		}
	}
	if c.r.Unstated > 0 {
		c.r.Notes = append(c.r.Notes, Note{fmt.Sprintf("%d 个密钥在日志中没有履历，按登记册判断。", c.r.Unstated),
			fmt.Sprintf("%d keys have no history in the log; they were judged by the register.", c.r.Unstated)})
	}
	if n := c.r.Contested.Open; n > 0 {
		c.r.Notes = append(c.r.Notes, Note{fmt.Sprintf("%d 条事件的密钥后来被报失且尚未裁定。", n),
			fmt.Sprintf("%d events were signed by keys that were reported lost later, and no authority has ruled on them.", n)})
	}
	return nil
}

func (c *checker) contested(hash id.Hash) {
	switch c.rulings[hash].verdict {
	case event.Admit:
		c.r.Contested.Admitted++
	case event.Reject:
		c.r.Contested.Rejected++
	default:
		c.r.Contested.Open++
	}
}
