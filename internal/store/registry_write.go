package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/registry"
)

// UpdateRegistry implements registry.Store. Raising the version comes first: its row lock
// lets one writer in at a time, so that what fn reads is still so when it commits. (On
// SQLite the transaction begins as a writing one and holds the file's lock.)
func (s *Store) UpdateRegistry(ctx context.Context, fn func(registry.Tx) error) error {
	writer := func(tx *gorm.DB) *registryWriter {
		return &registryWriter{registryReader: registryReader{ctx: ctx, db: tx}}
	}
	return s.change(ctx, func(tx *gorm.DB) error { return writer(tx).raise() }, func(tx *gorm.DB) error { return fn(writer(tx)) })
}

// change runs one writer in a transaction. begin comes first, and its failure is the
// store's; what fn refuses is returned as it is.
func (s *Store) change(ctx context.Context, begin func(*gorm.DB) error, fn func(*gorm.DB) error) error {
	var refusal error
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := begin(tx); err != nil {
			return err
		}
		refusal = fn(tx)
		return refusal
	})
	switch {
	case refusal != nil:
		return refusal
	case err == nil, fault.As(err) != nil:
		return err
	}
	return unavailable(err)
}

// registryWriter is one transaction.
type registryWriter struct {
	registryReader
	by string // who changes registers; "": nobody says so, and no change is told
	at time.Time
}

func (w *registryWriter) raise() error {
	n, err := gorm.G[versionRow](w.db).Where("id = 1").Update(w.ctx, "version", gorm.Expr("version + 1"))
	return hit(n, err, "version row")
}

// hit says what is wrong when not exactly one row was changed.
func hit(n int, err error, what string) error {
	if err != nil {
		return unavailable(err)
	}
	if n != 1 {
		return fault.New(fault.Damaged, "The registry's %s is gone; run `liandan check`.", what)
	}
	return nil
}

// portion is how many rows one statement carries: on PostgreSQL as fast as COPY.
const portion = 256

// replace inserts rows or, where their key is there, sets the other columns.
func replace[D, R any](w *registryWriter, list []D, convert func(D) R, key, others []string) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([]R, len(list))
	for i, v := range list {
		rows[i] = convert(v)
	}
	columns := make([]clause.Column, len(key))
	for i, name := range key {
		columns[i] = clause.Column{Name: name}
	}
	upsert := clause.OnConflict{Columns: columns, DoUpdates: clause.AssignmentColumns(others)}
	if err := gorm.G[R](w.db, upsert).CreateInBatches(w.ctx, &rows, portion); err != nil {
		return unavailable(err)
	}
	if _, fact := any(rows).([]factRow); fact { // its history is in the log
		return nil
	}
	return tell(w, rows, key)
}

// PutOrganisations implements registry.Tx.
func (w *registryWriter) PutOrganisations(list []party.Organisation) error {
	return replace(w, list, rowOfOrganisation, []string{"id"},
		[]string{"credit_code", "name", "roles", "sample", "valid_from", "valid_to"})
}

// PutSites implements registry.Tx.
func (w *registryWriter) PutSites(list []party.Site) error {
	return replace(w, list, rowOfSite, []string{"id"},
		[]string{"party", "name", "kind", "division", "built_up", "beds", "valid_from", "valid_to"})
}

// PutLicences implements registry.Tx.
func (w *registryWriter) PutLicences(list []party.Licence) error {
	return replace(w, list, rowOfLicence, []string{"party", "number", "valid_from"},
		[]string{"site", "kind", "codes", "methods", "yearly_grams", "scopes", "valid_to"})
}

// PutPeople implements registry.Tx.
func (w *registryWriter) PutPeople(list []registry.Person) error {
	return replace(w, list, rowOfPerson, []string{"id"}, []string{"party", "valid_from", "valid_to"})
}

// AddEnrolment implements registry.Tx.
func (w *registryWriter) AddEnrolment(e registry.Enrolment) error {
	row := rowOfEnrolment(e)
	if err := gorm.G[enrolmentRow](w.db).Create(w.ctx, &row); err != nil {
		return unavailable(err)
	}
	return nil
}

// PutEnrolment implements registry.Tx.
func (w *registryWriter) PutEnrolment(e registry.Enrolment) error {
	row := rowOfEnrolment(e)
	n, err := gorm.G[enrolmentRow](w.db).Where("code_hash = ?", row.CodeHash).Set(
		set("attempts", row.Attempts), set("challenge", row.Challenge), set("challenge_expires_at", row.ChallengeExpires),
		set("jwk", row.JWK), set("used_at", row.UsedAt)).Update(w.ctx)
	return hit(n, err, "enrolment")
}

func set(column string, value any) clause.Assignment {
	return clause.Assignment{Column: clause.Column{Name: column}, Value: value}
}
