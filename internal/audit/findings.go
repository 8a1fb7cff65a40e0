package audit

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"liandan/internal/duty"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/permit"
	"liandan/internal/rule"
	"liandan/internal/worklist"
)

// FindingFilter narrows the list of findings. All that is given must hold; From and To bound
// when the event happened, by its signer's clock. Kind is not asked.
type FindingFilter struct {
	Filter
	Rule    rule.Code     // one rule alone
	Least   rule.Severity // "": remarks too
	Owner   id.Party      // those that this party is asked to explain
	Settled bool          // those too of which an agreed correction left nothing
}

// Grave says whether nothing is asked for that is a remark.
func (f FindingFilter) Grave() bool { return f.Least == rule.Open || f.Least == rule.Serious }

var weights = map[rule.Severity]int{rule.Remark: 0, rule.Open: 1, rule.Serious: 2}

func (f FindingFilter) keeps(x rule.Finding) bool {
	return (f.Rule == "" || x.Rule == f.Rule) && weights[x.Severity] >= weights[f.Least] && (f.Owner.IsZero() || x.Owner.Party == f.Owner) &&
		(f.Settled || x.Settled.IsZero())
}

// Found is a finding in the list.
type Found struct {
	rule.Finding
	Standing bool      // it is about how things stand now, and hangs on no entry
	At       time.Time // of the event, by its signer's clock; zero while Standing
	Manifest id.Manifest
}

// FindingPage is a part of the list; Next is the cursor of the part after it, "" for none. A
// page may be short, even empty, and have a Next: the search goes on there.
type FindingPage struct {
	Items []Found
	Next  string
}

// One answer looks at so many entries at most; see decision 92.
const (
	candidatesLooked = 400 // more than an event has batches
	permitsLooked    = 300
	roundsLooked     = 4
)

// place of the next finding in the list: first what stands against somebody now, oldest first,
// of batches and then of manifests; then what entries say, newest first.
type place struct {
	phase  byte // 0 batches, 1 manifests, 2 entries
	after  worklist.Key
	before int64
	skip   int // of what the next thing or entry says
}

func (p place) seal() string {
	b := []byte{'f', p.phase}
	b = binary.BigEndian.AppendUint64(b, uint64(p.after.Ord))
	b = append(b, p.after.Subject[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(p.before))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint16(b, uint16(p.skip)))
}

