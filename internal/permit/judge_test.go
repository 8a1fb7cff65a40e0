package permit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

var (
	carrier = id.PartyOf(uid(5))
	depot   = id.SiteOf(uid(6))
	bag     = id.BatchOf(uid(7))
	drum    = id.BatchOf(uid(8))
)

// register is a World in maps.
type register struct {
	orgs  map[id.Party]party.Organisation
	sites map[id.Site]party.Site
	holds map[id.Party]*Holding
	sums  []Tally
	fail  error
}

func (r *register) Organisation(p id.Party) (party.Organisation, error) { return r.orgs[p], r.fail }
func (r *register) Site(s id.Site) (party.Site, error)                  { return r.sites[s], r.fail }

func (r *register) Holding(p id.Party) (Holding, error) {
	if h := r.holds[p]; h != nil {
		return *h, r.fail
	}
	return Holding{}, r.fail
}

func (r *register) Sums(q Query) ([]Tally, error) {
	return only(r.sums, func(t Tally) bool {
		return t.Kind == q.Kind && t.Party == q.Party && t.Day >= q.From && t.Day <= q.To
	}), r.fail
}

// sound is a register in which everybody may do everything of the cases below.
func sound() *register {
	whole := party.Period{From: day("2024-01-01"), To: day("2027-01-01")}
	return &register{
		orgs:  map[id.Party]party.Organisation{hospital: {CreditCode: "H", Roles: []party.Role{party.Medical}}, plant: {CreditCode: "P", Roles: []party.Role{party.Operator}}},
		sites: map[id.Site]party.Site{ward: {Division: "130602"}, furnace: {Division: "130606"}},
		holds: map[id.Party]*Holding{
			hospital: {Plans: []PlanLine{{Party: hospital, Site: ward, Year: 2026, Filed: day("2026-01-01"), Code: "841-001-01", Planned: 1000}}},
			carrier: {Licences: []party.Licence{{Party: carrier, Number: "T", Kind: Transport, Codes: []string{"HW01"}, Valid: whole}},
				Vehicles: []Vehicle{{Party: carrier, Plate: "冀F·00001", Permit: "V", Capacity: 500, Medical: true, Valid: whole}}},
			plant: {Licences: []party.Licence{{Party: plant, Site: furnace, Number: "O", Kind: Operating, Codes: []string{"HW01"}, Methods: []string{"D10"}, Yearly: 2000, Valid: whole}}},
		}}
}

func issue(at string, g waste.Grams) Case {
	return Case{Event: event.Event{ID: id.EventOf(uid(20)), Type: event.ManifestIssued, At: day(at), Party: hospital, Site: ward,
		Batches: []event.Batch{{ID: bag, Grams: g, Weighed: true}},
		Data:    event.Issued{Profile: "medical", Carrier: carrier, Consignee: plant, ConsigneeSite: furnace, Method: "D10"}},
		Codes: map[id.Batch]waste.Code{bag: "841-001-01", drum: "900-214-08"}}
}

func later(t event.Type, by id.Party, at id.Site, data event.Data, g waste.Grams) Case {
	c := issue("2026-06-01", g)
	sheet := sheetOf(c.Event, c.Event.Data.(event.Issued))
	c.Event.Type, c.Event.Party, c.Event.Site, c.Event.Data, c.Sheet = t, by, at, data, sheet
	return c
}

