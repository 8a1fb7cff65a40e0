package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/id"
	"liandan/internal/permit"
)

// permits is GET /v1/organisations/{party}/permits.
func (f *face) permits(c echo.Context, v visit) error {
	p, err := id.ParseParty(c.Param("party"))
	if err != nil {
		return noParty()
	}
	ctx := c.Request().Context()
	sites, err := f.Registry.SitesOf(ctx, p)
	if err != nil {
		return err
	}
	if err := f.allow(c, v, access.Subject{Parties: []id.Party{p}, Sites: sites}, p.String(), noParty()); err != nil {
		return err
	}
	found, err := f.Reader.StatementOf(ctx, p, f.Now())
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, permitsView(p, found))
}

func permitsView(p id.Party, s permit.Statement) api.Permits {
	out := api.Permits{Party: p.String(), Licences: make([]api.PermitLicence, len(s.Licences)), Vehicles: make([]api.PermitVehicle, len(s.Vehicles)),
		Plans: make([]api.PermitPlan, len(s.Plans)), Approvals: make([]api.PermitApproval, len(s.Approvals))}
	for i, l := range s.Licences {
		out.Licences[i] = licenceView(l)
	}
	for i, x := range s.Vehicles {
		out.Vehicles[i] = api.PermitVehicle{Plate: x.Plate, Permit: x.Permit, CapacityGrams: int64(x.Capacity), Medical: x.Medical,
			ValidFrom: at(x.Valid.From), ValidTo: at(x.Valid.To)}
	}
	for i, x := range s.Plans {
		out.Plans[i] = api.PermitPlan{Site: x.Site.String(), Year: x.Year, Filed: at(x.Filed), Number: x.Number, Code: string(x.Code), Method: string(x.Method),
			Consignee: string(x.Consignee), PlannedGrams: int64(x.Planned), InForce: x.InForce, UsedGrams: int64(x.Sent), LeftGrams: int64(x.Planned - x.Sent)}
	}
	for i, x := range s.Approvals {
		out.Approvals[i] = api.PermitApproval{Number: x.Number, Consignee: string(x.Consignee), Code: string(x.Code), Method: string(x.Method),
			ApprovedGrams: int64(x.Approved), ValidFrom: at(x.Valid.From), ValidTo: at(x.Valid.To), Ends: at(x.Ends), UsedGrams: int64(x.Used), LeftGrams: int64(x.Left())}
	}
	return out
}

func licenceView(l permit.LicenceBalance) api.PermitLicence {
	out := api.PermitLicence{Number: l.Number, Kind: api.LicenceKind(l.Kind), Site: l.Site.String(), Codes: append([]string{}, l.Codes...),
		Methods: append([]api.MethodCode{}, l.Methods...), ValidFrom: at(l.Valid.From), ValidTo: at(l.Valid.To), Year: l.Year,
		Amount: amountView(l.Total), Scopes: make([]api.PermitScope, len(l.Scopes))}
	for i, s := range l.Licence.Scopes {
		out.Scopes[i] = api.PermitScope{Code: s.Code, Method: string(s.Method), Amount: amountView(l.Scopes[i])}
	}
	return out
}

// amountView leaves out the amount that a licence does not name.
func amountView(b *permit.Balance) (out api.PermitAmount) {
	if b != nil {
		out = api.PermitAmount{AllowedGrams: int64(b.Allowed), UsedGrams: int64(b.Used), LeftGrams: int64(b.Left())}
	}
	return out
}
