package waste

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Stage is a stage of a waste's way that 危险废物豁免管理清单 may exempt.
type Stage string

// The stages. The list never exempts storage alone; it is here so that it can be asked
// for, and only an exemption of every stage answers.
const (
	StageCollection Stage = "collection" // 收集
	StageStorage    Stage = "storage"    // 贮存
	StageTransport  Stage = "transport"  // 运输
	StageUse        Stage = "use"        // 利用
	StageDisposal   Stage = "disposal"   // 处置
	StageAll        Stage = "all"        // 全部环节
)

var stageNames = map[Stage][2]string{
	StageCollection: {"收集", "collection"},
	StageStorage:    {"贮存", "storage"},
	StageTransport:  {"运输", "transport"},
	StageUse:        {"利用", "use"},
	StageDisposal:   {"处置", "disposal"},
	StageAll:        {"全部环节", "every stage"},
}

// Stages is all six in the order of the waste's way, StageAll last.
func Stages() []Stage {
	return []Stage{StageCollection, StageStorage, StageTransport, StageUse, StageDisposal, StageAll}
}

// ParseStage reads a stage, exactly as spelled above.
func ParseStage(s string) (Stage, error) {
	if _, ok := stageNames[Stage(s)]; ok {
		return Stage(s), nil
	}
	return "", refused("unknown_stage", "a stage is one of collection, storage, transport, use, disposal, all",
		"环节只能是 collection、storage、transport、use、disposal、all 之一", s)
}

// Name is the Chinese name, "" for an unknown stage.
func (s Stage) Name() string { return stageNames[s][0] }

// NameEN is the English name, "" for an unknown stage.
func (s Stage) NameEN() string { return stageNames[s][1] }

// String is the word.
func (s Stage) String() string { return string(s) }

// Exemption is one line of an edition of the list: at these stages, this waste is not
// managed as hazardous waste if the condition holds. Whether it holds is for a person
// to affirm; nothing here decides it.
type Exemption struct {
	Item int // the list's own number, from 1
	Line int // of the item's lines, from 1; the list does not number them
	// Codes that the line names; or Category, every code of it. Both empty where the
	// list has words alone: such a line matches no code.
	Codes    []Code
	Category string
	// Judgement: the list tells the waste in words that no code answers to, so a person
	// must say whether this waste is meant, the condition apart.
	Judgement              bool
	Waste, WasteEN         string // short names of our own; may be narrower than the code
	Stages                 []Stage
	Condition, ConditionEN string // short words of our own, never the official ones
	// BedsMost is the most beds that the institution may have; 0 where the text gives no number.
	BedsMost int
	// After names the treatments of which one must have gone before; nil where none need.
	After     []Method
	Edition   string
	Certainty string // of item, codes and stages
	// Carried: the edition had ended on the day asked for and no later list is known here.
	Carried bool
}

// Ref is what a document calls the line by, "2021-2.1": edition, item, line.
func (x Exemption) Ref() string { return fmt.Sprintf("%s-%d.%d", x.Edition, x.Item, x.Line) }

// Covers reports a line that exempts a stage. A line for every stage covers each of
// them; StageAll is covered by such a line alone.
func (x Exemption) Covers(s Stage) bool {
	return slices.Contains(x.Stages, StageAll) || slices.Contains(x.Stages, s)
}

// Names reports a line that names a code, by itself or by its category.
func (x Exemption) Names(c Code) bool {
	return slices.Contains(x.Codes, c) || (x.Category != "" && x.Category == c.Category())
}

func (x Exemption) clone() Exemption {
	x.Codes, x.Stages, x.After = slices.Clone(x.Codes), slices.Clone(x.Stages), slices.Clone(x.After)
	return x
}

type exemptionList struct {
	edition           string
	certainty         string
	validFrom, ending time.Time // ending zero = open
	lines             []Exemption
}

//go:embed data/exemptions_2021.tsv
var exemptions2021TSV string

// exemptionLists in the order of their first days.
var exemptionLists = sync.OnceValue(func() []*exemptionList {
	l, err := parseExemptions(exemptions2021TSV)
	if err != nil {
		panic("waste: embedded exemptions: " + err.Error())
	}
	return []*exemptionList{l}
})

