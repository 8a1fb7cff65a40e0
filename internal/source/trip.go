package source

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/permit"
	"liandan/internal/waste"
)

// Plan is what was meant: a planning record, no evidence.
type Plan struct {
	Vehicle  string
	Driver   id.Person
	Capacity waste.Grams // zero: not known
	Stops    []id.Site   // in order
	Expected waste.Grams // of the bookings that the stops are for, as estimated
	// Unpermitted says that the register has no transport permit of the vehicle for the day,
	// and Withdrawn at which stops nobody waits any more.
	Unpermitted bool
	Withdrawn   []id.Site
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
	f.plans()
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

// plans says what is wrong with the plan itself.
func (f *following) plans() {
	p := f.plan
	if p.Unpermitted {
		f.say(Finding{Rule: NoPermit, ZH: fmt.Sprintf("登记册中没有车辆 %s 在该日有效的道路运输证", p.Vehicle),
			EN: fmt.Sprintf("The register has no transport permit of vehicle %s for that day.", p.Vehicle)})
	}
	if p.Capacity > 0 && p.Expected > p.Capacity {
		f.say(Finding{Rule: OverPlan, Grams: p.Expected - p.Capacity,
			ZH: fmt.Sprintf("预约估重合计 %s 千克，超过车辆核定载重 %s 千克", p.Expected.Kilograms(), p.Capacity.Kilograms()),
			EN: fmt.Sprintf("The bookings come to %s kg by estimate; the vehicle may carry %s kg.", p.Expected.Kilograms(), p.Capacity.Kilograms())})
	}
	for _, s := range p.Withdrawn {
		if i, ok := f.at[s]; ok && f.trip.Stops[i].Status == Waiting {
			f.say(Finding{Rule: StopsMoved, Site: s, ZH: "该站点的预约已撤回，未到先问", EN: "The booking of this stop was withdrawn; ask before going there."})
		}
	}
}

// Next is the first planned stop that is still to come; false when there is none.
func (t Trip) Next() (Stop, bool) {
	for _, s := range t.Stops {
		if s.Planned && s.Status == Waiting {
			return s, true
		}
	}
	return Stop{}, false
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
	if f.plan.Vehicle != "" && permit.PlateKey(d.Vehicle) != permit.PlateKey(f.plan.Vehicle) && !f.other[OtherTruck] {
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
