package store

import (
	"context"
	"encoding/json"
	"slices"

	"gorm.io/gorm"

	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// bookingRow is a wish for a pick-up. Times are Unix milliseconds.
type bookingRow struct {
	ID          id.Booking `gorm:"column:id;primaryKey"`
	Party       id.Party   `gorm:"column:party"`
	Site        id.Site    `gorm:"column:site"`
	Collector   id.Party   `gorm:"column:collector"`
	MadeBy      string     `gorm:"column:made_by"`
	Why         string     `gorm:"column:why"`
	FromAt      int64      `gorm:"column:from_at"`
	UntilAt     int64      `gorm:"column:until_at"`
	Lines       string     `gorm:"column:lines"` // JSON
	Note        string     `gorm:"column:note"`
	MadeAt      int64      `gorm:"column:made_at"`
	WithdrawnAt *int64     `gorm:"column:withdrawn_at"`
	WithdrawnAs string     `gorm:"column:withdrawn_as"`
	Trip        *id.Trip   `gorm:"column:trip"`
	Version     int64      `gorm:"column:version"`
}

// TableName implements gorm's Tabler.
func (bookingRow) TableName() string { return "bookings" }

func rowOfBooking(b collection.Booking) (bookingRow, error) {
	lines, err := json.Marshal(b.Lines)
	return bookingRow{ID: b.ID, Party: b.Party, Site: b.Site, Collector: b.Collector, MadeBy: string(b.By), Why: string(b.Why), FromAt: stamp(b.From),
		UntilAt: stamp(b.Until), Lines: string(lines), Note: b.Note, MadeAt: stamp(b.Made), WithdrawnAt: stampOpen(b.Withdrawn), WithdrawnAs: b.WithdrawnAs,
		Trip: optional(b.Trip), Version: b.Version}, err
}

func (r bookingRow) booking() (collection.Booking, error) {
	b := collection.Booking{ID: r.ID, Party: r.Party, Site: r.Site, Collector: r.Collector, By: collection.Side(r.MadeBy), Why: collection.Why(r.Why),
		From: unstamp(r.FromAt), Until: unstamp(r.UntilAt), Note: r.Note, Made: unstamp(r.MadeAt), Withdrawn: unstampOpen(r.WithdrawnAt), WithdrawnAs: r.WithdrawnAs,
		Trip: required(r.Trip), Version: r.Version}
	if err := json.Unmarshal([]byte(r.Lines), &b.Lines); err != nil {
		return b, fault.Wrap(err, fault.Damaged, "The lines of booking %s cannot be read.", r.ID)
	}
	return b, nil
}

// tripRow is a trip as it is meant.
type tripRow struct {
	ID          id.Trip   `gorm:"column:id;primaryKey"`
	Collector   id.Party  `gorm:"column:collector"`
	Vehicle     string    `gorm:"column:vehicle"`
	Driver      id.Person `gorm:"column:driver"`
	Day         string    `gorm:"column:day"` // 2006-01-02, local
	Note        string    `gorm:"column:note"`
	MadeAt      int64     `gorm:"column:made_at"`
	ChangedAt   int64     `gorm:"column:changed_at"`
	CancelledAt *int64    `gorm:"column:cancelled_at"`
	CancelledAs string    `gorm:"column:cancelled_as"`
	Version     int64     `gorm:"column:version"`
}

// TableName implements gorm's Tabler.
func (tripRow) TableName() string { return "trip_plans" }

func rowOfTrip(p collection.Plan) tripRow {
	return tripRow{ID: p.ID, Collector: p.Collector, Vehicle: p.Vehicle, Driver: p.Driver, Day: p.Day, Note: p.Note, MadeAt: stamp(p.Made), ChangedAt: stamp(p.Changed),
		CancelledAt: stampOpen(p.Cancelled), CancelledAs: p.CancelledAs, Version: p.Version}
}

func (r tripRow) plan() (collection.Plan, error) {
	return collection.Plan{ID: r.ID, Collector: r.Collector, Vehicle: r.Vehicle, Driver: r.Driver, Day: r.Day, Note: r.Note, Made: unstamp(r.MadeAt),
		Changed: unstamp(r.ChangedAt), Cancelled: unstampOpen(r.CancelledAt), CancelledAs: r.CancelledAs, Version: r.Version}, nil
}

type tripStopRow struct {
	Trip    id.Trip     `gorm:"column:trip;primaryKey"`
	N       int         `gorm:"column:n;primaryKey;autoIncrement:false"`
	Site    id.Site     `gorm:"column:site"`
	Booking *id.Booking `gorm:"column:booking"`
}

// TableName implements gorm's Tabler.
func (tripStopRow) TableName() string { return "trip_stops" }

// ReadCollection implements collection.Store.
func (s *Store) ReadCollection(ctx context.Context, fn func(collection.Reader) error) error {
	return fn(&collectionReader{ctx: ctx, db: s.ro})
}

// collectionReader reads bookings and plans.
type collectionReader struct {
	ctx context.Context
	db  *gorm.DB
}

// Booking implements collection.Reader.
func (r *collectionReader) Booking(v id.Booking) (collection.Booking, bool, error) {
	row, err := gorm.G[bookingRow](r.db).Where("id = ?", v).Take(r.ctx)
	return one(row, err, bookingRow.booking)
}

// BookingsOf implements collection.Reader.
func (r *collectionReader) BookingsOf(ids []id.Booking) (out []collection.Booking, err error) {
	for some := range slices.Chunk(ids, portion) {
		rows, err := gorm.G[bookingRow](r.db).Where("id IN ?", some).Find(r.ctx)
		list, err := each(rows, err, bookingRow.booking)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// nothingFetched is true of a booking for which the log has no pick-up since it was made.
const nothingFetched = `withdrawn_at IS NULL AND NOT EXISTS (SELECT 1 FROM event_index e WHERE e.consignor_site = bookings.site
	AND e.type IN ('transport.collected', 'paper.backfilled') AND e.at > bookings.made_at AND e.party = bookings.collector)`

// Bookings implements collection.Reader.
func (r *collectionReader) Bookings(f collection.BookingFilter, limit int) ([]collection.Booking, error) {
	q := gorm.G[bookingRow](r.db).Where("1 = 1")
	add := func(chosen bool, condition string, args ...any) {
		if chosen {
			q = q.Where(condition, args...)
		}
	}
	add(!f.Party.IsZero(), "party = ?", f.Party)
	add(!f.Site.IsZero(), "site = ?", f.Site)
	add(!f.Collector.IsZero(), "collector = ?", f.Collector)
	add(f.Division != "", "site IN (SELECT id FROM sites WHERE division = ?)", f.Division)
	add(f.Open, nothingFetched)
	add(!f.Until.IsZero(), "until_at <= ?", stamp(f.Until))
	add(!f.After.IsZero(), "id > ?", f.After)
	rows, err := q.Order("id").Limit(limit).Find(r.ctx)
	return each(rows, err, bookingRow.booking)
}

// Plan implements collection.Reader.
func (r *collectionReader) Plan(v id.Trip) (p collection.Plan, ok bool, err error) {
	list, err := r.PlansOf([]id.Trip{v})
	if err != nil || len(list) == 0 {
		return p, false, err
	}
	return list[0], true, nil
}

// PlansOf implements collection.Reader.
func (r *collectionReader) PlansOf(ids []id.Trip) (out []collection.Plan, err error) {
	for some := range slices.Chunk(ids, portion) {
		rows, err := gorm.G[tripRow](r.db).Where("id IN ?", some).Find(r.ctx)
		list, err := each(rows, err, tripRow.plan)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, r.stops(out)
}

// Plans implements collection.Reader.
func (r *collectionReader) Plans(f collection.PlanFilter, limit int) ([]collection.Plan, error) {
	q := gorm.G[tripRow](r.db).Where("1 = 1")
	add := func(chosen bool, condition string, args ...any) {
		if chosen {
			q = q.Where(condition, args...)
		}
	}
	add(!f.Collector.IsZero(), "collector = ?", f.Collector)
	add(!f.Driver.IsZero(), "driver = ?", f.Driver)
	add(f.From != "", "day >= ?", f.From)
	add(f.To != "", "day <= ?", f.To)
	add(f.AfterDay != "", "(day > ? OR (day = ? AND id > ?))", f.AfterDay, f.AfterDay, f.After)
	rows, err := q.Order("day, id").Limit(limit).Find(r.ctx)
	list, err := each(rows, err, tripRow.plan)
	if err != nil {
		return nil, err
	}
	return list, r.stops(list)
}

// stops reads the stops of plans into them.
func (r *collectionReader) stops(plans []collection.Plan) error {
	at := map[id.Trip]int{}
	var ids []id.Trip
	for i, p := range plans {
		at[p.ID], ids = i, append(ids, p.ID)
	}
	for some := range slices.Chunk(ids, portion) {
		rows, err := gorm.G[tripStopRow](r.db).Where("trip IN ?", some).Order("trip, n").Find(r.ctx)
		if err != nil {
			return unavailable(err)
		}
		for _, row := range rows {
			p := &plans[at[row.Trip]]
			p.Stops = append(p.Stops, collection.Stop{Site: row.Site, Booking: required(row.Booking)})
		}
	}
	return nil
}

// AddBooking implements collection.Tx.
func (w *collectionWriter) AddBooking(b collection.Booking) error {
	row, err := rowOfBooking(b)
	if err != nil {
		return err
	}
	return lost(gorm.G[bookingRow](w.db).Create(w.ctx, &row))
}

// PutBooking implements collection.Tx.
func (w *collectionWriter) PutBooking(b collection.Booking) error {
	n, err := gorm.G[bookingRow](w.db).Where("id = ?", b.ID).Set(set("withdrawn_at", stampOpen(b.Withdrawn)), set("withdrawn_as", b.WithdrawnAs),
		set("trip", optional(b.Trip)), set("version", b.Version)).Update(w.ctx)
	return hit(n, err, "booking "+b.ID.String())
}

// AddPlan implements collection.Tx.
func (w *collectionWriter) AddPlan(p collection.Plan) error {
	row := rowOfTrip(p)
	if err := gorm.G[tripRow](w.db).Create(w.ctx, &row); err != nil {
		return lost(err)
	}
	return w.addStops(p)
}

// PutPlan implements collection.Tx.
func (w *collectionWriter) PutPlan(p collection.Plan) error {
	n, err := gorm.G[tripRow](w.db).Where("id = ?", p.ID).Set(set("vehicle", p.Vehicle), set("driver", p.Driver), set("day", p.Day), set("note", p.Note),
		set("changed_at", stamp(p.Changed)), set("cancelled_at", stampOpen(p.Cancelled)), set("cancelled_as", p.CancelledAs), set("version", p.Version)).Update(w.ctx)
	if err := hit(n, err, "trip "+p.ID.String()); err != nil {
		return err
	}
	if _, err := gorm.G[tripStopRow](w.db).Where("trip = ?", p.ID).Delete(w.ctx); err != nil {
		return lost(err)
	}
	return w.addStops(p)
}

func (w *collectionWriter) addStops(p collection.Plan) error {
	rows := make([]tripStopRow, len(p.Stops))
	for i, s := range p.Stops {
		rows[i] = tripStopRow{Trip: p.ID, N: i, Site: s.Site, Booking: optional(s.Booking)}
	}
	return lost(gorm.G[tripStopRow](w.db).CreateInBatches(w.ctx, &rows, portion))
}
