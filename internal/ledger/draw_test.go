package ledger_test

import (
	"time"

	"pgregory.net/rapid"

	"liandan/internal/id"
	"liandan/internal/ledger"
)

func drawHash(r *rapid.T, name string) (h id.Hash) {
	copy(h[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(r, name))
	h[0] |= 1 // zero means none
	return h
}

func drawBatch(r *rapid.T) id.Batch {
	var random [10]byte
	copy(random[:], rapid.SliceOfN(rapid.Byte(), 10, 10).Draw(r, "batch"))
	return id.BatchOf(id.V7(rapid.Int64Range(1, 1<<48-1).Draw(r, "batch ms"), random))
}

func drawRecorded(r *rapid.T) time.Time {
	return time.UnixMilli(rapid.Int64Range(946684800000, 7258118399999).Draw(r, "recorded")).UTC()
}

func drawEntry(r *rapid.T) ledger.Entry {
	e := ledger.Entry{Seq: rapid.Int64Range(0, 1<<53).Draw(r, "seq"), RecordedAt: drawRecorded(r),
		Kind: rapid.SampledFrom([]string{ledger.KindEvent, "statement"}).Draw(r, "kind"), Hash: drawHash(r, "hash")}
	for range rapid.IntRange(0, 4).Draw(r, "links") {
		l := ledger.Link{Batch: drawBatch(r), N: rapid.Int64Range(1, 1<<40).Draw(r, "n")}
		if l.N > 1 {
			l.Prev = drawHash(r, "prev")
		}
		e.Links = append(e.Links, l)
	}
	return e
}

// drawChain makes the sound chain of one batch inside a log where others write too;
// some entries name a second batch.
func drawChain(r *rapid.T, least int) (id.Batch, []ledger.Entry) {
	batch, other := drawBatch(r), drawBatch(r)
	if batch == other {
		other = id.BatchOf(id.V7(7, [10]byte{7}))
	}
	var chain []ledger.Entry
	var prev id.Hash
	seq := rapid.Int64Range(0, 1000).Draw(r, "first")
	for i := range rapid.IntRange(least, 8).Draw(r, "length") {
		e := ledger.Entry{Seq: seq, RecordedAt: drawRecorded(r), Kind: ledger.KindEvent, Hash: drawHash(r, "hash"),
			Links: []ledger.Link{{Batch: batch, N: int64(i) + 1, Prev: prev}}}
		if rapid.Bool().Draw(r, "with another") {
			e.Links = append([]ledger.Link{{Batch: other, N: int64(i) + 1}}, e.Links...)
		}
		chain = append(chain, e)
		prev = e.Leaf()
		seq += rapid.Int64Range(1, 5).Draw(r, "gap")
	}
	return batch, chain
}
