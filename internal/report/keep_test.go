package report_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/report"
	"liandan/internal/statement"
)

// shelf keeps in memory, as a store does.
type shelf struct {
	list   []report.Kept
	bodies map[id.Report][]byte
	acts   []string
	began  time.Time

	lists, begins int // how often it was asked
}

func (s *shelf) KeepReport(_ context.Context, k report.Kept, body []byte, act statement.Statement) (bool, error) {
	for _, x := range s.list {
		if k.By == report.BySchedule && x.By == k.By && x.Period.Name == k.Period.Name && x.District == k.District && x.Definitions == k.Definitions {
			return false, nil
		}
	}
	a, err := statement.ParseAct(act.Body)
	s.list, s.bodies[k.ID], s.acts = append([]report.Kept{k}, s.list...), body, append(s.acts, a.Actor+" "+a.Operation+" "+a.Subject)
	return true, err
}

func (s *shelf) Report(_ context.Context, of id.Report) (report.Kept, []byte, bool, error) {
	for _, k := range s.list {
		if k.ID == of {
			return k, s.bodies[of], true, nil
		}
	}
	return report.Kept{}, nil, false, nil
}

func (s *shelf) Reports(_ context.Context, f report.Filter, before id.Report, limit int) (out []report.Kept, err error) {
	s.lists++
	past := before.IsZero()
	for _, k := range s.list {
		if past && (f.Period == "" || f.Period == k.Period.Name) && (f.Grain == "" || f.Grain == k.Period.Grain) && (f.District == nil || *f.District == k.District) && len(out) < limit {
			out = append(out, k)
		}
		past = past || k.ID == before
	}
	return out, nil
}

func (s *shelf) LogBegan(context.Context) (time.Time, error) { s.begins++; return s.began, nil }

// changing is a town whose definitions change, and that counts what it is asked.
type changing struct {
	town
	version *string
	asked   *struct{ figures, definitions int }
}

func (c changing) Figure(ctx context.Context, q report.Question) (report.Answer, error) {
	c.asked.figures++
	a, err := c.town.Figure(ctx, q)
	a.Definition.Version = *c.version
	return a, err
}

func (c changing) InForce(context.Context) ([]indicator.Definition, error) {
	c.asked.definitions++
	return inForce(*c.version), nil
}

func TestReportsByTheCalendar(t *testing.T) {
	day := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	now, version, told := day("2026-03-02T05:00:00+08:00"), "1", 0
	s, asked := &shelf{bodies: map[id.Report][]byte{}}, &struct{ figures, definitions int }{}
	rnd := rand.NewChaCha8([32]byte{1})
	svc := report.New(report.Config{Figures: changing{version: &version, asked: asked}, Shelf: s, Now: func() time.Time { now = now.Add(time.Second); return now }, Random: rnd, Kept: func() { told++ }})
	run := func(want string) {
		t.Helper()
		made := []string{}
		for {
			had := len(s.list)
			n, err := svc.RunDue(t.Context(), 10)
			if err != nil || n != len(s.list)-had || n > 10 {
				t.Fatalf("%d made, %d kept: %v", n, len(s.list)-had, err)
			}
			for _, k := range s.list[:n] {
				if k.District == "" {
					made = append(made, k.Period.Name)
				}
			}
			if n == 0 {
				break
			}
		}
		slices.Sort(made)
		if got := strings.Join(made, " "); got != want {
			t.Errorf("at %s are made %s, want %s", now, got, want)
		}
	}
	run("") // the log has not begun
	s.began = day("2026-02-10T12:00:00+08:00")
	run("2026-02 2026-W07 2026-W08") // week 9 ended an hour too few ago
	if n := len(report.Districts()) + 1; len(s.list) != 3*n || told != 3*n || n < 20 {
		t.Errorf("%d reports of %d scopes, told of %d", len(s.list), n, told)
	}
	now = day("2026-03-02T06:00:00+08:00")
	run("2026-W09")
	run("") // once
	// What a minute costs in which nothing is due: the definitions once, and of the shelf nothing.
	s.lists, s.begins, asked.figures, asked.definitions = 0, 0, 0, 0
	run("")
	if s.lists != 0 || s.begins != 0 || asked.figures != 0 || asked.definitions != 1 {
		t.Errorf("a quiet minute lists %d times, asks %d times when the log began, for %d figures and %d times for the definitions", s.lists, s.begins, asked.figures, asked.definitions)
	}
	now = day("2026-07-01T07:00:00+08:00")
	run("2026-03 2026-04 2026-05 2026-06 2026-H1 2026-Q1 2026-Q2 2026-W19 2026-W20 2026-W21 2026-W22 2026-W23 2026-W24 2026-W25 2026-W26") // a server that stood still
	s.lists, version = 0, "1.1"
	run("2026-06 2026-H1 2026-Q2 2026-W26") // the newest by the new definitions; what was kept stays
	if n := s.lists; n == 0 || n > 2*4*(len(report.Districts())+3) {
		t.Errorf("four periods by new definitions list %d times: the older ones are looked at again", n)
	}
	asked.figures = 0
	run("")
	if asked.figures != 0 {
		t.Errorf("nothing is due, and %d figures are asked for", asked.figures)
	}
	now = day("2027-01-01T06:00:01+08:00")
	run("2026 2026-07 2026-08 2026-09 2026-10 2026-11 2026-12 2026-H2 2026-Q3 2026-Q4 2026-W45 2026-W46 2026-W47 2026-W48 2026-W49 2026-W50 2026-W51 2026-W52")
	for i, k := range s.list {
		if sum := sha256.Sum256(s.bodies[k.ID]); id.Hash(sum) != k.Hash || !slices.Contains(s.acts, fmt.Sprintf("schedule keepReport %s %x", k.ID, sum)) {
			t.Fatalf("report %d is not the one of its hash, or the log does not hear of it", i)
		}
	}
	// The second server makes nothing that the first has; it looks once and remembers.
	second, figures := report.New(svc.Config), asked.figures
	for i, most := range []int{100, 0} {
		s.lists, s.begins = 0, 0
		if n, err := second.RunDue(t.Context(), 100); n != 0 || err != nil {
			t.Errorf("a second server makes %d: %v", n, err)
		}
		if s.lists > most || (i == 0) != (s.lists > 10) || s.begins > 1-i || asked.figures != figures {
			t.Errorf("run %d of a second server lists %d times, asks %d times when the log began and for %d figures", i, s.lists, s.begins, asked.figures-figures)
		}
	}
}

