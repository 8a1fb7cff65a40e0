package store

import (
	"strconv"
	"strings"

	"gorm.io/gorm"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/waste"
)

// Rows of the registers of what may be moved: vehicles, plan lines, approvals.

type vehicleRow struct {
	Party     id.Party `gorm:"column:party;primaryKey"`
	Plate     string   `gorm:"column:plate;primaryKey"`
	Permit    string   `gorm:"column:permit"`
	Capacity  int64    `gorm:"column:capacity_grams"`
	Medical   bool     `gorm:"column:medical"`
	ValidFrom int64    `gorm:"column:valid_from;primaryKey;autoIncrement:false"`
	ValidTo   *int64   `gorm:"column:valid_to"`
}

func (vehicleRow) TableName() string { return "vehicles" }

func rowOfVehicle(v permit.Vehicle) vehicleRow {
	return vehicleRow{Party: v.Party, Plate: v.Plate, Permit: v.Permit, Capacity: int64(v.Capacity), Medical: v.Medical,
		ValidFrom: stamp(v.Valid.From), ValidTo: stampOpen(v.Valid.To)}
}

func (r vehicleRow) vehicle() (permit.Vehicle, error) {
	return permit.Vehicle{Party: r.Party, Plate: r.Plate, Permit: r.Permit, Capacity: waste.Grams(r.Capacity), Medical: r.Medical,
		Valid: period(r.ValidFrom, r.ValidTo)}, nil
}

type planRow struct {
	Party     id.Party `gorm:"column:party"`
	Site      id.Site  `gorm:"column:site;primaryKey"`
	Year      int      `gorm:"column:year;primaryKey;autoIncrement:false"`
	Filed     int64    `gorm:"column:filed;primaryKey;autoIncrement:false"`
	Number    string   `gorm:"column:number"`
	Code      string   `gorm:"column:code;primaryKey"`
	Method    string   `gorm:"column:method;primaryKey"`
	Consignee string   `gorm:"column:consignee;primaryKey"`
	Planned   int64    `gorm:"column:planned_grams"`
}

func (planRow) TableName() string { return "plan_lines" }

func rowOfPlan(v permit.PlanLine) planRow {
	return planRow{Party: v.Party, Site: v.Site, Year: v.Year, Filed: stamp(v.Filed), Number: v.Number, Code: string(v.Code), Method: string(v.Method),
		Consignee: string(v.Consignee), Planned: int64(v.Planned)}
}

func (r planRow) plan() (permit.PlanLine, error) {
	return permit.PlanLine{Party: r.Party, Site: r.Site, Year: r.Year, Filed: unstamp(r.Filed), Number: r.Number, Code: waste.Code(r.Code),
		Method: waste.Method(r.Method), Consignee: party.CreditCode(r.Consignee), Planned: waste.Grams(r.Planned)}, nil
}

type approvalRow struct {
	Party     id.Party `gorm:"column:party;primaryKey"`
	Number    string   `gorm:"column:number;primaryKey"`
	Consignee string   `gorm:"column:consignee"`
	Code      string   `gorm:"column:code;primaryKey"`
	Method    string   `gorm:"column:method"`
	Approved  int64    `gorm:"column:approved_grams"`
	ValidFrom int64    `gorm:"column:valid_from;primaryKey;autoIncrement:false"`
	ValidTo   *int64   `gorm:"column:valid_to"`
}

func (approvalRow) TableName() string { return "approvals" }

func rowOfApproval(v permit.Approval) approvalRow {
	return approvalRow{Party: v.Party, Number: v.Number, Consignee: string(v.Consignee), Code: string(v.Code), Method: string(v.Method),
		Approved: int64(v.Approved), ValidFrom: stamp(v.Valid.From), ValidTo: stampOpen(v.Valid.To)}
}

func (r approvalRow) approval() (permit.Approval, error) {
	return permit.Approval{Number: r.Number, Party: r.Party, Consignee: party.CreditCode(r.Consignee), Code: waste.Code(r.Code),
		Method: waste.Method(r.Method), Approved: waste.Grams(r.Approved), Valid: period(r.ValidFrom, r.ValidTo)}, nil
}

// joinLines and splitLines keep a licence's lines in one column, code/method/grams each.
func joinLines(list []party.Scope) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = s.Code + "/" + string(s.Method) + "/" + strconv.FormatInt(int64(s.Yearly), 10)
	}
	return joinWords(words)
}

func splitLines(s string) ([]party.Scope, error) {
	var out []party.Scope
	for _, word := range splitWords(s) {
		parts := strings.Split(word, "/")
		if len(parts) != 3 {
			return nil, fault.New(fault.Damaged, "A licence's scope in the register is damaged: %.60q.", word)
		}
		g, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil {
			return nil, fault.Wrap(err, fault.Damaged, "A licence's scope in the register is damaged: %.60q.", word)
		}
		out = append(out, party.Scope{Code: parts[0], Method: waste.Method(parts[1]), Yearly: waste.Grams(g)})
	}
	return out, nil
}

// Vehicles implements registry.Reader.
func (r *registryReader) Vehicles() ([]permit.Vehicle, error) { return all(r, vehicleRow.vehicle) }

// Plans implements registry.Reader.
func (r *registryReader) Plans() ([]permit.PlanLine, error) { return all(r, planRow.plan) }

// Approvals implements registry.Reader.
func (r *registryReader) Approvals() ([]permit.Approval, error) { return all(r, approvalRow.approval) }

// Holding implements registry.Reader.
func (r *registryReader) Holding(p id.Party) (h permit.Holding, ok bool, err error) {
	if h.Licences, err = ofParty(r, p, "number, valid_from", licenceRow.licence); err != nil {
		return h, false, err
	}
	if h.Vehicles, err = ofParty(r, p, "plate, valid_from", vehicleRow.vehicle); err != nil {
		return h, false, err
	}
	if h.Plans, err = ofParty(r, p, "site, year, code, method, consignee, filed", planRow.plan); err != nil {
		return h, false, err
	}
	h.Approvals, err = ofParty(r, p, "number, code, valid_from", approvalRow.approval)
	return h, err == nil, err
}

func ofParty[R, V any](r *registryReader, p id.Party, order string, convert func(R) (V, error)) ([]V, error) {
	if p.IsZero() {
		return nil, nil
	}
	rows, err := gorm.G[R](r.db).Where("party = ?", p).Order(order).Find(r.ctx)
	if err == nil && len(rows) == 0 {
		return nil, nil
	}
	return each(rows, err, convert)
}

// PutVehicles implements registry.Tx.
func (w *registryWriter) PutVehicles(list []permit.Vehicle) error {
	return replace(w, list, rowOfVehicle, []string{"party", "plate", "valid_from"}, []string{"permit", "capacity_grams", "medical", "valid_to"})
}

// PutPlans implements registry.Tx.
func (w *registryWriter) PutPlans(list []permit.PlanLine) error {
	return replace(w, list, rowOfPlan, []string{"site", "year", "code", "method", "consignee", "filed"}, []string{"party", "number", "planned_grams"})
}

// PutApprovals implements registry.Tx.
func (w *registryWriter) PutApprovals(list []permit.Approval) error {
	return replace(w, list, rowOfApproval, []string{"party", "number", "code", "valid_from"}, []string{"consignee", "method", "approved_grams", "valid_to"})
}
