package httpapi

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/gate"
	"liandan/internal/intaketest"
	"liandan/internal/record"
	"liandan/internal/registry"
	"liandan/internal/store"
	"liandan/internal/store/storetest"
)

// city is a world of the intake behind HTTP, over a SQLite file that the test can look
// into past the program.
type city struct {
	*intaketest.World
	t      testing.TB
	intake *record.Service
	store  *store.Store
	file   string
	server *httptest.Server
}

func newCity(t testing.TB, change func(*city, *Config)) *city {
	t.Helper()
	c := &city{World: intaketest.New(t, 1), t: t, file: storetest.Ready.SQLite(t)}
	s, err := store.Open(c.file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	c.store, c.intake = s, c.Intake(s)
	cfg := Config{Intake: c.intake, Pages: http.NotFoundHandler(), Base: "http://sample.test", SpoolDir: t.TempDir(), Gate: c.gate()}
	cfg.Observe = func(_ context.Context, o Observed) {
		if o.Err != nil {
			t.Logf("%s %s: %v", o.Method, o.Route, o.Err)
		}
	}
	if change != nil {
		change(c, &cfg)
	}
	c.server = httptest.NewUnstartedServer(nil)
	c.server.Config = Server("", Handler(cfg))
	c.server.Start()
	t.Cleanup(c.server.Close)
	return c
}

// hospitalToken is that of the hospital's administrator where there is no register.
const hospitalToken = "lt_sample"

// gate lets in the hospital's administrator and nobody else.
func (c *city) gate() *gate.Gate {
	return gate.New(gate.Config{Policy: policy(), Registry: c.Registry, Now: c.Now, Token: func(_ context.Context, token string) (access.Actor, error) {
		if token != hospitalToken {
			return access.Actor{}, gate.Unauthorized()
		}
		return access.Actor{Kind: access.ByToken, ID: "token:sample", Appointments: []access.Appointment{{Role: access.OrganisationAdministrator, Party: c.Hospital.Party}}}, nil
	}})
}

// policy is the real table.
func policy() access.Policy {
	return access.Policy{Rules: access.Table(), City: func(code string) bool {
		d, ok := registry.LookupDivision(code)
		return ok && d.Baoding
	}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (c *city) post(path, contentType string, body io.Reader) answer {
	c.t.Helper()
	resp, err := http.Post(c.server.URL+path, contentType, body)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.read(resp)
}

// postAs posts with a token; "" is none.
func (c *city) postAs(token, path, contentType string, body io.Reader) answer {
	c.t.Helper()
	req, err := http.NewRequest(http.MethodPost, c.server.URL+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.read(resp)
}

func (c *city) get(path string) answer {
	c.t.Helper()
	resp, err := http.Get(c.server.URL + path)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.read(resp)
}

func (c *city) read(resp *http.Response) answer {
	c.t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, b}
}

func (c *city) send(jws []byte) answer {
	c.t.Helper()
	return c.post("/v1/events", typeJOSE, bytes.NewReader(jws))
}

// receipt reads an answer strictly as the contract's receipt.
func (a answer) receipt(t testing.TB, status int) api.Receipt {
	t.Helper()
	var r api.Receipt
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	strictly(t, a.body, &r)
	return r
}

// problem reads an answer strictly as a problem of that kind.
func (a answer) problem(t testing.TB, kind string) api.Problem {
	t.Helper()
	var p api.Problem
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("status %d with content type %s: %s", a.status, got, a.body)
	}
	strictly(t, a.body, &p)
	if string(p.Kind) != kind || p.Type != "/problems/"+kind || p.Status != a.status {
		t.Errorf("got problem %s (%s) with status %d in a %d, want %s: %s", p.Kind, p.Type, p.Status, a.status, kind, a.body)
	}
	if p.RequestID == "" || p.RequestID != a.header.Get("X-Request-Id") {
		t.Errorf("request id %q in the problem, %q in the header", p.RequestID, a.header.Get("X-Request-Id"))
	}
	return p
}

// results reads an answer strictly as results of lines.
func (a answer) results(t testing.TB) []api.LineResult {
	t.Helper()
	if a.status != 200 || a.header.Get("Content-Type") != typeNDJSON {
		t.Fatalf("status %d, content type %s: %.300s", a.status, a.header.Get("Content-Type"), a.body)
	}
	return lineResults(t, a.body)
}

func lineResults(t testing.TB, body []byte) []api.LineResult {
	t.Helper()
	var out []api.LineResult
	for line := range bytes.Lines(body) {
		var r api.LineResult
		strictly(t, line, &r)
		if (r.Receipt.ID == "") == (r.Problem.Kind == "") {
			t.Fatalf("a result has a receipt or a problem: %s", line)
		}
		out = append(out, r)
	}
	return out
}

func strictly(t testing.TB, b []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v: %.300s", err, b)
	}
}

// dump is everything that the database holds, table by table, past the program.
func (c *city) dump() map[string]string {
	c.t.Helper()
	db, err := sql.Open("sqlite", c.file)
	if err != nil {
		c.t.Fatal(err)
	}
	defer db.Close()
	out := map[string]string{}
	for _, name := range column(c.t, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'") {
		out[name] = strings.Join(column(c.t, db, "SELECT "+quoted(c.t, db, name)+" FROM "+name+" t ORDER BY 1"), "\n")
	}
	if len(out) < 8 {
		c.t.Fatalf("only %d tables were found", len(out))
	}
	return out
}

func quoted(t testing.TB, db *sql.DB, table string) string {
	var parts []string
	for _, col := range column(t, db, "SELECT name FROM pragma_table_info('"+table+"')") {
		parts = append(parts, "quote(t."+col+")")
	}
	return strings.Join(parts, " || ' ' || ")
}

func column(t testing.TB, db *sql.DB, q string) (out []string) {
	t.Helper()
	rows, err := db.Query(q)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// size is the number of entries of the log, as the store tells it.
func (c *city) size() int64 {
	c.t.Helper()
	var n int64
	err := c.store.View(context.Background(), func(r record.Reader) error {
		head, _, err := r.Log()
		n = head.Size
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

// linesOf joins signed events into lines.
func linesOf(events ...intaketest.Signed) []byte {
	var b []byte
	for _, e := range events {
		b = append(append(b, e.JWS...), '\n')
	}
	return b
}

// bags signs n batches.
func (c *city) bags(n int) []intaketest.Signed {
	out := make([]intaketest.Signed, n)
	for i := range out {
		out[i] = c.Generate(1000)
	}
	return out
}
