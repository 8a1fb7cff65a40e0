package waste

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// Guidance is what a stranger who finds a container is told about one hazard: what
// it is and what to do, in both languages, in the order to be shown.
type Guidance struct {
	Hazard       Hazard // "" for the lines that hold for every waste
	What, WhatEN string
	Do, DoEN     []string
}

// Contact is a number to call. Source and Certainty are of the data file.
type Contact struct {
	Number       string
	Name, NameEN string
	When, WhenEN string
	Source       string
	Certainty    string
}

//go:embed data/advice.tsv
var adviceTSV string

//go:embed data/contacts.tsv
var contactsTSV string

// anyWaste is the file's word for the lines that hold for every waste.
const anyWaste = "any"

var adviceTable = sync.OnceValue(func() map[Hazard]Guidance {
	table := map[Hazard]Guidance{}
	for _, r := range mustTable(adviceTSV, "hazard", "line", "zh", "en") {
		h := Hazard(r[0])
		if r[0] == anyWaste {
			h = ""
		} else if _, err := ParseHazard(r[0]); err != nil {
			panic("waste: embedded advice: " + err.Error())
		}
		g := table[h]
		g.Hazard = h
		switch r[1] {
		case "what":
			g.What, g.WhatEN = r[2], r[3]
		case "do":
			g.Do, g.DoEN = append(g.Do, r[2]), append(g.DoEN, r[3])
		default:
			panic("waste: embedded advice: line " + r[1])
		}
		table[h] = g
	}
	return table
})

// AdviceFor is the lines for every waste, then those of each hazard given, in the
// order given and each once. With no hazard (an unverified code) the first part
// alone remains, which tells people to treat the thing as dangerous.
func AdviceFor(hazards []Hazard) []Guidance {
	table := adviceTable()
	out := []Guidance{table[""].clone()}
	seen := map[Hazard]bool{"": true}
	for _, h := range hazards {
		if g, ok := table[h]; ok && !seen[h] {
			seen[h] = true
			out = append(out, g.clone())
		}
	}
	return out
}

// Advice is AdviceFor the entry's hazards, certain and possible alike: for a
// stranger a possible hazard is one to keep away from.
func (e Entry) Advice() []Guidance { return AdviceFor(e.Hazards) }

func (g Guidance) clone() Guidance {
	g.Do, g.DoEN = slices.Clone(g.Do), slices.Clone(g.DoEN)
	return g
}

var contactTable = sync.OnceValue(func() []Contact {
	var out []Contact
	for _, r := range mustTable(contactsTSV, "number", "zh", "en", "when_zh", "when_en", "source", "certainty") {
		if strings.Trim(r[0], "0123456789-") != "" || r[0] == "" {
			panic("waste: embedded contacts: number " + r[0])
		}
		out = append(out, Contact{Number: r[0], Name: r[1], NameEN: r[2], When: r[3], WhenEN: r[4], Source: r[5], Certainty: r[6]})
	}
	return out
})

// Contacts is whom to call, most useful first. The slice is the caller's.
func Contacts() []Contact { return slices.Clone(contactTable()) }
