package paper

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liandan/internal/label"
	"liandan/internal/waste"
)

var made = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// run gives a file to a program that we did not write.
func run(t *testing.T, file []byte, program string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing; install the package poppler-utils (make test does)", program)
	}
	name := filepath.Join(t.TempDir(), "paper.pdf")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "FILE", name)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
	return string(out)
}

// picture draws the first page, keeps it in LIANDAN_SHOTS where that is set, and has zbarimg
// read its QR code.
func picture(t *testing.T, name string, file []byte) string {
	t.Helper()
	dir := t.TempDir()
	if kept := os.Getenv("LIANDAN_SHOTS"); kept != "" {
		dir = kept
	}
	run(t, file, "pdftoppm", "-r", "150", "-png", "-singlefile", "FILE", filepath.Join(dir, name))
	out, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", filepath.Join(dir, name+".png")).Output()
	if err != nil {
		t.Fatalf("%s: zbarimg: %v %s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

func oil() Label {
	return Label{Name: "废矿物油", Code: "900-214-08", Category: "HW08", Form: "液态 liquid", Hazards: []waste.Hazard{waste.Toxic, waste.Ignitable, waste.Corrosive, waste.Reactive},
		HazardWords: "毒性、易燃性 toxic, ignitable", Precautions: "远离火源，穿戴防护手套 keep away from fire, wear gloves", Unit: "样例修理厂（SAMPLE）", Day: "2026-03-02", Weight: "180.500 kg",
		Address: "https://sample.test/q/00000000000000000000000000X", Token: "00000 00000 00000 00000 00000 0X"}
}

func TestLabels(t *testing.T) {
	bag := oil()
	bag.Medical, bag.Name, bag.Code, bag.Department, bag.Isolation, bag.HazardWords = true, "感染性废物", "841-001-01", "样例病区", true, "感染性 infectious"
	for _, size := range []label.Size{label.Small, label.Medium, label.Large} {
		var b bytes.Buffer
		if err := Labels(&b, size, made, []Label{oil(), bag}); err != nil {
			t.Fatal(err)
		}
		text := run(t, b.Bytes(), "pdftotext", "-layout", "FILE", "-")
		for _, want := range []string{"危险废物", "废矿物油", "900-214-08", "易燃性", "样例修理厂", "180.500 kg", "数字识别码", "医疗废物", "感染性废物", "隔离患者", "样例病区"} {
			if !strings.Contains(strings.Join(strings.Fields(text), ""), strings.Join(strings.Fields(want), "")) {
				t.Errorf("%s: the text lacks %q:\n%s", size, want, text)
			}
		}
		if fonts := run(t, b.Bytes(), "pdffonts", "FILE"); !strings.Contains(fonts, "Identity-H       yes") {
			t.Errorf("%s: fonts\n%s", size, fonts)
		}
		if info := run(t, b.Bytes(), "pdfinfo", "FILE"); !strings.Contains(info, "Pages:           2") {
			t.Errorf("%s: %s", size, info)
		}
		if got := picture(t, "label-"+string(size), b.Bytes()); got != oil().Address {
			t.Errorf("%s: the QR code holds %q", size, got)
		}
	}
	var b bytes.Buffer
	if err := Labels(&b, label.Small, made, []Label{bag}); err != nil {
		t.Fatal(err)
	}
	picture(t, "label-bag", b.Bytes())
	var again bytes.Buffer
	if err := Labels(&again, label.Small, made, []Label{bag}); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Errorf("the same label gives other bytes: %v", err)
	}
}

func form(n int) Manifest {
	m := Manifest{Number: "20261306000001", Remark: "临时编号 provisional", ID: "019cac73-dbc0-7ea1-a5f7-78a4776b8412", Stage: "已接受 accepted", Address: "https://sample.test/inspect/manifest/019cac73-dbc0-7ea1-a5f7-78a4776b8412",
		Consignor: Part{[][2]string{{"单位 Unit", "样例第一医院（SAMPLE）"}, {"地点 Place", "样例院区"}, {"开单时间 Issued", "2026-03-02 11:00"}}},
		Carrier:   Part{[][2]string{{"单位 Unit", "样例运输公司（SAMPLE）"}, {"车牌 Plate", "冀F12345"}}}, Consignee: Part{[][2]string{{"单位 Unit", "样例处置中心（SAMPLE）"}, {"方式 Method", "D10 焚烧"}}},
		Totals: [4]string{"5.720 kg", "5.720 kg", "5.700 kg", ""}}
	for range n {
		m.Lines = append(m.Lines, Line{Code: "841-001-01", Name: "感染性废物", Batch: "019cac73-dbc0-7ea1-a5f7-78a4776b8412", Packages: "1", Issued: "5.720 kg", Collected: "5.720 kg", Accepted: "5.700 kg", Verdict: "部分接受 part"})
	}
	return m
}

func TestManifests(t *testing.T) {
	for n, pages := range map[int]string{1: "Pages:           1", 100: "Pages:           5"} {
		var b bytes.Buffer
		if err := form(n).Write(&b, made); err != nil {
			t.Fatal(err)
		}
		text := run(t, b.Bytes(), "pdftotext", "-layout", "FILE", "-")
		for _, want := range []string{"危险废物转移联单", "20261306000001", "移出人填写", "Part 3, consignee", "样例处置中心（SAMPLE）", "冀F12345", "合计 total"} {
			if !strings.Contains(strings.Join(strings.Fields(text), ""), strings.Join(strings.Fields(want), "")) {
				t.Errorf("%d lines: the text lacks %q:\n%.2000s", n, want, text)
			}
		}
		if strings.Count(text, "841-001-01") != n {
			t.Errorf("%d of %d lines are there", strings.Count(text, "841-001-01"), n)
		}
		if info := run(t, b.Bytes(), "pdfinfo", "FILE"); !strings.Contains(info, pages) {
			t.Errorf("%d lines: %s", n, info)
		}
		if n == 1 {
			if got := picture(t, "manifest", b.Bytes()); got != form(1).Address {
				t.Errorf("the QR code holds %q", got)
			}
			if fonts := run(t, b.Bytes(), "pdffonts", "FILE"); !strings.Contains(fonts, "Identity-H       yes") {
				t.Errorf("fonts\n%s", fonts)
			}
		}
	}
}

// What the font lacks is told, not left out; hostile and endless text breaks nothing.
func TestWhatTheFontLacks(t *testing.T) {
	if got := string(Missing("危险废物联单 abc ①—㎡\n龘𠮷龘")); got != "龘𠮷" {
		t.Errorf("missing %q", got)
	}
	l := oil()
	l.Name = "龘" + strings.Repeat("很长的名字", 60)
	l.Unit = "a\x00b\xff<script>\u202e" + strings.Repeat("x", 900)
	var b bytes.Buffer
	if err := Labels(&b, label.Small, made, []Label{l}); err != nil {
		t.Fatal(err)
	}
	if text := run(t, b.Bytes(), "pdftotext", "FILE", "-"); !strings.Contains(text, "U+9F98") || !strings.Contains(text, "〓") || !strings.Contains(text, "U+202E") {
		t.Errorf("the paper does not say what it lacks:\n%s", text)
	}
	l.Address = strings.Repeat("x", 5000)
	if err := Labels(&b, label.Small, made, []Label{l}); err == nil {
		t.Error("5,000 characters fit into a QR code")
	}
}
