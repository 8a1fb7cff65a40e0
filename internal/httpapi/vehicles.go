package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/worklist"
)

func (f *face) vehicleRoutes() []route {
	return []route{{"GET", "/v1/vehicles/:plate/load", "getVehicleLoad", f.vehicleLoad}}
}

// vehicleLoad is GET /v1/vehicles/{plate}/load: of what should be on a vehicle, the manifests
// that the visitor sees. Whoever sees none of them learns of the vehicle only where it is
// their own; any other is answered like one that there is not.
func (f *face) vehicleLoad(c echo.Context, v visit) error {
	plate := c.Param("plate") // unescaped by the router
	if !isText(plate) || len(plate) > searchWord || worklist.ByPlate(plate) == "" {
		return invalid().At("/plate", "format", "must be a number plate of at most %d bytes, such as 冀F12345", searchWord)
	}
	ctx := c.Request().Context()
	missing := fault.New(fault.NotFound, "No vehicle of that number plate is in the register or on a manifest that you may see. Check the plate, its first character too.")
	load, err := f.Reader.LoadOf(ctx, plate)
	if err != nil {
		return err
	}
	sees := map[id.Manifest]bool{}
	var subject access.Subject
	var shown []audit.Aboard
	join := func(s access.Subject) {
		subject.Parties, subject.Sites, subject.People = append(subject.Parties, s.Parties...), append(subject.Sites, s.Sites...), append(subject.People, s.People...)
	}
	for _, x := range load.Aboard {
		mine, met := sees[x.Manifest.ID]
		if !met {
			s, err := f.Reader.ManifestSubject(ctx, x.Manifest.ID)
			if err != nil {
				return err
			}
			if mine, err = f.Gate.Sees(ctx, v.Caller, v.operation, s); err != nil {
				return err
			}
			if sees[x.Manifest.ID] = mine; mine {
				join(s)
			}
		}
		if mine {
			shown = append(shown, x)
		}
	}
	for _, p := range load.Holders {
		s := access.Subject{Parties: []id.Party{p}}
		if s.Sites, err = f.Registry.SitesOf(ctx, p); err != nil {
			return err
		}
		mine, err := f.Gate.Sees(ctx, v.Caller, v.operation, s)
		if err != nil {
			return err
		}
		if mine {
			join(s)
		}
	}
	if len(subject.Parties) == 0 {
		return missing
	}
	if err := f.allow(c, v, subject, plate, missing); err != nil {
		return err
	}
	return secret(c, http.StatusOK, loadView(load, shown))
}

func loadView(l audit.Load, shown []audit.Aboard) api.VehicleLoad {
	out := api.VehicleLoad{Plate: l.Plate, Holders: ids(l.Holders), Partial: len(shown) < len(l.Aboard) || l.Bounded, Batches: make([]api.VehicleBatch, len(shown))}
	for i, x := range shown {
		b, m := x.Batch, x.Manifest
		out.Grams += x.Grams
		out.Packages += b.Packages
		out.Batches[i] = api.VehicleBatch{Batch: b.ID.String(), Stage: api.Stage(b.Stage), Code: string(b.Code), Grams: x.Grams, Packaging: api.Packaging(b.Packaging),
			Packages: b.Packages, Container: b.Container, Since: at(x.Since), From: x.From.String(), Consignor: m.Consignor.String(), ConsignorSite: m.ConsignorSite.String(),
			Carrier: b.Carrier.String(), Consignee: m.Consignee.String(), ConsigneeSite: m.ConsigneeSite.String(), Manifest: m.ID.String(), Number: m.Number, Trip: b.Trip.String()}
	}
	return out
}
