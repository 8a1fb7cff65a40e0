package workflow_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"liandan/internal/store"
	"liandan/internal/store/storetest"
	"liandan/internal/workflow"
)

var update = flag.Bool("update", false, "write docs/workflows anew")

const pages = "../../docs/workflows"

func open(t testing.TB, kind string) *store.Store {
	t.Helper()
	address := ""
	if kind == "postgres" {
		address = storetest.Ready.Postgres(t)
	} else {
		address = storetest.Ready.SQLite(t)
	}
	s, err := store.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// play plays a workflow to its end and gives its page and picture.
func play(t *testing.T, kind string, f workflow.Flow) (page, picture string) {
	t.Helper()
	s := workflow.NewStage(t, open(t, kind))
	f.Play(s)
	s.Close()
	return s.Page(f, f.Name+".svg"), s.Picture(f)
}

// Every workflow runs on both databases, is sound after every step, and is what its page
// says: to the byte, on either.
func TestWorkflows(t *testing.T) {
	flows := workflow.All()
	if len(flows) < 25 {
		t.Errorf("%d workflows", len(flows))
	}
	for _, f := range flows {
		for _, kind := range []string{"sqlite", "postgres"} {
			t.Run(f.Name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				page, picture := play(t, kind, f)
				if *update {
					if kind == "sqlite" {
						write(t, f.Name+".md", page)
						write(t, f.Name+".svg", picture)
					}
					return // the next run compares
				}
				same(t, f.Name+".md", page)
				same(t, f.Name+".svg", picture)
			})
		}
	}
}

// The list of the pages names each, and no page is left of a workflow that has gone.
func TestIndex(t *testing.T) {
	var b strings.Builder
	b.WriteString("# 工作流程 · Workflows\n\n每一页都是一个可执行的测试：在 SQLite 与 PostgreSQL 上各走一遍，每一步之后核查整本账。\n" +
		"Each page is a test: it is played on SQLite and on PostgreSQL, and the whole ledger is checked after every step\n(`go test ./internal/workflow`; with `-update` the pages are written anew).\n\n| | 流程 workflow | 说的是 what it shows |\n|---|---|---|\n")
	known := map[string]bool{"README.md": true}
	for i, f := range workflow.All() {
		if known[f.Name+".md"] {
			t.Errorf("two workflows are called %s", f.Name)
		}
		known[f.Name+".md"], known[f.Name+".svg"] = true, true
		fmt.Fprintf(&b, "| %d | [%s · %s](%s.md) | %s %s |\n", i+1, f.Title.ZH, f.Title.EN, f.Name, f.Why.ZH, f.Why.EN)
	}
	if *update {
		write(t, "README.md", b.String())
	}
	same(t, "README.md", b.String())
	files, err := os.ReadDir(pages)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[f.Name()] {
			t.Errorf("%s is the page of no workflow", f.Name())
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(pages, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pages, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, name, text string) {
	t.Helper()
	kept, err := os.ReadFile(filepath.Join(pages, name))
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != text {
		t.Errorf("docs/workflows/%s is not what was played (go test ./internal/workflow -update writes it):\n%s", name, firstDifference(string(kept), text))
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d\n-%s\n+%s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d lines, %d lines", len(x), len(y))
}
