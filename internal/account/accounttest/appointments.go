package accounttest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

func appointmentsAct(b *bench) {
	ctx := b.Context()
	s, token := b.person("sample")
	second := b.server()
	roles := func() []access.Role {
		b.Helper()
		s, err := second.Session(ctx, token)
		b.must(err)
		var out []access.Role
		for _, g := range s.Actor().Appointments {
			out = append(out, g.Role)
		}
		return out
	}
	if got := roles(); len(got) != 0 {
		b.Fatalf("%v", got)
	}
	now := b.clock.Now()
	nurse, err := b.Appoint(ctx, s.Account.ID, access.Appointment{Role: access.SiteStaff, Party: hospital, Sites: []id.Site{ward}, Person: porter})
	b.must(err)
	later, err := b.Appoint(ctx, s.Account.ID, access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602", "130606"},
		Valid: party.Period{From: now.Add(time.Hour), To: now.Add(90 * time.Minute)}})
	b.must(err)
	backdated, err := b.Appoint(ctx, s.Account.ID, access.Appointment{Role: access.CityAnalyst, Valid: party.Period{From: now.Add(-time.Hour)}})
	if b.must(err); !backdated.Valid.From.Equal(now) {
		b.Errorf("from %s", backdated.Valid.From)
	}
	if got := roles(); !slices.Equal(got, []access.Role{access.SiteStaff, access.CityAnalyst}) {
		b.Errorf("%v", got)
	}
	a, err := b.Account(ctx, s.Account.ID)
	if b.must(err); len(a.Appointments) != 3 || a.Appointments[0].ID != nurse.ID || !slices.Equal(a.Appointments[0].Sites, []id.Site{ward}) ||
		a.Appointments[0].Person != porter || !slices.Equal(a.Appointments[1].Divisions, later.Divisions) || a.Appointments[1].Valid != later.Valid {
		b.Errorf("%+v", a.Appointments)
	}
	b.clock.Add(time.Hour)
	if got := roles(); !slices.Equal(got, []access.Role{access.SiteStaff, access.DistrictInspector, access.CityAnalyst}) {
		b.Errorf("%v", got)
	}
	b.must(b.Dismiss(ctx, s.Account.ID, nurse.ID))
	if got := roles(); !slices.Equal(got, []access.Role{access.DistrictInspector, access.CityAnalyst}) {
		b.Errorf("%v", got)
	}
	b.clock.Add(30 * time.Minute)
	if got := roles(); !slices.Equal(got, []access.Role{access.CityAnalyst}) {
		b.Errorf("%v", got)
	}
}

func appointmentsEnd(b *bench) {
	ctx := b.Context()
	s, _ := b.person("sample")
	g, err := b.Appoint(ctx, s.Account.ID, access.Appointment{Role: access.SiteStaff, Party: hospital, Sites: []id.Site{ward}})
	b.must(err)
	b.clock.Add(time.Hour)
	b.must(b.Dismiss(ctx, s.Account.ID, g.ID))
	dismissed := b.clock.Now()
	b.clock.Add(time.Hour)
	b.must(b.Dismiss(ctx, s.Account.ID, g.ID)) // again: the end stays
	if a, err := b.Account(ctx, s.Account.ID); err != nil || len(a.Appointments) != 1 || !a.Appointments[0].Valid.To.Equal(dismissed) {
		b.Errorf("%+v %v", a.Appointments, err)
	}
	b.wants(b.Dismiss(ctx, s.Account.ID, id.GrantOf(v7(8))), fault.NotFound)
	b.wants(b.Dismiss(ctx, s.Account.ID, id.Grant{}), fault.NotFound)
	other, _ := b.person("other")
	b.wants(b.Dismiss(ctx, other.Account.ID, g.ID), fault.NotFound) // another's appointment
	next, err := b.Appoint(ctx, other.Account.ID, access.Appointment{Role: access.CityAnalyst, Valid: party.Period{From: b.clock.Now().Add(time.Hour)}})
	b.must(err)
	b.must(b.Dismiss(ctx, other.Account.ID, next.ID)) // it never begins
	b.clock.Add(2 * time.Hour)
	if a, err := b.Account(ctx, other.Account.ID); err != nil || len(a.Valid(b.clock.Now())) != 0 || len(a.Valid(next.Valid.From)) != 0 {
		b.Errorf("%+v %v", a, err)
	}
}

