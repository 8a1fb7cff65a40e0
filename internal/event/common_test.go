package event_test

import (
	"strings"
	"testing"

	"liandan/internal/event"
)

// bad is one way to spoil a payload: old is replaced by with, and Parse must answer
// exactly want (kind, then pointer=code of everything that is wrong).
type bad struct{ name, old, with, want string }

const (
	idMember     = `"id":"` + eventA + `"`
	partyMember  = `"party":"` + partyA + `"`
	siteMember   = `"site":"` + siteA + `"`
	personMember = `"person":"` + personA + `"`
	atMember     = `"at":"2026-03-02T08:30:00.000+08:00"`
)

// commonBad spoils what every type has.
func commonBad() []bad {
	out := []bad{
		{"no version", `"v":1,`, ``, "invalid-event /v=required"},
		{"version null", `"v":1,`, `"v":null,`, "invalid-event /v=type"},
		{"version text", `"v":1,`, `"v":"1",`, "invalid-event /v=type"},
		{"version 0", `"v":1,`, `"v":0,`, "invalid-event /v=version"},
		{"version 2", `"v":1,`, `"v":2,`, "invalid-event /v=version"},
		{"version 1.0", `"v":1,`, `"v":1.0,`, "invalid-event /v=not_integer"},
		{"version 1e0", `"v":1,`, `"v":1e0,`, "invalid-event /v=not_integer"},
		{"version -1", `"v":1,`, `"v":-1,`, "invalid-event /v=out_of_range"},
		{"version 2^63", `"v":1,`, `"v":9223372036854775808,`, "invalid-event /v=out_of_range"},
		{"unknown member", `"v":1,`, `"v":1,"note":"x",`, "invalid-event /note=unknown_member"},
		{"member in upper case", `"v":1,`, `"v":1,"V":1,`, "invalid-event /V=unknown_member"},
		{"member with slash and tilde", `"v":1,`, `"v":1,"a/b~c":1,`, "invalid-event /a~1b~0c=unknown_member"},
		{"member without a name", `"v":1,`, `"v":1,"":1,`, "invalid-event /=unknown_member"},
		{"repeated version", `"v":1,`, `"v":1,"v":1,`, "malformed-event /v=repeated_member"},
		{"repeated under an escape", `"v":1,`, `"v":1,"\u0076":1,`, "malformed-event /v=repeated_member"},
		{"repeated in an unknown object", `"v":1,`, `"v":1,"x":{"y":1,"y":2},`, "malformed-event /x/y=repeated_member"},
		{"id of version 4", idMember, `"id":"6f9619ff-8b86-4011-b42d-00cf4fc964ff"`, "invalid-event /id=format"},
		{"id of version 1", idMember, `"id":"019ca000-0000-1000-8000-0000000000e1"`, "invalid-event /id=format"},
		{"id of another variant", idMember, `"id":"019ca000-0000-7000-c000-0000000000e1"`, "invalid-event /id=format"},
		{"no type", `"type":`, `"typ":`, "invalid-event /type=required"},
		{"time as number", atMember, `"at":1772411400000`, "invalid-event /at=type"},
		{"no time", atMember + `,`, ``, "invalid-event /at=required"},
	}
	for _, m := range []struct{ name, member string }{{"id", idMember}, {"party", partyMember}, {"site", siteMember}, {"person", personMember}} {
		key, value := `"`+m.name+`":`, strings.TrimPrefix(m.member, `"`+m.name+`":`)
		bare := strings.Trim(value, `"`)
		p := "/" + m.name
		out = append(out,
			bad{"no " + m.name, m.member + `,`, ``, "invalid-event " + p + "=required"},
			bad{m.name + " null", m.member, key + `null`, "invalid-event " + p + "=type"},
			bad{m.name + " number", m.member, key + `7`, "invalid-event " + p + "=type"},
			bad{m.name + " object", m.member, key + `{"id":` + value + `}`, "invalid-event " + p + "=type"},
			bad{m.name + " empty", m.member, key + `""`, "invalid-event " + p + "=format"},
			bad{m.name + " upper case", m.member, key + strings.ToUpper(value), "invalid-event " + p + "=format"},
			bad{m.name + " nil", m.member, key + `"00000000-0000-0000-0000-000000000000"`, "invalid-event " + p + "=format"},
			bad{m.name + " without hyphens", m.member, key + strings.ReplaceAll(value, "-", ""), "invalid-event " + p + "=format"},
			bad{m.name + " in braces", m.member, key + `"{` + bare + `}"`, "invalid-event " + p + "=format"},
			bad{m.name + " as urn", m.member, key + `"urn:uuid:` + bare + `"`, "invalid-event " + p + "=format"},
			bad{m.name + " cut short", m.member, key + `"` + bare[:35] + `"`, "invalid-event " + p + "=format"},
			bad{m.name + " and a blank", m.member, key + `"` + bare + ` "`, "invalid-event " + p + "=format"},
			bad{m.name + " twice", m.member, m.member + "," + m.member, "malformed-event " + p + "=repeated_member"},
		)
	}
	for _, at := range []struct{ name, text string }{
		{"without milliseconds", "2026-03-02T08:30:00+08:00"}, {"with microseconds", "2026-03-02T08:30:00.000000+08:00"},
		{"one decimal", "2026-03-02T08:30:00.0+08:00"}, {"comma", "2026-03-02T08:30:00,000+08:00"},
		{"without offset", "2026-03-02T08:30:00.000"}, {"offset without colon", "2026-03-02T08:30:00.000+0800"},
		{"blank for T", "2026-03-02 08:30:00.000+08:00"}, {"small t and z", "2026-03-02t08:30:00.000z"},
		{"hour 24", "2026-03-02T24:00:00.000+08:00"}, {"leap second", "2016-12-31T23:59:60.000Z"},
		{"29 February of a common year", "2026-02-29T08:30:00.000+08:00"}, {"month 13", "2026-13-02T08:30:00.000+08:00"},
		{"year 1999", "1999-12-31T23:59:59.999Z"}, {"year 2200", "2200-01-01T00:00:00.000Z"}, {"year 0", "0000-03-02T08:30:00.000Z"},
		{"five-digit year", "12026-03-02T08:30:00.000Z"}, {"negative year", "-2026-03-02T08:30:00.000Z"},
		{"offset over 18 h", "2026-03-02T08:30:00.000+18:01"}, {"offset 99", "2026-03-02T08:30:00.000+08:99"},
		{"zone name", "2026-03-02T08:30:00.000CST"}, {"blank after", "2026-03-02T08:30:00.000+08:00 "},
		{"full-width digits", "２０２６-03-02T08:30:00.000+08:00"}, {"empty", ""},
	} {
		out = append(out, bad{"time " + at.name, atMember, `"at":"` + at.text + `"`, "invalid-event /at=format"})
	}
	return out
}

