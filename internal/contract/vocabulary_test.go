package contract

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"

	"liandan/api"
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/party"
	"liandan/internal/signature"
	"liandan/internal/waste"
)

func schema(t *testing.T, doc *openapi3.T, name string) *openapi3.Schema {
	t.Helper()
	s := doc.Components.Schemas[name]
	if s == nil {
		t.Fatalf("the contract has no schema %s", name)
	}
	return s.Value
}

func words[T ~string](list []T) []any {
	out := make([]any, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// TestWordListsAreTheDomains compares each closed list of the contract with the domain's.
func TestWordListsAreTheDomains(t *testing.T) {
	doc := load(t)
	var packagings []waste.Packaging
	for _, p := range waste.Packagings() {
		packagings = append(packagings, p.Code)
	}
	for name, want := range map[string][]any{
		"ProblemKind": words(fault.Kinds()),
		"EventType":   words(event.Types()),
		"Role":        words(party.Roles()),
		"Form":        words(waste.Forms()),
		"Hazard":      words(waste.Hazards()),
		"Packaging":   words(packagings),
		"Measured":    words([]event.Measured{event.OnScale, event.Estimated}),
		"Stage": words([]batch.Stage{batch.Generated, batch.Released, batch.Received, batch.Stored, batch.Issued, batch.InTransit,
			batch.Delivered, batch.Accepted, batch.Treated, batch.Reported, batch.HandedOver, batch.AtPoint, batch.Refused, batch.Returned,
			batch.Repacked, batch.Cancelled, batch.Lost}),
	} {
		if got := schema(t, doc, name).Enum; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the contract lists\n%v\nthe domain\n%v", name, got, want)
		}
	}
	if got := *schema(t, doc, "CompactJWS").MaxLength; got != signature.MaxCompact {
		t.Errorf("CompactJWS may have %d bytes, the intake takes %d", got, signature.MaxCompact)
	}
	if got := *schema(t, doc, "Grams").Max; got != float64(waste.MaxBatch) {
		t.Errorf("Grams go up to %.0f, the domain's to %d", got, waste.MaxBatch)
	}
	if got := schema(t, doc, "Event").Discriminator.Mapping; len(got) != len(event.Types()) {
		t.Errorf("the discriminator knows %d types, the domain %d", len(got), len(event.Types()))
	}
}

// TestMethodPatternIsTheTable tries every code that looks national, and some that do not.
func TestMethodPatternIsTheTable(t *testing.T) {
	method := schema(t, load(t), "MethodCode")
	try := []string{"", "R", "r1", "R01", "us:H141", "us:", "cn:D10", "CN:D10", "cm:D10", "bn:D10", "D10 ", "us:H141.a-b", "us:0123456789abcdef", "us:0123456789abcdefg"}
	for letter := 'A'; letter <= 'Z'; letter++ {
		for n := range 40 {
			try = append(try, fmt.Sprintf("%c%d", letter, n))
		}
	}
	for _, s := range try {
		_, err := waste.ParseMethod(s)
		if said := method.VisitJSON(s); (said == nil) != (err == nil) {
			t.Errorf("method %q: the contract says %v, the domain %v", s, said, err)
		}
	}
}

// TestEntriesFitTheContract holds the log entry's one spelling to its schema and type.
func TestEntriesFitTheContract(t *testing.T) {
	entry := schema(t, load(t), "LogEntry")
	ids := rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	rapid.Check(t, func(r *rapid.T) {
		e := ledger.Entry{Seq: rapid.Int64Range(0, 1<<40).Draw(r, "seq"), RecordedAt: drawTime(r), Kind: ledger.KindEvent, Hash: drawHash(r)}
		for n := rapid.IntRange(0, 3).Draw(r, "links"); n > 0; n-- {
			b, err := id.ParseBatch(ids.Draw(r, "batch"))
			if err != nil {
				r.Fatal(err)
			}
			l := ledger.Link{Batch: b, N: rapid.Int64Range(1, 1<<40).Draw(r, "n")}
			if l.N > 1 {
				l.Prev = drawHash(r)
			}
			e.Links = append(e.Links, l)
		}
		var value any
		if err := json.Unmarshal(e.Bytes(), &value); err != nil {
			r.Fatal(err)
		}
		if err := entry.VisitJSON(value); err != nil {
			r.Fatalf("the contract refuses the entry %s: %v", e.Bytes(), err)
		}
		var wire api.LogEntry
		if err := json.Unmarshal(e.Bytes(), &wire); err != nil {
			r.Fatal(err)
		}
		if wire.Seq != e.Seq || wire.Hash != e.Hash.String() || len(wire.Links) != len(e.Links) {
			r.Fatalf("the entry %s is read as %+v", e.Bytes(), wire)
		}
		for i, l := range wire.Links {
			if l.Batch != e.Links[i].Batch.String() || l.N != e.Links[i].N || (l.Prev == nil) != e.Links[i].Prev.IsZero() {
				r.Fatalf("link %d of %s is read as %+v", i, e.Bytes(), l)
			}
		}
	})
}

// TestEvidenceFilesFit holds the evidence file that package bundle keeps as a golden one
// to the contract's schema and type.
func TestEvidenceFilesFit(t *testing.T) {
	text := must(os.ReadFile("../bundle/testdata/sound.json"))(t)
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	if err := schema(t, load(t), "Bundle").VisitJSON(value); err != nil {
		t.Errorf("the contract refuses the file: %s", brief(err))
	}
	if back := reread(t, "Bundle", text); !sameJSON(t, back, text) {
		t.Error("through the generated type the file becomes another")
	}
}

// TestIntegratorsAreToldEveryType: a type that the guide leaves out is one that no vendor will send.
func TestIntegratorsAreToldEveryType(t *testing.T) {
	guide, err := os.ReadFile("../../docs/integrate.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range event.Types() {
		if !strings.Contains(string(guide), "`"+string(typ)+"`") {
			t.Errorf("docs/integrate.md does not mention %s", typ)
		}
	}
}
