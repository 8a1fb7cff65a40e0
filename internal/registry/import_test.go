package registry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"liandan/internal/fault"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
)

func newService(s registry.Store) *registry.Service {
	return registry.New(registry.Config{Store: s, Now: time.Now, Random: rand.NewChaCha8([32]byte{})})
}

// repeating gives a header and then the same line for ever.
type repeating struct {
	line []byte
	rest []byte
}

func (r *repeating) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		r.rest = r.line
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestImportIsBounded(t *testing.T) {
	head := strings.NewReader("credit_code,name,roles\n")
	cut := errors.New("cut")
	for name, c := range map[string]struct {
		kind string
		r    io.Reader
		want fault.Kind
	}{
		"no such kind":      {"contracts", strings.NewReader(""), fault.InvalidImport},
		"endless lines":     {registry.KindOrganisations, io.MultiReader(head, &repeating{line: []byte("x,y,z\n")}), fault.TooManyLines},
		"endless bytes":     {registry.KindOrganisations, &repeating{line: bytes.Repeat([]byte("x"), 4096)}, fault.TooLarge},
		"endless blanks":    {registry.KindOrganisations, &repeating{line: append(bytes.Repeat([]byte(","), 4095), '\n')}, fault.TooLarge},
		"a cut in a line":   {registry.KindOrganisations, io.MultiReader(strings.NewReader("credit_code,name,roles\nx,"), iotest.ErrReader(cut)), fault.UploadCutShort},
		"a cut in a header": {registry.KindOrganisations, io.MultiReader(strings.NewReader("credit_code"), iotest.ErrReader(io.ErrUnexpectedEOF)), fault.UploadCutShort},
	} {
		m := newMemory()
		rep, err := newService(m).Import(t.Context(), c.kind, c.r, false)
		if fault.Of(err) != c.want || rep.Applied || rep.Lines != 0 || m.state.version != 1 {
			t.Errorf("%s: %+v, %v, version %d; want %s", name, rep, err, m.state.version, c.want)
		}
	}
}

func TestImportTakesTheMost(t *testing.T) {
	var b strings.Builder
	b.WriteString("credit_code,name,roles\n")
	for i := range registry.MaxLines {
		fmt.Fprintf(&b, "%s,SAMPLE,generator\n", registrytest.Code(i))
	}
	m := newMemory()
	rep, err := newService(m).Import(t.Context(), registry.KindOrganisations, strings.NewReader(b.String()), false)
	if err != nil || rep.Added != registry.MaxLines || !rep.Applied || len(m.state.parties) != registry.MaxLines {
		t.Errorf("%d of %d added, %d bad, %v", rep.Added, registry.MaxLines, len(rep.Bad), err)
	}
}

// Many validities of one name must not cost the square of their number.
func TestImportManyPeriodsOfOneName(t *testing.T) {
	m := newMemory()
	s := newService(m)
	org := fmt.Sprintf("credit_code,name,roles\n%s,SAMPLE,generator\n", registrytest.Code(1))
	if _, err := s.Import(t.Context(), registry.KindOrganisations, strings.NewReader(org), false); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("credit_code,number,kind,codes,valid_from,valid_to\n")
	first := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	const n = 100_000 // days
	for i := range n {
		day := first.AddDate(0, 0, (i*7919)%n).Format(time.DateOnly)
		fmt.Fprintf(&b, "%s,S-1,operating,*,%s,%s\n", registrytest.Code(1), day, day)
	}
	rep, err := s.Import(t.Context(), registry.KindLicences, strings.NewReader(b.String()), false)
	if err != nil || rep.Added != n || !rep.Applied {
		t.Errorf("%d added, %d bad, %v", rep.Added, len(rep.Bad), err)
	}
}

func TestImportStopsWhenItsCallerIsGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := newMemory()
	csv := "credit_code,name,roles\n" + strings.Repeat("x,y,z\n", 5000)
	rep, err := newService(m).Import(ctx, registry.KindOrganisations, strings.NewReader(csv), false)
	if fault.Of(err) != fault.Unavailable || !errors.Is(err, context.Canceled) || rep.Applied {
		t.Errorf("%+v %v", rep, err)
	}
}

// Whatever the bytes: no panic, bad lines change nothing and are all in the report, and
// what was applied is unchanged when it comes again.
func FuzzImport(f *testing.F) {
	a, b := registrytest.Code(1), registrytest.Code(2)
	f.Add(uint8(0), []byte(fmt.Sprintf("credit_code,name,roles\n%s,SAMPLE,medical\n", a)))
	f.Add(uint8(1), []byte(fmt.Sprintf("credit_code,name,kind,division,built_up\n%s,\"本, \"\"部\",hospital,130602,1\r\n", b)))
	f.Add(uint8(2), []byte(fmt.Sprintf("valid_from,credit_code,number,kind,codes\n2024-01-01,%s,S,operating,HW08；*\n", a)))
	f.Add(uint8(3), []byte(fmt.Sprintf("\ufeffcredit_code,person,valid_to,id\n%s,N-1,2024-02-30,x\n", a)))
	f.Fuzz(func(t *testing.T, which uint8, csv []byte) {
		m := newMemory()
		s := newService(m)
		base := fmt.Sprintf("credit_code,name,roles\n%s,A SAMPLE,medical\n%s,B SAMPLE,carrier\n", a, b)
		if _, err := s.Import(t.Context(), registry.KindOrganisations, strings.NewReader(base), false); err != nil {
			t.Fatal(err)
		}
		before := m.state.version
		kind := registry.Kinds()[int(which)%4]
		rep, err := s.Import(t.Context(), kind, bytes.NewReader(csv), false)
		if err != nil {
			t.Fatalf("an error for %d bytes: %v", len(csv), err)
		}
		wrong := map[int]bool{}
		for _, bad := range rep.Bad {
			wrong[bad.Line] = true
			if bad.Code == "" || bad.Detail == "" || bad.DetailZH == "" {
				t.Errorf("%+v", bad)
			}
		}
		if rep.Applied != (len(rep.Bad) == 0) {
			t.Errorf("%+v", rep)
		}
		if !rep.Applied && m.state.version != before {
			t.Error("a refused file changed the register")
		}
		header := slices.ContainsFunc(rep.Bad, func(b registry.BadLine) bool {
			return strings.HasSuffix(b.Code, "_column") || b.Code == "header_missing"
		})
		if !header && rep.Lines > 0 && rep.Added+rep.Changed+rep.Unchanged+len(wrong) != rep.Lines {
			t.Errorf("lines do not add up: %+v", rep)
		}
		if !rep.Applied {
			return
		}
		again, err := s.Import(t.Context(), kind, bytes.NewReader(csv), false)
		if err != nil || !again.Applied || again.Unchanged != rep.Lines {
			t.Errorf("again: %+v %v after %+v", again, err, rep)
		}
	})
}
