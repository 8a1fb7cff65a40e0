package store

import (
	"gorm.io/gorm"

	"liandan/internal/id"
	"liandan/internal/indicator"
)

// factRow is the newest of a register fact; its history is in the log.
type factRow struct {
	Key  string `gorm:"column:key;primaryKey"`
	Kind string `gorm:"column:kind"`
	Fact []byte `gorm:"column:fact"`
}

// TableName implements gorm's Tabler.
func (factRow) TableName() string { return "register_facts" }

// Facts implements registry.Reader.
func (r *registryReader) Facts(kinds ...indicator.FactKind) ([]indicator.Fact, error) {
	q := gorm.G[factRow](r.db).Order("key")
	if len(kinds) > 0 {
		q = q.Where("kind IN ?", kinds)
	}
	rows, err := q.Find(r.ctx)
	return each(rows, err, func(f factRow) (indicator.Fact, error) { return indicator.ParseFact(f.Fact) })
}

// SiteHistory implements registry.Reader. A key begins with its kind and, of a site, its id;
// an index has the first 41 characters.
func (r *registryReader) SiteHistory(v id.Site) ([]indicator.Site, bool, error) {
	rows, err := gorm.G[factRow](r.db).Where("kind = 'site' AND substr(key, 1, 41) = ?", "site "+v.String()).Find(r.ctx)
	out, err := each(rows, err, func(f factRow) (indicator.Site, error) {
		x, err := indicator.ParseFact(f.Fact)
		l, _ := x.Row.(indicator.Site)
		return l, err
	})
	return out, len(out) > 0, err
}

// PutFacts implements registry.Tx.
func (w *registryWriter) PutFacts(list []indicator.Fact) error {
	for _, f := range list {
		if _, err := f.Bytes(); err != nil {
			return err
		}
	}
	return replace(w, list, func(f indicator.Fact) factRow {
		b, _ := f.Bytes() // seen to above
		return factRow{f.Key(), string(f.Kind), b}
	}, []string{"key"}, []string{"fact"})
}
