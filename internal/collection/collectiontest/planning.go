package collectiontest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"liandan/internal/collection"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/source"
	"liandan/internal/waste"
)

var (
	driver   = id.PersonOf(id.UUID{5})
	stranger = id.PersonOf(id.UUID{8})
	depot    = id.SiteOf(id.UUID{10})
	idler    = id.PartyOf(id.UUID{11}) // an organisation that collects nothing
)

// Organisation implements collection.Registry.
func (r register) Organisation(_ context.Context, p id.Party) (party.Organisation, bool, error) {
	roles := map[id.Party][]party.Role{source1: {party.Generator}, collector: {party.Collector, party.Carrier}, idler: {party.Generator}}[p]
	return party.Organisation{ID: p, Roles: roles, Valid: party.Period{From: r.from}}, roles != nil, nil
}

// SitesOf implements collection.Registry.
func (register) SitesOf(_ context.Context, p id.Party) ([]id.Site, error) {
	return map[id.Party][]id.Site{source1: {shop, other}, collector: {depot}}[p], nil
}

// Person implements collection.Registry.
func (register) Person(_ context.Context, p id.Person) (id.Party, bool, error) {
	of, ok := map[id.Person]id.Party{driver: collector, stranger: source1}[p]
	return of, ok, nil
}

// Holding implements collection.Registry.
func (r register) Holding(_ context.Context, p id.Party) (permit.Holding, error) {
	if p != collector {
		return permit.Holding{}, nil
	}
	return permit.Holding{Vehicles: []permit.Vehicle{{Party: collector, Plate: "冀F·00001", Permit: "SAMPLE-V", Capacity: 1_000_000, Valid: party.Period{From: r.from}}}}, nil
}

// signed is the log: what a trip's collector signed and what was fetched where.
type signed struct {
	work    map[id.Trip]source.Work
	pickups map[id.Site]source.Pickup
}

// WorkedOn implements collection.Log.
func (l *signed) WorkedOn(_ context.Context, trips []source.Run, _ int) ([]source.Work, error) {
	out := make([]source.Work, len(trips))
	for i, t := range trips {
		if t.By == collector {
			out[i] = l.work[t.Trip]
		}
	}
	return out, nil
}

// Pickups implements collection.Log.
func (l *signed) Pickups(_ context.Context, wanted []source.Wanted) ([]source.Pickup, error) {
	out := make([]source.Pickup, len(wanted))
	for i, w := range wanted {
		if p := l.pickups[w.Site]; w.By == collector && p.At.After(w.Since) {
			out[i] = p
		}
	}
	return out, nil
}

func (b *bench) wish(change func(*collection.Booking)) collection.Booking {
	w := collection.Booking{Site: shop, Collector: collector, By: collection.BySource, Why: collection.DrumFull, From: b.now, Until: b.now.AddDate(0, 0, 3),
		Lines: []collection.Line{{Code: "900-214-08", Grams: 180_000}}, Note: "样例 SAMPLE 后门"}
	if change != nil {
		change(&w)
	}
	return w
}

func (b *bench) ask(change func(*collection.Booking)) collection.BookingView {
	b.t.Helper()
	v, err := b.Ask(b.t.Context(), b.wish(change))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *bench) draft(stops ...collection.Stop) collection.Plan {
	return collection.Plan{Collector: collector, Vehicle: "冀F00001", Driver: driver, Day: b.now.Format(time.DateOnly), Stops: stops, Note: "样例 SAMPLE"}
}

func (b *bench) plan(stops ...collection.Stop) collection.TripView {
	b.t.Helper()
	v, err := b.PlanTrip(b.t.Context(), b.draft(stops...))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *bench) state(v id.Booking, want source.BookingState) collection.BookingView {
	b.t.Helper()
	got, err := b.Booking(b.t.Context(), v)
	if err != nil || got.State != want {
		b.t.Errorf("the booking is %s (%v), expected %s", got.State, err, want)
	}
	return got
}

