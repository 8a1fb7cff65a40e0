package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRaceSkips holds what the Makefile leaves out under the race detector: each is a test of the packages that go under it,
// and neither it nor what it calls in its package's tests starts a goroutine.
func TestRaceSkips(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	value := func(name string) string {
		t.Helper()
		m := regexp.MustCompile(`(?m)^` + name + ` := (.+)$`).FindSubmatch(makefile)
		if m == nil {
			t.Fatalf("the Makefile has no %s", name)
		}
		return string(m[1])
	}
	funcs := map[string][]*ast.FuncDecl{} // by name, of all the packages together: rather too many than too few
	for _, pattern := range strings.Fields(value("RACE_PKGS")) {
		err := filepath.WalkDir(filepath.Join("..", strings.TrimSuffix(pattern, "/...")), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
					funcs[f.Name.Name] = append(funcs[f.Name.Name], f)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	skipped := strings.Split(value("RACE_SKIP"), "|")
	if len(skipped) < 2 {
		t.Fatalf("the Makefile skips %q", skipped)
	}
	for _, name := range skipped {
		if len(funcs[name]) != 1 || !strings.HasPrefix(name, "Test") {
			t.Errorf("%s is skipped under the race detector, and is %d tests", name, len(funcs[name]))
			continue
		}
		if at := goes(funcs, name, map[string]bool{}); at != "" {
			t.Errorf("%s is skipped under the race detector, and %s starts a goroutine", name, at)
		}
	}
}

// goes names a function that starts a goroutine, among a function and those that it calls.
func goes(funcs map[string][]*ast.FuncDecl, name string, seen map[string]bool) (at string) {
	if seen[name] {
		return ""
	}
	seen[name] = true
	for _, f := range funcs[name] {
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if at != "" {
				return false
			}
			switch n := n.(type) {
			case *ast.GoStmt:
				at = name
			case *ast.CallExpr:
				called := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					called = f.Name
				case *ast.SelectorExpr:
					if called = f.Sel.Name; called == "Go" {
						at = name
						return false
					}
				}
				at = goes(funcs, called, seen)
			}
			return at == ""
		})
	}
	return at
}
