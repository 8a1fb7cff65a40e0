package registry

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/id"
	"liandan/internal/party"
)

// The ids are a promise to every register that was imported anywhere: they never change.
func TestIDsAreForEver(t *testing.T) {
	p := PartyID("12130600MB0000001A")
	for what, pair := range map[string][2]string{
		"party":  {p.String(), "ae572cb4-b905-55cd-ab71-b8fb9f3069e9"},
		"site":   {SiteID(p, "本部").String(), "83e2c095-614a-5318-b87a-e1ea01b71e11"},
		"person": {PersonID(p, "N-1").String(), "fbddc36c-c3fa-5b08-b1bc-d49720c039e2"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %s, want %s", what, pair[0], pair[1])
		}
	}
	if p.UUID().Version() != 5 || SiteID(p, "x").UUID() == PersonID(p, "x").UUID() || SiteID(p, "x") == SiteID(p, "y") ||
		SiteID(p, "x") == SiteID(PartyID("12130600MB0000002A"), "x") {
		t.Error("ids are not told apart")
	}
}

func TestDivisions(t *testing.T) {
	run, codes := 0, []string{}
	for _, d := range Divisions() {
		if d.Name == "" || d.NameEN == "" || d.RunBy == "" || !strings.HasPrefix(d.Code, "1306") ||
			!slices.Contains([]string{"prefecture", "district", "county", "city", "zone"}, d.Kind) ||
			!strings.Contains("C L", d.CodeCertainty) || !strings.Contains("C L", d.RunCertainty) || d.Statistical != (d.Kind == "zone") {
			t.Errorf("%+v", d)
		}
		if d.Baoding {
			run++
		} else {
			codes = append(codes, d.Code)
		}
	}
	if len(Divisions()) != 27 || run != 23 || !slices.Equal(codes, []string{"130629", "130632", "130638", "130682"}) {
		t.Errorf("%d divisions, %d run by Baoding, not %v", len(Divisions()), run, codes)
	}
	if d, ok := LookupDivision("130682"); !ok || d.Name != "定州市" || d.Baoding {
		t.Errorf("%+v %v", d, ok)
	}
	for code, want := range map[string]string{"130602": "", "130601": "unknown_division", "110101": "", "13060": "format", "1306021": "format", "13060a": "format", "１３０６０": "format", "": "format"} {
		if got := divisionFault(code); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}

func TestCodeReadsAsMeant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var random [codeDigits]byte
		copy(random[:], rapid.SliceOfN(rapid.Byte(), codeDigits, codeDigits).Draw(t, "random"))
		code := newCode(random)
		spoken := strings.NewReplacer("0", rapid.SampledFrom([]string{"0", "O", "o"}).Draw(t, "zero"),
			"1", rapid.SampledFrom([]string{"1", "I", "l"}).Draw(t, "one")).Replace(strings.ToLower(code[:4]) + "-" + code[4:8] + " " + code[8:])
		if got, ok := parseCode(spoken); !ok || got != code {
			t.Fatalf("%q from %q: %q %v", spoken, code, got, ok)
		}
		at := rapid.IntRange(0, codeDigits-1).Draw(t, "at")
		other := rapid.SampledFrom([]byte("0123456789ABCDEFGHJKMNPQRSTVWXYZ")).Draw(t, "other")
		if other == code[at] {
			return
		}
		if got, ok := parseCode(code[:at] + string(other) + code[at+1:]); ok {
			t.Fatalf("one character of %q changed and not noticed: %q", code, got)
		}
	})
}

func TestPutIsBounded(t *testing.T) {
	c := newCache()
	c.advance(7, 0, time.Unix(1, 0))
	sites := func(c *cache) map[id.Site]found[party.Site] { return c.sites }
	p := PartyID("x")
	for i := range cacheSize + 100 {
		put(c, 7, sites, SiteID(p, fmt.Sprint(i)), found[party.Site]{ok: true})
	}
	if len(c.sites) != cacheSize {
		t.Errorf("%d entries", len(c.sites))
	}
	if _, ok := get(c, sites, SiteID(p, fmt.Sprint(cacheSize+99))); !ok {
		t.Error("the newest entry is gone")
	}
	put(c, 6, sites, SiteID(p, "old"), found[party.Site]{ok: true})
	if _, ok := get(c, sites, SiteID(p, "old")); ok {
		t.Error("a row of an older version was filed")
	}
	c.advance(8, 0, time.Unix(1, 0))
	if len(c.sites) != 0 {
		t.Error("a new version left old rows")
	}
}

// Of two readers that read one row beside a write, the first to file it decides what both give
// back; a row whose version has gone is given back by nobody.
func TestTheRowFiledFirstIsEverybodys(t *testing.T) {
	c := newCache()
	c.advance(7, 0, time.Unix(1, 0))
	parties := func(c *cache) map[id.Party]found[party.Organisation] { return c.parties }
	p := PartyID("x")
	row := func(name string) found[party.Organisation] {
		return found[party.Organisation]{party.Organisation{Name: name}, true}
	}
	if f, ok := put(c, 7, parties, p, row("old")); !ok || f.value.Name != "old" {
		t.Fatalf("the first to file: %q %v", f.value.Name, ok)
	}
	if f, ok := put(c, 7, parties, p, row("new")); !ok || f.value.Name != "old" {
		t.Errorf("the second gives back %q %v, and then reads the older one", f.value.Name, ok)
	}
	c.advance(8, 0, time.Unix(1, 0))
	if _, ok := put(c, 7, parties, p, row("old")); ok {
		t.Error("a row of a version that has gone was given back")
	}
}

