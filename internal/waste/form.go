package waste

// Form is the physical form 废物形态 as coded on the manifest.
type Form string

// The four forms.
const (
	Solid     Form = "S"  // 固态
	SemiSolid Form = "SS" // 半固态
	Liquid    Form = "L"  // 液态
	Gas       Form = "G"  // 气态
)

var formNames = map[Form][2]string{
	Solid:     {"固态", "solid"},
	SemiSolid: {"半固态", "semi-solid"},
	Liquid:    {"液态", "liquid"},
	Gas:       {"气态", "gas"},
}

// Forms is all four in the order above.
func Forms() []Form { return []Form{Solid, SemiSolid, Liquid, Gas} }

// ParseForm reads S, SS, L or G, exactly.
func ParseForm(s string) (Form, error) {
	if _, ok := formNames[Form(s)]; ok {
		return Form(s), nil
	}
	return "", refused("unknown_form", "a physical form is one of S, SS, L, G", "废物形态只能是 S、SS、L、G 之一", s)
}

// Name is the Chinese name, "" for an unknown form.
func (f Form) Name() string { return formNames[f][0] }

// NameEN is the English name, "" for an unknown form.
func (f Form) NameEN() string { return formNames[f][1] }

// String is the code.
func (f Form) String() string { return string(f) }
