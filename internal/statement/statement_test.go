package statement_test

import (
	"bytes"
	"crypto/sha256"
	"reflect"
	"strings"
	"testing"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/statement"
)

var (
	at     = time.Date(2026, 3, 2, 8, 30, 0, 123e6, time.UTC)
	p      = id.PartyOf(id.V7(at.UnixMilli(), [10]byte{1}))
	person = id.PersonOf(id.V7(at.UnixMilli(), [10]byte{2}))
)

// chapters are one of each sort.
func chapters() []statement.Key {
	first := statement.Key{Kid: "SAMPLE-kid", N: 1, What: statement.Enrolled, At: at, By: "account:SAMPLE", Party: p, Person: person, Device: "样例 PDA",
		JWK: []byte(`{"kty":"OKP"}`), From: at, To: at.AddDate(1, 0, 0), Proof: "a.b.c"}
	rotated := first
	rotated.What, rotated.Replaces, rotated.To, rotated.Proof = statement.Rotated, "SAMPLE-old", time.Time{}, ""
	return []statement.Key{first, rotated,
		{Kid: "SAMPLE-kid", N: 2, Prev: id.Hash{1}, What: statement.Limited, At: at, By: "register", From: at, To: at.AddDate(0, 1, 0)},
		{Kid: "SAMPLE-kid", N: 3, Prev: id.Hash{2}, What: statement.Revoked, At: at, By: "account:SAMPLE", Effective: at.Add(-time.Hour), Reason: "遗失 <lost> & \"found\" \u2028"},
	}
}

func TestKeyIsReadBack(t *testing.T) {
	for _, k := range chapters() {
		st, err := k.Statement()
		if err != nil || st.Kind != statement.KindKey || st.Hash() != sha256.Sum256(st.Body) {
			t.Fatalf("%s: %v %+v", k.What, err, st)
		}
		got, err := statement.ParseKey(st.Body)
		if err != nil || !reflect.DeepEqual(got, k) {
			t.Errorf("%s: %v\n%+v\n%+v", k.What, err, got, k)
		}
	}
}

