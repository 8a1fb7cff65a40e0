package web

import (
	"context"
	"fmt"
	"strings"

	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/term"
	"liandan/internal/waste"
)

// fillStops shows the stops with their bookings and adds them up.
func (s *Site) fillStops(ctx context.Context, o *planPage, p plan, faults map[int][]line, known map[id.Booking]bool) error {
	kept := map[id.Site]bool{} // stops of the trip as it is kept
	if !p.ID.IsZero() {
		was, err := s.Desk.Collection.FindTrip(ctx, p.ID)
		if err != nil {
			return err
		}
		for _, x := range was.Stops {
			kept[x.Site] = true
		}
	}
	var sum waste.Grams
	for i, x := range p.Stops {
		row := planStop{Site: x.Site.String(), Name: x.Site.String(), N: i + 1, Faults: faults[i]}
		row.Field = fmt.Sprintf("stop.%d.%s.", i+1, x.Site)
		tied := kept[x.Site]
		if !x.Booking.IsZero() {
			row.Field += x.Booking.String()
			known[x.Booking] = true
			b, err := s.Desk.Collection.FindBooking(ctx, x.Booking)
			if err != nil && fault.Of(err) != fault.NotFound {
				return err
			}
			if err == nil && b.Collector == p.of.Party && b.Site == x.Site {
				tied = true
				w := waitRow(collection.BookingView{Booking: b}, "", false)
				row.Lines, row.Grams, row.Until, row.Note = w.Lines, w.Grams, w.Until, w.Note
				if b.Withdrawn.IsZero() {
					sum += waste.Grams(w.Grams)
				}
			}
		}
		if !tied { // whose site somebody typed, they are not told
			var err error
			if _, tied, err = s.sourceOf(ctx, p.of.Party, x.Site); err != nil {
				return err
			}
		}
		if tied {
			m, err := s.memberOf(ctx, x.Site)
			if err != nil {
				return err
			}
			row.Name = m.Name
		}
		o.Stops = append(o.Stops, row)
	}
	o.Sum, o.SumG = kilograms(int64(sum)), int64(sum)
	return nil
}

// fillVehicle offers the vehicles of the day and holds the sum against the limit.
func (s *Site) fillVehicle(ctx context.Context, o *planPage, p plan) error {
	list, err := s.vehiclesOn(ctx, p.of.Party, p.Day)
	if err != nil {
		return err
	}
	at := -1
	for i, x := range list {
		chosen := permit.PlateKey(x.Plate) == permit.PlateKey(p.Vehicle)
		if chosen {
			at = i
		}
		name := x.Plate
		if x.Capacity > 0 {
			name += " · " + kilograms(int64(x.Capacity))
		}
		if x.Medical {
			name += " · 专运医疗废物 medical waste alone"
		}
		o.Vehicles = append(o.Vehicles, option{x.Plate, name, chosen})
	}
	if at < 0 {
		o.Other, o.Unknown = p.Vehicle, p.Vehicle != ""
		return nil
	}
	x := list[at]
	o.Other, o.Permit, o.Medical = "", x.Permit, x.Medical
	if x.Capacity > 0 {
		o.Limit, o.LimitG = kilograms(int64(x.Capacity)), int64(x.Capacity)
		if o.SumG > o.LimitG {
			o.Over = kilograms(o.SumG - o.LimitG)
		}
	}
	return nil
}

// licencesLeft is what the collector's licences leave of this year.
func (s *Site) licencesLeft(ctx context.Context, p id.Party) (out []licenceLeft, err error) {
	found, err := s.Desk.Reader.StatementOf(ctx, p, s.Now())
	if err != nil {
		return nil, err
	}
	for _, l := range found.Licences {
		row := licenceLeft{Number: l.Number, Kind: line(term.LicenceKind(l.Kind)), Codes: strings.Join(l.Codes, " "), Ends: validityEnd(l.Valid), Open: l.Total == nil, Expired: !l.Valid.Holds(s.Now())}
		if l.Total != nil {
			row.Allowed, row.Used, row.Left = kilograms(int64(l.Total.Allowed)), kilograms(int64(l.Total.Used)), kilograms(int64(l.Total.Left()))
			row.Scarce = l.Total.Left()*10 < l.Total.Allowed
		}
		out = append(out, row)
		for i, x := range l.Licence.Scopes {
			if b := l.Scopes[i]; b != nil {
				out = append(out, licenceLeft{Number: l.Number, Kind: row.Kind, Codes: x.Code, Ends: row.Ends, Expired: row.Expired, Allowed: kilograms(int64(b.Allowed)),
					Used: kilograms(int64(b.Used)), Left: kilograms(int64(b.Left())), Scarce: b.Left()*10 < b.Allowed})
			}
		}
	}
	return out, nil
}

// validityEnd is the last day of a period, "" for none.
func validityEnd(p party.Period) string {
	if p.To.IsZero() {
		return ""
	}
	return dayOf(p.To.Add(-1))
}
