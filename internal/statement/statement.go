// Package statement holds what the log says beside signed events: the life of device
// keys, and who looked at or changed what. A statement is one JSON object in one
// spelling; its SHA-256 is in the log's entry, its bytes are kept beside.
//
// It must not hold a person's name, decide who may make a statement, or put one into the
// log.
package statement

import (
	"bytes"
	"crypto/sha256"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// The kinds of log entries that are statements.
const (
	KindKey    = "key"     // Key
	KindAct    = "act"     // Act
	KindLogKey = "log-key" // merkle.Succession, a signed note
	KindFact   = "fact"    // indicator.Fact: a dated fact of a register that figures are computed from
)

// Statement is one on its way into the log.
type Statement struct {
	Kind string
	Body []byte
}

// MaxBody bounds a statement in bytes: a chapter with its proof takes a few thousand.
const MaxBody = 16 << 10

// Hash is what the log's entry carries.
func (s Statement) Hash() id.Hash { return sha256.Sum256(s.Body) }

// What happened to a key.
type What string

// The chapters of a key's life.
const (
	Enrolled What = "enrolled" // by a one-time code and proof of possession
	Rotated  What = "rotated"  // in place of another key of the same person, which signed for it
	Limited  What = "limited"  // its holder's time in the register ends earlier or later than before
	Revoked  What = "revoked"
)

// Key is one chapter of a device key's life. Each names the one before, so that none can
// be left out between two others.
type Key struct {
	Kid  string  // RFC 7638 thumbprint
	N    int64   // 1 for the first
	Prev id.Hash // of the statement before; zero for the first
	What What
	At   time.Time // when the server took it, UTC to the millisecond
	By   string    // who did it: an opaque word such as account:UUID; never a name

	// Of the first chapter.
	Party    id.Party
	Person   id.Person
	Device   string
	JWK      []byte // as signature.FormatJWK writes it
	Replaces string // kid, for Rotated
	Proof    string // the compact JWS by which the key showed itself; "" where none was kept

	// Of the first chapter and of Limited.
	From time.Time
	To   time.Time // zero: open

	// Of Revoked.
	Effective time.Time // events dated from then on do not count
	Reason    string
}

type wireKey struct {
	V         int            `json:"v"`
	Kid       string         `json:"key"`
	N         int64          `json:"n"`
	Prev      *id.Hash       `json:"prev"`
	What      What           `json:"what"`
	At        string         `json:"at"`
	By        string         `json:"by"`
	Party     *id.Party      `json:"party,omitempty"`
	Person    *id.Person     `json:"person,omitempty"`
	Device    string         `json:"device,omitempty"`
	JWK       jsontext.Value `json:"jwk,omitempty"`
	Replaces  string         `json:"replaces,omitempty"`
	Proof     string         `json:"proof,omitempty"`
	From      string         `json:"from,omitempty"`
	To        string         `json:"to,omitempty"`
	Effective string         `json:"effective,omitempty"`
	Reason    string         `json:"reason,omitempty"`
}

// TimeForm spells times: UTC, milliseconds.
const TimeForm = "2006-01-02T15:04:05.000Z"

func spellTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(TimeForm)
}

func readTime(s string, bad *bool) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(TimeForm, s)
	*bad = *bad || err != nil
	return t.UTC()
}

