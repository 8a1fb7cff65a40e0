package audit

import (
	"context"
	"slices"

	"liandan/internal/access"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/worklist"
)

// What a thing of the log is about, for whoever decides on access: every party, site and
// person that its chain names. Divisions and whether a party is a medical institution are
// the registry's to add.

// BatchSubject is about a batch: everybody in its chain. The fault is not-found.
func (s *Service) BatchSubject(ctx context.Context, b id.Batch) (out access.Subject, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		kept, err := r.ChainOf(b)
		if err == nil && len(kept) == 0 {
			err = notFound("batch")
		}
		gather(&out, kept)
		return err
	})
	return out, err
}

// CustodySubject is about whoever holds a batch now, and nobody before. The fault is
// not-found.
func (s *Service) CustodySubject(ctx context.Context, b id.Batch) (out access.Subject, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		out, err = custody(r, b)
		return err
	})
	return out, err
}

func custody(r Reader, b id.Batch) (out access.Subject, err error) {
	found, err := r.Batches([]id.Batch{b})
	if err != nil {
		return out, err
	}
	st, ok := found[b]
	if !ok {
		return out, notFound("batch")
	}
	out.Parties = []id.Party{st.Custodian}
	if !st.Site.IsZero() {
		out.Sites = []id.Site{st.Site}
	}
	return out, nil
}

// LabelSubject is about whoever holds the batch that a label names. The fault is
// label-unknown.
func (s *Service) LabelSubject(ctx context.Context, l event.Label) (out access.Subject, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		b, _, err := r.Label(l)
		if err != nil {
			return err
		}
		out, err = custody(r, b)
		return err
	})
	return out, err
}

// ManifestSubject is about a manifest: everybody in its own events, and not those who
// handled its batches before it was issued or after they left it. The fault is not-found.
func (s *Service) ManifestSubject(ctx context.Context, m id.Manifest) (out access.Subject, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		found, err := r.Manifests([]id.Manifest{m})
		if err != nil {
			return err
		}
		st, ok := found[m]
		if !ok {
			return notFound("manifest")
		}
		for _, e := range st.Events {
			k, err := r.EventEntry(e)
			if err != nil {
				return err
			}
			gather(&out, []ledger.Kept{k})
		}
		return nil
	})
	return out, err
}

// EventSubject is about an event and everybody in the chains that it belongs to. The
// fault is not-found.
func (s *Service) EventSubject(ctx context.Context, e id.Event) (out access.Subject, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		k, err := r.EventEntry(e)
		if err != nil {
			return err
		}
		gather(&out, []ledger.Kept{k})
		_, ev, err := open(k.Body)
		if err != nil {
			return nil // a damaged event is nobody's; reading it says what is wrong
		}
		for _, b := range ev.Touched() {
			kept, err := r.ChainOf(b)
			if err != nil {
				return err
			}
			gather(&out, kept)
		}
		return nil
	})
	return out, err
}

// HeldSubject is about an event in quarantine: whoever it names, no more.
func HeldSubject(h Held) (out access.Subject) {
	gather(&out, []ledger.Kept{{Body: h.Body}})
	return out
}

// gather adds whoever some kept events name. What cannot be read names nobody.
func gather(out *access.Subject, kept []ledger.Kept) {
	for _, k := range kept {
		_, e, err := open(k.Body)
		if err != nil {
			continue
		}
		concern(out, e)
	}
}

// concern adds whoever an event names.
func concern(out *access.Subject, e event.Event) {
	n := worklist.Names(e)
	out.Parties = once(out.Parties, n.Parties...)
	out.Sites = once(out.Sites, n.Sites...)
	out.People = once(out.People, n.People...)
}

func once[T interface {
	comparable
	IsZero() bool
}](list []T, more ...T) []T {
	for _, v := range more {
		if !v.IsZero() && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}
