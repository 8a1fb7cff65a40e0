package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/duty"
	"liandan/internal/indicator"
	"liandan/internal/journal"
	"liandan/internal/permit"
	"liandan/internal/profile"
	"liandan/internal/rule"
	"liandan/internal/source"
	"liandan/internal/waste"
)

// The definitions and rules that this server computes by, as they are in its data: each with
// its source, how sure that is, and its dates. Nothing here is written down a second time.

func (s *Site) ruleRoutes() []route {
	return []route{{method: "GET", pattern: "/rules", operation: "page:rules", run: s.rules}}
}

// ruleRow is one datum of the rules.
type ruleRow struct {
	listed
	Source  string
	Sure    line
	Dates   string
	Text    line
	Choices []choiceRow
}

// choiceRow is a question that no text which was read settles, and its answer here.
type choiceRow struct {
	Words  line
	Value  string
	Others string
	Sure   line
	By     string // who answered otherwise than is shipped, when and why
}

type ruleChapter struct {
	ID   string
	Name line
	Hint line
	Rows []ruleRow
}

// certainties are the marks of the regulation notes.
var certainties = map[string]line{
	"C":   {"已读原文", "read in the text itself"},
	"C2":  {"据转述，未见原文", "read at second hand"},
	"L":   {"凭记忆，未核实", "from memory, not read"},
	"U":   {"不明，待确认", "unknown, to be confirmed"},
	"own": {"本系统选择，无条文规定", "our own choice; no text fixes it"},
}

func sure(mark string) line {
	if l, ok := certainties[mark]; ok {
		return line{l.ZH + "（" + mark + "）", l.EN}
	}
	return line{mark, ""}
}

// dated writes what two texts or times of validity say; the end is the first day without.
func dated(from, to string) string {
	if from == "" {
		from = "…"
	}
	if to == "" {
		to = "…"
	}
	return from + " – " + to
}

func beforeDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return dayOf(t.Add(-time.Millisecond))
}

// rules is GET /rules.
func (s *Site) rules(w http.ResponseWriter, r *http.Request, v *visit) error {
	chapters := []ruleChapter{}
	for _, read := range []func(context.Context, *visit) (ruleChapter, error){s.indicatorRules, dutyRules, s.limitRules, permitRules, sourceRules,
		profileRules, paperRules, s.catalogRules, s.sheetRules} {
		c, err := read(r.Context(), v)
		if err != nil {
			return err
		}
		chapters = append(chapters, c)
	}
	s.show(w, r, v, http.StatusOK, "rules.html", page{Title: "定义与规则", TitleEN: "Definitions and rules", Body: chapters})
	return nil
}

func (s *Site) indicatorRules(ctx context.Context, v *visit) (ruleChapter, error) {
	c := ruleChapter{ID: "indicators", Name: line{"指标定义", "Indicators"}, Hint: line{"“待定口径”是条文没有说清、由本市选定的；改选会产生新版本，旧数不变。",
		"Open choices are what no text settles and the city answers; another answer makes a new version, and old figures stay."}}
	facts, err := s.Admin.Registers.RegisterFacts(ctx)
	if err != nil {
		return c, err
	}
	met := map[string]string{}
	for _, d := range indicator.Definitions() {
		given := map[string]string{}
		for _, f := range facts {
			made, ok := f.Row.(indicator.ChoiceMade)
			if !ok || made.Indicator != d.Indicator {
				continue
			}
			d = d.With(made.Key, made.Value)
			by, err := s.whoSaid(ctx, v, f.By, met)
			if err != nil {
				return c, err
			}
			given[made.Key] = strings.TrimSpace(by + " " + clock(time.UnixMilli(f.At)) + " " + f.Reason)
		}
		row := ruleRow{listed: listed{Title: strconv.Itoa(d.Indicator) + " " + d.NameZH + " " + d.NameEN}, Source: d.Source, Sure: sure(d.Certainty),
			Dates: dated(d.ValidFrom, ""), Text: line{d.FormulaZH, d.FormulaEN}}
		if d.Experimental {
			row.State = line{"试算", "experimental"}
		}
		row.add("版本", "Version", d.Version)
		row.add("单位", "Unit", d.Unit)
		row.add("2020 年现状", "Status of 2020", d.PlanBase)
		row.add("2025 年目标", "Target of 2025", d.Target)
		row.add("目标依据", "Source of the target", d.PlanSource)
		for _, x := range d.Choices {
			row.Choices = append(row.Choices, choiceRow{Words: line{x.ZH, x.EN}, Value: x.Value, Others: strings.Join(x.Allowed, " | "), Sure: sure(x.Certainty), By: given[x.Key]})
		}
		c.Rows = append(c.Rows, row)
	}
	return c, nil
}

