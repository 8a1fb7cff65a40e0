package internal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// clocks are the functions of package time that ask the machine or wait for it.
var clocks = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep", "Local", "LoadLocation"}

// purity says what a source file of rings 0 and 1 does that a pure one must not: ask a
// clock, start a goroutine, use channels, or run code when the program starts.
func purity(fset *token.FileSet, file *ast.File) []string {
	var wrong []string
	say := func(n ast.Node, format string, args ...any) {
		at := fset.Position(n.Pos())
		wrong = append(wrong, fmt.Sprintf("%s:%d %s", filepath.Base(at.Filename), at.Line, fmt.Sprintf(format, args...)))
	}
	timeName := ""
	for _, spec := range file.Imports {
		if spec.Path.Value != `"time"` {
			continue
		}
		timeName = "time"
		if spec.Name != nil {
			timeName = spec.Name.Name
			if timeName == "." {
				say(spec, "imports time without its name")
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			say(n, "starts a goroutine")
		case *ast.ChanType, *ast.SelectStmt, *ast.SendStmt:
			say(n, "uses channels")
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				say(n, "has an init function")
			}
		case *ast.SelectorExpr: // a function taken as a value is as bad as a call
			if x, ok := n.X.(*ast.Ident); ok && timeName != "" && x.Name == timeName && slices.Contains(clocks, n.Sel.Name) {
				say(n, "uses time.%s", n.Sel.Name)
			}
		}
		return true
	})
	return wrong
}

func TestPureRingsAreDeterministic(t *testing.T) {
	scanned := 0
	for _, p := range list(t, "./internal/...") {
		r, known := rooms[strings.TrimPrefix(p.ImportPath, module)]
		if !known || r.ring > 1 {
			continue
		}
		for _, f := range p.GoFiles {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, f), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			scanned++
			for _, w := range purity(fset, file) {
				t.Errorf("%s/%s", p.ImportPath, w)
			}
		}
	}
	if scanned < 30 {
		t.Errorf("only %d files were read", scanned)
	}
}

func TestImpurityIsFound(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{`import "time"; var x = time.UnixMilli(0)`, ""},
		{`import "time"; func f() { _ = time.Now() }`, "uses time.Now"},
		{`import "time"; var now = time.Now`, "uses time.Now"},
		{`import clock "time"; func f() { _ = clock.Since(clock.Time{}) }`, "uses time.Since"},
		{`import . "time"; func f() { _ = Now() }`, "without its name"},
		{`import "time"; func f() { <-time.After(1) }`, "uses time.After"},
		{`func f() { go f() }`, "starts a goroutine"},
		{`func f(c chan int) {}`, "uses channels"},
		{`func init() {}`, "has an init function"},
		{`type time struct{}; func (time) Now() {}; func f(t time) { t.Now() }`, ""},
	} {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "x.go", "package x; "+c.source, 0)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(purity(fset, file), "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.source, got, c.want)
		}
	}
}
