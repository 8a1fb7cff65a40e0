package event_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/event"
)

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func drawLabel(r *rapid.T) event.Label {
	var random [26]byte
	copy(random[:], rapid.SliceOfN(rapid.Byte(), 26, 26).Draw(r, "random"))
	return event.NewLabel(random)
}

func TestLabelReadsAsWritten(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := drawLabel(r)
		if len(l) != 27 || strings.Trim(string(l[:26]), crockford) != "" {
			r.Fatalf("label %q is not 26 digits and a check symbol", l)
		}
		if got, err := event.ParseLabel(string(l)); err != nil || got != l {
			r.Fatalf("%q reads as %q, %v", l, got, err)
		}
	})
}

// Every bit of randomness must reach the label: 5 bits of each byte, 130 in all.
func TestLabelUsesAllDigits(t *testing.T) {
	seen := map[event.Label]bool{}
	for place := range 26 {
		for v := range 32 {
			var random [26]byte
			random[place] = byte(v)
			seen[event.NewLabel(random)] = true
		}
	}
	if want := 26*31 + 1; len(seen) != want {
		t.Errorf("%d different labels, want %d", len(seen), want)
	}
	if event.NewLabel([26]byte{}) != "000000000000000000000000000" {
		t.Error("the label of zeros is not zeros")
	}
}

// The check symbol is Crockford's: the number modulo 37. 32 ** 26 % 37 and the value
// of this label were computed with another program.
func TestLabelCheckSymbol(t *testing.T) {
	var random [26]byte
	for i := range random {
		random[i] = byte(i)
	}
	if got := event.NewLabel(random); got != labelA {
		t.Errorf("check symbol: %s, want %s", got, labelA)
	}
}

func TestOneWrongCharacterIsCaught(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := string(drawLabel(r))
		place := rapid.IntRange(0, 26).Draw(r, "place")
		c := rapid.SampledFrom([]byte(crockford+"*~$=U")).Draw(r, "character")
		if c == l[place] {
			return
		}
		spoilt := l[:place] + string(c) + l[place+1:]
		if _, err := event.ParseLabel(spoilt); !errors.Is(err, event.ErrMistyped) {
			r.Fatalf("%q for %q is taken: %v", spoilt, l, err)
		}
	})
}

func TestTwoSwappedCharactersAreCaught(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := string(drawLabel(r))
		i := rapid.IntRange(0, 24).Draw(r, "place")
		if l[i] == l[i+1] {
			return
		}
		spoilt := l[:i] + l[i+1:i+2] + l[i:i+1] + l[i+2:]
		if _, err := event.ParseLabel(spoilt); err == nil {
			r.Fatalf("%q for %q is taken", spoilt, l)
		}
	})
}

func TestHandwrittenLabelsAreRead(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := string(drawLabel(r))
		typed := []byte{}
		for i := range len(l) {
			c := l[i : i+1]
			switch {
			case c == "0":
				c = rapid.SampledFrom([]string{"0", "O", "o"}).Draw(r, "zero")
			case c == "1":
				c = rapid.SampledFrom([]string{"1", "I", "i", "L", "l"}).Draw(r, "one")
			case rapid.Bool().Draw(r, "lower"):
				c = strings.ToLower(c)
			}
			typed = append(typed, c...)
			if i > 0 && i%5 == 0 {
				typed = append(typed, rapid.SampledFrom([]string{"", "-", " "}).Draw(r, "gap")...)
			}
		}
		if got, err := event.ParseLabel(string(typed)); err != nil || string(got) != l {
			r.Fatalf("%q reads as %q, %v; want %q", typed, got, err, l)
		}
	})
}

func TestWhatIsNoLabel(t *testing.T) {
	for _, s := range []string{"", "0", labelA[:26], labelA + "0", "-" + labelA[1:], "!" + labelA[1:], "U" + labelA[1:], "*" + labelA[1:],
		labelA[:26] + "!", labelA[:26] + "\x00", strings.Repeat("-", 38) + labelA, "\u00a0" + labelA, labelA[:13] + "\n" + labelA[13:], strings.Repeat("0", 1<<20),
		"０" + labelA[1:]} {
		if got, err := event.ParseLabel(s); !errors.Is(err, event.ErrMistyped) || got != "" {
			t.Errorf("%.40q: %q, %v", s, got, err)
		}
	}
}
