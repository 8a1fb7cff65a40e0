package audit_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// damage is one change of one table: what it was, and the keys of the rows it touched.
type damage struct {
	what  string
	table string
	keys  []string
}

// row is one row with its table's columns.
type row struct {
	table string
	cells map[string]any
}

// pick takes the i-th row of a table in the order of its key.
func (p *place) pick(table string, where string, random *rand.Rand) (row, bool) {
	p.t.Helper()
	if table == "labels" {
		where = "source = 'event'" // the others are in no entry: TestUnsaid
	}
	all := p.rows(`SELECT * FROM ` + table + ` WHERE ` + where + ` ORDER BY ` + strings.Join(keyOf(table), ", "))
	if len(all) == 0 {
		return row{}, false
	}
	r := row{table, map[string]any{}}
	for i, v := range all[random.IntN(len(all))] {
		r.cells[p.columns[table][i]] = v
	}
	return r, true
}

func keyOf(table string) []string {
	for _, t := range tables {
		if t.name == table {
			return t.key
		}
	}
	return nil
}

// at is the condition for a row and its arguments.
func (r row) at() (string, []any) {
	var words []string
	var args []any
	for _, k := range keyOf(r.table) {
		words, args = append(words, k+" = ?"), append(args, r.cells[k])
	}
	return strings.Join(words, " AND "), args
}

// key spells a row's key as a report's place does.
func (r row) key() string {
	var words []string
	for _, k := range keyOf(r.table) {
		if b, ok := r.cells[k].([]byte); ok && r.table == "site_months" && len(b) == 16 { // an id
			words = append(words, uuid.UUID(b).String())
			continue
		}
		words = append(words, spell(r.cells[k]))
	}
	if r.table == "quarantine_subjects" {
		slices.Reverse(words)
	}
	return strings.Join(words, "/")
}

func spell(v any) string {
	if b, ok := v.([]byte); ok {
		return fmt.Sprintf("%x", b)
	}
	return fmt.Sprint(v)
}

func (r row) clone() row {
	c := row{r.table, map[string]any{}}
	for k, v := range r.cells {
		c.cells[k] = v
	}
	return c
}

func (p *place) remove(r row) {
	p.t.Helper()
	where, args := r.at()
	p.exec(`DELETE FROM `+r.table+` WHERE `+where, args...)
}

func (p *place) insert(r row) error {
	var marks []string
	var args []any
	for _, c := range p.columns[r.table] {
		marks, args = append(marks, "?"), append(args, r.cells[c])
	}
	return p.try(`INSERT INTO `+r.table+` (`+strings.Join(p.columns[r.table], ", ")+`) VALUES (`+strings.Join(marks, ", ")+`)`, args...)
}

// flip changes one bit of one cell; NULL becomes a value and the answer is what stands
// there then.
func (p *place) flip(r row, column string, random *rand.Rand) (after any) {
	switch v := r.cells[column].(type) {
	case nil:
		return p.something(r.table, column)
	case int64:
		return v ^ 1<<random.IntN(p.bits(r.table, column))
	case []byte:
		b := bytes.Clone(v)
		b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		return b
	case string:
		return p.flipText(v, column, random)
	}
	p.t.Fatalf("%s.%s is a %T", r.table, column, r.cells[column])
	return nil
}

// flipText flips one bit of a text; PostgreSQL keeps ids as 16 bytes and refuses text
// that is not UTF-8.
func (p *place) flipText(v, column string, random *rand.Rand) string {
	if u, err := uuid.Parse(v); err == nil && p.kind == "postgres" {
		u[random.IntN(16)] ^= 1 << random.IntN(8)
		return u.String()
	}
	b := []byte(v)
	if len(b) == 0 {
		return "x"
	}
	for {
		c := bytes.Clone(b)
		c[random.IntN(len(c))] ^= 1 << random.IntN(8)
		if p.kind == "sqlite" || utf8.Valid(c) && !bytes.ContainsFunc(c, func(r rune) bool { return r == 0 || r == 127 }) {
			return string(c)
		}
	}
}

// bits is how many bits of an integer column may be flipped.
func (p *place) bits(table, column string) int {
	switch {
	case p.kind == "sqlite":
		return 64
	case table == "postings" && column == "line":
		return 15
	case table == "tiles" && column == "level":
		return 31
	}
	return 64
}

// something is a value for a cell that is NULL.
func (p *place) something(table, column string) any {
	switch column {
	case "seq", "revoked_at", "refused_from":
		return int64(3)
	case "event_id", "site", "manifest", "trip", "consignor_site", "plant":
		return "00000000-0000-7000-8000-000000000001"
	case "replaces", "reason", "box":
		return "SAMPLE"
	}
	p.t.Fatalf("%s.%s is NULL", table, column)
	return nil
}

