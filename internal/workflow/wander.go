package workflow

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/mass"
	"liandan/internal/party"
	"liandan/internal/record"
	"liandan/internal/waste"
)

// Wanderers is the cast of a random workflow: two works, two carriers, a transfer point, a
// depot and a plant.
type Wanderers struct {
	works, carriers     []*Actor
	point, depot, plant *Actor
}

// NewWanderers puts the cast on the stage.
func (s *Stage) NewWanderers() Wanderers {
	return Wanderers{
		works:    []*Actor{s.Actor("甲厂", "works A", party.Generator), s.Actor("乙厂", "works B", party.Generator)},
		carriers: []*Actor{s.Actor("一承运", "carrier A", party.Carrier), s.Actor("二承运", "carrier B", party.Carrier)},
		point:    s.Actor("周转点", "transfer point", party.Carrier),
		depot:    s.Actor("收集点", "depot", party.Collector),
		plant:    s.Actor("处置厂", "plant", party.Operator),
	}
}

// Wander plays n random steps without network. pick(k) draws a number below k. It draws from
// the steps whose order the facts fix: what an event answers comes before it. Optional steps
// inside one house have no such order (docs/decisions.md, 22) and are left to the named workflows.
func (s *Stage) Wander(w Wanderers, n int, pick func(k int) int) {
	s.Offline(func() {
		for range n {
			if len(s.Things) == 0 || pick(4) == 0 {
				x := s.Thing("批", "batch")
				s.Generate(w.works[pick(2)], x, "900-214-08", waste.Grams(10_000+pick(90_000)), In("drum_steel"))
				continue
			}
			if pick(12) == 0 {
				s.aside(w, pick)
			}
			s.onward(w, s.Things[pick(len(s.Things))], pick)
			s.Wait(time.Duration(pick(120)) * time.Minute)
		}
	})
}

// aside signs something of a small source that belongs to no batch: its order is nobody's.
func (s *Stage) aside(w Wanderers, pick func(k int) int) {
	switch by := w.works[pick(2)]; pick(3) {
	case 0:
		s.Skip(w.carriers[pick(2)], id.TripOf(s.UUID()), by, Text{"无人在场", "nobody there"})
	case 1:
		s.Sell(by, int64(1+pick(9)))
	default:
		s.TakeBack(by, int64(1+pick(9)))
	}
}

// onward takes one thing a random step further; where it has come to its end nothing happens.
func (s *Stage) onward(w Wanderers, x *Thing, pick func(int) int) {
	st := s.belief.Batch(x.ID)
	if pick(8) == 0 && s.mendForm(x, st, pick) {
		return
	}
	by := s.actor(st.Custodian)
	switch st.Stage {
	case batch.Generated:
		to := []*Actor{w.depot, w.plant}[pick(2)]
		s.Issue(by, s.Sheet("单"), "hazardous", w.carriers[pick(2)], to, x)
	case batch.Issued:
		s.Collect(s.actor(st.Carrier), "冀F00001", x)
	case batch.InTransit:
		s.road(w, x, st, by, pick)
	case batch.HandedOver:
		if !st.ToSite.IsZero() {
			s.Receive(s.actor(st.To), x)
		} else {
			s.Collect(s.actor(st.To), "冀F00002", x)
		}
	case batch.AtPoint:
		s.HandOver(by, w.carriers[pick(2)], false, x)
	case batch.Delivered:
		s.gate(x, st, pick)
	case batch.Refused:
		s.Return(by, x)
	case batch.Returned:
		s.Receive(s.actor(st.Consignor), x)
	case batch.Accepted:
		s.inside(w, x, st, by, pick)
	case batch.Treated:
		if !st.Manifest.IsZero() {
			s.Report(by, st.Manifest, x)
		}
	}
}

// mendForm corrects what a drum's generation says of its form; most are agreed to by all.
func (s *Stage) mendForm(x *Thing, st batch.State, pick func(int) int) bool {
	i := slices.IndexFunc(s.Steps, func(p *Step) bool {
		return p.Signed.Event.Type == event.BatchGenerated && p.Signed.Event.Batches[0].ID == x.ID
	})
	if i < 0 || st.Stage == batch.None {
		return false
	}
	old, now := event.Value(`"`+string(st.Form)+`"`), event.Value(`"L"`)
	if st.Form == "L" {
		now = `"S"`
	}
	p := s.Propose(s.Steps[i].By, s.Steps[i], "/data/form", old, now, 72*time.Hour, x)
	for _, q := range p.Signed.Event.Data.(event.Correction).Parties {
		if pick(6) == 0 {
			return true // nobody answers for it
		}
		s.Agree(s.actor(q), p, x)
	}
	return true
}

func (s *Stage) road(w Wanderers, x *Thing, st batch.State, by *Actor, pick func(int) int) {
	switch k := pick(4); {
	case k == 0 && by != w.carriers[1]:
		s.HandOver(by, w.carriers[1], false, x)
	case k == 1 && by != w.point:
		s.HandOver(by, w.point, true, x)
	default:
		s.Deliver(by, "冀F00001", x)
	}
}

