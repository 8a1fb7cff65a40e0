package workflow

import (
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/party"
)

func legs() []Flow {
	return []Flow{
		{"two-carriers", Text{"两家承运人接力", "Two carriers, one manifest"}, Text{"前一程交、后一程接，各签一次。", "The first offers, the second takes over: two signatures."},
			"Order 23 art. 17", twoCarriers},
		{"transfer-point", Text{"经周转点中转", "Through a transfer point"}, Text{"乡镇诊所的医疗废物先到周转点暂存。", "A rural clinic's waste rests at a transfer point."},
			"Order 23 art. 17; Hebei 2018 notice", transferPoint},
		{"second-carrier-never-came", Text{"后一程没来，另找人", "The second carrier never came"}, Text{"没人来接的可以改交别人，不会困住货。", "What nobody takes up may be offered to somebody else; no load is trapped."},
			"Order 23 art. 17; own choice", neverCame},
		{"leg-out-of-order-denied", Text{"没交接就接着运", "A leg out of order"}, Text{"没有前一程的交接，后一程不能装车。", "Without a hand-over the next carrier cannot take it."}, "Order 23 art. 17", outOfOrder},
	}
}

func twoCarriers(s *Stage) {
	r, drum, m := openRoad(s), s.Thing("油桶", "drum"), s.Sheet("危-1")
	second := s.Actor("第二承运人", "second carrier", party.Carrier)
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	s.HandOver(r.carrier, second, false, drum)
	s.Is(drum, batch.HandedOver, r.carrier, Kilograms(180))
	s.Collect(second, "冀F00009", drum)
	s.Deliver(second, "冀F00009", drum)
	s.Accept(r.plant, drum)
	s.Is(drum, batch.Accepted, r.plant, Kilograms(180))
}

func transferPoint(s *Stage) {
	clinic := s.Actor("乡镇诊所", "rural clinic", party.Medical, party.Generator)
	van := s.Actor("接驳车", "feeder van", party.Carrier)
	point := s.Actor("周转点", "transfer point", party.Carrier)
	truck := s.Actor("医废车", "medical truck", party.Carrier)
	plant := s.Actor("处置厂", "plant", party.Operator)
	bag, m := s.Thing("袋一", "bag 1"), s.Sheet("医-1")
	s.Generate(clinic, bag, "841-001-01", 1_100)
	s.Issue(clinic, m, "medical", van, plant, bag)
	s.Collect(van, "冀F00011", bag)
	s.HandOver(van, point, true, bag)
	s.Receive(point, bag)
	s.StoreIn(point, "冷藏箱", bag)
	s.Is(bag, batch.AtPoint, point, 1_100)
	s.Wait(10 * time.Hour)
	s.HandOver(point, truck, false, bag)
	s.Collect(truck, "冀F00001", bag)
	s.Deliver(truck, "冀F00001", bag)
	s.Accept(plant, bag)
	s.Treat(plant, "Y10", bag)
	s.Report(plant, m, bag)
	s.Is(bag, batch.Reported, plant, 0)
}

func neverCame(s *Stage) {
	r, drum, m := openRoad(s), s.Thing("油桶", "drum"), s.Sheet("危-1")
	second := s.Actor("第二承运人", "second carrier", party.Carrier)
	third := s.Actor("第三承运人", "third carrier", party.Carrier)
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	s.HandOver(r.carrier, second, false, drum)
	s.Wait(6 * time.Hour)
	s.HandOver(r.carrier, third, false, drum)
	s.Denied(fault.WrongStage, second, event.TransportCollected, event.Collected{Vehicle: "冀F00009"}, Text{"迟到的承运人", "the carrier that came too late"}, nil, s.weighed([]*Thing{drum})...)
	s.Collect(third, "冀F00010", drum)
	s.Is(drum, batch.InTransit, third, Kilograms(180))
}

func outOfOrder(s *Stage) {
	r, drum, m := openRoad(s), s.Thing("油桶", "drum"), s.Sheet("危-1")
	second := s.Actor("第二承运人", "second carrier", party.Carrier)
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	s.Denied(fault.WrongStage, second, event.TransportCollected, event.Collected{Vehicle: "冀F00009"}, Text{"未经交接就装车", "loads it without a hand-over"}, nil, s.weighed([]*Thing{drum})...)
	s.Is(drum, batch.InTransit, r.carrier, Kilograms(180))
}
