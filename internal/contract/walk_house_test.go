package contract

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"liandan/api"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/waste"
)

// march is a query for the month in which the tests' clock stands.
var march = "from=" + url.QueryEscape("2026-03-01T00:00:00.000+08:00") + "&to=" + url.QueryEscape("2026-04-01T00:00:00.000+08:00")

// asked are the queries without which an operation is not sound.
var asked = map[string]string{"compareUse": "?" + march, "getSourceStanding": "?year=2026", "discardDraft": "?version=1", "restoreDraft": "?version=1", "getMonthlyManifest": "?month=2026-03", "getSiteTable": "?from=2026-01-01&to=2026-12-31"}

// trip sends a bag on a trip of its own, so that there is one to ask about.
func (x *town) trip(p *place) id.Trip {
	x.t.Helper()
	p.bag = x.Generate(3_000)
	x.send(p.bag.JWS).is(201, "")
	p.issued = x.Issue(x.Hospital.On(p.bag.Event.Batches[0].ID, 3_000))
	x.send(p.issued.JWS).is(201, "")
	p.collected = x.Sign(x.Carrier, event.TransportCollected, event.Collected{Vehicle: "冀F00009"}, func(e *event.Event) {
		e.Manifest, e.Trip, e.Refs = p.issued.Event.Manifest, id.TripOf(e.ID.UUID()), []id.Event{p.issued.Event.ID}
		e.Batches = []event.Batch{x.Carrier.On(p.bag.Event.Batches[0].ID, 3_000)}
	})
	x.send(p.collected.JWS).is(201, "")
	return p.collected.Event.Trip
}

// house: the clock of what is in custody, the papers of stops, use against waste.
func (p *place) house(x *town) {
	site := "/v1/sites/" + p.known["site"]
	p.custody(x, site)
	p.papers(x, site)
	p.use(x, site)
	for _, query := range []string{"", "?month=2026-13", "?month=2026", "?month=1999-12", "?month=x"} {
		x.get(site+"/monthly-manifest"+query).is(422, "invalid-request")
	}
	for _, query := range []string{"", "?from=x&to=y", "?" + strings.Replace(march, "2026-04-01", "2026-03-01", 1), "?" + strings.Replace(march, "2026-04-01", "2026-07-01", 1),
		"?" + march + "&department=" + url.QueryEscape(strings.Repeat("科", 65))} {
		q := ask{path: site + "/use" + query}
		if strings.Contains(query, "to=2026") {
			q.blind = "the contract cannot compare two times"
		}
		if strings.Contains(query, "department") {
			q.blind = ""
		}
		q.token = x.hospital
		x.ask(q).is(422, "invalid-request")
	}
	for _, query := range []string{"limit=0", "limit=501", "cursor=x", "cursor=1.x", "cursor=x.019ca000-0000-7000-8000-00000000ffff"} {
		q := ask{path: site + "/custody?" + query, token: x.hospital}
		if strings.HasPrefix(query, "cursor") {
			q.blind = "a cursor is any text"
		}
		x.ask(q).is(422, "invalid-request")
	}
	for _, path := range []string{site + "/custody", site + "/monthly-manifest?month=2026-03", site + "/use?" + march} {
		x.ask(ask{path: path, token: x.stranger}).is(404, "not-found")
	}
	x.ask(ask{path: "/v1/trips/" + p.known["trip"] + "/cards", token: x.stranger}).is(404, "not-found")
}

