package workflow

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/mass"
	"liandan/internal/party"
	"liandan/internal/record"
	"liandan/internal/rule"
	"liandan/internal/signature"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// Stage is where a workflow is played: a cast, a clock, an intake over some store.
type Stage struct {
	*intaketest.World
	t      testing.TB
	intake *record.Service
	audit  *audit.Service
	rules  rule.Book
	store  Store

	Cast   []*Actor
	Things []*Thing
	sheets map[id.Manifest]string
	Steps  []*Step
	belief *chain.Memory // what the phones know
	seq    int64
	queue  []*Step // signed without network
	off    bool
	books  []mass.Posting
}

// Actor is a person with a device.
type Actor struct {
	Text
	*device.Device
}

// Thing is a batch of the workflow.
type Thing struct {
	Text
	ID id.Batch
}

// Step is what was signed and what became of it.
type Step struct {
	N        int
	At       time.Time
	By       *Actor
	Signed   intaketest.Signed
	Text     Text
	Lines    []Line
	Sheet    string
	Offline  bool
	Held     fault.Kind // refused at first and kept in quarantine
	Refused  fault.Kind // refused and not kept
	LetIn    int        // step after which the held event was in the log; 0: not
	After    []batch.State
	Findings []rule.Code
}

// Line is a thing in a step.
type Line struct {
	*Thing
	Grams waste.Grams // 0: not weighed
	Fill  func(*event.Batch)
}

// Store is what a stage needs of a database.
type Store interface {
	record.Store
	audit.Store
	// AddStatement puts one on its way into the log.
	AddStatement(ctx context.Context, st statement.Statement, at time.Time) error
}

// NewStage opens one over a fresh store.
func NewStage(t testing.TB, s Store) *Stage {
	t.Helper()
	w := intaketest.New(t, 11)
	book, err := rule.DefaultBook()
	if err != nil {
		t.Fatal(err)
	}
	st := &Stage{World: w, t: t, store: s, intake: w.Intake(s), rules: book, sheets: map[id.Manifest]string{}, belief: chain.NewMemory()}
	st.audit = st.AuditOf(s)
	return st
}

// AuditOf reads and checks a store with this stage's keys and clock.
func (s *Stage) AuditOf(in audit.Store) *audit.Service {
	return audit.New(audit.Config{Store: in, Keys: s.Registry, Verifier: s.Verifier, VKey: s.VKey, Rules: s.rules,
		Catalog: waste.DefaultCatalog(), Now: s.Now, Random: s.Random})
}

// Actor puts a person of a new organisation on the stage.
func (s *Stage) Actor(zh, en string, roles ...party.Role) *Actor {
	a := &Actor{Text{zh, en}, s.Enrol(s.Org("SAMPLE "+en, roles...), len(s.Cast)%2 == 1)}
	s.Cast = append(s.Cast, a)
	return a
}

// Colleague puts another person of the same organisation and site on the stage.
func (s *Stage) Colleague(of *Actor, zh, en string) *Actor {
	a := &Actor{Text{zh, en}, s.Enrol(of.Party, len(s.Cast)%2 == 1)}
	a.Site = of.Site
	s.Cast = append(s.Cast, a)
	return a
}

// Elsewhere puts a person at another site of the same organisation on the stage.
func (s *Stage) Elsewhere(of *Actor, zh, en string) *Actor {
	a := s.Colleague(of, zh, en)
	a.Site = s.SiteOf(of.Party, "SAMPLE "+en)
	return a
}

// Wait lets time pass.
func (s *Stage) Wait(d time.Duration) { s.Advance(d) }

// Thing names a batch that is to begin.
func (s *Stage) Thing(zh, en string) *Thing {
	x := &Thing{Text{zh, en}, id.BatchOf(s.UUID())}
	s.Things = append(s.Things, x)
	return x
}

// Sheet names a manifest that is to be issued.
func (s *Stage) Sheet(name string) id.Manifest {
	m := id.ManifestOf(s.UUID())
	s.sheets[m] = name
	return m
}

// answers are the types that name the event they answer.
var answers = []event.Type{event.BatchReceived, event.ManifestCancelled, event.TransportCollected, event.TransportHandedOver, event.TransportDelivered,
	event.ManifestAccepted, event.ManifestRefused, event.TransportReturned, event.OutcomeReported, event.MeterRecorded}

// onSheet are those that belong to the batches' manifest.
var onSheet = []event.Type{event.ManifestCancelled, event.TransportCollected, event.TransportHandedOver, event.TransportDelivered,
	event.ManifestAccepted, event.ManifestRefused, event.TransportReturned, event.OutcomeReported, event.MeterRecorded}

// Do signs an event as a phone would and sends it; the ledger is checked after it.
func (s *Stage) Do(by *Actor, t event.Type, data event.Data, say Text, lines ...Line) *Step {
	s.t.Helper()
	return s.DoWith(by, t, data, say, nil, lines...)
}

// DoWith is Do with a last touch to the event before it is signed.
func (s *Stage) DoWith(by *Actor, t event.Type, data event.Data, say Text, touch func(*event.Event), lines ...Line) *Step {
	s.t.Helper()
	st := s.sign(by, t, data, say, touch, lines)
	s.believe(st)
	if s.off {
		st.Offline = true
		s.queue = append(s.queue, st)
		return st
	}
	s.send(st)
	if st.Held != "" || st.Refused != "" {
		s.t.Fatalf("step %d, %s: %s%s", st.N, t, st.Held, st.Refused)
	}
	return st
}

