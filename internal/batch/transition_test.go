package batch_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

// The transitions of design section 4, written out: a row for each stage, a column for
// each type in the order of event.Types, x where the type may come next.
//
//	use gen pac rel rec sto iss can col han del acc ref ret tre out
const allowed = `
unknown     . x . . . . . . . . . . . . . .
generated   . . x x . x x . . . . . . . x .
released    . . . . x . . . . . . . . . . .
received    . . x x . x x . . . . . . . x .
stored      . . x x . x x . . . . . . . x .
issued      . . . . . . . x x . . . . . . .
in_transit  . . . . . . . . . x x . . . . .
handed_over . . . . . . . . x x . . . . . .
at_point    . . . . . x . . . x . . . . . .
delivered   . . . . . . . . . . . x x . . .
accepted    . . x x . x x . . . . . . . x .
refused     . . . . . . . . . . . . . x . .
returned    . . . . x . . . . . . . . . . .
treated     . . . . . . . . . . . . . . . x
reported    . . . . . . . . . . . . . . . .
repacked    . . . . . . . . . . . . . . . .
`

// table reads allowed.
func table(t *testing.T) map[batch.Stage]map[event.Type]bool {
	t.Helper()
	out := map[batch.Stage]map[event.Type]bool{}
	for _, line := range strings.Split(strings.TrimSpace(allowed), "\n") {
		cells := strings.Fields(line)
		stage := batch.Stage(cells[0])
		if stage == "unknown" {
			stage = batch.None
		}
		out[stage] = map[event.Type]bool{}
		for i, typ := range event.Types()[:len(cells)-1] { // a ruling names no batch
			out[stage][typ] = cells[i+1] == "x"
		}
	}
	if len(out) != len(stages) {
		t.Fatalf("%d rows for %d stages", len(out), len(stages))
	}
	return out
}

// check runs Check and makes sure that asking changes nothing.
func check(t *testing.T, s batch.State, e event.Event) error {
	t.Helper()
	before, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	b := event.Batch{ID: bag}
	if len(e.Batches) > 0 {
		b = e.Batches[0]
	}
	answer := s.Check(e, b)
	if after, _ := json.Marshal(s); string(after) != string(before) {
		t.Errorf("Check changed the state: %s", after)
	}
	return answer
}

func TestEveryTransition(t *testing.T) {
	for stage, row := range table(t) {
		s := walk(t, paths[stage]...)
		if s.Stage != stage {
			t.Fatalf("the path to %q ends at %q", stage, s.Stage)
		}
		for typ, may := range row {
			e := build(200, typ, s)
			err := check(t, s, e)
			if may && err != nil {
				t.Errorf("%s after %q: %v", typ, stage, err)
			}
			if may {
				continue
			}
			f := fault.As(err)
			if f == nil || f.Kind != fault.WrongStage {
				t.Errorf("%s after %q: %v, want wrong-stage", typ, stage, err)
				continue
			}
			wantStage := string(stage)
			if stage == batch.None {
				wantStage = "unknown"
			}
			named := f.Facts["batch"] == bag.String() || typ == event.UseRecorded // which names no batch
			if f.Facts["stage"] != wantStage || !named {
				t.Errorf("%s after %q: facts %v", typ, stage, f.Facts)
			}
			if next, ok := f.Facts["allowed"].([]batch.Step); !ok || len(next) != len(s.Next()) {
				t.Errorf("%s after %q does not say what would be allowed: %v", typ, stage, f.Facts)
			}
			if stage != batch.None && (f.Facts["head"] != s.Head.String() || f.Facts["entries"] != s.N) {
				t.Errorf("%s after %q does not name the head: %v", typ, stage, f.Facts)
			}
		}
	}
}

// answers are the types that take something over and must name what they answer.
var answers = map[event.Type]bool{event.ManifestCancelled: true, event.TransportHandedOver: true, event.ManifestRefused: true,
	event.TransportReturned: true, event.BatchReceived: true, event.TransportCollected: true, event.TransportDelivered: true,
	event.ManifestAccepted: true, event.OutcomeReported: true}

// onManifest are the types that must name the batch's own manifest.
var onManifest = map[event.Type]bool{event.ManifestCancelled: true, event.TransportHandedOver: true, event.ManifestRefused: true,
	event.TransportReturned: true, event.TransportCollected: true, event.TransportDelivered: true, event.ManifestAccepted: true, event.OutcomeReported: true}

func TestWhoMaySignAndWhatItMustName(t *testing.T) {
	for stage, row := range table(t) {
		s := walk(t, paths[stage]...)
		for typ, may := range row {
			if !may {
				continue
			}
			sound := build(200, typ, s)
			for _, p := range []id.Party{generator, carrier, second, point, plant, stranger} {
				e := sound
				e.Party = p
				want := fault.NotCustodian
				if p == sound.Party || typ == event.BatchGenerated {
					want = "" // anybody may generate; the registry knows the roles
				}
				if got := fault.Of(check(t, s, e)); got != want {
					t.Errorf("%s after %q by %s: %q, want %q", typ, stage, p, got, want)
				}
			}
			for name, refs := range map[string][]id.Event{"none": nil, "another": {id.EventOf(uuid('e', 251))}, "itself": {sound.ID},
				"right among others": append([]id.Event{id.EventOf(uuid('e', 251))}, sound.Refs...)} {
				e := sound
				e.Refs = refs
				want := fault.Kind("")
				if answers[typ] && name != "right among others" {
					want = fault.WrongStage
				}
				if got := fault.Of(check(t, s, e)); got != want {
					t.Errorf("%s after %q with refs %s: %q, want %q", typ, stage, name, got, want)
				}
			}
			if onManifest[typ] {
				for _, m := range []id.Manifest{otherSheet, {}} {
					e := sound
					e.Manifest = m
					if got := fault.Of(check(t, s, e)); got != fault.WrongStage {
						t.Errorf("%s after %q on manifest %q: %q", typ, stage, m, got)
					}
				}
			}
			e := sound
			e.Site = elsewhere
			want := fault.Kind("")
			if typ == event.ManifestAccepted || typ == event.ManifestRefused || typ == event.BatchRepacked {
				want = fault.NotCustodian // the manifest names the site; batches are packed over where they are
			}
			if got := fault.Of(check(t, s, e)); got != want {
				t.Errorf("%s after %q at another site: %q, want %q", typ, stage, got, want)
			}
		}
	}
}

