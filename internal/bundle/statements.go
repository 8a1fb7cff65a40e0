package bundle

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// inOrder proves statements of one kind, each by itself, and hands them on in the order of
// the file, with the word whether nothing is wrong with one. That order must be the log's.
func (c *checker) inOrder(list []Statement, check, kind, disorderZH, noun string, each func(s Statement, sound bool)) {
	broken := make([][]Line, len(list))
	c.o.Each(len(broken), func(i int) { broken[i] = c.openStatement(list[i], check, kind) })
	last := int64(-1)
	for i, s := range list {
		for _, l := range broken[i] {
			c.bad[l.Check]++
			c.r.Broken = append(c.r.Broken, l)
		}
		if s.Index <= last {
			c.fail(CheckForm, &Where{Seq: s.Index}, disorderZH, fmt.Sprintf("%s %d stands after entry %d.", noun, s.Index, last))
		}
		last = max(last, s.Index)
		each(s, len(broken[i]) == 0)
	}
}

// openStatements proves every statement, folds them into the lives of the keys, and holds
// the keys that the file lists against them.
func (c *checker) openStatements() {
	if len(c.b.Statements) == 0 {
		return
	}
	c.inOrder(c.b.Statements, CheckLife, statement.KindKey, "密钥经历不按日志次序排列", "Statement", func(s Statement, _ bool) {
		c.count[CheckLife]++
		c.extend(s)
	})
	for _, k := range c.b.Keys {
		if h := c.keys[k.Kid]; h.life == nil {
			c.fail(CheckLife, nil, "文件内没有该密钥的经历："+k.Kid, "The file has lives of keys, but none of the key "+k.Kid)
		} else if !sameKey(h.life.Key(), k) {
			c.fail(CheckLife, nil, "所列密钥与日志中的经历不符："+k.Kid, "The listed key is not as the log tells its life: "+k.Kid)
		}
	}
	c.checkHandovers()
}

// sameKey compares all but the spelling of moments.
func sameKey(a, b Key) bool {
	return a.Kid == b.Kid && a.Party == b.Party && a.Person == b.Person && a.Device == b.Device && slices.Equal(a.JWK, b.JWK) &&
		a.Valid.From.Equal(b.Valid.From) && a.Valid.To.Equal(b.Valid.To) && a.RevokedAt.Equal(b.RevokedAt)
}

// openStatement proves one statement of a kind alone. It is called in parallel and only reads.
func (c *checker) openStatement(s Statement, check, kind string) (broken []Line) {
	fail := func(zh, en string) {
		broken = append(broken, Line{Check: check, Count: 1, ZH: zh, EN: en, Where: &Where{Seq: s.Index}})
	}
	e, err := ledger.ParseEntry(s.Entry)
	switch {
	case err != nil:
		fail("该陈述的日志条目已损坏或被改动", sentence(err))
	case e.Seq != s.Index:
		fail("条目序号与文件所列不同", fmt.Sprintf("The entry says that it is number %d, the file %d.", e.Seq, s.Index))
	case e.Kind != kind || len(e.Links) > 0:
		fail("该条目不是所称的那类陈述（"+kind+"）", "The entry is not a statement of the kind "+kind+".")
	case e.Hash != id.Hash(sha256.Sum256(s.Body)):
		fail("陈述的内容与日志条目的散列不符", "The statement is not the one whose hash is in the log entry.")
	}
	if c.proven {
		if err := merkle.CheckInclusion(c.head, s.Index, ledger.LeafOf(s.Entry), s.Proof); err != nil {
			fail("该陈述不在检查点的日志树中", sentence(err))
		}
	}
	return broken
}

// extend adds a statement to the life of its key.
func (c *checker) extend(s Statement) {
	at := &Where{Seq: s.Index}
	k, err := statement.ParseKey(s.Body)
	if err != nil {
		c.fail(CheckLife, at, "密钥经历无法读取", sentence(err))
		return
	}
	h, ok := c.keys[k.Kid]
	if !ok {
		c.fail(CheckLife, at, "该经历所述的密钥不在文件内："+k.Kid, "The statement is about a key that the file does not list: "+k.Kid)
		return
	}
	life, err := h.life.Extend(s.Index, s.Body)
	if err != nil {
		c.fail(CheckLife, at, "密钥经历断裂：缺少一章、次序不对或前章散列不符（"+k.Kid+"）", sentence(err))
		return
	}
	h.life = life
	if k.What == statement.Enrolled && k.Proof != "" {
		signed, err := signature.Open([]byte(k.Proof), signature.TypEnrolment)
		if err == nil && (h.bad || signed.Kid != k.Kid || signed.Verify(h.public) != nil) {
			err = fault.New(fault.BadSignature, "The enrolment is not signed by the key itself.")
		}
		if err != nil {
			c.fail(CheckLife, at, "该密钥的持有证明不成立："+k.Kid, "The proof of possession of the key "+k.Kid+" does not hold: "+sentence(err))
		}
	}
}

