package measure

import (
	"context"
	"fmt"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/division"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
)

// CauseKind is a sort of thing by which a figure of a period became another.
type CauseKind string

// The causes.
const (
	LateUpload  CauseKind = "late_upload"  // events of the period that the log took in after its end
	NewlyKnown  CauseKind = "recorded"     // events of the period, which was still under way
	Corrected   CauseKind = "correction"   // agreed corrections
	Inspected   CauseKind = "inspection"   // inspections of the period
	Registered  CauseKind = "register"     // a register fact
	ChoiceMade  CauseKind = "choice"       // another answer to an open question: a new version of the definition
	BaseEntered CauseKind = "base"         // a base figure
	CutOffMoved CauseKind = "cut_off"      // the period was still under way: what begins later in it began to count
	FurtherOnes CauseKind = "further_ones" // register facts beyond those that are listed
)

// Cause is one reason why a figure of a period is another than it was at an earlier size.
type Cause struct {
	Kind    CauseKind
	ZH, EN  string
	Count   int     // entries that there are
	Grams   int64   // net, of movements
	Entries []int64 // of the log; the first ones
}

// What a list of causes holds at most: entries of one cause, and facts of the register.
const (
	maxCauseEntries = 50
	maxCauseFacts   = 100
	changesRun      = 8192 // entries whose movements are read at one time
)

// Changes lists what the log took in between an earlier size and that of the query that may
// have made the period's figure another. Faults as Indicator.
func (s *Service) Changes(ctx context.Context, q Query, since int64) (out []Cause, err error) {
	err = s.compute(ctx, q, func(r Reader, in indicator.Input, as Sealed) error {
		before, err := r.HeadUpTo(since)
		if err != nil {
			return err
		}
		c := changing{s: s, r: r, q: q, in: in, since: before.Size, size: as.Size, late: !before.RecordedAt.Before(q.Period.To), by: map[CauseKind]*Cause{}}
		if err := c.movements(); err != nil {
			return err
		}
		if err := r.Facts(c.since, c.size, c.fact); err != nil {
			return err
		}
		out = c.list()
		if was := indicator.CutOff(q.Period, before.RecordedAt.UnixMilli()); was != in.CutOff {
			out = append(out, Cause{Kind: CutOffMoved, Count: 1, ZH: fmt.Sprintf("期间仍在进行，截止时间由 %s 移至 %s", moment(was), moment(in.CutOff)),
				EN: fmt.Sprintf("the period was still under way; its cut-off moved from %s to %s", moment(was), moment(in.CutOff))})
		}
		return nil
	})
	return out, err
}

type changing struct {
	s           *Service
	r           Reader
	q           Query
	in          indicator.Input
	since, size int64
	was         *indicator.Roster
	late        bool // the period had ended when the log had the earlier size
	by          map[CauseKind]*Cause
	facts       []Cause
	further     int
}

func (c *changing) add(kind CauseKind, seq, grams int64) {
	x := c.by[kind]
	if x == nil {
		x = &Cause{Kind: kind}
		c.by[kind] = x
	}
	x.Grams += grams
	if n := len(x.Entries); n > 0 && x.Entries[n-1] == seq {
		return // another line of the same event
	}
	if x.Count++; len(x.Entries) < maxCauseEntries {
		x.Entries = append(x.Entries, seq)
	}
}

// counts says whether a movement may bear on the indicator.
func (c *changing) counts(m indicator.Move) bool {
	k := c.in.View.Place(m)
	switch c.q.Indicator {
	case 36, 38: // proof is collection and treatment
		proves := m.Kind == indicator.Treated || m.Kind == indicator.Residue || m.Kind == indicator.Collected
		return proves && (k.Division == c.q.District || (c.q.District == "" && c.s.City(k.Division)))
	}
	return indicator.Counts(c.in, k, c.q.District)
}

func (c *changing) movements() error {
	for from := c.since; from < c.size; from += changesRun {
		to := min(from+changesRun, c.size)
		moves, err := c.r.Moves(from, to)
		if err != nil {
			return err
		}
		mended, err := c.r.Corrections(from, to)
		if err != nil {
			return err
		}
		for _, m := range moves {
			if !c.q.Period.Holds(m.At) || !c.counts(m) {
				continue
			}
			kind := NewlyKnown
			switch {
			case mended[m.Seq]:
				kind = Corrected
			case c.late:
				kind = LateUpload
			}
			c.add(kind, m.Seq, m.Grams)
		}
	}
	return nil
}

// fact notes a register fact or an inspection that bears on the indicator.
func (c *changing) fact(k ledger.Kept) error {
	f, err := learnedOf(k)
	if err != nil {
		return err
	}
	if f.check != nil {
		site, ok := c.in.View.Site(f.check.Inspected, f.check.At)
		if c.q.Indicator == 59 && ok && c.q.Period.Holds(f.check.At) && (site.Division == c.q.District || (c.q.District == "" && c.s.City(site.Division))) {
			c.add(Inspected, k.Seq, 0)
		}
		return nil
	}
	x := Cause{Kind: Registered, Count: 1, Entries: []int64{k.Seq}}
	if !c.bears(f.fact, &x) {
		return nil
	}
	if len(c.facts) >= maxCauseFacts {
		c.further++
		return nil
	}
	by := fmt.Sprintf("（%s：%s）", f.fact.By, f.fact.Reason)
	en := fmt.Sprintf(" (%s: %s)", f.fact.By, f.fact.Reason)
	if f.fact.Reason == "" {
		by, en = fmt.Sprintf("（%s）", f.fact.By), fmt.Sprintf(" (%s)", f.fact.By)
	}
	x.ZH, x.EN = x.ZH+by, x.EN+en
	c.facts = append(c.facts, x)
	return nil
}

