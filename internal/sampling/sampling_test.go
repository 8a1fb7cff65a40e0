package sampling_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/sampling"
)

func site(n int) id.Site { return id.SiteOf(uuid('5', n)) }

func person(n int) id.Person { return id.PersonOf(uuid('d', n)) }

func uuid(kind byte, n int) id.UUID {
	var r [10]byte
	r[0] = kind
	binary.BigEndian.PutUint64(r[2:], uint64(n))
	return id.V7(1_767_225_600_000, r)
}

func lists(sites, people int) (out sampling.List) {
	for i := range sites {
		out.Sites = append(out.Sites, site(i))
	}
	for i := range people {
		out.People = append(out.People, person(i))
	}
	return out
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestGolden holds the draw to numbers that were written down: another program that follows
// the package's description must come to the same.
func TestGolden(t *testing.T) {
	l := must(sampling.NewList(lists(12, 5).Sites, lists(12, 5).People))(t)
	var root id.Hash
	for i := range root {
		root[i] = byte(i)
	}
	d := must(sampling.Draw(l, root, sampling.Order{Sites: 4, People: 2, Round: 1}))(t)
	var got []string
	for _, s := range d.Sites {
		got = append(got, fmt.Sprint("s", slices.Index(l.Sites, s)))
	}
	for _, p := range d.People {
		got = append(got, fmt.Sprint("p", slices.Index(l.People, p)))
	}
	if s, want := strings.Join(got, " ")+" "+l.Hash().String()[:16]+" "+sampling.Seed(root, l.Hash(), 1).String()[:16], golden; s != want {
		t.Errorf("drawn\n%s, written down\n%s", s, want)
	}
	again := must(sampling.Draw(l, root, sampling.Order{Sites: 4, People: 2, Round: 2}))(t)
	if slices.Equal(again.Sites, d.Sites) && slices.Equal(again.People, d.People) {
		t.Error("the second round draws what the first drew")
	}
}

// TestTheOrderOfTheListIsNoMatter: who writes the list cannot steer the draw by its order.
func TestTheOrderOfTheListIsNoMatter(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := lists(rapid.IntRange(1, 60).Draw(r, "sites"), rapid.IntRange(1, 20).Draw(r, "people"))
		a, err := sampling.NewList(l.Sites, l.People)
		if err != nil {
			r.Fatal(err)
		}
		b, err := sampling.NewList(rapid.Permutation(l.Sites).Draw(r, "sites in another order"), rapid.Permutation(l.People).Draw(r, "people in another order"))
		if err != nil || a.Hash() != b.Hash() {
			r.Fatalf("two orders have two hashes: %v", err)
		}
		o := sampling.Order{Sites: rapid.IntRange(1, len(l.Sites)).Draw(r, "k"), People: rapid.IntRange(1, len(l.People)).Draw(r, "j"), Round: rapid.IntRange(1, 9).Draw(r, "round")}
		var root id.Hash
		copy(root[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(r, "root"))
		x, err := sampling.Draw(a, root, o)
		if err != nil {
			r.Fatal(err)
		}
		y, _ := sampling.Draw(b, root, o)
		if !slices.Equal(x.Sites, y.Sites) || !slices.Equal(x.People, y.People) {
			r.Fatal("two orders give two draws")
		}
		met := map[id.Site]bool{}
		for _, s := range x.Sites {
			if met[s] || !slices.Contains(l.Sites, s) {
				r.Fatalf("%s is drawn twice or is not listed", s)
			}
			met[s] = true
		}
		if len(x.Sites) != o.Sites || len(x.People) != o.People {
			r.Fatalf("%d and %d are drawn, not %+v", len(x.Sites), len(x.People), o)
		}
		back, err := sampling.ParseList(a.Text())
		if err != nil || back.Hash() != a.Hash() {
			r.Fatalf("the text is not read as it was written: %v", err)
		}
	})
}

// TestEachIsDrawnAlikeOften: over many roots every site comes as often as chance allows
// (chi-squared with 12 degrees of freedom; above 40 in one of 14,000 tries).
func TestEachIsDrawnAlikeOften(t *testing.T) {
	const sites, draws, k = 13, 6000, 3
	l := must(sampling.NewList(lists(sites, 1).Sites, lists(sites, 1).People))(t)
	count := map[id.Site]int{}
	for i := range draws {
		var root id.Hash
		binary.BigEndian.PutUint64(root[:], uint64(i))
		for _, s := range must(sampling.Draw(l, root, sampling.Order{Sites: k, People: 1, Round: 1}))(t).Sites {
			count[s]++
		}
	}
	want, chi := float64(draws*k)/sites, 0.0
	for _, s := range l.Sites {
		chi += math.Pow(float64(count[s])-want, 2) / want
	}
	if chi > 40 {
		t.Errorf("chi-squared is %.1f: %v", chi, count)
	}
}

func TestListsThatAreNone(t *testing.T) {
	two := []id.Site{site(1), site(1)}
	for name, c := range map[string]struct {
		sites  []id.Site
		people []id.Person
		want   string
	}{
		"nothing":      {nil, nil, "/sites=length /people=length"},
		"a site twice": {two, []id.Person{person(1)}, "/sites/1=repeated"},
		"no id":        {[]id.Site{{}}, []id.Person{person(1)}, "/sites/0=format"},
		"too many":     {[]id.Site{site(1)}, lists(1, sampling.MaxPeople+1).People, "/people=length"},
	} {
		_, err := sampling.NewList(c.sites, c.people)
		if got := fields(err); got != c.want || fault.Of(err) != fault.InvalidRequest {
			t.Errorf("%s: %v %s", name, err, got)
		}
	}
	l := must(sampling.NewList([]id.Site{site(1)}, []id.Person{person(1)}))(t)
	if _, err := sampling.Draw(l, id.Hash{}, sampling.Order{Sites: 2, People: 0, Round: 101}); fields(err) != "/draw_sites=out_of_range /draw_people=out_of_range /round=out_of_range" {
		t.Errorf("more than are listed: %v", err)
	}
	for _, text := range []string{"", "{}", "[]", " " + string(l.Text()), strings.Replace(string(l.Text()), "sites", "Sites", 1), strings.Replace(string(l.Text()), ":", ": ", 1), string(l.Text()) + "\n"} {
		if _, err := sampling.ParseList([]byte(text)); fault.Of(err) != fault.Damaged {
			t.Errorf("%.30q is read: %v", text, err)
		}
	}
}

func fields(err error) string {
	var out []string
	if f := fault.As(err); f != nil {
		for _, x := range f.Fields {
			out = append(out, x.Pointer+"="+x.Code)
		}
	}
	return strings.Join(out, " ")
}

// golden was computed by a second program in another language.
const golden = "s10 s2 s1 s6 p1 p0 6506f01e02880b39 1cca313ab6fc0638"

func FuzzParseList(f *testing.F) {
	l, err := sampling.NewList(lists(2, 2).Sites, lists(2, 2).People)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(l.Text())
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := sampling.ParseList(b)
		if err == nil && string(l.Text()) != string(b) {
			t.Fatalf("%q is read and written as %q", b, l.Text())
		}
	})
}
