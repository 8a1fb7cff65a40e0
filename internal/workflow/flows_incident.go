package workflow

import (
	"context"

	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/rule"
)

func incidents() []Flow {
	return []Flow{
		{"spill-on-the-road", Text{"运输途中洒漏", "A spill on the road"},
			Text{"漏掉的记入“损失”账，承运人为责任方；其余照常送达。", "What is gone is booked as lost by the carrier; the rest goes on."}, "固废法 art. 86; Order 23 art. 11", spill},
		{"medical-bag-lost", Text{"医疗废物丢失", "A bag of medical waste is lost"},
			Text{"整袋丢失：批次到此为止，须向县级主管部门报告。", "The whole bag is gone: its chain ends, and the county's authorities must be told."}, "医疗废物管理条例 art. 13", lostBag},
		{"drum-found", Text{"路边发现无主桶", "A drum found by the road"},
			Text{"不知是哪一批：报告不挂批次，也进本单位和辖区的异常清单。", "Nobody knows its batch: the report hangs on none, and is in the list of its district all the same."}, "固废法 art. 86", drumFound},
	}
}

func (s *Stage) incidentsOf(who *Actor, c rule.Code) (out []audit.Found) {
	s.t.Helper()
	page, err := s.audit.Findings(context.Background(), audit.FindingFilter{Filter: audit.Filter{Party: who.Party}, Rule: c}, s.Now(), "", 10)
	if err != nil {
		s.t.Fatal(err)
	}
	return page.Items
}

func spill(s *Stage) {
	r, drum := openRoad(s), s.Thing("油桶", "drum")
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.Issue(r.works, s.Sheet("危-1"), "hazardous", r.carrier, r.plant, drum)
	s.Collect(r.carrier, "冀F00002", drum)
	d := event.Incident{Kind: event.Spill, Place: "样例国道 12 公里处", Measures: "围堵、吸附、清理", ReportedTo: "样例县生态环境分局"}
	st := s.Do(r.carrier, event.IncidentReported, d, Text{"报告洒漏", "reports a spill"}, Line{Thing: drum, Grams: Kilograms(5)})
	s.Finds(st, rule.Incident)
	s.Is(drum, batch.InTransit, r.carrier, Kilograms(175))
	s.Denied(fault.WrongStage, r.carrier, event.IncidentReported, d, Text{"报得比在手的还多", "reports more than it has"}, nil, Line{Thing: drum, Grams: Kilograms(500)})
	if f := s.incidentsOf(r.works, rule.Incident); len(f) != 1 || f[0].Owner.Party != r.carrier.Party || f[0].Grams != Kilograms(5) {
		s.t.Errorf("the works hears of %+v", f)
	}
	s.Deliver(r.carrier, "冀F00002", drum)
	s.Accept(r.plant, drum)
	s.Is(drum, batch.Accepted, r.plant, Kilograms(175))
}

func lostBag(s *Stage) {
	h := s.Actor("护士", "nurse", party.Medical, party.Generator)
	bag := s.Thing("袋一", "bag 1")
	s.Generate(h, bag, "841-001-01", 1_100)
	d := event.Incident{Kind: event.Loss, Place: "样例病区走廊", Measures: "封存监控、寻找"}
	st := s.Do(h, event.IncidentReported, d, Text{"报告丢失", "reports the loss"}, Line{Thing: bag, Grams: 1_100})
	s.Finds(st, rule.Incident, rule.MedicalLeak, rule.Untold)
	s.Is(bag, batch.Lost, h, 0)
	s.Denied(fault.WrongStage, h, event.BatchStored, event.Stored{Place: "暂存间"}, Text{"把丢了的入库", "stores what is gone"}, nil, plain([]*Thing{bag})...)
}

func drumFound(s *Stage) {
	r := openRoad(s)
	depot := s.Actor("收集点", "depot", party.Collector, party.Generator)
	d := event.Incident{Kind: event.Found, Place: "样例县道旁", Measures: "设警戒线", Code: "900-249-08", ReportedTo: "样例县生态环境分局"}
	st := s.Do(depot, event.IncidentReported, d, Text{"报告发现一只无主桶", "reports a drum that nobody owns"})
	f := s.incidentsOf(depot, rule.Incident)
	if len(f) != 1 || f[0].Event != st.Signed.Event.ID || !f[0].Batch.IsZero() || f[0].Severity != rule.Serious {
		s.t.Errorf("the depot's list has %+v", f)
	}
	if f := s.incidentsOf(r.works, rule.Incident); len(f) != 0 {
		s.t.Errorf("another's list has %+v", f)
	}
	drum := s.Thing("无主桶", "found drum")
	s.Generate(depot, drum, "900-249-08", Kilograms(60), In("drum_steel"))
	s.Is(drum, batch.Generated, depot, Kilograms(60))
}
