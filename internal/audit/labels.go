package audit

import (
	"context"
	"io"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// Finder answers a stranger who scans a label. Faults: label-unknown, label-revoked.
func (s *Service) Finder(ctx context.Context, l event.Label) (v LabelView, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		b, revoked, err := r.Label(l)
		if err != nil {
			return err
		}
		if revoked {
			return fault.New(fault.LabelRevoked, "This label was replaced or withdrawn; look for the newer label on the container.")
		}
		found, err := r.Batches([]id.Batch{b})
		if err != nil {
			return err
		}
		st := found[b]
		v.Form = st.Form
		v.Entry, v.Verified = s.Catalog.Lookup(st.Code, time.UnixMilli(st.BornAt).UTC())
		return nil
	})
	return v, err
}

// NewLabel makes a new token for a batch and withdraws the older ones.
func (s *Service) NewLabel(ctx context.Context, b id.Batch) (event.Label, error) {
	if _, err := s.Batch(ctx, b); err != nil {
		return "", err
	}
	var r [26]byte
	if _, err := io.ReadFull(s.Random, r[:]); err != nil {
		return "", fault.Wrap(err, fault.Internal, "No randomness for a new label.")
	}
	l := event.NewLabel(r)
	return l, s.Store.AddLabel(ctx, l, b, s.Now())
}

// RevokeLabel withdraws a token.
func (s *Service) RevokeLabel(ctx context.Context, l event.Label) error {
	return s.Store.RevokeLabel(ctx, l, s.Now())
}
