package web

import (
	"net/http"
	"net/url"
	"strings"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/problem"
	"liandan/internal/waste"
)

// found is what the finder's page says. Everything in it holds for the kind of waste, not
// for this batch: no party, person, place, weight or id. The label's code is on the label
// in the reader's hand.
type found struct {
	Code      string // of the catalogue; "" when unverified
	Name      string
	NameEN    string
	Form      string
	FormEN    string
	Hazards   []hazard
	Guidance  []guidance
	Contacts  []waste.Contact
	Label     string
	Trouble   string // why the waste is not known, Chinese; "" when it is
	TroubleEN string
}

type hazard struct{ Name, NameEN string }

type guidance struct {
	What, WhatEN string
	Do           []line
}

// troubles are the ways in which a label does not lead to a batch. Whoever reads one still
// stands beside a container, so the advice for any waste stays on the page.
var troubles = map[fault.Kind][2]string{
	fault.LabelMistyped: {"这个编号输入有误：校验位不符。请对照标签重新输入，共27位，或重新扫码。",
		"This code is mistyped: its check character does not fit. Read it again from the label, 27 characters, or scan again."},
	fault.LabelUnknown: {"编号书写无误，但本系统没有这个标签。它可能属于别的系统，或是伪造的。请打电话说明。",
		"The code is well written, but no label here has it. It may be of another system, or forged. Please call and say so."},
	fault.LabelRevoked: {"这张标签已作废，可能已换新标签。请看看容器上有没有较新的标签；没有就打电话说明。",
		"This label was withdrawn and perhaps replaced. Look for a newer label on the container; if there is none, please call and say so."},
	fault.Unavailable: {"系统暂时查不到资料，请稍后再扫一次。在此之前按有危险处理。",
		"The system cannot look this up at the moment; scan again later. Until then treat the thing as dangerous."},
	fault.Internal: {"系统出了问题，查不到资料。请按有危险处理。",
		"Something is wrong with the system and it cannot look this up. Treat the thing as dangerous."},
}

// lookUp is GET /q, the form of the start page.
func (s *Site) lookUp(w http.ResponseWriter, r *http.Request) {
	to := "/" // where the form stands
	if given := r.URL.Query().Get("label"); given != "" {
		to = "/q/" + url.PathEscape(given)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// find is GET /q/{label}.
func (s *Site) find(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Robots-Tag", "noindex")
	l, err := event.ParseLabel(r.PathValue("label"))
	if err != nil {
		s.lost(w, r, fault.Wrap(err, fault.LabelMistyped, "mistyped"), "")
		return
	}
	v, err := s.Finder.Finder(r.Context(), l)
	if err != nil {
		s.lost(w, r, err, l)
		return
	}
	f := found{Label: grouped(l), Form: v.Form.Name(), FormEN: v.Form.NameEN(), Contacts: waste.Contacts(),
		Guidance: guidances(waste.AdviceFor(nil))}
	if v.Verified {
		f.Code, f.Name, f.NameEN = string(v.Entry.Code), v.Entry.Name, v.Entry.NameEN
		f.Guidance = guidances(v.Entry.Advice())
		for _, h := range v.Entry.Hazards {
			f.Hazards = append(f.Hazards, hazard{h.Name(), h.NameEN()})
		}
	}
	s.show(w, r, nil, http.StatusOK, "found.html", page{Title: "危险废物，请勿触碰", TitleEN: "Hazardous waste, do not touch", Body: f})
}

// lost is the page of a label that leads nowhere.
func (s *Site) lost(w http.ResponseWriter, r *http.Request, err error, l event.Label) {
	kind := problem.From(err).Kind
	row := problem.Of(kind)
	if row.Status >= http.StatusInternalServerError {
		s.Logger.ErrorContext(r.Context(), "finder's page failed", "kind", string(kind), "error", err)
	}
	words, ok := troubles[kind]
	if !ok {
		words = troubles[fault.Internal]
		if row.Status == http.StatusServiceUnavailable {
			words = troubles[fault.Unavailable]
		}
	}
	s.show(w, r, nil, row.Status, "found.html", page{Title: row.ZH, TitleEN: row.EN, Body: found{Trouble: words[0], TroubleEN: words[1],
		Label: grouped(l), Guidance: guidances(waste.AdviceFor(nil)), Contacts: waste.Contacts()}})
}

func guidances(gs []waste.Guidance) []guidance {
	out := make([]guidance, len(gs))
	for i, g := range gs {
		out[i] = guidance{What: g.What, WhatEN: g.WhatEN}
		for j, zh := range g.Do {
			en := ""
			if j < len(g.DoEN) {
				en = g.DoEN[j]
			}
			out[i].Do = append(out[i].Do, line{zh, en})
		}
	}
	return out
}

// grouped writes a token as it stands on the label.
func grouped(l event.Label) string {
	var groups []string
	for s := string(l); s != ""; {
		n := min(5, len(s))
		groups, s = append(groups, s[:n]), s[n:]
	}
	return strings.Join(groups, " ")
}
