package manifest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/party"
)

func uuid(kind byte, n int) id.UUID { return id.V7(1_772_000_000_000, [10]byte{8: kind, 9: byte(n)}) }

var (
	consignor, carrier, consignee = id.PartyOf(uuid('p', 1)), id.PartyOf(uuid('p', 2)), id.PartyOf(uuid('p', 3))
	ward, gate                    = id.SiteOf(uuid('s', 1)), id.SiteOf(uuid('s', 3))
	bagA, bagB, bagC              = id.BatchOf(uuid('b', 1)), id.BatchOf(uuid('b', 2)), id.BatchOf(uuid('b', 3))
	sheet                         = id.ManifestOf(uuid('m', 1))
	trip                          = id.TripOf(uuid('t', 1))
	day                           = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
)

// issue makes a manifest with two lines, as their batches' states follow.
func issue() (manifest.State, event.Event) {
	e := event.Event{ID: id.EventOf(uuid('e', 1)), Type: event.ManifestIssued, At: day, Party: consignor, Site: ward, Manifest: sheet,
		Batches: []event.Batch{{ID: bagA, Grams: 5000, Packages: 2, Weighed: true}, {ID: bagB, Grams: 700, Packages: 1, Weighed: true}},
		Data:    event.Issued{Profile: "medical", Carrier: carrier, Consignee: consignee, ConsigneeSite: gate, Method: "D10", Number: "20261306000123"}}
	after := []batch.State{{ID: bagA, Code: "841-001-01", Stage: batch.Issued}, {ID: bagB, Code: "841-002-01", Stage: batch.Issued}}
	return manifest.State{}.Apply(e, after, 7), e
}

// on makes a later event for some lines and the states that follow it.
func on(n int, t event.Type, p id.Party, d event.Data, stage batch.Stage, lines ...event.Batch) (event.Event, []batch.State) {
	e := event.Event{ID: id.EventOf(uuid('e', n)), Type: t, At: day.Add(time.Duration(n) * time.Hour), Party: p, Manifest: sheet, Batches: lines, Data: d}
	var after []batch.State
	for _, l := range lines {
		after = append(after, batch.State{ID: l.ID, Stage: stage})
	}
	return e, after
}

func TestLinesFollowTheirBatches(t *testing.T) {
	s, _ := issue()
	want := manifest.State{ID: sheet, Stage: batch.Issued, Profile: "medical", Number: "20261306000123", Consignor: consignor, ConsignorSite: ward,
		Carrier: carrier, Consignee: consignee, ConsigneeSite: gate, Method: "D10", IssuedAt: day.UnixMilli(), Events: []id.Event{id.EventOf(uuid('e', 1))}, Seq: 7,
		Lines: []manifest.Line{{Batch: bagA, Code: "841-001-01", Stage: batch.Issued, Packages: 2, Issued: 5000}, {Batch: bagB, Code: "841-002-01", Stage: batch.Issued, Packages: 1, Issued: 700}}}
	same(t, "issued", s, want)

	apply := func(n int, typ event.Type, p id.Party, d event.Data, stage batch.Stage, lines ...event.Batch) {
		e, after := on(n, typ, p, d, stage, lines...)
		if typ == event.TransportCollected {
			e.Trip = trip
		}
		before, _ := json.Marshal(s)
		next := s.Apply(e, after, int64(7+n))
		if unchanged, _ := json.Marshal(s); string(unchanged) != string(before) {
			t.Errorf("%s changed the state before it", typ)
		}
		s = next
		want.Events, want.Seq = append(want.Events, e.ID), int64(7+n)
	}
	at := func(n int) int64 { return day.Add(time.Duration(n) * time.Hour).UnixMilli() }

	apply(2, event.TransportCollected, carrier, event.Collected{Vehicle: "冀F00001", Permit: "P-1"}, batch.InTransit, event.Batch{ID: bagA, Grams: 4900, Weighed: true})
	want.Vehicle, want.Permit, want.Trip, want.CollectedAt = "冀F00001", "P-1", trip, at(2)
	want.Lines[0].Stage, want.Lines[0].Collected = batch.InTransit, 4900
	same(t, "one line collected", s, want) // the other is still waiting, and so is the manifest

	apply(3, event.TransportCollected, carrier, event.Collected{Vehicle: "冀F00001", Permit: "P-1"}, batch.InTransit, event.Batch{ID: bagB, Grams: 700, Weighed: true})
	want.CollectedAt, want.Stage = at(3), batch.InTransit
	want.Lines[1].Stage, want.Lines[1].Collected = batch.InTransit, 700
	same(t, "both collected", s, want)

	apply(4, event.TransportDelivered, carrier, event.Delivered{Vehicle: "冀F00001"}, batch.Delivered, event.Batch{ID: bagA}, event.Batch{ID: bagB})
	want.DeliveredAt, want.Stage = at(4), batch.Delivered
	want.Lines[0].Stage, want.Lines[1].Stage = batch.Delivered, batch.Delivered
	same(t, "delivered", s, want)

	apply(5, event.ManifestAccepted, consignee, event.Accepted{Measured: event.OnScale}, batch.Accepted,
		event.Batch{ID: bagA, Grams: 4000, Weighed: true, Verdict: event.Part, RefusedGrams: 900, Reason: "破损"}, event.Batch{ID: bagB, Grams: 700, Weighed: true, Verdict: event.Whole})
	want.AcceptedAt, want.Stage = at(5), batch.Accepted
	want.Lines[0].Stage, want.Lines[0].Accepted, want.Lines[0].Refused, want.Lines[0].Verdict, want.Lines[0].Reason = batch.Accepted, 4000, 900, event.Part, "破损"
	want.Lines[1].Stage, want.Lines[1].Accepted, want.Lines[1].Verdict = batch.Accepted, 700, event.Whole
	same(t, "accepted in part", s, want)

	apply(6, event.BatchTreated, consignee, event.Treated{Method: "D10"}, batch.Accepted, event.Batch{ID: bagA, Grams: 1000, Weighed: true})
	want.Lines[0].Treated = 1000
	apply(7, event.BatchTreated, consignee, event.Treated{Method: "D10"}, batch.Treated, event.Batch{ID: bagA, Grams: 3000, Weighed: true})
	want.Lines[0].Treated, want.Lines[0].Stage = 4000, batch.Treated
	same(t, "one treated in two parts", s, want)

	apply(8, event.BatchTreated, consignee, event.Treated{Method: "D10"}, batch.Treated, event.Batch{ID: bagB, Grams: 700, Weighed: true})
	want.Lines[1].Treated, want.Lines[1].Stage, want.Stage = 700, batch.Treated, batch.Treated
	apply(9, event.OutcomeReported, consignee, event.Outcome{Result: "焚烧完成"}, batch.Reported, event.Batch{ID: bagA}, event.Batch{ID: bagB})
	want.Lines[0].Stage, want.Lines[1].Stage, want.Stage, want.ReportedAt = batch.Reported, batch.Reported, batch.Reported, at(9)
	same(t, "closed", s, want)
}