func TestTheNextReportSaysWhatChanged(t *testing.T) {
	s := &shelf{bodies: map[id.Report][]byte{}}
	now := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	svc := report.New(report.Config{Figures: town{}, Shelf: s, Now: func() time.Time { now = now.Add(time.Second); return now }, Random: rand.NewChaCha8([32]byte{2})})
	create := func(o report.Order) (report.Kept, report.Document) {
		t.Helper()
		k, err := svc.Create(t.Context(), o, "account:SAMPLE", "")
		if err != nil {
			t.Fatal(err)
		}
		again, d, err := svc.Read(t.Context(), k.ID)
		if err != nil || again != k {
			t.Fatalf("%v: %+v, %+v", err, again, k)
		}
		return k, d
	}
	if k, d := create(report.Order{Period: period(t, "2026-02"), Size: 500}); k.Since != 0 || d.Last != "" || len(d.Sections[1].Changes)+len(d.Sections[1].Causes) != 0 {
		t.Errorf("the first is compared with %d: %+v", k.Since, d.Sections[1].Changes)
	}
	k, d := create(report.Order{Period: period(t, "2026-03"), Size: 700})
	if c := d.Sections[1].Changes; k.Since != 500 || d.Last != "2026-02" || len(c) != 1 || c[0].Period != "2026-02" || c[0].Before != "52.00" || c[0].After != "72.00" {
		t.Errorf("of February, since %d: %+v", k.Since, c)
	}
	if c := d.Sections[1].Causes; len(c) != 1 || c[0].Kind != "late_upload" || !strings.Contains(c[0].Why, "2026-02 since 500") || len(c[0].Entries) != 2 {
		t.Errorf("because %+v", c)
	}
	if k, d := create(report.Order{Period: period(t, "2026-03"), Size: 900}); k.Since != 700 || d.Last != "2026-03" || d.Sections[1].Changes[0].Period != "2026-03" {
		t.Errorf("of March again: since %d of %s", k.Since, d.Last)
	}
	if k, _ := create(report.Order{Period: period(t, "2026-01"), Size: 900}); k.Since != 0 {
		t.Errorf("one of before is compared with a later one: %d", k.Since)
	}
	if k, _ := create(report.Order{Period: period(t, "2026-03"), District: "130602", Size: 900}); k.Since != 0 {
		t.Errorf("a district is compared with the city: %d", k.Since)
	}
	var page bytes.Buffer
	if err := d.Page(&page); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"原因", "2026-02 since 500", "#500 #501", "满城区 Mancheng 130607", "趋势无图", "没有基数 · no base"} {
		if !strings.Contains(page.String(), word) {
			t.Errorf("the page does not say %s", word)
		}
	}
	if strings.Count(page.String(), "<svg") != 4 {
		t.Errorf("there are %d charts of four indicators that can be computed", strings.Count(page.String(), "<svg"))
	}
	s.bodies[k.ID] = append(s.bodies[k.ID], ' ')
	if _, _, err := svc.Read(t.Context(), k.ID); fault.Of(err) != fault.Damaged {
		t.Errorf("an altered report: %v", err)
	}
	if _, _, err := svc.Read(t.Context(), id.Report{}); fault.Of(err) != fault.NotFound {
		t.Errorf("none: %v", err)
	}
	before := len(s.list)
	if _, err := svc.Create(t.Context(), report.Order{Period: indicator.Period{Grain: indicator.Daily}}, "account:SAMPLE", ""); fault.Of(err) != fault.InvalidRequest || len(s.list) != before {
		t.Errorf("a day's: %v", err)
	}
}
