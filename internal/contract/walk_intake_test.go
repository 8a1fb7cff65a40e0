package contract

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"liandan/api"
	"liandan/internal/event"
)

// manyLines uploads good, bad and blank lines with and without a stated length, and one
// line too many.
func manyLines(x *town) {
	bags := make([][]byte, 20)
	for i := range bags {
		bags[i] = x.Generate(1000).JWS
	}
	mixed := append(bytes.Join(bags, []byte("\r\n")), "\n\n \nnothing\n"...)
	size := x.size()
	for _, streamed := range []bool{false, true} {
		want := map[bool]int{false: 201, true: 200}[streamed] // the second time they are repeats
		got := x.results(x.ask(ask{method: "POST", path: "/v1/events", mediaType: "application/x-ndjson", body: string(mixed), streamed: streamed}).is(200, ""))
		if len(got) != len(bags)+1 || got[len(bags)].Line != len(bags)+3 || got[len(bags)].Problem.Kind != "malformed-jws" {
			x.t.Fatalf("the results are %+v", got)
		}
		for i, r := range got[:len(bags)] {
			if r.Line != i+1 || r.Status != want {
				x.t.Errorf("line %d: %+v", i+1, r)
			}
		}
	}
	tooMany := string(x.Generate(1).JWS) + strings.Repeat("\nx", 10_000) + "\n"
	x.ask(ask{method: "POST", path: "/v1/events", mediaType: "application/x-ndjson", body: tooMany}).is(413, "too-many-lines")
	if n := x.size(); n != size+int64(len(bags)) {
		x.t.Errorf("the log grew from %d to %d by %d events", size, n, len(bags))
	}
	got := x.results(x.ask(ask{method: "POST", path: "/v1/events", mediaType: "application/x-ndjson", body: tooMany, streamed: true}).is(200, ""))
	if last := got[len(got)-1]; len(got) != 10_001 || got[0].Status != 201 || last.Line != 10_001 || last.Problem.Kind != "too-many-lines" {
		x.t.Errorf("a stream of 10,001 lines has %d results, the last %+v", len(got), last)
	}
}

// dryRuns judges events that are good, known, too early, and bare payloads.
func dryRuns(x *town) {
	size := x.size()
	bag := x.Generate(1000)
	would := func(a answer, want string, status int) {
		x.t.Helper()
		if v := into[api.Validation](a.is(200, "")); string(v.Would) != want || v.Status != status {
			x.t.Errorf("the dry run says %s, expected %s %d", a.body, want, status)
		}
	}
	bare := func(payload string) answer {
		return x.ask(ask{method: "POST", path: "/v1/events/validate", token: x.hospital, mediaType: "application/json", body: payload})
	}
	payload := string(must(bag.Event.Payload())(x.t))
	issued := x.Issue(bag.Event.Batches...)
	would(x.validate(bag.JWS), "accept", 201)
	would(bare(payload), "accept", 201)
	would(x.validate(issued.JWS), "hold", 409)
	would(bare(string(must(issued.Event.Payload())(x.t))), "hold", 409)
	for _, wrong := range []string{"{", "[]", "null", "{}", strings.Replace(payload, "1000", "1000.5", 1), strings.Replace(payload, "1000", "NaN", 1),
		strings.Replace(payload, `"v":1`, `"v":1,"v":1`, 1), strings.Replace(payload, `"data":{`, `"data":{"colour":"red",`, 1), strings.Replace(payload, "841-001-01", "841-1-01", 1)} {
		if v := into[api.Validation](bare(wrong).is(200, "")); v.Would != "refuse" || len(v.Errors) == 0 || v.Status != v.Problem.Status {
			x.t.Errorf("%s: the dry run says %+v", wrong, v)
		}
	}
	nobodys := ask{method: "POST", path: "/v1/events/validate", mediaType: "application/json", body: payload, blind: "a bare payload needs a caller of its party"}
	x.ask(nobodys).is(401, "unauthorized")
	nobodys.token = x.stranger
	x.ask(nobodys).is(404, "not-found")
	if n := x.size(); n != size {
		x.t.Errorf("dry runs made the log grow from %d to %d", size, n)
	}
	x.send(bag.JWS).is(201, "")
	would(x.validate(bag.JWS), "repeat", 200)
	would(x.validate(issued.JWS), "accept", 201)
}

