package rule

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/id"
)

// The rules that an instrument of law gives.
const (
	PaperEvidence Code = "paper-evidence"  // signed on paper; one of its parties filled it in
	PaperLate     Code = "paper-late"      // filled in after the days that the law gives
	MetersDiffer  Code = "meters-differ"   // the two ends of a pipeline do not agree
	Incident      Code = "incident"        // something was spilled, lost, stolen, found or burned
	MedicalLeak   Code = "medical-leak"    // must be told to the county's authorities
	Untold        Code = "incident-untold" // the report names no authority that was told
)

// instrument is one dated rule of law.
type instrument struct {
	Code        Code      `json:"code"`
	Version     string    `json:"version"`
	ValidFrom   time.Time `json:"valid_from"`
	ValidTo     time.Time `json:"valid_to,omitzero"`
	Source      string    `json:"source"`
	Certainty   string    `json:"certainty"` // as of Limits
	WorkingDays int       `json:"working_days,omitempty"`
	ZH          string    `json:"zh,omitempty"`
	EN          string    `json:"en,omitempty"`
}

//go:embed instruments.json
var instrumentsFile []byte

var instruments = func() (out []instrument) {
	if err := json.Unmarshal(instrumentsFile, &out); err != nil {
		panic("rule: embedded instruments: " + err.Error())
	}
	return out
}()

func instrumentAt(c Code, t time.Time) (instrument, bool) {
	for _, x := range instruments {
		if x.Code == c && !t.Before(x.ValidFrom) && (x.ValidTo.IsZero() || t.Before(x.ValidTo)) {
			return x, true
		}
	}
	return instrument{}, false
}

// paper says of a back-filled slip that it is weaker evidence, and whether it came late.
func (s Step) paper(l Limits) []Finding {
	d, ok := s.Event.Data.(event.Backfilled)
	if !ok {
		return nil
	}
	owner := Owner{d.Consignor, Consignor}
	if s.Event.Party == d.Consignee {
		owner = Owner{d.Consignee, Consignee}
	}
	f := s.finding(PaperEvidence, Remark, owner, l.Version)
	f.ZH = fmt.Sprintf("此段凭纸质单据补录（扫描件 SHA-256 %s），仅补录方有电子签名，证据力较弱", d.Scan)
	f.EN = fmt.Sprintf("Signed on paper and filled in later (scan SHA-256 %s): only whoever filled it in has signed here. Weaker evidence.", d.Scan)
	out := []Finding{f}
	x, ok := instrumentAt(PaperLate, d.Last())
	if !ok {
		return out
	}
	if due := calendar.AddWorkingDays(d.Last(), x.WorkingDays); !due.Met(s.RecordedAt) {
		f := s.finding(PaperLate, Open, owner, x.Version)
		day := due.LastDay().Format("2006-01-02")
		f.ZH = fmt.Sprintf("补录逾期：应于 %s 前完成（%s）", day, x.Source)
		f.EN = fmt.Sprintf("Filled in late: it was due by %s (%s).", day, x.Source)
		out = append(out, f)
	}
	return out
}

var incidentNames = map[event.IncidentKind][2]string{event.Spill: {"洒漏", "spilled"}, event.Leak: {"泄漏", "leaked"}, event.Loss: {"丢失", "lost"},
	event.Theft: {"被盗", "stolen"}, event.Fire: {"火灾", "burned"}, event.Found: {"发现无主废物", "found"}}

// incident makes a reported incident a finding of its own: the authority looks at once.
func (s Step) incident(l Limits) []Finding {
	d, ok := s.Event.Data.(event.Incident)
	if !ok {
		return nil
	}
	owner := Owner{s.Event.Party, Signer}
	name := incidentNames[d.Kind]
	f := s.finding(Incident, Serious, owner, l.Version)
	f.Grams = s.Batch.Grams
	f.ZH = fmt.Sprintf("事故：%s，地点 %s", name[0], d.Place)
	f.EN = fmt.Sprintf("Incident: %s at %s.", name[1], d.Place)
	if s.Batch.Grams > 0 { // otherwise the batch is concerned, and nothing of it is gone
		f.ZH = fmt.Sprintf("事故：%s %s 千克，地点 %s", name[0], s.Batch.Grams.Kilograms(), d.Place)
		f.EN = fmt.Sprintf("Incident: %s kg %s at %s.", s.Batch.Grams.Kilograms(), name[1], d.Place)
	}
	out := []Finding{f}
	medical := d.Code.Category() == "HW01" || s.Before.Code.Category() == "HW01"
	if x, ok := instrumentAt(MedicalLeak, s.Event.At); ok && medical && d.Kind != event.Found {
		f := s.finding(MedicalLeak, Serious, owner, x.Version)
		f.ZH, f.EN = fmt.Sprintf("%s（%s）", x.ZH, x.Source), fmt.Sprintf("%s (%s)", x.EN, x.Source)
		out = append(out, f)
	}
	if d.ReportedTo == "" {
		f := s.finding(Untold, Open, owner, l.Version)
		f.ZH, f.EN = "报告未写明已告知哪个主管部门", "The report names no authority that was told."
		out = append(out, f)
	}
	return out
}

// pipe says whether an event reads the far meter of a pipeline.
func (s Step) pipe() bool {
	return s.Event.Type == event.MeterRecorded && s.Before.Stage == batch.Delivered
}

// NoScan remarks that the scan whose hash a back-filled slip carries is not there. Readers say
// so, who have the files; the scan may come any time.
func NoScan(e event.Event, seq int64, b id.Batch) Finding {
	d, _ := e.Data.(event.Backfilled)
	owner := Owner{d.Consignor, Consignor}
	if e.Party == d.Consignee {
		owner.Party, owner.Part = d.Consignee, Consignee
	}
	return Finding{Rule: ScanMissing, Severity: Remark, Owner: owner, Seq: seq, Event: e.ID, Batch: b, Version: "chain",
		ZH: fmt.Sprintf("纸质单据的扫描件尚未上传（SHA-256 %s）", d.Scan), EN: fmt.Sprintf("The scan of the slip has not been brought yet (SHA-256 %s).", d.Scan)}
}
