package term

import (
	"liandan/internal/permit"
	"liandan/internal/rule"
)

// Rule names what a rule finds, for headings and counts; the sentence of one finding is the
// rule's own.
func Rule(c rule.Code) Term { return of(rules, c) }

var rules = map[rule.Code]Term{
	rule.Unseen:            {"未见最新记录", "newest entry not seen"},
	rule.ClockAhead:        {"设备时钟超前", "clock ahead"},
	rule.LateUpload:        {"迟传", "uploaded late"},
	rule.ClockBack:         {"时间倒置", "dated before what it follows"},
	rule.GramsMoved:        {"重量不符", "weights differ"},
	rule.Unverified:        {"代码未核实", "code not in the catalogue"},
	rule.Estimate:          {"估重", "estimated weight"},
	rule.EstimateOff:       {"估重与过磅不符", "estimate and scale differ"},
	rule.PackagesMoved:     {"件数不符", "packages differ"},
	rule.ResidueExempt:     {"处置后豁免", "exempt after treatment"},
	rule.ResidueLoose:      {"残余物去向不明", "residue not accounted for"},
	rule.Reserved:          {"承运人保留", "carrier's reservation"},
	rule.ByCode:            {"凭一次性码代签", "signed in its place by code"},
	rule.ByLeave:           {"凭授权代签", "signed in its place by authorisation"},
	rule.StoredTooLong:     {"暂存超时", "stored too long"},
	rule.SingleLayer:       {"隔离废物未双层", "isolation waste in one layer"},
	rule.NoMedicalClass:    {"非医疗废物类别", "no medical class"},
	rule.NoRightExempt:     {"豁免无依据", "exemption without right"},
	rule.BoxTwice:          {"周转箱重复占用", "box in use twice"},
	rule.CorrectionExpired: {"更正逾期未答", "correction not answered"},
	rule.NumberConflict:    {"联单编号重复", "number used twice"},
	rule.ScanMissing:       {"缺扫描件", "scan missing"},
	rule.PaperEvidence:     {"纸质补录", "on paper"},
	rule.PaperLate:         {"补录逾期", "paper entered late"},
	rule.MetersDiffer:      {"两端计量不符", "meters differ"},
	rule.Incident:          {"突发情况", "incident"},
	rule.MedicalLeak:       {"医疗废物流失泄漏", "medical waste lost or leaked"},
	rule.Untold:            {"突发情况未报告", "incident not reported"},

	permit.CarrierUnlicensed:   {"承运人无许可", "carrier without licence"},
	permit.CarrierScope:        {"超出承运范围", "outside the carrier's licence"},
	permit.VehicleUnpermitted:  {"车辆无许可", "vehicle without permit"},
	permit.VehicleOverloaded:   {"车辆超载", "vehicle overloaded"},
	permit.VehicleNotMedical:   {"非医废专用车", "no vehicle for medical waste"},
	permit.ConsigneeUnlicensed: {"接受人无许可", "consignee without licence"},
	permit.ConsigneeScope:      {"超出经营范围", "outside the consignee's licence"},
	permit.LicenceQuantity:     {"超许可量", "over the licensed quantity"},
	permit.LicenceTerm:         {"许可期限有误", "licence term"},
	permit.PlanMissing:         {"无管理计划", "no management plan"},
	permit.PlanTerms:           {"与管理计划不符", "differs from the plan"},
	permit.PlanQuantity:        {"超计划转移量", "over the planned transfer"},
	permit.PlanGenerated:       {"超计划产生量", "over the planned generation"},
	permit.ProvinceUnapproved:  {"跨省转移未批准", "inter-province without approval"},
	permit.ProvinceScope:       {"超出跨省批准范围", "outside the approval"},
	permit.ProvinceQuantity:    {"超跨省批准量", "over the approved quantity"},
	permit.TreatmentUnlicensed: {"处置方式无许可", "treatment without licence"},

	"overdue-receipt-confirmation": {"逾期未确认联单", "receipt overdue"},
	"overdue-medical-store":        {"医废暂存逾期", "medical store overdue"},
	"overdue-collector-onward":     {"收集单位逾期未转交", "onward transfer overdue"},
	"overdue-storage-year":         {"贮存逾一年", "stored over a year"},
	"overdue-paper-backfill":       {"补录逾期", "paper overdue"},
}
