package record

import (
	"context"
	"fmt"
	"slices"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/profile"
	"liandan/internal/signature"
)

// Prepared is an event whose signature and signer are in order. It has not met the
// log yet.
type Prepared struct {
	Event  event.Event
	Signed signature.Signed
	Kid    string
	Key    party.Key // as the register had it
}

// Prepare does everything of the intake that needs no lock: form, strict reading, key,
// signature, site, role. Faults are those of packages signature, event and party and
// unknown-key, key-of-another-party, unknown-site, role-missing, unavailable. A contested
// event passes: whether it counts is decided with the log at hand.
func (s *Service) Prepare(ctx context.Context, compact []byte) (Prepared, error) {
	signed, err := signature.Open(compact, signature.TypEvent)
	if err != nil {
		return Prepared{}, err
	}
	e, err := event.Parse(signed.Payload)
	if err != nil {
		return Prepared{}, err
	}
	key, ok, err := s.registry.Key(ctx, signed.Kid)
	if err != nil {
		return Prepared{}, unavailable(err)
	}
	if !ok {
		return Prepared{}, fault.New(fault.UnknownKey, "No key with this kid is enrolled here; enrol the device first.")
	}
	if err := key.Sound(e.At); err != nil && fault.Of(err) != fault.KeyContested {
		return Prepared{}, err
	}
	if err := signed.Verify(key.Public); err != nil {
		return Prepared{}, err
	}
	if key.Party != e.Party || key.Person != e.Person {
		return Prepared{}, fault.New(fault.KeyOfOther, "The key belongs to another party or person than the event names.").
			At("/party", "signer", "must be the party and person of the key")
	}
	if err := s.standing(ctx, e); err != nil {
		return Prepared{}, err
	}
	return Prepared{Event: e, Signed: signed, Kid: signed.Kid, Key: key}, nil
}

// mayDo says which roles may sign a type (Order 23 art. 9 to 13).
var mayDo = map[event.Type][]party.Role{
	event.UseRecorded:         {party.Generator, party.Medical, party.Operator},
	event.BatchGenerated:      {party.Generator, party.Medical, party.Collector, party.Operator},
	event.BatchRepacked:       {party.Generator, party.Medical, party.Collector, party.Operator},
	event.BatchReleased:       {party.Generator, party.Medical, party.Collector, party.Operator},
	event.BatchReceived:       {party.Generator, party.Medical, party.Collector, party.Operator, party.Carrier}, // a carrier: at its transfer point
	event.BatchStored:         {party.Generator, party.Medical, party.Collector, party.Operator, party.Carrier},
	event.ManifestIssued:      {party.Generator, party.Medical, party.Collector, party.Operator},
	event.ManifestCancelled:   {party.Generator, party.Medical, party.Collector, party.Operator},
	event.TransportCollected:  {party.Carrier},
	event.TransportHandedOver: {party.Carrier, party.Collector, party.Operator},
	event.TransportDelivered:  {party.Carrier},
	event.ManifestAccepted:    {party.Operator, party.Collector},
	event.ManifestRefused:     {party.Operator, party.Collector},
	event.TransportReturned:   {party.Carrier},
	event.BatchTreated:        {party.Operator, party.Medical, party.Generator},
	event.OutcomeReported:     {party.Operator, party.Collector},
	event.MeterRecorded:       {party.Generator, party.Medical, party.Collector, party.Operator},
	event.PaperBackfilled:     {party.Generator, party.Medical, party.Collector, party.Operator},
	event.IncidentReported:    {party.Generator, party.Medical, party.Collector, party.Operator, party.Carrier, party.Authority},
	event.RulingRecorded:      {party.Authority},
	event.InspectionRecorded:  {party.Authority},
	event.SampleDrawn:         {party.Authority},
	event.ManifestNumbered:    {party.Generator, party.Medical, party.Collector, party.Operator},
	event.CorrectionProposed:  handlers,
	event.CorrectionAgreed:    handlers,
	event.CorrectionDeclined:  handlers,

	event.AuthorisationGiven:     {party.Generator, party.Medical},
	event.AuthorisationWithdrawn: {party.Generator, party.Medical},
	event.StopSkipped:            {party.Carrier, party.Collector},
	event.BatterySold:            {party.Generator, party.Collector, party.Operator},
	event.BatteryTakenBack:       {party.Generator, party.Collector, party.Operator},
}

// handlers may hold a batch; whether one is of its chain the chain says.
var handlers = []party.Role{party.Generator, party.Medical, party.Collector, party.Carrier, party.Operator}

