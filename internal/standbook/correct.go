package standbook

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/mass"
	"liandan/internal/waste"
)

// A correction that every party agreed to changes no line that is written: it has lines of
// its own, as bookkeepers write them (红字更正), in the tables and under the kinds of those
// that it corrects, with what they said and say. Their masses are the differences, so that
// the tables add up to the balance as before.

// trail is what the ledger wrote of one batch.
type trail struct {
	lines  []written
	sum    moved    // of everything that was booked
	issued id.Event // its newest manifest.issued
}

type written struct {
	event id.Event
	kind  waste.LedgerKind
	code  string
	grams waste.Grams // corrections included
}

// proposal is a correction that waits for its answers.
type proposal struct {
	event   id.Event
	changes []event.Change
	waiting []id.Party
}

func (b *Book) trail(x id.Batch) *trail {
	t := b.trails[x]
	if t == nil {
		t = &trail{}
		b.trails[x] = t
	}
	return t
}

// booked adds a movement to its code's account and to the batch's trail.
func (b *Book) booked(at time.Time, x id.Batch, m moved) {
	b.book(at, m)
	t := b.trail(x)
	t.sum.code = m.code
	t.sum.add(m, 1)
}

func (m *moved) add(o moved, times waste.Grams) {
	m.generated += times * o.generated
	m.in += times * o.in
	m.own += times * o.own
	m.out += times * o.out
	m.on += times * o.on
	m.corrected += times * o.corrected
	m.repacked += times * o.repacked
}

