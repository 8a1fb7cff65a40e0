package batch

import (
	"slices"

	"liandan/internal/event"
	"liandan/internal/id"
)

// Place is where an event stands in the log, for one batch.
type Place struct {
	Seq  int64
	N    int64
	Leaf id.Hash
}

// Apply folds an event that Check let through.
func (s State) Apply(e event.Event, b event.Batch, at Place) State {
	if told := e.Attests(); len(told) > 0 {
		return s.attested(e, b.ID, told, at)
	}
	s.N, s.Head, s.Seq, s.LastAt = at.N, at.Leaf, at.Seq, e.At.UnixMilli()
	s = s.weighed(e, b)
	if e.Type.Mends() {
		return s.applyCorrection(e)
	}
	switch d := e.Data.(type) {
	case event.Generated:
		s.ID, s.Stage = b.ID, Generated
		s.Code, s.Form, s.Packaging, s.Measured, s.Label = d.Code, d.Form, d.Packaging, d.Measured, d.Label
		s.Generator, s.Origin, s.Custodian, s.Site = e.For(), e.Site, e.For(), e.Site
		if !d.Behalf.IsZero() {
			s.Agent = e.Party
		}
		s.Initial, s.BornAt = b.Grams, e.At.UnixMilli()
		s.Department, s.Room, s.Container, s.Isolation, s.Layers = d.Department, d.Department, d.Container, d.Isolation, d.Layers
		s.BegunAt = s.BornAt
	case event.Repacked:
		s.Grams -= b.Grams
		s.Repacked += b.Grams
		if s.Grams == 0 {
			s.Stage, s.Answer = Repacked, e.ID
			s = s.emptied(e)
		}
	case event.Released:
		s.Stage, s.Answer, s.Room = Released, e.ID, ""
	case event.Received:
		s = s.applyReceived(e, d)
	case event.Stored:
		s = s.applyStored(e, d)
	case event.Treated:
		s = s.applyTreated(e, b, d)
	case event.Outcome:
		s = s.applyOutcome(e)
	case event.Incident:
		if s.Grams, s.Lost = s.Grams-b.Grams, s.Lost+b.Grams; s.Grams == 0 {
			s.Stage, s.Answer = Lost, id.Event{}
		}
	default:
		s = s.applyTransfer(e, b)
	}
	return s
}

// attested folds what a slip stands for, in the place of the events that were not sent.
func (s State) attested(e event.Event, b id.Batch, told []event.Event, at Place) State {
	for _, v := range told {
		i := slices.IndexFunc(v.Batches, func(x event.Batch) bool { return x.ID == b })
		s = s.Apply(v, v.Batches[i], at)
	}
	s.LastAt, s.Grade = e.At.UnixMilli(), OnPaper
	return s
}

// weighed takes over grams, how they are known, and the count of packages. The weight of
// a scale takes the place of an estimate, which stays to be seen.
func (s State) weighed(e event.Event, b event.Batch) State {
	if !event.TakesOut(e.Type) {
		if m, scale := e.Measurement(); m != "" && b.Weighed {
			if s.Measured == event.Estimated && m == event.OnScale && s.Stage != None {
				s.Estimated = s.Grams
			}
			s.Measured, s.Scale = m, scale
		}
		if b.Weighed {
			s.Grams = b.Grams
		}
		if b.Packages > 0 {
			s.Packages = b.Packages
		}
		return s
	}
	if b.Grams > 0 {
		s.Packages = 0 // some were taken out; nobody counted the rest
	}
	return s
}

