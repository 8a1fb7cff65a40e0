package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/term"
	"liandan/internal/waste"
)

func (s *Site) registerRoutes() []route {
	return []route{
		{method: "GET", pattern: "/admin/registers", operation: "page:registers", run: s.organisations},
		{method: "GET", pattern: "/admin/registers/{party}", operation: "page:registers", run: s.organisation},
	}
}

type organisationsPage struct {
	Query string
	Items []listed
	More  string
}

// turns is how many portions of the register one page looks through.
const turns = 20

// organisations is GET /admin/registers?q=&after=: of the register, what the visitor may see.
func (s *Site) organisations(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, q := r.Context(), r.URL.Query()
	p := organisationsPage{Query: strings.TrimSpace(q.Get("q"))}
	find := registry.Find{Words: p.Query, Limit: atATime}
	if len(p.Query) > 3*64 {
		return field(invalid(), "", "length", "what is looked for is too long", "查找内容过长")
	}
	if after := q.Get("after"); after != "" {
		var err error
		if find.After, err = id.ParseParty(after); err != nil {
			return field(invalid(), "", "format", "the address is not one of a next page", "不是“下一页”的地址")
		}
	}
	if err := s.Gate.List(ctx, v.Caller, "page:registers"); err != nil {
		return err
	}
	all, own, err := s.managed(ctx, v, "page:registers")
	if err != nil {
		return err
	}
	// Whoever is of organisations and nothing else need not be shown the way through all.
	if !all && !slices.ContainsFunc(v.Appointments, func(g access.Appointment) bool { return g.Valid.Holds(s.Now()) && g.Party.IsZero() }) {
		find.Party = append([]id.Party{}, own...)
	}
	for range turns {
		found, err := s.Admin.Registers.FindOrganisations(ctx, find)
		if err != nil {
			return err
		}
		for _, o := range found {
			sees, err := s.Gate.Sees(ctx, v.Caller, "page:registers", access.Subject{Parties: []id.Party{o.ID}, Sites: o.Sites})
			if err != nil {
				return err
			}
			if sees {
				p.Items = append(p.Items, s.organisationLine(o))
			}
		}
		if len(found) < atATime {
			find.After = id.Party{}
			break
		}
		if find.After = found[len(found)-1].ID; len(p.Items) >= atATime {
			break
		}
	}
	if !find.After.IsZero() {
		next := url.Values{"after": {find.After.String()}}
		if p.Query != "" {
			next.Set("q", p.Query)
		}
		p.More = "/admin/registers?" + next.Encode()
	}
	s.show(w, r, v, http.StatusOK, "registers.html", page{Title: "登记册", TitleEN: "Registers", Body: p})
	return nil
}

func (s *Site) organisationLine(o registry.Found) listed {
	l := listed{Title: o.Name, Link: "/admin/registers/" + o.ID.String()}
	l.State, l.Tone = standing(o.Valid, s.Now())
	l.add("统一社会信用代码", "Credit code", string(o.CreditCode))
	l.add("身份", "Roles", roleWords(o.Roles))
	l.add("场所", "Sites", strconv.Itoa(len(o.Sites)))
	return l
}

func roleWords(roles []party.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = term.Role(r).String()
	}
	return strings.Join(words, "、")
}

// register is one of an organisation's registers on its page.
type register struct {
	Name  line
	Items []listed
}

type organisationPage struct {
	listed
	ID         string
	Registers  []register
	Changes    []listed
	MayInvite  bool
	MayDevices bool
	MayEnrol   bool // a link beside each person
	MayGrant   bool
}

// mostChanges is how much of an organisation's history its page shows.
const mostChanges = 200

// organisation is GET /admin/registers/{party}.
func (s *Site) organisation(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	missing := fault.Missing("organisation")
	p, err := id.ParseParty(r.PathValue("party"))
	if err != nil {
		return missing
	}
	found, err := s.Admin.Registers.FindOrganisations(ctx, registry.Find{Party: []id.Party{p}, Limit: 1})
	if err != nil {
		return err
	}
	about := access.Subject{Parties: []id.Party{p}}
	if len(found) > 0 {
		about.Sites = found[0].Sites
	}
	if err := s.sure(r, v, "page:registers", p.String(), about, missing); err != nil {
		return err
	}
	if len(found) == 0 {
		return missing
	}
	out := organisationPage{listed: s.organisationLine(found[0]), ID: p.String()}
	out.add("登记有效", "In the register", validity(found[0].Valid))
	if found[0].Sample {
		out.add("样例", "Sample", "是 yes")
	}
	out.add("标识", "Id", p.String())
	if out.Registers, err = s.registersOf(ctx, p); err != nil {
		return err
	}
	told, err := s.factsOf(ctx, v, about.Sites)
	if err != nil {
		return err
	}
	out.Registers = append(out.Registers, told)
	if out.Changes, err = s.changesOf(ctx, v, p); err != nil {
		return err
	}
	for _, may := range []struct {
		operation string
		into      *bool
	}{{"inviteAccount", &out.MayInvite}, {"listKeys", &out.MayDevices}, {"createEnrolment", &out.MayEnrol}, {"putGrant", &out.MayGrant}} {
		if *may.into, err = s.Gate.Sees(ctx, v.Caller, may.operation, about); err != nil {
			return err
		}
	}
	if out.MayEnrol { // nobody types the id of whose phone it is
		for _, register := range out.Registers {
			for i := range register.Items {
				if register.Items[i].Link != "" {
					register.Items[i].Do = line{"登记手机", "Enrol a phone"}
				}
			}
		}
	}
	s.show(w, r, v, http.StatusOK, "organisation.html", page{Title: out.Title, TitleEN: "Organisation", Body: out})
	return nil
}

