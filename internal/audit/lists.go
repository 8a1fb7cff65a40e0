package audit

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/party"
	"liandan/internal/worklist"
)

// Tab is what a person chooses: a list, or all that is overdue.
type Tab string

// The tabs.
const (
	Waiting Tab = "waiting"
	Moving  Tab = "moving"
	Overdue Tab = "overdue"
)

// Tabs lists them.
func Tabs() []Tab { return []Tab{Waiting, Moving, Overdue} }

// Filter narrows a list. All that is given must hold.
type Filter struct {
	Kind     worklist.Kind
	Party    id.Party   // whose list; needed where Division is not given
	Site     id.Site    // one site of it
	Person   id.Person  // things that the person had a hand in
	Division string     // things at a site there
	With     []id.Party // things that one of those has a part in too; nil: whoever
	Name     string     // those of With, by credit code or a part of the name
	Terms    []string   // of package worklist, all of which a thing has
	Subject  id.UUID    // one thing alone; set by Label
	From, To time.Time  // when a thing began: From is in it, To is not; zero: open
	Label    event.Label
}

// Source is one run of the index: a list between two values of its order.
type Source struct {
	List worklist.List
	Span duty.Span
}

// Hit is a thing found, by its place in the order.
type Hit struct {
	worklist.Key
	List worklist.List
}

// Span of a list that has no bounds.
var whole = duty.Span{From: -1 << 62, To: 1 << 62}

// Item is a thing in a list. One of Batch and Manifest has a state.
type Item struct {
	Kind     worklist.Kind
	Batch    batch.State
	Manifest manifest.State
	Duties   []duty.Duty
}

// Page is a part of a list; Next is the cursor of the part after it, "" for none. A page
// may be short, even empty, and have a Next: the search goes on there.
type Page struct {
	Items []Item
	Next  string
}

// Work reads a page of a tab, as things stand at a moment: oldest first. Fault:
// invalid-request, for a cursor of another list.
func (s *Service) Work(ctx context.Context, t Tab, f Filter, now time.Time, cursor string, limit int) (p Page, err error) {
	after, err := openCursor(cursor, string(t)+string(f.Kind))
	if err != nil {
		return p, err
	}
	sources, err := s.sources(ctx, t, f, now)
	if err != nil {
		return p, err
	}
	err = s.Store.Read(ctx, func(r Reader) error {
		if err := named(r, &f); err != nil {
			return err
		}
		hits, next, err := merged(r, sources, f, after, limit)
		if err != nil {
			return err
		}
		if next != nil {
			p.Next = sealCursor(*next, string(t)+string(f.Kind))
		}
		p.Items, err = s.items(ctx, r, f.Kind, hits)
		return err
	})
	if t == Overdue { // the index knows the spans of all duties of a clock; who is bound is the register's to say
		p.Items = slices.DeleteFunc(p.Items, func(i Item) bool {
			return !slices.ContainsFunc(i.Duties, func(d duty.Duty) bool { _, late := d.Late(now); return late && d.Open() })
		})
	}
	return p, err
}

// sources are the runs of the index that a tab is made of.
func (s *Service) sources(ctx context.Context, t Tab, f Filter, now time.Time) (out []Source, err error) {
	if t != Overdue {
		return []Source{{worklist.List(t), whole}}, nil
	}
	words := []duty.Word{duty.Delivered, duty.Held}
	if f.Kind == worklist.Batch {
		words = []duty.Word{duty.Closed, duty.InStore}
	}
	roles, err := s.roles(ctx, f.Party)
	for _, w := range words {
		for _, span := range s.Duties.Overdue(w, roles, f.Party.IsZero(), s.Calendars, now) {
			out = append(out, Source{worklist.Clock(w), span})
		}
	}
	return out, err
}

// merged walks the sources side by side in one order. What it did not look through yet
// comes after next.
func merged(r Reader, sources []Source, f Filter, after worklist.Key, limit int) (out []Hit, next *worklist.Key, err error) {
	for _, src := range sources {
		hits, scanned, err := r.Listed(src, f, after, limit+1)
		if err != nil {
			return nil, nil, err
		}
		if out = append(out, hits...); scanned != nil && (next == nil || scanned.Compare(*next) < 0) {
			next = scanned
		}
	}
	slices.SortFunc(out, func(a, b Hit) int { return a.Compare(b.Key) })
	out = slices.CompactFunc(out, func(a, b Hit) bool { return a.Key == b.Key })
	if next != nil { // beyond it some source was not looked through
		out = slices.DeleteFunc(out, func(h Hit) bool { return h.Compare(*next) > 0 })
	}
	if len(out) > limit {
		out = out[:limit]
		next = &out[limit-1].Key
	}
	return out, next, nil
}

