package replay

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// play turns manifests into signed events.
type play struct {
	cast *cast
	seed uint64
	base time.Time // the first moment that an event may be dated
}

// Times within a chain. All events of a replay lie within span of the base, which is
// settle after the newest key became valid, so that they are in the past of a server that
// lets keys begin five minutes early.
const (
	startsWithin = 100 * time.Second
	gap          = time.Second // between two hand-overs, and above MaxBatches milliseconds
	span         = startsWithin + 7*gap
)

// signed is an event ready to be sent, with where it comes from.
type signed struct {
	event    event.Event
	jws      []byte
	line     int // of the file
	manifest string
	item     string // "" where the event is about the whole manifest
}

func (s signed) hash() id.Hash { return sha256.Sum256(s.jws) }

// chain makes all events of a manifest in their order; none, if no line has a mass. Who
// takes part and when depends on the seed and the manifest's number alone, so that a file
// with more manifests gives the same events for those that were there.
func (p *play) chain(m Manifest) ([]signed, error) {
	var lines []Line
	for _, l := range m.Lines {
		if l.Grams > 0 {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return nil, nil
	}
	c := p.begin(m, lines)
	c.generate()
	issued := c.issue()
	collected := c.follow(c.carrier, event.TransportCollected, event.Collected{Vehicle: c.vehicle}, 2, issued)
	delivered := c.follow(c.carrier, event.TransportDelivered, event.Delivered{Vehicle: c.vehicle}, 3, collected)
	c.accept(delivered)
	if treated := c.treat(); len(treated) > 0 {
		c.report(treated)
	}
	return c.out, c.err
}

// course is one manifest on its way.
type course struct {
	*play
	manifest                  Manifest
	id                        id.Manifest
	lines                     []Line // those of mass
	batches                   []id.Batch
	start                     time.Time
	generator, carrier, plant *part
	vehicle                   string
	out                       []signed
	err                       error // the first
}

func (p *play) begin(m Manifest, lines []Line) *course {
	h := derive(p.seed, "course", m.Number)
	pick := func(i, of int) int { return int(binary.BigEndian.Uint32(h[4*i:]) % uint32(of)) }
	c := &course{play: p, manifest: m, lines: lines}
	c.start = p.base.Add(time.Duration(pick(0, int(startsWithin.Milliseconds()))) * time.Millisecond)
	c.generator = p.cast.generators[pick(1, len(p.cast.generators))]
	c.carrier = p.cast.carriers[pick(2, len(p.cast.carriers))]
	c.plant = p.cast.plants[pick(3, len(p.cast.plants))]
	c.vehicle = fmt.Sprintf("SAMPLE-%02d", pick(4, 20)+1)
	c.id = id.ManifestOf(c.uuid(c.start, "", "manifest"))
	for _, l := range lines {
		c.batches = append(c.batches, id.BatchOf(c.uuid(c.start, l.Item, "batch")))
	}
	return c
}

// uuid is a version 7 UUID whose random part is derived.
func (c *course) uuid(at time.Time, item, step string) id.UUID {
	h := derive(c.seed, "id", c.manifest.Number, item, step)
	return id.V7(at.UnixMilli(), [10]byte(h[:10]))
}

// after is a moment of the chain: so many gaps and milliseconds after its start.
func (c *course) after(gaps, ms int) time.Time {
	return c.start.Add(time.Duration(gaps)*gap + time.Duration(ms)*time.Millisecond)
}

// sign makes an event of a part and files it. item names the line that the event is
// about, and step tells the events of one line or manifest apart.
func (c *course) sign(by *part, t event.Type, data event.Data, at time.Time, line *Line, step string, fill func(*event.Event)) id.Event {
	s := signed{line: c.lines[0].At, manifest: c.manifest.Number}
	if line != nil {
		s.line, s.item = line.At, line.Item
	}
	e := event.Event{ID: id.EventOf(c.uuid(at, s.item, step)), Type: t, At: at, Party: by.Party, Site: by.Site, Person: by.Person, Data: data}
	fill(&e)
	jws, err := by.Sign(e)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("line %d of the file: %s: %w", s.line, t, err)
	}
	s.event, s.jws = e, jws
	c.out = append(c.out, s)
	return e.ID
}

