package bundle

import (
	"bytes"
	"crypto"
	"crypto/sha256"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// Chapter is one statement of a key's life at its place in the log.
type Chapter struct {
	statement.Key
	Seq  int64   // index in the log
	Hash id.Hash // of the statement
}

// Life is the chapters of one key in the order of the log, each of which follows the one
// before.
type Life []Chapter

// Extend adds the statement that the log has at an index. It refuses one of another key,
// one that does not follow, and a first one whose key is not the one of its name. The
// fault is damaged; the life is then as it was.
func (l Life) Extend(seq int64, body []byte) (Life, error) {
	k, err := statement.ParseKey(body)
	if err != nil {
		return l, err
	}
	if len(l) == 0 {
		if k.N != 1 {
			return l, fault.New(fault.Damaged, "The life of the key %s begins with chapter %d; the first is missing.", k.Kid, k.N)
		}
		if _, err := publicOf(k); err != nil {
			return l, err
		}
	} else {
		last := l[len(l)-1]
		if k.Kid != last.Kid || k.N != last.N+1 || k.Prev != last.Hash || seq <= last.Seq {
			return l, fault.New(fault.Damaged, "Chapter %d of the key %s does not follow chapter %d of %s.", k.N, k.Kid, last.N, last.Kid)
		}
	}
	return append(l, Chapter{k, seq, sha256.Sum256(body)}), nil
}

// publicOf reads the key of a first chapter.
func publicOf(k statement.Key) (crypto.PublicKey, error) {
	pub, err := signature.ParseJWK(k.JWK)
	if err != nil {
		return nil, fault.Wrap(err, fault.Damaged, "The key in the life of %s cannot be read.", k.Kid)
	}
	again, err := signature.FormatJWK(pub)
	if err != nil || !bytes.Equal(again, k.JWK) {
		return nil, fault.New(fault.Damaged, "The key in the life of %s is not in its one spelling.", k.Kid)
	}
	if kid, err := signature.Thumbprint(pub); err != nil || kid != k.Kid {
		return nil, fault.New(fault.Damaged, "The key in the life of %s is another one.", k.Kid)
	}
	return pub, nil
}

// Before is the key as the log told of it ahead of its entry number seq; false when it had
// told nothing yet.
func (l Life) Before(seq int64) (party.Key, bool) {
	n := 0
	for n < len(l) && l[n].Seq < seq {
		n++
	}
	return l[:n].fold(), n > 0
}

// Whole is the key by all that is told.
func (l Life) Whole() party.Key { return l.fold() }

func (l Life) fold() (k party.Key) {
	for _, c := range l {
		switch c.What {
		case statement.Revoked:
			k = k.Revoke(c.Effective, c.At)
		case statement.Limited:
			k.Valid = party.Period{From: c.From, To: c.To}
		default:
			k = party.Key{Kid: c.Kid, Party: c.Party, Person: c.Person, Device: c.Device, Valid: party.Period{From: c.From, To: c.To}}
		}
	}
	return k
}

// Key is the key as Bundle.Keys must have it.
func (l Life) Key() Key {
	k := l.fold()
	return Key{Kid: k.Kid, Party: k.Party, Person: k.Person, Device: k.Device, JWK: l[0].JWK, Valid: k.Valid, RevokedAt: k.RevokedAt}
}

// Public is the key itself. The fault is damaged.
func (l Life) Public() (crypto.PublicKey, error) { return publicOf(l[0].Key) }

// FromBefore says that the log first heard of the key from the server and not by a proof
// of possession: the key was enrolled before its life was kept, and may have signed then.
func (l Life) FromBefore() bool { return l[0].What == statement.Enrolled && l[0].Proof == "" }
