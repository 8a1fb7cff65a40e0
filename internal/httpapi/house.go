package httpapi

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/journal"
	"liandan/internal/siteledger"
)

func (f *face) houseRoutes() []route {
	return []route{
		{"GET", "/v1/sites/:site/custody", "listCustody", f.custody},
		{"GET", "/v1/sites/:site/use", "compareUse", f.compareUse},
		{"GET", "/v1/sites/:site/monthly-manifest", "getMonthlyManifest", f.monthly},
		{"GET", "/v1/trips/:trip/cards", "getTripCards", f.tripCards},
	}
}

// sites is a site of the register, about which its organisation is asked.
func (f *face) sites() thing[id.Site] {
	return thing[id.Site]{"site", id.ParseSite, func(ctx context.Context, s id.Site) (access.Subject, error) {
		site, ok, err := f.Gate.Registry.Site(ctx, s)
		if err == nil && !ok {
			err = fault.Missing("site")
		}
		return access.Subject{Parties: []id.Party{site.Party}, Sites: []id.Site{s}}, err
	}}
}

// custody is GET /v1/sites/{site}/custody.
func (f *face) custody(c echo.Context, v visit) error {
	cursor, limit, err := page(c, pageMost)
	if err != nil {
		return err
	}
	site, err := admit(f, c, v, f.sites())
	if err != nil {
		return err
	}
	found, next, err := f.Reader.Custody(c.Request().Context(), site, cursor, limit)
	if err != nil {
		return err
	}
	out := api.CustodyPage{Items: make([]api.Bag, len(found)), NextCursor: next}
	for i, b := range found {
		out.Items[i] = bagView(b)
	}
	return secret(c, http.StatusOK, out)
}

func bagView(b audit.Bag) api.Bag {
	s := b.State
	out := api.Bag{Batch: s.ID.String(), Stage: api.Stage(s.Stage), Code: string(s.Code), Packaging: api.Packaging(s.Packaging), Grams: int64(s.Grams),
		Department: s.Department, Room: s.Room, Isolation: s.Isolation, Layers: s.Layers, Container: s.Container, Manifest: s.Manifest.String(),
		ClosedAt: atMillis(s.BornAt), Findings: findings(b.Findings)}
	if s.StoredAt > 0 {
		out.StoredAt = atMillis(s.StoredAt)
	}
	if b.Ticking {
		out.Clock = &api.BagClock{StartedAt: at(b.Clock.Started), DueAt: at(b.Clock.Due), AgeSeconds: int64(b.Clock.Age / time.Second),
			RemainingSeconds: int64(b.Clock.Remaining / time.Second), Band: b.Clock.Band.Band, Colour: b.Clock.Band.Colour, ZH: b.Clock.Band.ZH, EN: b.Clock.Band.EN}
	}
	return out
}

// mostCompared is the longest period of one comparison.
const mostCompared = 92 * 24 * time.Hour

// compareUse is GET /v1/sites/{site}/use.
func (f *face) compareUse(c echo.Context, v visit) error {
	bad := invalid()
	from, to, department := moment(bad, c, "from"), moment(bad, c, "to"), c.QueryParam("department")
	for _, name := range []string{"from", "to"} {
		if c.QueryParam(name) == "" {
			bad.At("/"+name, "required", "is required")
		}
	}
	if len(bad.Fields) == 0 && (!from.Before(to) || to.Sub(from) > mostCompared) {
		bad.At("/to", "out_of_range", "must be after from, by 92 days at most")
	}
	if len([]rune(department)) > 64 {
		bad.At("/department", "length", "must have at most 64 characters")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	site, err := admit(f, c, v, f.sites())
	if err != nil {
		return err
	}
	found, err := f.Reader.Compared(c.Request().Context(), site, from, to, department)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, comparisonView(found))
}

func comparisonView(x journal.Comparison) api.UseComparison {
	out := api.UseComparison{Site: x.Site.String(), From: at(x.From), To: at(x.To), Version: x.Version, Source: x.Source, Rows: make([]api.UseRow, len(x.Rows))}
	for i, r := range x.Rows {
		row := api.UseRow{Department: r.Department, Code: string(r.Code), Used: make([]api.UsedItem, len(r.Used)), ExpectedGrams: int64(r.Expected),
			GeneratedGrams: int64(r.Generated), Bags: r.Bags, Band: r.Band.Band, BandZH: r.Band.ZH, BandEN: r.Band.EN, Uses: ids(r.Uses), Closings: ids(r.Closings)}
		for k, u := range r.Used {
			row.Used[k] = api.UsedItem{Item: u.Item, Unit: api.UsedItemUnit(u.Unit), Quantity: u.Quantity}
		}
		if r.Computable {
			row.Permille = &r.Permille
		}
		out.Rows[i] = row
	}
	return out
}

func ids[T interface{ String() string }](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.String()
	}
	return out
}

