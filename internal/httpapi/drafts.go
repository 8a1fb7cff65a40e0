package httpapi

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/draft"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/record"
)

// Drafts keeps drafts of manifests; draft.Service is one.
type Drafts interface {
	Create(ctx context.Context, p id.Party, c draft.Content) (draft.Draft, error)
	Get(ctx context.Context, m id.Manifest) (draft.Draft, bool, error)
	List(ctx context.Context, f draft.Filter, cursor string, limit int) ([]draft.Draft, string, error)
	Replace(ctx context.Context, d draft.Draft, version int64, c draft.Content) (draft.Draft, error)
	Discard(ctx context.Context, d draft.Draft, version int64) (draft.Draft, error)
	Restore(ctx context.Context, d draft.Draft, version int64) (draft.Draft, error)
}

func (f *face) draftRoutes() []route {
	return []route{
		{"POST", "/v1/drafts", "createDraft", f.createDraft},
		{"GET", "/v1/drafts", "listDrafts", f.drafts},
		{"GET", "/v1/drafts/:draft", "getDraft", f.draft},
		{"PUT", "/v1/drafts/:draft", "replaceDraft", f.replaceDraft},
		{"DELETE", "/v1/drafts/:draft", "discardDraft", f.discardDraft},
		{"POST", "/v1/drafts/:draft/restore", "restoreDraft", f.restoreDraft},
		{"POST", "/v1/drafts/:draft/check", "checkDraft", f.checkDraft},
	}
}

// ownDraft finds the draft that the path names and lets in who may see it.
func (f *face) ownDraft(c echo.Context, v visit) (draft.Draft, error) {
	missing := fault.Missing("draft")
	m, err := id.ParseManifest(c.Param("draft"))
	if err != nil {
		return draft.Draft{}, missing
	}
	d, ok, err := f.Drafts.Get(c.Request().Context(), m)
	if err != nil {
		return d, err
	}
	if !ok {
		return d, missing
	}
	return d, f.allow(c, v, access.Subject{Parties: []id.Party{d.Party}}, m.String(), missing)
}

