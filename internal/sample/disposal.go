package sample

import (
	"fmt"
	"time"

	"liandan/internal/event"
	"liandan/internal/waste"
)

// leaking is the reason of the day's one acceptance in part.
const leaking = "样例：桶内一瓶渗漏，该部分拒收 SAMPLE: one bottle in the drum leaks; that part is refused"

// accept weighs every line. A scale tells two weighings of the same bag apart by a few
// grams now and then; that is said, not smoothed.
func (s *script) accept(p *phase, r *route, w window) {
	for i, l := range r.loads {
		lines := make([]event.Batch, len(l.lots))
		for n, x := range l.lots {
			if s.random.IntN(16) == 0 {
				off := x.kind.step * waste.Grams(1+s.random.Int64N(3))
				if s.random.IntN(3) == 0 {
					off = -off
				}
				s.reweigh(x, x.grams-off)
			}
			lines[n] = s.verdict(l, x)
		}
		ev := s.tell(p.of(r.gate, r.gate.bulk()), r.gate, s.at(w, i, len(r.loads)), event.ManifestAccepted,
			event.Accepted{Measured: event.OnScale, Scale: "SAMPLE-" + r.gate.name},
			func(e *event.Event) { e.Manifest, e.Batches, e.Refs = l.manifest, lines, answers(l.lots) })
		answered(l.lots, ev)
	}
}

// verdict takes a line whole, but the first chemical drum of the day in part.
func (s *script) verdict(l *load, x *lot) event.Batch {
	b := event.Batch{ID: x.id, Weighed: true, Verdict: event.Whole}
	if s.story.Partial.IsZero() && x.kind.code == chemical.code {
		x.refused = x.grams / 4 / 10 * 10
		x.grams -= x.refused
		b.Verdict, b.RefusedGrams, b.Reason = event.Part, x.refused, leaking
		s.story.Partial, s.story.PartialBatch, s.story.Refused = l.manifest, x.id, x.refused
	}
	b.Grams = x.grams
	s.story.Accepted += x.grams
	return b
}

// finish is the plant's afternoon: everything that has come is treated and reported, and
// the furnace's ash becomes a waste of its own.
func (s *script) finish() {
	p := s.phase("处置：高温蒸汽与焚烧", "treatment by steam and in the furnace", hours.treating)
	var residue waste.Grams
	for _, r := range s.routes {
		if !r.late && r.to == s.city.plant.unit {
			residue += s.treat(p, r, hours.treating)
		}
	}
	p = s.phase("处置结果告知移出人，灰渣装袋", "outcomes reported to the consignors; ash is bagged", hours.reporting)
	for _, r := range s.routes {
		if !r.late && r.to == s.city.plant.unit {
			s.report(p, r, hours.reporting)
		}
	}
	s.bagAsh(p, residue)
}

// treat gives the residue of the furnace.
func (s *script) treat(p *phase, r *route, w window) (ash waste.Grams) {
	n, i := 0, 0
	for _, l := range r.loads {
		n += len(l.lots)
	}
	for _, l := range r.loads {
		for _, x := range l.lots {
			by, residue := s.charge(l, x)
			ev := s.tell(p.of(by, by.bulk()), by, s.at(w, i, n), event.BatchTreated, event.Treated{Method: l.method, Facility: facilities[l.method]},
				func(e *event.Event) {
					e.Batches = stated([]*lot{x})
					e.Batches[0].ResidueGrams = residue
				})
			x.answer = ev.ID
			s.story.Treated += x.grams
			s.story.Residue += residue
			if by == s.city.plant.furnace {
				ash += residue
			}
			i++
		}
	}
	return ash
}

var facilities = map[waste.Method]string{"Y10": "样例焚烧炉", "D10": "样例焚烧炉", "Y11": "样例高温蒸汽灭菌柜", "D1": "样例填埋库区"}

// charge says who treats a lot and what remains of it: steam takes little away, and what
// it leaves is no medical waste any more; the furnace leaves ash; a landfill leaves nothing
// to pass on.
func (s *script) charge(l *load, x *lot) (by *hand, residue waste.Grams) {
	switch {
	case l.method == "D1":
		return s.city.landfill.hand, 0
	case l.steam:
		return s.city.plant.steam, x.grams * waste.Grams(80+s.random.Int64N(9)) / 100
	}
	return s.city.plant.furnace, x.grams * waste.Grams(12+s.random.Int64N(9)) / 100
}

