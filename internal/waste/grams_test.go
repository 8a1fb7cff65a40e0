package waste

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/fault"
)

func TestToGrams(t *testing.T) {
	cases := []struct {
		quantity string
		unit     Unit
		want     Grams
	}{
		{"12.345", UnitKilogram, 12_345},
		{"1", UnitGram, 1},
		{"0.5", UnitGram, 1}, // half goes up
		{"1.4999999999", UnitGram, 1},
		{"0007", UnitKilogram, 7_000},
		{"0.0004", UnitTonne, 400},
		{"1.2345675", UnitTonne, 1_234_568}, // half up, where banker's rounding agrees
		{"1.2345665", UnitTonne, 1_234_567}, // half up, where banker's rounding would not
		{"1", UnitPound, 454},               // 453.59237
		{"20", UnitPound, 9_072},            // 9,071.8474
		{"1300", UnitPound, 589_670},        // 589,670.081
		{"1", UnitShortTon, 907_185},        // 907,184.74
		{"50", UnitShortTon, 45_359_237},
		{"1000", UnitTonne, MaxBatch},
		{"9223372036854775807", UnitGram, math.MaxInt64},
		{"9223372036854775807.4", UnitGram, math.MaxInt64},
	}
	for _, c := range cases {
		got, err := ToGrams(c.quantity, c.unit)
		if err != nil || got != c.want {
			t.Errorf("%s %s = %d, %v; want %d", c.quantity, c.unit, got, err, c.want)
		}
	}
}

const none = "\x00" // no sentinel

// refusedQuantities: what is refused, the sentinel it matches, and its field's code.
var refusedQuantities = []struct {
	quantity string
	unit     Unit
	sentinel string
	word     string
}{
	{"", UnitKilogram, none, "malformed_quantity"},
	{" ", UnitKilogram, none, "malformed_quantity"},
	{"1 ", UnitKilogram, none, "malformed_quantity"},
	{"1\n", UnitKilogram, none, "malformed_quantity"},
	{"+1", UnitKilogram, none, "malformed_quantity"},
	{"-1", UnitKilogram, none, "malformed_quantity"},
	{"-0", UnitKilogram, none, "malformed_quantity"},
	{"1e3", UnitKilogram, none, "malformed_quantity"},
	{"1E-3", UnitKilogram, none, "malformed_quantity"},
	{"0x10", UnitKilogram, none, "malformed_quantity"},
	{"1_000", UnitKilogram, none, "malformed_quantity"},
	{"1,5", UnitKilogram, none, "malformed_quantity"},
	{"1/2", UnitKilogram, none, "malformed_quantity"},
	{".5", UnitKilogram, none, "malformed_quantity"},
	{"5.", UnitKilogram, none, "malformed_quantity"},
	{"1.2.3", UnitKilogram, none, "malformed_quantity"},
	{"NaN", UnitKilogram, none, "malformed_quantity"},
	{"Inf", UnitKilogram, none, "malformed_quantity"},
	{"１２", UnitKilogram, none, "malformed_quantity"}, // full-width digits
	{strings.Repeat("9", 41), UnitKilogram, none, "malformed_quantity"},
	{"1", "KG", none, "unknown_unit"},
	{"1", "", none, "unknown_unit"},
	{"5", UnitGallon, "volume", "volume_without_mass"},
	{"5", UnitCubicYard, "volume", "volume_without_mass"},
	{"5", UnitLitre, "volume", "volume_without_mass"},
	{"5", UnitCubicMetre, "volume", "volume_without_mass"},
	{"0", UnitGallon, "volume+zero", "volume_without_mass"},
	{"NaN", UnitGallon, none, "malformed_quantity"},
	{"0", UnitKilogram, "zero", "zero_mass"},
	{"0.000", UnitTonne, "zero", "zero_mass"},
	{"0.4999", UnitGram, "zero", "zero_mass"},
	{"9223372036854775807.5", UnitGram, none, "mass_out_of_range"},
	{"9223372036854775808", UnitGram, none, "mass_out_of_range"},
	{"9999999999999999999999", UnitTonne, none, "mass_out_of_range"},
}

func TestToGramsRefuses(t *testing.T) {
	for _, c := range refusedQuantities {
		got, err := ToGrams(c.quantity, c.unit)
		if err == nil || got != 0 {
			t.Errorf("%q %s accepted as %d", c.quantity, c.unit, got)
			continue
		}
		if v, want := errors.Is(err, ErrVolume), strings.HasPrefix(c.sentinel, "volume"); v != want {
			t.Errorf("%q %s: ErrVolume %v", c.quantity, c.unit, v)
		}
		if z, want := errors.Is(err, ErrZero), strings.HasSuffix(c.sentinel, "zero"); z != want {
			t.Errorf("%q %s: ErrZero %v", c.quantity, c.unit, z)
		}
		f := fault.As(err)
		if f == nil || len(f.Fields) != 1 || f.Fields[0].Code != c.word || f.Fields[0].DetailZH == "" {
			t.Errorf("%q %s: %v, want one field %s", c.quantity, c.unit, err, c.word)
		}
	}
}

