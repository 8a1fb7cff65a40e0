package contract

import (
	"fmt"
	"slices"
	"strings"

	"liandan/api"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/registry/registrytest"
	"liandan/internal/waste"
)

// permits: amounts are read by whom they concern, and what the registers lack is told at
// each step, refused at issue alone where the law is certain, and never once collected.
func (p *place) permits(x *town) {
	read := func(token, party string) answer {
		return x.ask(ask{path: "/v1/organisations/" + party + "/permits", token: token})
	}
	plant := into[api.Permits](read(x.plant, x.Plant.Party.String()).is(200, ""))
	if len(plant.Licences) != 1 {
		x.t.Fatalf("the plant's permits are %+v", plant)
	}
	a := plant.Licences[0].Amount
	if a.AllowedGrams != 3_000_000_000 || a.UsedGrams < 12_345 || a.LeftGrams != a.AllowedGrams-a.UsedGrams || plant.Licences[0].Scopes[0].Amount.UsedGrams != a.UsedGrams {
		x.t.Errorf("what is left of the licence is %+v", plant.Licences[0])
	}
	hospital := into[api.Permits](read(x.inspector, x.Hospital.Party.String()).is(200, ""))
	if l := hospital.Plans[0]; !l.InForce || l.UsedGrams < 12_345 || l.LeftGrams != l.PlannedGrams-l.UsedGrams {
		x.t.Errorf("the plan is %+v", l)
	}
	if l := hospital.Approvals[0]; l.Ends != "2026-12-31T16:00:00.000Z" || l.ValidTo != "2027-12-31T16:00:00.000Z" || l.UsedGrams != 0 {
		x.t.Errorf("the approval is %+v", l)
	}
	if c := into[api.Permits](read(x.inspector, x.Carrier.Party.String()).is(200, "")); len(c.Vehicles) != 1 || !c.Vehicles[0].Medical {
		x.t.Errorf("the carrier's permits are %+v", c)
	}
	for _, party := range []string{x.Plant.Party.String(), "019ca000-0000-7000-8000-00000000dead", "x"} {
		read(x.stranger, party).is(404, "not-found")
	}
	p.told(x)
	p.unapproved(x)
}

// rules lists the rules of findings, and fails when one about permits has no source.
func (x *town) rules(fs []api.Finding) (out []string) {
	x.t.Helper()
	for _, f := range fs {
		if f.Source == "" && f.Pointer != "" {
			x.t.Errorf("a finding without a source: %+v", f)
		}
		if f.Source != "" {
			out = append(out, f.Rule)
		}
	}
	slices.Sort(out)
	return out
}

func (x *town) finds(what string, fs []api.Finding, want ...string) {
	x.t.Helper()
	if got := x.rules(fs); !slices.Equal(got, want) {
		x.t.Errorf("%s: the findings are %v, expected %v", what, got, want)
	}
}

