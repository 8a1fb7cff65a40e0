package bundle_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"liandan/internal/bundle"
	"liandan/internal/chain"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/party"
	"liandan/internal/rule"
	"liandan/internal/signature"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// logbook is a log in memory that asks nothing: a dishonest operator's log can be made
// with it as well as an honest one.
type logbook struct {
	w     *intaketest.World
	mem   *chain.Memory
	tiles map[merkle.TileID][]byte
	tree  *merkle.Tree
	lines []kept
	keys  map[string]party.Key
	told  map[string][]statement.Key // lives of keys; empty: a log from before them
}

type kept struct {
	entry ledger.Entry
	jws   []byte
}

func newLog(t testing.TB, seed byte) *logbook {
	l := &logbook{w: intaketest.New(t, seed), mem: chain.NewMemory(), tiles: map[merkle.TileID][]byte{}, keys: map[string]party.Key{}, told: map[string][]statement.Key{}}
	l.tree = merkle.NewTree(0, func(at merkle.TileID, width int) ([]byte, error) {
		if len(l.tiles[at]) < width*32 {
			return nil, fmt.Errorf("no tile %v", at)
		}
		return l.tiles[at], nil
	}, 0)
	return l
}

func (l *logbook) must(err error) {
	l.w.T.Helper()
	if err != nil {
		l.w.T.Fatal(err)
	}
}

// put records an event as the intake would, and tells every device.
func (l *logbook) put(s intaketest.Signed) intaketest.Signed {
	l.w.T.Helper()
	if s.Event.Type != event.RulingRecorded {
		l.must(chain.Check(l.mem, s.Event))
	}
	l.force(s)
	return s
}

// force records an event without asking whether it may come next.
func (l *logbook) force(s intaketest.Signed) {
	l.w.T.Helper()
	p := chain.Place(l.mem, s.Event, sha256.Sum256(s.JWS), int64(len(l.lines)), l.w.Now())
	l.mem.Keep(p)
	l.append(p.Entry, s.JWS)
	for _, d := range []*device.Device{l.w.Hospital, l.w.Porter, l.w.Carrier, l.w.Plant, l.w.Stranger} {
		l.must(d.Learn(p.Bytes))
	}
	l.w.Advance(time.Minute)
}

func (l *logbook) append(e ledger.Entry, body []byte) {
	l.w.T.Helper()
	tiles, err := l.tree.Append([]id.Hash{e.Leaf()})
	l.must(err)
	for _, t := range tiles {
		l.tiles[t.TileID] = t.Hashes
	}
	l.lines = append(l.lines, kept{e, body})
}

// cut makes the bundle of a subject, at the log's size now.
func (l *logbook) cut(kind bundle.Kind, subject id.UUID, batches ...id.Batch) bundle.Bundle {
	l.w.T.Helper()
	head, err := l.tree.Head()
	l.must(err)
	cp, err := head.Sign(l.w.Signer.Name(), l.w.Signer)
	l.must(err)
	if len(l.told) > 0 {
		return l.through(l.cutWithLives(bundle.Bundle{Kind: kind, Subject: subject, MadeAt: l.w.Now(), Origin: l.w.Signer.Name(), VKey: l.w.VKey, Checkpoint: cp, Size: head.Size}, batches))
	}
	b := bundle.Bundle{Kind: kind, Subject: subject, MadeAt: l.w.Now(), Origin: l.w.Signer.Name(), VKey: l.w.VKey, Checkpoint: cp, Size: head.Size}
	signers := map[string]bool{}
	for seq, k := range l.lines {
		of := false
		for _, x := range batches {
			_, names := k.entry.LinkOf(x)
			of = of || names
		}
		if !of {
			continue
		}
		path, err := l.tree.Prove(head.Size, int64(seq))
		l.must(err)
		b.Entries = append(b.Entries, bundle.Entry{Index: int64(seq), Entry: k.entry.Bytes(), Event: k.jws, Proof: path})
		signed, err := signature.Open(k.jws, signature.TypEvent)
		if err != nil || signers[signed.Kid] {
			continue // not an event, or a signer that is listed already
		}
		signers[signed.Kid] = true
		held, ok := l.keys[signed.Kid]
		if !ok {
			held, _, _ = l.w.Registry.Key(context.Background(), signed.Kid)
			held.Device = "SAMPLE device"
		}
		key, err := bundle.NewKey(held)
		l.must(err)
		b.Keys = append(b.Keys, key)
	}
	return l.through(b)
}

// through sends a bundle through its file.
func (l *logbook) through(b bundle.Bundle) bundle.Bundle {
	l.w.T.Helper()
	file, err := bundle.Encode(b)
	l.must(err)
	again, err := bundle.Decode(file)
	l.must(err)
	return again
}

func (l *logbook) options() bundle.Options {
	book, err := rule.DefaultBook()
	l.must(err)
	return bundle.Options{Trusted: l.w.VKey, Rules: book, Catalog: waste.DefaultCatalog()}
}

func (l *logbook) check(b bundle.Bundle) bundle.Report {
	l.w.T.Helper()
	return bundle.Check(b, l.options())
}

// day is a whole chain of some batches on one manifest, with strangers' entries between.
type day struct {
	*logbook
	batches  []id.Batch
	manifest id.Manifest
	steps    []intaketest.Signed
}

// walk takes batches of the given grams from generation to the report.
func walk(t testing.TB, seed byte, grams ...waste.Grams) *day {
	d := &day{logbook: newLog(t, seed)}
	w := d.w
	do := func(s intaketest.Signed) intaketest.Signed {
		d.steps = append(d.steps, d.put(s))
		d.put(w.Generate(777)) // somebody else's
		return s
	}
	var bs []event.Batch
	for _, g := range grams {
		s := do(w.Generate(g))
		bs = append(bs, s.Event.Batches[0])
		d.batches = append(d.batches, s.Event.Batches[0].ID)
	}
	do(w.Sign(w.Porter, event.BatchStored, event.Stored{Place: "SAMPLE store"}, func(e *event.Event) {
		e.Batches = []event.Batch{w.Porter.On(bs[0].ID, 0)}
	}))
	issued := do(w.Issue(bs...))
	d.manifest = issued.Event.Manifest
	accepted := do(w.Accept(do(w.Deliver(do(w.Collect(issued))))))
	do(w.Report(d.manifest, do(w.Treat(accepted))))
	return d
}

func (d *day) batchBundle() bundle.Bundle {
	return d.cut(bundle.OfBatch, d.batches[0].UUID(), d.batches[0])
}

func (d *day) manifestBundle() bundle.Bundle {
	return d.cut(bundle.OfManifest, d.manifest.UUID(), d.batches...)
}

// parallel is an Each with a goroutine for every item.
func parallel(n int, do func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

// registered is a key as the world's registry has it.
func (l *logbook) registered(kid string) (party.Key, bool) {
	k, ok, err := l.w.Registry.Key(context.Background(), kid)
	l.must(err)
	return k, ok
}
