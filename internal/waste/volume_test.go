package waste

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/fault"
)

func TestUnitNamed(t *testing.T) {
	for s, want := range map[string]Unit{"吨": UnitTonne, "t": UnitTonne, "T": UnitTonne, "千克": UnitKilogram, "公斤": UnitKilogram, " KG ": UnitKilogram,
		"克": UnitGram, "升": UnitLitre, "l": UnitLitre, "L": UnitLitre, "立方米": UnitCubicMetre, "m³": UnitCubicMetre, "M3": UnitCubicMetre} {
		if u, err := UnitNamed(s); err != nil || u != want {
			t.Errorf("%q: %s %v", s, u, err)
		}
	}
	for _, u := range []Unit{UnitGram, UnitKilogram, UnitTonne, UnitPound, UnitShortTon, UnitGallon, UnitCubicYard, UnitLitre, UnitCubicMetre} {
		if got, err := UnitNamed(u.String()); err != nil || got != u {
			t.Errorf("%s: %s %v", u, got, err)
		}
		if _, volume := unitMillilitres[u]; volume != u.IsVolume() {
			t.Errorf("%s: volume %v", u, volume)
		}
	}
	for _, s := range []string{"", "斤", "市斤", "担", "ton", "桶", "kgs", "吨吨", "mg"} {
		if u, err := UnitNamed(s); err == nil || u != "" || fault.Of(err) != fault.InvalidRequest {
			t.Errorf("%q accepted as %s", s, u)
		}
	}
}

func TestVolumeToGrams(t *testing.T) {
	for _, c := range []struct {
		quantity string
		unit     Unit
		density  string
		want     Grams
	}{
		{"200", UnitLitre, "0.88", 176_000},
		{"1", UnitCubicMetre, "1.84", 1_840_000},
		{"0.0005", UnitLitre, "1", 1}, // half goes up
		{"1", UnitGallon, "1", 3_785}, // 3,785.411784
		{"1", UnitCubicYard, "1", 764_555},
		{"1", UnitLitre, "23", 23_000},
		{"1000", UnitCubicMetre, "0.000001", 1_000},
	} {
		if got, err := VolumeToGrams(c.quantity, c.unit, c.density); err != nil || got != c.want {
			t.Errorf("%s %s at %s: %d %v, want %d", c.quantity, c.unit, c.density, got, err, c.want)
		}
	}
	for _, c := range []struct {
		quantity string
		unit     Unit
		density  string
		word     string
		is       error
	}{
		{"200", UnitLitre, "", "volume_without_mass", ErrVolume},
		{"200", UnitKilogram, "0.9", "not_a_volume", nil},
		{"200", "桶", "0.9", "not_a_volume", nil},
		{"", UnitLitre, "0.9", "malformed_quantity", nil},
		{"-1", UnitLitre, "0.9", "malformed_quantity", nil},
		{"1", UnitLitre, "0,9", "malformed_density", nil},
		{"1", UnitLitre, "NaN", "malformed_density", nil},
		{"1", UnitLitre, "0", "density_out_of_range", nil},
		{"1", UnitLitre, "0.000", "density_out_of_range", nil},
		{"1", UnitLitre, "23.0001", "density_out_of_range", nil},
		{"1", UnitLitre, "850", "density_out_of_range", nil}, // kg/m3 written for kg/L
		{"0", UnitLitre, "0.9", "zero_mass", ErrZero},
		{"0.0004", UnitLitre, "1", "zero_mass", ErrZero},
		{"9999999999999999999999", UnitCubicMetre, "1", "mass_out_of_range", nil},
	} {
		got, err := VolumeToGrams(c.quantity, c.unit, c.density)
		f := fault.As(err)
		if got != 0 || f == nil || f.Kind != fault.InvalidRequest || f.Fields[0].Code != c.word || (c.is != nil && !errors.Is(err, c.is)) {
			t.Errorf("%s %s at %s: %d %v, want %s", c.quantity, c.unit, c.density, got, err, c.word)
		}
	}
}

// By another road: a volume at density 1 weighs as its litres in kilograms, and mass grows
// with density as with volume.
func TestVolumeToGramsAgainstKilograms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		quantity := rapid.StringMatching(`[1-9][0-9]{0,9}(\.[0-9]{1,9})?`).Draw(t, "quantity")
		density := rapid.StringMatching(`(1?[0-9]|2[0-2])\.[0-9]{0,8}[1-9]`).Draw(t, "density")
		asKilos, err := ToGrams(quantity, UnitKilogram)
		asLitres, err2 := VolumeToGrams(quantity, UnitLitre, "1")
		if err != nil || err2 != nil || asKilos != asLitres {
			t.Fatalf("%s: %d %v, %d %v", quantity, asKilos, err, asLitres, err2)
		}
		cubic, err := VolumeToGrams(quantity, UnitCubicMetre, density)
		turned, err2 := VolumeToGrams(density, UnitCubicMetre, "1")
		if err != nil || err2 != nil || quantity == "1" && cubic != turned {
			t.Fatalf("%s at %s: %d %v, %d %v", quantity, density, cubic, err, turned, err2)
		}
		if tonnes, err := ToGrams(quantity, UnitTonne); err != nil || (density[0] != '0') != (cubic >= tonnes) && cubic != tonnes {
			t.Fatalf("%s m3 at %s weighs %d, its water %d", quantity, density, cubic, tonnes)
		}
	})
}
