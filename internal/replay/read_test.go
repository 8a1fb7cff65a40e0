package replay

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"liandan/internal/fault"
)

// TestReadLine: what one line can be, by its cells in the order of Columns.
func TestReadLine(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"000000001AAA,1,UN1993,2,DM,2,P,F003 F005,H061", "us:F003 'UN1993 F003 F005' us:H061 drum_steel S x2 907 g"},
		{"000000001AAA,1,,1,TT,1,T,D009,", "us:D009 'D009'  tanker L x1 907185 g"},
		{"000000001AAA,1,,1,CY,1.5,K,D009,", "us:D009 'D009'  cylinder G x1 1500 g"},
		{"000000001AAA,1,,1,BA,1000,M,D009,", "us:D009 'D009'  bag S x1 1000000000 g"},
		{"000000001AAA,1,,1,DM,10,G,D009,", "us:D009 'D009'  drum_steel S x1 0 g volume"},
		{"000000001AAA,1,,1,DM,10,Y,D009,", "us:D009 'D009'  drum_steel S x1 0 g volume"},
		{"000000001AAA,1,,1,DM,0,L,D009,", "us:D009 'D009'  drum_steel S x1 0 g volume zero"},
		{"000000001AAA,1,,1,DM,0.0,N,D009,", "us:D009 'D009'  drum_steel S x1 0 g volume zero"},
		{"000000001AAA,1,,1,DM,0,P,D009,", "us:D009 'D009'  drum_steel S x1 0 g zero"},
		{"000000001AAA,1,,1,DM,0.001,P,D009,", "us:D009 'D009'  drum_steel S x1 0 g zero"},
		{`"000000001AAA","1","","1","DM","2","P","D009",""`, "us:D009 'D009'  drum_steel S x1 907 g"},
		{"0013690122JJK,1,,1,DM,2,P,D009,\r", "malformed us:D009 'D009'  drum_steel S x1 907 g"},
		{"Nr 7,1,,1,DM,2,P,D009,", "malformed us:D009 'D009'  drum_steel S x1 907 g"},

		{",1,,1,DM,2,P,D009,", "bad manifest"},
		{" 000000001AAA,1,,1,DM,2,P,D009,", "bad manifest"},
		{"00000\u202e0001AAA,1,,1,DM,2,P,D009,", "bad manifest"},
		{strings.Repeat("7", 33) + ",1,,1,DM,2,P,D009,", "bad manifest"},
		{"000000001AAA,,,1,DM,2,P,D009,", "bad line_number"},
		{"000000001AAA,0,,1,DM,2,P,D009,", "bad line_number"},
		{"000000001AAA,01,,1,DM,2,P,D009,", "bad line_number"},
		{"000000001AAA,1.0,,1,DM,2,P,D009,", "bad line_number"},
		{"000000001AAA,1,1993,1,DM,2,P,D009,", "bad un_number"},
		{"000000001AAA,1,un1993,1,DM,2,P,D009,", "bad un_number"},
		{"000000001AAA,1,,0,DM,2,P,D009,", "bad out_of_range"},
		{"000000001AAA,1,,-1,DM,2,P,D009,", "bad out_of_range"},
		{"000000001AAA,1,,+1,DM,2,P,D009,", "bad out_of_range"},
		{"000000001AAA,1,,,DM,2,P,D009,", "bad out_of_range"},
		{"000000001AAA,1,,100001,DM,2,P,D009,", "bad out_of_range"},
		{"000000001AAA,1,,99999999999999999999,DM,2,P,D009,", "bad out_of_range"},
		{"000000001AAA,1,,1,dm,2,P,D009,", "bad unknown_container"},
		{"000000001AAA,1,,1,,2,P,D009,", "bad unknown_container"},
		{"000000001AAA,1,,1,DM,,P,D009,", "bad malformed_quantity"},
		{"000000001AAA,1,,1,DM,-2,P,D009,", "bad malformed_quantity"},
		{"000000001AAA,1,,1,DM,2e3,P,D009,", "bad malformed_quantity"},
		{"000000001AAA,1,,1,DM,NaN,P,D009,", "bad malformed_quantity"},
		{"000000001AAA,1,,1,DM,\"2,000\",P,D009,", "bad malformed_quantity"},
		{"000000001AAA,1,,1,DM,many,G,D009,", "bad malformed_quantity"},
		{"000000001AAA,1,,1,DM,1000.0000005,M,D009,", "bad out_of_range"},
		{"000000001AAA,1,,1,DM,9999999999999999999,M,D009,", "bad mass_out_of_range"},
		{"000000001AAA,1,,1,DM,2,p,D009,", "bad unknown_unit"},
		{"000000001AAA,1,,1,DM,2,,D009,", "bad unknown_unit"},
		{"000000001AAA,1,,1,DM,2,P,,", "bad malformed_waste_code"},
		{"000000001AAA,1,,1,DM,2,P,D009 ,", "bad malformed_waste_code"},
		{"000000001AAA,1,,1,DM,2,P,D009  D001,", "bad malformed_waste_code"},
		{"000000001AAA,1,,1,DM,2,P,D009;D001,", "bad malformed_waste_code"},
		{"000000001AAA,1,,1,DM,2,P," + strings.Repeat("D009 ", 13) + "D009,", "bad length"},
		{"000000001AAA,1,,1,DM,2,P,D009,H 141", "bad unknown_method"},
		{"000000001AAA,x,,0,XX,-,Q,,?", "bad line_number bad out_of_range bad unknown_container bad malformed_waste_code bad unknown_method bad unknown_unit"},
		{"000000001AAA,1,,1,DM,2,P,D009", "bad cell_count"},
		{"000000001AAA,1,,1,DM,2,P,D009,,", "bad cell_count"},
		{"   ", "bad cell_count"},
		{`"000000001AAA,1,,1,DM,2,P,D009,`, "bad quote"},
		{`000"000001AAA,1,,1,DM,2,P,D009,`, "bad quote"},
		{"000000001AAA,1,,1,DM,2,P,D\xff09,", "bad not_utf8"},
		{"000000001AAA,1,,1,DM,2,P,D009," + strings.Repeat("H", MaxLineBytes), "bad line_too_long"},
	} {
		// a sound line behind it must be read whatever stands before
		f, err := Read(strings.NewReader(header + c.line + "\n999999999ZZZ,1,,1,DM,2,P,D009,\n"))
		if err != nil {
			t.Errorf("%.60q: %v", c.line, err)
			continue
		}
		last := f.Manifests[len(f.Manifests)-1]
		if f.Lines != 2 || last.Number != "999999999ZZZ" || len(last.Lines) != 1 || last.Lines[0].At != 3 {
			t.Errorf("%.60q: the line behind it was not read: %+v", c.line, f)
		}
		if got := spell(f); got != c.want {
			t.Errorf("%.60q gave\n%s, want\n%s", c.line, got, c.want)
		}
	}
}

