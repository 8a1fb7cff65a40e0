package audit

import (
	"context"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/duty"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/standbook"
	"liandan/internal/waste"
)

// SiteDuties is what a generator's site has to file by days of the calendar.
type SiteDuties struct {
	Class      duty.Class // "": it is no generator
	Rule       duty.ClassRule
	Generation duty.Generation
	Years      []YearMade // the three whole years before
	Duties     []duty.Duty
}

// YearMade is what arose at a site in a year.
type YearMade struct {
	Year  int
	Grams waste.Grams
}

// classYears is how many whole years count for a class (HJ 1259-2022 section 4.2).
const classYears = 3

// DutiesAt gives the plan and the reports that a site has to file: the plan of this year and
// of the last as the register knows them filed, the reports that are yet to be due. Whether a
// report was filed nobody says here, so that none is called overdue. Faults: damaged,
// unavailable.
func (s *Service) DutiesAt(ctx context.Context, site party.Site, now time.Time) (out SiteDuties, err error) {
	org, _, err := s.Register.Organisation(ctx, site.Party)
	if err != nil || !org.Has(party.Generator, party.Medical, party.Collector, party.Operator) {
		return out, err
	}
	h, err := s.Register.Holding(ctx, site.Party)
	if err != nil {
		return out, err
	}
	if err := s.made(ctx, &out, site, now); err != nil {
		return out, err
	}
	for _, l := range h.Licences {
		takes := l.Kind == permit.Operating || l.Kind == permit.Collecting
		out.Generation.Licensed = out.Generation.Licensed || takes && l.Valid.Holds(now) && (l.Site.IsZero() || permit.At(l, site.ID))
	}
	rules, err := duty.ClassRules()
	if err != nil {
		return out, err
	}
	class, rule, ok := duty.ClassOf(rules, out.Generation, now)
	if !ok {
		return out, nil
	}
	out.Class, out.Rule = class, rule
	filing := duty.Reporting{Owner: site.Party, Site: site.ID, Class: class, Since: site.Valid.From, Filed: map[string]time.Time{}}
	for _, p := range h.Plans {
		key := string(duty.PlanYearly) + "/" + time.Date(p.Year, 1, 1, 0, 0, 0, 0, calendar.Zone()).Format("2006")
		if first, there := filing.Filed[key]; p.Site == site.ID && !p.Filed.After(now) && (!there || p.Filed.Before(first)) {
			filing.Filed[key] = p.Filed
		}
	}
	for _, d := range s.Duties.Reports(filing, now.AddDate(-1, 0, 0), now) {
		if d.Rule.Code == duty.PlanYearly || d.Due.Met(now) {
			out.Duties = append(out.Duties, d)
		}
	}
	return out, nil
}

// made sums what arose at a site in the years that count.
func (s *Service) made(ctx context.Context, out *SiteDuties, site party.Site, now time.Time) error {
	this := now.In(calendar.Zone()).Year()
	scope := standbook.Scope{Party: site.Party, Site: site.ID, From: time.Date(this-classYears, 1, 1, 0, 0, 0, 0, calendar.Zone()), To: time.Date(this, 1, 1, 0, 0, 0, 0, calendar.Zone())}
	for y := this - classYears; y < this; y++ {
		out.Years = append(out.Years, YearMade{Year: y})
	}
	_, err := s.Standbook(ctx, scope, func(l standbook.Line) error {
		switch standbook.TableOf(l.Kind) {
		case standbook.Generated:
			out.Years[l.At.In(calendar.Zone()).Year()-this+classYears].Grams += l.Grams
		case standbook.Own:
			out.Generation.Own = true
		}
		return nil
	})
	for _, y := range out.Years {
		out.Generation.Most = max(out.Generation.Most, y.Grams)
	}
	return err
}
