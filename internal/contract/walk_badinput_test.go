package contract

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"liandan/api"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/signature"
	"liandan/internal/waste"
)

// bad is one thing that a device should never send.
type bad struct {
	name   string
	jws    []byte
	status int
	kind   string
	held   bool // kept in quarantine
}

// badInput sends each bad event as a dry run, alone and as a line of many: all three must
// say the same, and the log must not grow.
func badInput(x *town) {
	first := x.Generate(1000)
	x.send(first.JWS).is(201, "")
	f := x.forger(365)
	all := append(append(badForms(f), badSigners(x, f)...), badChains(x, f, first.Event)...)
	size := x.size()
	for _, in := range all {
		dry := x.validate(in.jws)
		if len(in.jws) > signature.MaxCompact {
			dry.is(413, "too-large")
		} else if v := into[api.Validation](dry.is(200, "")); v.Status != in.status || string(v.Problem.Kind) != in.kind || (v.Would == "hold") != in.held {
			x.t.Errorf("%s: the dry run says %s", in.name, dry.body)
		}
		a := x.send(in.jws)
		if p := into[api.Problem](a); a.status != in.status || string(p.Kind) != in.kind || p.Retained != in.held {
			x.t.Errorf("%s: expected %d %s, held %v: %s", in.name, in.status, in.kind, in.held, a.body)
		}
		lines := x.many(in.jws)
		if len(lines) != 1 || lines[0].Status != in.status || string(lines[0].Problem.Kind) != in.kind || lines[0].Problem.Retained != in.held {
			x.t.Errorf("%s: as a line: %+v", in.name, lines)
		}
	}
	if n := x.size(); n != size {
		x.t.Errorf("bad input made the log grow from %d to %d", size, n)
	}
	for _, code := range []string{"999-999-99", "us:D009"} { // well-formed: taken, marked unverified
		r := into[api.Receipt](x.send(f.bag("841-001-01", code)).is(201, ""))
		if len(r.Findings) != 2 || r.Findings[0].Rule != "unverified-code" || r.Findings[1].Rule != "plan-generated" {
			x.t.Errorf("%s: the findings are %+v", code, r.Findings)
		}
	}
}

// validate is the dry run of a signed event.
func (x *town) validate(jws []byte) answer {
	x.t.Helper()
	return x.ask(ask{method: "POST", path: "/v1/events/validate", mediaType: "application/jose", body: string(jws)})
}

// many sends lines and gives their results.
func (x *town) many(lines ...[]byte) []api.LineResult {
	x.t.Helper()
	q := ask{method: "POST", path: "/v1/events", mediaType: "application/x-ndjson", body: string(bytes.Join(lines, []byte("\n"))) + "\n"}
	return x.results(x.ask(q).is(200, ""))
}

func (x *town) results(a answer) (out []api.LineResult) {
	x.t.Helper()
	for line := range bytes.Lines(a.body) {
		out = append(out, into[api.LineResult](answer{t: x.t, at: a.at, body: line}))
	}
	return out
}

// badForms are no events at all.
func badForms(f *forger) []bad {
	good := f.bag("", "")
	header := func(from, to string) []byte {
		return f.sign(strings.Replace(f.header(), from, to, 1), f.payload("", ""))
	}
	grams := func(to string) []byte { return f.bag(`"grams":1000`, `"grams":`+to) }
	return []bad{
		{"two dots", []byte(".."), 400, "malformed-jws", false},
		{"truncated in the payload", good[:len(good)/3], 400, "malformed-jws", false},
		{"truncated in the signature", good[:len(good)-2], 403, "bad-signature", false},
		{"padded", append(bytes.Clone(good), '='), 400, "malformed-jws", false},
		{"oversized payload", f.bag("SAMPLE ward", strings.Repeat("x", event.MaxPayload)), 413, "too-large", false},
		{"oversized", bytes.Repeat([]byte("A"), 30_000), 413, "too-large", false},
		{"alg none", header("EdDSA", "none"), 400, "alg-not-allowed", false},
		{"alg HS256", header("EdDSA", "HS256"), 400, "alg-not-allowed", false},
		{"alg RS256", header("EdDSA", "RS256"), 400, "alg-not-allowed", false},
		{"extra header member", header("}", `,"jku":"https://sample.test/keys"}`), 400, "header-member", false},
		{"crit", header("}", `,"crit":["exp"],"exp":1}`), 400, "header-member", false},
		{"no typ", header(`,"typ":"liandan-event"`, ""), 400, "header-member", false},
		{"repeated header member", header("{", `{"alg":"EdDSA",`), 400, "malformed-jws", false},
		{"unknown member", f.bag(`"data":{`, `"data":{"colour":"red",`), 422, "invalid-event", false},
		{"repeated member", f.bag(`"v":1`, `"v":1,"v":1`), 400, "malformed-event", false},
		{"invalid UTF-8", f.bag("SAMPLE ward", "SAMPLE \xff"), 400, "malformed-event", false},
		{"trailing data", f.sign(f.header(), f.payload("", "")+"{}"), 400, "malformed-event", false},
		{"payload no object", f.sign(f.header(), "[]"), 400, "malformed-event", false},
		{"NaN grams", grams("NaN"), 400, "malformed-event", false},
		{"float grams", grams("1000.5"), 422, "invalid-event", false},
		{"grams with an exponent", grams("1e3"), 422, "invalid-event", false},
		{"negative grams", grams("-1000"), 422, "invalid-event", false},
		{"no grams", grams("0"), 422, "invalid-event", false},
		{"absurd grams", grams(fmt.Sprint(waste.MaxBatch + 1)), 422, "invalid-event", false},
		{"grams beyond any integer", grams("99999999999999999999"), 422, "invalid-event", false},
		{"unknown type", f.bag("batch.generated", "batch.vanished"), 422, "unknown-type", false},
		{"malformed waste code", f.bag("841-001-01", "841-1-01"), 422, "invalid-event", false},
		{"impossible date", f.bag(`"at":"2026-03-`, `"at":"2026-02-3`), 422, "invalid-event", false},
	}
}

