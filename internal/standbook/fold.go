package standbook

import (
	"fmt"
	"slices"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/mass"
	"liandan/internal/waste"
)

// moved is what one event did to one batch at the site.
type moved struct {
	generated, in, own, out, on, corrected, repacked waste.Grams
	code                                             waste.Code
	touched                                          bool
}

// net is what the site has more after it.
func (m moved) net() waste.Grams {
	return m.generated + m.in + m.corrected + m.repacked - m.own - m.out - m.on
}

// move adds up the postings of one batch: each takes from one account what the next one
// gets.
func (b *Book) move(ps []mass.Posting, x id.Batch) (m moved) {
	for i := 0; i+1 < len(ps); i += 2 {
		from, to := ps[i], ps[i+1]
		leaves, comes := b.here(from.Account), b.here(to.Account)
		if from.Batch != x || leaves == comes {
			continue
		}
		g, ours, other := to.Grams, to.Account, from.Account
		if leaves {
			ours, other = other, ours
		}
		m.code, m.touched = ours.Code, true
		switch other.Kind {
		case mass.Generated:
			m.generated += sign(comes, g)
		case mass.Difference:
			m.corrected += sign(comes, g)
		case mass.Repacked:
			m.repacked += sign(comes, g)
		case mass.Treated, mass.Residue:
			m.own += sign(leaves, g)
		case mass.Converted: // residue that is a waste of its own: it arises here
			if leaves {
				m.own += g
			} else {
				m.generated += g
			}
		case mass.OnVehicle:
			if leaves {
				m.out += g
			} else {
				m.in += g
			}
		default: // held elsewhere, and kinds of account that are newer than this fold
			if leaves {
				m.on += g
			} else {
				m.in += g
			}
		}
	}
	return m
}

func sign(plus bool, g waste.Grams) waste.Grams {
	if plus {
		return g
	}
	return -g
}

// turn folds one batch of an event.
func (b *Book) turn(s Step, eb event.Batch, x id.Batch) error {
	m := b.move(s.Postings, x)
	h := b.held[x]
	if !m.touched {
		return b.put(s, x, eb, h)
	}
	if h == nil {
		h = b.holding(x, m.code)
	}
	if d, ok := s.Event.Data.(event.Generated); ok {
		h.name, h.form, h.packaging, h.container, h.department, h.estimated = d.Name, d.Form, d.Packaging, d.Container, d.Department, d.Measured == event.Estimated
	}
	b.booked(s.Event.At, x, m)
	before := h.grams
	h.grams += m.net()
	if d, ok := s.Event.Data.(event.Stored); ok {
		h.place = d.Place
	}
	l := b.line(s, x, eb, h)
	if m.generated > 0 {
		if err := b.write(h, l, waste.LedgerGenerated, m.generated); err != nil {
			return err
		}
	}
	if m.in > 0 {
		if err := b.write(h, l, waste.LedgerStocked, m.in); err != nil {
			return err
		}
	}
	if _, stored := s.Event.Data.(event.Stored); stored && !h.stocked && h.grams > 0 && before > 0 {
		if err := b.write(h, l, waste.LedgerStocked, h.grams); err != nil {
			return err
		}
	}
	return b.leave(h, l, m, s.Event)
}

// put is a batch that goes into storage where it is: there is nothing to post, and a line
// all the same.
func (b *Book) put(s Step, x id.Batch, eb event.Batch, h *holding) error {
	d, ok := s.Event.Data.(event.Stored)
	if !ok || h == nil || h.grams <= 0 || s.Event.Party != b.scope.Party || s.Event.Site != b.scope.Site {
		return nil
	}
	h.place = d.Place
	if h.stocked { // moved within the store
		return nil
	}
	return b.write(h, b.line(s, x, eb, h), waste.LedgerStocked, h.grams)
}

// leave writes what left the site: out of storage where it was in it, and then to whom.
func (b *Book) leave(h *holding, l Line, m moved, e event.Event) error {
	gone := m.own + m.out + m.on
	if gone <= 0 {
		return nil
	}
	if h.stocked {
		kept := h.last
		if err := b.write(h, l, waste.LedgerDrawn, gone); err != nil {
			return err
		}
		defer func() {
			if h.grams > 0 { // a part of it stays in the store
				h.last, h.stocked = kept, true
			}
		}()
	}
	if m.own > 0 {
		d, _ := e.Data.(event.Treated)
		own := l
		own.Method, own.Facility, own.To, own.ToSite = d.Method, d.Facility, e.Party, e.Site
		kind := waste.LedgerOwnDispose
		if uses(d.Method) {
			kind = waste.LedgerOwnUse
		}
		if err := b.write(h, own, kind, m.own); err != nil {
			return err
		}
	}
	if m.out > 0 {
		out := l
		out.Method, out.To, out.ToSite, out.Manifest, out.Number = h.method, h.consignee, h.toSite, h.manifest, h.number
		kind := waste.LedgerOutDispose
		if uses(h.method) {
			kind = waste.LedgerOutUse
		}
		return b.write(h, out, kind, m.out)
	}
	return nil
}

