package profile

import (
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/waste"
)

var day = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// pesticide is a stream that no code knows: packages of pesticides taken back by shops.
const pesticide = `{
      "name": "pesticide-packages", "zh": "农药包装废弃物回收", "en": "pesticide packages", "source": "SAMPLE, made for this test", "certainty": "own",
      "events": ["batch.generated", "manifest.issued", "transport.collected", "transport.delivered", "manifest.accepted"],
      "parts": {"consignor": ["generator"], "carrier": ["carrier"], "consignee": ["collector"]},
      "requires": {"manifest.issued": ["/batches/*/packages", "/data/method"], "transport.collected": ["/data/permit"]},
      "fields": {"transport.collected": {"/data/vehicle": "fixed"}},
      "deadlines": ["receipt"], "codes": {"take": ["900-003-04"], "refuse": [], "foreign": false}
    },
    {
      "name": "hazardous"`

func with(t *testing.T, old, new string) []byte {
	t.Helper()
	if n := strings.Count(string(file), old); n != 1 {
		t.Fatalf("%q stands %d times in the table", old, n)
	}
	return []byte(strings.Replace(string(file), old, new, 1))
}

func issued(packages int, m waste.Method) event.Event {
	u := func(b byte) id.UUID { return id.V7(1_772_000_000_000, [10]byte{9: b}) }
	return event.Event{ID: id.EventOf(u(1)), Type: event.ManifestIssued, At: day, Party: id.PartyOf(u(2)), Site: id.SiteOf(u(3)), Person: id.PersonOf(u(4)), Manifest: id.ManifestOf(u(5)),
		Batches: []event.Batch{{ID: id.BatchOf(u(6)), Grams: 5, Weighed: true, Packages: 1}, {ID: id.BatchOf(u(7)), Grams: 5, Weighed: true, Packages: packages}},
		Data:    event.Issued{Profile: "pesticide-packages", Carrier: id.PartyOf(u(8)), Consignee: id.PartyOf(u(9)), ConsigneeSite: id.SiteOf(u(10)), Method: m}}
}

// TestAnotherStreamIsAProfile adds a stream with a few lines of the table and not one of code.
func TestAnotherStreamIsAProfile(t *testing.T) {
	b, err := Parse(with(t, "{\n      \"name\": \"hazardous\"", pesticide))
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Named("pesticide-packages", day)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(issued(3, "D10")); err != nil {
		t.Errorf("a sound manifest: %v", err)
	}
	f := fault.As(p.Check(issued(0, "")))
	if f == nil || f.Kind != fault.InvalidEvent || len(f.Fields) != 2 || f.Fields[0].Pointer != "/batches/1/packages" || f.Fields[1].Pointer != "/data/method" {
		t.Errorf("what is missing: %v", f)
	}
	e := issued(3, "D10")
	e.Type, e.Data = event.OutcomeReported, event.Outcome{Result: "x"}
	if f := fault.As(p.Check(e)); f == nil || f.Fields[0].Pointer != "/type" {
		t.Errorf("a type that does not belong to it: %v", f)
	}
	if !p.Takes("900-003-04", nil) || p.Takes("900-214-08", nil) || p.Takes("us:D009", nil) || !slices.Equal(p.Roles(Consignee), []party.Role{party.Collector}) {
		t.Error("codes or roles are not those of the table")
	}
	vehicle := []event.Change{{Pointer: "/data/vehicle"}}
	if b.At(day).Correctable(p, event.TransportCollected, vehicle) == nil {
		t.Error("the profile seals the vehicle for ever, and it could be corrected")
	}
	if err := b.At(day).Correctable(Profile{}, event.TransportCollected, vehicle); err != nil {
		t.Errorf("elsewhere it may be corrected: %v", err)
	}
	if f := fault.As(func() error { _, err := Default().Named("pesticide-packages", day); return err }()); f == nil || f.Kind != fault.UnknownProfile {
		t.Errorf("the shipped table has no such profile: %v", f)
	}
}