func book(t testing.TB) Book {
	b, err := DefaultBook()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func codes(t testing.TB, fs []rule.Finding) string {
	var out []string
	for _, f := range fs {
		if f.ZH == "" || f.EN == "" || f.Source == "" || f.Certainty == "" || f.Pointer == "" || f.Event.IsZero() || f.Severity != rule.Open || f.Owner.Party.IsZero() || f.Owner.Part == "" {
			t.Errorf("a finding without its words, source or place: %+v", f)
		}
		word := string(f.Rule)
		if f.Grams != 0 {
			word += fmt.Sprintf(" %d", f.Grams)
		}
		out = append(out, word)
	}
	return strings.Join(out, ", ")
}

// A source for which its collector signs stands on its own plan.
func TestThePlanIsTheSourcesOwn(t *testing.T) {
	c := issue("2026-06-01", 10)
	source := c.Event.Party
	d := c.Event.Data.(event.Issued)
	d.Behalf = event.Behalf{Party: source, Authorisation: c.Event.ID}
	c.Event.Party, c.Event.Data = carrier, d
	if got, err := book(t).Examine(sound(), c); err != nil || len(got) > 0 {
		t.Errorf("signed in the source's place: %+v %v", got, err)
	}
}

func TestExamine(t *testing.T) {
	collected := func(g waste.Grams, plate string) Case {
		return later(event.TransportCollected, carrier, depot, event.Collected{Vehicle: plate}, g)
	}
	accepted := func(g waste.Grams) Case {
		return later(event.ManifestAccepted, plant, furnace, event.Accepted{Measured: event.OnScale}, g)
	}
	treated := func(m waste.Method) Case {
		return later(event.BatchTreated, plant, furnace, event.Treated{Method: m}, 10)
	}
	generated := func(c waste.Code) Case {
		return later(event.BatchGenerated, hospital, ward, event.Generated{Code: c}, 10)
	}
	abroad := func(r *register) { r.sites[furnace] = party.Site{Division: "110101"} }
	approve := func(a Approval) func(*register) {
		return func(r *register) {
			abroad(r)
			r.holds[hospital].Approvals = []Approval{a}
		}
	}
	letter := Approval{Number: "A", Party: hospital, Consignee: "P", Code: "841-001-01", Method: "D10", Approved: 300, Valid: party.Period{From: day("2026-05-01"), To: day("2028-01-01")}}
	oily := func(c Case) Case {
		c.Event.Batches = append(slices.Clone(c.Event.Batches), event.Batch{ID: drum, Grams: 5, Weighed: true})
		return c
	}
	sent := func(d int, other id.Party, g waste.Grams) Tally {
		return Tally{Key{Sent, d, hospital, ward, other, "841-001-01", "D10"}, g}
	}
	taken := func(d int, s id.Site, g waste.Grams) Tally {
		return Tally{Key{Kind: Taken, Day: d, Party: plant, Site: s, Code: "841-001-01", Method: "D10"}, g}
	}
	for name, c := range map[string]struct {
		change func(*register)
		c      Case
		want   string
	}{
		"all is in order":               {nil, issue("2026-06-01", 10), ""},
		"before anything is valid":      {nil, issue("2023-06-01", 10), "carrier-unlicensed, consignee-unlicensed, plan-missing"},
		"before the rules":              {nil, issue("2021-06-01", 10), ""},
		"the carrier is nobody":         {func(r *register) { delete(r.holds, carrier) }, issue("2026-06-01", 10), "carrier-unlicensed"},
		"another waste":                 {nil, oily(issue("2026-06-01", 10)), "carrier-scope, consignee-scope, plan-missing"},
		"another method":                {func(r *register) { r.holds[plant].Licences[0].Methods = []string{"Y11"} }, issue("2026-06-01", 10), "consignee-scope"},
		"a licence of another site":     {func(r *register) { r.holds[plant].Licences[0].Site = depot }, issue("2026-06-01", 10), "consignee-unlicensed"},
		"the plan is full":              {func(r *register) { r.sums = []Tally{sent(20260101, plant, 991), sent(20251231, plant, 500)} }, issue("2026-06-01", 10), "plan-quantity 1"},
		"the plan is just full":         {func(r *register) { r.sums = []Tally{sent(20260101, plant, 990)} }, issue("2026-06-01", 10), ""},
		"the plan names another":        {func(r *register) { r.holds[hospital].Plans[0].Consignee = "Q" }, issue("2026-06-01", 10), "plan-terms"},
		"the plan names another method": {func(r *register) { r.holds[hospital].Plans[0].Method = "Y11" }, issue("2026-06-01", 10), "plan-terms"},
		"the plan of another year":      {func(r *register) { r.holds[hospital].Plans[0].Year = 2025 }, issue("2026-06-01", 10), "plan-missing"},
		"the licence is full": {func(r *register) {
			r.sums = []Tally{taken(20260101, furnace, 1995), taken(20260101, depot, 99), taken(20250101, furnace, 99)}
		},
			issue("2026-06-01", 10), "licence-quantity"},
		"a second licence has room": {func(r *register) {
			r.sums = []Tally{taken(20260101, furnace, 1995)}
			more := r.holds[plant].Licences[0]
			more.Number, more.Yearly = "O2", 0
			r.holds[plant].Licences = append(r.holds[plant].Licences, more)
		}, issue("2026-06-01", 10), ""},
		"a scope is full": {func(r *register) {
			r.holds[plant].Licences[0].Scopes = []party.Scope{{Code: "HW01", Method: "D10", Yearly: 5}, {Code: "*"}}
		}, issue("2026-06-01", 10), "licence-quantity"},
		"a licence of six years": {func(r *register) { r.holds[plant].Licences[0].Valid.From = day("2020-01-01") }, issue("2026-06-01", 10), "licence-term"},
		"a collector of four": {func(r *register) {
			r.holds[plant].Licences[0].Kind, r.holds[plant].Licences[0].Valid.From = Collecting, day("2022-06-02")
		}, issue("2026-06-01", 10), "licence-term"},

		"unapproved":        {abroad, issue("2026-06-01", 10), "province-unapproved"},
		"approved":          {approve(letter), issue("2026-06-01", 10), ""},
		"approved, not yet": {approve(letter), issue("2026-04-30", 10), "province-unapproved"},
		"approved, no longer": {func(r *register) {
			approve(letter)(r)
			r.holds[plant].Licences[0].Valid.To, r.holds[hospital].Plans[0].Year = time.Time{}, 2027
			r.holds[plant].Licences[0].Valid.From, r.holds[carrier].Licences[0].Valid.To = day("2026-01-01"), time.Time{}
			r.holds[hospital].Plans[0].Filed = day("2027-01-01")
		}, issue("2027-05-01", 10), "province-unapproved"},
		"approved for another":   {approve(Approval{Number: "A", Party: hospital, Consignee: "Q", Code: "841-001-01", Approved: 300, Valid: letter.Valid}), issue("2026-06-01", 10), "province-unapproved"},
		"approved another waste": {approve(Approval{Number: "A", Party: hospital, Consignee: "P", Code: "841-002-01", Approved: 300, Valid: letter.Valid}), issue("2026-06-01", 10), "province-scope"},
		"approved and shipped": {func(r *register) {
			approve(letter)(r)
			r.sums = []Tally{sent(20260430, plant, 200), sent(20260501, plant, 200), sent(20260515, carrier, 200), sent(20260601, plant, 95)}
		}, issue("2026-06-01", 10), "province-quantity 5"},
		"nobody knows where": {func(r *register) { r.sites[furnace] = party.Site{} }, issue("2026-06-01", 10), ""},

		"collected":                     {nil, collected(500, "冀F00001"), ""},
		"collected, another vehicle":    {nil, collected(10, "冀F00002"), "vehicle-unpermitted"},
		"collected, overloaded":         {nil, collected(501, "冀F·00001"), "vehicle-overloaded 1"},
		"collected, not a special one":  {func(r *register) { r.holds[carrier].Vehicles[0].Medical = false }, collected(10, "冀F00001"), "vehicle-not-medical"},
		"collected, permit expired":     {func(r *register) { r.holds[carrier].Vehicles[0].Valid.To = day("2026-06-01") }, collected(10, "冀F00001"), "vehicle-unpermitted"},
		"collected, licence expired":    {func(r *register) { r.holds[carrier].Licences[0].Valid.To = day("2026-06-01") }, collected(10, "冀F00001"), "carrier-unlicensed"},
		"accepted":                      {nil, accepted(10), ""},
		"accepted after the licence":    {func(r *register) { r.holds[plant].Licences[0].Valid.To = day("2026-05-31") }, accepted(10), "consignee-unlicensed"},
		"accepted beyond the licence":   {func(r *register) { r.sums = []Tally{taken(20260101, furnace, 2000)} }, accepted(10), "licence-quantity 10"},
		"refused whole":                 {func(r *register) { r.sums = []Tally{taken(20260101, furnace, 9000)} }, accepted(0), ""},
		"treated":                       {nil, treated("D10"), ""},
		"treated by another method":     {nil, treated("Y11"), "treatment-unlicensed"},
		"generated":                     {nil, generated("841-001-01"), ""},
		"generated what is not planned": {nil, generated("841-002-01"), "plan-generated"},
		"generated without any plan":    {func(r *register) { r.holds[hospital].Plans = nil }, generated("841-002-01"), ""},
	} {
		r := sound()
		if c.change != nil {
			c.change(r)
		}
		got, err := book(t).Examine(r, c.c)
		if err != nil || codes(t, got) != c.want {
			t.Errorf("%s: %q %v, want %q", name, codes(t, got), err, c.want)
		}
	}
}

// A hospital that burns its own waste is no operator.
func TestOwnTreatment(t *testing.T) {
	c := later(event.BatchTreated, hospital, ward, event.Treated{Method: "D10"}, 10)
	if got, err := book(t).Examine(sound(), c); err != nil || len(got) > 0 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestRefusals(t *testing.T) {
	r := sound()
	r.sites[furnace] = party.Site{Division: "110101"}
	delete(r.holds, carrier)
	got, err := book(t).Refusals(r, issue("2026-06-01", 10).Event)
	if err != nil || codes(t, got) != "province-unapproved" {
		t.Errorf("%q %v", codes(t, got), err)
	}
	// What an office makes refuse does, where it may.
	strict := book(t)
	for i := range strict {
		if strict[i].Code == CarrierUnlicensed {
			strict[i].Effect = Refuse
		}
	}
	if got, _ := strict.Refusals(r, issue("2026-06-01", 10).Event); codes(t, got) != "carrier-unlicensed, province-unapproved" {
		t.Errorf("%q", codes(t, got))
	}
	for _, e := range []event.Type{event.TransportCollected, event.ManifestAccepted} {
		c := later(e, carrier, depot, event.Collected{Vehicle: "x"}, 10)
		if got, err := strict.Refusals(r, c.Event); err != nil || len(got) > 0 {
			t.Errorf("%s is refused: %+v %v", e, got, err)
		}
	}
	r.fail = errors.New("gone")
	if _, err := book(t).Refusals(r, issue("2026-06-01", 10).Event); !errors.Is(err, r.fail) {
		t.Errorf("a register that fails: %v", err)
	}
	if _, err := book(t).Examine(r, issue("2026-06-01", 10)); !errors.Is(err, r.fail) {
		t.Errorf("a register that fails: %v", err)
	}
}

// No file of rules can trap a load, and every rule of the program cites its source.
func TestBook(t *testing.T) {
	b := book(t)
	for _, c := range Codes() {
		if !slices.ContainsFunc(b, func(r Rule) bool { return r.Code == c }) {
			t.Errorf("%s has no row", c)
		}
	}
	const row = `[{"code": %q, "at": [%s], "effect": %q, "instrument": "i", "valid_from": "2022-01-01", "certainty": %q, "zh": "z", "en": "e"}]`
	for name, file := range map[string]string{
		"an unknown rule":      fmt.Sprintf(row, "x", `"manifest.issued"`, "finding", "C"),
		"an unknown effect":    fmt.Sprintf(row, CarrierScope, `"manifest.issued"`, "stop", "C"),
		"refusal on the way":   fmt.Sprintf(row, CarrierUnlicensed, `"manifest.issued","transport.collected"`, "refuse", "C"),
		"refusal at the gate":  fmt.Sprintf(row, ConsigneeUnlicensed, `"manifest.accepted"`, "refuse", "C"),
		"refusal by hearsay":   fmt.Sprintf(row, CarrierUnlicensed, `"manifest.issued"`, "refuse", "L"),
		"refusal by an amount": fmt.Sprintf(row, PlanQuantity, `"manifest.issued"`, "refuse", "C"),
		"no JSON":              "{",
		"no day":               strings.Replace(fmt.Sprintf(row, CarrierScope, `"manifest.issued"`, "finding", "C"), "2022-01-01", "soon", 1),
		"no source":            strings.Replace(fmt.Sprintf(row, CarrierScope, `"manifest.issued"`, "finding", "C"), `"i"`, `""`, 1),
	} {
		if _, err := ReadBook([]byte(file)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := ReadBook([]byte(fmt.Sprintf(row, CarrierUnlicensed, `"manifest.issued"`, "refuse", "C"))); err != nil {
		t.Error(err)
	}
}

// TestTermFromTheFirstOfMarch: a licence's years are counted in local days, though the
// register keeps moments in UTC, where 1 March begins on 29 February of a leap year.
func TestTermFromTheFirstOfMarch(t *testing.T) {
	for at, want := range map[string]bool{"2027-02-28": false, "2027-03-01": true} {
		w := sound()
		w.holds[plant].Licences[0].Kind, w.holds[plant].Licences[0].Valid = Collecting, party.Period{From: day("2024-03-01").UTC()}
		w.holds[carrier].Licences[0].Valid, w.holds[hospital].Plans[0].Year = party.Period{From: day("2024-01-01")}, 2027
		found, err := book(t).Examine(w, issue(at, 400))
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(found, func(f rule.Finding) bool { return f.Rule == LicenceTerm }); got != want {
			t.Errorf("%s: the licence's three years are over: %t, want %t (%v)", at, got, want, found)
		}
	}
}
