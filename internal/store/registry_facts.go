package store

import (
	"database/sql"

	"gorm.io/gorm"

	"liandan/internal/audit"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/statement"
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

const (
	sqlFactRows     = `SELECT key, kind, fact FROM register_facts ORDER BY key`
	sqlPendingFacts = `SELECT body FROM outbox WHERE kind = 'fact' ORDER BY id`
	// sqlRaiseRegistry takes the registry's row lock and makes every server forget what it has
	// read of the register.
	sqlRaiseRegistry = `UPDATE registry_version SET version = version + 1 WHERE id = 1`
)

var tableFacts = table{name: "register_facts", columns: []column{{"key", texts}, {"kind", texts}, {"fact", blobs}},
	suffix: "ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, fact = excluded.fact"}

// FactRows implements audit.Rows.
func (r *reader) FactRows(each func(key, kind string, fact []byte) error) error {
	return r.query(sqlFactRows, func(rows *sql.Rows) error {
		var key, kind string
		var fact []byte
		if err := rows.Scan(word(&key), word(&kind), octets(&fact)); err != nil {
			return err
		}
		return each(key, kind, fact)
	})
}

// facts writes back the newest of the facts among statements, in the log's order.
func (p *projection) facts(said []audit.Said) error {
	at := map[string]int{} // one statement cannot replace a row twice
	var keys, kinds []string
	var facts [][]byte
	for _, st := range said {
		if st.Kind != statement.KindFact {
			continue
		}
		f, err := indicator.ParseFact(st.Body)
		if err != nil {
			return err
		}
		i, there := at[f.Key()]
		if !there {
			i = len(keys)
			at[f.Key()] = i
			keys, kinds, facts = append(keys, f.Key()), append(kinds, string(f.Kind)), append(facts, nil)
		}
		facts[i] = st.Body
	}
	return p.r.bulk(tableFacts, len(keys), keys, kinds, facts)
}

// pendingFacts writes back those that wait for the log: they are newer than any in it. One
// that cannot be read is the check's to name.
func (p *projection) pendingFacts() error {
	var said []audit.Said
	err := p.r.query(sqlPendingFacts, func(rows *sql.Rows) error {
		st := audit.Said{Kind: statement.KindFact}
		if err := rows.Scan(octets(&st.Body)); err != nil {
			return err
		}
		if _, err := indicator.ParseFact(st.Body); err == nil {
			said = append(said, st)
		}
		return nil
	})
	if err == nil {
		err = p.facts(said)
	}
	if err != nil {
		return err
	}
	return p.r.flush()
}
