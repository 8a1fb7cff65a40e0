package event_test

import (
	"fmt"
	"strings"
	"testing"

	"liandan/internal/event"
)

// What each type must have beyond the common members, and what it may leave out,
// as design sections 3 and 4 and Order 23 art. 10 to 12 give it.
var presence = map[event.Type]struct{ required, optional string }{
	event.UseRecorded:        {"data item kind quantity unit", "department expects_code expects_grams"},
	event.BatchGenerated:     {"batches id seen grams data code form packaging measured", "packages scale department container label name behalf"},
	event.BatchReleased:      {"batches id seen data", "grams packages to to_site"},
	event.BatchReceived:      {"batches id seen refs data", "grams packages place"},
	event.BatchStored:        {"batches id seen data place", "grams packages temperature_dc"},
	event.ManifestIssued:     {"manifest batches id seen grams data profile carrier consignee consignee_site", "packages method number"},
	event.TransportCollected: {"manifest batches id seen grams refs data vehicle", "trip packages permit measured scale reservation unverified"},
	event.TransportDelivered: {"manifest batches id seen refs data vehicle", "trip grams packages"},
	event.ManifestAccepted:   {"manifest batches id seen grams verdict reason refused_grams refs data measured", "packages scale"},
	event.BatchTreated:       {"batches id seen grams data method", "facility measured scale"},
	event.OutcomeReported:    {"manifest batches id seen refs data result", ""},
	event.ManifestNumbered:   {"manifest batches id seen data number", ""},
	event.CorrectionProposed: {"batches id seen refs data changes parties until reason", "manifest"},
	event.CorrectionAgreed:   {"batches id seen refs data", "manifest remark"},
	event.CorrectionDeclined: {"batches id seen refs data reason", "manifest"},
	event.MeterRecorded:      {"manifest batches id seen grams refs data meter day", "packages"},
	event.PaperBackfilled: {"manifest batches id seen grams verdict reason refused_grams data scan profile consignor consignor_site carrier carrier_site consignee consignee_site vehicle signed",
		"packages refs slip method permit number measured scale"},
	event.IncidentReported:   {"id seen data kind place measures", "batches grams packages refs code reported_to"},
	event.RulingRecorded:     {"refs data event hash verdict reason", ""},
	event.SampleDrawn:        {"data period list sites people draw_sites draw_people size round", "reason"},
	event.InspectionRecorded: {"data inspected class sheet version items total", "accidents major_accidents note"},

	event.AuthorisationGiven:     {"data to from until codes", ""},
	event.AuthorisationWithdrawn: {"data authorisation", "reason"},
	event.StopSkipped:            {"trip data stop reason", ""},
	event.BatterySold:            {"data code pieces grams", ""},
	event.BatteryTakenBack:       {"data code pieces grams", ""},
}

// without drops a member of the payload's own rest, by its name.
func without(t *testing.T, typ event.Type, name string) string {
	t.Helper()
	s := sample(typ)
	head := len(s) - len(rests[typ]) - 1
	rest := s[head:]
	at := strings.Index(rest, `"`+name+`":`)
	if at < 0 {
		t.Fatalf("%s has no %s", typ, name)
	}
	end, depth, quoted := at+len(name)+3, 0, false
	for ; end < len(rest); end++ {
		c := rest[end]
		if c == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if depth == 0 && (c == ',' || c == '}' || c == ']') {
			break
		}
		if c == '{' || c == '[' {
			depth++
		} else if c == '}' || c == ']' {
			depth--
		}
	}
	left, right := rest[:at], rest[end:]
	if strings.HasSuffix(left, ",") {
		left = left[:len(left)-1]
	} else {
		right = strings.TrimPrefix(right, ",")
	}
	s = s[:head] + left + right
	return strings.ReplaceAll(s, ",}", "}")
}

func pointerOf(typ event.Type, name string) string {
	if !typ.OfBatches() && name != "data" && name != "refs" && name != "trip" {
		return "/data/" + name
	}
	switch name {
	case "verdict", "reason":
		if typ == event.RulingRecorded || typ.Mends() {
			return "/data/" + name
		}
		return "/batches/0/" + name
	case "data", "batches", "refs", "manifest", "trip":
		return "/" + name
	case "id", "seen", "grams", "packages", "refused_grams", "residue_grams":
		return "/batches/0/" + name
	}
	return "/data/" + name
}

func TestMembersMissing(t *testing.T) {
	for _, typ := range event.Types() {
		p := presence[typ]
		for _, name := range strings.Fields(p.required) {
			want := "invalid-event " + pointerOf(typ, name) + "=required"
			got := outcome(without(t, typ, name))
			if name == "data" { // what was in it is missing too, and is said too
				if !strings.HasPrefix(got, want) {
					t.Errorf("%s without data: %s", typ, got)
				}
				continue
			}
			if got != want {
				t.Errorf("%s without %s:\n got %s\nwant %s", typ, name, got, want)
			}
		}
		for _, name := range strings.Fields(p.optional) {
			if got := outcome(without(t, typ, name)); got != "taken" {
				t.Errorf("%s without %s, which is optional: %s", typ, name, got)
			}
		}
	}
}