// batch names a line's batch in an event. Nothing was seen of it: see the package's
// comment.
func (c *course) batch(i int, grams bool) event.Batch {
	b := event.Batch{ID: c.batches[i]}
	if grams {
		b.Grams, b.Weighed = c.lines[i].Grams, true
	}
	return b
}

// load is all batches with their grams and packages.
func (c *course) load() []event.Batch {
	out := make([]event.Batch, len(c.lines))
	for i, l := range c.lines {
		out[i] = c.batch(i, true)
		out[i].Packages = l.Packages
	}
	return out
}

// generate makes a batch of every line. Whether the paper's quantity came from a scale is
// not known, so it counts as an estimate. The batches get no label: a code derived from a
// seed could be guessed.
func (c *course) generate() {
	for i, l := range c.lines {
		data := event.Generated{Code: l.Code, Form: l.Form, Packaging: l.Packaging, Measured: event.Estimated,
			Container: l.Manifest + "/" + l.Item, Name: l.Name}
		c.sign(c.generator, event.BatchGenerated, data, c.after(0, i), &c.lines[i], "generated", func(e *event.Event) {
			e.Batches = c.load()[i : i+1]
		})
	}
}

// issue puts every line on the manifest. The intended method is named where all lines
// have the same.
func (c *course) issue() id.Event {
	method := c.lines[0].Method
	for _, l := range c.lines {
		if l.Method != method {
			method = ""
		}
	}
	data := event.Issued{Profile: "hazardous", Carrier: c.carrier.Party, Consignee: c.plant.Party, ConsigneeSite: c.plant.Site, Method: method}
	return c.sign(c.generator, event.ManifestIssued, data, c.after(1, 0), nil, "issued", func(e *event.Event) {
		e.Manifest, e.Batches = c.id, c.load()
	})
}

// follow answers the event before with the whole load.
func (c *course) follow(by *part, t event.Type, data event.Data, gaps int, answers id.Event) id.Event {
	return c.sign(by, t, data, c.after(gaps, 0), nil, string(t), func(e *event.Event) {
		e.Manifest, e.Batches, e.Refs = c.id, c.load(), []id.Event{answers}
	})
}

// accept takes every line whole, with the grams of the paper.
func (c *course) accept(delivered id.Event) {
	c.sign(c.plant, event.ManifestAccepted, event.Accepted{Measured: event.Estimated}, c.after(4, 0), nil, "accepted", func(e *event.Event) {
		e.Manifest, e.Batches, e.Refs = c.id, c.load(), []id.Event{delivered}
		for i := range e.Batches {
			e.Batches[i].Verdict = event.Whole
		}
	})
}

// treat treats the lines that have a method, one event a method, and gives the events if
// no line is left.
func (c *course) treat() []id.Event {
	var methods []waste.Method
	whole := true
	for _, l := range c.lines {
		if l.Method == "" {
			whole = false
		} else if !slices.Contains(methods, l.Method) {
			methods = append(methods, l.Method)
		}
	}
	var treated []id.Event
	for n, m := range methods {
		of := slices.IndexFunc(c.lines, func(l Line) bool { return l.Method == m })
		e := c.sign(c.plant, event.BatchTreated, event.Treated{Method: m}, c.after(5, n), &c.lines[of], "treated "+string(m), func(e *event.Event) {
			for i, l := range c.lines {
				if l.Method == m {
					e.Batches = append(e.Batches, c.batch(i, true))
				}
			}
		})
		treated = append(treated, e)
	}
	if !whole {
		return nil
	}
	return treated
}

// report tells the consignor that everything is treated.
func (c *course) report(treated []id.Event) {
	c.sign(c.plant, event.OutcomeReported, event.Outcome{Result: "全部处理完毕 all treated"}, c.after(6, 0), nil, "reported", func(e *event.Event) {
		e.Manifest, e.Refs = c.id, treated
		for i := range c.lines {
			e.Batches = append(e.Batches, c.batch(i, false))
		}
	})
}
