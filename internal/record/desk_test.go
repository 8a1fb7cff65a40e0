package record_test

import (
	"context"
	"flag"
	"os"
	"testing"

	"liandan/internal/audit"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/record"
	"liandan/internal/rule"
	"liandan/internal/store"
	"liandan/internal/store/storetest"
	"liandan/internal/waste"
)

// TestMain lowers the number of draws: each one commits and checks a whole log.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "12"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// desk is an intake over a database of its own, with what an auditor sees of it.
type desk struct {
	*intaketest.World
	t     testing.TB
	store *store.Store
	svc   *record.Service
	audit *audit.Service
}

// both runs a test on a fresh database of each kind.
func both(t *testing.T, run func(t *testing.T, d *desk)) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			where := ""
			if kind == "sqlite" {
				where = storetest.Ready.SQLite(t)
			} else {
				where = storetest.Ready.Postgres(t)
			}
			run(t, newDesk(t, where, 1))
		})
	}
}

func newDesk(t testing.TB, where string, seed byte) *desk {
	t.Helper()
	s, err := store.Open(where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := &desk{World: intaketest.New(t, seed), t: t, store: s}
	d.svc = d.Intake(s)
	book, err := rule.DefaultBook()
	if err != nil {
		t.Fatal(err)
	}
	d.audit = audit.New(audit.Config{Store: s, Keys: d.Registry, Verifier: d.Verifier, VKey: d.VKey, Rules: book,
		Catalog: waste.DefaultCatalog(), Now: d.Now, Random: d.Random})
	return d
}

// sound checks the whole store.
func (d *desk) sound() {
	d.t.Helper()
	r, err := d.audit.Check(context.Background(), audit.Options{})
	if err != nil {
		d.t.Fatalf("check: %v", err)
	}
	if first, found := r.First(); found {
		d.t.Fatalf("check found %d damages, the first: %+v", r.Damages, first)
	}
}

// size is the number of entries of the log.
func (d *desk) size() int64 {
	d.t.Helper()
	var h merkle.Head
	d.read(func(r audit.Reader) (err error) { h, _, err = r.Log(); return err })
	return h.Size
}

func (d *desk) read(fn func(audit.Reader) error) {
	d.t.Helper()
	if err := d.store.Read(context.Background(), fn); err != nil {
		d.t.Fatal(err)
	}
}

// log gives how often each event is in the log, and where it is last.
func (d *desk) log() (times map[id.Event]int, at map[id.Event]ledger.Kept) {
	d.t.Helper()
	times, at = map[id.Event]int{}, map[id.Event]ledger.Kept{}
	d.read(func(r audit.Reader) error {
		return r.Entries(0, 1<<62, func(k ledger.Kept) error {
			times[k.Event]++
			at[k.Event] = k
			return nil
		})
	})
	return times, at
}

// held gives the quarantine: the state of each kept event, by the hash of its bytes.
func (d *desk) held() map[id.Hash]audit.Held {
	d.t.Helper()
	out := map[id.Hash]audit.Held{}
	d.read(func(r audit.Reader) error {
		items, next, err := r.Quarantine("", 10_000)
		if next != "" {
			d.t.Fatal("the quarantine has more than one page")
		}
		for _, h := range items {
			out[h.Hash] = h
		}
		return err
	})
	return out
}

// verified holds a receipt against the log's key and gives it back.
func (d *desk) verified(r *record.Receipt) *record.Receipt {
	d.t.Helper()
	if r == nil {
		d.t.Fatal("there is no receipt")
	}
	if _, err := merkle.CheckReceipt(r.Proof, r.Entry, d.Verifier); err != nil {
		d.t.Fatalf("receipt of %s: %v", r.Event, err)
	}
	index, _, _, err := merkle.ParseReceipt(r.Proof)
	if err != nil || index != r.Seq {
		d.t.Fatalf("the proof is of entry %d (%v), the receipt says %d", index, err, r.Seq)
	}
	e, err := ledger.ParseEntry(r.Entry)
	if err != nil || e.Seq != r.Seq || e.Hash != r.Hash {
		d.t.Fatalf("the receipt's entry is %+v (%v), the receipt says %d %s", e, err, r.Seq, r.Hash)
	}
	return r
}

// taken sends one event, which must be accepted.
func (d *desk) taken(s intaketest.Signed) *record.Receipt {
	d.t.Helper()
	r := d.svc.Accept(context.Background(), s.JWS)
	if r.Err != nil {
		d.t.Fatalf("%s: %v", s.Event.Type, r.Err)
	}
	return d.verified(r.Receipt)
}

// refused sends one event, which must be refused with that kind.
func (d *desk) refused(jws []byte, want fault.Kind) record.Result {
	d.t.Helper()
	r := d.svc.Accept(context.Background(), jws)
	if fault.Of(r.Err) != want || r.Receipt != nil {
		d.t.Fatalf("got %v, want a refusal of kind %s", r.Err, want)
	}
	return r
}
