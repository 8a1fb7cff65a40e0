// Package rule holds dated rules as data and the findings they give over a batch's
// chain: signatures by people who did not know what had happened before, clocks that disagree, grams
// that changed between two weighings.
//
// It must not change a state or refuse an event: a finding is an answer beside the
// facts. Each rule names its source and the dates between which it judges.
package rule

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Code names a rule.
type Code string

// The rules of the spine.
const (
	Unseen        Code = "unseen-entries"         // the signer did not know entries that stand before; see Knowing
	ClockAhead    Code = "clock-ahead"            // the signer's clock is ahead of the log's
	LateUpload    Code = "late-upload"            // uploaded long after it happened
	ClockBack     Code = "clock-back"             // dated before the event it follows
	GramsMoved    Code = "grams-differ"           // two weighings differ
	Unverified    Code = "unverified-code"        // the waste code is not in the catalogue in hand
	Estimate      Code = "estimated-weight"       // not weighed on a scale
	EstimateOff   Code = "estimate-differs"       // a scale says otherwise than the estimate before
	PackagesMoved Code = "packages-differ"        // two parties count other packages
	ResidueExempt Code = "exempt-after-treatment" // the residue leaves the hazardous chain
	ResidueLoose  Code = "residue-unplaced"       // residue that is neither exempt nor a new batch
	Reserved      Code = "reservation"            // the carrier takes over the load and not what is said of it
	ByCode        Code = "by-code"                // signed in a source's place, by its one-time code: weaker evidence
	ByLeave       Code = "by-authorisation"       // signed in a source's place, under its standing authorisation

	StoredTooLong  Code = "stored-too-long"         // medical waste lay in store longer than it may
	SingleLayer    Code = "isolation-single-layer"  // waste of an isolated patient is not in double bags
	NoMedicalClass Code = "medical-class-missing"   // a container for medical waste holds something else
	NoRightExempt  Code = "exemption-without-right" // an exempted stage is claimed that the list does not give
	BoxTwice       Code = "container-in-use-twice"  // one turnover box is full twice at the same time

	// Told by readers, who have the clock and the other manifests.
	CorrectionExpired Code = "correction-expired" // not answered in time
	NumberConflict    Code = "number-conflict"    // two manifests have one national number
	ScanMissing       Code = "scan-missing"       // nobody has brought the scan of a slip yet
)

// Limits are the figures of one edition of the rules.
type Limits struct {
	Version   string    `json:"version"`
	ValidFrom time.Time `json:"valid_from"`
	ValidTo   time.Time `json:"valid_to,omitzero"`
	Source    string    `json:"source"`
	Certainty string    `json:"certainty"` // C, C2, L or U as in the regulation notes; own: our choice
	SkewMS    int64     `json:"clock_skew_ms"`
	UploadMS  int64     `json:"upload_within_ms"`
	BackMS    int64     `json:"clock_back_ms"`
	Dwell     *Dwell    `json:"dwell,omitempty"` // nil: no such limit in this edition
}

//go:embed limits.json
var limitsFile []byte

// Book is the editions of the rules.
type Book []Limits

// DefaultBook reads the editions in the program.
func DefaultBook() (Book, error) {
	var b Book
	if err := json.Unmarshal(limitsFile, &b); err != nil {
		return nil, fmt.Errorf("rule limits: %w", err)
	}
	return b, nil
}

// Shipped is the editions in the program, for what must answer without being handed any.
func Shipped() Book { return shipped }

var shipped = func() Book {
	b, err := DefaultBook()
	if err != nil {
		panic("rule: embedded limits: " + err.Error())
	}
	return b
}()

// At is the edition in force at a time; the first one judges what came before it.
func (b Book) At(t time.Time) Limits {
	for _, l := range b {
		if !t.Before(l.ValidFrom) && (l.ValidTo.IsZero() || t.Before(l.ValidTo)) {
			return l
		}
	}
	if len(b) > 0 {
		return b[0]
	}
	return Limits{}
}