func moment(ms int64) string {
	return time.UnixMilli(ms).In(calendar.Zone()).Format("2006-01-02 15:04")
}

func day(ms int64) string { return time.UnixMilli(ms).In(calendar.Zone()).Format(time.DateOnly) }

// here says whether a site lies in the query's district, by what the log knows now or knew.
func (c *changing) here(s id.Site, named string) bool {
	if c.q.District == "" || named == c.q.District {
		return true
	}
	now, ok := c.in.View.Site(s, c.in.CutOff)
	was, before := c.s.book.At(c.since).Site(s, c.in.CutOff)
	return (ok && now.Division == c.q.District) || (before && was.Division == c.q.District)
}

// near says whether a site is of somebody who has one in the query's district: where an
// organisation is counted once, any of its sites may move it.
func (c *changing) near(s id.Site) bool {
	if c.was == nil {
		c.was = c.s.book.At(c.since).Roster(c.in.CutOff)
	}
	return c.in.Registered.Near(c.q.District, s) || c.was.Near(c.q.District, s)
}

// bears says whether a fact may bear on the indicator, and what it says.
func (c *changing) bears(f indicator.Fact, x *Cause) bool {
	n := c.q.Indicator
	switch r := f.Row.(type) {
	case indicator.Site:
		x.ZH = fmt.Sprintf("场所 %s 自 %s 起登记为 %s，%s", r.Site, day(r.From), r.Kind, division.Name(r.Division))
		x.EN = fmt.Sprintf("site %s is registered as %s in %s from %s", r.Site, r.Kind, division.Name(r.Division), day(r.From))
		return c.here(r.Site, r.Division) || ((n == 36 || n == 38) && c.near(r.Site))
	case indicator.Member:
		x.ZH = fmt.Sprintf("场所 %s 自 %s 起纳入收集处置体系（%s %s）", r.Site, day(r.From), r.Basis, r.Number)
		x.EN = fmt.Sprintf("site %s is in the system from %s (%s %s)", r.Site, day(r.From), r.Basis, r.Number)
		return (n == 36 || n == 38) && (c.here(r.Site, "") || c.near(r.Site))
	case indicator.Licence:
		x.ZH = fmt.Sprintf("单位 %s 的许可 %s 自 %s 起", r.Party, r.Number, day(r.From))
		x.EN = fmt.Sprintf("licence %s of %s from %s", r.Number, r.Party, day(r.From))
		return n == 36 || n == 37 || n == 38
	case indicator.Base:
		x.Kind = BaseEntered
		x.ZH = fmt.Sprintf("%s %d 年基数 %s：%d", division.Name(r.Division), r.Year, r.Figure, r.Amount)
		x.EN = fmt.Sprintf("base figure %s of %s for %d: %d", r.Figure, division.Name(r.Division), r.Year, r.Amount)
		return (n == 35 && r.Figure == "landfilled") || (n == 2 && r.Figure == "value_added")
	case indicator.ChoiceMade:
		x.Kind = ChoiceMade
		x.ZH = fmt.Sprintf("口径选项 %s 改为 %s", r.Key, r.Value)
		x.EN = fmt.Sprintf("the choice %s was answered anew: %s", r.Key, r.Value)
		return r.Indicator == n
	case indicator.Sheet:
		x.ZH, x.EN = fmt.Sprintf("检查表 %s %s", r.Name, r.Version), fmt.Sprintf("inspection sheet %s %s", r.Name, r.Version)
		return n == 59
	}
	return false
}

// list puts the causes in a fixed order with their words.
func (c *changing) list() (out []Cause) {
	for _, k := range []struct {
		kind   CauseKind
		zh, en string
	}{
		{LateUpload, "期满后上传的事件 %d 条", "%d events of the period that the log took in after its end"},
		{NewlyKnown, "其后收录的本期事件 %d 条", "%d events of the period taken in since"},
		{Corrected, "双方同意的更正 %d 条", "%d agreed corrections"},
		{Inspected, "其后收录的本期检查 %d 次", "%d inspections of the period taken in since"},
	} {
		if x := c.by[k.kind]; x != nil {
			x.ZH, x.EN = fmt.Sprintf(k.zh, x.Count), fmt.Sprintf(k.en, x.Count)
			out = append(out, *x)
		}
	}
	out = append(out, c.facts...)
	if c.further > 0 {
		out = append(out, Cause{Kind: FurtherOnes, Count: c.further, ZH: fmt.Sprintf("另有登记变更 %d 条", c.further), EN: fmt.Sprintf("%d further facts of the register", c.further)})
	}
	return out
}
