package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"liandan/internal/draft"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/profile"
	"liandan/internal/term"
	"liandan/internal/waste"
)

// draftPage is one draft, to be completed.
type draftPage struct {
	Href     string
	Party    string
	Version  int64
	State    line
	Open     bool
	Restores bool
	Kept     string
	Manifest string // address of what it became

	Sites, People, Profiles, Carriers, Takers, Methods []option
	CarrierCode, TakerCode, Number                     string
	Batches                                            []heldBatch
	Sum                                                string
	More                                               bool

	Checked, Ready bool
	Wrong          []line
	Findings       []line
	Done           line
	Trouble        *note
}

// heldBatch is a batch that a draft may name.
type heldBatch struct {
	ID, Name, Stage, Due string
	Chosen               bool
	KG, Packages         string
}

// mostOffered bounds the batches of one form.
const mostOffered = 60

// typedContent reads the form over what the draft has. Faults: invalid-request.
func (s *Site) typedContent(ctx context.Context, d draft.Draft, form url.Values) (content, error) {
	c, err := readContent(d)
	if err != nil {
		return c, err
	}
	bad := invalid()
	c.site, c.person = form.Get("site"), form.Get("person")
	c.set("profile", form.Get("profile"))
	c.set("method", form.Get("way")) // a field of that name would hide the form's own
	c.set("number", strings.TrimSpace(form.Get("number")))
	carrier, err := s.typedParty(ctx, bad, form, "carrier")
	if err != nil {
		return c, err
	}
	c.set("carrier", carrier)
	to, place, _ := strings.Cut(form.Get("consignee"), ".")
	if form.Get("consignee_code") != "" {
		if to, err = s.typedParty(ctx, bad, form, "consignee"); err != nil {
			return c, err
		}
		place = ""
		if k, err := id.ParseParty(to); err == nil {
			sites, err := s.Registry.SitesOf(ctx, k)
			if err != nil {
				return c, err
			}
			if len(sites) == 1 {
				place = sites[0].String()
			}
		}
	}
	c.set("consignee", to)
	c.set("consignee_site", place)
	c.batches = nil
	var named []string
	for name := range form {
		if b, ok := strings.CutPrefix(name, "batch."); ok {
			named = append(named, b)
		}
	}
	slices.Sort(named)
	for _, b := range named {
		x := draftBatch{ID: b}
		if kg := strings.TrimSpace(form.Get("kg." + b)); kg != "" {
			g, ok := gramsOf(kg)
			if !ok {
				field(bad, "/batches", "format", b+" needs a mass in kilograms such as 12.5", b+" 的重量应为千克数，如 12.5")
			}
			n := int64(g)
			x.Grams = &n
		}
		if text := strings.TrimSpace(form.Get("packages." + b)); text != "" {
			g, ok := gramsOf(text) // a whole number
			if n := int64(g); ok && n%1000 == 0 {
				n /= 1000
				x.Packages = &n
			} else {
				field(bad, "/batches", "format", b+" needs a number of packages", b+" 的件数应为整数")
			}
		}
		c.batches = append(c.batches, x)
	}
	if len(bad.Fields) > 0 {
		return c, bad
	}
	return c, nil
}

// typedParty is an organisation as it was chosen or, by its credit code, typed.
func (s *Site) typedParty(ctx context.Context, bad *fault.Error, form url.Values, name string) (string, error) {
	code := strings.TrimSpace(form.Get(name + "_code"))
	if code == "" {
		return form.Get(name), nil
	}
	p, err := s.partyOf(ctx, code)
	if err != nil {
		return "", err
	}
	if p.IsZero() {
		field(bad, "/"+name, "unknown", "is no organisation of the register", "登记册中没有这个单位")
		return "", nil
	}
	return p.String(), nil
}

