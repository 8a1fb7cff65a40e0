// Package server wires a whole Liandan server: store, registry, intake, audit, HTTP. The
// commands serve, demo and replay and the end-to-end tests start the very same thing.
//
// It must not hold rules of its own beyond what a start and a stop need.
package server

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"liandan/internal/archive"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/audit"
	"liandan/internal/collection"
	"liandan/internal/config"
	"liandan/internal/draft"
	"liandan/internal/duty"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/httpapi"
	"liandan/internal/machine"
	"liandan/internal/measure"
	"liandan/internal/merkle"
	"liandan/internal/permit"
	"liandan/internal/record"
	"liandan/internal/registry"
	"liandan/internal/report"
	"liandan/internal/rule"
	"liandan/internal/store"
	"liandan/internal/telemetry"
	"liandan/internal/waste"
	"liandan/internal/web"
)

// Parts are the opened pieces without HTTP, as the offline commands use them.
type Parts struct {
	Config   *config.Config
	Store    *store.Store
	Registry *registry.Service
	Audit    *audit.Service
	Measures *measure.Service
	Reports  *report.Service
	Record   *record.Service // nil unless Intake was asked for
	Accounts *account.Service
	Machines *machine.Service
	Gate     *gate.Gate
	// Collection makes and compares the one-time codes of small sources.
	Collection *collection.Service
	// Archive keeps records of the past.
	Archive *archive.Service
	// Drafts keeps drafts of manifests.
	Drafts *draft.Service
	VKey   string
	Log    *slog.Logger

	key     logKey
	line    *line
	rules   rule.Book
	permits permit.Book
	catalog *waste.Catalog // with the editions that were imported before the start
	metrics *telemetry.Telemetry
	now     func() time.Time
	newest  atomic.Pointer[[]byte] // newest published checkpoint, not yet remembered
}

// Options are what the wiring takes from outside. The zero value is production.
type Options struct {
	Env func(string) string // reads variables; nil: os.Getenv
	Log *slog.Logger        // nil: silence
	// Existing refuses a place where no database is, instead of setting one up: a check of a
	// mistyped folder must not find it sound.
	Existing bool
	// Now is the clock of the log and the registry; nil: time.Now. The demo gives one that
	// stands in the past while it plays.
	Now func() time.Time
}