func TestNobodyTreatsMoreThanThereIs(t *testing.T) {
	for _, stage := range []batch.Stage{batch.Generated, batch.Received, batch.Stored, batch.Accepted} {
		s := walk(t, paths[stage]...)
		e := build(200, event.BatchTreated, s)
		e.Batches[0].Grams = s.Grams + 1
		if got := fault.Of(check(t, s, e)); got != fault.WrongStage {
			t.Errorf("%q: one gram too many: %q", stage, got)
		}
		e.Batches[0].Grams = s.Grams
		if err := check(t, s, e); err != nil {
			t.Errorf("%q: all of it: %v", stage, err)
		}
	}
}

func TestNextAndMissing(t *testing.T) {
	const whole = "manifest.issued transport.collected transport.delivered manifest.accepted batch.treated outcome.reported"
	last := func(n int) string { f := strings.Fields(whole); return strings.Join(f[len(f)-n:], " ") }
	for _, c := range []struct {
		stage   batch.Stage
		next    string
		who     id.Party
		role    party.Role // of the first step
		missing string
	}{
		{batch.None, "batch.generated", id.Party{}, party.Generator, "batch.generated " + whole},
		{batch.Generated, "manifest.issued batch.released batch.stored batch.repacked", generator, "", whole},
		{batch.Released, "batch.received", generator, "", "batch.received " + whole},
		{batch.Received, "batch.stored manifest.issued batch.released batch.repacked", generator, "", whole},
		{batch.Stored, "manifest.issued batch.released batch.stored batch.repacked", generator, "", whole},
		{batch.Issued, "transport.collected manifest.cancelled", carrier, party.Carrier, last(5)},
		{batch.InTransit, "transport.delivered transport.handed_over", carrier, party.Carrier, last(4)},
		{batch.HandedOver, "transport.collected transport.handed_over", second, party.Carrier, last(5)},
		{batch.AtPoint, "transport.handed_over batch.stored", point, "", "transport.handed_over " + last(5)},
		{batch.Delivered, "manifest.accepted manifest.refused", plant, party.Operator, last(3)},
		{batch.Accepted, "batch.treated manifest.issued batch.stored batch.released batch.repacked", plant, party.Operator, last(2)},
		{batch.Refused, "transport.returned", carrier, party.Carrier, "transport.returned batch.received " + whole},
		{batch.Returned, "batch.received", generator, "", "batch.received " + whole},
		{batch.Repacked, "", id.Party{}, "", ""},
		{batch.Treated, "outcome.reported", plant, party.Operator, last(1)},
		{batch.Reported, "", id.Party{}, "", ""},
	} {
		s := walk(t, paths[c.stage]...)
		var types []string
		for i, n := range s.Next() {
			types = append(types, string(n.Type))
			who := c.who
			if (c.stage == batch.Issued || c.stage == batch.HandedOver) && i == 1 {
				who = s.Custodian // may take it back, or name somebody else
			}
			if n.Party != who || (i == 0 && n.Role != c.role) {
				t.Errorf("%q: next %s is for %q as %q, want %q as %q", c.stage, n.Type, n.Party, n.Role, c.who, c.role)
			}
			if answers[n.Type] != !n.Refs.IsZero() || (answers[n.Type] && n.Refs != s.Answer) {
				t.Errorf("%q: next %s answers %q, the state awaits %q", c.stage, n.Type, n.Refs, s.Answer)
			}
		}
		if got := strings.Join(types, " "); got != c.next {
			t.Errorf("%q: next %q, want %q", c.stage, got, c.next)
		}
		var missing []string
		for _, m := range s.Missing() {
			missing = append(missing, string(m))
		}
		if got := strings.Join(missing, " "); got != c.missing {
			t.Errorf("%q: missing %q, want %q", c.stage, got, c.missing)
		}
		if s.Closed() != (c.missing == "") {
			t.Errorf("%q: closed %v", c.stage, s.Closed())
		}
	}
}

// Next never promises what Check refuses, nor keeps back what it allows, the treatment
// where the waste arose aside: that is allowed, but not what is expected.
func TestNextIsWhatCheckAllows(t *testing.T) {
	for stage, row := range table(t) {
		s := walk(t, paths[stage]...)
		var next []event.Type
		for _, n := range s.Next() {
			next = append(next, n.Type)
			e := build(200, n.Type, s)
			if !n.Party.IsZero() {
				e.Party = n.Party
			}
			if err := check(t, s, e); err != nil {
				t.Errorf("%q promises %s: %v", stage, n.Type, err)
			}
		}
		for typ, may := range row {
			own := typ == event.BatchTreated && slices.Contains([]batch.Stage{batch.Generated, batch.Received, batch.Stored}, stage)
			if may && !own && !slices.Contains(next, typ) {
				t.Errorf("%q allows %s but does not say so", stage, typ)
			}
		}
	}
}
