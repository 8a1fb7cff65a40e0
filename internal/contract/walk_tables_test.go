package contract

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"liandan/api"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/sheet"
	"liandan/internal/standbook"
)

// rowsOf reads the first table of a file.
func rowsOf(x *town, a answer) [][]string {
	x.t.Helper()
	r, err := sheet.Open(bytes.NewReader(a.body), sheet.Usual)
	if err != nil {
		x.t.Fatalf("%s: %v", a.at, err)
	}
	defer r.Close()
	var out [][]string
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			x.t.Fatal(err)
		}
		out = append(out, append([]string(nil), row.Cells...))
	}
}

// tables: what a site's ledger says of the batch that went the whole way, and who may have it.
func (p *place) tables(x *town) {
	of := func(site, table, more string) ask {
		return ask{path: "/v1/sites/" + site + "/tables/" + table + "?from=2026-01-01&to=2026-12-31" + more, token: x.hospital}
	}
	hospital, plant := x.Hospital.Site.String(), x.Plant.Site.String()
	for _, table := range []string{"generated", "stored", "drawn", "own", "outsourced", "balance", "manifests", "imported-manifests", "imported-ledger"} {
		csv := x.ask(of(hospital, table, "&format=csv")).is(200, "")
		rows := rowsOf(x, csv)
		again := rowsOf(x, x.ask(of(hospital, table, "&format=xlsx")).is(200, ""))
		if len(rows) == 0 || len(rows) != len(again) {
			x.t.Fatalf("%s: %d rows as csv, %d as xlsx", table, len(rows), len(again))
		}
		if !strings.Contains(csv.header.Get("Content-Disposition"), table+"-20260101-20261231.csv") {
			x.t.Errorf("%s is called %q", table, csv.header.Get("Content-Disposition"))
		}
		if named := table == "generated" || table == "outsourced" || table == "manifests"; named && !strings.Contains(string(csv.body), p.known["batch"]) {
			x.t.Errorf("the table %s does not name the batch", table)
		}
		if repeat := x.ask(of(hospital, table, "&format=csv")).is(200, ""); !bytes.Equal(repeat.body, csv.body) {
			x.t.Errorf("%s is not the same twice", table)
		}
	}
	for _, row := range rowsOf(x, x.ask(of(hospital, "balance", "&format=csv")).is(200, ""))[1:] {
		if row[len(row)-1] != "是 yes" {
			x.t.Errorf("the balance does not close: %q", row)
		}
	}
	whole := x.ask(of(hospital, "ledger", "")).is(200, "")
	if head := rowsOf(x, whole)[0]; strings.Join(head, ",") != strings.Join(standbook.Generated.Header(), ",") {
		x.t.Errorf("the workbook begins with %q", head)
	}
	chosen := of(hospital, "generated", "")
	chosen.accept = "text/csv"
	if a := x.ask(chosen).is(200, ""); !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
		x.t.Errorf("Accept: text/csv is answered with %s", a.header.Get("Content-Type"))
	}
	if rows := rowsOf(x, x.ask(ask{path: of(plant, "own", "&format=csv").path, token: x.plant}).is(200, "")); len(rows) < 2 {
		x.t.Error("the plant treated nothing")
	}
	p.forms(x)
	// Others' sites are as those that there are none of.
	x.ask(ask{path: of(plant, "own", "").path, token: x.hospital}).is(404, "not-found")
	x.ask(ask{path: of(hospital, "ledger", "").path, token: x.stranger}).is(404, "not-found")
	at := "/v1/sites/" + hospital + "/tables/"
	const rule = "what goes with what, and what days there are, no schema says"
	for bad, why := range map[string]string{"ledger?from=2026-01-01&to=2026-12-31&format=csv": rule, "ledger?from=2026-01-01": "", "ledger?from=2026-02-30&to=2026-12-31": rule,
		"ledger?from=2026-02-02&to=2026-02-01": rule, "ledger?from=2010-01-01&to=2026-02-01": rule, "generated?from=2026-01-01&to=2026-12-31&format=pdf": "",
		"generated?from=2026-01-01&to=2026-12-31&format=CSV": "", "nothing?from=2026-01-01&to=2026-12-31": ""} {
		x.ask(ask{path: at + bad, token: x.hospital, blind: why}).is(422, "invalid-request")
	}
}