func pointer[T interface{ IsZero() bool }](v T) *T {
	if v.IsZero() {
		return nil
	}
	return &v
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// Statement writes the chapter in its one spelling.
func (k Key) Statement() (Statement, error) {
	w := wireKey{V: 1, Kid: k.Kid, N: k.N, Prev: pointer(k.Prev), What: k.What, At: spellTime(k.At), By: k.By,
		Party: pointer(k.Party), Person: pointer(k.Person), Device: k.Device, JWK: k.JWK, Replaces: k.Replaces, Proof: k.Proof,
		From: spellTime(k.From), To: spellTime(k.To), Effective: spellTime(k.Effective), Reason: k.Reason}
	return spell(KindKey, w)
}

func spell(kind string, w any) (Statement, error) {
	b, err := json.Marshal(w)
	if err != nil {
		return Statement{}, fault.Wrap(err, fault.Internal, "The statement cannot be written.")
	}
	return Statement{kind, b}, nil
}

// ParseKey reads a chapter and insists on its one spelling. The fault is damaged.
func ParseKey(b []byte) (Key, error) {
	var w wireKey
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil || w.V != 1 {
		return Key{}, damaged(err)
	}
	bad := w.Kid == "" || w.N < 1 || (w.N == 1) != (w.Prev == nil) || len(b) > MaxBody || !plain(w.Kid, w.By, w.Device, w.Replaces, w.Proof, w.Reason)
	k := Key{Kid: w.Kid, N: w.N, Prev: value(w.Prev), What: w.What, At: readTime(w.At, &bad), By: w.By,
		Party: value(w.Party), Person: value(w.Person), Device: w.Device, JWK: w.JWK, Replaces: w.Replaces, Proof: w.Proof,
		From: readTime(w.From, &bad), To: readTime(w.To, &bad), Effective: readTime(w.Effective, &bad), Reason: w.Reason}
	switch k.What {
	case Enrolled, Rotated:
		bad = bad || k.N != 1 || k.Party.IsZero() || k.Person.IsZero() || len(k.JWK) == 0 || k.From.IsZero() || (k.What == Rotated) != (k.Replaces != "")
	case Limited:
		bad = bad || k.N == 1 || k.From.IsZero()
	case Revoked:
		bad = bad || k.N == 1 || k.Effective.IsZero()
	default:
		bad = true
	}
	again, err := k.Statement()
	if bad || err != nil || !bytes.Equal(again.Body, b) {
		return Key{}, damaged(err)
	}
	return k, nil
}

// MostSubject bounds the subject of an act, in bytes: ids, kids, plates and the names of
// registers and periods are shorter.
const MostSubject = 128

// Nameable says whether an act may name its subject so: whoever asks must not be able to
// write what they like into a record that is kept for ever.
func Nameable(subject string) bool {
	return len(subject) <= MostSubject && utf8.ValidString(subject) && plain(subject)
}

// plain says that texts have no control characters: no database keeps them all, and what
// could not be kept would stop the log.
func plain(texts ...string) bool {
	for _, s := range texts {
		for _, r := range s {
			if r < 0x20 || r == 0x7f {
				return false
			}
		}
	}
	return true
}

func damaged(err error) error {
	return fault.Wrap(err, fault.Damaged, "The statement kept beside a log entry is damaged; run `liandan check`.")
}

// Act is one line of the access record: who, in which role, did or read what. It names
// opaque ids alone.
type Act struct {
	At        time.Time
	Actor     string // account:UUID, token:…, client:UUID or command
	Role      string
	Operation string
	Subject   string     // what it was about: an id, a kid, a register's kind
	Parties   []id.Party // whose data or affairs it touched
	Request   string     // the request's id
}

type wireAct struct {
	V         int        `json:"v"`
	At        string     `json:"at"`
	Actor     string     `json:"actor"`
	Role      string     `json:"role"`
	Operation string     `json:"operation"`
	Subject   string     `json:"subject"`
	Parties   []id.Party `json:"parties"`
	Request   string     `json:"request"`
}

// Statement writes the act in its one spelling.
func (a Act) Statement() (Statement, error) {
	return spell(KindAct, wireAct{1, spellTime(a.At), a.Actor, a.Role, a.Operation, a.Subject, a.Parties, a.Request})
}

// ParseAct reads an act and insists on its one spelling. The fault is damaged.
func ParseAct(b []byte) (Act, error) {
	var w wireAct
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil || w.V != 1 {
		return Act{}, damaged(err)
	}
	bad := w.Actor == "" || w.Operation == "" || w.At == "" || len(b) > MaxBody || !plain(w.Actor, w.Role, w.Operation, w.Subject, w.Request)
	a := Act{At: readTime(w.At, &bad), Actor: w.Actor, Role: w.Role, Operation: w.Operation, Subject: w.Subject, Parties: w.Parties, Request: w.Request}
	again, err := a.Statement()
	if bad || err != nil || !bytes.Equal(again.Body, b) {
		return Act{}, damaged(err)
	}
	return a, nil
}
