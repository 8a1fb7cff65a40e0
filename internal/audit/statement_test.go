package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/record"
	"liandan/internal/statement"
)

// each runs a test on an empty store of each kind.
func each(t *testing.T, run func(t *testing.T, p *place)) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			run(t, empty(t, kind))
		})
	}
}

// post puts acts into the log, one a second.
func (p *place) post(acts ...statement.Statement) {
	p.t.Helper()
	for _, st := range acts {
		if err := p.store.AddStatement(ctx, st, p.Now()); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := p.intake.Flush(ctx); err != nil {
		p.t.Fatal(err)
	}
}

// TestActs pages through the access record and chooses from it.
func TestActs(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		start := p.Now()
		var all []statement.Statement
		for i := range 7 {
			parties := []id.Party{p.Hospital.Party}
			if i%2 == 1 {
				parties = []id.Party{p.Plant.Party, p.Hospital.Party, p.Plant.Party}
			}
			all = append(all, p.Act(fmt.Sprintf("account:SAMPLE %d", i%3), "readBatch", fmt.Sprintf("样例 %d", i), parties...))
			p.Advance(time.Second)
		}
		p.post(append(all, p.Act("command", "importRegister", "SAMPLE nobody"))...)
		for _, c := range []struct {
			f    audit.ActFilter
			want string // the last letters of the subjects
		}{
			{audit.ActFilter{}, "y6543210"},
			{audit.ActFilter{Party: p.Plant.Party}, "531"},
			{audit.ActFilter{Party: p.Hospital.Party, Actor: "account:SAMPLE 1"}, "41"},
			{audit.ActFilter{Actor: "account:SAMPLE 1' OR '1'='1"}, ""},
			{audit.ActFilter{Subject: "样例 3"}, "3"},
			{audit.ActFilter{From: start.Add(2 * time.Second), To: start.Add(5 * time.Second)}, "432"},
			{audit.ActFilter{Party: p.Carrier.Party}, ""},
		} {
			if got, next := p.acts(c.f, "", 100); got != c.want || next != "" {
				t.Errorf("%+v gives %q, next %q, want %q", c.f, got, next, c.want)
			}
			paged, cursor := "", ""
			for range 9 {
				got, next := p.acts(c.f, cursor, 2)
				paged += got
				if cursor = next; next == "" {
					break
				}
			}
			if paged != c.want {
				t.Errorf("%+v in pages of two gives %q, want %q", c.f, paged, c.want)
			}
		}
		p.sound("untouched")
	})
}

// acts gives the last letters of the subjects of a page, and the cursor of the next.
func (p *place) acts(f audit.ActFilter, cursor string, limit int) (string, string) {
	p.t.Helper()
	lines, next, err := p.audit.Acts(ctx, f, cursor, limit)
	if err != nil {
		p.t.Fatal(err)
	}
	var out strings.Builder
	for i, l := range lines {
		if i > 0 && l.Seq >= lines[i-1].Seq || l.At.IsZero() || l.Request != "SAMPLE" {
			p.t.Errorf("line %d is %+v", i, l)
		}
		out.WriteString(l.Subject[len(l.Subject)-1:])
	}
	return out.String(), next
}

// TestActsRefused: cursors of strangers, and lines that are not what was logged.
func TestActsRefused(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.post(p.Act("account:SAMPLE", "readBatch", "SAMPLE one"), p.Act("account:SAMPLE", "readBatch", "SAMPLE two"))
		for _, cursor := range []string{"x", "-1", "1.5", "01", " 1", "99999999999999999999", "1;DROP TABLE acts"} {
			if _, _, err := p.audit.Acts(ctx, audit.ActFilter{}, cursor, 5); fault.Of(err) != fault.InvalidRequest {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
		p.disarm()
		p.exec(`UPDATE entries SET body = (SELECT body FROM entries WHERE seq = 0) WHERE seq = 1`)
		if _, _, err := p.audit.Acts(ctx, audit.ActFilter{}, "", 100); fault.Of(err) != fault.Damaged {
			t.Errorf("an exchanged line reads %v", err)
		}
	})
}

// TestKeyHistoryDamaged: a chapter that is gone from between or exchanged is a fault, never a
// shorter life. Of the last one only the check can tell.
func TestKeyHistoryDamaged(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.Tell(p.store, p.Porter)
		p.Limit(p.store, p.Porter, p.Now().AddDate(0, 1, 0))
		p.Revoke(p.store, p.Porter, p.Now())
		p.post()
		p.disarm()
		for _, q := range []string{
			`DELETE FROM statements WHERE n = 2`,
			`UPDATE entries SET body = (SELECT body FROM entries WHERE seq = 0) WHERE seq = 2`,
			`UPDATE entries SET entry = (SELECT entry FROM entries WHERE seq = 0) WHERE seq = 2`,
		} {
			p.exec(q)
			if c, err := p.audit.KeyHistory(ctx, p.Porter.Kid()); fault.Of(err) != fault.Damaged {
				t.Errorf("%s: %d chapters, %v", q, len(c), err)
			}
			if r := p.check(audit.Options{}); r.Sound() {
				t.Errorf("%s is not found", q)
			}
			p.restore()
		}
		p.sound("after all")
	})
}