func TestCodesOfTheShippedProfiles(t *testing.T) {
	for _, c := range []struct {
		profile string
		code    waste.Code
		roles   []party.Role
		takes   bool
	}{
		{"medical", "841-001-01", nil, true}, {"medical", "841-005-01", nil, true}, {"medical", "831-001-01", nil, true}, {"medical", "900-249-08", nil, false},
		{"medical", "841-0001-0", nil, false}, {"hazardous", "900-249-08", nil, true}, {"hazardous", "841-001-01", []party.Role{party.Medical}, false},
		{"hazardous", "841-001-01", []party.Role{party.Collector}, true}, {"hazardous", "us:D009", nil, true}, {"small-source", "900-214-08", nil, true},
		{"small-source", "267-001-15", nil, false}, {"small-source", "841-001-01", []party.Role{party.Collector}, false}, {"battery", "900-052-31", nil, true}, {"battery", "900-044-49", nil, false},
	} {
		p, err := Default().Named(c.profile, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Takes(c.code, c.roles); got != c.takes {
			t.Errorf("%s takes %s of %v: %v", c.profile, c.code, c.roles, got)
		}
	}
}

// Every field that may be corrected can be: Correctable and the event agree on its pointer.
func TestCorrectable(t *testing.T) {
	e := Default().At(day)
	changes := []event.Change{{Pointer: "/batches/12/grams"}, {Pointer: "/at"}, {Pointer: "/data/carrier"}, {Pointer: "/data/nothing"}, {Pointer: "/batches/grams"}}
	f := fault.As(e.Correctable(Profile{}, event.ManifestIssued, changes))
	var got []string
	for _, x := range f.Fields {
		got = append(got, x.Pointer+"="+x.Code)
	}
	want := []string{"/data/changes/1/pointer=sealed", "/data/changes/2/pointer=sealed", "/data/changes/3/pointer=unknown", "/data/changes/4/pointer=unknown"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestStrict(t *testing.T) {
	for name, b := range map[string][]byte{
		"no edition":             []byte(`[]`),
		"nothing":                nil,
		"not JSON":               []byte(`[{`),
		"an unknown member":      with(t, `"edition": "2026-1"`, `"edition": "2026-1", "editor": "x"`),
		"a member twice":         with(t, `"edition": "2026-1"`, `"edition": "2026-1", "edition": "2026-2"`),
		"a name twice":           with(t, `"name": "battery"`, `"name": "medical"`),
		"a name with a space":    with(t, `"name": "battery"`, `"name": "bat tery"`),
		"an absurd day":          with(t, `"valid_from": "2000-01-01"`, `"valid_from": "2000-02-30"`),
		"no source":              with(t, `"source": "医疗废物管理条例 art. 11-17; 环发〔2003〕206号 chapter 3"`, `"source": ""`),
		"a certainty of nobody":  with(t, `"certainty": "C2"`, `"certainty": "sure"`),
		"a field without a rule": with(t, `"/data/temperature_dc": "correct"`, `"/data/place": "correct"`),
		"a rule without a field": with(t, `"/data/temperature_dc"`, `"/data/temperature"`),
		"a class that is none":   with(t, `"/data/temperature_dc": "correct"`, `"/data/temperature_dc": "perhaps"`),
		"no time to answer":      with(t, `"answer_within_days": 15`, `"answer_within_days": 0`),
		"a type of nobody":       with(t, `"ruling.recorded": {"sealed_by"`, `"ruling.made": {"sealed_by"`),
		"a part of nobody":       with(t, `"sealed_by": "generator"`, `"sealed_by": "king"`),
		"a wrong code":           with(t, `"841-00?-01"`, `"841-00"`),
		"a wrong pattern":        with(t, `"841-00?-01"`, `"841-00[-0"`),
	} {
		if _, err := Parse(b); fault.Of(err) != fault.InvalidImport {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file)
	f.Add([]byte(`[{"edition":"x","types":{},"profiles":[{}]}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if book, err := Parse(b); err != nil && fault.Of(err) != fault.InvalidImport || err == nil && len(book) == 0 {
			t.Errorf("%v, %v", book, err)
		}
	})
}
