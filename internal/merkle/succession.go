package merkle

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/fault"
)

// Limits of successions: a log that changes its key every month for twenty years stays
// below, and a stranger's file cannot make a reader work for long.
const (
	MaxSuccession  = 2048 // bytes of one note
	MaxSuccessions = 256  // notes of one log
)

// SuccessionTitle is the first line of a succession's text: what says that a note which
// both keys signed is a succession and nothing else.
const SuccessionTitle = "liandan log-key succession v1"

// Succession is what a log says when it changes its key: from now on another key signs
// its checkpoints. It is a C2SP signed note of five lines (the title, the origin, the old
// key, the new key, the date), signed by the old key, which hands over, and by the new
// one, which shows that somebody holds it. Whoever trusts either key can trust the other.
type Succession struct {
	Origin string
	Old    string    // verifier key
	New    string    // verifier key
	At     time.Time // UTC to the second, by the clock of who made it
}

// SigningKey is a log's key with its public half, for the length of a call.
type SigningKey struct {
	Signer note.Signer
	VKey   string
}

func (s Succession) text() string {
	return strings.Join([]string{SuccessionTitle, s.Origin, s.Old, s.New, s.At.UTC().Format(time.RFC3339), ""}, "\n")
}

// SignSuccession makes the note by which old hands the log over to next. The fault is
// invalid-request when the two cannot follow one another.
func SignSuccession(origin string, old, next SigningKey, at time.Time) ([]byte, error) {
	s := Succession{Origin: origin, Old: old.VKey, New: next.VKey, At: at}
	signed, err := note.Sign(&note.Note{Text: s.text()}, old.Signer, next.Signer)
	if err != nil {
		return nil, fault.Wrap(err, fault.InvalidRequest, "The succession cannot be signed.")
	}
	if _, err := OpenSuccession(signed); err != nil {
		return nil, fault.Wrap(err, fault.InvalidRequest, "These two keys cannot follow one another: %s", fault.As(err).Sentence)
	}
	return signed, nil
}

// OpenSuccession reads a succession and verifies both signatures by the keys that it
// names: it shows that their holders agreed, not that either is a log's. The note must be
// to the byte what SignSuccession makes. The fault is damaged.
func OpenSuccession(signed []byte) (Succession, error) {
	bad := func(err error, format string, args ...any) (Succession, error) {
		return Succession{}, fault.Wrap(err, fault.Damaged, "The succession of the log's key does not hold: "+format, args...)
	}
	if len(signed) > MaxSuccession {
		return bad(nil, "it has %d bytes, at most %d are allowed.", len(signed), MaxSuccession)
	}
	text, _, found := strings.Cut(string(signed), "\n\n")
	lines := strings.Split(text, "\n")
	if !found || len(lines) != 5 || lines[0] != SuccessionTitle {
		return bad(nil, "it is not a note of five lines that begins with %q.", SuccessionTitle)
	}
	s := Succession{Origin: lines[1], Old: lines[2], New: lines[3]}
	var err error
	if s.At, err = time.Parse(time.RFC3339, lines[4]); err != nil || s.text() != text+"\n" {
		return bad(err, "its date is not in UTC, to the second, such as 2026-03-01T00:30:00Z.")
	}
	s.At = s.At.UTC()
	var keys [2]note.Verifier
	for i, vkey := range []string{s.Old, s.New} {
		if keys[i], err = ParseVKey(vkey); err != nil {
			return bad(err, "a key in it cannot be used.")
		}
		if keys[i].Name() != s.Origin {
			return bad(nil, "a key in it is of another log than %s.", s.Origin)
		}
	}
	if keys[0].KeyHash() == keys[1].KeyHash() {
		return bad(nil, "the old key and the new one are the same, or cannot be told apart.")
	}
	n, err := note.Open(signed, note.VerifierList(keys[0], keys[1]))
	if err != nil {
		return bad(err, "a signature is not good.")
	}
	if !bytes.Equal(signed, SpellNote(n.Text, n.Sigs)) || len(n.Sigs) != 2 ||
		n.Sigs[0].Hash != keys[0].KeyHash() || n.Sigs[1].Hash != keys[1].KeyHash() {
		return bad(nil, "it must have exactly two signatures, of the old key and then of the new one.")
	}
	return s, nil
}

