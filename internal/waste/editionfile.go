package waste

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"liandan/internal/fault"
)

// Bounds of an edition's file. The editions known have fewer than 500 codes and 100 kB.
const (
	MaxEditionBytes = 4 << 20
	MaxEditionLines = 5_000 // below the header
	MaxDescription  = 2_000 // characters
	maxTitle        = 120   // characters of a category's title or an industry
)

// BadLine is one thing that is wrong with a line of an edition's file.
type BadLine struct {
	Line     int    // as an editor counts: the header is line 1
	Column   string // "" where the fault is not one column's
	Code     string // a stable machine word
	Detail   string // for a person, English
	DetailZH string // the same in Chinese
}

// editionColumns: each column by its English name, which words may stand for it, and
// whether a file must have it. Official tables are headed in Chinese.
var editionColumns = []struct {
	name     string
	required bool
	words    []string
}{
	{"category", false, []string{"废物类别", "类别", "类别代码"}},
	{"category_name", false, []string{"类别名称", "废物类别名称"}},
	{"industry", false, []string{"行业来源", "行业"}},
	{"code", true, []string{"废物代码", "代码", "危险废物代码"}},
	{"description", true, []string{"危险废物", "危险废物描述", "废物描述", "废物名称", "描述"}},
	{"hazards", true, []string{"危险特性", "特性", "hazard"}},
	{"edition", false, []string{"版本", "名录版本"}},
}

// ReadEditionFile reads an edition's official text from CSV (RFC 4180, UTF-8, the first
// line names the columns in any order, in English or Chinese; a cell holds no line break)
// and adds its entries and categories to t. It reads to the end whatever it meets: bad has
// everything that is wrong with every line, in the order of lines, and is no error. With
// any bad line the text has no entries and must not be kept.
//
// As tables with merged cells are exported: an empty category is the code's; an empty
// industry is that of the line before, where both codes have the same first three digits.
// Full-width letters and signs in codes and hazards are read as the plain ones.
//
// Faults: too-large, too-many-lines, upload-cut-short.
func ReadEditionFile(r io.Reader, t EditionText) (text EditionText, lines int, bad []BadLine, err error) {
	all, err := io.ReadAll(io.LimitReader(r, MaxEditionBytes+1))
	if err != nil {
		return t, 0, nil, fault.Wrap(err, fault.UploadCutShort, "The file could not be read to its end. Nothing was imported; give it again.")
	}
	if len(all) > MaxEditionBytes {
		return t, 0, nil, fault.New(fault.TooLarge, "The file has more than %d MiB; an edition of the catalogue is far smaller.", MaxEditionBytes>>20)
	}
	f := editionFile{text: t, first: map[Code]int{}, titles: map[string]int{}}
	f.text.Entries, f.text.Categories = nil, nil
	for i, line := range bytes.Split(bytes.TrimPrefix(all, []byte("\xef\xbb\xbf")), []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(bytes.Trim(line, ", \t")) == 0 {
			continue // spreadsheets leave lines of bare commas behind
		}
		f.number = i + 1
		if f.at == nil {
			if f.header(line); f.headless {
				break
			}
			continue
		}
		if f.lines++; f.lines > MaxEditionLines {
			return t, 0, nil, fault.New(fault.TooManyLines, "The file has more than %d lines below its header; an edition of the catalogue is far smaller.", MaxEditionLines)
		}
		f.read(line)
	}
	f.end()
	if len(f.bad) > 0 {
		f.text.Entries, f.text.Categories = nil, nil
	}
	return f.text, f.lines, f.bad, nil
}

type editionFile struct {
	text     EditionText
	at       map[string]int // column → place; nil before the header
	width    int
	headless bool // the header cannot be used
	number   int  // of the line being read
	lines    int
	cell     []string
	bad      []BadLine
	first    map[Code]int   // line of each code
	titles   map[string]int // place of each category in text.Categories
}

