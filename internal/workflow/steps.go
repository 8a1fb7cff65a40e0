package workflow

import (
	"context"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/waste"
)

// The steps that workflows are made of. Each takes who signs it and the things it is about;
// what it answers and which manifest it belongs to, the phone knows.

// Generate closes a container.
func (s *Stage) Generate(by *Actor, x *Thing, code waste.Code, g waste.Grams, fill ...func(*event.Generated)) *Step {
	s.t.Helper()
	label, err := by.NewLabel()
	if err != nil {
		s.t.Fatal(err)
	}
	d := event.Generated{Code: code, Form: "S", Packaging: "bag", Measured: event.OnScale, Label: label}
	for _, f := range fill {
		f(&d)
	}
	say := Text{"封口、称重、贴标签", "closes, weighs and labels it"}
	if d.Measured == event.Estimated {
		say = Text{"封口、估重、贴标签", "closes and labels it; the weight is an estimate"}
	}
	return s.Do(by, event.BatchGenerated, d, say, Line{Thing: x, Grams: g})
}

// Guessed makes a weight an estimate.
func Guessed(d *event.Generated) { d.Measured = event.Estimated }

// In sets the packaging.
func In(p waste.Packaging) func(*event.Generated) {
	return func(d *event.Generated) { d.Packaging = p }
}

// Release gives things on inside the house.
func (s *Stage) Release(by, to *Actor, xs ...*Thing) *Step {
	s.t.Helper()
	d := event.Released{To: to.Person}
	if to.Site != by.Site {
		d.ToSite = to.Site
	}
	return s.Do(by, event.BatchReleased, d, Text{"交给" + to.ZH, "gives it to the " + to.EN}, plain(xs)...)
}

// Receive takes over what was released, handed over to a transfer point, or brought back.
func (s *Stage) Receive(by *Actor, xs ...*Thing) *Step {
	s.t.Helper()
	return s.Do(by, event.BatchReceived, event.Received{}, Text{"接收", "takes it over"}, plain(xs)...)
}

// StoreIn puts things into a temporary store.
func (s *Stage) StoreIn(by *Actor, place string, xs ...*Thing) *Step {
	s.t.Helper()
	return s.Do(by, event.BatchStored, event.Stored{Place: place, TemperatureDC: 45, HasTemperature: true}, Text{"入" + place + "，4.5 ℃", "into the store, 4.5 °C"}, plain(xs)...)
}

// Issue puts things on a manifest, with the grams that the phone knows.
func (s *Stage) Issue(by *Actor, m id.Manifest, profile string, carrier, consignee *Actor, xs ...*Thing) *Step {
	s.t.Helper()
	d := event.Issued{Profile: profile, Carrier: carrier.Party, Consignee: consignee.Party, ConsigneeSite: consignee.Site, Method: "D10"}
	return s.DoWith(by, event.ManifestIssued, d, Text{"开具联单，由" + carrier.ZH + "运往" + consignee.ZH, "issues the manifest: by the " + carrier.EN + ", to the " + consignee.EN},
		func(e *event.Event) { e.Manifest = m }, s.weighed(xs)...)
}

// Cancel takes a manifest back before anything was collected.
func (s *Stage) Cancel(by *Actor, why Text, xs ...*Thing) *Step {
	s.t.Helper()
	return s.Do(by, event.ManifestCancelled, event.Cancelled{Reason: why.ZH}, Text{"作废联单：" + why.ZH, "cancels the manifest: " + why.EN}, plain(xs)...)
}

// Collect takes things onto a vehicle, as heavy as the phone knows them.
func (s *Stage) Collect(by *Actor, plate string, xs ...*Thing) *Step {
	s.t.Helper()
	return s.CollectAs(by, plate, id.Trip{}, s.weighed(xs)...)
}

