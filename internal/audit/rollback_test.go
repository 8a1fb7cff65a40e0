package audit_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/audit"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
)

// rollBack makes the store what it was at an earlier size, everything together, as the
// restoring of an older backup does.
func (p *place) rollBack(size int64) {
	p.t.Helper()
	at := fmt.Sprintf("%d", size)
	p.exec(`DELETE FROM entries WHERE seq >= ` + at)
	p.exec(`DELETE FROM heads WHERE size > ` + at)
	p.exec(`UPDATE log_state SET size = ` + at + `, root = (SELECT root FROM heads WHERE size = ` + at + `),
		recorded_at = (SELECT recorded_at FROM heads WHERE size = ` + at + `)`)
	p.exec(`DELETE FROM quarantine WHERE state <> 'rejected' OR hash IN (SELECT hash FROM rulings WHERE seq >= ` + at + `)`)
	p.exec(`DELETE FROM quarantine_subjects WHERE hash NOT IN (SELECT hash FROM quarantine)`)
	p.exec(`DELETE FROM device_keys WHERE kid IN (SELECT subject FROM statements WHERE seq >= ` + at + `)`)
	p.exec(`DELETE FROM labels WHERE source = 'server'`)
	p.exec(`DELETE FROM tiles`)
	tree := merkle.NewTree(0, nil, 0)
	var leaves []id.Hash
	for _, row := range p.rows(`SELECT entry FROM entries ORDER BY seq`) {
		leaves = append(leaves, ledger.LeafOf(row[0].([]byte)))
	}
	tiles, err := tree.Append(leaves)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, t := range tiles {
		p.exec(`INSERT INTO tiles (level, idx, hashes) VALUES (?, ?, ?)`, int64(t.Level), t.Index, t.Hashes)
	}
	if _, err := p.audit.Rebuild(ctx, audit.Options{}); err != nil {
		p.t.Fatal(err)
	}
}

// TestOlderBackup: a store set back in time is whole in itself; only a checkpoint that
// was published before tells. This is the documented limit, and the way around it.
func TestOlderBackup(t *testing.T) {
	onBothFull(t, func(t *testing.T, p *place) {
		sizes := p.rows(`SELECT size FROM heads ORDER BY size DESC`)
		full := sizes[0][0].(int64)
		for _, k := range []int{1, 4, 8, len(sizes) - 1} { // no key's life is cut in two
			size := sizes[k][0].(int64)
			p.rollBack(size)
			alone := p.check(audit.Options{})
			if !alone.Sound() || alone.Head.Size != size {
				t.Fatalf("set back to %d: %+v", size, alone.Named)
			}
			r := p.check(audit.Options{Remembered: [][]byte{p.checkpoint}})
			first, _ := r.First()
			if r.Damages != 1 || first.Area != audit.AreaRollback || first.Place != fmt.Sprintf("checkpoint %d", full) ||
				!strings.Contains(first.EN, fmt.Sprintf("has %d entries", size)) {
				t.Errorf("set back to %d, with what was published: %+v", size, r.Named)
			}
			before := p.dump()
			if r, err := p.audit.Rebuild(ctx, audit.Options{Remembered: [][]byte{p.checkpoint}}); err != nil || r.Sound() || p.dump() != before {
				t.Errorf("a store set back was rebuilt: %v %+v", err, r)
			}
			p.restore()
		}
		p.sound("after the newest backup was restored")
	})
}

// TestRemembered: checkpoints of every earlier size agree with the store; of another
// tree, another log or nobody they do not.
func TestRemembered(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		var all [][]byte
		for _, row := range p.rows(`SELECT checkpoint FROM heads`) {
			all = append(all, row[0].([]byte))
		}
		if r := p.check(audit.Options{Remembered: all}); !r.Sound() {
			t.Errorf("the store's own checkpoints: %+v", r.Named)
		}
		sign := func(h merkle.Head, s note.Signer) []byte {
			b, err := h.Sign(p.Signer.Name(), s)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		other := merkle.Head{Size: 7, Root: merkle.LeafHash([]byte("SAMPLE"))}
		for what, remembered := range map[string][]byte{
			"a fork":      sign(other, p.Signer),
			"another log": sign(other, intaketest.New(t, 99).Signer),
			"nothing":     []byte("SAMPLE no checkpoint"),
		} {
			r := p.check(audit.Options{Remembered: [][]byte{remembered}})
			if first, _ := r.First(); r.Damages != 1 || first.Area != audit.AreaRollback {
				t.Errorf("%s gave %+v", what, r.Named)
			}
		}
		if r := p.check(audit.Options{Remembered: [][]byte{sign(merkle.Head{Root: merkle.EmptyRoot()}, p.Signer)}}); !r.Sound() {
			t.Errorf("the empty log's checkpoint gave %+v", r.Named)
		}
	})
}

