package access_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

var update = flag.Bool("update", false, "write docs/policy.md anew")

var (
	now    = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	policy = access.Policy{Rules: access.Table(), City: func(d string) bool { return strings.HasPrefix(d, "1306") && d != "130629" }}
)

func nth[T any](of func(id.UUID) T, n byte) T { return of(id.UUID{15: n, 6: 0x70, 8: 0x80}) }

func actor(g access.Appointment) access.Actor {
	return access.Actor{Kind: access.ByToken, ID: "token:x", Appointments: []access.Appointment{g}}
}

// waste is every operation that shows or touches a chain.
var waste = []string{"getEvent", "getBatch", "getBatchChain", "getManifest", "getBatchBundle", "getManifestBundle", "getBatchLabel", "createBatchLabel", "revokeLabel", "listQuarantine", "validateUnsigned"}

// everything is a subject that whoever reaches anything reaches.
func everything() access.Subject {
	return access.Subject{Parties: []id.Party{nth(id.PartyOf, 1)}, Sites: []id.Site{nth(id.SiteOf, 1)}, People: []id.Person{nth(id.PersonOf, 1)},
		Divisions: []string{"130602"}, Medical: true}
}

func holder(r access.Role) access.Appointment {
	return access.Appointment{Role: r, Party: nth(id.PartyOf, 1), Sites: []id.Site{nth(id.SiteOf, 1)}, Person: nth(id.PersonOf, 1),
		Divisions: []string{"130602"}, Scopes: access.Scopes()}
}

func TestWhoNeverSeesWaste(t *testing.T) {
	for _, role := range []access.Role{access.SystemAdministrator, access.CityAnalyst} {
		for _, op := range waste {
			if v := policy.May(actor(holder(role)), op, now); v != access.Forbidden {
				t.Errorf("%s may %s: %v", role, op, v)
			}
		}
	}
}

func TestNobodyIsAskedToSignIn(t *testing.T) {
	for _, r := range policy.Rules {
		want := access.SignIn
		if r.Public {
			want = access.Allowed
		}
		if got := policy.May(access.Actor{}, r.Operation, now); got != want {
			t.Errorf("nobody may %s: %v, want %v", r.Operation, got, want)
		}
	}
	if got := policy.May(actor(holder(access.SystemAdministrator)), "dropEverything", now); got != access.Forbidden {
		t.Errorf("an operation without a rule: %v", got)
	}
}

func TestReaches(t *testing.T) {
	other := access.Subject{Parties: []id.Party{nth(id.PartyOf, 2)}, Sites: []id.Site{nth(id.SiteOf, 2)}, People: []id.Person{nth(id.PersonOf, 2)}, Divisions: []string{"130603"}}
	outside := other
	outside.Divisions = []string{"130629"} // carries the city's prefix, but is not run by it
	clinic := other
	clinic.Medical = true
	for _, c := range []struct {
		role     access.Role
		op       string
		own      bool
		foreign  bool
		medical  bool // another's medical waste in the city
		abroad   bool // another's outside the city
		mustHave string
	}{
		{access.SiteStaff, "getBatch", true, false, false, false, ""},
		{access.Porter, "getBatch", true, false, false, false, ""},
		{access.Driver, "getManifest", true, false, false, false, ""},
		{access.FacilityOperator, "getBatchChain", true, false, false, false, ""},
		{access.OrganisationAdministrator, "getBatchBundle", true, false, false, false, ""},
		{access.DistrictInspector, "getBatch", true, false, false, false, ""},
		{access.CityInspector, "getBatch", true, true, true, false, ""},
		{access.HealthCommission, "getBatch", true, false, true, false, ""},
		{access.APIClient, "getBatch", true, false, false, false, ""},
		{access.SystemAdministrator, "createEnrolment", true, true, true, true, ""},
		{access.OrganisationAdministrator, "createEnrolment", true, false, false, false, ""},
	} {
		for name, s := range map[string]struct {
			subject access.Subject
			want    bool
		}{"own": {everything(), c.own}, "another's": {other, c.foreign}, "a clinic's": {clinic, c.medical}, "outside": {outside, c.abroad}} {
			_, v := policy.Decide(actor(holder(c.role)), c.op, s.subject, now)
			if (v == access.Allowed) != s.want {
				t.Errorf("%s, %s, %s: %v", c.role, c.op, name, v)
			}
		}
	}
}

