package audit

import (
	"context"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/mass"
	"liandan/internal/standbook"
)

// Standbook folds the ledger of a site; each hears of the lines of the period in the
// order of the log, as they are read. Nothing is held but what is at the site. Faults:
// damaged, unavailable, and each's own.
func (s *Service) Standbook(ctx context.Context, scope standbook.Scope, each func(standbook.Line) error) (out []standbook.Account, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		book := standbook.New(scope, each)
		err := r.StepsOf(scope.Party, func(seq int64, body []byte, ps []mass.Posting) error {
			_, e, err := open(body)
			if err != nil {
				return fault.Wrap(err, fault.Damaged, "Entry %d cannot be read; run `liandan check`.", seq)
			}
			return book.Add(standbook.Step{Seq: seq, Event: e, Postings: ps})
		})
		out = book.Accounts()
		return err
	})
	return out, err
}

// ManifestsOf gives the manifests that a site sent or was sent, in the order of their
// national number or, without one, of their id; the zero site stands for all of the
// party's. Faults: damaged, unavailable, and each's own.
func (s *Service) ManifestsOf(ctx context.Context, p id.Party, site id.Site, each func(manifest.State) error) error {
	return s.Store.Read(ctx, func(r Reader) error {
		return r.ManifestsOf(p, func(m manifest.State) error {
			ours := m.Consignor == p && (site.IsZero() || m.ConsignorSite == site) || m.Consignee == p && (site.IsZero() || m.ConsigneeSite == site)
			if !ours {
				return nil
			}
			return each(m)
		})
	})
}
