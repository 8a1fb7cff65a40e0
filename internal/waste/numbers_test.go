package waste

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/fault"
)

// words are the codes of a fault's fields.
func words(t *testing.T, err error) []string {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != fault.InvalidEvent {
		t.Fatalf("not the right fault: %v", err)
	}
	var out []string
	for _, v := range f.Fields {
		if v.Detail == "" || v.DetailZH == "" {
			t.Errorf("%s says nothing", v.Code)
		}
		out = append(out, v.Code)
	}
	return out
}

func drawDay(t *rapid.T) time.Time {
	return on("2000-01-01").AddDate(0, 0, rapid.IntRange(0, 36_524).Draw(t, "day"))
}

func TestManifestNumber(t *testing.T) {
	n, err := ParseManifestNumber("20261306000123")
	if err != nil || n != (ManifestNumber{Year: 2026, Province: 13, City: 6, Serial: 123}) || n.Provisional() || n.IsZero() {
		t.Errorf("%+v %v", n, err)
	}
	for s, want := range map[string][]string{
		"":                    {"malformed_manifest_number"},
		"2026130600012":       {"malformed_manifest_number"},
		"202613060001234":     {"malformed_manifest_number"},
		"2026130600012３":      {"malformed_manifest_number"},
		"20261306000123\n":    {"malformed_manifest_number"},
		" 20261306000123":     {"malformed_manifest_number"},
		"L-":                  {"malformed_manifest_number"},
		"19991306000123":      {"year"},
		"21001306000123":      {"year"},
		"20261006000123":      {"province"},
		"20268306000123":      {"province"},
		"20261306000000":      {"serial"},
		"19990006000000":      {"year", "province", "serial"},
		"L-2026":              {"year"},
		"L-2026-":             {"check"},
		"L-1999-0000000000":   {"year", "check"},
		"L-20x6-00000000000":  {"year"},
		"L-2026-00000000001":  {"check"},
		"L-2026-000000000000": {"check"},
	} {
		if n, err := ParseManifestNumber(s); err == nil || !n.IsZero() {
			t.Errorf("%q accepted", s)
		} else if got := words(t, err); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
	if (ManifestNumber{}).String() != "" || (ManifestNumber{}).Provisional() {
		t.Error("no number is one")
	}
}

func TestManifestNumberReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := ManifestNumber{Year: rapid.IntRange(2000, 2099).Draw(t, "year"), Province: rapid.IntRange(11, 82).Draw(t, "province"),
			City: rapid.IntRange(0, 99).Draw(t, "city"), Serial: rapid.IntRange(1, 999_999).Draw(t, "serial")}
		back, err := ParseManifestNumber(n.String())
		if err != nil || back != n || len(n.String()) != 14 {
			t.Fatalf("%+v -> %s -> %+v %v", n, n, back, err)
		}
	})
}

var national = regexp.MustCompile(`[0-9]{14}`)

// A provisional number reads back as it was made, also in a person's hand, a changed
// character is found, and it is never a national one.
func TestProvisionalNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rapid.SliceOfN(rapid.Byte(), ProvisionalBytes, ProvisionalBytes).Draw(t, "random")
		n, err := NewProvisional(rapid.IntRange(2000, 2099).Draw(t, "year"), random)
		if err != nil || !n.Provisional() || n.Serial != 0 {
			t.Fatalf("%+v %v", n, err)
		}
		s := n.String()
		if national.MatchString(strings.ReplaceAll(s, "-", "")[1:4]) || s[0] != 'L' {
			t.Fatalf("%s looks national", s)
		}
		spoken := strings.ToLower(s)
		spoken = spoken[:7] + strings.NewReplacer("0", "o", "1", "i").Replace(spoken[7:17]) + spoken[17:]
		for _, written := range []string{s, spoken} {
			if back, err := ParseManifestNumber(written); err != nil || back != n {
				t.Fatalf("%s as %s: %+v %v", s, written, back, err)
			}
		}
		at := rapid.IntRange(7, len(s)-1).Draw(t, "at")
		if other := rapid.SampledFrom([]byte("0123456789ABCDEFGHJKMNPQRSTVWXYZ")).Draw(t, "other"); other != s[at] {
			if back, err := ParseManifestNumber(s[:at] + string(other) + s[at+1:]); err == nil {
				t.Fatalf("%s with %c at %d is %s", s, other, at, back)
			}
		}
	})
	for _, c := range []struct{ year, n int }{{2026, ProvisionalBytes - 1}, {2026, ProvisionalBytes + 1}, {2026, 0}, {1999, ProvisionalBytes}, {2100, ProvisionalBytes}} {
		if n, err := NewProvisional(c.year, make([]byte, c.n)); fault.Of(err) != fault.InvalidRequest || !n.IsZero() {
			t.Errorf("%d with %d bytes: %v", c.year, c.n, err)
		}
	}
}