// The rights of one appointment never join those of another: a driver of one firm who
// administers a second sees neither firm's data with the other's reach.
func TestAppointmentsDoNotMix(t *testing.T) {
	a := actor(access.Appointment{Role: access.Driver, Party: nth(id.PartyOf, 1), Person: nth(id.PersonOf, 1)})
	a.Appointments = append(a.Appointments, access.Appointment{Role: access.OrganisationAdministrator, Party: nth(id.PartyOf, 2)})
	firm := access.Subject{Parties: []id.Party{nth(id.PartyOf, 1)}}
	if _, v := policy.Decide(a, "getBatch", firm, now); v != access.Hidden {
		t.Errorf("another driver's trip: %v", v)
	}
	if _, v := policy.Decide(a, "getBatchLabel", access.Subject{People: []id.Person{nth(id.PersonOf, 1)}}, now); v != access.Hidden {
		t.Errorf("an operation of the second role on the first firm's batch: %v", v)
	}
}

func TestAppointmentsEnd(t *testing.T) {
	g := holder(access.CityInspector)
	g.Valid = party.Period{From: now.Add(-time.Hour), To: now}
	if v := policy.May(actor(g), "getBatch", now); v != access.Forbidden {
		t.Errorf("an ended appointment: %v", v)
	}
	if v := policy.May(actor(g), "getBatch", now.Add(-time.Millisecond)); v != access.Allowed {
		t.Errorf("before its end: %v", v)
	}
	if v := policy.May(actor(g), "getBatch", now.Add(-2*time.Hour)); v != access.Forbidden {
		t.Errorf("before its start: %v", v)
	}
}

func TestAnAdministratorAppointsOnlyTheirOwn(t *testing.T) {
	admin := actor(holder(access.OrganisationAdministrator))
	for _, role := range access.Roles() {
		s := access.Subject{Parties: []id.Party{nth(id.PartyOf, 1)}, Role: role}
		_, v := policy.Decide(admin, "appointAccount", s, now)
		own := slices.Contains([]access.Role{access.SiteStaff, access.Porter, access.Driver, access.FacilityOperator, access.OrganisationAdministrator}, role)
		if (v == access.Allowed) != own {
			t.Errorf("an organisation's administrator appoints a %s: %v", role, v)
		}
		s.Parties = []id.Party{nth(id.PartyOf, 2)}
		if _, v := policy.Decide(admin, "appointAccount", s, now); v != access.Hidden {
			t.Errorf("in another organisation, a %s: %v", role, v)
		}
		if _, v := policy.Decide(actor(holder(access.SystemAdministrator)), "appointAccount", s, now); v != access.Allowed {
			t.Errorf("a system administrator appoints a %s: %v", role, v)
		}
	}
}

func TestAClientNeedsTheScope(t *testing.T) {
	g := holder(access.APIClient)
	for _, r := range policy.Rules {
		if r.Who[access.APIClient] == access.None {
			continue
		}
		if r.Scope == "" {
			t.Errorf("%s is open to clients without a scope", r.Operation)
		}
		g.Scopes = slices.DeleteFunc(access.Scopes(), func(s access.Scope) bool { return s == r.Scope })
		if v := policy.May(actor(g), r.Operation, now); v != access.Forbidden {
			t.Errorf("%s without %s: %v", r.Operation, r.Scope, v)
		}
	}
}

