package sample

import (
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// How much is recorded as used in a day, and how much a day's number of containers varies.
const (
	usesOfWard = 18
	usesOfShop = 3
	moreOfWard = 5
)

// recordUses is what the places use up; it is kept in lists and sent in bulk.
func (s *script) recordUses() {
	p := s.phase("使用登记", "what was used is recorded", hours.closing)
	for _, h := range s.city.hospitals {
		for i := range h.wards {
			s.recordUse(p, h.wards[i].nurse, h.wards[i].name, wardUses, usesOfWard)
		}
	}
	for _, of := range []struct {
		shops []*shop
		uses  []use
	}{{s.city.clinics, wardUses}, {s.city.repairs, shopUses}, {s.city.labs, labUses}} {
		for _, h := range of.shops {
			s.recordUse(p, h.hand, "", of.uses, usesOfShop)
		}
	}
}

func (s *script) recordUse(p *phase, by *hand, department string, uses []use, n int) {
	for i := range n {
		u := uses[s.random.IntN(len(uses))]
		q := 1 + s.random.Int64N(u.most)
		s.tell(p.of(by, true), by, s.at(hours.closing, i, n), event.UseRecorded, event.Use{Item: u.item, Kind: u.kind, Unit: u.unit, Quantity: q,
			Department: department, ExpectsCode: u.expects, ExpectsGrams: u.grams * waste.Grams(q)}, nil)
	}
}

// closeContainers is the morning's work: containers are closed, weighed and labelled.
func (s *script) closeContainers() {
	p := s.phase("科室封袋称重", "wards and shops close and weigh their containers", hours.closing)
	for _, h := range s.city.hospitals {
		for i := range h.wards {
			w := &h.wards[i]
			e := p.of(w.nurse, h.software)
			n := w.least + s.random.IntN(moreOfWard)
			for i, k := range s.mix(w.kinds, n) {
				l := s.close(e, w.nurse, s.at(hours.closing, i, n), lot{kind: k, grams: k.weigh(s.random), ward: w}, w.name)
				s.hospitals[h] = append(s.hospitals[h], l)
			}
		}
	}
	for _, c := range s.city.clinics {
		s.closeShop(p, c, []kind{infectious, sharps}, c.bags+s.random.IntN(4))
	}
	for i, r := range s.city.repairs {
		s.closeShop(p, r, []kind{oil, filters, rags, batteries}, r.bags+s.random.IntN(3))
		if i == 1 {
			s.estimate(p, r)
		}
	}
	for i, l := range s.city.labs {
		s.closeShop(p, l, []kind{solvents, residues}, l.bags+s.random.IntN(3))
		if i == 0 {
			s.identify(p, l)
		}
	}
	s.closeShop(p, s.city.plating, []kind{sludge}, s.city.plating.bags)
	for _, b := range s.city.batteries {
		s.closeShop(p, b, []kind{batteries}, b.bags)
	}
	keeper := s.city.collector.keeper
	for i := range 2 {
		s.depot = append(s.depot, s.close(p.of(keeper, false), keeper, s.at(hours.closing, i, 2),
			lot{kind: absorbent, grams: absorbent.weigh(s.random)}, "收集库"))
	}
}

// mix draws n containers, the first of them of the first kind.
func (s *script) mix(kinds []kind, n int) []kind {
	out := []kind{kinds[0]}
	for len(out) < n {
		out = append(out, draw(s.random, kinds))
	}
	return out
}

func (s *script) closeShop(p *phase, h *shop, kinds []kind, n int) {
	e := p.of(h.hand, false)
	for i, k := range s.mix(kinds, n) {
		s.small[h] = append(s.small[h], s.close(e, h.hand, s.at(hours.closing, i, n), lot{kind: k, grams: k.weigh(s.random)}, ""))
	}
}

// estimate is a drum too heavy for the shop's scale; the collector will weigh it.
func (s *script) estimate(p *phase, h *shop) {
	guess := (oil.weigh(s.random) + 10_000) / 20_000 * 20_000
	l := s.close(p.of(h.hand, false), h.hand, s.midnight.Add(hours.closing.to), lot{kind: oil, grams: guess, measured: event.Estimated}, "")
	s.small[h] = append(s.small[h], l)
	s.story.Estimated = l.id
}

// identify is a waste whose code stands in no table; the intake says "unverified".
func (s *script) identify(p *phase, h *shop) {
	l := s.close(p.of(h.hand, false), h.hand, s.midnight.Add(hours.closing.to), lot{kind: identified, grams: identified.weigh(s.random)}, "")
	s.small[h] = append(s.small[h], l)
	s.story.Unverified = l.id
}

// moveInside takes the containers from the wards to each unit's temporary store. The
// porter's and the store keeper's scanners send their lists when the round is done.
func (s *script) moveInside() {
	p := s.phase("科室交给转运工", "wards hand over to the porter", hours.releasing)
	s.eachBag(func(h *hospital, l *lot, i, n int) {
		by := l.ward.nurse
		ev := s.tell(p.of(by, h.software), by, s.at(hours.releasing, i, n), event.BatchReleased, event.Released{To: h.porter.Person},
			func(e *event.Event) { e.Batches = named(l) })
		l.answer = ev.ID
	})
	p = s.phase("转运工逐袋扫码接收", "the porter scans and takes over bag by bag", hours.receiving)
	s.eachBag(func(h *hospital, l *lot, i, n int) {
		s.tell(p.of(h.porter, true), h.porter, s.at(hours.receiving, i, n), event.BatchReceived, event.Received{Place: "医废转运车"},
			func(e *event.Event) { e.Batches, e.Refs = named(l), []id.Event{l.answer} })
	})
	p = s.phase("入暂存间", "into the temporary stores", hours.storing)
	s.eachBag(func(h *hospital, l *lot, i, n int) {
		s.tell(p.of(h.keeper, true), h.keeper, s.at(hours.storing, i, n), event.BatchStored,
			event.Stored{Place: "医疗废物暂存间", TemperatureDC: 40 + s.random.Int64N(120), HasTemperature: true},
			func(e *event.Event) { e.Batches = named(l) })
	})
	for _, shops := range [][]*shop{s.city.clinics, s.city.labs} {
		for _, c := range shops {
			for i, l := range s.small[c] {
				s.tell(p.of(c.hand, false), c.hand, s.at(hours.storing, i, len(s.small[c])), event.BatchStored, event.Stored{Place: "暂存间"},
					func(e *event.Event) { e.Batches = named(l) })
			}
		}
	}
	s.sendAgain(p)
}

// sendAgain is a hospital's software that had no answer to its upload and sends the whole
// block once more, the very same bytes.
func (s *script) sendAgain(before *phase) {
	for _, h := range s.city.hospitals {
		if h.software {
			p := s.phase("医院系统未收到应答，整批重传", "a hospital's software had no answer and sends its whole block again", hours.storing)
			p.errands = append(p.errands, &errand{bulk: true, acts: before.of(h.keeper, true).acts})
			return
		}
	}
}

func (s *script) eachBag(do func(h *hospital, l *lot, i, n int)) {
	for _, h := range s.city.hospitals {
		for i, l := range s.hospitals[h] {
			do(h, l, i, len(s.hospitals[h]))
		}
	}
}
