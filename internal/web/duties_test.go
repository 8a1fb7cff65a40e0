package web

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/duty"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
	"liandan/internal/worklist"
)

// due gives one late manifest and one bag that waits; every text is hostile.
type due struct {
	chains
	work []audit.Filter
	tabs []audit.Tab
	now  time.Time
}

func (d *due) Counts(_ context.Context, f audit.Filter, _ time.Time) (map[audit.Tab]audit.Count, error) {
	return map[audit.Tab]audit.Count{audit.Waiting: {N: 1}, audit.Overdue: {N: 2}}, nil
}

func (d *due) Work(_ context.Context, t audit.Tab, f audit.Filter, _ time.Time, cursor string, _ int) (audit.Page, error) {
	d.work, d.tabs = append(d.work, f), append(d.tabs, t)
	switch {
	case t == audit.Overdue && f.Kind == worklist.Manifest:
		late := duty.Duty{Rule: duty.Edition{ZH: "确认接收", EN: "confirm receipt"}, Due: calendar.Deadline{At: d.now.Add(-time.Hour), Rule: calendar.Rule{Unit: calendar.Hours}}}
		return audit.Page{Items: []audit.Item{{Kind: f.Kind, Manifest: manifest.State{Stage: batch.Delivered, Number: hostileText, Consignee: f.Party}, Duties: []duty.Duty{late}}}}, nil
	case t == audit.Waiting && f.Kind == worklist.Batch:
		return audit.Page{Items: []audit.Item{{Kind: f.Kind, Batch: d.state()}}, Next: "more"}, nil
	}
	return audit.Page{}, nil
}

func (d *due) DutiesAt(_ context.Context, site party.Site, _ time.Time) (audit.SiteDuties, error) {
	plan := duty.Duty{Rule: duty.Edition{ZH: "管理计划备案", EN: "file the plan"}, Period: "2026", Due: calendar.Deadline{At: d.now.Add(240 * time.Hour)}}
	return audit.SiteDuties{Class: duty.Simplified, Years: []audit.YearMade{{Year: 2025, Grams: 12_000_000}}, Duties: []duty.Duty{plan}}, nil
}

// Whoever has many sites is shown them a page at a time, and nothing is counted of the others.
func TestManySitesComeInPages(t *testing.T) {
	w := newWorld(t)
	lines := "credit_code,name,kind,division,built_up\n"
	for i := range atATime + 5 {
		lines += fmt.Sprintf("%s,样例分院%d,hospital,130602,1\n", registrytest.Code(1), i)
	}
	rep, err := w.reg.Import(t.Context(), registry.KindSites, strings.NewReader(lines), false)
	w.must(err)
	if !rep.Applied {
		t.Fatalf("%+v", rep)
	}
	reader := &counted{}
	w.site.Desk.Reader = reader
	b := w.signedIn("admin.one", administrator(1))
	first := b.get("/duties", 200)
	contains(t, first, "/duties?from=50")
	if n := strings.Count(first, `href="/duties/`); n != atATime || reader.sites != 2*atATime {
		t.Errorf("%d sites, counted %d times", n, reader.sites)
	}
	rest := b.get("/duties?from=50", 200)
	lacks(t, rest, "from=")
	if n := strings.Count(rest, `href="/duties/`); n != 6 {
		t.Errorf("%d sites on the second page", n)
	}
	for _, bad := range []string{"-1", "x", "9999999999999999999"} {
		b.get("/duties?from="+bad, 200)
	}
	lacks(t, b.get("/duties?from=1000", 200), `href="/duties/`)
}

// counted counts how often somebody counts.
type counted struct {
	chains
	sites int
}

func (c *counted) Counts(context.Context, audit.Filter, time.Time) (map[audit.Tab]audit.Count, error) {
	c.sites++
	return nil, nil
}

func TestDutiesPage(t *testing.T) {
	w := newWorld(t)
	one, two := must1(w.reg.SitesOf(t.Context(), hospital(1)))(t)[0], must1(w.reg.SitesOf(t.Context(), hospital(2)))(t)[0]
	reader := &due{chains: chains{site: one}, now: w.clock()}
	w.site.Desk.Reader = reader
	nurse := w.signedIn("nurse.one", access.Appointment{Role: access.SiteStaff, Party: hospital(1), Sites: []id.Site{one}, Person: porter(1, "N-1")})
	contains(t, nurse.get("/duties", 200), "一院本部", "管理计划备案") // one site alone is shown at once
	body := nurse.get("/duties/"+one.String(), 200)
	contains(t, body, "一院本部", "确认接收", "已逾期", "was due by", "管理计划备案", "简化管理单位", "12,000.000 kg", "841-001-01", "kind=batch", "cursor=more", "&lt;script&gt;")
	lacks(t, body, hostileText)
	for _, f := range reader.work {
		if f.Party != hospital(1) || f.Site != one {
			t.Errorf("asked for %+v", f)
		}
	}
	// What is another's answers like what is not there.
	if got, want := nurse.get("/duties/"+two.String(), 404), nurse.get("/duties/nonsense", 404); got != want {
		t.Errorf("another's site is told from none:\n%s\n%s", got, want)
	}
	inspector := w.signedIn("inspector.one", access.Appointment{Role: access.CityInspector})
	contains(t, inspector.get("/duties", 200), "任命不在某个场所")
	contains(t, inspector.get("/duties/"+two.String(), 200), "二院")
	w.signedIn("analyst.one", access.Appointment{Role: access.CityAnalyst}).get("/duties/"+one.String(), 403)
}
