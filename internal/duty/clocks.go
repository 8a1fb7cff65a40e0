package duty

import (
	"slices"

	"liandan/internal/batch"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/rule"
)

// OfBatch gives the clocks that run for a batch: how long a bag of medical waste has been
// in temporary storage, as the rule stored-too-long counts it.
func OfBatch(s batch.State) []Clock {
	d, since, ok := rule.Shipped().Storage(s)
	if !ok {
		return nil
	}
	return []Clock{{Word: wordOf(d.Start), Owner: s.Custodian, Site: s.Site, Batch: s.ID, Start: since}}
}

// OfManifest gives the clocks of a manifest, the ended ones too: how long the consignee has
// had the load at its gate, and how long it has held what it accepted.
func OfManifest(s manifest.State) []Clock {
	var out []Clock
	base := Clock{Owner: s.Consignee, Site: s.ConsigneeSite, Profile: s.Profile, Manifest: s.ID}
	at := func(stage batch.Stage) bool {
		return slices.ContainsFunc(s.Lines, func(l manifest.Line) bool { return l.Stage == stage })
	}
	if s.DeliveredAt != 0 {
		c := base
		c.Word, c.Start = Delivered, s.DeliveredAt
		if !at(batch.Delivered) {
			c.Ended = max(s.AcceptedAt, s.RefusedAt)
		}
		out = append(out, c)
	}
	if s.AcceptedAt != 0 && slices.ContainsFunc(s.Lines, held) {
		c := base
		c.Word, c.Start = Held, s.AcceptedAt
		out = append(out, c)
	}
	return out
}

func held(l manifest.Line) bool { return l.Stage == batch.Accepted && l.Onward.IsZero() }

// Tally keeps what ran and how it ended over a history: hand it the clocks that run after
// each event.
type Tally struct{ Clocks []Clock }

type running struct {
	word     Word
	owner    id.Party
	batch    id.Batch
	manifest id.Manifest
	start    int64
}

func (c Clock) key() running { return running{c.Word, c.Owner, c.Batch, c.Manifest, c.Start} }

// Then takes the clocks that run after an event of that time, in Unix milliseconds UTC.
// What runs no more has ended then; with another owner the old one's has ended and the
// new one's runs from the same start.
func (t *Tally) Then(now []Clock, at int64) {
	left := slices.Clone(now)
	for i := range t.Clocks {
		c := &t.Clocks[i]
		if c.Ended != 0 {
			continue
		}
		if k := slices.IndexFunc(left, func(n Clock) bool { return n.key() == c.key() }); k >= 0 {
			*c = left[k]
			left = slices.Delete(left, k, k+1)
			continue
		}
		c.Ended = max(at, c.Start)
	}
	t.Clocks = append(t.Clocks, left...)
}
