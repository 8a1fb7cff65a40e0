// Package web is the pages for people: what a finder learns from a label, the start page,
// and what a problem type means. Chinese first, English beside; no scripts.
//
// It must not show a party, a person, a place or a weight: whoever holds a phone can read
// these pages.
package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"liandan/api"
	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/problem"
)

// Finder answers who scans a label; audit.Service is one. Faults: label-unknown,
// label-revoked.
type Finder interface {
	Finder(ctx context.Context, l event.Label) (audit.LabelView, error)
}

// Log gives the newest signed checkpoint; audit.Service is one. The fault not-found says
// that there is none yet.
type Log interface {
	Checkpoint(ctx context.Context) ([]byte, error)
}

// Config is what the pages are made of.
type Config struct {
	Finder Finder
	Log    Log
	Logger *slog.Logger // hears of what went wrong here; nil: nobody does
}

//go:embed assets/*
var assets embed.FS

// pages are parsed once; a page that cannot be parsed is a defect of the program.
var pages = template.Must(template.ParseFS(assets, "assets/*.html"))

// style is the one style sheet, and styleName its path with a hash of its bytes, so that
// it may be kept for ever.
var style, styleName = func() ([]byte, string) {
	b, err := assets.ReadFile("assets/style.css")
	if err != nil {
		panic("web: " + err.Error()) // embedded: cannot happen
	}
	sum := sha256.Sum256(b)
	return b, "/assets/style." + hex.EncodeToString(sum[:8]) + ".css"
}()

// policy lets a page load its style sheet and send its form, and nothing else.
const policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Site serves the pages.
type Site struct{ Config }

// New makes a Site.
func New(c Config) *Site {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Site{c}
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		s.trouble(w, r, fault.New(fault.MethodNotAllowed, "Only GET is answered here."))
		return
	}
	path := r.URL.Path
	switch {
	case path == "/":
		s.start(w, r)
	case path == styleName:
		h.Set("Content-Type", "text/css; charset=utf-8")
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(style) // the client may be gone
	case path == "/openapi.yaml":
		h.Set("Content-Type", "application/yaml")
		_, _ = w.Write(api.Spec)
	case path == "/q": // the form of the start page
		http.Redirect(w, r, "/q/"+url.PathEscape(r.URL.Query().Get("label")), http.StatusSeeOther)
	case strings.HasPrefix(path, "/q/"):
		s.find(w, r, strings.TrimPrefix(path, "/q/"))
	case strings.HasPrefix(path, problem.TypePrefix):
		s.explain(w, r, fault.Kind(strings.TrimPrefix(path, problem.TypePrefix)))
	default:
		s.trouble(w, r, fault.New(fault.NotFound, "There is nothing at this address."))
	}
}

// page is what every template gets.
type page struct {
	Style   string
	Title   string
	TitleEN string
	Body    any
}

// show writes a page in full or, should its template fail, an error alone.
func (s *Site) show(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	p.Style = styleName
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, p); err != nil {
		s.Logger.ErrorContext(r.Context(), "page failed", "page", name, "error", err)
		http.Error(w, "内部错误 Internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the client may be gone
}

// trouble says on a page that something did not work. Causes go to the log.
func (s *Site) trouble(w http.ResponseWriter, r *http.Request, err error) {
	f := problem.From(err)
	row := problem.Of(f.Kind)
	if row.Status >= http.StatusInternalServerError {
		s.Logger.ErrorContext(r.Context(), "page failed", "kind", string(f.Kind), "error", err)
	}
	s.show(w, r, row.Status, "trouble.html", page{Title: row.ZH, TitleEN: row.EN})
}

// start says what this is and where to look.
func (s *Site) start(w http.ResponseWriter, r *http.Request) {
	size := "0"
	signed, err := s.Log.Checkpoint(r.Context())
	switch {
	case err == nil:
		// tlog-checkpoint: origin, size, root, each on its line.
		if lines := strings.SplitN(string(signed), "\n", 3); len(lines) == 3 {
			size = lines[1]
		}
	case fault.Of(err) != fault.NotFound:
		s.trouble(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "start.html", page{Title: "联单", TitleEN: "Liandan", Body: size})
}

// explain is the page behind a problem's type.
func (s *Site) explain(w http.ResponseWriter, r *http.Request, k fault.Kind) {
	if !problem.Known(k) {
		s.trouble(w, r, fault.New(fault.NotFound, "There is no such problem type."))
		return
	}
	row := problem.Of(k)
	s.show(w, r, http.StatusOK, "problem.html", page{Title: row.ZH, TitleEN: row.EN, Body: struct {
		Kind   fault.Kind
		Status string
	}{k, fmt.Sprintf("%d %s", row.Status, http.StatusText(row.Status))}})
}
