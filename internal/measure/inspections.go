package measure

import (
	"cmp"
	"context"
	"time"

	"liandan/internal/id"
	"liandan/internal/indicator"
)

// Checked is an inspection of a site with what it comes to by its sheet.
type Checked struct {
	indicator.Inspection
	Verdict string // pass, basic or fail; or why it has none
	Points  int    // after what accidents take off
	Of      indicator.Sheet
}

// current runs fn on the book as the newest sealed log knows it.
func (s *Service) current(ctx context.Context, fn func(indicator.View)) error {
	return s.reading(ctx, Query{}, func(_ Reader, v indicator.View, _ Sealed) error {
		fn(v)
		return nil
	})
}

// Sheets lists the inspection sheets to inspect by now.
func (s *Service) Sheets(ctx context.Context) (out []indicator.Sheet, err error) {
	err = s.current(ctx, func(v indicator.View) { out = v.SheetsInForce() })
	return out, err
}

// InspectionsOf lists a site's inspections, the newest first.
func (s *Service) InspectionsOf(ctx context.Context, site id.Site) (out []Checked, err error) {
	err = s.current(ctx, func(v indicator.View) {
		for _, i := range v.InspectionsOf(site) {
			c := Checked{Inspection: i, Verdict: "unknown_sheet"}
			if sheet, known := v.Sheet(i.Sheet, i.Version); known {
				verdict, points, why := sheet.Judge(i.Inspection)
				c.Of, c.Points, c.Verdict = sheet, points, cmp.Or(string(verdict), why)
			}
			out = append(out, c)
		}
	})
	return out, err
}

// SitesAt lists the sites that the register has at a moment, of a division or all for "", in
// the order of their ids.
func (s *Service) SitesAt(ctx context.Context, division string, at time.Time) (out []indicator.Site, err error) {
	err = s.current(ctx, func(v indicator.View) { out = v.Roster(at.UnixMilli()).In(division) })
	return out, err
}
