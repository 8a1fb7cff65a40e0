// Package term is the message catalogue: the field's standard terms in Chinese and English
// for stages, event types, accounts and roles. Pages, reports and documents take their
// words from here, so that one thing has one name.
//
// It must not format sentences or choose a language; it gives both, Chinese first.
package term

import (
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/mass"
	"liandan/internal/party"
)

// Term is one word in both languages.
type Term struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// String is both, Chinese first.
func (t Term) String() string { return t.ZH + " " + t.EN }

// of looks a word up; what has no entry is shown as it is, so that a reader sees that it is
// there. A test sees to it that nothing of ours is without one.
func of[K ~string](words map[K]Term, k K) Term {
	if t, ok := words[k]; ok {
		return t
	}
	return Term{string(k), string(k)}
}

// Stage names a stage of a batch or manifest.
func Stage(s batch.Stage) Term { return of(stages, s) }

// Type names an event type.
func Type(t event.Type) Term { return of(types, t) }

// Account names a kind of account.
func Account(k mass.AccountKind) Term { return of(accounts, k) }

// Role names what an organisation does in the chain.
func Role(r party.Role) Term { return of(roles, r) }

var stages = map[batch.Stage]Term{
	batch.None:       {"尚无记录", "no entry yet"},
	batch.Generated:  {"已产生", "generated"},
	batch.Released:   {"已交出", "released"},
	batch.Received:   {"已接收", "received"},
	batch.Stored:     {"贮存中", "stored"},
	batch.Issued:     {"已开联单", "on a manifest"},
	batch.InTransit:  {"运输中", "in transit"},
	batch.HandedOver: {"待接运", "offered"},
	batch.AtPoint:    {"周转点暂存", "at a transfer point"},
	batch.Delivered:  {"已运达", "delivered"},
	batch.Accepted:   {"已接受", "accepted"},
	batch.Refused:    {"已拒收", "refused"},
	batch.Returned:   {"已退回", "returned"},
	batch.Repacked:   {"已合装分装", "packed over"},
	batch.Treated:    {"已利用处置", "treated"},
	batch.Reported:   {"已回告", "reported"},
	batch.Cancelled:  {"已作废", "cancelled"},
	batch.Lost:       {"已损失", "lost"},
}

var types = map[event.Type]Term{
	event.UseRecorded:         {"使用登记", "use recorded"},
	event.BatchGenerated:      {"产生", "generated"},
	event.BatchRepacked:       {"合装分装", "packed over"},
	event.BatchReleased:       {"内部交出", "released"},
	event.BatchReceived:       {"内部接收", "received"},
	event.BatchStored:         {"入暂存", "stored"},
	event.ManifestIssued:      {"移出人开单", "manifest issued"},
	event.ManifestCancelled:   {"联单作废", "manifest cancelled"},
	event.TransportCollected:  {"承运人装车", "collected"},
	event.TransportHandedOver: {"转交下一程", "handed over"},
	event.TransportDelivered:  {"运达", "delivered"},
	event.ManifestAccepted:    {"接受人接受", "accepted"},
	event.ManifestRefused:     {"接受人拒收", "refused"},
	event.TransportReturned:   {"退运", "returned"},
	event.BatchTreated:        {"利用处置", "treated"},
	event.OutcomeReported:     {"结果回告", "outcome reported"},
	event.ManifestNumbered:    {"登记联单编号", "national number"},
	event.CorrectionProposed:  {"提议更正", "correction proposed"},
	event.CorrectionAgreed:    {"同意更正", "correction agreed"},
	event.CorrectionDeclined:  {"不同意更正", "correction declined"},
	event.RulingRecorded:      {"监管裁定", "ruling"},
	event.InspectionRecorded:  {"检查记录", "inspection"},
	event.PaperBackfilled:     {"补录纸质联单", "paper back-filled"},
	event.MeterRecorded:       {"管道日计量", "daily meter"},
	event.IncidentReported:    {"事故报告", "incident reported"},

	event.SampleDrawn: {"随机抽取", "random sample"},

	event.AuthorisationGiven:     {"授权代签", "authorisation given"},
	event.AuthorisationWithdrawn: {"收回授权", "authorisation withdrawn"},
	event.StopSkipped:            {"未收运", "stop skipped"},
	event.BatterySold:            {"售出电池", "battery sold"},
	event.BatteryTakenBack:       {"收回旧电池", "battery taken back"},
}

var accounts = map[mass.AccountKind]Term{
	mass.Generated:  {"产生", "generated"},
	mass.Held:       {"在场", "held"},
	mass.OnVehicle:  {"在途", "on a vehicle"},
	mass.Treated:    {"已利用处置", "treated"},
	mass.Residue:    {"处理残余", "residue"},
	mass.Difference: {"差异", "difference"},
	mass.Repacked:   {"合装分装过账", "packed over"},
	mass.Converted:  {"处理产物过账", "residue converted"},
	mass.Lost:       {"损失", "lost"},
}

var roles = map[party.Role]Term{
	party.Generator: {"产生单位", "generator"},
	party.Medical:   {"医疗卫生机构", "medical institution"},
	party.Collector: {"收集单位", "collector"},
	party.Carrier:   {"承运人", "carrier"},
	party.Operator:  {"利用处置单位", "operator"},
	party.Authority: {"主管部门", "authority"},
}
