package audit_test

import (
	"context"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/party"
	"liandan/internal/rule"
)

// growing is a register in which every site is a clinic of 12 beds until a day and a hospital
// of 40 from then on.
type growing struct {
	*intaketest.Registry
	from time.Time
}

func (g growing) at(t time.Time) party.Site {
	if t.Before(g.from) {
		return party.Site{Kind: "clinic", Beds: 12}
	}
	return party.Site{Kind: "hospital", Beds: 40}
}

// Site is what the site is today.
func (g growing) Site(context.Context, id.Site) (party.Site, bool, error) {
	return g.at(g.from), true, nil
}

func (g growing) SiteAt(_ context.Context, _ id.Site, t time.Time) (party.Site, bool, error) {
	return g.at(t), true, nil
}

var _ audit.Register = growing{}

// TestClaimsAreHeldAgainstTheBedsOfTheDay: a clinic that has grown since had the right to its
// exemption then, and has none now.
func TestClaimsAreHeldAgainstTheBedsOfTheDay(t *testing.T) {
	onEach(t, 0, func(t *testing.T, p *place) {
		issue := func() id.Manifest {
			p.Advance(time.Hour)
			bag := p.Generate(1_000)
			issued := p.Issue(bag.Event.Batches[0])
			d := issued.Event.Data.(event.Issued)
			d.Exempt = event.Exempt{Collection: "2021-2.1", Transport: "2021-2.2"}
			again := p.Sign(p.Hospital, event.ManifestIssued, d, func(e *event.Event) {
				e.Manifest, e.Batches = issued.Event.Manifest, issued.Event.Batches
			})
			p.send(bag, again)
			return again.Event.Manifest
		}
		small := issue()
		p.Advance(time.Hour)
		grown := p.Now()
		large := issue()
		svc := *p.audit
		svc.Register = growing{p.Registry, grown}
		for m, want := range map[id.Manifest]int{small: 0, large: 2} {
			v, err := svc.Manifest(ctx, m)
			n := 0
			for _, f := range v.Findings {
				if f.Rule == rule.NoRightExempt {
					n++
				}
			}
			if err != nil || n != want {
				t.Errorf("%d findings on the exemptions, want %d: %+v %v", n, want, v.Findings, err)
			}
		}
	})
}
