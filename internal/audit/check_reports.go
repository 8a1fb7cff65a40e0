package audit

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"liandan/internal/id"
	"liandan/internal/merkle"
	"liandan/internal/sampling"
	"liandan/internal/statement"
)

// actKeepReport is the operation by which the log tells of a kept report; its subject is the
// report's id and the hash of its document.
const actKeepReport = "keepReport"

// keptReport takes note of a report that the log tells of, or will.
func (c *checker) keptReport(a statement.Act) {
	if a.Operation != actKeepReport {
		return
	}
	of, hash, _ := strings.Cut(a.Subject, " ")
	h, err := id.ParseHash(hash)
	if err != nil {
		c.r.say(AreaReport, "report "+of, "关于报告的记录无法读取", "what the log tells of it cannot be read")
		return
	}
	c.reports[of] = h
}

// reportDocument is what a report's columns repeat of its document.
type reportDocument struct {
	Period      string  `json:"period"`
	Grain       string  `json:"grain"`
	District    string  `json:"district"`
	Definitions id.Hash `json:"definitions"`
	Size        int64   `json:"size"`
	Root        id.Hash `json:"root"`
	Since       int64   `json:"since"`
	Checkpoint  string  `json:"checkpoint"`
}

// reportRows holds the kept reports against the acts in the log: each is there, whole and
// unchanged, of a root that the log had, and there are none besides.
func (c *checker) reportRows() error {
	met := map[string]bool{}
	stands := map[merkle.Head][]string{}
	err := c.in.ReportRows(func(of, columns string, hash id.Hash, document []byte) error {
		place := "report " + of
		want, told := c.reports[of]
		met[of] = true
		var d reportDocument
		switch {
		case !told:
			c.r.say(AreaReport, place, "日志中没有该报告的记录", "the log tells of no such report")
			return nil
		case hash != want || id.Hash(sha256.Sum256(document)) != want:
			c.r.say(AreaReport, place, "报告与日志所记的散列不符", "it is not the one whose hash the log has")
			return nil
		case json.Unmarshal(document, &d) != nil:
			c.r.say(AreaReport, place, "报告无法读取", "it cannot be read")
			return nil
		}
		if said := fmt.Sprintf("%s\n%s\n%s\n%s\n%d\n%s\n%d", d.Period, d.Grain, d.District, d.Definitions, d.Size, d.Root, d.Since); said != columns {
			c.r.say(AreaReport, place, "报告的列与其内容不符", "its columns are not what its document says")
		}
		if d.Size > 0 {
			h := merkle.Head{Size: d.Size, Root: d.Root}
			stands[h] = append(stands[h], place)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var gone []string
	for of := range c.reports {
		if !met[of] {
			gone = append(gone, "report "+of)
		}
	}
	slices.Sort(gone)
	for _, place := range gone {
		c.r.say(AreaReport, place, "日志所记的报告不见了", "the log tells of it, and it is not there")
	}
	return c.reportRoots(stands)
}

// reportRoots asks whether the log had the roots that reports stand on.
func (c *checker) reportRoots(stands map[merkle.Head][]string) error {
	wrong := map[string]int64{} // places and the sizes they stand on
	for h, places := range stands {
		var now merkle.Head
		if h.Size <= c.tree.Size() {
			var err error
			if now, err = c.tree.HeadAt(h.Size); err != nil {
				return err
			}
		}
		for _, place := range places {
			if now != h {
				wrong[place] = h.Size
			}
		}
	}
	for _, place := range slices.Sorted(maps.Keys(wrong)) { // the same store gives the same report
		c.r.say(AreaReport, place, "报告所据的日志根与日志不符", "the log of %d entries never had the root that it stands on", wrong[place])
	}
	return nil
}

// sampleRows asks whether each list of a random inspection is the one of its hash.
func (c *checker) sampleRows() error {
	return c.in.SampleRows(func(hash id.Hash, body []byte) error {
		l, err := sampling.ParseList(body)
		if err != nil || l.Hash() != hash || id.Hash(sha256.Sum256(body)) != hash {
			c.r.say(AreaSample, "sample list "+hash.String(), "随机抽查名单已损坏或被改动", "it is not the list of its hash")
		}
		return nil
	})
}
