package sample

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"liandan/internal/chain"
	"liandan/internal/client"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/mass"
	"liandan/internal/party"
	"liandan/internal/signature"
	"liandan/internal/waste"
)

// intake is the log in memory: the same checks as the real one, without a server.
type intake struct {
	t     tb
	mu    sync.Mutex
	world *chain.Memory
	keys  map[string]*hand
	units map[id.Party]*unit

	first    map[id.Event]client.Receipt
	hashes   map[id.Event]id.Hash
	leaves   map[id.Batch][]id.Hash
	labels   map[event.Label]bool
	waiting  []kept
	log      []event.Event
	postings []mass.Posting
	most     int // bytes of the largest payload
	uploads  int
	wrong    error // answers every event once it is set
}

// kept is an event that may not come next yet.
type kept struct {
	event event.Event
	hash  id.Hash
}

func newIntake(t tb, c *City) *intake {
	in := &intake{t: t, world: chain.NewMemory(), keys: map[string]*hand{}, units: map[id.Party]*unit{}, first: map[id.Event]client.Receipt{},
		hashes: map[id.Event]id.Hash{}, leaves: map[id.Batch][]id.Hash{}, labels: map[event.Label]bool{}}
	for _, h := range c.hands {
		in.keys[h.Kid()] = h
	}
	for _, u := range c.units {
		in.units[u.party] = u
	}
	return in
}

// mayDo is who signs what by Order 23 art. 9 to 13.
var mayDo = map[event.Type][]party.Role{
	event.UseRecorded:         {party.Generator, party.Medical, party.Operator},
	event.BatchGenerated:      {party.Generator, party.Medical, party.Collector, party.Operator},
	event.BatchReleased:       {party.Generator, party.Medical},
	event.BatchReceived:       {party.Generator, party.Medical},
	event.BatchStored:         {party.Generator, party.Medical},
	event.BatchRepacked:       {party.Collector},
	event.ManifestIssued:      {party.Generator, party.Medical, party.Collector, party.Operator},
	event.ManifestCancelled:   {party.Generator, party.Medical},
	event.ManifestNumbered:    {party.Generator, party.Medical},
	event.TransportCollected:  {party.Carrier},
	event.TransportHandedOver: {party.Carrier},
	event.TransportDelivered:  {party.Carrier},
	event.TransportReturned:   {party.Carrier},
	event.ManifestAccepted:    {party.Operator, party.Collector},
	event.ManifestRefused:     {party.Operator, party.Collector},
	event.PaperBackfilled:     {party.Generator},
	event.BatchTreated:        {party.Operator},
	event.OutcomeReported:     {party.Operator},
	event.IncidentReported:    {party.Collector, party.Authority},
	event.CorrectionProposed:  {party.Generator, party.Medical, party.Carrier},
	event.CorrectionAgreed:    {party.Generator, party.Operator},
	event.CorrectionDeclined:  {party.Operator},
	event.AuthorisationGiven:  {party.Generator},
	event.StopSkipped:         {party.Carrier},
	event.BatterySold:         {party.Generator},
	event.BatteryTakenBack:    {party.Generator},
	event.InspectionRecorded:  {party.Authority},
	event.SampleDrawn:         {party.Authority},
}

// Send implements Sender.
func (in *intake) Send(_ context.Context, jws []byte) (client.Receipt, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.uploads++
	l := in.take(1, jws)
	if l.Problem != nil {
		return client.Receipt{}, l.Problem
	}
	return *l.Receipt, nil
}

// SendAll implements Sender.
func (in *intake) SendAll(_ context.Context, events [][]byte, each func(client.Line) error) error {
	in.mu.Lock()
	in.uploads++
	lines := make([]client.Line, len(events))
	for i, jws := range events {
		lines[i] = in.take(i+1, jws)
	}
	in.mu.Unlock()
	for _, l := range lines {
		if err := each(l); err != nil {
			return err
		}
	}
	return nil
}

func refuse(n, status int, kind, detail string, retained bool) client.Line {
	return client.Line{Line: n, Status: status, Problem: &client.Problem{Kind: kind, Status: status, Detail: detail, Retained: retained}}
}

// take answers one line.
func (in *intake) take(n int, jws []byte) client.Line {
	if in.wrong != nil {
		return refuse(n, http.StatusServiceUnavailable, "unavailable", in.wrong.Error(), false)
	}
	e, hash, err := in.open(jws)
	if err != nil {
		return refuse(n, http.StatusUnprocessableEntity, "invalid-event", err.Error(), false)
	}
	return in.settle(n, e, hash)
}

// settle answers an event whose signature is in order.
func (in *intake) settle(n int, e event.Event, hash id.Hash) client.Line {
	if r, there := in.first[e.ID]; there {
		if in.hashes[e.ID] != hash {
			return refuse(n, http.StatusConflict, "id-reused", "other bytes", false)
		}
		r.Findings = nil
		return client.Line{Line: n, Status: http.StatusOK, Receipt: &r}
	}
	if err := in.place(e, hash); err != nil {
		in.waiting = append(in.waiting, kept{e, hash})
		return refuse(n, http.StatusConflict, "wrong-stage", err.Error(), true)
	}
	r := in.first[e.ID]
	in.admit()
	return client.Line{Line: n, Status: http.StatusCreated, Receipt: &r}
}

