package contract

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"liandan/api"
	"liandan/internal/attest"
	"liandan/internal/bundle"
	"liandan/internal/logfile"
	"liandan/internal/registry/registrytest"
)

// measured asks for figures after the registers were given, as those who may, and with
// everything that may be wrong.
func measured(x *town) {
	known := func() { // the statements are in the log
		if err := x.server.Record.Flush(x.t.Context()); err != nil {
			x.t.Fatal(err)
		}
	}
	csv := func(kind, body string) api.ImportReport {
		return into[api.ImportReport](x.ask(ask{method: "POST", path: "/v1/registry/" + kind, token: x.server.Token, mediaType: "text/csv", body: body}).is(200, ""))
	}
	figure := func(path string) api.IndicatorResult { return into[api.IndicatorResult](x.get(path).is(200, "")) }
	const base = "/v1/indicators/35?period=2025"
	before := figure(base)
	if f := before.Row.Figures[0]; f.Value != "" || f.Status != "not_computable" || f.Because == nil || f.Because.Code != "base_missing" {
		x.t.Errorf("without a base: %+v", f)
	}
	code := registrytest.Code(77)
	csv("organisations", fmt.Sprintf("credit_code,name,roles\n%s,样例诊所77 SAMPLE,medical\n", code))
	csv("sites", fmt.Sprintf("credit_code,name,kind,division,built_up\n%s,样例门诊 SAMPLE,clinic,130624,1\n", code))
	for kind, body := range map[string]string{
		"base_figures":      "figure,division,year,amount,source,reason\nlandfilled,130600,2020,1000000,样例 SAMPLE,\n",
		"site_history":      fmt.Sprintf("credit_code,site_name,valid_from,valid_to,kind,division,built_up\n%s,样例门诊 SAMPLE,2026-02-01,2026-03-31,clinic,130602,1\n%[1]s,样例门诊 SAMPLE,2026-03-01,,clinic,130609,1\n", code),
		"memberships":       fmt.Sprintf("credit_code,site_name,collector,basis,number,valid_from\n%s,无此场所 SAMPLE,%[1]s,contract,1,2026-01-01\n", code),
		"indicator_choices": "indicator,choice,value,reason\n35,scope,mine,样例 SAMPLE\n",
		"inspection_sheets": "sheet,version,class,total,pass,basic,accident,item,max\nSAMPLE,1,operator,5,4,2,1,1,2\nSAMPLE,1,operator,5,4,2,1,2,2\n",
		"carbon_factors":    "set,method,code,kg_per_t,source,certainty,valid_from,reason\nSAMPLE,R9,HW08,1e3,样例 SAMPLE,U,2026-01-01,样例 SAMPLE\n",
	} {
		if r := csv(kind, body); r.Applied || len(r.Bad) != 1 {
			x.t.Errorf("%s: %+v", kind, r)
		}
	}
	known()
	if again := figure(base); again.Row.Figures[0].Because == nil {
		x.t.Errorf("half applied: %+v", again.Row)
	}
	for kind, body := range map[string]string{
		"base_figures":      "figure,division,year,amount,source,reason\nlandfilled,130600,2020,1000000,样例 SAMPLE,样例 SAMPLE reason\n",
		"site_history":      fmt.Sprintf("credit_code,site_name,valid_from,kind,division,built_up,social\n%s,样例门诊 SAMPLE,2026-02-01,clinic,130602,1,\n", code),
		"memberships":       fmt.Sprintf("credit_code,site_name,collector,basis,number,valid_from\n%s,样例门诊 SAMPLE,%[1]s,contract,SAMPLE-1,2026-01-01\n", code),
		"indicator_choices": "indicator,choice,value,reason\n35,scope,landfilled_in_city,样例 SAMPLE reason\n",
		"inspection_sheets": "sheet,version,class,total,pass,basic,accident,item,max\nSAMPLE,1,operator,4,4,2,1,1,2\nSAMPLE,1,operator,4,4,2,1,2,2\n",
		"carbon_factors":    "set,method,code,kg_per_t,source,certainty,valid_from,reason\nSAMPLE,R9,HW08,-12.5,样例 SAMPLE,U,2026-01-01,样例 SAMPLE\nSAMPLE,R4,*,,样例 SAMPLE,U,2026-01-01,样例 SAMPLE\n",
	} {
		for _, added := range []bool{true, false} {
			if r := csv(kind, body); !r.Applied || (r.Added > 0) != added {
				x.t.Errorf("%s: %+v", kind, r)
			}
		}
	}
	known()
	now := figure(base)
	if f := now.Row.Figures[0]; f.Value != "100.00" || f.Status != "met" || now.Definition.Version != "1.1" {
		x.t.Errorf("with a base: %s %+v", now.Definition.Version, f)
	}
	old := figure(base + "&as_of=" + fmt.Sprint(before.Log.Size)) // what was answered stays the answer
	if old.Definition.Version != "1" || old.Row.Figures[0].Because == nil || old.Log != before.Log {
		x.t.Errorf("as of %d: %+v", before.Log.Size, old)
	}
	x.get(base+"&as_of="+url.QueryEscape(x.Now().Format("2006-01-02T15:04:05.000Z07:00"))).is(200, "")
	all := figure("/v1/indicators/36?period=2026-01&rows=true")
	var n int64
	for _, d := range all.Districts {
		n += d.Figures[0].Denominator
	}
	if n == 0 || n != all.Row.Figures[0].Denominator {
		x.t.Errorf("the districts have %d institutions, the city %d", n, all.Row.Figures[0].Denominator)
	}
	list := into[api.IndicatorEvidence](x.get("/v1/indicators/36/evidence?period=2026-01&limit=1").is(200, ""))
	if len(list.Items) != 1 || list.Items[0].What != "unit" || list.Items[0].Name == "" || (list.NextCursor == "") != (n == 1) {
		x.t.Errorf("evidence %+v", list)
	}
	for seen := int64(1); list.NextCursor != ""; seen++ {
		if list = into[api.IndicatorEvidence](x.get("/v1/indicators/36/evidence?period=2026-01&limit=1&cursor="+list.NextCursor).is(200, "")); seen >= n {
			x.t.Fatal("the evidence does not end")
		}
	}
	// The base figure is the first thing behind 35.
	behind := into[api.IndicatorEvidence](x.get("/v1/indicators/35/evidence?period=2025&limit=1").is(200, ""))
	if len(behind.Items) != 1 || behind.Items[0].What != "base" || behind.Items[0].Figure != "landfilled" || behind.Items[0].Amount != 1_000_000 || behind.Items[0].Seq == nil || behind.NextCursor == "" {
		x.t.Errorf("behind 35: %+v", behind)
	}
	x.get("/v1/indicators/35/evidence?period=2025&limit=1&cursor="+behind.NextCursor).is(200, "")
	for _, path := range []string{"/v1/indicators", "/v1/indicators/37?period=2026-01", "/v1/indicators/59?period=2026-01", "/v1/indicators/32?period=2026-01", "/v1/indicators/37/evidence?period=2026-01",
		"/v1/indicators/59/evidence?period=2026-01", "/v1/carbon?period=2026-01&district=130602"} {
		x.get(path).is(200, "")
	}
	x.ask(ask{path: "/v1/indicators/37?period=2026-01", token: x.analyst}).is(200, "") // figures and no chain
	x.ask(ask{path: "/v1/indicators/37/evidence?period=2026-01", token: x.analyst}).is(403, "forbidden")
	stated(x)
	misasked(x)
}