func (f *editionFile) refuse(column, code, en, zh string) {
	f.bad = append(f.bad, BadLine{Line: f.number, Column: column, Code: code, Detail: en, DetailZH: zh})
}

// cells splits a line. Its lines are read one by one, so that an open quotation mark
// cannot swallow the rest of the file.
func (f *editionFile) cells(line []byte) ([]string, bool) {
	if !utf8.Valid(line) {
		f.refuse("", "not_utf8", `is not UTF-8; save the file as "CSV UTF-8"`, "不是 UTF-8 编码；请另存为“CSV UTF-8”")
		return nil, false
	}
	r := csv.NewReader(bytes.NewReader(line))
	r.FieldsPerRecord = -1
	cells, err := r.Read()
	if err == nil {
		_, err = r.Read()
	}
	if !errors.Is(err, io.EOF) { // a carriage return inside the line makes a second record of it
		f.refuse("", "quote", "has a quotation mark that is not closed on the line, or not at both ends of its cell; a cell holds no line break",
			"引号未在本行内闭合，或不在单元格两端；单元格内不得换行")
		return nil, false
	}
	return cells, true
}

func (f *editionFile) header(line []byte) {
	cells, ok := f.cells(line)
	f.at, f.width = map[string]int{}, len(cells)
	f.headless = !ok
	for i, word := range cells {
		name := columnNamed(word)
		if name == "" {
			f.refuse(shown(word), "unknown_column", "is no column of the catalogue", "名录没有此列")
			continue
		}
		if _, there := f.at[name]; there {
			f.headless = true
			f.refuse(shown(word), "repeated_column", "is in the header twice", "列名重复")
		}
		f.at[name] = i
	}
	for _, c := range editionColumns {
		if _, there := f.at[c.name]; ok && !there && c.required {
			f.headless = true
			f.refuse(c.name, "missing_column", "is missing in the header", "表头缺少此列："+c.words[0])
		}
	}
}

// columnNamed is the English name of the column that a header's word means, or "".
func columnNamed(word string) string {
	word = strings.ToLower(strings.Join(strings.Fields(word), ""))
	for _, c := range editionColumns {
		if word == c.name || slices.Contains(c.words, word) {
			return c.name
		}
	}
	return ""
}

func (f *editionFile) read(line []byte) {
	cells, ok := f.cells(line)
	if !ok {
		return
	}
	if len(cells) != f.width {
		f.refuse("", "cell_count", fmt.Sprintf("has %d cells, and the header %d", len(cells), f.width), fmt.Sprintf("有 %d 格，而表头有 %d 格", len(cells), f.width))
		return
	}
	f.cell = cells
	if f.has("edition") && f.get("edition") != f.text.ID {
		f.refuse("edition", "other_edition", "is of another edition than the one being imported", "与所导入的版本不同")
	}
	x := EntryText{Code: f.code(), Industry: f.words("industry", maxTitle, false), Description: f.words("description", MaxDescription, true), Hazards: f.hazards()}
	category, title := f.category(x.Code)
	if x.Code == "" || category == "" {
		return
	}
	if line, again := f.first[x.Code]; again {
		f.refuse("code", "repeated", fmt.Sprintf("stands on line %d already", line), fmt.Sprintf("与第 %d 行重复", line))
		return
	}
	f.first[x.Code] = f.number
	f.place(category, title)
	if n := len(f.text.Entries); x.Industry == "" && n > 0 && f.text.Entries[n-1].Code[:3] == x.Code[:3] {
		x.Industry = f.text.Entries[n-1].Industry
	}
	f.text.Entries = append(f.text.Entries, x)
}

// place remembers a category and its title, which a table gives on its first line or on all.
func (f *editionFile) place(category, title string) {
	i, there := f.titles[category]
	if !there {
		f.titles[category] = len(f.text.Categories)
		f.text.Categories = append(f.text.Categories, CategoryText{Code: category, Title: title})
		return
	}
	switch have := &f.text.Categories[i].Title; {
	case *have == "":
		*have = title
	case title != "" && title != *have:
		f.refuse("category", "other_title", "has another title than on an earlier line: "+shown(*have), "类别名称与前文不一致："+shown(*have))
	}
}

