package record

import (
	"context"
	"slices"
	"strings"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/signature"
)

// Rehearsal is what the intake would say, were an event signed as it now stands.
type Rehearsal struct {
	Validation
	// Payload is the exact bytes to sign; nil while a member is missing or malformed.
	Payload []byte
}

// Rehearse judges the payload of a manifest.issued that is still being written: unlike a dry run it goes on behind
// what is missing or malformed and says all at once what the form, the registry, the
// profile, the rules about permits and the chain have against it. What only follows from a
// member that is not there is left out. Of every batch that the party may know it fills in
// the newest entry as seen. Like ValidatePayload it answers as to the party that the payload
// names. Faults: too-large, malformed-event, unknown-type, unavailable.
func (s *Service) Rehearse(ctx context.Context, payload []byte) (Rehearsal, error) {
	e, wrong, err := event.Read(payload)
	if err != nil {
		return Rehearsal{}, err
	}
	if e.Type != event.ManifestIssued {
		return Rehearsal{}, fault.New(fault.InvalidRequest, "Only a manifest.issued is rehearsed.").At("/type", "value", "must be %s", event.ManifestIssued)
	}
	e = filled(e)
	if err := s.see(ctx, &e); err != nil {
		return Rehearsal{}, err
	}
	gaps := make([]fault.Field, 0, len(wrong))
	for _, f := range wrong {
		if !(f.Code == "required" && strings.HasSuffix(f.Pointer, "/seen")) { // filled in
			gaps = append(gaps, f)
		}
	}
	var faults []*fault.Error
	var out Rehearsal
	if len(gaps) > 0 {
		f := fault.New(fault.InvalidEvent, "%d member(s) of the event are missing or wrong; each is listed.", len(gaps))
		f.Fields = gaps
		faults = append(faults, f)
	} else if out.Payload, err = e.Payload(); err != nil {
		faults = append(faults, fault.As(err))
	}
	for _, hold := range s.holds(e) {
		err := hold(ctx, e)
		if fault.Of(err) == fault.Unavailable {
			return Rehearsal{}, err
		}
		if f := fault.As(err); f != nil {
			faults = append(faults, f)
		}
	}
	out.Validation, err = s.validate(ctx, Prepared{Event: e, Signed: signature.Signed{Payload: out.Payload}}, e.Party, faults)
	if err != nil {
		return Rehearsal{}, err
	}
	out.Faults = beside(out.Faults, gaps)
	kept := out.Findings[:0]
	for _, f := range out.Findings {
		if !follows(f.Pointer, gaps) {
			kept = append(kept, f)
		}
	}
	out.Findings = kept
	return out, nil
}

// nobody is an id that nothing has: registers and chains are asked about it where an id is
// yet to be given. It never gets into a payload, for one that lacks an id is not written.
var nobody = id.UUID{0: 0xff, 6: 0x80, 8: 0x80, 15: 0xff}

// filled puts nobody in the place of every id that is missing.
func filled(e event.Event) event.Event {
	e.Batches = slices.Clone(e.Batches)
	for i := range e.Batches {
		fill(&e.Batches[i].ID, id.BatchOf)
	}
	fill(&e.Party, id.PartyOf)
	fill(&e.Site, id.SiteOf)
	fill(&e.Person, id.PersonOf)
	if d, ok := e.Data.(event.Issued); ok {
		fill(&d.Carrier, id.PartyOf)
		fill(&d.Consignee, id.PartyOf)
		fill(&d.ConsigneeSite, id.SiteOf)
		if !d.Behalf.IsZero() {
			fill(&d.Behalf.Party, id.PartyOf)
		}
		e.Data = d
	}
	return e
}

func fill[T interface{ IsZero() bool }](v *T, of func(id.UUID) T) {
	if (*v).IsZero() {
		*v = of(nobody)
	}
}

// see fills in the newest entry of each batch that the signer may know.
func (s *Service) see(ctx context.Context, e *event.Event) error {
	err := s.store.View(ctx, func(r Reader) error {
		a := newAssembly(ctx, s, r, 0)
		if err := a.world.fetch([]Prepared{{Event: *e}}); err != nil {
			return err
		}
		for i, b := range e.Batches {
			e.Batches[i].Seen = eyes{a.world, e.Party}.Batch(b.ID).Head
		}
		return nil
	})
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// beside leaves out of all faults but the first, that of the form, what only follows from
// members that are missing or malformed.
func beside(faults []*fault.Error, gaps []fault.Field) []*fault.Error {
	if len(gaps) == 0 {
		return faults
	}
	out := faults[:1]
	for _, f := range faults[1:] {
		left := *f
		left.Fields = nil
		for _, x := range f.Fields {
			if !follows(x.Pointer, gaps) {
				left.Fields = append(left.Fields, x)
			}
		}
		if len(left.Fields) > 0 || len(f.Fields) == 0 {
			out = append(out, &left)
		}
	}
	return out
}

// hangsOn lists whose site a place is judged by.
var hangsOn = map[string]string{"/data/consignee_site": "/data/consignee", "/site": "/data/behalf/party"}

// follows says whether a place is within a gap, hangs on one, or is a line whose batch is not
// named.
func follows(pointer string, gaps []fault.Field) bool {
	for _, g := range gaps {
		if pointer == g.Pointer || strings.HasPrefix(pointer, g.Pointer+"/") || g.Pointer == pointer+"/id" || hangsOn[pointer] == g.Pointer {
			return true
		}
	}
	return false
}
