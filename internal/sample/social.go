package sample

import (
	"time"

	"liandan/internal/event"
	"liandan/internal/waste"
)

// What small sources do, most of which have no device: shops that sell batteries, a school
// that lets the collector sign for it, a door that is closed.

// sellBatteries is 销一收一, sell one and take one back, and the morning on which the school
// signs its leave for the collector.
func (s *script) sellBatteries() {
	c, end := s.city, s.midnight.Add(hours.closing.to)
	p := s.phase("销售与回收蓄电池；学校委托收集点代签", "batteries are sold and taken back; a school lets the collector sign for it", hours.closing)
	for i, shop := range c.batteries {
		const each = 15_000
		sold := int64(3 + s.random.IntN(4))
		back := sold
		if i == 0 {
			back -= 1 // one buyer had no old one
		}
		e := p.of(shop.hand, false)
		s.tell(e, shop.hand, end.Add(-2*time.Minute), event.BatterySold, event.Sold{Code: batteries.code, Pieces: sold, Grams: waste.Grams(sold) * each}, nil)
		s.tell(e, shop.hand, end.Add(-time.Minute), event.BatteryTakenBack, event.TakenBack{Code: batteries.code, Pieces: back, Grams: waste.Grams(back) * each}, nil)
	}
	from := s.day.Opens().UTC()
	s.leave = s.tell(p.of(c.school.hand, false), c.school.hand, end, event.AuthorisationGiven,
		event.Authorisation{To: c.collector.party, From: from, Until: from.AddDate(1, 0, 0), Codes: []waste.Code{filters.code, oil.code}}, nil).ID
}

// standIn is the load of a source for which the collector signs when it is there.
func (s *script) standIn(of *shop) []*load {
	driver := s.city.collector.driver
	at := s.midnight.Add(hours.collecting.from)
	s.small[of] = []*lot{s.fresh(driver, at, lot{kind: filters, grams: filters.weigh(s.random)})}
	loads := s.loads(driver, s.small[of], "", false)
	for _, l := range loads {
		l.source = of
	}
	return loads
}

// signFor is the collector at a source without a device: it weighs, labels and issues in the
// source's place, just before it takes the load over.
func (s *script) signFor(e *errand, r *route, l *load, at time.Time) {
	behalf := event.Behalf{Party: l.source.party, Authorisation: s.leave}
	for _, x := range l.lots {
		d := s.described(r.driver, l.source.unit, x)
		d.Behalf = behalf
		s.tell(e, r.driver, at.Add(-2*time.Minute), event.BatchGenerated, d, func(ev *event.Event) { ev.Site, ev.Batches = l.source.site, stated([]*lot{x}) })
		s.story.Generated += x.grams
	}
	d := r.issued(l)
	d.Behalf = behalf
	ev := s.tell(e, r.driver, at.Add(-time.Minute), event.ManifestIssued, d, func(ev *event.Event) {
		ev.Site, ev.Manifest, ev.Batches = l.source.site, l.manifest, packed(l.lots)
	})
	answered(l.lots, ev)
	s.story.Manifests++
}

// passBy is a stop at which nobody opened.
func (s *script) passBy(p *phase) {
	driver := s.city.collector.driver
	for _, r := range s.routes {
		if r.driver == driver {
			s.tell(p.of(driver, false), driver, s.midnight.Add(hours.collecting.to), event.StopSkipped,
				event.Skipped{Stop: s.city.closed.site, Reason: "样例：关门停业，电话无人接听 SAMPLE: closed, and nobody answers the telephone"},
				func(e *event.Event) { e.Trip = r.loads[0].trip })
			return
		}
	}
}
