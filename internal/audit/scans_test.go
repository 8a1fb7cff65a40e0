package audit_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// TestScansAreKeptAsSigned: only the very file, once, for good; and what somebody does to it past
// the database's refusals, the check names.
func TestScansAreKeptAsSigned(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := empty(t, kind)
			bag := p.Generate(1_000)
			p.send(bag)
			p.Advance(time.Hour)
			file := []byte("\x89PNG\r\n\x1a\nSAMPLE")
			d := event.Backfilled{Scan: sha256.Sum256(file), Reason: "SAMPLE", Profile: "medical", Consignor: p.Hospital.Party, ConsignorSite: p.Hospital.Site, Carrier: p.Carrier.Party, CarrierSite: p.Carrier.Site,
				Consignee: p.Plant.Party, ConsigneeSite: p.Plant.Site, Vehicle: "冀F00001",
				Signed: []event.Signature{{Role: event.ByConsignor, At: p.Now().Add(-time.Minute)}, {Role: event.ByCarrier, At: p.Now().Add(-time.Second)}}}
			slip := p.Sign(p.Hospital, event.PaperBackfilled, d, func(e *event.Event) {
				e.Manifest, e.Batches = id.ManifestOf(p.UUID()), []event.Batch{{ID: bag.Event.Batches[0].ID, Grams: 1_000, Weighed: true}}
			})
			p.send(slip)
			m := slip.Event.Manifest
			for what, c := range map[string]struct {
				m    id.Manifest
				as   string
				body string
				want fault.Kind
			}{
				"another file":  {m, "image/png", string(file) + " ", fault.InvalidRequest},
				"another type":  {m, "image/jpeg", string(file), fault.InvalidRequest},
				"no such paper": {id.ManifestOf(p.UUID()), "image/png", string(file), fault.NotFound},
			} {
				if _, err := p.audit.AddScan(ctx, c.m, c.as, []byte(c.body)); fault.Of(err) != c.want {
					t.Errorf("%s: %v, want %s", what, err, c.want)
				}
			}
			if _, err := p.audit.ScanOf(ctx, m); fault.Of(err) != fault.NotFound {
				t.Errorf("before anybody brought it: %v", err)
			}
			for _, known := range []bool{false, true} {
				if got, err := p.audit.AddScan(ctx, m, "image/png", file); err != nil || got != known {
					t.Errorf("brought: known %v, %v", got, err)
				}
			}
			if s, err := p.audit.ScanOf(ctx, m); err != nil || string(s.Body) != string(file) || s.Type != audit.PNG {
				t.Errorf("it comes back as %+v, %v", s, err)
			}
			if r, err := p.audit.Check(ctx, audit.Options{}); err != nil || !r.Sound() {
				t.Fatalf("%+v %v", r, err)
			}
			plain := openSQL(t, map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[kind], p.address)
			for _, q := range []string{`UPDATE scans SET type = 'application/pdf'`, `DELETE FROM scans`} {
				if _, err := plain.Exec(q); err == nil || !strings.Contains(err.Error(), "append-only") {
					t.Errorf("%s: %v", q, err)
				}
			}
			p.disarm()
			p.exec(`UPDATE scans SET type = 'application/pdf'`)
			if r, err := p.audit.Check(ctx, audit.Options{}); err != nil || r.Damages != 1 || r.Named[0].Area != audit.AreaScan {
				t.Errorf("after it was changed: %+v %v", r, err)
			}
		})
	}
}
