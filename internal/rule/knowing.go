package rule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
)

// Knowing follows a batch's chain and says of each entry which of those before it its signer
// did not know.
//
// A signer knows an entry that they saw (and with it all before it), that they name (in refs,
// or the issue of the manifest that they act under), or that they signed themselves; and through
// each of these what its own signer knew, for whoever takes over on a giver's word leaves it to
// the giver to answer for what came before. So a yard without network is silent, and what is
// left is what the rule is for: somebody acted on a batch to which something had happened that
// nobody had told them.
type Knowing struct {
	past    []known
	unknown [][]int // of each entry, by position; closed over what it rests on
}

// known is an entry as it matters who knew of it.
type known struct {
	seq      int64
	leaf     id.Hash
	event    id.Event
	kind     event.Type
	at       time.Time
	party    id.Party
	person   id.Person
	manifest id.Manifest
}

// Next takes the next entry of the chain of b and gives the log positions of the entries before
// it that its signer did not know and that bear on what was signed. e is the zero Event for an
// entry that cannot be read.
func (k *Knowing) Next(e event.Event, b id.Batch, seq int64, leaf id.Hash) []int64 {
	left := k.unseen(seenOf(e, b))
	for i := len(k.past) - 1; i >= 0 && len(left) > 0; i-- {
		// What is known already brought with it what it rests on.
		if _, open := slices.BinarySearch(left, i); open && k.past[i].toldTo(e) {
			left = k.learn(left, i)
		}
	}
	k.past = append(k.past, known{seq, leaf, e.ID, e.Type, e.At, e.Party, e.Person, e.Manifest})
	k.unknown = append(k.unknown, left)
	var out []int64
	for _, i := range left {
		if k.past[i].bears() {
			out = append(out, k.past[i].seq)
		}
	}
	return out
}

// learn takes an entry, and what its signer knew, off the list of what is unknown. Both lists
// are in the chain's order.
func (k *Knowing) learn(left []int, i int) []int {
	rests := k.unknown[i]
	return slices.DeleteFunc(left, func(j int) bool {
		for len(rests) > 0 && rests[0] < j {
			rests = rests[1:]
		}
		return j == i || j < i && (len(rests) == 0 || rests[0] != j)
	})
}

// unseen is the positions behind the entry that was seen; all of them where none was.
func (k *Knowing) unseen(seen id.Hash) (out []int) {
	for i := len(k.past) - 1; i >= 0; i-- {
		if !seen.IsZero() && k.past[i].leaf == seen {
			break
		}
		out = append(out, i)
	}
	slices.Reverse(out)
	return out
}

func seenOf(e event.Event, b id.Batch) id.Hash {
	for _, x := range e.Batches {
		if x.ID == b {
			return x.Seen
		}
	}
	return id.Hash{} // born of others: there is nothing before it
}

// toldTo says whether the signer of e knew the entry itself. What the same person signed counts
// from its own time on: a phone that comes back in the evening brings what its owner signed in
// the morning, without what they learnt since.
func (x known) toldTo(e event.Event) bool {
	switch {
	case x.event.IsZero():
		return false
	case slices.Contains(e.Refs, x.event):
		return true
	case x.kind == event.ManifestIssued && !e.Manifest.IsZero() && x.manifest == e.Manifest:
		return true
	}
	return !e.Person.IsZero() && x.person == e.Person && x.party == e.Party && !x.at.After(e.At)
}

// bears says whether an entry can matter to what is signed after it. The number that an office
// gave a manifest and the outcome that a consignor was told change nothing of a batch; an entry
// of an unknown kind is not judged by anybody.
func (x known) bears() bool {
	return x.kind != "" && x.kind != event.ManifestNumbered && x.kind != event.OutcomeReported
}

// Judged puts what the signer did not know beside a step, so that the rule need not guess from
// the newest entry alone.
func (s Step) Judged(unknown []int64) Step {
	s.Followed, s.Unknown = true, unknown
	return s
}

// mostNamed is how many log positions a sentence lists.
const mostNamed = 5

// unseen is the finding on what a signer did not know, in words; "" for none.
func (s Step) unseen() (zh, en string) {
	switch {
	case s.Batch.Seen == s.Prev || s.Followed && len(s.Unknown) == 0:
		return "", ""
	case !s.Followed:
		return "签名人签名时尚未看到该批次的最新记录", "The signer had not seen the batch's newest entry when signing."
	}
	var seqs []string
	for _, x := range s.Unknown[:min(len(s.Unknown), mostNamed)] {
		seqs = append(seqs, fmt.Sprint(x))
	}
	what, more := "entries", ""
	if len(s.Unknown) == 1 {
		what = "entry"
	}
	if len(s.Unknown) > mostNamed {
		more = " …"
	}
	return fmt.Sprintf("签名人签名时不知道该批次之前的 %d 条记录（日志 %s%s）：没有看到、没有引用，也不是本人所签", len(s.Unknown), strings.Join(seqs, "、"), more),
		fmt.Sprintf("When signing, the signer did not know %d earlier %s of the batch (log %s%s): neither seen, nor named, nor signed by the same person.", len(s.Unknown), what, strings.Join(seqs, ", "), more)
}
