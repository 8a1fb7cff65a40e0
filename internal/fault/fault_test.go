package fault_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"regexp"
	"slices"
	"testing"

	"liandan/internal/fault"
)

func TestKindsAreListedOnceAndSpeakable(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "kinds.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			declared += len(v.Names)
		}
		return true
	})
	kinds := fault.Kinds()
	if len(kinds) != declared || declared == 0 {
		t.Errorf("%d kinds are declared, Kinds lists %d", declared, len(kinds))
	}
	form := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`) // the last segment of a problem type
	for i, k := range kinds {
		if !form.MatchString(string(k)) || slices.Index(kinds, k) != i {
			t.Errorf("kind %q is misspelt or listed twice", k)
		}
	}
}

func TestErrorsIsGoesByKind(t *testing.T) {
	err := fmt.Errorf("intake: %w", fault.New(fault.WrongStage, "The batch is %s.", "treated"))
	for _, c := range []struct {
		name   string
		target error
		want   bool
	}{
		{"the kind alone", &fault.Error{Kind: fault.WrongStage}, true},
		{"another kind", &fault.Error{Kind: fault.NotCustodian}, false},
		{"the same kind with a sentence is another fault", fault.New(fault.WrongStage, "The batch is treated."), false},
		{"no fault", io.EOF, false},
		{"nothing", nil, false},
	} {
		if got := errors.Is(err, c.target); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if !errors.Is(err, errors.Unwrap(err)) {
		t.Error("a fault is not itself")
	}
}

func TestOfAndAs(t *testing.T) {
	inner := fault.New(fault.BadSignature, "inner")
	outer := fault.Wrap(fmt.Errorf("op: %w", inner), fault.Internal, "outer")
	for _, c := range []struct {
		name string
		err  error
		kind fault.Kind
		as   *fault.Error
	}{
		{"nil", nil, "", nil}, {"no fault", io.EOF, "", nil}, {"plain", inner, fault.BadSignature, inner},
		{"wrapped by fmt", fmt.Errorf("a: %w", fmt.Errorf("b: %w", inner)), fault.BadSignature, inner},
		{"the outermost of two", outer, fault.Internal, outer},
		{"joined", errors.Join(io.EOF, inner), fault.BadSignature, inner},
	} {
		if got := fault.Of(c.err); got != c.kind {
			t.Errorf("%s: kind %q", c.name, got)
		}
		if got := fault.As(c.err); got != c.as {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if errors.Is(outer, io.EOF) || !errors.Is(fault.Wrap(io.EOF, fault.Unavailable, "x"), io.EOF) {
		t.Error("the cause is lost or made up")
	}
}

func TestWithAndAtAddInOrder(t *testing.T) {
	cause := errors.New("disk full")
	f := fault.Wrap(cause, fault.InvalidEvent, "%d member(s) are wrong.", 2).At("/a", "required", "is required").
		With("head", "x").At("/b~1c", "type", "must be %s", "text").With("head", "y").With("n", int64(3))
	want := []fault.Field{{Pointer: "/a", Code: "required", Detail: "is required"}, {Pointer: "/b~1c", Code: "type", Detail: "must be text"}}
	if !slices.Equal(f.Fields, want) {
		t.Errorf("fields %+v", f.Fields)
	}
	if f.Facts["head"] != "y" || f.Facts["n"] != int64(3) || len(f.Facts) != 2 {
		t.Errorf("facts %v", f.Facts)
	}
	if got := f.Error(); got != "invalid-event: 2 member(s) are wrong. [/a required: is required] [/b~1c type: must be text] (disk full)" {
		t.Errorf("log line %q", got)
	}
	if !errors.Is(f, cause) || f.Unwrap() != cause {
		t.Error("the cause is lost")
	}
	if g := fault.New(fault.NotFound, "There is no such batch."); g.Unwrap() != nil || g.Error() != "not-found: There is no such batch." || g.Facts != nil || g.Fields != nil {
		t.Errorf("a plain fault: %+v", g)
	}
}
