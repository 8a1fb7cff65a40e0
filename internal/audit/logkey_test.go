package audit_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/audit"
	"liandan/internal/bundle"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/merkle"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// rotated is a log that changed its key twice, with entries under each.
type rotated struct {
	*place
	keys    []merkle.SigningKey
	batches []id.Batch // one of each key's time
	files   [][]byte   // their evidence, made in that time
	heads   [][]byte   // the newest checkpoint of each key's time
}

func onRotated(t *testing.T, run func(t *testing.T, r *rotated)) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := &rotated{place: empty(t, kind)}
			r.keys = []merkle.SigningKey{{Signer: r.Signer, VKey: r.VKey}, r.key(1), r.key(2)}
			for i := range r.keys {
				if i > 0 {
					r.rotate(r.keys[i-1], r.keys[i])
				}
				r.live()
			}
			r.disarm()
			run(t, r)
		})
	}
}

func (r *rotated) key(seed byte) merkle.SigningKey {
	r.t.Helper()
	skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 64)), r.Signer.Name())
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		r.t.Fatal(err)
	}
	return merkle.SigningKey{Signer: s, VKey: vkey}
}

// use makes the audit one of a server that was started with a key.
func (r *rotated) use(k merkle.SigningKey) {
	r.t.Helper()
	v, err := merkle.ParseVKey(k.VKey)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Signer, r.VKey, r.Verifier = k.Signer, k.VKey, v
	r.audit = r.over(r.store)
}

