package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/id"
)

func (f *face) leaveRoutes() []route {
	return []route{{"GET", "/v1/authorisations", "listAuthorisations", f.leaves}}
}

// leaves is GET /v1/authorisations: what a collector's phones take along, so that they may sign
// at a stop without network.
func (f *face) leaves(c echo.Context, v visit) error {
	bad, ctx := invalid(), c.Request().Context()
	collector := optional(bad, c, "collector", id.ParseParty)
	if c.QueryParam("collector") == "" {
		bad.At("/collector", "required", "is required: whose authorisations they are")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	subject, err := f.Collection.About(ctx, collector, id.Person{})
	if err != nil {
		return err
	}
	if err := f.allow(c, v, subject, collector.String(), noParty()); err != nil {
		return err
	}
	found, err := f.Reader.LeavesTo(ctx, collector)
	if err != nil {
		return err
	}
	out := api.AuthorisationList{At: at(found.At), Partial: found.Partial, Items: make([]api.CollectorAuthorisation, len(found.List))}
	for i, a := range found.List {
		x := api.CollectorAuthorisation{Event: a.ID.String(), Party: a.Party.String(), Site: a.Site.String(), From: at(a.From), Until: at(a.Until), Codes: make([]string, len(a.Codes))}
		for k, code := range a.Codes {
			x.Codes[k] = string(code)
		}
		out.Items[i] = x
	}
	return secret(c, http.StatusOK, out)
}
