package contract

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"liandan/api"
	"liandan/internal/event"
	"liandan/internal/intaketest"
	"liandan/internal/registry/registrytest"
)

// lists: what waits, what is on its way and what is overdue, for whom it concerns, and how
// it is found.
func (p *place) lists(x *town) {
	bag := x.Generate(2_000)
	x.send(bag.JWS).is(201, "")
	issued := x.Issue(bag.Event.Batches...)
	x.send(issued.JWS).is(201, "")
	batch, sheet := bag.Event.Batches[0].ID.String(), issued.Event.Manifest.String()
	hospital, carrier, plant := "party="+x.Hospital.Party.String(), "party="+x.Carrier.Party.String(), "party="+x.Plant.Party.String()
	read := func(path string) api.WorkPage { x.t.Helper(); return into[api.WorkPage](x.get(path).is(200, "")) }
	item := func(path, id string) (out api.WorkItem, found bool) {
		x.t.Helper()
		for cursor := ""; ; {
			page := read(path + "&limit=3&cursor=" + url.QueryEscape(cursor))
			for _, i := range page.Items {
				if i.ID == id {
					out, found = i, true
				}
			}
			if cursor = page.NextCursor; cursor == "" {
				return out, found
			}
		}
	}
	where := func(what, query, id string, want bool) {
		x.t.Helper()
		if _, got := item(query, id); got != want {
			x.t.Errorf("%s: %s is there: %v", query, what, got)
		}
	}
	where("a manifest to be collected", "/v1/worklist?list=waiting&"+carrier, sheet, true)
	where("a manifest to be collected", "/v1/worklist?list=moving&"+carrier, sheet, false)
	where("a bag on a manifest", "/v1/worklist?kind=batch&"+hospital, batch, true)
	where("another's bag", "/v1/worklist?kind=batch&"+plant, batch, false)
	later := url.QueryEscape(x.Now().Add(49 * time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"))
	where("a fresh bag", "/v1/worklist?list=overdue&kind=batch&"+hospital, batch, false)
	where("a bag after two days", "/v1/worklist?list=overdue&kind=batch&due_by="+later+"&"+hospital, batch, true)
	if i, _ := item("/v1/worklist?list=overdue&kind=batch&due_by="+later+"&"+hospital, batch); len(i.Duties) != 1 || i.Duties[0].Code != "medical-store" || !i.Duties[0].Overdue ||
		i.Duties[0].OverdueSeconds < 1800 || !strings.Contains(i.Duties[0].Source, "医疗废物管理条例") || i.Duties[0].Owner != x.Hospital.Party.String() {
		x.t.Errorf("the bag's duties are %+v", i.Duties)
	}
	collected := x.Collect(issued)
	x.send(collected.JWS).is(201, "")
	where("a manifest on the road", "/v1/worklist?list=moving&"+carrier, sheet, true)
	where("a manifest on the road", "/v1/worklist?list=moving&"+plant, sheet, true)
	where("a bag on the road", "/v1/worklist?list=overdue&kind=batch&due_by="+later+"&"+hospital, batch, false)
	p.filings(x)
	p.owed(x, batch, sheet, x.Deliver(collected))
	if i, ok := item("/v1/worklist?list=waiting&"+plant+"&site="+x.Plants.String(), sheet); !ok || len(i.Duties) != 1 || i.Duties[0].Code != "receipt-confirmation" || i.Duties[0].LastDay == "" {
		x.t.Errorf("at the plant's gate: %v %+v", ok, i)
	}
	before := into[api.WorkCounts](x.get("/v1/worklist/counts?"+plant).is(200, ""))
	if before.Waiting.Count == 0 || before.Moving.Count == 0 || before.Overdue.More {
		x.t.Errorf("the counts are %+v", before)
	}
	plate := url.QueryEscape("冀f 00001")
	for _, q := range []struct {
		query string
		id    string
		found bool
	}{
		{hospital + "&plate=" + plate, sheet, true}, {plant + "&plate=" + plate, sheet, true}, {hospital + "&plate=" + url.QueryEscape("冀F99999"), sheet, false},
		{hospital + "&code=841-001-01", sheet, true}, {hospital + "&code=900-249-08", sheet, false}, {hospital + "&organisation=" + url.QueryEscape("单位2"), sheet, true},
		{hospital + "&organisation=" + strings.ToLower(string(registrytest.Code(3))), sheet, true},
		{hospital + "&organisation=" + url.QueryEscape("nobody at all"), sheet, false}, {carrier + "&kind=batch", batch, true}, {hospital + "&number=20261306000123", sheet, false},
		{hospital + "&kind=batch&label=" + string(bag.Event.Data.(event.Generated).Label), batch, true}, {hospital + "&kind=batch&container=x", batch, false},
		{hospital + "&from=2027-01-01T00:00:00.000Z", sheet, false}, {hospital + "&to=2027-01-01T00:00:00.000Z", sheet, true},
		{hospital + "&person=" + x.Carrier.Person.String(), sheet, true}, {hospital + "&site=" + x.Plants.String(), sheet, true},
	} {
		where("it", "/v1/search?"+q.query, q.id, q.found)
	}
	for _, path := range []string{"/v1/worklist", "/v1/worklist/counts", "/v1/search"} {
		for _, bad := range []string{"", "party=x", "kind=truck&" + hospital, "division=13", "site=x&" + hospital, "person=%00&" + hospital, "organisation=x&" + hospital,
			"code=1&" + hospital, "site=" + x.Plants.String() + "&division=130602"} {
			x.ask(ask{path: path + "?" + bad, token: x.inspector, blind: unseen(bad)}).is(422, "invalid-request")
		}
		x.ask(ask{path: path + "?" + hospital, token: x.stranger}).is(404, "not-found")
		x.get(path+"?party=019ca000-0000-7000-8000-00000000ffff").is(404, "not-found")
	}
	for _, bad := range []string{"limit=0", "limit=201", "cursor=x", "list=lost", "due_by=x"} {
		x.ask(ask{path: "/v1/worklist?" + bad + "&" + hospital, token: x.inspector, blind: unseen(bad)}).is(422, "invalid-request")
	}
	for _, bad := range []string{"label=x&kind=batch&" + hospital, "label=" + string(bag.Event.Data.(event.Generated).Label) + "&" + hospital, "division=130602", "from=x&" + hospital,
		"plate=" + strings.Repeat("x", 65) + "&" + hospital} {
		x.ask(ask{path: "/v1/search?" + bad, token: x.inspector, blind: unseen(bad)}).is(422, "invalid-request")
	}
	if fmt.Sprint(read("/v1/worklist?"+hospital+"&organisation="+url.QueryEscape("nobody at all"))) != fmt.Sprint(api.WorkPage{Items: []api.WorkItem{}}) {
		x.t.Error("a list with nobody is not empty")
	}
}

// findingLists: what the rules find, for whom it concerns and nobody else.
func (p *place) findingLists(x *town) {
	bag := x.Generate(5_000)
	x.send(bag.JWS).is(201, "")
	issued := x.Issue(bag.Event.Batches...)
	x.send(issued.JWS).is(201, "")
	lighter := x.Collect(issued).Event
	short := x.Sign(x.Carrier, event.TransportCollected, lighter.Data, func(e *event.Event) {
		e.Manifest, e.Refs, e.Batches = lighter.Manifest, lighter.Refs, slices.Clone(lighter.Batches)
		e.Batches[0].Grams = 3_000
	})
	x.send(short.JWS).is(201, "")
	loose := x.Sign(x.Carrier, event.IncidentReported, event.Incident{Kind: event.Found, Place: "样例路边 SAMPLE", Measures: "围挡 SAMPLE"}, nil)
	x.send(loose.JWS).is(201, "")
	hospital, carrier := "party="+x.Hospital.Party.String(), "party="+x.Carrier.Party.String()
	has := func(query string, event string, want bool) (out api.FindingItem) {
		x.t.Helper()
		found := false
		for cursor := ""; ; {
			page := into[api.FindingPage](x.get("/v1/findings?limit=3&"+query+"&cursor="+url.QueryEscape(cursor)).is(200, ""))
			for _, i := range page.Items {
				if i.Finding.Event == event {
					out, found = i, true
				}
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if found != want {
			x.t.Errorf("%s: %s is there: %v", query, event, found)
		}
		return out
	}
	lost := short.Event.ID.String()
	if f := has(hospital+"&rule=grams-differ", lost, true); f.Finding.Grams != 2_000 || f.Finding.Severity != "finding" || f.Finding.Owner.Party != x.Hospital.Party.String() ||
		f.Manifest != issued.Event.Manifest.String() || f.Standing || f.At == "" {
		x.t.Errorf("two kilograms short: %+v", f)
	}
	has(carrier+"&rule=grams-differ&state=all&code=841-001-01", lost, true)
	has(hospital+"&rule=grams-differ&severity=serious", lost, false)
	has(hospital+"&rule=grams-differ&owner="+x.Carrier.Party.String(), lost, false)
	has(hospital+"&rule=grams-differ&to=2020-01-01T00:00:00.000Z", lost, false)
	has(hospital+"&rule=grams-differ&code=900-249-08", lost, false)
	has(carrier+"&severity=serious", loose.Event.ID.String(), true)
	has(hospital+"&severity=serious", loose.Event.ID.String(), false)
	n := into[api.FindingCounts](x.get("/v1/findings/counts?"+carrier+"&rule=incident").is(200, ""))
	if len(n.Rules) != 1 || n.Rules[0].Rule != "incident" || n.Rules[0].Severity != "serious" || n.Rules[0].Count == 0 || n.More {
		x.t.Errorf("incidents are counted %+v", n)
	}
	for _, path := range []string{"/v1/findings", "/v1/findings/counts"} {
		for _, bad := range []string{"", "party=x", "division=13", "site=x&" + hospital, "severity=grave&" + hospital, "state=shut&" + hospital, "owner=x&" + hospital, "rule=DROP&" + hospital,
			"from=x&" + hospital, "code=1&" + hospital, "due_by=x&" + hospital} {
			x.ask(ask{path: path + "?" + bad, token: x.inspector, blind: unseen(bad)}).is(422, "invalid-request")
		}
		x.ask(ask{path: path + "?" + hospital, token: x.stranger}).is(404, "not-found")
		x.get(path+"?party=019ca000-0000-7000-8000-00000000ffff").is(404, "not-found")
	}
	for _, bad := range []string{"limit=0", "limit=201", "cursor=x"} {
		x.ask(ask{path: "/v1/findings?" + bad + "&" + hospital, token: x.inspector, blind: unseen(bad)}).is(422, "invalid-request")
	}
}

// unseen says why no schema sees what is wrong with a query: parameters that do not go
// together, a cursor, a code's or a label's own form. What a schema can see gives no reason.
func unseen(query string) string {
	for _, own := range []string{"code=", "cursor=", "label=", "site=019", "division=130602"} {
		if query == "" || strings.HasPrefix(query, own) {
			return "what fits together, no schema says"
		}
	}
	return ""
}

// filings: the plan is filed by the register, reports are due on days of the calendar, and the
// class that binds them has its reason.
func (p *place) filings(x *town) {
	of := func(token, site string) api.SiteDuties {
		x.t.Helper()
		return into[api.SiteDuties](x.ask(ask{path: "/v1/sites/" + site + "/duties", token: token}).is(200, ""))
	}
	hospital := of(x.hospital, x.Hospital.Site.String())
	if hospital.Class != "registered" || hospital.Licensed || hospital.OwnFacility || len(hospital.Years) != 3 || !strings.Contains(hospital.Source, "HJ 1259") {
		x.t.Errorf("the hospital is %+v", hospital)
	}
	plan := slices.IndexFunc(hospital.Duties, func(d api.Duty) bool { return d.Code == "plan-yearly" && d.Period == "2026" })
	report := slices.IndexFunc(hospital.Duties, func(d api.Duty) bool { return d.Code == "report-yearly" && d.Period == "2025" })
	if plan < 0 || report < 0 || hospital.Duties[report].Overdue || hospital.Duties[report].LastDay != "2026-03-31" || hospital.Duties[plan].MetAt == "" {
		x.t.Errorf("the hospital files %+v", hospital.Duties)
	}
	plant := of(x.inspector, x.Plants.String())
	if plant.Class != "key" || !plant.Licensed || !slices.ContainsFunc(plant.Duties, func(d api.Duty) bool {
		return d.Code == "report-monthly" && d.Period == "2026-02" && d.LastDay == "2026-03-15"
	}) {
		x.t.Errorf("the plant is %+v", plant)
	}
	if carrier := of(x.inspector, x.Carrier.Site.String()); carrier.Class != "" || len(carrier.Duties) != 0 {
		x.t.Errorf("a carrier files %+v", carrier)
	}
	x.ask(ask{path: "/v1/sites/" + x.Hospital.Site.String() + "/duties", token: x.stranger}).is(404, "not-found")
}

// owed: what stands at the gate has its receipt due, with law and owner, in the views of the
// manifest and of the bag; on the road nothing is.
func (p *place) owed(x *town, batch, sheet string, delivered intaketest.Signed) {
	if v := into[api.ManifestView](x.get("/v1/manifests/"+sheet).is(200, "")); len(v.Duties) != 0 {
		x.t.Errorf("on the road something is due: %+v", v.Duties)
	}
	x.send(delivered.JWS).is(201, "")
	manifest, bag := into[api.ManifestView](x.get("/v1/manifests/"+sheet).is(200, "")), into[api.BatchView](x.get("/v1/batches/"+batch).is(200, ""))
	for _, ds := range [][]api.Duty{manifest.Duties, bag.Duties} {
		i := slices.IndexFunc(ds, func(d api.Duty) bool { return d.Code == "receipt-confirmation" })
		if i < 0 || ds[i].Owner != x.Plant.Party.String() || !strings.Contains(ds[i].Source, "18") || ds[i].Overdue || ds[i].LastDay == "" || ds[i].MetAt != "" {
			x.t.Errorf("at the gate is due: %+v", ds)
		}
	}
}
