package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/registry"
	"liandan/internal/sheet"
)

func (s *Site) importRoutes() []route {
	return []route{
		{method: "GET", pattern: "/admin/imports", operation: "importRegistry", run: s.imports},
		{method: "POST", pattern: "/admin/imports", operation: "importRegistry", run: s.tryImport, upload: true},
		{method: "GET", pattern: "/admin/imports/templates/{kind}", operation: "importRegistry", run: s.importTemplate},
		{method: "GET", pattern: "/admin/imports/{upload}", operation: "importRegistry", run: s.importTried},
		{method: "GET", pattern: "/admin/imports/{upload}/report.csv", operation: "importRegistry", run: s.importReport},
		{method: "POST", pattern: "/admin/imports/{upload}/apply", operation: "importRegistry", run: s.applyImport},
	}
}

// registerKind is one kind of register as its import says.
type registerKind struct {
	Kind    string
	Words   line
	Columns []registry.Column
	Chosen  bool
}

var registerWords = map[string]line{
	registry.KindOrganisations: {"单位", "Organisations"},
	registry.KindSites:         {"场所", "Sites"},
	registry.KindLicences:      {"许可证", "Licences"},
	registry.KindPeople:        {"人员", "People"},
	registry.KindVehicles:      {"车辆", "Vehicles"},
	registry.KindPlans:         {"管理计划", "Management plans"},
	registry.KindApprovals:     {"跨省转移批准", "Approvals between provinces"},
	registry.KindHistory:       {"场所沿革", "What sites were from days on"},
	registry.KindMembers:       {"收运处置体系成员", "Members of collection systems"},
	registry.KindBases:         {"基数", "Figures that no event gives"},
	registry.KindChoices:       {"指标口径选择", "Choices that indicators leave open"},
	registry.KindSheets:        {"检查表", "Inspection sheets"},
	registry.KindFactors:       {"碳效应因子", "Carbon factors"},
}

type importsPage struct {
	Kinds []registerKind
	Done  line
	Note  *note
}

// imports is GET /admin/imports.
func (s *Site) imports(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := r.URL.Query()
	p := importsPage{}
	if words, ok := registerWords[q.Get("done")]; ok {
		added, _ := strconv.Atoi(q.Get("added"))
		changed, _ := strconv.Atoi(q.Get("changed"))
		p.Done = line{fmt.Sprintf("已导入“%s”：新增 %d 条，修改 %d 条。", words.ZH, added, changed),
			fmt.Sprintf("%s imported: %d added, %d changed.", words.EN, added, changed)}
	}
	return s.showImports(w, r, v, http.StatusOK, q.Get("kind"), p)
}

func (s *Site) showImports(w http.ResponseWriter, r *http.Request, v *visit, status int, kind string, p importsPage) error {
	for _, k := range registry.Kinds() {
		p.Kinds = append(p.Kinds, registerKind{k, registerWords[k], s.Admin.Imports.Columns(k), k == kind})
	}
	s.show(w, r, v, status, "imports.html", page{Title: "导入登记册", TitleEN: "Import a register", Body: p})
	return nil
}

