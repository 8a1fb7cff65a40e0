package indicator

import (
	"maps"
	"slices"

	"liandan/internal/id"
)

// unit is one institution or source that is counted: a site, or all of an organisation's.
type unit struct {
	home  *Site // where it is counted: most beds, then the smallest id
	sites []*Site
	kind  string
}

// kind says of a site what sort of institution or social source it is; "" for none. nil
// where units are not what is counted.
func (in Input) kind() func(*Site) string {
	switch in.Definition.Indicator {
	case 36:
		kinds := in.Definition.words("kinds")
		return func(s *Site) string {
			if slices.Contains(kinds, s.Kind) {
				return s.Kind
			}
			return ""
		}
	case 38:
		types := in.Definition.words("types")
		all := slices.Contains(types, "*")
		return func(s *Site) string {
			if s.Social == "" || SectorOf(*s) == Medical || !(all || slices.Contains(types, s.Social)) {
				return ""
			}
			return s.Social
		}
	}
	return nil
}

// units gathers the registered units at the cut-off: of everybody who has a site in the
// row's district, though the unit may count elsewhere.
func (in Input) units(r *Row) []unit {
	type owner struct {
		party id.Party
		kind  string
		site  id.Site
	}
	bySite, kind := in.Definition.Choice("unit") == "site", in.kind()
	at := map[owner]int{}
	var out []unit
	for _, s := range in.registered().near(r.District) {
		k := kind(s)
		if k == "" {
			continue
		}
		o := owner{party: s.Party, kind: k}
		if bySite {
			o.site = s.Site
		} else if in.Definition.Indicator == 36 {
			o.kind = "" // a hospital with an outpatient clinic is one institution
		}
		i, there := at[o]
		if !there {
			i = len(out)
			at[o] = i
			out = append(out, unit{home: s, kind: k})
		}
		u := &out[i]
		if u.sites = append(u.sites, s); s.Beds > u.home.Beds {
			u.home, u.kind = s, k
		}
	}
	return out
}

type tally struct{ of, declared, proven int }

// covered is indicators 36 and 38: what is declared to be in the system and what is proven
// to be; of 38 with a figure for each type beside the whole.
func (in Input) covered(r *Row) {
	byType := in.Definition.Indicator == 38
	proven := in.proven()
	sums := map[string]*tally{"": {}}
	for _, u := range in.units(r) {
		if !in.mine(r, u.home.Division) {
			if r.District == "" {
				r.exclude("outside_city", "不属本市管辖", "registered in a division that the city does not run", 1, 0)
			}
			continue
		}
		w := Work{Site: u.home.Site, Party: u.home.Party, Division: u.home.Division, Type: u.kind}
		for _, s := range u.sites {
			_, member := in.View.Member(s.Site, in.CutOff)
			w.Declared, w.Proven = w.Declared || member, w.Proven || proven[s.Site]
		}
		for _, name := range slices.Compact([]string{"", u.kind}) {
			if name != "" && !byType {
				continue
			}
			t := sums[name]
			if t == nil {
				t = &tally{}
				sums[name] = t
			}
			t.add(w)
		}
		if in.all || !w.Declared || !w.Proven {
			r.Work = append(r.Work, w)
		}
	}
	slices.SortFunc(r.Work, func(a, b Work) int { return bySite(a.Site, b.Site) })
	in.reported(r)
	names := make([]string, 0, len(sums))
	for name := range sums {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		t, suffix := sums[name], ""
		if name != "" {
			suffix = ":" + name
		}
		r.Figures = append(r.Figures, in.shareOf("declared"+suffix, t.declared, t.of), in.shareOf("proven"+suffix, t.proven, t.of))
	}
}

func (t *tally) add(w Work) {
	t.of++
	if w.Declared {
		t.declared++
	}
	if w.Proven {
		t.proven++
	}
}

func (in Input) shareOf(variant string, n, of int) Figure {
	if of == 0 {
		return because(Figure{Variant: variant}, "none_registered", "截止日登记册中无此类单位", "the register has none at the cut-off")
	}
	f := percent(in.Definition, int64(n), int64(of))
	f.Variant = variant
	return f
}

// proven are the sites whose waste was collected and then treated by a licensed plant
// within the period.
func (in Input) proven() map[id.Site]bool {
	out := map[id.Site]bool{}
	for k := range in.Seen {
		if !out[k.Site] && Proves(in, k) {
			out[k.Site] = true
		}
	}
	return out
}

