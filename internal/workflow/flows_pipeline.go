package workflow

import (
	"time"

	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

func pipelines() []Flow {
	return []Flow{
		{"pipeline-day", Text{"管道一天，两端抄表", "A pipeline's day, read at both ends"},
			Text{"每天一批：移出人抄出口表，接受人抄入口表即为接受。", "Each day is a batch: the consignor reads its meter, then the consignee, which is its acceptance."}, "Order 23 art. 16", pipeDay},
		{"pipeline-meters-differ", Text{"管道两端读数不符", "The two ends of a pipe do not agree"},
			Text{"管里的差额先由移出人说明。", "What the pipe has swallowed the consignor explains first."}, "Order 23 art. 16", pipeDiffers},
	}
}

// Meter reads a meter of a pipeline under a manifest.
func (s *Stage) Meter(by *Actor, number string, x *Thing, g waste.Grams) *Step {
	s.t.Helper()
	day := s.Now().In(calendar.Zone())
	d := event.Metered{Meter: number, Day: time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, calendar.Zone())}
	return s.Do(by, event.MeterRecorded, d, Text{"抄表 " + number, "reads meter " + number}, Line{Thing: x, Grams: g})
}

func (s *Stage) pipe() (works, plant *Actor, day *Thing, m id.Manifest) {
	works, plant = s.Actor("产废单位", "works", party.Generator), s.Actor("处置厂", "plant", party.Operator)
	day, m = s.Thing("当日废酸", "the day's acid"), s.Sheet("管-1")
	s.Generate(works, day, "900-300-34", Kilograms(12_000), In("bulk"))
	s.Issue(works, m, batch.Pipeline, works, plant, day)
	return works, plant, day, m
}

func pipeDay(s *Stage) {
	works, plant, day, m := s.pipe()
	s.Denied(fault.NotCustodian, plant, event.MeterRecorded, event.Metered{Meter: "M-2", Day: time.Date(2026, 3, 2, 0, 0, 0, 0, calendar.Zone())}, Text{"先抄入口表", "reads the far end first"}, nil, Line{Thing: day, Grams: Kilograms(12_000)})
	s.Meter(works, "M-1", day, Kilograms(12_000))
	s.Is(day, batch.Delivered, works, Kilograms(12_000))
	s.Meter(plant, "M-2", day, Kilograms(12_000))
	s.Treat(plant, "R6", day)
	s.Report(plant, m, day)
	s.Is(day, batch.Reported, plant, 0)
}

func pipeDiffers(s *Stage) {
	works, plant, day, _ := s.pipe()
	s.Meter(works, "M-1", day, Kilograms(12_000))
	st := s.Meter(plant, "M-2", day, Kilograms(11_400))
	s.Finds(st, rule.MetersDiffer)
	if f := s.incidentsOf(plant, rule.MetersDiffer); len(f) != 1 || f[0].Owner.Party != works.Party || f[0].Grams != Kilograms(600) {
		s.t.Errorf("the list has %+v", f)
	}
	s.Is(day, batch.Accepted, plant, Kilograms(11_400))
}
