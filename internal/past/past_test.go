package past_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/past"
	"liandan/internal/waste"
)

var origin = past.Origin{Kind: past.Manifests, Party: id.PartyOf(id.V7(1, [10]byte{1})), Site: id.SiteOf(id.V7(1, [10]byte{2})),
	Today: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}

func same(s string) string { return s }

func read(t *testing.T, o past.Origin, header, line string, sheet bool) (past.Record, []past.Note) {
	t.Helper()
	l, notes := past.Find(o.Kind, strings.Split(header, "|"), nil)
	if len(notes) > 0 {
		t.Fatalf("%s: %+v", header, notes)
	}
	return past.Read(o, l, 2, strings.Split(line, "|"), sheet, same)
}

func TestColumnsAreFound(t *testing.T) {
	for header, want := range map[string]past.Mapping{
		"联单编号|转移日期|废物代码|转移量（吨）":                                     {past.Number: "联单编号", past.Day: "转移日期", past.Code: "废物代码", past.Quantity: "转移量（吨）"},
		"*联单编号 |序号|日期| 废物代码|数量|单位|车牌号":                              {past.Number: "*联单编号", past.Item: "序号", past.UnitOf: "单位", past.Vehicle: "车牌号"},
		"manifest number|line|date|waste code|Quantity (kg)":        {past.Number: "manifest number", past.Item: "line", past.Quantity: "Quantity (kg)"},
		"联单编号 number|序号 line|填写时间 issued|废物代码 code|移出量(吨) issued t": {past.Number: "联单编号 number", past.Day: "填写时间 issued", past.Quantity: "移出量(吨) issued t"},
	} {
		l, notes := past.Find(past.Manifests, strings.Split(header, "|"), nil)
		if len(notes) > 0 {
			t.Errorf("%s: %+v", header, notes)
		}
		for f, title := range want {
			if strings.TrimSpace(l.Column(f)) != strings.TrimSpace(title) {
				t.Errorf("%s: %s is %q", header, f, l.Column(f))
			}
		}
	}
	if _, notes := past.Find(past.Manifests, []string{"甲", "乙"}, nil); len(notes) != 4 {
		t.Errorf("a header of nothing: %+v", notes)
	}
	m, err := past.ParseMapping("# 列\nnumber = 甲\nday=乙,code=丙\nquantity=丁(kg)")
	if err != nil {
		t.Fatal(err)
	}
	if l, notes := past.Find(past.Manifests, []string{"甲", "乙", "丙", "丁(kg)"}, m); len(notes) > 0 || l.Column(past.Quantity) != "丁(kg)" {
		t.Errorf("mapped: %+v", notes)
	}
	if _, notes := past.Find(past.Manifests, []string{"甲", "乙"}, m); len(notes) != 2 {
		t.Errorf("a mapping to nothing: %+v", notes)
	}
	for _, bad := range []string{"x", "number=", "weight=甲", "number=a\nnumber=b"} {
		if _, err := past.ParseMapping(bad); fault.Of(err) != fault.InvalidImport {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestQuantitiesAreExact(t *testing.T) {
	const head = "联单编号|日期|废物代码|数量|单位"
	for in, want := range map[string]waste.Grams{"1.234567|吨": 1_234_567, "0.1|吨": 100_000, "0.3|t": 300_000, "1,234.5|千克": 1_234_500, "12.3456|kg": 12_346, "7|克": 7, "3|市斤": 1500, "0.001|市斤": 1,
		"1.5吨|": 1_500_000, "1.5 吨|t": 1_500_000, "2|公斤": 2000, "5|吨 t": 5_000_000, "1000|吨": 1_000_000_000} {
		r, notes := read(t, origin, head, "A1|2025-01-02|900-214-08|"+in, false)
		if len(notes) > 0 || r.Grams != want {
			t.Errorf("%s: %d, want %d (%+v)", in, r.Grams, want, notes)
		}
	}
	for in, code := range map[string]string{"|吨": "required", "-1|吨": "negative", "1|": "unit_missing", "1|斤": "unknown_unit", "1|箱": "unknown_unit", "1|升": "volume_without_mass", "0|吨": "zero_mass", "1e3|吨": "malformed_quantity",
		"1.5吨|kg": "two_units", "1,23|吨": "malformed_quantity", "1001|吨": "out_of_range", "NaN|吨": "malformed_quantity", "99999999999999999999999|吨": "mass_out_of_range", "=1+1|吨": "malformed_quantity", "１|吨": "malformed_quantity"} {
		r, notes := read(t, origin, head, "A1|2025-01-02|900-214-08|"+in, false)
		if len(notes) != 1 || notes[0].Code != code || notes[0].Line != 2 || notes[0].Column != "数量" || notes[0].DetailZH == "" {
			t.Errorf("%s: %d %+v, want %s", in, r.Grams, notes, code)
		}
	}
	if r, notes := read(t, origin, "联单编号|日期|废物代码|数量(千克)", "A1|2025-01-02|900-214-08|2", false); len(notes) > 0 || r.Grams != 2000 || r.Unit != "千克" {
		t.Errorf("the title's unit: %+v %+v", r, notes)
	}
	o := origin
	o.Unit = "克"
	if r, notes := read(t, o, "联单编号|日期|废物代码|数量", "A1|2025-01-02|900-214-08|2", false); len(notes) > 0 || r.Grams != 2 {
		t.Errorf("the importer's unit: %+v %+v", r, notes)
	}
}

func TestDaysCodesAndTexts(t *testing.T) {
	const head = "联单编号|日期|废物代码|数量(吨)|废物名称"
	for _, day := range []string{"2025-03-01", "2025/3/1", "2025.3.1", "2025年3月1日", "20250301", "2025-03-01 08:30", "2025-03-01T08:30:00.000+08:00"} {
		if r, notes := read(t, origin, head, "A1|"+day+"|900-214-08|1|油", false); len(notes) > 0 || r.Day != "2025-03-01" {
			t.Errorf("%s: %s %+v", day, r.Day, notes)
		}
	}
	if r, notes := read(t, origin, head, "A1|45717|900-214-08|1|", true); len(notes) > 0 || r.Day != "2025-03-01" {
		t.Errorf("a workbook's day: %s %+v", r.Day, notes)
	}
	for day, code := range map[string]string{"": "required", "2025-02-30": "malformed_date", "1.3.2025": "malformed_date", "45717": "malformed_date", "2026-03-03": "future_date", "1999-01-01": "date_out_of_range", "2025-03-01 25:00": "malformed_date"} {
		if _, notes := read(t, origin, head, "A1|"+day+"|900-214-08|1|", false); len(notes) != 1 || notes[0].Code != code {
			t.Errorf("%s: %+v, want %s", day, notes, code)
		}
	}
	for in, want := range map[string]waste.Code{"900-214-08": "900-214-08", "HW08 900-214-08": "900-214-08", "HW08/900-214-08": "900-214-08", "90021408": "900-214-08", "999-999-08": "999-999-08"} {
		if r, notes := read(t, origin, head, "A1|2025-03-01|"+in+"|1|", false); len(notes) > 0 || r.Code != want {
			t.Errorf("%s: %s %+v", in, r.Code, notes)
		}
	}
	for _, line := range []string{"A1|2025-03-01|油|1|", "A1|2025-03-01||1|", "|2025-03-01|900-214-08|1|", "A1\u202e|2025-03-01|900-214-08|1|", "A1|2025-03-01|900-214-08|1|" + strings.Repeat("样", 201), "A1|2025-03-01|900-214-08|1|a\nb"} {
		if _, notes := read(t, origin, head, line, false); len(notes) != 1 {
			t.Errorf("%q: %+v", line, notes)
		}
	}
	if _, notes := read(t, origin, head, "|x|y|z|", false); len(notes) != 4 {
		t.Errorf("everything wrong at once: %+v", notes)
	}
	ledger := origin
	ledger.Kind = past.Ledger
	if r, notes := read(t, ledger, "批次编码|时间|废物代码|数量|计量单位", "HWWWCZ20250301001|2025-03-01|900-214-08|1|吨", false); len(notes) > 0 || r.Table != "HWWWCZ" || r.Item != "" {
		t.Errorf("a ledger's line: %+v %+v", r, notes)
	}
}

func TestOneSpellingAndKeys(t *testing.T) {
	r, _ := read(t, origin, "联单编号|序号|日期|废物代码|数量(吨)|废物名称", "A1|1|2025-03-01|900-214-08|1|<油>&\"", false)
	body, err := r.Body()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := past.Parse(body); err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%v\n%+v\n%+v", err, got, r)
	}
	for i := range body {
		b := append([]byte(nil), body...)
		b[i] ^= 1
		if got, err := past.Parse(b); err == nil && reflect.DeepEqual(got, r) {
			t.Fatalf("%s is the same record", b)
		} else if err != nil && fault.Of(err) != fault.Damaged {
			t.Fatal(err)
		}
	}
	other := r
	other.Number, other.Item = "A", "11"
	split := r
	split.Number, split.Item = "A1", "1"
	if other.Key() == r.Key() || split.Key() != r.Key() {
		t.Error("keys run together")
	}
	a, b := past.NewDigest(), past.NewDigest()
	a.Add(2, body, 1)
	b.Add(3, body, 1)
	if a.Sum() == b.Sum() {
		t.Error("a line's number is not in the digest")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("联单编号|日期|废物代码|数量|单位", "A1|2025-01-02|900-214-08|1.5吨|", true)
	f.Add("批次编码|时间|废物代码|数量(kg)", "HWCS20250301001|45717|HW08 900-214-08|1,000", false)
	f.Fuzz(func(t *testing.T, header, line string, sheet bool) {
		for _, k := range past.Kinds() {
			o := origin
			o.Kind = k
			l, notes := past.Find(k, strings.Split(header, "|"), nil)
			r, bad := past.Read(o, l, 2, strings.Split(line, "|"), sheet, same)
			if len(notes) > 0 || len(bad) > 0 {
				continue
			}
			if r.Grams <= 0 || r.Grams > waste.MaxBatch || r.Number == "" || r.Code == "" || r.Day > "2026-03-02" || r.Day < "2000" {
				t.Fatalf("%+v", r)
			}
			body, err := r.Body()
			if err != nil {
				t.Fatalf("%+v: %v", r, err)
			}
			if got, err := past.Parse(body); err != nil || got != r {
				t.Fatalf("%v: %+v is read back as %+v", err, r, got)
			}
		}
	})
}

func TestGramsHaveNoFloat(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := rapid.Int64Range(1, 1_000_000_000).Draw(r, "grams")
		kg := waste.Grams(g).Kilograms()
		l, _ := past.Find(past.Manifests, []string{"联单编号", "日期", "废物代码", "数量(千克)"}, nil)
		got, notes := past.Read(origin, l, 2, []string{"A", "2025-01-01", "900-214-08", kg}, false, same)
		if len(notes) > 0 || got.Grams != waste.Grams(g) {
			r.Fatalf("%s kg is %d g: %+v", kg, got.Grams, notes)
		}
	})
}