// badSigners may not sign what they signed.
func badSigners(x *town, f *forger) []bad {
	bag := event.Generated{Code: "841-001-01", Form: "S", Packaging: "bag", Measured: event.OnScale}
	one := func(e *event.Event) {
		e.Batches = []event.Batch{{ID: id.BatchOf(e.ID.UUID()), Grams: 5, Weighed: true}}
	}
	at := func(by *forger, t time.Time) []byte {
		return x.Sign(by.d, event.BatchGenerated, bag, func(e *event.Event) { one(e); e.At = t }).JWS
	}
	impostor, elsewhere, carrier := *x.Stranger, *x.Stranger, *x.Carrier
	impostor.Party, impostor.Site, impostor.Person = x.Hospital.Party, x.Hospital.Site, x.Hospital.Person
	elsewhere.Site = x.Hospital.Site
	brief, lost, contested := x.forger(1), x.forger(365), x.forger(365)
	between := at(contested, x.Now()) // dated before the loss was reported
	x.Advance(time.Second)
	for _, f := range []*forger{lost, contested} {
		x.post("/v1/keys/"+f.d.Kid()+"/revoke", `{"from":"2026-03-02T08:00:00.000+08:00","reason":"样例 SAMPLE"}`).is(200, "")
	}
	swapped := *f
	swapped.d = brief.d
	return []bad{
		{"unknown kid", f.sign(strings.Replace(f.header(), f.d.Kid(), strings.Repeat("A", 43), 1), f.payload("", "")), 403, "unknown-key", false},
		{"key of another party", x.Sign(&impostor, event.BatchGenerated, bag, one).JWS, 403, "key-of-another-party", false},
		{"signature of another key", swapped.bag("", ""), 403, "bad-signature", false},
		{"key not yet valid", at(f, x.Now().Add(-time.Hour)), 403, "key-not-yet-valid", false},
		{"key no longer valid", at(brief, x.Now().Add(48*time.Hour)), 403, "key-expired", false},
		{"revoked key", at(lost, x.Now()), 403, "key-revoked", false},
		{"key between its loss and the report", between, 409, "key-contested", true},
		{"site of another party", x.Sign(&elsewhere, event.BatchGenerated, bag, one).JWS, 403, "unknown-site", false},
		{"role missing", x.Sign(&carrier, event.BatchGenerated, bag, one).JWS, 403, "role-missing", false},
	}
}

// badChains are sound by themselves and do not fit what is there.
func badChains(x *town, f *forger, first event.Event) []bad {
	payload := string(must(first.Payload())(x.t))
	other := strings.Replace(payload, `"grams":1000`, `"grams":1001`, 1)
	issued := x.Issue(first.Batches...) // never sent: what follows comes too early
	stolen := x.Sign(x.Stranger, event.BatchStored, event.Stored{Place: "SAMPLE shed"}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: first.Batches[0].ID}}
	})
	fork := x.Sign(x.Hospital, event.BatchStored, event.Stored{Place: "SAMPLE store"}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: first.Batches[0].ID, Seen: id.Hash{1, 2, 3}}}
	})
	second := x.Generate(2000).Event
	d := second.Data.(event.Generated)
	d.Label = first.Data.(event.Generated).Label
	second.Data = d
	return []bad{
		{"same id, other bytes", f.sign(f.header(), other), 409, "id-reused", false},
		{"wrong order", x.Collect(issued).JWS, 409, "wrong-stage", true},
		// Of a stranger's batch they learn no more than of one that is not there.
		{"batch of a stranger", stolen.JWS, 409, "wrong-stage", true},
		{"batch in another's hands", x.snatched(), 409, "not-custodian", true},
		{"an entry that nobody has", fork.JWS, 409, "seen-unknown", true},
		{"label of another batch", must(x.Hospital.Sign(second))(x.t), 409, "label-taken", false},
	}
}

// snatched is a collection by the consignee, who is not the manifest's carrier.
func (x *town) snatched() []byte {
	x.t.Helper()
	bag := x.Generate(1000)
	issued := x.Sign(x.Hospital, event.ManifestIssued, event.Issued{Profile: "medical", Carrier: x.Carrier.Party, Consignee: x.Stranger.Party,
		ConsigneeSite: x.Stranger.Site, Method: "D10"}, func(e *event.Event) {
		e.Manifest = id.ManifestOf(e.ID.UUID())
		e.Batches = []event.Batch{{ID: bag.Event.Batches[0].ID, Grams: 1000, Weighed: true}}
	})
	x.send(bag.JWS).is(201, "")
	x.send(issued.JWS).is(201, "")
	return x.Sign(x.Stranger, event.TransportCollected, event.Collected{Vehicle: "冀F样例"}, func(e *event.Event) {
		e.Manifest, e.Refs, e.Batches = issued.Event.Manifest, []id.Event{issued.Event.ID}, issued.Event.Batches
	}).JWS
}
