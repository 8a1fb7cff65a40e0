package record

import (
	"context"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/signature"
)

// Would says what the intake would do with an event.
type Would string

// The answers of a dry run.
const (
	WouldAccept Would = "accept"
	WouldRepeat Would = "repeat" // the same bytes are in the log
	WouldHold   Would = "hold"   // kept in quarantine until what is missing arrives
	WouldRefuse Would = "refuse"
)

// Validation is the answer of a dry run: everything that is wrong at once, what is
// missing until the chain is closed, and who is next.
type Validation struct {
	Would   Would
	Faults  []*fault.Error
	Missing []event.Type
	Next    []batch.Step
}

// Validate judges a signed event without recording it.
func (s *Service) Validate(ctx context.Context, compact []byte) (Validation, error) {
	p, err := s.Prepare(ctx, compact)
	if f := fault.As(err); f != nil && f.Kind == fault.Unavailable {
		return Validation{}, err
	}
	if err == nil {
		return s.validate(ctx, p, nil)
	}
	// The signer may be at fault, its site or role too, and the chain: say all.
	faults := []*fault.Error{fault.As(err)}
	signed, e, perr := ledger.OpenEvent(compact)
	if perr != nil {
		return Validation{Would: WouldRefuse, Faults: faults}, nil
	}
	if err := s.standing(ctx, e); fault.Of(err) == fault.Unavailable {
		return Validation{}, err
	} else if err != nil && fault.Of(err) != faults[0].Kind {
		faults = append(faults, fault.As(err))
	}
	return s.validate(ctx, Prepared{Event: e, Signed: signature.Signed{Payload: signed.Payload}}, faults)
}

// ValidatePayload judges an unsigned payload: everything but key and signature.
func (s *Service) ValidatePayload(ctx context.Context, payload []byte) (Validation, error) {
	e, err := event.Parse(payload)
	if err != nil {
		return Validation{Would: WouldRefuse, Faults: []*fault.Error{fault.As(err)}}, nil
	}
	var faults []*fault.Error
	if err := s.standing(ctx, e); err != nil {
		if fault.Of(err) == fault.Unavailable {
			return Validation{}, err
		}
		faults = append(faults, fault.As(err))
	}
	return s.validate(ctx, Prepared{Event: e, Signed: signature.Signed{Payload: payload}}, faults)
}

func (s *Service) validate(ctx context.Context, p Prepared, faults []*fault.Error) (Validation, error) {
	v := Validation{Would: WouldAccept, Faults: faults}
	if len(faults) > 0 {
		v.Would = WouldRefuse
	}
	err := s.store.View(ctx, func(r Reader) error {
		w := newLoaded(r)
		if err := w.fetch([]Prepared{p}); err != nil {
			return err
		}
		a := &assembly{s: s, tx: r, g: &group{}, world: w}
		if k, ok := w.known[p.Event.ID]; ok {
			return v.met(a, p, k)
		}
		return v.judge(a, p.Event)
	})
	if err != nil {
		return Validation{}, unavailable(err)
	}
	return v, nil
}

// met answers for an id that the log has.
func (v *Validation) met(a *assembly, p Prepared, k Known) error {
	same, err := a.same(p, k)
	if err != nil {
		return err
	}
	if !same {
		v.Would = WouldRefuse
		v.Faults = append(v.Faults, fault.New(fault.IDReused, "Another event with this id is in the log already; a new fact needs a new id."))
		return nil
	}
	if len(v.Faults) == 0 {
		v.Would = WouldRepeat
	}
	v.outlook(a.world, p.Event)
	return nil
}

// judge asks what the intake asks, and notes every fault instead of the first.
func (v *Validation) judge(a *assembly, e event.Event) error {
	stage := chain.Check(a.world, e)
	for _, err := range []error{stage, a.seen(e), a.world.claim(e)} {
		f := fault.As(err)
		switch {
		case err == nil:
		case f == nil || f.Kind == fault.Unavailable:
			return err
		case v.Would == WouldAccept && holdable(f.Kind):
			v.Would = WouldHold
		case !holdable(f.Kind):
			v.Would = WouldRefuse
		}
		if f != nil {
			v.Faults = append(v.Faults, f)
		}
	}
	if stage != nil {
		v.outlook(a.world, e)
		return nil
	}
	// What would be owed after the event, were it accepted.
	after := chain.NewMemory()
	after.Keep(chain.Place(a.world, e, id.Hash{1}, 0, e.At))
	v.outlook(after, e)
	return nil
}

// outlook says what is missing and who is next for the first batch of the event.
func (v *Validation) outlook(w chain.World, e event.Event) {
	if len(e.Batches) == 0 {
		return
	}
	st := w.Batch(e.Batches[0].ID)
	v.Missing, v.Next = st.Missing(), st.Next()
}
