package record

import (
	"context"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/party"
	"liandan/internal/source"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// A small source without a device is spoken for by its collector: under a standing
// authorisation that the source signed, or by a confirmation that the server put into the
// log when the source's one-time code was given. Without either the event is refused; it is
// kept when the authorisation may still be on its way.

// authorityOf is the authorisation that an event speaks of.
func authorityOf(e event.Event) id.Event {
	if d, ok := e.Data.(event.Withdrawal); ok {
		return d.Authorisation
	}
	return e.Behalf().Authorisation
}

// mayAct says whether an event may be signed in somebody's place, or may withdraw an
// authorisation. Faults: not-custodian, wrong-stage, not-found.
func (a *assembly) mayAct(e event.Event) error {
	if d, ok := e.Data.(event.Withdrawal); ok {
		return a.mayWithdraw(e, d)
	}
	b := e.Behalf()
	switch {
	case b.IsZero():
		return nil
	case b.Authorisation.IsZero():
		return a.confirmed(e)
	}
	list, err := a.authority(b.Authorisation)
	if err != nil {
		return err
	}
	standing, ok := source.Standing(list)
	if !ok {
		return fault.New(fault.NotCustodian, "There is no such authorisation here yet; %s in another's place must wait for its authorisation.given.", e.Type).
			At("/data/behalf/authorisation", "unknown", "must be the id of an authorisation.given")
	}
	return standing.Covers(e, a.codesOf(e))
}

func (a *assembly) mayWithdraw(e event.Event, d event.Withdrawal) error {
	list, err := a.authority(d.Authorisation)
	if err != nil {
		return err
	}
	switch standing, ok := source.Standing(list); {
	case !ok:
		return fault.New(fault.WrongStage, "There is no such authorisation here yet; authorisation.withdrawn must wait for its authorisation.given.").
			At("/data/authorisation", "unknown", "must be the id of an authorisation.given")
	case standing.Party != e.Party:
		return fault.New(fault.Conflict, "The authorisation is not this party's; only who gave it can withdraw it.").
			At("/data/authorisation", "other", "must be one that the party gave")
	}
	return nil
}

// authority gives the events of an authorisation: of the log and of this group.
func (a *assembly) authority(of id.Event) ([]event.Event, error) {
	kept, err := a.tx.TopicOf(source.OfAuthorisation, of.String())
	if err != nil {
		return nil, err
	}
	var out []event.Event
	for _, k := range kept {
		_, e, err := ledger.OpenEvent(k.Body)
		if err != nil {
			return nil, fault.Wrap(err, fault.Damaged, "An authorisation in the log cannot be read; run `liandan check`.")
		}
		out = append(out, e)
	}
	for _, r := range a.g.Records {
		if r.Event.ID == of || authorityOf(r.Event) == of && r.Event.Type == event.AuthorisationWithdrawn {
			out = append(out, r.Event)
		}
	}
	return out, nil
}

// codesOf lists the waste codes of an event's batches.
func (a *assembly) codesOf(e event.Event) []waste.Code {
	if d, ok := e.Data.(event.Generated); ok {
		return []waste.Code{d.Code}
	}
	out := make([]waste.Code, 0, len(e.Batches))
	for _, b := range e.Batches {
		out = append(out, a.world.Batch(b.ID).Code)
	}
	return out
}

// confirmed holds an event against the confirmation that it names. A confirmation is in the
// log before anybody hears of its hash, so that one that is not there never comes.
func (a *assembly) confirmed(e event.Event) error {
	b := e.Behalf()
	no := func(format string, args ...any) error {
		return fault.New(fault.NotFound, format, args...).At("/data/behalf/confirmation", "not_covered", "does not cover this event")
	}
	kept, err := a.tx.TopicOf(source.OfConfirmation, b.Confirmation.String())
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		return no("The log has no such confirmation by code for this party; ask the source for a code.")
	}
	c, err := statement.ParseConfirmation(kept[0].Body)
	if err != nil {
		return err
	}
	return source.Confirms(c, e, a.codesOf(e))
}

// inPlace checks the parties of an event that a collector signs for a small source.
func (s *Service) inPlace(ctx context.Context, e event.Event) error {
	bad := fault.New(fault.InvalidEvent, "The event cannot be signed in that party's place.")
	signer, ok, err := s.registry.Organisation(ctx, e.Party)
	if err != nil {
		return unavailable(err)
	}
	if !ok || !signer.Has(party.Collector) {
		bad.At("/party", "role", "only an organisation with the role %v signs in another's place", party.Collector)
	}
	b := e.Behalf()
	of, ok, err := s.registry.Organisation(ctx, b.Party)
	if err != nil {
		return unavailable(err)
	}
	if !ok || b.Party == e.Party || !of.Valid.Holds(e.At) || !of.Has(party.Generator, party.Medical) {
		bad.At("/data/behalf/party", "role", "must be another organisation, a generator at that date")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// authorised checks whom an authorisation is for.
func (s *Service) authorised(ctx context.Context, e event.Event, d event.Authorisation) error {
	org, ok, err := s.registry.Organisation(ctx, d.To)
	if err != nil {
		return unavailable(err)
	}
	if !ok || d.To == e.Party || !org.Valid.Holds(e.At) || !org.Has(party.Collector) {
		return fault.New(fault.InvalidEvent, "The authorisation names a party that does not collect.").
			At("/data/to", "role", "must be another organisation with the role %v at that date", party.Collector)
	}
	return nil
}

// passed checks that a skipped stop is a place that there is.
func (s *Service) passed(ctx context.Context, e event.Event, d event.Skipped) error {
	site, ok, err := s.registry.Site(ctx, d.Stop)
	if err != nil {
		return unavailable(err)
	}
	if !ok || !site.Valid.Holds(e.At) {
		return fault.New(fault.InvalidEvent, "The event names a stop that is not in the register.").At("/data/stop", "unknown", "must be a site of the register at that date")
	}
	return nil
}
