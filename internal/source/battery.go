package source

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Pairs is a shop's batteries of one waste code: sold against taken back (销一收一).
type Pairs struct {
	Code        waste.Code
	Sold        int64 // pieces
	TakenBack   int64
	SoldGrams   waste.Grams
	TakenGrams  waste.Grams
	Unmatched   int64 // sold and not taken back; below zero: more taken back than sold
	LastEventAt time.Time
}

// Balance is a shop's pairs by code, with the findings.
type Balance struct {
	Site     id.Site
	Pairs    []Pairs
	Findings []Finding
	Rule     Limits
}

// Match folds the battery events of one shop. at chooses the edition of the tolerance.
func Match(b Book, site id.Site, list []event.Event, at time.Time) Balance {
	out := Balance{Site: site, Rule: b.At(at)}
	of := map[waste.Code]*Pairs{}
	var owner id.Party
	for _, e := range inTime(list) {
		if e.Site != site {
			continue
		}
		var c waste.Code
		switch d := e.Data.(type) {
		case event.Sold:
			c = d.Code
		case event.TakenBack:
			c = d.Code
		default:
			continue
		}
		p := of[c]
		if p == nil {
			p = &Pairs{Code: c}
			of[c] = p
		}
		switch d := e.Data.(type) {
		case event.Sold:
			p.Sold, p.SoldGrams = p.Sold+d.Pieces, p.SoldGrams+d.Grams
		case event.TakenBack:
			p.TakenBack, p.TakenGrams = p.TakenBack+d.Pieces, p.TakenGrams+d.Grams
		}
		p.LastEventAt, owner = e.At.UTC(), e.Party
	}
	for _, p := range of {
		p.Unmatched = p.Sold - p.TakenBack
		out.Pairs = append(out.Pairs, *p)
	}
	slices.SortFunc(out.Pairs, func(x, y Pairs) int { return cmp.Compare(x.Code, y.Code) })
	for _, p := range out.Pairs {
		if tolerance := max(out.Rule.PairPieces, p.Sold*out.Rule.PairPercent/100); p.Unmatched > tolerance || -p.Unmatched > tolerance {
			out.Findings = append(out.Findings, Finding{Rule: Unmatched, Owner: owner, Site: site, Pieces: p.Unmatched, Grams: p.SoldGrams - p.TakenGrams,
				ZH:      fmt.Sprintf("%s 销售 %d 只、收回 %d 只，相差 %d 只，超出容差 %d 只", p.Code, p.Sold, p.TakenBack, p.Unmatched, tolerance),
				EN:      fmt.Sprintf("%s: %d sold, %d taken back; the difference of %d is more than the %d that are tolerated.", p.Code, p.Sold, p.TakenBack, p.Unmatched, tolerance),
				Version: out.Rule.Version})
		}
	}
	return out
}