// createDraft is POST /v1/drafts.
func (f *face) createDraft(c echo.Context, v visit) error {
	in := struct {
		Party   string         `json:"party"`
		Like    *string        `json:"like"`
		Content jsontext.Value `json:"content"`
	}{}
	if err := decodeUpTo(c, &in, maxDraft); err != nil {
		return err
	}
	bad := invalid()
	p := member(bad, "/party", in.Party, id.ParseParty)
	var like id.Manifest
	if in.Like != nil {
		like = member(bad, "/like", *in.Like, id.ParseManifest)
		if in.Content != nil {
			bad.At("/content", "not_allowed", "a draft that is like a manifest begins with that one's content")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	content, err := contentOf(in.Content)
	if err != nil {
		return err
	}
	if err := f.allow(c, v, access.Subject{Parties: []id.Party{p}}, p.String(), noParty()); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if !like.IsZero() {
		if content, err = f.again(ctx, p, like); err != nil {
			return err
		}
	}
	return shown(c, http.StatusCreated)(f.Drafts.Create(ctx, p, content))
}

// maxDraft bounds a request with a content, in bytes.
const maxDraft = draft.MaxContent + 1<<10

func contentOf(raw jsontext.Value) (draft.Content, error) {
	if raw == nil {
		return draft.Content("{}"), nil
	}
	return draft.ReadContent(raw, "/content")
}

// again is the content of an organisation's own earlier manifest; others' answer like what
// is not there.
func (f *face) again(ctx context.Context, p id.Party, like id.Manifest) (draft.Content, error) {
	missing := invalid().At("/like", "unknown", "must be a manifest of which the organisation is the consignor")
	found, err := f.Reader.Manifest(ctx, like)
	switch {
	case fault.Of(err) == fault.NotFound:
		return nil, missing
	case err != nil:
		return nil, err
	case found.State.Consignor != p:
		return nil, missing
	}
	return draft.Like(found.State)
}

// drafts is GET /v1/drafts.
func (f *face) drafts(c echo.Context, v visit) error {
	cursor, limit, err := page(c, pageMost)
	if err != nil {
		return err
	}
	bad := invalid()
	want := draft.Filter{Party: member(bad, "/party", c.QueryParam("party"), id.ParseParty), State: draft.Open}
	if given := c.QueryParam("state"); given != "" {
		want.State = draft.State(given)
		if given == "all" {
			want.State = ""
		} else if given != string(draft.Open) && given != string(draft.Discarded) && given != string(draft.Issued) {
			bad.At("/state", "value", "must be all or one of %v", draft.States())
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if err := f.allow(c, v, access.Subject{Parties: []id.Party{want.Party}}, want.Party.String(), noParty()); err != nil {
		return err
	}
	list, next, err := f.Drafts.List(c.Request().Context(), want, cursor, limit)
	if err != nil {
		return err
	}
	out := api.DraftPage{Items: make([]api.Draft, len(list)), NextCursor: next}
	for i, d := range list {
		if out.Items[i], err = draftView(d); err != nil {
			return err
		}
	}
	return secret(c, http.StatusOK, out)
}

// draft is GET /v1/drafts/{draft}.
func (f *face) draft(c echo.Context, v visit) error {
	return shown(c, http.StatusOK)(f.ownDraft(c, v))
}

// replaceDraft is PUT /v1/drafts/{draft}.
func (f *face) replaceDraft(c echo.Context, v visit) error {
	in := struct {
		Version int64          `json:"version"`
		Content jsontext.Value `json:"content"`
	}{}
	if err := decodeUpTo(c, &in, maxDraft); err != nil {
		return err
	}
	bad := invalid()
	if in.Version < 1 {
		bad.At("/version", "required", "must be the version that was read")
	}
	if in.Content == nil {
		bad.At("/content", "required", "is required")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	content, err := contentOf(in.Content)
	if err != nil {
		return err
	}
	d, err := f.ownDraft(c, v)
	if err != nil {
		return err
	}
	return shown(c, http.StatusOK)(f.Drafts.Replace(c.Request().Context(), d, in.Version, content))
}

// discardDraft is DELETE /v1/drafts/{draft}.
func (f *face) discardDraft(c echo.Context, v visit) error {
	return f.versioned(c, v, f.Drafts.Discard)
}

// restoreDraft is POST /v1/drafts/{draft}/restore.
func (f *face) restoreDraft(c echo.Context, v visit) error {
	return f.versioned(c, v, f.Drafts.Restore)
}

// versioned does something to the version of a draft that the query names.
func (f *face) versioned(c echo.Context, v visit, do func(context.Context, draft.Draft, int64) (draft.Draft, error)) error {
	version, err := strconv.ParseInt(c.QueryParam("version"), 10, 64)
	if err != nil || version < 1 {
		return invalid().At("/version", "format", "must be the version that was read")
	}
	d, err := f.ownDraft(c, v)
	if err != nil {
		return err
	}
	return shown(c, http.StatusOK)(do(c.Request().Context(), d, version))
}

// shown answers with a draft.
func shown(c echo.Context, status int) func(draft.Draft, error) error {
	return func(d draft.Draft, err error) error {
		if err != nil {
			return err
		}
		out, err := draftView(d)
		if err != nil {
			return err
		}
		return secret(c, status, out)
	}
}

func draftView(d draft.Draft) (api.Draft, error) {
	out := api.Draft{ID: d.ID.String(), Party: d.Party.String(), Version: d.Version, State: api.DraftState(d.State()), CreatedAt: at(d.Made), ChangedAt: at(d.Changed)}
	if until := d.Kept(); !until.IsZero() {
		out.KeptUntil = at(until)
	}
	if err := json.Unmarshal(d.Content, &out.Content); err != nil {
		return out, fault.Wrap(err, fault.Damaged, "The draft cannot be read.")
	}
	return out, nil
}

// checkDraft is POST /v1/drafts/{draft}/check.
func (f *face) checkDraft(c echo.Context, v visit) error {
	d, err := f.ownDraft(c, v)
	if err != nil {
		return err
	}
	if d.State() != draft.Open {
		return fault.New(fault.Conflict, "The draft is %s; only an open one is checked.", d.State()).At("", "state", "is %s", d.State())
	}
	r, err := f.rehearse(c.Request().Context(), d)
	if err != nil {
		return err
	}
	out := api.DraftCheck{Draft: d.ID.String(), Version: d.Version, Ready: r.Would == record.WouldAccept,
		Validation: validation(r.Validation, traceOf(c.Request().Context()).id)}
	if r.Payload != nil {
		out.Payload = string(r.Payload)
	}
	return secret(c, http.StatusOK, out)
}

// rehearse judges a draft as the event that would be signed now.
func (f *face) rehearse(ctx context.Context, d draft.Draft) (record.Rehearsal, error) {
	return Rehearsals(f.Intake, f.Registry, f.Now)(ctx, d)
}

// Rehearsals judges drafts as the events that would be signed now; the pages ask it as the API
// does. Faults: those of the intake's Rehearse.
func Rehearsals(intake Intake, registry Registry, now func() time.Time) func(context.Context, draft.Draft) (record.Rehearsal, error) {
	return func(ctx context.Context, d draft.Draft) (r record.Rehearsal, err error) {
		at := now()
		var random [10]byte
		if _, err := rand.Read(random[:]); err != nil {
			return r, err
		}
		payload, err := d.Payload(id.EventOf(id.V7(at.UnixMilli(), random)), at)
		if err != nil {
			return r, err
		}
		if r, err = intake.Rehearse(ctx, payload); err != nil {
			return r, err
		}
		// Whose key would sign, the intake learns from the key; here the register must say it.
		e, _, err := event.Read(payload)
		if err != nil || e.Person.IsZero() {
			return r, err
		}
		of, ok, err := registry.Person(ctx, e.Person)
		if err == nil && (!ok || of != d.Party) {
			r.Would = record.WouldRefuse
			r.Faults = append(r.Faults, fault.New(fault.KeyOfOther, "The person who is to sign is not one of this organisation's in the register.").
				At("/person", "unknown", "must be a person of the organisation"))
		}
		return r, err
	}
}
