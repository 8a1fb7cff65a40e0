package record

import (
	"context"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
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
	_, e, perr := reopen(compact)
	if perr != nil {
		return Validation{Would: WouldRefuse, Faults: faults}, nil
	}
	if err := s.standing(ctx, e); fault.Of(err) == fault.Unavailable {
		return Validation{}, err
	} else if err != nil && fault.Of(err) != faults[0].Kind {
		faults = append(faults, fault.As(err))
	}
	return s.validate(ctx, Prepared{Event: e}, faults)
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
	return s.validate(ctx, Prepared{Event: e}, faults)
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
		if k, ok := w.known[p.Event.ID]; ok {
			v.met(w, p, k)
			return nil
		}
		a := &assembly{s: s, tx: r, g: &group{}, world: w}
		v.judge(a, p.Event)
		return nil
	})
	if err != nil {
		return Validation{}, unavailable(err)
	}
	return v, nil
}

// met answers for an id that the log has.
func (v *Validation) met(w chain.World, p Prepared, k Known) {
	if p.Signed.Compact != nil && p.Signed.Hash() == k.Hash {
		v.Would = WouldRepeat
		v.outlook(w, p.Event)
		return
	}
	v.Would = WouldRefuse
	v.Faults = append(v.Faults, fault.New(fault.IDReused, "Another event with this id is in the log already; a new fact needs a new id."))
}

func (v *Validation) judge(a *assembly, e event.Event) {
	note := func(err error) bool {
		f := fault.As(err)
		if f == nil {
			return false
		}
		v.Faults = append(v.Faults, f)
		if v.Would == WouldAccept && holdable(f.Kind) {
			v.Would = WouldHold
		} else if !holdable(f.Kind) {
			v.Would = WouldRefuse
		}
		return true
	}
	stage := note(chain.Check(a.world, e))
	note(a.seen(e))
	note(a.world.claim(e))
	if stage {
		v.outlook(a.world, e)
		return
	}
	// What would be owed after the event, were it accepted.
	after := chain.NewMemory()
	after.Keep(chain.Place(a.world, e, id.Hash{1}, 0, e.At))
	v.outlook(after, e)
}

// outlook says what is missing and who is next for the first batch of the event.
func (v *Validation) outlook(w chain.World, e event.Event) {
	if len(e.Batches) == 0 {
		return
	}
	st := w.Batch(e.Batches[0].ID)
	v.Missing, v.Next = st.Missing(), st.Next()
}
