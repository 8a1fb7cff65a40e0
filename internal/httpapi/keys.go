package httpapi

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
)

const (
	maxRequest     = 16 << 10 // a JSON request
	maxImport      = 16 << 20 // a register
	maxDeviceName  = 64       // characters, as in the contract
	usualValidDays = 365
)

// decode reads a JSON request strictly: no unknown or repeated members, no data behind
// it. The fault is invalid-request.
func decode(c echo.Context, into any) error { return decodeUpTo(c, into, maxRequest) }

func decodeUpTo(c echo.Context, into any, limit int64) error {
	if _, err := mediaType(c.Request(), typeJSON); err != nil {
		return err
	}
	b, err := body(c, limit)
	if err != nil {
		return err
	}
	if nesting(b) > maxNesting {
		return fault.New(fault.InvalidRequest, "The body is not the JSON object that is asked for.").
			At("", "too_deep", "must not be nested deeper than %d levels", maxNesting)
	}
	if err := json.Unmarshal(b, into, json.RejectUnknownMembers(true)); err != nil {
		f := fault.Wrap(err, fault.InvalidRequest, "The body is not the JSON object that is asked for.")
		pointer, code := jsontext.Pointer(""), "syntax"
		if e, ok := errors.AsType[*json.SemanticError](err); ok {
			pointer, code = e.JSONPointer, "type"
			if errors.Is(err, json.ErrUnknownName) {
				code = "unknown_member"
			}
		} else if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			pointer = e.JSONPointer
		}
		return f.At(string(pointer), code, "cannot be read")
	}
	return nil
}

// member reads one member that is a string of a form of its own.
func member[T any](bad *fault.Error, pointer, text string, parse func(string) (T, error)) T {
	v, err := parse(text)
	if text == "" {
		bad.At(pointer, "required", "is required")
	} else if err != nil {
		bad.At(pointer, "format", "%s", err)
	}
	return v
}

func invalid() *fault.Error {
	return fault.New(fault.InvalidRequest, "The request was not carried out; what is wrong is listed.")
}

// enrol is POST /v1/enrolments.
func (f *face) enrol(c echo.Context, v visit) error {
	in := struct {
		Party     string `json:"party"`
		Person    string `json:"person"`
		Device    string `json:"device"`
		ValidDays *int   `json:"valid_days"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	bad := invalid()
	p := member(bad, "/party", in.Party, id.ParseParty)
	who := member(bad, "/person", in.Person, id.ParsePerson)
	if utf8.RuneCountInString(in.Device) > maxDeviceName {
		bad.At("/device", "length", "must have 1 to %d characters", maxDeviceName)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	days := usualValidDays
	if in.ValidDays != nil {
		days = *in.ValidDays
	}
	if err := f.allow(c, v, access.Subject{Parties: []id.Party{p}}, p.String(), noParty()); err != nil {
		return err
	}
	code, expires, err := f.Registry.NewEnrolment(c.Request().Context(), v.ID, p, who, in.Device, days)
	if fault.Of(err) == fault.NotFound {
		return noParty()
	}
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, api.Enrolment{Code: code, ExpiresAt: at(expires)})
}

// secret answers with what no cache may keep.
func secret(c echo.Context, status int, v any) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(status, v)
}

// challenge is POST /v1/enrolments/challenge.
func (f *face) challenge(c echo.Context) error {
	in := struct {
		Code string         `json:"code"`
		JWK  jsontext.Value `json:"jwk"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	bad := invalid()
	if in.Code == "" {
		bad.At("/code", "required", "is required")
	}
	if len(in.JWK) == 0 {
		bad.At("/jwk", "required", "is required")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	text, expires, err := f.Registry.Challenge(c.Request().Context(), in.Code, in.JWK)
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, api.Challenge{Challenge: text, ExpiresAt: at(expires)})
}

// enrolKey is POST /v1/keys.
func (f *face) enrolKey(c echo.Context) error {
	if _, err := mediaType(c.Request(), typeJOSE); err != nil {
		return err
	}
	compact, err := body(c, maxLine)
	if err != nil {
		return err
	}
	k, err := f.Registry.Complete(c.Request().Context(), trimLine(compact))
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, f.key(k))
}