// SpellNote writes a note's text and signatures in the one way: base64 has bits at its
// end that a lenient reader passes over.
func SpellNote(text string, sigs []note.Signature) []byte {
	out := []byte(text + "\n")
	for _, s := range sigs {
		raw, err := base64.StdEncoding.DecodeString(s.Base64)
		if err != nil {
			return nil
		}
		out = fmt.Appendf(out, "\u2014 %s %s\n", s.Name, base64.StdEncoding.EncodeToString(raw))
	}
	return out
}

// JoinSuccessions writes notes as one file, in the order given: every note ends with a
// line end, and one empty line stands between two of them.
func JoinSuccessions(notes [][]byte) []byte { return bytes.Join(notes, []byte("\n")) }

// SplitSuccessions reads a file of JoinSuccessions; an empty one has none. It looks at
// the form alone; OpenSuccession and Verifiers judge. The fault is damaged.
func SplitSuccessions(file []byte) ([][]byte, error) {
	if len(file) == 0 {
		return nil, nil
	}
	if len(file) > MaxSuccessions*(MaxSuccession+1) {
		return nil, fault.New(fault.Damaged, "The file of successions has %d bytes: far more than any log's.", len(file))
	}
	// A note has one empty line in it, between text and signatures: every second one
	// stands between two notes.
	parts := strings.Split(string(file), "\n\n")
	if len(parts)%2 != 0 || !strings.HasSuffix(parts[len(parts)-1], "\n") {
		return nil, errSuccessions
	}
	var out [][]byte
	for i := 0; i < len(parts); i += 2 {
		n := parts[i] + "\n\n" + strings.TrimSuffix(parts[i+1], "\n") + "\n"
		if !strings.HasPrefix(n, SuccessionTitle+"\n") {
			return nil, errSuccessions
		}
		out = append(out, []byte(n))
	}
	if len(out) > MaxSuccessions || !bytes.Equal(JoinSuccessions(out), file) {
		return nil, errSuccessions
	}
	return out, nil
}

var errSuccessions error = fault.New(fault.Damaged, "The file is not a list of successions of a log's key: signed notes in order, with one empty line between two of them.")

// Keys are all keys that a log has had, oldest first, of which the reader trusted one.
// It is a note.Verifiers.
type Keys struct {
	keys    []note.Verifier
	vkeys   []string
	steps   []Succession // steps[i] leads from keys[i] to keys[i+1]
	trusted int
}

// Verifiers walks from one trusted verifier key over a log's successions, forward and
// backward, to all of its keys. The notes may come in any order; the same note may come
// more than once. A note that does not hold, that leads nowhere from the trusted key, or
// that gives one key two successors or two forerunners is refused: the fault is damaged,
// or invalid-request for the trusted key itself.
func Verifiers(trusted string, chain [][]byte) (Keys, error) {
	v, err := ParseVKey(trusted)
	if err != nil {
		return Keys{}, err
	}
	next, before := map[string]Succession{}, map[string]Succession{}
	met := map[string]bool{}
	for _, signed := range chain {
		if met[string(signed)] {
			continue
		}
		if met[string(signed)] = true; len(met) > MaxSuccessions {
			return Keys{}, fault.New(fault.Damaged, "There are more than %d successions of one log's key.", MaxSuccessions)
		}
		s, err := OpenSuccession(signed)
		if err != nil {
			return Keys{}, err
		}
		if _, twice := next[s.Old]; twice {
			return Keys{}, fault.New(fault.Damaged, "The log's key %s was succeeded twice: somebody made a second line of keys. Believe neither until the log's operator has explained it.", ShortKey(s.Old))
		}
		if _, twice := before[s.New]; twice {
			return Keys{}, fault.New(fault.Damaged, "The log's key %s succeeds two others.", ShortKey(s.New))
		}
		next[s.Old], before[s.New] = s, s
	}
	// A ring cannot be walked twice: each step is taken out.
	k := Keys{keys: []note.Verifier{v}, vkeys: []string{trusted}}
	for s, ok := before[trusted]; ok; s, ok = before[k.vkeys[0]] {
		delete(before, s.New)
		if err := k.add(s, s.Old, true); err != nil {
			return Keys{}, err
		}
	}
	for s, ok := next[trusted]; ok; s, ok = next[k.Newest()] {
		delete(next, s.Old)
		if err := k.add(s, s.New, false); err != nil {
			return Keys{}, err
		}
	}
	if len(k.steps) != len(met) {
		return Keys{}, fault.New(fault.Damaged, "A succession leads neither to nor from the log's key %s, or keys succeed one another in a ring.", ShortKey(trusted))
	}
	return k, nil
}

