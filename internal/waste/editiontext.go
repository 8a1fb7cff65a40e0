package waste

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"liandan/internal/fault"
)

// EditionText is an edition as a city imported it from the official text: what a store
// keeps. Official words are kept in the database alone and are never part of the program.
type EditionText struct {
	ID        string    // "2025"
	ValidFrom time.Time // start of the first local day in force
	ValidTo   time.Time // start of the first local day no longer in force; zero = open
	Source    string    // where the file is from, for people
	// Categories in the order in which the file first uses them.
	Categories []CategoryText
	Entries    []EntryText // in the file's order, each code once
}

// CategoryText is a category as the file has it.
type CategoryText struct {
	Code  string // HW08
	Title string // the official name, "" where the file gives none
}

// EntryText is a code as the file has it.
type EntryText struct {
	Code        Code
	Industry    string // 行业来源 in words, "" where the file gives none
	Description string // the official description
	Hazards     string // as ParseHazardList reads it, "T,I" or "T/C"
}

var editionID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.-]{0,19}$`)

// Hash is of everything that the edition says: id, days, categories and entries in their
// order. The source is not part of it: the same text from elsewhere is the same edition.
func (t EditionText) Hash() [sha256.Size]byte {
	h := sha256.New()
	put := func(words ...string) { // each with its length before it, so that no two lists spell alike
		for _, w := range words {
			var n [8]byte
			binary.BigEndian.PutUint64(n[:], uint64(len(w)))
			h.Write(n[:])
			h.Write([]byte(w))
		}
	}
	put("liandan-catalogue-edition-1", t.ID, spellDay(t.ValidFrom), spellDay(t.ValidTo))
	put(fmt.Sprint(len(t.Categories)), fmt.Sprint(len(t.Entries)))
	for _, c := range t.Categories {
		put(c.Code, c.Title)
	}
	for _, e := range t.Entries {
		put(string(e.Code), e.Industry, e.Description, e.Hazards)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// spellDay is the local day, "open" for none.
func spellDay(t time.Time) string {
	if t.IsZero() {
		return "open"
	}
	return t.In(zone).Format(time.DateOnly)
}

// Fits says whether an edition may stand beside others: its id and days are as they must
// be, no other edition begins on its first day, and one that ships with Liandan keeps its
// days. Faults: invalid-import with everything that is wrong; conflict.
func (t EditionText) Fits(others []*Edition) error {
	var f faults
	if !editionID.MatchString(t.ID) {
		f.add("edition", "an edition is called by up to 20 letters, digits, dots or hyphens, such as 2025", "版本号为至多20位字母、数字、点或连字符，如 2025", t.ID)
	}
	if !inCentury(t.ValidFrom.In(zone).Year()) || !t.ValidFrom.Equal(startOfDay(t.ValidFrom)) {
		f.add("from", "the first day in force is a day of 2000 to 2099", "首个生效日应在 2000 至 2099 年", spellDay(t.ValidFrom))
	}
	if !t.ValidTo.IsZero() && (!t.ValidFrom.Before(t.ValidTo) || !inCentury(t.ValidTo.In(zone).Year()) || !t.ValidTo.Equal(startOfDay(t.ValidTo))) {
		f.add("to", "the first day no longer in force comes after the first day in force", "失效日应晚于生效日", spellDay(t.ValidTo))
	}
	if err := f.err(); err != nil {
		fault.As(err).Kind = fault.InvalidImport
		return err
	}
	for _, e := range others {
		switch {
		case e.ID != t.ID && e.ValidFrom.Equal(t.ValidFrom):
			return fault.New(fault.Conflict, "Edition %s begins on %s too; two editions cannot be in force together.", e.ID, spellDay(t.ValidFrom))
		case e.ID == t.ID && !e.Imported && (!e.ValidFrom.Equal(t.ValidFrom) || !e.ValidTo.Equal(t.ValidTo)):
			return fault.New(fault.Conflict, "Edition %s ships with Liandan and is in force from %s to before %s; import its text with these days.", e.ID, spellDay(e.ValidFrom), spellDay(e.ValidTo))
		}
	}
	return nil
}

// Edition makes the edition that looks codes up. Short names are our own where we have
// one for the code or its category; a code keeps its meaning from edition to edition
// unless an authority re-uses its number, which the description then shows. Otherwise the
// category's official title stands in. It fails where the text could not have been read
// from a file: a store's rows are damaged then.
func (t EditionText) Edition() (*Edition, error) {
	e := &Edition{ID: t.ID, ValidFrom: t.ValidFrom, ValidTo: t.ValidTo, Source: t.Source, Certainty: "as imported", Imported: true,
		entries: make(map[Code]Entry, len(t.Entries))}
	own := ownNames()
	known := make(map[string]Category, len(t.Categories))
	for _, c := range t.Categories {
		if _, dup := known[c.Code]; dup || !categoryCode.MatchString(c.Code) {
			return nil, fmt.Errorf("category %s is no category or stands twice", shown(c.Code))
		}
		x := Category{Code: c.Code, Name: c.Title, NameEN: c.Code, Title: c.Title}
		if short, ok := own.categories[c.Code]; ok {
			x.Name, x.NameEN = short.Name, short.NameEN
		} else if c.Title == "" {
			x.Name = c.Code
		}
		known[c.Code] = x
		e.categories = append(e.categories, x)
	}
	for _, v := range t.Entries {
		if err := e.add(string(v.Code), v.Hazards, known); err != nil {
			return nil, fmt.Errorf("%s: %w", shown(string(v.Code)), err)
		}
		x := e.entries[v.Code]
		x.Description, x.IndustryName = v.Description, v.Industry
		if short, ok := own.codes[v.Code]; ok {
			x.Name, x.NameEN = short[0], short[1]
		}
		e.entries[v.Code] = x
	}
	if len(e.order) == 0 {
		return nil, fmt.Errorf("edition %s has no codes", shown(t.ID))
	}
	return e, nil
}

type names struct {
	categories map[string]Category
	codes      map[Code][2]string
}

// ownNames are the short names that ship with Liandan, whatever the edition.
var ownNames = sync.OnceValue(func() names {
	n := names{categories: map[string]Category{}, codes: map[Code][2]string{}}
	for _, r := range mustTable(categories2021TSV, "category", "zh", "en") {
		n.categories[r[0]] = Category{Code: r[0], Name: r[1], NameEN: r[2]}
	}
	for _, r := range mustTable(namesTSV, "code", "zh", "en") {
		n.codes[Code(r[0])] = [2]string{r[1], r[2]}
	}
	return n
})

// EditionDiff is what one edition has otherwise than another, each in its edition's order.
type EditionDiff struct {
	Added   []Code // in the new one alone
	Gone    []Code // in the old one alone
	Hazards []Code // in both, with other hazards or another reading of them
}

// Diff compares two editions by what is known of both: codes and hazards.
func Diff(old, new *Edition) EditionDiff {
	var d EditionDiff
	for _, c := range new.order {
		was, ok := old.entries[c]
		now := new.entries[c]
		switch {
		case !ok:
			d.Added = append(d.Added, c)
		case was.HazardsOr != now.HazardsOr || !slices.Equal(was.Hazards, now.Hazards):
			d.Hazards = append(d.Hazards, c)
		}
	}
	for _, c := range old.order {
		if _, ok := new.entries[c]; !ok {
			d.Gone = append(d.Gone, c)
		}
	}
	return d
}