// pointers lists what a fault points at, in order.
func pointers(err error) (out []string) {
	if f := fault.As(err); f != nil {
		for _, x := range f.Fields {
			out = append(out, x.Pointer+" "+x.Code)
		}
	}
	slices.Sort(out)
	return out
}

// wished: a booking is kept as it was asked, once, and not beyond the cap.
func wished(b *bench) {
	v := b.ask(nil)
	got := b.state(v.ID, source.Asked)
	want := b.wish(nil)
	if got.Party != source1 || got.Site != shop || !got.From.Equal(want.From) || !got.Until.Equal(want.Until) || got.Note != want.Note || !slices.Equal(got.Lines, want.Lines) ||
		got.By != collection.BySource || got.Why != collection.DrumFull || got.Version != 1 || got.Overdue {
		b.t.Errorf("the booking is %+v", got)
	}
	_, err := b.Ask(b.t.Context(), b.wish(nil))
	b.is(fault.Of(err), fault.Conflict) // asked twice
	for i := range collection.MaxOpen - 1 {
		b.ask(func(w *collection.Booking) { w.Lines[0].Grams = waste.Grams(i + 1) })
	}
	_, err = b.Ask(b.t.Context(), b.wish(func(w *collection.Booking) { w.Why = collection.Urgent }))
	b.is(fault.Of(err), fault.TooManyAttempts)
	b.now = b.now.AddDate(0, 0, 3)
	if got := b.state(v.ID, source.Asked); !got.Overdue {
		b.t.Error("a booking whose window has passed is not overdue")
	}
	_, err = b.Booking(b.t.Context(), id.BookingOf(id.UUID{99}))
	b.is(fault.Of(err), fault.NotFound)
}

// badWishes: each is told with its pointer, and nothing is kept.
func badWishes(b *bench) {
	for name, c := range map[string]struct {
		change func(*collection.Booking)
		want   string
	}{
		"own":          {func(w *collection.Booking) { w.Collector = source1 }, "/collector own"},
		"no collector": {func(w *collection.Booking) { w.Collector = idler }, "/collector role"},
		"unknown":      {func(w *collection.Booking) { w.Collector = id.PartyOf(id.UUID{77}) }, "/collector unknown"},
		"yesterday":    {func(w *collection.Booking) { w.From = w.From.AddDate(0, 0, -1) }, "/from past"},
		"backwards":    {func(w *collection.Booking) { w.Until = w.From }, "/until out_of_range"},
		"far":          {func(w *collection.Booking) { w.Until = w.Until.AddDate(1, 0, 0) }, "/until out_of_range"},
		"nothing":      {func(w *collection.Booking) { w.Lines = nil }, "/lines length"},
		"twice":        {func(w *collection.Booking) { w.Lines = append(w.Lines, w.Lines[0]) }, "/lines/1/code repeated"},
		"no grams":     {func(w *collection.Booking) { w.Lines[0].Grams = 0 }, "/lines/0/grams out_of_range"},
		"a ship":       {func(w *collection.Booking) { w.Lines[0].Grams = collection.MaxEstimate + 1 }, "/lines/0/grams out_of_range"},
		"a novel":      {func(w *collection.Booking) { w.Note = strings.Repeat("字", 201) }, "/note length"},
		"turned text":  {func(w *collection.Booking) { w.Note = "a\u202eb" }, "/note characters"},
		"no reason":    {func(w *collection.Booking) { w.Why = "because" }, "/reason value"},
	} {
		if _, err := b.Ask(b.t.Context(), b.wish(c.change)); fault.Of(err) != fault.InvalidRequest || !slices.Equal(pointers(err), []string{c.want}) {
			b.t.Errorf("%s: %v %v", name, err, pointers(err))
		}
	}
	_, err := b.Ask(b.t.Context(), b.wish(func(w *collection.Booking) { w.Site = id.SiteOf(id.UUID{77}) }))
	b.is(fault.Of(err), fault.NotFound)
	if all, next, err := b.Bookings(b.t.Context(), collection.BookingFilter{}, "", false, "", 10); err != nil || len(all) != 0 || next != "" {
		b.t.Errorf("bad bookings were kept: %+v %v", all, err)
	}
}

