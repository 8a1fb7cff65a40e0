package rule

import (
	"fmt"
	"slices"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
)

// Dwell is how long waste may lie in temporary storage (医疗废物管理条例 art. 17), with the
// bands in which people see what is left of it. It is part of an edition of the rules, with a
// source of its own, and the one datum that the duty medical-store is made of too.
//
// What the article bounds is storing: the time runs in the house where the waste arose and at a
// transfer point, from the closing on, the road between the two included, and asks nothing of a
// vehicle or of the plant. How soon a vehicle must be there is the plant's own rule (art. 25).
type Dwell struct {
	Instrument string   `json:"instrument"`
	Article    string   `json:"article"`
	Source     string   `json:"source"` // the instrument as a reader sees it, and how it is read here
	Certainty  string   `json:"certainty"`
	Text       string   `json:"text_certainty"` // of the two days alone: C, C2, L or U
	Reading    string   `json:"reading"`
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

// waiting are the stages before anybody licensed has accepted the waste.
var waiting = []batch.Stage{batch.Generated, batch.Released, batch.Received, batch.Stored, batch.Issued, batch.InTransit, batch.HandedOver,
	batch.AtPoint, batch.Delivered, batch.Refused, batch.Returned}

// Waiting lists the stages before acceptance.
func Waiting() []batch.Stage { return slices.Clone(waiting) }

// stored says whether a batch that nobody has accepted yet is in somebody's house. What came
// back from a refusal is in store again, its clock never stopped; what was accepted once is in
// a depot or plant, which other rules bind.
func stored(s batch.State) bool {
	switch s.Stage {
	case batch.Generated, batch.Released, batch.Received, batch.Stored:
		return s.Manifest.IsZero() && len(s.Owed) == 0
	case batch.Issued, batch.HandedOver:
		return len(s.Owed) == 0 && !s.Site.IsZero()
	case batch.AtPoint:
		return len(s.Owed) == 0
	}
	return false
}

// Storage is the edition of the limit that binds a batch in store now, and since when its time
// runs, in Unix milliseconds UTC by the signer's clock. It is the one answer to whether a clock
// runs: rule stored-too-long and duty medical-store both ask it. The edition is that of the day
// on which the batch was closed.
func (b Book) Storage(s batch.State) (d Dwell, since int64, ok bool) {
	if !stored(s) {
		return Dwell{}, 0, false
	}
	return b.limited(s)
}

// limited is the limit of a batch wherever it is.
func (b Book) limited(s batch.State) (d Dwell, since int64, ok bool) {
	of := b.At(time.UnixMilli(s.BornAt)).Dwell
	if s.BornAt == 0 || of == nil || of.LimitMS == 0 || !slices.Contains(of.Categories, s.Code.Category()) {
		return Dwell{}, 0, false
	}
	since = s.BornAt
	if of.Start == FromStorage {
		since = s.StoredAt
	}
	return *of, since, since != 0
}

// Clock says how a batch in store stands at a time; false when no clock runs for it. The clock
// of what was packed over is that of its oldest parent.
func (b Book) Clock(s batch.State, at time.Time) (Clock, bool) {
	d, since, ok := b.Storage(s)
	if !ok {
		return Clock{}, false
	}
	return d.clock(since, at), true
}

func (d Dwell) clock(since int64, at time.Time) Clock {
	c := Clock{Started: time.UnixMilli(since).UTC()}
	c.Due = c.Started.Add(time.Duration(d.LimitMS) * time.Millisecond)
	c.Age, c.Remaining = at.Sub(c.Started), c.Due.Sub(at)
	for _, x := range d.Bands {
		// What is left exactly at the limit is not exceeded yet: the first band is strict.
		if left := c.Remaining.Milliseconds(); left < x.RemainingMS || x.RemainingMS > 0 && left == x.RemainingMS {
			c.Band = x
			break
		}
	}
	return c
}

// exceeded is the event at which it is first seen that a stay in store was too long: the first
// one dated after the limit in a stay that began in time, or the one by which what is over its
// time comes into a store. So every stay has one such finding at most.
func (b Book) exceeded(s Step) []Finding {
	d, since, ok := b.limited(s.Before)
	if !ok || !enters(s) && !stored(s.Before) {
		return nil
	}
	c := d.clock(since, s.Event.At)
	if c.Remaining >= 0 || !enters(s) && s.LastAt.After(c.Due) {
		return nil
	}
	limit, age := d.LimitMS/3_600_000, int64(c.Age/time.Hour)
	l := b.At(time.UnixMilli(s.Before.BornAt))
	return []Finding{l.of(s, StoredTooLong, s.giver(), fmt.Sprintf("%s已 %d 小时，超过 %d 小时（%s第%s条）", d.Start.zh(), age, limit, d.Instrument, d.Article),
		fmt.Sprintf("%d h since %s, more than %d h (%s art. %s).", age, d.Start.en(), limit, d.Instrument, d.Article))}
}

// enters says whether an event brings a batch from the road into somebody's house before anybody
// accepted it: to a transfer point, or back to where it arose.
func enters(s Step) bool {
	return s.Event.Type == event.BatchReceived && (s.Before.Stage == batch.HandedOver || s.Before.Stage == batch.Returned) && !stored(s.Before) && len(s.Before.Owed) == 0
}

func (s Start) zh() string {
	if s == FromStorage {
		return "入库后"
	}
	return "封口后"
}

func (s Start) en() string {
	if s == FromStorage {
		return "it was stored"
	}
	return "closing"
}

// Overdue is the finding on a batch that lies too long now; none when it does not.
func (b Book) Overdue(s batch.State, at time.Time) []Finding {
	d, since, ok := b.Storage(s)
	if !ok {
		return nil
	}
	c := d.clock(since, at)
	if c.Remaining >= 0 {
		return nil
	}
	l, age := b.At(time.UnixMilli(s.BornAt)), int64(c.Age/time.Hour)
	return []Finding{{Rule: StoredTooLong, Severity: Open, Owner: Owner{s.Custodian, Custodian}, Seq: s.Seq, Batch: s.ID, Version: l.Version,
		ZH: fmt.Sprintf("暂存超时：%s已 %d 小时（%s第%s条）", d.Start.zh(), age, d.Instrument, d.Article),
		EN: fmt.Sprintf("Lies too long: %d h since %s (%s art. %s).", age, d.Start.en(), d.Instrument, d.Article)}}
}
