package contract

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/event"
	"liandan/internal/id"
)

func init() {
	for op, status := range map[string]int{"createBooking": 201, "listBookings": 200, "getBooking": 200, "setBookingState": 200, "createTrip": 201, "listTrips": 200,
		"getTrip": 200, "changeTrip": 200, "setTripState": 200} {
		done[op] = status
	}
}

// trips: a source asks, its collector plans, the driver signs, and what was asked is done by
// what was signed alone.
func (p *place) trips(x *town) {
	r := &rounds{town: x, carrier: ask{token: x.administrator(x.Carrier.Party)}, hospital: ask{token: x.hospital}}
	p.driver = x.token(access.Appointment{Role: access.Driver, Party: x.Carrier.Party, Person: x.Carrier.Person})
	r.driver = ask{token: p.driver}
	b := r.booked()
	p.known["booking"] = b.Booking
	r.badBookings()
	r.bookingLists(b)
	b = r.regret(b)
	r.Advance(time.Second) // what is signed in the moment of the booking was not fetched for it
	t := r.planned(b)
	r.badTrips(t)
	t = r.amended(t)
	r.driven(p, t, b)
	r.missed()
	r.leaves()
}

type rounds struct {
	*town
	carrier, hospital, driver ask
}

const planDay = "2026-03-05"

func (r *rounds) bookingBody(change ...string) string {
	body := fmt.Sprintf(`{"site":%q,"collector":%q,"reason":"drum_full","from":"2026-03-02T00:00:00.000+08:00","until":"2026-03-20T00:00:00.000+08:00","lines":[{"code":"841-001-01","grams":2000},{"code":"841-002-01","grams":100}],"note":"样例 SAMPLE"}`,
		r.Hospital.Site, r.Carrier.Party)
	return strings.NewReplacer(change...).Replace(body)
}

func (r *rounds) booking(id string, by ask) api.Booking {
	r.t.Helper()
	by.path = "/v1/bookings/" + id
	return into[api.Booking](r.ask(by).is(200, ""))
}

func (r *rounds) booked() api.Booking {
	b := into[api.Booking](r.json("POST", "/v1/bookings", r.hospital, r.bookingBody()).is(201, ""))
	if b.State != "asked" || b.By != "source" || b.Party != r.Hospital.Party.String() || b.Version != 1 || len(b.Lines) != 2 || b.Reason != "drum_full" || b.Overdue {
		r.t.Errorf("the booking is %+v", b)
	}
	r.json("POST", "/v1/bookings", r.hospital, r.bookingBody()).is(409, "conflict")
	noted := into[api.Booking](r.json("POST", "/v1/bookings", r.carrier, r.bookingBody("drum_full", "regular")).is(201, ""))
	if noted.By != "collector" || noted.Party != r.Hospital.Party.String() {
		r.t.Errorf("what the collector noted is %+v", noted)
	}
	off := fmt.Sprintf(`{"state":"withdrawn","version":%d,"reason":"样例 SAMPLE"}`, noted.Version)
	r.json("PUT", "/v1/bookings/"+noted.Booking+"/state", r.carrier, off).is(200, "")
	return b
}

func (r *rounds) badBookings() {
	events := r.events()
	for _, c := range []struct{ from, to, blind string }{{`"reason":"drum_full"`, `"reason":"soon"`, ""}, {`"grams":2000`, `"grams":0`, ""}, {`"grams":2000`, `"grams":"2000"`, ""},
		{"841-002-01", "841-001-01", "a repeated code"}, {"841-001-01", "841-1", ""}, {"2026-03-02T", "2026-03-01T", "the past"}, {"2026-03-20T", "2025-03-20T", "the past"},
		{"2026-03-20T", "2027-03-20T", "too far ahead"}, {"2026-03-20T", "20th of March", ""}, {r.Carrier.Party.String(), r.Hospital.Party.String(), "a collector's role"},
		{r.Carrier.Party.String(), "019ca000-0000-7000-8000-00000000ffff", "an unknown collector"}, {`"note":"样例 SAMPLE"`, `"note":"` + strings.Repeat("字", 201) + `"`, ""},
		{`"note":"样例 SAMPLE"`, `"note":"\u202eSAMPLE"`, "hostile text"}, {`"site"`, `"place"`, ""}, {`"note"`, `"note":"a","note"`, "a repeated member"}} {
		by := r.hospital
		by.blind = c.blind
		r.json("POST", "/v1/bookings", by, r.bookingBody(c.from, c.to)).is(422, "invalid-request")
	}
	if n := r.events(); n != events {
		r.t.Errorf("bad bookings made %d events", n-events)
	}
	for _, token := range []string{r.stranger, r.plant} {
		r.json("POST", "/v1/bookings", ask{token: token}, r.bookingBody()).is(404, "not-found")
	}
	r.json("POST", "/v1/bookings", r.hospital, r.bookingBody(r.Hospital.Site.String(), "019ca000-0000-7000-8000-00000000ffff")).is(404, "not-found")
	r.json("POST", "/v1/bookings", ask{token: r.inspector}, r.bookingBody()).is(403, "forbidden")
}

