package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"liandan/api"
	"liandan/internal/access"
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
	untold(x, first.Event.ID)
	reports(x)
}

// untold: neither the API nor a page tells an organisation of a draw, by what it lists or by
// what authorities read since; the overseers of authorities see it at once.
func untold(x *town, draw id.Event) {
	x.t.Helper()
	site := x.Hospital.Site.String()
	x.get("/v1/sites/"+site+"/custody").is(200, "") // an inspector reads up on a site
	x.size()
	mine := "/v1/acts?limit=200&party=" + x.Hospital.Party.String()
	reading := func(token string) (n int) {
		for _, a := range into[api.ActPage](x.ask(ask{path: mine, token: token}).is(200, "")).Items {
			if a.Role == string(access.CityInspector) {
				n++
			}
		}
		return n
	}
	if own, all := reading(x.hospital), reading(x.server.Token); own != 0 || all == 0 {
		x.t.Errorf("the hospital is told of %d readings, the overseer of %d", own, all)
	}
	x.ask(ask{path: "/v1/draws", token: x.hospital}).is(403, "forbidden")
	for _, path := range []string{"/v1/events/" + draw.String(), "/v1/acts?subject=" + draw.String(), "/v1/sites/" + site + "/duties", "/v1/worklist?tab=waiting&site=" + site, mine} {
		if a := x.ask(ask{path: path, token: x.hospital, blind: "whatever it answers"}); strings.Contains(string(a.body), draw.String()) && a.status == 200 {
			x.t.Errorf("%s tells the hospital of the draw: %s", path, a.body)
		}
	}
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
	for _, bad := range []string{"2026-01-02", "2026-Q5", "2199", "2026-01?district=110101", "2026-01?as_of=99999999", "2026-01?as_of=1&since=2", "2026-01?as_of=0", "2026-01?as_of=yesterday",
		"2026%00", "%ff", "2026-01?district=1306%0002"} {
		x.ask(ask{path: "/v1/reports/" + bad, token: x.inspector, blind: "no schema knows periods, districts and the log"}).is(422, "invalid-request")
	}
	for _, bad := range []string{"since=x", "format=pdf"} {
		x.get("/v1/reports/2026-01?"+bad).is(422, "invalid-request")
	}
	x.get("/v1/reports/2026-01?as_of="+url.QueryEscape(x.Now().Format("2006-01-02T15:04:05.000Z07:00"))).is(200, "")
	keptReports(x)
}