// monthly is GET /v1/sites/{site}/monthly-manifest.
func (f *face) monthly(c echo.Context, v visit) error {
	month, err := time.Parse("2006-01", c.QueryParam("month"))
	if err != nil || month.Year() < 2000 || month.Year() > 2199 {
		return invalid().At("/month", "format", "must be a month such as 2026-03")
	}
	file, err := fileFormat(c)
	if err != nil {
		return err
	}
	site, err := admit(f, c, v, f.sites())
	if err != nil {
		return err
	}
	found, err := f.Reader.Monthly(c.Request().Context(), site, month.Year(), month.Month())
	if err != nil {
		return err
	}
	if file != "" {
		return f.sendTable(c, file, "monthly-"+month.Format("200601"), func(m siteledger.Maker, w io.Writer) error {
			return m.Monthly(c.Request().Context(), w, file, found)
		})
	}
	return secret(c, http.StatusOK, api.MonthlyManifest{Site: site.String(), Month: month.Format("2006-01"), Source: found.Source,
		Stops: stopViews(found.Stops), Totals: classViews(found.Totals)})
}

// tripCards is GET /v1/trips/{trip}/cards: of a trip, the manifests that the visitor sees.
func (f *face) tripCards(c echo.Context, v visit) error {
	file, err := fileFormat(c)
	if err != nil {
		return err
	}
	ctx, missing := c.Request().Context(), fault.Missing("trip")
	trip, err := id.ParseTrip(c.Param("trip"))
	if err != nil {
		return missing
	}
	papers, err := f.Reader.Trip(ctx, trip)
	if err != nil {
		return err
	}
	var shown []journal.Paper
	var subject access.Subject
	for _, p := range papers {
		s := audit.PaperSubject(p)
		mine, err := f.Gate.Sees(ctx, v.Caller, v.operation, s)
		if err != nil {
			return err
		}
		if mine {
			shown = append(shown, p)
			subject.Parties, subject.Sites, subject.People = append(subject.Parties, s.Parties...), append(subject.Sites, s.Sites...), append(subject.People, s.People...)
		}
	}
	if len(shown) == 0 {
		return missing
	}
	if err := f.allow(c, v, subject, trip.String(), missing); err != nil {
		return err
	}
	cards, err := f.Reader.Cards(trip, shown)
	if err != nil {
		return err
	}
	if file != "" {
		return f.sendTable(c, file, "cards-"+trip.String(), func(m siteledger.Maker, w io.Writer) error {
			return m.Cards(ctx, w, file, cards, len(shown) < len(papers))
		})
	}
	out := api.TripCards{Trip: trip.String(), Partial: len(shown) < len(papers), Cards: make([]api.TripCard, len(cards))}
	for i, x := range cards {
		out.Cards[i] = api.TripCard{Vehicle: x.Vehicle, Carrier: x.Carrier.String(), Open: x.Open, Source: x.Source, Stops: stopViews(x.Stops),
			Totals: classViews(x.Totals), Ends: endViews(x.Ends)}
	}
	return secret(c, http.StatusOK, out)
}

func stopViews(stops []journal.Stop) []api.Stop {
	out := make([]api.Stop, len(stops))
	for i, s := range stops {
		out[i] = api.Stop{Grade: api.Grade(s.Grade), Manifest: s.Manifest.String(), Number: s.Number, From: s.From.String(), FromSite: s.FromSite.String(), Giver: signatureView(s.Giver),
			Taker: signatureView(s.Taker), Vehicle: s.Vehicle, Trip: s.Trip.String(), Classes: classViews(s.Classes), Batches: ids(s.Batches),
			ExemptCollection: string(s.Exempt.Collection), ExemptTransport: string(s.Exempt.Transport)}
	}
	return out
}

func signatureView(s journal.Signature) api.PaperSignature {
	return api.PaperSignature{Event: s.Event.String(), Type: api.EventType(s.Type), Party: s.Party.String(), Site: s.Site.String(), Person: s.Person.String(),
		At: s.At.Format(event.TimeForm)}
}

func classViews(list []journal.Class) []api.PaperClass {
	out := make([]api.PaperClass, len(list))
	for i, x := range list {
		out[i] = api.PaperClass{Code: string(x.Code), Bags: x.Bags, Grams: int64(x.Grams)}
	}
	return out
}

func endViews(list []journal.End) []api.TripEnd {
	out := make([]api.TripEnd, len(list))
	for i, e := range list {
		out[i] = api.TripEnd{Manifest: e.Manifest.String(), Arrival: signatureView(e.Arrival), Takers: make([]api.TripTaking, len(e.Takers))}
		for k, t := range e.Takers {
			out[i].Takers[k] = api.TripTaking{Signature: signatureView(t.Signature), Classes: classViews(t.Classes), RefusedGrams: int64(t.Refused)}
		}
	}
	return out
}