func uses(m waste.Method) bool {
	info, ok := m.Info()
	return ok && info.Use.Yes()
}

func (b *Book) line(s Step, x id.Batch, eb event.Batch, h *holding) Line {
	return Line{At: s.Event.At, Waste: h.code, Name: h.name, Estimated: h.estimated, Form: h.form, Packaging: h.packaging, Container: h.container,
		Packages: eb.Packages, Department: h.department, Place: h.place, Person: s.Event.Person, Batch: x, Event: s.Event.ID, Seq: s.Seq}
}

// write gives a line its code and hands it on if it is of the period.
func (b *Book) write(h *holding, l Line, k waste.LedgerKind, g waste.Grams) error {
	l.Kind, l.Grams, l.Refs = k, g, h.last
	l.Code = b.next(k, l.At)
	h.last, h.stocked = []string{l.Code}, k == waste.LedgerStocked
	t := b.trail(l.Batch)
	t.lines = append(t.lines, written{l.Event, k, l.Code, g})
	return b.show(l)
}

// show hands a line on if it is of the period.
func (b *Book) show(l Line) error {
	if l.At.Before(b.scope.From) || !l.At.Before(b.scope.To) {
		return nil
	}
	return b.each(l)
}

// next makes a line's code: the so-many of its kind at the site whose events are of that
// local day, in the order of the log. What is recorded later never changes an older code.
// Beyond 999 the number has more digits, for the standard's codes are a suggestion and no
// line may be left out.
func (b *Book) next(k waste.LedgerKind, at time.Time) string {
	day := at.In(calendar.Zone()).Format("20060102")
	n := b.counted[string(k)+day]
	b.counted[string(k)+day] = n + 1
	if code, err := waste.NextLedgerCode(k, at, n); err == nil {
		return code.String()
	}
	return fmt.Sprintf("%s%s%04d", k, day, n+1)
}

// book adds a movement to its code's account.
func (b *Book) book(at time.Time, m moved) {
	a := b.accounts[m.code]
	if a == nil {
		a = &Account{Waste: m.code}
		b.accounts[m.code] = a
	}
	switch {
	case !at.Before(b.scope.To):
		return
	case at.Before(b.scope.From):
		a.Opening += m.net()
	default:
		a.Generated += m.generated
		a.TakenIn += m.in
		a.Own += m.own
		a.Outsourced += m.out
		a.MovedOn += m.on
		a.Corrected += m.corrected
		a.Repacked += m.repacked
	}
	a.Closing += m.net()
}

// born takes in the batches that an event began out of others: they go back to the same
// lines as their parents.
func (b *Book) born(s Step) error {
	for _, birth := range s.Event.Births() {
		m := b.move(s.Postings, birth.ID)
		if !m.touched {
			continue
		}
		b.booked(s.Event.At, birth.ID, m)
		h := b.holding(birth.ID, m.code)
		h.grams += m.net()
		for _, p := range birth.Parents {
			if parent := b.held[p.ID]; parent != nil {
				h.last = append(h.last, parent.last...)
				h.stocked = h.stocked || parent.stocked
				h.estimated = h.estimated || parent.estimated
				h.name, h.department, h.place, h.form, h.packaging = parent.name, parent.department, parent.place, parent.form, parent.packaging
			}
		}
		slices.Sort(h.last)
		h.last = slices.Compact(h.last)
		if d, ok := s.Event.Data.(event.Repacked); ok {
			for _, c := range d.Children {
				if c.ID == birth.ID {
					h.container, h.packaging, h.form = c.Container, c.Packaging, c.Form
				}
			}
		}
		if m.generated > 0 { // ash, sludge: no longer what its parents were
			h.name, h.place, h.stocked = "", "", false
			if err := b.write(h, b.line(s, birth.ID, event.Batch{}, h), waste.LedgerGenerated, m.generated); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle forgets batches that cannot come back: what others accepted, what was treated, what
// was packed over.
func (b *Book) settle(e event.Event) {
	for _, eb := range e.Batches {
		h := b.held[eb.ID]
		if h == nil || h.grams > 0 {
			continue
		}
		switch e.Type {
		case event.ManifestAccepted, event.BatchTreated, event.BatchRepacked:
			delete(b.held, eb.ID)
		}
	}
}

// Accounts are the balances, by waste code. Codes of which there was nothing are left out.
func (b *Book) Accounts() []Account {
	var out []Account
	for _, a := range b.accounts {
		if *a != (Account{Waste: a.Waste}) {
			out = append(out, *a)
		}
	}
	slices.SortFunc(out, func(x, y Account) int {
		switch {
		case x.Waste < y.Waste:
			return -1
		case x.Waste > y.Waste:
			return 1
		}
		return 0
	})
	return out
}
