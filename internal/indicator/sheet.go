package indicator

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// Class is whom an inspection sheet is for.
type Class string

// The classes.
const (
	Generators Class = "generator" // 产生单位
	Operators  Class = "operator"  // 经营单位
)

// SheetItem is one item of an inspection sheet.
type SheetItem struct {
	No   int    `json:"no"`
	Max  int    `json:"max"`
	Veto bool   `json:"veto,omitzero"` // failing it fails the sheet
	Text string `json:"text,omitzero"`
}

// Sheet is an inspection sheet in one version, as data.
type Sheet struct {
	Name      string      `json:"name"`
	Version   string      `json:"version"`
	Class     Class       `json:"class"`
	Total     int         `json:"total"`    // what the maxima must add up to
	PassAt    int         `json:"pass"`     // 达标 from so many points
	BasicAt   int         `json:"basic"`    // 基本达标 from so many points
	Accident  int         `json:"accident"` // points off for each pollution accident of the year
	Items     []SheetItem `json:"items"`
	Source    string      `json:"source,omitzero"`
	Certainty string      `json:"certainty,omitzero"`
}

//go:embed data/sheets.json
var sheetsJSON []byte

var sheetsShipped = mustSheets(sheetsJSON)

func mustSheets(b []byte) []Sheet {
	var out []Sheet
	if err := json.Unmarshal(b, &out); err != nil {
		panic("indicator: embedded sheets: " + err.Error())
	}
	for _, s := range out {
		if bad := s.Faults(); len(bad) > 0 {
			panic("indicator: embedded sheet " + s.Name + ": " + bad[0].Detail)
		}
	}
	return out
}

// Sheets lists the sheets as shipped.
func Sheets() []Sheet { return slices.Clone(sheetsShipped) }

// ShippedSheet finds a sheet as shipped.
func ShippedSheet(name, version string) (Sheet, bool) {
	for _, s := range sheetsShipped {
		if s.Name == name && s.Version == version {
			return s, true
		}
	}
	return Sheet{}, false
}

// Faults says everything that is wrong with a sheet; the pointers are into it.
func (s Sheet) Faults() []fault.Field {
	var out []fault.Field
	say := func(pointer, code, zh, format string, args ...any) {
		out = append(out, fault.Field{Pointer: pointer, Code: code, Detail: fmt.Sprintf(format, args...), DetailZH: zh})
	}
	sum, met := 0, map[int]bool{}
	for i, it := range s.Items {
		if met[it.No] || it.No < 1 {
			say(fmt.Sprintf("/items/%d/no", i), "repeated", "项目编号重复或小于 1", "item %d is there twice or below 1", it.No)
		}
		if it.Max < 0 || it.Max > 1000 {
			say(fmt.Sprintf("/items/%d/max", i), "out_of_range", "分值应为 0 至 1000", "must be from 0 to 1000")
		}
		met[it.No] = true
		sum += it.Max
	}
	if len(s.Items) == 0 || len(s.Items) > 200 {
		say("/items", "length", "应有 1 至 200 项", "must have 1 to 200 items")
	}
	if sum != s.Total {
		say("/total", "sum", fmt.Sprintf("各项分值合计 %d，与总分 %d 不符", sum, s.Total), "the items' maxima add up to %d, the sheet says %d", sum, s.Total)
	}
	if s.BasicAt > s.PassAt || s.PassAt > s.Total || s.BasicAt < 0 || s.Accident < 0 {
		say("/pass", "order", "应满足 0 ≤ 基本达标线 ≤ 达标线 ≤ 总分", "must be 0 <= basic <= pass <= total")
	}
	if s.Class != Generators && s.Class != Operators {
		say("/class", "value", "应为 generator 或 operator", "must be generator or operator")
	}
	return out
}

// Verdict is the result of an inspection.
type Verdict string

// The results.
const (
	Pass  Verdict = "pass"  // 达标
	Basic Verdict = "basic" // 基本达标
	Fail  Verdict = "fail"  // 不达标
)

// Inspection is one that was recorded.
type Inspection struct {
	Seq   int64
	Event id.Event
	At    int64
	Again []id.Event // the inspections that it follows up, by its refs
	event.Inspection
}

// Judge gives an inspection's result by its sheet, with the points; or why it has none.
func (s Sheet) Judge(i event.Inspection) (v Verdict, points int, why string) {
	scored := make(map[int]event.Scored, len(i.Items))
	for _, it := range i.Items {
		scored[it.No] = it
	}
	if s.Class != Class(i.Class) {
		return "", 0, "sheet_of_other_class"
	}
	lost := 0 // by items that do not apply: they take nothing away
	veto := i.Major > 0
	for _, it := range s.Items {
		x, ok := scored[it.No]
		switch {
		case !ok:
			return "", 0, "items_missing"
		case x.Inapplicable:
			lost += it.Max
			delete(scored, it.No)
			continue
		case x.Points > it.Max:
			return "", 0, "points_above_maximum"
		}
		points += x.Points
		veto = veto || (it.Veto && x.Points < it.Max)
		delete(scored, it.No)
	}
	if len(scored) > 0 {
		return "", 0, "items_unknown"
	}
	points -= i.Accidents * s.Accident
	// What does not apply is taken out of total and thresholds alike, in whole points upward.
	scale := func(at int) int { return (at*(s.Total-lost) + s.Total - 1) / s.Total }
	switch {
	case veto || points < scale(s.BasicAt):
		return Fail, points, ""
	case points < scale(s.PassAt):
		return Basic, points, ""
	}
	return Pass, points, ""
}
