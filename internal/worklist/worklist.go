// Package worklist says in which lists the state of a batch or manifest stands: what waits
// for whom, what is on its way for whom, and which clocks run against whom; and by which
// words and by whom it can be found.
//
// It must not judge by a clock or a calendar (package duty counts a deadline when somebody
// reads) or decide who may see a row (package access does).
package worklist

import (
	"cmp"
	"slices"

	"liandan/internal/batch"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
)

// List names a list.
type List string

// The lists. A running clock has a list of its own, Clock of its word.
const (
	Waiting List = "waiting" // Next of the state names the party
	Moving  List = "moving"  // between two houses, and the party has a part in it
	Answers List = "answers" // a correction that the party proposed waits for answers; Ord is until when they count
)

// Clock is the list of a running clock.
func Clock(w duty.Word) List { return List("clock:" + string(w)) }

// Kind says what a row is about.
type Kind string

// The kinds.
const (
	Batch    Kind = "batch"
	Manifest Kind = "manifest"
	Event    Kind = "event" // that belongs to no batch; found, and in no list of work
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Batch, Manifest} }

// Row is one place in a list. A thing stands in a list once for each party and site.
type Row struct {
	Subject id.UUID
	Slot    int // numbers the rows of a thing
	Kind    Kind
	List    List
	Party   id.Party
	Site    id.Site // of the party, where the thing is or is to come; zero: none yet
	// Ord orders the list: the log's index of the newest event, so that what moves on goes
	// to the end; in the list of a clock, when it began in Unix milliseconds UTC.
	Ord int64
}

// rows gathers the rows of one thing.
type rows struct {
	subject id.UUID
	kind    Kind
	all     []Row
}

// add puts the thing in a list, once for each party and site.
func (r *rows) add(l List, p id.Party, s id.Site, ord int64) {
	row := Row{Subject: r.subject, Slot: len(r.all), Kind: r.kind, List: l, Party: p, Site: s, Ord: ord}
	same := func(o Row) bool { o.Slot = row.Slot; return o == row }
	if !p.IsZero() && !slices.ContainsFunc(r.all, same) {
		r.all = append(r.all, row)
	}
}

func (r *rows) clocks(cs []duty.Clock) {
	for _, c := range cs {
		if c.Ended == 0 {
			r.add(Clock(c.Word), c.Owner, c.Site, c.Start)
		}
	}
}

// OfBatch gives the rows of a batch.
func OfBatch(s batch.State) []Row {
	r := rows{subject: s.ID.UUID(), kind: Batch}
	for _, step := range s.Next() {
		r.add(Waiting, step.Party, batchSite(s, step), s.Seq)
	}
	if moves(s.Stage) {
		r.add(Moving, s.Consignor, s.ConsignorSite, s.Seq)
		r.add(Moving, s.Carrier, s.CarrierSite, s.Seq)
		r.add(Moving, s.Custodian, s.Site, s.Seq)
		r.add(Moving, s.To, s.ToSite, s.Seq)
		r.add(Moving, s.Consignee, s.ConsigneeSite, s.Seq)
	}
	r.clocks(duty.OfBatch(s))
	for _, c := range s.Corrections {
		if c.Status == batch.CorrectionOpen {
			at := s.Site
			if at.IsZero() { // on the road
				at = s.Origin
			}
			r.add(Answers, c.By, at, c.Until)
		}
	}
	return r.all
}

// moves says whether a stage is between two houses.
func moves(s batch.Stage) bool {
	switch s {
	case batch.InTransit, batch.HandedOver, batch.AtPoint, batch.Delivered, batch.Refused, batch.Returned:
		return true
	}
	return false
}

// batchSite is where a party is to take a step; zero where the state does not say.
func batchSite(s batch.State, step batch.Step) id.Site {
	switch step.Type {
	case event.OutcomeReported:
		for _, x := range s.Owed {
			if x.Manifest == step.Manifest {
				return x.ConsigneeSite
			}
		}
		return s.ConsigneeSite
	case event.ManifestAccepted, event.ManifestRefused:
		return s.ConsigneeSite
	case event.ManifestCancelled:
		return s.ConsignorSite
	case event.TransportCollected:
		return id.Site{}
	case event.BatchReceived:
		switch s.Stage {
		case batch.HandedOver:
			return s.ToSite
		case batch.Returned:
			return s.ConsignorSite
		}
	case event.TransportDelivered, event.TransportReturned, event.TransportHandedOver:
		if s.Site.IsZero() && s.Custodian == s.Carrier {
			return s.CarrierSite
		}
	}
	return s.Site
}

// OfManifest gives the rows of a manifest.
func OfManifest(s manifest.State) []Row {
	r := rows{subject: s.ID.UUID(), kind: Manifest}
	for _, step := range s.Next() {
		r.add(Waiting, step.Party, manifestSite(s, step), s.Seq)
	}
	if slices.ContainsFunc(s.Lines, func(l manifest.Line) bool { return moves(l.Stage) && l.Returned == 0 }) {
		r.add(Moving, s.Consignor, s.ConsignorSite, s.Seq)
		r.add(Moving, s.Carrier, id.Site{}, s.Seq)
		for _, l := range s.Legs {
			r.add(Moving, l.From, id.Site{}, s.Seq)
			r.add(Moving, l.To, l.Site, s.Seq)
		}
		r.add(Moving, s.Consignee, s.ConsigneeSite, s.Seq)
	}
	r.clocks(duty.OfManifest(s))
	return r.all
}

func manifestSite(s manifest.State, step batch.Step) id.Site {
	switch step.Type {
	case event.ManifestAccepted, event.BatchTreated, event.OutcomeReported:
		return s.ConsigneeSite
	case event.BatchReceived:
		if s.Stage == batch.Returned {
			return s.ConsignorSite
		}
		return s.Legs[len(s.Legs)-1].Site
	case event.TransportHandedOver:
		if n := len(s.Legs); n > 0 {
			return s.Legs[n-1].Site
		}
	}
	return id.Site{}
}

// Key is a place in a list: the next page begins after it.
type Key struct {
	Ord     int64
	Subject id.UUID
}

// Compare orders keys.
func (k Key) Compare(o Key) int {
	if c := cmp.Compare(k.Ord, o.Ord); c != 0 {
		return c
	}
	return slices.Compare(k.Subject[:], o.Subject[:])
}
