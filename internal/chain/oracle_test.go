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

var house = []batch.Stage{batch.Generated, batch.Received, batch.Stored}

func custodian(s batch.State) id.Party { return s.Custodian }
func haulier(s batch.State) id.Party   { return s.Carrier }
func receiver(s batch.State) id.Party  { return s.Consignee }

var laws = map[event.Type]law{
	event.BatchGenerated:     {after: []batch.Stage{batch.None}},
	event.BatchReleased:      {after: house, hand: custodian},
	event.BatchReceived:      {after: []batch.Stage{batch.Released}, hand: custodian, answer: true},
	event.BatchStored:        {after: house, hand: custodian},
	event.ManifestIssued:     {after: append([]batch.Stage{batch.Accepted}, house...), hand: custodian},
	event.TransportCollected: {after: []batch.Stage{batch.Issued}, hand: haulier, answer: true, sheet: true},
	event.TransportDelivered: {after: []batch.Stage{batch.InTransit}, hand: haulier, answer: true, sheet: true},
	event.ManifestAccepted:   {after: []batch.Stage{batch.Delivered}, hand: receiver, answer: true, sheet: true},
	event.BatchTreated:       {after: append([]batch.Stage{batch.Accepted}, house...), hand: custodian},
	event.OutcomeReported:    {after: []batch.Stage{batch.Treated}, hand: receiver, answer: true, sheet: true},
}

// legal judges an event without asking the packages under test.
func (w *walk) legal(e event.Event) bool {
	l := laws[e.Type]
	if e.Type == event.ManifestIssued && !w.world.Manifest(e.Manifest).ID.IsZero() {
		return false
	}
	for _, b := range e.Batches {
		s := w.world.Batch(b.ID)
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

// reached is the stage that an event leads to.
func reached(e event.Event, before batch.State, b event.Batch) batch.Stage {
	switch e.Type {
	case event.BatchGenerated:
		return batch.Generated
	case event.BatchReleased:
		return batch.Released
	case event.BatchReceived:
		return batch.Received
	case event.BatchStored:
		return batch.Stored
	case event.ManifestIssued:
		return batch.Issued
	case event.TransportCollected:
		return batch.InTransit
	case event.TransportDelivered:
		return batch.Delivered
	case event.ManifestAccepted:
		return batch.Accepted
	case event.OutcomeReported:
		return batch.Reported
	}
	if b.Grams == before.Grams {
		return batch.Treated
	}
	return before.Stage
}

// changed says whether a weighing differs from the one before, the refused grams included.
func changed(e event.Event, before batch.State, b event.Batch) bool {
	switch e.Type {
	case event.BatchGenerated, event.BatchTreated, event.OutcomeReported:
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
