package waste

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"liandan/internal/fault"
)

func TestParseCode(t *testing.T) {
	for s, category := range map[string]string{
		"900-214-08": "HW08", "841-001-01": "HW01", "900-000-49": "HW49",
		"999-999-99": "HW99", // well-formed, in no edition: unverified, not refused
		"us:D009":    "", "de:13.02.05": "", "us:a-b.C": "", "us:" + strings.Repeat("A", 16): "",
	} {
		c, err := ParseCode(s)
		if err != nil || c.String() != s || c.Category() != category || c.Foreign() != (category == "") {
			t.Errorf("%s: %q category %q foreign %v, %v", s, c, c.Category(), c.Foreign(), err)
		}
	}
	for _, s := range []string{
		"", "900-214-8", "900-214-008", "90-0214-08", "90021408", "HW08", "900-214-08 ", " 900-214-08", "900-214-08\n",
		"９００-214-08", "900–214–08", "900-214-0a", "us:", "us:D009\n", "US:D009", "usa:D009", "u:D009", "us:-D", "us:.D",
		"us:D 9", "us:D/9", "us:" + strings.Repeat("A", 17), "us:废", "cn:900-214-08", "us:us:D1", "D009",
	} {
		c, err := ParseCode(s)
		if err == nil || c != "" {
			t.Errorf("%q accepted", s)
		} else if f := fault.As(err); f.Kind != fault.InvalidEvent || f.Fields[0].Code != "malformed_waste_code" {
			t.Errorf("%q: %v", s, err)
		}
	}
	if c := Code("x"); c.Category() != "" || c.Foreign() || Code("").Category() != "" {
		t.Error("a code that was not parsed gives itself a category")
	}
}

