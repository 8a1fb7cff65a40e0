package paper

import (
	"io"
	"time"

	"liandan/internal/label"
)

// Manifest is a manifest (order 23, art. 14) as it is printed. Times are written out.
type Manifest struct {
	Number    string
	Remark    string // that the number is provisional, say
	ID        string
	Stage     string
	Address   string // what the QR code holds
	Consignor Part
	Carrier   Part
	Consignee Part
	Lines     []Line
	Totals    [4]string // issued, collected, accepted, treated
}

// Part is what one of the three fills in: names beside values.
type Part struct{ Rows [][2]string }

// Line is one batch.
type Line struct {
	Code, Name, Batch                              string
	Packages, Issued, Collected, Accepted, Verdict string
}

// Width of the paper and its margin, in millimetres: A4.
const (
	a4Width  = 210
	a4Height = 297
	margin   = 14
)

// Write writes the manifest on A4 pages. made is the document's date.
func (m Manifest) Write(w io.Writer, made time.Time) error {
	rows, err := label.Modules(m.Address)
	if err != nil {
		return err
	}
	s := newSheet(a4Width, a4Height, made)
	s.AddPage()
	s.SetTextColor(0, 0, 0)
	s.SetDrawColor(0, 0, 0)
	s.modules(rows, a4Width-margin-34, 10, 34)
	s.words(margin, 14, 130, 20, 1.3, 1, "危险废物转移联单")
	s.words(margin, 24, 130, 11, 1.3, 1, "Hazardous waste transfer manifest")
	y := s.words(margin, 31, 130, 10, 1.35, 2, "编号 Number："+filled(m.Number)+"　"+m.Remark)
	s.words(margin, y, 130, 8, 1.35, 2, m.ID+"　状态 Stage："+m.Stage)
	y = 47
	for _, p := range []struct {
		title string
		part  Part
	}{{"第一部分 移出人填写 · Part 1, consignor", m.Consignor}, {"第二部分 承运人填写 · Part 2, carrier", m.Carrier}, {"第三部分 接受人填写 · Part 3, consignee", m.Consignee}} {
		y = s.part(p.title, p.part, y)
	}
	y = s.header(y + 2)
	for _, l := range m.Lines {
		if y > a4Height-30 {
			s.foot(margin, a4Height-12, a4Width-2*margin)
			s.AddPage()
			y = s.header(margin)
		}
		y = s.row(y, l)
	}
	y = s.row(y, Line{Code: "合计 total", Issued: m.Totals[0], Collected: m.Totals[1], Accepted: m.Totals[2]})
	s.words(margin, y+2, a4Width-2*margin, 8, 1.4, 2, "以日志中各方签名的事件为准；扫描二维码可查全链。The events that the parties signed in the log decide; the QR code leads to the chain.")
	s.foot(margin, a4Height-12, a4Width-2*margin)
	return s.end(w)
}

func (s *sheetOf) part(title string, p Part, y float64) float64 {
	s.SetFillColor(235, 235, 235)
	s.Rect(margin, y, a4Width-2*margin, 7, "FD")
	s.words(margin+2, y+1.6, a4Width-2*margin-4, 10, 1.2, 1, title)
	y += 8
	const half = (a4Width - 2*margin) / 2
	for i := 0; i < len(p.Rows); i += 2 {
		low := s.words(margin+2, y, half-4, 9, 1.35, 2, p.Rows[i][0]+"："+filled(p.Rows[i][1]))
		if i+1 < len(p.Rows) {
			low = max(low, s.words(margin+half+2, y, half-4, 9, 1.35, 2, p.Rows[i+1][0]+"："+filled(p.Rows[i+1][1])))
		}
		y = low + 0.6
	}
	return y + 2
}

// columns of the lines, in millimetres from the margin.
var columns = []float64{0, 26, 72, 86, 111, 136, 161, 182}

func (s *sheetOf) header(y float64) float64 {
	return s.cells(y, 7.5, []string{"代码 Code", "废物 Waste · 批次 Batch", "件 Pkg", "移出 Issued", "装车 Collected", "接受 Accepted", "结果 Verdict"})
}

func (s *sheetOf) row(y float64, l Line) float64 {
	return s.cells(y, 7.5, []string{l.Code, l.Name + " " + l.Batch, l.Packages, l.Issued, l.Collected, l.Accepted, l.Verdict})
}

// cells draws a row with lines around it.
func (s *sheetOf) cells(y, size float64, texts []string) float64 {
	low := y + 5
	for i, t := range texts {
		low = max(low, s.words(margin+columns[i]+1, y+0.8, columns[i+1]-columns[i]-2, size, 1.25, 3, t)+0.8)
	}
	s.SetLineWidth(0.2)
	for i := range texts {
		s.Rect(margin+columns[i], y, columns[i+1]-columns[i], low-y, "D")
	}
	return low
}
