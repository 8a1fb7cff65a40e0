package indicator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/waste"
)

func uuid(kind byte, n int) id.UUID {
	return id.V7(1_772_000_000_000, [10]byte{7: kind, 8: byte(n >> 8), 9: byte(n)})
}

func site(n int) id.Site { return id.SiteOf(uuid('s', n)) }

func firm(n int) id.Party { return id.PartyOf(uuid('p', n)) }

func drum(n int) id.Batch { return id.BatchOf(uuid('b', n)) }

func day(s string) int64 { return at(s + " 12:00") }

func city(d string) bool { return d != "130629" && d[:4] == "1306" }

func period(s string) indicator.Period {
	p, err := indicator.ParsePeriod(s)
	if err != nil {
		panic(err)
	}
	return p
}

func at(s string) int64 {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, calendar.Zone())
	if err != nil {
		panic(err)
	}
	return t.UnixMilli()
}

func since(s string) indicator.Span { return indicator.Span{From: at(s + " 00:00")} }

// town is a book with the facts that most tests need: two hospitals, one of them outside
// built-up areas, a clinic outside the city, a works, a repair shop, a plant.
type town struct {
	*indicator.Book
	seq   int64
	moves []indicator.Move
	seen  indicator.Sightings
}

func newTown() *town {
	t := &town{Book: indicator.NewBook(city), seen: indicator.Sightings{}}
	for i, s := range []indicator.Site{
		{Kind: "hospital", Division: "130602", BuiltUp: true, Beds: 500}, {Kind: "hospital", Division: "130624", Beds: 60},
		{Kind: "clinic", Division: "130629", BuiltUp: true}, {Kind: "factory", Division: "130602"}, {Kind: "workshop", Division: "130624", Social: "repair"},
		{Kind: "plant", Division: "130609"},
	} {
		s.Site, s.Party, s.Span = site(i+1), firm(i+1), since("2020-01-01")
		t.state(s)
	}
	t.state(indicator.Licence{Party: firm(6), Number: "L1", Kind: "operating", Codes: []string{"*"}, Span: since("2020-01-01")})
	return t
}

func (t *town) state(row any) {
	t.Add(t.seq, indicator.Fact{By: "command", Row: row})
	t.seq++
}

func (t *town) move(m indicator.Move) {
	m.Seq = t.seq
	t.seq++
	t.moves = append(t.moves, m)
	taken := func(b id.Batch, before int64) (int64, bool) {
		for _, x := range t.moves {
			if x.Kind == indicator.Collected && x.Batch == b && x.Seq < before {
				return x.At, true
			}
		}
		return 0, false
	}
	t.seen.Note(m, func(id.Batch) ([]id.Batch, id.Site, bool) { return nil, id.Site{}, false }, taken)
}

// life is a batch closed, collected and treated.
func (t *town) life(n, origin int, code waste.Code, grams int64, closed, taken, treated string, method waste.Method) {
	t.move(indicator.Move{At: day(closed), Kind: indicator.Generated, Batch: drum(n), Origin: site(origin), Site: site(origin), Code: code, Grams: -grams})
	if taken != "" {
		t.move(indicator.Move{At: day(taken), Kind: indicator.Collected, Batch: drum(n), Origin: site(origin), Site: site(origin), Code: code, Grams: grams})
	}
	if treated != "" {
		t.move(indicator.Move{At: day(treated), Kind: indicator.Treated, Batch: drum(n), Origin: site(origin), Site: site(6), Code: code, Method: method, Grams: grams})
	}
}

func (t *town) input(n int, name string) indicator.Input {
	v, p := t.At(t.seq), period(name)
	d, _ := v.Definition(n)
	in := indicator.Input{Definition: d, View: v, Period: p, CutOff: p.To.UnixMilli() - 1, Seen: t.seen}
	var now, before []indicator.Move
	for _, m := range t.moves {
		if p.Holds(m.At) {
			now = append(now, m)
		}
		if m.At <= in.CutOff {
			before = append(before, m)
		}
	}
	in.Sums, in.Before = indicator.Fold(v, now), indicator.Fold(v, before)
	return in
}

func say(r indicator.Row) string {
	var out []string
	for _, f := range r.Figures {
		s := fmt.Sprintf("%s=%s %d/%d %s", f.Variant, f.Value, f.Numerator, f.Denominator, f.Status)
		if f.Because != nil {
			s = f.Variant + "=" + f.Because.Code
		}
		out = append(out, s)
	}
	for _, x := range r.Exclusions {
		out = append(out, fmt.Sprintf("-%s:%d:%dg", x.Code, x.Count, x.Grams))
	}
	slices.Sort(out[len(r.Figures):])
	return fmt.Sprint(append(out, r.Flags...))
}

func want(t *testing.T, got indicator.Row, text string) {
	t.Helper()
	if s := say(got); s != text {
		t.Errorf("\n got %s\nwant %s", s, text)
	}
}