func openPlace(s string) (place, error) {
	if s == "" {
		return place{after: first, before: math.MaxInt64}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 36 || b[0] != 'f' || b[1] > 2 {
		return place{}, fault.New(fault.InvalidRequest, "The cursor is not one that this list gave.").At("/cursor", "format", "must be next_cursor of the page before")
	}
	return place{phase: b[1], after: worklist.Key{Ord: int64(binary.BigEndian.Uint64(b[2:])), Subject: id.UUID(b[10:26])},
		before: int64(binary.BigEndian.Uint64(b[26:])), skip: int(binary.BigEndian.Uint16(b[34:]))}, nil
}

// Findings reads a page of the findings that an organisation or district has to do with, as
// things stand at a moment. Nothing of it is stored: an index names the entries of which a rule
// may have something to say, and what the rules say is computed here. Faults: invalid-request,
// for a cursor of another list.
func (s *Service) Findings(ctx context.Context, f FindingFilter, now time.Time, cursor string, limit int) (out FindingPage, err error) {
	at, err := openPlace(cursor)
	if err != nil {
		return out, err
	}
	out.Items = []Found{}
	for round := 0; round < roundsLooked; round++ {
		var units []unit
		var next place
		var done bool
		if at.phase < 2 {
			units, next, done, err = s.standing(ctx, f, now, at, limit)
		} else {
			units, next, done, err = s.said(ctx, f, at)
		}
		if err != nil {
			return out, err
		}
		for _, u := range units {
			found := slices.DeleteFunc(u.found, func(x Found) bool { return !f.keeps(x.Finding) })
			for i := min(at.skip, len(found)); i < len(found); i++ {
				if len(out.Items) == limit {
					at.skip = i
					out.Next = at.seal()
					return out, nil
				}
				out.Items = append(out.Items, found[i])
			}
			at = u.then
		}
		if at = next; done {
			return out, nil
		}
	}
	out.Next = at.seal()
	return out, nil
}

// unit is what one thing or entry says, and the place after it.
type unit struct {
	found []Found
	then  place
}

// standing is a run of what stands against somebody now.
func (s *Service) standing(ctx context.Context, f FindingFilter, now time.Time, at place, limit int) (units []unit, next place, done bool, err error) {
	f.Kind = worklist.Batch
	words := []duty.Word{duty.Closed, duty.InStore}
	next = place{phase: 1, after: first, before: math.MaxInt64}
	if at.phase == 1 {
		f.Kind, words, next.phase = worklist.Manifest, []duty.Word{duty.Delivered, duty.Held}, 2
	}
	if !f.From.IsZero() || !f.To.IsZero() { // what stands now has no day
		return nil, next, false, nil
	}
	var sources []Source
	for _, w := range words {
		for _, span := range s.Duties.Overdue(w, nil, true, s.Calendars, now) {
			sources = append(sources, Source{worklist.Clock(w), span})
		}
	}
	if at.phase == 0 {
		sources = append(sources, Source{worklist.Answers, duty.Span{From: whole.From, To: now.UnixMilli()}})
	}
	err = s.Store.Read(ctx, func(r Reader) error {
		if err := named(r, &f.Filter); err != nil {
			return err
		}
		hits, more, err := merged(r, sources, f.Filter, at.after, limit+1)
		if err != nil {
			return err
		}
		items, err := s.items(ctx, r, f.Kind, hits)
		by := map[id.UUID]Item{}
		for _, i := range items {
			by[cmp.Or(i.Manifest.ID.UUID(), i.Batch.ID.UUID())] = i
		}
		for _, h := range hits {
			if i, ok := by[h.Subject]; ok {
				units = append(units, unit{found: s.standsNow(i, h, now), then: place{phase: at.phase, after: h.Key, before: math.MaxInt64}})
			}
		}
		if more != nil {
			next = place{phase: at.phase, after: *more, before: math.MaxInt64}
		}
		return err
	})
	return units, next, false, err
}

// standsNow is what a place in a list says and no entry does: that a batch lies too long, that
// nobody answers a correction, that a manifest's consignee is late.
func (s *Service) standsNow(i Item, h Hit, now time.Time) (out []Found) {
	tell := func(m id.Manifest, list ...rule.Finding) {
		for _, f := range list {
			out = append(out, Found{Finding: f, Standing: true, Manifest: m})
		}
	}
	switch {
	case i.Kind == worklist.Manifest:
		for _, d := range i.Duties {
			if f, late := d.Finding(now); late && d.Open() && worklist.Clock(d.Word) == h.List {
				f.Seq = i.Manifest.Seq
				tell(i.Manifest.ID, f)
			}
		}
	case h.List == worklist.Answers:
		cs, found := s.expired(i.Batch, nil, now)
		for _, c := range cs {
			for _, f := range found {
				if c.Until == h.Ord && f.Event == c.ID {
					tell(i.Batch.Manifest, f)
				}
			}
		}
	default:
		if c, ok := s.Rules.Clock(i.Batch, now); ok && i.Batch.LastAt <= c.Due.UnixMilli() { // otherwise an entry says so
			tell(i.Batch.Manifest, s.Rules.Overdue(i.Batch, now)...)
		}
	}
	return out
}

// asked is what one entry says, and what is still to be asked of the registers.
type asked struct {
	seq   int64
	found []Found
	ask   *permit.Case
	sheet id.Manifest
}

// said is a run of what entries say, newest first.
func (s *Service) said(ctx context.Context, f FindingFilter, at place) (units []unit, next place, done bool, err error) {
	var all []asked
	lower := int64(0)
	err = s.Store.Read(ctx, func(r Reader) error {
		if err := named(r, &f.Filter); err != nil {
			return err
		}
		all, lower, err = s.heard(ctx, r, f, at)
		return err
	})
	if err != nil {
		return nil, next, false, err
	}
	for _, x := range all {
		if x.ask != nil { // the registers are not asked inside a reading
			found, err := s.Permits.Examine(s.asking(ctx, x.seq), *x.ask)
			if err != nil {
				return nil, next, false, err
			}
			for _, v := range found {
				v.Seq = x.seq
				x.found = append(x.found, Found{Finding: v, At: x.ask.Event.At, Manifest: x.sheet})
			}
		}
		units = append(units, unit{found: x.found, then: place{phase: 2, before: x.seq}})
	}
	return units, place{phase: 2, before: lower}, lower == 0, nil
}

// heard is what the chains say of entries before a place, newest first, and from which entry
// on all were looked at.
func (s *Service) heard(ctx context.Context, r Reader, f FindingFilter, at place) (all []asked, lower int64, err error) {
	rows, lower, err := r.Candidates(f, at.before, candidatesLooked)
	if err != nil {
		return nil, 0, err
	}
	var seqs []int64
	if s.Register != nil && (f.Rule == "" || !chainRules[f.Rule]) {
		var upTo int64
		if seqs, upTo, err = r.Permitted(f, at.before, permitsLooked); err != nil {
			return nil, 0, err
		}
		lower = max(lower, upTo)
	}
	in := reading{s: s, ctx: ctx, r: r, chains: map[id.Batch]ChainView{}}
	entries := map[int64]*asked{}
	of := func(seq int64) *asked {
		if entries[seq] == nil {
			entries[seq] = &asked{seq: seq}
		}
		return entries[seq]
	}
	for _, c := range rows {
		if c.Seq >= lower {
			found, err := in.candidate(c)
			if err != nil {
				return nil, 0, err
			}
			x := of(c.Seq)
			x.found = append(x.found, found...)
		}
	}
	for _, seq := range seqs {
		if seq >= lower {
			found, c, err := in.permitted(seq)
			if err != nil {
				return nil, 0, err
			}
			x := of(seq)
			x.found, x.ask, x.sheet = append(x.found, found...), &c, c.Event.Manifest
		}
	}
	for _, x := range entries {
		all = append(all, *x)
	}
	slices.SortFunc(all, func(x, y asked) int { return cmp.Compare(y.seq, x.seq) })
	return all, lower, nil
}

// FindingCount is how many findings one rule has.
type FindingCount struct {
	Rule     rule.Code
	Severity rule.Severity
	N        int
}

// countPages bounds what a count looks at: so many pages as a reader would turn.
const (
	countPages = 5
	countPage  = 200
)

// FindingCounts counts the list by rule, and says whether there was more to look at than is
// looked at for a count.
func (s *Service) FindingCounts(ctx context.Context, f FindingFilter, now time.Time) (out []FindingCount, more bool, err error) {
	type key struct {
		c rule.Code
		s rule.Severity
	}
	n := map[key]int{}
	cursor := ""
	for i := 0; i < countPages; i++ {
		p, err := s.Findings(ctx, f, now, cursor, countPage)
		if err != nil {
			return nil, false, err
		}
		for _, x := range p.Items {
			n[key{x.Rule, x.Severity}]++
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	out = []FindingCount{}
	for k, v := range n {
		out = append(out, FindingCount{k.c, k.s, v})
	}
	slices.SortFunc(out, func(a, b FindingCount) int {
		return cmp.Or(cmp.Compare(weights[b.Severity], weights[a.Severity]), strings.Compare(string(a.Rule), string(b.Rule)))
	})
	return out, cursor != "", nil
}
