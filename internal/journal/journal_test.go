package journal

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/waste"
)

func uuid(kind byte, n int) id.UUID { return id.V7(1_772_000_000_000, [10]byte{8: kind, 9: byte(n)}) }

var (
	clinic, carrier, plant = id.PartyOf(uuid('p', 1)), id.PartyOf(uuid('p', 2)), id.PartyOf(uuid('p', 3))
	room, garage, gate     = id.SiteOf(uuid('s', 1)), id.SiteOf(uuid('s', 2)), id.SiteOf(uuid('s', 3))
	first, second          = id.TripOf(uuid('t', 1)), id.TripOf(uuid('t', 2))
)

func forms(t *testing.T) []Form {
	t.Helper()
	f, err := Forms()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// told is an event of manifest n.
func told(n, k int, typ event.Type, at time.Time, p id.Party, s id.Site, refs []id.Event, d event.Data, batches ...event.Batch) Told {
	return Told{Seq: int64(k), Event: event.Event{ID: id.EventOf(uuid('e', n*20+k)), Type: typ, At: at, Party: p, Site: s, Person: id.PersonOf(uuid('h', k)),
		Manifest: id.ManifestOf(uuid('m', n)), Refs: refs, Data: d, Batches: batches}}
}

// paper is manifest n: 2 kg infectious in three bags and 500 g sharps, taken at a time,
// delivered an hour later, the sharps refused.
func paper(n int, at time.Time, trip id.Trip, vehicle string) Paper {
	a, b := id.BatchOf(uuid('b', 2*n)), id.BatchOf(uuid('b', 2*n+1))
	lines := []event.Batch{{ID: a, Grams: 2000, Weighed: true, Packages: 3}, {ID: b, Grams: 500, Weighed: true}}
	p := Paper{State: manifest.State{ID: id.ManifestOf(uuid('m', n)), Profile: "medical", Consignor: clinic, ConsignorSite: room,
		Lines: []manifest.Line{{Batch: a, Code: "841-001-01", Packages: 3, Collected: 2000}, {Batch: b, Code: "841-002-01", Collected: 500}}}}
	issue := told(n, 1, event.ManifestIssued, at.Add(-time.Hour), clinic, room, nil, event.Issued{}, lines...)
	taken := told(n, 2, event.TransportCollected, at, carrier, garage, []id.Event{issue.Event.ID}, event.Collected{Vehicle: vehicle}, lines...)
	taken.Event.Trip = trip
	there := told(n, 3, event.TransportDelivered, at.Add(time.Hour), carrier, garage, []id.Event{taken.Event.ID}, event.Delivered{Vehicle: vehicle}, event.Batch{ID: a}, event.Batch{ID: b})
	yes := told(n, 4, event.ManifestAccepted, at.Add(2*time.Hour), plant, gate, []id.Event{there.Event.ID}, event.Accepted{}, event.Batch{ID: a, Grams: 1900, Weighed: true, RefusedGrams: 100})
	no := told(n, 5, event.ManifestRefused, at.Add(2*time.Hour), plant, gate, []id.Event{there.Event.ID}, event.Refused{}, event.Batch{ID: b, Grams: 500, Weighed: true})
	p.Events = []Told{issue, taken, there, yes, no}
	return p
}

func day(month time.Month, d, hour int) time.Time {
	return time.Date(2026, month, d, hour, 0, 0, 0, calendar.Zone())
}

// A slip that was filled in later stands in the month of its own times, marked as weaker.
func TestMonthlyHasSlips(t *testing.T) {
	at := day(time.March, 31, 22)
	p := paper(1, at, id.Trip{}, "")
	slip := event.Backfilled{Profile: "medical", Consignor: clinic, ConsignorSite: room, Carrier: carrier, CarrierSite: garage, Consignee: plant, ConsigneeSite: gate, Vehicle: "冀F00001",
		Signed: []event.Signature{{Role: event.ByConsignor, At: at.Add(-time.Hour)}, {Role: event.ByCarrier, At: at}, {Role: event.ByConsignee, At: at.Add(5 * time.Hour)}}}
	filled := told(1, 1, event.PaperBackfilled, day(time.April, 9, 9), clinic, room, nil, slip,
		event.Batch{ID: p.State.Lines[0].Batch, Grams: 1900, RefusedGrams: 100, Weighed: true, Packages: 3})
	p.Events = []Told{filled}
	m := MonthlyOf(forms(t), room, 2026, time.March, []Paper{p})
	if len(m.Stops) != 1 || len(m.Totals) != 1 || m.Totals[0] != (Class{"841-001-01", 3, 2000}) {
		t.Fatalf("March is %+v", m)
	}
	s := m.Stops[0]
	if s.Grade != batch.OnPaper || !s.Taker.At.Equal(at) || s.Taker.Party != carrier || s.Giver.Party != clinic || !s.Giver.At.Equal(at.Add(-time.Hour)) ||
		s.Taker.Type != event.PaperBackfilled || s.Taker.Event != filled.Event.ID || s.Vehicle != "冀F00001" {
		t.Errorf("the stop is %+v", s)
	}
	if m := MonthlyOf(forms(t), room, 2026, time.April, []Paper{p}); len(m.Stops) != 0 {
		t.Errorf("April is %+v", m)
	}
}

func TestMonthly(t *testing.T) {
	last, next := paper(1, day(3, 31, 23), first, "冀F00001"), paper(2, day(4, 1, 0), first, "冀F00001")
	early := paper(3, day(3, 1, 0), second, "冀F00002")
	oil := paper(4, day(3, 5, 0), first, "冀F00001")
	oil.State.Profile = "hazardous"
	other := paper(5, day(3, 5, 0), first, "冀F00001")
	other.State.ConsignorSite = gate
	m := MonthlyOf(forms(t), room, 2026, time.March, []Paper{last, next, early, oil, other})
	if len(m.Stops) != 2 || m.Stops[0].Manifest != early.State.ID || m.Stops[1].Manifest != last.State.ID || m.Source == "" {
		t.Fatalf("March is %+v", m)
	}
	if want := []Class{{"841-001-01", 6, 4000}, {"841-002-01", 2, 1000}}; !reflect.DeepEqual(m.Totals, want) {
		t.Errorf("the totals are %+v, want %+v", m.Totals, want)
	}
	s := m.Stops[0]
	if s.Giver.Event != early.Events[0].Event.ID || s.Taker.Event != early.Events[1].Event.ID || s.Giver.Party != clinic || s.Taker.Party != carrier ||
		s.Giver.Person == s.Taker.Person || len(s.Batches) != 2 {
		t.Errorf("the stop is %+v", s)
	}
	// What the carrier gives on to another vehicle is no stop at the institution.
	legs := paper(6, day(3, 6, 8), first, "冀F00001")
	hand := told(6, 6, event.TransportHandedOver, day(3, 6, 9), carrier, garage, []id.Event{legs.Events[1].Event.ID}, event.HandedOver{})
	onward := told(6, 7, event.TransportCollected, day(3, 6, 10), plant, gate, []id.Event{hand.Event.ID}, event.Collected{Vehicle: "冀F00003"}, legs.Events[1].Event.Batches...)
	legs.Events = append(legs.Events, hand, onward)
	if m := MonthlyOf(forms(t), room, 2026, time.March, []Paper{legs}); len(m.Stops) != 1 {
		t.Errorf("a second leg counts as a stop: %+v", m.Stops)
	}
}

func TestCards(t *testing.T) {
	a, b, c, d := paper(1, day(3, 2, 9), first, "冀F00001"), paper(2, day(3, 2, 8), first, "冀F00001"), paper(3, day(3, 2, 7), first, "冀F00002"), paper(4, day(3, 2, 7), second, "冀F00001")
	c.Events = c.Events[:3] // at the gate, nobody has taken it yet
	cards := CardsOf(forms(t), first, []Paper{a, b, c, d})
	if len(cards) != 2 || cards[0].Vehicle != "冀F00001" || cards[1].Vehicle != "冀F00002" {
		t.Fatalf("the cards are %+v", cards)
	}
	x := cards[0]
	if len(x.Stops) != 2 || x.Stops[0].Manifest != b.State.ID || x.Stops[1].Manifest != a.State.ID || x.Open || !cards[1].Open || x.Carrier != carrier || x.Source == "" {
		t.Errorf("one vehicle, one card: %+v", x)
	}
	if want := []Class{{"841-001-01", 6, 4000}, {"841-002-01", 2, 1000}}; !reflect.DeepEqual(x.Totals, want) {
		t.Errorf("the totals are %+v", x.Totals)
	}
	if len(x.Ends) != 2 || len(x.Ends[0].Takers) != 2 {
		t.Fatalf("the ends are %+v", x.Ends)
	}
	yes, no := x.Ends[0].Takers[0], x.Ends[0].Takers[1]
	if yes.Refused != 100 || !reflect.DeepEqual(yes.Classes, []Class{{"841-001-01", 3, 1900}}) || no.Refused != 500 || len(no.Classes) != 0 || yes.Party != plant {
		t.Errorf("the receiver signed %+v and %+v", yes, no)
	}
	if none := CardsOf(forms(t), id.TripOf(uuid('t', 9)), []Paper{a}); len(none) != 0 {
		t.Errorf("another trip: %+v", none)
	}
}

// TestPapersKeepEveryGram: whatever the papers and their order, the totals of a card are
// those of its stops, the order of papers does not matter, and each stop is on one card.
func TestPapersKeepEveryGram(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var papers []Paper
		for n := range rapid.IntRange(1, 6).Draw(r, "papers") {
			papers = append(papers, paper(n+1, day(3, rapid.IntRange(1, 28).Draw(r, "day"), rapid.IntRange(0, 23).Draw(r, "hour")),
				rapid.SampledFrom([]id.Trip{first, second}).Draw(r, "trip"), rapid.SampledFrom([]string{"冀F00001", "冀F00002"}).Draw(r, "vehicle")))
		}
		list, err := Forms()
		if err != nil {
			r.Fatal(err)
		}
		var grams waste.Grams
		stops := 0
		for _, trip := range []id.Trip{first, second} {
			cards := CardsOf(list, trip, papers)
			back := slices.Clone(papers)
			slices.Reverse(back)
			if !reflect.DeepEqual(cards, CardsOf(list, trip, back)) {
				r.Fatalf("the order of the papers matters")
			}
			for _, c := range cards {
				for _, x := range c.Totals {
					grams += x.Grams
				}
				stops += len(c.Stops)
			}
		}
		m := MonthlyOf(list, room, 2026, time.March, papers)
		if stops != len(papers) || len(m.Stops) != stops || grams != waste.Grams(2500*stops) {
			r.Fatalf("%d papers, %d stops on cards, %d in the month, %d g", len(papers), stops, len(m.Stops), grams)
		}
	})
}

