package web

// uid is an id as text: whole in addresses, and short where a person only tells one from
// another. Ids begin with their time, so that those of one day look alike at the front; the end
// is what differs.
type uid string

// shortKid is the beginning of a key's id: thumbprints differ from their first character on.
func shortKid(kid string) string { return short(kid, 13) }

// Short is the last eight characters.
func (u uid) Short() string {
	if len(u) <= 8 {
		return string(u)
	}
	return "…" + string(u[len(u)-8:])
}
