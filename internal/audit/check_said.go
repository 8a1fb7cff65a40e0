package audit

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/signature"
	"liandan/internal/source"
	"liandan/internal/statement"
)

func unixMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// rulingRow is a ruling as the log gives it.
type rulingRow struct {
	seq     int64
	verdict event.RulingVerdict
	met     bool // what it is about is in the log
}

// statement checks an entry that is of no event; kinds that are not known are skipped.
func (c *checker) statement(place string, k ledger.Kept, e ledger.Entry) {
	if !k.Event.IsZero() {
		c.r.say(AreaEntry, place, "事件编号列被改动", "the row has an event id, but the entry is of no event")
	}
	switch e.Kind {
	case statement.KindKey, statement.KindAct, statement.KindLogKey, statement.KindFact, statement.KindImport, statement.KindConfirmation:
	default:
		return
	}
	c.r.Statements++
	if len(e.Links) > 0 {
		c.r.say(AreaChain, place, "非事件记录不应链接批次", "it is of no event and yet links batches")
	}
	switch e.Kind {
	case statement.KindKey:
		key, err := statement.ParseKey(k.Body)
		if err == nil {
			err = c.keys.follow(key, e.Hash)
		}
		if err != nil {
			c.r.say(AreaKey, place, "密钥履历不连续或无法读取", "%v", err)
			return
		}
		c.chapters[fmt.Sprintf("%s/%d", key.Kid, key.N)] = e.Seq
	case statement.KindFact:
		f, err := indicator.ParseFact(k.Body)
		if err != nil {
			c.r.say(AreaEntry, place, "登记事实无法读取", "%v", err)
			return
		}
		c.facts.Add(e.Seq, f)
		c.fact(f, k.Body)
	case statement.KindImport:
		if err := c.imported(statement.Statement{Kind: k.Kind, Body: k.Body}); err != nil {
			c.r.say(AreaEntry, place, "导入声明无法读取", "%v", err)
		}
	case statement.KindConfirmation:
		if _, err := statement.ParseConfirmation(k.Body); err != nil {
			c.r.say(AreaEntry, place, "一次性码确认无法读取", "%v", err)
			return
		}
		c.topics[source.Topic{Kind: source.OfConfirmation, Subject: e.Hash.String(), Seq: e.Seq}.String()] = true
	case statement.KindAct:
		act, err := statement.ParseAct(k.Body)
		if err != nil {
			c.r.say(AreaEntry, place, "操作记录无法读取", "%v", err)
			return
		}
		c.acts[e.Seq] = ActColumns(act)
		c.keptReport(act)
		for _, p := range act.Parties {
			if !p.IsZero() {
				c.actParties[fmt.Sprintf("%s/%d", p, e.Seq)] = true
			}
		}
	}
}

// ActColumns are the columns that repeat what an act says, as one text.
func ActColumns(a statement.Act) string {
	return strings.Join([]string{fmt.Sprint(a.At.UnixMilli()), a.Actor, a.Role, a.Operation, a.Subject}, "\n")
}

// ruling takes note of a ruling; there can be one on each event.
func (c *checker) ruling(place string, seq int64, ev event.Event) {
	d, ok := ev.Data.(event.Ruling)
	if !ok {
		return
	}
	if before, twice := c.rulings[d.Hash]; twice {
		c.r.say(AreaChain, place, "同一事件被裁定两次", "entry %d has ruled on the same event", before.seq)
		return
	}
	c.rulings[d.Hash] = rulingRow{seq: seq, verdict: d.Verdict}
}

// ruledRows wants what every ruling is about: in the log, or kept in quarantine.
func (c *checker) ruledRows() error {
	var gone []string
	for hash, r := range c.rulings {
		if _, kept := c.held[hash]; !kept && !r.met {
			gone = append(gone, fmt.Sprintf("quarantine %s", hash))
		}
	}
	slices.Sort(gone)
	for _, place := range gone {
		c.r.say(AreaQuarantine, place, "裁定所指的事件不见了", "a ruling is about it, and it is neither in the log nor kept")
	}
	return nil
}

func (c *checker) statementRows() error {
	return differ(c, AreaStatement, "statement", maps.Clone(c.chapters), func(met func(string, int64)) error {
		return c.in.StatementRows(func(subject string, n, seq int64) error {
			met(fmt.Sprintf("%s/%d", subject, n), seq)
			return nil
		})
	})
}

func (c *checker) actRows() error {
	err := differ(c, AreaAct, "act", c.acts, func(met func(int64, string)) error {
		return c.in.ActRows(func(seq int64, columns string) error {
			met(seq, columns)
			return nil
		})
	})
	if err != nil {
		return err
	}
	return differ(c, AreaAct, "act party", c.actParties, func(met func(string, bool)) error {
		return c.in.ActPartyRows(func(p id.Party, seq int64) error {
			met(fmt.Sprintf("%s/%d", p, seq), true)
			return nil
		})
	})
}

func (c *checker) topicRows() error {
	return differ(c, AreaTopic, "topic", c.topics, func(met func(string, bool)) error {
		return c.in.TopicRows(func(t source.Topic) error {
			met(t.String(), true)
			return nil
		})
	})
}

