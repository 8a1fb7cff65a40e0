package merkle

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

const logName = "log.sample.test"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sampleKey is a key of a seed: the same for every run.
func sampleKey(t testing.TB, name string, seed byte) SigningKey {
	t.Helper()
	skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 64)), name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := VKeyOf(skey); err != nil || again != vkey {
		t.Fatalf("VKeyOf gives %q, %v", again, err)
	}
	return SigningKey{s, vkey}
}

func succeed(t testing.TB, old, next SigningKey, at time.Time) []byte {
	t.Helper()
	n, err := SignSuccession(logName, old, next, at)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// signedText is a note of any text, by any signers.
func signedText(t testing.TB, text string, by ...note.Signer) []byte {
	t.Helper()
	n, err := note.Sign(&note.Note{Text: text}, by...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// line is a log's keys 1..n with the notes between them.
func line(t testing.TB, n int) (keys []SigningKey, notes [][]byte) {
	t.Helper()
	for i := range n {
		keys = append(keys, sampleKey(t, logName, byte(i+1)))
		if i > 0 {
			notes = append(notes, succeed(t, keys[i-1], keys[i], noon.AddDate(0, i, 0)))
		}
	}
	return keys, notes
}

// TestGoldenSuccession holds the bytes: whoever keeps a file from today must be able to
// read it for as long as the log lives.
func TestGoldenSuccession(t *testing.T) {
	keys, notes := line(t, 3)
	file := JoinSuccessions(notes)
	const golden = "testdata/succession.txt"
	if *update {
		if err := os.WriteFile(golden, file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, want) {
		t.Errorf("the successions are not those of %s:\n%s", golden, file)
	}
	again, err := SplitSuccessions(want)
	if err != nil || len(again) != 2 {
		t.Fatalf("the file splits into %d notes: %v", len(again), err)
	}
	for i, n := range again {
		s, err := OpenSuccession(n)
		if err != nil {
			t.Fatal(err)
		}
		if s.Origin != logName || s.Old != keys[i].VKey || s.New != keys[i+1].VKey || !s.At.Equal(noon.AddDate(0, i+1, 0)) {
			t.Errorf("note %d says %+v", i, s)
		}
	}
}

func TestSignSuccessionRefuses(t *testing.T) {
	a, b, other := sampleKey(t, logName, 1), sampleKey(t, logName, 2), sampleKey(t, "log.other.test", 3)
	for name, c := range map[string]struct {
		origin    string
		old, next SigningKey
	}{
		"the same key":           {logName, a, a},
		"another log's new key":  {logName, a, other},
		"another log's old key":  {logName, other, b},
		"another origin":         {"log.other.test", a, b},
		"a key that is not its":  {logName, SigningKey{a.Signer, b.VKey}, b},
		"no verifier key":        {logName, SigningKey{a.Signer, ""}, b},
		"an origin of two lines": {"log.sample.test\nx", a, b},
	} {
		if n, err := SignSuccession(c.origin, c.old, c.next, noon); fault.Of(err) != fault.InvalidRequest || n != nil {
			t.Errorf("%s: %q, %v", name, n, err)
		}
	}
}

func TestOpenSuccessionRefuses(t *testing.T) {
	a, b, c := sampleKey(t, logName, 1), sampleKey(t, logName, 2), sampleKey(t, logName, 3)
	other := sampleKey(t, "log.other.test", 4)
	good := string(succeed(t, a, b, noon))
	text := Succession{logName, a.VKey, b.VKey, noon}.text()
	sig := func(s SigningKey) string {
		n := string(signedText(t, text, s.Signer))
		return n[strings.Index(n, "\n\n")+2:]
	}
	with := func(old, new string) []byte {
		changed := strings.Replace(text, old, new, 1)
		if changed == text {
			t.Fatalf("the text has no %q", old)
		}
		return signedText(t, changed, a.Signer, b.Signer)
	}
	for name, n := range map[string][]byte{
		"nothing":              nil,
		"no signature":         []byte(text + "\n"),
		"only the old key's":   signedText(t, text, a.Signer),
		"only the new key's":   signedText(t, text, b.Signer),
		"the new one first":    signedText(t, text, b.Signer, a.Signer),
		"a third signature":    signedText(t, text, a.Signer, b.Signer, c.Signer),
		"a third for the new":  signedText(t, text, a.Signer, c.Signer),
		"the old one twice":    []byte(text + "\n" + sig(a) + sig(a) + sig(b)),
		"the old one only, 2×": []byte(text + "\n" + sig(a) + sig(a)),
		"another title":        with("v1", "v2"),
		"another origin":       with("\n"+logName+"\n", "\nlog.other.test\n"),
		"no origin":            with(logName+"\n", ""),
		"an extra line":        with("2026-03-01T12:00:00Z\n", "2026-03-01T12:00:00Z\nand more\n"),
		"a line too few":       with("2026-03-01T12:00:00Z\n", ""),
		"a local time":         with("12:00:00Z", "12:00:00+08:00"),
		"milliseconds":         with("12:00:00Z", "12:00:00.000Z"),
		"no time":              with("2026-03-01T12:00:00Z", "in spring"),
		"the same key":         with(b.VKey, a.VKey),
		"another log's key":    with(b.VKey, other.VKey),
		"keys changed about":   with(a.VKey+"\n"+b.VKey, b.VKey+"\n"+a.VKey),
		"half a key":           with(b.VKey, b.VKey[:len(b.VKey)-8]),
		"a line end more":      []byte(good + "\n"),
		"no line end":          []byte(strings.TrimSuffix(good, "\n")),
		"carriage returns":     []byte(strings.ReplaceAll(good, "\n", "\r\n")),
		"two notes":            []byte(good + good),
		"too long":             append([]byte(good), bytes.Repeat([]byte("— log.sample.test AAAAAAAA\n"), 100)...),
	} {
		if s, err := OpenSuccession(n); fault.Of(err) != fault.Damaged || s != (Succession{}) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	// Whatever bit is turned over, the note no longer holds.
	for i := range len(good) * 8 {
		bad := []byte(good)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := OpenSuccession(bad); err == nil {
			t.Fatalf("bit %d of byte %d (%q) can be changed", i%8, i/8, good[i/8])
		}
	}
}

func TestSplitSuccessions(t *testing.T) {
	_, notes := line(t, 4)
	for n := range len(notes) + 1 {
		again, err := SplitSuccessions(JoinSuccessions(notes[:n]))
		if err != nil || len(again) != n {
			t.Fatalf("%d notes become %d: %v", n, len(again), err)
		}
		for i := range again {
			if !bytes.Equal(again[i], notes[i]) {
				t.Errorf("note %d of %d changed", i, n)
			}
		}
	}
	file := string(JoinSuccessions(notes))
	for name, bad := range map[string]string{
		"an empty line first":     "\n" + file,
		"an empty line last":      file + "\n",
		"no empty line between":   strings.ReplaceAll(file, "\n\n"+SuccessionTitle, "\n"+SuccessionTitle),
		"two empty lines between": strings.ReplaceAll(file, "\n\n"+SuccessionTitle, "\n\n\n"+SuccessionTitle),
		"cut short":               file[:len(file)-1],
		"half a note":             file[:strings.LastIndex(file, "\n\n")+1],
		"something else":          "PRIVATE+KEY+SAMPLE\n\n— x y\n",
		"huge":                    strings.Repeat("x", MaxSuccessions*(MaxSuccession+1)+1),
		"too many":                strings.Repeat(string(notes[0])+"\n", MaxSuccessions) + string(notes[0]),
	} {
		if got, err := SplitSuccessions([]byte(bad)); fault.Of(err) != fault.Damaged || got != nil {
			t.Errorf("%s: %d notes, %v", name, len(got), err)
		}
	}
}

// TestVerifiers: from any key of the log all others are found, in whatever order the
// notes come.
func TestVerifiers(t *testing.T) {
	keys, notes := line(t, 5)
	mixed := [][]byte{notes[2], notes[0], notes[3], notes[1], notes[2]}
	for i, trusted := range keys {
		for _, chain := range [][][]byte{notes, mixed} {
			k, err := Verifiers(trusted.VKey, chain)
			if err != nil {
				t.Fatal(err)
			}
			if got := k.VKeys(); len(got) != len(keys) || k.Newest() != keys[4].VKey || len(k.Steps()) != 4 {
				t.Fatalf("from key %d: %v", i, got)
			}
			for n, other := range keys {
				if k.VKeys()[n] != other.VKey || !k.Knows(other.VKey) {
					t.Errorf("from key %d: key %d is %s", i, n, k.VKeys()[n])
				}
				path := k.Path(other.VKey)
				if len(path) != max(i-n, n-i) || len(path) > 0 && (path[0].Old != keys[min(i, n)].VKey || path[len(path)-1].New != keys[max(i, n)].VKey) {
					t.Errorf("from key %d to %d: %v", i, n, path)
				}
				opens(t, k, other)
			}
		}
	}
	alone, err := Verifiers(keys[2].VKey, nil)
	if err != nil || alone.Newest() != keys[2].VKey || alone.Knows(keys[1].VKey) || len(alone.Path(keys[1].VKey)) != 0 {
		t.Errorf("a key without successions: %v, %v", alone.VKeys(), err)
	}
	if _, _, err := alone.OpenCheckpoint(sealed(t, keys[3])); fault.Of(err) != fault.Damaged {
		t.Errorf("a checkpoint of a key that is not known: %v", err)
	}
	if _, _, err := (Keys{}).OpenCheckpoint(sealed(t, keys[3])); fault.Of(err) != fault.Damaged {
		t.Errorf("no keys at all: %v", err)
	}
}

func sealed(t testing.TB, by SigningKey) []byte {
	t.Helper()
	cp, err := (Head{Size: 7, Root: EmptyRoot()}).Sign(logName, by.Signer)
	if err != nil {
		t.Fatal(err)
	}
	return cp
}

func opens(t testing.TB, k Keys, by SigningKey) {
	t.Helper()
	h, vkey, err := k.OpenCheckpoint(sealed(t, by))
	if err != nil || vkey != by.VKey || h != (Head{Size: 7, Root: EmptyRoot()}) {
		t.Errorf("a checkpoint of %s gives %+v, %s, %v", by.VKey, h, vkey, err)
	}
}

func TestVerifiersRefuses(t *testing.T) {
	keys, notes := line(t, 4)
	stranger, next := sampleKey(t, logName, 20), sampleKey(t, logName, 21)
	other := sampleKey(t, "log.other.test", 22)
	foreign, err := SignSuccession("log.other.test", other, sampleKey(t, "log.other.test", 23), noon)
	if err != nil {
		t.Fatal(err)
	}
	forged := signedText(t, Succession{logName, keys[3].VKey, stranger.VKey, noon}.text(), stranger.Signer)
	many := [][]byte{}
	for i := range MaxSuccessions + 1 {
		many = append(many, succeed(t, keys[0], keys[1], noon.Add(time.Duration(i)*time.Second)))
	}
	for name, c := range map[string]struct {
		trusted string
		chain   [][]byte
		says    string
	}{
		"no key":                   {"nonsense", notes, "verifier key"},
		"a key in other spelling":  {strings.ToUpper(keys[0].VKey[:20]) + keys[0].VKey[20:], notes, "verifier key"},
		"nothing leads there":      {stranger.VKey, notes, "leads neither"},
		"a gap":                    {keys[0].VKey, [][]byte{notes[0], notes[2]}, "leads neither"},
		"one signature":            {keys[3].VKey, append(notes[:3:3], forged), "does not hold"},
		"a second line":            {keys[0].VKey, append(notes[:3:3], succeed(t, keys[1], stranger, noon)), "twice"},
		"two forerunners":          {keys[3].VKey, append(notes[:3:3], succeed(t, stranger, keys[1], noon)), "two others"},
		"another line beside":      {keys[0].VKey, append(notes[:3:3], succeed(t, stranger, next, noon)), "leads neither"},
		"another log":              {keys[0].VKey, append(notes[:3:3], foreign), "leads neither"},
		"a ring":                   {keys[0].VKey, append(notes[:3:3], succeed(t, keys[3], keys[0], noon)), "twice in the line"},
		"a ring beside":            {stranger.VKey, append(notes[:3:3], succeed(t, keys[3], keys[0], noon)), "leads neither"},
		"the same step, two dates": {keys[0].VKey, append(notes[:3:3], succeed(t, keys[0], keys[1], noon)), "twice"},
		"far too many":             {keys[0].VKey, many, "twice"},
		"not a note":               {keys[0].VKey, [][]byte{[]byte("hello")}, "does not hold"},
	} {
		k, err := Verifiers(c.trusted, c.chain)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v; want %q", name, k.VKeys(), err, c.says)
		}
		if len(k.VKeys()) != 0 {
			t.Errorf("%s: an error and keys", name)
		}
	}
}

func TestShortKey(t *testing.T) {
	k := sampleKey(t, logName, 1)
	v, err := ParseVKey(k.VKey)
	if err != nil {
		t.Fatal(err)
	}
	if got := ShortKey(k.VKey); got != KeyID(v) || got != fmt.Sprintf("%s+%08x", logName, v.KeyHash()) {
		t.Errorf("%q and %q", got, KeyID(v))
	}
	if got := ShortKey("x"); got != "x+" {
		t.Errorf("of no key: %q", got)
	}
}

// FuzzSuccessions: no file makes the reader fall over, and what it reads it writes.
func FuzzSuccessions(f *testing.F) {
	keys, notes := line(f, 3)
	f.Add(JoinSuccessions(notes))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := SplitSuccessions(file)
		if err != nil {
			return
		}
		if !bytes.Equal(JoinSuccessions(got), file) {
			t.Error("another file comes out")
		}
		if k, err := Verifiers(keys[0].VKey, got); err == nil && len(got) > 0 && !k.Knows(keys[1].VKey) {
			t.Errorf("a forged line: %v", k.VKeys())
		}
	})
}
