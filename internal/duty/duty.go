// Package duty says what must be done by when: the deadlines of the law as dated data, and
// the duties that the states of batches and manifests, or facts of a register, give rise to.
//
// It must not read a clock, store anything, or refuse an event. What has begun to run (a
// Clock) follows from the log alone; when it is due follows from the editions of the rules
// and the working-day calendar, which may be published later. So only clocks may be cached.
package duty

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/rule"
)

// Code names a duty; see duties.json.
type Code string

// The duties that the code itself speaks of.
const (
	Receipt            Code = "receipt-confirmation"
	PaperBackfill      Code = "paper-backfill"
	ApprovalAcceptance Code = "approval-acceptance"
	ApprovalReview     Code = "approval-review"
	ApprovalReply      Code = "approval-reply"
	ApprovalDecision   Code = "approval-decision"
	MedicalStore       Code = "medical-store"
	CollectorOnward    Code = "collector-onward"
	StorageYear        Code = "storage-year"
	ReportMonthly      Code = "report-monthly"
	ReportQuarterly    Code = "report-quarterly"
	ReportYearly       Code = "report-yearly"
	PlanYearly         Code = "plan-yearly"
)

// The units beside those of package calendar.
const (
	Years calendar.Unit = "years" // ends on the same day of a later year, moved as calendar days are
	Date  calendar.Unit = "date"  // a day of the calendar, which no holiday moves
)

// Class is how a generator is supervised (HJ 1259-2022 section 4.2).
type Class string

// The classes.
const (
	Key        Class = "key"        // 重点监管单位
	Simplified Class = "simplified" // 简化管理单位
	Registered Class = "registered" // 登记管理单位
)

// Edition is one deadline between two dates.
type Edition struct {
	Code       Code          `json:"code"`
	Edition    string        `json:"edition"`
	ZH         string        `json:"zh"`
	EN         string        `json:"en"`
	Instrument string        `json:"instrument"`
	Article    string        `json:"article"`    // "": not known
	ValidFrom  string        `json:"valid_from"` // local day; "": from before all records
	ValidTo    string        `json:"valid_to"`   // first day that it does not hold; "": open
	Certainty  string        `json:"certainty"`  // C, C2, L or U as in the regulation notes
	Reading    string        `json:"reading"`    // what the text leaves open, and how it is taken here
	Unit       calendar.Unit `json:"unit"`
	Count      int           `json:"count"`
	Every      string        `json:"every"` // of dates: month, quarter or year
	Month      time.Month    `json:"month"`
	Day        int           `json:"day"`
	Start      Word          `json:"start"`
	End        string        `json:"end"`
	Owner      string        `json:"owner"`    // a part in the transfer, or an authority
	Profiles   []string      `json:"profiles"` // of manifests; none: all
	Classes    []Class       `json:"classes"`
	Roles      []party.Role  `json:"roles"`   // one of which the owner has in the register; none: anybody
	Without    []party.Role  `json:"without"` // none of which it has

	from, to time.Time
}

// Word names what starts a period.
type Word string

// The starts. The first five are clocks that states run; see Clock.
const (
	Delivered   Word = "delivered"   // at the consignee's gate
	Closed      Word = "closed"      // a bag of medical waste was closed
	InStore     Word = "in_store"    // it was first put into a store; the other reading of the same article
	Held        Word = "held"        // accepted, and neither treated nor sent on
	Transferred Word = "transferred" // a transfer on paper was completed

	Applied             Word = "applied"
	ApplicationAccepted Word = "application_accepted"
	LetterReceived      Word = "letter_received"
	ReplyReceived       Word = "reply_received"
	MonthEnded          Word = "month_ended"
	QuarterEnded        Word = "quarter_ended"
	YearEnded           Word = "year_ended"
)

// Book is the editions of all deadlines.
type Book []Edition

//go:embed duties.json
var duties []byte

// DefaultBook reads the editions in the program.
func DefaultBook() (Book, error) { return ParseBook(duties) }

// ParseBook reads editions and refuses those that cannot be counted or that overlap.
func ParseBook(data []byte) (Book, error) {
	var b Book
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, fmt.Errorf("duties: %w", err)
	}
	b = b.asRules()
	for i := range b {
		if err := b[i].settle(); err != nil {
			return nil, fmt.Errorf("duties: %s edition %s: %w", b[i].Code, b[i].Edition, err)
		}
		for _, o := range b[:i] {
			if o.Code == b[i].Code && o.to.After(b[i].from) && b[i].to.After(o.from) {
				return nil, fmt.Errorf("duties: %s: editions %s and %s overlap", o.Code, o.Edition, b[i].Edition)
			}
		}
	}
	return b, nil
}

// asRule is the unit of a deadline whose figures are those of a rule: they are said once, there.
const asRule calendar.Unit = "as_rule"

