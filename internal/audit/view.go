package audit

import (
	"time"

	"liandan/internal/batch"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// BatchView is a batch for a reader: its state, what its code means, what the rules say.
type BatchView struct {
	State    batch.State
	Entry    waste.Entry // of the catalogue at generation; zero when not Verified
	Verified bool        // the code is in the catalogue in hand
	Findings []rule.Finding
	Grade    batch.Grade // that is shown: Countersigned, where State says paper
	Unsigned []id.Party  // who signed a slip on paper and has not put its key to it here
	Label    event.Label // newest that is not revoked; "" when there is none

	Corrections []Correction
	Duties      []duty.Duty // its own, and those of the manifest that it waits on
}

// Correction is one with what the reader's clock says of it.
type Correction struct {
	batch.Correction
	Expired bool // nobody else may answer any more
}

// ManifestView is a manifest for a reader.
type ManifestView struct {
	State    manifest.State
	Findings []rule.Finding

	Grade    batch.Grade // that is shown: Countersigned, where State says paper
	Unsigned []id.Party  // who signed the slip on paper and has not put its key to it here
	lines    map[id.Batch]batch.State

	Corrections []Correction // of all its lines, each once
	Provisional string       // number that serves until the national one comes; "" when that is there
	Duties      []duty.Duty  // the ended ones too
	Signed      []Step       // its events, in the log's order, each once; with no findings
}

// ChainView is a batch's entries in order.
type ChainView struct {
	Batch  id.Batch
	Broken []string // empty: whole
	Steps  []Step

	code   waste.Code
	mended int64                          // the entry from which on the newest agreed correction counts; -1: none
	sheets map[id.Manifest]manifest.State // that its events are of
}

// Sheet is a manifest that an event of the chain is of.
func (v ChainView) Sheet(m id.Manifest) (manifest.State, bool) {
	st, ok := v.sheets[m]
	return st, ok
}

// Step is one entry of a chain.
type Step struct {
	Seq        int64
	RecordedAt time.Time
	Event      event.Event
	Kid        string
	Hash       id.Hash
	Entry      []byte
	JWS        []byte
	Findings   []rule.Finding
}

// EventView is one event with its evidence.
type EventView struct {
	Event      event.Event
	Hash       id.Hash
	Seq        int64
	RecordedAt time.Time
	JWS        []byte
	Entry      []byte
	Proof      []byte // c2sp.org/tlog-proof@v1 in the newest tree
}

// Held is one event in quarantine.
type Held struct {
	Hash       id.Hash
	Event      id.Event
	ReceivedAt time.Time
	Kind       string
	Detail     string
	State      string // waiting, admitted or rejected
	Seq        int64  // of the entry once admitted; -1 otherwise
	Body       []byte
}

// LabelView is what a finder may learn from a label. It holds no party, person, place
// or weight.
type LabelView struct {
	Entry    waste.Entry
	Verified bool
	Form     waste.Form
}