// open checks what needs no log: key, signature, strict reading, standing.
func (in *intake) open(jws []byte) (event.Event, id.Hash, error) {
	signed, err := signature.Open(jws, signature.TypEvent)
	if err != nil {
		return event.Event{}, id.Hash{}, err
	}
	h, ok := in.keys[signed.Kid]
	if !ok {
		return event.Event{}, id.Hash{}, fmt.Errorf("no key %s", signed.Kid)
	}
	if err := signed.Verify(h.Public()); err != nil {
		return event.Event{}, id.Hash{}, err
	}
	in.most = max(in.most, len(signed.Payload))
	e, err := event.Parse(signed.Payload)
	if err != nil {
		return event.Event{}, id.Hash{}, err
	}
	if e.Party != h.Party || e.Person != h.Person || e.Behalf().IsZero() && e.Site != h.unit.site {
		return event.Event{}, id.Hash{}, fmt.Errorf("%s is not of its key's party, person and site", e.Type)
	}
	if !(party.Organisation{Roles: h.unit.roles}).Has(mayDo[e.Type]...) {
		return event.Event{}, id.Hash{}, fmt.Errorf("%s may not sign %s", h.unit.name, e.Type)
	}
	if d, ok := e.Data.(event.Issued); ok {
		carrier, consignee := in.units[d.Carrier], in.units[d.Consignee]
		if carrier == nil || !carrier.has(party.Carrier) || consignee == nil || consignee.site != d.ConsigneeSite {
			return event.Event{}, id.Hash{}, fmt.Errorf("the manifest names parties that cannot take their part")
		}
	}
	return e, signed.Hash(), nil
}

func (in *intake) place(e event.Event, hash id.Hash) error {
	if err := chain.Check(in.world, e); err != nil {
		return err
	}
	for _, b := range e.Batches {
		if !b.Seen.IsZero() && !slices.Contains(in.leaves[b.ID], b.Seen) {
			return fmt.Errorf("seen %s is no entry of batch %s", b.Seen, b.ID)
		}
	}
	seq := int64(len(in.log))
	p := chain.Place(in.world, e, hash, seq, e.At.Add(time.Second))
	var findings []string
	for _, s := range p.Steps {
		if s.Batch.Seen != s.Prev {
			findings = append(findings, `{"rule":"unseen-entries"}`)
		}
		if !s.LastAt.IsZero() && s.Event.At.Before(s.LastAt) {
			findings = append(findings, `{"rule":"clock-back"}`)
		}
	}
	for _, m := range e.Marks() {
		if in.labels[m.Label] {
			return fmt.Errorf("label %s is taken", m.Label)
		}
		in.labels[m.Label] = true
	}
	if d, ok := e.Data.(event.Generated); ok {
		if _, known := waste.DefaultCatalog().Lookup(d.Code, e.At); !known {
			findings = append(findings, `{"rule":"unverified-code"}`)
		}
	}
	in.world.Keep(p)
	for _, b := range e.Touched() {
		in.leaves[b] = append(in.leaves[b], p.Leaf)
	}
	in.log = append(in.log, e)
	in.postings = append(in.postings, p.Postings...)
	in.hashes[e.ID] = hash
	in.first[e.ID] = client.Receipt{ID: e.ID.String(), Hash: hash.String(), Seq: seq, Entry: string(p.Bytes), Findings: joined(findings)}
	return nil
}

func joined(list []string) []byte {
	b := []byte{'['}
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, s...)
	}
	return append(b, ']')
}

// admit tries what waits again, until nothing more fits.
func (in *intake) admit() {
	for moved := true; moved; {
		moved = false
		for i, k := range in.waiting {
			if _, there := in.first[k.event.ID]; there || in.place(k.event, k.hash) == nil {
				in.waiting = slices.Delete(in.waiting, i, i+1)
				moved = true
				break
			}
		}
	}
}

// balance is the grams in accounts of a kind.
func (in *intake) balance(kind mass.AccountKind) (g waste.Grams) {
	for a, n := range mass.Balances(in.postings) {
		if a.Kind == kind {
			g += n
		}
	}
	return g
}

// content is the log without what depends on the order of arrival, sorted by event id.
func (in *intake) content() []string {
	var out []string
	for _, e := range in.log {
		e.Batches = slices.Clone(e.Batches)
		for i := range e.Batches {
			e.Batches[i].Seen = id.Hash{}
		}
		out = append(out, fmt.Sprintf("%s %+v", e.ID, e))
	}
	slices.Sort(out)
	return out
}

func (in *intake) types() map[event.Type]int {
	out := map[event.Type]int{}
	for _, e := range in.log {
		out[e.Type]++
	}
	return out
}
