package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"liandan/api"
	"liandan/internal/id"
	"liandan/internal/merkle"
	"liandan/internal/record"
)

func TestOneEvent(t *testing.T) {
	c := newCity(t, nil)
	chain := c.Chain(12_345)
	var receipts []api.Receipt
	for i, e := range chain {
		r := c.send(e.JWS).receipt(t, 201)
		if r.Seq != int64(i) || r.ID != e.Event.ID.String() {
			t.Errorf("event %d got %d %s", i, r.Seq, r.ID)
		}
		if _, err := merkle.CheckReceipt([]byte(r.Proof), []byte(r.Entry), c.Verifier); err != nil {
			t.Errorf("receipt %d: %v", i, err)
		}
		receipts = append(receipts, r)
	}
	if len(receipts[0].Next) == 0 || len(receipts[len(receipts)-1].Next) != 0 {
		t.Errorf("next: %v at first, %v at last", receipts[0].Next, receipts[len(receipts)-1].Next)
	}
	before := c.dump()
	again := c.send(append(chain[2].JWS, '\n')).receipt(t, 200)
	if again.Proof != receipts[2].Proof || again.Entry != receipts[2].Entry {
		t.Error("the same bytes again got another receipt")
	}
	unchanged(t, before, c.dump())
}

func TestManyEvents(t *testing.T) {
	c := newCity(t, nil)
	bags := c.bags(700)
	bags = append(bags, bags[3]) // once more
	lines := append([]byte("\n\r\n"), linesOf(bags...)...)
	lines = append(lines, "not a jws\r\n"...)
	lines = append(lines, strings.Repeat("A", 30_000)+"\n\n"...)
	lines = append(lines, c.Generate(5).JWS...) // no line feed at the end
	got := c.post("/v1/events", typeNDJSON, bytes.NewReader(lines)).results(t)
	if len(got) != 704 {
		t.Fatalf("%d results", len(got))
	}
	for i, r := range got[:700] {
		if r.Line != i+3 || r.Status != 201 || r.Receipt.ID != bags[i].Event.ID.String() || r.Receipt.Seq != int64(i) {
			t.Fatalf("result %d: line %d, status %d, %s, seq %d", i, r.Line, r.Status, r.Receipt.ID, r.Receipt.Seq)
		}
	}
	if r := got[700]; r.Line != 703 || r.Status != 200 || r.Receipt.Seq != 3 {
		t.Errorf("the repeat: %+v", r)
	}
	if r := got[701]; r.Line != 704 || r.Status != 400 || r.Problem.Kind != "malformed-jws" {
		t.Errorf("the malformed line: %+v", r)
	}
	if r := got[702]; r.Line != 705 || r.Status != 413 || r.Problem.Kind != "too-large" {
		t.Errorf("the long line: %+v", r)
	}
	if r := got[703]; r.Line != 707 || r.Status != 201 {
		t.Errorf("the last line: %+v", r)
	}
	if c.size() != 701 {
		t.Errorf("the log has %d entries", c.size())
	}
}

func TestAnEmptyUploadHasNoResults(t *testing.T) {
	c := newCity(t, nil)
	c.send(nil).problem(t, "malformed-jws")
	if got := c.post("/v1/events", typeNDJSON, strings.NewReader("\n\n")).results(t); len(got) != 0 {
		t.Errorf("%d results", len(got))
	}
}

