package store

import (
	"liandan/internal/record"
	"liandan/internal/worklist"
)

var (
	tableWorklist = table{name: "worklist", columns: []column{{"subject", uuids}, {"slot", integers}, {"kind", texts}, {"list", texts},
		{"party", uuids}, {"site", uuids}, {"ord", integers}}}
	tableInvolved = table{name: "involved", columns: []column{{"subject", uuids}, {"who", uuids}, {"kind", texts}, {"at", integers}},
		suffix: "ON CONFLICT (subject, who) DO NOTHING"}
	tableTerms = table{name: "terms", columns: []column{{"term", texts}, {"subject", uuids}, {"kind", texts}, {"at", integers}},
		suffix: "ON CONFLICT (term, subject) DO NOTHING"}
)

// The rows of a thing are few and change with every event: the old ones go first.
const sqlUnlist = `DELETE FROM worklist WHERE subject {ids}`

// writeWorklist puts the states of a group into the lists that they stand in now.
func (r *reader) writeWorklist(g record.Group) error {
	var all []worklist.Row
	var changed []string
	for _, s := range g.Batches {
		changed, all = append(changed, s.ID.String()), append(all, worklist.OfBatch(s)...)
	}
	for _, s := range g.Manifests {
		changed, all = append(changed, s.ID.String()), append(all, worklist.OfManifest(s)...)
	}
	if len(changed) == 0 {
		return nil
	}
	if err := r.exec(sqlUnlist, r.s.say.ids(changed)); err != nil {
		return err
	}
	n := len(all)
	subjects, parties, sites := make([]*string, n), make([]*string, n), make([]*string, n)
	slots, ords, kinds, lists := make([]int64, n), make([]int64, n), make([]string, n), make([]string, n)
	for i, w := range all {
		subjects[i], parties[i], sites[i] = text(w.Subject), text(w.Party), text(w.Site)
		slots[i], ords[i], kinds[i], lists[i] = int64(w.Slot), w.Ord, string(w.Kind), string(w.List)
	}
	return r.bulk(tableWorklist, n, subjects, slots, kinds, lists, parties, sites, ords)
}

// writeTraces notes whom a group's events name and by which words they can be found. Most
// of it is known already; what comes twice in the group is sent once.
func (r *reader) writeTraces(g record.Group) error {
	type pair struct{ a, b string }
	met := map[pair]bool{}
	var subjects, who, found []*string
	var kinds, terms, kindsOf []string
	var at, atOf []int64
	fresh := func(a, b string) bool {
		was := met[pair{a, b}]
		met[pair{a, b}] = true
		return !was
	}
	for i := range g.Records {
		p := &g.Records[i].Placed
		named, words := worklist.Trace(g.Records[i].Event, p.Batches, p.Manifests)
		for _, v := range named {
			if s, w := text(v.Subject), text(v.Who); fresh(*s, *w) {
				subjects, who, kinds, at = append(subjects, s), append(who, w), append(kinds, string(v.Kind)), append(at, v.At)
			}
		}
		for _, v := range words {
			if s := text(v.Subject); fresh(*s, v.Term) {
				terms, found, kindsOf, atOf = append(terms, v.Term), append(found, s), append(kindsOf, string(v.Kind)), append(atOf, v.At)
			}
		}
	}
	if err := r.bulk(tableInvolved, len(who), subjects, who, kinds, at); err != nil {
		return err
	}
	return r.bulk(tableTerms, len(terms), terms, found, kindsOf, atOf)
}
