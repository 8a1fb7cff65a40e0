package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
	"liandan/internal/registry"
)

// Registers as people browse them: pages of organisations, an organisation's people, what
// imports changed, and files that wait to be applied.

type registerChangeRow struct {
	Seq   int64  `gorm:"column:seq;primaryKey;autoIncrement"`
	Party string `gorm:"column:party"`
	Kind  string `gorm:"column:kind"`
	Key   string `gorm:"column:key"`
	At    int64  `gorm:"column:at"`
	By    string `gorm:"column:by_id"`
	Cells string `gorm:"column:cells"`
}

// TableName implements gorm's Tabler.
func (registerChangeRow) TableName() string { return "register_changes" }

func (r registerChangeRow) change() (registry.Change, error) {
	c := registry.Change{Seq: r.Seq, Kind: r.Kind, Key: r.Key, At: unstamp(r.At), By: r.By}
	if err := json.Unmarshal([]byte(r.Cells), &c.Cells); err != nil {
		return c, fault.Wrap(err, fault.Damaged, "A change of the registers is damaged: %d.", r.Seq)
	}
	return c, nil
}

// By implements registry.Tx.
func (w *registryWriter) By(by string, at time.Time) { w.by, w.at = by, at }

// tell keeps what rows of a register say from now on, where somebody says so.
func tell[R any](w *registryWriter, rows []R, key []string) error {
	if w.by == "" || len(rows) == 0 {
		return nil
	}
	said := make([]registerChangeRow, len(rows))
	for i, row := range rows {
		cells := cellsOf(row)
		words := make([]string, len(key))
		for j, name := range key {
			words[j] = cells[name]
		}
		b, err := json.Marshal(cells)
		if err != nil {
			return fault.Wrap(err, fault.Internal, "A change of the registers cannot be written.")
		}
		owner := cells["party"]
		kind := any(row).(interface{ TableName() string }).TableName()
		if owner == "" {
			owner = cells["id"] // an organisation is its own
		}
		said[i] = registerChangeRow{Party: owner, Kind: kind, Key: strings.Join(words, " "), At: stamp(w.at), By: w.by, Cells: string(b)}
	}
	if err := gorm.G[registerChangeRow](w.db).CreateInBatches(w.ctx, &said, portion); err != nil {
		return unavailable(err)
	}
	return nil
}

// cellsOf spells a row, column by column; what is open or empty is left out.
func cellsOf(row any) map[string]string {
	v := reflect.ValueOf(row)
	out := map[string]string{}
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag.Get("gorm")
		name, _, _ := strings.Cut(strings.TrimPrefix(tag, "column:"), ";")
		cell := v.Field(i)
		if cell.Kind() == reflect.Pointer {
			if cell.IsNil() {
				continue
			}
			cell = cell.Elem()
		}
		if s := fmt.Sprint(cell.Interface()); s != "" {
			out[name] = s
		}
	}
	return out
}

// RegisterChanges lists what imports changed of an organisation's registers, newest first,
// at most so many. Faults: unavailable, damaged.
func (s *Store) RegisterChanges(ctx context.Context, p id.Party, most int) ([]registry.Change, error) {
	rows, err := gorm.G[registerChangeRow](s.ro).Where("party = ?", p.String()).Order("seq DESC").Limit(most).Find(ctx)
	return each(rows, err, registerChangeRow.change)
}

