package report

import (
	"cmp"
	"math/big"
)

// rank orders rows of the league table: by the last figure (the proven one, where there are
// two), the better first, what cannot be computed last, and equal ones by district.
func rank(x, y Row, better string) int {
	a, b := score(x), score(y)
	switch {
	case a == nil && b == nil:
		return cmp.Compare(x.District, y.District)
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	c := b.Cmp(a)
	if better == "down" {
		c = -c
	}
	return cmp.Or(c, cmp.Compare(x.District, y.District))
}

// headline is the figure that a row is ranked and drawn by: the one called proven, else the
// first.
func headline(list []Figure) Figure {
	for _, f := range list {
		if f.Variant == "proven" {
			return f
		}
	}
	if len(list) == 0 {
		return Figure{}
	}
	return list[0]
}

func score(r Row) *big.Rat { return number(headline(r.Figures).Value) }

func number(s string) *big.Rat {
	v, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return v
}
