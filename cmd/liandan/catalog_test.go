package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"liandan/internal/config"
	"liandan/internal/record"
	"liandan/internal/server"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// operator runs commands on one data folder and reads what they print.
type operator struct {
	t    *testing.T
	data string
}

func (o operator) run(wantCode int, args ...string) (out, complaint string) {
	o.t.Helper()
	var stdout, stderr strings.Builder
	args = append(args[:1:1], append([]string{"--data", o.data}, args[1:]...)...)
	code := run(context.Background(), args, terminal{in: strings.NewReader(""), out: &stdout, err: &stderr, env: func(string) string { return "" }})
	if code != wantCode {
		o.t.Fatalf("liandan %v ended with %d, want %d:\n%s%s", args, code, wantCode, &stdout, &stderr)
	}
	return stdout.String(), stderr.String()
}

func (o operator) file(text string) string {
	o.t.Helper()
	name := filepath.Join(o.t.TempDir(), "sample.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return name
}

const sampleCatalog = "类别,行业来源,废物代码,描述,危险特性\nHW08 样例,样例,900-214-08,样例甲 SAMPLE,\"T，I\"\n,,900-249-08,样例乙 SAMPLE,T/I\n,,900-999-08,样例丙 SAMPLE,T\n"

func TestImportCatalog(t *testing.T) {
	o := operator{t, filepath.Join(t.TempDir(), "data")}
	good := o.file(sampleCatalog)
	edition := []string{"import-catalog", "--edition", "SAMPLE-2025", "--from", "2025-01-01"}
	with := func(more ...string) []string { return append(edition[:5:5], more...) }

	if out, _ := o.run(exitOK, with("--dry-run", good)...); !strings.Contains(out, "dry run") || !strings.Contains(out, "added 1, 删去 gone 465, 危险特性不同 other hazards 1") {
		t.Errorf("dry run: %s", out)
	}
	if out, _ := o.run(exitOK, with(good)...); !strings.Contains(out, "revision 1 — 已写入 kept") { // so the dry run had kept nothing
		t.Errorf("import: %s", out)
	}
	if out, _ := o.run(exitOK, with("--replace", good)...); !strings.Contains(out, "revision 1 — 未变 unchanged") {
		t.Errorf("again: %s", out)
	}
	other := o.file(strings.Replace(sampleCatalog, "样例乙", "样例丁", 1))
	if _, complaint := o.run(exitFailed, with(other)...); !strings.Contains(complaint, "--replace") {
		t.Errorf("another text: %s", complaint)
	}
	if out, _ := o.run(exitOK, with("--replace", other)...); !strings.Contains(out, "revision 2 — 已写入 kept") {
		t.Errorf("replacement: %s", out)
	}

	// What a server then works with, and what the log will say was done.
	p, err := server.Open(context.Background(), configOf(t, o.data), server.Options{Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c, err := p.Store.Catalog(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	acts := 0
	err = p.Store.Update(context.Background(), func(tx record.Tx) error {
		waiting, err := tx.Outbox(100)
		for _, st := range waiting {
			if a, aerr := statement.ParseAct(st.Body); aerr == nil && a.Operation == "importCatalog" && a.Subject == "SAMPLE-2025" {
				acts++
			}
		}
		return err
	})
	if err != nil || acts != 2 { // neither the dry run, nor what changed nothing, nor what was refused
		t.Errorf("%d acts are on their way into the log, want 2: %v", acts, err)
	}
	day, err := localDay("", "2026-03-02")
	if err != nil {
		t.Fatal(err)
	}
	if x, ok := c.Lookup("900-249-08", day); !ok || x.Description != "样例丁 SAMPLE" || x.Carried {
		t.Errorf("%v %+v", ok, x)
	}
}

func TestImportCatalogRefuses(t *testing.T) {
	o := operator{t, filepath.Join(t.TempDir(), "data")}
	good := o.file(sampleCatalog)
	bad := o.file("类别,废物代码,描述,危险特性\nHW08,900-214-8,\x1b[31m红,T\nHW08,900-249-08,=1+1,X\n")
	out, _ := o.run(exitFindings, "import-catalog", "--edition", "SAMPLE-2025", "--from", "2025-01-01", bad)
	for _, want := range []string{"错误 faults 4", "line 2, code [malformed_waste_code]", "line 2, description [characters]", "line 3, description [formula]", "line 3, hazards [hazards]"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("a file's control characters reach the terminal")
	}
	for name, args := range map[string][]string{
		"no edition":    {"import-catalog", "--from", "2025-01-01", good},
		"no day":        {"import-catalog", "--edition", "SAMPLE", good},
		"no file":       {"import-catalog", "--edition", "SAMPLE", "--from", "2025-01-01"},
		"two files":     {"import-catalog", "--edition", "SAMPLE", "--from", "2025-01-01", good, good},
		"not a day":     {"import-catalog", "--edition", "SAMPLE", "--from", "2025-02-30", good},
		"not an end":    {"import-catalog", "--edition", "SAMPLE", "--from", "2025-01-01", "--to", "never", good},
		"end first":     {"import-catalog", "--edition", "SAMPLE", "--from", "2025-01-01", "--to", "2024-01-01", good},
		"absent file":   {"import-catalog", "--edition", "SAMPLE", "--from", "2025-01-01", good + ".not"},
		"odd edition":   {"import-catalog", "--edition", "SAMPLE/../1", "--from", "2025-01-01", good},
		"shipped's day": {"import-catalog", "--edition", "SAMPLE", "--from", "2021-01-01", good},
		"shipped, open": {"import-catalog", "--edition", "2021", "--from", "2021-01-01", good},
	} {
		if _, complaint := o.run(exitFailed, args...); complaint == "" {
			t.Errorf("%s: no word about it", name)
		}
	}
	p, err := server.Open(context.Background(), configOf(t, o.data), server.Options{Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c, err := p.Store.Catalog(context.Background())
	if err != nil || len(c.Editions()) != len(waste.DefaultCatalog().Editions()) {
		t.Errorf("%v: %d editions after refusals alone", err, len(c.Editions()))
	}
}

func configOf(t *testing.T, data string) *config.Config {
	t.Helper()
	quiet := terminal{out: io.Discard, err: io.Discard, env: func(string) string { return "" }}
	cfg, _, err := settings(quiet, flags(quiet, "test"), []string{"--data", data})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
