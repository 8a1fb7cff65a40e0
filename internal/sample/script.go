package sample

import (
	"fmt"
	"math/rand/v2"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// script is everything that happens on a day, in order, before anybody has signed it: who
// does what with which container, and how heavy it is. It follows from seed, date and run
// alone; only what each signer has seen of the log is added when the day is played.
type script struct {
	city     *City
	day      Day
	midnight time.Time
	random   *rand.Rand
	phases   []*phase
	err      error // the first; building goes on, and the day is not played

	hospitals map[*hospital][]*lot
	small     map[*shop][]*lot // clinics, repair shops, laboratories
	depot     []*lot           // the collector's own waste
	ash       []*lot
	routes    []*route
	sludge    *route   // of the plating shop, to the landfill
	leave     id.Event // what the school signed for the collector
	misfits   int
	story     Story
}

// phase is a span of the day; what happens in it needs only what came before it.
type phase struct {
	zh, en  string
	ends    time.Time
	errands []*errand
	byWho   map[string]*errand
}

// errand is what one sender uploads in a phase, in order. Errands of a phase share no
// device and no container, so they may run side by side.
type errand struct {
	bulk bool // one upload of many lines; otherwise one request for each event
	late bool // a phone that was out of reach and comes back with everything at once
	acts []*act
}

// act is one event, signed when its turn comes.
type act struct {
	by    *hand
	event event.Event
	jws   []byte
	seq   int64 // in the log
	done  bool
	held  bool

	misfit bool  // may not come next, ever: the intake keeps it, and it waits for an inspector
	ahead  int64 // sample.drawn: how far its seed is from the newest entry
}

// lot is a container on its way.
type lot struct {
	id       id.Batch
	label    event.Label
	kind     kind
	grams    waste.Grams // as weighed last
	measured event.Measured
	ward     *ward    // of a hospital
	born     id.Event // of the event that closed it; zero where that was another's
	answer   id.Event
	refused  waste.Grams
	differs  bool // two weighings did not agree
}

func (c *City) script(d Day) (*script, error) {
	c.source.ChaCha8 = rand.NewChaCha8(derive(c.Seed, "ids", d.word()))
	for _, h := range c.hands {
		if err := h.rest(c.source); err != nil {
			return nil, err
		}
	}
	s := &script{city: c, day: d, midnight: calendar.StartOfDay(d.Date), random: rand.New(rand.NewChaCha8(derive(c.Seed, "day", d.word()))),
		hospitals: map[*hospital][]*lot{}, small: map[*shop][]*lot{}}
	s.story.Day = d
	s.recordUses()
	s.closeContainers()
	s.sellBatteries()
	s.moveInside()
	s.announce()
	s.consign()
	s.carry()
	s.sendOn()
	s.mend()
	s.watch()
	s.finish()
	s.sendAsh()
	s.correct()
	s.comeBack()
	s.closeDay()
	s.show()
	return s, s.err
}

// show picks a container whose chain is whole and whose weight never differed.
func (s *script) show() {
	for _, r := range s.routes {
		for _, l := range r.loads {
			for _, x := range l.lots {
				if x.kind.code == infectious.code && !r.late && !x.differs && s.story.Batch.IsZero() {
					s.story.Batch, s.story.Label, s.story.Manifest = x.id, x.label, l.manifest
				}
				if r.late && !x.differs && s.story.Late.IsZero() {
					s.story.Late, s.story.LateManifest = x.id, l.manifest
				}
			}
		}
	}
}

func (s *script) phase(zh, en string, w window) *phase {
	p := &phase{zh: zh, en: en, ends: s.midnight.Add(w.to), byWho: map[string]*errand{}}
	s.phases = append(s.phases, p)
	return p
}

// of is the upload of a unit's own software, or of one person's phone.
func (p *phase) of(by *hand, bulk bool) *errand {
	who := by.unit.party.String()
	if !bulk {
		who += "/" + by.name
	}
	e, ok := p.byWho[who]
	if !ok {
		e = &errand{bulk: bulk}
		p.byWho[who] = e
		p.errands = append(p.errands, e)
	}
	return e
}

// tell adds an event to an errand and gives it with its id.
func (s *script) tell(e *errand, by *hand, at time.Time, t event.Type, data event.Data, fill func(*event.Event)) event.Event {
	return s.act(e, by, at, t, data, fill).event
}

func (s *script) act(e *errand, by *hand, at time.Time, t event.Type, data event.Data, fill func(*event.Event)) *act {
	ev, err := by.Event(t, at, data)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("%s of %s: %w", t, by.unit.name, err)
	}
	if fill != nil {
		fill(&ev)
	}
	a := &act{by: by, event: ev}
	e.acts = append(e.acts, a)
	return a
}

