package web

import (
	"context"
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