// One MiB of text must not come back in the error, nor half a character of it.
func TestErrorsStayShort(t *testing.T) {
	for _, given := range []string{strings.Repeat("9", 1<<20), strings.Repeat("废", 1<<18), "\xff" + strings.Repeat("\x80", 99)} {
		_, err := ToGrams(given, UnitKilogram)
		if err == nil || len(err.Error()) > 1000 {
			t.Errorf("error of %d bytes", len(err.Error()))
		}
		if strings.HasPrefix(given, "废") && strings.ContainsRune(err.Error(), '\uFFFD') {
			t.Errorf("a character was cut: %s", err)
		}
	}
}

func TestKilograms(t *testing.T) {
	for g, want := range map[Grams]string{
		0: "0.000", 5: "0.005", 999: "0.999", 1000: "1.000", 12_345: "12.345", MaxBatch: "1000000.000",
		-5: "-0.005", -12_345: "-12.345",
		math.MaxInt64: "9223372036854775.807", math.MinInt64: "-9223372036854775.808",
	} {
		if got := g.Kilograms(); got != want {
			t.Errorf("%d g = %s kg, want %s", int64(g), got, want)
		}
	}
}

// Kilograms is exact: what it prints reads back as the same grams.
func TestKilogramsReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Grams(rapid.Int64Min(1).Draw(t, "grams"))
		back, err := ToGrams(g.Kilograms(), UnitKilogram)
		if err != nil || back != g {
			t.Fatalf("%d g -> %s kg -> %d, %v", g, g.Kilograms(), back, err)
		}
	})
}

// ratGrams is the definition, by another road: rational arithmetic and floor(x+1/2).
func ratGrams(quantity string, u Unit) *big.Int {
	per := map[Unit]string{UnitGram: "1", UnitKilogram: "1000", UnitTonne: "1000000", UnitPound: "453.59237", UnitShortTon: "907184.74"}
	q, _ := new(big.Rat).SetString(quantity)
	f, _ := new(big.Rat).SetString(per[u])
	q.Mul(q, f).Add(q, big.NewRat(1, 2))
	return new(big.Int).Quo(q.Num(), q.Denom())
}

func TestToGramsAgainstRationals(t *testing.T) {
	units := []Unit{UnitGram, UnitKilogram, UnitTonne, UnitPound, UnitShortTon}
	rapid.Check(t, func(t *rapid.T) {
		quantity := rapid.StringMatching(`[0-9]{1,20}(\.[0-9]{1,15})?`).Draw(t, "quantity")
		u := rapid.SampledFrom(units).Draw(t, "unit")
		want := ratGrams(quantity, u)
		got, err := ToGrams(quantity, u)
		switch {
		case want.Sign() == 0:
			if !errors.Is(err, ErrZero) {
				t.Fatalf("%s %s: %d, %v; want zero", quantity, u, got, err)
			}
		case !want.IsInt64():
			if err == nil || errors.Is(err, ErrZero) || errors.Is(err, ErrVolume) {
				t.Fatalf("%s %s: %d, %v; want out of range", quantity, u, got, err)
			}
		case err != nil || int64(got) != want.Int64():
			t.Fatalf("%s %s: %d, %v; want %s", quantity, u, got, err, want)
		}
	})
}

func FuzzToGrams(f *testing.F) {
	for _, s := range []string{"12.345", "0", "-1", "1e9", "NaN", ".5", "9223372036854775807.5", " 1", "１"} {
		for _, u := range []Unit{UnitKilogram, UnitShortTon, UnitGallon, "stone"} {
			f.Add(s, string(u))
		}
	}
	f.Fuzz(func(t *testing.T, quantity, unit string) {
		got, err := ToGrams(quantity, Unit(unit))
		if err != nil {
			if got != 0 || fault.As(err) == nil {
				t.Fatalf("%q %q: %d with %v", quantity, unit, got, err)
			}
			return
		}
		if strings.Trim(quantity, "0123456789.") != "" || Unit(unit).IsVolume() {
			t.Fatalf("%q %q accepted", quantity, unit)
		}
		if want := ratGrams(quantity, Unit(unit)); got <= 0 || int64(got) != want.Int64() {
			t.Fatalf("%q %q = %d, want %s", quantity, unit, got, want)
		}
	})
}
