package sample

import (
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

const (
	// stopsPerTrip is how many consignors one vehicle visits before it unloads.
	stopsPerTrip = 6
	// linesPerManifest keeps the largest event, the outcome with its references, well
	// under the 16 KiB that an event may have.
	linesPerManifest = 50
)

// load is one manifest: of one consignor, on one vehicle, to one consignee (Order 23
// art. 14: several consignors on a trip have a manifest each).
type load struct {
	manifest  id.Manifest
	trip      id.Trip
	issuer    *hand
	lots      []*lot
	method    waste.Method // "": the consignee only stores
	steam     bool
	source    *shop // what has no device of its own: the collector signs for it
	collected id.Event
	refuse    string // why the consignee takes none of it; "": it takes it
}

// route is one driver's way: its loads in the order of the stops, to one place.
type route struct {
	driver  *hand
	vehicle string
	permit  string
	loads   []*load
	to      *unit
	gate    *hand // who accepts
	late    bool
	relay   *hand // who takes the loads over half way; nil: nobody
}

// consign makes the manifests and gives each to a driver.
func (s *script) consign() {
	c := s.city
	var stops [][]*load
	for _, h := range c.hospitals {
		stops = append(stops, s.medicalLoads(h.keeper, s.hospitals[h]))
	}
	for _, k := range c.clinics {
		stops = append(stops, s.medicalLoads(k.hand, s.small[k]))
	}
	// The late phone serves the second hospital and the first clinic.
	first := len(c.hospitals)
	late := [][]*load{stops[1], stops[first]}
	online := append(append(append([][]*load{}, stops[:1]...), stops[2:first]...), stops[first+1:]...)
	medical := route{permit: "SAMPLE-TR-0002", to: c.plant.unit, gate: c.plant.gate}
	s.share(medical, c.medical.drivers, online)
	medical.late = true
	s.share(medical, []*hand{c.medical.late}, late)

	var shops, labs [][]*load
	for _, r := range c.callers() {
		if r == c.school {
			shops = append(shops, s.standIn(r))
			continue
		}
		shops = append(shops, s.loads(r.hand, s.small[r], "", false))
	}
	s.share(route{permit: "SAMPLE-TR-0001", to: c.collector.unit, gate: c.collector.keeper}, []*hand{c.collector.driver}, shops)
	own := s.loads(c.collector.keeper, s.depot, "D10", false)
	s.share(route{permit: "SAMPLE-TR-0001", to: c.plant.unit, gate: c.plant.gate}, []*hand{c.collector.trunk}, [][]*load{own})
	for _, l := range c.labs {
		labs = append(labs, s.loads(l.hand, s.small[l], "D10", false))
	}
	last := len(c.goods.drivers) - 1 // drives the ash
	s.share(route{permit: "SAMPLE-TR-0003", to: c.plant.unit, gate: c.plant.gate}, c.goods.drivers[:last], labs)
	s.routes[len(s.routes)-last].relay = c.collector.trunk // the first of them
	s.consignSludge(c.goods.drivers[last])

	s.recall()
	p := s.phase("开具联单", "manifests are issued", hours.issuing)
	for _, r := range s.routes {
		s.issue(p, r, hours.issuing)
	}
	s.number(p)
}

// medicalLoads parts what is steamed from what is burned: pathological, chemical and drug
// waste may not be steamed.
func (s *script) medicalLoads(by *hand, lots []*lot) []*load {
	var steam, burn []*lot
	for _, l := range lots {
		if l.kind.code == infectious.code || l.kind.code == sharps.code {
			steam = append(steam, l)
		} else {
			burn = append(burn, l)
		}
	}
	return append(s.loads(by, steam, "Y11", true), s.loads(by, burn, "Y10", false)...)
}

func (s *script) loads(by *hand, lots []*lot, m waste.Method, steam bool) []*load {
	var out []*load
	for len(lots) > 0 {
		n := min(len(lots), linesPerManifest)
		u, err := by.NewID(s.midnight.Add(hours.issuing.from))
		if err != nil && s.err == nil {
			s.err = err
		}
		out = append(out, &load{manifest: id.ManifestOf(u), issuer: by, lots: lots[:n:n], method: m, steam: steam})
		lots = lots[n:]
	}
	return out
}

// share gives the stops to the drivers in turn, and each full vehicle a trip.
func (s *script) share(like route, drivers []*hand, stops [][]*load) {
	for i, d := range drivers {
		r := like
		r.driver, r.vehicle = d, vehicleOf(d)
		lo, hi := len(stops)*i/len(drivers), len(stops)*(i+1)/len(drivers)
		var trip id.Trip
		for n, stop := range stops[lo:hi] {
			if n%stopsPerTrip == 0 {
				u, err := d.NewID(s.midnight.Add(hours.collecting.from))
				if err != nil && s.err == nil {
					s.err = err
				}
				trip = id.TripOf(u)
			}
			for _, l := range stop {
				l.trip = trip
				r.loads = append(r.loads, l)
			}
		}
		if len(r.loads) > 0 {
			s.routes = append(s.routes, &r)
		}
	}
}

// vehicleOf is the plate of a driver's vehicle, of a form that no real one has.
func vehicleOf(d *hand) string { return "样例-" + d.unit.fleet + d.name }

func (s *script) issue(p *phase, r *route, w window) {
	for i, l := range r.loads {
		if l.source != nil {
			continue // when the collector is there
		}
		ev := s.tell(p.of(l.issuer, l.issuer.bulk()), l.issuer, s.at(w, i, len(r.loads)), event.ManifestIssued, r.issued(l),
			func(e *event.Event) { e.Manifest, e.Batches = l.manifest, packed(l.lots) })
		answered(l.lots, ev)
		s.story.Manifests++
	}
}

// issued is what a manifest of a load says.
func (r *route) issued(l *load) event.Issued {
	d := event.Issued{Profile: "hazardous", Carrier: r.driver.Party, Consignee: r.to.party, ConsigneeSite: r.to.site, Method: l.method}
	if l.lots[0].kind.code.Category() == "HW01" {
		d.Profile = "medical"
	}
	return d
}

// packed states each lot as one package.
func packed(lots []*lot) []event.Batch {
	out := stated(lots)
	for i := range out {
		out[i].Packages = 1
	}
	return out
}

// bulk says that a hand works with its unit's own software.
func (h *hand) bulk() bool { return h.unit.software }

// carry is the way to the consignees, as far as the phones are in reach.
func (s *script) carry() {
	p := s.phase("承运人多点收运", "carriers collect, many stops a trip", hours.collecting)
	for _, r := range s.routes {
		if !r.late {
			s.collect(p.of(r.driver, false), r, hours.collecting)
		}
	}
	s.passBy(p)
	s.contradict()
	s.relay()
	p = s.phase("运抵", "vehicles arrive", hours.delivering)
	for _, r := range s.routes {
		if !r.late {
			s.deliver(p.of(r.last(), false), r, hours.delivering)
		}
	}
	p = s.phase("接受人过磅验收", "consignees weigh and accept", hours.accepting)
	for _, r := range s.routes {
		if !r.late {
			s.accept(p, r, hours.accepting)
		}
	}
}

func (s *script) collect(e *errand, r *route, w window) {
	for i, l := range r.loads {
		at, d := s.at(w, i, len(r.loads)), event.Collected{Vehicle: r.vehicle, Permit: r.permit}
		if l.source != nil {
			s.signFor(e, r, l, at)
		}
		for _, x := range l.lots {
			if x.measured == event.Estimated && !x.differs { // the collector brings a scale
				s.reweigh(x, x.grams-2_000-waste.Grams(s.random.Int64N(30))*100)
				d.Measured, d.Scale = event.OnScale, "SAMPLE-"+r.driver.name
			}
		}
		ev := s.tell(e, r.driver, at, event.TransportCollected, d,
			func(e *event.Event) {
				e.Manifest, e.Trip, e.Batches, e.Refs = l.manifest, l.trip, packed(l.lots), answers(l.lots)
			})
		answered(l.lots, ev)
		l.collected = ev.ID
	}
}

// last is who arrives.
func (r *route) last() *hand {
	if r.relay != nil {
		return r.relay
	}
	return r.driver
}

func (s *script) deliver(e *errand, r *route, w window) {
	for i, l := range r.loads {
		ev := s.tell(e, r.last(), s.at(w, i, len(r.loads)), event.TransportDelivered, event.Delivered{Vehicle: vehicleOf(r.last())},
			func(e *event.Event) {
				e.Manifest, e.Trip, e.Batches, e.Refs = l.manifest, l.trip, named(l.lots...), answers(l.lots)
			})
		answered(l.lots, ev)
	}
}

// sendOn is the collector's bulk load: it has accepted the shops' waste and is now the
// consignor of what it sends on, under a manifest of its own (Order 23 art. 9 to 11). The
// batteries stay at the depot: no smelter is in the city.
func (s *script) sendOn() {
	c := s.city
	var lots []*lot
	for _, r := range c.callers() {
		for _, l := range s.small[r] {
			if l.kind.code.Category() == "HW08" {
				lots = append(lots, l)
			}
		}
	}
	s.share(route{permit: "SAMPLE-TR-0001", to: c.plant.unit, gate: c.plant.gate}, []*hand{c.collector.trunk},
		[][]*load{s.loads(c.collector.keeper, lots, "D10", false)})
	r := s.routes[len(s.routes)-1]
	s.story.Onward, s.story.OnwardManifest = lots[0].id, r.loads[0].manifest
	s.issue(s.phase("收集点开具转运联单", "the collector issues manifests for what it sends on", hours.onIssuing), r, hours.onIssuing)
	s.collect(s.phase("集中转运", "the bulk load leaves the depot", hours.onCollecting).of(r.driver, false), r, hours.onCollecting)
	s.deliver(s.phase("转运抵达", "and arrives at the plant", hours.onDelivering).of(r.driver, false), r, hours.onDelivering)
	s.accept(s.phase("处置厂验收转运批次", "the plant accepts it", hours.onAccepting), r, hours.onAccepting)
}

// reweigh books what two weighings differ by.
func (s *script) reweigh(l *lot, now waste.Grams) {
	s.story.Difference += l.grams - now
	l.grams, l.differs = now, true
}