// careless is a store that tells the intake nothing of what came of keys.
type careless struct{ record.Store }

type carelessTx struct{ record.Tx }

func (c careless) Update(ctx context.Context, fn func(record.Tx) error) error {
	return c.Store.Update(ctx, func(tx record.Tx) error { return fn(carelessTx{tx}) })
}

func (c carelessTx) Load(w record.Want) (record.Found, error) {
	f, err := c.Tx.Load(w)
	f.Later = nil
	return f, err
}

// TestUnsoundSignerIsFound: an intake that lets in what a key signed after its revocation
// was in the log, or what is contested without a ruling, does so in vain.
func TestUnsoundSignerIsFound(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.Tell(p.store, p.Hospital)
		p.Tell(p.store, p.Porter)
		bag := p.Generate(100)
		p.send(bag)
		lost := p.Now()
		p.Advance(time.Hour)
		p.RevokeUnseen(p.store, p.Porter, lost)
		p.post()
		intake := p.Intake(careless{p.store})
		stored := func(after time.Duration) intaketest.Signed {
			return p.Sign(p.Porter, event.BatchStored, event.Stored{Place: "SAMPLE"}, func(e *event.Event) {
				e.At, e.Batches = lost.Add(after), []event.Batch{{ID: bag.Event.Batches[0].ID}}
			})
		}
		for _, c := range []struct {
			after time.Duration
			say   string
		}{{time.Minute, "key-contested"}, {2 * time.Hour, "key-revoked"}} {
			r := intake.Accept(ctx, stored(c.after).JWS)
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			rep := p.check(audit.Options{})
			found := false
			for _, d := range rep.Named {
				found = found || d.Area == audit.AreaSignature && d.Place == fmt.Sprintf("entry %d", r.Receipt.Seq) && strings.Contains(d.EN, c.say)
			}
			if !found {
				t.Errorf("%s: %+v", c.say, rep.Named)
			}
		}
	})
}

// forging is a store by which the intake believes that a key's life is further than it is.
type forging struct {
	record.Store
	believe map[string]record.Chapter
}

type forgingTx struct {
	record.Tx
	believe map[string]record.Chapter
}

func (f forging) Update(ctx context.Context, fn func(record.Tx) error) error {
	return f.Store.Update(ctx, func(tx record.Tx) error { return fn(forgingTx{tx, f.believe}) })
}

func (f forgingTx) NewestOf([]string) (map[string]record.Chapter, error) { return f.believe, nil }

// TestGapInAKeysLife: a chapter that does not follow is damage of the evidence, wherever
// it came from; and nothing is rebuilt over it.
func TestGapInAKeysLife(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.Tell(p.store, p.Porter)
		p.post()
		prev := id.Hash{7}
		intake := p.Intake(forging{p.store, map[string]record.Chapter{p.Porter.Kid(): {N: 2, Hash: prev}}})
		st, err := statement.Key{Kid: p.Porter.Kid(), N: 3, Prev: prev, What: statement.Revoked, At: p.Now(), By: "SAMPLE", Effective: p.Now()}.Statement()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.store.AddStatement(ctx, st, p.Now()); err != nil {
			t.Fatal(err)
		}
		if err := intake.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		r := p.check(audit.Options{})
		if first, _ := r.First(); first.Area != audit.AreaKey || first.Place != "entry 1" {
			t.Errorf("%+v", r.Named)
		}
		p.disarm()
		before := p.dump()
		if r, err := p.audit.Rebuild(ctx, audit.Options{}); err != nil || r.Sound() || p.dump() != before {
			t.Errorf("rebuilt all the same: %v", err)
		}
	})
}

