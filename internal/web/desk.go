package web

import (
	"context"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/party"
	"liandan/internal/past"
	"liandan/internal/permit"
	"liandan/internal/registry"
	"liandan/internal/report"
	"liandan/internal/sampling"
	"liandan/internal/standbook"
)

// The pages for a desk: the city's figures and what an inspector looks into. They read what
// the API reads, through the same gate and under the same operations.

// Measures computes figures and lists what is behind them; measure.Service is one, which
// says what the faults are.
type Measures interface {
	Indicator(ctx context.Context, q measure.Query) (measure.Result, error)
	Evidence(ctx context.Context, q measure.Query, cursor string, limit int) (measure.Page, error)
	Definitions(ctx context.Context, q measure.Query) ([]indicator.Definition, measure.Sealed, error)
	Inspections
	Roster
}

// Desk is what the desk pages read beside the registry.
type Desk struct {
	Figures  report.Figures
	Measures Measures
	Reader   Reader

	Collection Collection
	Drafts     Drafts
	Rehearse   Rehearse
}

// Reader reads chains, manifests and what a site holds; audit.Service is one, which says
// what the faults are.
type Reader interface {
	BatchSubject(ctx context.Context, b id.Batch) (access.Subject, error)
	CustodySubject(ctx context.Context, b id.Batch) (access.Subject, error)
	ManifestSubject(ctx context.Context, m id.Manifest) (access.Subject, error)
	EventSubject(ctx context.Context, e id.Event) (access.Subject, error)
	Batch(ctx context.Context, b id.Batch) (audit.BatchView, error)
	Chain(ctx context.Context, b id.Batch) (audit.ChainView, error)
	Manifest(ctx context.Context, m id.Manifest) (audit.ManifestView, error)
	Event(ctx context.Context, e id.Event) (audit.EventView, error)
	Search(ctx context.Context, f audit.Filter, cursor string, limit int) (audit.Page, error)
	Findings(ctx context.Context, f audit.FindingFilter, now time.Time, cursor string, limit int) (audit.FindingPage, error)
	FindingCounts(ctx context.Context, f audit.FindingFilter, now time.Time) ([]audit.FindingCount, bool, error)
	Draws(ctx context.Context, cursor string, limit int) ([]audit.Draw, string, error)
	LoadOf(ctx context.Context, plate string) (audit.Load, error)
	DrawFile(ctx context.Context, e id.Event) (audit.Draw, sampling.File, error)
	Work(ctx context.Context, t audit.Tab, f audit.Filter, now time.Time, cursor string, limit int) (audit.Page, error)
	Counts(ctx context.Context, f audit.Filter, now time.Time) (map[audit.Tab]audit.Count, error)
	DutiesAt(ctx context.Context, site party.Site, now time.Time) (audit.SiteDuties, error)
	StatementOf(ctx context.Context, p id.Party, at time.Time) (permit.Statement, error)
	Custody(ctx context.Context, site id.Site, cursor string, limit int) ([]audit.Bag, string, error)
	PastOf(ctx context.Context, site party.Site) (audit.Past, error)
	PastLines(ctx context.Context, site party.Site, kind past.Kind, year string, most int) ([]past.Kept, bool, error)
	Standbook(ctx context.Context, scope standbook.Scope, each func(standbook.Line) error) ([]standbook.Account, error)
}

// library lets a page's scripts ask this server again, and nobody else.
const library = "connect-src 'self'; img-src 'self'"

// divisionName is a division in words; its code where the table lacks it.
func divisionName(code string) line {
	if code == "" {
		return line{"全市", "whole city"}
	}
	if d, ok := registry.LookupDivision(code); ok {
		return line{d.Name, d.NameEN}
	}
	return line{code, code}
}

// kilograms writes grams for a person: 1,234.567 kg, exactly.
func kilograms(grams int64) string {
	sign := ""
	n := new(big.Int).SetInt64(grams)
	if n.Sign() < 0 {
		sign = "−"
		n.Neg(n)
	}
	q, r := new(big.Int).QuoRem(n, big.NewInt(1000), new(big.Int))
	rest := strconv.FormatInt(1000+r.Int64(), 10)[1:]
	return sign + thousands(q.String()) + "." + rest + " kg"
}

func thousands(digits string) string {
	var out []string
	for len(digits) > 3 {
		out = append([]string{digits[len(digits)-3:]}, out...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, out...), ",")
}

// with is a page's address with some of its query; what is empty is left out.
func with(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// What the desk pages load.
var (
	deskStyle    = load("desk", ".css", "text/css; charset=utf-8")
	printStyle   = load("print", ".css", "text/css; charset=utf-8")
	deskScript   = load("desk", ".js", "text/javascript; charset=utf-8")
	htmxScript   = load("vendor/htmx", ".js", "text/javascript; charset=utf-8")
	chartScript  = load("vendor/echarts", ".js", "text/javascript; charset=utf-8")
	verifyScript = load("verify", ".js", "text/javascript; charset=utf-8")
	findScript   = load("find", ".js", "text/javascript; charset=utf-8")
	tripScript   = load("trips", ".js", "text/javascript; charset=utf-8")
	deskFiles    = []file{deskStyle, tripScript, printStyle, deskScript, findScript, verifyScript, htmxScript, chartScript}
)

// deskRoutes are the pages for a desk.
func (s *Site) deskRoutes() []route {
	return []route{
		{method: "GET", pattern: "/city", operation: "getIndicator", run: s.city},
		{method: "GET", pattern: "/city/{indicator}", operation: "getIndicatorEvidence", run: s.behind},
		{method: "GET", pattern: "/inspect", operation: "searchWaste", run: s.inspect},
		{method: "GET", pattern: "/inspect/findings", operation: "listFindings", run: s.queue},
		{method: "GET", pattern: "/inspect/draws", operation: "listDraws", run: s.draws},
		{method: "GET", pattern: "/inspect/draws/{draw}", operation: "getDraw", run: s.draw},
		{method: "GET", pattern: "/inspect/batch/{batch}", operation: "getBatchChain", run: s.chain},
		{method: "GET", pattern: "/inspect/manifest/{manifest}", operation: "getManifest", run: s.sheet},
		{method: "GET", pattern: "/inspect/event/{event}", operation: "getEvent", run: s.event},
		{method: "GET", pattern: "/inspect/site/{site}", operation: "listCustody", run: s.house},
		{method: "GET", pattern: "/inspect/verify", operation: "page:verify", run: s.verify},
		{method: "GET", pattern: "/print/labels", operation: "getBatchLabel", run: s.labels},
		{method: "GET", pattern: "/print/labels.pdf", operation: "getBatchLabel", run: s.labelsPDF},
		{method: "GET", pattern: "/print/manifest/{manifest}", operation: "getManifest", run: s.form},
		{method: "GET", pattern: "/print/manifest/{manifest}/pdf", operation: "getManifest", run: s.formPDF},
	}
}
