package duty

import (
	"fmt"
	"slices"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/id"
)

// Paper is a transfer on paper: when it was completed, and when it was entered.
type Paper struct {
	Owner     id.Party
	Site      id.Site
	Profile   string
	Manifest  id.Manifest
	Completed time.Time
	Entered   time.Time // zero: not yet
}

// Paper is the duty to enter a transfer on paper afterwards (Order 23 art. 20).
func (b Book) Paper(p Paper, cals Calendars) (Duty, bool) {
	return b.Owe(PaperBackfill, Clock{Word: Transferred, Owner: p.Owner, Site: p.Site, Profile: p.Profile, Manifest: p.Manifest,
		Start: p.Completed.UnixMilli(), Ended: moment(p.Entered)}, cals)
}

// Application is the course of an application to move waste to another province (Order 23
// art. 21-28). Times that have not come are zero.
type Application struct {
	Consignor      id.Party
	Applied        time.Time
	Answered       time.Time // accepted, or all that is missing told
	Accepted       time.Time // zero while incomplete
	LetterSent     time.Time
	LetterReceived time.Time
	ReplySent      time.Time
	ReplyReceived  time.Time
	Decided        time.Time
}

// Application gives the duties of the authorities so far, in order. An application that is
// not answered in time counts as accepted on the last day: the review then runs from it.
func (b Book) Application(a Application, cals Calendars, now time.Time) []Duty {
	var out []Duty
	step := func(c Code, w Word, start, ended time.Time) Duty {
		if start.IsZero() {
			return Duty{}
		}
		d, ok := b.Owe(c, Clock{Word: w, Start: start.UnixMilli(), Ended: moment(ended)}, cals)
		if ok {
			out = append(out, d)
		}
		return d
	}
	first := step(ApprovalAcceptance, Applied, a.Applied, a.Answered)
	accepted := a.Accepted
	if accepted.IsZero() && a.Answered.IsZero() && !first.Due.At.IsZero() && !first.Due.Met(now) {
		accepted = first.Due.LastDay()
	}
	step(ApprovalReview, ApplicationAccepted, accepted, a.LetterSent)
	step(ApprovalReply, LetterReceived, a.LetterReceived, a.ReplySent)
	step(ApprovalDecision, ReplyReceived, a.ReplyReceived, a.Decided)
	return out
}

// Reporting is a site that files plans and reports.
type Reporting struct {
	Owner id.Party
	Site  id.Site
	Class Class
	Since time.Time // from when it has to
	// Filed says when a report or plan of a period was filed: "report-monthly/2026-01".
	Filed map[string]time.Time
}

// Reports gives the duties of a site that fall due after a moment, about every period that
// has ended by now: there is nothing to file before.
func (b Book) Reports(r Reporting, from, now time.Time) []Duty {
	var out []Duty
	for _, e := range b {
		if e.Unit != Date || !slices.Contains(e.Classes, r.Class) {
			continue
		}
		for end := endAfter(e.Every, r.Since); !end.After(now); end = endAfter(e.Every, end) {
			due := e.date(end)
			if end.Before(e.from) || !end.Before(e.to) || !due.Met(from) {
				continue
			}
			d := Duty{Rule: e, Period: period(e, end), Due: due}
			d.Clock = Clock{Word: e.Start, Owner: r.Owner, Site: r.Site, Start: end.UnixMilli(), Ended: moment(r.Filed[string(e.Code)+"/"+d.Period])}
			out = append(out, d)
		}
	}
	return out
}

// endAfter is the first end of a month, quarter or year after t, as the first moment of the
// next; a yearly plan is for the year that begins there.
func endAfter(every string, t time.Time) time.Time {
	l := t.In(calendar.Zone())
	switch every {
	case "month":
		return time.Date(l.Year(), l.Month()+1, 1, 0, 0, 0, 0, calendar.Zone())
	case "quarter":
		return time.Date(l.Year(), (l.Month()-1)/3*3+4, 1, 0, 0, 0, 0, calendar.Zone())
	}
	return time.Date(l.Year()+1, 1, 1, 0, 0, 0, 0, calendar.Zone())
}

// period names what a report is about: what ended; a plan, the year that begins.
func period(e Edition, end time.Time) string {
	last := end.AddDate(0, 0, -1)
	switch {
	case e.Code == PlanYearly:
		return end.Format("2006")
	case e.Every == "month":
		return last.Format("2006-01")
	case e.Every == "quarter":
		return fmt.Sprintf("%d-Q%d", last.Year(), (last.Month()-1)/3+1)
	}
	return last.Format("2006")
}

func moment(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
