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
		if l.refuse != "" {
			s.refuse(p, r, l, s.at(w, i, len(r.loads)))
			continue
		}
		lines := make([]event.Batch, len(l.lots))
		for n, x := range l.lots {
			if s.random.IntN(16) == 0 {
				s.misread(x)
			}
			lines[n] = s.verdict(l, x)
		}
		ev := s.tell(p.of(r.gate, r.gate.bulk()), r.gate, s.at(w, i, len(r.loads)), event.ManifestAccepted,
			event.Accepted{Measured: event.OnScale, Scale: "SAMPLE-" + r.gate.name},
			func(e *event.Event) { e.Manifest, e.Batches, e.Refs = l.manifest, lines, answers(l.lots) })
		answered(l.lots, ev)
	}
}

// misread is a scale that says a little more or less than the one before, within what is
// tolerated (5 and 10 per mille, our own choice); once a day a bag has lost much more.
func (s *script) misread(x *lot) {
	within := x.grams * 4 / 1000
	if x.kind.code.Category() == event.Medical {
		within *= 2
	}
	off := within / x.kind.step * x.kind.step
	switch {
	case s.story.Short.IsZero() && x.kind.code == infectious.code && x.grams > 2_000:
		s.story.Short, off = x.id, x.grams/8/10*10
	case off == 0:
		return
	case s.random.IntN(3) == 0:
		off = -off
	}
	s.reweigh(x, x.grams-off)
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

// finish is the plant's afternoon: everything that has come is treated and reported.
func (s *script) finish() {
	p := s.phase("处置：高温蒸汽与焚烧，灰渣装袋", "treatment by steam and in the furnace; its ash is bagged", hours.treating)
	for _, r := range s.routes {
		if !r.late && r.to == s.city.plant.unit {
			s.treat(p, r, hours.treating)
		}
	}
	p = s.phase("处置结果告知移出人", "outcomes reported to the consignors", hours.reporting)
	for _, r := range s.routes {
		if !r.late && r.to == s.city.plant.unit {
			s.report(p, r, hours.reporting)
		}
	}
}

// lotsPerCharge is what goes into the steriliser or the furnace at a time. It keeps the event
// well under the 16 KiB that one may have.
const lotsPerCharge = 40

// charge is what is treated at a time, by one method.
type charge struct {
	by     *hand
	method waste.Method
	lots   []*lot
}

// treat puts what a route brought into treatment, a charge at a time. Whatever leaves a
// furnace is a batch of that very event, so that the books follow every gram of it.
func (s *script) treat(p *phase, r *route, w window) {
	charges := s.charges(r)
	for i, c := range charges {
		at, d := s.at(w, i, len(charges)), event.Treated{Method: c.method, Facility: facilities[c.method], Measured: event.OnScale, Scale: "SAMPLE-" + c.by.name}
		lines := stated(c.lots)
		var left waste.Grams
		for n, x := range c.lots {
			lines[n].ResidueGrams = s.remains(c, x)
			left += lines[n].ResidueGrams
			s.story.Treated += x.grams
		}
		if c.by == s.city.plant.furnace {
			d.Residues = s.bagAsh(c.by, at, left)
		} else {
			s.story.Residue += left
		}
		ev := s.tell(p.of(c.by, c.by.bulk()), c.by, at, event.BatchTreated, d, func(e *event.Event) { e.Batches = lines })
		answered(c.lots, ev)
	}
}

// charges parts what a route brought by its methods, in the order of the loads.
func (s *script) charges(r *route) []*charge {
	var out []*charge
	open := map[waste.Method]*charge{}
	for _, l := range r.loads {
		by := s.city.plant.furnace
		switch {
		case l.method == "D1":
			by = s.city.landfill.hand
		case l.steam:
			by = s.city.plant.steam
		}
		for _, x := range l.lots {
			c := open[l.method]
			if c == nil || len(c.lots) == lotsPerCharge {
				c = &charge{by: by, method: l.method}
				open[l.method], out = c, append(out, c)
			}
			c.lots = append(c.lots, x)
		}
	}
	return out
}

var facilities = map[waste.Method]string{"Y10": "样例焚烧炉", "D10": "样例焚烧炉", "Y11": "样例高温蒸汽灭菌柜", "D1": "样例填埋库区"}

// remains says what is left of a lot: steam takes little away, and what it leaves is no
// medical waste any more (exemption list of 2021, items 3 to 5); the furnace leaves ash; a
// landfill leaves nothing to pass on.
func (s *script) remains(c *charge, x *lot) waste.Grams {
	switch c.by {
	case s.city.landfill.hand:
		return 0
	case s.city.plant.steam:
		return x.grams * waste.Grams(80+s.random.Int64N(9)) / 100
	}
	return x.grams * waste.Grams(12+s.random.Int64N(9)) / 100
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

// bagAsh makes two bags of what a charge of the furnace left: about one seventh is fly ash.
func (s *script) bagAsh(by *hand, at time.Time, left waste.Grams) (out []event.Child) {
	fly := left / 7
	for _, part := range []struct {
		kind  kind
		grams waste.Grams
	}{{bottomAsh, left - fly}, {flyAsh, fly}} {
		if part.grams == 0 {
			continue
		}
		l := s.fresh(by, at, lot{kind: part.kind, grams: part.grams})
		s.ash = append(s.ash, l)
		s.story.Ash += l.grams
		out = append(out, event.Child{ID: l.id, Grams: l.grams, Code: l.kind.code, Form: l.kind.form, Packaging: l.kind.packaging, Packages: 1,
			Label: l.label, Container: s.digitalCode(by.unit, l.kind.code)})
	}
	return out
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
	p := s.phase("填埋", "landfilled", hours.ashTreating)
	s.treat(p, s.sludge, hours.ashTreating)
	s.treat(p, r, hours.ashTreating)
	p = s.phase("填埋结果告知", "the landfill reports", hours.ashReporting)
	s.report(p, s.sludge, hours.ashReporting)
	s.report(p, r, hours.ashReporting)
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
