package web

import (
	"slices"
	"time"

	"liandan/internal/event"
	"liandan/internal/indicator"
	"liandan/internal/profile"
	"liandan/internal/rule"
	"liandan/internal/term"
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
	Tolerances []phoneTolerance         `json:"tolerances"`
	Methods    []phoneClass             `json:"methods"`
	Forms      []phoneClass             `json:"forms"`
	Packagings []phoneClass             `json:"packagings"` // all of them
	Residues   []phoneClass             `json:"residues"`   // waste codes that a treatment often leaves
	Reasons    []phoneReason            `json:"reasons"`
	Incidents  []phoneClass             `json:"incidents"`
	Contacts   []phoneContact           `json:"contacts"`
	Mendable   map[event.Type][]string  `json:"mendable"`           // fields that may be corrected, by pointer
	AnswerDays int                      `json:"answer_within_days"` // that a correction may wait for its answers
	Verdicts   map[string]term.Term     `json:"verdicts"`           // of an inspection
	Advice     map[event.Type]term.Term `json:"advice"`             // on an event that came too late or in other hands
}

func worksWords() (out phoneWorks) {
	out.Verdicts = map[string]term.Term{}
	for _, v := range []indicator.Verdict{indicator.Pass, indicator.Basic, indicator.Fail} {
		out.Verdicts[string(v)] = term.Verdict(string(v))
	}
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
	table := profile.Default().At(phoneDay)
	out.AnswerDays = int(table.Correction.AnswerWithin / (24 * time.Hour))
	out.Mendable = map[event.Type][]string{}
	for t, sealed := range table.Types {
		for pointer, class := range sealed.Fields {
			if class == profile.Correct {
				out.Mendable[t] = append(out.Mendable[t], pointer)
			}
		}
		slices.Sort(out.Mendable[t])
	}
	out.Advice = lateAdvice
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

// lateAdvice is what to do about an event that another came before, where its type tells more
// than the kind of problem.
var lateAdvice = map[event.Type]term.Term{
	event.ManifestAccepted:    {ZH: "同事可能已经验收，或司机还没有签送达。请重新扫联单，看现在的状态。", EN: "A colleague may have accepted it already, or the driver has not signed the delivery. Scan the manifest again and see how it stands."},
	event.ManifestRefused:     {ZH: "同事可能已经验收，或司机还没有签送达。请重新扫联单，看现在的状态。", EN: "A colleague may have accepted it already, or the driver has not signed the delivery. Scan the manifest again and see how it stands."},
	event.BatchTreated:        {ZH: "库里没有这么多，或已处置、已移走。请刷新库存，按现存的再签一次。", EN: "There is not so much in stock, or it was treated or moved. Refresh the stock and sign for what is there."},
	event.OutcomeReported:     {ZH: "处置记录还没到，或已告知过。请等处置那一条先发出。", EN: "The treatment has not arrived yet, or the outcome was reported already. Let the treatment be sent first."},
	event.BatchRepacked:       {ZH: "老容器已交出、已用完，或没有这么重。请停用新标签，重新扫老容器。", EN: "The old container was handed over or used up, or holds less. Take the new labels off and scan the old one again."},
	event.TransportHandedOver: {ZH: "这些已卸车、已转交，或不在本单位手里。请重新扫，看现在由谁保管。", EN: "They were unloaded or handed on, or are not in your hands. Scan again to see who holds them."},
	event.TransportReturned:   {ZH: "接受人还没有拒收，或已送回。请重新扫，看现在的状态。", EN: "The consignee has not refused it, or it was brought back already. Scan again."},
	event.IncidentReported:    {ZH: "重量比现存的多，或已不在本单位手里。这份报告监管看得到；请改正重量，再报一份。", EN: "More is gone than is there, or it is not in your hands. The authority has this report; mend the weight and report again."},
	event.CorrectionProposed:  {ZH: "这一项已被改过，或批次已往下走。请重新打开这条记录再改。", EN: "The field was mended by another, or the batch has moved on. Open the entry again."},
}
