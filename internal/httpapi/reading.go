package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/label"
	"liandan/internal/registry"
)

const (
	pageUsual  = 100
	pageMost   = 500
	cursorMost = 200
)

// look reads one thing that a path names and answers with it.
func look[K, V, W any](c echo.Context, parameter string, parse func(string) (K, error), read func(K) (V, error), show func(V) W) error {
	k, err := named(c.Param(parameter), parse)
	if err != nil {
		return err
	}
	v, err := read(k)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, show(v)) // what is the caller's alone stays out of caches
}

// reader binds a method of Reader to the request's context.
func reader[K, V any](c echo.Context, read func(context.Context, K) (V, error)) func(K) (V, error) {
	return func(k K) (V, error) { return read(c.Request().Context(), k) }
}

func (f *face) batch(c echo.Context, _ registry.Principal) error {
	return look(c, "batch", id.ParseBatch, reader(c, f.Reader.Batch), batchView)
}

func (f *face) chain(c echo.Context, _ registry.Principal) error {
	return look(c, "batch", id.ParseBatch, reader(c, f.Reader.Chain), chainView)
}

func (f *face) manifest(c echo.Context, _ registry.Principal) error {
	return look(c, "manifest", id.ParseManifest, reader(c, f.Reader.Manifest), manifestView)
}

func (f *face) event(c echo.Context, _ registry.Principal) error {
	return look(c, "event", id.ParseEvent, reader(c, f.Reader.Event), eventRecord)
}

func (f *face) batchBundle(c echo.Context, _ registry.Principal) error {
	b, err := named(c.Param("batch"), id.ParseBatch)
	if err != nil {
		return err
	}
	file, err := f.Reader.BatchBundle(c.Request().Context(), b)
	return sendBundle(c, b.String(), file, err)
}

func (f *face) manifestBundle(c echo.Context, _ registry.Principal) error {
	m, err := named(c.Param("manifest"), id.ParseManifest)
	if err != nil {
		return err
	}
	file, err := f.Reader.ManifestBundle(c.Request().Context(), m)
	return sendBundle(c, m.String(), file, err)
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

// quarantine is GET /v1/quarantine.
func (f *face) quarantine(c echo.Context, _ registry.Principal) error {
	limit := pageUsual
	bad := invalid()
	if given := c.QueryParam("limit"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > pageMost {
			bad.At("/limit", "out_of_range", "must be from 1 to %d", pageMost)
		}
		limit = n
	}
	cursor := c.QueryParam("cursor")
	if len(cursor) > cursorMost {
		bad.At("/cursor", "length", "must be the next_cursor of the page before")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	held, next, err := f.Reader.Quarantine(c.Request().Context(), cursor, limit)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, quarantinePage(held, next))
}

// labelImage is GET /v1/batches/{batch}/label.png.
func (f *face) labelImage(c echo.Context, _ registry.Principal) error {
	b, err := named(c.Param("batch"), id.ParseBatch)
	if err != nil {
		return err
	}
	size := label.Medium
	if given := c.QueryParam("size"); given != "" {
		if size, err = label.ParseSize(given); err != nil {
			return invalid().At("/size", "value", "%s", err)
		}
	}
	v, err := f.Reader.Batch(c.Request().Context(), b)
	if err != nil {
		return err
	}
	if v.Label == "" {
		return fault.New(fault.NotFound, "The batch has no label in force; make one with POST /v1/batches/%s/labels.", b)
	}
	png, err := label.PNG(f.address(v.Label), string(v.Label), size)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "image/png", png)
}

// address is what a label's QR code holds.
func (f *face) address(l event.Label) string { return f.Base + "/q/" + string(l) }

// newLabel is POST /v1/batches/{batch}/labels.
func (f *face) newLabel(c echo.Context, _ registry.Principal) error {
	b, err := named(c.Param("batch"), id.ParseBatch)
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
func (f *face) revokeLabel(c echo.Context, _ registry.Principal) error {
	l, err := event.ParseLabel(c.Param("label"))
	if err != nil {
		return fault.Wrap(err, fault.LabelMistyped, "The code is mistyped: its check character does not fit. Read it again from the label.")
	}
	if err := f.Reader.RevokeLabel(c.Request().Context(), l); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