// keySubject is about a key: its organisation, its holder, and where the organisation is.
func (f *face) keySubject(ctx context.Context, k party.Key) (access.Subject, error) {
	sites, err := f.Registry.SitesOf(ctx, k.Party)
	return access.Subject{Parties: []id.Party{k.Party}, People: []id.Person{k.Person}, Sites: sites}, err
}

// admitKey finds the key that the path names and lets in who may do the operation to it.
func (f *face) admitKey(c echo.Context, v visit) (party.Key, error) {
	k, ok, err := f.Registry.Key(c.Request().Context(), c.Param("kid"))
	if err != nil {
		return k, err
	}
	if !ok {
		return k, fault.Missing("key")
	}
	s, err := f.keySubject(c.Request().Context(), k)
	if err != nil {
		return k, err
	}
	return k, f.allow(c, v, s, k.Kid, fault.Missing("key"))
}

// getKey is GET /v1/keys/{kid}.
func (f *face) getKey(c echo.Context, v visit) error {
	k, err := f.admitKey(c, v)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, f.key(k))
}

// revokeKey is POST /v1/keys/{kid}/revoke.
func (f *face) revokeKey(c echo.Context, v visit) error {
	in := struct {
		From   *string `json:"from"`
		Reason string  `json:"reason"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	from := f.Now()
	if in.From != nil {
		bad := invalid()
		if from = member(bad, "/from", *in.From, event.ParseTime); len(bad.Fields) > 0 {
			return bad
		}
	}
	k, err := f.admitKey(c, v)
	if err != nil {
		return err
	}
	k, err = f.Registry.RevokeKey(c.Request().Context(), v.ID, k.Kid, from, in.Reason)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, f.key(k))
}

// key is a device key as of now.
func (f *face) key(k party.Key) api.Key {
	alg := api.KeyAlg("ES256")
	if _, ok := k.Public.(ed25519.PublicKey); ok {
		alg = "EdDSA"
	}
	return api.Key{Kid: k.Kid, Party: k.Party.String(), Person: k.Person.String(), Device: k.Device, Alg: alg,
		ValidFrom: at(k.Valid.From), ValidTo: at(k.Valid.To), RevokedAt: at(k.RevokedAt),
		RefusedFrom: at(k.RefusedFrom), State: api.KeyState(registry.StateOf(k, f.Now()))}
}

// importRegistry is POST /v1/registry/{kind}.
func (f *face) importRegistry(c echo.Context, v visit) error {
	kind := c.Param("kind")
	if !slices.Contains(registry.Kinds(), kind) {
		return fault.New(fault.NotFound, "There is no register of that kind; the kinds are %v.", registry.Kinds())
	}
	if _, err := mediaType(c.Request(), typeCSV); err != nil {
		return err
	}
	dry := false
	if given := c.QueryParam("dry_run"); given != "" {
		var err error
		if dry, err = strconv.ParseBool(given); err != nil || (given != "true" && given != "false") {
			return invalid().At("/dry_run", "format", "must be true or false")
		}
	}
	if err := f.allow(c, v, access.Subject{}, kind, fault.Missing("register")); err != nil {
		return err
	}
	in := http.MaxBytesReader(c.Response(), c.Request().Body, maxImport)
	rep, err := f.Registry.ImportBy(c.Request().Context(), v.ID, kind, in, dry)
	if tooBig, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooBig // to the reader of the file it looks like a cut upload
	}
	if err != nil {
		return err
	}
	out := api.ImportReport{Kind: api.RegistryKind(rep.Kind), Lines: rep.Lines, Added: rep.Added, Changed: rep.Changed,
		Unchanged: rep.Unchanged, Applied: rep.Applied, Bad: make([]api.BadLine, len(rep.Bad))}
	for i, b := range rep.Bad {
		out.Bad[i] = api.BadLine{Line: b.Line, Column: b.Column, Code: b.Code, Detail: b.Detail, DetailZH: b.DetailZH}
	}
	return c.JSON(http.StatusOK, out)
}
