package audit_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"liandan/internal/audit"
)

// unsaid are the columns that no entry of the log says anything about: when an event came
// into quarantine and in what words it was refused, and what was withdrawn. TestUnsaid
// holds the list to be no longer than it must.
var unsaid = map[string]bool{"quarantine.received_at": true, "quarantine.detail": true, "labels.revoked_at": true}

// TestEveryTamperingIsFound flips bits in every column of every table, takes rows away,
// doubles and exchanges them, and wants each to be named; afterwards the store is sound.
func TestEveryTamperingIsFound(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		random := rand.New(rand.NewPCG(3, uint64(len(p.kind))))
		cases := 0
		p.each(2, random, unsaid, func(d damage) {
			cases++
			r := p.check(audit.Options{})
			if !names(r, d) {
				first, _ := r.First()
				t.Errorf("%s\n\tnot named; %d damages, the first %+v", d.what, r.Damages, first)
			}
		})
		p.sound("after everything was undone")
		t.Logf("%d cases", cases)
	})
}

// names says whether the first damage of a report is in the table and one of the rows
// that were touched. What stands on one key alone may be named by the other table's.
func names(r *audit.Report, d damage) bool {
	first, ok := r.First()
	if !ok || r.Sound() || first.ZH == "" || first.EN == "" || first.Area != areaOf(d.table) {
		return false
	}
	for _, key := range d.keys {
		if strings.Contains(first.Place, key) {
			return true
		}
	}
	return d.table == "log_state" && first.Place == "log_state" || d.table == "heads" && first.Place == "log_state"
}

func areaOf(table string) audit.Area {
	for _, t := range tables {
		if t.name == table {
			return t.area
		}
	}
	return ""
}
