package rule

import (
	"fmt"
	"slices"
	"time"

	"liandan/internal/batch"
)

// Dwell is how long waste may lie from its closing until somebody licensed has accepted it
// (医疗废物管理条例 art. 17), with the bands in which people see what is left of it. It is
// part of an edition of the rules, with a source of its own.
type Dwell struct {
	Source     string   `json:"source"`
	Certainty  string   `json:"certainty"`
	Categories []string `json:"categories"` // of waste, such as HW01
	Start      Start    `json:"start"`
	LimitMS    int64    `json:"limit_ms"`
	Bands      []Band   `json:"bands"` // the least remaining first
}

// Start is from when the clock runs.
type Start string

// The starts. The text of the law allows for either.
const (
	FromClosing Start = "closing"
	FromStorage Start = "storage" // the first putting into a store
)

// Band is a colour for what is left: the first band whose remaining time is not less than
// what is left.
type Band struct {
	Band        string `json:"band"`
	RemainingMS int64  `json:"remaining_ms"`
	Colour      string `json:"colour"`
	ZH          string `json:"zh"`
	EN          string `json:"en"`
}

// Clock is how a batch stands with its time.
type Clock struct {
	Started   time.Time
	Due       time.Time
	Age       time.Duration
	Remaining time.Duration // negative: exceeded
	Band      Band
}

// waiting are the stages in which the clock runs: from closing through corridors, stores,
// vehicles and transfer points until it is accepted.
var waiting = []batch.Stage{batch.Generated, batch.Released, batch.Received, batch.Stored, batch.Issued, batch.InTransit, batch.HandedOver,
	batch.AtPoint, batch.Delivered, batch.Refused, batch.Returned}

// Waiting lists the stages in which a batch's clock runs.
func Waiting() []batch.Stage { return slices.Clone(waiting) }

// Clock says how a batch stands at a time; false when no clock runs for it. The clock of
// what was packed over is that of its oldest parent.
func (b Book) Clock(s batch.State, at time.Time) (Clock, bool) { return b.At(at).Dwell.clock(s, at) }

func (d *Dwell) clock(s batch.State, at time.Time) (Clock, bool) {
	if d == nil {
		return Clock{}, false
	}
	from := s.BornAt
	if d.Start == FromStorage {
		from = s.StoredAt
	}
	if from == 0 || d.LimitMS == 0 || !slices.Contains(d.Categories, s.Code.Category()) || !slices.Contains(waiting, s.Stage) {
		return Clock{}, false
	}
	c := Clock{Started: time.UnixMilli(from).UTC()}
	c.Due = c.Started.Add(time.Duration(d.LimitMS) * time.Millisecond)
	c.Age, c.Remaining = at.Sub(c.Started), c.Due.Sub(at)
	for _, x := range d.Bands {
		// What is left exactly at the limit is not exceeded yet: the first band is strict.
		if left := c.Remaining.Milliseconds(); left < x.RemainingMS || x.RemainingMS > 0 && left == x.RemainingMS {
			c.Band = x
			break
		}
	}
	return c, true
}

// exceeded is the event at which it is first seen that the time was over.
func (l Limits) exceeded(s Step) []Finding {
	c, ok := l.Dwell.clock(s.Before, s.Event.At)
	if !ok || c.Remaining >= 0 || s.LastAt.After(c.Due) {
		return nil
	}
	limit, age := l.Dwell.LimitMS/3_600_000, int64(c.Age/time.Hour)
	return []Finding{l.of(s, StoredTooLong, s.giver(), fmt.Sprintf("封口后已 %d 小时，超过 %d 小时（医疗废物管理条例第十七条）", age, limit),
		fmt.Sprintf("%d h since closing, more than %d h (医疗废物管理条例 art. 17).", age, limit))}
}

// Overdue is the finding on a batch that lies too long now; none when it does not.
func (b Book) Overdue(s batch.State, at time.Time) []Finding {
	c, ok := b.Clock(s, at)
	if !ok || c.Remaining >= 0 {
		return nil
	}
	l := b.At(at)
	return []Finding{{Rule: StoredTooLong, Severity: Open, Owner: Owner{s.Custodian, Custodian}, Seq: s.Seq, Batch: s.ID, Version: l.Version,
		ZH: fmt.Sprintf("暂存超时：封口后已 %d 小时（医疗废物管理条例第十七条）", int64(c.Age/time.Hour)),
		EN: fmt.Sprintf("Lies too long: %d h since closing (医疗废物管理条例 art. 17).", int64(c.Age/time.Hour))}}
}