func (s *Stage) gate(x *Thing, st batch.State, pick func(int) int) {
	to, why := s.actor(st.Consignee), Text{"不符", "not as described"}
	switch pick(4) {
	case 0:
		s.Refuse(to, why, x)
	case 1:
		part := 1 + waste.Grams(pick(int(st.Grams-1)))
		s.AcceptPart(to, x, s.Thing("退", "rest"), st.Grams-part, part, why)
	default:
		s.AcceptAs(to, Line{Thing: x, Grams: st.Grams - waste.Grams(pick(100))})
	}
}

func (s *Stage) inside(w Wanderers, x *Thing, st batch.State, by *Actor, pick func(int) int) {
	if by == w.depot {
		s.Issue(by, s.Sheet("单"), "hazardous", w.carriers[pick(2)], w.plant, x)
		return
	}
	g := st.Grams
	if pick(3) == 0 && g > 1 {
		g = 1 + waste.Grams(pick(int(g-1)))
	}
	s.TreatAs(by, "R9", Line{Thing: x, Grams: g})
}

func (s *Stage) actor(p id.Party) *Actor {
	i := slices.IndexFunc(s.Cast, func(a *Actor) bool { return a.Party == p })
	return s.Cast[i]
}

// Queue is what was signed and not yet sent.
func (s *Stage) Queue() []*Step { return s.queue }

// DeliverTo hands everything that was signed to another intake, in that order, and says how many
// events were let in at once.
func (s *Stage) DeliverTo(intake *record.Service, order []int) (atOnce int) {
	s.t.Helper()
	for _, i := range order {
		r := intake.Accept(context.Background(), s.queue[i].Signed.JWS)
		switch {
		case r.Err == nil:
			atOnce++
		case !r.Held:
			s.t.Fatalf("%s is neither in the log nor kept: %v", s.queue[i].Signed.Event.Type, r.Err)
		}
	}
	return atOnce
}

// Ends gives each thing's state without its place in the log, to compare two logs by.
func Ends(things []*Thing, state func(id.Batch) batch.State) (out []string) {
	for _, x := range things {
		v := state(x.ID)
		v.Head, v.Seq, v.N, v.LastAt = id.Hash{}, 0, 0, 0
		v.Corrections = slices.Clone(v.Corrections)
		for i := range v.Corrections { // which answer came last is the network's accident, and so is the entry that closed it
			c := &v.Corrections[i]
			c.ClosedN, c.ClosedAt, c.Agreed = 0, 0, slices.Clone(c.Agreed)
			slices.SortFunc(c.Agreed, func(a, b id.Party) int { return cmp.Compare(a.String(), b.String()) })
		}
		slices.SortFunc(v.Corrections, func(a, b batch.Correction) int { return cmp.Compare(a.ID.String(), b.ID.String()) })
		b, err := json.Marshal(v)
		if err != nil {
			panic(err) // a state is plain data
		}
		out = append(out, string(b))
	}
	return out
}

// State is a thing's state in the stage's own log.
func (s *Stage) State(b id.Batch) batch.State { return s.state(b) }

// Balanced says whether the clearing account is empty and the books sum to zero.
func (s *Stage) Balanced() bool {
	var clearing waste.Grams
	for _, p := range s.books {
		if p.Account.Kind == mass.Repacked {
			clearing += p.Grams
		}
	}
	return clearing == 0 && mass.Sum(s.books) == 0
}

// Forge signs, with the very key of a step, another content under its id; a log that has the
// step must refuse it and keep what it has.
func (s *Stage) Forge(intake *record.Service, i int) {
	s.t.Helper()
	st := s.queue[i]
	e := st.Signed.Event
	e.At = e.At.Add(time.Millisecond)
	jws, err := st.By.Device.Sign(e)
	if err != nil {
		s.t.Fatal(err)
	}
	if r := intake.Accept(context.Background(), jws); r.Held || fault.Of(r.Err) != fault.IDReused {
		s.t.Fatalf("%s was said anew: %+v", e.Type, r)
	}
	flipped := slices.Clone(st.Signed.JWS)
	flipped[len(flipped)/2] ^= 1
	if r := intake.Accept(context.Background(), flipped); r.Err == nil || r.Held {
		s.t.Fatalf("%s with a bit turned: %+v", e.Type, r)
	}
	if other := s.Cast[0]; other.Party != e.Party && e.Type != event.BatchGenerated {
		e.Party, e.Site, e.Person, e.ID = other.Party, other.Site, other.Person, id.EventOf(s.UUID())
		if jws, err = other.Device.Sign(e); err != nil {
			s.t.Fatal(err)
		}
		if r := intake.Accept(context.Background(), jws); r.Err == nil {
			s.t.Fatalf("%s was said by another party", e.Type)
		}
	}
}
