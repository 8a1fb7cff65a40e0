package audit_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"liandan/internal/audit"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/report"
	"liandan/internal/sampling"
	"liandan/internal/statement"
)

// keepReport keeps a report of the log's present head, whatever it says.
func (p *place) keepReport(t *testing.T, n byte) {
	t.Helper()
	head := p.check(audit.Options{}).Head
	period, err := indicator.ParsePeriod("2026-03")
	if err != nil {
		t.Fatal(err)
	}
	d := report.Document{Period: period.Name, Grain: string(period.Grain), District: "130602", Size: head.Size, Root: head.Root, Definitions: id.Hash{n}}
	body := d.JSON()
	k := report.Kept{ID: id.ReportOf(id.V7(p.Now().UnixMilli(), [10]byte{n})), Period: period, District: d.District, Definitions: d.Definitions, Size: d.Size, Root: d.Root,
		MadeAt: p.Now(), By: "account:SAMPLE", Hash: sha256.Sum256(body)}
	act, err := statement.Act{At: k.MadeAt, Actor: k.By, Operation: report.Act, Subject: k.ID.String() + " " + k.Hash.String()}.Statement()
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := p.store.KeepReport(ctx, k, body, act); err != nil || !kept {
		t.Fatalf("kept %v: %v", kept, err)
	}
}

// Kept reports and the lists of random inspections are held against the log and their hashes.
func TestKeptReportsAndListsAreChecked(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		p.keepReport(t, 1)
		p.sound("before the log has heard of it")
		p.send(p.Generate(1000))
		p.keepReport(t, 2)
		l, err := sampling.NewList([]id.Site{p.Hospital.Site}, []id.Person{p.Hospital.Person})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.audit.KeepList(ctx, l); err != nil {
			t.Fatal(err)
		}
		p.sound("with two reports and a list")
		const first = " WHERE id = (SELECT id FROM reports ORDER BY id LIMIT 1)"
		for name, q := range map[string][2]string{
			"a period":                 {"UPDATE reports SET period = '2026-04'" + first, "UPDATE reports SET period = '2026-03'" + first},
			"a grain":                  {"UPDATE reports SET grain = 'week'" + first, "UPDATE reports SET grain = 'month'" + first},
			"a district":               {"UPDATE reports SET district = ''" + first, "UPDATE reports SET district = '130602'" + first},
			"a size":                   {"UPDATE reports SET size = size + 1" + first, "UPDATE reports SET size = size - 1" + first},
			"what it is compared with": {"UPDATE reports SET since = 9" + first, "UPDATE reports SET since = 0" + first},
		} {
			p.exec(q[0])
			p.damaged(t, name, audit.AreaReport)
			p.exec(q[1])
			p.sound(name + " undone")
		}
		p.exec("UPDATE reports SET hash = root" + first)
		p.damaged(t, "a hash", audit.AreaReport)
		p.exec("UPDATE reports SET body = root" + first)
		p.damaged(t, "a document", audit.AreaReport)
		p.exec("DELETE FROM reports" + first)
		p.damaged(t, "a report taken away", audit.AreaReport)
		p.exec("DELETE FROM reports")
		p.damaged(t, "all of them", audit.AreaReport)
	})
	onBoth(t, func(t *testing.T, p *place) {
		l, err := sampling.NewList([]id.Site{p.Hospital.Site}, []id.Person{p.Hospital.Person})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.audit.KeepList(ctx, l); err != nil {
			t.Fatal(err)
		}
		p.sound("with a list")
		p.exec("UPDATE sample_lists SET body = hash")
		p.damaged(t, "a list", audit.AreaSample)
	})
}

func (p *place) damaged(t *testing.T, what string, area audit.Area) {
	t.Helper()
	if first, ok := p.check(audit.Options{}).First(); !ok || first.Area != area {
		t.Errorf("%s: %s", what, fmt.Sprint(p.check(audit.Options{}).Named))
	}
}
