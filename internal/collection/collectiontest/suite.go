// Package collectiontest judges any collection.Store. It must only be imported by tests.
package collectiontest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/source"
	"liandan/internal/statement"
)

// bench is a service over one store with a clock that the test moves.
type bench struct {
	*collection.Service
	t   *testing.T
	now time.Time
	log *signed
}

var (
	shop      = id.SiteOf(id.UUID{1})
	other     = id.SiteOf(id.UUID{2})
	source1   = id.PartyOf(id.UUID{3})
	collector = id.PartyOf(id.UUID{4})
)

type register struct{ from time.Time }

func (r register) Site(_ context.Context, v id.Site) (party.Site, bool, error) {
	of := map[id.Site]id.Party{shop: source1, other: source1, depot: collector}[v]
	return party.Site{ID: v, Party: of, Valid: party.Period{From: r.from}}, !of.IsZero(), nil
}

// Run judges the stores that open gives, each new.
func Run(t *testing.T, open func(*testing.T) collection.Store) {
	for name, test := range map[string]func(*bench){"once": once, "wrong": wrong, "late": late, "capped": capped, "beside one another": beside, "bad lines": badLines, "one moment": oneMoment,
		"a booking": wished, "bad bookings": badWishes, "withdrawn": regretted, "a trip": planned, "bad trips": badPlans, "pages": paged, "snatched": snatched} {
		t.Run(name, func(t *testing.T) {
			b := &bench{t: t, now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), log: &signed{map[id.Trip]source.Work{}, map[id.Site]source.Pickup{}}}
			b.Service = collection.New(collection.Config{Store: open(t), Registry: register{b.now.AddDate(-1, 0, 0)}, Log: b.log, Now: func() time.Time { return b.now },
				Random: &shared{in: rand.NewChaCha8([32]byte{7})}, Pepper: []byte("SAMPLE pepper")})
			test(b)
		})
	}
}

func (b *bench) code(site id.Site) string {
	b.t.Helper()
	digits, expires, err := b.NewCode(b.t.Context(), site)
	if err != nil || len(digits) != collection.CodeDigits || !expires.Equal(b.now.Add(collection.CodeLife)) {
		b.t.Fatalf("%q until %s: %v", digits, expires, err)
	}
	return digits
}

func slip() statement.Confirmation {
	return statement.Confirmation{Site: shop, Collector: collector, Person: id.PersonOf(id.UUID{5}),
		Lines: []statement.Confirmed{{Batch: id.BatchOf(id.UUID{6}), Code: "900-214-08", Grams: 18_000}}}
}

// try confirms and gives the fault, "" for none.
func (b *bench) try(c statement.Confirmation, digits string) fault.Kind {
	_, err := b.Confirm(b.t.Context(), c, digits)
	return fault.Of(err)
}

func (b *bench) is(got, want fault.Kind) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("answered %q, expected %q", got, want)
	}
}

// oneMoment: of two codes of one millisecond the second holds, whatever their ids.
func oneMoment(b *bench) {
	for range 10 {
		old, fresh := b.code(shop), b.code(shop)
		if old == fresh {
			continue
		}
		b.is(b.try(slip(), old), fault.Conflict)
		if _, err := b.Confirm(b.t.Context(), slip(), fresh); err != nil {
			b.t.Fatal(err)
		}
	}
}

func once(b *bench) {
	digits := b.code(shop)
	st, err := b.Confirm(b.t.Context(), slip(), digits)
	if err != nil {
		b.t.Fatal(err)
	}
	c, err := statement.ParseConfirmation(st.Body)
	if err != nil || c.Party != source1 || c.Collector != collector || !c.At.Equal(b.now) || len(c.Lines) != 1 {
		b.t.Errorf("%+v %v", c, err)
	}
	b.is(b.try(slip(), digits), fault.Conflict) // used up
}

func wrong(b *bench) {
	digits := b.code(shop)
	not := "000000"
	if digits == not {
		not = "000001"
	}
	for range collection.CodeTries - 1 {
		b.is(b.try(slip(), not), fault.Conflict)
	}
	elsewhere := slip()
	elsewhere.Site = other
	b.is(b.try(elsewhere, digits), fault.Conflict) // of another site
	unknown := slip()
	unknown.Site = id.SiteOf(id.UUID{9})
	b.is(b.try(unknown, digits), fault.Conflict)
	own := slip()
	own.Collector = source1
	b.is(b.try(own, digits), fault.Conflict) // nobody confirms to themselves
	b.is(b.try(slip(), not), fault.Conflict)
	b.is(b.try(slip(), digits), fault.TooManyAttempts) // right, and too late
	b.is(b.try(slip(), b.code(shop)), "")
}

func late(b *bench) {
	digits := b.code(shop)
	b.now = b.now.Add(collection.CodeLife)
	b.is(b.try(slip(), digits), fault.Conflict)
	first := b.code(shop)
	b.now = b.now.Add(time.Second)
	second := b.code(shop)
	if first != second {
		b.is(b.try(slip(), first), fault.Conflict) // a newer one is there
	}
	b.is(b.try(slip(), second), "")
}

func capped(b *bench) {
	for range collection.CodesPerDay {
		b.code(shop)
		b.now = b.now.Add(time.Second)
	}
	_, _, err := b.NewCode(b.t.Context(), shop)
	b.is(fault.Of(err), fault.TooManyAttempts)
	b.code(other)
	b.now = b.now.AddDate(0, 0, 1)
	b.code(shop)
	_, _, err = b.NewCode(b.t.Context(), id.SiteOf(id.UUID{9}))
	b.is(fault.Of(err), fault.NotFound)
}

// beside: of many who send the right code at one time, one gets the confirmation; and of
// many guesses no more are compared than are allowed.
func beside(b *bench) {
	digits := b.code(shop)
	answers := make([]fault.Kind, 8)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = b.try(slip(), digits) })
	}
	wg.Wait()
	count := map[fault.Kind]int{}
	for _, k := range answers {
		count[k]++
	}
	if count[""] != 1 || count[""]+count[fault.Conflict]+count[fault.TooManyAttempts] != len(answers) {
		b.t.Errorf("the answers are %v", count)
	}
}

func badLines(b *bench) {
	digits := b.code(shop)
	none := slip()
	none.Lines = nil
	b.is(b.try(none, digits), fault.InvalidRequest)
	twice := slip()
	twice.Lines = append(twice.Lines, twice.Lines[0])
	b.is(b.try(twice, digits), fault.InvalidRequest)
	many := slip()
	for i := range statement.MaxConfirmed {
		many.Lines = append(many.Lines, statement.Confirmed{Batch: id.BatchOf(id.UUID{7, byte(i)}), Code: "900-214-08", Grams: 1})
	}
	b.is(b.try(many, digits), fault.InvalidRequest)
	b.is(b.try(slip(), digits), "") // no try was counted
}

// shared makes a source of randomness safe for concurrent use.
type shared struct {
	mu sync.Mutex
	in *rand.ChaCha8
}

func (s *shared) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.in.Read(b)
}