// stated asks for signed statements and computes them anew from an export of the log.
func stated(x *town) {
	x.ask(ask{path: "/v1/statements/2026-01", token: x.analyst}).is(200, "")
	asked := map[string][]byte{}
	for _, path := range []string{"/v1/statements/2026-03", "/v1/statements/2025?as_of=40", "/v1/statements/2026-W02?district=130602"} {
		if err := x.server.Record.Flush(x.t.Context()); err != nil {
			x.t.Fatal(err)
		}
		asked[path] = x.get(path).is(200, "").body
	}
	var export bytes.Buffer
	if _, err := x.server.Audit.ExportLog(x.t.Context(), 0, &export, nil); err != nil {
		x.t.Fatal(err)
	}
	f, err := logfile.Open(bytes.NewReader(export.Bytes()), int64(export.Len()))
	if err != nil {
		x.t.Fatal(err)
	}
	for path, b := range asked {
		if r, err := attest.Verify(b, f, attest.Options{Trusted: x.server.VKey}); err != nil || r.Verdict != bundle.Sound {
			x.t.Errorf("%s: %v %+v %+v", path, err, r.Lines, r.Mismatches)
		}
	}
	if again := x.get("/v1/statements/2025?as_of=40").is(200, "").body; !bytes.Equal(again, asked["/v1/statements/2025?as_of=40"]) {
		x.t.Error("the same statement is other bytes")
	}
}

func misasked(x *town) {
	for path, want := range map[string]string{
		"/v1/indicators/99?period=2026-01":                                "unknown_indicator",
		"/v1/indicators/x?period=2026-01":                                 "unknown_indicator",
		"/v1/indicators/35?period=2026-01&district=139999":                "unknown_district",
		"/v1/indicators/35?period=2026-01&district=130629":                "unknown_district",
		"/v1/indicators/35?period=2099":                                   "future",
		"/v1/indicators/35?period=2026-13":                                "format",
		"/v1/indicators/35?period=2026-03..2026-01":                       "format", // a period has a name, so that none is reversed
		"/v1/indicators/35?period=2026-01&as_of=999999999":                "beyond_log",
		"/v1/indicators/35?period=2026-01&as_of=-1":                       "format",
		"/v1/indicators/35/evidence?period=2026-01&cursor=SAMPLE":         "format",
		"/v1/indicators?as_of=yesterday":                                  "format",
		"/v1/carbon?period=2026-02-31":                                    "format",
		"/v1/statements/2026-13":                                          "format",
		"/v1/statements/2026%00":                                          "format",
		"/v1/statements/%ff%fe":                                           "format",
		"/v1/indicators/%00?period=2026-01":                               "unknown_indicator",
		"/v1/indicators/35/evidence?period=2026-01&district=%00":          "characters",
		"/v1/statements/2099":                                             "future",
		"/v1/statements/2026-01?district=130629":                          "unknown_district",
		"/v1/indicators/35?period=2026-01&as_of=2001-01-01T00:00:00.000Z": "before_log",
		"/v1/statements/2026-01?as_of=999999999":                          "beyond_log",
		"/v1/statements/2026-01?as_of=2001-01-01T00:00:00.000Z":           "before_log",
	} {
		a := x.ask(ask{path: path, token: x.inspector, blind: "no schema knows the districts, the log and the clock"}).is(422, "invalid-request")
		if !strings.Contains(string(a.body), `"`+want+`"`) {
			x.t.Errorf("%s: %s", path, a.body)
		}
	}
}
