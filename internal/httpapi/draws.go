package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/sampling"
)

// Draws keeps the lists of random inspections and draws again; audit.Service is one.
type Draws interface {
	KeepList(ctx context.Context, l sampling.List) (known bool, err error)
	Draws(ctx context.Context, cursor string, limit int) ([]audit.Draw, string, error)
	DrawFile(ctx context.Context, e id.Event) (audit.Draw, sampling.File, error)
}

// maxList bounds a list that is handed in, in bytes.
const maxList = 1 << 20

func (f *face) drawRoutes() []route {
	return []route{
		{"POST", "/v1/sample-lists", "createSampleList", f.createSampleList},
		{"GET", "/v1/draws", "listDraws", f.draws},
		{"GET", "/v1/draws/:draw", "getDraw", f.draw},
	}
}

// createSampleList is POST /v1/sample-lists.
func (f *face) createSampleList(c echo.Context, v visit) error {
	in := struct {
		Hash   *string  `json:"hash"`
		Sites  []string `json:"sites"`
		People []string `json:"people"`
	}{}
	if err := decodeUpTo(c, &in, maxList); err != nil {
		return err
	}
	if err := f.allow(c, v, access.Subject{}, "sample list", fault.Missing("list")); err != nil {
		return err
	}
	bad := invalid()
	sites, people := members(bad, "sites", in.Sites, id.ParseSite), members(bad, "people", in.People, id.ParsePerson)
	if len(bad.Fields) > 0 {
		return bad
	}
	l, err := sampling.NewList(sites, people)
	if err != nil {
		return err
	}
	if in.Hash != nil && *in.Hash != l.Hash().String() {
		return bad.At("/hash", "other", "is not that of this list in its canonical text, which is %s", l.Hash())
	}
	known, err := f.Draws.KeepList(c.Request().Context(), l)
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if known {
		status = http.StatusOK
	}
	return secret(c, status, api.SampleList{Hash: l.Hash().String(), Sites: len(l.Sites), People: len(l.People)})
}

func members[T any](bad *fault.Error, name string, words []string, parse func(string) (T, error)) []T {
	out := make([]T, len(words))
	for i, w := range words {
		out[i] = member(bad, fmt.Sprintf("/%s/%d", name, i), w, parse)
	}
	return out
}

// draws is GET /v1/draws.
func (f *face) draws(c echo.Context, v visit) error {
	cursor, limit, err := page(c, pageMost)
	if err != nil {
		return err
	}
	if err := f.allow(c, v, access.Subject{}, "", fault.Missing("draw")); err != nil {
		return err
	}
	list, next, err := f.Draws.Draws(c.Request().Context(), cursor, limit)
	if err != nil {
		return err
	}
	out := api.DrawPage{Items: make([]api.Draw, len(list)), NextCursor: next}
	for i, d := range list {
		out.Items[i] = api.Draw{Event: d.Event.ID.String(), Seq: d.Seq, RecordedAt: at(d.RecordedAt), At: d.Event.At.Format(event.TimeForm),
			Party: d.Event.Party.String(), Person: d.Event.Person.String(), Period: d.Period, List: d.List.String(), Sites: d.Sites, People: d.People,
			DrawSites: d.DrawSites, DrawPeople: d.DrawPeople, Size: d.Size, Round: d.Round, Reason: d.Reason, State: api.DrawState(d.State),
			Before: ids(d.Before), Unexplained: d.Unexplained}
	}
	return secret(c, http.StatusOK, out)
}

// draw is GET /v1/draws/{draw}.
func (f *face) draw(c echo.Context, v visit) error {
	missing := fault.Missing("draw")
	e, err := id.ParseEvent(c.Param("draw"))
	if err != nil {
		return missing
	}
	_, file, err := f.Draws.DrawFile(c.Request().Context(), e)
	if err != nil {
		return err
	}
	if err := f.allow(c, v, access.Subject{}, e.String(), missing); err != nil {
		return err
	}
	return secret(c, http.StatusOK, file)
}