func TestParseMethod(t *testing.T) {
	want := strings.Fields("R1 R2 R3 R4 R5 R6 R7 R8 R9 R15 D1 D9 D10 D16 C1 C2 C3 Y10 Y11 Y12 Y13 Y16 G21 G22 G23 G24 G25 G26 G27 G28 G29")
	var have []string
	for _, m := range Methods() {
		have = append(have, m.Code.String())
	}
	if strings.Join(have, " ") != strings.Join(want, " ") {
		t.Errorf("methods %v", have)
	}
	for _, s := range append(want, "us:H141", "us:H132") {
		m, err := ParseMethod(s)
		if err != nil || m.String() != s || m.Foreign() != strings.Contains(s, ":") {
			t.Errorf("%s: %q, %v", s, m, err)
		}
		if _, ok := m.Info(); ok == m.Foreign() {
			t.Errorf("%s: info %v", s, ok)
		}
	}
	for _, s := range []string{"", "R10", "R0", "R01", "R", "D2", "d10", "D10 ", " D10", "D10\n", "Y14", "G20", "G30", "S", "H141", "cn:D10", "us:", "Ｄ10"} {
		m, err := ParseMethod(s)
		if err == nil || m != "" {
			t.Errorf("%q accepted", s)
		} else if f := fault.As(err); f.Kind != fault.InvalidEvent || f.Fields[0].Code != "unknown_method" {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestMethodFlags(t *testing.T) {
	for _, m := range Methods() {
		chrome, kiln := m.Code[0] == 'G', m.Code == "C1"
		if m.Landfill.Yes() != (m.Code == "D1") || m.Landfill.Known() == chrome {
			t.Errorf("%s: landfill %v; only D1 is landfill by itself", m.Code, m.Landfill)
		}
		if m.Use.Known() != m.Disposal.Known() || m.Use.Known() && m.Use == m.Disposal {
			t.Errorf("%s: use %v and disposal %v; mass counts once, or is left open", m.Code, m.Use, m.Disposal)
		}
		if m.Name == "" || m.NameEN == "" || m.Source == "" || !certainty.MatchString(m.Certainty) || !certainty.MatchString(m.FlagsCertainty) {
			t.Errorf("%s lacks name, source or certainty: %+v", m.Code, m)
		}
		if open := chrome || kiln; open == m.Use.Known() || open != (m.FlagsCertainty == "U") {
			t.Errorf("%s: use %v disposal %v certainty %s", m.Code, m.Use, m.Disposal, m.FlagsCertainty)
		}
		if m.Final.Known() == chrome {
			t.Errorf("%s: final %v", m.Code, m.Final)
		}
		switch m.Code[0] {
		case 'R':
			if !m.Use.Yes() {
				t.Errorf("%s is recovery and not use", m.Code)
			}
		case 'D', 'Y':
			if !m.Disposal.Yes() {
				t.Errorf("%s is not disposal", m.Code)
			}
		}
	}
	if i, _ := Method("D9").Info(); i.Final != No {
		t.Error("D9 leaves waste that must be followed on")
	}
	if s := []string{Unset.String(), No.String(), Yes.String()}; !slices.Equal(s, []string{"unset", "no", "yes"}) {
		t.Errorf("flags are spelled %v", s)
	}
	Methods()[0].Code = "changed"
	if Methods()[0].Code != "R1" {
		t.Error("a caller changed the table")
	}
}

var certainty = regexp.MustCompile(`^(C|C2|L|U)$`)

func TestSmallVocabularies(t *testing.T) {
	for _, h := range Hazards() {
		if got, err := ParseHazard(h.String()); err != nil || got != h || h.Name() == "" || h.NameEN() == "" {
			t.Errorf("hazard %s: %v", h, err)
		}
	}
	for _, f := range Forms() {
		if got, err := ParseForm(f.String()); err != nil || got != f || f.Name() == "" || f.NameEN() == "" {
			t.Errorf("form %s: %v", f, err)
		}
	}
	for _, p := range Packagings() {
		if got, err := ParsePackaging(p.Code.String()); err != nil || got != p.Code || p.Code.Name() == "" || p.Code.NameEN() == "" {
			t.Errorf("packaging %s: %v", p.Code, err)
		}
	}
	for _, p := range []Packaging{"bag", "sharps_box", "drum_steel", "ibc", "tank", "box", "bulk", "cylinder"} {
		if _, err := ParsePackaging(string(p)); err != nil {
			t.Errorf("%s is missing", p)
		}
	}
	for _, s := range []string{"", "t", "X", "IN", "T ", "T,I", "毒"} {
		if _, err := ParseHazard(s); fault.Of(err) != fault.InvalidEvent {
			t.Errorf("hazard %q: %v", s, err)
		}
	}
	for _, s := range []string{"", "s", "SSS", "固态", "S "} {
		if _, err := ParseForm(s); fault.Of(err) != fault.InvalidEvent {
			t.Errorf("form %q: %v", s, err)
		}
	}
	for _, s := range []string{"", "Bag", "barrel", "bag ", "袋"} {
		if _, err := ParsePackaging(s); fault.Of(err) != fault.InvalidEvent {
			t.Errorf("packaging %q: %v", s, err)
		}
	}
	if Hazard("Q").Name() != "" || Form("Q").NameEN() != "" || Packaging("Q").Name() != "" {
		t.Error("an unknown word has a name")
	}
}

func TestParseHazardList(t *testing.T) {
	for s, or := range map[string]bool{"T": false, "T,I": false, "C,T": false, "T/C/I/R/In": true, "T/In": true} {
		list, got, err := ParseHazardList(s)
		if err != nil || got != or || len(list) != strings.Count(s, ",")+strings.Count(s, "/")+1 || string(list[0]) != s[:1] {
			t.Errorf("%s: %v or=%v, %v", s, list, got, err)
		}
	}
	for _, s := range []string{"", ",", "T,", "/T", "T,T", "T/I/T", "T,I/R", "T, I", "T，I", "X"} {
		if list, _, err := ParseHazardList(s); err == nil || list != nil {
			t.Errorf("%q accepted as %v", s, list)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"900-214-08", "us:D009", "cn:900-214-08", "900-214-8", "", "us:-", "９00-214-08"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCode(s)
		if err != nil {
			if c != "" || fault.As(err) == nil {
				t.Fatalf("%q: %q with %v", s, c, err)
			}
			return
		}
		again, err := ParseCode(c.String())
		if err != nil || again != c || len(c) > 19 || c.Foreign() == strings.HasPrefix(c.Category(), "HW") {
			t.Fatalf("%q: %q category %q foreign %v, %v", s, c, c.Category(), c.Foreign(), err)
		}
	})
}

func FuzzParseMethod(f *testing.F) {
	for _, m := range Methods() {
		f.Add(m.Code.String())
	}
	f.Add("us:H141")
	f.Add("cn:D10")
	f.Add("R10")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMethod(s)
		if err != nil {
			if m != "" || fault.As(err) == nil {
				t.Fatalf("%q: %q with %v", s, m, err)
			}
			return
		}
		if _, known := m.Info(); m.String() != s || known == m.Foreign() {
			t.Fatalf("%q: %q known %v foreign %v", s, m, known, m.Foreign())
		}
	})
}