func badAppointments(b *bench) {
	ctx := b.Context()
	s, _ := b.person("sample")
	now := b.clock.Now()
	for name, c := range map[string]struct {
		g    access.Appointment
		want []string
	}{
		"no role":                   {access.Appointment{}, []string{"/role value"}},
		"an unknown role":           {access.Appointment{Role: "mayor"}, []string{"/role value"}},
		"a machine's role":          {access.Appointment{Role: access.APIClient, Party: hospital, Scopes: []access.Scope{access.ReadChains}}, []string{"/role value"}},
		"staff of nothing":          {access.Appointment{Role: access.SiteStaff}, []string{"/party required", "/sites required"}},
		"a driver without a person": {access.Appointment{Role: access.Driver, Party: plant}, []string{"/person required"}},
		"a porter without a party":  {access.Appointment{Role: access.Porter, Person: porter}, []string{"/party required"}},
		"an inspector of nowhere":   {access.Appointment{Role: access.DistrictInspector}, []string{"/divisions required"}},
		"divisions": {access.Appointment{Role: access.DistrictInspector, Divisions: []string{"13060", "１30602", "130602", "130602", "030602", "1306;2", ""}},
			[]string{"/divisions/0 format", "/divisions/1 format", "/divisions/3 repeated", "/divisions/4 format", "/divisions/5 format", "/divisions/6 format"}},
		"too many divisions":      {access.Appointment{Role: access.DistrictInspector, Divisions: slices.Repeat([]string{"130602"}, 51)}, []string{"/divisions length"}},
		"too many sites":          {access.Appointment{Role: access.SiteStaff, Party: hospital, Sites: slices.Repeat([]id.Site{ward}, 201)}, []string{"/sites length"}},
		"a system's party":        {access.Appointment{Role: access.SystemAdministrator, Party: hospital}, []string{"/party unexpected"}},
		"scopes":                  {access.Appointment{Role: access.CityInspector, Scopes: []access.Scope{access.ReadMetrics}}, []string{"/scopes unexpected"}},
		"sites of a driver":       {access.Appointment{Role: access.Driver, Party: plant, Person: driver, Sites: []id.Site{furnace}, Divisions: []string{"130602"}}, []string{"/sites unexpected", "/divisions unexpected"}},
		"an unknown party":        {access.Appointment{Role: access.OrganisationAdministrator, Party: partyID(50)}, []string{"/party unknown"}},
		"a party that is over":    {access.Appointment{Role: access.OrganisationAdministrator, Party: closed}, []string{"/party unknown"}},
		"another's site":          {access.Appointment{Role: access.SiteStaff, Party: hospital, Sites: []id.Site{ward, furnace, ward, old, siteID(50), {}}}, []string{"/sites/1 unknown", "/sites/2 repeated", "/sites/3 unknown", "/sites/4 unknown", "/sites/5 unknown"}},
		"another's person":        {access.Appointment{Role: access.Driver, Party: hospital, Person: driver}, []string{"/person unknown"}},
		"an unknown person":       {access.Appointment{Role: access.Driver, Party: hospital, Person: personID(50)}, []string{"/person unknown"}},
		"over already":            {access.Appointment{Role: access.CityInspector, Valid: party.Period{To: now}}, []string{"/to value"}},
		"ending before it begins": {access.Appointment{Role: access.CityInspector, Valid: party.Period{From: now.Add(2 * time.Hour), To: now.Add(time.Hour)}}, []string{"/to value"}},
	} {
		_, err := b.Appoint(ctx, s.Account.ID, c.g)
		b.Log(name)
		b.fields(err, fault.InvalidRequest, c.want...)
	}
	_, err := b.Appoint(ctx, s.Account.ID, access.Appointment{Role: access.OrganisationAdministrator, Party: partyID(99)})
	b.wants(err, fault.Unavailable)
	for _, a := range []id.Account{accountID(9), {}} {
		_, err = b.Appoint(ctx, a, access.Appointment{Role: access.CityInspector})
		b.wants(err, fault.NotFound)
	}
	if a, err := b.Account(ctx, s.Account.ID); err != nil || len(a.Appointments) != 0 {
		b.Errorf("%+v %v", a.Appointments, err)
	}
}

