package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// UpdateAccounts implements account.Store. Raising the version comes first: its row lock
// lets one writer in at a time, so that what fn reads is still so when it commits. (On
// SQLite the transaction begins as a writing one and holds the file's lock.)
func (s *Store) UpdateAccounts(ctx context.Context, fn func(account.Tx) error) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		n, err := gorm.G[accountsVersionRow](tx).Where("id = 1").Update(ctx, "version", gorm.Expr("version + 1"))
		return accountHit(n, err, "the accounts' version row")
	}, func(tx *gorm.DB) error { return fn(&accountWriter{accountReader{ctx: ctx, db: tx}}) })
}

// TouchSession implements account.Store, without the version row: every signed-in person's
// request comes here once a minute, and none of them has to wait for another.
func (s *Store) TouchSession(ctx context.Context, token id.Hash, at time.Time) error {
	_, err := gorm.G[sessionRow](s.db).Where("token = ? AND seen_at < ?", token[:], stamp(at)).Update(ctx, "seen_at", stamp(at))
	return or(err)
}

// accountWriter is one transaction.
type accountWriter struct{ accountReader }

// or is unavailable, or nil for nil.
func or(err error) error {
	if err == nil {
		return nil
	}
	return unavailable(err)
}

func accountHit(n int, err error, what string) error {
	if err != nil {
		return unavailable(err)
	}
	if n != 1 {
		return fault.New(fault.Damaged, "A row that was there a moment ago is gone: %s.", what)
	}
	return nil
}

// taken says what a unique column refused.
func taken(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return fault.Wrap(err, fault.Conflict, "Another account has this login, or is linked to this account with the provider.")
	}
	return or(err)
}

// AddAccount implements account.Tx.
func (w *accountWriter) AddAccount(k account.Kept) error {
	row := rowOfAccount(k)
	if err := gorm.G[accountRow](w.db).Create(w.ctx, &row); err != nil {
		return taken(err)
	}
	for _, g := range k.Appointments {
		if err := w.AddAppointment(k.ID, g); err != nil {
			return err
		}
	}
	return nil
}

// PutAccount implements account.Tx.
func (w *accountWriter) PutAccount(k account.Kept) error {
	r := rowOfAccount(k)
	n, err := gorm.G[accountRow](w.db).Where("id = ?", r.ID).Set(
		set("name", r.Name), set("state", r.State), set("password", r.Password), set("totp", r.TOTP), set("totp_pending", r.Pending),
		set("totp_step", r.Step), set("issuer", r.Issuer), set("subject", r.Subject)).Update(w.ctx)
	if err != nil {
		return taken(err)
	}
	return accountHit(n, nil, "an account")
}

// AddAppointment implements account.Tx.
func (w *accountWriter) AddAppointment(a id.Account, g access.Appointment) error {
	n, err := gorm.G[appointmentRow](w.db).Where("account = ?", a).Count(w.ctx, "id")
	if err != nil {
		return unavailable(err)
	}
	row := rowOfAppointment(a, n, g)
	return or(gorm.G[appointmentRow](w.db).Create(w.ctx, &row))
}

// EndAppointment implements account.Tx.
func (w *accountWriter) EndAppointment(g id.Grant, at time.Time) error {
	n, err := gorm.G[appointmentRow](w.db).Where("id = ?", g).Update(w.ctx, "valid_to", stamp(at))
	return accountHit(n, err, "an appointment")
}

// AddInvitation implements account.Tx.
func (w *accountWriter) AddInvitation(v account.Invitation) error {
	return or(gorm.G[invitationRow](w.db).Create(w.ctx, &invitationRow{Code: v.Code[:], Account: v.Account, ExpiresAt: stamp(v.Expires), UsedAt: stampOpen(v.Used)}))
}

// UseInvitation implements account.Tx.
func (w *accountWriter) UseInvitation(code id.Hash, at time.Time) error {
	n, err := gorm.G[invitationRow](w.db).Where("code = ? AND used_at IS NULL", code[:]).Update(w.ctx, "used_at", stamp(at))
	return accountHit(n, err, "an invitation")
}

// DropInvitations implements account.Tx.
func (w *accountWriter) DropInvitations(a id.Account) error {
	_, err := gorm.G[invitationRow](w.db).Where("account = ?", a).Delete(w.ctx)
	return or(err)
}