// TestRewrittenHistory: whoever rewrites an entry and everything that follows from it,
// tree and all, still has not the log's key.
func TestRewrittenHistory(t *testing.T) {
	onBothFull(t, func(t *testing.T, p *place) {
		size := p.rows(`SELECT max(size) FROM heads`)[0][0].(int64)
		last := fmt.Sprint(size - 1)
		entry := string(p.rows(`SELECT entry FROM entries WHERE seq = ` + last)[0][0].([]byte))
		i := strings.Index(entry, `"recorded_at":"`) + len(`"recorded_at":"2026-03-02T00:`)
		moved := []byte(entry[:i] + "59" + entry[i+2:])
		e, err := ledger.ParseEntry(moved)
		if err != nil {
			t.Fatal(err)
		}
		leaf := ledger.LeafOf(moved)
		p.exec(`UPDATE entries SET entry = ?, leaf_hash = ?, recorded_at = ? WHERE seq = `+last, moved, leaf[:], e.RecordedAt.UnixMilli())
		tree := merkle.NewTree(0, nil, 0)
		var leaves []id.Hash
		for _, row := range p.rows(`SELECT leaf_hash FROM entries ORDER BY seq`) {
			leaves = append(leaves, id.Hash(row[0].([]byte)))
		}
		tiles, err := tree.Append(leaves)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range tiles {
			p.exec(`UPDATE tiles SET hashes = ? WHERE level = ? AND idx = ?`, c.Hashes, int64(c.Level), c.Index)
		}
		head, err := tree.Head()
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"heads", "log_state"} {
			p.exec(`UPDATE `+table+` SET root = ?, recorded_at = ? WHERE size = ?`, head.Root[:], e.RecordedAt.UnixMilli(), size)
		}
		r := p.check(audit.Options{})
		first, _ := r.First()
		if first.Area != audit.AreaHead || first.Place != fmt.Sprintf("head %d", size) || !strings.Contains(first.EN, "not signed") {
			t.Errorf("root %s: %+v", hex.EncodeToString(head.Root[:4]), r.Named)
		}
	})
}

// TestStoppedCheck: a check hears its context and says how far it is.
func TestStoppedCheck(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := empty(t, kind)
			for range 3 {
				var lines [][]byte
				for range 500 {
					lines = append(lines, p.Generate(1_000).JWS)
				}
				p.block(lines)
			}
			var heard []int64
			r, err := p.audit.Check(ctx, audit.Options{Progress: func(done, all int64) {
				if all != 1_500 {
					t.Errorf("%d of %d", done, all)
				}
				heard = append(heard, done)
			}})
			if err != nil || !r.Sound() || len(heard) != 2 || heard[0] != 1_024 || heard[1] != 1_500 {
				t.Errorf("progress %v, %v, %+v", heard, err, r.Named)
			}
			stopped, stop := context.WithCancel(ctx)
			r, err = p.audit.Check(stopped, audit.Options{Progress: func(int64, int64) { stop() }})
			if err == nil || r.Entries >= 1_500 {
				t.Errorf("stopped after the first block: %v, %d entries", err, r.Entries)
			}
			before := p.rows(`SELECT count(*), sum(seq) FROM entry_links`)[0]
			p.exec(`DELETE FROM postings WHERE seq = 1499`)
			stopped, stop = context.WithCancel(ctx)
			defer stop()
			calls := 0
			if _, err = p.audit.Rebuild(stopped, audit.Options{Progress: func(int64, int64) {
				if calls++; calls == 3 { // the check's two are over: the rebuild is under way
					stop()
				}
			}}); err == nil {
				t.Error("a stopped rebuild says that it is done")
			}
			if after := p.rows(`SELECT count(*), sum(seq) FROM entry_links`)[0]; fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("a stopped rebuild left %v links, there were %v", after, before)
			}
			if r := p.check(audit.Options{}); r.Sound() {
				t.Error("a stopped rebuild wrote something")
			}
		})
	}
}

// TestRegistryAway: when keys cannot be looked up nothing is judged; that is no damage.
func TestRegistryAway(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		p.Registry.Fail = context.DeadlineExceeded
		if r, err := p.audit.Check(ctx, audit.Options{}); err == nil || r.Damages != 0 {
			t.Errorf("%v, %+v", err, r.Named)
		}
		p.Registry.Fail = nil
		p.sound("with the registry back")
	})
}

// TestHeldAndSentAgain: what waits in quarantine and comes again beside the event that it
// waits for is in the log once, and its row says so.
func TestHeldAndSentAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		for _, order := range [][]int{{1, 0}, {0, 1}, {1, 0, 1}} {
			chain := p.Chain(1_234)
			p.hold(chain[1])
			var lines [][]byte
			for _, i := range order {
				lines = append(lines, chain[i].JWS)
			}
			b := p.intake.Begin(ctx, lines)
			for i := range lines {
				b.Wait(ctx, i)
			}
			v, err := p.audit.Chain(ctx, chain[0].Event.Batches[0].ID)
			if err != nil || len(v.Steps) != 2 || len(v.Broken) > 0 {
				t.Errorf("sent again as %v: %v, %d steps, %v", order, err, len(v.Steps), v.Broken)
			}
			if r := p.check(audit.Options{}); !r.Sound() {
				t.Errorf("sent again as %v: %+v", order, r.Named)
			}
		}
	})
}
