package registry

import (
	"liandan/internal/indicator"
	"liandan/internal/statement"
)

// newSheetImport reads one inspection sheet, a line for each item; what is the sheet's is
// the same on every line.
func newSheetImport() intake { return &sheetImport{} }

type sheetImport struct {
	sheet indicator.Sheet
	first int // line
	last  int
	bad   bool
	put   []indicator.Fact
}

func (*sheetImport) columns() []column {
	return []column{{"sheet", true}, {"version", true}, {"class", true}, {"total", true}, {"pass", true}, {"basic", true}, {"accident", true}, {"item", true}, {"max", true},
		{"veto", false}, {"text", false}, {"source", false}}
}

func (in *sheetImport) read(c *cells) {
	s := indicator.Sheet{Name: c.text("sheet"), Version: c.text("version"), Class: indicator.Class(c.oneOf("class", "generator", "operator")), Certainty: "C"}
	n := func(column string) int { return int(wholeNumber(c, column, 0, 10_000)) }
	s.Total, s.PassAt, s.BasicAt, s.Accident = n("total"), n("pass"), n("basic"), n("accident")
	if c.raw("source") != "" {
		s.Source = c.text("source")
	}
	it := indicator.SheetItem{No: n("item"), Max: n("max"), Veto: c.flag("veto", false)}
	if c.raw("text") != "" {
		it.Text = c.text("text")
	}
	in.last = c.line
	if in.first == 0 {
		in.first, in.sheet = c.line, s
	} else if o := in.sheet; o.Name != s.Name || o.Version != s.Version || o.Class != s.Class || o.Total != s.Total || o.PassAt != s.PassAt || o.BasicAt != s.BasicAt || o.Accident != s.Accident {
		c.refuse("sheet", "other_sheet", "a file has one sheet, and this line says otherwise than the first", "一个文件一张检查表，本行与首行不一致")
	}
	in.sheet.Items = append(in.sheet.Items, it)
	in.bad = in.bad || c.bad
}

func (in *sheetImport) judge(r Reader, rep *Report, n *notes) error {
	if in.bad || in.first == 0 {
		return nil
	}
	c := cells{line: in.last, notes: n}
	for _, f := range in.sheet.Faults() {
		c.refuse("", f.Code, f.Detail, f.DetailZH)
	}
	have, err := r.Facts(indicator.KindSheet)
	if err != nil {
		return err
	}
	f := indicator.Fact{Kind: indicator.KindSheet, Row: in.sheet}
	if _, shipped := indicator.ShippedSheet(in.sheet.Name, in.sheet.Version); shipped {
		c.refuse("version", "version_taken", "is that of a sheet that is shipped; give the sheet a version of its own", "与内置检查表同名同版；请另定版本号")
	}
	if b, err := f.Bytes(); err != nil || len(b) > statement.MaxBody-256 {
		c.refuse("text", "length", "makes the sheet longer than 16 KiB; shorten the texts", "检查表超过 16 KiB；请缩短文字")
	}
	for _, o := range have {
		if o.Key() == f.Key() && !sameRow(o, f) {
			c.refuse("version", "version_taken", "is in the register with another content; a changed sheet is a new version", "该版本已登记且内容不同；修改后的检查表须用新版本号")
		} else if o.Key() == f.Key() {
			rep.Unchanged += len(in.sheet.Items)
			return nil
		}
	}
	if !c.bad {
		rep.Added += len(in.sheet.Items)
		in.put = append(in.put, f)
	}
	return nil
}

func (*sheetImport) write(Tx) error             { return nil }
func (in *sheetImport) facts() []indicator.Fact { return in.put }
