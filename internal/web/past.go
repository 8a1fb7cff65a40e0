package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"liandan/internal/archive"
	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/past"
	"liandan/internal/registry"
	"liandan/internal/sheet"
)

// Archive takes records of the past in; archive.Service is one.
type Archive interface {
	Import(ctx context.Context, q archive.Request) (archive.Report, error)
}

// pastRoutes are the pages of records from before: to see them is to see the site's tables,
// to bring them is the administrator's of the organisation.
func (s *Site) pastRoutes() []route {
	return []route{
		{method: "GET", pattern: "/past", operation: "importPast", run: s.pastSites},
		{method: "GET", pattern: "/past/{site}", operation: "getSiteTable", run: s.past},
		{method: "POST", pattern: "/past/{site}", operation: "importPast", run: s.tryPast, upload: true},
		{method: "GET", pattern: "/past/{site}/{upload}", operation: "importPast", run: s.pastTried},
		{method: "GET", pattern: "/past/{site}/{upload}/report.csv", operation: "importPast", run: s.pastReport},
		{method: "POST", pattern: "/past/{site}/{upload}/apply", operation: "importPast", run: s.applyPast},
	}
}

var pastWords = map[past.Kind]line{past.Manifests: {"联单", "manifests"}, past.Ledger: {"台账", "ledger lines"}}

// pastSitesPage is the sites whose records the caller may bring.
type pastSitesPage struct{ Sites []place2 }

// pastSites is GET /past.
func (s *Site) pastSites(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.Gate.List(r.Context(), v.Caller, "importPast"); err != nil {
		return err
	}
	sites, err := s.sitesFor(r.Context(), v, "importPast")
	if err != nil {
		return err
	}
	var p pastSitesPage
	for _, x := range sites {
		p.Sites = append(p.Sites, place2{ID: x.ID.String(), Name: x.Name})
	}
	if len(sites) == 1 {
		return s.showPast(w, r, v, http.StatusOK, sites[0], pastPage{Given: url.Values{}})
	}
	s.show(w, r, v, http.StatusOK, "pasts.html", page{Title: "往期记录", TitleEN: "Records of the past", Body: p})
	return nil
}

// pastPage is a site's records of the past.
type pastPage struct {
	ID, Name, Party string
	Years           []pastYear
	Chosen          *pastYear
	Lines           []pastLine
	Rest            bool
	Imports         []pastImport
	May             bool // bring some
	Kinds           []option
	Given           url.Values
	Done            line
	Note            *note
}

type pastYear struct {
	Kind   past.Kind
	Words  line
	Year   string
	Lines  int64
	Grams  string
	Href   string
	Save   string // the table of that year
	Marked bool   // is the chosen one
}

type pastLine struct {
	Day, Number, Item, Code, Name, Grams, Written, Other, From string
}

type pastImport struct {
	At, By, Reason, Grams, Hash, File string
	Words                             line
	Lines, Rows                       int64
}

// pastShown is how many records a page lists; the table has all.
const pastShown = 200

