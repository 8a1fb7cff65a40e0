package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"liandan/api"
	"liandan/internal/fault"
	"liandan/internal/problem"
	"liandan/internal/term"
)

//go:embed assets/*
var assets embed.FS

// pages are parsed once; a page that cannot be parsed is a defect of the program.
var pages = template.Must(template.ParseFS(assets, "assets/*.html"))

// file is a style sheet or script; its path has a hash of its bytes, so that it may be
// kept for ever.
type file struct {
	path, kind string
	bytes      []byte
	packed     func() []byte // by gzip, once somebody asks
}

// write answers with the file, packed for whoever can read that.
func (f file) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	b := f.bytes
	if f.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		b = f.packed()
	}
	_, _ = w.Write(b) // the client may be gone
}

func pack(b []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is one that it has
	_, _ = z.Write(b)                                       // a buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

func load(name, suffix, kind string) file {
	b, err := assets.ReadFile("assets/" + name + suffix)
	if err != nil {
		panic("web: " + err.Error()) // embedded: cannot happen
	}
	sum := sha256.Sum256(b)
	return file{"/assets/" + path.Base(name) + "." + hex.EncodeToString(sum[:8]) + suffix, kind, b, sync.OnceValue(func() []byte { return pack(b) })}
}

var (
	style         = load("style", ".css", "text/css; charset=utf-8")
	welcomeScript = load("welcome", ".js", "text/javascript; charset=utf-8")
	docsScript    = load("docs", ".js", "text/javascript; charset=utf-8")
)

// served is every one that is served; a page's style sheets and scripts are among them.
var served = slices.Concat([]file{style, welcomeScript, docsScript}, deskFiles, wasmFiles)

// asset is GET /assets/{name}.
func (s *Site) asset(w http.ResponseWriter, r *http.Request, _ *visit) error {
	for _, f := range served {
		if f.path == r.URL.Path {
			f.write(w, r)
			return nil
		}
	}
	return fault.New(fault.NotFound, "There is nothing at this address.")
}

// icon is GET /favicon.ico, which browsers ask for by themselves: the phone app's drawing.
func icon(w http.ResponseWriter, r *http.Request) {
	sendPhone(w, r, phone().files["icon.svg"], "public, max-age=86400")
}

// contract is GET /openapi.yaml.
func contract(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(api.Spec)
}

// page is what every template gets.
type page struct {
	Style   string
	Script  string   // "": none
	Sheets  []string // more style sheets
	Scripts []string // more scripts, in order
	Allow   string   // more of the Content-Security-Policy of a page with a script, such as connect-src 'self'
	Wasm    bool     // a script runs WebAssembly
	Wide    bool     // more than a column to read
	Title   string
	TitleEN string
	CSRF    string    // of the session, for every form; "" when nobody is signed in
	Menu    []chapter // what the roles of whoever is signed in open
	Body    any
}

// line is a sentence in both languages.
//
// It is a term of the catalogue as a type of this package, so that the pages' own words need
// no member names; line(t) makes the one of the other.
type line term.Term

// show writes a page in full or, should its template fail, an error alone. v is nil for
// open pages.
func (s *Site) show(w http.ResponseWriter, r *http.Request, v *visit, status int, name string, p page) {
	p.Style = style.path
	if v != nil && v.CSRF != "" {
		p.CSRF = v.CSRF
		p.Menu = s.menuOf(r.Context(), v)
	}
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, p); err != nil {
		s.Logger.ErrorContext(r.Context(), "page failed", "page", name, "error", err)
		http.Error(w, "内部错误 Internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	if p.Script != "" || len(p.Scripts) > 0 {
		p.Allow = strings.TrimSuffix("; "+p.Allow, "; ")
		rule := scripted
		if p.Wasm {
			rule += " 'wasm-unsafe-eval'" // compiles WebAssembly, evaluates no text
		}
		h.Set("Content-Security-Policy", rule+p.Allow)
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable && h.Get("Retry-After") == "" {
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the client may be gone
}

// see sends the browser to another page of ours.
func see(w http.ResponseWriter, r *http.Request, to string) error {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// trouble says on a page that something did not work. Causes go to the log.
func (s *Site) trouble(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	n := s.noteOf(w, r, err, nil)
	s.show(w, r, v, n.status, "trouble.html", page{Title: n.title.ZH, TitleEN: n.title.EN, Body: n})
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
		s.trouble(w, r, nil, err)
		return
	}
	s.show(w, r, nil, http.StatusOK, "start.html", page{Title: "联单", TitleEN: "Liandan", Body: size})
}

// explain is the page behind a problem's type.
func (s *Site) explain(w http.ResponseWriter, r *http.Request) {
	k := fault.Kind(r.PathValue("kind"))
	if !problem.Known(k) {
		s.trouble(w, r, nil, fault.New(fault.NotFound, "There is no such problem type."))
		return
	}
	row := problem.Of(k)
	s.show(w, r, nil, http.StatusOK, "problem.html", page{Title: row.ZH, TitleEN: row.EN, Body: struct {
		Kind   fault.Kind
		Status string
	}{k, strconv.Itoa(row.Status) + " " + http.StatusText(row.Status)}})
}
