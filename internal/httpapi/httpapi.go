// Package httpapi is the HTTP face of Liandan: the routes of openapi.yaml over Echo, one
// error handler that writes every failure as a problem of RFC 9457, and limits on all
// that a stranger may send.
//
// It must not decide anything about an event or about rights: package gate and its policy
// do. It translates between the wire and the services, and hands no echo.Context on.
package httpapi

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/journal"
	"liandan/internal/measure"
	"liandan/internal/merkle"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/record"
	"liandan/internal/registry"
	"liandan/internal/report"
	"liandan/internal/siteledger"
	"liandan/internal/waste"
)

// Intake takes signed events in; record.Service is one.
type Intake interface {
	Accept(ctx context.Context, compact []byte) record.Result
	Begin(ctx context.Context, lines [][]byte) *record.Block
	Validate(ctx context.Context, compact []byte) (record.Validation, error)
	ValidatePayload(ctx context.Context, payload []byte) (record.Validation, error)
	Rehearse(ctx context.Context, payload []byte) (record.Rehearsal, error)
}

// Reader answers what the log holds; audit.Service is one.
type Reader interface {
	StatementOf(ctx context.Context, p id.Party, at time.Time) (permit.Statement, error)
	Batch(ctx context.Context, b id.Batch) (audit.BatchView, error)
	Chain(ctx context.Context, b id.Batch) (audit.ChainView, error)
	BatchBundle(ctx context.Context, b id.Batch) ([]byte, error)
	Manifest(ctx context.Context, m id.Manifest) (audit.ManifestView, error)
	ManifestBundle(ctx context.Context, m id.Manifest) ([]byte, error)
	Event(ctx context.Context, e id.Event) (audit.EventView, error)
	Work(ctx context.Context, t audit.Tab, f audit.Filter, now time.Time, cursor string, limit int) (audit.Page, error)
	Counts(ctx context.Context, f audit.Filter, now time.Time) (map[audit.Tab]audit.Count, error)
	AddScan(ctx context.Context, m id.Manifest, as string, body []byte) (known bool, err error)
	ScanOf(ctx context.Context, m id.Manifest) (audit.Scan, error)
	Findings(ctx context.Context, f audit.FindingFilter, now time.Time, cursor string, limit int) (audit.FindingPage, error)
	FindingCounts(ctx context.Context, f audit.FindingFilter, now time.Time) ([]audit.FindingCount, bool, error)
	Search(ctx context.Context, f audit.Filter, cursor string, limit int) (audit.Page, error)
	LoadOf(ctx context.Context, plate string) (audit.Load, error)
	Quarantine(ctx context.Context, cursor string, limit int) ([]audit.Held, string, error)
	BatchSubject(ctx context.Context, b id.Batch) (access.Subject, error)
	CustodySubject(ctx context.Context, b id.Batch) (access.Subject, error)
	ManifestSubject(ctx context.Context, m id.Manifest) (access.Subject, error)
	EventSubject(ctx context.Context, e id.Event) (access.Subject, error)
	LabelSubject(ctx context.Context, l event.Label) (access.Subject, error)
	Custody(ctx context.Context, site id.Site, cursor string, limit int) ([]audit.Bag, string, error)
	Compared(ctx context.Context, site id.Site, from, to time.Time, department string) (journal.Comparison, error)
	Monthly(ctx context.Context, site id.Site, year int, month time.Month) (journal.Monthly, error)
	SourceOf(ctx context.Context, site id.Site, year int) (audit.SourceStanding, error)
	LeavesTo(ctx context.Context, collector id.Party) (audit.Leaves, error)
	DutiesAt(ctx context.Context, site party.Site, now time.Time) (audit.SiteDuties, error)
	PaperOf(ctx context.Context, m id.Manifest) (journal.Paper, map[id.Batch]batch.State, error)
	Trip(ctx context.Context, trip id.Trip) ([]journal.Paper, error)
	Cards(trip id.Trip, papers []journal.Paper) ([]journal.Card, error)
	NewLabel(ctx context.Context, b id.Batch) (event.Label, error)
	RevokeLabel(ctx context.Context, l event.Label) error
	Acts(ctx context.Context, f audit.ActFilter, cursor string, limit int) ([]audit.ActLine, string, error)
	KeyHistory(ctx context.Context, kid string) ([]audit.KeyChapter, error)
	siteledger.Source
}

