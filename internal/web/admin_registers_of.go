package web

import (
	"context"
	"strconv"
	"strings"
	"time"

	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/term"
)

func (s *Site) registersOf(ctx context.Context, p id.Party) ([]register, error) {
	sites, err := s.Admin.Registers.SitesOf(ctx, p)
	if err != nil {
		return nil, err
	}
	people, err := s.Admin.Registers.PeopleOf(ctx, p)
	if err != nil {
		return nil, err
	}
	h, err := s.Admin.Imports.Holding(ctx, p)
	if err != nil {
		return nil, err
	}
	names := map[id.Site]string{}
	now := s.Now()
	out := []register{{Name: line{"场所", "Sites"}}, {Name: line{"许可证", "Licences"}}, {Name: line{"车辆", "Vehicles"}},
		{Name: line{"管理计划", "Management plans"}}, {Name: line{"跨省转移批准", "Approvals between provinces"}}, {Name: line{"人员（只有编号）", "People, by id alone"}}}
	put := func(i int, title string, valid party.Period, l listed) {
		l.Title = title
		l.State, l.Tone = standing(valid, now)
		l.add("有效", "Valid", validity(valid))
		out[i].Items = append(out[i].Items, l)
	}
	for _, x := range sites {
		names[x.ID] = x.Name
		put(0, x.Name, x.Valid, siteLine(x))
	}
	for _, x := range h.Licences {
		put(1, x.Number, x.Valid, licenceLine(x, names))
	}
	for _, x := range h.Vehicles {
		var l listed
		l.add("运输证", "Permit", x.Permit)
		l.add("核定载质量", "Capacity", massWords(x.Capacity))
		l.add("仅运医疗废物", "Medical waste alone", yesNo(x.Medical))
		put(2, x.Plate, x.Valid, l)
	}
	for _, x := range h.Plans {
		from, to := permit.YearOf(x.Year)
		var l listed
		l.add("场所", "Site", names[x.Site])
		l.add("方式", "Method", string(x.Method))
		l.add("接收单位", "Consignee", string(x.Consignee))
		l.add("计划量", "Planned", massWords(x.Planned))
		l.add("备案", "Filed", strings.TrimSpace(x.Number+" "+dayOf(x.Filed)))
		put(3, strconv.Itoa(x.Year)+" "+string(x.Code), party.Period{From: from, To: to}, l)
	}
	for _, x := range h.Approvals {
		var l listed
		l.add("代码", "Code", string(x.Code))
		l.add("方式", "Method", string(x.Method))
		l.add("接收单位", "Consignee", string(x.Consignee))
		l.add("批准量", "Approved", massWords(x.Approved))
		put(4, x.Number, x.Valid, l)
	}
	for _, x := range people {
		put(5, x.ID.String(), x.Valid, listed{Link: with("/devices/enrolment", "party", p.String(), "person", x.ID.String())})
	}
	return out, nil
}

// factsOf tells what sites were from days on and which system they are in, with who said so
// and when. These are entries of the log.
func (s *Site) factsOf(ctx context.Context, v *visit, sites []id.Site) (register, error) {
	out := register{Name: line{"场所沿革与收运体系（已入日志）", "What sites were, and their collection system: in the log"}}
	facts, err := s.Admin.Registers.FactsOfSites(ctx, sites)
	if err != nil {
		return out, err
	}
	met := map[string]string{}
	for _, f := range facts {
		var l listed
		var of id.Site
		var span indicator.Span
		switch x := f.Row.(type) {
		case indicator.Site:
			of, span = x.Site, x.Span
			l = siteLine(party.Site{ID: x.Site, Kind: x.Kind, Division: x.Division, BuiltUp: x.BuiltUp, Beds: x.Beds})
			if x.Social != "" {
				l.add("社会源类型", "Social source", term.Social(x.Social).String())
			}
		case indicator.Member:
			of, span = x.Site, x.Span
			name, err := s.partyName(ctx, x.By)
			if err != nil {
				return out, err
			}
			l.add("收运处置单位", "Collected by", name)
			l.add("依据", "Basis", strings.TrimSpace(term.Basis(x.Basis).String()+" "+x.Number))
		}
		valid := party.Period{From: time.UnixMilli(span.From)}
		if span.To != 0 {
			valid.To = time.UnixMilli(span.To)
		}
		site, ok, err := s.Registry.Site(ctx, of)
		if err != nil {
			return out, err
		}
		by, err := s.whoSaid(ctx, v, f.By, met)
		if err != nil {
			return out, err
		}
		l.Title = named(site.Name, ok, of.String())
		l.State, l.Tone = standing(valid, s.Now())
		l.add("有效", "Valid", validity(valid))
		l.add("由", "By", by)
		l.add("登记于", "Said at", clock(time.UnixMilli(f.At)))
		l.add("理由", "Reason", f.Reason)
		out.Items = append(out.Items, l)
	}
	return out, nil
}
