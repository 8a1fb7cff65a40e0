package chain_test

import (
	"slices"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/rule"
)

// The chain's law once more, written from design sections 3 and 4 and in other words
// than the packages under test: after which stages a type may come, and whose hand
// must sign it.
type law struct {
	after  []batch.Stage
	hand   func(batch.State) id.Party
	answer bool
	sheet  bool
}

var house = []batch.Stage{batch.Generated, batch.Received, batch.Stored, batch.Accepted}

func custodian(s batch.State) id.Party { return s.Custodian }
func haulier(s batch.State) id.Party {
	if s.Stage == batch.HandedOver {
		return s.To
	}
	return s.Carrier
}
func taker(s batch.State) id.Party {
	switch s.Stage {
	case batch.HandedOver:
		return s.To
	case batch.Returned:
		return s.Consignor
	}
	return s.Custodian
}
func receiver(s batch.State) id.Party { return s.Consignee }

var laws = map[event.Type]law{
	event.BatchGenerated:      {after: []batch.Stage{batch.None}},
	event.BatchRepacked:       {after: house, hand: custodian},
	event.BatchReleased:       {after: house, hand: custodian},
	event.BatchReceived:       {after: []batch.Stage{batch.Released, batch.HandedOver, batch.Returned}, hand: taker, answer: true},
	event.BatchStored:         {after: append([]batch.Stage{batch.AtPoint}, house...), hand: custodian},
	event.ManifestIssued:      {after: house, hand: custodian},
	event.ManifestCancelled:   {after: []batch.Stage{batch.Issued}, hand: custodian, answer: true, sheet: true},
	event.TransportCollected:  {after: []batch.Stage{batch.Issued, batch.HandedOver}, hand: haulier, answer: true, sheet: true},
	event.TransportHandedOver: {after: []batch.Stage{batch.InTransit, batch.AtPoint, batch.HandedOver}, hand: custodian, answer: true, sheet: true},
	event.TransportDelivered:  {after: []batch.Stage{batch.InTransit}, hand: custodian, answer: true, sheet: true},
	event.ManifestAccepted:    {after: []batch.Stage{batch.Delivered}, hand: receiver, answer: true, sheet: true},
	event.ManifestRefused:     {after: []batch.Stage{batch.Delivered}, hand: receiver, answer: true, sheet: true},
	event.TransportReturned:   {after: []batch.Stage{batch.Refused}, hand: custodian, answer: true, sheet: true},
	event.BatchTreated:        {after: house, hand: custodian},
	event.MeterRecorded:       {after: []batch.Stage{batch.Issued, batch.Delivered}, hand: reader, answer: true, sheet: true},
	event.PaperBackfilled:     {after: house, hand: custodian},
	event.IncidentReported: {after: append([]batch.Stage{batch.Released, batch.Issued, batch.InTransit, batch.HandedOver, batch.AtPoint,
		batch.Delivered, batch.Refused, batch.Returned}, house...)},
}

// reader is whose meter comes next.
func reader(s batch.State) id.Party {
	if s.Stage == batch.Delivered {
		return s.Consignee
	}
	return s.Consignor
}

// piped judges what a pipeline has of its own: read at meters, and nothing else between.
func piped(e event.Event, s batch.State) bool {
	pipe := s.Profile == "pipeline"
	switch e.Type {
	case event.MeterRecorded:
		return pipe && (s.Stage != batch.Delivered || e.Site == s.ConsigneeSite)
	case event.TransportCollected, event.ManifestAccepted, event.ManifestRefused:
		return !pipe
	}
	return true
}

// reportable judges who may report an incident: whoever holds the batch may take grams
// away, any of its parties may name it.
func reportable(e event.Event, s batch.State, b event.Batch) bool {
	if b.Weighed {
		return e.Party == s.Custodian && b.Grams <= s.Grams
	}
	return slices.Contains([]id.Party{s.Custodian, s.Generator, s.Consignor, s.Carrier, s.Consignee, s.To}, e.Party)
}