// Count is how many things a tab holds, up to CountMost.
type Count struct {
	N    int
	More bool // there are more, or there was more to look through than is looked through for a count
}

// CountMost bounds a count: whoever has more than that wants a filter, not a number.
const CountMost = 999

// Counts counts the tabs of one kind. Of what is overdue it counts by the index.
func (s *Service) Counts(ctx context.Context, f Filter, now time.Time) (map[Tab]Count, error) {
	out := map[Tab]Count{}
	for _, t := range Tabs() {
		sources, err := s.sources(ctx, t, f, now)
		if err != nil {
			return nil, err
		}
		err = s.Store.Read(ctx, func(r Reader) error {
			if err := named(r, &f); err != nil {
				return err
			}
			hits, next, err := merged(r, sources, f, first, CountMost)
			out[t] = Count{len(hits), next != nil}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// items reads the states of hits, in their order, each with its duties. A thing whose state
// is gone is left out: the check names it.
func (s *Service) items(ctx context.Context, r Reader, k worklist.Kind, hits []Hit) ([]Item, error) {
	out := make([]Item, 0, len(hits))
	bound := s.bound(ctx)
	if k == worklist.Manifest {
		ids := make([]id.Manifest, len(hits))
		for i, h := range hits {
			ids[i] = id.ManifestOf(h.Subject)
		}
		found, err := r.Manifests(ids)
		for _, m := range ids {
			if st, ok := found[m]; ok && err == nil {
				var ds []duty.Duty
				ds, err = bound(duty.OfManifest(st))
				out = append(out, Item{Kind: k, Manifest: st, Duties: ds})
			}
		}
		return out, err
	}
	ids := make([]id.Batch, len(hits))
	for i, h := range hits {
		ids[i] = id.BatchOf(h.Subject)
	}
	found, err := r.Batches(ids)
	for _, b := range ids {
		if st, ok := found[b]; ok && err == nil {
			var ds []duty.Duty
			ds, err = bound(duty.OfBatch(st))
			out = append(out, Item{Kind: k, Batch: st, Duties: ds})
		}
	}
	return out, err
}

// bound gives the duties that clocks start, by what their owners are in the register; an
// owner is looked up once.
func (s *Service) bound(ctx context.Context) func([]duty.Clock) ([]duty.Duty, error) {
	known := map[id.Party][]party.Role{}
	return func(clocks []duty.Clock) (out []duty.Duty, err error) {
		for _, c := range clocks {
			roles, ok := known[c.Owner]
			if !ok {
				if roles, err = s.roles(ctx, c.Owner); err != nil {
					return nil, err
				}
				known[c.Owner] = roles
			}
			out = append(out, s.Duties.On(c, roles, s.Calendars)...)
		}
		return out, nil
	}
}

func (s *Service) roles(ctx context.Context, p id.Party) ([]party.Role, error) {
	if s.Organisation == nil || p.IsZero() {
		return nil, nil
	}
	org, _, err := s.Organisation(ctx, p)
	return org.Roles, err
}

// DefaultCalendars is the calendar in the program alone.
func DefaultCalendars() duty.Calendars { return duty.Calendars{calendar.Default()} }

// first is before every place in a list.
var first = worklist.Key{Ord: -1 << 62}

// sealCursor spells a place opaquely, for one list alone.
func sealCursor(k worklist.Key, list string) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(k.Ord))
	return base64.RawURLEncoding.EncodeToString(append(append(b, k.Subject[:]...), list...))
}

func openCursor(s, list string) (worklist.Key, error) {
	if s == "" {
		return first, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < 24 || string(b[24:]) != list {
		return first, fault.New(fault.InvalidRequest, "The cursor is not one that this list gave.").At("/cursor", "format", "must be next_cursor of the page before")
	}
	return worklist.Key{Ord: int64(binary.BigEndian.Uint64(b)), Subject: id.UUID(b[8:24])}, nil
}
