package chain

import (
	"fmt"
	"slices"
	"strings"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/mass"
	"liandan/internal/waste"
)

// A correction that every party agreed to counts from its last answer on. The batch is then
// folded anew, with the corrected event as it reads now; what the books would say had it been
// said right from the start, less what they say, is posted as the correction's own postings.
// So nothing of the past is rewritten, the grams balance before and after, and the balances
// by code, method and party are right.

// Said is one event of a batch's chain and where it stands.
type Said struct {
	Event event.Event
	At    batch.Place
}

// fixes are agreed changes by the event that they correct, in the order of agreement.
type fixes map[id.Event][]event.Change

// agreed gathers the corrections of a batch that count.
func agreed(s batch.State) fixes {
	out := fixes{}
	closed := slices.Clone(s.Corrections)
	closed = slices.DeleteFunc(closed, func(c batch.Correction) bool { return c.Status != batch.CorrectionAgreed })
	slices.SortStableFunc(closed, func(a, b batch.Correction) int { return int(a.ClosedN - b.ClosedN) })
	for _, c := range closed {
		out[c.Event] = append(out[c.Event], c.Changes...)
	}
	return out
}

func (f fixes) with(e id.Event, more []event.Change) fixes {
	out := fixes{}
	for k, v := range f {
		out[k] = v
	}
	out[e] = append(slices.Clone(out[e]), more...)
	return out
}

func (f fixes) mend(e event.Event) (event.Event, error) {
	if len(f[e.ID]) == 0 {
		return e, nil
	}
	return e.With(f[e.ID])
}

// refold folds a chain with corrections made from the start, and books it.
func refold(w World, b id.Batch, said []Said, f fixes) (s batch.State, books []mass.Posting, err error) {
	for _, x := range said {
		e, err := f.mend(x.Event)
		if err != nil {
			return s, nil, err
		}
		if line, ok := lineOf(e, b); ok {
			if err := s.Check(e, line); err != nil {
				return s, nil, err
			}
			books = append(books, mass.Post(e, line, s)...)
			s = s.Apply(e, line, x.At)
			continue
		}
		for _, birth := range e.Births() {
			if birth.ID != b {
				continue
			}
			parents, err := before(w, birth, x.At.Seq)
			if err != nil {
				return s, nil, err
			}
			s = batch.Begin(e, birth, parents, x.At)
			books = append(books, mass.PostBirth(e, s)...)
		}
	}
	return s, books, nil
}

