package store

import (
	"time"

	"gorm.io/gorm"

	"liandan/internal/access"
	"liandan/internal/id"
	"liandan/internal/registry"
)

type tokenRow struct {
	Hash      []byte    `gorm:"column:hash;primaryKey"`
	Party     *id.Party `gorm:"column:party"`
	Name      string    `gorm:"column:name"`
	Role      string    `gorm:"column:role"`
	Person    string    `gorm:"column:person"`
	Sites     string    `gorm:"column:sites"`
	Divisions string    `gorm:"column:divisions"`
	MadeAt    int64     `gorm:"column:made_at"`
	ExpiresAt *int64    `gorm:"column:expires_at"`
	RevokedAt *int64    `gorm:"column:revoked_at"`
}

func (tokenRow) TableName() string { return "tokens" }

func rowOfToken(t registry.Token) tokenRow {
	sites := make([]string, len(t.Holds.Sites))
	for i, v := range t.Holds.Sites {
		sites[i] = v.String()
	}
	return tokenRow{Hash: t.Hash[:], Party: optional(t.Holds.Party), Name: t.Name, Role: string(t.Holds.Role), Person: t.Holds.Person.String(),
		Sites: joinWords(sites), Divisions: joinWords(t.Holds.Divisions), MadeAt: stamp(t.Made), ExpiresAt: stampOpen(t.Expires)}
}

func (r tokenRow) token() (registry.Token, error) {
	t := registry.Token{Name: r.Name, Made: unstamp(r.MadeAt), Expires: unstampOpen(r.ExpiresAt),
		Holds: access.Appointment{Role: access.Role(r.Role), Party: required(r.Party), Divisions: splitWords(r.Divisions)}}
	for _, s := range splitWords(r.Sites) {
		v, err := id.ParseSite(s)
		if err != nil {
			return t, err
		}
		t.Holds.Sites = append(t.Holds.Sites, v)
	}
	if r.Person != "" {
		p, err := id.ParsePerson(r.Person)
		if err != nil {
			return t, err
		}
		t.Holds.Person = p
	}
	return t, t.Hash.Scan(r.Hash)
}

// Tokens implements registry.Reader.
func (r *registryReader) Tokens(at time.Time) ([]registry.Token, error) {
	rows, err := gorm.G[tokenRow](r.db).Where("(expires_at IS NULL OR expires_at > ?) AND revoked_at IS NULL", stamp(at)).Order("made_at, hash").Find(r.ctx)
	return each(rows, err, tokenRow.token)
}

// AddToken implements registry.Tx.
func (w *registryWriter) AddToken(t registry.Token) error {
	row := rowOfToken(t)
	if err := gorm.G[tokenRow](w.db).Create(w.ctx, &row); err != nil {
		return unavailable(err)
	}
	return nil
}

// RevokeToken implements registry.Tx.
func (w *registryWriter) RevokeToken(hash id.Hash, at time.Time) error {
	n, err := gorm.G[tokenRow](w.db).Where("hash = ?", hash[:]).Update(w.ctx, "revoked_at", stamp(at))
	return hit(n, err, "token")
}
