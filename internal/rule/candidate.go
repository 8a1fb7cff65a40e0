package rule

import "liandan/internal/waste"

// What follows from an entry is computed when somebody reads, from the rules of the day. To
// find the few entries of which anything can be said without reading every chain, an index
// names candidates: entries that some edition may find something about. It holds no verdict,
// says too much rather than too little, and is recreated by a rebuild.

// indexed are the strictest limits that the index was made for. An edition that is stricter
// needs these figures changed and a migration, which recreates the index; a milder one needs
// nothing. A test holds the editions in the program against them.
var indexed = Book{{Version: "index", SkewMS: 300_000, UploadMS: 259_200_000,
	Dwell: &Dwell{Categories: []string{"HW01"}, Start: FromClosing, LimitMS: 172_800_000}}}

// Candidate says whether a rule may find something about an entry, and whether that may be
// more than a remark. A code counts as known here when the catalogue in the program knows it.
func (s Step) Candidate() (may, grave bool) {
	for _, f := range indexed.Examine(s.In(shippedCatalog)) {
		may, grave = true, grave || f.Severity != Remark
	}
	// That a stay was too long is said once, where a limit was passed: with a longer limit that
	// is at a later entry.
	if d, since, ok := indexed.limited(s.Before); ok && (stored(s.Before) || enters(s)) && s.Event.At.UnixMilli() > since+d.LimitMS {
		return true, true
	}
	return may, grave
}

var shippedCatalog = waste.DefaultCatalog()