// asRules puts in the place of such a line an edition for each of the rule's.
func (b Book) asRules() (out Book) {
	for _, e := range b {
		if e.Unit != asRule || e.Code != MedicalStore {
			out = append(out, e)
			continue
		}
		for _, l := range rule.Shipped() {
			if d := l.Dwell; d != nil {
				x := e
				x.Edition, x.Instrument, x.Article, x.Certainty, x.Reading = l.Version, d.Instrument, d.Article, d.Text, d.Reading
				x.from, x.to = l.ValidFrom, l.ValidTo
				x.Unit, x.Count, x.Start = calendar.Hours, int(d.LimitMS/3_600_000), wordOf(d.Start)
				out = append(out, x)
			}
		}
	}
	return out
}

func wordOf(s rule.Start) Word {
	if s == rule.FromStorage {
		return InStore
	}
	return Closed
}

// Years of periods that have no end, or no beginning, in the data.
var (
	always = time.Date(1, 1, 1, 0, 0, 0, 0, calendar.Zone())
	never  = time.Date(9999, 1, 1, 0, 0, 0, 0, calendar.Zone())
)

func (e *Edition) settle() (err error) {
	if e.from.IsZero() {
		if e.from, err = dayOr(e.ValidFrom, always); err != nil {
			return err
		}
	}
	if e.to.IsZero() {
		if e.to, err = dayOr(e.ValidTo, never); err != nil {
			return err
		}
	}
	known := slices.Contains([]string{"C", "C2", "L", "U"}, e.Certainty)
	counted := e.Count > 0 && slices.Contains([]calendar.Unit{calendar.WorkingDays, calendar.CalendarDays, calendar.Hours, Years}, e.Unit)
	dated := e.Unit == Date && e.Day >= 1 && e.Day <= 31 && slices.Contains([]string{"month", "quarter", "year"}, e.Every)
	switch {
	case e.Code == "" || e.ZH == "" || e.EN == "" || e.Start == "" || e.End == "" || e.Owner == "" || e.Instrument == "":
		return fmt.Errorf("code, words, instrument, start, end and owner are needed")
	case !known:
		return fmt.Errorf("the certainty %q is none of C, C2, L, U", e.Certainty)
	case !counted && !dated:
		return fmt.Errorf("a %s of %d cannot be counted", e.Unit, e.Count)
	case !e.to.After(e.from):
		return fmt.Errorf("it ends before it begins")
	}
	return nil
}

func dayOr(s string, otherwise time.Time) (time.Time, error) {
	if s == "" {
		return otherwise, nil
	}
	return time.ParseInLocation(time.DateOnly, s, calendar.Zone())
}

// At is the edition of a deadline in force when a period starts.
func (b Book) At(c Code, start time.Time) (Edition, bool) {
	for _, e := range b {
		if e.Code == c && !start.Before(e.from) && start.Before(e.to) {
			return e, true
		}
	}
	return Edition{}, false
}

// Source names the instrument and article for a reader.
func (e Edition) Source() string {
	if e.Article == "" {
		return e.Instrument
	}
	return e.Instrument + " " + e.Article
}

// For says whether the deadline binds an owner with those roles under that profile; "" and
// none of either are not known, and bind where the edition does not ask.
func (e Edition) For(profile string, roles []party.Role) bool {
	return (len(e.Profiles) == 0 || slices.Contains(e.Profiles, profile)) && e.binds(roles)
}

func (e Edition) binds(roles []party.Role) bool {
	has := func(r party.Role) bool { return slices.Contains(roles, r) }
	return (len(e.Roles) == 0 || slices.ContainsFunc(e.Roles, has)) && !slices.ContainsFunc(e.Without, has)
}

// Calendars are the versions of the working-day calendar, oldest first. A deadline counted
// before a year was published is provisional; the newest version counts, and what an older
// one gave is kept beside it.
type Calendars []*calendar.Calendar

// count counts an edition's period by one calendar.
func (e Edition) count(c *calendar.Calendar, start time.Time) calendar.Deadline {
	switch e.Unit {
	case calendar.WorkingDays:
		return c.AddWorkingDays(start, e.Count)
	case calendar.Hours:
		return calendar.AddHours(start, e.Count)
	case Years:
		from := calendar.StartOfDay(start)
		days := int(calendar.StartOfDay(sameDay(from, e.Count)).Sub(from) / (24 * time.Hour))
		d := c.AddCalendarDays(start, days)
		d.Rule.Unit, d.Rule.Count = Years, e.Count
		return d
	case Date:
		return e.date(start)
	}
	return c.AddCalendarDays(start, e.Count)
}

// sameDay is the same day years later; 29 February ends with the month (民法典 202).
func sameDay(t time.Time, years int) time.Time {
	u := t.AddDate(years, 0, 0)
	if u.Day() != t.Day() {
		u = u.AddDate(0, 0, -u.Day())
	}
	return u
}

