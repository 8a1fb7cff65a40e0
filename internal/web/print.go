package web

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"liandan/internal/audit"
	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/label"
	"liandan/internal/paper"
	"liandan/internal/waste"
)

// labelsMost bounds the labels of one sheet.
const labelsMost = 50

// labelsPage is labels as they are printed from the browser.
type labelsPage struct {
	Size      label.Size
	Sizes     []sized
	PDF       string
	Labels    []printed
	Unlabeled []string // batches that have no label in force
	Lacking   string   // characters that the PDF's font lacks
}

type printed struct {
	paper.Label
	Batch string
	QR    drawing
	Signs [][]label.Mark
}

// sized is a label's size and what it is for.
type sized struct {
	Size  label.Size
	Words line
}

// sizes are those of HJ 1276-2022 table 1.
var sizes = []sized{{label.Small, line{"小：100 mm，容器 ≤ 50 L", "small: 100 mm, up to 50 L"}}, {label.Medium, line{"中：150 mm，≤ 450 L", "medium: 150 mm, up to 450 L"}},
	{label.Large, line{"大：200 mm，> 450 L", "large: 200 mm, above 450 L"}}}

// labels is GET /print/labels?batch=&batch=&size=.
func (s *Site) labels(w http.ResponseWriter, r *http.Request, v *visit) error {
	size, list, without, err := s.labelList(r, v)
	if err != nil {
		return err
	}
	p := labelsPage{Size: size, Sizes: sizes, Unlabeled: without, PDF: "/print/labels.pdf?" + r.URL.RawQuery}
	lacking := ""
	names := slices.DeleteFunc(slices.Clone(r.URL.Query()["batch"]), func(b string) bool { return slices.Contains(without, b) })
	for i, l := range list {
		rows, err := label.Modules(l.Address)
		if err != nil {
			return err
		}
		x := printed{Label: l, Batch: names[i], QR: draw(rows)}
		hazards := l.Hazards
		if l.Medical {
			hazards = []waste.Hazard{waste.Infectious}
		}
		for _, h := range hazards[:min(4, len(hazards))] {
			x.Signs = append(x.Signs, label.SVG(h))
		}
		p.Labels = append(p.Labels, x)
		lacking += l.Name + l.Unit + l.Department + l.Remark
	}
	p.Lacking = string(paper.Missing(lacking))
	s.show(w, r, v, http.StatusOK, "labels.html", page{Title: "标签", TitleEN: "Labels", Body: p, Wide: true, Sheets: []string{deskStyle.path, printStyle.path}})
	return nil
}

// labelsPDF is GET /print/labels.pdf?batch=&batch=&size=.
func (s *Site) labelsPDF(w http.ResponseWriter, r *http.Request, v *visit) error {
	size, list, without, err := s.labelList(r, v)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fault.New(fault.NotFound, "None of the %d batches has a label in force; make one first.", len(without))
	}
	var b bytes.Buffer
	if err := paper.Labels(&b, size, s.Now(), list); err != nil {
		return err
	}
	sendPDF(w, "labels", b.Bytes())
	return nil
}

func sendPDF(w http.ResponseWriter, name string, b []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.pdf"`)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(b) // the client may be gone
}

// labelList reads the labels that are asked for, if the caller may print every one.
func (s *Site) labelList(r *http.Request, v *visit) (size label.Size, list []paper.Label, without []string, err error) {
	ctx, q := r.Context(), r.URL.Query()
	if size = label.Small; q.Get("size") != "" {
		if size, err = label.ParseSize(q.Get("size")); err != nil {
			return size, nil, nil, field(invalid(), "/size", "value", "must be small, medium or large", "应为 small、medium 或 large")
		}
	}
	given := q["batch"]
	if len(given) == 0 || len(given) > labelsMost {
		return size, nil, nil, field(invalid(), "/batch", "length", "must name 1 to 50 batches", "请给出 1 至 50 个批次")
	}
	missing := fault.Missing("batch")
	for _, g := range given {
		b, err := id.ParseBatch(g)
		if err != nil {
			return size, nil, nil, missing
		}
		subject, err := s.Desk.Reader.CustodySubject(ctx, b)
		if err != nil {
			return size, nil, nil, err
		}
		if err := s.about(r, v, "getBatchLabel", b.String(), subject, missing); err != nil {
			return size, nil, nil, err
		}
		found, err := s.Desk.Reader.Batch(ctx, b)
		if err != nil {
			return size, nil, nil, err
		}
		if found.Label == "" {
			without = append(without, b.String())
			continue
		}
		l, err := s.labelOf(r, found)
		if err != nil {
			return size, nil, nil, err
		}
		list = append(list, l)
	}
	return size, list, without, nil
}