// AddSitting implements account.Tx.
func (w *accountWriter) AddSitting(v account.Sitting) error {
	return or(gorm.G[sessionRow](w.db).Create(w.ctx, &sessionRow{Token: v.Token[:], Account: v.Account, MadeAt: stamp(v.Made), SeenAt: stamp(v.Seen),
		ExpiresAt: stamp(v.Expires), Remember: v.Remember}))
}

// DropSession implements account.Tx.
func (w *accountWriter) DropSession(token id.Hash) error {
	_, err := gorm.G[sessionRow](w.db).Where("token = ?", token[:]).Delete(w.ctx)
	return or(err)
}

// DropSessions implements account.Tx.
func (w *accountWriter) DropSessions(a id.Account, except id.Hash) error {
	_, err := gorm.G[sessionRow](w.db).Where("account = ? AND token <> ?", a, except[:]).Delete(w.ctx)
	return or(err)
}

// SetRecovery implements account.Tx.
func (w *accountWriter) SetRecovery(a id.Account, codes []id.Hash) error {
	if _, err := gorm.G[recoveryRow](w.db).Where("account = ?", a).Delete(w.ctx); err != nil {
		return unavailable(err)
	}
	for _, c := range codes {
		if err := gorm.G[recoveryRow](w.db).Create(w.ctx, &recoveryRow{Account: a, Code: c[:]}); err != nil {
			return unavailable(err)
		}
	}
	return nil
}

// UseRecovery implements account.Tx.
func (w *accountWriter) UseRecovery(a id.Account, code id.Hash) (bool, error) {
	n, err := gorm.G[recoveryRow](w.db).Where("account = ? AND code = ?", a, code[:]).Delete(w.ctx)
	return n == 1, or(err)
}

// PutAttempts implements account.Tx.
func (w *accountWriter) PutAttempts(v account.Attempts) error {
	row := attemptsRow{Key: v.Key[:], Count: v.Count, At: stamp(v.At), BlockedUntil: stampOpen(v.Until)}
	upsert := clause.OnConflict{Columns: []clause.Column{{Name: "key"}}, DoUpdates: clause.AssignmentColumns([]string{"count", "at", "blocked_until"})}
	return or(gorm.G[attemptsRow](w.db, upsert).Create(w.ctx, &row))
}

// DropAttempts implements account.Tx.
func (w *accountWriter) DropAttempts(key id.Hash) error {
	_, err := gorm.G[attemptsRow](w.db).Where("key = ?", key[:]).Delete(w.ctx)
	return or(err)
}

// UseFlow implements account.Tx.
func (w *accountWriter) UseFlow(flow id.Hash, expires time.Time) (bool, error) {
	n, err := gorm.G[flowRow](w.db).Where("flow = ?", flow[:]).Count(w.ctx, "flow")
	if err != nil || n > 0 {
		return false, or(err)
	}
	return true, or(gorm.G[flowRow](w.db).Create(w.ctx, &flowRow{Flow: flow[:], ExpiresAt: stamp(expires)}))
}

// Sweep implements account.Tx.
func (w *accountWriter) Sweep(o account.Over) (account.Swept, error) {
	now := stamp(o.Now)
	var out account.Swept
	var err error
	out.Sessions, err = gorm.G[sessionRow](w.db).Where("expires_at <= ? OR seen_at <= CASE WHEN remember THEN CAST(? AS bigint) ELSE CAST(? AS bigint) END",
		now, stamp(o.RememberedIdle), stamp(o.Idle)).Delete(w.ctx)
	if err != nil {
		return out, unavailable(err)
	}
	if out.Attempts, err = gorm.G[attemptsRow](w.db).Where("at <= ?", stamp(o.Attempts)).Delete(w.ctx); err != nil {
		return out, unavailable(err)
	}
	if out.Invitations, err = gorm.G[invitationRow](w.db).Where("expires_at <= ? OR used_at IS NOT NULL", now).Delete(w.ctx); err != nil {
		return out, unavailable(err)
	}
	out.Flows, err = gorm.G[flowRow](w.db).Where("expires_at <= ?", now).Delete(w.ctx)
	return out, or(err)
}
