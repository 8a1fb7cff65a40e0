package httpapi

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/party"
	"liandan/internal/record"
	"liandan/internal/waste"
)

// badInput is one thing that a device should never send.
type badInput struct {
	name    string
	jws     []byte
	status  int
	kind    string
	pointer string // of a field that must be named; "" is not looked for
	held    bool   // the bytes go to the quarantine
}

func TestBadInputChangesNothingAndSaysWhatIsWrong(t *testing.T) {
	c := newCity(t, nil)
	first := c.Generate(1000)
	c.send(first.JWS).receipt(t, 201)
	for _, in := range append(append(badForms(c), badSigners(c)...), badChains(c, first)...) {
		t.Run(in.name, func(t *testing.T) {
			before, size := c.dump(), c.size()
			a := c.send(in.jws)
			p := a.problem(t, in.kind)
			if a.status != in.status {
				t.Errorf("status %d, want %d: %s", a.status, in.status, a.body)
			}
			if p.Retained != in.held {
				t.Errorf("retained is %v: %s", p.Retained, a.body)
			}
			named := in.pointer == ""
			for _, e := range p.Errors {
				named = named || e.Pointer == in.pointer
			}
			if !named {
				t.Errorf("%s is not named: %s", in.pointer, a.body)
			}
			if c.size() != size {
				t.Errorf("the log grew from %d to %d", size, c.size())
			}
			after := c.dump()
			if in.held {
				unchanged(t, before, after, "quarantine", "quarantine_subjects")
				if kept := fmt.Sprintf("X'%X'", in.jws); !strings.Contains(after["quarantine"], kept) {
					t.Error("the bytes are not in quarantine as they were sent")
				}
			} else {
				unchanged(t, before, after)
			}
			if lines := c.post("/v1/events", typeNDJSON, bytes.NewReader(in.jws)).results(t); len(lines) != 1 ||
				string(lines[0].Problem.Kind) != in.kind || lines[0].Status != in.status || lines[0].Problem.Retained != in.held {
				t.Errorf("as a line of an upload: %+v", lines)
			}
			unchanged(t, after, c.dump())
		})
	}
}