// CollectAs is Collect on a trip, with weights of the carrier's own.
func (s *Stage) CollectAs(by *Actor, plate string, trip id.Trip, lines ...Line) *Step {
	s.t.Helper()
	return s.DoWith(by, event.TransportCollected, event.Collected{Vehicle: plate}, Text{"装车 " + plate, "loads it onto " + plate},
		func(e *event.Event) { e.Trip = trip }, lines...)
}

// HandOver offers things to the next carrier, or to a transfer point when it is to be kept there.
func (s *Stage) HandOver(by, to *Actor, point bool, xs ...*Thing) *Step {
	s.t.Helper()
	d := event.HandedOver{To: to.Party}
	if point {
		d.ToSite = to.Site
	}
	return s.Do(by, event.TransportHandedOver, d, Text{"交给" + to.ZH, "offers it to the " + to.EN}, plain(xs)...)
}

// Deliver stands at the consignee's gate.
func (s *Stage) Deliver(by *Actor, plate string, xs ...*Thing) *Step {
	s.t.Helper()
	return s.Do(by, event.TransportDelivered, event.Delivered{Vehicle: plate}, Text{"运到门口", "stands at the gate"}, plain(xs)...)
}

// Accept takes things whole, as heavy as the phone knows them.
func (s *Stage) Accept(by *Actor, xs ...*Thing) *Step {
	s.t.Helper()
	return s.AcceptAs(by, s.weighed(xs)...)
}

// AcceptAs takes lines whole with the scale's own weights.
func (s *Stage) AcceptAs(by *Actor, lines ...Line) *Step {
	s.t.Helper()
	for i := range lines {
		lines[i].Fill = func(b *event.Batch) { b.Verdict = event.Whole }
	}
	return s.Do(by, event.ManifestAccepted, event.Accepted{Measured: event.OnScale}, Text{"过磅，全部接受", "weighs it and accepts it whole"}, lines...)
}

// AcceptPart takes a part of one thing; the rest becomes a thing of its own.
func (s *Stage) AcceptPart(by *Actor, x, rest *Thing, accepted, refused waste.Grams, why Text) *Step {
	s.t.Helper()
	return s.Do(by, event.ManifestAccepted, event.Accepted{Measured: event.OnScale}, Text{"部分接受：" + why.ZH, "accepts a part: " + why.EN},
		Line{x, accepted, func(b *event.Batch) {
			b.Verdict, b.RefusedGrams, b.Reason, b.Rest = event.Part, refused, why.ZH, rest.ID
		}})
}

// Refuse turns things away whole.
func (s *Stage) Refuse(by *Actor, why Text, xs ...*Thing) *Step {
	s.t.Helper()
	lines := s.weighed(xs)
	for i := range lines {
		lines[i].Fill = func(b *event.Batch) { b.Reason = why.ZH }
	}
	return s.Do(by, event.ManifestRefused, event.Refused{Measured: event.OnScale}, Text{"拒收：" + why.ZH, "refuses it: " + why.EN}, lines...)
}

// Return brings back what was refused.
func (s *Stage) Return(by *Actor, xs ...*Thing) *Step {
	s.t.Helper()
	return s.Do(by, event.TransportReturned, event.Returned{}, Text{"运回移出人处", "is back at the consignor's"}, plain(xs)...)
}

// Treat uses or disposes of all of some things.
func (s *Stage) Treat(by *Actor, method waste.Method, xs ...*Thing) *Step {
	s.t.Helper()
	return s.TreatAs(by, method, s.weighed(xs)...)
}

// TreatAs treats parts, or leaves residue.
func (s *Stage) TreatAs(by *Actor, method waste.Method, lines ...Line) *Step {
	s.t.Helper()
	return s.Do(by, event.BatchTreated, event.Treated{Method: method}, Text{"以 " + string(method) + " 处理", "treats it by " + string(method)}, lines...)
}