// add puts a key before the first or behind the last.
func (k *Keys) add(s Succession, vkey string, front bool) error {
	v, err := ParseVKey(vkey)
	if err != nil {
		return err
	}
	for _, has := range k.keys {
		if has.KeyHash() == v.KeyHash() {
			return fault.New(fault.Damaged, "The log's key %s comes twice in the line of its keys.", ShortKey(vkey))
		}
	}
	if front {
		k.keys, k.vkeys, k.steps = append([]note.Verifier{v}, k.keys...), append([]string{vkey}, k.vkeys...), append([]Succession{s}, k.steps...)
		k.trusted++
		return nil
	}
	k.keys, k.vkeys, k.steps = append(k.keys, v), append(k.vkeys, vkey), append(k.steps, s)
	return nil
}

// Verifier implements note.Verifiers.
func (k Keys) Verifier(name string, hash uint32) (note.Verifier, error) {
	for _, v := range k.keys {
		if v.Name() == name && v.KeyHash() == hash {
			return v, nil
		}
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}

// VKeys are the verifier keys, oldest first.
func (k Keys) VKeys() []string { return append([]string{}, k.vkeys...) }

// Steps are the successions between them, oldest first.
func (k Keys) Steps() []Succession { return append([]Succession{}, k.steps...) }

// Newest is the verifier key that no other succeeds.
func (k Keys) Newest() string { return k.vkeys[len(k.vkeys)-1] }

// Knows says whether a verifier key is one of them.
func (k Keys) Knows(vkey string) bool {
	for _, has := range k.vkeys {
		if has == vkey {
			return true
		}
	}
	return false
}

// Path are the successions between the trusted key and another one, in the log's order;
// empty when they are one, or when the other is not known.
func (k Keys) Path(vkey string) []Succession {
	for i, has := range k.vkeys {
		if has == vkey {
			return k.Steps()[min(i, k.trusted):max(i, k.trusted)]
		}
	}
	return nil
}

// OpenCheckpoint verifies a checkpoint that any of the keys may have signed and gives
// that verifier key. The fault is damaged.
func (k Keys) OpenCheckpoint(signed []byte) (Head, string, error) {
	if len(k.keys) == 0 {
		return Head{}, "", fault.New(fault.Damaged, "There is no key to verify the checkpoint with.")
	}
	n, err := note.Open(signed, k)
	if err != nil {
		var unsigned *note.UnverifiedNoteError
		if errors.As(err, &unsigned) && len(k.keys) > 1 {
			err = fmt.Errorf("no key of the log's line signed it: %w", err)
		}
		return Head{}, "", fault.Wrap(err, fault.Damaged, "The checkpoint is not signed by %s.", k.keys[0].Name())
	}
	for i, v := range k.keys {
		if v.KeyHash() == n.Sigs[0].Hash {
			h, err := OpenCheckpoint(signed, v)
			return h, k.vkeys[i], err
		}
	}
	return Head{}, "", fault.New(fault.Damaged, "The checkpoint is not signed by %s.", k.keys[0].Name())
}
