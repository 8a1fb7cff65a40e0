package attest_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/attest"
	"liandan/internal/bundle"
	"liandan/internal/fault"
	"liandan/internal/ledger"
	"liandan/internal/logfile"
	"liandan/internal/merkle"
	"liandan/internal/statement"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

// lines spells what a report found of each check.
func lines(r attest.Report) string {
	var out []string
	for _, l := range r.Lines {
		switch {
		case !l.Could:
			out = append(out, "?"+l.Check)
		case !l.OK:
			out = append(out, "-"+l.Check)
		default:
			out = append(out, l.Check)
		}
	}
	return strings.Join(out, " ")
}

const allGood = "export contents statement checkpoint same-log definitions signatures chains figures"

func TestAStatementIsComputedAnew(t *testing.T) {
	l := town(t)
	n := len(l.kept)
	export := l.export(n)
	for _, period := range []string{"2026-03", "2026-W10", "2026-03-02", "2026", "2026-02", "2025"} {
		for _, district := range []string{"", "130602", "130606"} {
			r := l.verify(l.state(period, district, n, nil), export)
			if lines(r) != allGood || r.Verdict != bundle.Sound || len(r.Mismatches) > 0 {
				t.Errorf("%s %s: %s %+v %+v", period, district, lines(r), r.Lines, r.Mismatches)
			}
		}
	}
	r := l.verify(l.state("2026-03", "", n, nil), export)
	figures := map[int]string{}
	for _, i := range r.Computed {
		for _, f := range i.Rows[0].Figures {
			figures[i.Indicator] += fmt.Sprintf("%s=%s %d/%d;", f.Variant, f.Value, f.Numerator, f.Denominator)
		}
	}
	if figures[37] != "=72.73 4000/5500;" || !strings.HasPrefix(figures[36], "declared=50.00 1/2;proven=50.00 1/2;") || len(r.Computed[1].Rows) < 20 {
		t.Errorf("the figures are %v", figures)
	}
	// Of any size between, though the licence that counts for the burning came later.
	for size := 5; size < n; size++ {
		if r := l.verify(l.state("2026-03", "", size, nil), export); r.Verdict != bundle.Sound {
			t.Errorf("at %d entries: %s %+v", size, lines(r), r.Mismatches)
		}
	}
	if a, b := l.state("2026-03", "", n, nil), l.state("2026-03", "", n, nil); !bytes.Equal(a, b) {
		t.Error("the same statement is other bytes")
	}
}

func TestTheLogAlone(t *testing.T) {
	l := town(t)
	if r := l.verify(nil, l.export(len(l.kept))); lines(r) != "export contents signatures chains" || r.Verdict != bundle.Sound {
		t.Errorf("%s %+v", lines(r), r.Lines)
	}
}