// applyTransfer folds what happens between the parties of a manifest.
func (s State) applyTransfer(e event.Event, b event.Batch) State {
	switch d := e.Data.(type) {
	case event.Issued:
		s = s.applyIssued(e, d)
	case event.Cancelled:
		s.Stage, s.Before, s.Answer = s.Before, None, id.Event{}
		s = s.leave()
	case event.Collected:
		s.Stage, s.Custodian, s.Carrier, s.CarrierSite, s.Site = InTransit, e.Party, e.Party, e.Site, id.Site{}
		s.Vehicle, s.Trip, s.Answer = d.Vehicle, e.Trip, e.ID
		s.Before, s.To, s.Room = None, id.Party{}, ""
	case event.HandedOver:
		s.Stage, s.To, s.ToSite, s.Answer = HandedOver, d.To, d.ToSite, e.ID
	case event.Metered: // at the consignor's end, then at the consignee's
		if s.Stage == Issued {
			s.Stage, s.Before, s.Answer = Delivered, None, e.ID
			break
		}
		s.Stage, s.Custodian, s.Site, s.Answer = Accepted, e.Party, e.Site, id.Event{}
	case event.Delivered:
		s.Stage, s.Vehicle, s.Answer = Delivered, d.Vehicle, e.ID
	case event.Accepted:
		s.Stage, s.Custodian, s.Site, s.Answer = Accepted, e.Party, e.Site, id.Event{}
		s = s.emptied(e)
		if b.Rest.IsZero() {
			s.Refused += b.RefusedGrams
		}
	case event.Refused:
		s.Stage, s.Answer = Refused, e.ID
	case event.Returned:
		s.Stage, s.Answer = Returned, e.ID
		if d.Vehicle != "" {
			s.Vehicle = d.Vehicle
		}
	}
	return s
}

func (s State) applyIssued(e event.Event, d event.Issued) State {
	if !s.Manifest.IsZero() { // accepted on it, and sent on
		s.Owed = append(slices.Clone(s.Owed), s.sheet())
	}
	s.Stage, s.Before, s.Answer = Issued, s.Stage, e.ID
	s.Manifest, s.Profile, s.Consignor, s.ConsignorSite = e.Manifest, d.Profile, e.For(), s.Site
	s.Carrier, s.Consignee, s.ConsigneeSite = d.Carrier, d.Consignee, d.ConsigneeSite
	return s
}

// leave takes the batch off its manifest, back to the one before where there was one.
func (s State) leave() State {
	n := len(s.Owed)
	if n == 0 {
		return s.on(Sheet{})
	}
	s = s.on(s.Owed[n-1])
	if s.Owed = s.Owed[: n-1 : n-1]; n == 1 {
		s.Owed = nil
	}
	return s
}

// applyReceived is taking over inside a house, at a transfer point, or back at the consignor's.
func (s State) applyReceived(e event.Event, d event.Received) State {
	switch s.Stage {
	case HandedOver:
		s.Stage, s.Answer = AtPoint, e.ID
	case Returned:
		s.Stage, s.Answer = Received, id.Event{}
		s = s.leave()
	default:
		s.Stage, s.Answer = Received, id.Event{}
	}
	s.Custodian, s.Site, s.Room = e.Party, e.Site, d.Place
	s.To, s.ToSite = id.Party{}, id.Site{}
	return s
}

// applyTreated takes grams away; the batch is treated when nothing is left.
func (s State) applyTreated(e event.Event, b event.Batch, d event.Treated) State {
	s.Grams -= b.Grams
	s.TreatedSum += b.Grams
	s.Residue += b.ResidueGrams
	if i, there := slices.BinarySearch(s.Methods, d.Method); !there {
		s.Methods = slices.Insert(slices.Clone(s.Methods), i, d.Method)
	}
	// Parts may be treated in any order of arrival: the report answers the latest by the
	// signers' clocks, whichever came last.
	if at := e.At.UnixMilli(); at > s.TreatedAt || at == s.TreatedAt && e.ID.String() > s.LastTreated.String() {
		s.TreatedAt, s.LastTreated = at, e.ID
	}
	s.Answer = s.LastTreated
	if s.Grams == 0 {
		s.Stage = Treated
		s = s.emptied(e)
	}
	return s
}

