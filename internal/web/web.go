// Package web is the pages for people: what a finder learns from a label, the start page,
// what a problem type means, and behind sign-in the account and the devices of whoever is
// signed in. Chinese first, English beside; they work without scripts.
//
// It must not decide what somebody may see or do: package gate and its policy do, for
// pages as for the API. The pages that need no sign-in must not show a party, a person, a
// place or a weight: whoever holds a phone can read them.
package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/gate"
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

// Config is what the pages are made of. Finder and Log are required; Gate, People,
// Registry and Cookie are for all that is behind sign-in.
type Config struct {
	Finder   Finder
	Log      Log
	Gate     *gate.Gate
	People   People
	Registry Registry
	Desk     *Desk // what the pages of inspectors and the city read
	Admin    Admin // what the pages of administration read and do
	// Cookie names the cookie that holds a session, as the API reads it.
	Cookie func(secure bool) string
	// Secure says whether the browser came over TLS, its proxy's word included; nil: only
	// what this server itself saw.
	Secure func(*http.Request) bool
	// Address is the browser's, for counting attempts; nil: the connection's.
	Address func(*http.Request) string
	// Provider is what the button for sign-in through the organisation's own provider says,
	// both languages; "" has words of its own. There is a button if People has a provider.
	Provider string
	// Base is the public address, whose pages may send forms here; "": only what the request
	// itself says of its host.
	Base   string
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // hears of what went wrong here; nil: nobody does
}

// Site serves the pages.
type Site struct {
	Config
	routes []route
	open   map[string]bool // operations of the policy that are open to everybody
	cross  *http.CrossOriginProtection
}

// New makes a Site.
func New(c Config) *Site {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Secure == nil {
		c.Secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	if c.Address == nil {
		c.Address = func(r *http.Request) string {
			host, _, err := net.SplitHostPort(r.RemoteAddr)
			if err != nil {
				return r.RemoteAddr
			}
			return host
		}
	}
	s := &Site{Config: c, open: map[string]bool{}, cross: http.NewCrossOriginProtection()}
	if u, err := url.Parse(c.Base); err == nil && u.Host != "" {
		_ = s.cross.AddTrustedOrigin(u.Scheme + "://" + u.Host) // a host and a scheme make an origin
	}
	for _, r := range access.Table() {
		s.open[r.Operation] = r.Public
	}
	s.routes = s.table()
	return s
}

// policy lets a page load its style sheet and send its forms, and nothing else.
const policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// scripted is for the page that has a script.
const scripted = policy + "; script-src 'self'"

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var others []string
	for _, rt := range s.routes {
		values, ok := rt.match(r.URL.Path)
		switch {
		case !ok:
		case rt.method == method:
			for name, value := range values {
				r.SetPathValue(name, value)
			}
			if err := readQuery(r); err != nil {
				s.trouble(w, r, nil, err)
				return
			}
			s.serve(w, r, rt)
			return
		default:
			others = append(others, rt.method)
		}
	}
	if len(others) == 0 {
		s.trouble(w, r, nil, fault.New(fault.NotFound, "There is nothing at this address."))
		return
	}
	if slices.Contains(others, http.MethodGet) {
		others = append(others, http.MethodHead)
	}
	slices.Sort(others)
	h.Set("Allow", strings.Join(others, ", "))
	s.trouble(w, r, nil, fault.New(fault.MethodNotAllowed, "This page does not take that method."))
}

// readQuery refuses an address that asks with something that is no text.
func readQuery(r *http.Request) error {
	for _, values := range r.URL.Query() {
		for _, value := range values {
			if !isText(value) {
				return field(fault.New(fault.InvalidRequest, "The address cannot be read."), "", "characters", "something after the ? is not text", "地址中“?”之后有一项不是文字")
			}
		}
	}
	return nil
}

// visit is one request for a page, and who makes it. On the open pages that is nobody.
type visit struct {
	gate.Caller
	token string     // of their session
	form  url.Values // what was sent; each field once
	file  []byte     // that was sent along, on a route that takes one
}

// serve finds out who asks, refuses what comes from another site, and runs the page.
func (s *Site) serve(w http.ResponseWriter, r *http.Request, rt route) {
	if rt.private {
		// A browser that sends no referrer also withholds the origin of a form, by which older
		// browsers' forms are told from those of other sites.
		w.Header().Set("Referrer-Policy", "same-origin")
	}
	v := &visit{}
	err := s.admit(w, r, rt, v)
	if fault.Of(err) == fault.Unauthorized {
		s.askSignIn(w, r)
		return
	}
	if err == nil {
		err = rt.run(w, r, v)
	}
	if err != nil {
		s.trouble(w, r, v, err)
	}
}

// admit fills the visit. Faults: unauthorized, forbidden, forged-request, and those of
// readForm.
func (s *Site) admit(w http.ResponseWriter, r *http.Request, rt route, v *visit) (err error) {
	if rt.method == http.MethodPost {
		if err := s.cross.Check(r); err != nil {
			return fault.Wrap(err, fault.ForgedRequest, "The form came from another site's page.")
		}
	}
	if rt.private {
		v.token = s.sessionToken(r)
	}
	if !s.open[rt.operation] {
		if v.token == "" {
			return gate.Unauthorized()
		}
		if v.Caller, err = s.Gate.SignedIn(r.Context(), v.token); err != nil {
			return err
		}
		v.Request = w.Header().Get("X-Request-Id") // the API's face gives every request one
	}
	if rt.method == http.MethodPost {
		if rt.upload { // nobody sends so much for nothing
			if err := s.Gate.May(v.Caller, rt.operation); err != nil {
				return err
			}
			v.form, v.file, err = readUpload(w, r)
		} else {
			v.form, err = readForm(w, r)
		}
		if err != nil {
			return err
		}
		if err := v.Genuine(v.form.Get("csrf")); err != nil {
			return err
		}
	}
	if s.open[rt.operation] {
		return nil
	}
	return s.Gate.May(v.Caller, rt.operation)
}