// A client that streams gets each result before it sends the next line.
func TestAStreamingClientIsAnsweredAsItGoes(t *testing.T) {
	c := newCity(t, nil)
	in, out := io.Pipe()
	req, err := http.NewRequest(http.MethodPost, c.server.URL+"/v1/events", in)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", typeNDJSON)
	bags := c.bags(4)
	first := make(chan error, 1)
	go func() { _, err := out.Write(linesOf(bags[0])); first <- err }()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	results := bufio.NewReader(resp.Body)
	for i, bag := range bags {
		if i > 0 {
			if _, err := out.Write(linesOf(bag)); err != nil {
				t.Fatal(err)
			}
		}
		line, err := results.ReadBytes('\n')
		if err != nil {
			t.Fatalf("no result for line %d: %v", i+1, err)
		}
		if r := lineResults(t, line); len(r) != 1 || r[0].Line != i+1 || r[0].Status != 201 {
			t.Errorf("line %d got %s", i+1, line)
		}
		if c.size() != int64(i+1) {
			t.Errorf("the log has %d entries after line %d", c.size(), i+1)
		}
	}
	out.Close()
	if rest, err := io.ReadAll(results); err != nil || len(rest) != 0 {
		t.Errorf("after the end came %q, %v", rest, err)
	}
}

// chunked hides a body's length, as a streaming client does.
func chunked(b []byte) io.Reader { return struct{ io.Reader }{bytes.NewReader(b)} }

func TestAStreamOfManyLines(t *testing.T) {
	c := newCity(t, nil)
	bags := c.bags(900)
	got := c.post("/v1/events", typeNDJSON, chunked(linesOf(bags...))).results(t)
	if len(got) != len(bags) || c.size() != int64(len(bags)) {
		t.Fatalf("%d results, %d entries", len(got), c.size())
	}
	for i, r := range got {
		if r.Line != i+1 || r.Status != 201 || r.Receipt.ID != bags[i].Event.ID.String() {
			t.Fatalf("result %d is %+v", i, r)
		}
	}
}

func TestAStreamEndsAfterTheLastAllowedLine(t *testing.T) {
	c := newCity(t, nil)
	bag := c.Generate(1)
	lines := append(linesOf(bag), bytes.Repeat([]byte("x\n"), maxLines+5)...)
	got := c.post("/v1/events", typeNDJSON, chunked(lines)).results(t)
	if len(got) != maxLines+1 {
		t.Fatalf("%d results", len(got))
	}
	last := got[maxLines]
	if last.Line != maxLines+1 || last.Status != 413 || last.Problem.Kind != "too-many-lines" {
		t.Errorf("the last result is %+v", last)
	}
	if got[0].Status != 201 || got[maxLines-1].Problem.Kind != "malformed-jws" || c.size() != 1 {
		t.Errorf("the lines before: %+v, %+v; %d entries", got[0], got[maxLines-1], c.size())
	}
}

// raw sends bytes over a connection of its own, ends its half and reads the answer.
func (c *city) raw(header string, body []byte) *http.Response {
	c.t.Helper()
	return c.rawAs(typeNDJSON, header, body)
}

func (c *city) rawAs(contentType, header string, body []byte) *http.Response {
	c.t.Helper()
	conn, err := net.Dial("tcp", c.server.Listener.Addr().String())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		c.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: sample\r\nContent-Type: %s\r\n%s\r\n\r\n%s", contentType, header, body); err != nil {
		c.t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		c.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp
}

// What arrived whole is recorded, what has no end is not, whether or not the length was
// known.
func TestAConnectionCutInMidUpload(t *testing.T) {
	for name, frame := range map[string]func([]byte) (string, []byte){
		"length known": func(b []byte) (string, []byte) { return fmt.Sprintf("Content-Length: %d", len(b)+1000), b },
		"streamed": func(b []byte) (string, []byte) {
			return "Transfer-Encoding: chunked", append(fmt.Appendf(nil, "%x\r\n", len(b)+1000), b...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t, nil)
			bags := c.bags(3)
			lines := linesOf(bags...)
			header, body := frame(lines[:len(lines)-20])
			got := c.read(c.raw(header, body)).results(t)
			if len(got) != 3 || got[0].Status != 201 || got[1].Status != 201 {
				t.Fatalf("got %+v", got)
			}
			if got[2].Line != 3 || got[2].Status != 400 || got[2].Problem.Kind != "upload-cut-short" {
				t.Errorf("the cut line: %+v", got[2])
			}
			if c.size() != 2 {
				t.Errorf("the log has %d entries", c.size())
			}
			if r := c.send(bags[2].JWS).receipt(t, 201); r.Seq != 2 {
				t.Errorf("sent again it became %d", r.Seq)
			}
		})
	}
}