func TestWhatIsWrongWithAnyType(t *testing.T) {
	for _, typ := range event.Types() {
		for _, c := range commonBad() {
			got := outcome(swap(t, sample(typ), c.old, c.with))
			if got != c.want {
				t.Errorf("%s, %s:\n got %s\nwant %s", typ, c.name, got, c.want)
			}
		}
	}
}

func TestTimesThatAreTaken(t *testing.T) {
	for text, unixMilli := range map[string]int64{
		"2026-03-02T08:30:00.000+08:00": 1772411400000,
		"2026-03-02T00:30:00.001Z":      1772411400001,
		"2024-02-29T23:59:59.999Z":      1709251199999,
		"2000-01-01T00:00:00.000Z":      946684800000,
		"2000-01-01T00:00:00.000+18:00": 946620000000,
		"2199-12-31T23:59:59.999Z":      7258118399999,
	} {
		e, err := event.Parse([]byte(swap(t, sample(event.BatchStored), "2026-03-02T08:30:00.000+08:00", text)))
		if err != nil || e.At.UnixMilli() != unixMilli {
			t.Errorf("%s: %d, want %d (%v)", text, e.At.UnixMilli(), unixMilli, err)
		}
	}
}

func TestUnknownTypes(t *testing.T) {
	for _, name := range []string{"", "batch.moved", "Batch.generated", "batch.generated ", "batch", "manifest.drafted", strings.Repeat("x", 5000), "\\u0000"} {
		got := outcome(swap(t, sample(event.BatchGenerated), `"type":"batch.generated"`, `"type":"`+name+`"`))
		if got != "unknown-type /type=unknown_type" {
			t.Errorf("%.20q: %s", name, got)
		}
	}
	for _, value := range []string{"null", "7", "{}", "[]", "true"} {
		got := outcome(swap(t, sample(event.BatchGenerated), `"type":"batch.generated"`, `"type":`+value))
		if got != "invalid-event /type=type" {
			t.Errorf("%s: %s", value, got)
		}
	}
}
