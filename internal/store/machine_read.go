package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"liandan/internal/id"
	"liandan/internal/machine"
)

// MachineReader implements machine.Store.
func (s *Store) MachineReader(ctx context.Context) machine.Reader {
	return &machineReader{ctx: ctx, db: s.ro}
}

// machineReader reads over a connection of the pool, or inside a transaction.
type machineReader struct {
	ctx context.Context
	db  *gorm.DB
}

// Clients implements machine.Reader.
func (r *machineReader) Clients() ([]machine.Client, error) {
	rows, err := gorm.G[clientRow](r.db).Order("made_at, id").Find(r.ctx)
	list, err := each(rows, err, clientRow.client)
	if err != nil {
		return nil, err
	}
	secrets, err := gorm.G[clientSecretRow](r.db).Order("made_at, id").Find(r.ctx)
	all, err := each(secrets, err, clientSecretRow.secret)
	if err != nil {
		return nil, err
	}
	of := map[id.Client][]machine.Secret{}
	for _, v := range all {
		of[v.Client] = append(of[v.Client], v)
	}
	for i := range list {
		list[i].Secrets = of[list[i].ID]
	}
	return list, nil
}

// Secret implements machine.Reader.
func (r *machineReader) Secret(hash id.Hash) (machine.Secret, machine.Client, bool, error) {
	row, err := gorm.G[clientSecretRow](r.db).Where("hash = ?", hash[:]).Take(r.ctx)
	secret, ok, err := one(row, err, clientSecretRow.secret)
	if err != nil || !ok {
		return machine.Secret{}, machine.Client{}, false, err
	}
	c, ok, err := r.client(secret.Client)
	return secret, c, ok, err
}

func (r *machineReader) client(c id.Client) (machine.Client, bool, error) {
	row, err := gorm.G[clientRow](r.db).Where("id = ?", c).Take(r.ctx)
	return one(row, err, clientRow.client)
}

// bearerQuery reads all that a token stands for by its primary key: a made-up token costs
// this one look into the index.
const bearerQuery = `SELECT c.id AS client, c.scopes AS allowed, c.per_minute, t.scopes,
	g.id AS grant_id, g.party, g.scopes AS grant_scopes, g.granted_at
	FROM client_tokens t
	JOIN client_secrets s ON s.id = t.secret
	JOIN clients c ON c.id = t.client
	LEFT JOIN client_grants g ON g.client = c.id AND g.ended_at IS NULL
	WHERE t.hash = ? AND t.expires_at > ? AND s.revoked_at IS NULL AND c.disabled_at IS NULL
	ORDER BY g.granted_at, g.id`

// Bearer implements machine.Reader.
func (r *machineReader) Bearer(hash id.Hash, at time.Time) (machine.Bearer, bool, error) {
	rows, err := gorm.G[bearerRow](r.db).Raw(bearerQuery, hash[:], stamp(at)).Find(r.ctx)
	if err != nil {
		return machine.Bearer{}, false, unavailable(err)
	}
	if len(rows) == 0 {
		return machine.Bearer{}, false, nil
	}
	b := machine.Bearer{Client: rows[0].Client, Allowed: splitScopes(rows[0].Allowed), Scopes: splitScopes(rows[0].Scopes), PerMinute: rows[0].PerMinute}
	for _, row := range rows {
		if row.Grant != nil {
			b.Grants = append(b.Grants, row.grant())
		}
	}
	return b, true, nil
}

const grantsQuery = `SELECT g.id, g.client, g.party, g.scopes, g.granted_at, g.ended_at, c.name
	FROM client_grants g JOIN clients c ON c.id = g.client
	WHERE g.party = ?
	ORDER BY CASE WHEN g.ended_at IS NULL THEN 0 ELSE 1 END, g.granted_at DESC, g.id`

// Grants implements machine.Reader.
func (r *machineReader) Grants(p id.Party) ([]machine.Grant, error) {
	rows, err := gorm.G[namedGrantRow](r.db).Raw(grantsQuery, p).Find(r.ctx)
	return each(rows, err, namedGrantRow.grant)
}