// keptReports: a report that is kept is what it was, whatever the log takes in later; the
// next one says what has changed since.
func keptReports(x *town) {
	x.t.Helper()
	by := ask{token: x.inspector}
	first := into[api.KeptReport](x.json("POST", "/v1/reports", by, `{"period":"2026-03"}`).is(201, ""))
	body := x.get("/v1/reports/"+first.ID).is(200, "").body
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != first.Sha256 || first.Since != 0 || first.Name != "全市 whole city" {
		x.t.Errorf("kept: %+v, the document has the hash %x", first, sum)
	}
	again := x.get(fmt.Sprintf("/v1/reports/2026-03?as_of=%d", first.Size)).is(200, "").body
	if !bytes.Equal(again, body) {
		x.t.Error("made anew as of the same size, the report is another")
	}
	x.Advance(time.Second) // reports are listed by when they were made
	x.send(x.Generate(4321).JWS).is(201, "")
	second := into[api.KeptReport](x.json("POST", "/v1/reports", by, `{"period":"2026-03"}`).is(201, ""))
	if now := x.get("/v1/reports/"+first.ID).is(200, "").body; !bytes.Equal(now, body) || second.Since != first.Size || second.Size <= first.Size {
		x.t.Errorf("the first was changed, or is not compared with: %+v", second)
	}
	for _, format := range []string{"xlsx", "html"} {
		if b := x.get("/v1/reports/"+second.ID+"?format="+format).is(200, "").body; len(b) < 1000 {
			x.t.Errorf("as %s it has %d bytes", format, len(b))
		}
	}
	x.json("POST", "/v1/reports", by, `{"period":"2026-03","district":"130602","as_of":"40"}`).is(201, "")
	page := into[api.ReportPage](x.get("/v1/reports?grain=month&district=&limit=1").is(200, ""))
	if len(page.Items) != 1 || page.Items[0].ID != second.ID || page.NextCursor == "" {
		x.t.Errorf("the newest are %+v", page)
	}
	page = into[api.ReportPage](x.get("/v1/reports?district=&cursor="+page.NextCursor).is(200, ""))
	if len(page.Items) != 1 || page.Items[0].ID != first.ID || page.NextCursor != "" {
		x.t.Errorf("the older ones are %+v", page)
	}
	if page = into[api.ReportPage](x.get("/v1/reports?period=2026-03&district=130602").is(200, "")); len(page.Items) != 1 || page.Items[0].Name != "竞秀区 Jingxiu" {
		x.t.Errorf("the district's are %+v", page)
	}
	blind := ask{token: x.inspector, blind: "no schema knows periods, districts and the log"}
	for _, bad := range []string{`{"period":"2026-03-02"}`, `{"period":"2026-Q5"}`, `{"period":"2199"}`, `{"period":"2026-03","district":"110101"}`, `{"period":"2026-03","as_of":"soon"}`,
		`{"period":"2026-03","as_of":"99999999"}`, `{"period":"2026\u0000"}`, `{"period":"2026-03","district":"\u0000"}`} {
		x.json("POST", "/v1/reports", blind, bad).is(422, "invalid-request")
	}
	x.json("POST", "/v1/reports", by, `{"period":7}`).is(422, "invalid-request")
	x.json("POST", "/v1/reports", by, `{}`).is(422, "invalid-request")
	x.json("POST", "/v1/reports", by, `{"period":"2026-03","x":1}`).is(422, "invalid-request")
	x.ask(ask{method: "POST", path: "/v1/reports", token: x.inspector, mediaType: "text/plain", body: "2026-03"}).is(415, "media-type")
	x.json("POST", "/v1/reports", by, `{"period":"`+strings.Repeat("2", 70_000)+`"}`).is(413, "too-large")
	x.json("POST", "/v1/reports", by, `{"period":"`+strings.Repeat("2026", 3000)+`"}`).is(422, "invalid-request")
	x.get("/v1/reports/"+strings.Repeat("2026", 400)).is(422, "invalid-request")
	for _, bad := range []string{"?period=2026-Q5", "?cursor=SAMPLE", "/" + first.ID + "?since=1", "/" + first.ID + "?district=130602"} {
		x.ask(ask{path: "/v1/reports" + bad, token: x.inspector, blind: "no schema knows periods and cursors, nor what goes together"}).is(422, "invalid-request")
	}
	for _, bad := range []string{"?grain=day", "/" + first.ID + "?format=pdf"} {
		x.get("/v1/reports"+bad).is(422, "invalid-request")
	}
	x.get("/v1/reports/019ca000-0000-7000-8000-00000000ffff").is(404, "not-found")
	x.get("/v1/reports/019CA000-0000-7000-8000-00000000FFFF").is(404, "not-found")
	district := x.token(access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}})
	for path, status := range map[string]int{"/v1/reports?district=130602": 200, "/v1/reports?district=130606": 404, "/v1/reports?district=999999": 404, "/v1/reports/" + first.ID: 404,
		"/v1/reports/2026-03?district=130602": 200, "/v1/reports/2026-03?district=130606": 404, "/v1/indicators/36/evidence?period=2026-03&district=130602": 200,
		"/v1/indicators/36/evidence?period=2026-03&district=130606": 404} {
		x.ask(ask{path: path, token: district}).is(status, map[int]string{200: "", 404: "not-found"}[status])
	}
	for _, path := range []string{"/v1/reports", "/v1/reports/2026-03", "/v1/indicators/36/evidence?period=2026-03"} {
		if a := x.ask(ask{path: path, token: district, blind: "no schema knows whose district it is"}).is(422, "invalid-request"); !bytes.Contains(a.body, []byte(`"/district"`)) {
			x.t.Errorf("%s: %s", path, a.body)
		}
	}
	x.json("POST", "/v1/reports", ask{token: district}, `{"period":"2026-03","district":"130606"}`).is(404, "not-found")
	x.json("POST", "/v1/reports", ask{token: district}, `{"period":"2026-03","district":"130602"}`).is(201, "")
}
