package store

import (
	"database/sql"
	"strconv"
	"time"

	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/record"
)

// event_index says of each event what it is, where and when: the way to events that belong
// to no batch, and to the manifests of a site or a trip.

var tableIndex = table{name: "event_index", columns: []column{{"seq", integers}, {"type", texts}, {"party", uuids}, {"site", uuids},
	{"manifest", uuids}, {"trip", uuids}, {"consignor_site", uuids}, {"at", integers}}}

const (
	sqlEventsOf   = `SELECT ` + keptColumns + ` FROM entries WHERE event_id {ids} ORDER BY seq`
	sqlSiteEvents = `SELECT ` + keptColumns + ` FROM entries WHERE seq IN (SELECT seq FROM event_index
		WHERE site = ? AND type {texts} AND at >= ? AND at < ? AND seq > ? ORDER BY seq LIMIT ?) ORDER BY seq`
	// A slip is filled in after its day, however late.
	sqlCollectedFrom = `SELECT manifest FROM event_index WHERE consignor_site = ? AND type = 'transport.collected' AND at >= ? AND at < ?
		UNION SELECT manifest FROM event_index WHERE consignor_site = ? AND type = 'paper.backfilled' AND at >= ? ORDER BY manifest`
	sqlOnTrip      = `SELECT DISTINCT manifest FROM event_index WHERE trip = ? AND manifest IS NOT NULL ORDER BY manifest`
	sqlCollections = `SELECT ` + keptColumns + ` FROM entries WHERE seq IN (SELECT seq FROM event_index
		WHERE consignor_site = ? AND type = 'transport.collected' AND at >= ? AND at < ? ORDER BY at, seq LIMIT ?) ORDER BY seq`
	sqlTripEvents  = `SELECT ` + keptColumns + ` FROM entries WHERE seq IN (SELECT seq FROM event_index WHERE trip = ? AND party = ? ORDER BY seq LIMIT ?) ORDER BY seq`
	sqlFirstPickup = `SELECT ` + keptColumns + ` FROM entries WHERE seq = (SELECT seq FROM event_index WHERE consignor_site = ?
		AND type IN ('transport.collected', 'paper.backfilled') AND at > ? AND party = ? ORDER BY at, seq LIMIT 1)`
	sqlIndexRows = `SELECT seq, type, party, site, manifest, trip, consignor_site, at FROM event_index ORDER BY seq`
)

func (r *reader) writeIndex(g record.Group) error {
	n := len(g.Records)
	seqs, types, at := make([]int64, n), make([]string, n), make([]int64, n)
	var ids [5][]*string
	for i := range g.Records {
		rec := &g.Records[i]
		c := audit.IndexColumns(rec.Event, rec.Placed)
		seqs[i], types[i], at[i] = rec.Placed.Entry.Seq, c[0], rec.Event.At.UnixMilli()
		for k := range ids {
			var v *string
			if s := c[k+1]; s != "" {
				v = &s
			}
			ids[k] = append(ids[k], v)
		}
	}
	return r.bulk(tableIndex, n, seqs, types, ids[0], ids[1], ids[2], ids[3], ids[4], at)
}

// EventsOf implements audit.House.
func (r *reader) EventsOf(ids []id.Event) ([]ledger.Kept, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return r.keptOf(sqlEventsOf, r.s.say.ids(spell(ids)))
}

// SiteEvents implements audit.House.
func (r *reader) SiteEvents(site id.Site, types []event.Type, from, to time.Time, after int64, limit int) ([]ledger.Kept, error) {
	return r.keptOf(sqlSiteEvents, site.String(), r.s.say.ids(words(types)), stamp(from), stamp(to), after, limit)
}

func (r *reader) keptOf(q string, args ...any) (out []ledger.Kept, err error) {
	err = r.query(q, func(rows *sql.Rows) error {
		var k ledger.Kept
		if err := scanKept(rows, &k); err != nil {
			return err
		}
		out = append(out, k)
		return nil
	}, args...)
	return out, err
}

// CollectedFrom implements audit.House.
func (r *reader) CollectedFrom(site id.Site, from, to time.Time) ([]id.Manifest, error) {
	return r.sheets(sqlCollectedFrom, site.String(), stamp(from), stamp(to), site.String(), stamp(from))
}

// OnTrip implements audit.House.
func (r *reader) OnTrip(trip id.Trip) ([]id.Manifest, error) {
	return r.sheets(sqlOnTrip, trip.String())
}

// CollectionsFrom implements audit.House.
func (r *reader) CollectionsFrom(site id.Site, from, to time.Time, limit int) ([]ledger.Kept, error) {
	return r.keptOf(sqlCollections, site.String(), stamp(from), stamp(to), limit)
}

// TripEvents implements audit.House.
func (r *reader) TripEvents(trip id.Trip, by id.Party, limit int) ([]ledger.Kept, error) {
	return r.keptOf(sqlTripEvents, trip.String(), by.String(), limit)
}

// FirstPickup implements audit.House.
func (r *reader) FirstPickup(site id.Site, by id.Party, since time.Time) ([]ledger.Kept, error) {
	return r.keptOf(sqlFirstPickup, site.String(), stamp(since), by.String())
}

func (r *reader) sheets(q string, args ...any) (out []id.Manifest, err error) {
	err = r.query(q, func(rows *sql.Rows) error {
		var m id.Manifest
		if err := rows.Scan(&m); err != nil {
			return err
		}
		out = append(out, m)
		return nil
	}, args...)
	return out, err
}

// IndexRows implements audit.Rows.
func (r *reader) IndexRows(each func(seq int64, columns [7]string) error) error {
	return r.query(sqlIndexRows, func(rows *sql.Rows) error {
		var seq, at int64
		var c [7]string
		if err := rows.Scan(whole(&seq), word(&c[0]), word(&c[1]), word(&c[2]), wordOrNull(&c[3]), wordOrNull(&c[4]), wordOrNull(&c[5]), whole(&at)); err != nil {
			return err
		}
		c[6] = strconv.FormatInt(at, 10)
		return each(seq, c)
	})
}
