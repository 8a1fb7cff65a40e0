// Package httpapi is the HTTP face of Liandan: the routes of openapi.yaml over Echo, one
// error handler that writes every failure as a problem of RFC 9457, and limits on all
// that a stranger may send.
//
// It must not decide anything about an event or a reader's rights beyond the token: it
// translates between the wire and the services, and hands no echo.Context on.
package httpapi

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/merkle"
	"liandan/internal/party"
	"liandan/internal/record"
	"liandan/internal/registry"
)

// Intake takes signed events in; record.Service is one.
type Intake interface {
	Accept(ctx context.Context, compact []byte) record.Result
	Begin(ctx context.Context, lines [][]byte) *record.Block
	Validate(ctx context.Context, compact []byte) (record.Validation, error)
	ValidatePayload(ctx context.Context, payload []byte) (record.Validation, error)
}

// Reader answers what the log holds; audit.Service is one.
type Reader interface {
	Batch(ctx context.Context, b id.Batch) (audit.BatchView, error)
	Chain(ctx context.Context, b id.Batch) (audit.ChainView, error)
	BatchBundle(ctx context.Context, b id.Batch) ([]byte, error)
	Manifest(ctx context.Context, m id.Manifest) (audit.ManifestView, error)
	ManifestBundle(ctx context.Context, m id.Manifest) ([]byte, error)
	Event(ctx context.Context, e id.Event) (audit.EventView, error)
	Quarantine(ctx context.Context, cursor string, limit int) ([]audit.Held, string, error)
	NewLabel(ctx context.Context, b id.Batch) (event.Label, error)
	RevokeLabel(ctx context.Context, l event.Label) error
}

// Log serves the public log; audit.Service is one.
type Log interface {
	Checkpoint(ctx context.Context) ([]byte, error)
	LogTile(ctx context.Context, t merkle.TileID, width int) ([]byte, error)
	LogEntries(ctx context.Context, index int64, width int) ([][]byte, error)
	LogVKey() string
}

// Registry knows tokens, enrols keys and takes registers in; registry.Service is one.
type Registry interface {
	Authenticate(ctx context.Context, token string) (registry.Principal, error)
	NewEnrolment(ctx context.Context, by registry.Principal, p id.Party, person id.Person, device string, validDays int) (string, time.Time, error)
	Challenge(ctx context.Context, code string, jwk []byte) (string, time.Time, error)
	Complete(ctx context.Context, compact []byte) (party.Key, error)
	Key(ctx context.Context, kid string) (party.Key, bool, error)
	RevokeKey(ctx context.Context, by registry.Principal, kid string, from time.Time, reason string) (party.Key, error)
	Import(ctx context.Context, kind string, csv io.Reader, dryRun bool) (registry.Report, error)
}

// Config is what the HTTP face is made of. Intake, Reader, Log, Registry and Pages are
// required.
type Config struct {
	Intake   Intake
	Reader   Reader
	Log      Log
	Registry Registry
	// Pages answers GET /q/{label} and, through Handler, every page outside the contract.
	Pages http.Handler
	// Metrics answers GET /metrics; nil: an empty page.
	Metrics http.Handler
	// Ready says why requests cannot be served; nil error: they are.
	Ready func(context.Context) error
	// Base is the public address without a slash at its end, for QR codes.
	Base string
	// Observe hears of each request once it is answered.
	Observe func(context.Context, Observed)
	// Count hears of each event that was sent: "recorded", "repeat", "held" or the kind
	// of its fault.
	Count func(result string)
	// Now is the clock of the log and the registry, for what is dated "from now"; nil:
	// time.Now. Durations and deadlines are the machine's.
	Now func() time.Time
	// SpoolDir is where uploads of more than a megabyte wait; "" is the system's.
	SpoolDir string
}