// put writes a cell; the answer says whether the database let it happen.
func (p *place) put(r row, column string, v any) bool {
	p.t.Helper()
	where, args := r.at()
	return p.try(`UPDATE `+r.table+` SET `+column+` = ? WHERE `+where, append([]any{v}, args...)...) == nil
}

// afresh gives a copy of a row another key.
func (p *place) afresh(r row, random *rand.Rand) row {
	c := r.clone()
	last := keyOf(r.table)[len(keyOf(r.table))-1]
	switch v := c.cells[last].(type) {
	case int64:
		c.cells[last] = v + 1_000 + random.Int64N(1_000)
	case []byte:
		b := bytes.Clone(v)
		b[0] ^= 0xff
		c.cells[last] = b
	case string:
		u := uuid.UUID{0: byte(random.IntN(256)), 1: 1, 6: 0x70, 8: 0x80}
		c.cells[last] = u.String()
	}
	if r.table == "entries" {
		c.cells["event_id"] = nil // it is unique
	}
	return c
}

// swap exchanges the keys of two rows of a table.
func (p *place) swap(a, b row) {
	p.t.Helper()
	p.remove(a)
	p.remove(b)
	x, y := a.clone(), b.clone()
	for _, k := range keyOf(a.table) {
		x.cells[k], y.cells[k] = b.cells[k], a.cells[k]
	}
	for _, r := range []row{x, y} {
		if err := p.insert(r); err != nil {
			p.t.Fatal(err)
		}
	}
}

// alike says whether two rows differ in nothing but their key.
func alike(a, b row) bool {
	for k, v := range a.cells {
		if !slices.Contains(keyOf(a.table), k) && spell(v) != spell(b.cells[k]) {
			return false
		}
	}
	return true
}

// each calls run for every damage of the tables named, or of all: flipped bits in every
// column, samples of them, and rows taken away, doubled and exchanged.
func (p *place) each(only []string, samples int, random *rand.Rand, skip map[string]bool, run func(d damage)) {
	p.t.Helper()
	for _, t := range tables {
		if len(only) > 0 && !slices.Contains(only, t.name) {
			continue
		}
		for _, column := range p.columns[t.name] {
			if name := t.name + "." + column; skip[name] || name == "log_state.id" {
				continue // the database itself holds log_state to one row
			}
			for range samples {
				p.flipOne(t.name, column, random, run)
			}
		}
		for range samples {
			p.rearrange(t.name, random, run)
		}
	}
}

func (p *place) flipOne(table, column string, random *rand.Rand, run func(d damage)) {
	p.t.Helper()
	for range 20 { // a flip may meet a key that is taken
		r, ok := p.pick(table, "1 = 1", random)
		if !ok {
			p.t.Fatalf("%s is empty", table)
		}
		v := p.flip(r, column, random)
		after := r.clone()
		after.cells[column] = v
		d := damage{fmt.Sprintf("%s %s: %s from %.80q to %.80q", table, r.key(), column, spell(r.cells[column]), spell(v)), table, []string{r.key(), after.key()}}
		if p.put(r, column, v) {
			run(d)
			p.restore(table)
			return
		}
	}
	p.t.Fatalf("%s.%s could not be changed", table, column)
}

func (p *place) rearrange(table string, random *rand.Rand, run func(d damage)) {
	p.t.Helper()
	a, _ := p.pick(table, "1 = 1", random)
	p.remove(a)
	run(damage{fmt.Sprintf("%s %s: deleted", table, a.key()), table, []string{a.key()}})
	p.restore(table)
	if table == "log_state" {
		return
	}
	double := p.afresh(a, random)
	if err := p.insert(double); err != nil {
		p.t.Fatalf("%s: %v", table, err)
	}
	run(damage{fmt.Sprintf("%s %s: doubled as %s", table, a.key(), double.key()), table, []string{a.key(), double.key()}})
	p.restore(table)
	b, _ := p.pick(table, "1 = 1", random)
	for range 50 {
		if !alike(a, b) && a.key() != b.key() {
			break
		}
		b, _ = p.pick(table, "1 = 1", random)
	}
	if alike(a, b) || a.key() == b.key() {
		return // its rows are nothing but keys
	}
	p.swap(a, b)
	run(damage{fmt.Sprintf("%s %s and %s: exchanged", table, a.key(), b.key()), table, []string{a.key(), b.key()}})
	p.restore(table)
}
