package workflow

import (
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/rule"
)

// house is a hospital with its people, a carrier and a plant.
type house struct {
	nurse, porter, keeper, carrier, plant *Actor
}

func openHospital(s *Stage) house {
	var h house
	h.nurse = s.Actor("护士", "nurse", party.Medical, party.Generator)
	h.porter = s.Colleague(h.nurse, "运送工", "porter")
	h.keeper = s.Elsewhere(h.nurse, "暂存间管理员", "store keeper")
	h.carrier = s.Actor("司机", "driver", party.Carrier)
	h.plant = s.Actor("处置厂", "plant", party.Operator)
	return h
}

func hospital() []Flow {
	return []Flow{
		{"hospital-day", Text{"一袋感染性废物的一天", "One bag of infectious waste, from ward to furnace"},
			Text{"病区、运送、暂存、承运、处置，每一手都签名。", "Ward, porter, store, carrier and plant: every hand signs."},
			"医疗废物管理条例 art. 12; Order 23 art. 10-12", hospitalDay},
		{"hospital-corridor-in-reverse", Text{"先上传后面的事", "The corridor reported in reverse"},
			Text{"暂存间的设备先联网，病区的设备后联网：先到的等在隔离区，缺的一到就自动入链。", "The store's device is online first and the ward's last: what came early waits in quarantine and lets itself in."},
			"design section 3, intake", corridorInReverse},
		{"stranger-in-the-store", Text{"外人不能领走", "A stranger cannot take the bag"},
			Text{"不是保管人的人签名：拒绝，留存证据，什么也不变。", "Somebody who has not got the bag signs for it: turned away, kept as evidence, nothing changes."},
			"医疗废物管理条例 art. 12", strangerInTheStore},
		{"sharps-in-house-treatment", Text{"机构自行高温灭菌", "Treated on the hospital's own ground"},
			Text{"没有联单的去向也在账上。", "What never leaves the house is in the books all the same."},
			"医疗废物管理条例 art. 21", treatedInHouse},
		{"two-classes-one-manifest", Text{"一张联单两个类别", "Two classes on one manifest"},
			Text{"感染性与损伤性同车，逐行接受。", "Infectious waste and sharps on one vehicle, accepted line by line."},
			"Order 23 art. 14", twoClasses},
	}
}

func hospitalDay(s *Stage) {
	h, bag, m := openHospital(s), s.Thing("袋一", "bag 1"), s.Sheet("医-1")
	s.Generate(h.nurse, bag, "841-001-01", 3_200)
	s.Release(h.nurse, h.porter, bag)
	s.Receive(h.porter, bag)
	s.Release(h.porter, h.keeper, bag)
	s.Receive(h.keeper, bag)
	s.StoreIn(h.keeper, "感染性间", bag)
	s.Wait(20 * time.Hour)
	s.Issue(h.keeper, m, "medical", h.carrier, h.plant, bag)
	s.Collect(h.carrier, "冀F00001", bag)
	s.Deliver(h.carrier, "冀F00001", bag)
	s.Accept(h.plant, bag)
	s.Is(bag, batch.Accepted, h.plant, 3_200)
	s.Treat(h.plant, "Y10", bag)
	s.Report(h.plant, m, bag)
	s.Is(bag, batch.Reported, h.plant, 0)
}

func corridorInReverse(s *Stage) {
	h, bag := openHospital(s), s.Thing("袋一", "bag 1")
	s.Offline(func() {
		s.Generate(h.nurse, bag, "841-001-01", 2_000)
		s.Release(h.nurse, h.keeper, bag)
		s.Receive(h.keeper, bag)
		s.StoreIn(h.keeper, "感染性间", bag)
	})
	s.Upload(3, 2, 1, 0)
	s.Is(bag, batch.Stored, h.nurse, 2_000)
	if s.Steps[3].Held != fault.WrongStage || s.Steps[3].LetIn == 0 {
		s.t.Errorf("the early event was not held and let in: %+v", s.Steps[3])
	}
}

func strangerInTheStore(s *Stage) {
	h, bag := openHospital(s), s.Thing("袋一", "bag 1")
	other := s.Actor("外院人员", "stranger", party.Medical, party.Generator)
	s.Generate(h.nurse, bag, "841-001-01", 2_000)
	s.Release(h.nurse, h.porter, bag)
	s.Denied(fault.WrongStage, other, event.BatchReceived, event.Received{}, Text{"冒领", "says that it took it over"}, nil, Line{Thing: bag})
	s.Receive(h.porter, bag)
	s.Is(bag, batch.Received, h.nurse, 2_000)
}

func treatedInHouse(s *Stage) {
	h, box := openHospital(s), s.Thing("利器盒", "sharps box")
	s.Generate(h.nurse, box, "841-002-01", 1_500, In("sharps_box"))
	s.StoreIn(h.keeper, "损伤性间", box)
	s.TreatAs(h.keeper, "Y11", Line{Thing: box, Grams: 500})
	s.Is(box, batch.Stored, h.nurse, 1_000)
	s.Treat(h.keeper, "Y11", box)
	s.Is(box, batch.Treated, h.nurse, 0)
}

func twoClasses(s *Stage) {
	h, bag, box, m := openHospital(s), s.Thing("袋一", "bag 1"), s.Thing("利器盒", "sharps box"), s.Sheet("医-1")
	s.Generate(h.nurse, bag, "841-001-01", 4_000)
	s.Generate(h.nurse, box, "841-002-01", 900, In("sharps_box"), Guessed)
	s.Issue(h.nurse, m, "medical", h.carrier, h.plant, bag, box)
	s.Collect(h.carrier, "冀F00001", bag, box)
	s.Deliver(h.carrier, "冀F00001", bag, box)
	s.Accept(h.plant, bag)
	weighed := s.AcceptAs(h.plant, Line{Thing: box, Grams: 1_050})
	s.Finds(weighed, rule.EstimateOff)
	s.Treat(h.plant, "Y10", bag)
	s.Treat(h.plant, "Y10", box)
	s.Report(h.plant, m, bag, box)
	s.Is(box, batch.Reported, h.plant, 0)
}
