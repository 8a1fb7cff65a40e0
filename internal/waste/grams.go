package waste

import (
	"errors"
	"math"
	"math/big"
	"strconv"

	"liandan/internal/fault"
)

// Grams is a mass. It is never a float: sums of grams are exact.
type Grams int64

// MaxBatch is 1,000 t. A batch, bag or load heavier than this is absurd: no road
// vehicle carries it, so it is a slip of unit or of the decimal point.
const MaxBatch Grams = 1_000_000_000

// Kilograms is the exact mass in kilograms with always three decimals, "12.345".
func (g Grams) Kilograms() string {
	sign, u := "", uint64(g)
	if g < 0 {
		sign, u = "-", -u // two's complement: right for the smallest int64 too
	}
	frac := strconv.FormatUint(u%1000+1000, 10)[1:]
	return sign + strconv.FormatUint(u/1000, 10) + "." + frac
}

// Unit is a unit of a quantity on paper. The text is the public spelling.
type Unit string

// The units. Pound and short ton are exact by definition (international pound of
// 1959); the volume units are known so that a line in them is reported, and carry
// no mass because the density is nobody's to guess.
const (
	UnitGram       Unit = "g"
	UnitKilogram   Unit = "kg"
	UnitTonne      Unit = "t"
	UnitPound      Unit = "lb"     // 453.59237 g
	UnitShortTon   Unit = "ton_us" // 2,000 lb = 907,184.74 g
	UnitGallon     Unit = "gal"
	UnitCubicYard  Unit = "yd3"
	UnitLitre      Unit = "L"
	UnitCubicMetre Unit = "m3"
)

// unitGrams is grams per unit as a numerator over 100,000; 0 marks a volume.
var unitGrams = map[Unit]int64{
	UnitGram:       100_000,
	UnitKilogram:   100_000_000,
	UnitTonne:      100_000_000_000,
	UnitPound:      45_359_237,
	UnitShortTon:   90_718_474_000,
	UnitGallon:     0,
	UnitCubicYard:  0,
	UnitLitre:      0,
	UnitCubicMetre: 0,
}

// unitDecimals is the power of ten that unitGrams is scaled by.
const unitDecimals = 5

// ParseUnit reads one of the spellings above, exactly.
func ParseUnit(s string) (Unit, error) {
	if _, ok := unitGrams[Unit(s)]; !ok {
		return "", quantityFault(nil, "unknown_unit",
			"not a unit of mass or volume that is known here", "不是已知的质量或体积单位", s)
	}
	return Unit(s), nil
}

// IsVolume reports a known unit that carries no mass.
func (u Unit) IsVolume() bool {
	n, ok := unitGrams[u]
	return ok && n == 0
}

// String is the public spelling.
func (u Unit) String() string { return string(u) }

// Sentinels of ToGrams, for errors.Is. A zero quantity in a unit of volume is both.
var (
	// ErrVolume: the quantity is a volume and has no mass.
	ErrVolume = errors.New("waste: a volume has no mass")
	// ErrZero: the quantity is zero, or rounds to zero grams.
	ErrZero = errors.New("waste: zero mass")
)

// maxQuantityDigits bounds the decimal text; 19 digits already fill an int64 of grams.
const maxQuantityDigits = 40

// ToGrams turns a decimal quantity in a unit into whole grams, exactly, rounding
// half up. quantity is ASCII digits with at most one decimal point between digits:
// no sign, exponent, blank, group separator, NaN or Inf. Zero (ErrZero), volumes
// (ErrVolume) and masses over the int64 range are refused; MaxBatch is the caller's
// to apply, because a sum may exceed it where a batch may not.
func ToGrams(quantity string, u Unit) (Grams, error) {
	digits, scale, ok := splitDecimal(quantity)
	if !ok {
		return 0, quantityFault(nil, "malformed_quantity",
			"a quantity is plain decimal digits with at most one point, no sign, exponent or blank",
			"数量只能是十进制数字，最多一个小数点，不得带符号、指数或空格", quantity)
	}
	if _, err := ParseUnit(string(u)); err != nil {
		return 0, err
	}
	n, _ := new(big.Int).SetString(digits, 10) // digits only: cannot fail
	if u.IsVolume() {
		cause := ErrVolume
		if n.Sign() == 0 {
			cause = errors.Join(ErrVolume, ErrZero)
		}
		return 0, quantityFault(cause, "volume_without_mass",
			"a volume has no mass here; weigh the waste, or state its density", "体积不能换算为质量，请称重或注明密度", quantity)
	}
	return roundedGrams(n.Mul(n, big.NewInt(unitGrams[u])), scale+unitDecimals, quantity)
}

// outOfRange is the sentence for a mass that Grams cannot hold.
var outOfRange = "the mass is beyond " + strconv.FormatInt(math.MaxInt64, 10) + " g"

// splitDecimal gives the digits without the point and how many stood behind it.
func splitDecimal(s string) (digits string, scale int, ok bool) {
	if s == "" || len(s) > maxQuantityDigits {
		return "", 0, false
	}
	point := -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
		case c == '.' && point < 0 && i > 0 && i < len(s)-1:
			point = i
		default:
			return "", 0, false
		}
	}
	if point < 0 {
		return s, 0, true
	}
	return s[:point] + s[point+1:], len(s) - point - 1, true
}

// quantityFault is of the kind InvalidRequest: events carry grams, so quantities with
// units come from forms, imports and replayed files only.
func quantityFault(cause error, word, en, zh, given string) error {
	e := refused(word, en, zh, given)
	e.Kind, e.Cause = fault.InvalidRequest, cause
	return e
}
