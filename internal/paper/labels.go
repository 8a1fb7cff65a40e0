package paper

import (
	"io"
	"time"

	"liandan/internal/label"
	"liandan/internal/waste"
)

// Label is what stands on a container (HJ 1276-2022) or, if Medical, on a bag or box of
// medical waste (HJ 421-2008). What is empty is left as a line to be filled in by hand.
type Label struct {
	Medical     bool
	Name        string
	Code        string
	Category    string
	Form        string
	Hazards     []waste.Hazard
	HazardWords string
	Components  string
	Harmful     string
	Precautions string
	Identity    string // 数字识别码; "" where the container has none
	Unit        string // that generated or collected it
	Contact     string
	Day         string
	Weight      string
	Remark      string
	Department  string
	Isolation   bool
	Address     string // what the QR code holds
	Token       string // the same to be typed
}

// edges are the sizes of HJ 1276-2022 table 1, in millimetres.
var edges = map[label.Size]float64{label.Small: 100, label.Medium: 150, label.Large: 200}

// Labels writes one page for each label, of the label's size. made is the document's date.
func Labels(w io.Writer, size label.Size, made time.Time, list []Label) error {
	edge := edges[size]
	s := newSheet(edge, edge, made)
	for _, l := range list {
		rows, err := label.Modules(l.Address)
		if err != nil {
			return err
		}
		s.AddPage()
		if l.Medical {
			s.bag(l, rows, edge/100)
		} else {
			s.container(l, rows, edge/100)
		}
	}
	return s.end(w)
}

// blank is a line to be written on.
const blank = "________________"

func filled(text string) string {
	if text == "" {
		return blank
	}
	return text
}

// container draws the label at k times 100 mm.
func (s *sheetOf) container(l Label, rows [][]bool, k float64) {
	s.SetFillColor(255, 150, 0)
	s.Rect(0, 0, 100*k, 100*k, "F")
	s.SetTextColor(0, 0, 0)
	s.SetDrawColor(0, 0, 0)
	s.SetLineWidth(0.5 * k)
	s.Rect(3*k, 3*k, 94*k, 94*k, "D")
	s.SetFont(family, "", 17*k)
	title := "危 险 废 物"
	s.Text((100*k-s.GetStringWidth(title))/2, 10.5*k, title)
	s.Line(3*k, 13*k, 97*k, 13*k)
	y := 14.5 * k
	row := func(name, value string, most int) {
		y = s.words(5*k, y, 62*k, 7.2*k, 1.28, most, name+"："+filled(value))
	}
	row("废物名称 Name", l.Name, 2)
	row("废物类别 Category", l.Category, 1)
	row("废物代码 Code", l.Code, 1)
	row("废物形态 Form", l.Form, 1)
	row("主要成分 Components", l.Components, 2)
	row("有害成分 Harmful components", l.Harmful, 2)
	row("危险特性 Hazards", l.HazardWords, 2)
	row("注意事项 Precautions", l.Precautions, 3)
	x := 70 * k
	for i, h := range l.Hazards {
		if i < 4 {
			s.pictogram(h, x+float64(i%2)*12.5*k, 15*k+float64(i/2)*12.5*k, 12*k)
		}
	}
	s.modules(rows, 69*k, 66*k, 25*k)
	s.Line(3*k, 62*k, 97*k, 62*k)
	y = 63.5 * k
	row("数字识别码 Identification code", l.Identity, 2)
	row("产生/收集单位 Unit", l.Unit, 2)
	row("联系人和联系方式 Contact", l.Contact, 1)
	row("产生日期 Date", l.Day, 1)
	row("废物重量 Mass", l.Weight, 1)
	row("备注 Remark", l.Remark, 1)
	s.words(68*k, 91.5*k, 28*k, 4.4*k, 1.1, 1, l.Token)
	s.foot(5*k, 94*k, 62*k)
}

// bag draws the label of a bag, a sharps box or a turnover box.
func (s *sheetOf) bag(l Label, rows [][]bool, k float64) {
	s.SetFillColor(255, 221, 0)
	s.Rect(0, 0, 100*k, 20*k, "F")
	s.SetTextColor(0, 0, 0)
	s.SetDrawColor(0, 0, 0)
	s.SetLineWidth(0.5 * k)
	s.Rect(2*k, 2*k, 96*k, 96*k, "D")
	s.pictogram(waste.Infectious, 4*k, 3*k, 15*k)
	s.words(22*k, 4*k, 72*k, 20*k, 1.2, 1, "医疗废物")
	s.words(22*k, 12.5*k, 72*k, 10*k, 1.2, 1, "Medical waste")
	y := 23 * k
	row := func(name, value string, most int) {
		y = s.words(5*k, y, 60*k, 9*k, 1.3, most, name+"："+filled(value))
	}
	row("类别 Class", l.Name, 2)
	row("代码 Code", l.Code, 1)
	row("产生单位 Unit", l.Unit, 2)
	row("科室 Department", l.Department, 2)
	row("产生日期 Date", l.Day, 1)
	row("重量 Mass", l.Weight, 1)
	row("危险特性 Hazards", l.HazardWords, 2)
	if l.Isolation {
		row("特别说明 Special note", "隔离患者产生，双层包装 of a patient in isolation, two layers", 2)
	}
	row("备注 Remark", l.Remark, 1)
	s.modules(rows, 66*k, 24*k, 29*k)
	s.words(66*k, 54*k, 30*k, 4.8*k, 1.2, 2, l.Token)
	s.foot(5*k, 93*k, 90*k)
}