// labelOf is the label of a batch in words. What nobody told the log (components, a
// contact) stays open, to be filled in by hand.
func (s *Site) labelOf(r *http.Request, found audit.BatchView) (l paper.Label, err error) {
	st := found.State
	l = paper.Label{Code: string(st.Code), Form: strings.TrimSpace(st.Form.Name() + " " + st.Form.NameEN()), Day: time.UnixMilli(st.BornAt).In(calendar.Zone()).Format(time.DateOnly),
		Weight: kilograms(int64(st.Grams)), Department: st.Department, Isolation: st.Isolation, Address: s.labelAddress(r, found.Label), Token: grouped(found.Label),
		Medical: strings.HasSuffix(string(st.Code), "-01") && strings.HasPrefix(string(st.Code), "841-")}
	if st.Grams == 0 { // nothing is in it any more: what was
		l.Weight = kilograms(int64(st.Initial))
	}
	if _, err := waste.ParseIdentificationCode(st.Container); err == nil {
		l.Identity = st.Container
	} else if st.Container != "" {
		l.Remark = "容器 container " + st.Container
	}
	if found.Verified {
		e := found.Entry
		l.Name, l.Category, l.Hazards = strings.TrimSpace(e.Name+" "+e.NameEN), e.Category, e.Hazards
		var zh, en []string
		for _, h := range e.Hazards {
			zh, en = append(zh, h.Name()), append(en, h.NameEN())
		}
		l.HazardWords = strings.Join(zh, "、") + " " + strings.Join(en, ", ")
		if advice := e.Advice(); len(advice) > 0 && len(advice[0].Do) > 0 {
			l.Precautions = advice[0].Do[0]
		}
	}
	l.Unit, err = s.nameOf(r.Context(), st.Generator)
	return l, err
}

func (s *Site) labelAddress(r *http.Request, l event.Label) string {
	return s.base(r) + "/q/" + string(l)
}

// base is this server's public address.
func (s *Site) base(r *http.Request) string {
	if s.Base != "" {
		return strings.TrimSuffix(s.Base, "/")
	}
	u := url.URL{Scheme: "http", Host: r.Host}
	if s.Secure(r) {
		u.Scheme = "https"
	}
	return u.String()
}

// formPage is a manifest as it is printed from the browser.
type formPage struct {
	paper.Manifest
	QR   drawing
	PDF  string
	Back string
}

// form is GET /print/manifest/{manifest}.
func (s *Site) form(w http.ResponseWriter, r *http.Request, v *visit) error {
	m, err := s.formOf(r, v)
	if err != nil {
		return err
	}
	rows, err := label.Modules(m.Address)
	if err != nil {
		return err
	}
	p := formPage{Manifest: m, QR: draw(rows), PDF: "/print/manifest/" + m.ID + "/pdf", Back: "/inspect/manifest/" + m.ID}
	s.show(w, r, v, http.StatusOK, "form.html", page{Title: "危险废物转移联单", TitleEN: "Hazardous waste transfer manifest", Body: p, Wide: true, Sheets: []string{deskStyle.path, printStyle.path}})
	return nil
}

// formPDF is GET /print/manifest/{manifest}/pdf.
func (s *Site) formPDF(w http.ResponseWriter, r *http.Request, v *visit) error {
	m, err := s.formOf(r, v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := m.Write(&b, s.Now()); err != nil {
		return err
	}
	sendPDF(w, "manifest-"+m.ID, b.Bytes())
	return nil
}

// verdictWords are the consignee's words on a line.
var verdictWords = map[string]string{"whole": "接受 whole", "part": "部分接受 part", "none": "拒收 refused"}

func (s *Site) formOf(r *http.Request, v *visit) (m paper.Manifest, err error) {
	var p sheetPage
	if p, _, err = s.sheetPage(r, v, "getManifest"); err != nil {
		return m, err
	}
	m = paper.Manifest{Number: p.Number, ID: p.ID, Stage: p.Stage.ZH + " " + p.Stage.EN, Address: s.base(r) + "/inspect/manifest/" + p.ID,
		Totals: [4]string{p.IssuedGrams, p.Taken, p.Took, p.Done}}
	if p.Number == "" {
		m.Number, m.Remark = p.Provisional, "临时编号，国家编号待补 provisional until the national number comes"
	}
	if p.Cancelled != "" {
		m.Remark = strings.TrimSpace(m.Remark + " 已作废 cancelled " + p.Cancelled)
	}
	m.Consignor = paper.Part{Rows: [][2]string{{"单位 Unit", p.Consignor}, {"地点 Place", p.From.Name}, {"开单时间 Issued", p.Issued}, {"联系人和联系方式 Contact", ""}}}
	m.Carrier = paper.Part{Rows: [][2]string{{"单位 Unit", p.Carrier}, {"车牌 Plate", p.Vehicle}, {"装车时间 Collected", p.Collected}, {"运达时间 Delivered", p.Delivered}}}
	m.Consignee = paper.Part{Rows: [][2]string{{"单位 Unit", p.Consignee}, {"地点 Place", p.To.Name}, {"利用处置方式 Method", p.Method}, {"接受时间 Accepted", p.Accepted}}}
	for _, l := range p.Lines {
		x := paper.Line{Code: l.Code, Batch: string(l.Batch), Issued: l.Issued, Collected: l.Collected, Accepted: l.Accepted, Verdict: strings.TrimSpace(verdictWords[l.Verdict] + " " + l.Because)}
		if l.Packages > 0 {
			x.Packages = itoa(int64(l.Packages))
		}
		if e, ok := waste.DefaultCatalog().Lookup(waste.Code(l.Code), s.Now()); ok {
			x.Name = e.Name
		}
		m.Lines = append(m.Lines, x)
	}
	return m, nil
}
