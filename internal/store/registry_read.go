package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
)

// RegistryReader implements registry.Store.
func (s *Store) RegistryReader(ctx context.Context) registry.Reader {
	return &registryReader{ctx: ctx, db: s.ro}
}

// registryReader reads over a connection of the pool, or inside a transaction.
type registryReader struct {
	ctx context.Context
	db  *gorm.DB
}

// one converts the row that was found, if one was.
func one[R, V any](r R, err error, convert func(R) (V, error)) (v V, ok bool, _ error) {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return v, false, nil
	}
	if err != nil {
		return v, false, unavailable(err)
	}
	v, err = convert(r)
	return v, err == nil, err
}

// all converts every row of a table. Their order is the database's own.
func all[R, V any](r *registryReader, convert func(R) (V, error)) ([]V, error) {
	rows, err := gorm.G[R](r.db).Find(r.ctx)
	return each(rows, err, convert)
}

func each[R, V any](rows []R, err error, convert func(R) (V, error)) ([]V, error) {
	if err != nil {
		return nil, unavailable(err)
	}
	out := make([]V, len(rows))
	for i, row := range rows {
		if out[i], err = convert(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Version implements registry.Reader.
func (r *registryReader) Version() (int64, error) {
	row, err := gorm.G[versionRow](r.db).Where("id = 1").Take(r.ctx)
	v, ok, err := one(row, err, func(r versionRow) (int64, error) { return r.Version, nil })
	if err == nil && !ok {
		err = fault.New(fault.Damaged, "The registry's version row is gone; run `liandan check`.")
	}
	return v, err
}

// Site implements registry.Reader.
func (r *registryReader) Site(v id.Site) (party.Site, bool, error) {
	if v.IsZero() {
		return party.Site{}, false, nil
	}
	row, err := gorm.G[siteRow](r.db).Where("id = ?", v).Take(r.ctx)
	return one(row, err, siteRow.site)
}

// Organisation implements registry.Reader.
func (r *registryReader) Organisation(p id.Party) (party.Organisation, bool, error) {
	if p.IsZero() {
		return party.Organisation{}, false, nil
	}
	row, err := gorm.G[organisationRow](r.db).Where("id = ?", p).Take(r.ctx)
	return one(row, err, organisationRow.organisation)
}

// Person implements registry.Reader.
func (r *registryReader) Person(p id.Person) (registry.Person, bool, error) {
	if p.IsZero() {
		return registry.Person{}, false, nil
	}
	row, err := gorm.G[personRow](r.db).Where("id = ?", p).Take(r.ctx)
	return one(row, err, personRow.person)
}

// Organisations implements registry.Reader.
func (r *registryReader) Organisations() ([]party.Organisation, error) {
	return all(r, organisationRow.organisation)
}

// Sites implements registry.Reader.
func (r *registryReader) Sites() ([]party.Site, error) { return all(r, siteRow.site) }

// Licences implements registry.Reader.
func (r *registryReader) Licences() ([]party.Licence, error) { return all(r, licenceRow.licence) }

// People implements registry.Reader.
func (r *registryReader) People() ([]registry.Person, error) { return all(r, personRow.person) }

// Enrolment implements registry.Reader.
func (r *registryReader) Enrolment(codeHash id.Hash) (registry.Enrolment, bool, error) {
	row, err := gorm.G[enrolmentRow](r.db).Where("code_hash = ?", codeHash[:]).Take(r.ctx)
	return one(row, err, enrolmentRow.enrolment)
}

// Challenged implements registry.Reader.
func (r *registryReader) Challenged(challenge string) (registry.Enrolment, bool, error) {
	row, err := gorm.G[enrolmentRow](r.db).Where("challenge = ?", challenge).Take(r.ctx)
	return one(row, err, enrolmentRow.enrolment)
}