// live records something and makes evidence of it.
func (r *rotated) live() {
	r.t.Helper()
	for range 3 {
		r.send(r.Generate(500))
	}
	b := r.Generate(700)
	r.send(b)
	r.batches = append(r.batches, b.Event.Batches[0].ID)
	file, err := r.audit.BatchBundle(ctx, b.Event.Batches[0].ID)
	if err != nil {
		r.t.Fatal(err)
	}
	head, err := r.audit.Checkpoint(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	r.files, r.heads = append(r.files, file), append(r.heads, head)
}

// rotate hands the log over, as the command does, and starts a new intake.
func (r *rotated) rotate(old, next merkle.SigningKey) {
	r.t.Helper()
	r.Advance(time.Hour)
	err := r.store.Succeed(ctx, r.Now(), func(_, pending [][]byte) ([]byte, error) {
		if len(pending) > 0 {
			r.t.Error("a succession is pending already")
		}
		return merkle.SignSuccession(old.Signer.Name(), old, next, r.Now())
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if _, pending, err := r.store.Successions(ctx); err != nil || len(pending) != 1 {
		r.t.Fatalf("pending are %d notes, %v", len(pending), err)
	}
	// Whether anything is left behind the succession is not for this intake to say.
	if err := r.intake.Flush(ctx); err != nil && fault.Of(err) != fault.Unavailable {
		r.t.Fatal(err)
	}
	logged, pending, err := r.store.Successions(ctx)
	if err != nil || len(pending) != 0 || len(logged) == 0 {
		r.t.Fatalf("%d notes in the log, %d pending, %v", len(logged), len(pending), err)
	}
	if s, err := merkle.OpenSuccession(logged[len(logged)-1]); err != nil || s.New != next.VKey {
		r.t.Fatalf("the log's last succession is %+v, %v", s, err)
	}
	lost := r.Generate(1)
	if res := r.intake.Accept(ctx, lost.JWS); fault.Of(res.Err) != fault.Unavailable {
		r.t.Fatalf("an intake with the old key took an event: %+v", res)
	}
	r.intake.Close()
	r.use(next)
	r.intake = r.Intake(r.store)
	r.send(lost)
}

// TestRotatedLog: everything that was published under any of the keys still stands, for
// servers and readers who know whichever of them.
func TestRotatedLog(t *testing.T) {
	onRotated(t, func(t *testing.T, r *rotated) {
		file, err := r.audit.Succession(ctx)
		if err != nil {
			t.Fatal(err)
		}
		notes, err := merkle.SplitSuccessions(file)
		if err != nil || len(notes) != 2 {
			t.Fatalf("the log tells of %d successions, %v", len(notes), err)
		}
		for i, k := range r.keys {
			r.use(k) // a server that was not started again reads all the same
			if rep := r.check(audit.Options{Remembered: r.heads}); !rep.Sound() {
				t.Errorf("with key %d the check finds %+v", i, rep.Named)
			}
			for n, b := range r.batches {
				fresh, err := r.audit.BatchBundle(ctx, b)
				if err != nil {
					t.Fatal(err)
				}
				r.verifies(fmt.Sprintf("a file of batch %d made now", n), fresh, k.VKey, nil)
				r.verifies(fmt.Sprintf("a file of batch %d made then", n), r.files[n], k.VKey, notes)
			}
			if v, err := r.audit.Event(ctx, r.eventOf(r.batches[0])); err != nil || len(v.Proof) == 0 {
				t.Errorf("with key %d an old event cannot be read: %v", i, err)
			}
		}
	})
}

func (r *rotated) eventOf(b id.Batch) id.Event {
	r.t.Helper()
	v, err := r.audit.Chain(ctx, b)
	if err != nil || len(v.Steps) == 0 || len(v.Broken) > 0 {
		r.t.Fatalf("the chain of %s: %+v, %v", b, v.Broken, err)
	}
	return v.Steps[0].Event.ID
}

func (r *rotated) verifies(what string, file []byte, trusted string, brought [][]byte) {
	r.t.Helper()
	b, err := bundle.Decode(file)
	if err != nil {
		r.t.Fatal(err)
	}
	book, err := rule.DefaultBook()
	if err != nil {
		r.t.Fatal(err)
	}
	rep := bundle.Check(b, bundle.Options{Trusted: trusted, Succession: brought, Rules: book, Catalog: waste.DefaultCatalog()})
	if len(rep.Broken)+len(rep.Findings) > 0 {
		r.t.Errorf("%s, checked with %s: %+v %+v", what, merkle.ShortKey(trusted), rep.Broken, rep.Findings)
	}
}

// TestRotatedLogTampered: a key may sign where it was in force and nowhere else, and the
// notes themselves cannot be touched.
func TestRotatedLogTampered(t *testing.T) {
	onRotated(t, func(t *testing.T, r *rotated) {
		steps := r.rows(`SELECT seq FROM entries WHERE kind = 'log-key' ORDER BY seq`)
		if len(steps) != 2 {
			t.Fatalf("%d successions in the log", len(steps))
		}
		first := steps[0][0].(int64)
		heads := r.rows(`SELECT size, root FROM heads ORDER BY size`)
		resign := func(after bool, by merkle.SigningKey) (place string, change func()) {
			for _, h := range heads {
				size := h[0].(int64)
				if after == (size > first+1) && (after || size == first+1) {
					head := merkle.Head{Size: size, Root: id.Hash(h[1].([]byte))}
					cp, err := head.Sign(by.Signer.Name(), by.Signer)
					if err != nil {
						t.Fatal(err)
					}
					return fmt.Sprintf("head %d", size), func() { r.exec(`UPDATE heads SET checkpoint = ? WHERE size = ?`, cp, size) }
				}
			}
			t.Fatal("no such head")
			return "", nil
		}
		found := func(name, place, says string, change func()) {
			t.Helper()
			change()
			rep := r.check(audit.Options{Remembered: r.heads})
			hit := false
			for _, d := range rep.Named {
				hit = hit || d.Place == place && strings.Contains(d.EN, says) && d.ZH != ""
			}
			if !hit {
				t.Errorf("%s: nothing of %s that says %q in %+v", name, place, says, rep.Named)
			}
			r.restore("entries", "heads")
			if rep := r.check(audit.Options{Remembered: r.heads}); !rep.Sound() {
				t.Fatalf("after %s: %+v", name, rep.Named)
			}
		}
		at, change := resign(true, r.keys[0])
		found("the old key signs on", at, "not in force", change)
		at, change = resign(false, r.keys[1])
		found("the new key signs too early", at, "not in force", change)
		at, change = resign(true, r.key(9))
		found("a stranger signs", at, "not signed by the log's key", change)
		body := r.rows(fmt.Sprintf(`SELECT body FROM entries WHERE seq = %d`, first))[0][0].([]byte)
		entry := fmt.Sprintf("entry %d", first)
		for _, i := range []int{0, 40, len(body) / 2, len(body) - 5} {
			bad := bytes.Clone(body)
			bad[i] ^= 1
			found(fmt.Sprintf("byte %d of the note", i), entry, "", func() { r.exec(`UPDATE entries SET body = ? WHERE seq = ?`, bad, first) })
		}
		stranger, err := merkle.SignSuccession(r.Signer.Name(), r.key(9), r.key(10), r.Now())
		if err != nil {
			t.Fatal(err)
		}
		found("a sound note of other keys", entry, "", func() { r.exec(`UPDATE entries SET body = ? WHERE seq = ?`, stranger, first) })
		found("another kind", entry, "", func() { r.exec(`UPDATE entries SET kind = 'event' WHERE seq = ?`, first) })
		found("the entry gone", entry, "", func() { r.exec(`DELETE FROM entries WHERE seq = ?`, first) })

		r.exec(`UPDATE entries SET body = ? WHERE seq = ?`, stranger, first)
		if _, err := r.audit.BatchBundle(ctx, r.batches[0]); err != nil && fault.Of(err) != fault.Damaged {
			t.Errorf("evidence with a tampered succession: %v", err)
		} else if err == nil {
			t.Error("evidence was made with a succession of other keys")
		}
		r.restore("entries")
		r.use(r.key(9))
		if rep := r.check(audit.Options{}); rep.Sound() {
			t.Error("a server with another key finds the log sound")
		}
	})
}
