package contract

import (
	"bytes"
	"strings"

	"liandan/api"
	"liandan/internal/sheet"
	"liandan/internal/tabular"
)

// pastFile is a sound file of past manifests.
const pastFile = "联单编号,转移日期,废物代码,废物名称,转移量(吨),接受人\n20251306000901,2025-11-03,900-214-08,废机油 SAMPLE,1.25,样例单位 SAMPLE\n20251306000902,2025-11-04,900-041-49,油布 SAMPLE,0.0305,样例单位 SAMPLE\n"

// past: old records come in whole or not at all, once, and stand apart from what was signed.
func (p *place) past(x *town) {
	path := "/v1/sites/" + x.Hospital.Site.String() + "/past/"
	csv := func(query, body string) answer {
		return x.ask(ask{method: "POST", path: path + query, token: x.hospital, mediaType: "text/csv", body: body})
	}
	read := func(a answer) api.PastReport { x.t.Helper(); return into[api.PastReport](a.is(200, "")) }
	rows := func() int {
		return len(rowsOf(x, x.ask(ask{path: "/v1/sites/" + x.Hospital.Site.String() + "/tables/imported-manifests?from=2025-01-01&to=2025-12-31&format=csv", token: x.hospital}).is(200, ""))) - 1
	}
	before, events := rows(), x.events()
	if r := read(csv("manifests?dry_run=true", pastFile)); r.Applied || r.Added != 2 || r.Bad != 0 || r.Statement != "" || r.Grams != 1_280_500 || r.Columns["day"] != "转移日期" || rows() != before {
		x.t.Errorf("a dry run: %+v", r)
	}
	spoilt := strings.Replace(pastFile, "2025-11-04", "2025-13-04", 1) + "20251306000901,2025-11-03,900-214-08,x,1,y\n"
	if r := read(csv("manifests", spoilt)); r.Applied || r.Bad != 2 || len(r.Notes) != 2 || r.Notes[0].Line != 3 || r.Notes[1].Code != "repeated" || rows() != before {
		x.t.Errorf("with bad lines: %+v", r)
	}
	whole := read(csv("manifests", pastFile))
	if !whole.Applied || whole.Added != 2 || whole.Statement == "" || rows() != before+2 {
		x.t.Errorf("the file: %+v, %d rows after %d", whole, rows(), before)
	}
	if r := read(csv("manifests", pastFile)); !r.Applied || r.Added != 0 || r.Unchanged != 2 || rows() != before+2 {
		x.t.Errorf("the same again: %+v", r)
	}
	if r := read(csv("manifests", strings.Replace(pastFile, "1.25", "1.26", 1))); r.Applied || r.Bad != 1 || r.Notes[0].Code != "conflict" {
		x.t.Errorf("other content: %+v", r)
	}
	mapped := strings.NewReplacer("联单编号", "单据", "(吨)", "", "000901", "000911", "000902", "000912", "0.0305", "0.03").Replace(pastFile)
	if r := read(csv("manifests?map=number%3D%E5%8D%95%E6%8D%AE&unit=%E5%8D%83%E5%85%8B", mapped)); !r.Applied || r.Grams != 1_280 || r.Columns["number"] != "单据" {
		x.t.Errorf("mapped, in kilograms: %+v", r)
	}
	book := tabular.Sheet{Name: "x", Header: []string{"批次编码", "产生时间", "废物代码", "数量(千克)"}}
	book.Row(tabular.Text("HWCS20251103001"), tabular.Text("2025-11-03"), tabular.Text("900-214-08"), tabular.Decimal("12.5"))
	var file bytes.Buffer
	if err := sheet.WriteBook(&file, sheet.XLSX, book); err != nil {
		x.t.Fatal(err)
	}
	workbook := ask{method: "POST", path: path + "ledger", token: x.hospital, mediaType: sheet.XLSX.MediaType(), body: file.String()}
	if r := read(x.ask(workbook)); !r.Applied || r.Added != 1 || r.Grams != 12_500 {
		x.t.Errorf("a workbook: %+v", r)
	}
	p.badPast(x, path)
	if n := x.events(); n != events {
		x.t.Errorf("an import made %d events", n-events)
	}
}

// badPast: what is no table, or asked for wrongly, changes nothing.
func (p *place) badPast(x *town, path string) {
	q := ask{method: "POST", token: x.hospital, mediaType: "text/csv", body: pastFile}
	for _, query := range []string{"manifests?dry_run=yes", "manifests?unit=" + strings.Repeat("x", 17), "manifests?map=" + strings.Repeat("x", 2049)} {
		q.path = path + query
		x.ask(q).is(422, "invalid-request")
	}
	q.blind = "the contract knows no mappings and looks into no file"
	for _, query := range []string{"manifests?map=x", "manifests?map=nothing%3Dx"} {
		q.path = path + query
		x.ask(q).is(422, "invalid-request")
	}
	q.path = path + "manifests"
	for _, body := range []string{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "PK\x03\x04 no zip", "\n\n"} {
		q.body = body
		x.ask(q).is(422, "invalid-import")
	}
	if r := into[api.PastReport](x.ask(ask{method: "POST", path: path + "ledger", token: x.hospital, mediaType: "text/csv", body: "a,b\n1,2\n"}).is(200, "")); r.Applied || len(r.Notes) == 0 || r.Notes[0].Code != "missing_column" {
		x.t.Errorf("without its columns: %+v", r)
	}
	q.body, q.blind = pastFile, ""
	q.token = x.stranger
	x.ask(q).is(404, "not-found")
	q.token = x.inspector
	x.ask(q).is(403, "forbidden")
}
