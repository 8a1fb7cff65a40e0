package attest

import (
	"fmt"

	"liandan/internal/bundle"
	"liandan/internal/fault"
)

// The checks, in their order.
const (
	CheckStatement  = "statement"   // signed by a key of the log
	CheckCheckpoint = "checkpoint"  // of the statement: the same head, signed by a key of the log
	CheckExport     = "export"      // whole, and the tree of its entries is that of its signed checkpoint
	CheckContents   = "contents"    // every entry's bytes are those whose hash is in the log
	CheckSameLog    = "same-log"    // the export, at the statement's size, is the log that the statement knew
	CheckSignatures = "signatures"  // every event is signed by a key that the log had introduced, then in force
	CheckChains     = "chains"      // every event may come where it stands; its links are those of its batches
	CheckDefinition = "definitions" // this program knows the definitions and the table of divisions
	CheckFigures    = "figures"     // every figure, computed anew
)

// Line is what one check gave.
type Line struct {
	Check   string `json:"check"`
	OK      bool   `json:"ok"`
	Count   int    `json:"count"`           // things looked at
	Could   bool   `json:"could"`           // false: it could not be made
	ZH      string `json:"zh"`              // what was checked
	EN      string `json:"en"`              // what was checked
	Wrong   string `json:"wrong,omitempty"` // why it does not hold, or could not be made
	WrongZH string `json:"wrong_zh,omitempty"`
}

// Mismatch is one thing that the statement says otherwise than the log.
type Mismatch struct {
	Indicator int    `json:"indicator"`
	District  string `json:"district"`
	Variant   string `json:"variant"`
	What      string `json:"what"` // value, numerator, denominator …
	Stated    string `json:"stated"`
	Computed  string `json:"computed"`
}

// Report is what Verify found.
type Report struct {
	Origin     string         `json:"origin"`
	Size       int64          `json:"size"`                // of the export
	Stated     *Statement     `json:"statement,omitempty"` // what the statement claims, proven or not
	Lines      []Line         `json:"checks"`
	Mismatches []Mismatch     `json:"mismatches"`
	Notes      []bundle.Note  `json:"notes"`
	Computed   []Indicator    `json:"computed,omitempty"`
	Verdict    bundle.Verdict `json:"verdict"`
}

var words = map[string][2]string{
	CheckStatement:  {"陈述由日志密钥签名", "the statement is signed by a key of the log"},
	CheckCheckpoint: {"陈述所附检查点由日志密钥签名，且与其所称一致", "the statement's checkpoint is signed by a key of the log and is of the head that it names"},
	CheckExport:     {"日志导出文件完整，其树与签名的检查点一致", "the export is whole, and its tree is that of the signed checkpoint"},
	CheckContents:   {"各条内容与日志中的散列一致", "the contents are those whose hashes are in the log"},
	CheckSameLog:    {"导出的就是陈述所据的日志", "the export is of the log that the statement knew"},
	CheckSignatures: {"各事件由日志登记过且当时有效的密钥签名", "the events are signed by keys that the log had introduced and that were in force"},
	CheckChains:     {"各批次链完整，环节次序成立", "the batches' chains are whole and every step may come where it stands"},
	CheckDefinition: {"本程序认识所用的指标定义和区划表", "this program knows the definitions and the table of divisions"},
	CheckFigures:    {"由日志重新计算，各项数值一致", "computed anew from the log, the figures are the same"},
}

// line adds a check. A nil error means that it holds; one of kind unavailable that it could
// not be made.
func (r *Report) line(check string, count int, zh string, err error) bool {
	l := Line{Check: check, OK: err == nil, Count: count, Could: err == nil || fault.Of(err) != fault.Unavailable, ZH: words[check][0], EN: words[check][1]}
	if err != nil {
		l.Wrong, l.WrongZH = fault.As(err).Sentence, zh
	}
	r.Lines = append(r.Lines, l)
	return err == nil
}

func (r *Report) note(code, zh, en string) {
	r.Notes = append(r.Notes, bundle.Note{Code: code, ZH: zh, EN: en})
}

func (r *Report) conclude() {
	r.Verdict = bundle.Sound
	for _, l := range r.Lines {
		switch {
		case l.Could && !l.OK:
			r.Verdict = bundle.Findings
			return
		case !l.Could:
			r.Verdict = bundle.Unchecked
		}
	}
}

func wrong(format string, args ...any) error { return fault.New(fault.Damaged, format, args...) }

func cannot(format string, args ...any) error { return fault.New(fault.Unavailable, format, args...) }

// compare names every difference between what is stated and what was computed.
func compare(stated, computed []Indicator) (n int, out []Mismatch) {
	byNumber := map[int]Indicator{}
	for _, c := range computed {
		byNumber[c.Indicator] = c
	}
	for _, s := range stated {
		c := byNumber[s.Indicator]
		say := func(district, variant, what string, a, b any) {
			if x, y := fmt.Sprint(a), fmt.Sprint(b); x != y {
				out = append(out, Mismatch{s.Indicator, district, variant, what, x, y})
			}
		}
		say("", "", "unit", s.Unit, c.Unit)
		say("", "", "amount_unit", s.AmountUnit, c.AmountUnit)
		say("", "", "rows", len(s.Rows), len(c.Rows))
		for i := range min(len(s.Rows), len(c.Rows)) {
			a, b := s.Rows[i], c.Rows[i]
			say(a.District, "", "district", a.District, b.District)
			say(a.District, "", "sites", a.Sites, b.Sites)
			say(a.District, "", "reported", a.Reported, b.Reported)
			say(a.District, "", "stock", a.Stock, b.Stock)
			say(a.District, "", "flags", a.Flags, b.Flags)
			say(a.District, "", "exclusions", a.Exclusions, b.Exclusions)
			say(a.District, "", "figures", len(a.Figures), len(b.Figures))
			for k := range min(len(a.Figures), len(b.Figures)) {
				f, g := a.Figures[k], b.Figures[k]
				n++
				say(a.District, f.Variant, "variant", f.Variant, g.Variant)
				say(a.District, f.Variant, "value", f.Value, g.Value)
				say(a.District, f.Variant, "status", f.Status, g.Status)
				say(a.District, f.Variant, "numerator", f.Numerator, g.Numerator)
				say(a.District, f.Variant, "denominator", f.Denominator, g.Denominator)
				say(a.District, f.Variant, "because", f.Because, g.Because)
				say(a.District, f.Variant, "parts", f.Parts, g.Parts)
			}
		}
	}
	return n, out
}