// TestLies: whoever has the log's key can sign anything; the log says otherwise.
func TestLies(t *testing.T) {
	l := town(t)
	n := len(l.kept)
	export := l.export(n)
	for name, c := range map[string]struct {
		change func(*attest.Statement)
		lines  string
		named  string
		exit   int
	}{
		"a better value":                    {func(s *attest.Statement) { s.Indicators[2].Rows[0].Figures[0].Value = "100.00" }, "-figures", "37   value 72.73", 1},
		"a numerator":                       {func(s *attest.Statement) { s.Indicators[1].Rows[0].Figures[0].Numerator++ }, "-figures", "36  declared numerator 1", 1},
		"a denominator":                     {func(s *attest.Statement) { s.Indicators[1].Rows[1].Figures[1].Denominator = 9 }, "-figures", "36 130600 proven denominator 0", 1},
		"a status":                          {func(s *attest.Statement) { s.Indicators[0].Rows[0].Figures[0].Status = "met" }, "-figures", "35   status not_computable", 1},
		"a reason":                          {func(s *attest.Statement) { s.Indicators[0].Rows[0].Figures[0].Because = "" }, "-figures", "35   because base_missing", 1},
		"a flag":                            {func(s *attest.Statement) { s.Indicators[2].Rows[0].Flags = []string{"SAMPLE"} }, "-figures", "37   flags []", 1},
		"the stock":                         {func(s *attest.Statement) { s.Indicators[2].Rows[0].Stock = 0 }, "-figures", "37   stock 1500", 1},
		"a row less":                        {func(s *attest.Statement) { s.Indicators[2].Rows = s.Indicators[2].Rows[:1] }, "-figures", "37   rows 24", 1},
		"the unit":                          {func(s *attest.Statement) { s.Indicators[2].Unit = "kg" }, "-figures", "37   unit %", 1},
		"the cut-off":                       {func(s *attest.Statement) { s.CutOff = "2026-03-01T00:00:00.000Z" }, "-figures", "0   cut_off", 1},
		"the choices":                       {func(s *attest.Statement) { s.Indicators[1].Version = "1" }, "-definitions", "", 1},
		"another edition of the definition": {func(s *attest.Statement) { s.Indicators[1].Version = "7" }, "?definitions", "", 2},
		"another text of the definition":    {func(s *attest.Statement) { s.Indicators[1].Definition[0] ^= 1 }, "?definitions", "", 2},
		"an unknown indicator":              {func(s *attest.Statement) { s.Indicators[1].Indicator = 99 }, "?definitions", "", 2},
		"another table of divisions":        {func(s *attest.Statement) { s.Divisions[0] ^= 1 }, "?definitions", "", 2},
		"an unknown period":                 {func(s *attest.Statement) { s.Period = "SAMPLE" }, "?figures", "", 2},
		"another root":                      {func(s *attest.Statement) { s.Root[0] ^= 1 }, "-checkpoint -same-log", "", 1},
		"another size":                      {func(s *attest.Statement) { s.Size-- }, "-checkpoint -same-log", "", 1},
		"no checkpoint":                     {func(s *attest.Statement) { s.Checkpoint = "SAMPLE" }, "-checkpoint", "", 1},
	} {
		r := l.verify(l.state("2026-03", "", n, c.change), export)
		var bad []string
		for _, w := range strings.Fields(lines(r)) {
			if w[0] == '-' || w[0] == '?' {
				bad = append(bad, w)
			}
		}
		var named []string
		for _, m := range r.Mismatches {
			named = append(named, fmt.Sprintf("%d %s %s %s %s", m.Indicator, m.District, m.Variant, m.What, m.Computed))
		}
		if strings.Join(bad, " ") != c.lines || r.Verdict.ExitCode() != c.exit || (c.named == "") != (len(named) == 0) || (len(named) > 0 && !slices.ContainsFunc(named, func(s string) bool { return strings.HasPrefix(s, c.named) })) {
			t.Errorf("%s: %s, exit %d, %q", name, lines(r), r.Verdict.ExitCode(), named)
		}
		for _, line := range r.Lines {
			if !line.OK && (line.Wrong == "" || line.WrongZH == "") {
				t.Errorf("%s: %s says nothing", name, line.Check)
			}
		}
	}
}