// regretted: a booking is withdrawn and restored, each time by who saw its newest version.
func regretted(b *bench) {
	v, ctx := b.ask(nil), b.t.Context()
	_, err := b.SetBooking(ctx, v.ID, 1, true, "")
	b.is(fault.Of(err), fault.InvalidRequest)
	_, err = b.SetBooking(ctx, v.ID, 9, true, "样例 SAMPLE")
	b.is(fault.Of(err), fault.Conflict)
	gone, err := b.SetBooking(ctx, v.ID, 1, true, "样例 SAMPLE 误填")
	if err != nil || gone.State != source.Withdrawn || gone.Version != 2 || gone.WithdrawnAs != "样例 SAMPLE 误填" {
		b.t.Fatalf("%+v %v", gone, err)
	}
	again, err := b.SetBooking(ctx, v.ID, 1, true, "样例 SAMPLE")
	if err != nil || again.Version != 2 { // it is so already
		b.t.Errorf("%+v %v", again, err)
	}
	_, err = b.PlanTrip(ctx, b.draft(collection.Stop{Site: shop, Booking: v.ID}))
	b.is(fault.Of(err), fault.Conflict)
	twin := b.ask(nil) // the same, asked anew meanwhile
	_, err = b.SetBooking(ctx, v.ID, 2, false, "")
	b.is(fault.Of(err), fault.Conflict)
	if _, err = b.SetBooking(ctx, twin.ID, 1, true, "样例 SAMPLE"); err != nil {
		b.t.Fatal(err)
	}
	if back, err := b.SetBooking(ctx, v.ID, 2, false, ""); err != nil || back.State != source.Asked || back.Version != 3 {
		b.t.Errorf("%+v %v", back, err)
	}
	b.log.pickups[shop] = source.Pickup{Event: id.EventOf(id.UUID{20}), At: b.now.Add(time.Minute), Grams: 5, Codes: []waste.Code{"900-249-08"}}
	done := b.state(v.ID, source.Done)
	if done.Pickup.Grams != 5 || !slices.Equal(done.Left, []waste.Code{"900-214-08"}) {
		b.t.Errorf("what was fetched is %+v", done)
	}
	_, err = b.SetBooking(ctx, v.ID, 3, true, "样例 SAMPLE")
	b.is(fault.Of(err), fault.Conflict)
}

