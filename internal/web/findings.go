package web

import (
	"cmp"
	"context"
	"net/http"
	"regexp"
	"slices"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/rule"
	"liandan/internal/term"
	"liandan/internal/worklist"
)

// scope is a part of the waste that somebody may look at as a whole: a district, a site, an
// organisation, or what passed through their own hands.
type scope struct {
	Key    string
	Name   line
	filter audit.Filter
	about  access.Subject
}

// queuePage is what rules found: how many by scope and rule, or the list of one scope.
type queuePage struct {
	Scopes   []scope
	Of       string
	Rule     string
	Remarks  bool
	Rules    []string
	Table    []queueRow // where something was found
	Clean    []queueRow // where nothing was
	Later    []queueRow // not counted any more: counting took its time
	Cut      bool       // a count stopped before the end
	Items    []queueItem
	Listed   bool
	More     string
	Chosen   line
	Severity string
}

type queueRow struct {
	Name  line
	Href  string
	N     int // of all rules
	Cells []queueCell
}

type queueCell struct {
	N        int
	Href     string
	Severity string
}

type queueItem struct {
	finding
	At, Batch, Manifest, Event string
	Standing                   bool
}

// ruleForm is the form of a rule's name.
var ruleForm = regexp.MustCompile(`^[a-z][a-z-]{0,63}$`)

