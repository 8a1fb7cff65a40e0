package httpapi

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/machine"
	"liandan/internal/problem"
)

const typeForm = "application/x-www-form-urlencoded"

// notNow is of section 4.1.2.1 of RFC 6749: section 5.2 has no code for a server that
// cannot answer now.
const notNow = "temporarily_unavailable"

// misuse is a token request of the wrong form, with its code of RFC 6749 section 5.2.
type misuse struct{ code, sentence string }

func (m misuse) Error() string { return m.code + ": " + m.sentence }

func unfit(sentence string) error { return misuse{"invalid_request", sentence} }

// token is POST /oauth/token: the client credentials grant of RFC 6749 section 4.4. Its
// errors have that document's form, which every OAuth client reads.
func (f *face) token(c echo.Context) error {
	id, secret, wanted, err := credentials(c)
	if err != nil {
		return f.refuseToken(c, err)
	}
	if id == "" || secret == "" {
		return f.refuseToken(c, misuse{machine.InvalidClient, "Send the client's id and secret by HTTP Basic or in the form."})
	}
	issued, err := f.Machines.Token(c.Request().Context(), id, secret, wanted)
	if err != nil {
		return f.refuseToken(c, err)
	}
	words := make([]string, len(issued.Scopes))
	for i, s := range issued.Scopes {
		words[i] = string(s)
	}
	traceOf(c.Request().Context()).actor = "client:" + id
	noStore(c)
	return c.JSON(http.StatusOK, api.TokenAnswer{AccessToken: issued.Token, TokenType: "Bearer",
		ExpiresIn: int64(issued.Expires.Sub(issued.Made) / time.Second), Scope: strings.Join(words, " ")})
}

func noStore(c echo.Context) {
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set("Pragma", "no-cache") // RFC 6749 section 5.1
}

// refuseToken answers in the form of RFC 6749 section 5.2. What is no fault of the caller's
// nor of the hour is answered like any error of ours.
func (f *face) refuseToken(c echo.Context, err error) error {
	m, ours := errors.AsType[misuse](err)
	fl := fault.New(fault.InvalidRequest, "%s", m.sentence)
	if !ours {
		fl = faultOf(err)
		m = misuse{machine.OAuthCode(err), fl.Sentence}
	}
	h, status := c.Response().Header(), http.StatusBadRequest
	switch s := problem.Of(fl.Kind).Status; {
	case m.code == machine.InvalidClient:
		status = http.StatusUnauthorized
		h.Set("WWW-Authenticate", `Basic realm="liandan", charset="UTF-8"`)
	case s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable:
		status, m.code = s, notNow
		h.Set("Retry-After", strconv.FormatInt(max(1, problem.Body(fl, "").RetryAfter), 10))
	case m.code == "":
		return err
	}
	t := traceOf(c.Request().Context())
	if t.kind = fl.Kind; status >= http.StatusInternalServerError {
		t.err = err
	}
	noStore(c)
	return c.JSON(status, api.TokenError{Error: api.TokenErrorError(m.code), ErrorDescription: m.sentence})
}

// credentials reads a request of the form that RFC 6749 asks for: nothing in the address,
// where logs would keep it, no parameter twice, and one way of authentication.
func credentials(c echo.Context) (id, secret string, wanted []access.Scope, err error) {
	r := c.Request()
	if r.URL.RawQuery != "" {
		return "", "", nil, unfit("Send nothing in the address: its query is written into logs. Put all parameters into the form; if a secret was in it, withdraw that secret.")
	}
	if _, err := mediaType(r, typeForm); err != nil {
		return "", "", nil, unfit("Send the form with Content-Type " + typeForm + ".")
	}
	b, err := body(c, maxRequest)
	if err != nil {
		return "", "", nil, unfit(faultOf(err).Sentence)
	}
	form, err := url.ParseQuery(string(b))
	if err != nil {
		return "", "", nil, unfit("The form cannot be read.")
	}
	for _, values := range form {
		if len(values) > 1 {
			return "", "", nil, unfit("A parameter stands in the form twice.")
		}
	}
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return "", "", nil, unfit("grant_type is missing; it must be client_credentials.")
	default:
		return "", "", nil, misuse{"unsupported_grant_type", "Only the grant_type client_credentials is supported."}
	}
	id, secret = form.Get("client_id"), form.Get("client_secret")
	if given := r.Header.Get(echo.HeaderAuthorization); given != "" {
		if form.Has("client_secret") {
			return "", "", nil, unfit("The client authenticates in two ways; use HTTP Basic or the form.")
		}
		basicID, basicSecret, ok := basic(given)
		if !ok || (id != "" && id != basicID) {
			return "", "", nil, nil // authentication failed: invalid_client
		}
		id, secret = basicID, basicSecret
	}
	for _, word := range strings.Fields(form.Get("scope")) {
		if s := access.Scope(word); !slices.Contains(wanted, s) {
			wanted = append(wanted, s)
		}
	}
	return id, secret, wanted, nil
}

// basic reads credentials as RFC 6749 section 2.3.1 writes them: each is form-encoded
// before HTTP Basic joins them.
func basic(header string) (id, secret string, ok bool) {
	scheme, rest, _ := strings.Cut(header, " ")
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil || !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	a, b, ok := strings.Cut(string(raw), ":")
	id, errID := url.QueryUnescape(a)
	secret, errSecret := url.QueryUnescape(b)
	return id, secret, ok && errID == nil && errSecret == nil
}