// FindOrganisations gives a page of organisations with their sites, by id. Faults:
// unavailable.
func (s *Store) FindOrganisations(ctx context.Context, f registry.Find) ([]registry.Found, error) {
	q := gorm.G[organisationRow](s.ro).Order("id").Limit(f.Limit)
	if !f.After.IsZero() {
		q = q.Where("id > ?", f.After)
	}
	if f.Party != nil {
		q = q.Where("id IN ?", append([]id.Party{}, f.Party...))
	}
	if f.Words != "" {
		words := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Words)
		q = q.Where(`(lower(name) LIKE ? ESCAPE '\' OR credit_code LIKE ? ESCAPE '\')`, "%"+strings.ToLower(words)+"%", strings.ToUpper(words)+"%")
	}
	rows, err := q.Find(ctx)
	list, err := each(rows, err, organisationRow.organisation)
	if err != nil {
		return nil, err
	}
	out := make([]registry.Found, len(list))
	r := s.RegistryReader(ctx)
	for i, o := range list {
		out[i].Organisation = o
		if out[i].Sites, err = r.SitesOf(o.ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// SitesOf gives an organisation's sites, the closed ones included, by name. Faults:
// unavailable.
func (s *Store) SitesOf(ctx context.Context, p id.Party) ([]party.Site, error) {
	return ofParty(&registryReader{ctx: ctx, db: s.ro}, p, "name, valid_from", siteRow.site)
}

// PeopleOf gives an organisation's people, those of other times included. Faults:
// unavailable.
func (s *Store) PeopleOf(ctx context.Context, p id.Party) ([]registry.Person, error) {
	return ofParty(&registryReader{ctx: ctx, db: s.ro}, p, "valid_from, id", personRow.person)
}

// RegisterFacts lists the newest of every register fact. Faults: unavailable, damaged.
func (s *Store) RegisterFacts(ctx context.Context) ([]indicator.Fact, error) {
	return s.RegistryReader(ctx).Facts()
}

// FactsOfSites lists what was said of those sites, newest of each day and contract: what they
// were, and which system they are in. Faults: unavailable, damaged.
func (s *Store) FactsOfSites(ctx context.Context, sites []id.Site) ([]indicator.Fact, error) {
	if len(sites) == 0 {
		return nil, nil
	}
	are, in := make([]string, len(sites)), make([]string, len(sites))
	for i, v := range sites {
		are[i], in[i] = "site "+v.String(), "member "+v.String()
	}
	rows, err := gorm.G[factRow](s.ro).Where("(kind = 'site' AND substr(key, 1, 41) IN ?) OR (kind = 'member' AND substr(key, 1, 43) IN ?)", are, in).Order("key").Find(ctx)
	return each(rows, err, func(f factRow) (indicator.Fact, error) { return indicator.ParseFact(f.Fact) })
}

type uploadRow struct {
	By   string `gorm:"column:by_id;primaryKey"`
	ID   string `gorm:"column:id"`
	Kind string `gorm:"column:kind"`
	Body []byte `gorm:"column:body"`
	Made int64  `gorm:"column:made_at"`
}

// TableName implements gorm's Tabler.
func (uploadRow) TableName() string { return "register_uploads" }

// uploadLife is how long a file waits to be applied.
const uploadLife = 24 * time.Hour

// KeepUpload keeps a file in place of the one that the same person left before, and lets
// go of those that nobody applied. Faults: unavailable.
func (s *Store) KeepUpload(ctx context.Context, u registry.Upload) error {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(u.Body) // a buffer takes everything
	if err := z.Close(); err != nil {
		return unavailable(err)
	}
	row := uploadRow{By: u.By, ID: u.ID, Kind: u.Kind, Body: packed.Bytes(), Made: stamp(u.Made)}
	return unavailableOrNil(s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if _, err := gorm.G[uploadRow](tx).Where("made_at < ?", stamp(u.Made.Add(-uploadLife))).Delete(ctx); err != nil {
			return err
		}
		upsert := clause.OnConflict{Columns: []clause.Column{{Name: "by_id"}}, DoUpdates: clause.AssignmentColumns([]string{"id", "kind", "body", "made_at"})}
		return gorm.G[uploadRow](tx, upsert).Create(ctx, &row)
	}))
}

func unavailableOrNil(err error) error {
	if err == nil || fault.As(err) != nil {
		return err
	}
	return unavailable(err)
}

// Upload gives the file that somebody left; false when there is none of theirs of that id.
// Faults: unavailable, damaged.
func (s *Store) Upload(ctx context.Context, by, upload string, at time.Time) (registry.Upload, bool, error) {
	row, err := gorm.G[uploadRow](s.ro).Where("by_id = ? AND id = ? AND made_at >= ?", by, upload, stamp(at.Add(-uploadLife))).Take(ctx)
	return one(row, err, func(r uploadRow) (registry.Upload, error) {
		u := registry.Upload{ID: r.ID, By: r.By, Kind: r.Kind, Made: unstamp(r.Made)}
		z, err := gzip.NewReader(bytes.NewReader(r.Body))
		if err == nil {
			u.Body, err = io.ReadAll(z)
		}
		if err != nil {
			return u, fault.Wrap(err, fault.Damaged, "A file that waited to be applied is damaged; choose it again.")
		}
		return u, nil
	})
}

// DropUpload lets go of the file that somebody left. Faults: unavailable.
func (s *Store) DropUpload(ctx context.Context, by string) error {
	_, err := gorm.G[uploadRow](s.db).Where("by_id = ?", by).Delete(ctx)
	return unavailableOrNil(err)
}
