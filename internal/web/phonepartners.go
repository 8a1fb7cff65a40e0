package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
	"liandan/internal/registry"
)

// Whom a phone may name as carrier or consignee, by names, so that nobody types an id.

// phonePartner is an organisation that takes waste from others, with its places.
type phonePartner struct {
	phoneName
	Roles  []party.Role `json:"roles"` // of carrier, collector, operator
	Sites  []phoneName  `json:"sites"`
	Agreed bool         `json:"agreed"` // the register has a contract, a city's plan or a management plan that names it
}

const (
	mostPartners = 20  // of one answer
	mostSearched = 400 // organisations looked through for one answer
	mostWords    = 100 // characters of a search
)

// takers are the roles of whoever takes waste from others.
var takers = []party.Role{party.Carrier, party.Collector, party.Operator}

// phonePartners is GET /m/partners?site=…&q=…: with words, organisations of the register that
// take waste and have them in the name; without, those with whom the asker's site has an agreement.
// The register of who is licensed to take waste is public; nothing else is told of them.
func (s *Site) phonePartners(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	site, err := id.ParseSite(r.URL.Query().Get("site"))
	if err != nil {
		return fault.New(fault.InvalidRequest, "Name the site that asks.")
	}
	words := strings.TrimSpace(r.URL.Query().Get("q"))
	if len([]rune(words)) > mostWords {
		return fault.New(fault.InvalidRequest, "At most %d characters to search for.", mostWords)
	}
	known, ok, err := s.Registry.Site(ctx, site)
	if err != nil {
		return err
	}
	mine := false
	for _, g := range v.Appointments {
		mine = mine || ok && g.Party == known.Party && g.Valid.Holds(s.Now()) && (len(g.Sites) == 0 || slices.Contains(g.Sites, site))
	}
	if !mine {
		return fault.Missing("site")
	}
	agreed, err := s.agreedWith(ctx, known)
	if err != nil {
		return err
	}
	out := struct {
		Partners []phonePartner `json:"partners"`
		More     bool           `json:"more"`
	}{Partners: []phonePartner{}}
	find := registry.Find{Words: words, Limit: atATime}
	if words == "" {
		find.Party = append(slices.Clone(agreed), known.Party) // its own depot may be where a load goes
	}
	for looked := 0; ; {
		found, err := s.Admin.Registers.FindOrganisations(ctx, find)
		if err != nil {
			return err
		}
		for _, o := range found {
			if !o.Has(takers...) || !o.Valid.Holds(s.Now()) {
				continue
			}
			if len(out.Partners) == mostPartners {
				out.More = true
				return tellPhone(w, out)
			}
			p, err := s.partner(ctx, o, slices.Contains(agreed, o.ID))
			if err != nil {
				return err
			}
			out.Partners = append(out.Partners, p)
		}
		looked += len(found)
		if len(found) < find.Limit {
			break
		}
		if looked >= mostSearched {
			out.More = true
			break
		}
		find.After = found[len(found)-1].ID
	}
	slices.SortStableFunc(out.Partners, func(a, b phonePartner) int {
		switch {
		case a.Agreed == b.Agreed:
			return 0
		case a.Agreed:
			return -1
		}
		return 1
	})
	return tellPhone(w, out)
}

func (s *Site) partner(ctx context.Context, o registry.Found, agreed bool) (phonePartner, error) {
	p := phonePartner{phoneName: phoneName{o.ID.String(), o.Name}, Sites: []phoneName{}, Agreed: agreed}
	for _, role := range takers {
		if o.Has(role) {
			p.Roles = append(p.Roles, role)
		}
	}
	for _, v := range o.Sites {
		site, ok, err := s.Registry.Site(ctx, v)
		if err != nil {
			return p, err
		}
		if ok && site.Valid.Holds(s.Now()) {
			p.Sites = append(p.Sites, phoneName{v.String(), site.Name})
		}
	}
	return p, nil
}

// agreedWith are the organisations that the register names as takers of a site's waste: the
// system that it is a member of, and the consignees of its management plans.
func (s *Site) agreedWith(ctx context.Context, site party.Site) (out []id.Party, err error) {
	add := func(p id.Party) {
		if !p.IsZero() && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	facts, err := s.Admin.Registers.FactsOfSites(ctx, []id.Site{site.ID})
	if err != nil {
		return nil, err
	}
	now := s.Now().UnixMilli()
	for _, f := range facts {
		if m, ok := f.Row.(indicator.Member); ok && m.From <= now && (m.To == 0 || now < m.To) {
			add(m.By)
		}
	}
	holding, err := s.Admin.Imports.Holding(ctx, site.Party)
	if err != nil {
		return nil, err
	}
	year := s.Now().Year()
	for _, line := range holding.Plans {
		if line.Site != site.ID || line.Year != year || line.Consignee == "" {
			continue
		}
		found, err := s.Admin.Registers.FindOrganisations(ctx, registry.Find{Words: string(line.Consignee), Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			add(found[0].ID)
		}
	}
	return out, nil
}
