package registry

import (
	"time"

	"liandan/internal/id"
	"liandan/internal/party"
)

// Find chooses organisations for a page of them.
type Find struct {
	Words string     // in the name, or the beginning of the credit code; "": all
	Party []id.Party // among these alone; nil: all
	After id.Party   // the last one of the page before; zero: from the start
	Limit int
}

// Found is one organisation with what decides who may see it.
type Found struct {
	party.Organisation
	Sites []id.Site
}

// Change is what an import made one row of a register say.
type Change struct {
	Seq   int64
	Kind  string // organisations, sites, licences, people, vehicles, plan_lines, approvals
	Key   string // of the row, within its kind
	At    time.Time
	By    string            // who: an opaque word such as account:UUID
	Cells map[string]string // by column
}

// Upload is a file of a register that was tried and waits to be applied.
type Upload struct {
	ID   string // random
	By   string // who may apply it
	Kind string
	Body []byte
	Made time.Time
}