func siteLine(x party.Site) (l listed) {
	l.add("类型", "Kind", term.SiteKind(x.Kind).String())
	d, ok := registry.LookupDivision(x.Division)
	l.add("辖区", "District", named(strings.TrimSpace(d.Name+" "+d.NameEN), ok, x.Division))
	l.add("建成区", "Built-up area", yesNo(x.BuiltUp))
	if x.Beds > 0 {
		l.add("床位", "Beds", strconv.Itoa(x.Beds))
	}
	l.add("标识", "Id", x.ID.String())
	return l
}

func licenceLine(x party.Licence, names map[id.Site]string) (l listed) {
	l.add("种类", "Kind", term.LicenceKind(x.Kind).String())
	if !x.Site.IsZero() {
		l.add("场所", "Site", names[x.Site])
	}
	l.add("代码", "Codes", strings.Join(x.Codes, " "))
	l.add("方式", "Methods", strings.Join(x.Methods, " "))
	l.add("年许可量", "Yearly", massWords(x.Yearly))
	for _, sc := range x.Scopes {
		l.add("其中", "Of it", strings.TrimSpace(sc.Code+" "+string(sc.Method)+" "+massWords(sc.Yearly)))
	}
	return l
}

func yesNo(b bool) string {
	if b {
		return "是 yes"
	}
	return "否 no"
}

// massWords writes a mass; "" where none is known.
func massWords(g waste.Grams) string {
	if g == 0 {
		return ""
	}
	return g.Kilograms() + " kg"
}

// changesOf tells what imports changed of an organisation's registers, newest first: each
// with what it said before, as far back as that is kept.
func (s *Site) changesOf(ctx context.Context, v *visit, p id.Party) ([]listed, error) {
	list, err := s.Admin.Registers.RegisterChanges(ctx, p, mostChanges)
	if err != nil {
		return nil, err
	}
	out := make([]listed, len(list))
	met := map[string]string{}
	for i, c := range list {
		var before map[string]string
		for _, older := range list[i+1:] {
			if older.Kind == c.Kind && older.Key == c.Key {
				before = older.Cells
				break
			}
		}
		by, err := s.whoSaid(ctx, v, c.By, met)
		if err != nil {
			return nil, err
		}
		l := listed{Title: clock(c.At) + " " + kindWords[c.Kind].ZH + " " + kindWords[c.Kind].EN}
		l.State = line{"新增或首次留存", "added, or first kept"}
		if before != nil {
			l.State = line{"修改", "changed"}
		}
		l.add("由", "By", by)
		for _, column := range slices.Sorted(keysOf(before, c.Cells)) {
			name, was, is := term.Column(column), cellWords(c.Kind, column, before[column]), cellWords(c.Kind, column, c.Cells[column])
			switch {
			case column == "id" || column == "party" || (before != nil && was == is):
			case before == nil:
				l.add(name.ZH, name.EN, is)
			default:
				l.add(name.ZH, name.EN, was+" → "+is)
			}
		}
		out[i] = l
	}
	return out, nil
}

func keysOf(maps ...map[string]string) func(yield func(string) bool) {
	all := map[string]bool{}
	for _, m := range maps {
		for k := range m {
			all[k] = true
		}
	}
	return func(yield func(string) bool) {
		for k := range all {
			if !yield(k) {
				return
			}
		}
	}
}

// cellWords writes a cell of a register for people: days as days, masses in kilograms, kinds,
// roles and districts by their names.
func cellWords(register, column, cell string) string {
	switch {
	case cell == "":
		return ""
	case column == "kind" && register == "sites":
		return term.SiteKind(cell).String()
	case column == "kind" && register == "licences":
		return term.LicenceKind(cell).String()
	case column == "roles":
		var roles []party.Role
		for _, r := range strings.FieldsFunc(cell, func(r rune) bool { return r == ' ' || r == ';' || r == ',' }) {
			roles = append(roles, party.Role(r))
		}
		return roleWords(roles)
	case column == "division":
		d := divisionName(cell)
		return d.ZH + " " + d.EN
	case column == "built_up" || column == "medical" || column == "sample":
		return yesNo(cell == "1" || cell == "true")
	}
	n, err := strconv.ParseInt(cell, 10, 64)
	switch {
	case err != nil:
		return cell
	case column == "valid_from" || column == "filed":
		return dayOf(time.UnixMilli(n))
	case column == "valid_to":
		return dayOf(time.UnixMilli(n - 1))
	case strings.HasSuffix(column, "_grams"):
		return massWords(waste.Grams(n))
	}
	return cell
}

// kindWords name the registers whose changes are kept.
var kindWords = map[string]line{
	"organisations": {"单位", "organisation"},
	"sites":         {"场所", "site"},
	"licences":      {"许可证", "licence"},
	"people":        {"人员", "person"},
	"vehicles":      {"车辆", "vehicle"},
	"plan_lines":    {"管理计划", "management plan"},
	"approvals":     {"跨省转移批准", "approval between provinces"},
}
