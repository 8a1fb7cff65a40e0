package httpapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
)

// maxWord bounds an actor or a subject that is looked for.
const maxWord = 100

// acts is GET /v1/acts.
func (f *face) acts(c echo.Context, v visit) error {
	cursor, limit, err := page(c, pageMost)
	if err != nil {
		return err
	}
	bad := invalid()
	want := audit.ActFilter{Actor: c.QueryParam("actor"), Subject: c.QueryParam("subject"), From: moment(bad, c, "from"), To: moment(bad, c, "to")}
	for _, of := range [][2]string{{"/actor", want.Actor}, {"/subject", want.Subject}} {
		if len(of[1]) > maxWord {
			bad.At(of[0], "length", "must have at most %d bytes", maxWord)
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if want.Party, err = f.over(c, v); err != nil {
		return err
	}
	if want.Quiet, err = f.Gate.QuietFrom(c.Request().Context(), v.Caller, v.operation); err != nil {
		return err
	}
	found, next, err := f.Reader.Acts(c.Request().Context(), want, cursor, limit)
	if err != nil {
		return err
	}
	out := api.ActPage{Items: make([]api.Act, len(found)), NextCursor: next}
	for i, a := range found {
		out.Items[i] = actView(a)
	}
	return secret(c, http.StatusOK, out)
}

// moment reads a time of the query; the zero time when there is none.
func moment(bad *fault.Error, c echo.Context, name string) time.Time {
	given := c.QueryParam(name)
	if given == "" {
		return time.Time{}
	}
	return member(bad, "/"+name, given, event.ParseTime)
}

func actView(a audit.ActLine) api.Act {
	out := api.Act{Seq: a.Seq, At: at(a.At), Actor: a.Actor, Role: a.Role, Operation: a.Operation, Subject: a.Subject,
		Request: a.Request, Parties: make([]api.ID, len(a.Parties))}
	for i, p := range a.Parties {
		out.Parties[i] = p.String()
	}
	return out
}
