package workflow

import (
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/rule"
)

// road is a works, a carrier and a plant.
type road struct{ works, carrier, plant *Actor }

func openRoad(s *Stage) road {
	return road{s.Actor("产废单位", "works", party.Generator), s.Actor("承运人", "carrier", party.Carrier), s.Actor("处置厂", "plant", party.Operator)}
}

func manifests() []Flow {
	return []Flow{
		{"hazardous-manifest", Text{"一桶废矿物油的联单", "A drum of waste oil on a manifest"},
			Text{"产生、移出、承运、接受、利用、回告。", "Generated, sent, carried, accepted, used, and told."}, "Order 23 art. 9-12, 14, 18", hazardous},
		{"cancelled-before-collection", Text{"装车前作废再开", "Cancelled before collection and issued anew"},
			Text{"填错了接受人：装车前可以作废，批次回到原处。", "The wrong consignee: before collection the manifest is taken back, and the batch stands where it stood."}, "Order 23 art. 29", cancelled},
		{"cancel-on-the-road-denied", Text{"上路后不能作废", "No cancelling on the road"},
			Text{"已装车的联单不能作废，只能走完或拒收退回。", "What was collected is delivered or refused; it cannot be cancelled away."}, "Order 23 art. 11", cancelOnTheRoad},
		{"milk-run-two-consignors", Text{"一车两个移出人", "One vehicle, two consignors"},
			Text{"每个移出人一张联单，共用一个车次。", "A manifest each, under one trip."}, "Order 23 art. 14", milkRun},
		{"two-loads-of-one-manifest", Text{"一张联单分行装车", "One manifest, loaded line by line"},
			Text{"两桶先后装车，状态取最慢的一行。", "Two drums collected one after the other; the manifest is as far as its slowest line."}, "Order 23 art. 16", lineByLine},
		{"weight-differs", Text{"到厂少了两公斤", "Two kilograms short at the gate"},
			Text{"差额记在差异账上，谁也不能抹平。", "The difference is booked as such; nobody absorbs it."}, "Order 23 art. 18", differs},
		{"signed-twice", Text{"同一签名重发", "The same signature sent again"},
			Text{"重发得到第一次的回执，不多一条记录。", "Sending again gives the first receipt and no second entry."}, "design section 3, intake", signedTwice},
	}
}

func hazardous(s *Stage) {
	r, drum, m := openRoad(s), s.Thing("油桶", "drum"), s.Sheet("危-1")
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.StoreIn(r.works, "危废间", drum)
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	s.Deliver(r.carrier, "冀F00002", drum)
	s.Accept(r.plant, drum)
	s.StoreIn(r.plant, "原料罐区", drum)
	s.Treat(r.plant, "R9", drum)
	s.Report(r.plant, m, drum)
	s.Is(drum, batch.Reported, r.plant, 0)
}

func cancelled(s *Stage) {
	r, drum, wrong, right := openRoad(s), s.Thing("油桶", "drum"), s.Sheet("危-1"), s.Sheet("危-2")
	other := s.Actor("另一厂", "other plant", party.Operator)
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.Issue(r.works, wrong, "hazardous", r.carrier, other, drum)
	s.Cancel(r.works, Text{"接受人填错", "the wrong consignee"}, drum)
	s.Is(drum, batch.Generated, r.works, Kilograms(180))
	s.Issue(r.works, right, "hazardous", r.carrier, r.plant, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	s.Is(drum, batch.InTransit, r.carrier, Kilograms(180))
}

func cancelOnTheRoad(s *Stage) {
	r, drum, m := openRoad(s), s.Thing("油桶", "drum"), s.Sheet("危-1")
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	issued := s.Issue(r.works, m, "hazardous", r.carrier, r.plant, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	s.Denied(fault.WrongStage, r.works, event.ManifestCancelled, event.Cancelled{Reason: "后悔"}, Text{"想作废", "wants it back"}, func(e *event.Event) {
		e.Refs = []id.Event{issued.Signed.Event.ID}
	}, Line{Thing: drum})
	s.Is(drum, batch.InTransit, r.carrier, Kilograms(180))
}

func milkRun(s *Stage) {
	r := openRoad(s)
	garage := s.Actor("修理厂", "garage", party.Generator)
	one, two := s.Thing("甲桶", "drum A"), s.Thing("乙桶", "drum B")
	a, b, trip := s.Sheet("危-1"), s.Sheet("危-2"), id.TripOf(s.UUID())
	s.Generate(r.works, one, "900-214-08", Kilograms(150), In("drum_steel"))
	s.Generate(garage, two, "900-249-08", Kilograms(40), In("drum_steel"))
	s.Issue(r.works, a, "hazardous", r.carrier, r.plant, one)
	s.Issue(garage, b, "hazardous", r.carrier, r.plant, two)
	s.CollectAs(r.carrier, "冀F00002", trip, s.weighed([]*Thing{one})...)
	s.Wait(30 * time.Minute)
	s.CollectAs(r.carrier, "冀F00002", trip, s.weighed([]*Thing{two})...)
	s.Deliver(r.carrier, "冀F00002", one)
	s.Deliver(r.carrier, "冀F00002", two)
	s.Accept(r.plant, one)
	s.Accept(r.plant, two)
	s.Is(one, batch.Accepted, r.plant, Kilograms(150))
	s.Is(two, batch.Accepted, r.plant, Kilograms(40))
}

func lineByLine(s *Stage) {
	r, one, two, m := openRoad(s), s.Thing("甲桶", "drum A"), s.Thing("乙桶", "drum B"), s.Sheet("危-1")
	s.Generate(r.works, one, "900-214-08", Kilograms(150), In("drum_steel"))
	s.Generate(r.works, two, "900-214-08", Kilograms(160), In("drum_steel"))
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, one, two)
	s.Collect(r.carrier, "冀F00002", one)
	if stage := s.belief.Manifest(m).Stage; stage != batch.Issued {
		s.t.Errorf("one of two lines was collected, and the manifest is %q", stage)
	}
	s.Collect(r.carrier, "冀F00003", two)
	s.Deliver(r.carrier, "冀F00002", one)
	s.Deliver(r.carrier, "冀F00003", two)
	s.Accept(r.plant, one, two)
	s.Is(two, batch.Accepted, r.plant, Kilograms(160))
}

func differs(s *Stage) {
	r, drum, m := openRoad(s), s.Thing("油桶", "drum"), s.Sheet("危-1")
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	s.Deliver(r.carrier, "冀F00002", drum)
	s.Finds(s.AcceptAs(r.plant, Line{Thing: drum, Grams: Kilograms(178)}), rule.GramsMoved)
	s.Treat(r.plant, "R9", drum)
	s.Report(r.plant, m, drum)
	s.Is(drum, batch.Reported, r.plant, 0)
}

func signedTwice(s *Stage) {
	r, drum := openRoad(s), s.Thing("油桶", "drum")
	made := s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.Again(made)
	altered := s.Sign(r.works.Device, event.BatchGenerated, event.Generated{Code: "900-214-08", Form: "S", Packaging: "drum", Measured: event.OnScale}, func(e *event.Event) {
		*e = made.Signed.Event
		e.Batches = []event.Batch{{ID: drum.ID, Grams: Kilograms(80), Weighed: true}}
	})
	s.Altered(altered)
	s.Is(drum, batch.Generated, r.works, Kilograms(180))
}
