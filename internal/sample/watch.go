package sample

import (
	"encoding/json"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/sampling"
)

// What the authority does on the day, what is corrected afterwards, and what is left in the
// evening.

// How far ahead of the log the seeds of the two draws are: the day reaches the first.
const (
	soon  = 150
	later = 20_000
)

// announce freezes a list and names the seed of a draw (双随机抽查).
func (s *script) announce() {
	p := s.phase("公布双随机抽查", "a random inspection is announced", hours.announcing)
	s.draw(p, s.midnight.Add(hours.announcing.from+time.Second), soon, 1, "")
}

func (s *script) draw(p *phase, at time.Time, ahead int64, round int, reason string) {
	c, by := s.city, s.city.authority.hand
	var sites []id.Site
	left := s.random.IntN(len(c.units)) // one is not on the list, so that each day's is another
	for i, u := range c.units {
		if i != left && !u.has(party.Authority) {
			sites = append(sites, u.site)
		}
	}
	var people []id.Person
	for _, h := range c.authority.people {
		people = append(people, h.Person)
	}
	l, err := sampling.NewList(sites, people)
	if err != nil && s.err == nil {
		s.err = err
	}
	s.story.Lists = append(s.story.Lists, l)
	a := s.act(p.of(by, false), by, at, event.SampleDrawn, event.Sample{Period: "SAMPLE " + s.day.word(), List: l.Hash(), Sites: len(l.Sites), People: len(l.People),
		DrawSites: min(5, len(l.Sites)), DrawPeople: 2, Size: ahead, Round: round, Reason: reason}, nil)
	a.ahead = ahead
}

// watch is the inspectors' afternoon: four sheets, and a drum that somebody left by the road.
func (s *script) watch() {
	c, by := s.city, s.city.authority.hand
	p := s.phase("执法检查", "inspections", hours.watching)
	e := p.of(by, false)
	const note = "样例检查 SAMPLE inspection"
	for i, x := range []struct {
		at    *unit
		class string
		lost  []int // points that items lack, from the second on
	}{
		{c.plating.unit, "generator", []int{1, 0, 2}},
		{c.repairs[1].unit, "generator", []int{2, 2, 2, 2, 2, 1, 2}},
		{c.hospitals[0].unit, "generator", nil},
		{c.plant.unit, "operator", []int{2, 3}},
	} {
		d := event.Inspection{Inspected: x.at.site, Class: x.class, Sheet: "generator", Version: "2021", Note: note}
		n, most := 30, 2
		if x.class == "operator" {
			d.Sheet, d.Version, n, most = operatorSheet, "1", operatorItems, operatorPoints
		}
		for no := range n {
			points := most
			if no > 0 && no <= len(x.lost) {
				points -= x.lost[no-1]
			}
			d.Items = append(d.Items, event.Scored{No: no + 1, Points: points})
			d.Total += points
		}
		s.tell(e, by, s.at(hours.watching, i, 5), event.InspectionRecorded, d, nil)
	}
	s.tell(e, by, s.at(hours.watching, 4, 5), event.IncidentReported, event.Incident{Kind: event.Found, Place: "样例国道路侧排水沟（SAMPLE）",
		Measures: "样例：发现无标签铁桶一只，已围挡并通知收集点 SAMPLE: a drum without a label; fenced off, the collector was told", Code: oil.code}, nil)
}

// answerWithin is how long the corrections of a day wait.
const answerWithin = 10 * 24 * time.Hour

// correct is three corrections: one that all agree to, one that is declined, one that waits.
func (s *script) correct() {
	c, l := s.city, s.sludge.loads[0]
	lab, clinic := c.labs[0], c.clinics[len(c.clinics)-1]
	p := s.phase("提出更正", "corrections are proposed", hours.proposing)
	propose := func(i int, by *hand, m id.Manifest, was id.Event, at *lot, field, old, now, reason string, parties ...id.Party) event.Event {
		when := s.at(hours.proposing, i, 3)
		return s.tell(p.of(by, by.bulk()), by, when, event.CorrectionProposed, event.Correction{Changes: []event.Change{{Pointer: field, Old: said(old), New: said(now)}},
			Parties: parties, Until: when.Add(answerWithin), Reason: reason},
			func(e *event.Event) { e.Manifest, e.Batches, e.Refs = m, named(at), []id.Event{was} })
	}
	plate := propose(0, s.sludge.driver, l.manifest, l.collected, l.lots[0], "/data/vehicle", s.sludge.vehicle, vehicleOf(c.goods.drivers[0]),
		"样例：车牌录错 SAMPLE: the plate was mistyped", c.plating.party, c.landfill.party)
	x := s.small[lab][0]
	name := propose(1, lab.hand, id.Manifest{}, x.born, x, "/data/name", x.kind.name, "一般废液", "样例：名称更正 SAMPLE: another name", c.goods.party, c.collector.party, c.plant.party)
	x = s.small[clinic][0]
	propose(2, clinic.hand, id.Manifest{}, x.born, x, "/data/name", x.kind.name, x.kind.name+"（换药室）", "样例：补充来源 SAMPLE: where it is from", c.medical.party, c.plant.party)
	for i, by := range []*hand{c.plating.hand, c.landfill.hand} { // one after the other: they answer in one chain
		p = s.phase("答复更正", "and answered", hours.answering[i])
		s.tell(p.of(by, by.bulk()), by, s.at(hours.answering[i], 0, 1), event.CorrectionAgreed, event.Consent{}, func(e *event.Event) {
			e.Manifest, e.Batches, e.Refs = l.manifest, named(l.lots...), []id.Event{plate.ID}
		})
	}
	s.tell(p.of(c.plant.office, true), c.plant.office, s.at(hours.answering[1], 0, 1), event.CorrectionDeclined,
		event.Dissent{Reason: "样例：入厂化验为有机废液 SAMPLE: our test found organic solvent"}, func(e *event.Event) {
			e.Batches, e.Refs = named(s.small[lab][0]), []id.Event{name.ID}
		})
}

// said is a field's value as JSON.
func said(v string) event.Value {
	b, _ := json.Marshal(v) // a string: cannot fail
	return event.Value(b)
}

// closeDay is the evening shift: bags that wait for tomorrow's vehicle, one of an isolated
// patient in one layer alone, and a second draw whose seed is far ahead.
func (s *script) closeDay() {
	p := s.phase("晚班封袋留待次日；公布补抽", "the evening's bags wait for tomorrow; a second draw is announced", hours.evening)
	h := s.city.hospitals[0]
	n := min(4, len(h.wards))
	for i := range n {
		w, at := &h.wards[i], s.at(hours.evening, i, n+2)
		l := s.fresh(w.nurse, at, lot{kind: infectious, grams: infectious.weigh(s.random), ward: w})
		d := s.described(w.nurse, h.unit, l)
		if d.Department = w.name; i == 0 {
			d.Isolation, d.Layers = true, 1
		}
		s.tell(p.of(w.nurse, h.software), w.nurse, at, event.BatchGenerated, d, func(e *event.Event) { e.Batches = stated([]*lot{l}) })
		s.story.Generated += l.grams
		s.story.Waiting = l.id
	}
	s.draw(p, s.at(hours.evening, n, n+2), later, 2, "样例：补抽一轮 SAMPLE: a second round")
}
