package audit_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/device"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/party"
	"liandan/internal/waste"
	"liandan/internal/worklist"
)

// stroll is a random history: whatever the states say may come next, signed by whom they
// name, through the real intake.
type stroll struct {
	*place
	random  *rand.Rand
	devices map[id.Party]*device.Device
	second  *device.Device
	point   *device.Device
	batches []id.Batch
	took    int
}

func newStroll(p *place, seed uint64) *stroll {
	s := &stroll{place: p, random: rand.New(rand.NewPCG(seed, 1)), devices: map[id.Party]*device.Device{}}
	s.second = p.Enrol(p.Org("SAMPLE second carrier", party.Carrier), false)
	s.point = p.Enrol(p.Org("SAMPLE point", party.Collector), false)
	for _, d := range []*device.Device{p.Hospital, p.Carrier, p.Plant, s.second, s.point} {
		s.devices[d.Party] = d
	}
	return s
}

// states are all there are, as they are stored.
func (s *stroll) states() (bs []batch.State, ms []manifest.State) {
	s.t.Helper()
	err := s.store.Read(ctx, func(r audit.Reader) error {
		if err := r.BatchRows(func(_ id.Batch, _ [6]string, state []byte) error {
			var b batch.State
			bs = append(bs, b)
			return json.Unmarshal(state, &bs[len(bs)-1])
		}); err != nil {
			return err
		}
		return r.ManifestRows(func(_ id.Manifest, _ [6]string, state []byte) error {
			var m manifest.State
			ms = append(ms, m)
			return json.Unmarshal(state, &ms[len(ms)-1])
		})
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return bs, ms
}

// sees says whether a thing's own events name a person: whether the person may read it.
func (s *stroll) sees(k worklist.Kind, name string, who id.Person) bool {
	s.t.Helper()
	subject, err := access.Subject{}, error(nil)
	if k == worklist.Batch {
		b, _ := id.ParseBatch(name)
		subject, err = s.audit.BatchSubject(ctx, b)
	} else {
		m, _ := id.ParseManifest(name)
		subject, err = s.audit.ManifestSubject(ctx, m)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return slices.Contains(subject.People, who)
}

// step tries one thing that may come next.
func (s *stroll) step() {
	s.t.Helper()
	s.Advance(time.Duration(s.random.IntN(6*3600)) * time.Second)
	if len(s.batches) < 3 || s.random.IntN(6) == 0 {
		g := s.Generate(waste.Grams(1000 + s.random.IntN(5000)))
		s.batches = append(s.batches, g.Event.Batches[0].ID)
		s.send(g)
		return
	}
	var st batch.State
	err := s.store.Read(ctx, func(r audit.Reader) error {
		found, err := r.Batches([]id.Batch{s.batches[s.random.IntN(len(s.batches))]})
		for _, v := range found {
			st = v
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	steps := st.Next()
	if len(steps) == 0 {
		return
	}
	next := steps[0]
	if s.random.IntN(3) == 0 {
		next = steps[s.random.IntN(len(steps))]
	}
	d := s.devices[next.Party]
	data := s.data(next, st)
	if d == nil || data == nil {
		return
	}
	signed := s.Sign(d, next.Type, data, func(e *event.Event) {
		line := event.Batch{ID: st.ID, Grams: st.Grams, Weighed: st.Grams > 0}
		switch next.Type {
		case event.ManifestIssued:
			e.Manifest = id.ManifestOf(e.ID.UUID())
		case event.ManifestAccepted:
			line.Verdict = event.Whole
		case event.ManifestRefused:
			line.Reason = "破损"
		case event.OutcomeReported, event.ManifestCancelled, event.BatchStored, event.TransportDelivered, event.TransportHandedOver, event.TransportReturned, event.BatchReceived:
			line.Grams, line.Weighed = 0, false
		}
		switch next.Type {
		case event.BatchTreated, event.BatchStored, event.BatchReceived, event.ManifestIssued:
		default:
			e.Manifest = st.Manifest
			if !next.Manifest.IsZero() {
				e.Manifest = next.Manifest
			}
		}
		e.Batches = []event.Batch{line}
		if !next.Refs.IsZero() {
			e.Refs = []id.Event{next.Refs}
		}
	})
	if r := s.intake.Accept(ctx, signed.JWS); r.Err == nil {
		s.took++
	}
}

func (s *stroll) data(next batch.Step, st batch.State) event.Data {
	switch next.Type {
	case event.BatchStored:
		return event.Stored{Place: "SAMPLE store"}
	case event.BatchReceived:
		return event.Received{}
	case event.ManifestIssued:
		if next.Party == s.Plant.Party { // sent on to nobody: the plant keeps it
			return nil
		}
		to := []*device.Device{s.Plant, s.point}[s.random.IntN(2)]
		return event.Issued{Profile: "medical", Carrier: s.Carrier.Party, Consignee: to.Party, ConsigneeSite: to.Site}
	case event.ManifestCancelled:
		return event.Cancelled{Reason: "SAMPLE"}
	case event.TransportCollected:
		return event.Collected{Vehicle: "冀F00001"}
	case event.TransportHandedOver:
		if s.random.IntN(2) == 0 {
			return event.HandedOver{To: s.point.Party, ToSite: s.point.Site}
		}
		return event.HandedOver{To: s.second.Party}
	case event.TransportDelivered:
		return event.Delivered{Vehicle: "冀F00001"}
	case event.TransportReturned:
		return event.Returned{}
	case event.ManifestAccepted:
		return event.Accepted{Measured: event.OnScale}
	case event.ManifestRefused:
		return event.Refused{Measured: event.OnScale}
	case event.BatchTreated:
		return event.Treated{Method: "D10"}
	case event.OutcomeReported:
		return event.Outcome{Result: "焚烧完成"}
	}
	return nil
}

// read is the whole of a tab, page by page.
func (s *stroll) read(tab audit.Tab, f audit.Filter, now time.Time, limit int) (out []string) {
	s.t.Helper()
	cursor := ""
	for range 1000 {
		p, err := s.audit.Work(ctx, tab, f, now, cursor, limit)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(p.Items) > limit {
			s.t.Errorf("a page of %d has %d", limit, len(p.Items))
		}
		for _, i := range p.Items {
			out = append(out, nameOf(i))
		}
		if cursor = p.Next; cursor == "" {
			return out
		}
	}
	s.t.Fatal("the pages have no end")
	return nil
}

func nameOf(i audit.Item) string {
	if i.Kind == worklist.Batch {
		return i.Batch.ID.String()
	}
	return i.Manifest.ID.String()
}

// brute is a tab by looking at every state: what waits for X is all states whose Next names X.
func (s *stroll) brute(tab audit.Tab, f audit.Filter, now time.Time) (out []string) {
	bs, ms := s.states()
	names := func(steps []batch.Step) bool {
		return slices.ContainsFunc(steps, func(x batch.Step) bool { return x.Party == f.Party })
	}
	road := []batch.Stage{batch.InTransit, batch.HandedOver, batch.AtPoint, batch.Delivered, batch.Refused, batch.Returned}
	org, _, _ := s.Registry.Organisation(ctx, f.Party)
	late := func(clocks []duty.Clock) bool {
		for _, c := range clocks {
			for _, d := range s.audit.Duties.On(c, org.Roles, s.audit.Calendars) {
				if _, is := d.Late(now); is && d.Open() && c.Owner == f.Party {
					return true
				}
			}
		}
		return false
	}
	for _, b := range bs {
		in := map[audit.Tab]bool{audit.Waiting: names(b.Next()), audit.Overdue: late(duty.OfBatch(b)), audit.Moving: slices.Contains(road, b.Stage) &&
			slices.Contains([]id.Party{b.Consignor, b.Carrier, b.Custodian, b.To, b.Consignee}, f.Party)}
		if f.Kind == worklist.Batch && in[tab] {
			out = append(out, b.ID.String())
		}
	}
	for _, m := range ms {
		part := []id.Party{m.Consignor, m.Carrier, m.Consignee}
		for _, l := range m.Legs {
			part = append(part, l.From, l.To)
		}
		in := map[audit.Tab]bool{audit.Waiting: names(m.Next()), audit.Overdue: late(duty.OfManifest(m)), audit.Moving: slices.Contains(part, f.Party) &&
			slices.ContainsFunc(m.Lines, func(l manifest.Line) bool { return slices.Contains(road, l.Stage) && l.Returned == 0 })}
		if f.Kind == worklist.Manifest && in[tab] {
			out = append(out, m.ID.String())
		}
	}
	return out
}

// For random histories the lists are what a look at every state gives, for every party and
// kind; those of a person are what that person's party has of things the person had a hand in;
// a count is the length of its list; and all of it is the same after a rebuild.
func TestListsAreABruteForceLook(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(2) {
				s := newStroll(empty(t, kind), seed)
				met := map[audit.Tab]int{}
				for range 3 {
					for range 60 {
						s.step()
					}
					s.compare(met)
				}
				if s.took < 60 || met[audit.Waiting] < 20 || met[audit.Moving] == 0 || met[audit.Overdue] == 0 {
					t.Errorf("seed %d: %d steps, met %v", seed, s.took, met)
				}
				for _, q := range []string{`DELETE FROM worklist`, `DELETE FROM involved`} {
					s.exec(q)
				}
				if _, err := s.audit.Rebuild(ctx, audit.Options{}); err != nil {
					t.Fatal(err)
				}
				s.compare(met)
			}
		})
	}
}

func (s *stroll) compare(met map[audit.Tab]int) {
	s.t.Helper()
	for p, d := range s.devices {
		for _, k := range worklist.Kinds() {
			f := audit.Filter{Kind: k, Party: p}
			for _, now := range []time.Time{s.Now(), s.Now().AddDate(0, 0, 9), s.Now().AddDate(0, 8, 0), s.Now().AddDate(2, 0, 0)} {
				counts, err := s.audit.Counts(ctx, f, now)
				if err != nil {
					s.t.Fatal(err)
				}
				for _, tab := range audit.Tabs() {
					want := s.brute(tab, f, now)
					got := s.read(tab, f, now, 1+s.random.IntN(7))
					if counts[tab] != (audit.Count{N: len(got)}) {
						s.t.Errorf("%s of %ss: counted %+v, listed %d", tab, k, counts[tab], len(got))
					}
					met[tab] += len(got)
					slices.Sort(want)
					slices.Sort(got)
					if !slices.Equal(got, want) {
						s.t.Fatalf("%s of %ss for %s at %s: the list has\n%s\nthe states say\n%s", tab, k, p, now, strings.Join(got, "\n"), strings.Join(want, "\n"))
					}
					if now != s.Now() {
						continue
					}
					mine := slices.DeleteFunc(want, func(n string) bool { return !s.sees(k, n, d.Person) })
					f := f
					f.Person = d.Person
					if got = s.read(tab, f, now, 3); fmt.Sprint(len(got)) != fmt.Sprint(len(mine)) {
						s.t.Errorf("%s of %ss for a person: %d, expected %d", tab, k, len(got), len(mine))
					}
				}
			}
		}
	}
}

// Whoever turns the pages of a list while the day goes on meets everything that stays in it
// once, and what moves on at the end again at most.
func TestPagesAreStableUnderNewEvents(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newStroll(empty(t, kind), 9)
			for range 40 {
				s.send(s.Generate(1000))
			}
			f := audit.Filter{Kind: worklist.Batch, Party: s.Hospital.Party}
			before := s.read(audit.Waiting, f, s.Now(), 500)
			met := map[string]int{}
			cursor := ""
			for n := 0; ; n++ {
				p, err := s.audit.Work(ctx, audit.Waiting, f, s.Now(), cursor, 5)
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range p.Items {
					met[nameOf(i)]++
				}
				if cursor = p.Next; cursor == "" {
					break
				}
				if n < 4 { // one that was met already and one that was not are stored meanwhile
					for _, b := range []string{before[n], before[39-n]} {
						s.send(s.Sign(s.Hospital, event.BatchStored, event.Stored{Place: "SAMPLE"}, func(e *event.Event) {
							u, err := id.ParseBatch(b)
							if err != nil {
								t.Fatal(err)
							}
							e.Batches = []event.Batch{{ID: u}}
						}))
					}
					s.send(s.Generate(1000))
				}
			}
			for i, b := range before {
				if want := map[bool]int{true: 2, false: 1}[i < 4]; met[b] != want {
					t.Errorf("the batch at place %d was met %d times, expected %d", i, met[b], want)
				}
			}
			if len(met) != 44 {
				t.Errorf("%d things were met", len(met))
			}
			for _, bad := range []string{"x", "AAAA", "%%%", strings.Repeat("A", 200)} {
				if _, err := s.audit.Work(ctx, audit.Waiting, f, s.Now(), bad, 5); err == nil {
					t.Errorf("the cursor %q is taken", bad)
				}
			}
			p, err := s.audit.Work(ctx, audit.Waiting, f, s.Now(), "", 5)
			if _, other := s.audit.Work(ctx, audit.Moving, f, s.Now(), p.Next, 5); err != nil || other == nil {
				t.Errorf("a cursor of another list is taken: %v", err)
			}
		})
	}
}
