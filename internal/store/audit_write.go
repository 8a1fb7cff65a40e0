package store

import (
	"context"
	"database/sql"
	"time"

	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/record"
)

const (
	sqlLabelRevokeAll = `UPDATE labels SET revoked_at = ? WHERE batch = ? AND revoked_at IS NULL`
	sqlLabelInsert    = `INSERT INTO labels (token, batch, source, made_at) VALUES (?, ?, ?, ?)`
	sqlLabelRevoke    = `UPDATE labels SET revoked_at = ? WHERE token = ? AND revoked_at IS NULL`
)

// AddLabel implements audit.Store.
func (s *Store) AddLabel(ctx context.Context, l event.Label, b id.Batch, at time.Time) error {
	return s.transact(ctx, s.db, nil, func(r *reader) error {
		if err := r.exec(sqlLabelRevokeAll, stamp(at), b.String()); err != nil {
			return err
		}
		return r.exec(sqlLabelInsert, string(l), b.String(), sourceServer, stamp(at))
	})
}

// RevokeLabel implements audit.Store.
func (s *Store) RevokeLabel(ctx context.Context, l event.Label, at time.Time) error {
	return s.transact(ctx, s.db, nil, func(r *reader) error {
		if _, _, err := r.Label(l); err != nil {
			return err
		}
		return r.exec(sqlLabelRevoke, stamp(at), string(l))
	})
}

// projections are the tables that a rebuild empties; server-made labels and withdrawals
// are not in the log and stay.
var projections = []string{"DELETE FROM entry_links", "DELETE FROM batches", "DELETE FROM manifests", "DELETE FROM postings", "DELETE FROM event_index", "DELETE FROM tally_steps", "DELETE FROM tallies",
	"DELETE FROM movements", "DELETE FROM site_months", "DELETE FROM inspections", "DELETE FROM rollups", "DELETE FROM sightings", "UPDATE roll_up SET upto = 0",
	"DELETE FROM statements", "DELETE FROM acts", "DELETE FROM act_parties", "DELETE FROM rulings",
	"DELETE FROM register_facts", "DELETE FROM worklist", "DELETE FROM involved", "DELETE FROM terms", "DELETE FROM topics", "DELETE FROM candidates"}

// Rebuild implements audit.Store.
func (s *Store) Rebuild(ctx context.Context, fill func(audit.Reader, audit.Projection) error) error {
	return s.transact(ctx, s.db, nil, func(r *reader) error {
		if err := r.lock(); err != nil {
			return err
		}
		if err := r.exec(sqlRaiseRegistry); err != nil { // nobody changes a register meanwhile
			return err
		}
		for _, q := range projections {
			if err := r.exec(q); err != nil {
				return err
			}
		}
		p := &projection{r: r, withdrawn: map[event.Label]int64{}}
		if err := p.takeLabels(); err != nil {
			return err
		}
		if err := fill(r, p); err != nil {
			return err
		}
		return p.pendingFacts()
	})
}

// projection writes what a rebuild found, in groups like those of the intake.
type projection struct {
	r         *reader
	withdrawn map[event.Label]int64
}

// takeLabels remembers the withdrawals and removes the rows of event labels, so that they
// come again from the events alone. A row whose source is neither of the two was the
// server's, or comes again.
func (p *projection) takeLabels() error {
	const (
		withdrawals = `SELECT token, revoked_at FROM labels WHERE revoked_at IS NOT NULL`
		unknown     = `UPDATE labels SET source = 'server' WHERE source NOT IN ('server', 'event')`
		ofEvents    = `DELETE FROM labels WHERE source = 'event'`
	)
	err := p.r.query(withdrawals, func(rows *sql.Rows) error {
		var token event.Label
		var at int64
		if err := rows.Scan(word(&token), whole(&at)); err != nil {
			return err
		}
		p.withdrawn[token] = at
		return nil
	})
	if err == nil {
		err = p.r.exec(unknown)
	}
	if err == nil {
		err = p.r.exec(ofEvents)
	}
	return err
}

// clearLabels makes room for the tokens of events: a damaged row may stand under one of
// them as if the server had made it.
func (p *projection) clearLabels(g record.Group) error {
	var tokens []string
	for _, rec := range g.Records {
		for _, m := range rec.Event.Marks() {
			tokens = append(tokens, string(m.Label))
		}
	}
	if len(tokens) == 0 {
		return nil
	}
	return p.r.exec(`DELETE FROM labels WHERE token {texts}`, p.r.s.say.ids(tokens))
}

// Records implements audit.Projection.
func (p *projection) Records(placed []chain.Placed, events []event.Event) error {
	g := record.Group{}
	for i := range placed {
		g.Records = append(g.Records, record.Record{Event: events[i], Placed: placed[i]})
	}
	for _, step := range []func(record.Group) error{p.r.writeLinks, p.r.writePostings, p.r.writeMovements, p.r.writeIndex, p.r.writeTallies, p.r.writeRulings, p.r.writeTopics, p.clearLabels, p.r.writeLabels, p.r.writeTraces, p.r.writeCandidates} {
		if err := step(g); err != nil {
			return err
		}
	}
	return p.r.flush()
}

// States implements audit.Projection.
func (p *projection) States(batches []batch.State, manifests []manifest.State) error {
	for len(batches) > 0 || len(manifests) > 0 {
		b, m := batches[:min(page, len(batches))], manifests[:min(page, len(manifests))]
		if err := p.r.writeStates(record.Group{Batches: b, Manifests: m}); err != nil {
			return err
		}
		if err := p.r.flush(); err != nil {
			return err
		}
		batches, manifests = batches[len(b):], manifests[len(m):]
	}
	for l, at := range p.withdrawn {
		if err := p.r.exec(sqlLabelRevoke, at, string(l)); err != nil {
			return fault.Wrap(err, fault.Unavailable, "A label's withdrawal could not be written back.")
		}
	}
	return nil
}
