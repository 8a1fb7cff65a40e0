package record

import (
	"context"
	"math"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/permit"
	"liandan/internal/rule"
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
	// Findings is what the rules about permits would say; of an event that nobody is known to
	// have signed nothing is said.
	Findings []rule.Finding
}

// Validate judges a signed event without recording it. Of batches that are none of the
// signer's, and of all when the signature or key does not hold, it says what it would say
// if they did not exist.
func (s *Service) Validate(ctx context.Context, compact []byte) (Validation, error) {
	p, err := s.Prepare(ctx, compact)
	if f := fault.As(err); f != nil && f.Kind == fault.Unavailable {
		return Validation{}, err
	}
	if err == nil {
		return s.validate(ctx, p, p.Event.Party, nil)
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
	var to id.Party
	if key, ok, err := s.registry.Key(ctx, signed.Kid); err != nil {
		return Validation{}, unavailable(err)
	} else if ok && key.Party == e.Party && signed.Verify(key.Public) == nil {
		to = e.Party
	}
	return s.validate(ctx, Prepared{Event: e, Signed: signature.Signed{Payload: signed.Payload}}, to, faults)
}

// ValidatePayload judges an unsigned payload: everything but key and signature. It answers
// as to the party that the payload names: the caller has made sure that the asker belongs
// to it.
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
	return s.validate(ctx, Prepared{Event: e, Signed: signature.Signed{Payload: payload}}, e.Party, faults)
}

func (s *Service) validate(ctx context.Context, p Prepared, to id.Party, faults []*fault.Error) (Validation, error) {
	v := Validation{Would: WouldAccept, Faults: faults}
	if len(faults) > 0 {
		v.Would = WouldRefuse
	}
	var asked permit.Case
	err := s.store.View(ctx, func(r Reader) error {
		head, _, err := r.Log()
		if err != nil {
			return err
		}
		a := newAssembly(ctx, s, r, head.Size)
		if err := a.world.fetch([]Prepared{p}); err != nil {
			return err
		}
		asked = caseOf(eyes{a.world, to}, p.Event)
		if k, ok := a.world.known[p.Event.ID]; ok {
			return v.met(a, p, to, k)
		}
		return v.judge(a, p, to)
	})
	if err != nil {
		return Validation{}, unavailable(err)
	}
	if !to.IsZero() && v.Would != WouldRepeat {
		if v.Findings, err = s.Permits.Examine(s.asking(ctx, math.MaxInt64), asked); err != nil {
			return Validation{}, unavailable(err)
		}
	}
	return v, nil
}

// met answers for an id that the log has.
func (v *Validation) met(a *assembly, p Prepared, to id.Party, k Known) error {
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
	v.outlook(eyes{a.world, to}, p.Event)
	return nil
}

// judge asks what the intake asks, and notes every fault instead of the first.
func (v *Validation) judge(a *assembly, p Prepared, to id.Party) error {
	e := p.Event
	stage := told(a.world, e, to)
	var ruling error
	if len(v.Faults) == 0 { // what is contested is not for everybody to find out
		ruling = a.mayRule(e)
	}
	governed := a.governedBy(eyes{a.world, to}, e)
	if a.world.failed != nil {
		return a.world.failed
	}
	var acting error
	if stage == nil {
		acting = a.mayAct(e)
	}
	for _, err := range []error{a.counts(p), ruling, governed, unforeseen(e, a.seq), stage, acting, a.seenBy(e, to), a.world.claim(e)} {
		f := fault.As(err)
		switch {
		case err == nil:
			continue
		case f == nil || !refuses(f.Kind):
			return err
		case v.Would == WouldAccept && a.holds(f, p.Signed.Hash()):
			v.Would = WouldHold
		case !a.holds(f, p.Signed.Hash()):
			v.Would = WouldRefuse
		}
		v.Faults = append(v.Faults, f)
	}
	if stage != nil {
		v.outlook(eyes{a.world, to}, e)
		return nil
	}
	// What would be owed after the event, were it accepted.
	after := chain.NewMemory()
	after.Keep(chain.Place(eyes{a.world, to}, e, id.Hash{1}, 0, e.At))
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