// Open opens the pieces. An empty database is set up; one with an older schema is
// refused until `liandan migrate`. A store that is older than what this server
// published is refused unless the operator says so.
func Open(ctx context.Context, cfg *config.Config, o Options) (*Parts, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Env == nil {
		o.Env = os.Getenv
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Existing && cfg.Database == "" {
		if _, err := os.Stat(cfg.Where()); errors.Is(err, fs.ErrNotExist) {
			return nil, noDatabase(cfg.Where())
		}
	}
	if err := cfg.Prepare(); err != nil {
		return nil, err
	}
	st, err := store.Open(cfg.Where())
	if err != nil {
		return nil, err
	}
	p := &Parts{Config: cfg, Store: st, Log: o.Log, now: o.Now}
	setUp := st.SetUp
	if o.Existing {
		setUp = func(ctx context.Context) error {
			set, err := st.IsSetUp(ctx)
			if err == nil && !set {
				err = noDatabase("this PostgreSQL address or file")
			}
			if err != nil {
				return err
			}
			return st.Ready(ctx)
		}
	}
	if err := p.open(ctx, o.Env, setUp); err != nil {
		st.Close()
		return nil, err
	}
	return p, nil
}

func noDatabase(where string) error {
	return fault.New(fault.NotFound, "没有数据库：请检查 --data 与 --database；首次启动 `liandan serve` 时才会建立。There is no database of Liandan at %s; check --data and --database. A server's first start sets one up.", where)
}

func (p *Parts) open(ctx context.Context, env func(string) string, setUp func(context.Context) error) error {
	if err := setUp(ctx); err != nil {
		return err
	}
	empty := false
	err := p.Store.Read(ctx, func(r audit.Reader) error {
		head, _, err := r.Log()
		empty = head.Size == 0
		return err
	})
	if err != nil {
		return err
	}
	if p.key, err = loadKey(p.Config, env, empty); err != nil {
		return err
	}
	p.VKey = p.key.vkey
	if err := p.openLine(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(p.Config.File(fileVKey), []byte(p.VKey+"\n"), 0o644); err != nil {
		return err
	}
	if p.rules, err = rule.DefaultBook(); err != nil {
		return err
	}
	if p.permits, err = permit.DefaultBook(); err != nil {
		return err
	}
	if p.catalog, err = p.Store.Catalog(ctx); err != nil {
		return err
	}
	p.Registry = registry.New(registry.Config{Store: p.Store, Now: p.now, Random: rand.Reader, Changed: p.poke})
	if err := p.openAccess(env); err != nil {
		return err
	}
	duties, err := duty.DefaultBook()
	if err != nil {
		return err
	}
	p.Measures = measure.New(measure.Config{Store: p.Store, Divisions: registry.DivisionCodes(), City: registry.RunByCity, Now: p.now})
	p.Reports = report.New(report.Config{Figures: p.Figures(), Shelf: p.Store, Now: p.now, Random: rand.Reader, Kept: p.poke})
	p.Audit = audit.New(audit.Config{Store: p.Store, Keys: p.Registry, Verifier: p.key.verifier, VKey: p.VKey,
		Rules: p.rules, Catalog: p.catalog, Permits: p.permits, Register: p.Registry, Now: p.now, Random: rand.Reader,
		Duties: duties, Calendars: audit.DefaultCalendars(), Organisation: p.Registry.Organisation})
	p.Collection.Log = p.Audit // made before it: the gate needs the register alone
	return nil
}

// Close stops the intake and lets go of the database.
func (p *Parts) Close() error {
	if p.Record != nil {
		p.Record.Close()
		p.remember()
	}
	return p.Store.Close()
}

// StartIntake begins to take events in.
func (p *Parts) StartIntake(ctx context.Context) error {
	if err := p.inForce(); err != nil {
		return err
	}
	remembered, err := Remembered(p.Config)
	if err != nil {
		return err
	}
	if err := continues(ctx, p.Store, remembered, p.line.keys); err != nil {
		if !p.Config.AcceptRollback {
			return err
		}
		p.Log.Warn("starting on a store that is not what was published, as told", "error", err)
	}
	newestBy, err := p.newestBy(ctx)
	if err != nil {
		return err
	}
	if err := p.fileSuccession(); err != nil {
		return err
	}
	p.forgetKeys(newestBy)
	return p.startRecord()
}

// startRecord begins to take events and statements in.
func (p *Parts) startRecord() error {
	p.metrics = telemetry.New(p.Log)
	p.Record = record.New(record.Config{Store: p.Store, Registry: p.Registry, Signer: p.key.signer, Rules: p.rules,
		Catalog: p.catalog, Permits: p.permits, Now: p.now, Log: p.Log, OnCommit: p.committed})
	return nil
}

func (p *Parts) committed(h merkle.Head, checkpoint []byte, events int) {
	p.newest.Store(&checkpoint)
	p.metrics.Committed(h.Size, events) // none where statements went into the log alone
}

// remember writes the newest published checkpoint beside the database. A lower bound is
// enough: what a crash loses of it is at most a second.
func (p *Parts) remember() {
	c := p.newest.Swap(nil)
	if c == nil {
		return
	}
	if err := writeFile(p.Config.File(fileCheckpoint), *c, 0o644); err != nil {
		p.Log.Error("the newest checkpoint could not be remembered", "error", err)
	}
}

// Server is a server that answers.
type Server struct {
	*Parts
	Addr  string // as bound
	URL   string
	Token string // the operator's

	http   *http.Server
	failed chan error
	stop   context.CancelFunc
	chores sync.WaitGroup // what runs beside the requests and uses the store
	forget func()
}

// Start opens everything and serves. It returns once requests are answered.
func Start(ctx context.Context, cfg *config.Config, o Options) (*Server, error) {
	p, err := Open(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	s := &Server{Parts: p, failed: make(chan error, 1)}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	if err := s.StartIntake(ctx); err != nil {
		return err
	}
	if err := s.operatorToken(ctx); err != nil {
		return err
	}
	if n, err := s.Registry.StateKeys(ctx); err != nil {
		return err
	} else if n > 0 {
		s.Parts.Log.Info("the life of keys from before key histories joins the log", "keys", n)
	}
	if err := s.Registry.StateOffices(ctx); err != nil {
		return err
	}
	door, err := OpenDoor(s.Config, time.Now, s.Parts.Log)
	if err != nil {
		return err
	}
	s.Addr = door.Addr().String()
	scheme := "http://"
	if door.tls != nil {
		scheme = "https://"
	}
	s.URL = scheme + s.Addr
	if strings.HasSuffix(s.Config.Listen, ":0") && s.Config.PublicURL == scheme+s.Config.Listen {
		s.Config.PublicURL = s.URL
	}
	// The provider sends browsers back to the public address, which is settled by now.
	s.http = httpapi.Server(s.Addr, s.edge().Wrap(s.handler()))
	s.http.ErrorLog = slog.NewLogLogger(s.Parts.Log.Handler(), slog.LevelWarn)
	if s.forget, err = leaveToken(s.Addr, s.Token); err != nil {
		s.Parts.Log.Warn("commands on this machine must be given the token by hand", "error", err)
		s.forget = func() {}
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.chores.Go(func() { s.rememberEach(background) })
	s.chores.Go(func() { s.sweepEach(background) })
	s.chores.Go(func() { s.rollEach(background) })
	s.chores.Go(func() { s.reportEach(background) })
	go func() {
		if err := door.Serve(s.http); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	return nil
}

// handler is the HTTP face with its pages.
func (s *Server) handler() http.Handler {
	return httpapi.Handler(httpapi.Config{Intake: s.Record, Reader: s.Audit, Log: s.Audit, Draws: s.Audit, Figures: s.Figures(), Reports: s.Reports, Statements: s.Parts, Registry: s.Registry, Gate: s.Gate, Measures: s.Measures, Collection: s.Collection, Drafts: s.Drafts, Archive: s.Archive,
		People: s.Accounts, Machines: s.Machines, Pages: s.pages(),
		Metrics: s.metrics.Handler(), Ready: s.ready, Base: s.Config.PublicURL, Now: s.now, Count: s.metrics.Event,
		Observe: s.observe, SpoolDir: s.Config.Data, Catalog: s.catalog})
}

func (s *Server) observe(ctx context.Context, o httpapi.Observed) {
	s.metrics.Request(ctx, telemetry.Request(o))
}

// ready says why requests cannot be served: the store, or a log key that was succeeded.
func (s *Server) ready(ctx context.Context) error { return s.Store.Ready(ctx) }

// edge is what stands before every handler.
func (s *Server) edge() httpapi.Edge {
	return httpapi.Edge{Trusted: s.Config.Proxies, Requests: s.Config.MaxRequests, Observe: s.observe}
}

// pages are for people; they ask the same gate as the API.
func (s *Server) pages() http.Handler {
	return web.New(web.Config{Finder: s.Audit, Log: s.Audit, Gate: s.Gate, People: s.Accounts, Registry: s.Registry,
		Desk:   &web.Desk{Figures: s.Figures(), Measures: s.Measures, Reader: s.Audit, Collection: s.Collection, Drafts: s.Drafts, Rehearse: httpapi.Rehearsals(s.Record, s.Registry, s.now)},
		Admin:  web.Admin{Accounts: s.Accounts, Machines: s.Machines, Record: s.Audit, Registers: s.Store, Imports: s.Registry, Past: s.Archive, Catalog: s.catalog},
		Cookie: httpapi.SessionCookie, Secure: httpapi.Secure, Address: httpapi.Address, Provider: s.Config.OIDCName,
		Base: s.Config.PublicURL, Now: s.now, Logger: s.Parts.Log})
}

func (s *Server) rememberEach(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.remember()
		case <-ctx.Done():
			return
		}
	}
}

// rollEach derives the roll-ups of what the log has grown by. A figure that is asked for
// before is computed all the same, from the movements.
func (s *Server) rollEach(ctx context.Context) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if _, err := s.Measures.Roll(ctx, 16); err != nil && ctx.Err() == nil {
				s.Parts.Log.Error("the roll-ups of indicators could not be brought up to date", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// operatorToken reads the operator's token or makes a random one.
func (s *Server) operatorToken(ctx context.Context) error {
	path := s.Config.File(fileToken)
	if b, err := os.ReadFile(path); err == nil {
		s.Token = strings.TrimSpace(string(b))
		if _, err := s.Registry.Authenticate(ctx, s.Token); err == nil {
			return nil
		}
	}
	token, err := s.Registry.NewToken(ctx, access.Appointment{Role: access.SystemAdministrator}, "operator", time.Time{})
	if err != nil {
		return err
	}
	s.Token = token
	return writeFile(path, []byte(token+"\n"), 0o600)
}

// Failed hears of a server that stopped by itself.
func (s *Server) Failed() <-chan error { return s.failed }

// Stop finishes the requests under way, at most for as long as ctx allows, and closes.
func (s *Server) Stop(ctx context.Context) error {
	s.forget()
	s.stop()
	s.chores.Wait()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	return errors.Join(err, s.Parts.Close())
}