const sampleUnit = "91130600MA0SAMPXE1" // 样例 SAMPLE: well-formed, its check character not computed

func TestIdentificationCode(t *testing.T) {
	unit := strings.NewReplacer("S", "5").Replace(sampleUnit)
	good := unit + "90021408" + "20260228" + "007"
	c, err := ParseIdentificationCode(good)
	if err != nil || c.Unit != unit || c.Waste != "900-214-08" || !c.Day.Equal(on("2026-02-28")) || c.Sequence != 7 || c.String() != good {
		t.Fatalf("%+v %v", c, err)
	}
	width := 0
	for _, s := range IdentificationSegments() {
		width += s.Width
		if s.Name == "" || s.NameEN == "" || !certainty.MatchString(s.Certainty) {
			t.Errorf("%+v", s)
		}
	}
	if width != len(good) || len(good) != 37 {
		t.Errorf("segments have %d characters", width)
	}
	for s, want := range map[string][]string{
		"":                                        {"malformed_identification_code"},
		good[1:]:                                  {"malformed_identification_code"},
		good + "0":                                {"malformed_identification_code"},
		strings.Repeat("废", 37):                   {"malformed_identification_code"},
		sampleUnit + good[18:]:                    {"unit"}, // has an S
		strings.ToLower(unit) + good[18:]:         {"unit"},
		unit[:2] + "A" + unit[3:] + good[18:]:     {"unit"},
		unit + "9002140a" + good[26:]:             {"waste"},
		unit + "90021408" + "20260229" + "007":    {"day"},
		unit + "90021408" + "20261301" + "007":    {"day"},
		unit + "90021408" + "19991231" + "007":    {"day"},
		unit + "90021408" + "20260228" + "000":    {"sequence"},
		unit + "90021408" + "20260228" + "-01":    {"sequence"},
		unit + "90021408" + "20260228" + "１":      {"sequence"}, // three bytes, one digit
		strings.Repeat("x", 37):                   {"unit", "waste", "day", "sequence"},
		strings.Repeat("0", 26) + "00000000000":   {"day", "sequence"},
		strings.Repeat("\x00", 26) + good[26:]:    {"unit", "waste"},
		unit + "+9021408" + "2026-2-8" + "1e2":    {"waste", "day", "sequence"},
		"９" + unit[3:] + "90021408" + good[26:37]: {"unit"},
	} {
		if c, err := ParseIdentificationCode(s); err == nil || c != (IdentificationCode{}) {
			t.Errorf("%q accepted", s)
		} else if got := words(t, err); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

func TestIdentificationCodeReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.StringMatching(`[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}`).Draw(t, "unit")
		code := Code(rapid.StringMatching(`[0-9]{3}-[0-9]{3}-[0-9]{2}`).Draw(t, "code"))
		at := drawDay(t).Add(time.Duration(rapid.Int64Range(0, int64(24*time.Hour)-1).Draw(t, "time")))
		n := rapid.IntRange(0, MaxSequence-1).Draw(t, "counted")
		c, err := NewIdentificationCode(unit, code, at.UTC(), n)
		if err != nil || c.Sequence != n+1 || !c.Day.Equal(startOfDay(at)) {
			t.Fatalf("%+v %v", c, err)
		}
		back, err := ParseIdentificationCode(c.String())
		if err != nil || back != c {
			t.Fatalf("%s -> %+v %v, want %+v", c, back, err, c)
		}
	})
}

