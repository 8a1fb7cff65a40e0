package indicator

import (
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/mass"
	"liandan/internal/waste"
)

// MoveKind is what a movement counts as: the kind of the account that a posting is on, or
// Collected.
type MoveKind string

// The movements that figures are made of. What lies in stores and on vehicles is what the
// others leave: all of a batch's postings sum to zero. What a treatment leaves as a batch of
// its own is Residue on the batch that was treated, and Converted on the new one.
const (
	Generated  MoveKind = MoveKind(mass.Generated)
	Treated    MoveKind = MoveKind(mass.Treated)
	Residue    MoveKind = MoveKind(mass.Residue)
	Difference MoveKind = MoveKind(mass.Difference)
	Repacked   MoveKind = MoveKind(mass.Repacked)
	Lost       MoveKind = MoveKind(mass.Lost)
	Converted  MoveKind = MoveKind(mass.Converted)
	Collected  MoveKind = "collected" // taken over from its generator by a carrier: no account of its own
)

// Move is one movement of mass, with what the log knows beside its posting.
type Move struct {
	Seq    int64
	Line   int   // of the event, from 0
	At     int64 // when it happened by the signer's clock, Unix milliseconds
	Kind   MoveKind
	Batch  id.Batch
	Origin id.Site // where the batch arose, or was mixed from several
	Site   id.Site // of the account
	Code   waste.Code
	Method waste.Method // of treated and residue
	Grams  int64        // as posted: into the account is plus
	// Mixed: the batch was begun out of others, whose generators its treatment concerns too.
	Mixed bool
}

// MovesOf gives the movements of one event, from its postings and the states that it left.
// They belong to the time of the event; what a correction changes of a generation, to that
// of the generation; a collection that a paper attests, to that of the carrier's signature.
func MovesOf(seq int64, e event.Event, after []batch.State, postings []mass.Posting) []Move {
	states := make(map[id.Batch]batch.State, len(after))
	for _, s := range after {
		states[s.ID] = s
	}
	takenAt, taken := collectedAt(e)
	var out []Move
	for i, p := range postings {
		s := states[p.Batch]
		m := Move{Seq: seq, Line: len(out), At: e.At.UnixMilli(), Kind: MoveKind(p.Kind), Batch: p.Batch, Origin: s.Origin, Site: p.Site,
			Code: p.Code, Method: p.Method, Grams: int64(p.Grams), Mixed: len(s.Parents) > 0}
		switch p.Kind {
		case mass.Treated, mass.Residue, mass.Difference, mass.Repacked, mass.Lost:
		case mass.Generated:
			m.Origin = p.Site
			// What arose then was another weight or code. A correction counts by its proposal
			// where nobody else is asked.
			if (e.Type == event.CorrectionAgreed || e.Type == event.CorrectionProposed) && s.BornAt > 0 {
				m.At = s.BornAt
			}
		case mass.Converted:
			m.Code = s.Code // the account has none
			if method, ok := treatment(e, p.Batch, postings); ok {
				m.Kind, m.Method = Residue, method
			}
		case mass.Held:
			if !taken || p.Grams >= 0 || p.Party != s.Generator || (p.Batch == s.ID && reweighs(postings[i:])) {
				continue
			}
			m.At, m.Kind, m.Grams, m.Site = takenAt, Collected, -m.Grams, s.Origin
		default:
			continue
		}
		out = append(out, m)
	}
	return out
}

// collectedAt says when a carrier took waste over, by an event or the paper in its stead.
func collectedAt(e event.Event) (ms int64, ok bool) {
	switch d := e.Data.(type) {
	case event.Collected:
		return e.At.UnixMilli(), true
	case event.Backfilled:
		for _, s := range d.Signed {
			if s.Role == event.ByCarrier {
				return s.At.UnixMilli(), true
			}
		}
	}
	return 0, false
}

// treatment tells the batch that is treated from the one that is left of it, and says by
// which method. A correction's own data does not name it; the treated mass that it moves does.
func treatment(e event.Event, b id.Batch, all []mass.Posting) (waste.Method, bool) {
	if d, ok := e.Data.(event.Treated); ok {
		for _, line := range e.Batches {
			if line.ID == b {
				return d.Method, true
			}
		}
		return "", false
	}
	for _, p := range all {
		if p.Kind == mass.Treated && p.Batch == b {
			return p.Method, true
		}
	}
	return "", false
}

// reweighs tells the held side of a difference between two weighings from that of a
// hand-over: the posting after it is the difference's.
func reweighs(from []mass.Posting) bool {
	return len(from) > 1 && from[1].Kind == mass.Difference
}