// bodies: every operation that takes a body refuses another content type and too much.
func (p *place) bodies(x *town) {
	large := map[string]int{"application/jose": 30_000, "application/json": event.MaxPayload + 1, "text/csv": 16<<20 + 1, "application/pdf": 8<<20 + 1}
	for _, c := range x.referee.calls {
		if c.op.RequestBody == nil || c.op.OperationID == "createToken" { // its errors are OAuth's; see programs
			continue
		}
		for _, mediaType := range []string{"application/octet-stream", "text/plain; charset=utf-8", p.sound(x, c).mediaType + "; charset="} {
			q := p.sound(x, c)
			q.mediaType = mediaType
			if strings.HasSuffix(mediaType, "=") {
				q.blind = "no schema sees the parameters of a content type"
			}
			x.ask(q).is(415, "media-type")
		}
		q := p.sound(x, c)
		size := large[q.mediaType]
		switch {
		case c.op.OperationID == "createSampleList":
			size = 1<<20 + 1
		case strings.HasSuffix(c.op.OperationID, "Draft"):
			size += 1 << 10
		}
		q.body = strings.Repeat(" ", size)
		x.ask(q).is(413, "too-large")
		q.streamed = true
		x.ask(q).is(413, "too-large")
	}
	q := ask{method: "POST", path: "/v1/events/validate", token: x.hospital, mediaType: "application/json", body: strings.Repeat(" ", large["application/json"])}
	x.ask(q).is(413, "too-large")
}

// cut sends a request whose body ends early and gives the answer, past the referee's own
// client but not past the referee: no ordinary client would wait for it.
func (x *town) cut(q ask, stated int) answer {
	x.t.Helper()
	conn := must(net.Dial("tcp", x.server.Addr))(x.t)
	defer conn.Close()
	_ = must(0, conn.SetDeadline(time.Now().Add(20*time.Second)))(x.t)
	_ = must(fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: sample\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		q.method, q.path, q.token, q.mediaType, stated, q.body))(x.t)
	_ = must(0, conn.(*net.TCPConn).CloseWrite())(x.t)
	resp := must(http.ReadResponse(bufio.NewReader(conn), nil))(x.t)
	defer resp.Body.Close()
	got := must(io.ReadAll(resp.Body))(x.t)
	r := must(http.NewRequest(q.method, x.url+q.path, nil))(x.t)
	r.Header.Set("Content-Type", q.mediaType)
	r.Header.Set("Authorization", "Bearer "+q.token)
	x.referee.hold(r, []byte(q.body), resp, got)
	return answer{x.t, q.method + " " + q.path, resp.StatusCode, resp.Header, got}
}

// cutUploads: a body that ends early leaves nothing of what had no end, and of many lines
// those that arrived whole.
func cutUploads(x *town) {
	events := x.events()
	jws := x.Generate(1000).JWS
	for _, n := range []int{0, 1, len(jws) / 2, len(jws)} {
		for _, q := range []ask{{path: "/v1/events", mediaType: "application/jose"}, {path: "/v1/events", mediaType: "application/x-ndjson"},
			{path: "/v1/events/validate", mediaType: "application/jose"}, {path: "/v1/keys", mediaType: "application/jose"},
			{path: "/v1/keys/rotation", mediaType: "application/jose"}} {
			q.method, q.body = "POST", string(jws[:n])
			x.cut(q, len(jws)+1).is(400, "upload-cut-short")
		}
	}
	for _, q := range []ask{{path: "/v1/enrolments", mediaType: "application/json", body: `{"party":`},
		{path: "/v1/registry/organisations", mediaType: "text/csv", body: "credit_code,name,roles\n"}} {
		q.method, q.token = "POST", x.server.Token
		x.cut(q, len(q.body)+1).is(400, "upload-cut-short")
	}
	if n := x.events(); n != events {
		x.t.Errorf("cut uploads made the events grow from %d to %d", events, n)
	}
	size := x.size() // with what was recorded of the import
	lines := bytes.Join([][]byte{x.Generate(1).JWS, x.Generate(2).JWS, jws}, []byte("\n"))
	got := x.results(x.cut(ask{method: "POST", path: "/v1/events", mediaType: "application/x-ndjson", body: string(lines)}, len(lines)+1).is(200, ""))
	if len(got) != 3 || got[0].Status != 201 || got[1].Status != 201 || got[2].Problem.Kind != "upload-cut-short" {
		x.t.Errorf("a cut upload of three lines: %+v", got)
	}
	if n := x.size(); n != size+2 {
		x.t.Errorf("two whole lines made the log grow from %d to %d", size, n)
	}
	x.send(jws).is(201, "") // not half there: the same bytes are new
}
