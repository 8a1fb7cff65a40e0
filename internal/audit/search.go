package audit

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/worklist"
)

// namesMost bounds how many organisations a part of a name may mean.
const namesMost = 50

// named finds whom a filter means by a name; nobody is meant by a name that nobody has.
func named(r Reader, f *Filter) (err error) {
	if f.Name == "" || f.With != nil {
		return nil
	}
	if f.With, err = r.OrganisationsNamed(f.Name, namesMost); f.With == nil {
		f.With = []id.Party{}
	}
	return err
}

// Narrow says whether a filter names something that few things have, by which they can be
// found in an index of their own.
func (f Filter) Narrow() bool {
	for _, t := range f.Terms {
		if !strings.HasPrefix(t, "code:") {
			return true
		}
	}
	return f.Label != ""
}

// Search finds batches or manifests, newest first. Faults: invalid-request, for a cursor of
// another list, and for a search in a district that names nothing else.
func (s *Service) Search(ctx context.Context, f Filter, cursor string, limit int) (p Page, err error) {
	list := "search" + string(f.Kind)
	after, err := openCursor(cursor, list)
	if err != nil {
		return p, err
	}
	if cursor == "" {
		after = newest
	}
	if f.Party.IsZero() && f.Name == "" && !f.Narrow() {
		return p, fault.New(fault.InvalidRequest, "The search has nothing to go by.").
			At("/organisation", "required", "in a district name a number, plate, container, label or organisation")
	}
	err = s.Store.Read(ctx, func(r Reader) error {
		if err := named(r, &f); err != nil {
			return err
		}
		if f.Label != "" {
			b, _, err := r.Label(f.Label)
			if fault.Of(err) == fault.LabelUnknown {
				return nil // it finds nothing
			}
			if err != nil {
				return err
			}
			f.Subject = b.UUID()
		}
		hits, next, err := searched(r, f, after, limit)
		if err != nil {
			return err
		}
		if next != nil {
			p.Next = sealCursor(*next, list)
		}
		p.Items, err = s.items(ctx, r, f.Kind, hits)
		return err
	})
	return p, err
}

// searched walks one index, or those of the organisations meant side by side.
func searched(r Reader, f Filter, after worklist.Key, limit int) (out []Hit, next *worklist.Key, err error) {
	if f.With == nil || !f.Party.IsZero() || f.Narrow() {
		return r.Searched(f, after, limit)
	}
	with := f.With
	for _, p := range with {
		f.With = []id.Party{p}
		hits, scanned, err := r.Searched(f, after, limit+1)
		if err != nil {
			return nil, nil, err
		}
		if out = append(out, hits...); scanned != nil && (next == nil || scanned.Compare(*next) > 0) {
			next = scanned
		}
	}
	slices.SortFunc(out, func(a, b Hit) int { return b.Compare(a.Key) })
	out = slices.CompactFunc(out, func(a, b Hit) bool { return a.Key == b.Key })
	if next != nil {
		out = slices.DeleteFunc(out, func(h Hit) bool { return h.Compare(*next) < 0 })
	}
	if len(out) > limit {
		out = out[:limit]
		next = &out[limit-1].Key
	}
	return out, next, nil
}

// newest is before every place in a list that begins with the newest.
var newest = worklist.Key{Ord: 1 << 62, Subject: id.UUID(bytes.Repeat([]byte{0xff}, 16))}
