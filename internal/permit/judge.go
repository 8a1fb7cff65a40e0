package permit

import (
	"fmt"
	"slices"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/party"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// World answers what a judgement asks. What is not there is a zero value.
type World interface {
	Organisation(id.Party) (party.Organisation, error)
	Site(id.Site) (party.Site, error)
	Holding(id.Party) (Holding, error)
	// Sums gives the running sums as they stood before the event.
	Sums(Query) ([]Tally, error)
}

// Query asks for the running sums of a party on some days, both inclusive.
type Query struct {
	Kind     TallyKind
	Party    id.Party
	From, To int // as Key.Day
}

// Case is an event with what its batches and its manifest say of themselves. Of the
// manifest only what does not change after its issue is looked at.
type Case struct {
	Event event.Event
	Sheet manifest.State // zero where the event has none
	Codes map[id.Batch]waste.Code
}

// judge is one judgement under way; the first error of the world ends it.
type judge struct {
	book Book
	w    World
	c    Case
	at   time.Time
	out  []rule.Finding
	err  error
}

// Refusals gives what refuses an event, by its parties alone. Only manifest.issued can be
// refused.
func (b Book) Refusals(w World, e event.Event) ([]rule.Finding, error) {
	d, ok := e.Data.(event.Issued)
	if !ok {
		return nil, nil
	}
	j := &judge{book: b, w: w, c: Case{Event: e, Sheet: sheetOf(e, d)}, at: e.At}
	j.carrier(d.Carrier, nil)
	j.consignee(d.Consignee, d.ConsigneeSite, d.Method, nil)
	j.province(d, nil)
	kept := j.out[:0]
	for _, f := range j.out {
		if r, ok := b.rule(f.Rule, e, d.Profile); ok && r.Effect == Refuse {
			kept = append(kept, f)
		}
	}
	return kept, j.err
}

func sheetOf(e event.Event, d event.Issued) manifest.State {
	return manifest.State{ID: e.Manifest, Profile: d.Profile, Consignor: e.For(), ConsignorSite: e.Site, Carrier: d.Carrier,
		Consignee: d.Consignee, ConsigneeSite: d.ConsigneeSite, Method: d.Method}
}

// Examine gives every finding on an event. Those on its parties or on an amount name no
// batch. What refuses is among them: an event that came from elsewhere may break it.
func (b Book) Examine(w World, c Case) ([]rule.Finding, error) {
	j := &judge{book: b, w: w, c: c, at: c.Event.At}
	e := c.Event
	loads := j.loads()
	switch d := e.Data.(type) {
	case event.Generated:
		j.generated(d)
	case event.Issued:
		j.c.Sheet = sheetOf(e, d)
		j.carrier(d.Carrier, loads)
		j.consignee(d.Consignee, d.ConsigneeSite, d.Method, loads)
		j.plan(d, loads)
		j.province(d, loads)
	case event.Collected:
		j.carrier(e.Party, loads)
		j.vehicle(d, loads)
	case event.Accepted:
		j.consignee(e.Party, e.Site, c.Sheet.Method, loads)
	case event.Treated:
		j.treated(d, loads)
	}
	return j.out, j.err
}

// load is what an event moves of one code.
type load struct {
	code  waste.Code
	grams waste.Grams
}

// loads adds an event's lines up by code, in the order of lines.
func (j *judge) loads() []load {
	var out []load
	for _, b := range j.c.Event.Batches {
		code, known := j.c.Codes[b.ID]
		if !known || (j.c.Event.Type == event.ManifestAccepted && b.Grams == 0) {
			continue
		}
		i := slices.IndexFunc(out, func(l load) bool { return l.code == code })
		if i < 0 {
			i, out = len(out), append(out, load{code: code})
		}
		out[i].grams += b.Grams
	}
	return out
}

// say notes a finding if a rule of that code judges the event now.
func (j *judge) say(c rule.Code, pointer string, grams waste.Grams, zh, en string) {
	r, ok := j.book.rule(c, j.c.Event, j.c.Sheet.Profile)
	if !ok {
		return
	}
	f := rule.Finding{Rule: c, Severity: rule.Open, Owner: rule.Owner{Party: j.c.Event.Party, Part: partOf(j.c.Event.Type)}, Event: j.c.Event.ID, Grams: grams, ZH: r.ZH, EN: r.EN, Version: r.ValidFrom, Pointer: pointer, Source: r.Source(), Certainty: r.Certainty}
	if zh != "" {
		f.ZH, f.EN = f.ZH+"："+zh, f.EN+" "+en
	}
	j.out = append(j.out, f)
}

// partOf is the part in which an event's signer is asked first: it had to look before it
// signed (Order 23 art. 10 to 13).
func partOf(t event.Type) rule.Part {
	switch t {
	case event.ManifestIssued:
		return rule.Consignor
	case event.TransportCollected:
		return rule.Carrier
	case event.ManifestAccepted:
		return rule.Consignee
	case event.BatchTreated:
		return rule.Treater
	}
	return rule.Signer
}

// hear keeps the first error.
func hear[V any](j *judge) func(V, error) V {
	return func(v V, err error) V {
		if err != nil && j.err == nil {
			j.err = err
		}
		return v
	}
}

func (j *judge) holding(p id.Party) Holding { return hear[Holding](j)(j.w.Holding(p)) }

// licences gives those of some kinds that are in force, at a site; a zero site is any.
func (j *judge) licences(p id.Party, s id.Site, kinds ...string) []party.Licence {
	var out []party.Licence
	for _, l := range j.holding(p).Licences {
		if slices.Contains(kinds, l.Kind) && l.Valid.Holds(j.at) && (s.IsZero() || At(l, s)) {
			out = append(out, l)
		}
	}
	return out
}

// carrier asks for a transport licence; loads nil asks no more than whether there is one.
func (j *judge) carrier(p id.Party, loads []load) {
	const pointer = "/data/carrier"
	at := pointer
	if j.c.Event.Type == event.TransportCollected {
		at = "/party"
	}
	have := j.licences(p, id.Site{}, Transport)
	if len(have) == 0 {
		j.say(CarrierUnlicensed, at, 0, "", "")
		return
	}
	for _, l := range loads {
		if !slices.ContainsFunc(have, func(v party.Licence) bool { return Covers(v, l.code, "") }) {
			j.say(CarrierScope, at, 0, string(l.code), string(l.code))
		}
	}
}

func (j *judge) vehicle(d event.Collected, loads []load) {
	const pointer = "/data/vehicle"
	for _, v := range j.holding(j.c.Event.Party).Vehicles {
		if PlateKey(v.Plate) != PlateKey(d.Vehicle) || !v.Valid.Holds(j.at) {
			continue
		}
		if !v.Medical {
			j.say(VehicleNotMedical, pointer, 0, "", "")
		}
		var sum waste.Grams
		for _, l := range loads {
			sum += l.grams
		}
		if v.Capacity > 0 && sum > v.Capacity {
			j.say(VehicleOverloaded, pointer, sum-v.Capacity, amounts("核定", v.Capacity, "装载", sum), amountsEN("approved", v.Capacity, "loaded", sum))
		}
		return
	}
	j.say(VehicleUnpermitted, pointer, 0, d.Vehicle, d.Vehicle)
}

// consignee asks for a licence of the site that takes the load.
func (j *judge) consignee(p id.Party, s id.Site, m waste.Method, loads []load) {
	at := "/data/consignee"
	if j.c.Event.Type == event.ManifestAccepted {
		at = "/party"
	}
	have := j.licences(p, s, Operating, Collecting)
	if len(have) == 0 {
		j.say(ConsigneeUnlicensed, at, 0, "", "")
		return
	}
	var sums []Tally
	for i, l := range loads {
		fit := slices.DeleteFunc(slices.Clone(have), func(v party.Licence) bool { return !Covers(v, l.code, m) })
		if len(fit) == 0 {
			j.say(ConsigneeScope, at, 0, words(l.code, m), words(l.code, m))
			continue
		}
		j.term(at, fit)
		if i == 0 || sums == nil {
			sums = j.taken(p, fit)
		}
		j.yearly(at, fit, l, m, loads, sums)
	}
}

func (j *judge) taken(p id.Party, fit []party.Licence) []Tally {
	if !slices.ContainsFunc(fit, func(l party.Licence) bool { return l.Yearly > 0 || len(l.Scopes) > 0 }) {
		return nil
	}
	first := Year(j.at)*10_000 + 101
	return hear[[]Tally](j)(j.w.Sums(Query{Kind: Taken, Party: p, From: first, To: first}))
}

// yearly holds what was taken this year and what this event brings against the amounts of
// the licences that fit. One licence with room is enough.
func (j *judge) yearly(at string, fit []party.Licence, l load, m waste.Method, loads []load, sums []Tally) {
	var worst waste.Grams
	for _, v := range fit {
		over := waste.Grams(0)
		for _, limit := range Limits(v, l.code, m) {
			var sum waste.Grams
			for _, t := range sums {
				if limit.Counts(t) {
					sum += t.Grams
				}
			}
			for _, x := range loads {
				if limit.Counts(Tally{Key: Key{Kind: Taken, Party: v.Party, Site: v.Site, Code: x.code, Method: m}}) {
					sum += x.grams
				}
			}
			if sum-limit.Yearly > over {
				over = sum - limit.Yearly
			}
		}
		if over == 0 {
			return
		}
		worst = max(worst, over)
	}
	if worst == 0 {
		return
	}
	if j.c.Event.Party != fit[0].Party {
		worst = 0 // how much a plant has taken from others is not its customer's to know
	}
	j.say(LicenceQuantity, at, worst, string(l.code), string(l.code))
}

// term asks whether a licence that fits has not run longer than its kind may.
func (j *judge) term(at string, fit []party.Licence) {
	r, ok := j.book.rule(LicenceTerm, j.c.Event, j.c.Sheet.Profile)
	if !ok || slices.ContainsFunc(j.out, func(f rule.Finding) bool { return f.Rule == LicenceTerm }) {
		return
	}
	for _, l := range fit {
		years := r.Figures[l.Kind+"_years"]
		// Years are counted from the local day: 1 March here is 29 February in UTC.
		if years == 0 || j.at.Before(l.Valid.From.In(calendar.Zone()).AddDate(years, 0, 0)) {
			return
		}
	}
	j.say(LicenceTerm, at, 0, fit[0].Number, fit[0].Number)
}

func (j *judge) treated(d event.Treated, loads []load) {
	e := j.c.Event
	org := hear[party.Organisation](j)(j.w.Organisation(e.Party))
	if !org.Has(party.Operator, party.Collector) {
		return // a generator's own treatment needs no operating licence
	}
	have := j.licences(e.Party, e.Site, Operating, Collecting)
	for _, l := range loads {
		fit := slices.DeleteFunc(slices.Clone(have), func(v party.Licence) bool { return !Covers(v, l.code, d.Method) })
		if len(fit) == 0 {
			j.say(TreatmentUnlicensed, "/data/method", 0, words(l.code, d.Method), words(l.code, d.Method))
			continue
		}
		j.term("/party", fit)
	}
}

func words(c waste.Code, m waste.Method) string {
	if m == "" {
		return string(c)
	}
	return string(c) + " " + string(m)
}

func amounts(a string, x waste.Grams, b string, y waste.Grams) string {
	return fmt.Sprintf("%s %s 千克，%s %s 千克", a, x.Kilograms(), b, y.Kilograms())
}

func amountsEN(a string, x waste.Grams, b string, y waste.Grams) string {
	return fmt.Sprintf("%s %s kg, %s %s kg", a, x.Kilograms(), b, y.Kilograms())
}
