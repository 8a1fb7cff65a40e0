package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"liandan/internal/id"
	"liandan/internal/machine"
)

// UpdateMachines implements machine.Store.
func (s *Store) UpdateMachines(ctx context.Context, fn func(machine.Tx) error) error {
	return s.change(ctx, func(*gorm.DB) error { return nil }, func(tx *gorm.DB) error {
		return fn(&machineWriter{machineReader{ctx: ctx, db: tx}})
	})
}

// machineWriter is one transaction.
type machineWriter struct{ machineReader }

// Lock implements machine.Tx. The row's lock orders the writers of one client; on SQLite
// the transaction has the file's lock and the dialect leaves the clause out.
func (w *machineWriter) Lock(c id.Client) (machine.Client, bool, error) {
	row, err := gorm.G[clientRow](w.db, clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", c).Take(w.ctx)
	k, ok, err := one(row, err, clientRow.client)
	if err != nil || !ok {
		return k, ok, err
	}
	secrets, err := gorm.G[clientSecretRow](w.db).Where("client = ?", c).Order("made_at, id").Find(w.ctx)
	k.Secrets, err = each(secrets, err, clientSecretRow.secret)
	return k, err == nil, err
}

// AddClient implements machine.Tx.
func (w *machineWriter) AddClient(c machine.Client) error { return insertOne(w, rowOfClient(c)) }

// PutClient implements machine.Tx.
func (w *machineWriter) PutClient(c machine.Client) error {
	n, err := gorm.G[clientRow](w.db).Where("id = ?", c.ID).
		Set(set("per_minute", c.PerMinute), set("disabled_at", stampOpen(c.Disabled))).Update(w.ctx)
	return hit(n, err, "API client "+c.ID.String())
}

// AddSecret implements machine.Tx.
func (w *machineWriter) AddSecret(s machine.Secret) error { return insertOne(w, rowOfClientSecret(s)) }

// RevokeSecret implements machine.Tx.
func (w *machineWriter) RevokeSecret(s id.Grant, at time.Time) error {
	n, err := gorm.G[clientSecretRow](w.db).Where("id = ?", s).Set(set("revoked_at", stamp(at))).Update(w.ctx)
	return hit(n, err, "client secret "+s.String())
}

// AddToken implements machine.Tx.
func (w *machineWriter) AddToken(t machine.Token) error { return insertOne(w, rowOfClientToken(t)) }

// DropTokens implements machine.Tx.
func (w *machineWriter) DropTokens(c id.Client, secret id.Grant) error {
	q := gorm.G[clientTokenRow](w.db).Where("client = ?", c)
	if !secret.IsZero() {
		q = q.Where("secret = ?", secret)
	}
	_, err := q.Delete(w.ctx)
	return lost(err)
}

// TrimTokens implements machine.Tx.
func (w *machineWriter) TrimTokens(c id.Client, keep int) error {
	_, err := gorm.G[clientTokenRow](w.db).Where(`client = ? AND hash NOT IN
		(SELECT hash FROM client_tokens WHERE client = ? ORDER BY made_at DESC, hash LIMIT ?)`, c, c, keep).Delete(w.ctx)
	return lost(err)
}

// Sweep implements machine.Tx.
func (w *machineWriter) Sweep(at time.Time) (int, error) {
	n, err := gorm.G[clientTokenRow](w.db).Where("expires_at <= ?", stamp(at)).Delete(w.ctx)
	return n, lost(err)
}

// EndGrant implements machine.Tx.
func (w *machineWriter) EndGrant(p id.Party, c id.Client, at time.Time) (bool, error) {
	n, err := gorm.G[clientGrantRow](w.db).Where("client = ? AND party = ? AND ended_at IS NULL", c, p).
		Set(set("ended_at", stamp(at))).Update(w.ctx)
	return n > 0, lost(err)
}

// AddGrant implements machine.Tx.
func (w *machineWriter) AddGrant(g machine.Grant) error { return insertOne(w, rowOfClientGrant(g)) }

func insertOne[R any](w *machineWriter, row R) error {
	return lost(gorm.G[R](w.db).Create(w.ctx, &row))
}

// lost is a failure of the database as a fault. nil stays nil.
func lost(err error) error {
	if err == nil {
		return nil
	}
	return unavailable(err)
}
