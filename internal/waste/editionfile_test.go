package waste

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"liandan/internal/fault"
)

var sampleText = EditionText{ID: "SAMPLE-2025", ValidFrom: on("2025-01-01"), Source: "样例 SAMPLE"}

const sampleHeader = "类别,行业来源,废物代码,描述,危险特性\n"

func readSample(t *testing.T, file string) (EditionText, []BadLine) {
	t.Helper()
	text, _, bad, err := ReadEditionFile(strings.NewReader(file), sampleText)
	if err != nil {
		t.Fatal(err)
	}
	return text, bad
}

func TestReadEditionFile(t *testing.T) {
	const file = "\xef\xbb\xbf废物类别,行业来源,废物代码,危险废物,危险特性\r\n" +
		"HW08 样例矿物油,样例行业,900-214-08,\"样例，含逗号, 和\"\"引号\"\"\",\"T，I\"\r\n" +
		",,,,\r\n" + // a line of bare commas
		"\r\n" +
		",,９００－２４９－08,样例乙,Ｔ／Ｉ\r\n" + // merged cells and full-width signs
		"ＨＷ48样例（冶炼）废物,,321–099–48,样例丙,\"T, C\"\r\n"
	text, lines, bad, err := ReadEditionFile(strings.NewReader(file), sampleText)
	if err != nil || len(bad) > 0 || lines != 3 {
		t.Fatalf("%d lines, %v %v", lines, bad, err)
	}
	want := EditionText{ID: sampleText.ID, ValidFrom: sampleText.ValidFrom, Source: sampleText.Source,
		Categories: []CategoryText{{"HW08", "样例矿物油"}, {"HW48", "样例（冶炼）废物"}},
		Entries: []EntryText{{"900-214-08", "样例行业", `样例，含逗号, 和"引号"`, "T,I"}, {"900-249-08", "样例行业", "样例乙", "T/I"},
			{"321-099-48", "", "样例丙", "T,C"}}}
	if fmt.Sprint(text) != fmt.Sprint(want) {
		t.Fatalf("%+v\nwant %+v", text, want)
	}
	e, err := text.Edition()
	if err != nil || !e.Imported || len(e.Entries()) != 3 || len(e.Categories()) != 2 {
		t.Fatalf("%+v %v", e, err)
	}
	c := NewCatalog(append(DefaultCatalog().Editions(), e)...)
	x, ok := c.Lookup("900-214-08", on("2025-01-01"))
	if !ok || x.Carried || x.Description != `样例，含逗号, 和"引号"` || x.Name != "机修废机油" || x.IndustryName != "样例行业" || x.Category != "HW08" {
		t.Errorf("%v %+v", ok, x)
	}
	x, ok = c.Lookup("321-099-48", on("2025-01-01")) // no name of our own: its category's
	if !ok || x.Name != "有色金属采选冶炼废物" || x.NameEN == "" || e.Categories()[1].Title != "样例（冶炼）废物" {
		t.Errorf("%v %+v", ok, x)
	}
	if x, ok := c.Lookup("841-001-01", on("2024-12-31")); !ok || x.Carried || x.Description != "" {
		t.Errorf("the past changed: %+v", x)
	}
	if x, ok := c.Lookup("841-001-01", on("2025-01-01")); ok {
		t.Errorf("a dropped code is carried although its successor is loaded: %+v", x)
	}
}

// A new category has the official title for its name, or its code where there is none.
func TestNewCategories(t *testing.T) {
	text, bad := readSample(t, "code,description,hazards,category_name,edition\n900-001-51,样例,T,样例新类,SAMPLE-2025\n900-001-52,样例,T,,SAMPLE-2025\n")
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	e, err := text.Edition()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(e.Categories()); got != "[{HW51 样例新类 HW51 样例新类} {HW52 HW52 HW52 }]" {
		t.Error(got)
	}
}

