package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"liandan/api"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/sampling"
)

// draws: a list is frozen, a size announced, and once the log has it everybody comes to
// the same sites; a second draw shows the first.
func (p *place) draws(x *town) {
	by := ask{token: x.inspector}
	list := sampling.List{}
	for range 5 {
		list.Sites = append(list.Sites, id.SiteOf(must(x.Hospital.NewID(x.Now()))(x.t)))
		list.People = append(list.People, id.PersonOf(must(x.Hospital.NewID(x.Now()))(x.t)))
	}
	list = must(sampling.NewList(list.Sites, list.People))(x.t)
	announce := func(change func(*event.Sample)) intaketest.Signed {
		d := event.Sample{Period: "2026-Q1", List: list.Hash(), Sites: 5, People: 5, DrawSites: 2, DrawPeople: 1, Size: x.size() + 3, Round: 1}
		change(&d)
		return x.Sign(x.Stranger, event.SampleDrawn, d, nil)
	}
	for want, change := range map[string]func(*event.Sample){
		"/data/draw_sites":  func(d *event.Sample) { d.DrawSites = 6 },
		"/data/draw_people": func(d *event.Sample) { d.DrawPeople = 6 },
		"/data/reason":      func(d *event.Sample) { d.Round = 2 },
	} {
		if bad := into[api.Problem](x.send(announce(change).JWS).is(422, "invalid-event")); len(bad.Errors) != 1 || bad.Errors[0].Pointer != want {
			x.t.Errorf("%s: %+v", want, bad)
		}
	}
	before := x.events()
	x.send(announce(func(d *event.Sample) { d.Size = x.size() }).JWS).is(422, "invalid-event")
	x.send(x.Sign(x.Hospital, event.SampleDrawn, announce(func(*event.Sample) {}).Event.Data, nil).JWS).is(403, "role-missing")
	if n := x.events(); n != before {
		x.t.Errorf("a refused draw is in the log: %d events after %d", n, before)
	}
	first := announce(func(*event.Sample) {})
	x.send(first.JWS).is(201, "")
	p.known["draw"] = first.Event.ID.String()
	path := "/v1/draws/" + p.known["draw"]
	if f := into[sampling.File](x.get(path).is(200, "")); f.State != sampling.Announced || f.Seed != nil || f.Drawn != nil {
		x.t.Errorf("before the log has the size: %+v", f)
	}
	text := string(list.Text())
	for _, body := range []string{`{}`, `{"sites":[],"people":[]}`, strings.Replace(text, list.Sites[1].String(), "x", 1), strings.Replace(text, list.Sites[1].String(), list.Sites[0].String(), 1),
		strings.Replace(text, "{", `{"hash":"x",`, 1)} {
		x.json("POST", "/v1/sample-lists", by, body).is(422, "invalid-request")
	}
	other := ask{token: x.inspector, blind: "no schema computes a hash"}
	x.json("POST", "/v1/sample-lists", other, strings.Replace(text, "{", fmt.Sprintf(`{"hash":%q,`, strings.Repeat("a", 64)), 1)).is(422, "invalid-request")
	for range 4 { // the log grows past the seed
		x.send(x.Generate(10).JWS).is(201, "")
	}
	if f := into[sampling.File](x.get(path).is(200, "")); f.State != sampling.Unlisted || f.Seed == nil || f.Drawn != nil {
		x.t.Errorf("without the list: %+v", f)
	}
	slices.Reverse(list.Sites)
	for _, status := range []int{201, 200} { // in another order, and once more
		sent := string(must(json.Marshal(list))(x.t))
		if got := into[api.SampleList](x.json("POST", "/v1/sample-lists", by, sent).is(status, "")); got.Hash != first.Event.Data.(event.Sample).List.String() || got.Sites != 5 {
			x.t.Errorf("the list is kept as %+v", got)
		}
	}
	a := x.get(path).is(200, "")
	file := must(sampling.Read(bytes.NewReader(a.body)))(x.t)
	r := must(sampling.Verify(file, x.server.VKey))(x.t)
	if !r.Sound() || file.State != sampling.Complete || len(file.Drawn.Sites) != 2 || len(file.Drawn.People) != 1 {
		x.t.Errorf("the draw is %+v", r)
	}
	file.Drawn.Sites[0], file.Drawn.Sites[1] = file.Drawn.Sites[1], file.Drawn.Sites[0]
	if r := must(sampling.Verify(file, x.server.VKey))(x.t); r.Sound() {
		x.t.Error("others than were drawn are believed")
	}
	again := announce(func(d *event.Sample) { d.Round, d.Reason = 2, "样例 SAMPLE reason" })
	silent := announce(func(*event.Sample) {})
	x.send(again.JWS).is(201, "")
	x.send(silent.JWS).is(201, "")
	page := into[api.DrawPage](x.get("/v1/draws?limit=2").is(200, ""))
	if len(page.Items) != 2 || !page.Items[0].Unexplained || page.Items[1].Unexplained || page.Items[1].Reason == "" ||
		!slices.Equal(page.Items[1].Before, []string{first.Event.ID.String()}) || page.NextCursor == "" {
		x.t.Errorf("the draws are %+v", page)
	}
	if rest := into[api.DrawPage](x.get("/v1/draws?cursor="+page.NextCursor).is(200, "")); len(rest.Items) != 1 || rest.Items[0].Event != first.Event.ID.String() {
		x.t.Errorf("the next page is %+v", rest)
	}
	x.ask(ask{path: "/v1/draws?cursor=x", token: x.inspector, blind: "a cursor is any text"}).is(422, "invalid-request")
	x.get("/v1/draws/"+p.known["event"]).is(404, "not-found")
	x.ask(ask{path: path, token: x.hospital}).is(403, "forbidden")
	reports(x)
}

// reports: the same report is the same file, in each form.
func reports(x *town) {
	x.t.Helper()
	size := fmt.Sprint(into[api.IndicatorResult](x.get("/v1/indicators/36?period=2026-01").is(200, "")).Log.Size)
	path := "/v1/reports/2026-01?as_of=" + size + "&format="
	for _, format := range []string{"json", "xlsx", "html"} {
		a, b := x.get(path+format).is(200, ""), x.get(path+format).is(200, "")
		if len(a.body) < 1000 || !bytes.Equal(a.body, b.body) {
			x.t.Errorf("two reports as %s are %d and %d bytes", format, len(a.body), len(b.body))
		}
	}
	x.get("/v1/reports/2026-Q1?as_of="+size+"&district=130602").is(200, "")
	for _, bad := range []string{"2026-01-02", "2026-Q5", "2199", "2026-01?district=110101", "2026-01?as_of=99999999", "2026-01?as_of=1&since=2"} {
		x.ask(ask{path: "/v1/reports/" + bad, token: x.inspector, blind: "no schema knows periods, districts and the log"}).is(422, "invalid-request")
	}
	for _, bad := range []string{"as_of=0", "since=x", "format=pdf"} {
		x.get("/v1/reports/2026-01?"+bad).is(422, "invalid-request")
	}
}
