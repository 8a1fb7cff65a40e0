package web

import (
	"liandan/internal/event"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// What the phone of a plant, a driver on the road or anybody with a spill has to know without
// network, from where the server has it.

// phoneTolerance is what two weighings may differ by, as data with its source.
type phoneTolerance struct {
	Profile          string `json:"profile"`
	Permille         int64  `json:"permille"`
	Grams            int64  `json:"grams"`
	EstimatePermille int64  `json:"estimate_permille"`
	Source           string `json:"source"`
	Certainty        string `json:"certainty"`
}

// phoneReason is a reason for refusing; what is chosen goes into the event as text.
type phoneReason struct {
	ZH     string `json:"zh"`
	EN     string `json:"en"`
	Source string `json:"source"`
}

// phoneContact is whom to call.
type phoneContact struct {
	Number string `json:"number"`
	ZH     string `json:"zh"`
	EN     string `json:"en"`
}

type phoneWorks struct {
	Tolerances []phoneTolerance `json:"tolerances"`
	Methods    []phoneClass     `json:"methods"`
	Forms      []phoneClass     `json:"forms"`
	Packagings []phoneClass     `json:"packagings"` // all of them
	Residues   []phoneClass     `json:"residues"`   // waste codes that a treatment often leaves
	Reasons    []phoneReason    `json:"reasons"`
	Incidents  []phoneClass     `json:"incidents"`
	Contacts   []phoneContact   `json:"contacts"`
}

func worksWords() (out phoneWorks) {
	for _, profile := range []string{"", "medical"} {
		t := rule.ToleranceAt(profile, phoneDay)
		out.Tolerances = append(out.Tolerances, phoneTolerance{profile, t.Permille, int64(t.Grams), t.EstimatePermille, t.Source, t.Certainty})
	}
	for _, m := range waste.Methods() {
		out.Methods = append(out.Methods, phoneClass{string(m.Code), m.Name, m.NameEN})
	}
	for _, f := range waste.Forms() {
		out.Forms = append(out.Forms, phoneClass{string(f), f.Name(), f.NameEN()})
	}
	for _, p := range waste.Packagings() {
		out.Packagings = append(out.Packagings, phoneClass{string(p.Code), p.Name, p.NameEN})
	}
	for _, code := range []waste.Code{"772-003-18", "772-004-18", "772-005-18", "772-006-49"} {
		if e, ok := waste.DefaultCatalog().Lookup(code, phoneDay); ok {
			out.Residues = append(out.Residues, phoneClass{string(code), e.Name, e.NameEN})
		}
	}
	out.Reasons = refusalReasons
	for _, k := range incidentWords {
		out.Incidents = append(out.Incidents, phoneClass{string(k.kind), k.zh, k.en})
	}
	for _, c := range waste.Contacts() {
		out.Contacts = append(out.Contacts, phoneContact{c.Number, c.Name, c.NameEN})
	}
	return out
}

const (
	byArt12 = "危险废物转移管理办法 art. 12"
	ownList = "own choice: no instrument lists reasons"
)

// refusalReasons is the list that the consignee chooses from, edition of 2026-11: first what
// Order 23 art. 12 has it compare with the manifest, then what gates say in practice.
var refusalReasons = []phoneReason{
	{"包装破损、渗漏", "packaging broken or leaking", ownList},
	{"名称或代码与联单不符", "name or code differs from the manifest", byArt12},
	{"数量与联单不符", "quantity differs from the manifest", byArt12},
	{"特性与联单不符", "hazard differs from the manifest", byArt12},
	{"形态与联单不符", "form differs from the manifest", byArt12},
	{"包装方式与联单不符", "packaging differs from the manifest", byArt12},
	{"标签缺失或不清", "label missing or unreadable", ownList},
	{"不在本单位许可范围", "outside our permit", ownList},
	{"没有余量（库满、检修）", "no room (store full, maintenance)", ownList},
	{"其他（请写明）", "other (say what)", ownList},
}

// incidentWords names the kinds of incident.reported, the most frequent first.
var incidentWords = []struct {
	kind   event.IncidentKind
	zh, en string
}{
	{event.Spill, "洒漏", "spill"}, {event.Leak, "泄漏", "leak"}, {event.Loss, "丢失", "loss"},
	{event.Found, "发现无主废物", "found"}, {event.Theft, "被盗", "theft"}, {event.Fire, "起火", "fire"},
}