// A member of another type is as foreign as an unknown one: schemas are closed.
func TestMembersOfOtherTypes(t *testing.T) {
	members := map[string]string{
		"manifest": `"manifest":"` + manif + `"`, "trip": `"trip":"` + tripA + `"`, "batches": strings.TrimSuffix(bareBatch, ","),
	}
	for _, typ := range event.Types() {
		for name, text := range members {
			if strings.Contains(sample(typ), `"`+name+`":`) {
				continue
			}
			got := outcome(swap(t, sample(typ), `"v":1,`, `"v":1,`+text+`,`))
			if want := "invalid-event /" + name + "=unknown_member"; got != want {
				t.Errorf("%s with %s: %s", typ, name, got)
			}
		}
		got := outcome(swap(t, sample(typ), `"data":{`, `"data":{"extra":1,`))
		if want := "invalid-event /data/extra=unknown_member"; got != want {
			t.Errorf("%s with extra data: %s", typ, got)
		}
		if !typ.OfBatches() {
			continue
		}
		for _, extra := range []string{`"custodian":"x"`, `"Grams":1`, `"refused_grams":1`, `"residue_grams":1`, `"verdict":"whole"`} {
			name := extra[1:strings.Index(extra, `":`)]
			if strings.Contains(sample(typ), `"`+name+`":`) {
				continue
			}
			got := outcome(swap(t, sample(typ), `"seen":`, extra+`,"seen":`))
			if want := "invalid-event /batches/0/" + name + "=unknown_member"; got != want {
				t.Errorf("%s with %s in a batch: %s", typ, extra, got)
			}
		}
	}
}

func TestRefsAndBatches(t *testing.T) {
	line := func(i int) string { return fmt.Sprintf(`{"id":"019ca000-0000-7000-8000-%012d","seen":null}`, i+1) }
	list := func(n int) string {
		out := make([]string, n)
		for i := range n {
			out[i] = line(i)
		}
		return `"batches":[` + strings.Join(out, ",") + `],`
	}
	many := func(n int) string {
		out := make([]string, n)
		for i := range n {
			out[i] = fmt.Sprintf(`"019ca000-0000-7000-8000-%012d"`, i+1)
		}
		return `"refs":[` + strings.Join(out, ",") + `],`
	}
	batches := func(with string) bad { return bad{"", anyBatch, with, ""} }
	for _, c := range []struct {
		typ  event.Type
		bad  bad
		want string
	}{
		{event.BatchStored, batches(list(100)), "taken"},
		{event.BatchStored, batches(list(101)), "invalid-event /batches=length"},
		{event.BatchStored, batches(`"batches":[],`), "invalid-event /batches=length"},
		{event.BatchStored, batches(`"batches":null,`), "invalid-event /batches=type"},
		{event.BatchStored, batches(`"batches":{"0":{}},`), "invalid-event /batches=type"},
		{event.BatchStored, batches(`"batches":[null,"` + batchA + `",[]],`), "invalid-event /batches/0=type /batches/1=type /batches/2=type"},
		{event.BatchStored, batches(`"batches":[{}],`), "invalid-event /batches/0/id=required /batches/0/seen=required"},
		{event.BatchStored, batches(`"batches":[` + line(0) + `,` + line(1) + `,` + line(0) + `],`), "invalid-event /batches/2/id=repeated"},
		{event.BatchStored, batches(`"batches":[` + line(0) + `,{"id":"","seen":null},{"id":"","seen":null}],`), "invalid-event /batches/1/id=format /batches/2/id=format"},
		{event.BatchGenerated, bad{"", newBatch, `"batches":[` + line(0) + `],`, ""}, "invalid-event /batches/0/grams=required"},
		{event.BatchGenerated, bad{"", newBatch, strings.Replace(newBatch, `]`, `,{"id":"`+batchB+`","seen":null,"grams":1}]`, 1), ""}, "invalid-event /batches=length"},
		{event.BatchGenerated, bad{"", `"seen":null`, `"seen":0`, ""}, "invalid-event /batches/0/seen=type /batches/0/seen=not_null"},
		{event.BatchStored, bad{"", seenA, strings.ToUpper(seenA), ""}, "invalid-event /batches/0/seen=format"},
		{event.BatchStored, bad{"", seenA, seenA[1:], ""}, "invalid-event /batches/0/seen=format"},
		{event.BatchStored, bad{"", `"` + seenA + `"`, `[]`, ""}, "invalid-event /batches/0/seen=type"},
		{event.BatchReceived, bad{"", refs, many(100), ""}, "taken"},
		{event.BatchReceived, bad{"", refs, many(101), ""}, "invalid-event /refs=length"},
		{event.BatchReceived, bad{"", refs, `"refs":[],`, ""}, "invalid-event /refs=length"},
		{event.BatchReceived, bad{"", refs, `"refs":null,`, ""}, "invalid-event /refs=type"},
		{event.BatchReceived, bad{"", refs, `"refs":"` + eventB + `",`, ""}, "invalid-event /refs=type"},
		{event.BatchReceived, bad{"", refs, `"refs":["x",7,null,"` + strings.ToUpper(eventB) + `"],`, ""}, "invalid-event /refs/0=format /refs/1=format /refs/2=format /refs/3=format"},
		{event.BatchReceived, bad{"", refs, `"refs":["` + eventB + `","` + eventA + `","` + eventB + `"],`, ""}, "invalid-event /refs/2=repeated"},
		{event.BatchStored, bad{"", `"v":1,`, `"v":1,"refs":[],`, ""}, "taken"},
	} {
		if got := outcome(swap(t, sample(c.typ), c.bad.old, c.bad.with)); got != c.want {
			t.Errorf("%s with %.80s:\n got %s\nwant %s", c.typ, c.bad.with, got, c.want)
		}
	}
}