// TestRegisterAgainstTheLog: the log is believed about a key, whatever the register says,
// and the register's rows are held against it.
func TestRegisterAgainstTheLog(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.Tell(p.store, p.Hospital)
		p.send(p.Generate(100))
		p.disarm()
		p.sound("untouched")
		was, _, err := p.Registry.Key(ctx, p.Hospital.Kid())
		if err != nil {
			t.Fatal(err)
		}
		other := was
		other.Public, other.Party = p.Stranger.Public(), p.Stranger.Party
		p.Registry.Put(other) // what a look-up gives; the rows are as they were
		p.sound("with another key under the name")
		p.Registry.Put(was)
		for _, q := range []string{
			`DELETE FROM device_keys`,
			`UPDATE device_keys SET revoked_at = 5`,
			`UPDATE device_keys SET refused_from = 5`,
			`UPDATE device_keys SET history_n = 0, history_head = NULL`,
			`UPDATE device_keys SET history_head = NULL`,
			`UPDATE device_keys SET device = 'SAMPLE other'`,
		} {
			p.exec(q)
			r := p.check(audit.Options{})
			if first, _ := r.First(); r.Damages != 1 || first.Area != audit.AreaDeviceKey || !strings.Contains(first.Place, p.Hospital.Kid()) {
				t.Errorf("%s: %+v", q, r.Named)
			}
			if r, err := p.audit.Rebuild(ctx, audit.Options{}); err != nil || r.Sound() {
				t.Errorf("%s: the rebuild says %v", q, err)
			}
			if r := p.check(audit.Options{}); r.Sound() {
				t.Errorf("%s: the rebuild changed the register", q)
			}
			p.restore()
		}
		p.sound("after all")
	})
}

// TestKeyInForce: a key that is in force at another time than the log says is found.
func TestKeyInForce(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.Tell(p.store, p.Hospital)
		p.post()
		k, _, err := p.Registry.Key(ctx, p.Hospital.Kid())
		if err != nil {
			t.Fatal(err)
		}
		k.Valid.To = k.Valid.To.AddDate(1, 0, 0)
		p.Registry.Put(k)
		r := p.check(audit.Options{})
		if first, _ := r.First(); r.Damages != 1 || first.Area != audit.AreaDeviceKey {
			t.Errorf("%+v", r.Named)
		}
	})
}

// TestOutboxIsChecked: what was done to the outbox is named as far as it can be known, and
// a key's life goes on there.
func TestOutboxIsChecked(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.Tell(p.store, p.Hospital)
		p.post()
		p.Limit(p.store, p.Hospital, p.Now().AddDate(0, 1, 0))
		st := p.Act("account:SAMPLE", "readBatch", "SAMPLE")
		if err := p.store.AddStatement(ctx, st, p.Now()); err != nil {
			t.Fatal(err)
		}
		if r := p.sound("with two on their way"); r.Posted != 2 {
			t.Errorf("the report counts %d", r.Posted)
		}
		p.disarm()
		p.exec(`CREATE TABLE backup_outbox AS SELECT * FROM outbox`)
		for q, area := range map[string]audit.Area{
			`DELETE FROM outbox WHERE kind = 'key'`:                                                audit.AreaDeviceKey, // the register says that there is a second chapter
			`UPDATE outbox SET kind = 'SAMPLE' WHERE kind = 'act'`:                                 audit.AreaOutbox,
			`UPDATE outbox SET kind = 'key' WHERE kind = 'act'`:                                    audit.AreaOutbox,
			`UPDATE outbox SET made_at = -1 WHERE kind = 'act'`:                                    audit.AreaOutbox,
			`UPDATE outbox SET body = (SELECT body FROM entries WHERE seq = 0) WHERE kind = 'key'`: audit.AreaOutbox,
		} {
			p.exec(q)
			r := p.check(audit.Options{})
			if first, _ := r.First(); first.Area != area {
				t.Errorf("%s: %+v", q, r.Named)
			}
			p.exec(`DELETE FROM outbox`)
			p.exec(`INSERT INTO outbox SELECT * FROM backup_outbox`)
		}
		p.sound("after all")
	})
}

// TestKeysFromBefore: a store whose keys are stated only now, one of them revoked from a
// time before its events were recorded. Nothing that was recorded becomes damage.
func TestKeysFromBefore(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		bag := p.Generate(100)
		p.send(bag)
		for _, d := range []*device.Device{p.Hospital, p.Porter} {
			p.Tell(p.store, d)
		}
		p.Advance(time.Minute)
		p.Revoke(p.store, p.Hospital, p.Now().Add(-time.Hour))
		p.post()
		r := p.sound("stated after the event")
		if r.Unstated != 0 || r.Contested != (audit.Contested{Open: 1}) {
			t.Errorf("%d keys without history, contested %+v", r.Unstated, r.Contested)
		}
		chapters, err := p.audit.KeyHistory(ctx, p.Hospital.Kid())
		if err != nil || len(chapters) != 2 || !bytes.Contains(chapters[1].Body, []byte(`"revoked"`)) {
			t.Errorf("%d chapters, %v", len(chapters), err)
		}
	})
}