func TestComparison(t *testing.T) {
	book, err := RatioBook()
	if err != nil {
		t.Fatal(err)
	}
	from, to := day(3, 1, 0), day(4, 1, 0)
	n := 0
	add := func(c *Comparer, at time.Time, s id.Site, d event.Data, typ event.Type, grams waste.Grams) {
		n++
		e := event.Event{ID: id.EventOf(uuid('e', n)), Type: typ, At: at, Party: clinic, Site: s, Data: d}
		if grams > 0 {
			e.Batches = []event.Batch{{ID: id.BatchOf(uuid('b', n)), Grams: grams, Weighed: true, Packages: 2}}
		}
		c.Add(e)
	}
	use := func(q int64, expects waste.Grams) event.Use {
		return event.Use{Item: "输液器", Kind: "product", Quantity: q, Unit: "piece", Department: "ICU", ExpectsCode: "841-001-01", ExpectsGrams: expects}
	}
	bag := event.Generated{Code: "841-001-01", Department: "ICU"}
	for _, c := range []struct {
		expected, closed waste.Grams
		permille         int64
		band             string
	}{{1000, 499, 499, "far_below"}, {1000, 500, 500, "below"}, {1000, 800, 800, "expected"}, {1000, 1250, 1250, "expected"}, {1000, 1251, 1251, "above"},
		{1000, 2001, 2001, "far_above"}, {3, 2, 666, "below"}, {0, 5, 0, ""}, {1, waste.MaxBatch, int64(waste.MaxBatch) * 1000, "far_above"}} {
		x := NewComparer(room, from, to, "")
		if c.expected > 0 {
			add(x, from, room, use(40, c.expected), event.UseRecorded, 0)
		}
		add(x, to.Add(-time.Millisecond), room, bag, event.BatchGenerated, c.closed)
		add(x, to, room, bag, event.BatchGenerated, 7)                     // next month
		add(x, from, gate, bag, event.BatchGenerated, 7)                   // another site
		add(x, from, room, event.Stored{Place: "x"}, event.BatchStored, 7) // neither
		got := x.Comparison(book)
		if len(got.Rows) != 1 || got.Rows[0].Generated != c.closed || got.Rows[0].Bags != 2 || got.Rows[0].Permille != c.permille || got.Rows[0].Computable != (c.expected > 0) ||
			got.Rows[0].Band.Band != c.band || len(got.Rows[0].Closings) != 1 || got.Version == "" || got.Source == "" {
			t.Errorf("%d expected, %d closed: %+v", c.expected, c.closed, got)
		}
	}
	x := NewComparer(room, from, to, "ICU")
	add(x, from, room, use(40, 10), event.UseRecorded, 0)
	add(x, from, room, use(2, 10), event.UseRecorded, 0)
	add(x, from, room, event.Generated{Code: "841-001-01", Department: "OR"}, event.BatchGenerated, 5)
	got := x.Comparison(book)
	if len(got.Rows) != 1 || got.Rows[0].Expected != 20 || !slices.Equal(got.Rows[0].Used, []Item{{"输液器", "piece", 42}}) || got.Rows[0].Permille != 0 || got.Rows[0].Band.Band != "far_below" {
		t.Errorf("one department: %+v", got)
	}
	if permille(1<<62, 1) < 0 {
		t.Error("a huge sum turned negative")
	}
}

// TestTables: both tables name where they come from, and the bands hold every ratio.
func TestTables(t *testing.T) {
	for _, f := range forms(t) {
		if f.Source == "" || f.Certainty == "" || f.ValidFrom.IsZero() || len(f.Profiles) == 0 {
			t.Errorf("%+v", f)
		}
	}
	book, err := RatioBook()
	if err != nil || len(book) == 0 {
		t.Fatal(err)
	}
	for _, r := range book {
		if r.Source == "" || r.Certainty == "" || !slices.IsSortedFunc(r.Bands, func(a, b RatioBand) int { return int(min(1, max(-1, a.BelowPermille-b.BelowPermille))) }) ||
			r.Bands[len(r.Bands)-1].BelowPermille != 1<<63-1 {
			t.Errorf("%+v", r)
		}
	}
}
