package ledger_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/id"
	"liandan/internal/ledger"
)

func TestSoundChainsAreWhole(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		batch, chain := drawChain(r, 0)
		if broken := ledger.CheckChain(batch, chain); len(broken) != 0 {
			r.Fatalf("%v", broken)
		}
		// A chain read in the middle of its life is whole as far as it goes.
		n := rapid.IntRange(0, len(chain)).Draw(r, "so far")
		if broken := ledger.CheckChain(batch, chain[:n]); len(broken) != 0 {
			r.Fatalf("first %d: %v", n, broken)
		}
	})
}

// mutations are the ways to tamper with a chain. Each must be told apart from a sound
// chain by the links alone; what only the newest entry says is the tree's to prove.
var mutations = map[string]func(*rapid.T, id.Batch, []ledger.Entry) []ledger.Entry{
	"entry missing": func(r *rapid.T, _ id.Batch, c []ledger.Entry) []ledger.Entry {
		i := rapid.IntRange(0, len(c)-2).Draw(r, "place") // a cut tail is a younger chain; the tree's size tells it
		return slices.Delete(c, i, i+1)
	},
	"two swapped": func(r *rapid.T, _ id.Batch, c []ledger.Entry) []ledger.Entry {
		i := rapid.IntRange(0, len(c)-2).Draw(r, "one")
		j := rapid.IntRange(i+1, len(c)-1).Draw(r, "two")
		c[i], c[j] = c[j], c[i]
		return c
	},
	"entry twice": func(r *rapid.T, _ id.Batch, c []ledger.Entry) []ledger.Entry {
		i := rapid.IntRange(0, len(c)-1).Draw(r, "place")
		return slices.Insert(c, i, c[i])
	},
	"other event under an entry": func(r *rapid.T, _ id.Batch, c []ledger.Entry) []ledger.Entry {
		i := rapid.IntRange(0, len(c)-2).Draw(r, "place")
		c[i].Hash = drawHash(r, "other event")
		return c
	},
	"time moved": func(r *rapid.T, _ id.Batch, c []ledger.Entry) []ledger.Entry {
		i := rapid.IntRange(0, len(c)-2).Draw(r, "place")
		c[i].RecordedAt = c[i].RecordedAt.AddDate(0, 0, 1)
		return c
	},
	"kind changed": func(r *rapid.T, _ id.Batch, c []ledger.Entry) []ledger.Entry {
		i := rapid.IntRange(0, len(c)-2).Draw(r, "place")
		c[i].Kind = "note"
		return c
	},
	"place in the log moved": func(r *rapid.T, _ id.Batch, c []ledger.Entry) []ledger.Entry {
		i := rapid.IntRange(0, len(c)-2).Draw(r, "place")
		c[i].Seq++
		return c
	},
	"newest put before the one it follows": func(_ *rapid.T, _ id.Batch, c []ledger.Entry) []ledger.Entry {
		c[len(c)-1].Seq = c[len(c)-2].Seq
		return c
	},
	"linked to another entry": func(r *rapid.T, b id.Batch, c []ledger.Entry) []ledger.Entry {
		i := rapid.IntRange(0, len(c)-1).Draw(r, "place")
		return relink(c, i, b, func(l *ledger.Link) { l.Prev = drawHash(r, "other") })
	},
	"linked to nothing": func(r *rapid.T, b id.Batch, c []ledger.Entry) []ledger.Entry {
		i := rapid.IntRange(1, len(c)-1).Draw(r, "place")
		return relink(c, i, b, func(l *ledger.Link) { l.Prev = id.Hash{} })
	},
	"number changed": func(r *rapid.T, b id.Batch, c []ledger.Entry) []ledger.Entry {
		i := rapid.IntRange(0, len(c)-1).Draw(r, "place")
		return relink(c, i, b, func(l *ledger.Link) {
			l.N += rapid.SampledFrom([]int64{-1, 1, 1 << 40}).Draw(r, "by")
		})
	},
	"batch exchanged": func(r *rapid.T, b id.Batch, c []ledger.Entry) []ledger.Entry {
		i := rapid.IntRange(0, len(c)-1).Draw(r, "place")
		return relink(c, i, b, func(l *ledger.Link) { l.Batch = id.BatchOf(id.V7(1, [10]byte{1})) })
	},
	"entry of another chain put in": func(r *rapid.T, _ id.Batch, c []ledger.Entry) []ledger.Entry {
		_, other := drawChain(r, 1)
		return slices.Insert(c, rapid.IntRange(0, len(c)).Draw(r, "place"), other[0])
	},
}

// relink changes one link without touching the entry that others share.
func relink(c []ledger.Entry, i int, b id.Batch, change func(*ledger.Link)) []ledger.Entry {
	c[i].Links = slices.Clone(c[i].Links)
	for k := range c[i].Links {
		if c[i].Links[k].Batch == b {
			change(&c[i].Links[k])
		}
	}
	return c
}

func TestEverySingleMutationIsReported(t *testing.T) {
	for name, mutate := range mutations {
		t.Run(name, rapid.MakeCheck(func(r *rapid.T) {
			batch, chain := drawChain(r, 2)
			spoilt := mutate(r, batch, slices.Clone(chain))
			if broken := ledger.CheckChain(batch, spoilt); len(broken) == 0 {
				r.Fatalf("not reported: %+v", spoilt)
			}
		}))
	}
}

// The report names the entry at fault by its place in the log.
func TestReportNamesThePlace(t *testing.T) {
	batch := must(id.ParseBatch("019ca000-0000-7000-8000-0000000000b1"))
	link := func(seq, n int64, prev id.Hash) ledger.Entry {
		return ledger.Entry{Seq: seq, Kind: ledger.KindEvent, Links: []ledger.Link{{Batch: batch, N: n, Prev: prev}}}
	}
	a := link(10, 1, id.Hash{})
	b := link(20, 2, a.Leaf())
	c := link(30, 3, b.Leaf())
	for _, x := range []struct {
		chain []ledger.Entry
		want  []string
	}{
		{[]ledger.Entry{a, b, c}, nil},
		{[]ledger.Entry{a, c}, []string{"entry 30 is number 3 of its batch, expected 2", "entry 30 does not follow"}},
		{[]ledger.Entry{b, c}, []string{"entry 20 is number 2 of its batch, expected 1", "entry 20 does not follow", "entry 30 is number 3"}},
		{[]ledger.Entry{a, {Seq: 15, Kind: "event"}, b}, []string{"entry 15 does not name batch 019ca000", "entry 20 is number 2"}},
		{[]ledger.Entry{a, link(5, 2, a.Leaf())}, []string{"entry 5 stands before entry 10"}},
	} {
		got := ledger.CheckChain(batch, x.chain)
		if len(got) != len(x.want) {
			t.Errorf("%q, want %q", got, x.want)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], x.want[i]) {
				t.Errorf("%q, want %q", got[i], x.want[i])
			}
		}
	}
}
