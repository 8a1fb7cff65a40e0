package store

import (
	"strings"
	"time"

	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/waste"
)

// Rows of the registry. Times are Unix milliseconds; a nil time is "open" or "never".

type versionRow struct {
	ID      int64 `gorm:"column:id;primaryKey"`
	Version int64 `gorm:"column:version"`
}

func (versionRow) TableName() string { return "registry_version" }

type organisationRow struct {
	ID         id.Party `gorm:"column:id;primaryKey"`
	CreditCode string   `gorm:"column:credit_code"`
	Name       string   `gorm:"column:name"`
	Roles      string   `gorm:"column:roles"`
	Sample     bool     `gorm:"column:sample"`
	ValidFrom  int64    `gorm:"column:valid_from"`
	ValidTo    *int64   `gorm:"column:valid_to"`
}

func (organisationRow) TableName() string { return "organisations" }

func rowOfOrganisation(o party.Organisation) organisationRow {
	roles := make([]string, len(o.Roles))
	for i, r := range o.Roles {
		roles[i] = string(r)
	}
	return organisationRow{ID: o.ID, CreditCode: string(o.CreditCode), Name: o.Name, Roles: joinWords(roles), Sample: o.Sample,
		ValidFrom: stamp(o.Valid.From), ValidTo: stampOpen(o.Valid.To)}
}

func (r organisationRow) organisation() (party.Organisation, error) {
	words := splitWords(r.Roles)
	roles := make([]party.Role, len(words))
	for i, w := range words {
		roles[i] = party.Role(w)
	}
	return party.Organisation{ID: r.ID, CreditCode: party.CreditCode(r.CreditCode), Name: r.Name, Roles: roles, Sample: r.Sample,
		Valid: period(r.ValidFrom, r.ValidTo)}, nil
}

type siteRow struct {
	ID        id.Site  `gorm:"column:id;primaryKey"`
	Party     id.Party `gorm:"column:party"`
	Name      string   `gorm:"column:name"`
	Kind      string   `gorm:"column:kind"`
	Division  string   `gorm:"column:division"`
	BuiltUp   bool     `gorm:"column:built_up"`
	Beds      int      `gorm:"column:beds"`
	ValidFrom int64    `gorm:"column:valid_from"`
	ValidTo   *int64   `gorm:"column:valid_to"`
}

func (siteRow) TableName() string { return "sites" }

func rowOfSite(v party.Site) siteRow {
	return siteRow{ID: v.ID, Party: v.Party, Name: v.Name, Kind: v.Kind, Division: v.Division, BuiltUp: v.BuiltUp, Beds: v.Beds,
		ValidFrom: stamp(v.Valid.From), ValidTo: stampOpen(v.Valid.To)}
}

func (r siteRow) site() (party.Site, error) {
	return party.Site{ID: r.ID, Party: r.Party, Name: r.Name, Kind: r.Kind, Division: r.Division, BuiltUp: r.BuiltUp, Beds: r.Beds,
		Valid: period(r.ValidFrom, r.ValidTo)}, nil
}

type licenceRow struct {
	Number    string   `gorm:"column:number;primaryKey"`
	Party     id.Party `gorm:"column:party;primaryKey"`
	Site      *id.Site `gorm:"column:site"`
	Kind      string   `gorm:"column:kind"`
	Codes     string   `gorm:"column:codes"`
	Methods   string   `gorm:"column:methods"`
	Yearly    int64    `gorm:"column:yearly_grams"`
	Scopes    string   `gorm:"column:scopes"`
	ValidFrom int64    `gorm:"column:valid_from;primaryKey;autoIncrement:false"`
	ValidTo   *int64   `gorm:"column:valid_to"`
}

func (licenceRow) TableName() string { return "licences" }

func rowOfLicence(l party.Licence) licenceRow {
	return licenceRow{Number: l.Number, Party: l.Party, Site: optional(l.Site), Kind: l.Kind, Codes: joinWords(l.Codes), Methods: joinWords(l.Methods),
		Yearly: int64(l.Yearly), Scopes: joinLines(l.Scopes), ValidFrom: stamp(l.Valid.From), ValidTo: stampOpen(l.Valid.To)}
}

