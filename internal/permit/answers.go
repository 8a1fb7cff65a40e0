package permit

import (
	"liandan/internal/id"
	"liandan/internal/party"
)

// Answers is a World made of functions: of the registry's, which say whether a thing is
// there, and of the one that reads running sums. Each question is a reading of its own, so
// it must not be asked inside one.
type Answers struct {
	Organisations func(id.Party) (party.Organisation, bool, error)
	Sites         func(id.Site) (party.Site, bool, error)
	Holdings      func(id.Party) (Holding, error)
	Tallies       func(Query) ([]Tally, error)
}

// Organisation implements World.
func (a Answers) Organisation(p id.Party) (party.Organisation, error) {
	o, _, err := a.Organisations(p)
	return o, err
}

// Site implements World.
func (a Answers) Site(s id.Site) (party.Site, error) {
	v, _, err := a.Sites(s)
	return v, err
}

// Holding implements World.
func (a Answers) Holding(p id.Party) (Holding, error) { return a.Holdings(p) }

// Sums implements World.
func (a Answers) Sums(q Query) ([]Tally, error) { return a.Tallies(q) }