// badForms are not even events.
func badForms(c *city) []badInput {
	f := c.forger(always, time.Time{})
	good := f.bad("", "")
	with := func(from, to string) []byte {
		return f.sign(strings.Replace(f.header(), from, to, 1), f.payload("", ""))
	}
	half := good[:len(good)/3]
	return []badInput{
		{name: "one dot", jws: []byte("."), kind: "malformed-jws", status: 400},
		{name: "truncated in the payload", jws: half, kind: "malformed-jws", status: 400},
		{name: "truncated in the signature", jws: good[:len(good)-2], kind: "bad-signature", status: 403},
		{name: "padded base64", jws: append(bytes.Clone(good), '='), kind: "malformed-jws", status: 400},
		{name: "oversized payload", jws: f.bad(`"SAMPLE ward"`, `"`+strings.Repeat("x", event.MaxPayload)+`"`), kind: "too-large", status: 413},
		{name: "oversized body", jws: bytes.Repeat([]byte("A"), maxLine+1), kind: "too-large", status: 413},
		{name: "alg none", jws: with(`"EdDSA"`, `"none"`), kind: "alg-not-allowed", status: 400, pointer: "/alg"},
		{name: "alg HS256", jws: with(`"EdDSA"`, `"HS256"`), kind: "alg-not-allowed", status: 400, pointer: "/alg"},
		{name: "alg RS256", jws: with(`"EdDSA"`, `"RS256"`), kind: "alg-not-allowed", status: 400, pointer: "/alg"},
		{name: "extra header member", jws: with(`}`, `,"jku":"https://sample.test/keys"}`), kind: "header-member", status: 400, pointer: "/jku"},
		{name: "crit in the header", jws: with(`}`, `,"crit":["exp"],"exp":1}`), kind: "header-member", status: 400, pointer: "/crit"},
		{name: "no typ", jws: with(`,"typ":"liandan-event"`, ``), kind: "header-member", status: 400, pointer: "/typ"},
		{name: "another typ", jws: with(`liandan-event`, `liandan-enrolment`), kind: "header-member", status: 400, pointer: "/typ"},
		{name: "repeated header member", jws: with(`{`, `{"alg":"EdDSA",`), kind: "malformed-jws", status: 400},
		{name: "unknown member", jws: f.bad(`"data":{`, `"data":{"colour":"red",`), kind: "invalid-event", status: 422, pointer: "/data/colour"},
		{name: "repeated member", jws: f.bad(`"v":1`, `"v":1,"v":1`), kind: "malformed-event", status: 400, pointer: "/v"},
		{name: "invalid UTF-8", jws: f.bad("SAMPLE ward", "SAMPLE \xff"), kind: "malformed-event", status: 400},
		{name: "trailing data", jws: f.sign(f.header(), f.payload("", "")+"{}"), kind: "malformed-event", status: 400},
		{name: "truncated payload", jws: f.sign(f.header(), f.payload("", "")[:50]), kind: "malformed-event", status: 400},
		{name: "payload no object", jws: f.sign(f.header(), "[]"), kind: "malformed-event", status: 400},
		{name: "NaN grams", jws: f.bad(`"grams":1000`, `"grams":NaN`), kind: "malformed-event", status: 400},
		{name: "float grams", jws: f.bad(`"grams":1000`, `"grams":1000.5`), kind: "invalid-event", status: 422, pointer: "/batches/0/grams"},
		{name: "grams with exponent", jws: f.bad(`"grams":1000`, `"grams":1e3`), kind: "invalid-event", status: 422, pointer: "/batches/0/grams"},
		{name: "grams as text", jws: f.bad(`"grams":1000`, `"grams":"1000"`), kind: "invalid-event", status: 422, pointer: "/batches/0/grams"},
		{name: "negative grams", jws: f.bad(`"grams":1000`, `"grams":-1000`), kind: "invalid-event", status: 422, pointer: "/batches/0/grams"},
		{name: "no grams at all", jws: f.bad(`"grams":1000`, `"grams":0`), kind: "invalid-event", status: 422, pointer: "/batches/0/grams"},
		{name: "absurd grams", jws: f.bad(`"grams":1000`, fmt.Sprintf(`"grams":%d`, waste.MaxBatch+1)), kind: "invalid-event", status: 422, pointer: "/batches/0/grams"},
		{name: "grams beyond any integer", jws: f.bad(`"grams":1000`, `"grams":99999999999999999999`), kind: "invalid-event", status: 422, pointer: "/batches/0/grams"},
		{name: "unknown type", jws: f.bad("batch.generated", "batch.vanished"), kind: "unknown-type", status: 422, pointer: "/type"},
		{name: "malformed waste code", jws: f.bad("841-001-01", "841-1-01"), kind: "invalid-event", status: 422, pointer: "/data/code"},
		{name: "impossible time", jws: f.bad(`"at":"2026-03-02T`, `"at":"2026-02-30T`), kind: "invalid-event", status: 422, pointer: "/at"},
	}
}

// badSigners may not sign what they signed.
func badSigners(c *city) []badInput {
	stranger, now := *c.Stranger, intaketest.Start
	unknown := c.forger(always, time.Time{})
	unknown.kid = strings.Repeat("A", 43)
	impostor := stranger
	impostor.Party, impostor.Site, impostor.Person = c.Hospital.Party, c.Hospital.Site, c.Hospital.Person
	elsewhere := stranger
	elsewhere.Site = c.Hospital.Site
	carrier := *c.Carrier
	early := c.forger(party.Period{From: now.Add(time.Hour)}, time.Time{})
	late := c.forger(party.Period{From: now.AddDate(-1, 0, 0), To: now.Add(-time.Hour)}, time.Time{})
	revoked := c.forger(always, now.Add(-time.Hour))
	c.revoke(revoked, now.Add(-2*time.Hour), now.Add(-time.Hour))
	stolen := c.forger(always, time.Time{})
	c.revoke(stolen, now.Add(-time.Hour), now.Add(time.Hour))
	swapped := c.forger(always, time.Time{})
	_, other, err := ed25519.GenerateKey(c.Random)
	if err != nil {
		c.t.Fatal(err)
	}
	swapped.key = other
	bag := event.Generated{Code: "841-001-01", Form: "S", Packaging: "bag", Measured: event.OnScale}
	one := func(e *event.Event) {
		e.Batches = []event.Batch{{ID: id.BatchOf(e.ID.UUID()), Grams: 5, Weighed: true}}
	}
	return []badInput{
		{name: "unknown kid", jws: unknown.bad("", ""), kind: "unknown-key", status: 403},
		{name: "key of another party", jws: c.Sign(&impostor, event.BatchGenerated, bag, one).JWS, kind: "key-of-another-party", status: 403, pointer: "/party"},
		{name: "signature of another key", jws: swapped.bad("", ""), kind: "bad-signature", status: 403},
		{name: "key not yet valid", jws: early.bad("", ""), kind: "key-not-yet-valid", status: 403},
		{name: "key no longer valid", jws: late.bad("", ""), kind: "key-expired", status: 403},
		{name: "revoked key", jws: revoked.bad("", ""), kind: "key-revoked", status: 403},
		{name: "key between its loss and the report", jws: stolen.bad("", ""), kind: "key-contested", status: 409, held: true},
		{name: "site of another party", jws: c.Sign(&elsewhere, event.BatchGenerated, bag, one).JWS, kind: "unknown-site", status: 403, pointer: "/site"},
		{name: "role missing", jws: c.Sign(&carrier, event.BatchGenerated, bag, one).JWS, kind: "role-missing", status: 403, pointer: "/party"},
	}
}

