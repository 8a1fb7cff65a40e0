package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// Bounds of appointments.
const (
	maxAppointments = 50 // of one account at a time
	maxSites        = 200
	maxDivisions    = 50
)

// Appoint gives an account an appointment, which acts at once on its open sessions. It
// begins now, or later if it says so. Faults: invalid-request with pointers into the
// appointment; not-found; conflict when there are too many; unavailable.
func (s *Service) Appoint(ctx context.Context, a id.Account, g access.Appointment) (access.Appointment, error) {
	now := s.clock()
	bad := fault.New(fault.InvalidRequest, "No appointment was made; what is wrong is listed.")
	g, err := s.checkAppointment(ctx, bad, "", g, now)
	if err != nil {
		return access.Appointment{}, err
	}
	if len(bad.Fields) > 0 {
		return access.Appointment{}, bad
	}
	err = s.update(ctx, func(tx Tx) error {
		k, err := known(tx, a)
		if err != nil {
			return err
		}
		live := slices.DeleteFunc(slices.Clone(k.Appointments), func(g access.Appointment) bool { return ended(g, now) })
		if len(live) >= maxAppointments {
			return fault.New(fault.Conflict, "The account has %d appointments already. End one first.", maxAppointments)
		}
		return tx.AddAppointment(a, g)
	})
	if err != nil {
		return access.Appointment{}, err
	}
	return g, nil
}

// Dismiss ends an appointment now; it is kept with its end. Again: nothing happens. Faults:
// not-found; conflict for the last system administrator; unavailable.
func (s *Service) Dismiss(ctx context.Context, a id.Account, g id.Grant) error {
	now := s.clock()
	return s.update(ctx, func(tx Tx) error {
		k, err := known(tx, a)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(k.Appointments, func(v access.Appointment) bool { return v.ID == g })
		if i < 0 || g.IsZero() {
			return fault.New(fault.NotFound, "The account has no such appointment.")
		}
		v := k.Appointments[i]
		if ended(v, now) {
			return nil
		}
		if v.Role == access.SystemAdministrator {
			if err := notLast(tx, k.Account, g, now); err != nil {
				return err
			}
		}
		end := now
		if end.Before(v.Valid.From) { // it has not begun: it ends as it begins
			end = v.Valid.From
		}
		return tx.EndAppointment(g, end)
	})
}

// notLast is a conflict when the account would leave the service without anybody who can
// sign in and is system administrator now: by losing one appointment, or all when that is
// zero.
func notLast(tx Tx, a Account, without id.Grant, now time.Time) error {
	if a.State != Active || !isAdministrator(a, now) {
		return nil
	}
	if !without.IsZero() {
		rest := a
		rest.Appointments = slices.DeleteFunc(slices.Clone(a.Appointments), func(g access.Appointment) bool { return g.ID == without })
		if isAdministrator(rest, now) {
			return nil
		}
	}
	list, err := tx.Administrators()
	if err != nil {
		return err
	}
	for _, other := range list {
		if other.ID != a.ID && other.State == Active && isAdministrator(other, now) {
			return nil
		}
	}
	return fault.New(fault.Conflict, "This is the last system administrator. Appoint another one, and let them sign in, first.")
}

func isAdministrator(a Account, now time.Time) bool {
	return slices.ContainsFunc(a.Appointments, func(g access.Appointment) bool {
		return g.Role == access.SystemAdministrator && g.Valid.Holds(now)
	})
}

// checkAppointment notes everything that is wrong with an appointment under a pointer, and
// gives it with an id and its first moment. An error means that it could not be checked.
func (s *Service) checkAppointment(ctx context.Context, bad *fault.Error, at string, g access.Appointment, now time.Time) (access.Appointment, error) {
	n := len(bad.Fields)
	checkShape(bad, at, g)
	g.Valid.From, g.Valid.To = trim(g.Valid.From), trim(g.Valid.To)
	if g.Valid.From.Before(now) {
		g.Valid.From = now // nobody was appointed before they were
	}
	if !g.Valid.To.IsZero() && !g.Valid.To.After(g.Valid.From) {
		field(bad, at+"/to", "value", "must lie in the future, after the beginning", "应晚于现在和开始时间")
	}
	if len(bad.Fields) > n {
		return g, nil
	}
	if err := s.checkRegister(ctx, bad, at, g, now); err != nil {
		return g, unavailable(err)
	}
	g.Sites, g.Divisions, g.Scopes = slices.Clone(g.Sites), slices.Clone(g.Divisions), nil
	u, err := s.newID()
	g.ID = id.GrantOf(u)
	return g, err
}