// correct follows a correction from its proposal to its last answer.
func (b *Book) correct(s Step) error {
	e := s.Event
	ref := e.ID
	switch d := e.Data.(type) {
	case event.Correction:
		b.proposed[ref] = &proposal{event: e.Refs[0], changes: d.Changes, waiting: slices.Clone(d.Parties)}
	case event.Consent:
		ref = e.Refs[0]
		if p := b.proposed[ref]; p != nil {
			p.waiting = slices.DeleteFunc(p.waiting, func(v id.Party) bool { return v == e.Party })
		}
	default:
		delete(b.proposed, e.Refs[0])
		return nil
	}
	p := b.proposed[ref]
	if p == nil || len(p.waiting) > 0 {
		return nil
	}
	delete(b.proposed, ref)
	for _, eb := range e.Batches {
		if t := b.trails[eb.ID]; t != nil {
			if err := b.mend(s, eb.ID, t, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// mend makes a correction count for one batch that the ledger wrote of.
func (b *Book) mend(s Step, x id.Batch, t *trail, p *proposal) error {
	m, net, code := b.shift(s.Postings, x)
	wrote := func(of func(waste.LedgerKind) bool) bool {
		return slices.ContainsFunc(t.lines, func(l written) bool { return l.event == p.event && of(l.kind) })
	}
	// What neither arose nor was weighed otherwise nor was used here came or went otherwise.
	switch rest := m.net() - net; {
	case wrote(is(Stored)) || !wrote(is(Outsourced)) && t.sum.in != 0 && t.sum.out == 0:
		m.in = -rest
	case t.sum.out != 0:
		m.out = rest
	default:
		m.on = rest
	}
	m.code = t.sum.code
	b.booked(s.Event.At, x, m)
	if h := b.held[x]; h != nil {
		h.grams += net
		h.amend(p, t)
	}
	stocked := m.in
	if h := b.held[x]; h != nil && h.stocked && m.in == 0 { // in store under the weight that was corrected
		stocked = net
	}
	if err := b.rewrite(s, x, t, p, m, stocked); err != nil {
		return err
	}
	if code != "" && code != t.sum.code {
		return b.recode(s, x, t, code)
	}
	return nil
}

// shift adds a correction's postings up by what they say of the site, whatever their code: a
// correction posts the difference of two books, account by account and not from one to the
// other. code is the code under which there is more now, "" where no code changed.
func (b *Book) shift(ps []mass.Posting, x id.Batch) (m moved, net waste.Grams, code waste.Code) {
	lost := false
	for _, p := range ps {
		if p.Batch != x {
			continue
		}
		if p.Kind == mass.Generated && p.Grams < 0 {
			code = p.Code
		}
		lost = lost || p.Kind == mass.Generated && p.Grams > 0
		if p.Party != b.scope.Party || p.Site != b.scope.Site {
			continue
		}
		switch p.Kind {
		case mass.Held:
			net += p.Grams
		case mass.Generated:
			m.generated -= p.Grams
		case mass.Difference:
			m.corrected -= p.Grams
		case mass.Repacked:
			m.repacked -= p.Grams
		case mass.Treated, mass.Residue, mass.Converted:
			m.own += p.Grams
		}
	}
	if !lost {
		code = ""
	}
	return m, net, code
}

func is(t Table) func(waste.LedgerKind) bool {
	return func(k waste.LedgerKind) bool { return TableOf(k) == t }
}

// rewrite writes the lines of what changed: masses first, then what the corrected event's
// lines say besides.
func (b *Book) rewrite(s Step, x id.Batch, t *trail, p *proposal, m moved, stocked waste.Grams) error {
	for _, d := range []struct {
		table Table
		grams waste.Grams
	}{{Generated, m.generated}, {Stored, stocked}, {Drawn, m.out + m.own}, {Own, m.own}, {Outsourced, m.out}} {
		if i := t.find(d.table, p.event); i >= 0 && d.grams != 0 {
			l := &t.lines[i]
			old := l.grams
			l.grams += d.grams
			if err := b.red(s, x, t, *l, d.grams, Tonnes(old).Text, Tonnes(l.grams).Text); err != nil {
				return err
			}
		}
	}
	old, fresh := said(p.changes)
	if old == "" && fresh == "" {
		return nil
	}
	for _, l := range slices.Clone(t.lines) {
		if l.event == p.event || p.event == t.issued && TableOf(l.kind) == Outsourced {
			if err := b.red(s, x, t, l, 0, old, fresh); err != nil {
				return err
			}
		}
	}
	return nil
}

// find is the line of a table that a mass belongs to: the corrected event's own, or the last.
func (t *trail) find(table Table, e id.Event) int {
	last := -1
	for i, l := range t.lines {
		if TableOf(l.kind) != table {
			continue
		}
		if last = i; l.event == e {
			return i
		}
	}
	return last
}

// said are the changed fields other than masses and codes, which have lines of their own.
func said(changes []event.Change) (old, fresh string) {
	var a, b []string
	for _, c := range changes {
		name := c.Pointer[strings.LastIndexByte(c.Pointer, '/')+1:]
		if name == "grams" || name == "code" {
			continue
		}
		a, b = append(a, name+" "+value(c.Old)), append(b, name+" "+value(c.New))
	}
	return strings.Join(a, "; "), strings.Join(b, "; ")
}

// value is a value as people write it; a field that is not given is a dash.
func value(v event.Value) string {
	var s string
	switch {
	case v == event.NoValue:
		return "–"
	case json.Unmarshal([]byte(v), &s) == nil:
		return s
	}
	return string(v)
}

// red writes one line that corrects another.
func (b *Book) red(s Step, x id.Batch, t *trail, of written, g waste.Grams, old, fresh string) error {
	h := b.held[x]
	if h == nil {
		h = &holding{}
	}
	l := b.line(s, x, event.Batch{}, h)
	l.Waste = cmp.Or(t.sum.code, l.Waste)
	l.Kind, l.Grams, l.Corrects, l.Old, l.New = of.kind, g, of.code, old, fresh
	l.Refs, l.Code = []string{of.code}, b.next(of.kind, l.At)
	switch TableOf(of.kind) {
	case Outsourced:
		l.Method, l.To, l.ToSite, l.Manifest, l.Number = h.method, h.consignee, h.toSite, h.manifest, h.number
	case Own:
		l.To, l.ToSite = b.scope.Party, b.scope.Site
	}
	return b.show(l)
}

// recode moves all that was written of a batch from its code to another.
func (b *Book) recode(s Step, x id.Batch, t *trail, to waste.Code) error {
	was := t.sum.code
	back := moved{code: was}
	back.add(t.sum, -1)
	b.book(s.Event.At, back)
	sum := t.sum
	sum.code = to
	b.book(s.Event.At, sum)
	for _, l := range slices.Clone(t.lines) {
		t.sum.code = was
		if err := b.red(s, x, t, l, -l.grams, string(was), string(to)); err != nil {
			return err
		}
		t.sum.code = to
		if err := b.red(s, x, t, l, l.grams, string(was), string(to)); err != nil {
			return err
		}
	}
	t.sum.code = to
	if h := b.held[x]; h != nil {
		h.code = to
	}
	return nil
}

// amend makes what is still to be written of a batch say what was agreed.
func (h *holding) amend(p *proposal, t *trail) {
	made := slices.ContainsFunc(t.lines, func(l written) bool { return l.event == p.event && l.kind == waste.LedgerGenerated })
	for _, c := range p.changes {
		v := value(c.New)
		if c.New == event.NoValue {
			v = ""
		}
		switch {
		case made && c.Pointer == "/data/name":
			h.name = v
		case made && c.Pointer == "/data/form":
			h.form = waste.Form(v)
		case made && c.Pointer == "/data/packaging":
			h.packaging = waste.Packaging(v)
		case made && c.Pointer == "/data/container":
			h.container = v
		case made && c.Pointer == "/data/department":
			h.department = v
		case made && c.Pointer == "/data/measured":
			h.estimated = v == string(event.Estimated)
		case p.event == t.issued && c.Pointer == "/data/method":
			h.method = waste.Method(v)
		case p.event == t.issued && c.Pointer == "/data/number":
			h.number = v
		}
	}
}
