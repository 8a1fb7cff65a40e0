package batch

import (
	"slices"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// CorrectionStatus says how a correction ended.
type CorrectionStatus string

// The statuses. That an open one has expired is for the reader's clock to say.
const (
	CorrectionOpen     CorrectionStatus = "open"
	CorrectionAgreed   CorrectionStatus = "agreed"
	CorrectionDeclined CorrectionStatus = "declined"
)

// Correction is what was proposed about a field that somebody signed. It stands in the chain
// of every batch that it touches, each with the same answers: it counts in all or in none.
type Correction struct {
	ID       id.Event         `json:"id"`    // of correction.proposed
	Event    id.Event         `json:"event"` // the corrected one
	Manifest id.Manifest      `json:"manifest,omitzero"`
	By       id.Party         `json:"by"`
	At       int64            `json:"at"`    // signers' clocks, Unix milliseconds UTC
	Until    int64            `json:"until"` // answers after that do not count
	Reason   string           `json:"reason"`
	Changes  []event.Change   `json:"changes"`
	Parties  []id.Party       `json:"parties"` // who must agree
	Agreed   []id.Party       `json:"agreed,omitempty"`
	Declined id.Party         `json:"declined,omitzero"`
	Why      string           `json:"why,omitempty"` // it was declined
	Status   CorrectionStatus `json:"status"`
	ClosedAt int64            `json:"closed_at,omitzero"`
	ClosedN  int64            `json:"closed_n,omitzero"` // the batch's entry that closed it: corrections count in that order
}

// Waiting lists who has not answered an open correction.
func (c Correction) Waiting() []id.Party {
	if c.Status != CorrectionOpen {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.Parties), func(p id.Party) bool { return slices.Contains(c.Agreed, p) })
}

// Correction finds one by the event that proposed it.
func (s State) Correction(e id.Event) (Correction, bool) {
	for _, c := range s.Corrections {
		if c.ID == e {
			return c, true
		}
	}
	return Correction{}, false
}

// checkCorrection judges what a correction's own chain can tell; what the corrected event
// says is for package chain to look at.
func (s State) checkCorrection(e event.Event, b event.Batch) error {
	if s.Stage == None {
		return s.refuse(fault.WrongStage, b.ID, "The batch has no events here yet; %s must wait for the event that it is about.", e.Type)
	}
	if e.Type == event.CorrectionProposed {
		return nil
	}
	c, ok := s.Correction(e.Refs[0])
	switch {
	case !ok:
		return s.refuse(fault.WrongStage, b.ID, "No correction of that id is proposed in this batch's chain yet; %s must wait for it.", e.Type)
	case e.Manifest != c.Manifest:
		return s.refuse(fault.WrongStage, b.ID, "The answer must name the manifest of the correction, and no other.")
	case !slices.Contains(c.Parties, e.Party):
		return s.refuse(fault.NotCustodian, b.ID, "The correction waits for other parties; nobody answers for another.")
	case slices.Contains(c.Agreed, e.Party):
		return s.refuse(fault.WrongStage, b.ID, "The party has agreed to this correction already. That cannot be taken back; propose another correction.")
	case c.Status != CorrectionOpen:
		return s.refuse(fault.WrongStage, b.ID, "The correction is %s already; propose it anew where it is still needed.", c.Status)
	case e.At.UnixMilli() > c.Until:
		return s.refuse(fault.WrongStage, b.ID, "The correction could be answered until %s; propose it anew.", time.UnixMilli(c.Until).UTC().Format(event.TimeForm))
	}
	return nil
}

// applyCorrection keeps what was proposed and answered. The values themselves are mended by
// package chain, which has the corrected event.
func (s State) applyCorrection(e event.Event) State {
	at := e.At.UnixMilli()
	s.Corrections = slices.Clone(s.Corrections)
	if d, ok := e.Data.(event.Correction); ok {
		c := Correction{ID: e.ID, Event: e.Refs[0], Manifest: e.Manifest, By: e.Party, At: at, Until: d.Until.UnixMilli(), Reason: d.Reason,
			Changes: d.Changes, Parties: append([]id.Party{}, d.Parties...), Status: CorrectionOpen}
		if len(d.Parties) == 0 {
			c.Status, c.ClosedAt, c.ClosedN = CorrectionAgreed, at, s.N
		}
		s.Corrections = append(s.Corrections, c)
		return s
	}
	i := slices.IndexFunc(s.Corrections, func(c Correction) bool { return c.ID == e.Refs[0] })
	c := &s.Corrections[i]
	switch d := e.Data.(type) {
	case event.Consent:
		c.Agreed = append(slices.Clone(c.Agreed), e.Party)
		if len(c.Waiting()) == 0 {
			c.Status, c.ClosedAt, c.ClosedN = CorrectionAgreed, at, s.N
		}
	case event.Dissent:
		c.Status, c.Declined, c.Why, c.ClosedAt, c.ClosedN = CorrectionDeclined, e.Party, d.Reason, at, s.N
	}
	return s
}