// Exemptions is the whole list of a local day, in its own order. A list that has ended
// with no later one known here is carried on, and each line says so. nil before the first.
func Exemptions(on time.Time) []Exemption {
	for _, l := range slices.Backward(exemptionLists()) {
		if on.Before(l.validFrom) {
			continue
		}
		out := make([]Exemption, len(l.lines))
		for i, x := range l.lines {
			out[i] = x.clone()
			out[i].Carried = !l.ending.IsZero() && !on.Before(l.ending)
		}
		return out
	}
	return nil
}

// ExemptionsFor is the lines of a day that name the code and cover the stage. They may
// apply: the waste can be narrower than its code, and the condition is to be affirmed.
// Lines that tell their waste in words alone are not among them; Exemptions has them.
func ExemptionsFor(code Code, stage Stage, on time.Time) []Exemption {
	return slices.DeleteFunc(Exemptions(on), func(x Exemption) bool { return !x.Names(code) || !x.Covers(stage) })
}

// ExemptionByRef finds a line by what documents call it, whatever the day.
func ExemptionByRef(ref string) (Exemption, bool) {
	for _, l := range exemptionLists() {
		for _, x := range l.lines {
			if x.Ref() == ref {
				return x.clone(), true
			}
		}
	}
	return Exemption{}, false
}

// noWord is an empty cell of the exemptions' table.
const noWord = "-"

func parseExemptions(text string) (*exemptionList, error) {
	head, rows, err := readTable(text, "item", "line", "codes", "words", "waste_zh", "waste_en", "stages",
		"condition_zh", "condition_en", "beds_most", "after")
	if err != nil {
		return nil, err
	}
	l := &exemptionList{edition: head["edition"], certainty: head["certainty"]}
	if l.edition == "" || l.certainty == "" || head["source"] == "" {
		return nil, fmt.Errorf("the header lacks edition, source or certainty")
	}
	if l.validFrom, l.ending, err = parseSpan(head["valid_from"], head["valid_to"]); err != nil {
		return nil, err
	}
	item, line := 0, 0
	for _, r := range rows {
		x, err := readExemption(r)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", shown(r[0]), shown(r[1]), err)
		}
		switch { // items and lines count on without a gap, so that none can be lost unseen
		case x.Item == item && x.Line == line+1, x.Item == item+1 && x.Line == 1:
			item, line = x.Item, x.Line
		default:
			return nil, fmt.Errorf("%s.%s does not follow %d.%d", shown(r[0]), shown(r[1]), item, line)
		}
		x.Edition, x.Certainty = l.edition, l.certainty
		l.lines = append(l.lines, x)
	}
	if len(l.lines) == 0 {
		return nil, fmt.Errorf("no lines")
	}
	return l, nil
}

func readExemption(r []string) (x Exemption, err error) {
	if x.Item, err = strconv.Atoi(r[0]); err != nil {
		return x, err
	}
	if x.Line, err = strconv.Atoi(r[1]); err != nil {
		return x, err
	}
	if err := x.readCodes(r[2]); err != nil {
		return x, err
	}
	x.Judgement = r[3] == "1"
	if named := r[2] != noWord; r[3] != "0" && r[3] != "1" || !named && !x.Judgement {
		return x, fmt.Errorf("words %q with codes %q", shown(r[3]), shown(r[2]))
	}
	x.Waste, x.WasteEN, x.Condition, x.ConditionEN = r[4], r[5], r[7], r[8]
	if x.Waste == "" || x.WasteEN == "" || x.Condition == "" || x.ConditionEN == "" {
		return x, fmt.Errorf("a waste or a condition is empty")
	}
	for _, word := range strings.Split(r[6], ",") {
		s, err := ParseStage(word)
		if err != nil {
			return x, err
		}
		x.Stages = append(x.Stages, s)
	}
	if r[9] != noWord {
		if x.BedsMost, err = strconv.Atoi(r[9]); err != nil || x.BedsMost < 1 {
			return x, fmt.Errorf("beds %q", shown(r[9]))
		}
	}
	if r[10] == noWord {
		return x, nil
	}
	for _, word := range strings.Split(r[10], ",") {
		m, err := ParseMethod(word)
		if err != nil {
			return x, err
		}
		x.After = append(x.After, m)
	}
	return x, nil
}

func (x *Exemption) readCodes(cell string) error {
	if cell == noWord {
		return nil
	}
	if categoryCode.MatchString(cell) {
		x.Category = cell
		return nil
	}
	for _, word := range strings.Split(cell, ",") {
		c, err := ParseCode(word)
		if err != nil {
			return err
		}
		x.Codes = append(x.Codes, c)
	}
	return nil
}