// planned: a trip takes its bookings, is changed until it begins, cancelled and restored, and
// what is skipped waits again.
func planned(b *bench) {
	ctx, v := b.t.Context(), b.ask(nil)
	stop := collection.Stop{Site: shop, Booking: v.ID}
	trip := b.plan(stop, collection.Stop{Site: other})
	if trip.Vehicle.Capacity != 1_000_000 || trip.Expected != 180_000 || len(trip.Trip.Findings) != 0 || trip.Trip.Status != source.TripPlanned || len(trip.Stops) != 2 || trip.Stops[0].Booking.ID != v.ID {
		b.t.Fatalf("the trip is %+v", trip)
	}
	b.state(v.ID, source.Booked)
	_, err := b.PlanTrip(ctx, b.draft(stop))
	if fault.Of(err) != fault.Conflict || !slices.Equal(pointers(err), []string{"/stops/0/booking taken"}) {
		b.t.Errorf("a booking on two trips: %v", err)
	}
	changed, err := b.ChangeTrip(ctx, trip.ID, 1, b.draft(collection.Stop{Site: other}))
	if err != nil || changed.Version != 2 || len(changed.Stops) != 1 {
		b.t.Fatalf("%+v %v", changed, err)
	}
	b.state(v.ID, source.Asked)
	_, err = b.ChangeTrip(ctx, trip.ID, 1, b.draft(stop)) // somebody was faster
	b.is(fault.Of(err), fault.Conflict)
	if _, err = b.ChangeTrip(ctx, trip.ID, 2, b.draft(collection.Stop{Site: other}, stop)); err != nil {
		b.t.Fatal(err)
	}
	off, err := b.SetTrip(ctx, trip.ID, 3, true, "样例 SAMPLE 车坏")
	if err != nil || off.Cancelled.IsZero() || off.Version != 4 {
		b.t.Fatalf("%+v %v", off, err)
	}
	b.state(v.ID, source.Asked)
	_, err = b.ChangeTrip(ctx, trip.ID, 4, b.draft(stop))
	b.is(fault.Of(err), fault.Conflict) // cancelled
	second := b.plan(stop)
	_, err = b.SetTrip(ctx, trip.ID, 4, false, "")
	b.is(fault.Of(err), fault.Conflict) // its booking is on another trip
	if _, err = b.SetTrip(ctx, second.ID, 1, true, "样例 SAMPLE"); err != nil {
		b.t.Fatal(err)
	}
	if back, err := b.SetTrip(ctx, trip.ID, 4, false, ""); err != nil || !back.Cancelled.IsZero() || back.Version != 5 {
		b.t.Fatalf("%+v %v", back, err)
	}
	b.state(v.ID, source.Booked)

	skip := event.Event{ID: id.EventOf(id.UUID{30}), Type: event.StopSkipped, At: b.now, Party: collector, Person: driver, Trip: trip.ID, Data: event.Skipped{Stop: shop, Reason: "样例 SAMPLE 无人"}}
	b.log.work[trip.ID] = source.Work{Events: []event.Event{skip}}
	for _, err := range []error{second2(b.ChangeTrip(ctx, trip.ID, 5, b.draft(stop))), second2(b.SetTrip(ctx, trip.ID, 5, true, "样例 SAMPLE"))} {
		if fault.Of(err) != fault.Conflict || !slices.Equal(pointers(err), []string{" begun"}) {
			b.t.Errorf("a trip that has begun: %v", err)
		}
	}
	if got := b.state(v.ID, source.Asked); got.Skipped.Reason != "样例 SAMPLE 无人" || got.Trip != trip.ID {
		b.t.Errorf("what was skipped is %+v", got)
	}
	next := b.plan(stop)
	if got := b.state(v.ID, source.Booked); got.Trip != next.ID {
		b.t.Errorf("planned anew it is on %s", got.Trip)
	}
}

func second2[V any](_ V, err error) error { return err }

