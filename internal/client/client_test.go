package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"liandan/internal/client"
)

// seen is one request as the server got it.
type seen struct{ method, path, contentType, token, body string }

// serve answers with what answer writes and keeps what was asked.
func serve(t *testing.T, answer http.HandlerFunc) (*client.Client, *[]seen) {
	t.Helper()
	var asked []seen
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		asked = append(asked, seen{r.Method, r.URL.EscapedPath(), r.Header.Get("Content-Type"), r.Header.Get("Authorization"), string(b)})
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return client.New(s.URL+"/", "secret"), &asked
}

func TestSendGivesTheReceipt(t *testing.T) {
	c, asked := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id":"e","hash":"h","seq":7,"recorded_at":"2026-03-02T00:30:00.001Z","entry":"E","proof":"P","findings":[{"rule":"x"}]}`)
	})
	r, err := c.Send(context.Background(), []byte("a.b.c"))
	if err != nil || r.ID != "e" || r.Hash != "h" || r.Seq != 7 || r.RecordedAt.UnixMilli() != 1772411400001 || r.Entry != "E" || r.Proof != "P" || string(r.Findings) != `[{"rule":"x"}]` {
		t.Errorf("%+v, %v", r, err)
	}
	if want := (seen{"POST", "/v1/events", "application/jose", "Bearer secret", "a.b.c"}); (*asked)[0] != want {
		t.Errorf("asked %+v", (*asked)[0])
	}
}

func TestRefusalsAreProblems(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		kind, text string
		retained   bool
	}{
		{"problem", `{"kind":"wrong-stage","status":409,"title":"t","detail":"The batch is treated.","retained":true,"errors":[{"pointer":"/batches/0","code":"c","detail":"d"}]}`,
			409, "wrong-stage", "409 wrong-stage: The batch is treated. [/batches/0 c: d]", true},
		{"a proxy's page", "<h1>Bad gateway</h1>\n", 502, "http", "502 http: <h1>Bad gateway</h1>", false},
		{"JSON of something else", `{"error":"x"}`, 500, "http", `500 http: {"error":"x"}`, false},
		{"nothing", "", 503, "http", "503 http: ", false},
	} {
		cl, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		})
		_, err := cl.Send(context.Background(), []byte("x"))
		p, ok := errors.AsType[*client.Problem](err)
		if !ok || p.Kind != c.kind || p.Status != c.status || p.Error() != c.text || p.Retained != c.retained {
			t.Errorf("%s: %+v, %v", c.name, p, err)
		}
	}
}

func TestSendAllStreamsAnswersInOrder(t *testing.T) {
	c, asked := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `{"line":1,"status":201,"receipt":{"id":"a","seq":1}}`)
		fmt.Fprintln(w, `{"line":2,"status":200,"receipt":{"id":"b","seq":0}}`)
		fmt.Fprint(w, `{"line":3,"status":409,"problem":{"kind":"wrong-stage","status":409}}`) // no newline at the end
	})
	var got []client.Line
	err := c.SendAll(context.Background(), [][]byte{[]byte("1"), []byte("2"), []byte("3")}, func(l client.Line) error {
		got = append(got, l)
		return nil
	})
	if err != nil || len(got) != 3 || !got[0].Fresh() || got[1].Fresh() || got[1].Receipt.ID != "b" || got[2].Problem.Kind != "wrong-stage" || got[2].Receipt != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if want := (seen{"POST", "/v1/events", "application/x-ndjson", "Bearer secret", "1\n2\n3\n"}); (*asked)[0] != want {
		t.Errorf("asked %+v", (*asked)[0])
	}
}

// An upload whose answers stop is never taken for a finished one.
func TestSendAllSaysWhenAnswersAreMissing(t *testing.T) {
	events := [][]byte{[]byte("1"), []byte("2")}
	for name, answer := range map[string]http.HandlerFunc{
		"nothing":    func(http.ResponseWriter, *http.Request) {},
		"one of two": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, `{"line":1,"status":201}`) },
		"cut in a line": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"line":1,"status":201}`+"\n"+`{"line":2,"sta`)
		},
		"not JSON":         func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "oops") },
		"connection reset": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, `{"line":1,"status":201}`); abort(w) },
		"refused":          func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(413) },
	} {
		c, _ := serve(t, answer)
		if err := c.SendAll(context.Background(), events, func(client.Line) error { return nil }); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	stop := errors.New("stop")
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{\"line\":1}\n{\"line\":2}\n") })
	calls := 0
	if err := c.SendAll(context.Background(), events, func(client.Line) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
		t.Errorf("the caller's error: %v after %d calls", err, calls)
	}
}

// abort ends the connection in the middle of an answer.
func abort(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}

func TestGetAndImport(t *testing.T) {
	c, asked := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"a":1}`) })
	var out struct{ A int }
	if err := c.Get(context.Background(), "/v1/batches/x", &out); err != nil || out.A != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	var raw []byte
	if err := c.Get(context.Background(), "/v1/batches/x/bundle", &raw); err != nil || string(raw) != `{"a":1}` {
		t.Errorf("%s, %v", raw, err)
	}
	report, err := c.Import(context.Background(), "sites/../keys", []byte("a,b\n"))
	if err != nil || string(report) != `{"a":1}` {
		t.Errorf("%s, %v", report, err)
	}
	if got := (*asked)[2]; got != (seen{"POST", "/v1/registry/sites%2F..%2Fkeys", "text/csv", "Bearer secret", "a,b\n"}) {
		t.Errorf("asked %+v", got)
	}
}

type signer struct{ err error }

func (s signer) JWK() ([]byte, error) { return []byte(`{"kty":"OKP"}`), s.err }
func (s signer) SignEnrolment(c string) ([]byte, error) {
	return []byte("signed " + c), nil
}

func TestEnrol(t *testing.T) {
	c, asked := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/enrolments":
			fmt.Fprint(w, `{"code":"ABC","expires_at":"2026-03-02T01:00:00Z"}`)
		case "/v1/enrolments/challenge":
			fmt.Fprint(w, `{"challenge":"C"}`)
		case "/v1/keys":
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"kid":"k"}`)
		}
	})
	if err := c.Enrol(context.Background(), "p", "h", "phone", 30, signer{}); err != nil {
		t.Fatal(err)
	}
	var ask map[string]any
	if err := json.Unmarshal([]byte((*asked)[0].body), &ask); err != nil || ask["party"] != "p" || ask["person"] != "h" || ask["device"] != "phone" || ask["valid_days"] != 30.0 {
		t.Errorf("asked %v, %v", ask, err)
	}
	if got := (*asked)[1].body; got != `{"code":"ABC","jwk":{"kty":"OKP"}}` {
		t.Errorf("challenge asked with %s", got)
	}
	if got := (*asked)[2]; got.path != "/v1/keys" || got.contentType != "application/jose" || got.body != "signed C" {
		t.Errorf("proved with %+v", got)
	}
	lost := errors.New("lost key")
	before := len(*asked)
	if err := c.Prove(context.Background(), "ABC", signer{lost}); !errors.Is(err, lost) || len(*asked) != before {
		t.Errorf("%v, %d requests more", err, len(*asked)-before)
	}
}

func TestServerAway(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	url := s.URL
	s.Close()
	_, err := client.New(url, "").Send(context.Background(), []byte("x"))
	if err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c, asked := serve(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := c.Send(ctx, nil); !errors.Is(err, context.Canceled) || len(*asked) != 0 {
		t.Errorf("%v after %d requests", err, len(*asked))
	}
}