// legal judges an event without asking the packages under test.
func (w *walk) legal(e event.Event) bool {
	l := laws[e.Type]
	if (e.Type == event.ManifestIssued || e.Type == event.PaperBackfilled) && !w.world.Manifest(e.Manifest).ID.IsZero() {
		return false
	}
	if e.Type == event.ManifestCancelled && len(e.Batches) != len(w.world.Manifest(e.Manifest).Lines) {
		return false
	}
	for _, b := range e.Births() {
		if w.world.Batch(b.ID).N > 0 {
			return false
		}
	}
	if d, ok := e.Data.(event.Numbered); ok {
		m := w.world.Manifest(e.Manifest)
		for _, b := range e.Batches {
			if _, on := lineOf(m, b.ID); !on {
				return false
			}
		}
		return !m.ID.IsZero() && (e.Party == m.Consignor || e.Party == m.Consignee) && (m.Number == "" || m.Number == d.Number)
	}
	for _, b := range e.Batches {
		s := w.world.Batch(b.ID)
		if e.Type == event.OutcomeReported {
			if !w.tells(e, s) {
				return false
			}
			continue
		}
		switch {
		case !piped(e, s),
			e.Type == event.IncidentReported && !reportable(e, s, b),
			e.Type == event.PaperBackfilled && e.Site != s.Site:
			return false
		case e.Type == event.TransportCollected && s.Stage == batch.HandedOver && !s.ToSite.IsZero(),
			e.Type == event.BatchReceived && s.Stage == batch.HandedOver && s.ToSite != e.Site,
			e.Type == event.ManifestRefused && e.Site != s.ConsigneeSite,
			e.Type == event.BatchRepacked && (e.Site != s.Site || b.Grams > s.Grams || e.Data.(event.Repacked).Children[0].Code != s.Code):
			return false
		}
		switch {
		case !slices.Contains(l.after, s.Stage),
			l.hand != nil && l.hand(s) != e.Party,
			l.answer && !slices.Contains(e.Refs, s.Answer),
			l.sheet && e.Manifest != s.Manifest,
			l.sheet && e.Manifest.IsZero(),
			e.Type == event.ManifestAccepted && e.Site != s.ConsigneeSite,
			e.Type == event.BatchTreated && b.Grams > s.Grams:
			return false
		}
	}
	return true
}

// tells judges a report: somebody waits for it under that manifest, the batch is gone, its
// consignee signs, and the event names by what it went.
func (w *walk) tells(e event.Event, s batch.State) bool {
	for _, o := range w.owing[s.ID] {
		if o.sheet == e.Manifest {
			named := func(x id.Event) bool { return slices.Contains(e.Refs, x) }
			last := o.sheet == s.Manifest
			return !o.told && o.by == e.Party && (named(w.gone[s.ID]) || !last && slices.ContainsFunc(w.told[s.ID], named)) && !w.gone[s.ID].IsZero()
		}
	}
	return false
}

// reached is the stage that an event leads to.
func reached(e event.Event, before batch.State, b event.Batch) batch.Stage {
	if e.Type.Mends() || e.Type == event.ManifestNumbered {
		return before.Stage
	}
	switch e.Type {
	case event.MeterRecorded:
		if before.Stage == batch.Issued {
			return batch.Delivered
		}
		return batch.Accepted
	case event.IncidentReported:
		if b.Grams == before.Grams {
			return batch.Lost
		}
		return before.Stage
	case event.PaperBackfilled:
		return []batch.Stage{batch.InTransit, batch.Delivered, batch.Accepted}[len(e.Data.(event.Backfilled).Signed)-2]
	case event.BatchGenerated:
		return batch.Generated
	case event.BatchReleased:
		return batch.Released
	case event.BatchReceived:
		if before.Stage == batch.HandedOver {
			return batch.AtPoint
		}
		return batch.Received
	case event.BatchStored:
		if before.Stage == batch.AtPoint {
			return batch.AtPoint
		}
		return batch.Stored
	case event.ManifestIssued:
		return batch.Issued
	case event.TransportCollected:
		return batch.InTransit
	case event.TransportDelivered:
		return batch.Delivered
	case event.ManifestAccepted:
		return batch.Accepted
	case event.ManifestRefused:
		return batch.Refused
	case event.TransportReturned:
		return batch.Returned
	case event.TransportHandedOver:
		return batch.HandedOver
	case event.OutcomeReported:
		if e.Manifest != before.Manifest {
			return before.Stage
		}
		return batch.Reported
	case event.BatchRepacked:
		if b.Grams == before.Grams {
			return batch.Repacked
		}
		return before.Stage
	}
	if b.Grams == before.Grams {
		return batch.Treated
	}
	return before.Stage
}

// changed says whether a weighing differs from the one before, the refused grams included.
func changed(e event.Event, before batch.State, b event.Batch) bool {
	switch e.Type {
	case event.BatchGenerated, event.BatchTreated, event.BatchRepacked, event.OutcomeReported, event.ManifestCancelled, event.IncidentReported:
		return false
	}
	return b.Weighed && b.Grams+b.RefusedGrams != before.Grams
}

func hasFinding(fs []rule.Finding, c rule.Code) bool {
	return slices.ContainsFunc(fs, func(f rule.Finding) bool { return f.Rule == c })
}

func lineOf(m manifest.State, b id.Batch) (manifest.Line, bool) {
	for _, l := range m.Lines {
		if l.Batch == b {
			return l, true
		}
	}
	return manifest.Line{}, false
}