// TestKeyRefused: a chapter without what its sort needs is written, but never read.
func TestKeyRefused(t *testing.T) {
	for name, change := range map[string]func(*statement.Key){
		"no kid":                          func(k *statement.Key) { k.Kid = "" },
		"number zero":                     func(k *statement.Key) { k.N = 0 },
		"number below zero":               func(k *statement.Key) { k.N = -1 },
		"a first one that follows":        func(k *statement.Key) { k.Prev = id.Hash{1} },
		"enrolled twice":                  func(k *statement.Key) { k.N, k.Prev = 2, id.Hash{1} },
		"a second one that follows none":  func(k *statement.Key) { k.N, k.What, k.Effective = 2, statement.Revoked, at },
		"no party":                        func(k *statement.Key) { k.Party = id.Party{} },
		"no person":                       func(k *statement.Key) { k.Person = id.Person{} },
		"no key":                          func(k *statement.Key) { k.JWK = nil },
		"no beginning":                    func(k *statement.Key) { k.From = time.Time{} },
		"rotated from nothing":            func(k *statement.Key) { k.What = statement.Rotated },
		"enrolled in place of another":    func(k *statement.Key) { k.Replaces = "SAMPLE" },
		"revoked at first":                func(k *statement.Key) { k.What, k.Effective = statement.Revoked, at },
		"revoked from no time":            func(k *statement.Key) { k.N, k.Prev, k.What = 2, id.Hash{1}, statement.Revoked },
		"limited at first":                func(k *statement.Key) { k.What = statement.Limited },
		"something else":                  func(k *statement.Key) { k.What = "SAMPLE" },
		"a control character":             func(k *statement.Key) { k.Device = "SAMPLE\x00" },
		"a line in the reason":            func(k *statement.Key) { k.Reason = "SAMPLE\nSAMPLE" },
		"more than a statement may weigh": func(k *statement.Key) { k.Proof = strings.Repeat("a", statement.MaxBody) },
	} {
		k := chapters()[0]
		change(&k)
		st, err := k.Statement()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := statement.ParseKey(st.Body); fault.Of(err) != fault.Damaged {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (statement.Key{Device: "\xff"}).Statement(); fault.Of(err) != fault.Internal {
		t.Errorf("text that is not UTF-8: %v", err)
	}
}

func acts() []statement.Act {
	return []statement.Act{
		{At: at, Actor: "account:SAMPLE", Role: "district_inspector", Operation: "readBatch", Subject: "样例", Parties: []id.Party{p}, Request: "SAMPLE"},
		{At: at, Actor: "command", Operation: "importRegister", Parties: []id.Party{}},
	}
}

func TestActIsReadBack(t *testing.T) {
	for _, a := range acts() {
		st, err := a.Statement()
		if err != nil || st.Kind != statement.KindAct {
			t.Fatal(err)
		}
		if got, err := statement.ParseAct(st.Body); err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("%v\n%+v\n%+v", err, got, a)
		}
	}
	for name, change := range map[string]func(*statement.Act){
		"nobody":              func(a *statement.Act) { a.Actor = "" },
		"nothing":             func(a *statement.Act) { a.Operation = "" },
		"at no time":          func(a *statement.Act) { a.At = time.Time{} },
		"a control character": func(a *statement.Act) { a.Subject = "a\x7f" },
		"too long":            func(a *statement.Act) { a.Subject = strings.Repeat("样", statement.MaxBody/3) },
	} {
		a := acts()[0]
		change(&a)
		st, err := a.Statement()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := statement.ParseAct(st.Body); fault.Of(err) != fault.Damaged {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOneSpelling: no other bytes mean the same statement, and no flipped bit is a
// statement with another hash than its own.
func TestOneSpelling(t *testing.T) {
	key, err := chapters()[0].Statement()
	if err != nil {
		t.Fatal(err)
	}
	act, err := acts()[0].Statement()
	if err != nil {
		t.Fatal(err)
	}
	read := func(st statement.Statement, b []byte) ([]byte, error) {
		if st.Kind == statement.KindKey {
			k, err := statement.ParseKey(b)
			if err != nil {
				return nil, err
			}
			again, err := k.Statement()
			return again.Body, err
		}
		a, err := statement.ParseAct(b)
		if err != nil {
			return nil, err
		}
		again, err := a.Statement()
		return again.Body, err
	}
	for _, st := range []statement.Statement{key, act} {
		body := string(st.Body)
		for _, other := range []string{"", " " + body, body + "\n", body + body, strings.Replace(body, `"v":1`, `"v":2`, 1), strings.Replace(body, `"v":1`, `"v":1,"v":1`, 1),
			strings.Replace(body, `{"v":1`, `{"extra":0,"v":1`, 1), strings.Replace(body, `"v":1`, `"v": 1`, 1), strings.Replace(body, "2026-03-02T08:30:00.123Z", "2026-03-02T16:30:00.123+08:00", 1),
			strings.Replace(body, "样例", `\u6837例`, 1), `null`, `[]`, `{}`, strings.Repeat("[", 100_000)} {
			if _, err := read(st, []byte(other)); fault.Of(err) != fault.Damaged {
				t.Errorf("%s: %.60q is read: %v", st.Kind, other, err)
			}
		}
		for i := range st.Body {
			for bit := range 8 {
				b := bytes.Clone(st.Body)
				b[i] ^= 1 << bit
				if again, err := read(st, b); err == nil && !bytes.Equal(again, b) {
					t.Fatalf("%s is read and spelled anew", b)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, k := range chapters() {
		if st, err := k.Statement(); err == nil {
			f.Add(st.Body)
		}
	}
	for _, a := range acts() {
		if st, err := a.Statement(); err == nil {
			f.Add(st.Body)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := statement.ParseKey(b); err == nil {
			if again, err := k.Statement(); err != nil || !bytes.Equal(again.Body, b) {
				t.Errorf("%q is spelled %q, %v", b, again.Body, err)
			}
		}
		if a, err := statement.ParseAct(b); err == nil {
			if again, err := a.Statement(); err != nil || !bytes.Equal(again.Body, b) {
				t.Errorf("%q is spelled %q, %v", b, again.Body, err)
			}
		}
	})
}

// TestAnImportsReason: an import with a reason is of version 2, one without stays as it was.
func TestAnImportsReason(t *testing.T) {
	m := statement.Import{At: time.UnixMilli(1_772_000_000_000).UTC(), By: "command", Kind: "manifests", Party: id.PartyOf(id.V7(1, [10]byte{1})), Site: id.SiteOf(id.V7(1, [10]byte{2})),
		File: id.Hash{1}, Lines: 2, Rows: 2, Grams: 10, Digest: id.Hash{1}}
	for reason, version := range map[string]string{"": `"v":1`, "样例 SAMPLE": `"v":2`} {
		m.Reason = reason
		st, err := m.Statement()
		if err != nil || !strings.Contains(string(st.Body), version) || strings.Contains(string(st.Body), "reason") != (reason != "") {
			t.Errorf("%q: %v, %s", reason, err, st.Body)
		}
		if again, err := statement.ParseImport(st.Body); err != nil || again != m {
			t.Errorf("%q is read as %+v, %v", reason, again, err)
		}
		other := strings.Replace(string(st.Body), version, map[string]string{`"v":1`: `"v":2`, `"v":2`: `"v":1`}[version], 1)
		if _, err := statement.ParseImport([]byte(other)); err == nil {
			t.Errorf("%s is read", other)
		}
	}
}
