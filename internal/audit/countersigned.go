package audit

import (
	"slices"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
)

// Countersigned is the grade shown of what was signed on paper once everybody who signed the
// slip has put its own key to it here. It is a reader's word: the fold keeps that it was paper.
const Countersigned batch.Grade = "paper_countersigned"

// slip is who signed one on paper, and who has put its key to it since: who filled it in; who
// agreed to a correction of it, or proposed one that counts; and who signed a later event of
// the batch having seen the slip's entry, and so went on from what it says.
type slip struct {
	event  id.Event
	signed []id.Party // on paper
	here   []id.Party
}

// open lists who signed on paper and not here.
func (x slip) open() []id.Party {
	return slices.DeleteFunc(slices.Clone(x.signed), func(p id.Party) bool { return slices.Contains(x.here, p) })
}

// slips gives those of a chain, in order.
func (v ChainView) slips(st batch.State) (out []slip) {
	seen := map[id.Hash]int{} // leaf hashes of the entries so far: how many slips were told by then
	add := func(x *slip, p id.Party) {
		if slices.Contains(x.signed, p) && !slices.Contains(x.here, p) {
			x.here = append(x.here, p)
		}
	}
	for _, s := range v.Steps {
		if d, ok := s.Event.Data.(event.Backfilled); ok {
			x := slip{event: s.Event.ID}
			for _, by := range d.Signed {
				p := map[event.PaperRole]id.Party{event.ByConsignor: d.Consignor, event.ByCarrier: d.Carrier, event.AtGate: d.Carrier, event.ByConsignee: d.Consignee}[by.Role]
				if !slices.Contains(x.signed, p) {
					x.signed = append(x.signed, p)
				}
			}
			add(&x, s.Event.Party)
			out = append(out, x)
		} else if t := s.Event.Type; !t.Mends() && t != event.IncidentReported { // who disputes does not confirm
			for _, b := range s.Event.Batches {
				if b.ID == v.Batch {
					for i := range seen[b.Seen] {
						add(&out[i], s.Event.For())
					}
				}
			}
		}
		seen[ledger.LeafOf(s.Entry)] = len(out)
	}
	for _, c := range st.Corrections {
		for i := range out {
			if c.Event == out[i].event && c.Status == batch.CorrectionAgreed {
				for _, p := range append([]id.Party{c.By}, c.Agreed...) {
					add(&out[i], p)
				}
			}
		}
	}
	return out
}

// graded is the grade that a reader is shown of a batch or line, and who has not put its key
// to a slip yet.
func (v ChainView) graded(st batch.State) (batch.Grade, []id.Party) {
	if st.Grade != batch.OnPaper {
		return st.Grade, nil
	}
	var open []id.Party
	all := v.slips(st)
	for _, x := range all {
		for _, p := range x.open() {
			if !slices.Contains(open, p) {
				open = append(open, p)
			}
		}
	}
	if len(all) > 0 && len(open) == 0 { // a slip of what this was made of is in another chain
		return Countersigned, nil
	}
	return batch.OnPaper, open
}

// grade takes a line's grade into the manifest's: a slip is countersigned when every line of it
// is.
func (v *ManifestView) grade(c ChainView, st batch.State) {
	g, open := c.graded(st)
	if g == batch.OnPaper {
		v.Grade = g
	} else if v.Grade == batch.OnPaper && len(v.Unsigned) == 0 {
		v.Grade = g
	}
	for _, p := range open {
		if !slices.Contains(v.Unsigned, p) {
			v.Unsigned = append(v.Unsigned, p)
		}
	}
}