// badChains are sound by themselves and do not fit what is there.
func badChains(c *city, first intaketest.Signed) []badInput {
	f := c.forger(always, time.Time{})
	payload, err := first.Event.Payload()
	if err != nil {
		c.t.Fatal(err)
	}
	other := strings.Replace(string(payload), `"grams":1000`, `"grams":1001`, 1)
	issued := c.Issue(first.Event.Batches...) // never sent: what follows comes too early
	stolen := c.Sign(c.Stranger, event.BatchStored, event.Stored{Place: "SAMPLE shed"}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: first.Event.Batches[0].ID}}
	})
	snatched := c.snatched()
	fork := c.Sign(c.Hospital, event.BatchStored, event.Stored{Place: "SAMPLE store"}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: first.Event.Batches[0].ID, Seen: id.Hash{1, 2, 3}}}
	})
	second := c.Generate(2000)
	reused := second.Event
	d := reused.Data.(event.Generated)
	d.Label = first.Event.Data.(event.Generated).Label
	reused.Data = d
	taken, err := c.Hospital.Sign(reused)
	if err != nil {
		c.t.Fatal(err)
	}
	return []badInput{
		{name: "same id, other bytes", jws: f.sign(f.header(), other), kind: "id-reused", status: 409},
		{name: "wrong order", jws: c.Collect(issued).JWS, kind: "wrong-stage", status: 409, held: true},
		// Of a stranger's batch they learn no more than of one that is not there.
		{name: "batch of a stranger", jws: stolen.JWS, kind: "wrong-stage", status: 409, held: true},
		{name: "batch in another's hands", jws: snatched, kind: "not-custodian", status: 409, held: true},
		{name: "an entry that nobody has", jws: fork.JWS, kind: "seen-unknown", status: 409, held: true},
		{name: "label of another batch", jws: taken, kind: "label-taken", status: 409, pointer: "/data/label"},
	}
}

// A well-formed code that the catalogue lacks is taken and marked.
func TestAnUnknownWasteCodeIsUnverified(t *testing.T) {
	c := newCity(t, nil)
	f := c.forger(always, time.Time{})
	for _, code := range []string{"999-999-99", "us:D009"} {
		r := c.send(f.bad("841-001-01", code)).receipt(t, 201)
		if len(r.Findings) != 1 || r.Findings[0].Rule != "unverified-code" || r.Findings[0].ZH == "" {
			t.Errorf("%s: findings %+v", code, r.Findings)
		}
	}
}

func TestOtherContentTypes(t *testing.T) {
	c := newCity(t, nil)
	before := c.dump()
	for _, kind := range []string{"", "application/json", "text/plain", "application/jose; charset=", "multipart/form-data"} {
		req, err := http.NewRequest(http.MethodPost, c.server.URL+"/v1/events", bytes.NewReader(c.Generate(1).JWS))
		if err != nil {
			t.Fatal(err)
		}
		req.Header["Content-Type"] = []string{kind}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if a := c.read(resp); a.status != 415 {
			t.Errorf("%q: status %d", kind, a.status)
		} else {
			a.problem(t, "media-type")
		}
	}
	unchanged(t, before, c.dump())
}