func (r licenceRow) licence() (party.Licence, error) {
	scopes, err := splitLines(r.Scopes)
	return party.Licence{Number: r.Number, Party: r.Party, Site: required(r.Site), Kind: r.Kind, Codes: splitWords(r.Codes), Methods: splitWords(r.Methods),
		Yearly: waste.Grams(r.Yearly), Scopes: scopes, Valid: period(r.ValidFrom, r.ValidTo)}, err
}

type personRow struct {
	ID        id.Person `gorm:"column:id;primaryKey"`
	Party     id.Party  `gorm:"column:party"`
	ValidFrom int64     `gorm:"column:valid_from"`
	ValidTo   *int64    `gorm:"column:valid_to"`
}

func (personRow) TableName() string { return "people" }

func rowOfPerson(p registry.Person) personRow {
	return personRow{ID: p.ID, Party: p.Party, ValidFrom: stamp(p.Valid.From), ValidTo: stampOpen(p.Valid.To)}
}

func (r personRow) person() (registry.Person, error) {
	return registry.Person{ID: r.ID, Party: r.Party, Valid: period(r.ValidFrom, r.ValidTo)}, nil
}

type enrolmentRow struct {
	CodeHash         []byte    `gorm:"column:code_hash;primaryKey"`
	Party            id.Party  `gorm:"column:party"`
	Person           id.Person `gorm:"column:person"`
	Device           string    `gorm:"column:device"`
	MadeBy           string    `gorm:"column:made_by"`
	ValidDays        int       `gorm:"column:valid_days"`
	ExpiresAt        int64     `gorm:"column:expires_at"`
	Attempts         int       `gorm:"column:attempts"`
	Challenge        *string   `gorm:"column:challenge"` // NULL for none: the column is unique
	ChallengeExpires *int64    `gorm:"column:challenge_expires_at"`
	JWK              []byte    `gorm:"column:jwk"`
	UsedAt           *int64    `gorm:"column:used_at"`
}

func (enrolmentRow) TableName() string { return "enrolments" }

func rowOfEnrolment(e registry.Enrolment) enrolmentRow {
	r := enrolmentRow{CodeHash: e.CodeHash[:], Party: e.Party, Person: e.Person, Device: e.Device, MadeBy: e.By, ValidDays: e.ValidDays,
		ExpiresAt: stamp(e.Expires), Attempts: e.Attempts, ChallengeExpires: stampOpen(e.ChallengeExpires), JWK: e.JWK, UsedAt: stampOpen(e.Used)}
	if e.Challenge != "" {
		r.Challenge = &e.Challenge
	}
	return r
}

func (r enrolmentRow) enrolment() (registry.Enrolment, error) {
	e := registry.Enrolment{Party: r.Party, Person: r.Person, Device: r.Device, By: r.MadeBy, ValidDays: r.ValidDays, Expires: unstamp(r.ExpiresAt),
		Attempts: r.Attempts, ChallengeExpires: unstampOpen(r.ChallengeExpires), JWK: r.JWK, Used: unstampOpen(r.UsedAt)}
	if r.Challenge != nil {
		e.Challenge = *r.Challenge
	}
	return e, e.CodeHash.Scan(r.CodeHash)
}

// stampOpen writes a zero time as NULL.
func stampOpen(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := stamp(t)
	return &ms
}

func unstampOpen(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return unstamp(*ms)
}

func period(from int64, to *int64) party.Period {
	return party.Period{From: unstamp(from), To: unstampOpen(to)}
}

// optional writes a zero id as NULL: a zero id's own value is an empty text, which no
// uuid column takes.
func optional[T interface{ IsZero() bool }](v T) *T {
	if v.IsZero() {
		return nil
	}
	return &v
}

func required[T any](v *T) (zero T) {
	if v == nil {
		return zero
	}
	return *v
}

// joinWords and splitWords keep a list of words that hold no semicolon in one column.
func joinWords(words []string) string { return strings.Join(words, ";") }

func splitWords(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ";")
}
