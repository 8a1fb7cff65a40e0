package contract

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"

	"liandan/internal/event"
	"liandan/internal/fault"
)

// What a JSON Schema of OpenAPI 3.0 cannot say of a payload. Package event refuses all of
// these; the contract's prose says so; nothing else may come between the two judges.
//
// Of the bytes, before there is a value to judge: a repeated member, invalid UTF-8, data
// after the object, a depth of more than eight, and these
const (
	sayLength   = "more than 16 KiB"
	saySpelling = "a whole number written with fraction, exponent or as -0"
)

// Of the value: rules that tie one member to another, and check characters.
const (
	sayTwice   = "one batch named twice"
	sayResidue = "more residue than was treated"
	sayCheck   = "a label whose check symbol does not fit"
	saySum     = "children that have not the grams taken out"
	sayMixed   = "children of two codes"
	sayMark    = "one label on two children"
	sayPoints  = "items whose points do not come to the total"
	sayItem    = "one item of a sheet twice"
	sayChange  = "a correction of one field twice, into itself, asked of its signer, or to be answered before it is made"
	sayWindow  = "an authorisation that is over before it begins"
	saySlip    = "a slip signed out of order, filled in by a stranger to it, or with verdicts of nobody"
)

// A label as a person means it: 26 digits and a check symbol.
var (
	asMeant         = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1")
	wellFormedLabel = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{26}[0-9A-Z*~$=]$`)
)

// eventContract is the contract's word on events. Formats are taken out: many validators
// skip them, so the patterns alone must say all there is to say.
func eventContract(t *testing.T) *openapi3.Schema {
	t.Helper()
	doc := load(t)
	for _, name := range []string{"SignerTime", "ID", "EventID"} {
		schema(t, doc, name).Format = ""
	}
	return schema(t, doc, "Event")
}

// judge asks both and says how they disagree, or "".
func judge(t testing.TB, contract *openapi3.Schema, d doc) string {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		t.Fatal(err)
	}
	said := contract.VisitJSON(value, openapi3.FailFast())
	_, parsed := event.Parse(text)
	rules := unsayable(d, text)
	switch {
	case parsed == nil && len(rules) > 0:
		return "package event takes a payload with " + strings.Join(rules, ", ") + ":\n" + string(text)
	case parsed == nil && said != nil:
		return "the contract refuses what package event takes: " + brief(contract.VisitJSON(value)) + "\n" + string(text)
	case parsed != nil && said == nil && len(rules) == 0:
		return "the contract takes what package event refuses: " + parsed.Error() + "\n" + string(text)
	}
	return ""
}

// brief leaves out the schema and the value that kin-openapi repeats.
func brief(err error) string {
	said, _, _ := strings.Cut(err.Error(), "\nSchema:")
	return said
}

// TestSoundEventsFit draws sound payloads of every type: both judges take them, and the
// generated types carry them without loss.
func TestSoundEventsFit(t *testing.T) {
	t.Parallel()
	contract := eventContract(t)
	for _, typ := range event.Types() {
		t.Run(string(typ), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				d := drawEvent(r, typ)
				text, err := json.Marshal(d)
				if err != nil {
					r.Fatal(err)
				}
				if len(text) > event.MaxPayload {
					return // five batches with texts of four-byte characters
				}
				first, err := event.Parse(text)
				if err != nil {
					r.Fatalf("package event refuses a sound payload: %v\n%s", err, text)
				}
				if m := judge(t, contract, d); m != "" {
					r.Fatal(m)
				}
				again, err := event.Parse(reread(t, "Event", text))
				if len(first.Refs) == 0 {
					first.Refs = nil // an empty list says no more than none
				}
				if err != nil || !reflect.DeepEqual(first, again) {
					r.Fatalf("through the generated type (%v)\n%+v\nbecomes\n%+v", err, first, again)
				}
			})
		})
	}
}

// TestSpoiledEventsAreJudgedAlike spoils sound payloads in up to three ways at once.
func TestSpoiledEventsAreJudgedAlike(t *testing.T) {
	contract := eventContract(t)
	for _, typ := range event.Types() {
		t.Run(string(typ), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				d := drawEvent(r, typ)
				for n := rapid.IntRange(1, 3).Draw(r, "ways"); n > 0; n-- {
					damage(r, d)
				}
				if m := judge(t, contract, d); m != "" {
					r.Fatal(m)
				}
			})
		})
	}
}

// TestEveryMemberMeetsEveryOddValue puts each odd value in each place of the story's
// eleven payloads, drops each place, and adds each name to each object.
func TestEveryMemberMeetsEveryOddValue(t *testing.T) {
	t.Parallel()
	contract := eventContract(t)
	refused := 0
	try := func(d doc, at string) {
		if m := judge(t, contract, d); m != "" {
			t.Errorf("%s: %s", at, m)
		}
		refused++
	}
	for _, x := range tell(t).events {
		places := slots(fresh(t, x.payload), "", nil)
		for i, p := range places {
			for _, v := range odd {
				d := fresh(t, x.payload)
				find(d, p.at).set(v)
				try(d, p.at)
			}
			d := fresh(t, x.payload)
			find(d, p.at).drop()
			try(d, p.at)
			if _, ok := places[i].get().(doc); !ok {
				continue
			}
			for _, name := range names {
				d := fresh(t, x.payload)
				find(d, p.at).get().(doc)[name] = sampleID("99")
				try(d, p.at+"/"+name)
			}
		}
	}
	if refused < 20_000 {
		t.Errorf("only %d payloads were tried", refused)
	}
}

func fresh(t *testing.T, payload []byte) doc {
	t.Helper()
	var d doc
	dec := json.NewDecoder(strings.NewReader(string(payload)))
	dec.UseNumber()
	if err := dec.Decode(&d); err != nil {
		t.Fatal(err)
	}
	return d
}

func find(d doc, at string) slot {
	for _, s := range slots(d, "", nil) {
		if s.at == at {
			return s
		}
	}
	panic("no slot " + at)
}

// TestWhatTheSchemaCannotSay shows that each exception is real: the contract's schema
// takes the payload, package event refuses it and names the place.
func TestWhatTheSchemaCannotSay(t *testing.T) {
	contract := eventContract(t)
	s := tell(t)
	line := func(d doc) doc { return d["batches"].([]any)[0].(doc) }
	child := func(d doc) doc { return d["data"].(doc)["children"].([]any)[0].(doc) }
	twins := func(d doc, spoil func(doc)) { // two children in the place of one
		c := child(d)
		c["label"], c["grams"] = "0123456789ABCDEFGHJKMNPQRS9", number(1_000)
		other := copied(c).(doc)
		other["id"], other["grams"] = sampleID("b9"), number(2_000)
		delete(other, "label")
		spoil(other)
		d["data"].(doc)["children"] = []any{c, other}
	}
	for _, c := range []struct {
		rule  string
		event int // in the story
		spoil func(doc)
		kind  fault.Kind
	}{
		{sayLength, 2, func(d doc) {
			d["batches"] = numbered(d["batches"].([]any)[0], 100)
			for i, l := range d["batches"].([]any) {
				l.(doc)["seen"] = strings.Repeat("ab", 32)
				l.(doc)["grams"], l.(doc)["packages"] = number(int64(1_000_000+i)), number(1)
			}
			d["refs"] = numbered("", 50)
		}, fault.TooLarge},
		{saySpelling, 1, func(d doc) { line(d)["grams"] = json.Number("12400.0") }, fault.InvalidEvent},
		{saySpelling, 9, func(d doc) { line(d)["residue_grams"] = json.Number("-0") }, fault.InvalidEvent},
		{sayTwice, 2, func(d doc) { d["batches"] = append(d["batches"].([]any), line(d)) }, fault.InvalidEvent},
		{sayResidue, 9, func(d doc) { line(d)["residue_grams"] = number(12_001) }, fault.InvalidEvent},
		{sayCheck, 1, func(d doc) { d["data"].(doc)["label"] = "0123456789ABCDEFGHJKMNPQRT9" }, fault.InvalidEvent},
		{sayCheck, 13, func(d doc) { child(d)["label"] = "0123456789ABCDEFGHJKMNPQRT9" }, fault.InvalidEvent},
		{saySum, 13, func(d doc) { child(d)["grams"] = number(2_999) }, fault.InvalidEvent},
		{sayTwice, 13, func(d doc) { child(d)["id"] = line(d)["id"] }, fault.InvalidEvent},
		{sayMixed, 13, func(d doc) { twins(d, func(c doc) { c["code"] = "900-249-08" }) }, fault.InvalidEvent},
		{sayMark, 13, func(d doc) { twins(d, func(c doc) { c["label"] = "0123456789ABCDEFGHJKMNPQRS9" }) }, fault.InvalidEvent},
		{sayChange, 25, func(d doc) { d["data"].(doc)["parties"] = []any{d["party"]} }, fault.InvalidEvent},
		{sayChange, 25, func(d doc) { d["data"].(doc)["until"] = d["at"] }, fault.InvalidEvent},
		{sayChange, 25, func(d doc) {
			c := d["data"].(doc)["changes"].([]any)[0].(doc)
			c["new"] = c["old"]
		}, fault.InvalidEvent},
		{sayChange, 25, func(d doc) { // one field twice
			c := copied(d["data"].(doc)["changes"].([]any)[0]).(doc)
			c["new"] = "another"
			d["data"].(doc)["changes"] = append(d["data"].(doc)["changes"].([]any), c)
		}, fault.InvalidEvent},
		{sayTwice, 8, func(d doc) { line(d)["rest"] = line(d)["id"] }, fault.InvalidEvent},
	} {
		d := fresh(t, s.events[c.event].payload)
		c.spoil(d)
		text := must(json.Marshal(d))(t)
		if got := unsayable(d, text); len(got) != 1 || got[0] != c.rule {
			t.Errorf("%s: the rules broken are %v", c.rule, got)
		}
		if err := contract.VisitJSON(any(map[string]any(d))); err != nil {
			t.Errorf("%s: the schema says it after all: %v", c.rule, brief(err))
		}
		if _, err := event.Parse(text); fault.Of(err) != c.kind {
			t.Errorf("%s: package event says %v", c.rule, err)
		}
	}
}

// TestLongestLists stands at the limits: a hundred batches and a hundred references fit,
// one more does not, nor does the same one twice.
func TestLongestLists(t *testing.T) {
	contract := eventContract(t)
	for _, x := range tell(t).events {
		for _, name := range []string{"batches", "refs"} {
			for _, n := range []int{0, 1, 2, 100, 101} {
				d := fresh(t, x.payload)
				if list, ok := d[name].([]any); ok && len(list) > 0 {
					d[name] = numbered(list[0], n)
				} else {
					d[name] = numbered("", n)
				}
				if m := judge(t, contract, d); m != "" {
					t.Errorf("%s with %d %s: %s", x.event.Type, n, name, m)
				}
			}
			d := fresh(t, x.payload)
			if list, ok := d[name].([]any); ok {
				d[name] = append(list, list[0])
			}
			if m := judge(t, contract, d); m != "" {
				t.Errorf("%s with one of its %s twice: %s", x.event.Type, name, m)
			}
		}
	}
}
