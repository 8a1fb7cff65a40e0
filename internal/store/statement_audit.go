package store

import (
	"bytes"
	"database/sql"
	"fmt"
	"strings"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/record"
	"liandan/internal/statement"
)

// What an audit reads of statements, rulings and keys.
const (
	sqlStatementRows = `SELECT subject, n, seq FROM statements ORDER BY subject, n`
	sqlActRows       = `SELECT seq, at, actor, role, operation, subject FROM acts ORDER BY seq`
	sqlActPartyRows  = `SELECT party, seq FROM act_parties ORDER BY seq, party`
	sqlRulingRows    = `SELECT hash, seq, verdict FROM rulings ORDER BY seq, hash`
	sqlOutboxRows    = `SELECT id, made_at, kind, body FROM outbox ORDER BY id`
	sqlKeyRows       = `SELECT kid, party, person, device, jwk, alg, replaces, reason, revoked_at, refused_from, history_n, history_head
		FROM device_keys ORDER BY kid`
)

// Acts implements audit.Reader.
func (r *reader) Acts(f audit.ActFilter, before int64, limit int) ([]ledger.Kept, error) {
	where, args := []string{"a.seq < ?"}, []any{before}
	add := func(chosen bool, condition string, arg any) {
		if chosen {
			where, args = append(where, condition), append(args, arg)
		}
	}
	add(f.Actor != "", "a.actor = ?", f.Actor)
	add(f.Subject != "", "a.subject = ?", f.Subject)
	add(!f.From.IsZero(), "a.at >= ?", stamp(f.From))
	add(!f.To.IsZero(), "a.at < ?", stamp(f.To))
	if !f.Quiet.IsZero() {
		where = append(where, "NOT (a.at >= ? AND a.role IN (?, ?, ?))")
		args = append(args, stamp(f.Quiet), string(access.DistrictInspector), string(access.CityInspector), string(access.HealthCommission))
	}
	add(!f.Party.IsZero(), "a.seq IN (SELECT seq FROM act_parties WHERE party = ?)", f.Party.String())
	return r.kept(`SELECT `+keptOf("e")+` FROM acts a JOIN entries e ON e.seq = a.seq WHERE `+strings.Join(where, " AND ")+
		` ORDER BY a.seq DESC LIMIT ?`, append(args, limit)...)
}

// keptOf names keptColumns of one table among several.
func keptOf(table string) string {
	return table + "." + strings.ReplaceAll(keptColumns, ", ", ", "+table+".")
}

// StatementRows implements audit.Rows.
func (r *reader) StatementRows(each func(string, int64, int64) error) error {
	return r.query(sqlStatementRows, func(rows *sql.Rows) error {
		var subject string
		var n, seq int64
		if err := rows.Scan(word(&subject), whole(&n), whole(&seq)); err != nil {
			return err
		}
		return each(subject, n, seq)
	})
}

// ActRows implements audit.Rows.
func (r *reader) ActRows(each func(int64, string) error) error {
	return r.query(sqlActRows, func(rows *sql.Rows) error {
		var seq, at int64
		var c [4]string
		if err := rows.Scan(whole(&seq), whole(&at), word(&c[0]), word(&c[1]), word(&c[2]), word(&c[3])); err != nil {
			return err
		}
		return each(seq, fmt.Sprintf("%d\n%s", at, strings.Join(c[:], "\n")))
	})
}

// ActPartyRows implements audit.Rows.
func (r *reader) ActPartyRows(each func(id.Party, int64) error) error {
	return r.query(sqlActPartyRows, func(rows *sql.Rows) error {
		var p id.Party
		var seq int64
		if err := rows.Scan(name(&p, id.PartyOf), whole(&seq)); err != nil {
			return err
		}
		return each(p, seq)
	})
}

// RulingRows implements audit.Rows.
func (r *reader) RulingRows(each func(id.Hash, int64, string) error) error {
	return r.query(sqlRulingRows, func(rows *sql.Rows) error {
		var h id.Hash
		var seq int64
		var verdict string
		if err := rows.Scan(digest(&h), whole(&seq), word(&verdict)); err != nil {
			return err
		}
		return each(h, seq, verdict)
	})
}

// OutboxRows implements audit.Rows.
func (r *reader) OutboxRows(each func(int64, int64, statement.Statement) error) error {
	return r.query(sqlOutboxRows, func(rows *sql.Rows) error {
		var n, madeAt int64
		var st statement.Statement
		if err := rows.Scan(whole(&n), whole(&madeAt), word(&st.Kind), octets(&st.Body)); err != nil {
			return err
		}
		return each(n, madeAt, st)
	})
}

// KeyRows implements audit.Rows.
func (r *reader) KeyRows(each func(string, audit.DeviceKey) error) error {
	return r.query(sqlKeyRows, func(rows *sql.Rows) error {
		var kid string
		var k audit.DeviceKey
		var jwk []byte
		if err := rows.Scan(word(&kid), name(&k.Party, id.PartyOf), name(&k.Person, id.PersonOf), word(&k.Device), octets(&jwk), word(&k.Alg),
			wordOrNull(&k.Replaces), wordOrNull(&k.Reason), place(&k.RevokedAt), place(&k.RefusedFrom), whole(&k.N), digestOrNull(&k.Head)); err != nil {
			return err
		}
		k.JWK = string(jwk)
		return each(kid, k)
	})
}

// digestOrNull reads a hash that is NULL where there is none; one of zeros is as wrong as
// another type.
func digestOrNull(to *id.Hash) sql.Scanner {
	bad := id.Hash(bytes.Repeat([]byte{0xff}, len(id.Hash{})))
	return unbelieved[id.Hash]{to, bad, func(src any) (h id.Hash, ok bool) {
		if src == nil {
			return h, true
		}
		err := h.Scan(src)
		return h, err == nil && !h.IsZero()
	}}
}

// Statements implements audit.Projection.
func (p *projection) Statements(said []audit.Said) error {
	var g record.Group
	for _, st := range said {
		g.Statements = append(g.Statements, record.Said{Entry: ledger.Entry{Seq: st.Seq, Kind: st.Kind, Hash: statement.Statement{Kind: st.Kind, Body: st.Body}.Hash()}, Body: st.Body, Subject: st.Subject, N: st.N})
	}
	if err := p.r.writeSaid(g); err != nil {
		return err
	}
	if err := p.facts(said); err != nil {
		return err
	}
	return p.r.flush()
}
