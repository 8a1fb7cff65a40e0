package httpapi

import (
	"net/http"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/audit"
	"liandan/internal/id"
	"liandan/internal/rule"
)

// findingList is GET /v1/findings.
func (f *face) findingList(c echo.Context, v visit) error {
	cursor, limit, err := page(c, workMost)
	if err != nil {
		return err
	}
	want, now, err := f.askedFindings(c, v)
	if err != nil {
		return err
	}
	p, err := f.Reader.Findings(c.Request().Context(), want, now, cursor, limit)
	if err != nil {
		return err
	}
	out := api.FindingPage{Items: make([]api.FindingItem, len(p.Items)), NextCursor: p.Next}
	for i, x := range p.Items {
		out.Items[i] = api.FindingItem{Standing: x.Standing, At: at(x.At), Manifest: x.Manifest.String(), Finding: findingOf(x.Finding)}
	}
	return secret(c, http.StatusOK, out)
}

// findingCounts is GET /v1/findings/counts.
func (f *face) findingCounts(c echo.Context, v visit) error {
	want, now, err := f.askedFindings(c, v)
	if err != nil {
		return err
	}
	counts, more, err := f.Reader.FindingCounts(c.Request().Context(), want, now)
	if err != nil {
		return err
	}
	out := api.FindingCounts{Rules: make([]api.FindingCount, len(counts)), More: more}
	for i, x := range counts {
		out.Rules[i] = api.FindingCount{Rule: string(x.Rule), Severity: api.Severity(x.Severity), Count: x.N}
	}
	return secret(c, http.StatusOK, out)
}

// ruleCode is the form of a rule's name.
var ruleCode = regexp.MustCompile(`^[a-z][a-z-]{0,63}$`)

// askedFindings reads what findings are wanted, and decides whether the caller may ask.
func (f *face) askedFindings(c echo.Context, v visit) (audit.FindingFilter, time.Time, error) {
	bad := invalid()
	want := audit.FindingFilter{Filter: filter(bad, c), Least: rule.Open}
	if given := c.QueryParam("rule"); given != "" {
		if want.Rule = rule.Code(given); !ruleCode.MatchString(given) {
			bad.At("/rule", "format", "must be the name of a rule, such as grams-differ")
		}
		want.Least = "" // whoever names a rule means what it says, remarks too
	}
	switch given := c.QueryParam("severity"); given {
	case "":
	case string(rule.Remark):
		want.Least = ""
	case string(rule.Open), string(rule.Serious):
		want.Least = rule.Severity(given)
	default:
		bad.At("/severity", "value", "must be remark, finding or serious")
	}
	switch c.QueryParam("state") {
	case "", "open":
	case "all":
		want.Settled = true
	default:
		bad.At("/state", "value", "must be open or all")
	}
	want.Owner = optional(bad, c, "owner", id.ParseParty)
	want.From, want.To = moment(bad, c, "from"), moment(bad, c, "to")
	now := f.asOf(bad, c)
	if len(bad.Fields) > 0 {
		return want, now, bad
	}
	return want, now, f.allowList(c, v, want.Filter)
}
