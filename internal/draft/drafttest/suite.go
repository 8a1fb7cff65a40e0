// Package drafttest judges any draft.Store. It must only be imported by tests.
package drafttest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"liandan/internal/draft"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// bench is a service over one store with a clock that the test moves.
type bench struct {
	*draft.Service
	t     *testing.T
	now   time.Time
	issue func(id.Manifest)
}

var (
	works = id.PartyOf(id.UUID{1})
	other = id.PartyOf(id.UUID{2})
)

// Run judges the stores that open gives, each new; issue makes the log have a manifest.
func Run(t *testing.T, open func(*testing.T) (s draft.Store, issue func(id.Manifest))) {
	for name, test := range map[string]func(*bench){"a draft's life": life, "versions": versions, "beside one another": beside, "lists": lists, "issued": issued, "swept": swept} {
		t.Run(name, func(t *testing.T) {
			b := &bench{t: t, now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
			s, issue := open(t)
			b.issue = issue
			b.Service = draft.New(draft.Config{Store: s, Now: func() time.Time { return b.now }, Random: rand.NewChaCha8([32]byte{7})})
			test(b)
		})
	}
}

func (b *bench) content(text string) draft.Content {
	b.t.Helper()
	c, err := draft.ReadContent([]byte(text), "/content")
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) create(p id.Party) draft.Draft {
	b.t.Helper()
	d, err := b.Create(b.t.Context(), p, b.content(`{"data": {"profile":"medical"}}`))
	if err != nil {
		b.t.Fatal(err)
	}
	b.now = b.now.Add(time.Millisecond)
	return d
}

// there is the draft as the store has it.
func (b *bench) there(m id.Manifest) draft.Draft {
	b.t.Helper()
	d, ok, err := b.Get(b.t.Context(), m)
	if err != nil || !ok {
		b.t.Fatalf("the draft is gone: %v", err)
	}
	return d
}

// done gives what an act made, which the store must have.
func (b *bench) done(d draft.Draft, err error) draft.Draft {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	if got := b.there(d.ID); fmt.Sprint(got) != fmt.Sprint(d) {
		b.t.Fatalf("the store has %+v, the answer was %+v", got, d)
	}
	return d
}

func (b *bench) conflict(err error, word string) {
	b.t.Helper()
	if fault.Of(err) != fault.Conflict || !strings.Contains(err.Error(), word) {
		b.t.Errorf("answered %v, expected a conflict that says %q", err, word)
	}
}

func life(b *bench) {
	ctx := b.t.Context()
	d := b.done(b.Create(ctx, works, b.content(`{ "site" : "019ca000-0000-7000-8000-000000000001" }`)))
	if d.Version != 1 || d.State() != draft.Open || d.Party != works || string(d.Content) != `{"site":"019ca000-0000-7000-8000-000000000001"}` {
		b.t.Errorf("made %+v %s", d, d.Content)
	}
	b.now = b.now.Add(time.Hour)
	d = b.done(b.Replace(ctx, d, 1, b.content(`{"data":{"profile":"hazardous"}}`)))
	if d.Version != 2 || !d.Changed.Equal(b.now) || d.Made.Equal(b.now) || string(d.Content) != `{"data":{"profile":"hazardous"}}` {
		b.t.Errorf("changed to %+v %s", d, d.Content)
	}
	d = b.done(b.Discard(ctx, d, 2))
	if d.State() != draft.Discarded || !d.Kept().Equal(b.now.AddDate(0, 0, draft.KeptDays)) {
		b.t.Errorf("discarded: %+v", d)
	}
	_, err := b.Replace(ctx, d, 3, nil)
	b.conflict(err, "restore it")
	_, err = b.Discard(ctx, d, 3)
	b.conflict(err, "discarded")
	d = b.done(b.Restore(ctx, d, 3))
	if d.State() != draft.Open || d.Version != 4 || string(d.Content) != `{"data":{"profile":"hazardous"}}` {
		b.t.Errorf("restored: %+v %s", d, d.Content)
	}
	_, err = b.Restore(ctx, d, 4)
	b.conflict(err, "open")
}

func versions(b *bench) {
	d := b.create(works)
	for _, v := range []int64{-1, 0, 2, 1 << 40} {
		_, err := b.Replace(b.t.Context(), d, v, nil)
		b.conflict(err, "version 1")
		_, err = b.Discard(b.t.Context(), d, v)
		b.conflict(err, "version 1")
	}
	b.done(d, nil) // nothing has changed
	second := b.done(b.Replace(b.t.Context(), d, 1, b.content(`{}`)))
	_, err := b.Replace(b.t.Context(), d, 1, b.content(`{"batches":[]}`)) // as it was read before
	b.conflict(err, "version 2")
	b.done(second, nil)
}

// beside: of several changes of one version one is made.
func beside(b *bench) {
	d := b.create(works)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = b.Replace(b.t.Context(), d, 1, draft.Content(fmt.Sprintf(`{"batches":[{"grams":%d}]}`, i+1)))
		})
	}
	wg.Wait()
	made := 0
	for i, err := range errs {
		if err != nil {
			b.conflict(err, "version 2")
			continue
		}
		made++
		if got := b.there(d.ID); got.Version != 2 || string(got.Content) != fmt.Sprintf(`{"batches":[{"grams":%d}]}`, i+1) {
			b.t.Errorf("the store has %s", got.Content)
		}
	}
	if made != 1 {
		b.t.Errorf("%d of %d changes were made", made, len(errs))
	}
}