// before gives the parents of a birth as they were at an entry of the log.
func before(w World, birth event.Birth, seq int64) ([]batch.State, error) {
	out := make([]batch.State, len(birth.Parents))
	for i, p := range birth.Parents {
		said := w.Chain(p.ID)
		n, _ := slices.BinarySearchFunc(said, seq, func(x Said, seq int64) int { return int(x.At.Seq - seq) })
		var err error
		if out[i], err = As(w, p.ID, said[:n]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// As folds the beginning of a batch's chain to its state then, with the corrections that
// counted by then.
func As(w World, b id.Batch, said []Said) (batch.State, error) {
	s, _, err := refold(w, b, said, nil)
	if err != nil || len(agreed(s)) == 0 {
		return s, err
	}
	s, _, err = refold(w, b, said, agreed(s))
	return s, err
}

func lineOf(e event.Event, b id.Batch) (event.Batch, bool) {
	for _, x := range e.Batches {
		if x.ID == b {
			return x, true
		}
	}
	return event.Batch{}, false
}

// target finds the corrected event in a batch's chain.
func target(w World, b id.Batch, e id.Event) (event.Event, []Said, bool) {
	said := w.Chain(b)
	i := slices.IndexFunc(said, func(x Said) bool { return x.Event.ID == e })
	if i < 0 {
		return event.Event{}, nil, false
	}
	return said[i].Event, said, true
}

// checkCorrection judges a proposal or an answer of one batch beyond what the batch's own
// state can tell. Faults: wrong-stage, not-custodian, invalid-event.
func checkCorrection(w World, e event.Event, b event.Batch) error {
	s := w.Batch(b.ID)
	if d, ok := e.Data.(event.Correction); ok {
		return checkProposal(w, e, d, s)
	}
	c, _ := s.Correction(e.Refs[0])
	if _, yes := e.Data.(event.Consent); !yes || len(c.Waiting()) > 1 {
		return nil
	}
	was, said, ok := target(w, b.ID, c.Event)
	if !ok {
		return refuse(fault.WrongStage, s, "The corrected event is not in this batch's chain.")
	}
	if err := stands(s, was, c.Changes); err != nil {
		return err
	}
	return mended(w, s, said, c.Event, c.Changes)
}

func checkProposal(w World, e event.Event, d event.Correction, s batch.State) error {
	was, said, ok := target(w, s.ID, e.Refs[0])
	switch {
	case !ok:
		return refuse(fault.WrongStage, s, "The corrected event %s is not in this batch's chain here yet; the correction must wait for it.", e.Refs[0])
	case was.Type.Mends():
		return refuse(fault.WrongStage, s, "A correction cannot be corrected; propose another of the event itself.")
	case was.Manifest != e.Manifest:
		return refuse(fault.WrongStage, s, "The correction must name the manifest that the corrected event names, and no other.")
	case !slices.ContainsFunc(Concerned(said, was, nil), func(p id.Party) bool { return p == e.Party }) &&
		!slices.ContainsFunc(said, func(x Said) bool { return x.Event.Party == e.Party }):
		return refuse(fault.NotCustodian, s, "The party has signed nothing in this batch's chain and is named by no manifest of it; it cannot correct it.")
	}
	for i, c := range d.Changes {
		if !slices.Contains(was.Owners(c.Pointer), s.ID) {
			return refuse(fault.WrongStage, s, "The field %s of the corrected event does not speak of this batch.", c.Pointer).
				At(fmt.Sprintf("/data/changes/%d/pointer", i), "other_batch", "must be a field that speaks of every batch named here")
		}
	}
	for _, p := range Concerned(said, was, &e) {
		if p != e.Party && !slices.Contains(d.Parties, p) {
			return refuse(fault.WrongStage, s, "Party %s signed the corrected field or relied on it; the correction must name it among the parties that must agree.", p).
				At("/data/parties", "missing", "must name party %s", p)
		}
	}
	if err := stands(s, was, d.Changes); err != nil {
		return err
	}
	return mended(w, s, said, was.ID, d.Changes)
}

// Concerned lists whom a field of an event touches: who signed it, the parties of its
// manifest, who signed after it in the batch's chain, and whom a manifest issued since
// names. With a proposal, only what is dated no later than it counts, so that the order of
// arrival does not matter.
func Concerned(said []Said, was event.Event, proposal *event.Event) []id.Party {
	var out []id.Party
	add := func(ps ...id.Party) {
		for _, p := range ps {
			if !p.IsZero() && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	add(was.Party)
	since := false
	for _, x := range said {
		e := x.Event
		since = since || e.ID == was.ID
		if e.Type.Mends() || proposal != nil && e.At.After(proposal.At) && e.ID != was.ID {
			continue
		}
		d, issued := e.Data.(event.Issued)
		if issued && (since || e.Manifest == was.Manifest) && !cancelled(said, e.Manifest, proposal) {
			add(e.Party, d.Carrier, d.Consignee)
		}
		if d, paper := e.Data.(event.Backfilled); paper && (since || e.Manifest == was.Manifest) {
			add(d.Consignor, d.Carrier, d.Consignee) // who signed on paper must agree here
		}
		if since {
			add(e.Party)
		}
	}
	return out
}

func cancelled(said []Said, m id.Manifest, proposal *event.Event) bool {
	return slices.ContainsFunc(said, func(x Said) bool {
		return x.Event.Type == event.ManifestCancelled && x.Event.Manifest == m && (proposal == nil || !x.Event.At.After(proposal.At))
	})
}

// stands asks that every old value is what the field says now.
func stands(s batch.State, was event.Event, changes []event.Change) error {
	now, err := agreed(s).mend(was)
	if err != nil {
		return err
	}
	for i, c := range changes {
		v, ok := now.Value(c.Pointer)
		if !ok {
			return fault.New(fault.InvalidEvent, "The corrected event has no field %s.", c.Pointer).
				At(fmt.Sprintf("/data/changes/%d/pointer", i), "unknown", "must be a field of %s", was.Type)
		}
		if v != c.Old {
			return refuse(fault.WrongStage, s, "The field %s says %s now, not %s; look again before proposing or agreeing.", c.Pointer, v, c.Old).
				At(fmt.Sprintf("/data/changes/%d/old", i), "changed", "the field says %s", v)
		}
	}
	return nil
}

// mended asks that the chain still holds with the changes made, and that they move no batch
// to another stage and contradict nothing that was made of it.
func mended(w World, s batch.State, said []Said, e id.Event, changes []event.Change) error {
	after, _, err := refold(w, s.ID, said, agreed(s).with(e, changes))
	if f := fault.As(err); f != nil {
		return refuse(f.Kind, s, "With this correction the chain would not hold: %s", f.Sentence)
	}
	if err != nil {
		return err
	}
	bears := slices.ContainsFunc(said, func(x Said) bool {
		return slices.ContainsFunc(x.Event.Births(), func(b event.Birth) bool {
			_, parent := lineOf(event.Event{Batches: b.Parents}, s.ID)
			return parent
		})
	})
	switch {
	case after.Stage != s.Stage || after.N != s.N:
		return refuse(fault.WrongStage, s, "The correction would move the batch from %s to %s; it comes too late for these grams.", s.Stage, after.Stage)
	case bears && (after.Code != s.Code || after.Refused != s.Refused):
		return refuse(fault.WrongStage, s, "Other batches were made of this one and carry what it says; its code cannot be corrected any more.")
	}
	return nil
}

func refuse(k fault.Kind, s batch.State, format string, args ...any) *fault.Error {
	f := fault.New(k, format, args...).With("batch", s.ID.String()).With("stage", string(s.Stage)).With("allowed", s.Next())
	if s.Stage == batch.None {
		f.With("stage", "unknown")
	}
	return f
}

// Settled says which correction an event has closed with everybody's consent.
func Settled(e event.Event, before, after batch.State) (batch.Correction, bool) {
	ref := e.ID
	if e.Type == event.CorrectionAgreed {
		ref = e.Refs[0]
	} else if e.Type != event.CorrectionProposed {
		return batch.Correction{}, false
	}
	c, ok := after.Correction(ref)
	return c, ok && c.Status == batch.CorrectionAgreed
}

// settled is what a correction that counts now does to one of its batches.
type settled struct {
	was, is event.Event
	state   batch.State
	books   []mass.Posting
}

// settle makes a correction count. Check has let it through, so that an error says that the
// chain at hand is not whole.
func settle(w World, x Said, before, after batch.State, c batch.Correction) (out settled, err error) {
	said := append(slices.Clone(w.Chain(after.ID)), x)
	was, _, ok := target(w, after.ID, c.Event)
	if !ok {
		return out, fault.New(fault.Damaged, "The event that a correction corrects is not in the batch's chain.")
	}
	if out.was, err = agreed(before).mend(was); err != nil {
		return out, err
	}
	if out.is, err = out.was.With(c.Changes); err != nil {
		return out, err
	}
	_, old, err := refold(w, after.ID, said[:len(said)-1], agreed(before))
	if err != nil {
		return out, err
	}
	var books []mass.Posting
	if out.state, books, err = refold(w, after.ID, said, agreed(before).with(c.Event, c.Changes)); err != nil {
		return out, err
	}
	out.books = less(books, old, after.ID)
	return out, nil
}

// less is what must be posted to get from the old books to the new ones, in a fixed order.
func less(books, old []mass.Posting, b id.Batch) (out []mass.Posting) {
	sums := map[mass.Account]waste.Grams{}
	for _, p := range books {
		sums[p.Account] += p.Grams
	}
	for _, p := range old {
		sums[p.Account] -= p.Grams
	}
	for a, g := range sums {
		if g != 0 {
			out = append(out, mass.Posting{Account: a, Batch: b, Grams: g})
		}
	}
	slices.SortFunc(out, func(x, y mass.Posting) int { return strings.Compare(x.Account.String(), y.Account.String()) })
	return out
}

// Advance folds one event of one batch with its corrections made, for readers that walk a
// single chain. Check has let it through.
func Advance(w World, e event.Event, b event.Batch, before batch.State, at batch.Place) (batch.State, error) {
	after := before.Apply(e, b, at)
	c, ok := Settled(e, before, after)
	if !ok {
		return after, nil
	}
	out, err := settle(w, Said{e, at}, before, after, c)
	return out.state, err
}

// Read opens the kept entries of a batch's chain, in order. The fault is damaged.
func Read(b id.Batch, kept []ledger.Kept) ([]Said, error) {
	out := make([]Said, 0, len(kept))
	for _, k := range kept {
		entry, err := ledger.ParseEntry(k.Entry)
		if err != nil {
			return out, err
		}
		_, e, err := ledger.OpenEvent(k.Body)
		if err != nil {
			return out, fault.Wrap(err, fault.Damaged, "The bytes kept of an event of batch %s are damaged; run `liandan check`.", b)
		}
		l, _ := entry.LinkOf(b)
		out = append(out, Said{e, batch.Place{Seq: entry.Seq, N: l.N, Leaf: ledger.LeafOf(k.Entry)}})
	}
	return out, nil
}
