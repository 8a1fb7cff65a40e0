package measure

import (
	"math"
	"slices"

	"liandan/internal/id"
	"liandan/internal/indicator"
)

// Window is what treatments are asked for: those of a period, in entries before a size, of
// waste that was collected from one moment to before another, in Unix milliseconds.
type Window struct {
	From, To                   int64
	CollectedFrom, CollectedTo int64
	Before                     int64
}

func (g *gathering) window() Window {
	w := Window{From: g.q.Period.From.UnixMilli(), To: g.q.Period.To.UnixMilli(), CollectedFrom: math.MinInt64, CollectedTo: math.MaxInt64, Before: g.size}
	if !indicator.ProofOfAnyTime(g.in.Definition) {
		w.CollectedFrom, w.CollectedTo = w.From, w.To
	}
	return w
}

// probe looks for at most one treatment of each site.
type probe func([]id.Site, Window) ([]indicator.Seen, error)

// seen gathers who was seen, of the sites that the row asks about. It reads a row or two
// of each of them, however long the log is: one generation in the period says that a site
// reported, and one treatment by a licensed plant proves it. Only of a site that the first
// one found does not prove are all read.
func (g *gathering) seen() error {
	first, _ := g.q.Period.Days()
	reporting, open := indicator.Asks(*g.in, g.q.District)
	w := g.window()
	met, probes, err := g.met(reporting, open, w)
	if err != nil {
		return err
	}
	for _, s := range met {
		g.in.Seen[indicator.Seen{Site: s, What: indicator.Generated, Day: first}] = 0
	}
	if open == nil {
		return nil
	}
	g.mixedTail()
	var doubtful []id.Site
	for _, probe := range probes {
		found, err := probe(open, w)
		if err != nil {
			return err
		}
		proven := map[id.Site]bool{}
		for _, k := range found {
			g.in.Seen[k] = 0
			if proven[k.Site] = indicator.Proves(*g.in, k); !proven[k.Site] {
				doubtful = append(doubtful, k.Site)
			}
		}
		open = slices.DeleteFunc(open, func(s id.Site) bool { return proven[s] })
	}
	left := make(map[id.Site]bool, len(open))
	for _, s := range open {
		left[s] = true
	}
	return g.everything(slices.DeleteFunc(doubtful, func(s id.Site) bool { return !left[s] }), w)
}

// met finds the sites that reported, and says where to look for proofs: of a month what
// the log says first of each site in it, at once; of other periods the movements.
func (g *gathering) met(reporting, open []id.Site, w Window) ([]id.Site, []probe, error) {
	if g.q.Period.Grain != indicator.Monthly {
		met, err := g.r.Reported(reporting, w.From, w.To, w.Before)
		return met, []probe{g.r.ProofByBatch, g.rolledProof}, err
	}
	month, _ := g.q.Period.Days()
	asked := reporting
	if open != nil {
		asked = open // reporting are among them
	}
	met, proofs, err := g.r.Firsts(asked, month, w.Before, open != nil)
	probes := []probe{func([]id.Site, Window) ([]indicator.Seen, error) { return proofs, err }, g.rolledProof}
	if indicator.ProofOfAnyTime(g.in.Definition) { // what was collected before the month too
		probes = slices.Insert(probes, 1, probe(g.r.ProofByBatch))
	}
	return met, probes, err
}

// everything reads all treatments of a few sites.
func (g *gathering) everything(sites []id.Site, w Window) error {
	all, err := g.r.Treatments(sites, w)
	if err != nil {
		return err
	}
	for _, k := range all {
		g.in.Seen[k] = 0
	}
	first, after := g.q.Period.Days()
	return g.r.Sightings(g.in.Seen, first, after, g.rolled, sites)
}

func (g *gathering) rolledProof(sites []id.Site, w Window) ([]indicator.Seen, error) {
	first, after := g.q.Period.Days()
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if w.CollectedFrom != math.MinInt64 {
		from, to = first, after
	}
	return g.r.ProofRolledUp(sites, first, after, from, to, g.rolled)
}

// mixedTail notes what the entries after the roll-ups show of batches that were made of others.
func (g *gathering) mixedTail() {
	first, after := g.q.Period.Days()
	for k, seq := range g.tail.seen {
		if k.Day >= first && k.Day < after {
			g.in.Seen[k] = seq
		}
	}
}

func mixed(moves []indicator.Move) (out []indicator.Move) {
	for _, m := range moves {
		if m.Mixed {
			out = append(out, m)
		}
	}
	return out
}