// TestTamperedFiles: every changed byte of either file is found, and so is a statement of
// another log.
func TestTamperedFiles(t *testing.T) {
	l := town(t)
	n := len(l.kept)
	export, signed := l.export(n), l.state("2026-03", "130602", n, nil)
	for i := 0; i < len(export); i += 97 {
		other := bytes.Clone(export)
		other[i] ^= 1
		f, err := logfile.Open(bytes.NewReader(other), int64(len(other)))
		if err != nil {
			continue // its header cannot be read
		}
		r, err := attest.Verify(signed, f, attest.Options{Trusted: l.vkey})
		if err != nil || r.Verdict != bundle.Findings {
			t.Fatalf("byte %d of the export, %q: %v %s", i, export[max(0, i-20):i+20], err, lines(r))
		}
	}
	for i := 0; i < len(signed); i += 7 {
		other := bytes.Clone(signed)
		other[i] ^= 1
		f, _ := logfile.Open(bytes.NewReader(export), int64(len(export)))
		if r, err := attest.Verify(other, f, attest.Options{Trusted: l.vkey}); err == nil && r.Verdict == bundle.Sound {
			t.Fatalf("byte %d of the statement, %q", i, signed[max(0, i-20):min(i+20, len(signed))])
		}
	}
	for name, cut := range map[string][]byte{"half": export[:len(export)/2], "no end": export[:bytes.LastIndexByte(export[:len(export)-1], '\n')+1],
		"more": append(bytes.Clone(export), "{}\n"...), "without its last byte": export[:len(export)-1]} {
		if r := l.verify(signed, cut); r.Verdict != bundle.Findings || !strings.HasPrefix(lines(r), "-export ") {
			t.Errorf("%s: %s", name, lines(r))
		}
	}
	if r := l.verify(signed, l.export(n-2)); r.Verdict != bundle.Unchecked || !strings.Contains(lines(r), "?same-log") {
		t.Errorf("a log that is too short: %s", lines(r))
	}
	// The same log's key over another past: one entry was never there.
	fork := town(t)
	fork.kept, fork.vkey, fork.signer = fork.kept[:n-1], l.vkey, l.signer
	fork.fact("licence", struct{}{})
	if r := l.verify(signed, fork.export(n)); r.Verdict != bundle.Findings || !strings.Contains(lines(r), "-same-log") {
		t.Errorf("another log under the same key: %s", lines(r))
	}
	_, vkey, err := note.GenerateKey(bytes.NewReader(make([]byte, 64)), "log.other.test")
	l.must(err)
	f, _ := logfile.Open(bytes.NewReader(export), int64(len(export)))
	if r, err := attest.Verify(signed, f, attest.Options{Trusted: vkey}); err != nil || r.Verdict != bundle.Findings || !strings.HasPrefix(lines(r), "-export -statement -checkpoint") {
		t.Errorf("another log's key: %v %s", err, lines(r))
	}
}

// TestDishonestLogs: the tree is whole and signed, and what is in it does not stand.
func TestDishonestLogs(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*logbook)
		want  string
	}{
		"an event that nobody signed": {func(l *logbook) {
			s := l.w.Generate(9_000)
			s.JWS = append(s.JWS[:len(s.JWS)-8], "AAAAAAAA"...)
			l.put(s)
		}, "-signatures"},
		"a key that was never introduced": {func(l *logbook) {
			d := l.w.Enrol(l.w.Hospital.Party, false)
			d.Site, l.w.Hospital = l.w.Hospital.Site, d
			l.put(l.w.Generate(9_000))
		}, "-signatures"},
		"a step left out": {func(l *logbook) {
			at := slices.IndexFunc(l.kept, func(k ledger.Kept) bool { return strings.Contains(string(k.Entry), `"n":2`) })
			l.kept = slices.Delete(l.kept, at, at+1)
			for i := range l.kept {
				l.kept[i].Seq = int64(i)
			}
		}, "-contents"},
	} {
		l := town(t)
		c.spoil(l)
		if r := l.verify(nil, l.export(len(l.kept))); r.Verdict != bundle.Findings || !strings.Contains(lines(r), c.want) {
			t.Errorf("%s: %s", name, lines(r))
		}
	}
}

// TestSuccession: trust follows the log's key, in both directions.
func TestSuccession(t *testing.T) {
	l := town(t)
	n, old := len(l.kept), l.vkey
	before := l.state("2026-03", "", n, nil)
	skey, vkey, err := note.GenerateKey(l.w.Random, l.signer.Name())
	l.must(err)
	next, err := note.NewSigner(skey)
	l.must(err)
	b, err := merkle.SignSuccession(l.signer.Name(), merkle.SigningKey{Signer: l.signer, VKey: old}, merkle.SigningKey{Signer: next, VKey: vkey}, l.w.Now().Truncate(time.Second))
	l.must(err)
	l.say(statement.Statement{Kind: statement.KindLogKey, Body: b})
	l.signer, l.vkey = next, vkey
	export, after := l.export(n+1), l.state("2026-03", "", n+1, nil)
	for _, trusted := range []string{old, vkey} {
		for name, signed := range map[string][]byte{"before": before, "after": after} {
			f, err := logfile.Open(bytes.NewReader(export), int64(len(export)))
			l.must(err)
			r, err := attest.Verify(signed, f, attest.Options{Trusted: trusted})
			given := slices.ContainsFunc(r.Notes, func(n bundle.Note) bool { return n.Code == "log-key-given-up" })
			if err != nil || r.Verdict != bundle.Sound || given != (name == "before") {
				t.Errorf("%s: %v %s %+v", name, err, lines(r), r.Notes)
			}
		}
	}
}

