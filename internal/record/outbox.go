package record

import (
	"strings"

	"liandan/internal/fault"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/party"
	"liandan/internal/statement"
)

// maxStatements bounds the statements of one commit group.
const maxStatements = 256

// errSucceeded is why a server with an old key appends nothing.
var errSucceeded error = fault.New(fault.Unavailable, "The log's key was succeeded; restart this server with the new key. Nothing was recorded; send the same bytes again later.")

// keyName is "name+hash" of a verifier key, whose parts + separates.
func keyName(vkey string) string {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[0] + "+" + parts[1]
}

// drain takes the outbox over into the group. When it says that there is more, the group
// must be committed as it is and nothing placed in it: a key's statement always comes
// before what the key signed, and after a succession the next head is for another key to
// sign.
//
// What no log could take (it was changed in the table, or does not follow the statement
// before it) stays in the outbox and is named by `liandan check`: evidence that is wrong
// could never be taken back.
func (a *assembly) drain(tx Tx) (more bool, err error) {
	posted, err := tx.Outbox(maxStatements + 1)
	if err != nil || len(posted) == 0 {
		return false, err
	}
	more = len(posted) > maxStatements
	posted = posted[:min(len(posted), maxStatements)]
	newest, err := tx.NewestOf(kidsOf(posted))
	if err != nil {
		return false, err
	}
	for _, p := range posted {
		key, err := a.follows(p.Statement, newest)
		if err != nil {
			a.g.left++
			if a.s.unfit[p.ID] { // said once, and not with every group
				continue
			}
			a.s.unfit[p.ID] = true
			a.s.Log.Error("a statement cannot go into the log", "outbox", p.ID, "kind", p.Kind, "error", err)
			continue
		}
		if key.N > 0 {
			newest[key.Kid] = Chapter{key.N, p.Hash()}
		}
		a.say(p, key)
		if p.Kind == statement.KindLogKey {
			return true, nil
		}
	}
	return more && len(a.g.Statements) > 0, nil
}

// kidsOf lists the keys that statements are about, as far as they can be read.
func kidsOf(posted []Posted) []string {
	var out []string
	for _, p := range posted {
		if p.Kind == statement.KindKey {
			if k, err := statement.ParseKey(p.Body); err == nil {
				out = append(out, k.Kid)
			}
		}
	}
	return out
}

// follows reads a statement and holds it against what the log has; of a key's chapter it
// gives the key. The fault is damaged.
func (a *assembly) follows(st statement.Statement, newest map[string]Chapter) (key statement.Key, err error) {
	switch st.Kind {
	case statement.KindAct:
		_, err := statement.ParseAct(st.Body)
		return key, err
	case statement.KindFact:
		_, err := indicator.ParseFact(st.Body)
		return key, err
	case statement.KindImport:
		_, err := statement.ParseImport(st.Body)
		return key, err
	case statement.KindKey:
		if key, err = statement.ParseKey(st.Body); err != nil {
			return key, err
		}
		if before := newest[key.Kid]; key.N != before.N+1 || key.Prev != before.Hash {
			return key, fault.New(fault.Damaged, "It is chapter %d of key %s and does not follow chapter %d, the newest in the log.", key.N, key.Kid, before.N)
		}
		if key.N > 1 {
			a.world.later[key.Kid] = append(a.world.later[key.Kid], key)
		}
		return key, nil
	case statement.KindConfirmation:
		_, err := statement.ParseConfirmation(st.Body)
		return key, err
	case statement.KindLogKey:
		s, err := merkle.OpenSuccession(st.Body)
		if err != nil {
			return key, err
		}
		if s.Origin != a.s.Origin() || keyName(s.Old) != a.s.self {
			return key, fault.New(fault.Damaged, "It does not succeed the key with which this server signs.")
		}
		a.g.Signer = keyName(s.New)
		return key, nil
	}
	return key, fault.New(fault.Damaged, "The log has no statements of the kind %q.", st.Kind)
}

// say gives a statement its place in the log.
func (a *assembly) say(p Posted, key statement.Key) {
	e := ledger.Entry{Seq: a.seq, RecordedAt: a.g.RecordedAt, Kind: p.Kind, Hash: p.Hash()}
	b := e.Bytes()
	a.g.Statements = append(a.g.Statements, Said{Entry: e, Bytes: b, Leaf: ledger.LeafOf(b), Body: p.Body, Subject: key.Kid, N: key.N})
	a.g.Drained = append(a.g.Drained, p.ID)
	a.seq++
}

// sound judges an event's key by the log. The register was asked before this group began,
// perhaps in another process's old copy: what the log says of the key since then counts.
func (a *assembly) sound(p Prepared) error {
	if p.Kid == "" { // the dry run of a bare payload
		return nil
	}
	key := p.Key
	for _, c := range a.world.later[p.Kid] {
		switch c.What {
		case statement.Limited:
			key.Valid = party.Period{From: c.From, To: c.To}
		case statement.Revoked:
			key = key.Revoke(c.Effective, c.At)
		}
	}
	return key.Sound(p.Event.At)
}