// forms: one manifest, a month and a trip as files.
func (p *place) forms(x *town) {
	manifest, month, cards := "/v1/manifests/"+p.known["manifest"]+"/form", "/v1/sites/"+x.Hospital.Site.String()+"/monthly-manifest?month=2026-03", "/v1/trips/"+p.known["trip"]+"/cards"
	for _, q := range []struct{ path, name, says string }{{manifest, "manifest-" + p.known["manifest"] + ".xlsx", "联单标识 id"}, {manifest + "?format=csv", "manifest-" + p.known["manifest"] + ".csv", p.known["batch"]},
		{month + "&format=xlsx", "monthly-202603.xlsx", p.issued.Event.Manifest.String()}, {month + "&format=csv", "monthly-202603.csv", "3.000"},
		{cards + "?format=xlsx", "cards-" + p.known["trip"] + ".xlsx", "冀F00009"}, {cards + "?format=csv", "cards-" + p.known["trip"] + ".csv", "841-001-01"}} {
		a, b := x.get(q.path).is(200, ""), x.get(q.path).is(200, "")
		found := false
		for _, row := range rowsOf(x, a) {
			found = found || strings.Contains(strings.Join(row, "\t"), q.says)
		}
		if !found || !bytes.Equal(a.body, b.body) || !strings.Contains(a.header.Get("Content-Disposition"), q.name) {
			x.t.Errorf("%s is called %s, says %q: %v", q.path, a.header.Get("Content-Disposition"), q.says, found)
		}
	}
	for _, bad := range []string{manifest + "?format=pdf", manifest + "?format=XLSX", manifest + "?format=json", month + "&format=pdf", cards + "?format=pdf"} {
		x.ask(ask{path: bad, token: x.hospital}).is(422, "invalid-request")
	}
	for _, path := range []string{manifest, month + "&format=xlsx", cards + "?format=xlsx"} {
		x.ask(ask{path: path, token: x.stranger}).is(404, "not-found")
	}
	p.onPaper(x)
}

// onPaper: a slip that was filled in later is in the month's manifest and on the form, marked.
func (p *place) onPaper(x *town) {
	bag := x.Generate(4_000)
	x.send(bag.JWS).is(201, "")
	at := x.Now().Add(-time.Hour)
	slip := x.Sign(x.Hospital, event.PaperBackfilled, event.Backfilled{Scan: id.Hash{1}, Slip: "SAMPLE-7", Reason: "样例 SAMPLE outage", Profile: "medical", Consignor: x.Hospital.Party, ConsignorSite: x.Hospital.Site,
		Carrier: x.Carrier.Party, CarrierSite: x.Carrier.Site, Consignee: x.Plant.Party, ConsigneeSite: x.Plants, Method: "D10", Vehicle: "冀F00001",
		Signed: []event.Signature{{Role: event.ByConsignor, At: at}, {Role: event.ByCarrier, At: at.Add(time.Minute)}}}, func(e *event.Event) {
		e.Manifest = id.ManifestOf(e.ID.UUID())
		e.Batches = []event.Batch{x.Hospital.On(bag.Event.Batches[0].ID, 4_000)}
	})
	x.send(slip.JWS).is(201, "")
	month := into[api.MonthlyManifest](x.ask(ask{path: "/v1/sites/" + x.Hospital.Site.String() + "/monthly-manifest?month=2026-03", token: x.hospital}).is(200, ""))
	i := slices.IndexFunc(month.Stops, func(s api.Stop) bool { return s.Manifest == slip.Event.Manifest.String() })
	if i < 0 || month.Stops[i].Grade != "paper" || month.Stops[i].Classes[0].Grams != 4_000 || month.Stops[i].Taker.At != at.Add(time.Minute).Format(event.TimeForm) {
		x.t.Errorf("the slip in the month: %d %+v", i, month.Stops)
	}
	seen := must(x.server.Audit.Manifest(x.t.Context(), slip.Event.Manifest))(x.t)
	if len(seen.Duties) == 0 || seen.Duties[0].Rule.Code != duty.PaperBackfill || seen.Duties[0].Open() || seen.Duties[0].Owner != x.Hospital.Party || !seen.Duties[0].Due.At.After(x.Now()) {
		x.t.Errorf("the slip's duties are %+v", seen.Duties)
	}
	if v := into[api.ManifestView](x.get("/v1/manifests/"+slip.Event.Manifest.String()).is(200, "")); slices.ContainsFunc(v.Duties, func(d api.Duty) bool { return d.Code == string(duty.PaperBackfill) }) {
		x.t.Errorf("what was entered in time is shown: %+v", v.Duties)
	}
	text := ""
	for _, row := range rowsOf(x, x.ask(ask{path: "/v1/manifests/" + slip.Event.Manifest.String() + "/form", token: x.hospital}).is(200, "")) {
		text += strings.Join(row, "\t") + "\n"
	}
	if !strings.Contains(text, "纸质联单补录") || !strings.Contains(text, "SAMPLE-7") {
		x.t.Errorf("the form says\n%s", text)
	}
}