// Step is one entry of a batch's chain as the rules see it.
type Step struct {
	Seq        int64
	RecordedAt time.Time
	Event      event.Event
	Batch      event.Batch
	Prev       id.Hash     // leaf hash of the batch's entry before
	Before     batch.State // of the batch; the zero State where it begins
	Grams      waste.Grams // in custody before the event
	LastAt     time.Time   // signer's clock of the event before; zero for the first
	Known      bool        // batch.generated: the code is in the catalogue
	Followed   bool        // Unknown was made from the whole chain; else only the newest entry is held against Seen
	Unknown    []int64     // entries before that the signer did not know; see Knowing
}

// In says whether a batch's code is in a catalogue at the event's date.
func (s Step) In(c *waste.Catalog) Step {
	if d, ok := s.Event.Data.(event.Generated); ok {
		_, s.Known = c.Lookup(d.Code, s.Event.At)
	}
	return s
}

// Examine gives the findings on one step.
func (b Book) Examine(s Step) []Finding {
	l := b.At(s.Event.At)
	var out []Finding
	say := func(c Code, zh, en string) {
		f := s.finding(c, Remark, Owner{s.Event.Party, Signer}, l.Version)
		f.ZH, f.EN = zh, en
		out = append(out, f)
	}
	if zh, en := s.unseen(); zh != "" {
		say(Unseen, zh, en)
	}
	if d := s.Event.At.Sub(s.RecordedAt).Milliseconds(); d > l.SkewMS {
		say(ClockAhead, fmt.Sprintf("设备时钟比日志快 %d 秒", d/1000), fmt.Sprintf("The device's clock is %d s ahead of the log's.", d/1000))
	} else if -d > l.UploadMS {
		say(LateUpload, fmt.Sprintf("事件发生 %d 小时后才上传", -d/3_600_000), fmt.Sprintf("Uploaded %d h after it happened.", -d/3_600_000))
	}
	if !s.LastAt.IsZero() && s.LastAt.Sub(s.Event.At).Milliseconds() > l.BackMS {
		say(ClockBack, "事件时间早于其前一事件", "Dated before the event that it follows.")
	}
	if v := reservation(s.Event); !v.IsZero() {
		text := v.Text
		if text == "" {
			text = "未经核对 unverified"
		}
		say(Reserved, "承运人保留意见："+text, "The carrier has a reservation: "+text)
	}
	out = append(out, b.house(s)...)
	switch of := s.Event.Behalf(); {
	case of.IsZero():
	case of.Authorisation.IsZero():
		say(ByCode, "收集单位凭产生单位的一次性码代签：证据弱于其本人签名", "Signed by the collector, confirmed by the source's one-time code: weaker evidence than its own signature.")
	default:
		say(ByLeave, "收集单位凭产生单位的长期授权代签", "Signed by the collector under the source's standing authorisation.")
	}
	if d, ok := s.Event.Data.(event.Generated); ok {
		if !s.Known {
			say(Unverified, "废物代码不在现有名录中，未核实", "The waste code is not in the catalogue in hand; unverified.")
		}
		if d.Measured == event.Estimated {
			say(Estimate, "重量为估算值", "The weight is an estimate.")
		}
		return out
	}
	out = append(out, s.weights(l)...)
	out = append(out, s.packages(l)...)
	out = append(out, s.residue(l)...)
	out = append(out, s.paper(l)...)
	return append(out, s.incident(l)...)
}

func (s Step) finding(c Code, sev Severity, o Owner, version string) Finding {
	return Finding{Rule: c, Severity: sev, Owner: o, Seq: s.Seq, Event: s.Event.ID, Batch: s.Batch.ID, Version: version}
}

// reservation is what a carrier does not vouch for.
func reservation(e event.Event) event.Reservation {
	switch d := e.Data.(type) {
	case event.Collected:
		return d.Reservation
	case event.HandedOver:
		return d.Reservation
	case event.Delivered:
		return d.Reservation
	}
	return event.Reservation{}
}
