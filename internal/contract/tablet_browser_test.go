package contract

import (
	"net/url"
	"strings"
	"testing"
	"time"

	views "liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/client"
	samplecity "liandan/internal/sample"
	"liandan/internal/worklist"
)

// TestTheInspectorsPagesOnATablet looks at what an inspector carries along the road at the
// width of a tablet: what is on a vehicle while it is under way, and when it has unloaded; a
// chain, its evidence file, its verdict.
func TestTheInspectorsPagesOnATablet(t *testing.T) {
	t.Parallel()
	date := samplecity.Day{Date: time.Date(2026, 3, 2, 0, 0, 0, 0, calendar.Zone()), Run: 1}
	clock := &hourglass{}
	clock.set(date.Opens().Add(-10 * time.Minute))
	s := serve(t, "", clock.now)
	c := client.New(s.URL, s.Token)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, c)
	who := somebody(t, city, "inspector.sample")
	member(t, s, who.Login, who.Appointment)
	enters := func() walker { // a session does not last a day
		w := walker{t, browser(t)}
		w.signIn(s.URL+"/inspect", who.Login, "#scan")
		return w
	}

	plate, aboard := "", ""
	told := must(city.Play(t.Context(), date, c, func(at samplecity.Progress) {
		clock.set(at.At)
		if plate != "" {
			return
		}
		found := must(s.Audit.Work(t.Context(), views.Moving, views.Filter{Kind: worklist.Manifest, Division: "130602"}, clock.now(), "", 50))(t)
		for _, x := range found.Items {
			if x.Manifest.Stage == batch.InTransit && plate == "" {
				plate = x.Manifest.Vehicle
				w := enters()
				w.glanceAt("tablet-roadside", s.URL+"/inspect?q="+url.QueryEscape(strings.ToLower(plate)), 820)
				aboard = js[string](w, `document.querySelector(".aboard").innerText`)
				if n := js[int](w, `document.querySelectorAll('.aboard a[href="/inspect/manifest/`+x.Manifest.ID.String()+`"]').length`); n != 1 {
					t.Errorf("%s carries %s, and the page has it %d times: %s", plate, x.Manifest.ID, n, aboard)
				}
			}
		}
	}))(t)
	if plate == "" || !strings.Contains(aboard, plate) || !strings.Contains(aboard, " kg") {
		t.Fatalf("nothing was ever under way: %q %q", plate, aboard)
	}
	w := enters()
	w.glanceAt("tablet-roadside-empty", s.URL+"/inspect?q="+url.QueryEscape(plate), 820)
	if said := js[string](w, `document.querySelector(".aboard").innerText`); !strings.Contains(said, "没有尚未运达的联单") {
		t.Errorf("in the evening the vehicle still carries: %s", said)
	}

	w.glanceAt("tablet-chain", s.URL+"/inspect/batch/"+told.Batch.String(), 820)
	if at := js[string](w, `(() => { const a = [...document.querySelectorAll("a")].find((x) => x.textContent.includes("保存证据文件")); return a.pathname + " " + (a.getBoundingClientRect().height >= 44) })()`); at != "/v1/batches/"+told.Batch.String()+"/bundle true" {
		t.Errorf("the evidence file is saved by %s", at)
	}
	w.glanceAt("tablet-manifest", s.URL+"/inspect/manifest/"+told.Manifest.String(), 820)
	w.glanceAt("tablet-verify", s.URL+"/inspect/verify?batch="+told.Batch.String(), 820)
	w.glanceAt("tablet-findings", s.URL+"/inspect/findings?severity=remark", 820)
}