func trim(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

// checkShape holds an appointment against what its role needs.
func checkShape(bad *fault.Error, at string, g access.Appointment) {
	site, person, division, organisation := g.Role.Needs()
	if !g.Role.Known() || g.Role == access.APIClient {
		field(bad, at+"/role", "value", "must be a role that a person can hold", "应为人员可以担任的职务")
		return
	}
	need := func(is, must bool, pointer, en, zh string) {
		if must && !is {
			field(bad, at+pointer, "required", "this role needs "+en, "该职务须指明"+zh)
		}
	}
	need(!g.Party.IsZero(), organisation || !g.Person.IsZero() || len(g.Sites) > 0, "/party", "an organisation", "单位")
	need(len(g.Sites) > 0, site, "/sites", "a site", "场所")
	need(!g.Person.IsZero(), person, "/person", "a person of the register", "登记册中的人员")
	need(len(g.Divisions) > 0, division, "/divisions", "a district", "辖区")
	refuse := func(is bool, pointer string) {
		if is {
			field(bad, at+pointer, "unexpected", "this role has none", "该职务不涉及此项")
		}
	}
	refuse(len(g.Sites) > 0 && !site, "/sites")
	refuse(len(g.Divisions) > 0 && !division, "/divisions")
	refuse(len(g.Scopes) > 0, "/scopes")
	refuse(g.Role == access.SystemAdministrator && !g.Party.IsZero(), "/party")
	if len(g.Sites) > maxSites {
		field(bad, at+"/sites", "length", fmt.Sprintf("must be %d at most", maxSites), fmt.Sprintf("最多 %d 项", maxSites))
	}
	if len(g.Divisions) > maxDivisions {
		field(bad, at+"/divisions", "length", fmt.Sprintf("must be %d at most", maxDivisions), fmt.Sprintf("最多 %d 项", maxDivisions))
		return
	}
	for i, d := range g.Divisions {
		pointer := fmt.Sprintf("%s/divisions/%d", at, i)
		if !isDivision(d) {
			field(bad, pointer, "format", "must be six digits (GB/T 2260)", "应为六位行政区划代码")
		} else if slices.Contains(g.Divisions[:i], d) {
			field(bad, pointer, "repeated", "is there already", "重复")
		}
	}
}

func isDivision(d string) bool {
	return len(d) == 6 && d[0] != '0' && !slices.ContainsFunc([]byte(d), func(c byte) bool { return c < '0' || c > '9' })
}

// checkRegister holds an appointment against the register: everything in it must be there
// and belong together.
func (s *Service) checkRegister(ctx context.Context, bad *fault.Error, at string, g access.Appointment, now time.Time) error {
	if g.Party.IsZero() {
		return nil
	}
	unknown := func(pointer, en, zh string) { field(bad, at+pointer, "unknown", en, zh) }
	if o, ok, err := s.registry.Organisation(ctx, g.Party); err != nil {
		return err
	} else if !ok || !o.Valid.Holds(now) {
		unknown("/party", "must be an organisation of the register, valid now", "应为登记册中现行有效的单位")
		return nil
	}
	for i, v := range g.Sites {
		pointer := fmt.Sprintf("/sites/%d", i)
		if slices.Contains(g.Sites[:i], v) {
			field(bad, at+pointer, "repeated", "is there already", "重复")
			continue
		}
		if p, ok, err := s.registry.Site(ctx, v); err != nil {
			return err
		} else if !ok || p.Party != g.Party || !p.Valid.Holds(now) {
			unknown(pointer, "must be a site of that organisation, valid now", "应为该单位现行有效的场所")
		}
	}
	if !g.Person.IsZero() {
		if p, ok, err := s.registry.Person(ctx, g.Person); err != nil {
			return err
		} else if !ok || p != g.Party {
			unknown("/person", "must be a person of that organisation, valid now", "应为该单位登记的现任人员")
		}
	}
	return nil
}