func same(t *testing.T, when string, got, want manifest.State) {
	t.Helper()
	a, errA := json.Marshal(got)
	b, errB := json.Marshal(want)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("%s: %v %v\n got %s\nwant %s", when, errA, errB, a, b)
	}
	var read manifest.State
	if err := json.Unmarshal(a, &read); err != nil {
		t.Errorf("%s is not read back: %v", when, err)
	}
	if c, _ := json.Marshal(read); string(c) != string(a) {
		t.Errorf("%s is stored as\n%s and read as\n%s", when, a, c)
	}
}

func TestNextAndMissing(t *testing.T) {
	for _, c := range []struct {
		stage   batch.Stage
		next    event.Type
		who     id.Party
		role    party.Role
		missing string
	}{
		{"", "", id.Party{}, "", "manifest.issued transport.collected transport.delivered manifest.accepted batch.treated outcome.reported"},
		{batch.Issued, event.TransportCollected, carrier, party.Carrier, "transport.collected transport.delivered manifest.accepted batch.treated outcome.reported"},
		{batch.InTransit, event.TransportDelivered, carrier, party.Carrier, "transport.delivered manifest.accepted batch.treated outcome.reported"},
		{batch.Delivered, event.ManifestAccepted, consignee, party.Operator, "manifest.accepted batch.treated outcome.reported"},
		{batch.Accepted, event.BatchTreated, consignee, party.Operator, "batch.treated outcome.reported"},
		{batch.Treated, event.OutcomeReported, consignee, party.Operator, "outcome.reported"},
		{batch.Reported, "", id.Party{}, "", ""},
	} {
		s, _ := issue()
		s.Stage = c.stage
		next := s.Next()
		if c.next == "" && len(next) != 0 {
			t.Errorf("%q: next %v", c.stage, next)
		}
		if c.next != "" && (len(next) != 1 || next[0].Type != c.next || next[0].Party != c.who || next[0].Role != c.role) {
			t.Errorf("%q: next %v", c.stage, next)
		}
		var missing []string
		for _, m := range s.Missing() {
			missing = append(missing, string(m))
		}
		if got := strings.Join(missing, " "); got != c.missing {
			t.Errorf("%q: missing %q, want %q", c.stage, got, c.missing)
		}
	}
}

func TestCheck(t *testing.T) {
	s, issued := issue()
	collected, _ := on(2, event.TransportCollected, carrier, event.Collected{Vehicle: "x"}, batch.InTransit, event.Batch{ID: bagA}, event.Batch{ID: bagB})
	stray, _ := on(2, event.TransportCollected, carrier, event.Collected{Vehicle: "x"}, batch.InTransit, event.Batch{ID: bagA}, event.Batch{ID: bagC})
	for _, c := range []struct {
		name  string
		state manifest.State
		event event.Event
		want  fault.Kind
		fact  string
	}{
		{"first issue", manifest.State{}, issued, "", ""},
		{"issued twice", s, issued, fault.WrongStage, "issued"},
		{"its lines", s, collected, "", ""},
		{"one of its lines", s, func() event.Event { e := collected; e.Batches = e.Batches[1:]; return e }(), "", ""},
		{"a batch that is not on it", s, stray, fault.WrongStage, "issued"},
		{"before its issue", manifest.State{}, collected, fault.WrongStage, "unknown"},
	} {
		f := fault.As(c.state.Check(c.event))
		if c.want == "" {
			if f != nil {
				t.Errorf("%s: %v", c.name, f)
			}
			continue
		}
		if f == nil || f.Kind != c.want || f.Facts["stage"] != c.fact || f.Facts["manifest"] != sheet.String() {
			t.Errorf("%s: %+v", c.name, f)
			continue
		}
		if c.fact == "unknown" {
			steps, ok := f.Facts["allowed"].([]batch.Step)
			if !ok || !slices.ContainsFunc(steps, func(s batch.Step) bool { return s.Type == event.ManifestIssued }) {
				t.Errorf("%s does not say what is allowed: %v", c.name, f.Facts)
			}
		}
	}
	if f := fault.As(s.Check(stray)); f == nil || f.Facts["batch"] != bagC.String() {
		t.Errorf("the stray batch is not named: %v", f)
	}
}