func TestIdentificationCodeIsNotMade(t *testing.T) {
	unit := strings.NewReplacer("S", "5").Replace(sampleUnit)
	for name, c := range map[string]struct {
		unit    string
		code    Code
		at      time.Time
		counted int
		want    []string
	}{
		"999 counted":     {unit, "900-214-08", on("2026-02-28"), 999, []string{"sequence_overflow"}},
		"many counted":    {unit, "900-214-08", on("2026-02-28"), 1 << 40, []string{"sequence_overflow"}},
		"below nothing":   {unit, "900-214-08", on("2026-02-28"), -1, []string{"sequence"}},
		"foreign waste":   {unit, "us:D009", on("2026-02-28"), 1, []string{"waste"}},
		"nothing":         {"", "", time.Time{}, -1, []string{"unit", "waste", "day", "sequence"}},
		"another century": {unit, "900-214-08", on("2100-01-01"), 1, []string{"day"}},
	} {
		if got, err := NewIdentificationCode(c.unit, c.code, c.at, c.counted); err == nil || got != (IdentificationCode{}) {
			t.Errorf("%s: made %s", name, got)
		} else if w := words(t, err); !slices.Equal(w, c.want) {
			t.Errorf("%s: %v, want %v", name, w, c.want)
		}
	}
}

