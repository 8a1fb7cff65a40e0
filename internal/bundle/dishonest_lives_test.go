package bundle_test

import (
	"testing"
	"time"

	"liandan/internal/bundle"
	"liandan/internal/device"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/statement"
)

// TestDishonestLives: what an operator could put into the log about keys.
func TestDishonestLives(t *testing.T) {
	for name, c := range map[string]struct {
		check string
		build func(l *town) intaketest.Signed
	}{
		"another's key under the kid": {bundle.CheckLife, func(l *town) intaketest.Signed {
			l.enrolled(l.w.Hospital)
			jwk, err := l.w.Stranger.JWK()
			l.must(err)
			made := l.put(l.w.Generate(5_000))
			l.tell(l.w.Porter.Kid(), statement.Key{What: statement.Enrolled, Party: l.w.Porter.Party, Person: l.w.Porter.Person, Device: "SAMPLE device",
				JWK: jwk, From: intaketest.Start.AddDate(0, -1, 0)})
			l.put(l.store(made))
			return made
		}},
		"a proof of possession by another": {bundle.CheckLife, func(l *town) intaketest.Signed {
			l.enrolled(l.w.Hospital)
			proof, err := l.w.Stranger.SignEnrolment("SAMPLE challenge")
			l.must(err)
			l.begin(l.w.Porter, statement.Key{What: statement.Enrolled, Proof: string(proof)})
			made, _ := l.bag()
			return made
		}},
		"an event by another person than the life says": {bundle.CheckSigner, func(l *town) intaketest.Signed {
			l.enrolled(l.w.Hospital)
			who := l.w.Porter.Person
			l.w.Porter.Person = id.PersonOf(l.w.Stranger.Person.UUID())
			l.enrolled(l.w.Porter)
			l.w.Porter.Person = who
			made, _ := l.bag()
			return made
		}},
		"an event ahead of its key": {bundle.CheckValidity, func(l *town) intaketest.Signed {
			l.enrolled(l.w.Hospital)
			made, _ := l.bag()
			l.enrolled(l.w.Porter)
			return made
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTown(t, 67)
			made := c.build(l)
			b := func() (b bundle.Bundle) {
				if name == "another's key under the kid" { // Extend refuses to make such a file
					return forgedLife(l, made)
				}
				return l.of(made)
			}()
			r := l.check(b)
			wantVerdict(t, r, bundle.Findings)
			if !broke(r, c.check) || broke(r, bundle.CheckCheckpoint) || broke(r, bundle.CheckInclusion) {
				t.Errorf("want %s broken and the log's own proofs whole; broken: %+v", c.check, r.Broken)
			}
		})
	}
}

// forgedLife makes the file of a log whose operator put another key under a kid.
func forgedLife(l *town, made intaketest.Signed) bundle.Bundle {
	told := l.told
	l.told = map[string][]statement.Key{}
	b := l.of(made)
	l.told = told
	for seq, k := range l.lines {
		if k.entry.Kind == statement.KindKey {
			path, err := l.tree.Prove(b.Size, int64(seq))
			l.must(err)
			b.Statements = append(b.Statements, bundle.Statement{Index: int64(seq), Entry: k.entry.Bytes(), Body: k.jws, Proof: path})
		}
	}
	return b
}

func TestLifeExtends(t *testing.T) {
	l := newTown(t, 68)
	l.enrolled(l.w.Hospital, l.w.Porter)
	l.revoke(l.w.Porter, l.w.Now())
	l.revoke(l.w.Porter, l.w.Now().Add(-time.Hour))
	body := func(d *device.Device, n int) []byte {
		st, err := l.told[d.Kid()][n-1].Statement()
		l.must(err)
		return st.Body
	}
	var life bundle.Life
	for n := 1; n <= 3; n++ {
		for seq, wrong := range map[int64][]byte{
			10: body(l.w.Hospital, 1), 11: []byte("{}"), 12: body(l.w.Porter, n%3+1), 0: body(l.w.Porter, n),
		} {
			if n == 1 && (seq == 10 || seq == 0) {
				continue // a life may begin with any first chapter
			}
			if got, err := life.Extend(seq, wrong); fault.Of(err) != fault.Damaged || len(got) != n-1 {
				t.Errorf("after %d chapters, at %d: %v", n-1, seq, err)
			}
		}
		var err error
		if life, err = life.Extend(int64(n), body(l.w.Porter, n)); err != nil {
			t.Fatal(err)
		}
	}
	for seq, want := range map[int64]bool{0: false, 1: false, 2: false, 3: true} {
		k, told := life.Before(seq)
		if told != (seq > 1) || k.RevokedAt.IsZero() == want {
			t.Errorf("before %d: %v %+v", seq, told, k)
		}
	}
	if k := life.Whole(); !k.RevokedAt.Before(k.RefusedFrom) || k.Party != l.w.Porter.Party {
		t.Errorf("%+v", k)
	}
}