// scopes are the parts that the caller may see whole.
func (s *Site) scopes(ctx context.Context, v *visit) (out []scope, err error) {
	add := func(x scope) error {
		x.filter.Kind = worklist.Manifest
		if slices.ContainsFunc(out, func(o scope) bool { return o.Key == x.Key }) {
			return nil
		}
		mine, err := s.Gate.Sees(ctx, v.Caller, "listFindings", x.about)
		if mine {
			out = append(out, x)
		}
		return err
	}
	for _, code := range divisionCodes() {
		if err := add(scope{Key: code, Name: divisionName(code), filter: audit.Filter{Division: code}, about: access.Subject{Divisions: []string{code}}}); err != nil {
			return nil, err
		}
	}
	for _, g := range v.Appointments {
		if g.Party.IsZero() || !g.Valid.Holds(s.Now()) {
			continue
		}
		switch {
		case len(g.Sites) > 0:
			for _, x := range g.Sites {
				name, err := s.place(ctx, x)
				if err == nil {
					err = add(scope{x.String(), line{name, name}, audit.Filter{Party: g.Party, Site: x}, access.Subject{Parties: []id.Party{g.Party}, Sites: []id.Site{x}}})
				}
				if err != nil {
					return nil, err
				}
			}
		case !g.Person.IsZero():
			if err := add(scope{g.Person.String(), line{"本人经手", "what passed through my hands"}, audit.Filter{Party: g.Party, Person: g.Person},
				access.Subject{Parties: []id.Party{g.Party}, People: []id.Person{g.Person}}}); err != nil {
				return nil, err
			}
		default:
			sites, err := s.Registry.SitesOf(ctx, g.Party)
			if err != nil {
				return nil, err
			}
			name, err := s.nameOf(ctx, g.Party)
			if err == nil {
				err = add(scope{g.Party.String(), line{name, name}, audit.Filter{Party: g.Party}, access.Subject{Parties: []id.Party{g.Party}, Sites: sites}})
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// queue is GET /inspect/findings?of=&rule=&severity=&cursor=.
func (s *Site) queue(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, q := r.Context(), r.URL.Query()
	p := queuePage{Of: q.Get("of"), Rule: q.Get("rule"), Remarks: q.Get("severity") == "remark", Severity: q.Get("severity")}
	if p.Rule != "" && !ruleForm.MatchString(p.Rule) {
		return field(invalid(), "/rule", "format", "must be the name of a rule, such as grams-differ", "应为规则的名称")
	}
	if !slices.Contains([]string{"", "remark", "finding", "serious"}, p.Severity) {
		return field(invalid(), "/severity", "value", "must be remark, finding or serious", "应为 remark、finding 或 serious")
	}
	scopes, err := s.scopes(ctx, v)
	if err != nil {
		return err
	}
	p.Scopes = scopes
	if p.Of == "" {
		if err := s.Gate.List(ctx, v.Caller, "countFindings"); err != nil {
			return err
		}
		err = s.countQueue(ctx, &p)
	} else {
		err = s.listQueue(r, v, &p)
	}
	if err != nil {
		return err
	}
	s.show(w, r, v, http.StatusOK, "findings.html", page{Title: "异常", TitleEN: "Findings", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// filterOf is what the page asks of one scope.
func (p *queuePage) filterOf(x scope) audit.FindingFilter {
	f := audit.FindingFilter{Filter: x.filter, Least: rule.Open, Rule: rule.Code(p.Rule)}
	switch {
	case p.Remarks || p.Rule != "": // whoever names a rule means what it says, remarks too
		f.Least = ""
	case p.Severity == "serious":
		f.Least = rule.Serious
	}
	return f
}

// countFor is how long the counting of many scopes may go on. In a real city each takes up to a
// second; those that are left are listed without a count, to be opened.
const countFor = 5 * time.Second

// countQueue fills the table of scopes and rules.
func (s *Site) countQueue(ctx context.Context, p *queuePage) error {
	counts := map[string]map[string]audit.FindingCount{}
	begun := s.Now()
	for i, x := range p.Scopes {
		if i > 0 && s.Now().Sub(begun) > countFor {
			continue
		}
		found, more, err := s.Desk.Reader.FindingCounts(ctx, p.filterOf(x), s.Now())
		if err != nil {
			return err
		}
		p.Cut = p.Cut || more
		counts[x.Key] = map[string]audit.FindingCount{}
		for _, c := range found {
			if old, twice := counts[x.Key][string(c.Rule)]; twice { // in another severity; the heavier came first
				c.N, c.Severity = c.N+old.N, old.Severity
			}
			counts[x.Key][string(c.Rule)] = c
			if !slices.Contains(p.Rules, string(c.Rule)) {
				p.Rules = append(p.Rules, string(c.Rule))
			}
		}
	}
	// What is serious stands first.
	weight := func(name string) (w int) {
		for _, found := range counts {
			switch found[name].Severity {
			case rule.Serious:
				w = max(w, 2)
			case rule.Open:
				w = max(w, 1)
			}
		}
		return w
	}
	slices.SortFunc(p.Rules, func(a, b string) int { return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a, b)) })
	for _, x := range p.Scopes {
		row := queueRow{Name: x.Name, Href: with("/inspect/findings", "of", x.Key, "severity", p.Severity)}
		if counts[x.Key] == nil {
			p.Later = append(p.Later, row)
			continue
		}
		for _, name := range p.Rules {
			c := counts[x.Key][name]
			row.N += c.N
			row.Cells = append(row.Cells, queueCell{c.N, with("/inspect/findings", "of", x.Key, "rule", name), string(c.Severity)})
		}
		if row.N > 0 {
			p.Table = append(p.Table, row)
		} else {
			p.Clean = append(p.Clean, row)
		}
	}
	return nil
}

// RuleWords names the rule that the list is narrowed to.
func (p queuePage) RuleWords() term.Term { return term.Rule(rule.Code(p.Rule)) }

// Heads names the rules of the table.
func (p queuePage) Heads() []term.Term {
	out := make([]term.Term, len(p.Rules))
	for i, r := range p.Rules {
		out[i] = term.Rule(rule.Code(r))
	}
	return out
}

// listQueue fills a page of one scope's list. What is not the caller's is not there.
func (s *Site) listQueue(r *http.Request, v *visit, p *queuePage) error {
	ctx, missing := r.Context(), fault.Missing("list")
	i := slices.IndexFunc(p.Scopes, func(x scope) bool { return x.Key == p.Of })
	if i < 0 {
		return missing
	}
	x := p.Scopes[i]
	p.Listed, p.Chosen = true, x.Name
	if err := s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: "listFindings", Subject: x.about, Named: x.Key, Missing: missing}); err != nil {
		return err
	}
	found, err := s.Desk.Reader.Findings(ctx, p.filterOf(x), s.Now(), r.URL.Query().Get("cursor"), atATime)
	if err != nil {
		return err
	}
	for _, f := range found.Items {
		words, err := s.findingsOf(ctx, []rule.Finding{f.Finding})
		if err != nil {
			return err
		}
		item := queueItem{finding: words[0], Standing: f.Standing}
		if !f.At.IsZero() {
			item.At = clock(f.At)
		}
		if !f.Batch.IsZero() {
			item.Batch = f.Batch.String()
		}
		if !f.Manifest.IsZero() {
			item.Manifest = f.Manifest.String()
		}
		if !f.Event.IsZero() {
			item.Event = f.Event.String()
		}
		p.Items = append(p.Items, item)
	}
	if found.Next != "" {
		p.More = with("/inspect/findings", "of", p.Of, "rule", p.Rule, "severity", p.Severity, "cursor", found.Next)
	}
	return nil
}