// close makes a container, labels it and records it.
func (s *script) close(e *errand, by *hand, at time.Time, like lot, department string) *lot {
	l := s.fresh(by, at, like)
	d := s.described(by, by.unit, l)
	d.Department = department
	l.born = s.tell(e, by, at, event.BatchGenerated, d, func(ev *event.Event) { ev.Batches = stated([]*lot{l}) }).ID
	s.story.Generated += l.grams
	return l
}

// described is what is said of a container when it is closed.
func (s *script) described(by *hand, of *unit, l *lot) event.Generated {
	if l.measured == "" {
		l.measured = event.OnScale
	}
	d := event.Generated{Code: l.kind.code, Form: l.kind.form, Packaging: l.kind.packaging, Measured: l.measured, Label: l.label, Name: l.kind.name,
		Container: s.digitalCode(of, l.kind.code)}
	if l.measured == event.OnScale {
		d.Scale = "SAMPLE-" + by.name
	}
	return d
}

// fresh gives a container its id and its label.
func (s *script) fresh(by *hand, at time.Time, l lot) *lot {
	u, err := by.NewID(at)
	label, lerr := by.NewLabel()
	for _, err := range []error{err, lerr} {
		if err != nil && s.err == nil {
			s.err = err
		}
	}
	l.id, l.label = id.BatchOf(u), label
	s.story.Batches++
	return &l
}

// digitalCode is the container's code of 37 characters: unit, waste code, date, serial
// (HJ 1276-2022; the widths are likely, not read). Medical waste is labelled by HJ 421
// and has none.
func (s *script) digitalCode(u *unit, c waste.Code) string {
	if c.Category() == "HW01" {
		return ""
	}
	u.closed++
	digits := string(c[0:3]) + string(c[4:7]) + string(c[8:])
	return fmt.Sprintf("%s%s%s%03d", u.credit, digits, s.midnight.Format("20060102"), u.closed%1000)
}

// stated names lots with their grams.
func stated(lots []*lot) []event.Batch {
	out := make([]event.Batch, len(lots))
	for i, l := range lots {
		out[i] = event.Batch{ID: l.id, Grams: l.grams, Weighed: true}
	}
	return out
}

// named names lots without weighing them.
func named(lots ...*lot) []event.Batch {
	out := make([]event.Batch, len(lots))
	for i, l := range lots {
		out[i] = event.Batch{ID: l.id}
	}
	return out
}

// answers gives the events that the next event of these lots must name, each once.
func answers(lots []*lot) []id.Event {
	var out []id.Event
	met := map[id.Event]bool{}
	for _, l := range lots {
		if !met[l.answer] {
			met[l.answer] = true
			out = append(out, l.answer)
		}
	}
	return out
}

func answered(lots []*lot, by event.Event) {
	for _, l := range lots {
		l.answer = by.ID
	}
}

// rest makes the device forget what it saw on days before: a day's containers are new, and
// a city that plays for months must not grow.
func (h *hand) rest(from *source) (err error) {
	h.Device, err = device.New(h.Party, h.Site, h.Person, h.key, from)
	h.unit.closed = 0
	return err
}