func TestLedgerCode(t *testing.T) {
	for s, kind := range map[string]LedgerKind{
		"HWCS20211031001": LedgerGenerated, "HWRK20211031001": LedgerStocked, "HWCK20211031001": LedgerDrawn, "HWZXLY20211031002": LedgerOwnUse,
		"HWZXCZ20211031001": LedgerOwnDispose, "HWWWLY20211031001": LedgerOutUse, "HWWWCZ20211031001": LedgerOutDispose,
		"HWCKLY20211031001": LedgerExportUse, "HWCKCZ20211031999": LedgerExportDisp, // the clash: 出口 begins as 出库 does
	} {
		c, err := ParseLedgerCode(s)
		if err != nil || c.Kind != kind || c.Foreign() || c.String() != s || !c.Day.Equal(on("2021-10-31")) {
			t.Errorf("%s: %+v %v", s, c, err)
		}
	}
	for _, s := range []string{ // other forms are kept as they are
		"HWCS", "HWCS20211031", "HWCS20211031000", "HWCS202110310011", "HWCS20211331001", "HWCS20210229001", "HWCS19991231001", "HWCS2021103100１",
		"hwcs20211031001", "HWXX20211031001", "HWCKXX20211031001", "2021-10-31/1", "甲班第3桶", "A", strings.Repeat("废", MaxLedgerCode), "HWCK-LY", " x"[1:],
	} {
		c, err := ParseLedgerCode(s)
		if err != nil || !c.Foreign() || c.String() != s || c.Sequence != 0 {
			t.Errorf("%q: %+v %v", s, c, err)
		}
	}
	for _, s := range []string{"", " ", " HWCS20211031001", "HWCS20211031001\n", "a\tb", "a\x00b", "a\u202eb", "a\u200bb", "\xff", "=1+1", "+1", "-1", "@x", "＝x",
		strings.Repeat("x", MaxLedgerCode+1), "a\u2028b", "a\ufffdb"} {
		if c, err := ParseLedgerCode(s); err == nil || c != (LedgerCode{}) {
			t.Errorf("%q accepted", s)
		} else if got := words(t, err); got[0] != "malformed_ledger_code" || strings.ContainsFunc(fault.As(err).Fields[0].DetailZH, misleading) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestNextLedgerCodeReadsBack(t *testing.T) {
	for _, k := range LedgerKinds() {
		if k.Name() == "" || k.NameEN() == "" || !slices.Contains(longestFirst, k) {
			t.Errorf("%s has no name or is never tried", k)
		}
	}
	for i, k := range longestFirst {
		for _, later := range longestFirst[i+1:] {
			if strings.HasPrefix(string(later), string(k)) {
				t.Errorf("%s is tried before %s", k, later)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(LedgerKinds()).Draw(t, "kind")
		at := drawDay(t).Add(time.Duration(rapid.Int64Range(0, int64(24*time.Hour)-1).Draw(t, "time"))).UTC()
		n := rapid.IntRange(0, MaxSequence-1).Draw(t, "counted")
		c, err := NextLedgerCode(k, at, n)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseLedgerCode(c.String())
		if err != nil || back != c || c.Sequence != n+1 || c.Kind != k {
			t.Fatalf("%s -> %+v %v", c, back, err)
		}
	})
	for name, c := range map[string]struct {
		kind    LedgerKind
		at      time.Time
		counted int
		want    []string
	}{
		"full day":  {LedgerStocked, on("2026-01-01"), 999, []string{"sequence_overflow"}},
		"no kind":   {"HWXX", on("2026-01-01"), 0, []string{"kind"}},
		"all wrong": {"", time.Time{}, -1, []string{"kind", "day", "sequence"}},
	} {
		if got, err := NextLedgerCode(c.kind, c.at, c.counted); err == nil || got != (LedgerCode{}) {
			t.Errorf("%s: made %s", name, got)
		} else if w := words(t, err); !slices.Equal(w, c.want) {
			t.Errorf("%s: %v", name, w)
		}
	}
}

func FuzzParseManifestNumber(f *testing.F) {
	for _, s := range []string{"20261306000123", "19990006000000", "L-2026-7ZK3M9QXPA4", "l-2026-", "L-2026-00000000000", "２０２６"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseManifestNumber(s)
		if err != nil {
			if !n.IsZero() || fault.As(err) == nil || len(err.Error()) > 2_000 {
				t.Fatalf("%q: %v with %v", s, n, err)
			}
			return
		}
		if back, err := ParseManifestNumber(n.String()); err != nil || back != n {
			t.Fatalf("%q: %s read back as %v, %v", s, n, back, err)
		}
		if n.Provisional() == national.MatchString(n.String()) || !n.Provisional() && n.String() != s {
			t.Fatalf("%q: %s", s, n)
		}
	})
}

func FuzzParseIdentificationCode(f *testing.F) {
	f.Add(strings.Replace(sampleUnit, "S", "5", 1) + "9002140820260228007")
	f.Add(strings.Repeat("0", 37))
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseIdentificationCode(s)
		if err != nil {
			if c != (IdentificationCode{}) || fault.As(err) == nil || len(err.Error()) > 2_000 {
				t.Fatalf("%q: %v with %v", s, c, err)
			}
			return
		}
		if _, err := ParseCode(string(c.Waste)); err != nil || c.String() != s || c.Waste.Foreign() {
			t.Fatalf("%q read as %+v", s, c)
		}
	})
}

func FuzzParseLedgerCode(f *testing.F) {
	for _, s := range []string{"HWCKLY20211031001", "HWCK20211031001", "HWCK20210229001", "甲班", "=1", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseLedgerCode(s)
		if err != nil {
			if c != (LedgerCode{}) || fault.As(err) == nil || len(err.Error()) > 2_000 {
				t.Fatalf("%q: %v with %v", s, c, err)
			}
			return
		}
		if c.String() != s || c.Foreign() == (c.Sequence > 0) || formula(s) || strings.ContainsFunc(s, misleading) {
			t.Fatalf("%q read as %+v", s, c)
		}
	})
}
