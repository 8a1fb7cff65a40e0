package httpapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/gate"
)

// visit is who asks, and for which operation of the policy.
type visit struct {
	gate.Caller
	operation string
}

// handler is the code of one operation. For public ones the visit is nobody's.
type handler func(echo.Context, visit) error

// guard lets in who may do the operation at all, before anything is looked up. What the
// operation is about is judged by allow, once the handler knows it.
func (f *face) guard(operation string, next handler) echo.HandlerFunc {
	r, ok := f.Gate.Policy.Rule(operation)
	return func(c echo.Context) error {
		v := visit{operation: operation}
		if ok && r.Public { // nobody's credentials matter here, nor are they looked at
			return next(c, v)
		}
		var err error
		if v.Caller, err = f.who(c); err != nil {
			return err
		}
		if err := f.Gate.May(v.Caller, operation); err != nil {
			return err
		}
		if err := textual(c.QueryParams()); err != nil {
			return err
		}
		return next(c, v)
	}
}

// textual refuses parameters that are no text: one database would look for them and find
// nothing, the other refuses the statement.
func textual(query url.Values) error {
	bad := invalid()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if slices.ContainsFunc(query[name], func(v string) bool { return !isText(v) }) {
			bad.At("/"+strings.ToValidUTF8(name, "?"), "characters", "must be UTF-8 without NUL")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// SessionCookie is the name of the cookie that holds a session. The prefix binds it to
// this host and to TLS (RFC 6265bis section 4.1.3).
func SessionCookie(secure bool) string {
	if secure {
		return "__Host-liandan"
	}
	return "liandan"
}

// who finds out who asks: by bearer token (RFC 6750), else by session. A browser's change
// must carry its session's own token.
func (f *face) who(c echo.Context) (gate.Caller, error) {
	r := c.Request()
	t := traceOf(r.Context())
	caller, err := f.credentials(r)
	if err != nil {
		return caller, err
	}
	caller.Request, t.actor = t.id, caller.ID
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		err = caller.Genuine(r.Header.Get("X-CSRF-Token"))
	}
	return caller, err
}

func (f *face) credentials(r *http.Request) (gate.Caller, error) {
	if given := r.Header.Get(echo.HeaderAuthorization); given != "" {
		scheme, token, _ := strings.Cut(given, " ")
		if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
			return gate.Caller{}, gate.Unauthorized()
		}
		return f.Gate.Bearer(r.Context(), token)
	}
	if token := f.sessionToken(r); token != "" {
		return f.Gate.SignedIn(r.Context(), token)
	}
	return gate.Caller{}, nil
}

// sessionToken is the session that the browser holds, "" for none. Over TLS the cookie
// without the prefix counts for nothing: a neighbour host or a page without TLS may have
// set it.
func (f *face) sessionToken(r *http.Request) string {
	cookie, err := r.Cookie(SessionCookie(Secure(r)))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// Secure says whether the client speaks TLS, to us or to a trusted proxy.
func Secure(r *http.Request) bool {
	_, secure := ClientOf(r.Context())
	return secure || r.TLS != nil
}

// Address is the client's address as the edge found it; without an edge the peer's.
func Address(r *http.Request) string {
	if a, _ := ClientOf(r.Context()); a.IsValid() {
		return a.String()
	}
	if a := peer(r.RemoteAddr); a.IsValid() {
		return a.String()
	}
	return ""
}

// allow decides whether the visitor may do the operation to the subject, and records it.
// missing is the answer to who asks about what is not theirs.
func (f *face) allow(c echo.Context, v visit, s access.Subject, named string, missing error) error {
	return f.Gate.Allow(c.Request().Context(), v.Caller, gate.Ask{Operation: v.operation, Subject: s, Named: named, Missing: missing})
}

// noParty answers who asks about another organisation.
func noParty() error {
	return fault.New(fault.NotFound, "There is no such organisation among those you manage.")
}