// showDraft shows a draft; typed is what somebody typed that could not be kept.
func (s *Site) showDraft(w http.ResponseWriter, r *http.Request, v *visit, status int, d draft.Draft, p draftPage, typed url.Values) (err error) {
	ctx := r.Context()
	p.Href, p.Version, p.State, p.Open, p.Restores, p.Kept = "/drafts/"+d.ID.String(), d.Version, line(term.DraftState(string(d.State()))), d.State() == draft.Open, d.State() == draft.Discarded, dayOf(d.Kept())
	if d.State() == draft.Issued {
		p.Manifest = "/inspect/manifest/" + d.ID.String()
	}
	if p.Party, err = s.nameOf(ctx, d.Party); err != nil {
		return err
	}
	c, err := readContent(d)
	if err != nil {
		return err
	}
	if typed != nil {
		if c, err = s.typedContent(ctx, d, typed); err != nil && fault.Of(err) != fault.InvalidRequest {
			return err
		}
		p.CarrierCode, p.TakerCode = typed.Get("carrier_code"), typed.Get("consignee_code")
	}
	p.Number = c.text("number")
	if err := s.draftChoices(ctx, &p, d, c); err != nil {
		return err
	}
	if err := s.draftBatches(ctx, &p, d, c, typed); err != nil {
		return err
	}
	s.show(w, r, v, status, "draft.html", page{Title: "联单草稿", TitleEN: "Draft of a manifest", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// draftChoices offers what a draft's members may be.
func (s *Site) draftChoices(ctx context.Context, p *draftPage, d draft.Draft, c content) error {
	sites, err := s.Registry.SitesOf(ctx, d.Party)
	if err != nil {
		return err
	}
	if p.Sites, err = s.siteOptions(ctx, sites, c.site); err != nil {
		return err
	}
	if p.People, err = s.crew(ctx, hauler{Party: d.Party, Own: true}); err != nil {
		return err
	}
	for i := range p.People {
		p.People[i].Chosen = p.People[i].ID == c.person
	}
	now := s.Now()
	for _, x := range profile.Default().At(now).Profiles {
		p.Profiles = append(p.Profiles, option{x.Name, x.ZH + " " + x.EN, x.Name == c.text("profile")})
	}
	for _, x := range waste.Methods() {
		p.Methods = append(p.Methods, option{string(x.Code), string(x.Code) + " " + x.Name + " " + x.NameEN, string(x.Code) == c.text("method")})
	}
	var with []id.Party
	if x, err := id.ParseSite(c.site); err == nil {
		site, ok, err := s.Registry.Site(ctx, x)
		if err != nil {
			return err
		}
		if ok && site.Party == d.Party {
			if with, err = s.agreedWith(ctx, site); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{"carrier", "consignee"} {
		if k, err := id.ParseParty(c.text(name)); err == nil && !slices.Contains(with, k) {
			with = append(with, k)
		}
	}
	for _, k := range with {
		name, err := s.nameOf(ctx, k)
		if err != nil {
			return err
		}
		p.Carriers = append(p.Carriers, option{k.String(), name, k.String() == c.text("carrier")})
		places, err := s.Registry.SitesOf(ctx, k)
		if err != nil {
			return err
		}
		of, err := s.siteOptions(ctx, places, c.text("consignee_site"))
		if err != nil {
			return err
		}
		for _, x := range of {
			p.Takers = append(p.Takers, option{k.String() + "." + x.ID, name + " · " + x.Name, x.Chosen && k.String() == c.text("consignee")})
		}
	}
	return nil
}

// draftBatches offers what the site holds, and what the draft names already.
func (s *Site) draftBatches(ctx context.Context, p *draftPage, d draft.Draft, c content, typed url.Values) error {
	chosen := map[string]draftBatch{}
	var sum int64
	for _, b := range c.batches {
		chosen[b.ID] = b
		if b.Grams != nil {
			sum += *b.Grams
		}
	}
	p.Sum = kilograms(sum)
	add := func(h heldBatch, grams waste.Grams) {
		b, ok := chosen[h.ID]
		delete(chosen, h.ID)
		h.Chosen = ok
		if grams > 0 {
			h.KG = grams.Kilograms()
		}
		if ok && b.Grams != nil {
			h.KG = waste.Grams(*b.Grams).Kilograms()
		}
		if ok && b.Packages != nil {
			h.Packages = strings.TrimSuffix(waste.Grams(*b.Packages*1000).Kilograms(), ".000")
		}
		if typed != nil {
			h.KG, h.Packages = typed.Get("kg."+h.ID), typed.Get("packages."+h.ID)
		}
		p.Batches = append(p.Batches, h)
	}
	if x, err := id.ParseSite(c.site); err == nil && p.Open {
		site, ok, err := s.Registry.Site(ctx, x)
		if err != nil {
			return err
		}
		if ok && site.Party == d.Party {
			held, next, err := s.Desk.Reader.Custody(ctx, x, "", mostOffered)
			if err != nil {
				return err
			}
			p.More = next != ""
			for _, b := range held {
				h := heldBatch{ID: b.State.ID.String(), Name: strings.TrimSpace(string(b.State.Code) + " " + b.State.Container), Stage: term.Stage(b.State.Stage).String()}
				if b.Ticking {
					h.Due = clock(b.Clock.Due)
				}
				add(h, b.State.Grams)
			}
		}
	}
	var rest []string
	for k := range chosen {
		rest = append(rest, k)
	}
	slices.Sort(rest)
	for _, k := range rest {
		add(heldBatch{ID: k, Name: k}, 0)
	}
	return nil
}