// badPlans: each is told with its pointer, and nothing is kept.
func badPlans(b *bench) {
	v := b.ask(nil)
	stop := collection.Stop{Site: shop, Booking: v.ID}
	many := make([]collection.Stop, collection.MaxStops+1)
	for i := range many {
		many[i].Site = id.SiteOf(id.UUID{50, byte(i)})
	}
	for name, c := range map[string]struct {
		change func(*collection.Plan)
		want   string
	}{
		"no collector": {func(p *collection.Plan) {
			p.Collector, p.Driver, p.Stops[0] = idler, id.PersonOf(id.UUID{66}), collection.Stop{Site: shop}
		}, "/collector role"},
		"stranger":      {func(p *collection.Plan) { p.Driver = stranger }, "/driver unknown"},
		"no plate":      {func(p *collection.Plan) { p.Vehicle = "" }, "/vehicle required"},
		"long plate":    {func(p *collection.Plan) { p.Vehicle = strings.Repeat("冀", 17) }, "/vehicle length"},
		"hidden plate":  {func(p *collection.Plan) { p.Vehicle = "冀F\u200b00001" }, "/vehicle characters"},
		"yesterday":     {func(p *collection.Plan) { p.Day = "2026-03-01" }, "/day past"},
		"next year":     {func(p *collection.Plan) { p.Day = "2027-03-01" }, "/day out_of_range"},
		"no day":        {func(p *collection.Plan) { p.Day = "2026-02-30" }, "/day format"},
		"no stops":      {func(p *collection.Plan) { p.Stops = nil }, "/stops length"},
		"many stops":    {func(p *collection.Plan) { p.Stops = many }, "/stops length"},
		"repeated":      {func(p *collection.Plan) { p.Stops = append(p.Stops, stop) }, "/stops/1/site repeated"},
		"unknown site":  {func(p *collection.Plan) { p.Stops[0] = collection.Stop{Site: id.SiteOf(id.UUID{77})} }, "/stops/0/site unknown"},
		"own site":      {func(p *collection.Plan) { p.Stops[0] = collection.Stop{Site: depot} }, "/stops/0/site own"},
		"other's":       {func(p *collection.Plan) { p.Stops[0].Booking = id.BookingOf(id.UUID{77}) }, "/stops/0/booking unknown"},
		"of other site": {func(p *collection.Plan) { p.Stops[0].Site = other }, "/stops/0/booking unknown"},
	} {
		p := b.draft(stop)
		p.Stops = slices.Clone(p.Stops)
		c.change(&p)
		_, err := b.PlanTrip(b.t.Context(), p)
		got := pointers(err)
		if name == "no collector" {
			got = slices.DeleteFunc(got, func(s string) bool { return s == "/driver unknown" })
		}
		if fault.Of(err) != fault.InvalidRequest || !slices.Equal(got, []string{c.want}) {
			b.t.Errorf("%s: %v %v", name, err, got)
		}
	}
	if all, _, err := b.Trips(b.t.Context(), collection.PlanFilter{}, "", 10); err != nil || len(all) != 0 {
		b.t.Errorf("bad plans were kept: %+v %v", all, err)
	}
	b.state(v.ID, source.Asked)
	// An unregistered vehicle, too much for one, and a wish that was taken back are findings.
	p := b.draft(stop)
	p.Vehicle = "冀F99999"
	odd, err := b.PlanTrip(b.t.Context(), p)
	if err != nil || len(odd.Trip.Findings) != 1 || odd.Trip.Findings[0].Rule != source.NoPermit {
		b.t.Errorf("an unregistered vehicle: %+v %v", odd.Trip.Findings, err)
	}
	big := b.ask(func(w *collection.Booking) { w.Site, w.Lines[0].Grams = other, 1_000_001 })
	heavy := b.plan(collection.Stop{Site: other, Booking: big.ID})
	if len(heavy.Trip.Findings) != 1 || heavy.Trip.Findings[0].Rule != source.OverPlan || heavy.Trip.Findings[0].Grams != 1 {
		b.t.Errorf("too much: %+v", heavy.Trip.Findings)
	}
	if _, err := b.SetBooking(b.t.Context(), big.ID, 2, true, "样例 SAMPLE"); err != nil {
		b.t.Fatal(err)
	}
	if got, err := b.Trip(b.t.Context(), heavy.ID); err != nil || len(got.Trip.Findings) != 1 || got.Trip.Findings[0].Rule != source.StopsMoved || got.Expected != 0 {
		b.t.Errorf("withdrawn: %+v %v", got.Trip.Findings, err)
	}
}