// past is GET /past/{site}?kind=&year=.
func (s *Site) past(w http.ResponseWriter, r *http.Request, v *visit) error {
	site, err := s.siteAt(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	p := pastPage{Given: url.Values{}}
	if n, err := strconv.Atoi(q.Get("added")); err == nil && n > 0 {
		p.Done = line{fmt.Sprintf("已导入 %d 条往期记录。", n), fmt.Sprintf("%d records of the past were imported.", n)}
	}
	return s.showPast(w, r, v, http.StatusOK, site, p)
}

func (s *Site) showPast(w http.ResponseWriter, r *http.Request, v *visit, status int, site party.Site, p pastPage) (err error) {
	ctx, q := r.Context(), r.URL.Query()
	if err := s.about(r, v, "getSiteTable", site.ID.String(), ofSite(site), fault.Missing("site")); err != nil {
		return err
	}
	p.ID, p.Name = site.ID.String(), site.Name
	if p.Party, err = s.nameOf(ctx, site.Party); err != nil {
		return err
	}
	if p.May, err = s.Gate.Sees(ctx, v.Caller, "importPast", ofSite(site)); err != nil {
		return err
	}
	for _, k := range past.Kinds() {
		p.Kinds = append(p.Kinds, option{ID: string(k), Name: pastWords[k].ZH + " " + pastWords[k].EN, Chosen: p.Given.Get("kind") == string(k)})
	}
	found, err := s.Desk.Reader.PastOf(ctx, site)
	if err != nil {
		return err
	}
	table := map[past.Kind]string{past.Manifests: "imported-manifests", past.Ledger: "imported-ledger"}
	for _, y := range found.Years {
		o := pastYear{Kind: y.Kind, Words: pastWords[y.Kind], Year: y.Year, Lines: y.Lines, Grams: kilograms(y.Grams), Marked: q.Get("kind") == string(y.Kind) && q.Get("year") == y.Year,
			Href: with("/past/"+p.ID, "kind", string(y.Kind), "year", y.Year) + "#lines",
			Save: with("/v1/sites/"+p.ID+"/tables/"+table[y.Kind], "from", y.Year+"-01-01", "to", y.Year+"-12-31", "format", "xlsx")}
		if p.Years = append(p.Years, o); o.Marked {
			p.Chosen = &o
		}
	}
	if p.Chosen != nil {
		list, more, err := s.Desk.Reader.PastLines(ctx, site, p.Chosen.Kind, p.Chosen.Year, pastShown)
		if err != nil {
			return err
		}
		p.Rest = more
		for _, x := range list {
			p.Lines = append(p.Lines, pastLine{x.Day, x.Number, x.Item, string(x.Code), x.Name, kilograms(int64(x.Grams)), x.Quantity + " " + x.Unit, x.Other, x.Import.String()[:8] + " · " + strconv.FormatInt(x.Line, 10)})
		}
	}
	met := map[string]string{}
	for _, x := range found.Imports {
		o := pastImport{At: clock(x.At), Reason: x.Reason, Grams: kilograms(x.Grams), Hash: x.Hash.String(), File: x.File.String(), Words: pastWords[past.Kind(x.Kind)], Lines: x.Lines, Rows: x.Rows}
		if o.By, err = s.whoSaid(ctx, v, x.By, met); err != nil {
			return err
		}
		p.Imports = append(p.Imports, o)
	}
	s.show(w, r, v, status, "past.html", page{Title: "往期记录", TitleEN: "Records of the past", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// pastUploads marks the files that wait here among those that people left.
const pastUploads = "past/"

// tryPast is POST /past/{site}: a dry run, whose file then waits to be applied.
func (s *Site) tryPast(w http.ResponseWriter, r *http.Request, v *visit) error {
	site, err := s.siteAt(r)
	if err != nil {
		return err
	}
	if err := s.sure(r, v, "importPast", site.ID.String(), ofSite(site), fault.Missing("site")); err != nil {
		return err
	}
	upload, given, err := s.keepPast(r, v, site)
	if err == nil {
		return see(w, r, "/past/"+site.ID.String()+"/"+upload+"?"+given.Encode())
	}
	if kind := fault.Of(err); kind != fault.InvalidRequest && kind != fault.InvalidImport && kind != fault.TooLarge && kind != fault.TooManyLines {
		return err
	}
	n := s.noteOf(w, r, err, map[fault.Kind]line{fault.TooLarge: {ZH: "文件过大，没有处理。请分成几份，或用 liandan import-past。"}})
	return s.showPast(w, r, v, n.status, site, pastPage{Note: &n, Given: v.form})
}

// pastGiven reads what is said of a file beside its bytes.
func pastGiven(form url.Values) (out url.Values, mapping past.Mapping, bad *fault.Error) {
	bad, out = invalid(), url.Values{}
	for _, name := range []string{"unit", "map", "reason"} {
		out.Set(name, strings.TrimSpace(form.Get(name)))
	}
	for name, most := range map[string]int{"unit": 16, "map": 2048, "reason": archive.MostReason} {
		if text := out.Get(name); utf8.RuneCountInString(text) > most || printable(text) != text {
			field(bad, "/"+name, "length", fmt.Sprintf("must be at most %d characters on one line", most), fmt.Sprintf("最多 %d 个字，不分行", most))
		}
	}
	if out.Get("reason") == "" {
		field(bad, "/reason", "required", "must say where the records are from and why they are brought", "请写明来源和补录原因")
	}
	mapping, err := past.ParseMapping(out.Get("map"))
	if err != nil {
		field(bad, "/map", "format", fault.As(err).Sentence, "写法应如 number=联单号,day=日期")
	}
	return out, mapping, bad
}

func (s *Site) keepPast(r *http.Request, v *visit, site party.Site) (string, url.Values, error) {
	given, mapping, bad := pastGiven(v.form)
	kind := past.Kind(v.form.Get("kind"))
	if !slices.Contains(past.Kinds(), kind) {
		field(bad, "/kind", "value", "must be one of the list", "请从列表中选择")
	}
	if len(v.file) == 0 {
		field(bad, "/file", "required", "must be chosen and not be empty", "请选择一个非空的 CSV 或 xlsx 文件")
	}
	if len(bad.Fields) > 0 {
		return "", nil, bad
	}
	if _, err := s.judgePast(r.Context(), v, site, kind, given, mapping, v.file, true); err != nil {
		return "", nil, err
	}
	upload, err := s.keepUpload(r.Context(), v, pastUploads+string(kind)+"/"+site.ID.String())
	return upload, given, err
}

// judgePast runs a file against what is kept, and keeps it unless it is a dry run.
func (s *Site) judgePast(ctx context.Context, v *visit, site party.Site, kind past.Kind, given url.Values, mapping past.Mapping, file []byte, dry bool) (archive.Report, error) {
	open := func() (sheet.Reader, error) { return sheet.Open(bytes.NewReader(file), sheet.Posted) }
	first, err := open()
	if err != nil {
		return archive.Report{}, err
	}
	q := archive.Request{Origin: past.Origin{Kind: kind, Party: site.Party, Site: site.ID, Unit: given.Get("unit")}, By: v.ID, Reason: given.Get("reason"), File: sha256.Sum256(file),
		Mapping: mapping, DryRun: dry, Sheet: first.Format() == sheet.XLSX, Decimal: sheet.Decimal,
		Open: func() (archive.Rows, error) {
			r, err := open()
			return sheet.Lines{Reader: r}, err
		}}
	_ = first.Close()
	return s.Admin.Past.Import(ctx, q)
}

// waits finds the file that a path names, if the visitor left it for this site, and who may
// still bring it.
func (s *Site) waits(r *http.Request, v *visit, site party.Site) (registry.Upload, past.Kind, error) {
	missing := fault.Missing("site")
	mine, err := s.Gate.Sees(r.Context(), v.Caller, "importPast", ofSite(site))
	if err != nil || !mine {
		return registry.Upload{}, "", errorOr(err, missing)
	}
	u, err := s.uploaded(r, v)
	if err != nil {
		return u, "", err
	}
	kind, of, ok := strings.Cut(strings.TrimPrefix(u.Kind, pastUploads), "/")
	if !ok || of != site.ID.String() || !strings.HasPrefix(u.Kind, pastUploads) {
		return u, "", errNoUpload()
	}
	return u, past.Kind(kind), nil
}

// pastTriedPage is the report of a dry run.
type pastTriedPage struct {
	Site, Upload, Query string
	Words               line
	Report              archive.Report
	Grams               string
	Columns             []string
	Given               url.Values
	Lines               []past.Note
	Rest                int
	May                 bool
}

// pastTried is GET /past/{site}/{upload}?unit=&map=&reason=.
func (s *Site) pastTried(w http.ResponseWriter, r *http.Request, v *visit) error {
	site, u, kind, given, rep, err := s.pastAgain(r, v, r.URL.Query(), true)
	if err != nil {
		return err
	}
	s.showPastTried(w, r, v, http.StatusOK, site, u, kind, given, rep)
	return nil
}

// pastAgain judges a file that waits; in earnest it is kept, and recorded before.
func (s *Site) pastAgain(r *http.Request, v *visit, said url.Values, dry bool) (site party.Site, u registry.Upload, kind past.Kind, given url.Values, rep archive.Report, err error) {
	if site, err = s.siteAt(r); err != nil {
		return
	}
	if u, kind, err = s.waits(r, v, site); err != nil {
		return
	}
	given, mapping, bad := pastGiven(said)
	if len(bad.Fields) > 0 {
		err = bad
		return
	}
	if !dry {
		if err = s.sure(r, v, "importPast", site.ID.String(), ofSite(site), fault.Missing("site")); err != nil {
			return
		}
	}
	rep, err = s.judgePast(r.Context(), v, site, kind, given, mapping, u.Body, dry)
	return
}

func (s *Site) showPastTried(w http.ResponseWriter, r *http.Request, v *visit, status int, site party.Site, u registry.Upload, kind past.Kind, given url.Values, rep archive.Report) {
	p := pastTriedPage{Site: site.ID.String(), Upload: u.ID, Query: given.Encode(), Words: pastWords[kind], Report: rep, Grams: kilograms(int64(rep.Grams)), Given: given,
		May: rep.Bad == 0 && len(rep.Notes) == 0 && rep.Added > 0}
	for _, f := range past.Fields() {
		if c, ok := rep.Columns[f]; ok {
			p.Columns = append(p.Columns, string(f)+" ← "+printable(c))
		}
	}
	p.Lines = printableNotes(rep.Notes[:min(len(rep.Notes), mostBad)])
	p.Rest = len(rep.Notes) - len(p.Lines)
	s.show(w, r, v, status, "pasttried.html", page{Title: "试算结果", TitleEN: "What the file would do", Body: p})
}

// printableNotes are notes, which repeat what the file says, without what is no character.
func printableNotes(in []past.Note) []past.Note {
	out := slices.Clone(in)
	for i := range out {
		out[i].Column, out[i].Detail, out[i].DetailZH = printable(out[i].Column), printable(out[i].Detail), printable(out[i].DetailZH)
	}
	return out
}

// pastReport is GET /past/{site}/{upload}/report.csv: the faults of the lines, as far as they are named.
func (s *Site) pastReport(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, _, kind, _, rep, err := s.pastAgain(r, v, r.URL.Query(), true)
	if err != nil {
		return err
	}
	lines := make([]registry.BadLine, len(rep.Notes))
	for i, n := range rep.Notes {
		lines[i] = registry.BadLine(n)
	}
	return s.faultList(w, "report-past-"+string(kind)+".csv", string(kind), lines)
}

// applyPast is POST /past/{site}/{upload}/apply. All of the file or nothing.
func (s *Site) applyPast(w http.ResponseWriter, r *http.Request, v *visit) error {
	site, u, kind, given, rep, err := s.pastAgain(r, v, v.form, false)
	if err != nil {
		return err
	}
	if !rep.Applied { // what is kept changed since the file was tried
		s.showPastTried(w, r, v, http.StatusConflict, site, u, kind, given, rep)
		return nil
	}
	if err := s.Admin.Registers.DropUpload(r.Context(), v.ID); err != nil {
		return err
	}
	return see(w, r, with("/past/"+site.ID.String(), "added", strconv.Itoa(rep.Added)))
}