// custody: boxes that are full twice and rooms that hand out what they have not got.
func (p *place) custody(x *town, site string) {
	var full []id.Batch
	for i := range 2 {
		bag := x.Generate(1_500)
		x.send(bag.JWS).is(201, "")
		box := id.BatchOf(must(x.Hospital.NewID(x.Now()))(x.t))
		packed := x.Sign(x.Hospital, event.BatchRepacked, event.Repacked{Children: []event.Child{{ID: box, Grams: 1_500, Code: "841-001-01", Form: "S",
			Packaging: "turnover_box", Container: "箱 7"}}}, func(e *event.Event) {
			e.At, e.Batches = e.At.Add(time.Duration(i)*time.Second), []event.Batch{x.Hospital.On(bag.Event.Batches[0].ID, 1_500)}
		})
		x.send(packed.JWS).is(201, "")
		full = append(full, box)
	}
	out := x.Sign(x.Hospital, event.BatchReleased, event.Released{From: "SAMPLE store"}, func(e *event.Event) { e.Batches = []event.Batch{{ID: full[0]}} })
	x.send(out.JWS).is(409, "wrong-stage")
	in := x.Sign(x.Hospital, event.BatchStored, event.Stored{Place: "SAMPLE store", TemperatureDC: 120, HasTemperature: true}, func(e *event.Event) { e.Batches = []event.Batch{{ID: full[0]}} })
	x.send(in.JWS).is(201, "")
	// The store has it now, so that the release that waited in quarantine may come.
	var bags []api.Bag
	for cursor, turn := "", 0; turn == 0 || cursor != ""; turn++ {
		page := into[api.CustodyPage](x.ask(ask{path: site + "/custody?limit=2&cursor=" + cursor, token: x.hospital}).is(200, ""))
		bags, cursor = append(bags, page.Items...), page.NextCursor
	}
	met := map[string]bool{}
	last := ""
	for _, b := range bags {
		if met[b.Batch] {
			x.t.Errorf("%s is on two pages", b.Batch)
		}
		met[b.Batch] = true
		if medical := strings.HasSuffix(b.Code, "-01"); (b.Clock != nil) != medical {
			x.t.Errorf("a clock that should not run, or none: %+v", b)
		}
		if b.Clock == nil {
			last = "9" // what has no clock comes last
		} else if b.Clock.AgeSeconds+b.Clock.RemainingSeconds < 172_799 || b.Clock.DueAt < last {
			x.t.Errorf("the bag is %+v, the one before was due at %s", b, last)
		} else {
			last = b.Clock.DueAt
		}
	}
	if met[p.bag.Event.Batches[0].ID.String()] || !met[full[0].String()] || !met[full[1].String()] {
		x.t.Errorf("in custody are %v", met)
	}
	for i, b := range full {
		v := into[api.BatchView](x.ask(ask{path: "/v1/batches/" + b.String(), token: x.hospital}).is(200, ""))
		twice := slices.ContainsFunc(v.Findings, func(f api.Finding) bool { return string(f.Rule) == "container-in-use-twice" })
		if twice != (i == 1) || v.Container != "箱 7" || (v.Stage == "released") != (i == 0) {
			x.t.Errorf("box %d is %+v", i, v)
		}
	}
}

// papers: the month's manifest and the trip's card have the stop with both signatures.
func (p *place) papers(x *town, site string) {
	month := into[api.MonthlyManifest](x.ask(ask{path: site + "/monthly-manifest?month=2026-03", token: x.hospital}).is(200, ""))
	i := slices.IndexFunc(month.Stops, func(s api.Stop) bool { return s.Manifest == p.issued.Event.Manifest.String() })
	if i < 0 {
		x.t.Fatalf("the month is %+v", month)
	}
	s := month.Stops[i]
	if s.Giver.Event != p.issued.Event.ID.String() || s.Taker.Event != p.collected.Event.ID.String() || s.Taker.Person != x.Carrier.Person.String() ||
		len(s.Classes) != 1 || s.Classes[0].Grams != 3_000 || s.Classes[0].Bags != 1 || month.Source == "" {
		x.t.Errorf("the stop is %+v", s)
	}
	var sum int64
	for _, s := range month.Stops {
		for _, c := range s.Classes {
			sum += c.Grams
		}
	}
	var total int64
	for _, c := range month.Totals {
		total += c.Grams
	}
	if len(month.Totals) == 0 || total != sum {
		x.t.Errorf("the totals are %+v, the stops have %d g", month.Totals, sum)
	}
	if m := into[api.MonthlyManifest](x.ask(ask{path: site + "/monthly-manifest?month=2026-05", token: x.hospital}).is(200, "")); len(m.Stops) != 0 {
		x.t.Errorf("a month without stops is %+v", m)
	}
	for _, token := range []string{x.hospital, x.inspector, x.plant} {
		trip := into[api.TripCards](x.ask(ask{path: "/v1/trips/" + p.known["trip"] + "/cards", token: token}).is(200, ""))
		if len(trip.Cards) != 1 || trip.Partial || trip.Cards[0].Vehicle != "冀F00009" || !trip.Cards[0].Open || len(trip.Cards[0].Stops) != 1 || len(trip.Cards[0].Ends) != 0 {
			x.t.Errorf("the cards are %+v", trip)
		}
	}
	p.load(x)
}