// Log serves the public log; audit.Service is one.
type Log interface {
	Checkpoint(ctx context.Context) ([]byte, error)
	LogTile(ctx context.Context, t merkle.TileID, width int) ([]byte, error)
	LogEntries(ctx context.Context, index int64, width int) ([][]byte, error)
	LogVKey() string
	Succession(ctx context.Context) ([]byte, error)
}

// Registry enrols keys and takes registers in; registry.Service is one.
type Registry interface {
	NewEnrolment(ctx context.Context, by string, p id.Party, person id.Person, device string, validDays int) (string, time.Time, error)
	Challenge(ctx context.Context, code string, jwk []byte) (string, time.Time, error)
	Complete(ctx context.Context, compact []byte) (party.Key, error)
	Rotate(ctx context.Context, compact []byte) (party.Key, error)
	Key(ctx context.Context, kid string) (party.Key, bool, error)
	Keys(ctx context.Context, f registry.KeyFilter, at time.Time) ([]registry.ListedKey, string, error)
	SitesOf(ctx context.Context, p id.Party) ([]id.Site, error)
	RevokeKey(ctx context.Context, by string, kid string, from time.Time, reason string) (party.Key, error)
	ImportBy(ctx context.Context, by, kind string, csv io.Reader, dryRun bool) (registry.Report, error)
	// Person gives whose person somebody is.
	Person(ctx context.Context, p id.Person) (id.Party, bool, error)
	siteledger.Register
}

// Measures computes indicators; measure.Service is one.
type Measures interface {
	Indicator(ctx context.Context, q measure.Query) (measure.Result, error)
	Definitions(ctx context.Context, q measure.Query) ([]indicator.Definition, measure.Sealed, error)
	Evidence(ctx context.Context, q measure.Query, cursor string, limit int) (measure.Page, error)
	Carbon(ctx context.Context, q measure.Query) ([]indicator.Route, measure.Sealed, error)
}

