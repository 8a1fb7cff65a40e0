package audit_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
)

// unsaid are the columns that no entry of the log says anything about: when an event came
// into quarantine and in what words it was refused, and what was withdrawn. TestUnsaid
// holds the list to be no longer than it must. The span of a device key is the register's
// own; TestKeyInForce holds what comes of it against the log.
var unsaid = map[string]bool{"quarantine.received_at": true, "quarantine.detail": true, "labels.revoked_at": true,
	"device_keys.valid_from": true, "device_keys.valid_to": true}

// TestEveryTamperingIsFound flips bits in every column of every table, takes rows away,
// doubles and exchanges them, and wants each to be named; afterwards the store is sound.
func TestEveryTamperingIsFound(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) { p.tamper(2) })
}

// TestTamperingOfALargerLog does so where tiles are full and have tiles above them.
func TestTamperingOfALargerLog(t *testing.T) {
	onBothFull(t, func(t *testing.T, p *place) { p.tamper(1) })
}

func (p *place) tamper(samples int) {
	p.t.Helper()
	random := rand.New(rand.NewPCG(3, uint64(samples)))
	p.each(nil, samples, random, unsaid, func(d damage) {
		r := p.check(audit.Options{})
		if !names(r, d) {
			first, _ := r.First()
			p.t.Errorf("%s\n\tnot named; %d damages, the first %+v", d.what, r.Damages, first)
		}
	})
	p.sound("after everything was undone")
}

// names says whether the first damage of a report is in the table and one of the rows
// that were touched. The current head stands once in log_state and once in heads.
func names(r *audit.Report, d damage) bool {
	first, ok := r.First()
	if !ok || r.Sound() || first.ZH == "" || first.EN == "" || first.Area != areaOf(d.table) {
		return false
	}
	for _, key := range d.keys {
		if strings.Contains(first.Place+"/", " "+key+"/") { // a held event and its subjects
			return true
		}
	}
	return first.Place == "log_state" && (d.table == "log_state" || d.table == "heads")
}

func areaOf(table string) audit.Area {
	for _, t := range tables {
		if t.name == table {
			return t.area
		}
	}
	return ""
}

// TestUnsaid holds the list of what cannot be found to what no entry says. Whoever makes
// the log say it moves the line to the test above.
func TestUnsaid(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		for what, statements := range map[string][]string{
			"when an event came into quarantine":         {`UPDATE quarantine SET received_at = received_at + 1`},
			"in what words it was refused":               {`UPDATE quarantine SET detail = 'SAMPLE other words'`},
			"for which of the three reasons it was held": {`UPDATE quarantine SET kind = 'not-custodian' WHERE kind <> 'key-contested'`},
			"that a waiting event was ever held": {`DELETE FROM quarantine_subjects WHERE hash IN (SELECT hash FROM quarantine WHERE state <> 'rejected')`,
				`DELETE FROM quarantine WHERE state <> 'rejected'`},
			"that a label was withdrawn, and when":         {`UPDATE labels SET revoked_at = NULL`},
			"when the server made a label, or that it did": {`UPDATE labels SET made_at = 5 WHERE source = 'server'`},
			"for which batch the server made a label":      {`UPDATE labels SET batch = (SELECT batch FROM labels WHERE source = 'event' ORDER BY token LIMIT 1) WHERE source = 'server'`},
		} {
			for _, q := range statements {
				p.exec(q)
			}
			if r := p.check(audit.Options{Remembered: [][]byte{p.checkpoint}}); !r.Sound() {
				first, _ := r.First()
				t.Errorf("%s is found now: %+v", what, first)
			}
			p.restore()
		}
	})
}

// TestHeadOfTheSameMoment: of two commit groups with the same time only the later one
// must have a head; nothing else says that there were two.
func TestHeadOfTheSameMoment(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := empty(t, kind)
			a, b := p.Generate(1_000), p.Generate(2_000)
			p.Send(p.intake, a, b)
			p.Advance(time.Millisecond)
			p.Send(p.intake, p.Generate(3_000))
			p.disarm()
			for size, sound := range map[int]bool{1: true, 2: false, 3: false} {
				p.exec(fmt.Sprintf(`DELETE FROM heads WHERE size = %d`, size))
				if r := p.check(audit.Options{}); r.Sound() != sound {
					t.Errorf("head %d taken away: sound is %v, want %v: %+v", size, r.Sound(), sound, r.Named)
				}
				p.restore()
			}
		})
	}
}

// TestBeyondTheLog: rows under numbers that no entry can have are not overlooked.
func TestBeyondTheLog(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		for _, seq := range []int64{math.MinInt64, -1, 1 << 62, math.MaxInt64} {
			p.exec(fmt.Sprintf(`INSERT INTO entries SELECT %d, NULL, kind, hash, leaf_hash, recorded_at, entry, body FROM entries WHERE seq = 4`, seq))
			r := p.check(audit.Options{})
			if first, _ := r.First(); first.Area != audit.AreaEntry || first.Place != fmt.Sprintf("entry %d", seq) {
				t.Errorf("entry %d was added; %d damages, the first %+v", seq, r.Damages, first)
			}
			p.restore("entries")
		}
		p.exec(`UPDATE quarantine SET received_at = -5 WHERE state = 'waiting'`)
		if r := p.check(audit.Options{}); r.Sound() || r.Named[0].Area != audit.AreaQuarantine {
			t.Errorf("a held event dated before 1970 gave %+v", r.Named)
		}
		p.restore()
		p.sound("after all")
	})
}

// TestManyDamages: all are counted, a bounded number is named, and evidence goes first.
func TestManyDamages(t *testing.T) {
	onBothFull(t, func(t *testing.T, p *place) {
		n := p.rows(`SELECT count(*) FROM postings`)[0][0].(int64)
		p.exec(`UPDATE postings SET grams = grams + 1`)
		p.exec(`UPDATE entries SET kind = 'evenu' WHERE seq = 250`)
		r := p.check(audit.Options{})
		if r.Damages != n+2 || len(r.Named) != 50 || r.Named[0].Place != "entry 250" || r.GramsTotal != n {
			t.Errorf("%d damages, %d named, %d g in all, the first %+v", r.Damages, len(r.Named), r.GramsTotal, r.Named[0])
		}
	})
}