// checkHandovers proves that a key that took over from another was handed over to: by its
// own signature always, by the other's where that key is in the file.
func (c *checker) checkHandovers() {
	for _, listed := range c.b.Keys {
		h := c.keys[listed.Kid]
		if h.life == nil || h.life[0].What != statement.Rotated {
			continue
		}
		first := h.life[0]
		at := &Where{Seq: first.Seq}
		r, err := signature.OpenRotation([]byte(first.Proof))
		if err != nil || r.Kid != first.Replaces || r.NextKid != first.Kid {
			c.fail(CheckLife, at, "该密钥的交接证明不成立："+first.Kid, "The hand-over to the key "+first.Kid+" does not hold.")
			continue
		}
		old, ok := c.keys[first.Replaces]
		if !ok || old.life == nil {
			c.note("handover-from-outside", fmt.Sprintf("密钥 %s 由密钥 %s 交接而来，后者不在文件内，其签名未检查", first.Kid, first.Replaces),
				fmt.Sprintf("The key %s took over from the key %s, which is not in this file; that one's signature was not checked.", first.Kid, first.Replaces))
			continue
		}
		before, told := old.life.Before(first.Seq)
		switch {
		case old.bad || r.Verify(old.public) != nil:
			c.fail(CheckLife, at, "交接不是由原密钥签名的："+first.Kid, "The hand-over to the key "+first.Kid+" is not signed by the key that it names.")
		case !told || before.Sound(first.At) != nil:
			c.fail(CheckLife, at, "交接时原密钥已无效："+first.Kid, "The key that handed over to "+first.Kid+" was not valid then.")
		case before.Party != first.Party || before.Person != first.Person:
			c.fail(CheckLife, at, "交接换了单位或经办人："+first.Kid, "The hand-over to the key "+first.Kid+" changed its party or person.")
		}
	}
}

// ruling is an authority's word on one event.
type ruling struct {
	event.Ruling
	seq  int64
	used bool
}

// openRulings proves the rulings like any event and files each by what it decides on.
func (c *checker) openRulings() {
	c.rulings = map[id.Hash]*ruling{}
	c.ruled = make([]opened, len(c.b.Rulings))
	c.o.Each(len(c.ruled), func(i int) { c.ruled[i] = c.open(c.b.Rulings[i]) })
	c.gather(c.ruled)
	last := int64(-1)
	for i := range c.ruled {
		o, index := &c.ruled[i], c.b.Rulings[i].Index
		c.count[CheckRulings]++
		if index <= last {
			c.fail(CheckForm, o.where(), "裁定不按日志次序排列", fmt.Sprintf("Ruling %d stands after entry %d.", index, last))
		}
		last = max(last, index)
		r, ok := o.event.Data.(event.Ruling)
		switch {
		case !o.eventRead || !o.entryRead:
			c.fail(CheckRulings, o.where(), "裁定无法读取", "The ruling cannot be read.")
		case !ok || o.entry.Kind != ledger.KindEvent:
			c.fail(CheckRulings, o.where(), "该事件不是裁定", "The event is not a ruling.")
		case !slices.Contains(o.event.Refs, r.Event):
			c.fail(CheckRulings, o.where(), "裁定所指与其引用不符", "The ruling does not refer to the event that it decides on.")
		case o.key == nil || o.key.life == nil:
			c.fail(CheckRulings, o.where(), "签署裁定的密钥没有经历在册", "The file has no life of the key that signed the ruling.")
		case c.rulings[r.Hash] != nil:
			c.fail(CheckRulings, o.where(), "同一事件有两个裁定", "There are two rulings on one event.")
		case len(o.broken) == 0: // a ruling that does not hold decides nothing
			c.rulings[r.Hash] = &ruling{Ruling: r, seq: index}
		}
	}
}

// checkRulings finds rulings on what is not in the file, or on what needed none.
func (c *checker) checkRulings() {
	for i := range c.opened {
		o := &c.opened[i]
		r := c.rulings[o.entry.Hash]
		if r == nil || !o.eventRead {
			continue
		}
		if r.used = o.contested && r.Event == o.event.ID; !r.used {
			c.fail(CheckRulings, &Where{Seq: r.seq}, "裁定所指的事件并无争议或另有其事", "The ruling is on an event that is not contested, or on another one.")
			r.used = true // it is said
		}
	}
	for i := range c.ruled {
		r, _ := c.ruled[i].event.Data.(event.Ruling)
		if known := c.rulings[r.Hash]; known != nil && known.seq == c.b.Rulings[i].Index && !known.used {
			c.fail(CheckRulings, c.ruled[i].where(), "裁定所指的事件不在文件内", "The ruling is on an event that is not in the file.")
		}
	}
}