// Config is what the HTTP face is made of. Intake, Reader, Log, Registry, People, Machines,
// Gate and Pages are required.
type Config struct {
	Intake Intake
	Reader Reader
	Log    Log
	Draws  Draws
	// Figures gives reports their indicators.
	Figures report.Figures
	// Reports makes reports and keeps them.
	Reports Reports
	// Statements signs figures.
	Statements Statements
	Registry   Registry
	People     People
	Machines   Machines
	Gate       *gate.Gate
	Measures   Measures
	// Collection serves the one-time codes of small sources.
	Collection Collection
	// Archive keeps records of the past.
	Archive Archive
	// Drafts keeps drafts of manifests.
	Drafts Drafts
	// Catalog knows what codes are called, for files; nil: the one that is shipped.
	Catalog siteledger.Catalog
	// Address is whom tries to sign in are counted for; nil: ClientOf, else the peer.
	Address func(*http.Request) string
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
	Actor    string // opaque word for who asked, "" for nobody
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
	if c.Catalog == nil {
		c.Catalog = waste.DefaultCatalog()
	}
	if c.Observe == nil {
		c.Observe = func(context.Context, Observed) {}
	}
	if c.Count == nil {
		c.Count = func(string) {}
	}
	if c.Address == nil {
		c.Address = Address
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

// route is one operation of the contract: where it is, what the policy calls it, and its
// code.
type route struct {
	method, path, operation string
	run                     handler
}

// open makes a handler of one that need not know who asks.
func open(run echo.HandlerFunc) handler {
	return func(c echo.Context, _ visit) error { return run(c) }
}

func (f *face) table() []route {
	return slices.Concat(f.intakeRoutes(), f.readingRoutes(), f.houseRoutes(), f.collectionRoutes(), f.planRoutes(), f.leaveRoutes(), f.draftRoutes(), f.drawRoutes(), f.vehicleRoutes(), f.statementRoutes(), f.reportRoutes(), f.keyRoutes(), f.sessionRoutes(), f.accountRoutes(), f.clientRoutes())
}

func (f *face) intakeRoutes() []route {
	return []route{
		{"POST", "/v1/events", "submitEvents", open(f.submit)},
		{"POST", "/v1/events/validate", "validateEvent", open(f.validate)},
		{"GET", "/log/checkpoint", "getCheckpoint", open(f.checkpoint)},
		{"GET", "/log/tile/:level/*", "getTile", open(f.tile)},
		{"GET", "/log/tile/entries/*", "getEntryBundle", open(f.entries)},
		{"GET", "/log/vkey", "getVerifierKey", open(f.vkey)},
		{"GET", "/log/succession", "getSuccession", open(f.succession)},
		{"GET", "/healthz", "getHealth", open(f.health)},
		{"GET", "/readyz", "getReadiness", open(f.readiness)},
		{"GET", "/metrics", "getMetrics", f.metrics},
		{"GET", "/q/:label", "findBatchByLabel", open(echo.WrapHandler(f.Pages))},
	}
}

func (f *face) readingRoutes() []route {
	return []route{
		{"GET", "/v1/events/:event", "getEvent", f.event},
		{"GET", "/v1/batches/:batch", "getBatch", f.batch},
		{"GET", "/v1/batches/:batch/chain", "getBatchChain", f.chain},
		{"GET", "/v1/batches/:batch/bundle", "getBatchBundle", f.batchBundle},
		{"GET", "/v1/batches/:batch/label.png", "getBatchLabel", f.labelImage},
		{"POST", "/v1/batches/:batch/labels", "createBatchLabel", f.newLabel},
		{"POST", "/v1/labels/:label/revoke", "revokeLabel", f.revokeLabel},
		{"GET", "/v1/manifests/:manifest", "getManifest", f.manifest},
		{"GET", "/v1/manifests/:manifest/form", "getManifestForm", f.manifestForm},
		{"GET", "/v1/manifests/:manifest/bundle", "getManifestBundle", f.manifestBundle},
		{"GET", "/v1/sites/:site/tables/:table", "getSiteTable", f.siteTable},
		{"GET", "/v1/sites/:site/duties", "getSiteDuties", f.siteDuties},
		{"POST", "/v1/sites/:site/past/:records", "importPast", f.importPast},
		{"GET", "/v1/worklist", "listWork", f.work},
		{"GET", "/v1/worklist/counts", "countWork", f.workCounts},
		{"GET", "/v1/search", "searchWaste", f.search},
		{"PUT", "/v1/manifests/:manifest/scan", "putManifestScan", f.putScan},
		{"GET", "/v1/manifests/:manifest/scan", "getManifestScan", f.scan},
		{"GET", "/v1/findings", "listFindings", f.findingList},
		{"GET", "/v1/findings/counts", "countFindings", f.findingCounts},
		{"GET", "/v1/quarantine", "listQuarantine", f.quarantine},
		{"GET", "/v1/acts", "listActs", f.acts},
		{"GET", "/v1/indicators", "listIndicators", f.indicators},
		{"GET", "/v1/indicators/:indicator", "getIndicator", f.indicator},
		{"GET", "/v1/indicators/:indicator/evidence", "getIndicatorEvidence", f.indicatorEvidence},
		{"GET", "/v1/carbon", "getCarbonEffect", f.carbon},
	}
}

func (f *face) keyRoutes() []route {
	return []route{
		{"POST", "/v1/enrolments", "createEnrolment", f.enrol},
		{"POST", "/v1/enrolments/challenge", "challengeEnrolment", open(f.challenge)},
		{"POST", "/v1/keys", "enrolKey", open(f.enrolKey)},
		{"POST", "/v1/keys/rotation", "rotateKey", open(f.rotateKey)},
		{"GET", "/v1/organisations/:party/permits", "getPermits", f.permits},
		{"GET", "/v1/keys", "listKeys", f.keys},
		{"GET", "/v1/keys/:kid", "getKey", f.getKey},
		{"GET", "/v1/keys/:kid/history", "getKeyHistory", f.keyHistory},
		{"POST", "/v1/keys/:kid/revoke", "revokeKey", f.revokeKey},
		{"POST", "/v1/registry/:kind", "importRegistry", f.importRegistry},
	}
}

func (f *face) routes(e *echo.Echo) {
	for _, r := range f.table() {
		e.Add(r.method, r.path, f.guard(r.operation, r.run))
	}
}

// metrics is GET /metrics.
func (f *face) metrics(c echo.Context, v visit) error {
	if err := f.allow(c, v, access.Subject{}, "", fault.Missing("page")); err != nil {
		return err
	}
	f.Metrics.ServeHTTP(c.Response(), c.Request())
	return nil
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
	for _, p := range []string{"/v1/", "/oauth/", "/log/", "/q/"} {
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