func TestWhatIsNoStatement(t *testing.T) {
	l := town(t)
	export := l.export(len(l.kept))
	f, err := logfile.Open(bytes.NewReader(export), int64(len(export)))
	l.must(err)
	for name, b := range map[string][]byte{"nothing": {}, "a checkpoint": l.checkpoint(l.head(3)), "text": []byte("SAMPLE"),
		"no figures": []byte(attest.Title + "\nlog.sample.test\n{\"v\":1}\n\n"), "too big": bytes.Repeat([]byte("a"), attest.MaxSize+1)} {
		if _, err := attest.Verify(b, f, attest.Options{Trusted: l.vkey}); fault.Of(err) != fault.InvalidRequest && fault.Of(err) != fault.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := attest.Verify(nil, f, attest.Options{Trusted: "SAMPLE"}); fault.Of(err) != fault.InvalidRequest {
		t.Errorf("a key that is none: %v", err)
	}
	for name, b := range map[string]string{"nothing": "", "text": "SAMPLE\n", "another format": `{"format":"x"}` + "\n", "a line without end": strings.Repeat("a", 9)} {
		if _, err := logfile.Open(strings.NewReader(b), int64(len(b))); fault.Of(err) != fault.InvalidRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestKeptFiles: what was made with an earlier program is still sound. -update makes them anew.
func TestKeptFiles(t *testing.T) {
	l := town(t)
	n := len(l.kept)
	if *update {
		tampered := l.state("2026-03", "", n, func(s *attest.Statement) { s.Indicators[2].Rows[0].Figures[0].Value = "100.00" })
		unknown := l.state("2026-03", "", n, func(s *attest.Statement) { s.Indicators[2].Version = "9" })
		for name, b := range map[string][]byte{"log.jsonl": l.export(n), "short.jsonl": l.export(n - 2), "statement.txt": l.state("2026-03", "", n, nil), "district.txt": l.state("2026-W10", "130602", n-1, nil),
			"tampered.txt": tampered, "unknown.txt": unknown, "log.vkey": []byte(l.vkey + "\n")} {
			l.must(os.WriteFile("testdata/"+name, b, 0o644))
		}
	}
	export, err := os.ReadFile("testdata/log.jsonl")
	l.must(err)
	for name, want := range map[string]bundle.Verdict{"statement.txt": bundle.Sound, "district.txt": bundle.Sound, "tampered.txt": bundle.Findings, "unknown.txt": bundle.Unchecked} {
		signed, err := os.ReadFile("testdata/" + name)
		l.must(err)
		if r := l.verify(signed, export); r.Verdict != want {
			t.Errorf("%s: %s", name, lines(r))
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"statement.txt", "district.txt"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	vkey, err := os.ReadFile("testdata/log.vkey")
	if err != nil {
		f.Fatal(err)
	}
	keys, err := merkle.Verifiers(strings.TrimSpace(string(vkey)), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = attest.Read(b)
		_, _ = attest.Open(b, keys)
	})
}

func FuzzExport(f *testing.F) {
	b, err := os.ReadFile("testdata/log.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	vkey, err := os.ReadFile("testdata/log.vkey")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := logfile.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		_, _ = attest.Verify(nil, file, attest.Options{Trusted: strings.TrimSpace(string(vkey))})
	})
}
