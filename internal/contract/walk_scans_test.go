package contract

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"liandan/api"
	"liandan/internal/event"
	"liandan/internal/id"
)

// scans: a slip's scan is the very file that was signed for, or none.
func (p *place) scans(x *town) {
	bag := x.Generate(3_000)
	x.send(bag.JWS).is(201, "")
	file := "%PDF-1.7 样例 SAMPLE slip"
	at := x.Now()
	slip := event.Backfilled{Scan: sha256.Sum256([]byte(file)), Reason: "停电 SAMPLE", Profile: "medical", Consignor: x.Hospital.Party, ConsignorSite: x.Hospital.Site, Carrier: x.Carrier.Party,
		CarrierSite: x.Carrier.Site, Consignee: x.Plant.Party, ConsigneeSite: x.Plants, Method: "D10", Vehicle: "冀F00001", Measured: event.OnScale,
		Signed: []event.Signature{{Role: event.ByConsignor, At: at.Add(-40 * time.Minute)}, {Role: event.ByCarrier, At: at.Add(-30 * time.Minute)}}}
	sheet := id.ManifestOf(x.UUID())
	e := x.Sign(x.Hospital, event.PaperBackfilled, slip, func(e *event.Event) {
		e.Manifest, e.Batches = sheet, []event.Batch{{ID: bag.Event.Batches[0].ID, Grams: 3_000, Weighed: true}}
	})
	x.send(e.JWS).is(201, "")
	path := "/v1/manifests/" + sheet.String() + "/scan"
	put := func(token, mediaType, body string) answer {
		x.t.Helper()
		return x.ask(ask{method: "PUT", path: path, token: token, mediaType: mediaType, body: body})
	}
	missing := func(want bool) {
		x.t.Helper()
		got := false
		for _, f := range into[api.ManifestView](x.get("/v1/manifests/"+sheet.String()).is(200, "")).Findings {
			got = got || f.Rule == "scan-missing" && f.Severity == "remark"
		}
		listed := into[api.FindingPage](x.get("/v1/findings?rule=scan-missing&party="+x.Hospital.Party.String()).is(200, ""))
		if is := slices.ContainsFunc(listed.Items, func(i api.FindingItem) bool { return i.Manifest == sheet.String() }); got != want || is != want {
			x.t.Errorf("that the scan is missing is said: %v, listed: %v", got, is)
		}
	}
	missing(true)
	x.get(path).is(404, "not-found")
	for _, bad := range [][2]string{{"application/pdf", "%PDF-1.7 another file"}, {"image/png", file}, {"application/pdf", "<script>alert(1)</script>"}} {
		q := ask{method: "PUT", path: path, token: x.hospital, mediaType: bad[0], body: bad[1], blind: "a schema sees no bytes"}
		x.ask(q).is(422, "invalid-request")
	}
	x.ask(ask{method: "PUT", path: path, token: x.hospital, mediaType: "application/pdf"}).is(422, "invalid-request")
	put(x.stranger, "application/pdf", file).is(404, "not-found")
	put(x.inspector, "application/pdf", file).is(403, "forbidden")
	missing(true)
	put(x.plant, "application/pdf", file).is(201, "") // whoever has it brings it
	put(x.hospital, "application/pdf", file).is(204, "")
	missing(false)
	for _, token := range []string{x.hospital, x.plant, x.inspector} {
		a := x.ask(ask{path: path, token: token}).is(200, "")
		if !bytes.Equal(a.body, []byte(file)) || a.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment; ") ||
			a.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") || a.header.Get("Cache-Control") != "no-store" {
			x.t.Errorf("the scan comes as %q with %v", a.body, a.header)
		}
	}
	x.ask(ask{path: path, token: x.stranger}).is(404, "not-found")
	x.ask(ask{method: "PUT", path: "/v1/manifests/" + p.known["manifest"] + "/scan", token: x.hospital, mediaType: "application/pdf", body: file}).is(409, "conflict")
	x.get("/v1/manifests/"+p.known["manifest"]+"/scan").is(404, "not-found")
}
