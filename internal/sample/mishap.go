package sample

import (
	"crypto/sha256"
	"fmt"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// What goes otherwise than planned, each once a day, so that every page has something to
// show: a manifest called off, a load that changes hands half way, one that is refused and
// goes back, a slip of paper, a record that contradicts the chain.

// consignSludge makes two manifests of the plating shop's two drums; the landfill will take
// one of them.
func (s *script) consignSludge(driver *hand) {
	c := s.city
	var loads []*load
	for _, x := range s.small[c.plating] {
		loads = append(loads, s.loads(c.plating.hand, []*lot{x}, "D1", false)...)
	}
	loads[1].refuse = "样例：含游离水，不符合入场要求，整件拒收 SAMPLE: free water in the drum; refused whole"
	s.share(route{permit: "SAMPLE-TR-0003", to: c.landfill.unit, gate: c.landfill.hand}, []*hand{driver}, [][]*load{loads})
	s.sludge = s.routes[len(s.routes)-1]
}

// recall is a manifest that is called off before anybody comes, and is then issued anew.
func (s *script) recall() {
	clinic := s.city.clinics[len(s.city.clinics)-1]
	p := s.phase("错开的联单作废", "a wrong manifest is called off", hours.recalling)
	e, at := p.of(clinic.hand, false), s.midnight.Add(hours.recalling.from)
	for _, r := range s.routes {
		for _, l := range r.loads {
			if l.issuer != clinic.hand {
				continue
			}
			wrong := s.loads(clinic.hand, l.lots, l.method, l.steam)[0]
			ev := s.tell(e, clinic.hand, at.Add(time.Minute), event.ManifestIssued, r.issued(wrong), func(e *event.Event) {
				e.Manifest, e.Batches = wrong.manifest, packed(wrong.lots)
			})
			s.tell(e, clinic.hand, at.Add(2*time.Minute), event.ManifestCancelled, event.Cancelled{Reason: "样例：件数点错，重开 SAMPLE: miscounted; issued anew"}, func(e *event.Event) {
				e.Manifest, e.Batches, e.Refs = wrong.manifest, named(wrong.lots...), []id.Event{ev.ID}
			})
			s.story.Manifests++
			return
		}
	}
}

// number is the national number, which comes after the manifest. 2099 is no year of it.
func (s *script) number(p *phase) {
	by := s.city.plating.hand
	for i, l := range s.sludge.loads {
		s.tell(p.of(by, false), by, s.midnight.Add(hours.issuing.to+time.Duration(i-2)*time.Second), event.ManifestNumbered,
			event.Numbered{Number: fmt.Sprintf("20990000%06d", s.random.IntN(1_000_000))},
			func(e *event.Event) { e.Manifest, e.Batches = l.manifest, named(l.lots...) })
	}
}

// contradict is a laboratory's phone that says waste is in the store when it is on the road
// already. The intake keeps what was signed, and it waits for an inspector.
func (s *script) contradict() {
	lab := s.city.labs[0]
	p := s.phase("一条入库记录与链条不符，暂存待查", "a record contradicts the chain and is held", hours.relaying)
	s.act(p.of(lab.hand, false), lab.hand, s.midnight.Add(hours.relaying.from+time.Second), event.BatchStored, event.Stored{Place: "暂存间"},
		func(e *event.Event) { e.Batches = named(s.small[lab][0]) }).misfit = true
	s.misfits++
}

// relay is a load that goes on with another carrier (Order 23 art. 17).
func (s *script) relay() {
	give := s.phase("换车接力：交出", "a load is handed to another carrier", hours.relaying)
	take := s.phase("换车接力：接过", "who takes it over", hours.takingOver)
	for _, r := range s.routes {
		if r.relay == nil {
			continue
		}
		for i, l := range r.loads {
			ev := s.tell(give.of(r.driver, false), r.driver, s.at(hours.relaying, i, len(r.loads)), event.TransportHandedOver, event.HandedOver{To: r.relay.Party},
				func(e *event.Event) {
					e.Manifest, e.Trip, e.Batches, e.Refs = l.manifest, l.trip, named(l.lots...), answers(l.lots)
				})
			answered(l.lots, ev)
			ev = s.tell(take.of(r.relay, false), r.relay, s.at(hours.takingOver, i, len(r.loads)), event.TransportCollected,
				event.Collected{Vehicle: vehicleOf(r.relay), Permit: "SAMPLE-TR-0001"}, func(e *event.Event) {
					e.Manifest, e.Trip, e.Batches, e.Refs = l.manifest, l.trip, packed(l.lots), answers(l.lots)
				})
			answered(l.lots, ev)
		}
	}
}

// refuse takes nothing of a load.
func (s *script) refuse(p *phase, r *route, l *load, at time.Time) {
	lines := stated(l.lots)
	for i := range lines {
		lines[i].Reason = l.refuse
	}
	ev := s.tell(p.of(r.gate, r.gate.bulk()), r.gate, at, event.ManifestRefused, event.Refused{Measured: event.OnScale, Scale: "SAMPLE-" + r.gate.name},
		func(e *event.Event) { e.Manifest, e.Batches, e.Refs = l.manifest, lines, answers(l.lots) })
	answered(l.lots, ev)
	s.story.SentBack = l.manifest
}

// mend is how the day's mishaps end: what was refused is at home again, the slip of paper is
// in the books, the depot has packed over what leaked.
func (s *script) mend() {
	r, home := s.sludge, s.city.plating.hand
	var back *load
	kept := r.loads[:0:0]
	for _, l := range r.loads {
		if l.refuse == "" {
			kept = append(kept, l)
		} else {
			back = l
		}
	}
	r.loads = kept
	p := s.phase("拒收的退回移出人，补录纸质联单", "what was refused goes back; a slip of paper is entered", hours.returning)
	ev := s.tell(p.of(r.driver, false), r.driver, s.at(hours.returning, 0, 1), event.TransportReturned, event.Returned{Vehicle: r.vehicle},
		func(e *event.Event) {
			e.Manifest, e.Batches, e.Refs = back.manifest, named(back.lots...), answers(back.lots)
		})
	answered(back.lots, ev)
	slip := s.fillIn(p, s.midnight.Add(hours.returning.to))
	p = s.phase("退回入库，重新包装", "it is back in store; waste is packed over", hours.mending)
	e := p.of(home, false)
	s.tell(e, home, s.at(hours.mending, 0, 3), event.BatchReceived, event.Received{Place: "危废暂存间"}, func(e *event.Event) { e.Batches, e.Refs = named(back.lots...), answers(back.lots) })
	s.tell(e, home, s.at(hours.mending, 1, 3), event.BatchStored, event.Stored{Place: "危废暂存间"}, func(e *event.Event) { e.Batches = named(back.lots...) })
	s.atDepot(p, slip)
}

// atDepot is what the depot's keeper does in the afternoon.
func (s *script) atDepot(p *phase, slip *lot) {
	keeper := s.city.collector.keeper
	e := p.of(keeper, false)
	var trays []*lot
	for _, k := range s.city.callers() {
		for _, x := range s.small[k] {
			if x.kind.code == batteries.code && len(trays) < 2 {
				trays = append(trays, x)
			}
		}
	}
	if len(trays) < 2 {
		trays = append(trays, slip)
	}
	at := s.at(hours.mending, 1, 3)
	var sum waste.Grams
	for _, x := range trays {
		sum += x.grams
	}
	one := s.fresh(keeper, at, lot{kind: batteries, grams: sum})
	s.tell(e, keeper, at, event.BatchRepacked, event.Repacked{Children: []event.Child{{ID: one.id, Grams: sum, Code: one.kind.code, Form: one.kind.form,
		Packaging: one.kind.packaging, Packages: 1, Label: one.label, Container: s.digitalCode(keeper.unit, one.kind.code)}}},
		func(e *event.Event) { e.Batches = stated(trays) })
	s.tell(e, keeper, s.at(hours.mending, 2, 3), event.IncidentReported, event.Incident{Kind: event.Leak, Place: "样例收集库蓄电池区（SAMPLE）",
		Measures: "样例：少量电解液渗出，已用石灰中和并换托盘 SAMPLE: some acid leaked; neutralised with lime, tray replaced", Code: batteries.code,
		ReportedTo: "样例生态环境局（SAMPLE）"}, func(e *event.Event) { e.Batches = named(one) })
	s.story.Repacked = one.id
}

// fillIn is a shop that enters the slip that was written by hand at its counter, as a phone
// was broken (Order 23 art. 20). Nobody brings its scan.
func (s *script) fillIn(p *phase, at time.Time) *lot {
	c, shop := s.city, s.city.batteries[1]
	x := s.small[shop][0]
	m := s.loads(shop.hand, []*lot{x}, "", false)[0].manifest
	signed := func(role event.PaperRole, h, m int) event.Signature {
		return event.Signature{Role: role, At: s.midnight.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)}
	}
	s.tell(p.of(shop.hand, false), shop.hand, at, event.PaperBackfilled, event.Backfilled{Scan: sha256.Sum256([]byte("SAMPLE slip " + m.String())), Slip: "SAMPLE-" + s.midnight.Format("060102"),
		Reason: "样例：手机损坏，当场手写 SAMPLE: the phone broke; written by hand", Profile: "hazardous", Consignor: shop.party, ConsignorSite: shop.site,
		Carrier: c.collector.party, CarrierSite: c.collector.site, Consignee: c.collector.party, ConsigneeSite: c.collector.site,
		Vehicle: vehicleOf(c.collector.driver), Permit: "SAMPLE-TR-0001", Measured: event.OnScale, Scale: "SAMPLE-keeper",
		Signed: []event.Signature{signed(event.ByConsignor, 11, 30), signed(event.ByCarrier, 11, 32), signed(event.AtGate, 13, 50), signed(event.ByConsignee, 14, 10)}},
		func(ev *event.Event) {
			ev.Manifest = m
			ev.Batches = []event.Batch{{ID: x.id, Grams: x.grams, Weighed: true, Verdict: event.Whole, Packages: 1}}
		})
	s.story.Manifests++
	s.story.Accepted += x.grams
	s.story.Slip = m
	return x
}
