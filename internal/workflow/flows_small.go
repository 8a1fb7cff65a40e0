package workflow

import (
	"context"
	"fmt"
	"slices"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/rule"
	"liandan/internal/source"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// The days of small sources: a garage, a laboratory, a shop that sells batteries.
func smallSources() []Flow {
	return []Flow{
		{"round-with-a-skipped-stop", Text{"一趟三站，一站没人", "A round of three stops, one of them closed"},
			Text{"一车收三家，没收到的签明原因；到收集点入库，再批量转出。", "One vehicle, three stops; the one that was closed is skipped with a reason; to the depot, and on in bulk."},
			"Order 23 art. 16; 危险废物经营许可证管理办法 art. 20", skippedStop},
		{"authorisation-given-and-withdrawn", Text{"授权代签，后又收回", "Leave to sign given, and withdrawn"},
			Text{"修理厂授权收集单位代签；收回之后的代签一律不收。", "A garage lets its collector sign in its place; once withdrawn, nothing more is taken."},
			"own choice, decision 74", leaveWithdrawn},
		{"code-at-the-stop", Text{"没有设备，凭一次性码", "No device at hand: the one-time code"},
			Text{"产生单位报六位码，服务器的确认写入日志，代签事件以其散列为凭。", "The source tells six digits; the server's confirmation goes into the log, and what the collector signs rests on its hash."},
			"own choice, decision 75", codeAtStop},
		{"battery-pairs", Text{"销一收一", "Sell one, take one"},
			Text{"售出与收回成对，差额超出容差即提示，补收后平。", "Sold against taken back: too great a difference is told, and is gone once they are in."},
			"regulation notes section 7 (no rule on the manifest found)", batteryPairs},
		{"isolation-double-bag", Text{"隔离病区双层袋入周转箱", "An isolation ward's double bag in a turnover box"},
			Text{"双层、标明隔离，装箱上联单，克数不少。", "Two layers, marked; boxed, on the manifest, every gram of it."},
			"医疗卫生机构医疗废物管理办法; 医疗废物分类目录", doubleBag},
	}
}

// pieces names things weighed and counted, one package each.
func (s *Stage) pieces(xs ...*Thing) []Line {
	out := s.weighed(xs)
	for i := range out {
		out[i].Fill = func(b *event.Batch) { b.Packages = 1 }
	}
	return out
}

// IssueCounted is Issue with the packages counted, as some profiles want it.
func (s *Stage) IssueCounted(by *Actor, m id.Manifest, profile string, carrier, consignee *Actor, xs ...*Thing) *Step {
	s.t.Helper()
	d := event.Issued{Profile: profile, Carrier: carrier.Party, Consignee: consignee.Party, ConsigneeSite: consignee.Site}
	return s.DoWith(by, event.ManifestIssued, d, Text{"开具联单，由" + carrier.ZH + "运往" + consignee.ZH, "issues the manifest: by the " + carrier.EN + ", to the " + consignee.EN},
		func(e *event.Event) { e.Manifest = m }, s.pieces(xs...)...)
}

// CollectCounted is CollectAs with the packages counted.
func (s *Stage) CollectCounted(by *Actor, plate string, trip id.Trip, xs ...*Thing) *Step {
	s.t.Helper()
	return s.CollectAs(by, plate, trip, s.pieces(xs...)...)
}

// Skip passes by a stop of a trip.
func (s *Stage) Skip(by *Actor, trip id.Trip, at *Actor, why Text) *Step {
	s.t.Helper()
	return s.DoWith(by, event.StopSkipped, event.Skipped{Stop: at.Site, Reason: why.ZH}, Text{"未在" + at.ZH + "收运：" + why.ZH, "passes by the " + at.EN + ": " + why.EN},
		func(e *event.Event) { e.Trip = trip })
}

// DeliverOn is Deliver on a trip.
func (s *Stage) DeliverOn(by *Actor, plate string, trip id.Trip, xs ...*Thing) *Step {
	s.t.Helper()
	return s.DoWith(by, event.TransportDelivered, event.Delivered{Vehicle: plate}, Text{"运到门口", "stands at the gate"}, func(e *event.Event) { e.Trip = trip }, plain(xs)...)
}

// Sell and TakeBack are the two halves of a battery's pair.
func (s *Stage) Sell(by *Actor, pieces int64) *Step {
	s.t.Helper()
	return s.Do(by, event.BatterySold, event.Sold{Code: battery, Pieces: pieces, Grams: waste.Grams(18_000 * pieces)}, Text{fmt.Sprintf("售出电池 %d 只", pieces), fmt.Sprintf("sells %d batteries", pieces)})
}

// TakeBack is the other half.
func (s *Stage) TakeBack(by *Actor, pieces int64) *Step {
	s.t.Helper()
	return s.Do(by, event.BatteryTakenBack, event.TakenBack{Code: battery, Pieces: pieces, Grams: waste.Grams(17_000 * pieces)}, Text{fmt.Sprintf("收回旧电池 %d 只", pieces), fmt.Sprintf("takes %d old ones back", pieces)})
}

const battery waste.Code = "900-052-31"

// follow folds a trip of one collector as it is planned.
func (s *Stage) follow(trip id.Trip, by *Actor, stops ...*Actor) source.Trip {
	s.t.Helper()
	work, err := s.audit.WorkedOn(context.Background(), []source.Run{{Trip: trip, By: by.Party}}, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	p := source.Plan{Vehicle: "冀F00004", Driver: by.Person, Capacity: Kilograms(1000)}
	for _, a := range stops {
		p.Stops = append(p.Stops, a.Site)
	}
	return source.Follow(p, work[0].Events, func(m id.Manifest) id.Site { return work[0].From[m] })
}

func skippedStop(s *Stage) {
	garage, lab, shop := s.Actor("修理厂", "garage", party.Generator), s.Actor("实验室", "laboratory", party.Generator), s.Actor("二修理厂", "second garage", party.Generator)
	van, truck := s.Actor("收集单位", "collector", party.Collector, party.Carrier), s.Actor("承运人", "carrier", party.Carrier)
	plant := s.Actor("利用厂", "plant", party.Operator)
	trip := id.TripOf(s.UUID())
	oil, more := s.Thing("油桶", "drum"), s.Thing("二桶", "second drum")
	s.Generate(garage, oil, "900-214-08", Kilograms(60), In("drum_steel"))
	s.Generate(shop, more, "900-214-08", Kilograms(40), In("drum_steel"))
	first, second := s.Sheet("小-1"), s.Sheet("小-2")
	s.IssueCounted(garage, first, "small-source", van, van, oil)
	s.CollectCounted(van, "冀F00004", trip, oil)
	s.Skip(van, trip, lab, Text{"无人在场", "nobody there"})
	s.IssueCounted(shop, second, "small-source", van, van, more)
	s.CollectCounted(van, "冀F00004", trip, more)
	if t := s.follow(trip, van, garage, lab, shop); t.Status != source.TripUnderway || t.Aboard != Kilograms(100) || t.Stops[1].Status != source.Passed || len(t.Findings) != 0 {
		s.t.Errorf("on the road the trip is %+v", t)
	}
	s.DeliverOn(van, "冀F00004", trip, oil)
	s.DeliverOn(van, "冀F00004", trip, more)
	s.Accept(van, oil)
	s.Accept(van, more)
	s.StoreIn(van, "收集点仓库", oil, more)
	if t := s.follow(trip, van, garage, lab, shop); t.Status != source.TripFinished || t.Aboard != 0 || t.Collected != Kilograms(100) {
		s.t.Errorf("at the depot the trip is %+v", t)
	}
	bulk := s.chainOn(van, truck, plant, "危-9", "冀F00005", oil)
	s.Treat(plant, "R9", oil)
	s.Report(plant, bulk.Signed.Event.Manifest, oil)
	s.Report(van, first, oil)
	s.Is(oil, batch.Reported, plant, 0)
	s.Is(more, batch.Stored, van, Kilograms(40))
}

// inPlace has the collector close and issue at the garage, in the garage's place.
func (s *Stage) inPlace(van, garage *Actor, b event.Behalf, x *Thing, name string) *Step {
	s.t.Helper()
	here := func(e *event.Event) { e.Site = garage.Site }
	closed := s.DoWith(van, event.BatchGenerated, s.closing(van, b), Text{"代" + garage.ZH + "封桶、称重", "closes and weighs it in the place of the " + garage.EN}, here, Line{Thing: x, Grams: Kilograms(18)})
	m := s.Sheet(name)
	s.DoWith(van, event.ManifestIssued, event.Issued{Profile: "small-source", Carrier: van.Party, Consignee: van.Party, ConsigneeSite: van.Site, Behalf: b},
		Text{"代" + garage.ZH + "开具联单", "issues the manifest in the place of the " + garage.EN}, func(e *event.Event) { here(e); e.Manifest = m }, s.pieces(x)...)
	return closed
}

func (s *Stage) closing(by *Actor, b event.Behalf) event.Generated {
	s.t.Helper()
	label, err := by.NewLabel()
	if err != nil {
		s.t.Fatal(err)
	}
	return event.Generated{Code: "900-214-08", Form: "L", Packaging: "drum_steel", Measured: event.OnScale, Label: label, Behalf: b}
}

func leaveWithdrawn(s *Stage) {
	garage, van := s.Actor("修理厂", "garage", party.Generator), s.Actor("收集单位", "collector", party.Collector, party.Carrier)
	leave := s.Do(garage, event.AuthorisationGiven, event.Authorisation{To: van.Party, From: s.Now().UTC().Truncate(time.Millisecond), Until: s.Now().AddDate(0, 0, 90).UTC().Truncate(time.Millisecond),
		Codes: []waste.Code{"900-214-08"}}, Text{"授权收集单位代签废矿物油", "lets the collector sign for its waste oil"})
	b := event.Behalf{Party: garage.Party, Authorisation: leave.Signed.Event.ID}
	one, two := s.Thing("一桶", "drum 1"), s.Thing("二桶", "drum 2")
	closed := s.inPlace(van, garage, b, one, "小-1")
	s.Finds(closed, rule.ByLeave)
	s.CollectCounted(van, "冀F00004", id.Trip{}, one)
	s.Deliver(van, "冀F00004", one)
	s.Accept(van, one)
	s.Do(garage, event.AuthorisationWithdrawn, event.Withdrawal{Authorisation: leave.Signed.Event.ID, Reason: "换了收集单位"}, Text{"收回授权", "withdraws it"})
	s.Denied(fault.NotCustodian, van, event.BatchGenerated, s.closing(van, b), Text{"收回后仍代签", "signs in its place all the same"},
		func(e *event.Event) { e.Site = garage.Site }, Line{Thing: two, Grams: Kilograms(18)})
	s.Is(one, batch.Accepted, van, Kilograms(18))
}

func codeAtStop(s *Stage) {
	garage, van := s.Actor("修理厂", "garage", party.Generator), s.Actor("收集单位", "collector", party.Collector, party.Carrier)
	x := s.Thing("油桶", "drum")
	st, err := statement.Confirmation{At: s.Now().UTC().Truncate(time.Millisecond), Code: "sample", Party: garage.Party, Site: garage.Site, Collector: van.Party, Person: van.Person,
		Lines: []statement.Confirmed{{Batch: x.ID, Code: "900-214-08", Grams: Kilograms(18)}}}.Statement()
	if err != nil {
		s.t.Fatal(err)
	}
	b := event.Behalf{Party: garage.Party, Confirmation: st.Hash()}
	s.Denied(fault.NotFound, van, event.BatchGenerated, s.closing(van, b), Text{"还没有确认就代签", "signs before anything is confirmed"},
		func(e *event.Event) { e.Site = garage.Site }, Line{Thing: x, Grams: Kilograms(18)})
	s.note(garage, "在收集人手机上报六位一次性码，确认写入日志", "tells the six digits; the confirmation goes into the log")
	ctx := context.Background()
	if err := s.store.AddStatement(ctx, st, s.Now()); err != nil {
		s.t.Fatal(err)
	}
	if err := s.intake.Flush(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.seq++ // the statement has an entry of its own
	closed := s.inPlace(van, garage, b, x, "小-1")
	s.CollectCounted(van, "冀F00004", id.Trip{}, x)
	s.Deliver(van, "冀F00004", x)
	s.Accept(van, x)
	s.Is(x, batch.Accepted, van, Kilograms(18))
	if v := s.state(x.ID); v.Generator != garage.Party || v.Agent != van.Party || closed.Signed.Event.Party != van.Party {
		s.t.Errorf("whose drum it is: %+v", v)
	}
}

// pairs are the findings on a shop's batteries.
func (s *Stage) pairs(shop *Actor) (unmatched int64, found []source.Code) {
	s.t.Helper()
	v, err := s.audit.SourceOf(context.Background(), shop.Site, s.Now().Year())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range v.Batteries.Pairs {
		unmatched += p.Unmatched
	}
	for _, f := range v.Batteries.Findings {
		found = append(found, f.Rule)
	}
	return unmatched, found
}

func batteryPairs(s *Stage) {
	shop := s.Actor("电池店", "battery shop", party.Generator)
	van, hub := s.Actor("收集单位", "collector", party.Carrier, party.Collector), s.Actor("集中转运点", "hub", party.Collector)
	s.Sell(shop, 8)
	s.TakeBack(shop, 2)
	if n, found := s.pairs(shop); n != 6 || !slices.Contains(found, source.Unmatched) {
		s.t.Errorf("%d unmatched, found %v", n, found)
	}
	s.TakeBack(shop, 6)
	if n, found := s.pairs(shop); n != 0 || len(found) != 0 {
		s.t.Errorf("%d unmatched, found %v", n, found)
	}
	x := s.Thing("旧电池八只", "eight old batteries")
	s.Generate(shop, x, battery, 8*17_000, In("box"))
	m := s.Sheet("电-1")
	s.IssueCounted(shop, m, "battery", van, hub, x)
	s.CollectCounted(van, "冀F00006", id.Trip{}, x)
	s.Deliver(van, "冀F00006", x)
	s.Do(hub, event.ManifestAccepted, event.Accepted{Measured: event.OnScale}, Text{"过磅、点数，全部接受", "weighs and counts them and accepts them whole"},
		Line{x, 8 * 17_000, func(b *event.Batch) { b.Verdict, b.Packages = event.Whole, 1 }})
	s.Is(x, batch.Accepted, hub, 8*17_000)
}

func doubleBag(s *Stage) {
	h, bag, box, m := openHospital(s), s.Thing("双层袋", "double bag"), s.Thing("周转箱", "turnover box"), s.Sheet("医-1")
	s.Generate(h.nurse, bag, "841-001-01", 2_600, func(d *event.Generated) { d.Isolation, d.Layers = true, 2 })
	s.Release(h.nurse, h.keeper, bag)
	s.Receive(h.keeper, bag)
	s.StoreIn(h.keeper, "感染性间", bag)
	s.Repack(h.keeper, "turnover_box", []*Thing{bag}, []*Thing{box}, []waste.Grams{2_600})
	s.Issue(h.keeper, m, "medical", h.carrier, h.plant, box)
	s.Collect(h.carrier, "冀F00001", box)
	s.Deliver(h.carrier, "冀F00001", box)
	s.Accept(h.plant, box)
	s.Treat(h.plant, "Y10", box)
	s.Report(h.plant, m, box)
	s.Is(box, batch.Reported, h.plant, 0)
	if v := s.state(bag.ID); !v.Isolation || v.Layers != 2 || v.Grams != 0 {
		s.t.Errorf("the bag is %+v", v)
	}
}