// 10,001 lines are refused before the first is recorded, in memory or spooled to a file.
func TestTooManyLines(t *testing.T) {
	c := newCity(t, nil)
	bags := linesOf(c.bags(3)...)
	before := c.dump()
	for name, filler := range map[string]string{"small": "x\n", "large": strings.Repeat("x", 300) + "\n"} {
		lines := append(bytes.Clone(bags), strings.Repeat(filler, maxLines-2)...)
		if n := bytes.Count(lines, []byte("\n")); n != maxLines+1 {
			t.Fatalf("%d lines", n)
		}
		a := c.post("/v1/events", typeNDJSON, bytes.NewReader(lines))
		if a.problem(t, "too-many-lines"); a.status != 413 {
			t.Errorf("%s: status %d", name, a.status)
		}
		unchanged(t, before, c.dump())
		// Without the last line it is taken, and blank lines at the end do no harm.
		lines = append(lines[:len(lines)-len(filler)], "\n\r\n \n"...)
		got := c.post("/v1/events", typeNDJSON, bytes.NewReader(lines)).results(t)
		if len(got) != maxLines || got[2].Receipt.Seq != 2 {
			t.Errorf("%s: %d results, the third %+v", name, len(got), got[2])
		}
		before = c.dump()
	}
	if c.size() != 3 {
		t.Errorf("the log has %d entries", c.size())
	}
}

func TestAnUploadThatIsTooLargeAltogether(t *testing.T) {
	c := newCity(t, nil)
	before := c.dump()
	resp := c.raw(fmt.Sprintf("Content-Length: %d", maxUpload+1), c.Generate(1).JWS)
	c.read(resp).problem(t, "too-large")
	unchanged(t, before, c.dump())
}

// A single event without its end leaves nothing.
func TestACutEvent(t *testing.T) {
	c := newCity(t, nil)
	before := c.dump()
	jws := c.Generate(1).JWS
	for _, n := range []int{0, 1, len(jws) / 2, len(jws) - 1, len(jws)} {
		for _, kind := range []string{typeJOSE, typeNDJSON} {
			resp := c.rawAs(kind, fmt.Sprintf("Content-Length: %d", len(jws)+1), jws[:n])
			if p := c.read(resp).problem(t, "upload-cut-short"); p.Status != 400 {
				t.Errorf("status %d", p.Status)
			}
		}
	}
	unchanged(t, before, c.dump())
}

func TestDatabaseGone(t *testing.T) {
	c := newCity(t, nil)
	c.send(c.Generate(1).JWS).receipt(t, 201)
	bags := c.bags(300)
	before := c.dump()
	if err := c.store.Close(); err != nil {
		t.Fatal(err)
	}
	a := c.send(bags[0].JWS)
	if a.problem(t, "unavailable"); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	got := c.post("/v1/events", typeNDJSON, bytes.NewReader(linesOf(bags...))).results(t)
	if len(got) != len(bags) {
		t.Fatalf("%d results", len(got))
	}
	for _, r := range got {
		if r.Status != 503 || r.Problem.Kind != "unavailable" {
			t.Fatalf("got %+v", r)
		}
	}
	c.post("/v1/events/validate", typeJOSE, bytes.NewReader(bags[0].JWS)).problem(t, "unavailable")
	unchanged(t, before, c.dump())
}

// failing is a store whose transactions break at their end, after everything was written.
type failing struct {
	record.Store
	broken bool
}

func (f *failing) Update(ctx context.Context, fn func(record.Tx) error) error {
	return f.Store.Update(ctx, func(tx record.Tx) error {
		if err := fn(tx); err != nil || !f.broken {
			return err
		}
		return fmt.Errorf("SAMPLE: the disk is gone")
	})
}

func TestDatabaseLostAtTheCommit(t *testing.T) {
	f := &failing{}
	c := newCity(t, func(c *city, cfg *Config) {
		f.Store = c.store
		cfg.Intake = c.Intake(f)
	})
	c.send(c.Generate(1).JWS).receipt(t, 201)
	before := c.dump()
	f.broken = true
	bag := c.Generate(2)
	a := c.send(bag.JWS)
	if a.problem(t, "unavailable"); bytes.Contains(a.body, []byte("SAMPLE")) {
		t.Errorf("the cause was shown: %s", a.body)
	}
	unchanged(t, before, c.dump())
	f.broken = false
	if r := c.send(bag.JWS).receipt(t, 201); r.Seq != 1 {
		t.Errorf("sent again it became %d", r.Seq)
	}
}
