package store

import (
	"strings"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// Rows of accounts. Times are Unix milliseconds; a nil time is "open" or "never".

type accountsVersionRow struct {
	ID      int64 `gorm:"column:id;primaryKey"`
	Version int64 `gorm:"column:version"`
}

func (accountsVersionRow) TableName() string { return "accounts_version" }

type accountRow struct {
	ID       id.Account `gorm:"column:id;primaryKey"`
	Login    string     `gorm:"column:login"`
	Name     string     `gorm:"column:name"`
	State    string     `gorm:"column:state"`
	Password *string    `gorm:"column:password"`
	TOTP     []byte     `gorm:"column:totp"`
	Pending  []byte     `gorm:"column:totp_pending"`
	Step     int64      `gorm:"column:totp_step"`
	Issuer   *string    `gorm:"column:issuer"` // NULL for none: issuer and subject together are unique
	Subject  *string    `gorm:"column:subject"`
	MadeAt   int64      `gorm:"column:made_at"`
}

func (accountRow) TableName() string { return "accounts" }

func rowOfAccount(k account.Kept) accountRow {
	return accountRow{ID: k.ID, Login: k.Login, Name: k.Name, State: string(k.State), Password: orNull(k.Password), TOTP: k.Secret,
		Pending: k.Pending, Step: k.Step, Issuer: orNull(k.Link.Issuer), Subject: orNull(k.Link.Subject), MadeAt: stamp(k.Made)}
}

// kept reads a row without its appointments, which are in rows of their own.
func (r accountRow) kept() (account.Kept, error) {
	k := account.Kept{
		Account: account.Account{ID: r.ID, Login: r.Login, Name: r.Name, State: account.State(r.State), TOTP: len(r.TOTP) > 0,
			Linked: r.Subject != nil, Made: unstamp(r.MadeAt)},
		Password: required(r.Password), Secret: r.TOTP, Pending: r.Pending, Step: r.Step,
		Link: account.Link{Issuer: required(r.Issuer), Subject: required(r.Subject)},
	}
	return k, nil
}

// orNull writes an empty text as NULL.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

type appointmentRow struct {
	ID        id.Grant   `gorm:"column:id;primaryKey"`
	Account   id.Account `gorm:"column:account"`
	N         int64      `gorm:"column:n"` // the order they were made in
	Role      string     `gorm:"column:role"`
	Party     *id.Party  `gorm:"column:party"`
	Sites     string     `gorm:"column:sites"`
	Person    *id.Person `gorm:"column:person"`
	Divisions string     `gorm:"column:divisions"`
	ValidFrom int64      `gorm:"column:valid_from"`
	ValidTo   *int64     `gorm:"column:valid_to"`
}

func (appointmentRow) TableName() string { return "appointments" }

func rowOfAppointment(a id.Account, n int64, g access.Appointment) appointmentRow {
	sites := make([]string, len(g.Sites))
	for i, v := range g.Sites {
		sites[i] = v.String()
	}
	return appointmentRow{ID: g.ID, Account: a, N: n, Role: string(g.Role), Party: optional(g.Party), Sites: strings.Join(sites, ";"),
		Person: optional(g.Person), Divisions: joinWords(g.Divisions), ValidFrom: stamp(g.Valid.From), ValidTo: stampOpen(g.Valid.To)}
}

func (r appointmentRow) appointment() (access.Appointment, error) {
	g := access.Appointment{ID: r.ID, Role: access.Role(r.Role), Party: required(r.Party), Person: required(r.Person),
		Divisions: splitWords(r.Divisions), Valid: period(r.ValidFrom, r.ValidTo)}
	for _, s := range splitWords(r.Sites) {
		v, err := id.ParseSite(s)
		if err != nil {
			return g, fault.Wrap(err, fault.Damaged, "The sites of the appointment %s cannot be read.", r.ID)
		}
		g.Sites = append(g.Sites, v)
	}
	return g, nil
}

type invitationRow struct {
	Code      []byte     `gorm:"column:code;primaryKey"`
	Account   id.Account `gorm:"column:account"`
	ExpiresAt int64      `gorm:"column:expires_at"`
	UsedAt    *int64     `gorm:"column:used_at"`
}

func (invitationRow) TableName() string { return "invitations" }

func (r invitationRow) invitation() (account.Invitation, error) {
	v := account.Invitation{Account: r.Account, Expires: unstamp(r.ExpiresAt), Used: unstampOpen(r.UsedAt)}
	return v, v.Code.Scan(r.Code)
}

type sessionRow struct {
	Token     []byte     `gorm:"column:token;primaryKey"`
	Account   id.Account `gorm:"column:account"`
	MadeAt    int64      `gorm:"column:made_at"`
	SeenAt    int64      `gorm:"column:seen_at"`
	ExpiresAt int64      `gorm:"column:expires_at"`
	Remember  bool       `gorm:"column:remember"`
}

func (sessionRow) TableName() string { return "sessions" }

func (r sessionRow) sitting() (account.Sitting, error) {
	v := account.Sitting{Account: r.Account, Made: unstamp(r.MadeAt), Seen: unstamp(r.SeenAt), Expires: unstamp(r.ExpiresAt), Remember: r.Remember}
	return v, v.Token.Scan(r.Token)
}

type recoveryRow struct {
	Account id.Account `gorm:"column:account;primaryKey"`
	Code    []byte     `gorm:"column:code;primaryKey"`
}

func (recoveryRow) TableName() string { return "recovery_codes" }

type attemptsRow struct {
	Key          []byte `gorm:"column:key;primaryKey"`
	Count        int    `gorm:"column:count"`
	At           int64  `gorm:"column:at"`
	BlockedUntil *int64 `gorm:"column:blocked_until"`
}

func (attemptsRow) TableName() string { return "sign_in_attempts" }

func (r attemptsRow) attempts() (account.Attempts, error) {
	v := account.Attempts{Count: r.Count, At: unstamp(r.At), Until: unstampOpen(r.BlockedUntil)}
	return v, v.Key.Scan(r.Key)
}

type flowRow struct {
	Flow      []byte `gorm:"column:flow;primaryKey"`
	ExpiresAt int64  `gorm:"column:expires_at"`
}

func (flowRow) TableName() string { return "sign_in_flows" }