// date is the day of the calendar after the end of a month, quarter or year.
func (e Edition) date(ended time.Time) calendar.Deadline {
	t := ended.In(calendar.Zone())
	day := time.Date(t.Year(), t.Month(), e.Day, 0, 0, 0, 0, calendar.Zone())
	if e.Every == "year" {
		day = time.Date(t.Year(), e.Month, e.Day, 0, 0, 0, 0, calendar.Zone())
	}
	return calendar.Deadline{At: calendar.EndOfDay(day), Rule: calendar.Rule{Unit: Date, Count: 1, Basis: "a day of the calendar; no holiday moves it"}}
}

// Duty is one thing that somebody must have done by then.
type Duty struct {
	Rule Edition
	Clock
	Period string // of reports: 2026-01, 2026-Q1, 2026
	Due    calendar.Deadline
	// Earlier is what older versions of the calendar gave, oldest first, where it differs.
	Earlier []calendar.Deadline
}

// Owe counts the deadline of one duty that a clock starts. There is none when no edition
// was in force then.
func (b Book) Owe(c Code, k Clock, cals Calendars) (Duty, bool) {
	start := time.UnixMilli(k.Start)
	e, ok := b.At(c, start)
	if !ok || len(cals) == 0 {
		return Duty{}, false
	}
	d := Duty{Rule: e, Clock: k, Due: e.count(cals[len(cals)-1], start)}
	for _, c := range cals[:len(cals)-1] {
		if was := e.count(c, start); !was.At.Equal(d.Due.At) {
			d.Earlier = append(d.Earlier, was)
		}
	}
	return d, true
}

// On lists the duties that a running or ended clock gives an owner with those roles in the
// register, in the order of the book.
func (b Book) On(k Clock, roles []party.Role, cals Calendars) []Duty {
	var out []Duty
	for _, e := range b {
		at := time.UnixMilli(k.Start)
		if e.Start != k.Word || at.Before(e.from) || !at.Before(e.to) || !e.For(k.Profile, roles) {
			continue
		}
		if d, ok := b.Owe(e.Code, k, cals); ok {
			out = append(out, d)
		}
	}
	return out
}

// Late says whether the duty was not done in time, and by how much: until it was done, or
// until now. A duty done late stays late.
func (d Duty) Late(now time.Time) (by time.Duration, late bool) {
	if d.Ended != 0 {
		now = time.UnixMilli(d.Ended)
	}
	if d.Due.Met(now) {
		return 0, false
	}
	return now.Sub(d.Due.At), true
}

// Open says whether the duty is still to be done.
func (d Duty) Open() bool { return d.Ended == 0 }

// Finding is what an overdue duty is for a reader of findings; false when it is in time.
// The finding hangs on no entry, for it is about one that did not come: its Seq is -1.
func (d Duty) Finding(now time.Time) (rule.Finding, bool) {
	by, late := d.Late(now)
	if !late {
		return rule.Finding{}, false
	}
	f := rule.Finding{Rule: rule.Code("overdue-" + string(d.Rule.Code)), Severity: rule.Open, Seq: -1, Batch: d.Batch, Version: "duty-" + d.Rule.Edition,
		Source: d.Rule.Source(), Certainty: d.Rule.Certainty}
	if f.Owner = (rule.Owner{Party: d.Owner, Part: rule.Consignee}); !d.Batch.IsZero() {
		f.Owner.Part = rule.Custodian
	}
	f.ZH = fmt.Sprintf("逾期：%s，应于 %s 前完成，已超 %s（%s）", d.Rule.ZH, d.dueZH(), spanZH(by), d.Rule.Source())
	f.EN = fmt.Sprintf("Overdue: %s was due by %s, %s ago (%s).", d.Rule.EN, d.dueZH(), spanEN(by), d.Rule.Source())
	if !d.Open() {
		f.ZH = fmt.Sprintf("迟延：%s，应于 %s 前完成，迟 %s（%s）", d.Rule.ZH, d.dueZH(), spanZH(by), d.Rule.Source())
		f.EN = fmt.Sprintf("Late: %s was due by %s and came %s after (%s).", d.Rule.EN, d.dueZH(), spanEN(by), d.Rule.Source())
	}
	return f, true
}

// dueZH is the last day, or the last minute where hours count, in local time.
func (d Duty) dueZH() string {
	if d.Due.Rule.Unit == calendar.Hours {
		return d.Due.At.In(calendar.Zone()).Format("2006-01-02 15:04")
	}
	return d.Due.LastDay().Format(time.DateOnly)
}

func spanZH(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d 小时", int(d/time.Hour))
	}
	return fmt.Sprintf("%d 天", int(d/(24*time.Hour)))
}

func spanEN(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d h", int(d/time.Hour))
	}
	return fmt.Sprintf("%d days", int(d/(24*time.Hour)))
}

// Clock is a period that has begun, and for whom it runs. It follows from the log, or from
// a register, and from nothing else.
type Clock struct {
	Word     Word
	Owner    id.Party // zero: an authority, see Edition.Owner
	Site     id.Site
	Profile  string
	Batch    id.Batch
	Manifest id.Manifest
	Start    int64 // Unix milliseconds UTC, by the clock of whoever signed
	Ended    int64 // when it was done; 0: it runs
}
