package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/mass"
	"liandan/internal/merkle"
	"liandan/internal/permit"
)

// heads compares every head with the tree and its checkpoint with the log's key, and
// the log's current head with the newest of them.
func (c *checker) heads(head merkle.Head, at time.Time, gone bool) error {
	last, lastAt := merkle.Head{Root: merkle.EmptyRoot()}, time.UnixMilli(0)
	bound := c.bound
	err := c.in.Heads(func(h merkle.Head, recorded time.Time, checkpoint []byte) error {
		for ; len(bound) > 0 && bound[0] <= h.Size; bound = bound[1:] {
			if bound[0] < h.Size {
				c.noHead(bound[0])
			}
		}
		c.head(h, recorded)
		c.signature(h, last.Size, checkpoint)
		last, lastAt = h, recorded
		return nil
	})
	if err != nil {
		return err
	}
	for _, size := range bound {
		c.noHead(size)
	}
	if !gone && (last != head || !lastAt.Equal(at)) {
		c.r.say(AreaHead, "log_state", "当前日志头与最后一个检查点不符", "it says %d entries, the newest head says %d, or their roots or times differ", head.Size, last.Size)
	}
	if gone && last.Size != c.tree.Size() {
		c.r.say(AreaHead, fmt.Sprintf("head %d", last.Size), "最后一个检查点与记录数不符", "the newest head says %d entries, the log has %d", last.Size, c.tree.Size())
	}
	if !gone {
		if err := c.logSigner(); err != nil {
			return err
		}
	}
	for _, signed := range c.o.Remembered {
		c.remembered(signed)
	}
	return nil
}

// logSigner holds the key that may sign the next head against the log's successions. A
// store from before may not have noted any yet.
func (c *checker) logSigner() error {
	signer, err := c.in.Signer()
	if err != nil {
		return err
	}
	old := signer == "" && len(c.line.steps) == 0 && c.r.Statements == 0
	if signer != keyName(c.line.keys.Newest()) && !old {
		c.r.say(AreaHead, "log_state", "所记的日志签名密钥与日志不符", "the key that may sign the next head is not the newest of the log's keys")
	}
	return nil
}

// keyName is "name+hash" of a verifier key, whose parts + separates.
func keyName(vkey string) string {
	parts := strings.SplitN(vkey, "+", 3)
	return strings.Join(parts[:min(2, len(parts))], "+")
}

func (c *checker) noHead(size int64) {
	c.r.say(AreaHead, fmt.Sprintf("head %d", size), "检查点缺失", "a commit group ended with entry %d, but its head is missing", size-1)
}

// head checks one row of heads against the tree.
func (c *checker) head(h merkle.Head, recorded time.Time) {
	place := fmt.Sprintf("head %d", h.Size)
	want, ok := c.roots[h.Size]
	switch {
	case !ok || want.root != h.Root:
		c.r.say(AreaHead, place, "日志头与重算的树根不符", "its root is not that of the first %d entries", h.Size)
	case !want.at.IsZero() && !want.at.Equal(recorded):
		c.r.say(AreaHead, place, "日志头的时间被改动", "its time is not that of entry %d", h.Size-1)
	}
}

// remembered holds the log against a checkpoint that was published before.
func (c *checker) remembered(signed []byte) {
	h, _, err := c.line.keys.OpenCheckpoint(signed)
	if err != nil {
		c.r.say(AreaRollback, "remembered checkpoint", "所记检查点不是本日志所签", "%v", err)
		return
	}
	place := fmt.Sprintf("checkpoint %d", h.Size)
	then, ok := c.roots[h.Size]
	switch {
	case h.Size == 0:
	case h.Size > c.tree.Size():
		c.r.say(AreaRollback, place, "数据库比已公布的日志旧（恢复了旧备份？）", "the store has %d entries, but a checkpoint of %d was published: an older backup was restored, or entries were cut off", c.tree.Size(), h.Size)
	case !ok || then.root != h.Root:
		c.r.say(AreaRollback, place, "日志与已公布的检查点不一致", "the first %d entries are not those that were published", h.Size)
	}
}

