package chain

import (
	"slices"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/rule"
)

// Candidate names an entry of which a rule may have something to say, and what of: a batch, or
// an event that belongs to none. It is no verdict; see rule.Step.Candidate.
type Candidate struct {
	Seq     int64
	Subject id.UUID
	Loose   bool  // Subject is the event itself
	Grave   bool  // more than a remark may be said
	At      int64 // signer's clock, Unix milliseconds UTC
}

// Candidates lists those of an event, once for each batch. A correction that counts from here
// on changes what is to be said of the entries before it.
func (p Placed) Candidates() []Candidate {
	var out []Candidate
	e := p.Event
	one := func(u id.UUID, loose, grave bool) {
		out = append(out, Candidate{Seq: p.Entry.Seq, Subject: u, Loose: loose, Grave: grave, At: e.At.UnixMilli()})
	}
	for _, s := range p.Steps {
		may, grave := s.Candidate()
		mended := slices.Contains(p.Mended, s.Batch.ID)
		if may || mended {
			one(s.Batch.ID.UUID(), false, grave || mended)
		}
	}
	if Loose(e) {
		one(e.ID.UUID(), true, true)
	}
	return out
}

// Loose says whether an event belongs to no batch and yet is somebody's to look into: an incident
// whose batch is not known.
func Loose(e event.Event) bool { return e.Type == event.IncidentReported && len(e.Batches) == 0 }

// Mended gives the steps of a batch's chain with the values that were agreed to, from the
// first entry on, for what the rules say of them now, and the newest correction that counts; ok is false when nothing was agreed, or
// when the chain at hand is not whole. Seq and Prev are those of the chain; when an entry was
// recorded is the caller's to add.
func Mended(w World, s batch.State, said []Said) (steps []rule.Step, by batch.Correction, ok bool) {
	f := agreed(s)
	if len(f) == 0 {
		return nil, by, false
	}
	for _, c := range s.Corrections {
		if c.Status == batch.CorrectionAgreed && c.ClosedN > by.ClosedN {
			by = c
		}
	}
	var now batch.State
	var knowing rule.Knowing
	for i, x := range said {
		unknown := knowing.Next(x.Event, s.ID, x.At.Seq, x.At.Leaf)
		e, err := f.mend(x.Event)
		if err != nil {
			return nil, by, false
		}
		if line, is := lineOf(e, s.ID); is {
			step := StepOf(e, line, now, x.At.Seq, e.At)
			step.Prev = now.Head
			steps = append(steps, step.Judged(unknown))
		}
		if now, _, err = refold(w, s.ID, said[:i+1], f); err != nil {
			return nil, by, false
		}
	}
	return steps, by, true
}
