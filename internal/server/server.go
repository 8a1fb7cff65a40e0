// Package server wires a whole Liandan server: store, registry, intake, audit, HTTP. The
// commands serve, demo and replay and the end-to-end tests start the very same thing.
//
// It must not hold rules of its own beyond what a start and a stop need.
package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"liandan/internal/audit"
	"liandan/internal/config"
	"liandan/internal/httpapi"
	"liandan/internal/merkle"
	"liandan/internal/record"
	"liandan/internal/registry"
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
	Record   *record.Service // nil unless Intake was asked for
	VKey     string
	Log      *slog.Logger

	key     logKey
	rules   rule.Book
	metrics *telemetry.Telemetry
	now     func() time.Time
	newest  atomic.Pointer[[]byte] // newest published checkpoint, not yet remembered
}

// Options are what the wiring takes from outside. The zero value is production.
type Options struct {
	Env func(string) string // reads variables; nil: os.Getenv
	Log *slog.Logger        // nil: silence
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
	if err := cfg.Prepare(); err != nil {
		return nil, err
	}
	st, err := store.Open(cfg.Where())
	if err != nil {
		return nil, err
	}
	p := &Parts{Config: cfg, Store: st, Log: o.Log, now: o.Now}
	if err := p.open(ctx, o.Env); err != nil {
		st.Close()
		return nil, err
	}
	return p, nil
}

func (p *Parts) open(ctx context.Context, env func(string) string) error {
	if err := p.Store.SetUp(ctx); err != nil {
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
	if err := os.WriteFile(p.Config.File(fileVKey), []byte(p.VKey+"\n"), 0o644); err != nil {
		return err
	}
	if p.rules, err = rule.DefaultBook(); err != nil {
		return err
	}
	p.Registry = registry.New(registry.Config{Store: p.Store, Now: p.now, Random: rand.Reader})
	p.Audit = audit.New(audit.Config{Store: p.Store, Keys: p.Registry, Verifier: p.key.verifier, VKey: p.VKey,
		Rules: p.rules, Catalog: waste.DefaultCatalog(), Now: p.now, Random: rand.Reader})
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
	remembered, err := Remembered(p.Config)
	if err != nil {
		return err
	}
	if err := continues(ctx, p.Store, remembered, p.key.verifier); err != nil {
		if !p.Config.AcceptRollback {
			return err
		}
		p.Log.Warn("starting on a store that is not what was published, as told", "error", err)
	}
	p.metrics = telemetry.New(p.Log)
	p.Record = record.New(record.Config{Store: p.Store, Registry: p.Registry, Signer: p.key.signer, Rules: p.rules,
		Catalog: waste.DefaultCatalog(), Now: p.now, Log: p.Log, OnCommit: p.committed})
	return nil
}

func (p *Parts) committed(h merkle.Head, checkpoint []byte, events int) {
	p.newest.Store(&checkpoint)
	p.metrics.Committed(h.Size, events)
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
	ln, err := net.Listen("tcp", s.Config.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", s.Config.Listen, err)
	}
	s.Addr = ln.Addr().String()
	s.URL = "http://" + s.Addr
	if strings.HasSuffix(s.Config.Listen, ":0") && s.Config.PublicURL == "http://"+s.Config.Listen {
		s.Config.PublicURL = s.URL
	}
	s.http = httpapi.Server(s.Addr, s.handler())
	s.http.ErrorLog = slog.NewLogLogger(s.Parts.Log.Handler(), slog.LevelWarn)
	if s.forget, err = leaveToken(s.Addr, s.Token); err != nil {
		s.Parts.Log.Warn("commands on this machine must be given the token by hand", "error", err)
		s.forget = func() {}
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.rememberEach(background)
	go func() {
		if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	return nil
}

// handler is the HTTP face with its pages.
func (s *Server) handler() http.Handler {
	return httpapi.Handler(httpapi.Config{Intake: s.Record, Reader: s.Audit, Log: s.Audit, Registry: s.Registry,
		Pages:   web.New(web.Config{Finder: s.Audit, Log: s.Audit, Logger: s.Parts.Log}),
		Metrics: s.metrics.Handler(), Ready: s.Store.Ready, Base: s.Config.PublicURL, Now: s.now, Count: s.metrics.Event,
		Observe:  func(ctx context.Context, o httpapi.Observed) { s.metrics.Request(ctx, telemetry.Request(o)) },
		SpoolDir: s.Config.Data})
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

// operatorToken reads the operator's token or makes a random one.
func (s *Server) operatorToken(ctx context.Context) error {
	path := s.Config.File(fileToken)
	if b, err := os.ReadFile(path); err == nil {
		s.Token = strings.TrimSpace(string(b))
		if _, err := s.Registry.Authenticate(ctx, s.Token); err == nil {
			return nil
		}
	}
	token, err := s.Registry.NewToken(ctx, registry.Principal{Operator: true}, "operator", time.Time{})
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
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	return errors.Join(err, s.Parts.Close())
}
