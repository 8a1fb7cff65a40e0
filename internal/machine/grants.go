package machine

import (
	"context"
	"slices"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

// Grant lets a client act for an organisation within scopes, from now on. A second grant
// replaces the first, which stays in the list with its end. The caller makes sure that the
// organisation itself asks. Faults: invalid-request for scopes that the client may not have
// or that no organisation can give; not-found for an unknown organisation or client;
// conflict for a disabled client; unavailable.
func (s *Service) Grant(ctx context.Context, p id.Party, c id.Client, scopes []access.Scope) (Grant, error) {
	bad := fault.New(fault.InvalidRequest, "Nothing was granted; what is wrong is listed.")
	checkScopes(bad, scopes)
	for i, v := range scopes {
		if v.OfServer() {
			bad.At(scopeAt(i), "of_server", "is about the server itself; no organisation can grant it")
		}
	}
	if len(bad.Fields) > 0 {
		return Grant{}, bad
	}
	now := s.clock()
	org, ok, err := s.organisations.Organisation(ctx, p)
	if err != nil {
		return Grant{}, unavailable(err)
	}
	if !ok || !org.Valid.Holds(now) {
		return Grant{}, fault.New(fault.NotFound, "There is no such organisation in the register now.")
	}
	u, err := s.newID()
	if err != nil {
		return Grant{}, err
	}
	g := Grant{ID: id.GrantOf(u), Client: c, Party: p, Scopes: ordered(scopes), Valid: party.Period{From: now}}
	_, err = s.change(ctx, c, func(tx Tx, k *Client) error {
		if !k.Disabled.IsZero() {
			return disabled()
		}
		for i, v := range scopes {
			if !slices.Contains(k.Scopes, v) {
				bad.At(scopeAt(i), "not_of_client", "is not among the scopes of this client: %v", k.Scopes)
			}
		}
		if len(bad.Fields) > 0 {
			return bad
		}
		g.Name = k.Name
		if _, err := tx.EndGrant(p, c, now); err != nil {
			return err
		}
		return tx.AddGrant(g)
	})
	if err != nil {
		return Grant{}, err
	}
	return g, nil
}

// Withdraw ends what an organisation granted a client. It acts on the client's very next
// request, whatever tokens it holds. Faults: not-found when the client holds no grant of
// the organisation, or is not there; unavailable.
func (s *Service) Withdraw(ctx context.Context, p id.Party, c id.Client) error {
	if p.IsZero() {
		return notGranted()
	}
	_, err := s.change(ctx, c, func(tx Tx, _ *Client) error {
		ended, err := tx.EndGrant(p, c, s.clock())
		if err == nil && !ended {
			err = notGranted()
		}
		return err
	})
	if fault.Of(err) == fault.NotFound {
		return notGranted() // the same for a client that is not there: it is not the organisation's to know
	}
	return err
}

func notGranted() error {
	return fault.New(fault.NotFound, "Your organisation has not granted anything to this API client.")
}

// Grants lists what an organisation granted: what holds first, then what has ended, the
// newest first. Fault: unavailable.
func (s *Service) Grants(ctx context.Context, p id.Party) ([]Grant, error) {
	if p.IsZero() {
		return nil, nil
	}
	list, err := s.store.MachineReader(ctx).Grants(p)
	return list, unavailable(err)
}