// standing checks site, role and the parties that an event names, at its date. The first
// that objects answers.
func (s *Service) standing(ctx context.Context, e event.Event) error {
	for _, hold := range s.holds(e) {
		if err := hold(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// holds lists what an event is held against in the registry.
func (s *Service) holds(e event.Event) []func(context.Context, event.Event) error {
	list := []func(context.Context, event.Event) error{s.atHome}
	if !e.Behalf().IsZero() {
		list = append(list, s.inPlace)
	}
	list = append(list, s.inRole)
	switch d := e.Data.(type) {
	case event.Issued:
		list = append(list, s.consigned, s.refused)
	case event.HandedOver:
		list = append(list, with(d, s.taker))
	case event.Inspection:
		list = append(list, with(d, s.inspected))
	case event.Sample:
		list = append(list, func(context.Context, event.Event) error { return orderly(d) })
	case event.Backfilled:
		list = append(list, with(d, s.onSlip))
	case event.Authorisation:
		list = append(list, with(d, s.authorised))
	case event.Skipped:
		list = append(list, with(d, s.passed))
	case event.Ruling:
		list = append(list, with(d, namesOne))
	}
	return list
}

func with[D event.Data](d D, check func(context.Context, event.Event, D) error) func(context.Context, event.Event) error {
	return func(ctx context.Context, e event.Event) error { return check(ctx, e, d) }
}

// atHome checks that the site is the party's, or that of the one in whose place it signs.
func (s *Service) atHome(ctx context.Context, e event.Event) error {
	site, ok, err := s.registry.Site(ctx, e.Site)
	if err != nil {
		return unavailable(err)
	}
	if !ok || site.Party != e.For() || !site.Valid.Holds(e.At) {
		return fault.New(fault.UnknownSite, "The site is not one of this party's sites at that date.").
			At("/site", "unknown", "must be a site of the party, or of the one in whose place it signs")
	}
	return nil
}

// inRole checks that the party may sign events of the type.
func (s *Service) inRole(ctx context.Context, e event.Event) error {
	org, ok, err := s.registry.Organisation(ctx, e.Party)
	if err != nil {
		return unavailable(err)
	}
	if !ok || !org.Valid.Holds(e.At) || !org.Has(mayDo[e.Type]...) {
		return fault.New(fault.RoleMissing, "%s is signed by a party with one of the roles %v at that date.", e.Type, mayDo[e.Type]).
			At("/party", "role", "the party has not that role")
	}
	return nil
}

// consigned checks what a manifest names.
func (s *Service) consigned(ctx context.Context, e event.Event) error {
	d, _ := e.Data.(event.Issued)
	org, _, err := s.registry.Organisation(ctx, e.For())
	if err != nil {
		return unavailable(err)
	}
	return s.named(ctx, e, d, org)
}

func namesOne(_ context.Context, e event.Event, d event.Ruling) error {
	if len(e.Refs) != 1 || e.Refs[0] != d.Event {
		return fault.New(fault.InvalidEvent, "A ruling names the event that it decides on, and no other, in refs.").
			At("/refs", "other", "must be the event in data alone")
	}
	return nil
}

// inspected checks that there was such a site, and that nobody inspects themselves.
func (s *Service) inspected(ctx context.Context, e event.Event, d event.Inspection) error {
	site, ok, err := s.registry.Site(ctx, d.Inspected)
	if err != nil {
		return unavailable(err)
	}
	bad := fault.New(fault.InvalidEvent, "The inspection names what cannot be; what is wrong is listed.")
	if !ok || site.Party == e.Party || !site.Valid.Holds(e.At) {
		bad.At("/data/inspected", "unknown", "must be a site of another party at that date")
	}
	if i := slices.Index(d.With, e.Person); i >= 0 {
		bad.At(fmt.Sprintf("/data/with/%d", i), "signer", "must be somebody else than the signer")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// taker checks who is to take a load over: a carrier, or whoever keeps a transfer point.
func (s *Service) taker(ctx context.Context, e event.Event, d event.HandedOver) error {
	roles := []party.Role{party.Carrier}
	if !d.ToSite.IsZero() {
		roles = []party.Role{party.Carrier, party.Collector, party.Operator}
	}
	bad := fault.New(fault.InvalidEvent, "The hand-over names a party that cannot take the load over.")
	org, ok, err := s.registry.Organisation(ctx, d.To)
	if err != nil {
		return unavailable(err)
	}
	if !ok || !org.Valid.Holds(e.At) || !org.Has(roles...) {
		bad.At("/data/to", "role", "must be an organisation with one of the roles %v at that date", roles)
	}
	if !d.ToSite.IsZero() {
		site, ok, err := s.registry.Site(ctx, d.ToSite)
		if err != nil {
			return unavailable(err)
		}
		if !ok || site.Party != d.To || !site.Valid.Holds(e.At) {
			bad.At("/data/to_site", "unknown", "must be a site of the party that takes over")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// named checks the profile of a manifest and the parties that take their part in it.
func (s *Service) named(ctx context.Context, e event.Event, d event.Issued, consignor party.Organisation) error {
	p, err := s.Profiles.Named(d.Profile, e.At)
	if err != nil {
		return err
	}
	bad := fault.New(fault.InvalidEvent, "The manifest names parties that cannot take their part.")
	check := func(pointer string, p id.Party, roles ...party.Role) error {
		org, ok, err := s.registry.Organisation(ctx, p)
		if err != nil {
			return unavailable(err)
		}
		if !ok || !org.Valid.Holds(e.At) || !org.Has(roles...) {
			bad.At(pointer, "role", "must be an organisation with one of the roles %v at that date", roles)
		}
		return nil
	}
	if e.For() != e.Party { // signed in a source's place: the source is the consignor
		if consignor, _, err = s.registry.Organisation(ctx, e.For()); err != nil {
			return unavailable(err)
		}
	}
	if roles := p.Roles(profile.Consignor); !consignor.Has(roles...) {
		bad.At("/party", "role", "the consignor must have one of the roles %v under the profile %s", roles, p.Name)
	}
	if d.Profile == batch.Pipeline { // nobody carries: the consignor stands for what is in the pipe
		if d.Carrier != e.Party {
			bad.At("/data/carrier", "other", "must be the consignor where waste moves by pipe")
		}
	} else if err := check("/data/carrier", d.Carrier, p.Roles(profile.Carrier)...); err != nil {
		return err
	}
	if err := check("/data/consignee", d.Consignee, p.Roles(profile.Consignee)...); err != nil {
		return err
	}
	site, ok, err := s.registry.Site(ctx, d.ConsigneeSite)
	if err != nil {
		return unavailable(err)
	}
	if !ok || site.Party != d.Consignee || !site.Valid.Holds(e.At) {
		bad.At("/data/consignee_site", "unknown", "must be a site of the consignee")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// onSlip checks the parties of a slip, and that each stands at its own site, on the day of
// the slip.
func (s *Service) onSlip(ctx context.Context, e event.Event, d event.Backfilled) error {
	then := e
	then.At, then.Party = d.Signed[0].At, d.Consignor
	consignor, ok, err := s.registry.Organisation(ctx, d.Consignor)
	if err != nil {
		return unavailable(err)
	}
	if !ok || !consignor.Valid.Holds(then.At) {
		return fault.New(fault.InvalidEvent, "The slip names a consignor that is not in the register at that date.").
			At("/data/consignor", "unknown", "must be an organisation of the register")
	}
	if err := s.named(ctx, then, event.Issued{Profile: d.Profile, Carrier: d.Carrier, Consignee: d.Consignee, ConsigneeSite: d.ConsigneeSite}, consignor); err != nil {
		return err
	}
	bad := fault.New(fault.InvalidEvent, "The slip names sites that are not its parties'.")
	for _, x := range []struct {
		pointer string
		party   id.Party
		site    id.Site
	}{{"/data/consignor_site", d.Consignor, d.ConsignorSite}, {"/data/carrier_site", d.Carrier, d.CarrierSite}} {
		site, ok, err := s.registry.Site(ctx, x.site)
		if err != nil {
			return unavailable(err)
		}
		if !ok || site.Party != x.party || !site.Valid.Holds(then.At) {
			bad.At(x.pointer, "unknown", "must be a site of the party at that date")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func unavailable(cause error) error {
	if fault.Of(cause) == fault.Unavailable {
		return cause
	}
	return fault.Wrap(cause, fault.Unavailable, "The store cannot be reached now. Nothing was recorded; send the same bytes again later.")
}

func subjects(e event.Event) []Subject {
	out := make([]Subject, 0, len(e.Batches)+1)
	for _, b := range e.Touched() {
		out = append(out, Subject(b.String()))
	}
	if !e.Manifest.IsZero() {
		out = append(out, Subject(e.Manifest.String()))
	}
	for _, x := range e.Bound() {
		out = append(out, Subject(x.String()))
	}
	return out
}

func (p Prepared) String() string { return fmt.Sprintf("%s %s", p.Event.Type, p.Event.ID) }