func manyAppointments(b *bench) {
	ctx := b.Context()
	s, _ := b.person("sample")
	var first access.Appointment
	for i := range 50 {
		g, err := b.Appoint(ctx, s.Account.ID, access.Appointment{Role: access.CityAnalyst})
		if b.must(err); i == 0 {
			first = g
		}
	}
	_, err := b.Appoint(ctx, s.Account.ID, access.Appointment{Role: access.CityAnalyst})
	b.wants(err, fault.Conflict)
	b.must(b.Dismiss(ctx, s.Account.ID, first.ID))
	_, err = b.Appoint(ctx, s.Account.ID, access.Appointment{Role: access.CityAnalyst})
	b.must(err)
	if a, err := b.Account(ctx, s.Account.ID); err != nil || len(a.Appointments) != 51 || a.Appointments[0].ID != first.ID {
		b.Errorf("%d %v", len(a.Appointments), err)
	}
}

func lastAdministrator(b *bench) {
	ctx := b.Context()
	s, token := b.person("sample", sysadmin()...)
	mine := s.Account.Appointments[0].ID
	b.wants(b.Disable(ctx, s.Account.ID), fault.Conflict)
	b.wants(b.Dismiss(ctx, s.Account.ID, mine), fault.Conflict)
	// One who has never signed in is no replacement, nor one who is not appointed yet.
	v, err := b.Invite(ctx, "second", "样例 SAMPLE", sysadmin())
	b.must(err)
	third, _ := b.person("third")
	_, err = b.Appoint(ctx, third.Account.ID, access.Appointment{Role: access.SystemAdministrator, Valid: party.Period{From: b.clock.Now().Add(time.Hour)}})
	b.must(err)
	b.wants(b.Disable(ctx, s.Account.ID), fault.Conflict)
	if _, err := b.Session(ctx, token); err != nil {
		b.Error(err)
	}
	_, _, err = b.Accept(ctx, account.Acceptance{Code: v.Code, Password: good})
	b.must(err)
	b.must(b.Disable(ctx, s.Account.ID))
	b.wants(b.Disable(ctx, v.Account.ID), fault.Conflict)
	twice, err := b.Appoint(ctx, v.Account.ID, access.Appointment{Role: access.SystemAdministrator})
	b.must(err)
	b.must(b.Dismiss(ctx, v.Account.ID, twice.ID)) // the other appointment stays
	b.wants(b.Dismiss(ctx, v.Account.ID, v.Account.Appointments[0].ID), fault.Conflict)
	b.must(b.Dismiss(ctx, s.Account.ID, mine)) // of an account that is disabled anyway
}

// Two administrators who dismiss one another at the same moment: one stays.
func mutualDismissal(b *bench) {
	ctx := b.Context()
	one, _ := b.person("one", sysadmin()...)
	two, _ := b.person("two", sysadmin()...)
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for i, s := range []account.Session{one, two} {
		server := b.server()
		wg.Go(func() { errs[i] = server.Dismiss(ctx, s.Account.ID, s.Account.Appointments[0].ID) })
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		b.Fatalf("%v", errs)
	}
	if _, _, needed, err := b.FirstCode(ctx); err != nil || needed {
		b.Errorf("%v %v: nobody is left", needed, err)
	}
}

