package waste

import "strings"

// Hazard is a hazardous property, 危险特性 of the national catalogue.
type Hazard string

// The five properties.
const (
	Toxic      Hazard = "T"  // 毒性
	Corrosive  Hazard = "C"  // 腐蚀性
	Ignitable  Hazard = "I"  // 易燃性
	Reactive   Hazard = "R"  // 反应性
	Infectious Hazard = "In" // 感染性
)

var hazardNames = map[Hazard][2]string{
	Toxic:      {"毒性", "toxic"},
	Corrosive:  {"腐蚀性", "corrosive"},
	Ignitable:  {"易燃性", "ignitable"},
	Reactive:   {"反应性", "reactive"},
	Infectious: {"感染性", "infectious"},
}

// Hazards is all five in the catalogue's order T, C, I, R, In.
func Hazards() []Hazard { return []Hazard{Toxic, Corrosive, Ignitable, Reactive, Infectious} }

// ParseHazard reads one property, exactly as spelled above.
func ParseHazard(s string) (Hazard, error) {
	if _, ok := hazardNames[Hazard(s)]; ok {
		return Hazard(s), nil
	}
	return "", refused("unknown_hazard", "a hazard is one of T, C, I, R, In", "危险特性只能是 T、C、I、R、In 之一", s)
}

// Name is the Chinese name, "" for an unknown hazard.
func (h Hazard) Name() string { return hazardNames[h][0] }

// NameEN is the English name, "" for an unknown hazard.
func (h Hazard) NameEN() string { return hazardNames[h][1] }

// String is the letter.
func (h Hazard) String() string { return string(h) }

// ParseHazardList reads the catalogue's spelling of several hazards: "T,I" means T
// is certain and I possible; "T/C" means one or several of them, or=true (note 1 of
// 国家危险废物名录). A mixture of both, a repeat or an empty list is refused.
func ParseHazardList(s string) (list []Hazard, or bool, err error) {
	sep := ","
	if strings.Contains(s, "/") {
		sep, or = "/", true
	}
	seen := map[Hazard]bool{}
	for _, part := range strings.Split(s, sep) {
		h, err := ParseHazard(part)
		if err != nil {
			return nil, false, err
		}
		if seen[h] {
			return nil, false, refused("repeated_hazard", "a hazard is named twice", "危险特性重复", s)
		}
		seen[h] = true
		list = append(list, h)
	}
	return list, or, nil
}
