package workflow

import (
	"time"

	"liandan/internal/batch"
	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

func collectors() []Flow {
	return []Flow{
		{"collector-onward", Text{"小微收集再转出", "Collected small, sent on in bulk"},
			Text{"收集单位汇总后以自己为移出人开新联单，结果沿原联单逐级回告。", "The collector sends it on as consignor; the outcome travels back through the first manifest."},
			"Order 23 art. 9, 12", onward},
		{"three-stops-one-drum", Text{"三家并一桶", "Three stops into one drum"},
			Text{"三家修理厂的油并入一桶，来源仍可查。", "Oil of three garages goes into one drum; where it came from stays known."}, "HJ 1259 annex B", threeStops},
		{"outcome-before-the-plant-reports", Text{"收集单位先回告", "The collector reports first"},
			Text{"厂家处理完即可回告上家，不等厂家的回告。", "Once the plant has treated it the collector may tell its consignor, before the plant tells the collector."}, "Order 23 art. 12", reportsFirst},
	}
}

func outages() []Flow {
	return []Flow{
		{"yard-without-network", Text{"院子里没有网", "A yard without network"},
			Text{"司机离线签完一程，晚上才上传；顺序颠倒，结果一样。", "The driver signs the whole trip offline and uploads at night, in any order."}, "design section 3, intake", noNetwork},
		{"two-phones-one-bag", Text{"两台手机各看各的", "Two phones, one bag"},
			Text{"离线的手机没看到新的记录：接受，并记下签名时没看到。", "The phone without network had not seen the newest entry: taken, and the entry says so."}, "design section 3, intake", twoPhones},
		{"late-by-four-days", Text{"四天后才上传", "Uploaded four days later"}, Text{"留得住，但会被标出来。", "Kept, and marked."}, "own choice", lateUpload},
	}
}

// chainOn walks a thing from its consignor to the plant's acceptance.
func (s *Stage) chainOn(from, carrier, to *Actor, name, plate string, x *Thing) *Step {
	m := s.Sheet(name)
	s.Issue(from, m, "hazardous", carrier, to, x)
	s.Collect(carrier, plate, x)
	s.Deliver(carrier, plate, x)
	return s.Accept(to, x)
}

// depot is a collecting business between a garage and a plant.
type depot struct{ garage, carrier, depot, plant *Actor }

func openDepot(s *Stage) depot {
	return depot{s.Actor("修理厂", "garage", party.Generator), s.Actor("承运人", "carrier", party.Carrier),
		s.Actor("收集点", "depot", party.Collector), s.Actor("利用厂", "plant", party.Operator)}
}

func onward(s *Stage) {
	d, drum := openDepot(s), s.Thing("油桶", "drum")
	s.Generate(d.garage, drum, "900-214-08", Kilograms(60), In("drum_steel"))
	first := s.chainOn(d.garage, d.carrier, d.depot, "危-1", "冀F00004", drum)
	s.StoreIn(d.depot, "收集点仓库", drum)
	second := s.chainOn(d.depot, d.carrier, d.plant, "危-2", "冀F00005", drum)
	s.Treat(d.plant, "R9", drum)
	s.Report(d.plant, second.Signed.Event.Manifest, drum)
	s.Denied(fault.WrongStage, d.plant, outcome, done, Text{"处置厂越级回告", "the plant reports under the collector's manifest"}, s.under(first, drum), Line{Thing: drum})
	s.Report(d.depot, first.Signed.Event.Manifest, drum)
	s.Is(drum, batch.Reported, d.plant, 0)
}

func threeStops(s *Stage) {
	d := openDepot(s)
	garages := []*Actor{d.garage, s.Actor("二修理厂", "second garage", party.Generator), s.Actor("三修理厂", "third garage", party.Generator)}
	var cans []*Thing
	for i, g := range garages {
		can := s.Thing("油壶"+g.ZH, "can of the "+g.EN)
		cans = append(cans, can)
		s.Generate(g, can, "900-214-08", Kilograms(int64(10+i)), In("drum_steel"))
		s.chainOn(g, d.carrier, d.depot, "危-"+string(rune('1'+i)), "冀F00004", can)
	}
	drum := s.Thing("汇总桶", "bulk drum")
	s.Repack(d.depot, "drum_steel", cans, []*Thing{drum}, []waste.Grams{Kilograms(33)})
	s.Is(drum, batch.Accepted, d.depot, Kilograms(33))
	s.chainOn(d.depot, d.carrier, d.plant, "危-9", "冀F00005", drum)
	s.Treat(d.plant, "R9", drum)
	s.Is(cans[0], batch.Repacked, d.depot, 0)
	s.Is(drum, batch.Treated, d.plant, 0)
}

func reportsFirst(s *Stage) {
	d, drum := openDepot(s), s.Thing("油桶", "drum")
	s.Generate(d.garage, drum, "900-214-08", Kilograms(60), In("drum_steel"))
	first := s.chainOn(d.garage, d.carrier, d.depot, "危-1", "冀F00004", drum)
	second := s.chainOn(d.depot, d.carrier, d.plant, "危-2", "冀F00005", drum)
	s.Denied(fault.WrongStage, d.depot, outcome, done, Text{"还没处理就回告", "reports before anything was treated"}, s.under(first, drum), Line{Thing: drum})
	s.Treat(d.plant, "R9", drum)
	s.Report(d.depot, first.Signed.Event.Manifest, drum)
	s.Report(d.plant, second.Signed.Event.Manifest, drum)
	s.Is(drum, batch.Reported, d.plant, 0)
}

func noNetwork(s *Stage) {
	r, one, two, m := openRoad(s), s.Thing("甲桶", "drum A"), s.Thing("乙桶", "drum B"), s.Sheet("危-1")
	s.Generate(r.works, one, "900-214-08", Kilograms(150), In("drum_steel"))
	s.Generate(r.works, two, "900-214-08", Kilograms(160), In("drum_steel"))
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, one, two)
	s.Offline(func() {
		s.Collect(r.carrier, "冀F00002", one)
		s.Collect(r.carrier, "冀F00002", two)
		s.Wait(3 * time.Hour)
		s.Deliver(r.carrier, "冀F00002", one, two)
	})
	s.Wait(8 * time.Hour)
	s.Upload(2, 1, 0)
	s.Accept(r.plant, one, two)
	s.Is(one, batch.Accepted, r.plant, Kilograms(150))
}

func twoPhones(s *Stage) {
	h, bag := openHospital(s), s.Thing("袋一", "bag 1")
	s.Generate(h.nurse, bag, "841-001-01", 2_000)
	late := s.Colleague(h.nurse, "另一护士（离线）", "other nurse, offline")
	s.Offline(func() { s.StoreIn(late, "处置室", bag) })
	s.StoreIn(h.porter, "污物间", bag)
	s.Upload(0)
	s.Finds(s.Steps[1], rule.Unseen)
	s.Is(bag, batch.Stored, h.nurse, 2_000)
}

func lateUpload(s *Stage) {
	h, bag := openHospital(s), s.Thing("袋一", "bag 1")
	s.Offline(func() { s.Generate(h.nurse, bag, "841-001-01", 2_000) })
	s.Wait(4 * 24 * time.Hour)
	s.Upload(0)
	s.Finds(s.Steps[0], rule.LateUpload)
	s.Is(bag, batch.Generated, h.nurse, 2_000)
}
