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
// others leave: all of a batch's postings sum to zero.
const (
	Generated  MoveKind = MoveKind(mass.Generated)
	Treated    MoveKind = MoveKind(mass.Treated)
	Residue    MoveKind = MoveKind(mass.Residue)
	Difference MoveKind = MoveKind(mass.Difference)
	Repacked   MoveKind = MoveKind(mass.Repacked)
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
// of the generation.
func MovesOf(seq int64, e event.Event, after []batch.State, postings []mass.Posting) []Move {
	states := make(map[id.Batch]batch.State, len(after))
	for _, s := range after {
		states[s.ID] = s
	}
	_, taken := e.Data.(event.Collected)
	var out []Move
	for _, p := range postings {
		s := states[p.Batch]
		kind, grams, site := MoveKind(p.Kind), int64(p.Grams), p.Site
		switch p.Kind {
		case mass.Generated, mass.Treated, mass.Residue, mass.Difference, mass.Repacked:
		case mass.Held:
			if !taken || grams >= 0 || p.Party != s.Generator || (p.Batch == s.ID && reweighs(postings, p)) {
				continue
			}
			kind, grams, site = Collected, -grams, s.Origin
		default:
			continue
		}
		origin, at := s.Origin, e.At.UnixMilli()
		if kind == Generated {
			origin = p.Site
			if e.Type == event.CorrectionAgreed && s.BornAt > 0 { // what arose then was another weight or code
				at = s.BornAt
			}
		}
		out = append(out, Move{Seq: seq, Line: len(out), At: at, Kind: kind, Batch: p.Batch, Origin: origin, Site: site,
			Code: p.Code, Method: p.Method, Grams: grams, Mixed: len(s.Parents) > 0})
	}
	return out
}

// reweighs tells the held side of a difference between two weighings from that of a
// hand-over: the posting after it is the difference's.
func reweighs(all []mass.Posting, p mass.Posting) bool {
	for i := range all {
		if all[i] == p {
			return i+1 < len(all) && all[i+1].Kind == mass.Difference
		}
	}
	return false
}
