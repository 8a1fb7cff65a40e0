package journal

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/waste"
)

// Monthly is the manifest of one institution's site for one month: every hand-over to a
// vehicle, with both signatures.
type Monthly struct {
	Site   id.Site
	From   time.Time // first moment of the month, Asia/Shanghai
	To     time.Time // first moment of the next
	Stops  []Stop    // by the taker's clock
	Totals []Class
	Source string
}

// Month gives the month's first moment and the next one's in Asia/Shanghai.
func Month(year int, month time.Month) (from, to time.Time) {
	from = time.Date(year, month, 1, 0, 0, 0, 0, calendar.Zone())
	return from, from.AddDate(0, 1, 0)
}

// MonthlyOf makes the monthly manifest of a site. What another site gave, what a carrier
// gave on, and manifests of other profiles are not in it.
func MonthlyOf(forms []Form, site id.Site, year int, month time.Month, papers []Paper) Monthly {
	m := Monthly{Site: site, Stops: []Stop{}, Totals: []Class{}}
	m.From, m.To = Month(year, month)
	for _, p := range papers {
		f, ok := formOf(forms, MonthlyPaper, p.State.Profile, m.From)
		if !ok || p.State.ConsignorSite != site {
			continue
		}
		m.Source = f.Source
		for _, s := range p.stops() {
			if (s.Giver.Type == event.ManifestIssued || s.Grade != "") && !s.Taker.At.Before(m.From) && s.Taker.At.Before(m.To) {
				m.Stops = append(m.Stops, s)
			}
		}
	}
	slices.SortFunc(m.Stops, inTime)
	m.Totals = append(m.Totals, total(m.Stops)...)
	return m
}

// Card is one vehicle's trip: its stops in order and where it gave the waste.
type Card struct {
	Trip    id.Trip
	Vehicle string
	Carrier id.Party
	Stops   []Stop
	Totals  []Class
	Ends    []End
	Open    bool // something is on the vehicle still, as far as the log knows
	Source  string
}

// End is where some of the load left the vehicle: the carrier's signature, and those of
// whoever took it.
type End struct {
	Manifest id.Manifest
	Arrival  Signature
	Takers   []Taking
}

// Taking is the receiver's word.
type Taking struct {
	Signature
	Classes []Class     // taken
	Refused waste.Grams // of all classes
}

// CardsOf makes the cards of a trip, one for each vehicle that made it. Whoever may not see
// all manifests of the trip gives those that they may see.
func CardsOf(forms []Form, trip id.Trip, papers []Paper) []Card {
	cards := map[string]*Card{}
	for _, p := range papers {
		for _, s := range p.stops() {
			f, ok := formOf(forms, CardPaper, p.State.Profile, s.Taker.At)
			if s.Trip != trip || !ok {
				continue
			}
			key := s.Vehicle + "\n" + s.Taker.Party.String()
			c := cards[key]
			if c == nil {
				c = &Card{Trip: trip, Vehicle: s.Vehicle, Carrier: s.Taker.Party, Ends: []End{}, Source: f.Source}
				cards[key] = c
			}
			c.Stops = append(c.Stops, s)
			ends, gone := p.ends(s)
			c.Ends = append(c.Ends, ends...)
			c.Open = c.Open || !gone
		}
	}
	out := []Card{}
	for _, c := range cards {
		slices.SortFunc(c.Stops, inTime)
		c.Totals = total(c.Stops)
		slices.SortFunc(c.Ends, func(x, y End) int {
			return cmp.Or(x.Arrival.At.Compare(y.Arrival.At), strings.Compare(x.Arrival.Event.String(), y.Arrival.Event.String()))
		})
		c.Ends = slices.CompactFunc(c.Ends, func(x, y End) bool { return x.Arrival.Event == y.Arrival.Event })
		out = append(out, *c)
	}
	slices.SortFunc(out, func(x, y Card) int {
		return cmp.Or(strings.Compare(x.Vehicle, y.Vehicle), strings.Compare(x.Carrier.String(), y.Carrier.String()))
	})
	return out
}

// ends follows a stop to where its batches left the vehicle. gone: all of them were taken
// over or refused by somebody.
func (p Paper) ends(s Stop) (out []End, gone bool) {
	left := map[id.Batch]bool{}
	for _, b := range s.Batches {
		left[b] = true
	}
	for _, away := range p.answers(s.Taker.Event, event.TransportDelivered, event.TransportHandedOver) {
		e := End{Manifest: p.State.ID, Arrival: signatureOf(away), Takers: []Taking{}}
		for _, t := range p.answers(away.ID, event.ManifestAccepted, event.ManifestRefused, event.TransportCollected, event.BatchReceived) {
			e.Takers = append(e.Takers, p.taking(t))
			for _, b := range t.Batches {
				delete(left, b.ID)
			}
		}
		out = append(out, e)
	}
	return out, len(left) == 0
}

func (p Paper) taking(e event.Event) Taking {
	t := Taking{Signature: signatureOf(e), Classes: []Class{}}
	for _, b := range e.Batches {
		if t.Refused += b.RefusedGrams; e.Type == event.ManifestRefused {
			t.Refused += b.Grams
			continue
		}
		i := slices.IndexFunc(p.State.Lines, func(l manifest.Line) bool { return l.Batch == b.ID })
		if i < 0 {
			continue
		}
		l, grams := p.State.Lines[i], b.Grams
		if !b.Weighed { // taken over as it was collected
			grams = l.Collected
		}
		t.Classes = count(t.Classes, Class{l.Code, cmp.Or(b.Packages, l.Packages, 1), grams})
	}
	return t
}