// importTemplate is GET /admin/imports/templates/{kind}: a file with the header alone.
func (s *Site) importTemplate(w http.ResponseWriter, r *http.Request, _ *visit) error {
	kind := r.PathValue("kind")
	columns := s.Admin.Imports.Columns(kind)
	if columns == nil {
		return fault.Missing("register")
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return s.download(w, kind+".csv", []byte("\xef\xbb\xbf"+strings.Join(names, ",")+"\r\n"))
}

func (s *Site) download(w http.ResponseWriter, name string, b []byte) error {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(b) // the client may be gone
	return nil
}

// tryImport is POST /admin/imports: a dry run, whose file then waits to be applied.
func (s *Site) tryImport(w http.ResponseWriter, r *http.Request, v *visit) error {
	upload, err := s.keepTried(r, v)
	if err == nil {
		return see(w, r, "/admin/imports/"+upload)
	}
	if kind := fault.Of(err); kind != fault.InvalidRequest && kind != fault.InvalidImport && kind != fault.TooLarge && kind != fault.TooManyLines {
		return err
	}
	n := s.noteOf(w, r, err, map[fault.Kind]line{fault.TooLarge: {ZH: "文件过大，没有处理。请分成几份导入。"}})
	return s.showImports(w, r, v, n.status, v.form.Get("kind"), importsPage{Note: &n})
}

func (s *Site) keepTried(r *http.Request, v *visit) (string, error) {
	kind, bad := v.form.Get("kind"), invalid()
	if !slices.Contains(registry.Kinds(), kind) {
		field(bad, "/kind", "value", "must be one of the list", "请从列表中选择")
	}
	if len(v.file) == 0 {
		field(bad, "/file", "required", "must be chosen and not be empty", "请选择一个非空的 CSV 文件")
	}
	if len(bad.Fields) > 0 {
		return "", bad
	}
	if err := s.sure(r, v, "importRegistry", kind, access.Subject{}, fault.Missing("register")); err != nil {
		return "", err
	}
	if _, err := s.Admin.Imports.ImportBy(r.Context(), v.ID, kind, bytes.NewReader(v.file), true); err != nil {
		return "", err
	}
	return s.keepUpload(r.Context(), v, kind)
}

// keepUpload has the file that was sent wait under a name that nobody guesses.
func (s *Site) keepUpload(ctx context.Context, v *visit, kind string) (string, error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	u := registry.Upload{ID: hex.EncodeToString(random[:]), By: v.ID, Kind: kind, Body: v.file, Made: s.Now()}
	return u.ID, s.Admin.Registers.KeepUpload(ctx, u)
}

// triedPage is the report of a dry run, or of an import that found the register changed.
type triedPage struct {
	Upload string
	Kind   string
	Words  line
	Report registry.Report
	Good   int // lines without a fault
	Lines  []badLine
	Rest   int // faults that are in the report's file alone
	May    bool
}

type badLine struct {
	registry.BadLine
	Text string // of the line, as it stands in the file
}

// mostBad is how many faults a page shows; the file of the report has all.
const mostBad = 200

// uploaded finds the file that a path names, if the visitor left it.
func (s *Site) uploaded(r *http.Request, v *visit) (registry.Upload, error) {
	u, ok, err := s.Admin.Registers.Upload(r.Context(), v.ID, r.PathValue("upload"), s.Now())
	if err == nil && !ok {
		err = errNoUpload()
	}
	return u, err
}

func errNoUpload() error {
	return fault.New(fault.NotFound, "No file of yours waits here: it was applied already, replaced by another one, or left for more than a day.")
}

// register finds a file that waits to change a register.
func (s *Site) register(r *http.Request, v *visit) (registry.Upload, error) {
	u, err := s.uploaded(r, v)
	if err == nil && !slices.Contains(registry.Kinds(), u.Kind) {
		err = errNoUpload()
	}
	return u, err
}

// tried runs a file that waits against the register as it is now, changing nothing. That
// it was tried is recorded when it is left.
func (s *Site) tried(ctx context.Context, v *visit, u registry.Upload) (registry.Report, error) {
	if sees, err := s.Gate.Sees(ctx, v.Caller, "importRegistry", access.Subject{}); err != nil || !sees {
		if err == nil {
			err = fault.Missing("register")
		}
		return registry.Report{}, err
	}
	return s.Admin.Imports.ImportBy(ctx, v.ID, u.Kind, bytes.NewReader(u.Body), true)
}

// importTried is GET /admin/imports/{upload}.
func (s *Site) importTried(w http.ResponseWriter, r *http.Request, v *visit) error {
	u, err := s.register(r, v)
	if err != nil {
		return err
	}
	rep, err := s.tried(r.Context(), v, u)
	if err != nil {
		return err
	}
	s.showTried(w, r, v, http.StatusOK, u, rep)
	return nil
}

func (s *Site) showTried(w http.ResponseWriter, r *http.Request, v *visit, status int, u registry.Upload, rep registry.Report) {
	p := triedPage{Upload: u.ID, Kind: u.Kind, Words: registerWords[u.Kind], Report: rep, Good: rep.Lines,
		May: len(rep.Bad) == 0 && rep.Added+rep.Changed > 0}
	text := bytes.Split(u.Body, []byte("\n"))
	last := 0
	for i, b := range rep.Bad {
		if b.Line != last && b.Line > 1 {
			p.Good--
		}
		last = b.Line
		if i >= mostBad {
			p.Rest++
			continue
		}
		l := badLine{BadLine: b}
		l.Column, l.Detail, l.DetailZH = printable(b.Column), printable(b.Detail), printable(b.DetailZH) // they repeat what the file says
		if b.Line <= len(text) && b.Line > 0 {
			l.Text = shortened(string(bytes.TrimSpace(text[b.Line-1])))
		}
		p.Lines = append(p.Lines, l)
	}
	s.show(w, r, v, status, "tried.html", page{Title: "试算结果", TitleEN: "What the file would do", Body: p})
}

// shortened keeps a line of a file to what a page can show of it.
func shortened(text string) string {
	text = printable(text)
	if runes := []rune(text); len(runes) > 200 {
		return string(runes[:200]) + "…"
	}
	return text
}

// printable has a mark in place of what is no character to show.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return '\uFFFD'
		}
		return c
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// importReport is GET /admin/imports/{upload}/report.csv: every fault of every line.
func (s *Site) importReport(w http.ResponseWriter, r *http.Request, v *visit) error {
	u, err := s.register(r, v)
	if err != nil {
		return err
	}
	rep, err := s.tried(r.Context(), v, u)
	if err != nil {
		return err
	}
	return s.faultList(w, "report-"+u.Kind+".csv", u.Kind, rep.Bad)
}

// faultList answers with the faults of the lines of a file that was tried, as CSV.
func (s *Site) faultList(w http.ResponseWriter, name, kind string, lines []registry.BadLine) error {
	var b bytes.Buffer
	f := sheet.New(&b, sheet.CSV)
	t, err := f.Table(kind, "行 line", "列 column", "代码 code", "问题", "problem")
	if err != nil {
		return err
	}
	for _, x := range lines {
		if err := t.Row(sheet.Number(strconv.Itoa(x.Line)), sheet.Text(x.Column), sheet.Text(x.Code), sheet.Text(x.DetailZH), sheet.Text(x.Detail)); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	return s.download(w, name, b.Bytes())
}

// applyImport is POST /admin/imports/{upload}/apply. All of the file or nothing.
func (s *Site) applyImport(w http.ResponseWriter, r *http.Request, v *visit) error {
	u, err := s.register(r, v)
	if err != nil {
		return err
	}
	if err := s.sure(r, v, "importRegistry", u.Kind, access.Subject{}, fault.Missing("register")); err != nil {
		return err
	}
	rep, err := s.Admin.Imports.ImportBy(r.Context(), v.ID, u.Kind, bytes.NewReader(u.Body), false)
	if err != nil {
		return err
	}
	if !rep.Applied { // the register changed since the file was tried
		s.showTried(w, r, v, http.StatusConflict, u, rep)
		return nil
	}
	if err := s.Admin.Registers.DropUpload(r.Context(), v.ID); err != nil {
		return err
	}
	q := url.Values{"done": {u.Kind}, "added": {strconv.Itoa(rep.Added)}, "changed": {strconv.Itoa(rep.Changed)}}
	return see(w, r, "/admin/imports?"+q.Encode())
}