// Report tells the consignor the outcome, under the manifest that is given.
func (s *Stage) Report(by *Actor, m id.Manifest, xs ...*Thing) *Step {
	s.t.Helper()
	return s.DoWith(by, event.OutcomeReported, event.Outcome{Result: "处理完成"}, Text{"告知移出人处理结果", "tells the consignor the outcome"},
		func(e *event.Event) {
			e.Manifest, e.Refs = m, nil
			for _, x := range xs {
				if st := s.belief.Batch(x.ID); len(e.Refs) == 0 || e.Refs[0] != st.Answer {
					e.Refs = append(e.Refs, st.Answer)
				}
			}
		}, plain(xs)...)
}

// Repack takes all of some things and makes others of them; gs are the grams of those.
func (s *Stage) Repack(by *Actor, packaging waste.Packaging, from []*Thing, into []*Thing, gs []waste.Grams) *Step {
	s.t.Helper()
	return s.RepackLines(by, packaging, s.weighed(from), into, gs)
}

// RepackLines takes parts.
func (s *Stage) RepackLines(by *Actor, packaging waste.Packaging, from []Line, into []*Thing, gs []waste.Grams) *Step {
	s.t.Helper()
	var d event.Repacked
	for i, x := range into {
		label, err := by.NewLabel()
		if err != nil {
			s.t.Fatal(err)
		}
		d.Children = append(d.Children, event.Child{ID: x.ID, Grams: gs[i], Code: s.belief.Batch(from[0].ID).Code, Form: "S", Packaging: packaging, Label: label})
	}
	say := Text{"合装", "packs them together"}
	if len(into) > len(from) {
		say = Text{"分装", "splits it"}
	}
	return s.Do(by, event.BatchRepacked, d, say, from...)
}

// plain names things without weighing them.
func plain(xs []*Thing) []Line {
	out := make([]Line, len(xs))
	for i, x := range xs {
		out[i] = Line{Thing: x}
	}
	return out
}

// weighed names things with the grams that the phone knows.
func (s *Stage) weighed(xs []*Thing) []Line {
	out := make([]Line, len(xs))
	for i, x := range xs {
		out[i] = Line{Thing: x, Grams: s.belief.Batch(x.ID).Grams}
	}
	return out
}

// What an outcome is reported with.
const outcome = event.OutcomeReported

var done = event.Outcome{Result: "处理完成"}

// under puts a report under the manifest of an earlier step.
func (s *Stage) under(st *Step, x *Thing) func(*event.Event) {
	return func(e *event.Event) {
		e.Manifest = st.Signed.Event.Manifest
		if answer := s.belief.Batch(x.ID).Answer; !answer.IsZero() {
			e.Refs = []id.Event{answer}
		}
		if len(e.Refs) == 0 {
			e.Refs = []id.Event{st.Signed.Event.ID}
		}
	}
}

// Again sends a step's very bytes once more: the first receipt, and no second entry.
func (s *Stage) Again(st *Step) {
	s.t.Helper()
	r := s.intake.Accept(context.Background(), st.Signed.JWS)
	if r.Err != nil || !r.Repeat || r.Receipt.Event != st.Signed.Event.ID {
		s.t.Fatalf("sent again: %+v", r)
	}
	s.note(st.By, "同一字节重发：得到第一次的回执", "sends the same bytes again: the first receipt")
}

// Altered sends something else under an id that the log has: a conflict, and nothing changes.
func (s *Stage) Altered(x intaketest.Signed) {
	s.t.Helper()
	if r := s.intake.Accept(context.Background(), x.JWS); r.Err == nil || r.Held || fault.Of(r.Err) != fault.IDReused {
		s.t.Fatalf("altered: %+v", r)
	}
	for _, a := range s.Cast {
		if a.Device == x.By {
			s.note(a, "以同一编号改签别的内容：拒绝", "signs something else under the same id: refused")
		}
	}
	s.CheckLedger("after an altered event")
}

// note puts a line on the page for what left no entry.
func (s *Stage) note(by *Actor, zh, en string) {
	s.Steps = append(s.Steps, &Step{N: len(s.Steps) + 1, At: s.Now(), By: by, Text: Text{zh, en}})
}