// Denied signs an event that must be turned away with that fault; nothing may change.
func (s *Stage) Denied(want fault.Kind, by *Actor, t event.Type, data event.Data, say Text, touch func(*event.Event), lines ...Line) *Step {
	s.t.Helper()
	before := s.states()
	st := s.sign(by, t, data, say, touch, lines)
	s.send(st)
	if got := st.Held + st.Refused; got != want {
		s.t.Fatalf("step %d, %s: got %q, want %q", st.N, t, got, want)
	}
	if after := s.states(); !slices.EqualFunc(before, after, func(a, b batch.State) bool { return a.Head == b.Head && a.Grams == b.Grams && a.Stage == b.Stage }) {
		s.t.Fatalf("step %d, %s: turned away, and yet something changed", st.N, t)
	}
	return st
}

func (s *Stage) sign(by *Actor, t event.Type, data event.Data, say Text, touch func(*event.Event), lines []Line) *Step {
	s.t.Helper()
	s.Advance(time.Minute)
	st := &Step{N: len(s.Steps) + 1, At: s.Now(), By: by, Text: say, Lines: lines}
	st.Signed = s.Sign(by.Device, t, data, func(e *event.Event) {
		for _, l := range lines {
			state := s.belief.Batch(l.ID)
			if !s.off {
				by.See(l.ID, s.state(l.ID).Head) // a phone with network reads before it signs
			}
			b := by.On(l.ID, l.Grams)
			if t == event.BatchGenerated {
				b.Seen = id.Hash{}
			}
			if l.Fill != nil {
				l.Fill(&b)
			}
			e.Batches = append(e.Batches, b)
			if slices.Contains(onSheet, t) {
				e.Manifest = state.Manifest
			}
			if slices.Contains(answers, t) && !state.Answer.IsZero() && !slices.Contains(e.Refs, state.Answer) {
				e.Refs = append(e.Refs, state.Answer)
			}
		}
		if touch != nil {
			touch(e)
		}
	})
	st.Sheet = s.sheets[st.Signed.Event.Manifest]
	s.Steps = append(s.Steps, st)
	return st
}

// believe folds an event into what the phones know.
func (s *Stage) believe(st *Step) {
	signed, err := signature.Open(st.Signed.JWS, signature.TypEvent)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := chain.Check(s.belief, st.Signed.Event); err != nil {
		s.t.Fatalf("step %d, %s: the phone would not offer it: %v", st.N, st.Signed.Event.Type, err)
	}
	s.belief.Keep(chain.Place(s.belief, st.Signed.Event, signed.Hash(), s.seq, s.Now()))
	s.seq++
}

// send hands a step to the intake and checks the ledger.
func (s *Stage) send(st *Step) {
	s.t.Helper()
	r := s.intake.Accept(context.Background(), st.Signed.JWS)
	switch {
	case r.Err == nil:
		for _, f := range r.Receipt.Findings {
			st.Findings = append(st.Findings, f.Rule)
		}
		if err := st.By.Learn(r.Receipt.Entry); err != nil {
			s.t.Fatal(err)
		}
	case r.Held:
		st.Held = fault.Of(r.Err)
	default:
		if st.Refused = fault.Of(r.Err); st.Refused == "" {
			s.t.Fatal(r.Err)
		}
	}
	for _, b := range st.Signed.Event.Touched() {
		st.After = append(st.After, s.state(b))
	}
	s.lettings(st.N)
	s.CheckLedger(fmt.Sprintf("step %d, %s", st.N, st.Signed.Event.Type))
}

// lettings notes which held events have been let in by now.
func (s *Stage) lettings(now int) {
	for _, st := range s.Steps {
		if st.Held == "" || st.LetIn > 0 {
			continue
		}
		if _, err := s.audit.Event(context.Background(), st.Signed.Event.ID); err == nil {
			st.LetIn = now
		}
	}
}

// Offline signs without network what happens in fn; nothing is sent until Upload.
func (s *Stage) Offline(fn func()) {
	s.off = true
	fn()
	s.off = false
}

// Upload sends what waits, in that order (indices of the queue); all of it must be in the log afterwards.
func (s *Stage) Upload(order ...int) {
	s.t.Helper()
	for _, i := range order {
		s.Advance(time.Second)
		s.send(s.queue[i])
	}
	for _, st := range s.queue {
		if _, err := s.audit.Event(context.Background(), st.Signed.Event.ID); err != nil {
			s.t.Fatalf("step %d, %s is not in the log after all was sent: %v", st.N, st.Signed.Event.Type, err)
		}
	}
	s.queue = nil
}

// UploadQuickly sends what waits in the order in which it was signed and checks the ledger once.
func (s *Stage) UploadQuickly() {
	s.t.Helper()
	var all []intaketest.Signed
	for _, st := range s.queue {
		all = append(all, st.Signed)
	}
	s.Send(s.intake, all...)
	s.queue = nil
	s.CheckLedger("after all was sent")
}
