package event_test

import (
	"fmt"
	"strings"
	"testing"

	"liandan/internal/event"
	"liandan/internal/fault"
)

func TestPayloadsThatAreNotStrictJSON(t *testing.T) {
	sound := sample(event.BatchGenerated)
	const weight = `"grams":12345`
	in := func(with string) string { return swap(t, sound, weight, `"grams":`+with) }
	text := func(with string) string { return swap(t, sound, "感染性废物", with) }
	for _, c := range []struct{ name, payload, want string }{
		{"empty", "", "malformed-event =truncated"},
		{"blank", " \n", "malformed-event =truncated"},
		{"byte order mark", "\ufeff" + sound, "malformed-event =syntax"},
		{"UTF-16", "{\x00\"\x00v\x00\"\x00", "malformed-event =syntax"},
		{"second object", sound + sound, "malformed-event =trailing_data"},
		{"second value", sound + " 1", "malformed-event =trailing_data"},
		{"comma after", sound + ",", "malformed-event =trailing_data"},
		{"NUL after", sound + "\x00", "malformed-event =trailing_data"},
		{"comment", sound + "// x", "malformed-event =trailing_data"},
		{"array", "[" + sound + "]", "malformed-event =type"},
		{"null", "null", "malformed-event =type"},
		{"text", `"{}"`, "malformed-event =type"},
		{"number", "1", "malformed-event =type"},
		{"single quotes", "{'v':1}", "malformed-event =syntax"},
		{"name without quotes", "{v:1}", "malformed-event =syntax"},
		{"comma before brace", `{"v":1,}`, "malformed-event /v=syntax"},
		{"NaN", in("NaN"), "malformed-event /batches/0/grams=syntax"},
		{"Infinity", in("Infinity"), "malformed-event /batches/0/grams=syntax"},
		{"-Infinity", in("-Infinity"), "malformed-event /batches/0/grams=syntax"},
		{"leading zero", in("012345"), "malformed-event /batches/0/grams=syntax"},
		{"leading plus", in("+12345"), "malformed-event /batches/0/grams=syntax"},
		{"hexadecimal", in("0x3039"), "malformed-event /batches/0/grams=syntax"},
		{"point first", in(".5"), "malformed-event /batches/0/grams=syntax"},
		{"point last", in("5."), "malformed-event /batches/0/grams=syntax"},
		{"underscore", in("12_345"), "malformed-event /batches/0/grams=syntax"},
		{"minus minus", in("--1"), "malformed-event /batches/0/grams=syntax"},
		{"raw newline in a text", text("a\nb"), "malformed-event /data/name=syntax"},
		{"unknown escape", text(`\x41`), "malformed-event /data/name=syntax"},
		{"lone surrogate", text(`\ud83d`), "malformed-event /data/name=syntax"},
		{"surrogates in wrong order", text(`\ude00\ud83d`), "malformed-event /data/name=syntax"},
		{"bare continuation byte", text("a\x80"), "malformed-event /data/name=invalid_utf8"},
		{"overlong slash", text("\xc0\xaf"), "malformed-event /data/name=invalid_utf8"},
		{"surrogate as bytes", text("\xed\xa0\x80"), "malformed-event /data/name=invalid_utf8"},
		{"beyond Unicode", text("\xf4\x90\x80\x80"), "malformed-event /data/name=invalid_utf8"},
		{"cut in a rune", text("\xe5\xba"), "malformed-event /data/name=invalid_utf8"},
		{"invalid UTF-8 in a name", swap(t, sound, `"name":`, "\"na\xff\":"), "malformed-event"},
	} {
		got := outcome(c.payload)
		if c.name == "invalid UTF-8 in a name" { // the pointer of a name that is no text is not fixed
			if !strings.HasPrefix(got, c.want+" ") || !strings.HasSuffix(got, "=invalid_utf8") {
				t.Errorf("%s: %s", c.name, got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// A payload that lost its end is never read as a shorter event.
func TestEveryTruncationIsRefused(t *testing.T) {
	for _, typ := range event.Types() {
		s := sample(typ)
		for n := range len(s) {
			_, err := event.Parse([]byte(s[:n]))
			if fault.Of(err) != fault.MalformedEvent {
				t.Fatalf("%s cut to %d of %d bytes: %v", typ, n, len(s), err)
			}
		}
	}
}

func TestSizeLimit(t *testing.T) {
	s := sample(event.BatchGenerated)
	fill := func(n int) string { return s + strings.Repeat(" ", n-len(s)) }
	if got := outcome(fill(event.MaxPayload)); got != "taken" {
		t.Errorf("exactly %d bytes: %s", event.MaxPayload, got)
	}
	if got := outcome(fill(event.MaxPayload + 1)); got != "too-large" {
		t.Errorf("one byte more: %s", got)
	}
	if event.MaxPayload != 16384 {
		t.Errorf("the limit is %d, the design says 16 KiB", event.MaxPayload)
	}
	if got := outcome(strings.Repeat("x", 1<<24)); got != "too-large" {
		t.Errorf("16 MiB: %s", got)
	}
}

func TestDepthBombs(t *testing.T) {
	for _, pair := range []string{"[]", "{}"} {
		for _, n := range []int{9, 100, 8000} {
			open, shut := pair[:1], pair[1:]
			if open == "{" {
				n = min(n, 2700) // within 16 KiB
				open = `{"a":`
			}
			got := outcome(`{"x":` + strings.Repeat(open, n) + "1" + strings.Repeat(shut, n) + `}`)
			if !strings.HasPrefix(got, "malformed-event /x/") || !strings.HasSuffix(got, "=too_deep") {
				t.Errorf("%d of %s: %.200s", n, pair, got)
			}
		}
	}
	if got := outcome(`{"x":` + strings.Repeat("[", 16000)); !strings.HasSuffix(got, "=too_deep") {
		t.Errorf("open brackets: %.200s", got)
	}
}

// Everything that is wrong is said at once and in the order of the document, so that
// one dry run is enough to mend an event.
func TestAllFaultsInDocumentOrder(t *testing.T) {
	payload := `{"foo":1,"person":"x","data":{"zeta":1,"name":"` + "\\u202e" + `","form":"X","code":"1"},"batches":[
		{"grams":-5,"nope":0,"id":"` + batchA + `"},{"seen":1,"grams":1.5,"id":"` + batchA + `"}],
		"site":"","v":2,"type":"manifest.accepted","refs":[1],"id":"` + strings.ToUpper(eventA) + `"}`
	want := "invalid-event /foo=unknown_member /person=format" +
		" /data/zeta=unknown_member /data/name=unknown_member /data/form=unknown_member /data/code=unknown_member /data/measured=required" +
		" /batches/0/grams=out_of_range /batches/0/nope=unknown_member /batches/0/seen=required /batches/0/verdict=required" +
		" /batches/1/seen=type /batches/1/grams=not_integer /batches/1/id=repeated /batches/1/verdict=required" +
		" /site=format /v=version /refs/0=format /id=format /at=required /party=required /manifest=required"
	if got := outcome(payload); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	_, err := event.Parse([]byte(payload))
	if f := fault.As(err); f == nil || !strings.HasPrefix(f.Sentence, fmt.Sprint(len(f.Fields))+" ") {
		t.Errorf("the sentence does not say how many: %v", err)
	}
}
