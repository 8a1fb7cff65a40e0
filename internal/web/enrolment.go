package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/label"
	"liandan/internal/registry"
)

// usualDays is how long a device's key lasts if nobody says otherwise.
const usualDays = "365"

// enrolmentPage asks for whom a device is to be enrolled, or shows the one-time code.
type enrolmentPage struct {
	Parties []option // of whoever administers some; empty: the id is typed
	Party   string
	Person  string
	Device  string
	Days    string
	Most    int
	Note    *note
}

type option struct {
	ID, Name string
	Chosen   bool
}

// codePage shows a one-time code, this once.
type codePage struct {
	Code, Expires, Device, Person string

	QR drawing // opens the phone app with the code in the address's fragment, which is sent nowhere
}

// askEnrolment is GET /devices/enrolment?party=&person=&device=; nothing is looked up that
// the address names.
func (s *Site) askEnrolment(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showEnrolment(w, r, v, http.StatusOK, r.URL.Query(), nil)
}

func (s *Site) showEnrolment(w http.ResponseWriter, r *http.Request, v *visit, status int, given url.Values, n *note) error {
	p := enrolmentPage{Party: given.Get("party"), Person: given.Get("person"), Device: given.Get("device"), Days: given.Get("valid_days"),
		Most: registry.MaxValidDays, Note: n}
	if p.Days == "" {
		p.Days = usualDays
	}
	rule, _ := s.Gate.Policy.Rule("createEnrolment")
	anywhere := false
	for _, g := range v.Appointments {
		if !g.Valid.Holds(s.Now()) {
			continue
		}
		switch rule.Who[g.Role] {
		case access.None:
		case access.OwnOrganisation:
			org, ok, err := s.Registry.Organisation(r.Context(), g.Party)
			if err != nil {
				return err
			}
			o := option{g.Party.String(), named(org.Name, ok, g.Party.String()), g.Party.String() == p.Party}
			if !slices.Contains(p.Parties, o) {
				p.Parties = append(p.Parties, o)
			}
		default:
			anywhere = true
		}
	}
	if anywhere {
		p.Parties = nil
	}
	s.show(w, r, v, status, "enrolment.html", page{Title: "登记新设备", TitleEN: "Enrol a device", Body: p})
	return nil
}

// enrol is POST /devices/enrolment.
func (s *Site) enrol(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := s.newCode(r, v)
	if err == nil {
		s.show(w, r, v, http.StatusCreated, "code.html", page{Title: "一次性码", TitleEN: "One-time code", Body: p})
		return nil
	}
	if kind := fault.Of(err); kind != fault.InvalidRequest && kind != fault.NotFound {
		return err
	}
	n := s.noteOf(w, r, err, map[fault.Kind]line{fault.NotFound: {ZH: "没有这个单位，或不归您管理。"}})
	return s.showEnrolment(w, r, v, n.status, v.form, &n)
}

func (s *Site) newCode(r *http.Request, v *visit) (codePage, error) {
	none := fault.New(fault.NotFound, "There is no such organisation among those you manage.")
	bad := invalid()
	p, err := id.ParseParty(strings.TrimSpace(v.form.Get("party")))
	if err != nil {
		bad.At("/party", "format", "%s", err)
	}
	person, err := id.ParsePerson(strings.TrimSpace(v.form.Get("person")))
	if err != nil {
		bad.At("/person", "format", "%s", err)
	}
	days, err := strconv.Atoi(strings.TrimSpace(v.form.Get("valid_days")))
	if err != nil || days < 1 || days > registry.MaxValidDays {
		bad.At("/valid_days", "out_of_range", "must be from 1 to %d", registry.MaxValidDays)
	}
	if len(bad.Fields) > 0 {
		return codePage{}, bad
	}
	err = s.Gate.Allow(r.Context(), v.Caller, gate.Ask{Operation: "createEnrolment", Subject: ofParty(p), Named: p.String(), Missing: none})
	if err != nil {
		return codePage{}, err
	}
	name := strings.TrimSpace(v.form.Get("device"))
	code, expires, err := s.Registry.NewEnrolment(r.Context(), v.ID, p, person, name, days)
	if fault.Of(err) == fault.NotFound {
		err = none
	}
	if err != nil {
		return codePage{}, err
	}
	modules, err := label.Modules(s.origin(r) + "/m/#enrol=" + code)
	return codePage{Code: code, Expires: clock(expires), Device: name, Person: person.String(), QR: draw(modules)}, err
}

// origin is the address under which the browser has these pages.
func (s *Site) origin(r *http.Request) string {
	switch {
	case s.Base != "":
		return s.Base
	case s.Secure(r):
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
