package workflow

import (
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/party"
)

func refusals() []Flow {
	return []Flow{
		{"accepted-in-part", Text{"部分接受，其余退回", "Accepted in part, the rest returned"},
			Text{"拒收的部分自成一批，随联单退回移出人。", "What was refused is a batch of its own and goes back under the manifest."}, "Order 23 art. 18; return: own choice", inPart},
		{"refused-whole", Text{"整车拒收", "Refused whole"}, Text{"名不副实，整桶退回，另开联单送别处。", "Not what the paper says: it goes back whole and to another plant on a new manifest."},
			"Order 23 art. 18", refusedWhole},
		{"one-line-refused", Text{"两行一收一拒", "One line taken, one refused"}, Text{"每行各有理由。", "Each line has its own verdict."}, "Order 23 art. 18", oneLine},
		{"rest-cannot-be-forged", Text{"退回的不能换成别的", "The rest cannot be swapped"}, Text{"退回途中的批次只有移出人能收。", "On its way back only the consignor may take it."},
			"Order 23 art. 18", forgedRest},
	}
}

func inPart(s *Stage) {
	r, drum, rest, m := openRoad(s), s.Thing("油桶", "drum"), s.Thing("退回部分", "the rest"), s.Sheet("危-1")
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	s.Deliver(r.carrier, "冀F00002", drum)
	s.AcceptPart(r.plant, drum, rest, Kilograms(150), Kilograms(30), Text{"含水", "water in it"})
	s.Is(rest, batch.Refused, r.carrier, Kilograms(30))
	s.Return(r.carrier, rest)
	s.Receive(r.works, rest)
	s.Is(rest, batch.Received, r.works, Kilograms(30))
	s.Treat(r.plant, "R9", drum)
	s.Report(r.plant, m, drum)
	s.Is(drum, batch.Reported, r.plant, 0)
}

func refusedWhole(s *Stage) {
	r, drum, m, n := openRoad(s), s.Thing("油桶", "drum"), s.Sheet("危-1"), s.Sheet("危-2")
	other := s.Actor("另一厂", "other plant", party.Operator)
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	s.Deliver(r.carrier, "冀F00002", drum)
	s.Refuse(r.plant, Text{"不是废矿物油", "it is not waste oil"}, drum)
	s.Return(r.carrier, drum)
	s.Receive(r.works, drum)
	s.Issue(r.works, n, "hazardous", r.carrier, other, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	s.Deliver(r.carrier, "冀F00002", drum)
	s.Accept(other, drum)
	s.Is(drum, batch.Accepted, other, Kilograms(180))
}

func oneLine(s *Stage) {
	r, one, two, m := openRoad(s), s.Thing("甲桶", "drum A"), s.Thing("乙桶", "drum B"), s.Sheet("危-1")
	s.Generate(r.works, one, "900-214-08", Kilograms(150), In("drum_steel"))
	s.Generate(r.works, two, "900-249-08", Kilograms(60), In("drum_steel"))
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, one, two)
	s.Collect(r.carrier, "冀F00002", one, two)
	s.Deliver(r.carrier, "冀F00002", one, two)
	s.Accept(r.plant, one)
	s.Refuse(r.plant, Text{"包装破损", "the packaging is broken"}, two)
	s.Return(r.carrier, two)
	s.Receive(r.works, two)
	s.Is(one, batch.Accepted, r.plant, Kilograms(150))
	s.Is(two, batch.Received, r.works, Kilograms(60))
}

func forgedRest(s *Stage) {
	r, drum, rest, m := openRoad(s), s.Thing("油桶", "drum"), s.Thing("退回部分", "the rest"), s.Sheet("危-1")
	thief := s.Actor("别的单位", "somebody else", party.Generator)
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.Issue(r.works, m, "hazardous", r.carrier, r.plant, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	s.Deliver(r.carrier, "冀F00002", drum)
	s.AcceptPart(r.plant, drum, rest, Kilograms(150), Kilograms(30), Text{"含水", "water in it"})
	s.Return(r.carrier, rest)
	s.Denied(fault.WrongStage, thief, event.BatchReceived, event.Received{}, Text{"冒领退回的桶", "says that it took the rest"}, nil, Line{Thing: rest})
	s.Receive(r.works, rest)
	s.Is(rest, batch.Received, r.works, Kilograms(30))
}