// checkTiles compares the stored tiles with those that the entries give.
func (c *checker) checkTiles() error {
	met := map[merkle.TileID]bool{}
	err := c.in.Tiles(func(t merkle.Tile) error {
		met[t.TileID] = true
		if want, ok := c.tiles[t.TileID]; !ok || !bytes.Equal(want, t.Hashes) {
			c.r.say(AreaTile, fmt.Sprintf("tile %d/%d", t.Level, t.Index), "树节点数据块被改动", "its hashes are not those of the entries")
		}
		return nil
	})
	var missing []string
	for t := range c.tiles {
		if !met[t] {
			missing = append(missing, fmt.Sprintf("tile %d/%d", t.Level, t.Index))
		}
	}
	slices.Sort(missing)
	for _, place := range missing {
		c.r.say(AreaTile, place, "树节点数据块缺失", "it is missing")
	}
	return err
}

// projections compares every cache with the fold.
func (c *checker) projections() error {
	for _, step := range []func() error{c.linkRows, c.batchRows, c.manifestRows, c.postingRows, c.moveRows, c.siteMonthRows, c.inspectionRows, c.rollUpRows, c.tallyRows, c.labelRows, c.indexRows,
		c.statementRows, c.actRows, c.rulingRows, c.worklistRows, c.involvedRows, c.termRows, c.topicRows, c.candidateRows} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// differ collects what a table has and must have, by key. A row whose key was changed is
// first named by the key that it had.
func differ[K comparable, V comparable](c *checker, a Area, noun string, want map[K]V, walk func(func(K, V)) error) error {
	var missing, added []string
	err := walk(func(k K, v V) {
		w, ok := want[k]
		switch {
		case !ok:
			added = append(added, fmt.Sprintf("%s %v", noun, k))
		case w != v:
			c.r.say(a, fmt.Sprintf("%s %v", noun, k), "与由日志重算的结果不符", "the row is not what the log gives")
		}
		delete(want, k)
	})
	for k := range want {
		missing = append(missing, fmt.Sprintf("%s %v", noun, k))
	}
	slices.Sort(missing) // the same store gives the same report
	for _, place := range missing {
		c.r.say(a, place, "缺少一行", "the row is missing")
	}
	for _, place := range added {
		c.r.say(a, place, "多出一行", "the row should not be there")
	}
	return err
}

func (c *checker) linkRows() error {
	want := make(map[string]linkRow, len(c.links))
	key := func(b id.Batch, n int64) string { return fmt.Sprintf("%s/%d", b, n) }
	for _, l := range c.links {
		want[key(l.batch, l.n)] = l
	}
	return differ(c, AreaLink, "link", want, func(met func(string, linkRow)) error {
		return c.in.Links(func(b id.Batch, n, seq int64, leaf id.Hash) error {
			met(key(b, n), linkRow{b, n, seq, leaf})
			return nil
		})
	})
}

// BatchColumns are the columns that repeat what a batch's state says.
func BatchColumns(s batch.State) [6]string {
	return [6]string{string(s.Stage), s.Custodian.String(), s.Site.String(), s.Manifest.String(), fmt.Sprint(s.Seq), s.Box()}
}

// ManifestColumns are the columns that repeat what a manifest's state says.
func ManifestColumns(s manifest.State) [6]string {
	return [6]string{string(s.Stage), s.Consignor.String(), s.Carrier.String(), s.Consignee.String(), s.Number, fmt.Sprint(s.Seq)}
}

type stateRow[C comparable] struct {
	columns C
	state   string
}

func (c *checker) batchRows() error {
	want := map[id.Batch]stateRow[[6]string]{}
	for k, s := range c.world.Batches {
		b, err := json.Marshal(s)
		if err != nil {
			return err
		}
		want[k] = stateRow[[6]string]{BatchColumns(s), string(b)}
	}
	c.r.Batches = len(want)
	return differ(c, AreaBatch, "batch", want, func(met func(id.Batch, stateRow[[6]string])) error {
		return c.in.BatchRows(func(b id.Batch, cols [6]string, state []byte) error {
			met(b, stateRow[[6]string]{cols, string(state)})
			return nil
		})
	})
}

func (c *checker) manifestRows() error {
	want := map[id.Manifest]stateRow[[6]string]{}
	for k, s := range c.world.Manifests {
		b, err := json.Marshal(s)
		if err != nil {
			return err
		}
		want[k] = stateRow[[6]string]{ManifestColumns(s), string(b)}
	}
	c.r.Manifests = len(want)
	return differ(c, AreaManifest, "manifest", want, func(met func(id.Manifest, stateRow[[6]string])) error {
		return c.in.ManifestRows(func(m id.Manifest, cols [6]string, state []byte) error {
			met(m, stateRow[[6]string]{cols, string(state)})
			return nil
		})
	})
}

func (c *checker) postingRows() error {
	want := make(map[string]mass.Posting, len(c.books))
	for _, b := range c.books {
		want[fmt.Sprintf("%d/%d", b.seq, b.line)] = b.p
	}
	err := differ(c, AreaPosting, "posting", want, func(met func(string, mass.Posting)) error {
		return c.in.PostingRows(func(seq int64, line int, p mass.Posting) error {
			c.r.Postings++
			c.r.GramsTotal += int64(p.Grams)
			met(fmt.Sprintf("%d/%d", seq, line), p)
			return nil
		})
	})
	if err == nil && c.r.GramsTotal != 0 {
		c.r.say(AreaPosting, "all accounts", "全部账户之和不为零", "the sum over all accounts is %d g, not zero", c.r.GramsTotal)
	}
	return err
}

// tallyRows compares the steps of the running sums, and the sums that they add up to.
func (c *checker) tallyRows() error {
	want := map[string]permit.Tally{}
	for _, t := range c.tallies {
		k := t.Key.String()
		want[k] = permit.Tally{Key: t.Key, Grams: want[k].Grams + t.Grams}
	}
	err := differ(c, AreaTally, "tally", c.tallies, func(met func(string, permit.Tally)) error {
		return c.in.TallyRows(func(seq int64, line int, t permit.Tally) error {
			met(fmt.Sprintf("%d/%d", seq, line), t)
			return nil
		})
	})
	if err != nil {
		return err
	}
	return differ(c, AreaTally, "sum", want, func(met func(string, permit.Tally)) error {
		return c.in.TallySums(func(t permit.Tally) error {
			met(t.Key.String(), t)
			return nil
		})
	})
}

// labelRows holds the labels of events against the log. Those that the server made, and
// what was withdrawn, stand in no entry: of them only the form can be checked.
func (c *checker) labelRows() error {
	return differ(c, AreaLabel, "label", maps.Clone(c.label), func(met func(event.Label, labelRow)) error {
		return c.in.LabelRows(func(l event.Label, b id.Batch, source string, madeAt int64) error {
			place := fmt.Sprintf("label %s", l)
			switch read, err := event.ParseLabel(string(l)); {
			case source == "event":
				met(l, labelRow{b, madeAt})
			case source != "server":
				c.r.say(AreaLabel, place, "标签来源不明", "its source is neither event nor server")
			case err != nil || read != l:
				c.r.say(AreaLabel, place, "标签码的校验位不符", "its check character does not fit")
			case madeAt < 0:
				c.r.say(AreaLabel, place, "标签时间有误", "it was made at no time that there is")
			case c.world.Batch(b).N == 0:
				c.r.say(AreaLabel, place, "标签所指批次不存在", "its batch has no entries")
			}
			return nil
		})
	})
}