func (s *script) report(p *phase, r *route, w window) {
	by := s.city.plant.office
	if r.to == s.city.landfill.unit {
		by = s.city.landfill.hand
	}
	for i, l := range r.loads {
		s.tell(p.of(by, by.bulk()), by, s.at(w, i, len(r.loads)), event.OutcomeReported, event.Outcome{Result: facilities[l.method] + "处置完成"},
			func(e *event.Event) { e.Manifest, e.Batches, e.Refs = l.manifest, named(l.lots...), answers(l.lots) })
	}
}

// ashBag is how much one big bag holds.
const ashBag = 400_000

// bagAsh makes containers of just what the furnace left: about one seventh is fly ash.
func (s *script) bagAsh(p *phase, residue waste.Grams) {
	by := s.city.plant.furnace
	fly := residue / 7
	at := s.midnight.Add(hours.reporting.from)
	for _, part := range []struct {
		kind  kind
		grams waste.Grams
	}{{bottomAsh, residue - fly}, {flyAsh, fly}} {
		for left := part.grams; left > 0; left -= ashBag {
			at = at.Add(time.Second)
			s.ash = append(s.ash, s.close(p.of(by, by.bulk()), by, at, lot{kind: part.kind, grams: min(left, ashBag)}, "焚烧车间"))
		}
	}
}

// sendAsh takes the ash to the landfill.
func (s *script) sendAsh() {
	c := s.city
	driver := c.goods.drivers[len(c.goods.drivers)-1]
	s.share(route{permit: "SAMPLE-TR-0003", to: c.landfill.unit, gate: c.landfill.hand}, []*hand{driver},
		[][]*load{s.loads(c.plant.office, s.ash, "D1", false)})
	r := s.routes[len(s.routes)-1]
	s.issue(s.phase("灰渣联单", "a manifest for the ash", hours.ashIssuing), r, hours.ashIssuing)
	s.collect(s.phase("灰渣起运", "the ash is collected", hours.ashCollecting).of(driver, false), r, hours.ashCollecting)
	s.deliver(s.phase("灰渣运抵填埋场", "the ash arrives at the landfill", hours.ashDelivering).of(driver, false), r, hours.ashDelivering)
	s.accept(s.phase("填埋场验收", "the landfill accepts", hours.ashAccepting), r, hours.ashAccepting)
	s.treat(s.phase("填埋", "landfilled", hours.ashTreating), r, hours.ashTreating)
	s.report(s.phase("填埋结果告知", "the landfill reports", hours.ashReporting), r, hours.ashReporting)
}

// comeBack is the evening: the phone that was out of reach all day uploads what it signed,
// mixed and out of order, and the plant goes on with what it brought.
func (s *script) comeBack() {
	var late *route
	for _, r := range s.routes {
		if r.late {
			late = r
		}
	}
	if late == nil {
		s.err = fmt.Errorf("no route is the late phone's")
		return
	}
	p := s.phase("离线手机回网，乱序补传", "a phone comes back into reach and uploads its day out of order", hours.lateUpload)
	e := p.of(late.driver, false)
	e.late = true
	s.collect(e, late, hours.collecting)
	s.deliver(e, late, hours.lateArrival)
	s.random.Shuffle(len(e.acts), func(i, j int) { e.acts[i], e.acts[j] = e.acts[j], e.acts[i] })
	for i, a := range e.acts { // an arrival goes first, before the collection that it answers
		if a.event.Type == event.TransportDelivered {
			e.acts[0], e.acts[i] = e.acts[i], e.acts[0]
			break
		}
	}
	s.accept(s.phase("处置厂验收补传批次", "the plant accepts what the late vehicle brought", hours.lateAccepting), late, hours.lateAccepting)
	s.treat(s.phase("处置补传批次", "and treats it", hours.lateTreating), late, hours.lateTreating)
	s.report(s.phase("结果告知", "and reports", hours.lateReporting), late, hours.lateReporting)
}