// A client that goes away without reading loses no line that had arrived.
func TestAClientThatGoesAway(t *testing.T) {
	c := newCity(t, nil)
	bags := c.bags(600)
	lines := linesOf(bags...)
	conn, err := net.Dial("tcp", c.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: sample\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", typeNDJSON, len(lines), lines); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	for end := time.Now().Add(20 * time.Second); c.size() < 600; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("only %d of 600 were recorded", c.size())
		}
	}
}

func TestValidate(t *testing.T) {
	c := newCity(t, nil)
	bag := c.Generate(1000)
	before := c.dump()
	ask := func(kind string, body []byte) api.Validation {
		t.Helper()
		a := c.postAs(hospitalToken, "/v1/events/validate", kind, bytes.NewReader(body))
		if a.status != 200 {
			t.Fatalf("status %d: %s", a.status, a.body)
		}
		var v api.Validation
		strictly(t, a.body, &v)
		return v
	}
	if v := ask(typeJOSE, bag.JWS); v.Would != "accept" || v.Status != 201 || len(v.Errors) != 0 || len(v.Missing) == 0 || len(v.Next) == 0 {
		t.Errorf("a sound event: %+v", v)
	}
	if v := ask(typeJOSE, []byte("x.y")); v.Would != "refuse" || v.Status != 400 || v.Problem.Kind != "malformed-jws" || len(v.Errors) != 1 {
		t.Errorf("no JWS: %+v", v)
	}
	v := ask(typeJSON, []byte(`{"v":1,"type":"batch.stored","extra":1}`))
	if v.Would != "refuse" || v.Status != 422 || v.Problem.Kind != "invalid-event" || len(v.Errors) < 5 {
		t.Errorf("a poor payload: %+v", v)
	}
	early := c.Issue(bag.Event.Batches...)
	if v := ask(typeJOSE, early.JWS); v.Would != "hold" || v.Status != 409 {
		t.Errorf("too early: %+v", v)
	}
	unchanged(t, before, c.dump())
	c.send(bag.JWS).receipt(t, 201)
	if v := ask(typeJOSE, bag.JWS); v.Would != "repeat" || v.Status != 200 {
		t.Errorf("known already: %+v", v)
	}
	c.post("/v1/events/validate", "text/plain", strings.NewReader("x")).problem(t, "media-type")
	// A bare payload needs somebody of its party; what cannot be read is nobody's.
	bare := func(token string, party string) answer {
		payload, err := c.Generate(1).Event.Payload()
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(payload), c.Hospital.Party.String(), party, 1)
		return c.postAs(token, "/v1/events/validate", typeJSON, strings.NewReader(text))
	}
	if a := bare(hospitalToken, c.Hospital.Party.String()); a.status != 200 {
		t.Errorf("of the own party: %d %s", a.status, a.body)
	}
	bare("", c.Hospital.Party.String()).problem(t, "unauthorized")
	bare("lt_other", c.Hospital.Party.String()).problem(t, "unauthorized")
	alike(t, bare(hospitalToken, c.Stranger.Party.String()), bare(hospitalToken, "01900000-0000-7000-8000-000000000001"), "not-found")
}