func (f *editionFile) end() {
	switch {
	case f.at == nil:
		f.number = 1
		f.refuse("", "header_missing", "the file is empty; its first line must name the columns", "文件为空；首行应为列名")
	case !f.headless && f.lines == 0:
		f.refuse("", "no_codes", "the file has no codes below its header", "表头之下没有废物代码")
	}
}

func (f *editionFile) has(column string) bool {
	_, ok := f.at[column]
	return ok
}

// get is a cell without the blanks around it; "" where the file has no such column.
func (f *editionFile) get(column string) string {
	if i, ok := f.at[column]; ok {
		return strings.TrimSpace(f.cell[i])
	}
	return ""
}

func (f *editionFile) words(column string, most int, required bool) string {
	return f.checked(column, f.get(column), most, required)
}

func (f *editionFile) checked(column, s string, most int, required bool) string {
	switch {
	case s == "" && required:
		f.refuse(column, "required", "must not be empty", "不得为空")
	case utf8.RuneCountInString(s) > most:
		f.refuse(column, "length", fmt.Sprintf("has more than %d characters", most), fmt.Sprintf("超过 %d 个字符", most))
	case strings.ContainsFunc(s, misleading):
		f.refuse(column, "characters", "has characters that are not printed or that turn the direction of text", "含有不可见或改变文字方向的字符")
	case formula(s):
		f.refuse(column, "formula", "must not begin with = + - or @, which a spreadsheet takes for a formula", "不得以 = + - @ 开头（会被电子表格当作公式）")
	}
	return s
}

func (f *editionFile) code() Code {
	given := f.get("code")
	c, err := ParseCode(plainSigns(given))
	if err != nil || c.Foreign() {
		f.refuse("code", "malformed_waste_code", "is not NNN-NNN-NN: "+shown(given), "不是 NNN-NNN-NN："+shown(given))
		return ""
	}
	return c
}

func (f *editionFile) hazards() string {
	given := f.get("hazards")
	plain := strings.Join(strings.Fields(plainSigns(given)), "")
	if _, _, err := ParseHazardList(plain); err != nil {
		f.refuse("hazards", "hazards", "are not T, C, I, R, In with commas or strokes between, each once: "+shown(given),
			"应为 T、C、I、R、In，以逗号或斜线分隔且不重复："+shown(given))
	}
	return plain
}

// category reads "", "HW02", or "HW02 and its title" in one cell, as the official table
// prints it. It must be the code's own.
func (f *editionFile) category(c Code) (code, title string) {
	given := f.get("category")
	title = f.get("category_name")
	own := c.Category()
	if given == "" {
		return own, f.checked("category_name", title, maxTitle, false)
	}
	runes := []rune(given)
	code = plainSigns(string(runes[:min(4, len(runes))]))
	if !categoryCode.MatchString(code) {
		f.refuse("category", "category", "does not begin with a category such as HW08: "+shown(given), "应以类别代码（如 HW08）开头："+shown(given))
		return "", ""
	}
	if own != "" && own != code {
		f.refuse("category", "other_category", fmt.Sprintf("is %s, and the code's last two digits say %s", code, own), fmt.Sprintf("为 %s，与代码末两位（%s）不符", code, own))
		return "", ""
	}
	if rest := strings.TrimSpace(string(runes[4:])); title == "" {
		return code, f.checked("category", rest, maxTitle, false)
	}
	return code, f.checked("category_name", title, maxTitle, false)
}

// plainSigns turns full-width letters, digits and signs, and the hyphens and dashes that
// word processors make, into the plain ones.
func plainSigns(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r >= '\u2010' && r <= '\u2015', r == '\u2212':
			return '-'
		}
		return r
	}, s)
}
