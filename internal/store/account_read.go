package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/id"
)

// AccountReader implements account.Store.
func (s *Store) AccountReader(ctx context.Context) account.Reader {
	return &accountReader{ctx: ctx, db: s.ro}
}

// accountReader reads over a connection of the pool, or inside a transaction.
type accountReader struct {
	ctx context.Context
	db  *gorm.DB
}

// whole adds an account's appointments. They are read after the account: whoever is
// dismissed in between has lost the appointment in this answer already.
func (r *accountReader) whole(row accountRow, err error) (account.Kept, bool, error) {
	k, ok, err := one(row, err, accountRow.kept)
	if err != nil || !ok {
		return k, false, err
	}
	k.Appointments, err = r.appointments(k.ID)
	return k, err == nil, err
}

func (r *accountReader) appointments(a id.Account) ([]access.Appointment, error) {
	rows, err := gorm.G[appointmentRow](r.db).Where("account = ?", a).Order("n").Find(r.ctx)
	return each(rows, err, appointmentRow.appointment)
}

// Account implements account.Reader.
func (r *accountReader) Account(a id.Account) (account.Kept, bool, error) {
	if a.IsZero() {
		return account.Kept{}, false, nil
	}
	return r.whole(gorm.G[accountRow](r.db).Where("id = ?", a).Take(r.ctx))
}

// AccountOfLogin implements account.Reader.
func (r *accountReader) AccountOfLogin(login string) (account.Kept, bool, error) {
	return r.whole(gorm.G[accountRow](r.db).Where("login = ?", login).Take(r.ctx))
}

// AccountOfSubject implements account.Reader.
func (r *accountReader) AccountOfSubject(l account.Link) (account.Kept, bool, error) {
	return r.whole(gorm.G[accountRow](r.db).Where("issuer = ? AND subject = ?", l.Issuer, l.Subject).Take(r.ctx))
}

// Accounts implements account.Reader.
func (r *accountReader) Accounts(p id.Party, at time.Time, after id.Account, limit int) ([]account.Account, error) {
	q := gorm.G[accountRow](r.db).Order("id").Limit(limit)
	if !after.IsZero() {
		q = q.Where("id > ?", after)
	}
	if !p.IsZero() {
		q = q.Where("id IN (SELECT account FROM appointments WHERE party = ? AND (valid_to IS NULL OR valid_to > ?))", p, stamp(at))
	}
	rows, err := q.Find(r.ctx)
	return r.list(rows, err)
}

// Administrators implements account.Reader.
func (r *accountReader) Administrators() ([]account.Account, error) {
	rows, err := gorm.G[accountRow](r.db).Where("id IN (SELECT account FROM appointments WHERE role = ?)", string(access.SystemAdministrator)).Order("id").Find(r.ctx)
	return r.list(rows, err)
}

// list adds the appointments of many accounts with one statement.
func (r *accountReader) list(rows []accountRow, err error) ([]account.Account, error) {
	kept, err := each(rows, err, accountRow.kept)
	if err != nil || len(kept) == 0 {
		return nil, err
	}
	ids := make([]id.Account, len(kept))
	at := make(map[id.Account]int, len(kept))
	out := make([]account.Account, len(kept))
	for i, k := range kept {
		ids[i], at[k.ID], out[i] = k.ID, i, k.Account
	}
	grants, err := gorm.G[appointmentRow](r.db).Where("account IN ?", ids).Order("account, n").Find(r.ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	for _, row := range grants {
		g, err := row.appointment()
		if err != nil {
			return nil, err
		}
		a := &out[at[row.Account]]
		a.Appointments = append(a.Appointments, g)
	}
	return out, nil
}

// Invitation implements account.Reader.
func (r *accountReader) Invitation(code id.Hash) (account.Invitation, bool, error) {
	row, err := gorm.G[invitationRow](r.db).Where("code = ?", code[:]).Take(r.ctx)
	return one(row, err, invitationRow.invitation)
}

// Sitting implements account.Reader.
func (r *accountReader) Sitting(token id.Hash) (account.Sitting, bool, error) {
	row, err := gorm.G[sessionRow](r.db).Where("token = ?", token[:]).Take(r.ctx)
	return one(row, err, sessionRow.sitting)
}

// Sittings implements account.Reader. Of two from one millisecond either may be the newer.
func (r *accountReader) Sittings(a id.Account) ([]account.Sitting, error) {
	if a.IsZero() {
		return nil, nil
	}
	rows, err := gorm.G[sessionRow](r.db).Where("account = ?", a).Order("made_at DESC, token").Find(r.ctx)
	return each(rows, err, sessionRow.sitting)
}

// Attempts implements account.Reader.
func (r *accountReader) Attempts(key id.Hash) (account.Attempts, bool, error) {
	row, err := gorm.G[attemptsRow](r.db).Where("key = ?", key[:]).Take(r.ctx)
	return one(row, err, attemptsRow.attempts)
}