// applyOutcome tells one consignor. Those of the manifests before may be told by the
// treatment or by the report that came back.
func (s State) applyOutcome(e event.Event) State {
	if e.Manifest == s.Manifest {
		s.Stage = Reported
		if len(s.Owed) > 0 {
			s.Ends = append(slices.Clone(s.Ends), s.Answer)
			s.Answer = e.ID
			return s
		}
	} else {
		i := s.owed(e.Manifest)
		s.Owed = slices.Delete(slices.Clone(s.Owed), i, i+1)
	}
	if len(s.Owed) == 0 {
		s.Owed = nil
	}
	if len(s.Owed) == 0 && s.Stage == Reported {
		s.Answer, s.Ends = id.Event{}, nil
	}
	return s
}

// Begin is the state of a batch that an event begins out of others; parents are their
// states before the event, in the order of b.Parents.
func Begin(e event.Event, b event.Birth, parents []State, at Place) State {
	s := State{ID: b.ID, N: at.N, Head: at.Leaf, Seq: at.Seq, LastAt: e.At.UnixMilli()}
	for _, p := range parents {
		s.Parents = append(s.Parents, p.ID)
		if p.Grade != "" {
			s.Grade = p.Grade
		}
	}
	switch d := e.Data.(type) {
	case event.Repacked:
		s = s.child(e, d.Children).inherit(e, parents)
	case event.Treated:
		// Whoever treats generates what is left: a waste of its own, whose clocks begin now.
		s = s.child(e, d.Residues)
		s.Stage, s.Generator, s.Origin, s.BornAt = Generated, e.Party, e.Site, e.At.UnixMilli()
		if s.Measured, s.Scale = e.Measurement(); s.Measured == "" {
			s.Measured = event.Estimated
		}
	case event.Accepted:
		p, line := parents[0], b.Parents[0]
		s = s.on(p.sheet())
		s.Code, s.Form, s.Packaging, s.Measured = p.Code, p.Form, p.Packaging, d.Measured
		s.Generator, s.Origin, s.BornAt = p.Generator, p.Origin, p.BornAt
		s.Custodian, s.Stage, s.Answer = p.Custodian, Refused, e.ID
		s.Grams, s.Initial = line.RefusedGrams, line.RefusedGrams
		s.Department, s.StoredAt, s.Isolation, s.Layers, s.BegunAt = p.Department, p.StoredAt, p.Isolation, p.Layers, s.LastAt
	}
	return s
}

// child is the batch as the event describes it.
func (s State) child(e event.Event, list []event.Child) State {
	c := list[slices.IndexFunc(list, func(c event.Child) bool { return c.ID == s.ID })]
	s.Code, s.Form, s.Packaging, s.Label, s.Grams, s.Initial = c.Code, c.Form, c.Packaging, c.Label, c.Grams, c.Grams
	s.Packages, s.Custodian, s.Site = c.Packages, e.Party, e.Site
	s.Container, s.BegunAt = c.Container, s.LastAt
	return s
}

// inherit takes over what children have of all their parents together: the earliest
// birth, for the clock of storage goes on; the least advanced stage; an estimate where one
// was an estimate; and the generator where they have one.
func (s State) inherit(e event.Event, parents []State) State {
	rank := []Stage{Generated, Received, Stored, Accepted}
	for i, p := range parents {
		if i == 0 {
			s.Stage, s.Measured, s.BornAt, s.Generator, s.Origin = p.Stage, p.Measured, p.BornAt, p.Generator, p.Origin
			s.Department, s.Room, s.StoredAt, s.Isolation = p.Department, p.Room, p.StoredAt, p.Isolation
			continue
		}
		if slices.Index(rank, p.Stage) < slices.Index(rank, s.Stage) {
			s.Stage = p.Stage
		}
		if p.Measured == event.Estimated {
			s.Measured = event.Estimated
		}
		s.BornAt = min(s.BornAt, p.BornAt)
		s = s.inheritHouse(p)
		if p.Generator != s.Generator || p.Origin != s.Origin {
			s.Generator, s.Origin = e.Party, e.Site
		}
	}
	return s
}