func TestTheTableIsWhole(t *testing.T) {
	met := map[string]bool{}
	for _, r := range policy.Rules {
		if met[r.Operation] {
			t.Errorf("%s stands twice", r.Operation)
		}
		met[r.Operation] = true
		kinds := 0
		for _, k := range []bool{r.Public, r.SignedIn, len(r.Who) > 0} {
			if k {
				kinds++
			}
		}
		if kinds != 1 || r.ZH == "" || r.EN == "" {
			t.Errorf("%s: is public, for oneself or by role, and in both languages: %+v", r.Operation, r)
		}
		for role := range r.Who {
			if !role.Known() {
				t.Errorf("%s names the role %q", r.Operation, role)
			}
		}
		if r.Scope != "" && !r.Scope.Known() {
			t.Errorf("%s names the scope %q", r.Operation, r.Scope)
		}
	}
	for _, r := range access.Roles() {
		if zh, en := r.Words(); zh == "" || en == "" {
			t.Errorf("the role %s has no words", r)
		}
	}
	for r := access.None; r <= access.Everything; r++ {
		if zh, en := r.Words(); zh == "" || en == "" {
			t.Errorf("the reach %d has no words", r)
		}
	}
}

func TestAppointmentsNameWhatTheirRoleNeeds(t *testing.T) {
	check := func(a access.Appointment) string {
		bad := fault.New(fault.InvalidRequest, "x")
		a.Check(bad, "")
		var out []string
		for _, f := range bad.Fields {
			out = append(out, f.Pointer+" "+f.Code)
		}
		return strings.Join(out, ", ")
	}
	for _, c := range []struct {
		a    access.Appointment
		want string
	}{
		{access.Appointment{Role: access.SystemAdministrator}, ""},
		{access.Appointment{Role: access.SystemAdministrator, Party: nth(id.PartyOf, 1)}, "/party not_allowed"},
		{access.Appointment{Role: access.Driver}, "/party required, /person required"},
		{access.Appointment{Role: access.SiteStaff, Party: nth(id.PartyOf, 1)}, "/sites required"},
		{access.Appointment{Role: access.DistrictInspector}, "/divisions required"},
		{access.Appointment{Role: access.DistrictInspector, Divisions: []string{"1306", "13060a"}}, "/divisions/0 format, /divisions/1 format"},
		{access.Appointment{Role: "mayor"}, "/role value"},
		{access.Appointment{Role: access.OrganisationAdministrator, Party: nth(id.PartyOf, 1), Scopes: access.Scopes()}, "/scopes not_allowed"},
	} {
		if got := check(c.a); got != c.want {
			t.Errorf("%+v: %q, want %q", c.a, got, c.want)
		}
	}
}

// Taking something away never lets somebody in: an actor with fewer appointments, or a
// subject about fewer, is allowed at most what the fuller one is.
func TestLessIsNeverMore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var a access.Actor
		a.Kind = rapid.SampledFrom([]access.Kind{access.ByPerson, access.ByToken, access.ByClient}).Draw(r, "kind")
		for range rapid.IntRange(0, 3).Draw(r, "n") {
			g := holder(rapid.SampledFrom(access.Roles()).Draw(r, "role"))
			g.Party = nth(id.PartyOf, byte(rapid.IntRange(1, 2).Draw(r, "party")))
			g.Sites = []id.Site{nth(id.SiteOf, byte(rapid.IntRange(1, 2).Draw(r, "site")))}
			a.Appointments = append(a.Appointments, g)
		}
		s := everything()
		op := rapid.SampledFrom(policy.Rules).Draw(r, "rule").Operation
		_, full := policy.Decide(a, op, s, now)
		fewer := a
		if len(a.Appointments) > 0 {
			fewer.Appointments = a.Appointments[1:]
		}
		if _, v := policy.Decide(fewer, op, s, now); v == access.Allowed && full != access.Allowed {
			r.Fatalf("%s: fewer appointments allow more", op)
		}
		s.Parties, s.Sites = nil, nil
		if _, v := policy.Decide(a, op, s, now); v == access.Allowed && full != access.Allowed {
			r.Fatalf("%s: a subject about fewer allows more", op)
		}
	})
}

func TestTheDocumentIsThePolicy(t *testing.T) {
	const file = "../../docs/policy.md"
	want := access.Document(access.Table())
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/policy.md is not what `liandan policy` prints; run go test ./internal/access -update")
	}
}