func (r *rounds) bookingLists(b api.Booking) {
	has := func(query string, by ask, want bool) {
		r.t.Helper()
		found, cursor := false, ""
		for {
			q := by
			q.path = "/v1/bookings?" + query + "&limit=1&cursor=" + url.QueryEscape(cursor)
			page := into[api.BookingPage](r.ask(q).is(200, ""))
			for _, i := range page.Items {
				found = found || i.Booking == b.Booking
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if found != want {
			r.t.Errorf("%s shows the booking: %v", query, found)
		}
	}
	collector, site, inspector := "collector="+r.Carrier.Party.String(), "site="+r.Hospital.Site.String(), ask{token: r.inspector}
	has(collector, r.carrier, true)
	has(collector+"&state=asked", r.carrier, true)
	has(collector+"&state=planned", r.carrier, false)
	has(site, r.hospital, true)
	has(site+"&state=withdrawn", r.hospital, false)
	has("division=130602&state=asked", inspector, true)
	has("division=130602&overdue=true", inspector, false)
	has("division=130607", inspector, false)
	for _, bad := range []string{"", collector + "&" + site, "division=13", collector + "&state=lost", collector + "&overdue=perhaps", collector + "&limit=101", collector + "&cursor=x", "site=x"} {
		blind := "what fits together, no schema says"
		if strings.Contains(bad, "=13") || strings.Contains(bad, "lost") || strings.Contains(bad, "perhaps") || strings.Contains(bad, "101") || bad == "site=x" {
			blind = ""
		}
		r.ask(ask{path: "/v1/bookings?" + bad, token: r.inspector, blind: blind}).is(422, "invalid-request")
	}
	for _, query := range []string{collector, site, "division=130602"} {
		r.ask(ask{path: "/v1/bookings?" + query, token: r.stranger}).is(404, "not-found")
	}
	r.ask(ask{path: "/v1/bookings/" + b.Booking, token: r.stranger}).is(404, "not-found")
	r.booking(b.Booking, r.carrier)
}

// regret: the source takes its wish back and brings it up again; its collector cannot.
func (r *rounds) regret(b api.Booking) api.Booking {
	put := func(by ask, body string) answer {
		return r.json("PUT", "/v1/bookings/"+b.Booking+"/state", by, body)
	}
	off := `{"state":"withdrawn","version":1,"reason":"样例 SAMPLE 误填"}`
	put(r.carrier, off).is(404, "not-found")
	put(ask{token: r.stranger}, off).is(404, "not-found")
	put(r.hospital, `{"state":"done","version":1}`).is(422, "invalid-request")
	nothing := r.hospital
	nothing.blind = "a reason is needed for one state alone"
	put(nothing, `{"state":"withdrawn","version":1}`).is(422, "invalid-request")
	put(r.hospital, strings.Replace(off, `:1`, `:7`, 1)).is(409, "conflict")
	if v := into[api.Booking](put(r.hospital, off).is(200, "")); v.State != "withdrawn" || v.WithdrawnReason != "样例 SAMPLE 误填" || v.Version != 2 {
		r.t.Errorf("withdrawn it is %+v", v)
	}
	v := into[api.Booking](put(r.hospital, `{"state":"asked","version":2}`).is(200, ""))
	if v.State != "asked" || v.WithdrawnAt != "" {
		r.t.Errorf("restored it is %+v", v)
	}
	return v
}

func (r *rounds) tripBody(stops string, change ...string) string {
	body := fmt.Sprintf(`{"collector":%q,"vehicle":"冀F00001","driver":%q,"day":%q,"stops":[%s],"note":"样例 SAMPLE"}`, r.Carrier.Party, r.Carrier.Person, planDay, stops)
	return strings.NewReplacer(change...).Replace(body)
}

func (r *rounds) changeBody(version int64, stops string) string {
	return strings.Replace(r.tripBody(stops), fmt.Sprintf(`"collector":%q`, r.Carrier.Party), fmt.Sprintf(`"version":%d`, version), 1)
}

func (r *rounds) stops(b api.Booking) string {
	return fmt.Sprintf(`{"site":%q,"booking":%q},{"site":%q}`, r.Hospital.Site, b.Booking, r.Stranger.Site)
}

func (r *rounds) trip(id string, by ask) api.Trip {
	r.t.Helper()
	by.path = "/v1/trips/" + id
	return into[api.Trip](r.ask(by).is(200, ""))
}

func (r *rounds) planned(b api.Booking) api.Trip {
	t := into[api.Trip](r.json("POST", "/v1/trips", r.carrier, r.tripBody(r.stops(b))).is(201, ""))
	if t.Status != "planned" || t.Version != 1 || t.NextSite != r.Hospital.Site.String() || t.ExpectedGrams != 2100 || t.CapacityGrams == nil || *t.CapacityGrams != 5_000_000 ||
		*t.RemainingGrams != 5_000_000 || len(t.Findings) != 0 || t.VehiclePermit != "SAMPLE-V-1" || len(t.Stops) != 2 || t.Stops[0].Booking != b.Booking {
		r.t.Errorf("the trip is %+v", t)
	}
	if v := r.booking(b.Booking, r.hospital); v.State != "planned" || v.Trip.Trip != t.Trip || v.Trip.Day != planDay {
		r.t.Errorf("planned, the booking is %+v", v)
	}
	r.json("POST", "/v1/trips", r.carrier, r.tripBody(r.stops(b))).is(409, "conflict")
	own := into[api.Trip](r.json("POST", "/v1/trips", r.driver, r.tripBody(fmt.Sprintf(`{"site":%q}`, r.Stranger.Site), "冀F00001", "冀F00777")).is(201, ""))
	if len(own.Findings) != 1 || own.Findings[0].Rule != "trip-vehicle-unpermitted" || own.CapacityGrams != nil {
		r.t.Errorf("with an unregistered vehicle: %+v", own)
	}
	r.trip(t.Trip, r.driver)
	r.trip(t.Trip, ask{token: r.inspector})
	for _, token := range []string{r.stranger, r.hospital.token, r.plant} { // a source sees its booking, and not where else the vehicle stops
		r.ask(ask{path: "/v1/trips/" + t.Trip, token: token}).is(404, "not-found")
	}
	list := "/v1/trips?collector=" + r.Carrier.Party.String()
	for by, query := range map[string]string{r.carrier.token: "", r.driver.token: "&person=" + r.Carrier.Person.String(), r.inspector: "&from=" + planDay + "&to=" + planDay} {
		met, cursor := map[string]bool{}, ""
		for {
			page := into[api.TripPage](r.ask(ask{path: list + query + "&limit=1&cursor=" + url.QueryEscape(cursor), token: by}).is(200, ""))
			for _, i := range page.Items {
				met[i.Trip] = true
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if !met[t.Trip] || !met[own.Trip] {
			r.t.Errorf("%s lists %v", query, met)
		}
	}
	r.ask(ask{path: list, token: r.driver.token}).is(404, "not-found")
	r.ask(ask{path: list + "&person=" + r.Stranger.Person.String(), token: r.driver.token}).is(404, "not-found")
	r.ask(ask{path: list, token: r.stranger}).is(404, "not-found")
	for bad, blind := range map[string]string{"": "", "?collector=x": "", list[9:] + "&from=2026-02-31": "a day of the calendar", list[9:] + "&limit=101": "", list[9:] + "&cursor=x": "a cursor", list[9:] + "&person=x": ""} {
		r.ask(ask{path: "/v1/trips" + bad, token: r.inspector, blind: blind}).is(422, "invalid-request")
	}
	return t
}

func (r *rounds) badTrips(t api.Trip) {
	one := fmt.Sprintf(`{"site":%q}`, r.Hospital.Site)
	for _, c := range []struct{ stops, from, to, blind string }{{"", "", "", ""}, {one + "," + one, "", "", "a repeated stop"}, {one, planDay, "2026-03-01", "the past"}, {one, planDay, "2026-02-30", "no day"},
		{one, planDay, "2028-03-01", "too far ahead"}, {one, "冀F00001", "", ""}, {one, "冀F00001", strings.Repeat("冀", 17), ""}, {one, "冀F00001", "冀F\u200b1", "hostile text"},
		{one, r.Carrier.Person.String(), r.Stranger.Person.String(), "another's person"}, {one, r.Hospital.Site.String(), "019ca000-0000-7000-8000-00000000ffff", "an unknown site"},
		{one, r.Hospital.Site.String(), r.Carrier.Site.String(), "an own site"}, {strings.Repeat(one+",", 100) + one, "", "", ""}, {one, `"note"`, `"notes"`, ""},
		{fmt.Sprintf(`{"site":%q,"booking":"019ca000-0000-7000-8000-00000000ffff"}`, r.Hospital.Site), "", "", "an unknown booking"}} {
		by := r.carrier
		by.blind = c.blind
		change := []string{c.from, c.to}
		if c.from == "" {
			change = nil
		}
		r.json("POST", "/v1/trips", by, r.tripBody(c.stops, change...)).is(422, "invalid-request")
		if c.from != `"note"` {
			r.json("PUT", "/v1/trips/"+t.Trip, by, strings.NewReplacer(change...).Replace(r.changeBody(1, c.stops))).is(422, "invalid-request")
		}
	}
	r.json("POST", "/v1/trips", ask{token: r.stranger}, r.tripBody(one)).is(404, "not-found")
	r.json("POST", "/v1/trips", r.driver, r.tripBody(one, r.Carrier.Party.String(), r.Stranger.Party.String())).is(404, "not-found")
	r.json("POST", "/v1/trips", ask{token: r.inspector}, r.tripBody(one)).is(403, "forbidden")
	r.json("PUT", "/v1/trips/"+t.Trip, ask{token: r.stranger}, r.changeBody(1, one)).is(404, "not-found")
	r.json("PUT", "/v1/trips/"+t.Trip+"/state", ask{token: r.stranger}, `{"state":"cancelled","version":1,"reason":"样例 SAMPLE"}`).is(404, "not-found")
}

// amended: a plan is changed by who read its newest version, cancelled and restored.
func (r *rounds) amended(t api.Trip) api.Trip {
	b := api.Booking{Booking: t.Stops[0].Booking}
	state := func(by ask, body string) answer { return r.json("PUT", "/v1/trips/"+t.Trip+"/state", by, body) }
	v := into[api.Trip](r.json("PUT", "/v1/trips/"+t.Trip, r.driver, r.changeBody(1, fmt.Sprintf(`{"site":%q}`, r.Stranger.Site))).is(200, ""))
	if v.Version != 2 || len(v.Stops) != 1 || r.booking(b.Booking, r.hospital).State != "asked" {
		r.t.Errorf("changed it is %+v", v)
	}
	r.json("PUT", "/v1/trips/"+t.Trip, r.carrier, r.changeBody(1, r.stops(b))).is(409, "conflict")
	r.json("PUT", "/v1/trips/"+t.Trip, r.carrier, r.changeBody(2, r.stops(b))).is(200, "")
	noReason := r.carrier
	noReason.blind = "a reason is needed for one state alone"
	state(noReason, `{"state":"cancelled","version":3}`).is(422, "invalid-request")
	state(r.carrier, `{"state":"cancelled","version":2,"reason":"样例 SAMPLE"}`).is(409, "conflict")
	if v = into[api.Trip](state(r.carrier, `{"state":"cancelled","version":3,"reason":"样例 SAMPLE 车坏"}`).is(200, "")); v.Status != "cancelled" || v.CancelledReason != "样例 SAMPLE 车坏" {
		r.t.Errorf("cancelled it is %+v", v)
	}
	if s := r.booking(b.Booking, r.hospital).State; s != "asked" {
		r.t.Errorf("the booking of a cancelled trip is %s", s)
	}
	return into[api.Trip](state(r.carrier, `{"state":"planned","version":4}`).is(200, ""))
}

// driven: what was signed moves the trip and settles the booking; another's event does not.
func (r *rounds) driven(p *place, t api.Trip, b api.Booking) {
	trip, err := id.ParseTrip(t.Trip)
	if err != nil {
		r.t.Fatal(err)
	}
	intruder := r.Sign(r.Stranger, event.StopSkipped, event.Skipped{Stop: r.Hospital.Site, Reason: "样例 SAMPLE"}, func(e *event.Event) { e.Trip = trip })
	r.send(intruder.JWS).is(201, "")
	if v := r.trip(t.Trip, r.carrier); v.Status != "planned" || v.Stops[0].Status != "waiting" {
		r.t.Errorf("a stranger's event moved the trip: %+v", v)
	}
	bag := r.Generate(1_500)
	r.send(bag.JWS).is(201, "")
	issued := r.Issue(bag.Event.Batches...)
	r.send(issued.JWS).is(201, "")
	collected := r.Sign(r.Carrier, event.TransportCollected, event.Collected{Vehicle: "冀F·00001"}, func(e *event.Event) {
		e.Manifest, e.Trip, e.Refs, e.Batches = issued.Event.Manifest, trip, []id.Event{issued.Event.ID}, issued.Event.Batches
	})
	r.send(collected.JWS).is(201, "")
	v := r.trip(t.Trip, r.driver)
	if v.Status != "under_way" || v.AboardGrams != 1_500 || *v.RemainingGrams != 4_998_500 || v.NextSite != r.Stranger.Site.String() || v.Stops[0].Status != "collected" || v.Stops[0].Grams != 1_500 || len(v.Findings) != 0 {
		r.t.Errorf("after the first stop: %+v", v)
	}
	done := r.booking(b.Booking, r.hospital)
	if done.State != "done" || done.Pickup.Event != collected.Event.ID.String() || done.Pickup.Grams != 1_500 || len(done.Pickup.LeftCodes) != 1 || done.Pickup.LeftCodes[0] != "841-002-01" {
		r.t.Errorf("fetched it is %+v", done)
	}
	page := into[api.BookingPage](r.ask(ask{path: "/v1/bookings?state=asked&collector=" + r.Carrier.Party.String(), token: r.carrier.token}).is(200, ""))
	for _, i := range page.Items {
		if i.Booking == b.Booking {
			r.t.Error("what was fetched is listed as waiting")
		}
	}
	r.json("PUT", "/v1/bookings/"+b.Booking+"/state", r.hospital, fmt.Sprintf(`{"state":"withdrawn","version":%d,"reason":"样例 SAMPLE"}`, done.Version)).is(409, "conflict")
	r.json("PUT", "/v1/trips/"+t.Trip, r.carrier, r.changeBody(v.Version, fmt.Sprintf(`{"site":%q}`, r.Stranger.Site))).is(409, "conflict")
	r.json("PUT", "/v1/trips/"+t.Trip+"/state", r.carrier, fmt.Sprintf(`{"state":"cancelled","version":%d,"reason":"样例 SAMPLE"}`, v.Version)).is(409, "conflict")
	skip := r.Sign(r.Carrier, event.StopSkipped, event.Skipped{Stop: r.Stranger.Site, Reason: "样例 SAMPLE 无人"}, func(e *event.Event) { e.Trip = trip })
	r.send(skip.JWS).is(201, "")
	r.Advance(time.Minute)
	gate := r.Sign(r.Carrier, event.TransportDelivered, event.Delivered{Vehicle: "冀F00001"}, func(e *event.Event) {
		e.Manifest, e.Trip, e.Refs, e.Batches = issued.Event.Manifest, trip, []id.Event{collected.Event.ID}, issued.Event.Batches
	})
	r.send(gate.JWS).is(201, "")
	if v = r.trip(t.Trip, r.carrier); v.Status != "finished" || v.AboardGrams != 0 || v.PeakGrams != 1_500 || v.NextSite != "" || v.Stops[1].SkippedReason != "样例 SAMPLE 无人" {
		r.t.Errorf("at the end: %+v", v)
	}
}

// missed: what nobody fetched in its window shows to the collector and to the district.
func (r *rounds) missed() {
	until := r.Now().Add(time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")
	b := into[api.Booking](r.json("POST", "/v1/bookings", r.hospital, r.bookingBody("2026-03-20T00:00:00.000+08:00", until)).is(201, ""))
	r.Advance(2 * time.Minute)
	for _, q := range []ask{{path: "/v1/bookings?overdue=true&collector=" + r.Carrier.Party.String(), token: r.carrier.token}, {path: "/v1/bookings?overdue=true&division=130602", token: r.inspector}} {
		page := into[api.BookingPage](r.ask(q).is(200, ""))
		if len(page.Items) != 1 || page.Items[0].Booking != b.Booking || !page.Items[0].Overdue {
			r.t.Errorf("%s: %+v", q.path, page)
		}
	}
}
