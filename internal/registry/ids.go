package registry

import (
	"github.com/google/uuid"

	"liandan/internal/id"
	"liandan/internal/party"
)

// namespace is ours (RFC 9562 section 6.5): the same register imported anywhere gets the
// same ids. It must never change.
var namespace = uuid.MustParse("789214cc-8d4d-4ba8-ac4b-73977bcab2cb")

// named is the UUIDv5 of a thing's kind and its words. A line feed parts them, because
// none of them can hold one.
func named(kind string, words ...string) string {
	name := kind
	for _, w := range words {
		name += "\n" + w
	}
	return uuid.NewSHA1(namespace, []byte(name)).String()
}

// PartyID is the id of the organisation with that credit code, where a register gives none.
func PartyID(code party.CreditCode) id.Party {
	v, _ := id.ParseParty(named("party", string(code)))
	return v
}

// SiteID is the id of the organisation's site of that name, where a register gives none.
func SiteID(p id.Party, name string) id.Site {
	v, _ := id.ParseSite(named("site", p.String(), name))
	return v
}

// PersonID is the id of the person whom the organisation calls by that opaque reference,
// where a register gives none. Whoever knows the reference can compute the id, so a
// reference must not be a name, telephone or identity number (the import refuses those it
// can tell).
func PersonID(p id.Party, ref string) id.Person {
	v, _ := id.ParsePerson(named("person", p.String(), ref))
	return v
}