func accountPages(b *bench) {
	ctx := b.Context()
	var want []id.Account
	for i := range 7 {
		g := []access.Appointment{{Role: access.CityAnalyst}}
		if i%2 == 0 {
			g = append(g, access.Appointment{Role: access.OrganisationAdministrator, Party: hospital})
		}
		if i == 2 {
			g = append(g, access.Appointment{Role: access.OrganisationAdministrator, Party: plant})
		}
		v, err := b.Invite(ctx, fmt.Sprint("sample-", i), "样例 SAMPLE", g)
		b.must(err)
		want = append(want, v.Account.ID)
		b.clock.Add(time.Millisecond)
	}
	list := func(f account.Filter) (got []id.Account) {
		for pages := 0; ; pages++ {
			p, err := b.Accounts(ctx, f)
			if b.must(err); pages > 9 || len(p.Accounts) > 3 {
				b.Fatalf("%d pages, %d on one", pages, len(p.Accounts))
			}
			for _, a := range p.Accounts {
				got = append(got, a.ID)
				for _, g := range a.Appointments {
					if !f.Party.IsZero() && g.Party != f.Party {
						b.Errorf("%s shows another organisation's appointment %+v", a.Login, g)
					}
				}
				if len(a.Appointments) == 0 {
					b.Errorf("%s has none", a.Login)
				}
			}
			if f.After = p.Next; f.After.IsZero() {
				return got
			}
		}
	}
	if got := list(account.Filter{Limit: 3}); !slices.Equal(got, want) {
		b.Errorf("%v, want %v", got, want)
	}
	if got := list(account.Filter{Limit: 2, Party: hospital}); !slices.Equal(got, []id.Account{want[0], want[2], want[4], want[6]}) {
		b.Errorf("%v", got)
	}
	a, err := b.Account(ctx, want[2])
	b.must(err)
	b.must(b.Dismiss(ctx, want[2], a.Appointments[2].ID))
	for p, n := range map[id.Party]int{plant: 0, partyID(50): 0} { // who left is as unknown as who never was
		if got, err := b.Accounts(ctx, account.Filter{Party: p}); err != nil || len(got.Accounts) != n || !got.Next.IsZero() {
			b.Errorf("%+v %v", got, err)
		}
	}
	if a, err = b.Account(ctx, want[2]); err != nil || len(a.Subjects(b.clock.Now())) != 2 || len(a.Of(plant).Appointments) != 1 {
		b.Errorf("%+v %v", a, err)
	}
}

func badPages(b *bench) {
	for _, limit := range []int{-1, account.MaxPage + 1} {
		_, err := b.Accounts(b.Context(), account.Filter{Limit: limit})
		b.fields(err, fault.InvalidRequest, "/limit out_of_range")
	}
	if p, err := b.Accounts(b.Context(), account.Filter{After: accountID(9)}); err != nil || len(p.Accounts) != 0 || !p.Next.IsZero() {
		b.Errorf("%+v %v", p, err)
	}
	_, err := b.Account(b.Context(), accountID(9))
	b.wants(err, fault.NotFound)
}

func sweeping(b *bench) {
	ctx := b.Context()
	b.person("sample")
	_, remembered, err := b.SignIn(ctx, account.SignIn{Login: "sample", Password: good, Remember: true})
	b.must(err)
	_, err = b.Invite(ctx, "invited", "样例 SAMPLE", nil)
	b.must(err)
	b.wants(b.signIn("sample", "wrong wrong wrong"), fault.SignInRefused)
	got, err := b.Sweep(ctx, b.clock.Now())
	if b.must(err); got != (account.Swept{Invitations: 1}) { // the used one
		b.Errorf("%+v", got)
	}
	b.clock.Add(2 * time.Hour)
	got, err = b.Sweep(ctx, b.clock.Now()) // the idle session; the counts of the login and of codes
	if b.must(err); got.Sessions != 1 || got.Attempts < 1 || got.Invitations != 0 {
		b.Errorf("%+v", got)
	}
	if _, err := b.Session(ctx, remembered); err != nil {
		b.Error(err)
	}
	b.clock.Add(account.InvitationLife)
	if got, err = b.Sweep(ctx, b.clock.Now()); err != nil || got != (account.Swept{Invitations: 1}) {
		b.Errorf("%+v %v", got, err)
	}
	b.clock.Add(90 * 24 * time.Hour)
	if got, err = b.Sweep(ctx, b.clock.Now()); err != nil || got != (account.Swept{Sessions: 1}) {
		b.Errorf("%+v %v", got, err)
	}
	b.must(b.signIn("sample", good))
}
