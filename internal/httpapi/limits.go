package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"liandan/internal/fault"
	"liandan/internal/problem"
)

// Limits of every request, before anything is read of its body. The bytes of a header as
// a whole are bounded by Server.
const (
	maxAddress = 8 << 10 // bytes of path and query; codes of sign-in providers are long
	maxFields  = 100     // header fields
	// maxWatchers are the requests about the server itself at one time: they do not count
	// with the others, and each may ask the database.
	maxWatchers = 16
	// DefaultRequests are worked on at one time when Edge is not told otherwise.
	DefaultRequests = 512
)

// Edge is what stands before every handler, pages included.
type Edge struct {
	// Trusted are the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
	Trusted []netip.Prefix
	// Requests are worked on at one time; more are answered overloaded. An upload of many
	// lines counts once. 0: DefaultRequests. Health, readiness and metrics are counted apart,
	// so that a busy server is not taken for a dead one.
	Requests int
	// Observe hears of each request that was refused here, as Config.Observe does of the
	// others; nil: nobody.
	Observe func(context.Context, Observed)
}

// Wrap puts the edge around a handler.
func (e Edge) Wrap(next http.Handler) http.Handler {
	if e.Requests <= 0 {
		e.Requests = DefaultRequests
	}
	if e.Observe == nil {
		e.Observe = func(context.Context, Observed) {}
	}
	return e.client(securityHeaders(e.shape(e.inFlight(next))))
}

// clientKey finds the client in a request's context.
type clientKey struct{}

type client struct {
	addr   netip.Addr
	secure bool
}

// ClientOf is the address of the client that made the request, as far as trusted proxies
// tell, and whether it came over TLS all the way to this server or its proxy. Outside of
// Edge the address is invalid.
func ClientOf(ctx context.Context) (addr netip.Addr, secure bool) {
	c, _ := ctx.Value(clientKey{}).(client)
	return c.addr, c.secure
}

func (e Edge) client(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := client{addr: peer(r.RemoteAddr), secure: r.TLS != nil}
		if e.trusts(c.addr) {
			if proto := words(r.Header.Values("X-Forwarded-Proto")); len(proto) > 0 {
				c.secure = strings.EqualFold(proto[len(proto)-1], "https") // what the nearest proxy says
			}
			c.addr = e.behind(c.addr, words(r.Header.Values("X-Forwarded-For")))
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), clientKey{}, c)))
	})
}

func (e Edge) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(e.Trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// behind goes back from the nearest proxy to the first address that no trusted proxy has.
// What stands to the left of it is the client's own word and may be a lie.
func (e Edge) behind(nearest netip.Addr, said []string) netip.Addr {
	a := nearest
	for _, word := range slices.Backward(said) {
		next := peer(word)
		if !next.IsValid() {
			break
		}
		if a = next; !e.trusts(a) {
			break
		}
	}
	return a
}

// peer reads an address with or without a port; invalid when it is none.
func peer(s string) netip.Addr {
	s = strings.TrimSpace(s)
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		p, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}
		}
		a = p.Addr()
	}
	return a.Unmap().WithZone("")
}

func words(values []string) []string {
	if len(values) == 0 {
		return nil
	}
	return strings.Split(strings.Join(values, ","), ",")
}

// shape refuses requests whose address or header no honest client makes.
func (e Edge) shape(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.RequestURI) > maxAddress {
			e.refuse(w, r, fault.New(fault.TooLarge, "The address has more than the %d bytes that are taken here.", maxAddress))
			return
		}
		n := 0
		for _, values := range r.Header {
			n += len(values)
		}
		if n > maxFields {
			e.refuse(w, r, fault.New(fault.TooLarge, "The request has more than %d header fields.", maxFields))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// aboutServer says that a request is about the server itself.
func aboutServer(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/metrics"
}

func (e Edge) inFlight(next http.Handler) http.Handler {
	slots, watchers := make(chan struct{}, e.Requests), make(chan struct{}, maxWatchers)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		taken := slots
		if aboutServer(r.URL.Path) {
			taken = watchers
		}
		select {
		case taken <- struct{}{}:
			defer func() { <-taken }() // also when the handler panics
			next.ServeHTTP(w, r)
		default:
			e.refuse(w, r, fault.New(fault.Overloaded, "The server works on as many requests as it can. Nothing was done with this one; send it again in a moment."))
		}
	})
}

// refuse answers without reading the body.
func (e Edge) refuse(w http.ResponseWriter, r *http.Request, f *fault.Error) {
	start, id := time.Now(), newRequestID()
	w.Header().Set("X-Request-Id", id)
	p := problem.Body(f, id)
	problem.Send(w, p)
	e.Observe(r.Context(), Observed{ID: id, Method: r.Method, Route: "none", Status: p.Status, Duration: time.Since(start), Kind: string(f.Kind)})
}

// maxNesting is far above what any request needs. The JSON reader's own limit is 10,000.
const maxNesting = 32

// nesting is how deep brackets of a JSON text stand inside one another, whether or not it
// is well formed.
func nesting(b []byte) (deepest int) {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}