// Observed is one answered request.
type Observed struct {
	ID       string // request id, as in the problem that the caller saw
	Method   string
	Route    string // the pattern, never the path: paths hold identifiers
	Status   int
	Bytes    int64
	Duration time.Duration
	Kind     string // of the problem, "" for none
	Err      error  // cause of a 5xx, for the log alone
}

// face is the handlers with what they need.
type face struct {
	Config
	spooled budget
	paths   map[string]bool // the routes' patterns
}

// filled is the configuration with its defaults.
func (c Config) filled() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Observe == nil {
		c.Observe = func(context.Context, Observed) {}
	}
	if c.Count == nil {
		c.Count = func(string) {}
	}
	if c.Ready == nil {
		c.Ready = func(context.Context) error { return nil }
	}
	if c.Metrics == nil {
		c.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		})
	}
	return c
}

// New builds the routes of the contract, and none besides.
func New(c Config) *echo.Echo {
	f := &face{Config: c.filled(), spooled: budget{left: maxSpooled}, paths: map[string]bool{}}
	return f.serve(f.routes)
}

// serve wraps routes with what every request gets.
func (f *face) serve(routes func(*echo.Echo)) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = f.fail
	e.Use(f.observe)
	routes(e)
	for _, r := range e.Routes() {
		f.paths[r.Path] = true
	}
	return e
}

func (f *face) routes(e *echo.Echo) {
	e.POST("/v1/events", f.submit)
	e.POST("/v1/events/validate", f.validate)
	e.GET("/log/checkpoint", f.checkpoint)
	e.GET("/log/tile/:level/*", f.tile)
	e.GET("/log/tile/entries/*", f.entries)
	e.GET("/log/vkey", f.vkey)
	e.GET("/healthz", f.health)
	e.GET("/readyz", f.readiness)
	e.GET("/metrics", echo.WrapHandler(f.Metrics))
	e.GET("/q/:label", echo.WrapHandler(f.Pages))

	e.POST("/v1/enrolments/challenge", f.challenge)
	e.POST("/v1/keys", f.enrolKey)

	e.POST("/v1/enrolments", f.known(f.enrol))
	e.GET("/v1/keys/:kid", f.known(f.getKey))
	e.POST("/v1/keys/:kid/revoke", f.known(f.revokeKey))
	e.POST("/v1/registry/:kind", f.operator(f.importRegistry))
	e.GET("/v1/events/:event", f.known(f.event))
	e.GET("/v1/batches/:batch", f.known(f.batch))
	e.GET("/v1/batches/:batch/chain", f.known(f.chain))
	e.GET("/v1/batches/:batch/bundle", f.known(f.batchBundle))
	e.GET("/v1/batches/:batch/label.png", f.known(f.labelImage))
	e.POST("/v1/batches/:batch/labels", f.known(f.newLabel))
	e.POST("/v1/labels/:label/revoke", f.known(f.revokeLabel))
	e.GET("/v1/manifests/:manifest", f.known(f.manifest))
	e.GET("/v1/manifests/:manifest/bundle", f.known(f.manifestBundle))
	e.GET("/v1/quarantine", f.operator(f.quarantine))
}

// Handler is New with the pages around it: whatever the contract does not name goes to
// Config.Pages.
func Handler(c Config) http.Handler {
	api := New(c)
	f := &face{Config: c.filled(), paths: map[string]bool{}}
	pages := f.serve(func(e *echo.Echo) { e.Any("/*", echo.WrapHandler(c.Pages)) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ours(r.URL.Path) {
			api.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// ours says whether a path belongs to the contract.
func ours(path string) bool {
	switch path {
	case "/healthz", "/readyz", "/metrics":
		return true
	}
	for _, p := range []string{"/v1/", "/log/", "/q/"} {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

func (f *face) health(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

func (f *face) readiness(c echo.Context) error {
	if err := f.Ready(c.Request().Context()); err != nil {
		return err
	}
	return c.String(http.StatusOK, "ready\n")
}
