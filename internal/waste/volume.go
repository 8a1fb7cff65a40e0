package waste

import (
	"math/big"
	"strings"
)

// unitNames are the words for units on Chinese and English paper, in lower case.
var unitNames = map[string]Unit{
	"克": UnitGram, "g": UnitGram,
	"千克": UnitKilogram, "公斤": UnitKilogram, "kg": UnitKilogram,
	"吨": UnitTonne, "公吨": UnitTonne, "t": UnitTonne,
	"磅": UnitPound, "lb": UnitPound, "美吨": UnitShortTon, "ton_us": UnitShortTon,
	"升": UnitLitre, "公升": UnitLitre, "l": UnitLitre,
	"立方米": UnitCubicMetre, "m3": UnitCubicMetre, "m³": UnitCubicMetre, "㎥": UnitCubicMetre,
	"加仑": UnitGallon, "gal": UnitGallon, "立方码": UnitCubicYard, "yd3": UnitCubicYard,
}

// UnitNamed reads a unit as papers and spreadsheets write it: 吨, 千克, 公斤, 克, 升, 立方米,
// or the Latin sign in either case, blanks around it aside. 斤, 担 and a bare "ton" are
// refused: what they weigh depends on who wrote them.
func UnitNamed(s string) (Unit, error) {
	if u, ok := unitNames[strings.ToLower(strings.TrimSpace(s))]; ok {
		return u, nil
	}
	return "", quantityFault(nil, "unknown_unit",
		"not a unit of mass or volume that is known here; write t, kg, g, L or m3", "不是已知的质量或体积单位，请用吨、千克、克、升或立方米", s)
}

// unitMillilitres is millilitres per unit as a numerator over a million. Gallon and cubic
// yard are the United States', exact by the definition of the inch.
var unitMillilitres = map[Unit]int64{
	UnitLitre:      1_000_000_000,
	UnitCubicMetre: 1_000_000_000_000,
	UnitGallon:     3_785_411_784,   // 3.785411784 L
	UnitCubicYard:  764_554_857_984, // 764.554857984 L
}

// heaviest bounds a density, kilograms a litre. Nothing that is carried is denser than
// osmium, so more is a slip of unit: kg/m3 written where kg/L is meant.
const heaviest = 23

// VolumeToGrams turns a decimal volume into whole grams by a stated density in kilograms
// a litre (= tonnes a cubic metre = grams a millilitre), exactly, rounding half up. The
// density is a decimal text as ToGrams reads quantities; an empty one is refused with
// ErrVolume, because it is nobody's to guess. The mass is an estimate, not a weighing: the
// caller says so. A unit of mass is refused.
func VolumeToGrams(quantity string, u Unit, density string) (Grams, error) {
	if density == "" {
		return 0, quantityFault(ErrVolume, "volume_without_mass",
			"a volume has no mass without its density; weigh the waste, or state the density in kg/L", "体积须注明密度（千克/升）方可换算，否则请称重", quantity)
	}
	per, ok := unitMillilitres[u]
	if !ok {
		return 0, quantityFault(nil, "not_a_volume", "not a unit of volume", "不是体积单位", string(u))
	}
	volume, volumeScale, ok := splitDecimal(quantity)
	if !ok {
		return 0, quantityFault(nil, "malformed_quantity",
			"a quantity is plain decimal digits with at most one point, no sign, exponent or blank",
			"数量只能是十进制数字，最多一个小数点，不得带符号、指数或空格", quantity)
	}
	kilos, kiloScale, ok := splitDecimal(density)
	if !ok {
		return 0, quantityFault(nil, "malformed_density",
			"a density is plain decimal digits with at most one point, in kg/L", "密度只能是十进制数字，单位千克/升", density)
	}
	d, _ := new(big.Int).SetString(kilos, 10) // digits only: cannot fail
	if limit := new(big.Int).Mul(tenTo(kiloScale), big.NewInt(heaviest)); d.Sign() == 0 || d.Cmp(limit) > 0 {
		return 0, quantityFault(nil, "density_out_of_range",
			"a density is above 0 and at most 23 kg/L; 850 kg/m3 is 0.85 kg/L", "密度应大于0且不超过23千克/升；850千克/立方米即0.85千克/升", density)
	}
	n, _ := new(big.Int).SetString(volume, 10)
	return roundedGrams(n.Mul(n, d).Mul(n, big.NewInt(per)), volumeScale+kiloScale+millilitreDecimals, quantity)
}

// millilitreDecimals is the power of ten that unitMillilitres is scaled by.
const millilitreDecimals = 6

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// roundedGrams is n / 10^scale grams, half up, within the range of Grams and not zero.
func roundedGrams(n *big.Int, scale int, given string) (Grams, error) {
	den := tenTo(scale)
	n.Lsh(n, 1).Add(n, den).Quo(n, den.Lsh(den, 1)) // floor((2n + den) / 2den)
	switch {
	case n.Sign() == 0:
		return 0, quantityFault(ErrZero, "zero_mass", "the mass is zero grams", "质量为零克", given)
	case !n.IsInt64():
		return 0, quantityFault(nil, "mass_out_of_range", outOfRange, "质量超出可记录范围", given)
	}
	return Grams(n.Int64()), nil
}