func TestBadLinesAreNamedAtOnce(t *testing.T) {
	const good = "HW08 样例,样例,900-214-08,样例,T\n"
	for name, c := range map[string]struct {
		file string
		want []string // line column code
	}{
		"an empty file":     {"", []string{"1  header_missing"}},
		"blank lines":       {"\n\r\n,,\n", []string{"1  header_missing"}},
		"a header alone":    {sampleHeader, []string{"1  no_codes"}},
		"no code column":    {"description,hazards\nx,T\n", []string{"1 code missing_column"}},
		"all columns gone":  {"甲,乙\n1,2\n", []string{"1 甲 unknown_column", "1 乙 unknown_column", "1 code missing_column", "1 description missing_column", "1 hazards missing_column"}},
		"a column twice":    {"code,废物代码,description,hazards\n", []string{"1 废物代码 repeated_column"}},
		"a column too many": {"code,description,hazards,单价\n900-214-08,x,T,1\n900-214-8,x,T,1\n", []string{"1 单价 unknown_column", "3 code malformed_waste_code"}},
		"header quote":      {"\"code,description\n900-214-08,x\n", []string{"1  quote"}},
		"not UTF-8":         {sampleHeader + "HW08,\xc0\xaf,900-214-08,x,T\n" + good, []string{"2  not_utf8"}},
		"an open quote":     {sampleHeader + "HW08,x,900-214-08,\"x,T\n" + good + "HW08,x,900-249-08,\"x\ny\",T\n", []string{"2  quote", "4  quote", "5  quote"}},
		"a quote inside":    {sampleHeader + "HW08,x,900-214-08,x\"y\",T\n", []string{"2  quote"}},
		"cells":             {sampleHeader + "HW08,x,900-214-08,T\n" + good + "HW08,x,900-249-08,x,T,I\n", []string{"2  cell_count", "4  cell_count"}},
		"codes":             {sampleHeader + "HW08,x,900-214-8,x,T\n,x,us:D009,x,T\n,x,,x,T\n,x,HW08,x,T\n", []string{"2 code malformed_waste_code", "3 code malformed_waste_code", "4 code malformed_waste_code", "5 code malformed_waste_code"}},
		"repeated":          {sampleHeader + good + good, []string{"3 code repeated"}},
		"category":          {sampleHeader + "HW09 x,x,900-214-08,x,T\n矿物油,x,900-249-08,x,T\nHW,x,900-199-08,x,T\n废,x,900-200-08,x,T\n", []string{"2 category other_category", "3 category category", "4 category category", "5 category category"}},
		"titles":            {sampleHeader + good + "HW08 别名,x,900-249-08,x,T\n", []string{"3 category other_title"}},
		"hazards":           {sampleHeader + "HW08,x,900-214-08,x,\n,x,900-249-08,x,X\n,x,900-199-08,x,T/I；C\n,x,900-200-08,x,\"T,T\"\n", []string{"2 hazards hazards", "3 hazards hazards", "4 hazards hazards", "5 hazards hazards"}},
		"descriptions": {sampleHeader + "HW08,x,900-214-08,,T\n,x,900-249-08,=cmd(),T\n,x,900-199-08,a\u202eb,T\n,x,900-200-08," + strings.Repeat("废", MaxDescription+1) + ",T\n,x,900-201-08,＋1,T\n",
			[]string{"2 description required", "3 description formula", "4 description characters", "5 description length", "6 description formula"}},
		"industry":         {sampleHeader + "HW08,@x,900-214-08,x,T\nHW08,a\tb,900-249-08,x,T\n", []string{"2 industry formula", "3 industry characters"}},
		"title":            {sampleHeader + "HW08=1,x,900-214-08,x,T\n", []string{"2 category formula"}},
		"another edition":  {"code,description,hazards,edition\n900-214-08,x,T,2021\n900-249-08,x,T,\n", []string{"2 edition other_edition", "3 edition other_edition"}},
		"all on one line":  {sampleHeader + "HW08,=x,900-214-8,,X\n", []string{"2 code malformed_waste_code", "2 industry formula", "2 description required", "2 hazards hazards"}},
		"carriage returns": {sampleHeader + "HW08,x,900-214-08,a\rb,T\n", []string{"2 description characters"}},
	} {
		text, bad := readSample(t, c.file)
		var got []string
		for _, b := range bad {
			got = append(got, fmt.Sprintf("%d %s %s", b.Line, b.Column, b.Code))
			if b.Detail == "" || b.DetailZH == "" || strings.ContainsFunc(b.Column+b.Detail+b.DetailZH, misleading) {
				t.Errorf("%s: %+v", name, b)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
		if len(text.Entries)+len(text.Categories) > 0 {
			t.Errorf("%s: a bad file left entries", name)
		}
		if _, err := text.Edition(); err == nil {
			t.Errorf("%s: a bad file makes an edition", name)
		}
	}
}

func TestEditionFileIsBounded(t *testing.T) {
	broken := errors.New("the disk is gone")
	many := "code,description,hazards\n" + strings.Repeat("x,x,T\n", MaxEditionLines+1)
	for name, c := range map[string]struct {
		r    io.Reader
		want fault.Kind
	}{
		"too large":  {bytes.NewReader(make([]byte, MaxEditionBytes+1)), fault.TooLarge},
		"endless":    {endless{}, fault.TooLarge},
		"many lines": {strings.NewReader(many), fault.TooManyLines},
		"cut short":  {io.MultiReader(strings.NewReader(sampleHeader), iotest.ErrReader(broken)), fault.UploadCutShort},
	} {
		text, lines, bad, err := ReadEditionFile(c.r, sampleText)
		if fault.Of(err) != c.want || lines != 0 || bad != nil || len(text.Entries) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	full := strings.TrimSuffix(many, "x,x,T\n")
	if _, lines, bad, err := ReadEditionFile(strings.NewReader(full), sampleText); err != nil || lines != MaxEditionLines || len(bad) != MaxEditionLines {
		t.Errorf("at the bound: %d lines, %d bad, %v", lines, len(bad), err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	copy(b, bytes.Repeat([]byte("x"), len(b)))
	return len(b), nil
}

func TestEditionFits(t *testing.T) {
	good := sampleText
	if err := good.Fits(DefaultCatalog().Editions()); err != nil {
		t.Fatal(err)
	}
	var bad EditionText
	bad.ID, bad.ValidTo = strings.Repeat("x", 21), on("1999-01-01")
	err := bad.Fits(nil)
	if f := fault.As(err); f == nil || f.Kind != fault.InvalidImport || len(f.Fields) != 3 {
		t.Errorf("%v", err)
	}
	shipped := EditionText{ID: "2021", ValidFrom: on("2021-01-01"), ValidTo: on("2025-01-01")}
	if err := shipped.Fits(DefaultCatalog().Editions()); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*EditionText){
		"other end":        func(e *EditionText) { e.ValidTo = on("2026-01-01") },
		"other beginning":  func(e *EditionText) { e.ValidFrom = on("2021-01-02") },
		"another's day":    func(e *EditionText) { e.ID = "2020" },
		"another, no end ": func(e *EditionText) { e.ID = "2020"; e.ValidTo = on("2022-01-01") },
	} {
		x := shipped
		change(&x)
		if err := x.Fits(DefaultCatalog().Editions()); fault.Of(err) != fault.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The hash tells apart whatever two editions say differently, and nothing else.
func TestEditionHash(t *testing.T) {
	base, bad := readSample(t, sampleHeader+"HW08 样例,样例,900-214-08,样例,T\nHW08,样例,900-249-08,样例,T\n")
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	same := base
	same.Source, same.ValidFrom = "elsewhere", base.ValidFrom.UTC()
	if same.Hash() != base.Hash() {
		t.Error("the same edition from elsewhere is another")
	}
	seen := map[[32]byte]string{base.Hash(): "base"}
	for name, change := range map[string]func(*EditionText){
		"id":           func(e *EditionText) { e.ID = "other" },
		"first day":    func(e *EditionText) { e.ValidFrom = e.ValidFrom.AddDate(0, 0, 1) },
		"last day":     func(e *EditionText) { e.ValidTo = on("2030-01-01") },
		"title":        func(e *EditionText) { e.Categories[0].Title += "x" },
		"category":     func(e *EditionText) { e.Categories[0].Code = "HW09" },
		"industry":     func(e *EditionText) { e.Entries[0].Industry += "x" },
		"description":  func(e *EditionText) { e.Entries[0].Description += "x" },
		"hazards":      func(e *EditionText) { e.Entries[0].Hazards = "T,I" },
		"order":        func(e *EditionText) { slices.Reverse(e.Entries) },
		"an entry":     func(e *EditionText) { e.Entries = e.Entries[:1] },
		"moved border": func(e *EditionText) { e.Entries[0].Industry, e.Entries[0].Description = "样例样", "例" },
	} {
		x := base
		x.Categories, x.Entries = slices.Clone(base.Categories), slices.Clone(base.Entries)
		change(&x)
		if other, again := seen[x.Hash()]; again {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[x.Hash()] = name
	}
}

func TestDiff(t *testing.T) {
	text, bad := readSample(t, sampleHeader+"HW08,x,900-214-08,x,\"T,I\"\n,x,900-249-08,x,T/I\n,x,900-999-08,x,T\n")
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	e, err := text.Edition()
	if err != nil {
		t.Fatal(err)
	}
	d := Diff(edition2021(t), e)
	if !slices.Equal(d.Added, []Code{"900-999-08"}) || !slices.Equal(d.Hazards, []Code{"900-249-08"}) || len(d.Gone) != 465 || d.Gone[0] != "841-001-01" {
		t.Errorf("added %v, other hazards %v, %d gone", d.Added, d.Hazards, len(d.Gone))
	}
	if d := Diff(e, e); len(d.Added)+len(d.Gone)+len(d.Hazards) != 0 {
		t.Errorf("an edition differs from itself: %+v", d)
	}
}

// A later argument with the id of an earlier one takes its place.
func TestAnImportedTextTakesTheFactsPlace(t *testing.T) {
	text, _ := readSample(t, sampleHeader+"HW08,x,900-214-08,样例正式文本,T\n")
	text.ID, text.ValidFrom, text.ValidTo = "2021", on("2021-01-01"), on("2025-01-01")
	e, err := text.Edition()
	if err != nil {
		t.Fatal(err)
	}
	c := NewCatalog(append(DefaultCatalog().Editions(), e)...)
	if x, ok := c.Lookup("900-214-08", on("2026-01-01")); !ok || x.Description != "样例正式文本" || !x.Carried || len(c.Editions()) != 1 {
		t.Errorf("%v %+v", ok, x)
	}
}

// quote writes a cell as RFC 4180 has it.
func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// What is written as CSV is read back as it was, whatever printable text it holds.
func TestEditionFileReadsBack(t *testing.T) {
	plain := rapid.StringMatching(`[a-z0-9废油，,"（）；/]{1,40}`)
	rapid.Check(t, func(t *rapid.T) {
		want := sampleText
		var file strings.Builder
		file.WriteString("hazards,description,industry,code,category_name\n")
		titles := map[string]string{}
		for i := range rapid.IntRange(1, 12).Draw(t, "codes") {
			c := Code(fmt.Sprintf("%03d-%03d-%02d", 900-i, i, rapid.IntRange(1, 50).Draw(t, "category")))
			if _, there := titles[c.Category()]; !there {
				titles[c.Category()] = plain.Draw(t, "title")
				want.Categories = append(want.Categories, CategoryText{c.Category(), titles[c.Category()]})
			}
			x := EntryText{Code: c, Industry: plain.Draw(t, "industry"), Description: plain.Draw(t, "description"), Hazards: rapid.SampledFrom([]string{"T", "T,I", "C/T/In", "R"}).Draw(t, "hazards")}
			want.Entries = append(want.Entries, x)
			for _, cell := range []string{x.Hazards, x.Description, x.Industry, string(c)} {
				file.WriteString(quote(cell) + ",")
			}
			file.WriteString(quote(titles[c.Category()]) + "\n")
		}
		got, lines, bad, err := ReadEditionFile(strings.NewReader(file.String()), sampleText)
		if err != nil || len(bad) > 0 || lines != len(want.Entries) || got.Hash() != want.Hash() {
			t.Fatalf("%v %v\n%s\n%+v\n%+v", bad, err, file.String(), got, want)
		}
	})
}

func FuzzReadEditionFile(f *testing.F) {
	f.Add(sampleHeader + "HW08 样例,样例,900-214-08,样例,\"T，I\"\n,,900-249-08,乙,T/I\n")
	f.Add("code,description,hazards\n900-214-08,=x,T\n900-214-08,\"x,T\n")
	f.Add("\xef\xbb\xbf代码,危险废物,特性,类别\r\n900-001-51,x,In,HW51新\r\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, file string) {
		text, lines, bad, err := ReadEditionFile(strings.NewReader(file), sampleText)
		if err != nil {
			if fault.As(err) == nil || len(text.Entries) > 0 {
				t.Fatalf("%v with %d entries", err, len(text.Entries))
			}
			return
		}
		for _, b := range bad {
			if b.Line < 1 || b.Code == "" || len(b.Detail) > 400 || strings.ContainsFunc(b.Column+b.Detail+b.DetailZH, misleading) {
				t.Fatalf("%+v", b)
			}
		}
		e, err := text.Edition()
		if (err == nil) != (len(bad) == 0) || len(bad) == 0 && (lines != len(text.Entries) || len(e.Entries()) != lines) {
			t.Fatalf("%d lines, %d bad, %v", lines, len(bad), err)
		}
		for _, x := range text.Entries {
			if formula(x.Description) || x.Description == "" || x.Code.Foreign() {
				t.Fatalf("%+v", x)
			}
		}
	})
}