func dutyRules(context.Context, *visit) (ruleChapter, error) {
	c := ruleChapter{ID: "deadlines", Name: line{"时限", "Deadlines"}}
	book, err := duty.DefaultBook()
	if err != nil {
		return c, err
	}
	for _, d := range book {
		row := ruleRow{listed: listed{Title: d.ZH + " " + d.EN}, Source: d.Source(), Sure: sure(d.Certainty), Dates: dated(d.ValidFrom, d.ValidTo), Text: line{"", d.Reading}}
		row.add("代号", "Code", string(d.Code))
		switch {
		case d.Every != "":
			row.add("每", "Every", strings.TrimSpace(fmt.Sprintf("%s %s %s", d.Every, number(int64(d.Month)), number(int64(d.Day)))))
		default:
			row.add("期限", "Within", fmt.Sprintf("%d %s", d.Count, d.Unit))
		}
		row.add("自", "From", string(d.Start))
		row.add("止于", "Ends by", d.End)
		row.add("谁", "Whose", d.Owner)
		row.add("模式", "Profiles", strings.Join(d.Profiles, " "))
		c.Rows = append(c.Rows, row)
	}
	days := calendar.Default()
	first, last := days.Settled()
	row := ruleRow{listed: listed{Title: "节假日历 holiday calendar"}, Source: days.Source(), Sure: line{"所列年份已公布；以外按周末推算，标为暂定", "published for these years; beyond, weekends alone, marked provisional"},
		Dates: dated(dayOf(first), dayOf(last))}
	row.add("版本", "Version", days.Version())
	c.Rows = append(c.Rows, row)
	return c, nil
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func hours(ms int64) string { return strconv.FormatFloat(float64(ms)/3_600_000, 'f', -1, 64) + " h" }

func permille(n int64) string { return strconv.FormatFloat(float64(n)/10, 'f', -1, 64) + " %" }

func (s *Site) limitRules(context.Context, *visit) (ruleChapter, error) {
	c := ruleChapter{ID: "limits", Name: line{"限值与重量差", "Limits and differences of weight"}}
	book, err := rule.DefaultBook()
	if err != nil {
		return c, err
	}
	for _, l := range book {
		row := ruleRow{listed: listed{Title: "签名与上传时间 times of signing and upload"}, Source: l.Source, Sure: sure(l.Certainty), Dates: dated(dayOf(l.ValidFrom), beforeDay(l.ValidTo))}
		row.add("版本", "Version", l.Version)
		row.add("钟差", "Clock skew", strconv.FormatInt(l.SkewMS/1000, 10)+" s")
		row.add("上传期限", "Upload within", hours(l.UploadMS))
		c.Rows = append(c.Rows, row)
		if d := l.Dwell; d != nil {
			row := ruleRow{listed: listed{Title: "医疗废物暂存 temporary storage of medical waste"}, Source: d.Source, Sure: sure(d.Text), Dates: dated(dayOf(l.ValidFrom), beforeDay(l.ValidTo)), Text: line{"", d.Reading}}
			row.add("上限", "At most", hours(d.LimitMS))
			row.add("起算", "Counted from", string(d.Start))
			row.add("类别", "Categories", strings.Join(d.Categories, " "))
			row.add("可信程度", "Certainty", d.Certainty)
			c.Rows = append(c.Rows, row)
		}
	}
	met := map[string]bool{}
	for _, name := range append([]string{""}, profileNames()...) {
		t := rule.ToleranceAt(name, s.Now())
		if met[t.Profile] {
			continue
		}
		met[t.Profile] = true
		row := ruleRow{listed: listed{Title: strings.TrimSpace("两次称重之差 between two scales " + t.Profile)}, Source: t.Source, Sure: sure(t.Certainty), Dates: dated(dayOf(t.ValidFrom), beforeDay(t.ValidTo))}
		row.add("版本", "Version", t.Version)
		row.add("允许差", "Tolerated", permille(t.Permille))
		row.add("至少", "At least", massWords(t.Grams))
		row.add("估计量之差", "Where it was estimated", permille(t.EstimatePermille))
		row.add("管道表差", "Between meters", permille(t.MeterPermille))
		c.Rows = append(c.Rows, row)
	}
	return c, nil
}

func profileNames() (out []string) {
	for _, e := range profile.Default() {
		for _, p := range e.Profiles {
			out = append(out, p.Name)
		}
	}
	return out
}

// figureWords name the figures of the rules on permits.
var figureWords = map[string]line{
	"operating_years":  {"经营许可证年限", "years of an operating licence"},
	"collecting_years": {"收集许可证年限", "years of a collecting licence"},
	"months":           {"月数", "months"},
}

func permitRules(context.Context, *visit) (ruleChapter, error) {
	c := ruleChapter{ID: "permits", Name: line{"许可、计划与跨省", "Permits, plans, other provinces"}}
	book, err := permit.DefaultBook()
	if err != nil {
		return c, err
	}
	for _, x := range book {
		row := ruleRow{listed: listed{Title: x.ZH + " " + x.EN}, Source: x.Source(), Sure: sure(x.Certainty), Dates: dated(x.ValidFrom, x.ValidTo)}
		row.add("代号", "Code", string(x.Code))
		row.add("后果", "Effect", string(x.Effect))
		at := make([]string, len(x.At))
		for i, t := range x.At {
			at[i] = string(t)
		}
		row.add("何时", "At", strings.Join(at, " "))
		row.add("模式", "Profiles", strings.Join(x.Profiles, " "))
		for _, name := range slices.Sorted(maps.Keys(x.Figures)) {
			w, ok := figureWords[name]
			if !ok {
				w = line{ZH: name}
			}
			row.add(w.ZH, w.EN, strconv.Itoa(x.Figures[name]))
		}
		c.Rows = append(c.Rows, row)
	}
	return c, nil
}

func sourceRules(context.Context, *visit) (ruleChapter, error) {
	c := ruleChapter{ID: "small", Name: line{"小源单位", "Small sources"}}
	book, err := source.DefaultBook()
	if err != nil {
		return c, err
	}
	for _, x := range book {
		row := ruleRow{listed: listed{Title: x.Version}, Source: x.Source, Sure: sure(x.Certainty), Dates: dated(x.ValidFrom, x.ValidTo)}
		row.add("年产生量", "A year at most", massWords(x.YearGrams))
		row.add("临近", "Near from", strconv.FormatInt(x.NearPercent, 10)+" %")
		row.add("销一收一差额", "Batteries unmatched", fmt.Sprintf("%d / %d %%", x.PairPieces, x.PairPercent))
		row.add("差额依据", "Source of that", x.PairSource)
		c.Rows = append(c.Rows, row)
	}
	return c, nil
}

func profileRules(context.Context, *visit) (ruleChapter, error) {
	c := ruleChapter{ID: "profiles", Name: line{"转移模式与更正", "Transfer profiles and corrections"}}
	for _, e := range profile.Default() {
		row := ruleRow{listed: listed{Title: "更正 corrections " + e.Name}, Source: e.Correction.Source, Sure: sure(e.Correction.Certainty), Dates: dated(dayOf(e.ValidFrom), beforeDay(e.ValidTo))}
		row.add("答复期限", "Answer within", strconv.Itoa(int(e.Correction.AnswerWithin.Hours()/24))+" d")
		row.add("可改字段的依据", "Source of what may be corrected", e.Source)
		c.Rows = append(c.Rows, row)
		for _, p := range e.Profiles {
			from, to := p.ValidFrom, p.ValidTo
			if from.IsZero() {
				from = e.ValidFrom
			}
			row := ruleRow{listed: listed{Title: p.ZH + " " + p.EN}, Source: p.Source, Sure: sure(p.Certainty), Dates: dated(dayOf(from), beforeDay(to))}
			row.add("代号", "Name", p.Name)
			row.add("收", "Takes", strings.Join(p.Codes.Take, " "))
			row.add("不收", "Refuses", strings.Join(p.Codes.Refuse, " "))
			row.add("时限", "Deadlines", strings.Join(p.Deadlines, " "))
			c.Rows = append(c.Rows, row)
		}
	}
	return c, nil
}

func paperRules(context.Context, *visit) (ruleChapter, error) {
	c := ruleChapter{ID: "papers", Name: line{"报表与比值", "Papers and ratios"}}
	forms, err := journal.Forms()
	if err != nil {
		return c, err
	}
	for _, f := range forms {
		row := ruleRow{listed: listed{Title: f.Paper}, Source: f.Source, Sure: sure(f.Certainty), Dates: dated(dayOf(f.ValidFrom), beforeDay(f.ValidTo))}
		row.add("模式", "Profiles", strings.Join(f.Profiles, " "))
		c.Rows = append(c.Rows, row)
	}
	ratios, err := journal.RatioBook()
	if err != nil {
		return c, err
	}
	for _, x := range ratios {
		row := ruleRow{listed: listed{Title: "用量与产生量之比 use against waste " + x.Version}, Source: x.Source, Sure: sure(x.Certainty), Dates: dated(dayOf(x.ValidFrom), beforeDay(x.ValidTo))}
		for _, b := range x.Bands {
			row.add(b.ZH, b.EN, "< "+permille(b.BelowPermille))
		}
		c.Rows = append(c.Rows, row)
	}
	return c, nil
}

func (s *Site) catalogRules(context.Context, *visit) (ruleChapter, error) {
	c := ruleChapter{ID: "catalogue", Name: line{"名录与豁免", "Catalogue and exemptions"}}
	if s.Admin.Catalog != nil {
		for _, e := range s.Admin.Catalog.Editions() {
			row := ruleRow{listed: listed{Title: "国家危险废物名录 national catalogue " + e.ID}, Source: e.Source, Sure: sure(e.Certainty), Dates: dated(dayOf(e.ValidFrom), beforeDay(e.ValidTo))}
			row.add("代码", "Codes", strconv.Itoa(len(e.Entries())))
			row.add("类别", "Categories", strconv.Itoa(len(e.Categories())))
			row.add("来自导入", "Imported", yesNo(e.Imported))
			c.Rows = append(c.Rows, row)
		}
	}
	for _, x := range waste.Exemptions(s.Now()) {
		row := ruleRow{listed: listed{Title: x.Waste + " " + x.WasteEN}, Source: "豁免管理清单 exemption list " + x.Edition, Sure: sure(x.Certainty), Text: line{x.Condition, x.ConditionEN}}
		row.add("项", "Item", x.Ref())
		stages := make([]string, len(x.Stages))
		for i, st := range x.Stages {
			stages[i] = string(st)
		}
		row.add("环节", "Stages", strings.Join(stages, " "))
		if x.Carried {
			row.State = line{"清单已过期，沿用", "the list has ended; carried on"}
		}
		c.Rows = append(c.Rows, row)
	}
	return c, nil
}

// sheetRules are the sheets that inspectors fill in now, those of the register among them.
func (s *Site) sheetRules(ctx context.Context, _ *visit) (ruleChapter, error) {
	c := ruleChapter{ID: "sheets", Name: line{"检查表", "Inspection sheets"}}
	sheets, err := s.Desk.Measures.Sheets(ctx)
	if err != nil {
		return c, err
	}
	for _, x := range sheets {
		row := ruleRow{listed: listed{Title: x.Name + " " + x.Version}, Source: x.Source, Sure: sure(x.Certainty)}
		row.add("对象", "Of", string(x.Class))
		row.add("总分", "Points", strconv.Itoa(x.Total))
		row.add("达标", "Pass from", strconv.Itoa(x.PassAt))
		row.add("基本达标", "Basic from", strconv.Itoa(x.BasicAt))
		row.add("每起事故扣", "Off for an accident", strconv.Itoa(x.Accident))
		row.add("项数", "Items", strconv.Itoa(len(x.Items)))
		var veto []string
		for _, it := range x.Items {
			if it.Veto {
				veto = append(veto, strconv.Itoa(it.No))
			}
		}
		row.add("否决项", "Vetoes", strings.Join(veto, " "))
		c.Rows = append(c.Rows, row)
	}
	return c, nil
}
