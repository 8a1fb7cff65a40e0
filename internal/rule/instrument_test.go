package rule

import (
	"strings"
	"testing"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/waste"
)

func rules(fs []Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, string(f.Rule)+"="+string(f.Severity))
	}
	return strings.Join(out, " ")
}

// A slip is weaker evidence always, and late after ten working days by the log's clock:
// accepted Friday 2026-02-13, so through the Spring Festival until Thursday 03-05.
func TestPaperIsWeakerAndMayBeLate(t *testing.T) {
	zone := time.FixedZone("", 8*3600)
	signed := time.Date(2026, 2, 13, 12, 0, 0, 0, zone)
	step := func(recorded time.Time, by event.PaperRole) Step {
		s := sound()
		d := event.Backfilled{Consignor: hospital, Carrier: haulier, Consignee: plant, Signed: []event.Signature{{Role: event.ByConsignor, At: signed}, {Role: event.ByCarrier, At: signed}}}
		s.Event.Type, s.Event.Data, s.Event.Party, s.Event.At, s.RecordedAt = event.PaperBackfilled, d, hospital, recorded, recorded
		if by == event.ByConsignee {
			s.Event.Party = plant
		}
		return s
	}
	last := time.Date(2026, 3, 5, 23, 59, 0, 0, zone)
	if got := rules(defaultBook(t).Examine(step(last, event.ByConsignor))); got != "paper-evidence=remark" {
		t.Error(got)
	}
	late := defaultBook(t).Examine(step(last.Add(time.Minute), event.ByConsignor))
	if rules(late) != "paper-evidence=remark paper-late=finding" || late[1].Owner != (Owner{hospital, Consignor}) || !strings.Contains(late[1].EN, "2026-03-05") || !strings.Contains(late[1].EN, "art. 20") {
		t.Errorf("%+v", late)
	}
	if got := defaultBook(t).Examine(step(last.Add(time.Minute), event.ByConsignee)); got[1].Owner != (Owner{plant, Consignee}) {
		t.Errorf("%+v", got)
	}
}

// An incident is serious; medical waste that leaks must be told to the county, with the
// article that says so.
func TestIncidents(t *testing.T) {
	step := func(kind event.IncidentKind, code waste.Code, told string) Step {
		s := sound()
		s.Before = batch.State{Stage: batch.InTransit, Code: code, Custodian: haulier}
		s.Event.Type, s.Event.Data = event.IncidentReported, event.Incident{Kind: kind, Place: "样例", Measures: "样例", ReportedTo: told}
		s.Batch.Grams = 500
		return s
	}
	for _, c := range []struct {
		kind event.IncidentKind
		code waste.Code
		told string
		want string
	}{
		{event.Spill, "900-249-08", "样例县", "incident=serious"},
		{event.Spill, "900-249-08", "", "incident=serious incident-untold=finding"},
		{event.Leak, "841-001-01", "样例县", "incident=serious medical-leak=serious"},
		{event.Found, "841-001-01", "样例县", "incident=serious"},
	} {
		got := defaultBook(t).Examine(step(c.kind, c.code, c.told))
		if rules(got) != c.want || got[0].Grams != 500 {
			t.Errorf("%+v: %s", c, rules(got))
		}
	}
	if got := defaultBook(t).Examine(step(event.Leak, "841-001-01", "x")); !strings.Contains(got[1].ZH, "art. 13") {
		t.Errorf("%+v", got[1])
	}
}

// The meters of a pipeline may differ by what two meters differ by.
func TestMeters(t *testing.T) {
	for far, want := range map[waste.Grams]Severity{980_000: Remark, 979_999: Open, 1_020_001: Open} {
		s := sound()
		s.Before = batch.State{Stage: batch.Delivered, Code: "900-404-06", Profile: batch.Pipeline, Custodian: hospital, Consignor: hospital, Measured: event.OnScale}
		s.Event.Type, s.Event.Data = event.MeterRecorded, event.Metered{Meter: "M-2"}
		s.Grams, s.Batch.Grams = 1_000_000, far
		if f := one(t, s); f.Rule != MetersDiffer || f.Severity != want || f.Owner != (Owner{hospital, Consignor}) {
			t.Errorf("%d: %+v", far, f)
		}
	}
}

func TestInstrumentsAreDated(t *testing.T) {
	for _, x := range instruments {
		if x.Version == "" || x.Source == "" || x.Certainty == "" || x.ValidFrom.IsZero() {
			t.Errorf("%+v", x)
		}
	}
	if _, ok := instrumentAt(PaperLate, time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)); ok {
		t.Error("Order 23 was not in force in 2021")
	}
}
