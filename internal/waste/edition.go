package waste

import (
	"fmt"
	"time"
)

// ParseEdition reads an edition from three tables (see data/ for the format): its
// codes with hazards, its categories, and short names for some of the codes. The
// header of the codes' table gives edition, valid_from, valid_to (may be "open"),
// source and certainty. Every code must be well-formed, appear once, belong to a
// listed category and have hazards; every name must be of a listed code.
func ParseEdition(codes, categories, names string) (*Edition, error) {
	head, rows, err := readTable(codes, "code", "hazards")
	if err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	e := &Edition{
		ID: head["edition"], Source: head["source"], Certainty: head["certainty"],
		entries: make(map[Code]Entry, len(rows)),
	}
	if e.ID == "" || e.Source == "" || e.Certainty == "" {
		return nil, fmt.Errorf("codes: the header lacks edition, source or certainty")
	}
	if e.ValidFrom, e.ValidTo, err = parseSpan(head["valid_from"], head["valid_to"]); err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	known, err := e.readCategories(categories)
	if err != nil {
		return nil, fmt.Errorf("categories: %w", err)
	}
	for _, r := range rows {
		if err := e.add(r[0], r[1], known); err != nil {
			return nil, fmt.Errorf("codes: %s: %w", shown(r[0]), err)
		}
	}
	if len(e.order) == 0 {
		return nil, fmt.Errorf("codes: none")
	}
	if err := e.readNames(names); err != nil {
		return nil, fmt.Errorf("names: %w", err)
	}
	return e, nil
}

// parseSpan reads the first local day in force and the first no longer so, "open" for none.
func parseSpan(from, to string) (first, end time.Time, err error) {
	if first, err = time.ParseInLocation(time.DateOnly, from, zone); err != nil {
		return first, end, fmt.Errorf("valid_from: %w", err)
	}
	if to == "open" {
		return first, end, nil
	}
	if end, err = time.ParseInLocation(time.DateOnly, to, zone); err != nil {
		return first, end, fmt.Errorf("valid_to: %w", err)
	}
	if !first.Before(end) {
		return first, end, fmt.Errorf("valid_to %s is not after valid_from %s", to, from)
	}
	return first, end, nil
}

func (e *Edition) readCategories(text string) (map[string]Category, error) {
	_, rows, err := readTable(text, "category", "zh", "en")
	if err != nil {
		return nil, err
	}
	known := make(map[string]Category, len(rows))
	for _, r := range rows {
		c := Category{Code: r[0], Name: r[1], NameEN: r[2]}
		if _, dup := known[c.Code]; dup {
			return nil, fmt.Errorf("%s appears twice", shown(r[0]))
		}
		known[c.Code] = c
		e.categories = append(e.categories, c)
	}
	return known, nil
}

func (e *Edition) add(code, hazards string, known map[string]Category) error {
	c, err := ParseCode(code)
	if err != nil {
		return err
	}
	cat, ok := known[c.Category()]
	if !ok {
		return fmt.Errorf("no category %s", c.Category())
	}
	if _, dup := e.entries[c]; dup {
		return fmt.Errorf("appears twice")
	}
	list, or, err := ParseHazardList(hazards)
	if err != nil {
		return err
	}
	e.entries[c] = Entry{
		Code: c, Category: cat.Code, Industry: code[:3], Name: cat.Name, NameEN: cat.NameEN,
		Hazards: list, HazardsOr: or, Edition: e.ID,
	}
	e.order = append(e.order, c)
	return nil
}

func (e *Edition) readNames(text string) error {
	_, rows, err := readTable(text, "code", "zh", "en")
	if err != nil {
		return err
	}
	seen := map[Code]bool{}
	for _, r := range rows {
		c := Code(r[0])
		x, ok := e.entries[c]
		if !ok || seen[c] {
			return fmt.Errorf("%s is not a code of the edition, or is named twice", shown(r[0]))
		}
		seen[c] = true
		x.Name, x.NameEN = r[1], r[2]
		e.entries[c] = x
	}
	return nil
}