// told walks a waste that no register has anything of: each step is let through.
func (p *place) told(x *town) {
	bag := id.BatchOf(id.V7(x.Now().UnixMilli(), [10]byte{7, 7, 7}))
	made := x.Sign(x.Hospital, event.BatchGenerated, event.Generated{Code: "900-047-49", Form: "L", Packaging: "drum_plastic", Measured: event.OnScale}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: bag, Grams: 6_000_000, Weighed: true}}
	})
	dry := func(s intaketest.Signed) api.Validation {
		return into[api.Validation](x.ask(ask{method: "POST", path: "/v1/events/validate", mediaType: "application/jose", body: string(s.JWS)}).is(200, ""))
	}
	sent := func(s intaketest.Signed) []api.Finding { return into[api.Receipt](x.send(s.JWS).is(201, "")).Findings }
	x.finds("generated", sent(made), "plan-generated")
	issued := x.Sign(x.Hospital, event.ManifestIssued, event.Issued{Profile: "hazardous", Carrier: x.Carrier.Party, Consignee: x.Plant.Party, ConsigneeSite: x.Plants, Method: "D10"},
		func(e *event.Event) {
			e.Manifest, e.Batches = id.ManifestOf(e.ID.UUID()), []event.Batch{x.Hospital.On(bag, made.Event.Batches[0].Grams)}
		})
	v := dry(issued)
	x.finds("a dry run of the issue", v.Findings, "consignee-scope", "plan-missing")
	if v.Would != "accept" {
		x.t.Errorf("the dry run says %+v", v)
	}
	forged := slices.Clone(issued.JWS)
	forged[len(forged)-10] ^= 1
	x.finds("a dry run of a forgery", dry(intaketest.Signed{JWS: forged}).Findings)
	x.finds("issued", sent(issued), "consignee-scope", "plan-missing")
	collected := x.Sign(x.Carrier, event.TransportCollected, event.Collected{Vehicle: "冀F00001"}, func(e *event.Event) {
		e.Manifest, e.Refs = issued.Event.Manifest, []id.Event{issued.Event.ID}
		e.Batches = []event.Batch{x.Carrier.On(bag, 6_000_000)}
	})
	x.finds("collected", sent(collected), "vehicle-overloaded")
	x.finds("delivered", sent(x.Deliver(collected)))
	b := into[api.BatchView](x.get("/v1/batches/"+bag.String()).is(200, ""))
	x.finds("the batch", b.Findings, "consignee-scope", "plan-generated", "plan-missing", "vehicle-overloaded")
	m := into[api.ManifestView](x.get("/v1/manifests/"+issued.Event.Manifest.String()).is(200, ""))
	x.finds("the manifest", m.Findings, "consignee-scope", "plan-generated", "plan-missing", "vehicle-overloaded")
}

// unapproved: to another province nothing is issued without an approval in force.
func (p *place) unapproved(x *town) {
	far := "019ca000-0000-7000-8000-0000000000fa"
	four, one := string(registrytest.Code(4)), string(registrytest.Code(1))
	x.register("sites", "credit_code,name,kind,division,built_up,valid_from,id", four+",样例外省场所 SAMPLE,plant,110101,1,2020-01-01,"+far)
	made := x.Generate(100)
	x.send(made.JWS).is(201, "")
	site, err := id.ParseSite(far)
	if err != nil {
		x.t.Fatal(err)
	}
	issue := func() intaketest.Signed {
		return x.Sign(x.Hospital, event.ManifestIssued, event.Issued{Profile: "medical", Carrier: x.Carrier.Party, Consignee: x.Stranger.Party, ConsigneeSite: site, Method: "D10"},
			func(e *event.Event) {
				e.Manifest = id.ManifestOf(id.V7(x.Now().UnixMilli(), [10]byte{8, 8, 8}))
				e.Batches = []event.Batch{x.Hospital.On(made.Event.Batches[0].ID, waste.Grams(100))}
			})
	}
	before := x.events()
	refused := into[api.Problem](x.send(issue().JWS).is(422, "invalid-event"))
	if len(refused.Errors) != 1 || refused.Errors[0].Code != "province-unapproved" || refused.Errors[0].Pointer != "/data/consignee" || !strings.Contains(refused.Errors[0].Detail, "23") {
		x.t.Errorf("the refusal is %+v", refused)
	}
	if n := x.events(); n != before {
		x.t.Errorf("a refused manifest is in the log: %d events after %d", n, before)
	}
	x.register("approvals", "credit_code,number,consignee,code,approved_t,valid_from,valid_to", fmt.Sprintf("%s,SAMPLE-A-2,%s,841-001-01,0.00005,2026-01-01,2026-12-31", one, four))
	left := func() api.PermitApproval {
		return into[api.Permits](x.get("/v1/organisations/"+x.Hospital.Party.String()+"/permits").is(200, "")).Approvals[1]
	}
	then := left() // other parts of the walk sent something there
	x.finds("issued to another province", into[api.Receipt](x.send(issue().JWS).is(201, "")).Findings, "consignee-unlicensed", "province-quantity")
	if now := left(); now.UsedGrams != then.UsedGrams+100 || now.LeftGrams != 50-now.UsedGrams {
		x.t.Errorf("the approval is %+v, and was %+v", now, then)
	}
}
