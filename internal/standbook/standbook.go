// Package standbook keeps the ledger (台账) that HJ 1259-2022 section 6.3 and annex B ask
// of a site: what arose, went into storage, came out, was used or disposed of by the site
// itself or by others. It is a fold over the signed events and their postings; nobody
// writes a line.
//
// It must not store a line, look a name up, or round: the balance of every waste code
// closes to the gram.
package standbook

import (
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/mass"
	"liandan/internal/waste"
)

// Step is one event of the log, with its postings in their order. The fold wants every
// event that touches a batch which the site ever held, in the order of the log.
type Step struct {
	Seq      int64
	Event    event.Event
	Postings []mass.Posting
}

// Table is one of the ledger's tables.
type Table string

// The five tables of annex B, B.1 to B.5.
const (
	Generated  Table = "generated"
	Stored     Table = "stored"
	Drawn      Table = "drawn"
	Own        Table = "own"
	Outsourced Table = "outsourced"
)

// Tables lists them in the order of the annex.
func Tables() []Table { return []Table{Generated, Stored, Drawn, Own, Outsourced} }

// TableOf is where a kind of line stands.
func TableOf(k waste.LedgerKind) Table {
	switch k {
	case waste.LedgerGenerated:
		return Generated
	case waste.LedgerStocked:
		return Stored
	case waste.LedgerDrawn:
		return Drawn
	case waste.LedgerOwnUse, waste.LedgerOwnDispose:
		return Own
	}
	return Outsourced
}

// Line is one line of the ledger: one batch of one event.
type Line struct {
	Kind       waste.LedgerKind
	Code       string   // the line's batch code (批次编码)
	Refs       []string // the lines that it goes back to
	At         time.Time
	Waste      waste.Code
	Name       string // the unit's own name for it
	Grams      waste.Grams
	Estimated  bool // the mass at generation was an estimate
	Form       waste.Form
	Packaging  waste.Packaging
	Container  string // digital code of the container
	Packages   int
	Department string
	Place      string // in storage
	Facility   string // of treatment, as the event names it
	Person     id.Person
	Method     waste.Method
	To         id.Party // who receives it (B.5), or the site's own party
	ToSite     id.Site
	Manifest   id.Manifest
	Number     string // the manifest's national number, where it had one when it was issued
	Batch      id.Batch
	Event      id.Event // the evidence behind the line
	Seq        int64    // of its entry in the log

	// Of a line that corrects another: its code, and what it said and says. Grams is then the
	// difference, below zero where there is less, so that a column still adds up.
	Corrects string
	Old, New string
}

// Account is the balance of one waste code at the site over the period. Of a generator
// from whom nothing comes back it is the standard's: opening + generated = own +
// outsourced + closing.
type Account struct {
	Waste      waste.Code
	Opening    waste.Grams
	Generated  waste.Grams
	TakenIn    waste.Grams // from other sites or units, or back from a carrier
	Own        waste.Grams // used or disposed of here, residue included
	Outsourced waste.Grams // handed to a carrier
	MovedOn    waste.Grams // to another site without a carrier
	Corrected  waste.Grams // differences between weighings, in favour of the site when above zero
	Repacked   waste.Grams // zero unless a batch was packed over into one of another code
	Closing    waste.Grams
}

// Balanced says that the account closes.
func (a Account) Balanced() bool {
	return a.Opening+a.Generated+a.TakenIn+a.Corrected+a.Repacked == a.Own+a.Outsourced+a.MovedOn+a.Closing
}

// Scope is whose ledger it is, and of which days: from inclusive, to exclusive, both the
// first moments of local days.
type Scope struct {
	Party id.Party
	Site  id.Site
	From  time.Time
	To    time.Time
}

// Book is a fold under way. It holds what is at the site; of what went through it, the codes
// of its lines alone, for corrections go back to them.
type Book struct {
	scope    Scope
	each     func(Line) error
	held     map[id.Batch]*holding
	counted  map[string]int
	accounts map[waste.Code]*Account

	trails   map[id.Batch]*trail
	proposed map[id.Event]*proposal
}

// holding is a batch at the site, or on its way from it.
type holding struct {
	code       waste.Code
	name       string
	grams      waste.Grams
	estimated  bool
	form       waste.Form
	packaging  waste.Packaging
	container  string
	department string
	place      string
	last       []string // the lines that the next one goes back to
	stocked    bool     // the newest of them is one of table B.2
	method     waste.Method
	consignee  id.Party
	toSite     id.Site
	manifest   id.Manifest
	number     string
}

// New begins a fold. each hears of the lines of the period, in the order of the log; lines
// before it are counted all the same, for their codes and for the opening balance.
func New(s Scope, each func(Line) error) *Book {
	return &Book{scope: s, each: each, held: map[id.Batch]*holding{}, counted: map[string]int{}, accounts: map[waste.Code]*Account{},
		trails: map[id.Batch]*trail{}, proposed: map[id.Event]*proposal{}}
}

// here says that an account is what the site holds.
func (b *Book) here(a mass.Account) bool {
	return a.Kind == mass.Held && a.Party == b.scope.Party && a.Site == b.scope.Site
}

// Add folds one event.
func (b *Book) Add(s Step) error {
	if s.Event.Type.Mends() {
		return b.correct(s)
	}
	b.learn(s.Event)
	for _, eb := range s.Event.Batches {
		if err := b.turn(s, eb, eb.ID); err != nil {
			return err
		}
	}
	if err := b.born(s); err != nil {
		return err
	}
	b.settle(s.Event)
	return nil
}

// learn takes over what the event says of its batches.
func (b *Book) learn(e event.Event) {
	if d, ok := e.Data.(event.Issued); ok {
		for _, eb := range e.Batches {
			if h := b.held[eb.ID]; h != nil {
				h.method, h.consignee, h.toSite, h.manifest, h.number = d.Method, d.Consignee, d.ConsigneeSite, e.Manifest, d.Number
				b.trail(eb.ID).issued = e.ID
			}
		}
	}
}

func (b *Book) holding(x id.Batch, c waste.Code) *holding {
	h := b.held[x]
	if h == nil {
		h = &holding{code: c}
		b.held[x] = h
	}
	return h
}