// A reading of the version that began before a write must not count as fresh after it.
func TestAReadingBesideAWriteIsNotFresh(t *testing.T) {
	c, now := newCache(), time.Unix(1000, 0)
	_, writes, _ := c.known(now, staleAfter)
	c.expire() // the write
	c.advance(1, writes, now)
	if _, _, ok := c.known(now, staleAfter); ok {
		t.Error("the reading counts as fresh")
	}
	_, writes, _ = c.known(now, staleAfter)
	c.advance(2, writes, now)
	if v, _, ok := c.known(now.Add(staleAfter-1), staleAfter); !ok || v != 2 {
		t.Errorf("%d %v", v, ok)
	}
	for _, at := range []time.Time{now.Add(staleAfter), now.Add(-1)} { // too old; a clock set back
		if _, _, ok := c.known(at, staleAfter); ok {
			t.Errorf("at %s the reading still counts", at)
		}
	}
}

func periods(t *rapid.T, name string) party.Period {
	from := rapid.Int64Range(0, 20).Draw(t, name+" from")
	p := party.Period{From: time.Unix(from, 0)}
	if length := rapid.Int64Range(0, 12).Draw(t, name+" length"); length > 0 {
		p.To = time.Unix(from+length, 0)
	}
	return p
}

// both holds exactly where the two hold.
func TestBothIsTheIntersection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := periods(t, "a"), periods(t, "b")
		c, shared := both(a, b), false
		for s := range int64(60) {
			at := time.Unix(s, 0)
			shared = shared || (a.Holds(at) && b.Holds(at))
			if c.Holds(at) != (a.Holds(at) && b.Holds(at)) {
				t.Fatalf("%v and %v: %v at %d", a, b, c, s)
			}
		}
		if overlap(a, b) != shared {
			t.Fatalf("%v and %v: overlap %v", a, b, overlap(a, b))
		}
	})
}

// clashes finds something exactly when any two of the file, or one of the file and one of
// the register, overlap; and it names enough lines: the others do not overlap.
func TestClashesAgainstEveryPair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, n := spans[string]{}, notes{}
		var all []span
		for i := range rapid.IntRange(1, 8).Draw(t, "lines") {
			sp := span{i + 1, periods(t, fmt.Sprint(i))}
			all = append(all, sp)
			s.add("k", sp.line, sp.period)
		}
		if rapid.Bool().Draw(t, "register") {
			sp := span{0, periods(t, "register")}
			all = append(all, sp)
			s.add("k", 0, sp.period)
		}
		s.add("k", 99, party.Period{}) // could not be read
		bad := s.clashes(&n)
		pairs := 0
		for i, a := range all {
			for _, b := range all[i+1:] {
				if !overlap(a.period, b.period) {
					continue
				}
				pairs++
				if !bad[a.line] && !bad[b.line] {
					t.Fatalf("%v: neither line %d nor %d is named in %v", all, a.line, b.line, n.bad)
				}
			}
		}
		if (pairs > 0) != (len(bad) > 0) || len(bad) != len(n.bad) {
			t.Fatalf("%v: %d pairs overlap, %v, %v", all, pairs, bad, n.bad)
		}
	})
}

func TestPersonalNumbers(t *testing.T) {
	for s, want := range map[string]bool{
		"11010519491231002X": true, "11010519491231002x": true, "440524188001010014": true, // the standard's own examples
		"110105194912310021": false, "010105194912310020": false, "13912345678": true, "8613912345678": true, "139-1234-5678": true,
		"12912345678": false, "N-1": false, "": false, "1391234567": false, "W-20260001": false,
	} {
		if got := personalNumber(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestFormula(t *testing.T) {
	for s, want := range map[string]bool{"=1+1": true, "=1": false, "+86 1": true, "-5": false, "-5.25": false, "-5.": true, "@x": true, "@": true,
		"-": true, "＝A1": true, "－": true, "样例": false, "3-5": false, "'=1": false, "": false} {
		if got := formula(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestParseKid(t *testing.T) {
	kid := strings.Repeat("A", 42) + "E"
	if raw, ok := parseKid(kid); !ok || raw[31] != 1 {
		t.Errorf("%v %v", raw, ok)
	}
	for _, s := range []string{"", kid + "A", kid[:42], strings.Repeat("A", 42) + "F", kid[:42] + "=", kid[:40] + "+/A", kid[:41] + "\nE"} {
		if _, ok := parseKid(s); ok {
			t.Errorf("%q is taken", s)
		}
	}
	set := newKidSet([]string{kid, "junk", strings.Repeat("B", 42) + "E"})
	raw, _ := parseKid(kid)
	if len(set) != 2 || !set.has(raw) || set.has([32]byte{9}) || kidSet(nil).has(raw) {
		t.Errorf("%v", set)
	}
}

// Where encoding/csv reads a line, splitLine reads the same; where it refuses one,
// splitLine does.
func FuzzSplitLine(f *testing.F) {
	for _, s := range []string{"a,b", `"a,""b""",c`, `"a"b,c`, `a"b`, `"`, `""`, `"",""`, ",", `a,"`, `"a""`, "样，例"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\r\n") || line == "" {
			return // never handed in
		}
		got, ok := splitLine(line)
		r := csv.NewReader(strings.NewReader(line))
		want, err := r.Read()
		if ok != (err == nil) || ok && !slices.Equal(got, want) {
			t.Errorf("%q: %q %v, encoding/csv %q %v", line, got, ok, want, err)
		}
	})
}