// The receipt that is written by hand is the one that reflection would write.
func TestReceiptByHand(t *testing.T) {
	c := newCity(t, nil)
	chain := c.Chain(500)
	for _, e := range chain {
		res := c.intake.Accept(context.Background(), e.JWS)
		if res.Err != nil {
			t.Fatal(res.Err)
		}
		byHand := appendReceipt(nil, res.Receipt)
		var r api.Receipt
		strictly(t, byHand, &r)
		want := res.Receipt
		if r.ID != want.Event.String() || r.Hash != want.Hash.String() || r.Seq != want.Seq || r.RecordedAt != at(want.RecordedAt) ||
			r.Entry != string(want.Entry) || r.Proof != string(want.Proof) || len(r.Next) != len(want.Next) || len(r.Findings) != len(want.Findings) {
			t.Errorf("by hand: %s", byHand)
		}
		r.Findings = findings(want.Findings)
		slow, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		strictly(t, byHand, &a)
		strictly(t, slow, &b)
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("by hand %s\nby reflection %s", byHand, slow)
		}
	}
}

func TestHealthAndStrayRequests(t *testing.T) {
	ready := fmt.Errorf("SAMPLE cause")
	c := newCity(t, func(_ *city, cfg *Config) {
		cfg.Ready = func(context.Context) error { return ready }
	})
	if a := c.get("/healthz"); a.status != 200 {
		t.Errorf("healthz: %d", a.status)
	}
	if a := c.get("/readyz"); a.status != 500 || bytes.Contains(a.body, []byte("SAMPLE")) {
		t.Errorf("readyz with a cause that must not be shown: %d %s", a.status, a.body)
	}
	ready = nil
	if a := c.get("/readyz"); a.status != 200 {
		t.Errorf("readyz: %d", a.status)
	}
	c.get("/v1/nothing").problem(t, "not-found")
	a := c.get("/v1/events")
	a.problem(t, "method-not-allowed")
	if !strings.Contains(a.header.Get("Allow"), "POST") {
		t.Errorf("Allow is %q", a.header.Get("Allow"))
	}
	c.get("/metrics").problem(t, "unauthorized")
}

// panicking is an intake with a defect.
type panicking struct{ Intake }

func (panicking) Accept(context.Context, []byte) record.Result  { panic("SAMPLE defect") }
func (panicking) Begin(context.Context, [][]byte) *record.Block { return nil } // Wait on it panics
func (panicking) Validate(context.Context, []byte) (record.Validation, error) {
	return record.Validation{}, fmt.Errorf("SAMPLE error")
}

func TestAPanicIsAnInternalProblem(t *testing.T) {
	var seen []Observed
	c := newCity(t, func(_ *city, cfg *Config) {
		cfg.Intake = panicking{cfg.Intake}
		cfg.Observe = func(_ context.Context, o Observed) { seen = append(seen, o) }
	})
	for _, path := range []string{"/v1/events", "/v1/events/validate"} {
		a := c.post(path, typeJOSE, strings.NewReader("x"))
		if p := a.problem(t, "internal"); a.status != 500 || strings.Contains(string(a.body), "SAMPLE") {
			t.Errorf("%+v", p)
		}
	}
	if len(seen) != 2 || !strings.Contains(seen[0].Err.Error(), "SAMPLE defect") || seen[0].Status != 500 || seen[0].Kind != "internal" ||
		seen[0].Route != "/v1/events" || seen[1].Err == nil {
		t.Errorf("observed %+v", seen)
	}
	// In mid-answer only the connection can say that something broke.
	resp, err := http.Post(c.server.URL+"/v1/events", typeNDJSON, strings.NewReader("x\n"))
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("an answer that broke off looks whole")
	}
}

func TestRoutesOfWhatIsNotThereAreOne(t *testing.T) {
	var seen []Observed
	c := newCity(t, func(_ *city, cfg *Config) {
		cfg.Observe = func(_ context.Context, o Observed) { seen = append(seen, o) }
	})
	c.get("/v1/a/" + id.BatchOf(id.UUID{1}).String())
	c.get("/healthz")
	if len(seen) != 2 || seen[0].Route != "none" || seen[1].Route != "/healthz" || seen[1].Bytes == 0 || seen[1].Method != "GET" {
		t.Errorf("observed %+v", seen)
	}
}
