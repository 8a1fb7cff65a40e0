package record

import (
	"context"
	"fmt"
	"slices"

	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/profile"
)

// What the table of profiles has to say of an event is asked at the intake alone: an event
// that is in the log stays there, whatever a later table says.

// governed asks the transfer profile of the event's manifest, and for a correction what
// may be corrected. Faults: invalid-event, unknown-profile; wrong-stage when the chain
// cannot tell yet.
func (a *assembly) governed(e event.Event) error { return a.governedBy(a.world, e) }

func (a *assembly) governedBy(w chain.World, e event.Event) error {
	if d, ok := e.Data.(event.Correction); ok {
		return a.maySay(w, e, d)
	}
	if e.Manifest.IsZero() || e.Type.Mends() {
		return nil
	}
	name := w.Manifest(e.Manifest).Profile
	d, issued := e.Data.(event.Issued)
	if issued {
		name = d.Profile
	}
	if name == "" {
		return nil // not issued here yet; the chain says so
	}
	p, err := a.s.Profiles.Named(name, e.At)
	if err != nil {
		if !issued {
			return nil // its profile has ended since; what is on its way ends as it began
		}
		return err
	}
	if err := p.Check(e); err != nil || !issued {
		return err
	}
	return a.takes(w, e, p)
}

// takes asks whether the waste of every line may be moved under the profile.
func (a *assembly) takes(w chain.World, e event.Event, p profile.Profile) error {
	var roles []party.Role
	bad := fault.New(fault.InvalidEvent, "The transfer profile %q (%s) does not take this waste; each line is listed.", p.Name, p.Source)
	for i, b := range e.Batches {
		s := w.Batch(b.ID)
		if s.Code == "" || p.Takes(s.Code, nil) {
			continue
		}
		if roles == nil {
			org, _, err := a.s.organisation(a.ctx, e.For())
			if err != nil {
				return err
			}
			roles = append([]party.Role{}, org.Roles...)
		}
		if !p.Takes(s.Code, roles) {
			bad.At(fmt.Sprintf("/batches/%d", i), "waste_code", "is %s, which the profile %s does not take", s.Code, p.Name)
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// maySay holds a proposal against the table: the fields may be corrected, the time to answer
// is within the limit, every batch that the fields speak of is named, and nobody is named
// who has nothing to do with it.
func (a *assembly) maySay(w chain.World, e event.Event, d event.Correction) error {
	edition := a.s.Profiles.At(e.At)
	if last := e.At.Add(edition.Correction.AnswerWithin); d.Until.After(last) {
		return fault.New(fault.InvalidEvent, "A correction may wait for its answers until %s at most (%s).", last.Format(event.TimeForm), edition.Correction.Source).
			At("/data/until", "out_of_range", "must not be after %s", last.Format(event.TimeForm))
	}
	was, ok := corrected(w, e)
	if !ok {
		return nil // the chain says what is missing
	}
	p, _ := a.s.Profiles.Named(w.Manifest(was.Manifest).Profile, was.At) // the zero one where it belongs to no transfer
	if err := edition.Correctable(p, was.Type, d.Changes); err != nil {
		return err
	}
	for i, c := range d.Changes {
		for _, b := range was.Owners(c.Pointer) {
			if !slices.ContainsFunc(e.Batches, func(x event.Batch) bool { return x.ID == b }) {
				return fault.New(fault.InvalidEvent, "The field %s speaks of batch %s too; a correction names every batch that it touches.", c.Pointer, b).
					At("/batches", "missing", "must name batch %s", b).At(fmt.Sprintf("/data/changes/%d/pointer", i), "other_batch", "speaks of a batch that is not named")
			}
		}
	}
	return onlyConcerned(w, e, d, was)
}

// corrected finds the event that a proposal is about in the chain of one of its batches.
func corrected(w chain.World, e event.Event) (event.Event, bool) {
	for _, b := range e.Batches {
		for _, x := range w.Chain(b.ID) {
			if x.Event.ID == e.Refs[0] {
				return x.Event, true
			}
		}
	}
	return event.Event{}, false
}

// onlyConcerned refuses parties that the field does not touch: naming them would let them
// look on. One whose event is still on its way is waited for.
func onlyConcerned(w chain.World, e event.Event, d event.Correction, was event.Event) error {
	for i, p := range d.Parties {
		of := false
		for _, b := range e.Batches {
			of = of || slices.Contains(chain.Concerned(w.Chain(b.ID), was, nil), p)
		}
		if !of {
			return fault.New(fault.WrongStage, "Party %s is not known here to have signed the field or relied on it; the correction waits for its event, or must leave it out.", p).
				With("batch", e.Batches[0].ID.String()).With("stage", string(w.Batch(e.Batches[0].ID).Stage)).
				At(fmt.Sprintf("/data/parties/%d", i), "not_concerned", "must be a party that the field touches")
		}
	}
	return nil
}

func (s *Service) organisation(ctx context.Context, p id.Party) (party.Organisation, bool, error) {
	org, ok, err := s.registry.Organisation(ctx, p)
	if err != nil {
		return org, false, unavailable(err)
	}
	return org, ok, nil
}
