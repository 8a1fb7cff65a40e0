package store

import (
	"crypto/ed25519"
	"errors"

	"gorm.io/gorm"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

type keyRow struct {
	Kid         string    `gorm:"column:kid;primaryKey"`
	Party       id.Party  `gorm:"column:party"`
	Person      id.Person `gorm:"column:person"`
	Device      string    `gorm:"column:device"`
	JWK         []byte    `gorm:"column:jwk"`
	Alg         string    `gorm:"column:alg"` // for people who read the table
	ValidFrom   int64     `gorm:"column:valid_from"`
	ValidTo     *int64    `gorm:"column:valid_to"`
	RevokedAt   *int64    `gorm:"column:revoked_at"`
	RefusedFrom *int64    `gorm:"column:refused_from"`
	Reason      *string   `gorm:"column:reason"`
	Replaces    *string   `gorm:"column:replaces"` // NULL for none: the column is unique
	HistoryN    int64     `gorm:"column:history_n"`
	HistoryHead []byte    `gorm:"column:history_head"`
}

func (keyRow) TableName() string { return "device_keys" }

func rowOfKey(k registry.KeyRecord) (keyRow, error) {
	jwk, err := signature.FormatJWK(k.Public)
	if err != nil {
		return keyRow{}, fault.Wrap(err, fault.Internal, "The key %s cannot be written.", k.Kid)
	}
	alg := "ES256"
	if _, ok := k.Public.(ed25519.PublicKey); ok {
		alg = "EdDSA"
	}
	r := keyRow{Kid: k.Kid, Party: k.Party, Person: k.Person, Device: k.Device, JWK: jwk, Alg: alg,
		ValidFrom: stamp(k.Valid.From), ValidTo: stampOpen(k.Valid.To), RevokedAt: stampOpen(k.RevokedAt), RefusedFrom: stampOpen(k.RefusedFrom),
		Reason: textOrNull(k.Reason), Replaces: textOrNull(k.Replaces), HistoryN: k.Chapters}
	if k.Chapters > 0 {
		r.HistoryHead = k.Newest[:]
	}
	return r, nil
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// record refuses a stored key that is not the one its kid names: whoever can write to the
// table must not be able to put another key under a known kid unnoticed.
func (r keyRow) record() (registry.KeyRecord, error) {
	pub, err := signature.ParseJWK(r.JWK)
	if err != nil {
		return registry.KeyRecord{}, fault.Wrap(err, fault.Damaged, "The stored key %s cannot be read; run `liandan check`.", r.Kid)
	}
	if kid, err := signature.Thumbprint(pub); err != nil || kid != r.Kid {
		return registry.KeyRecord{}, fault.New(fault.Damaged, "The stored key %s is not the key of that name; run `liandan check`.", r.Kid)
	}
	k := registry.KeyRecord{Key: party.Key{Kid: r.Kid, Party: r.Party, Person: r.Person, Device: r.Device, Public: pub,
		Valid: period(r.ValidFrom, r.ValidTo), RevokedAt: unstampOpen(r.RevokedAt), RefusedFrom: unstampOpen(r.RefusedFrom)},
		Reason: required(r.Reason), Replaces: required(r.Replaces), Chapters: r.HistoryN}
	if k.Chapters == 0 {
		return k, nil
	}
	if err := k.Newest.Scan(r.HistoryHead); err != nil {
		return k, fault.Wrap(err, fault.Damaged, "The stored history of the key %s is damaged; run `liandan check`.", r.Kid)
	}
	return k, nil
}

// Kids implements registry.Reader.
func (r *registryReader) Kids() ([]string, error) {
	var kids []string
	if err := gorm.G[keyRow](r.db).Select("kid").Scan(r.ctx, &kids); err != nil {
		return nil, unavailable(err)
	}
	return kids, nil
}

// Key implements registry.Reader.
func (r *registryReader) Key(kid string) (registry.KeyRecord, bool, error) {
	row, err := gorm.G[keyRow](r.db).Where("kid = ?", kid).Take(r.ctx)
	return one(row, err, keyRow.record)
}

// Successor implements registry.Reader.
func (r *registryReader) Successor(kid string) (registry.KeyRecord, bool, error) {
	row, err := gorm.G[keyRow](r.db).Where("replaces = ?", kid).Take(r.ctx)
	return one(row, err, keyRow.record)
}

// Keys implements registry.Reader.
func (r *registryReader) Keys(f registry.KeyFilter) ([]registry.KeyRecord, error) {
	q := gorm.G[keyRow](r.db).Order("valid_from DESC, kid").Limit(f.Limit)
	if !f.Party.IsZero() {
		q = q.Where("party = ?", f.Party)
	}
	if !f.Person.IsZero() {
		q = q.Where("person = ?", f.Person)
	}
	if f.After != (registry.KeyPlace{}) {
		from := stamp(f.After.From)
		q = q.Where("(valid_from < ? OR (valid_from = ? AND kid > ?))", from, from, f.After.Kid)
	}
	rows, err := q.Find(r.ctx)
	return each(rows, err, keyRow.record)
}

// KeysOf implements registry.Reader.
func (r *registryReader) KeysOf(people []id.Person) ([]registry.KeyRecord, error) {
	var out []registry.KeyRecord
	for len(people) > 0 {
		n := min(portion, len(people))
		rows, err := gorm.G[keyRow](r.db).Where("person IN ?", people[:n]).Order("kid").Find(r.ctx)
		list, err := each(rows, err, keyRow.record)
		if err != nil {
			return nil, err
		}
		out, people = append(out, list...), people[n:]
	}
	return out, nil
}

// Unstated implements registry.Reader.
func (r *registryReader) Unstated(most int) ([]registry.KeyRecord, error) {
	rows, err := gorm.G[keyRow](r.db).Where("history_n = 0").Order("kid").Limit(most).Find(r.ctx)
	return each(rows, err, keyRow.record)
}

// AddKey implements registry.Tx.
func (w *registryWriter) AddKey(k registry.KeyRecord) error {
	row, err := rowOfKey(k)
	if err != nil {
		return err
	}
	err = gorm.G[keyRow](w.db).Create(w.ctx, &row)
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return fault.Wrap(err, fault.Conflict, "This key is already enrolled.").With("kid", k.Kid)
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// PutKey implements registry.Tx.
func (w *registryWriter) PutKey(k registry.KeyRecord) error {
	row, err := rowOfKey(k)
	if err != nil {
		return err
	}
	n, err := gorm.G[keyRow](w.db).Where("kid = ?", k.Kid).Set(set("valid_to", row.ValidTo), set("revoked_at", row.RevokedAt),
		set("refused_from", row.RefusedFrom), set("reason", row.Reason), set("history_n", row.HistoryN), set("history_head", row.HistoryHead)).Update(w.ctx)
	return hit(n, err, "key "+k.Kid)
}

// State implements registry.Tx: the statement waits in the outbox for the next commit
// group, and is there exactly when the change is.
func (w *registryWriter) State(st statement.Statement) error {
	if st.Kind == statement.KindFact {
		f, err := indicator.ParseFact(st.Body)
		if err != nil {
			return err
		}
		return outboxAdd(w.ctx, w.db, st, unstamp(f.At))
	}
	k, err := statement.ParseKey(st.Body)
	if err != nil {
		return err
	}
	return outboxAdd(w.ctx, w.db, st, k.At)
}
