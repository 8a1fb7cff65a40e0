package contract

import (
	"bytes"
	"errors"
	"io"
	"strings"

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