// load: whoever has to do with a batch finds it on the vehicle, whatever the spelling of the
// plate; of a vehicle with nothing of one's own nothing is told.
func (p *place) load(x *town) {
	path := func(plate string) string { return "/v1/vehicles/" + url.PathEscape(plate) + "/load" }
	for token, plate := range map[string]string{x.inspector: "冀F00009", x.hospital: "冀f·00009", x.plant: " 冀F 00009"} {
		got := into[api.VehicleLoad](x.ask(ask{path: path(plate), token: token}).is(200, ""))
		if got.Plate != "冀F00009" || got.Grams != 3_000 || got.Partial || len(got.Batches) != 1 {
			x.t.Fatalf("aboard is %+v", got)
		}
		if b := got.Batches[0]; b.Batch != p.bag.Event.Batches[0].ID.String() || b.Manifest != p.issued.Event.Manifest.String() || b.Trip != p.known["trip"] || b.From != x.Hospital.Party.String() ||
			b.Since != p.collected.Event.At.UTC().Format("2006-01-02T15:04:05.000Z") || b.Stage != "in_transit" || b.Code != "841-001-01" || b.Grams != 3_000 || b.Packaging != "bag" {
			x.t.Errorf("the batch aboard is %+v", b)
		}
	}
	other, none := x.ask(ask{path: path("冀F00009"), token: x.stranger}).is(404, "not-found"), x.ask(ask{path: path("冀F99999"), token: x.stranger}).is(404, "not-found")
	if o, n := into[api.Problem](other), into[api.Problem](none); o.Detail != n.Detail || !strings.Contains(o.Detail, "number plate") {
		x.t.Errorf("another's vehicle: %s; one that is not there: %s", o.Detail, n.Detail)
	}
	for _, bad := range []string{" ", "·.", strings.Repeat("冀", 22), "冀\x00F"} {
		x.ask(ask{path: path(bad), token: x.inspector, blind: "no schema counts bytes or knows what a plate leaves out"}).is(422, "invalid-request")
	}
	x.ask(ask{path: path(strings.Repeat("x", 65)), token: x.inspector}).is(422, "invalid-request")
	x.ask(ask{path: path("%' OR 1=1 --"), token: x.inspector}).is(404, "not-found")
}

// use: a department that closes a third of what was expected is far below.
func (p *place) use(x *town, site string) {
	const ward = "SAMPLE oncology"
	used := x.Sign(x.Hospital, event.UseRecorded, event.Use{Item: "输液器 SAMPLE", Kind: "product", Quantity: 300, Unit: "piece", Department: ward,
		ExpectsCode: "841-001-01", ExpectsGrams: 9_000}, nil)
	closed := x.Sign(x.Hospital, event.BatchGenerated, event.Generated{Code: "841-001-01", Form: "S", Packaging: "bag", Measured: event.OnScale, Department: ward, Isolation: true, Layers: 2},
		func(e *event.Event) {
			e.Batches = []event.Batch{{ID: id.BatchOf(must(x.Hospital.NewID(x.Now()))(x.t)), Grams: waste.Grams(3_001), Weighed: true}}
		})
	for _, s := range []intaketest.Signed{used, closed} {
		x.send(s.JWS).is(201, "")
	}
	path := fmt.Sprintf("%s/use?%s&department=%s", site, march, url.QueryEscape(ward))
	got := into[api.UseComparison](x.ask(ask{path: path, token: x.inspector}).is(200, ""))
	if len(got.Rows) != 1 || got.Rows[0].Permille == nil || *got.Rows[0].Permille != 333 || got.Rows[0].Band != "far_below" || got.Rows[0].Used[0].Quantity != 300 ||
		!slices.Equal(got.Rows[0].Uses, []string{used.Event.ID.String()}) || !slices.Equal(got.Rows[0].Closings, []string{closed.Event.ID.String()}) {
		x.t.Errorf("the comparison is %+v", got)
	}
	if all := into[api.UseComparison](x.ask(ask{path: site + "/use?" + march, token: x.hospital}).is(200, "")); len(all.Rows) < 2 {
		x.t.Errorf("all departments are %+v", all.Rows)
	}
}