func lists(b *bench) {
	var mine []string
	for range 7 {
		mine = append(mine, b.create(works).ID.String())
		b.create(other)
	}
	slices.Reverse(mine)
	b.done(b.Discard(b.t.Context(), b.there(parse(mine[2])), 1))
	b.issue(parse(mine[4]))
	for state, want := range map[draft.State][]string{"": mine, draft.Discarded: {mine[2]}, draft.Issued: {mine[4]},
		draft.Open: {mine[0], mine[1], mine[3], mine[5], mine[6]}} {
		var got []string
		for cursor, turn := "", 0; turn < 9; turn++ {
			page, next, err := b.List(b.t.Context(), draft.Filter{Party: works, State: state}, cursor, 2)
			if err != nil || len(page) > 2 {
				b.t.Fatalf("%d on a page: %v", len(page), err)
			}
			for _, d := range page {
				got = append(got, d.ID.String())
			}
			if cursor = next; next == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			b.t.Errorf("state %q lists\n%v\nexpected\n%v", state, got, want)
		}
	}
	if _, _, err := b.List(b.t.Context(), draft.Filter{Party: works}, "'; --", 2); fault.Of(err) != fault.InvalidRequest {
		b.t.Errorf("a cursor that is none: %v", err)
	}
	if page, _, err := b.List(b.t.Context(), draft.Filter{Party: id.PartyOf(id.UUID{9})}, "", 2); len(page) != 0 || err != nil {
		b.t.Errorf("nobody has %v, %v", page, err)
	}
}

func parse(s string) id.Manifest {
	m, err := id.ParseManifest(s)
	if err != nil {
		panic(err)
	}
	return m
}

// issued: once the log has the manifest, nothing is done to the draft any more.
func issued(b *bench) {
	ctx := b.t.Context()
	d := b.create(works)
	b.issue(d.ID)
	_, err := b.Replace(ctx, d, 1, b.content(`{}`)) // whoever read it before
	b.conflict(err, "manifest is in the log")
	d = b.there(d.ID)
	if d.State() != draft.Issued || d.Version != 1 {
		b.t.Errorf("%+v", d)
	}
	_, err = b.Discard(ctx, d, 1)
	b.conflict(err, "manifest is in the log")
	_, err = b.Restore(ctx, d, 1)
	b.conflict(err, "manifest is in the log")
}

func swept(b *bench) {
	ctx := b.t.Context()
	thrown, used, kept := b.create(works), b.create(works), b.create(works)
	b.done(b.Discard(ctx, thrown, 1))
	b.issue(used.ID)
	gone := func(m id.Manifest) bool {
		_, ok, err := b.Get(ctx, m)
		if err != nil {
			b.t.Fatal(err)
		}
		return !ok
	}
	b.now = b.now.AddDate(0, 0, draft.KeptDays).Add(-time.Minute)
	if b.create(other); gone(thrown.ID) {
		b.t.Error("what can be restored is gone")
	}
	b.now = b.now.Add(2 * time.Minute)
	if !gone(thrown.ID) { // also before anybody sweeps
		b.t.Error("what was discarded long ago is still there")
	}
	if page, _, err := b.List(ctx, draft.Filter{Party: works}, "", 10); len(page) != 2 || err != nil {
		b.t.Errorf("listed %v %v", page, err)
	}
	b.create(other)
	b.now = b.now.AddDate(-1, 0, 0) // the clock cannot bring it back
	if !gone(thrown.ID) || gone(used.ID) {
		b.t.Error("swept the wrong one")
	}
	b.now = b.now.AddDate(2, 1, 0)
	if b.create(other); !gone(used.ID) || gone(kept.ID) {
		b.t.Error("what was issued a year ago goes, what is open stays")
	}
}
