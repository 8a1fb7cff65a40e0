package measure

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"liandan/internal/fault"
	"liandan/internal/indicator"
)

// Item is one thing behind a figure: a base figure of the register, a movement, a unit that
// is counted, or an inspection.
type Item struct {
	What     string // base, movement, unit or inspection
	Seq      int64  // of the log's entry; -1 for a unit
	Move     indicator.Move
	Unit     indicator.Work
	Check    indicator.Inspection
	Base     indicator.Base
	Verdict  string // of an inspection, or why it has none
	Division string
}

// Page is one page of evidence.
type Page struct {
	Items []Item
	Next  string // cursor; "" at the end
	As    Sealed
}

// kindsOf are the movements that an indicator counts.
func kindsOf(d indicator.Definition) []string {
	switch d.Indicator {
	case 2:
		return []string{"generated"}
	case 19:
		return []string{"generated", "treated", "residue"}
	case 35:
		return []string{"treated", "residue"}
	case 37:
		return []string{"generated", "collected", "treated", "residue"}
	}
	return nil
}

// Evidence pages through the very things that a figure rests on, as the log knew them. The
// cursor names the log size, so that later pages are of the same log. Faults as Indicator,
// and invalid-request for a cursor that this list did not give.
func (s *Service) Evidence(ctx context.Context, q Query, cursor string, limit int) (page Page, err error) {
	var at Cursor
	if cursor != "" {
		var size int64
		if n, err := fmt.Sscanf(cursor, "%d.%d.%d.%d", &size, &at.At, &at.Seq, &at.Line); n != 4 || err != nil || size < 1 {
			return page, fault.New(fault.InvalidRequest, "The cursor is not one that this list gave.").At("/cursor", "format", "must be next_cursor of the page before")
		}
		q.Size = size
	} else {
		at = Cursor{At: ahead}
	}
	err = s.known(ctx, q, func(r Reader, v indicator.View, as Sealed) error {
		page.As = as
		in := s.bare(q, v, as)
		var last Cursor
		more := false
		switch q.Indicator {
		case 36, 38:
			if in, err = s.input(r, q, v, as); err != nil {
				return err
			}
			page.Items, last, more = units(in, q.District, at, limit)
		case 59:
			page.Items, last, more = s.checks(in, q.District, at, limit)
		default:
			page.Items, last, more, err = s.bases(r, in, q, as.Size, at, limit)
		}
		if err == nil && more {
			page.Next = fmt.Sprintf("%d.%d.%d.%d", as.Size, last.At, last.Seq, last.Line)
		}
		return err
	})
	return page, err
}

// ahead is a moment before all movements: there stand the base figures.
const ahead = -1 << 62

// bases lists the base figures, then the movements.
func (s *Service) bases(r Reader, in indicator.Input, q Query, size int64, at Cursor, limit int) (out []Item, last Cursor, more bool, err error) {
	if at.At == ahead {
		all := indicator.BasesOf(in, q.District)
		from := min(max(at.Seq, 0), int64(len(all)))
		end := min(from+int64(limit), int64(len(all)))
		for _, b := range all[from:end] {
			out = append(out, Item{What: "base", Seq: b.Seq, Base: b.Base, Division: b.Division})
		}
		if len(out) == limit {
			return out, Cursor{At: ahead, Seq: end}, true, nil
		}
		at = Cursor{At: ahead}
	}
	moves, last, more, err := s.movements(r, in, q, size, at, limit-len(out))
	return append(out, moves...), last, more, err
}

// turns bounds how many pages of movements are looked through for one answer; a page that
// finds few then comes short, with a cursor.
const turns = 40

func (s *Service) movements(r Reader, in indicator.Input, q Query, size int64, at Cursor, limit int) (out []Item, last Cursor, more bool, err error) {
	const look = 500 // rows at a time
	w := Wanted{Kinds: kindsOf(in.Definition), Methods: indicator.Methods(in.Definition)}
	if w.Kinds == nil {
		return nil, at, false, nil
	}
	if q.District != "" && in.Definition.Choice("scope") != "landfilled_in_city" {
		if w.Origins = indicator.Origins(in, q.District); len(w.Origins) == 0 {
			return nil, at, false, nil
		}
	}
	last = at
	for range turns {
		moves, err := r.Evidence(q.Period, in.CutOff, w, size, last, look)
		if err != nil {
			return nil, last, false, err
		}
		for _, m := range moves {
			last = Cursor{m.At, m.Seq, int64(m.Line)}
			if k := in.View.Place(m); indicator.Counts(in, k, q.District) {
				out = append(out, Item{What: "movement", Seq: m.Seq, Move: m, Division: k.Division})
				if len(out) == limit {
					return out, last, true, nil
				}
			}
		}
		if len(moves) < look {
			return out, last, false, nil
		}
	}
	return out, last, true, nil
}

// units lists every unit that is counted, by its number in the order of ids.
func units(in indicator.Input, district string, at Cursor, limit int) (out []Item, last Cursor, more bool) {
	all := indicator.Units(in, district)
	from := int(max(at.Seq, 0))
	if from > len(all) {
		from = len(all)
	}
	end := min(from+limit, len(all))
	for _, w := range all[from:end] {
		out = append(out, Item{What: "unit", Seq: -1, Unit: w, Division: w.Division})
	}
	return out, Cursor{Seq: int64(end)}, end < len(all)
}

func (s *Service) checks(in indicator.Input, district string, at Cursor, limit int) (out []Item, last Cursor, more bool) {
	list := in.View.Inspections(in.Period)
	slices.SortFunc(list, func(a, b indicator.Inspection) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, c := range list {
		site, ok := in.View.Site(c.Inspected, c.At)
		if c.Seq <= at.Seq && at.At >= 0 || !ok || (district != "" && site.Division != district) || !s.City(site.Division) {
			continue
		}
		if len(out) == limit {
			return out, last, true
		}
		it := Item{What: "inspection", Seq: c.Seq, Check: c, Division: site.Division, Verdict: "unknown_sheet"}
		if sheet, known := in.View.Sheet(c.Sheet, c.Version); known {
			verdict, _, why := sheet.Judge(c.Inspection)
			it.Verdict = cmp.Or(string(verdict), why)
		}
		out, last = append(out, it), Cursor{Seq: c.Seq}
	}
	return out, last, false
}

// Definitions lists the definitions as the log knew them.
func (s *Service) Definitions(ctx context.Context, q Query) (out []indicator.Definition, as Sealed, err error) {
	err = s.reading(ctx, q, func(_ Reader, v indicator.View, at Sealed) error {
		as = at
		for _, d := range indicator.Definitions() {
			now, _ := v.Definition(d.Indicator)
			out = append(out, now)
		}
		return nil
	})
	return out, as, err
}
