package draft

import (
	"strings"
	"testing"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
)

const some = "019ca000-0000-7000-8000-00000000000"

// What is malformed is listed all at once, with its place; what is missing may be.
func TestContent(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                         "",
		`{"batches":[]}`:             "",
		`{"batches":[{}],"data":{}}`: "",
		`{"site":"` + some + `1","person":"` + some + `2","batches":[{"id":"` + some + `3","grams":5,"packages":2}],"data":{"profile":"medical","method":"D10"}}`: "",
		`[]`:                            "/content type",
		`{"site":1}`:                    "/content/site type",
		`{"party":"x","v":1}`:           "/content/party unknown_member /content/v unknown_member",
		`{"a/b~":1}`:                    "/content/a~1b~0 unknown_member",
		`{"batches":{}}`:                "/content/batches type",
		`{"batches":[1,{"seen":null}]}`: "/content/batches/0 type /content/batches/1/seen unknown_member",
		`{"site":"x","batches":[{"id":"y","grams":0,"packages":1.5}],"data":{"profile":"P!","carrier":"z","number":"12","odd":true}}`: "/content/batches/0/grams out_of_range " +
			"/content/batches/0/id format /content/batches/0/packages not_integer /content/data/carrier format /content/data/number format " +
			"/content/data/odd unknown_member /content/data/profile format /content/site format",
		`{"batches":[{"grams":5000000000000}]}`:                       "/content/batches/0/grams out_of_range",
		`{"batches":[{"id":"` + some + `3"},{"id":"` + some + `3"}]}`: "/content/batches/1/id repeated",
		`{"data":{"from":"` + strings.Repeat("室", 65) + `"}}`:         "/content/data/from length",
		`{"data":{"from":"a\u202eb"}}`:                                "/content/data/from characters",
		`{"data":{"profile":"a1","profile":"a2"}}`:                    "/content syntax",
		`{"site":"` + some + `1","site":"` + some + `1"}`:             "/content syntax",
		`{"data":[]}`:                     "/content/data type",
		`{"data":{"behalf":{"party":7}}}`: "/content/data/behalf/party type",
		`{"batches":[` + strings.Repeat(`{},`, 100) + `{}]}`: "/content/batches length",
	} {
		c, err := ReadContent([]byte(text), "/content")
		if err == nil {
			err = Draft{ID: id.ManifestOf(id.UUID{1}), Party: id.PartyOf(id.UUID{2}), Content: c}.sound(time.Unix(1772409600, 0))
		}
		var got []string
		if f := fault.As(err); f != nil {
			if f.Kind != fault.InvalidRequest {
				t.Errorf("%.80s: %v", text, err)
			}
			for _, x := range f.Fields {
				got = append(got, x.Pointer+" "+x.Code)
			}
		}
		have := map[string]bool{}
		for _, g := range got {
			have[g] = true
		}
		words := strings.Fields(want)
		for i := 0; i < len(words); i += 2 {
			if !have[words[i]+" "+words[i+1]] {
				t.Errorf("%.80s: nothing says %s %s: %v", text, words[i], words[i+1], got)
			}
		}
		if len(got) != len(words)/2 {
			t.Errorf("%.80s:\n%v\nexpected\n%s", text, got, want)
		}
	}
	if _, err := ReadContent([]byte(`{"site":"`+strings.Repeat("x", MaxContent)+`"}`), "/content"); fault.Of(err) != fault.InvalidRequest {
		t.Errorf("too much: %v", err)
	}
}

// The same again is a sound content, and a whole one makes the very event.
func TestPayload(t *testing.T) {
	c, err := Like(manifest.State{ID: id.ManifestOf(id.UUID{1}), Profile: "medical", Carrier: id.PartyOf(id.UUID{3}), Consignee: id.PartyOf(id.UUID{4}),
		ConsigneeSite: id.SiteOf(id.UUID{5}), ConsignorSite: id.SiteOf(id.UUID{6}), Method: "D10", Number: "20261306000001", Exempt: event.Exempt{Transport: "2021-2.2"}})
	if err != nil {
		t.Fatal(err)
	}
	if c, err = ReadContent(c, ""); err != nil {
		t.Fatal(err)
	}
	d := Draft{ID: id.ManifestOf(id.UUID{9}), Party: id.PartyOf(id.UUID{2}), Content: c}
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	e := id.EventOf(id.V7(at.UnixMilli(), [10]byte{1}))
	b, err := d.Payload(e, at)
	if err != nil {
		t.Fatal(err)
	}
	got, wrong, err := event.Read(b)
	data, _ := got.Data.(event.Issued)
	if err != nil || got.Type != event.ManifestIssued || got.Manifest != d.ID || got.Party != d.Party || got.ID != e || !got.At.Equal(at) ||
		data.Profile != "medical" || data.Number != "" || data.Exempt.Transport != "2021-2.2" || got.Site != id.SiteOf(id.UUID{6}) {
		t.Errorf("%s: %+v %v", b, got, err)
	}
	var missing []string
	for _, f := range wrong {
		missing = append(missing, f.Pointer+" "+f.Code)
	}
	if strings.Join(missing, " ") != "/person required /batches required" && strings.Join(missing, " ") != "/batches required /person required" {
		t.Errorf("missing: %v", missing)
	}
}

func FuzzContent(f *testing.F) {
	f.Add(`{"data":{"profile":"medical"},"batches":[{"id":"x"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ReadContent([]byte(text), "")
		if err != nil {
			if fault.Of(err) != fault.InvalidRequest {
				t.Fatal(err)
			}
			return
		}
		d := Draft{ID: id.ManifestOf(id.UUID{1}), Party: id.PartyOf(id.UUID{2}), Content: c}
		if err := d.sound(time.Unix(0, 0)); err != nil && fault.Of(err) != fault.InvalidRequest {
			t.Fatal(err)
		}
		if _, err := d.Payload(id.Event{}, time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
	})
}