// spell says what a file's second line became.
func spell(f File) string {
	var out []string
	for _, b := range f.Bad {
		if b.Line != 2 {
			return fmt.Sprintf("fault at line %d", b.Line)
		}
		if b.Detail == "" || b.DetailZH == "" {
			return "fault without a sentence"
		}
		out = append(out, "bad "+b.Code)
	}
	for _, m := range f.Manifests {
		for _, l := range m.Lines {
			if l.At != 2 {
				continue
			}
			if m.Malformed {
				out = append(out, "malformed")
			}
			s := fmt.Sprintf("%s '%s' %s %s %s x%d %d g", l.Code, l.Name, l.Method, l.Packaging, l.Form, l.Packages, l.Grams)
			if l.Volume {
				s += " volume"
			}
			if l.Zero {
				s += " zero"
			}
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

// TestReadHeader: which first lines are taken.
func TestReadHeader(t *testing.T) {
	row := "000000001AAA,1,,1,DM,2,P,D009,\n"
	for name, text := range map[string]string{
		"plain":       header + row,
		"BOM":         "\ufeff" + header + row,
		"CRLF":        strings.ReplaceAll(header+row, "\n", "\r\n"),
		"no last end": strings.TrimSuffix(header+row, "\n"),
		"blank lines": "\n" + header + "\n\r\n" + row + "\n",
		"other order": "quantity,line,method,un_number,container_count,container_type,unit,codes,manifest\n2,1,,,1,DM,P,D009,000000001AAA\n",
	} {
		f, err := Read(strings.NewReader(text))
		if err != nil || len(f.Bad) != 0 || f.Lines != 1 || len(f.Manifests) != 1 || len(f.Manifests[0].Lines) != 1 {
			t.Errorf("%s: %+v, %v", name, f, err)
			continue
		}
		if l := f.Manifests[0].Lines[0]; l.Grams != 907 || l.Manifest != "000000001AAA" || l.Item != "1" {
			t.Errorf("%s: %+v", name, l)
		}
	}
	for name, text := range map[string]string{
		"empty":        "",
		"blank":        "\n\n",
		"no header":    row + row,
		"missing":      "manifest,line\n",
		"unknown":      strings.Replace(header, "method", "method,remark", 1),
		"twice":        strings.Replace(header, "method", "method,codes", 1),
		"capitals":     strings.ToUpper(header),
		"not UTF-8":    "\xff" + header,
		"too long":     strings.Repeat("x", MaxLineBytes+1) + "\n" + header,
		"open quote":   `"` + header,
		"other parter": strings.ReplaceAll(header, ",", ";"),
	} {
		if _, err := Read(strings.NewReader(text + row)); name != "empty" && fault.Of(err) != fault.InvalidImport {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Read(strings.NewReader(text)); fault.Of(err) != fault.InvalidImport {
			t.Errorf("%s alone: %v", name, err)
		}
	}
}

// TestReadRepeated: the same line of a manifest twice in a file is a fault of the second,
// and lines of one manifest need not stand together.
func TestReadRepeated(t *testing.T) {
	f, err := Read(strings.NewReader(header +
		"000000001AAA,1,,1,DM,2,P,D009,\n" +
		"000000002AAA,1,,1,DM,2,P,D009,\n" +
		"000000001AAA,2,,1,DM,2,P,D009,\n" +
		"000000001AAA,1,,1,DM,5,P,D009,\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Manifests) != 2 || len(f.Manifests[0].Lines) != 2 || len(f.Manifests[1].Lines) != 1 {
		t.Errorf("manifests %+v", f.Manifests)
	}
	if len(f.Bad) != 1 || f.Bad[0].Line != 5 || f.Bad[0].Code != "repeated" || f.Bad[0].Item != "1" {
		t.Errorf("bad %+v", f.Bad)
	}
}

// TestReadBounds: a manifest too long for an event, a file with too many lines, one that
// breaks off.
func TestReadBounds(t *testing.T) {
	var b strings.Builder
	b.WriteString(header)
	for i := range 101 {
		fmt.Fprintf(&b, "000000001AAA,%d,,1,DM,2,P,D009,\n", i+1)
	}
	f, err := Read(strings.NewReader(b.String() + "000000002AAA,1,,1,DM,2,P,D009,\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Bad) != 101 || f.Bad[0].Code != "too_many_lines" || len(f.Manifests[0].Lines) != 0 || len(f.Manifests[1].Lines) != 1 {
		t.Errorf("%d bad lines, manifests %+v", len(f.Bad), f.Manifests)
	}
	if _, err := Read(strings.NewReader(header + strings.Repeat("x\n", MaxLines+1))); fault.Of(err) != fault.TooManyLines {
		t.Errorf("too many lines: %v", err)
	}
	if _, err := Read(strings.NewReader(header + strings.Repeat("x", MaxFileBytes))); fault.Of(err) != fault.TooLarge {
		t.Errorf("too large: %v", err)
	}
	cut := errors.New("the disk is gone")
	if _, err := Read(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(header)))); fault.Of(err) != fault.UploadCutShort {
		t.Errorf("cut short: %v", err)
	}
	if _, err := Read(iotest.ErrReader(cut)); !errors.Is(err, cut) {
		t.Errorf("cut at once: %v", err)
	}
}

// FuzzRead: no file breaks the reader, and every line is accounted for exactly once.
func FuzzRead(f *testing.F) {
	all, err := os.ReadFile(sample)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(all[:300])
	f.Add([]byte("\ufeff" + header + "000000001AAA,1,UN1993,1,DM,1.5,T,F003 F005,H061\r\n\"x\"\n,,,,,,,,\n"))
	f.Add([]byte(header + "a,1,,1,TT,0,G,MA98 R014,\na,1,,1,TT,7,P,MA98 R014,\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Read(strings.NewReader(string(b)))
		if err != nil {
			if fault.Of(err) == "" {
				t.Fatalf("no fault: %v", err)
			}
			return
		}
		met := map[int]bool{}
		bad := map[int]bool{}
		for _, n := range file.Bad {
			bad[n.Line] = true
			met[n.Line] = true
		}
		for _, m := range file.Manifests {
			for _, l := range m.Lines {
				if met[l.At] || bad[l.At] || l.Manifest != m.Number {
					t.Fatalf("line %d is not accounted for once: %+v", l.At, l)
				}
				met[l.At] = true
				if (l.Grams > 0) == (l.Volume || l.Zero) {
					t.Fatalf("line %d has neither mass nor a reason for none, or both: %+v", l.At, l)
				}
			}
		}
		if len(met) != file.Lines {
			t.Fatalf("%d lines, %d accounted for", file.Lines, len(met))
		}
	})
}
