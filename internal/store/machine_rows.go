package store

import (
	"liandan/internal/access"
	"liandan/internal/id"
	"liandan/internal/machine"
)

// Rows of the API clients. Times are Unix milliseconds; scopes are words in one column.

type clientRow struct {
	ID         id.Client `gorm:"column:id;primaryKey"`
	Name       string    `gorm:"column:name"`
	Scopes     string    `gorm:"column:scopes"`
	PerMinute  int       `gorm:"column:per_minute"`
	MadeAt     int64     `gorm:"column:made_at"`
	DisabledAt *int64    `gorm:"column:disabled_at"`
}

func (clientRow) TableName() string { return "clients" }

func rowOfClient(c machine.Client) clientRow {
	return clientRow{ID: c.ID, Name: c.Name, Scopes: joinScopes(c.Scopes), PerMinute: c.PerMinute,
		MadeAt: stamp(c.Made), DisabledAt: stampOpen(c.Disabled)}
}

func (r clientRow) client() (machine.Client, error) {
	return machine.Client{ID: r.ID, Name: r.Name, Scopes: splitScopes(r.Scopes), PerMinute: r.PerMinute,
		Made: unstamp(r.MadeAt), Disabled: unstampOpen(r.DisabledAt)}, nil
}

type clientSecretRow struct {
	ID        id.Grant  `gorm:"column:id;primaryKey"`
	Client    id.Client `gorm:"column:client"`
	Hash      []byte    `gorm:"column:hash"`
	MadeAt    int64     `gorm:"column:made_at"`
	ExpiresAt int64     `gorm:"column:expires_at"`
	RevokedAt *int64    `gorm:"column:revoked_at"`
}

func (clientSecretRow) TableName() string { return "client_secrets" }

func rowOfClientSecret(s machine.Secret) clientSecretRow {
	return clientSecretRow{ID: s.ID, Client: s.Client, Hash: s.Hash[:], MadeAt: stamp(s.Made), ExpiresAt: stamp(s.Expires), RevokedAt: stampOpen(s.Revoked)}
}

func (r clientSecretRow) secret() (machine.Secret, error) {
	s := machine.Secret{ID: r.ID, Client: r.Client, Made: unstamp(r.MadeAt), Expires: unstamp(r.ExpiresAt), Revoked: unstampOpen(r.RevokedAt)}
	return s, s.Hash.Scan(r.Hash)
}

type clientTokenRow struct {
	Hash      []byte    `gorm:"column:hash;primaryKey"`
	Client    id.Client `gorm:"column:client"`
	Secret    id.Grant  `gorm:"column:secret"`
	Scopes    string    `gorm:"column:scopes"`
	MadeAt    int64     `gorm:"column:made_at"`
	ExpiresAt int64     `gorm:"column:expires_at"`
}

func (clientTokenRow) TableName() string { return "client_tokens" }

func rowOfClientToken(t machine.Token) clientTokenRow {
	return clientTokenRow{Hash: t.Hash[:], Client: t.Client, Secret: t.Secret, Scopes: joinScopes(t.Scopes), MadeAt: stamp(t.Made), ExpiresAt: stamp(t.Expires)}
}

type clientGrantRow struct {
	ID        id.Grant  `gorm:"column:id;primaryKey"`
	Client    id.Client `gorm:"column:client"`
	Party     id.Party  `gorm:"column:party"`
	Scopes    string    `gorm:"column:scopes"`
	GrantedAt int64     `gorm:"column:granted_at"`
	EndedAt   *int64    `gorm:"column:ended_at"`
}

func (clientGrantRow) TableName() string { return "client_grants" }

func rowOfClientGrant(g machine.Grant) clientGrantRow {
	return clientGrantRow{ID: g.ID, Client: g.Client, Party: g.Party, Scopes: joinScopes(g.Scopes),
		GrantedAt: stamp(g.Valid.From), EndedAt: stampOpen(g.Valid.To)}
}

// namedGrantRow is a grant with the client's name beside it.
type namedGrantRow struct {
	Held clientGrantRow `gorm:"embedded"`
	Name string         `gorm:"column:name"`
}

func (r namedGrantRow) grant() (machine.Grant, error) {
	g := r.Held
	return machine.Grant{ID: g.ID, Client: g.Client, Name: r.Name, Party: g.Party, Scopes: splitScopes(g.Scopes),
		Valid: period(g.GrantedAt, g.EndedAt)}, nil
}

// bearerRow is a token's client with one of its grants, or with none.
type bearerRow struct {
	Client      id.Client `gorm:"column:client"`
	Allowed     string    `gorm:"column:allowed"`
	Scopes      string    `gorm:"column:scopes"`
	PerMinute   int       `gorm:"column:per_minute"`
	Grant       *id.Grant `gorm:"column:grant_id"`
	Party       *id.Party `gorm:"column:party"`
	GrantScopes *string   `gorm:"column:grant_scopes"`
	GrantedAt   *int64    `gorm:"column:granted_at"`
}

func (r bearerRow) grant() machine.Grant {
	return machine.Grant{ID: required(r.Grant), Client: r.Client, Party: required(r.Party), Scopes: splitScopes(required(r.GrantScopes)),
		Valid: period(required(r.GrantedAt), nil)}
}

func joinScopes(scopes []access.Scope) string {
	words := make([]string, len(scopes))
	for i, v := range scopes {
		words[i] = string(v)
	}
	return joinWords(words)
}

func splitScopes(s string) []access.Scope {
	words := splitWords(s)
	scopes := make([]access.Scope, len(words))
	for i, w := range words {
		scopes[i] = access.Scope(w)
	}
	return scopes
}