func (c *checker) rulingRows() error {
	want := make(map[id.Hash]rulingRow, len(c.rulings))
	for h, r := range c.rulings {
		want[h] = rulingRow{seq: r.seq, verdict: r.verdict}
	}
	return differ(c, AreaRuling, "ruling", want, func(met func(id.Hash, rulingRow)) error {
		return c.in.RulingRows(func(h id.Hash, seq int64, verdict string) error {
			met(h, rulingRow{seq: seq, verdict: event.RulingVerdict(verdict)})
			return nil
		})
	})
}

// outbox checks what waits for the log: it must be what the log can take, and the lives
// of keys must go on with it.
func (c *checker) outbox() error {
	return c.in.OutboxRows(func(n, madeAt int64, st statement.Statement) error {
		c.r.Posted++
		var err error
		switch st.Kind {
		case statement.KindKey:
			var key statement.Key
			if key, err = statement.ParseKey(st.Body); err == nil {
				err = c.keys.follow(key, st.Hash())
			}
		case statement.KindAct:
			var act statement.Act
			if act, err = statement.ParseAct(st.Body); err == nil {
				c.keptReport(act)
			}
		case statement.KindFact:
			var f indicator.Fact
			if f, err = indicator.ParseFact(st.Body); err == nil {
				c.fact(f, st.Body)
			}
		case statement.KindImport:
			err = c.imported(st)
		case statement.KindConfirmation:
			_, err = statement.ParseConfirmation(st.Body)
		case statement.KindLogKey: // read with the log's keys, once it is in the log
		default:
			err = errors.New("the log has no statements of its kind")
		}
		if err == nil && madeAt < 0 {
			err = errors.New("it was made at no time that there is")
		}
		if err != nil {
			c.r.say(AreaOutbox, fmt.Sprintf("outbox %d", n), "待入日志的声明无法采用", "%v", err)
		}
		return nil
	})
}

// factRow is a row of register_facts beside its key.
type factRow struct{ kind, fact string }

// fact takes note of a register fact; a later one of the same key takes over.
func (c *checker) fact(f indicator.Fact, body []byte) {
	c.stated[f.Key()] = factRow{string(f.Kind), string(body)}
}

// factRows holds the registry's facts against the log and the outbox.
func (c *checker) factRows() error {
	return differ(c, AreaFact, "register fact", c.stated, func(met func(string, factRow)) error {
		return c.in.FactRows(func(key, kind string, fact []byte) error {
			met(key, factRow{kind, string(fact)})
			return nil
		})
	})
}

// DeviceKey is a row of the register's keys, but for the span of its validity, which is
// the device's own and not what is in force.
type DeviceKey struct {
	Party       id.Party
	Person      id.Person
	Device      string
	JWK         string
	Alg         string
	Replaces    string
	Reason      string
	RevokedAt   int64 // Unix milliseconds; -1: not revoked
	RefusedFrom int64
	N           int64 // chapters of its life
	Head        id.Hash
}

// deviceKeys holds the register's keys against the log and the outbox. Keys from before
// key histories (no chapters) are the register's word alone.
func (c *checker) deviceKeys() error {
	want := map[string]DeviceKey{}
	for kid, l := range c.keys.of {
		row, err := l.row()
		if err != nil {
			return err
		}
		want[kid] = row
	}
	var stated []string
	err := differ(c, AreaDeviceKey, "key", want, func(met func(string, DeviceKey)) error {
		return c.in.KeyRows(func(kid string, row DeviceKey) error {
			if c.keys.of[kid] != nil {
				stated = append(stated, kid)
			}
			if c.keys.of[kid] != nil || row.N != 0 || row.Head != (id.Hash{}) {
				met(kid, row)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	slices.Sort(stated)
	for _, kid := range stated {
		key, ok, err := c.s.Keys.Key(c.ctx, kid)
		switch l := c.keys.of[kid]; {
		case fault.Of(err) == fault.Damaged:
			c.r.say(AreaDeviceKey, "key "+kid, "登记册中的密钥无法读取", "%v", err)
		case err != nil:
			return err
		case !ok || !key.Valid.From.Equal(l.Valid.From) || !key.Valid.To.Equal(l.Valid.To):
			c.r.say(AreaDeviceKey, "key "+kid, "密钥有效期与日志不符", "it is not in force from and to when the log says")
		}
	}
	return nil
}

func (l *life) row() (DeviceKey, error) {
	jwk, err := signature.FormatJWK(l.Public)
	alg := "ES256"
	if _, ok := l.Public.(ed25519.PublicKey); ok {
		alg = "EdDSA"
	}
	ms := func(t time.Time) int64 {
		if t.IsZero() {
			return -1
		}
		return t.UnixMilli()
	}
	return DeviceKey{Party: l.Party, Person: l.Person, Device: l.Device, JWK: string(jwk), Alg: alg, Replaces: l.replaces, Reason: l.reason,
		RevokedAt: ms(l.RevokedAt), RefusedFrom: ms(l.RefusedFrom), N: l.n, Head: l.head}, err
}
