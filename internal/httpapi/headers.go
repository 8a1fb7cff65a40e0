package httpapi

import (
	"net/http"
	"strings"
)

// defaultPolicy lets an answer load and do nothing. Pages set a policy of their own in its
// place.
const defaultPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// strictTransport is a year; said over TLS only, where it is true.
const strictTransport = "max-age=31536000"

// securityHeaders gives every answer what browsers need to be told. They stand before the
// handler runs, so that problems and pages have them too and a handler can replace one.
func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // addresses hold identifiers
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", defaultPolicy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// The camera is for pages that scan labels; nothing else is asked for.
		h.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=(), usb=()")
		if _, secure := ClientOf(r.Context()); secure {
			h.Set("Strict-Transport-Security", strictTransport)
		}
		switch {
		case strings.HasPrefix(r.URL.Path, "/v1/"), strings.HasPrefix(r.URL.Path, "/oauth/"):
			h.Set("Cache-Control", "no-store")
		case strings.HasPrefix(r.URL.Path, "/log/"): // public: any site may read the log
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
		next.ServeHTTP(w, r)
	})
}