// Proves says whether a sighting shows that its site's waste was collected and then
// treated by a licensed plant within the period.
func Proves(in Input, k Seen) bool {
	first, after := in.Period.Days()
	if k.What != Treated || k.CollectedAt == 0 || k.Day < first || k.Day >= after {
		return false
	}
	if (k.CollectedAt < first || k.CollectedAt >= after) && !ProofOfAnyTime(in.Definition) {
		return false
	}
	return in.View.Licensed(k.Plant, string(k.Code), string(k.Method), noon(k.Day))
}

// ProofOfAnyTime says whether what was collected before the period proves as well.
func ProofOfAnyTime(d Definition) bool { return d.Choice("proof_from") == "any" }

// noon is a moment of a day: licences begin and end with days.
func noon(day int64) int64 { return day*dayMillis - zoneShift + dayMillis/2 }

// judged is an inspection with its result.
type judged struct {
	at, seq  int64
	division string // of the site then
	pass     bool
}

// after says whether it was made after another.
func (j judged) after(o judged) bool { return j.at > o.at || (j.at == o.at && j.seq > o.seq) }

// subject is who is counted once however often inspected.
type subject struct {
	site  id.Site
	class Class
}

// judge finds the inspection of each subject that counts, in the whole city: one that moved
// to another district in between is still counted once. What does not count is noted in the
// row of the district that it was made in.
func (in Input) judge(r *Row) map[subject]judged {
	counted := map[subject]judged{}
	exclude := func(division, code, zh, en string) {
		if in.mine(r, division) {
			r.exclude(code, zh, en, 1, 0)
		}
	}
	for _, i := range in.View.Inspections(in.Period) {
		s, ok := in.View.Site(i.Inspected, i.At)
		if !ok || !in.View.b.City(s.Division) {
			if r.District == "" {
				r.exclude("outside_city", "被查场所当时不在登记册或不属本市", "the site was not in the register then, or is not the city's", 1, 0)
			}
			continue
		}
		sheet, known := in.View.Sheet(i.Sheet, i.Version)
		if !known {
			exclude(s.Division, "unknown_sheet", "检查表或其版本未登记", "no such sheet in that version")
			continue
		}
		verdict, _, why := sheet.Judge(i.Inspection)
		if why != "" {
			exclude(s.Division, why, "与检查表不符", "the inspection does not fit its sheet")
			continue
		}
		pass := verdict == Pass || (verdict == Basic && in.Definition.Choice("passes") == "pass_or_basic")
		key, now := subject{i.Inspected, Class(i.Class)}, judged{i.At, i.Seq, s.Division, pass}
		if old, there := counted[key]; there {
			if now.after(old) != (in.Definition.Choice("reinspection") == "last") {
				now, old = old, now
			}
			exclude(old.division, "inspected_again", "同一单位重复检查，按口径计一次", "of several inspections of a site one counts")
		}
		counted[key] = now
	}
	return counted
}

// inspected is indicator 59.
func (in Input) inspected(r *Row) {
	counted := in.judge(r)
	maps.DeleteFunc(counted, func(_ subject, j judged) bool { return !in.mine(r, j.division) })
	n, of := map[Class]int{}, map[Class]int{}
	for k, j := range counted {
		for _, c := range []Class{"", k.class} {
			if of[c]++; j.pass {
				n[c]++
			}
		}
	}
	for _, c := range []struct {
		class Class
		word  string
	}{{"", "all"}, {Generators, "generators"}, {Operators, "operators"}} {
		if of[c.class] == 0 {
			r.Figures = append(r.Figures, because(Figure{Variant: c.word}, "none_inspected", "本期未抽查", "nobody was inspected in the period"))
			continue
		}
		f := percent(in.Definition, int64(n[c.class]), int64(of[c.class]))
		f.Variant = c.word
		r.Figures = append(r.Figures, f)
	}
	in.coveredByInspection(r, len(counted))
}

// coveredByInspection says how many of the sites that could be inspected were.
func (in Input) coveredByInspection(r *Row, inspected int) {
	for _, s := range in.registered().within(r.District) {
		if in.mine(r, s.Division) {
			r.Coverage.Sites++
		}
	}
	r.Coverage.Reported = inspected
}

// Units lists every unit that 36 or 38 counts in a district, or the city for "": declared,
// proven, both or neither.
func Units(in Input, district string) []Work {
	in.all = true
	return Evaluate(in, district).Work
}
