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

// Plan is what was meant: a planning record, no evidence.
type Plan struct {
	Vehicle  string
	Driver   id.Person
	Capacity waste.Grams // zero: not known
	Stops    []id.Site   // in order
}

// StopStatus is what became of a stop.
type StopStatus string

// The statuses of a stop.
const (
	Waiting   StopStatus = "waiting"
	Collected StopStatus = "collected"
	Passed    StopStatus = "skipped"
)

// Stop is one place of a trip.
type Stop struct {
	Site    id.Site
	Planned bool
	Status  StopStatus
	Grams   waste.Grams
	Batches int
	At      time.Time // of the newest event there; zero: none
	Reason  string    // why it was skipped
}

// TripStatus says how far a trip is.
type TripStatus string

// The statuses of a trip.
const (
	TripPlanned  TripStatus = "planned"
	TripUnderway TripStatus = "under_way"
	TripFinished TripStatus = "finished" // every planned stop is settled and nothing is aboard
)

// Trip is a trip as its signed events leave it.
type Trip struct {
	Status    TripStatus
	Stops     []Stop // planned ones in their order, then the others by time
	Collected waste.Grams
	Aboard    waste.Grams
	Peak      waste.Grams // the most that was aboard at one time
	Remaining waste.Grams // of the capacity, now; zero when the capacity is not known or used up
	Events    int
	Findings  []Finding
}

// Follow folds the events of a trip. from gives the site that a manifest's waste came from.
func Follow(p Plan, list []event.Event, from func(id.Manifest) id.Site) Trip {
	f := following{plan: p, aboard: map[id.Batch]waste.Grams{}, at: map[id.Site]int{}, other: map[Code]bool{}}
	for _, s := range p.Stops {
		if _, twice := f.at[s]; !twice {
			f.stop(s, true)
		}
	}
	for _, e := range inTime(list) {
		f.take(e, from)
	}
	t := &f.trip
	slices.SortStableFunc(t.Stops, func(a, b Stop) int {
		if a.Planned || b.Planned {
			return cmp.Compare(map[bool]int{true: 0, false: 1}[a.Planned], map[bool]int{true: 0, false: 1}[b.Planned])
		}
		return a.At.Compare(b.At)
	})
	t.Remaining = max(0, p.Capacity-t.Aboard)
	t.Status = f.status()
	if p.Capacity > 0 && t.Peak > p.Capacity {
		f.say(Finding{Rule: OverLoad, Grams: t.Peak - p.Capacity,
			ZH: fmt.Sprintf("车上曾有 %s 千克，超过核定载重 %s 千克", t.Peak.Kilograms(), p.Capacity.Kilograms()),
			EN: fmt.Sprintf("%s kg were aboard at one time; the vehicle may carry %s kg.", t.Peak.Kilograms(), p.Capacity.Kilograms())})
	}
	return *t
}

type following struct {
	plan   Plan
	trip   Trip
	aboard map[id.Batch]waste.Grams
	at     map[id.Site]int // index into trip.Stops
	other  map[Code]bool   // said already
}

func (f *following) say(x Finding) { f.trip.Findings = append(f.trip.Findings, x) }

func (f *following) stop(s id.Site, planned bool) *Stop {
	i, ok := f.at[s]
	if !ok {
		i = len(f.trip.Stops)
		f.at[s] = i
		f.trip.Stops = append(f.trip.Stops, Stop{Site: s, Planned: planned, Status: Waiting})
	}
	return &f.trip.Stops[i]
}

func (f *following) take(e event.Event, from func(id.Manifest) id.Site) {
	f.trip.Events++
	switch d := e.Data.(type) {
	case event.Collected:
		f.collect(e, d, from(e.Manifest))
	case event.Skipped:
		f.strange(e, d.Stop)
		if s := f.stop(d.Stop, false); s.Status != Collected {
			s.Status, s.Reason, s.At = Passed, d.Reason, e.At.UTC()
		}
	case event.Delivered, event.HandedOver:
		for _, b := range e.Batches {
			f.trip.Aboard -= f.aboard[b.ID]
			delete(f.aboard, b.ID)
		}
	}
}

func (f *following) collect(e event.Event, d event.Collected, site id.Site) {
	f.strange(e, site)
	if f.plan.Vehicle != "" && d.Vehicle != f.plan.Vehicle && !f.other[OtherTruck] {
		f.other[OtherTruck] = true
		f.say(Finding{Rule: OtherTruck, Owner: e.Party, ZH: fmt.Sprintf("实际车辆 %s 与计划车辆 %s 不同", d.Vehicle, f.plan.Vehicle),
			EN: fmt.Sprintf("Collected with %s; %s was planned.", d.Vehicle, f.plan.Vehicle)})
	}
	if !f.plan.Driver.IsZero() && e.Person != f.plan.Driver && !f.other[OtherDriver] {
		f.other[OtherDriver] = true
		f.say(Finding{Rule: OtherDriver, Owner: e.Party, ZH: "实际收运人员与计划不同", EN: "Collected by another person than was planned."})
	}
	s := f.stop(site, false)
	s.Status, s.Reason, s.At = Collected, "", e.At.UTC()
	for _, b := range e.Batches {
		if _, there := f.aboard[b.ID]; there {
			continue
		}
		f.aboard[b.ID] = b.Grams
		f.trip.Aboard += b.Grams
		f.trip.Collected += b.Grams
		s.Grams += b.Grams
		s.Batches++
	}
	f.trip.Peak = max(f.trip.Peak, f.trip.Aboard)
}

// strange notes a stop that was not planned, once.
func (f *following) strange(e event.Event, site id.Site) {
	if _, met := f.at[site]; met || len(f.plan.Stops) == 0 {
		return
	}
	f.say(Finding{Rule: Unplanned, Owner: e.Party, Site: site, ZH: "在计划之外的站点作业", EN: "Worked at a stop that was not planned."})
}

func (f *following) status() TripStatus {
	if f.trip.Events == 0 {
		return TripPlanned
	}
	open := slices.ContainsFunc(f.trip.Stops, func(s Stop) bool { return s.Status == Waiting })
	if open || len(f.aboard) > 0 {
		return TripUnderway
	}
	return TripFinished
}
