package httpapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"liandan/internal/attest"
	"liandan/internal/fault"
	"liandan/internal/indicator"
	"liandan/internal/measure"
)

// Statements issues signed statements of figures; server.Parts is one.
type Statements interface {
	Statement(ctx context.Context, q measure.Query) ([]byte, error)
}

func (f *face) statementRoutes() []route {
	return []route{{"GET", "/v1/statements/:period", "getStatement", f.statement}}
}

// statement is GET /v1/statements/{period}.
func (f *face) statement(c echo.Context, v visit) error {
	bad := invalid()
	q, err := f.question(c, false, false)
	if err != nil {
		bad.Fields = append(bad.Fields, fault.As(err).Fields...)
	}
	q.District = c.QueryParam("district")
	if q.Period, err = indicator.ParsePeriod(c.Param("period")); err != nil {
		bad.Fields = append(bad.Fields, fault.As(err).Fields...)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if err := f.figures(c, v, q.Period.Name); err != nil {
		return err
	}
	b, err := f.Statements.Statement(c.Request().Context(), q)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="liandan-statement-`+q.Period.Name+`.txt"`)
	return c.Blob(http.StatusOK, attest.MediaType, b)
}
