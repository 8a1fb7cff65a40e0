package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/label"
)

const (
	pageUsual  = 100
	pageMost   = 500
	cursorMost = 200
)

// thing is one sort of thing that a path names.
type thing[K fmt.Stringer] struct {
	word    string // its path parameter, and what a missing one is called
	parse   func(string) (K, error)
	subject func(context.Context, K) (access.Subject, error)
}

func (f *face) batches() thing[id.Batch] {
	return thing[id.Batch]{"batch", id.ParseBatch, f.Reader.BatchSubject}
}

// held is a batch for whoever holds it now.
func (f *face) held() thing[id.Batch] {
	return thing[id.Batch]{"batch", id.ParseBatch, f.Reader.CustodySubject}
}

func (f *face) manifests() thing[id.Manifest] {
	return thing[id.Manifest]{"manifest", id.ParseManifest, f.Reader.ManifestSubject}
}

func (f *face) events() thing[id.Event] {
	return thing[id.Event]{"event", id.ParseEvent, f.Reader.EventSubject}
}

// admit finds the thing that the path names and lets in who may see it. What cannot be a
// name, what is not there and what is not theirs are answered alike.
func admit[K fmt.Stringer](f *face, c echo.Context, v visit, t thing[K]) (K, error) {
	missing := fault.Missing(t.word)
	k, err := t.parse(c.Param(t.word))
	if err != nil {
		return k, missing
	}
	s, err := t.subject(c.Request().Context(), k)
	if err != nil {
		return k, err
	}
	return k, f.allow(c, v, s, k.String(), missing)
}

// look reads one thing that a path names and answers with it.
func look[K fmt.Stringer, V, W any](f *face, c echo.Context, v visit, t thing[K], read func(context.Context, K) (V, error), show func(V) W) error {
	k, err := admit(f, c, v, t)
	if err != nil {
		return err
	}
	found, err := read(c.Request().Context(), k)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, show(found)) // what is the caller's alone stays out of caches
}

func (f *face) batch(c echo.Context, v visit) error {
	return look(f, c, v, f.batches(), f.Reader.Batch, batchView(f.Now()))
}

func (f *face) chain(c echo.Context, v visit) error {
	return look(f, c, v, f.batches(), f.Reader.Chain, chainView)
}

func (f *face) manifest(c echo.Context, v visit) error {
	return look(f, c, v, f.manifests(), f.Reader.Manifest, manifestView(f.Now()))
}

func (f *face) event(c echo.Context, v visit) error {
	return look(f, c, v, f.events(), f.Reader.Event, eventRecord)
}

func (f *face) batchBundle(c echo.Context, v visit) error {
	return save(f, c, v, f.batches(), f.Reader.BatchBundle)
}

func (f *face) manifestBundle(c echo.Context, v visit) error {
	return save(f, c, v, f.manifests(), f.Reader.ManifestBundle)
}

// save answers with an evidence file.
func save[K fmt.Stringer](f *face, c echo.Context, v visit, t thing[K], read func(context.Context, K) ([]byte, error)) error {
	k, err := admit(f, c, v, t)
	if err != nil {
		return err
	}
	file, err := read(c.Request().Context(), k)
	return sendBundle(c, k.String(), file, err)
}

func sendBundle(c echo.Context, name string, file []byte, err error) error {
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", `attachment; filename="`+name+`.liandan.json"`)
	h.Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, typeJSON, file)
}

// page reads the limit, of at most so many, and the cursor of a list.
func page(c echo.Context, most int) (cursor string, limit int, err error) {
	limit = pageUsual
	bad := invalid()
	if given := c.QueryParam("limit"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > most {
			bad.At("/limit", "out_of_range", "must be from 1 to %d", most)
		}
		limit = n
	}
	cursor = c.QueryParam("cursor")
	if len(cursor) > cursorMost {
		bad.At("/cursor", "length", "must be the next_cursor of the page before")
	}
	if len(bad.Fields) > 0 {
		return "", 0, bad
	}
	return cursor, limit, nil
}

// turns is how many pages of a list are looked through for one answer. A list whose items
// are mostly others' comes in short pages, with a cursor.
const turns = 20

// quarantine is GET /v1/quarantine: of what is held, what the visitor may see.
func (f *face) quarantine(c echo.Context, v visit) error {
	cursor, limit, err := page(c, pageMost)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := f.Gate.List(ctx, v.Caller, v.operation); err != nil {
		return err
	}
	var shown []audit.Held
	for range turns {
		held, next, err := f.Reader.Quarantine(ctx, cursor, limit-len(shown))
		if err != nil {
			return err
		}
		for _, h := range held {
			mine, err := f.Gate.Sees(ctx, v.Caller, v.operation, audit.HeldSubject(h))
			if err != nil {
				return err
			}
			if mine {
				shown = append(shown, h)
			}
		}
		if cursor = next; cursor == "" || len(shown) == limit {
			break
		}
	}
	return secret(c, http.StatusOK, quarantinePage(shown, cursor))
}

// labelImage is GET /v1/batches/{batch}/label.png.
func (f *face) labelImage(c echo.Context, v visit) error {
	size := label.Medium
	if given := c.QueryParam("size"); given != "" {
		var err error
		if size, err = label.ParseSize(given); err != nil {
			return invalid().At("/size", "value", "%s", err)
		}
	}
	b, err := admit(f, c, v, f.held())
	if err != nil {
		return err
	}
	found, err := f.Reader.Batch(c.Request().Context(), b)
	if err != nil {
		return err
	}
	if found.Label == "" {
		return fault.New(fault.NotFound, "The batch has no label in force; make one with POST /v1/batches/%s/labels.", b)
	}
	png, err := label.PNG(f.address(found.Label), string(found.Label), size)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "image/png", png)
}

// address is what a label's QR code holds.
func (f *face) address(l event.Label) string { return f.Base + "/q/" + string(l) }

// newLabel is POST /v1/batches/{batch}/labels.
func (f *face) newLabel(c echo.Context, v visit) error {
	b, err := admit(f, c, v, f.held())
	if err != nil {
		return err
	}
	l, err := f.Reader.NewLabel(c.Request().Context(), b)
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, api.BatchLabel{Label: string(l), URL: f.address(l), Batch: b.String()})
}

// revokeLabel is POST /v1/labels/{label}/revoke.
func (f *face) revokeLabel(c echo.Context, v visit) error {
	l, err := event.ParseLabel(c.Param("label"))
	if err != nil {
		return fault.Wrap(err, fault.LabelMistyped, "The code is mistyped: its check character does not fit. Read it again from the label.")
	}
	s, err := f.Reader.LabelSubject(c.Request().Context(), l)
	if err != nil {
		return err
	}
	// The code itself would be a secret in the record: who has it can find the drum.
	if err := f.allow(c, v, s, "label", fault.UnknownLabel()); err != nil {
		return err
	}
	if err := f.Reader.RevokeLabel(c.Request().Context(), l); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
