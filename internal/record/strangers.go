package record

import (
	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
)

// Uploading needs no login, so an answer must not tell a stranger what the log knows of
// batches and manifests that are none of his: of those he hears what he would hear if
// they did not exist.

// eyes are a World as one party may see it; the zero party sees nothing.
type eyes struct {
	chain.World
	of id.Party
}

// Batch implements chain.World.
func (y eyes) Batch(b id.Batch) batch.State {
	s := y.World.Batch(b)
	if y.among(s.Generator, s.Agent, s.Custodian, s.Consignor, s.Carrier, s.Consignee, s.To) {
		return s
	}
	for _, x := range s.Owed { // who sent it on has yet to report to those before
		if y.among(x.Consignor, x.Consignee) {
			return s
		}
	}
	if !s.Manifest.IsZero() && !y.Manifest(s.Manifest).ID.IsZero() { // had it on the way
		return s
	}
	return batch.State{}
}

// Chain implements chain.World.
func (y eyes) Chain(b id.Batch) []chain.Said {
	if y.Batch(b).N == 0 {
		return nil
	}
	return y.World.Chain(b)
}

// Manifest implements chain.World.
func (y eyes) Manifest(m id.Manifest) manifest.State {
	s := y.World.Manifest(m)
	if y.among(s.Consignor, s.Carrier, s.Consignee) {
		return s
	}
	for _, l := range s.Legs {
		if y.among(l.From, l.To) {
			return s
		}
	}
	return manifest.State{}
}

func (y eyes) among(parties ...id.Party) bool {
	for _, p := range parties {
		if p == y.of && !p.IsZero() {
			return true
		}
	}
	return false
}

// told is what an event's chain says against it, as a party may hear it. The zero party is
// one that has not shown who it is.
func told(w chain.World, e event.Event, to id.Party) error {
	if err := chain.Check(eyes{w, to}, e); err != nil || to.IsZero() {
		return err
	}
	if chain.Check(w, e) == nil {
		return nil
	}
	// It begins something whose id others have taken. That cannot be hidden, for what does
	// not exist would be let in; but no more than that is said.
	return fault.New(fault.WrongStage, "The id of a batch or manifest that this event begins is in use already; begin it under a new id.")
}
