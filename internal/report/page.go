package report

import (
	"html/template"
	"io"
	"math/big"
	"slices"

	"liandan/internal/division"
)

// Page writes the report as a page to print: figures, a chart of the trend, the league
// table, what has changed, the list behind. It has no script and loads nothing.
func (d Document) Page(w io.Writer) error { return page.Execute(w, d) }

// bar is one bar of a trend's chart, in units of the drawing.
type bar struct {
	X, Y, Height, Mid int
	Period, Value     string
	Why               string // where there is no value
}

// The drawing of a trend.
const (
	chartHeight = 120
	barWidth    = 70
	barGap      = 20
)

// bars draws the headline figures of a trend. A figure below zero, or none, has no bar; its
// value stands there all the same.
func bars(s Section) (out []bar) {
	top := new(big.Rat)
	for _, p := range s.Trend {
		if v := number(headline(p.Figures).Value); v != nil && v.Cmp(top) > 0 {
			top = v
		}
	}
	for i, p := range s.Trend {
		f := headline(p.Figures)
		b := bar{X: barGap + i*(barWidth+barGap), Period: p.Period, Value: f.Value, Why: f.Why}
		if b.Value == "" {
			b.Value = "—"
		}
		if v := number(f.Value); v != nil && v.Sign() > 0 {
			h, _ := new(big.Rat).Mul(new(big.Rat).Quo(v, top), big.NewRat(chartHeight, 1)).Float64()
			b.Height = int(h)
		}
		b.Y, b.Mid = 20+chartHeight-b.Height, b.X+barWidth/2
		out = append(out, b)
	}
	return out
}

// drawn says whether a chart has anything to show: a trend of figures that cannot be computed
// is told in words.
func drawn(s Section) bool {
	return slices.ContainsFunc(s.Trend, func(p Point) bool { return headline(p.Figures).Value != "" })
}

// place names a district for people, with its code.
func place(code string) string {
	if code == "" {
		return "全市 whole city"
	}
	return division.Name(code) + " " + code
}

var page = template.Must(template.New("report").Funcs(template.FuncMap{"bars": bars, "drawn": drawn, "place": place, "named": named, "yes": yes, "kind": kind, "variant": variant, "status": status, "sub": func(a, b int) int { return a - b }}).Parse(pageText))

const pageText = `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>联单指标报告 {{.Period}} {{place .District}}</title>
<style>
body{font:14px/1.5 sans-serif;margin:2em auto;max-width:60em;color:#111}
table{border-collapse:collapse;width:100%;margin:.5em 0}th,td{border:1px solid #999;padding:.2em .5em;text-align:left}
td.n{text-align:right}section{page-break-inside:avoid}svg{max-width:100%}code{overflow-wrap:anywhere;font-size:85%}
</style></head><body>
<h1>指标报告 Report of indicators · {{.Period}} · {{place .District}}</h1>
<p>{{.From}} – {{.To}}。日志 {{.Size}} 条，根 · as of {{.Size}} entries of the log, root <code>{{.Root}}</code>{{if .Since}}；与 {{.Since}} 条时的 {{.Last}} 报告相比 · compared with the report of {{.Last}} at {{.Since}} entries{{end}}</p>
{{range .Sections}}<section><h2>{{.Indicator}} {{.NameZH}} · {{.NameEN}}</h2>
<p>口径版本 definition {{.Version}} · 目标 target {{.Target}} {{.Unit}} · 截止 cut-off {{.CutOff}}</p>
<table><tr><th>口径 variant</th><th>值 value</th><th>状态 status</th><th>分子 numerator ({{.AmountUnit}})</th><th>分母 denominator</th></tr>
{{range .Row.Figures}}<tr><td>{{variant .Variant}}</td><td class="n">{{if .Value}}{{.Value}}{{else}}{{.Why}}{{end}}</td><td>{{status .Status}}</td><td class="n">{{.Numerator}}</td><td class="n">{{.Denominator}}</td></tr>
{{end}}</table>
<p>应报场所 {{.Row.Sites}}，已报 {{.Row.Reported}} · {{.Row.Reported}} of {{.Row.Sites}} sites reported{{range .Row.Flags}} · {{.}}{{end}}</p>
{{if drawn .}}<svg viewBox="0 0 560 180" role="img" aria-label="趋势 trend">{{range bars .}}<rect x="{{.X}}" y="{{.Y}}" width="70" height="{{.Height}}" fill="#36c"/><text x="{{.Mid}}" y="{{sub .Y 4}}" text-anchor="middle" font-size="12">{{.Value}}</text><text x="{{.Mid}}" y="160" text-anchor="middle" font-size="12">{{.Period}}</text>{{end}}</svg>
{{range bars .}}{{if .Why}}<p>{{.Period}}：{{.Why}}</p>{{end}}{{end}}{{else}}<p>趋势无图：各期均无法计算 · No chart, for no period can be computed</p>
<ul>{{range bars .}}<li>{{.Period}}：{{.Why}}</li>{{end}}</ul>{{end}}
{{with .Changes}}<h3>与前次报告相比 · Since the last report</h3><table><tr><th>期间 period</th><th>口径 variant</th><th>前 before</th><th>今 now</th><th>如何 how</th></tr>
{{range .}}<tr><td>{{.Period}}</td><td>{{variant .Variant}}</td><td class="n">{{.Before}}</td><td class="n">{{.After}}</td><td>{{.Why}}</td></tr>{{end}}</table>{{end}}
{{with .Causes}}<h4>原因 · Why</h4><table><tr><th>事由 cause</th><th>条数 entries</th><th>净重 net g</th><th>日志条目 entries of the log</th></tr>
{{range .}}<tr><td>{{.Why}}</td><td class="n">{{.Count}}</td><td class="n">{{if .Grams}}{{.Grams}}{{end}}</td><td>{{range .Entries}}#{{.}} {{end}}</td></tr>{{end}}</table>{{end}}
{{with .League}}<h3>各县区 · Districts</h3><table>{{range .}}<tr><td>{{place .District}}</td>{{range .Figures}}<td>{{variant .Variant}}</td><td class="n">{{if .Value}}{{.Value}}{{else}}{{.Why}}{{end}}</td>{{end}}</tr>
{{end}}</table>{{end}}
{{with .Row.Exclusions}}<h3>未计入 · Left out</h3><table>{{range .}}<tr><td>{{.Why}}</td><td class="n">{{.Count}}</td><td class="n">{{.Grams}} g</td></tr>{{end}}</table>{{end}}
{{with .Row.Work}}<h3>名单 · The list behind</h3><table><tr><th>单位、场所 organisation, site</th><th>县区 district</th><th>类别 type</th><th>申报 declared</th><th>证实 proven</th><th>原因 why</th></tr>
{{range .}}<tr><td>{{named .PartyName}}{{if .SiteName}} · {{.SiteName}}{{end}}<br><code title="单位 organisation">{{.Party}}</code><br><code title="场所 site">{{.Site}}</code></td><td>{{place .District}}</td><td>{{kind .Type}}</td><td>{{yes .Declared}}</td><td>{{yes .Proven}}</td><td>{{.Why}}</td></tr>{{end}}</table>{{end}}
</section>{{end}}</body></html>
`
