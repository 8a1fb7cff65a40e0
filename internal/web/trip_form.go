package web

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// plan is what somebody typed of a trip.
type plan struct {
	collection.Plan // without an id: a new one
	of              hauler
	Other           string // the plate that was typed, of a vehicle that is not in the list
	Query           string
	Ticked          map[id.Booking]bool // to be added
	Sites           []id.Site           // likewise, of sources that booked nothing
	bad             *fault.Error        // what could not be read, and what could not be added
}

// readPlan reads the form. The order of the stops is that of the numbers; a stop whose
// number was changed goes before or after the one that has the number already.
func readPlan(form url.Values, h hauler) plan {
	p := plan{of: h, Other: strings.TrimSpace(form.Get("other")), Query: strings.TrimSpace(form.Get("q")), Ticked: map[id.Booking]bool{}, bad: invalid()}
	p.Collector, p.Day, p.Vehicle, p.Note = h.Party, form.Get("day"), form.Get("vehicle"), strings.TrimSpace(form.Get("note"))
	if p.Other != "" {
		p.Vehicle = p.Other
	}
	p.Version, _ = strconv.ParseInt(form.Get("version"), 10, 64)
	var err error
	if p.Driver, err = id.ParsePerson(form.Get("driver")); err != nil {
		p.Driver = id.Person{} // nobody is chosen, says the service
	}
	type placed struct {
		collection.Stop
		was, now int
	}
	var stops []placed
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	unreadable := false
	for _, name := range names {
		kind, rest, _ := strings.Cut(name, ".")
		switch kind {
		case "stop": // stop.N.SITE.BOOKING = the number
			part := strings.Split(rest, ".")
			if len(part) != 3 {
				unreadable = true
				continue
			}
			var x placed
			var err, berr error
			x.was, _ = strconv.Atoi(part[0])
			if x.now, err = strconv.Atoi(strings.TrimSpace(form.Get(name))); err != nil {
				x.now = x.was
			}
			x.Site, err = id.ParseSite(part[1])
			if part[2] != "" {
				x.Booking, berr = id.ParseBooking(part[2])
			}
			if unreadable = unreadable || err != nil || berr != nil; err == nil && berr == nil {
				stops = append(stops, x)
			}
		case "add":
			b, err := id.ParseBooking(rest)
			if unreadable = unreadable || err != nil; err == nil {
				p.Ticked[b] = true
			}
		case "site":
			x, err := id.ParseSite(rest)
			if unreadable = unreadable || err != nil; err == nil {
				p.Sites = append(p.Sites, x)
			}
		}
	}
	if unreadable {
		field(p.bad, "/stops", "format", "one of them cannot be read", "有一站无法识别")
	}
	slices.SortStableFunc(stops, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.now, b.now), cmp.Compare(cmp.Compare(a.now, a.was), cmp.Compare(b.now, b.was)), cmp.Compare(a.was, b.was))
	})
	for _, x := range stops {
		p.Stops = append(p.Stops, x.Stop)
	}
	return p
}

// move carries out what a button of a row says: up, down or drop, and the row's site.
func (p *plan) move(do string) {
	what, text, _ := strings.Cut(do, ".")
	site, err := id.ParseSite(text)
	if err != nil {
		return
	}
	i := slices.IndexFunc(p.Stops, func(x collection.Stop) bool { return x.Site == site })
	switch {
	case i < 0:
	case what == "up" && i > 0:
		p.Stops[i-1], p.Stops[i] = p.Stops[i], p.Stops[i-1]
	case what == "down" && i < len(p.Stops)-1:
		p.Stops[i+1], p.Stops[i] = p.Stops[i], p.Stops[i+1]
	case what == "drop":
		p.Stops = slices.Delete(p.Stops, i, i+1)
	}
}

// add puts what was ticked at the end. A site has one stop, and a stop one booking.
func (s *Site) add(ctx context.Context, p *plan) error {
	var ticked []collection.Booking
	for k := range p.Ticked {
		b, err := s.Desk.Collection.FindBooking(ctx, k)
		if fault.Of(err) == fault.NotFound || (err == nil && b.Collector != p.of.Party) {
			field(p.bad, "/stops", "unknown", "one of the bookings ticked is no longer there", "勾选的预约中有一个已不存在")
			continue
		}
		if err != nil {
			return err
		}
		ticked = append(ticked, b)
	}
	slices.SortFunc(ticked, func(a, b collection.Booking) int {
		return cmp.Or(a.Until.Compare(b.Until), strings.Compare(a.ID.String(), b.ID.String()))
	})
	for _, b := range ticked {
		i := slices.IndexFunc(p.Stops, func(x collection.Stop) bool { return x.Site == b.Site })
		switch {
		case i < 0:
			p.Stops = append(p.Stops, collection.Stop{Site: b.Site, Booking: b.ID})
		case p.Stops[i].Booking.IsZero() || p.Stops[i].Booking == b.ID:
			p.Stops[i].Booking = b.ID
		default:
			m, err := s.memberOf(ctx, b.Site)
			if err != nil {
				return err
			}
			field(p.bad, "/stops", "repeated", fmt.Sprintf("%s is a stop already, for another booking; what is fetched there counts for both", m.Name),
				m.Name+"已是一站（为另一个预约）；到站一并收走即可，收走后两个预约都算完成")
		}
	}
	p.Ticked = nil
	for _, x := range p.Sites {
		if !slices.ContainsFunc(p.Stops, func(o collection.Stop) bool { return o.Site == x }) {
			p.Stops = append(p.Stops, collection.Stop{Site: x})
		}
	}
	p.Sites = nil
	return nil
}
