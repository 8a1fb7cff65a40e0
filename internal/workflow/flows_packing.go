package workflow

import (
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/waste"
)

func packing() []Flow {
	return []Flow{
		{"bags-into-a-box", Text{"两袋装进周转箱", "Two bags into a turnover box"}, Text{"箱上联单，袋子的克数一克不少。", "The box goes on the manifest with every gram of its bags."},
			"HJ 421; 医疗废物管理条例 art. 16", intoABox},
		{"drum-split", Text{"一桶分两桶", "A drum split in two"}, Text{"分装守恒，一半送出，一半留下。", "A split conserves grams; one half goes, one stays."}, "HJ 1259 annex B", split},
		{"packing-cannot-make-grams", Text{"合装不能凭空增重", "Packing cannot make grams"}, Text{"取出多于存量：拒绝。", "Taking out more than there is is turned away."}, "HJ 1259 annex B", noGrams},
	}
}

func intoABox(s *Stage) {
	h, a, b, box, m := openHospital(s), s.Thing("袋一", "bag 1"), s.Thing("袋二", "bag 2"), s.Thing("周转箱", "turnover box"), s.Sheet("医-1")
	s.Generate(h.nurse, a, "841-001-01", 2_100)
	s.Generate(h.nurse, b, "841-001-01", 1_900)
	for _, x := range []*Thing{a, b} {
		s.Release(h.nurse, h.keeper, x)
		s.Receive(h.keeper, x)
	}
	s.Repack(h.keeper, "turnover_box", []*Thing{a, b}, []*Thing{box}, []waste.Grams{4_000})
	s.Is(a, batch.Repacked, h.nurse, 0)
	s.Issue(h.keeper, m, "medical", h.carrier, h.plant, box)
	s.Collect(h.carrier, "冀F00001", box)
	s.Deliver(h.carrier, "冀F00001", box)
	s.Accept(h.plant, box)
	s.Treat(h.plant, "Y10", box)
	s.Report(h.plant, m, box)
	s.Is(box, batch.Reported, h.plant, 0)
}

func split(s *Stage) {
	r, drum, one, two, m := openRoad(s), s.Thing("大桶", "tank"), s.Thing("甲桶", "drum A"), s.Thing("乙桶", "drum B"), s.Sheet("危-1")
	s.Generate(r.works, drum, "900-214-08", Kilograms(300), In("drum_steel"))
	s.Repack(r.works, "drum_steel", []*Thing{drum}, []*Thing{one, two}, []waste.Grams{Kilograms(180), Kilograms(120)})
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, one)
	s.Collect(r.carrier, "冀F00002", one)
	s.Deliver(r.carrier, "冀F00002", one)
	s.Accept(r.plant, one)
	s.Is(one, batch.Accepted, r.plant, Kilograms(180))
	s.Is(two, batch.Generated, r.works, Kilograms(120))
}

func noGrams(s *Stage) {
	h, a, box := openHospital(s), s.Thing("袋一", "bag 1"), s.Thing("周转箱", "turnover box")
	s.Generate(h.nurse, a, "841-001-01", 2_100)
	s.Denied(fault.WrongStage, h.nurse, event.BatchRepacked, event.Repacked{Children: []event.Child{{ID: box.ID, Grams: 2_500, Code: "841-001-01", Form: "S", Packaging: "box"}}},
		Text{"两公斤装出两公斤半", "packs 2.5 kg out of 2.1 kg"}, nil, Line{Thing: a, Grams: 2_500})
	s.Is(a, batch.Generated, h.nurse, 2_100)
}