// paged: lists are walked once, whoever they are of.
func paged(b *bench) {
	ctx := b.t.Context()
	var all []id.Booking
	for i := range 7 {
		all = append(all, b.ask(func(w *collection.Booking) { w.Lines[0].Grams = waste.Grams(i + 1) }).ID)
		b.now = b.now.Add(time.Second)
	}
	if _, err := b.SetBooking(ctx, all[3], 1, true, "样例 SAMPLE"); err != nil {
		b.t.Fatal(err)
	}
	first := b.plan(collection.Stop{Site: shop, Booking: all[0]})
	walk := func(f collection.BookingFilter, state source.BookingState, overdue bool) (out []id.Booking) {
		for cursor := ""; ; {
			page, next, err := b.Bookings(ctx, f, state, overdue, cursor, 2)
			if err != nil || len(page) > 2 {
				b.t.Fatalf("%d bookings (%v)", len(page), err)
			}
			for _, v := range page {
				out = append(out, v.ID)
			}
			if cursor = next; cursor == "" {
				return out
			}
		}
	}
	for name, c := range map[string]struct {
		got  []id.Booking
		want []id.Booking
	}{
		"all":       {walk(collection.BookingFilter{Site: shop}, "", false), all},
		"party":     {walk(collection.BookingFilter{Party: source1}, "", false), all},
		"collector": {walk(collection.BookingFilter{Collector: collector}, source.Asked, false), slices.Concat(all[1:3], all[4:])},
		"planned":   {walk(collection.BookingFilter{Collector: collector}, source.Booked, false), all[:1]},
		"withdrawn": {walk(collection.BookingFilter{Collector: collector}, source.Withdrawn, false), all[3:4]},
		"elsewhere": {walk(collection.BookingFilter{Site: other}, "", false), nil},
		"another's": {walk(collection.BookingFilter{Collector: source1}, "", false), nil},
		"district":  {walk(collection.BookingFilter{Division: "130602"}, "", false), nil},
		"late":      {walk(collection.BookingFilter{}, "", true), nil},
	} {
		if !slices.Equal(c.got, c.want) {
			b.t.Errorf("%s: %v, expected %v", name, c.got, c.want)
		}
	}
	b.now = b.now.AddDate(0, 0, 4)
	if got := walk(collection.BookingFilter{}, "", true); !slices.Equal(got, slices.Concat(all[:3], all[4:])) {
		b.t.Errorf("late: %v", got)
	}
	var trips []id.Trip
	for i := range 3 {
		p := b.draft(collection.Stop{Site: other})
		p.Day = b.now.AddDate(0, 0, 2-i).Format(time.DateOnly)
		v, err := b.PlanTrip(ctx, p)
		if err != nil {
			b.t.Fatal(err)
		}
		trips = slices.Insert(trips, 0, v.ID)
	}
	for name, f := range map[string]collection.PlanFilter{"collector": {Collector: collector, From: b.now.Format(time.DateOnly)}, "driver": {Driver: driver, From: b.now.Format(time.DateOnly)}} {
		var got []id.Trip
		for cursor := ""; ; {
			page, next, err := b.Trips(ctx, f, cursor, 2)
			if err != nil {
				b.t.Fatal(err)
			}
			for _, v := range page {
				got = append(got, v.ID)
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		if !slices.Equal(got, trips) {
			b.t.Errorf("%s: %v, expected %v", name, got, trips)
		}
	}
	if page, _, err := b.Trips(ctx, collection.PlanFilter{Driver: stranger}, "", 9); err != nil || len(page) != 0 {
		b.t.Errorf("another's trips: %+v %v", page, err)
	}
	if page, _, err := b.Trips(ctx, collection.PlanFilter{To: first.Day}, "", 9); err != nil || len(page) != 1 {
		b.t.Errorf("of one day: %+v %v", page, err)
	}
	for _, cursor := range []string{"x", "2026-03-02.x", "2026-03-99." + first.ID.String()} {
		_, _, err := b.Trips(ctx, collection.PlanFilter{}, cursor, 9)
		b.is(fault.Of(err), fault.InvalidRequest)
	}
	_, _, err := b.Bookings(ctx, collection.BookingFilter{}, "", false, "x", 9)
	b.is(fault.Of(err), fault.InvalidRequest)
}

// snatched: of many who plan one booking at one time, or change one trip, one succeeds.
func snatched(b *bench) {
	v, ctx := b.ask(nil), b.t.Context()
	trip := b.plan(collection.Stop{Site: other})
	var wg sync.WaitGroup
	plans, changes := make([]fault.Kind, 6), make([]fault.Kind, 6)
	for i := range plans {
		wg.Go(func() {
			_, err := b.PlanTrip(ctx, b.draft(collection.Stop{Site: shop, Booking: v.ID}))
			plans[i] = fault.Of(err)
		})
		wg.Go(func() {
			p := b.draft(collection.Stop{Site: other})
			p.Note = fmt.Sprint("样例 SAMPLE ", i)
			_, err := b.ChangeTrip(ctx, trip.ID, 1, p)
			changes[i] = fault.Of(err)
		})
	}
	wg.Wait()
	for name, got := range map[string][]fault.Kind{"plans": plans, "changes": changes} {
		count := map[fault.Kind]int{}
		for _, k := range got {
			count[k]++
		}
		if count[""] != 1 || count[fault.Conflict] != len(got)-1 {
			b.t.Errorf("%s: %v", name, count)
		}
	}
}
