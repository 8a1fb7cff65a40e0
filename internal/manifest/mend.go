package manifest

import (
	"slices"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
)

// checkNumber says who may tell the national number, and that it is told once. It may be
// told again as it is: consignor and consignee both hear of it.
func (s State) checkNumber(e event.Event, d event.Numbered) error {
	switch {
	case e.Party != s.Consignor && e.Party != s.Consignee:
		return fault.New(fault.NotCustodian, "The national number is told by the consignor or the consignee of the manifest.").
			With("manifest", s.ID.String()).With("stage", string(s.Stage))
	case s.Number != "" && s.Number != d.Number:
		return fault.New(fault.WrongStage, "The manifest has the national number %s already; a wrong one is mended by correction.proposed.", s.Number).
			With("manifest", s.ID.String()).With("stage", string(s.Stage)).At("/data/number", "numbered", "the manifest has another number")
	}
	return nil
}

// Mend takes over what an agreed correction changed: was is the corrected event as it read
// before, is as it reads now, after are the states of its batches on this manifest.
func (s State) Mend(was, is event.Event, after []batch.State) State {
	if d, ok := is.Data.(event.Backfilled); ok { // a slip reads as the events that it stands for
		if is.Manifest == s.ID {
			s.Slip = d.Slip
		}
		old := was.Attests()
		for i, x := range is.Attests() {
			s = s.Mend(old[i], x, after)
		}
		return s
	}
	s.Lines = slices.Clone(s.Lines)
	for _, b := range after {
		if i := s.line(b.ID); i >= 0 {
			s.Lines[i].Code = b.Code
			s.mendLine(&s.Lines[i], was, is)
		}
	}
	if is.Manifest != s.ID {
		return s
	}
	switch d := is.Data.(type) {
	case event.Issued:
		s.Method = d.Method
		if old := was.Data.(event.Issued).Number; old != d.Number {
			s.Number = d.Number
		}
	case event.Numbered:
		s.Number = d.Number
	case event.Cancelled:
		s.Reason = d.Reason
	case event.Collected:
		s.mendVehicle(was.Data.(event.Collected), is, d)
	}
	return s
}

func (s *State) mendVehicle(was event.Collected, is event.Event, d event.Collected) {
	s.Legs = slices.Clone(s.Legs)
	for i := range s.Legs {
		if s.Legs[i].Taken == is.ID {
			s.Legs[i].Vehicle = d.Vehicle
			return
		}
	}
	if s.Vehicle == was.Vehicle && s.Permit == was.Permit { // lines may be collected by several vehicles; the last is named
		s.Vehicle, s.Permit = d.Vehicle, d.Permit
	}
}

func (s State) mendLine(l *Line, was, is event.Event) {
	for i, b := range is.Batches {
		if b.ID != l.Batch {
			continue
		}
		old := was.Batches[i]
		switch {
		case is.Manifest != s.ID:
		case is.Type == event.ManifestIssued:
			l.Issued, l.Packages = b.Grams, b.Packages
		case is.Type == event.TransportCollected && l.Collected == old.Grams:
			l.Collected = b.Grams
		case is.Type == event.ManifestAccepted:
			l.Accepted, l.Refused, l.Reason = b.Grams, b.RefusedGrams, b.Reason
		case is.Type == event.ManifestRefused:
			l.Refused, l.Reason = b.Grams, b.Reason
		}
	}
}
