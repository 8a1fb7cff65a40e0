package worklist

import (
	"slices"
	"strings"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
)

// Named is whom an event names: who signed, where, and those that it gives a part to.
type Named struct {
	Parties []id.Party
	Sites   []id.Site
	People  []id.Person
}

// Names gives whom an event names.
func Names(e event.Event) (n Named) {
	n.Parties, n.Sites, n.People = once(n.Parties, e.Party, e.Behalf().Party), once(n.Sites, e.Site), once(n.People, e.Person)
	switch d := e.Data.(type) {
	case event.Issued:
		n.Parties = once(n.Parties, d.Carrier, d.Consignee)
		n.Sites = once(n.Sites, d.ConsigneeSite)
	case event.Backfilled:
		n.Parties = once(n.Parties, d.Consignor, d.Carrier, d.Consignee)
		n.Sites = once(n.Sites, d.ConsignorSite, d.CarrierSite, d.ConsigneeSite)
	case event.HandedOver:
		n.Parties = once(n.Parties, d.To)
		n.Sites = once(n.Sites, d.ToSite)
	case event.Authorisation:
		n.Parties = once(n.Parties, d.To)
	case event.Skipped:
		n.Sites = once(n.Sites, d.Stop)
	case event.Released:
		n.Sites = once(n.Sites, d.ToSite)
		n.People = once(n.People, d.To)
	}
	return n
}

func once[T interface {
	comparable
	IsZero() bool
}](list []T, more ...T) []T {
	for _, v := range more {
		if !v.IsZero() && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// all is everybody and every place that is named.
func (n Named) all() []id.UUID {
	var out []id.UUID
	for _, v := range n.Parties {
		out = append(out, v.UUID())
	}
	for _, v := range n.Sites {
		out = append(out, v.UUID())
	}
	for _, v := range n.People {
		out = append(out, v.UUID())
	}
	return out
}

// Involved says that a thing's chain names a party, site or person. The first such row of a
// thing stands; later ones say the same.
type Involved struct {
	Subject id.UUID
	Who     id.UUID
	Kind    Kind
	At      int64 // when the thing began, in Unix milliseconds UTC
}

// Term is a word by which a thing can be found.
type Term struct {
	Term    string
	Subject id.UUID
	Kind    Kind
	At      int64
}

// Trace is what an event adds to what can be found, after the states that it left. It names
// for each thing exactly those whom the thing's own events name, who are those that may see it.
func Trace(e event.Event, batches []batch.State, manifests []manifest.State) (who []Involved, terms []Term) {
	named := Names(e).all()
	for _, s := range batches {
		for _, v := range named {
			who = append(who, Involved{s.ID.UUID(), v, Batch, s.BornAt})
		}
		for _, w := range batchTerms(e, s) {
			terms = append(terms, Term{w, s.ID.UUID(), Batch, s.BornAt})
		}
	}
	if e.Type == event.IncidentReported && len(e.Batches) == 0 {
		for _, v := range named {
			who = append(who, Involved{e.ID.UUID(), v, Event, e.At.UnixMilli()})
		}
	}
	for _, s := range manifests {
		if len(s.Events) == 0 || s.Events[len(s.Events)-1] != e.ID {
			continue // a batch of it went on without it
		}
		for _, v := range named {
			who = append(who, Involved{s.ID.UUID(), v, Manifest, s.IssuedAt})
		}
		for _, w := range manifestTerms(e, s) {
			terms = append(terms, Term{w, s.ID.UUID(), Manifest, s.IssuedAt})
		}
	}
	return who, terms
}

func batchTerms(e event.Event, s batch.State) []string {
	switch d := e.Data.(type) {
	case event.Generated:
		return given(ByCode(string(s.Code)), ByContainer(d.Container))
	case event.Repacked:
		for _, c := range d.Children {
			if c.ID == s.ID {
				return given(ByCode(string(c.Code)), ByContainer(c.Container))
			}
		}
	case event.Accepted:
		if len(s.Parents) > 0 { // the rest of a line has its line's code
			return given(ByCode(string(s.Code)))
		}
	}
	return nil
}

func manifestTerms(e event.Event, s manifest.State) []string {
	out := given(ByNumber(s.Number))
	switch d := e.Data.(type) {
	case event.Issued:
		for _, l := range s.Lines {
			if w := ByCode(string(l.Code)); !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	case event.Collected:
		return append(out, given(ByPlate(d.Vehicle))...)
	case event.Delivered:
		return append(out, given(ByPlate(d.Vehicle))...)
	case event.Returned:
		return append(out, given(ByPlate(d.Vehicle))...)
	}
	return out
}

func given(words ...string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// The terms of what somebody looks for; "" for nothing. People write them in small letters
// and with spaces, and plates with a dot.
func ByNumber(s string) string    { return term("number:", s) }
func ByPlate(s string) string     { return term("plate:", s) }
func ByContainer(s string) string { return term("container:", s) }
func ByCode(s string) string      { return term("code:", s) }

func term(kind, s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\u3000', '·', '•', '.':
			return -1
		}
		return r
	}, strings.ToUpper(s))
	if s == "" {
		return ""
	}
	return kind + s
}
