// Package audit reads what the log holds and judges it: a batch, a manifest, a chain, an
// evidence bundle, the whole store; and it recreates every projection from the log.
//
// It must not append to the log or change an entry, and a damaged store is a report, not
// an error.
package audit

import (
	"context"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/mass"
	"liandan/internal/merkle"
	"liandan/internal/party"
	former "liandan/internal/past"
	"liandan/internal/permit"
	"liandan/internal/rule"
	"liandan/internal/source"
	"liandan/internal/statement"
	"liandan/internal/waste"
	"liandan/internal/worklist"
)

// Reader is one consistent reading of the store.
type Reader interface {
	Log() (merkle.Head, time.Time, error)
	Tile(t merkle.TileID, width int) ([]byte, error)
	Entry(seq int64) (ledger.Kept, error)
	// Newest is the newest head with its signed checkpoint; a zero head on an empty log.
	Newest() (merkle.Head, []byte, error)
	// SealedAt is the newest published head of at most so many entries, with its checkpoint;
	// a zero head where there is none.
	SealedAt(size int64) (merkle.Head, []byte, error)
	// Entries walks entries from (inclusive) to (exclusive) in order.
	Entries(from, to int64, each func(ledger.Kept) error) error
	// ChainOf gives the entries of a batch in order.
	ChainOf(b id.Batch) ([]ledger.Kept, error)
	EventEntry(e id.Event) (ledger.Kept, error)
	// LogKeys gives the entries by which the log's key was succeeded, in order.
	LogKeys() ([]ledger.Kept, error)
	Batches(ids []id.Batch) (map[id.Batch]batch.State, error)
	Manifests(ids []id.Manifest) (map[id.Manifest]manifest.State, error)
	// ManifestsNumbered gives the manifests that have a national number.
	ManifestsNumbered(number string) ([]id.Manifest, error)
	LabelOf(b id.Batch) (event.Label, error)
	Label(l event.Label) (b id.Batch, revoked bool, err error)
	Quarantine(cursor string, limit int) ([]Held, string, error)
	// StatementsOf gives the entries of the statements about a subject, in order: the
	// chapters of a key's life, by its kid.
	StatementsOf(subject string) ([]ledger.Kept, error)
	// RulingsOf gives the entries of the rulings on events, by the hashes of their bytes, in
	// order.
	RulingsOf(hashes []id.Hash) ([]ledger.Kept, error)
	// TopicOf gives the entries of a topic, in order.
	TopicOf(k source.Kind, subject string) ([]ledger.Kept, error)
	// TopicLast gives the newest entries of a topic, at most so many, in order.
	TopicLast(k source.Kind, subject string, limit int) ([]ledger.Kept, error)
	// Acts gives the entries of acts before an entry, newest first.
	Acts(f ActFilter, before int64, limit int) ([]ledger.Kept, error)
	// Listed gives the things of a run of a list after a place, in order, and how far it
	// looked when there may be more; limit bounds what is found, not what is looked through.
	Listed(src Source, f Filter, after worklist.Key, limit int) ([]Hit, *worklist.Key, error)
	// Tallies gives the running sums of a party as they stood before an entry.
	Tallies(q permit.Query, before int64) ([]permit.Tally, error)
	// StepsOf walks, in the log's order, the entries of every batch that a party ever had on
	// an account, each with its postings. Nothing else may be read meanwhile.
	StepsOf(p id.Party, each func(seq int64, body []byte, postings []mass.Posting) error) error
	// ManifestsOf walks the manifests that a party sent or was sent, by number and id.
	ManifestsOf(p id.Party, each func(manifest.State) error) error
	// PastYears sums up a site's past records by kind and year, newest first.
	PastYears(p id.Party, s id.Site, each func(kind former.Kind, year string, lines, grams int64) error) error
	// ImportsOf walks the imports that brought a site's past records, newest first.
	ImportsOf(p id.Party, s id.Site, each func(hash id.Hash, body []byte) error) error
	// ImportedOf walks the past records of a site whose days lie in a period, by day.
	ImportedOf(p id.Party, s id.Site, k former.Kind, from, to string, each func(of id.Hash, line int64, body []byte) error) error
	// Searched gives the things that a filter means, newest first, like Listed.
	Searched(f Filter, after worklist.Key, limit int) ([]Hit, *worklist.Key, error)
	// VehicleHolders gives the organisations whose vehicle a plate is then, by the register;
	// the plate as worklist.ByPlate spells it.
	VehicleHolders(term string, at time.Time) ([]id.Party, error)
	// Organisations finds parties by their credit code or a part of their name.
	OrganisationsNamed(word string, most int) ([]id.Party, error)
	// Candidates gives the entries of which a rule may have something to say, newest first, of
	// those before an entry, and from which entry on all were looked at. At most limit of
	// them, and no entry in part; limit must be more than an event has batches.
	Candidates(f FindingFilter, before int64, limit int) ([]chain.Candidate, int64, error)
	// Permitted gives the entries that rules about permits look at, likewise.
	Permitted(f FindingFilter, before int64, limit int) ([]int64, int64, error)
	// Scan gives the scan of a slip, and HasScan whether it is there.
	Scan(hash id.Hash) (Scan, bool, error)
	HasScan(hash id.Hash) (bool, error)
	// Signer is the log's key that may sign the next head, as note's "name+hash"; "" until
	// one has signed.
	Signer() (string, error)
	drawReader
	House
	Rows
}

// Rows walks what is stored beside the entries, for the check. A cell that is not of its
// column's type is no error: it comes as a value that no sound row has. Nothing else may
// be read while a walk is under way.
type Rows interface {
	Heads(each func(h merkle.Head, at time.Time, checkpoint []byte) error) error
	Tiles(each func(merkle.Tile) error) error
	Links(each func(b id.Batch, n, seq int64, leaf id.Hash) error) error
	BatchRows(each func(b id.Batch, columns [6]string, state []byte) error) error
	ManifestRows(each func(m id.Manifest, columns [6]string, state []byte) error) error
	PostingRows(each func(seq int64, line int, p mass.Posting) error) error
	TallyRows(each func(seq int64, line int, t permit.Tally) error) error
	TallySums(each func(permit.Tally) error) error
	IndexRows(each func(seq int64, columns [7]string) error) error
	MoveRows(each func(indicator.Move) error) error
	SiteMonthRows(each func(month int64, f indicator.First) error) error
	InspectionRows(each func(seq int64) error) error
	// RollMark is the size up to which the store keeps roll-ups, and RollUpRows and
	// SightingRows are those.
	RollMark() (int64, error)
	RollUpRows(each func(level, block int64, k indicator.Key, grams int64) error) error
	SightingRows(each func(s indicator.Seen, seq int64) error) error
	// FactRows walks the newest of each register fact, as the registry keeps it.
	FactRows(each func(key, kind string, fact []byte) error) error
	LabelRows(each func(l event.Label, b id.Batch, source string, madeAt int64) error) error
	HeldRows(each func(Held) error) error
	HeldSubjects(each func(subject string, hash id.Hash) error) error
	StatementRows(each func(subject string, n, seq int64) error) error
	ActRows(each func(seq int64, columns string) error) error
	ActPartyRows(each func(p id.Party, seq int64) error) error
	WorklistRows(each func(worklist.Row) error) error
	InvolvedRows(each func(worklist.Involved) error) error
	TermRows(each func(worklist.Term) error) error
	RulingRows(each func(hash id.Hash, seq int64, verdict string) error) error
	ImportRows(each func(hash id.Hash, at int64, body []byte) error) error
	ImportedRows(each func(of id.Hash, line int64, key id.Hash, columns string, body []byte) error) error
	// ReportRows walks the kept reports with their documents, nil where one cannot be read.
	ReportRows(each func(of, columns string, hash id.Hash, document []byte) error) error
	SampleRows(each func(hash id.Hash, body []byte) error) error
	TopicRows(each func(source.Topic) error) error
	CandidateRows(each func(chain.Candidate) error) error
	ScanRows(each func(Scan) error) error
	OutboxRows(each func(n, madeAt int64, st statement.Statement) error) error
	KeyRows(each func(kid string, row DeviceKey) error) error
	// Integrity asks the database whether its own structures are whole, where it can tell;
	// each hears of what is not.
	Integrity(each func(problem string) error) error
}

// Store is what audit needs of a database.
type Store interface {
	Read(ctx context.Context, fn func(Reader) error) error
	AddLabel(ctx context.Context, l event.Label, b id.Batch, at time.Time) error
	RevokeLabel(ctx context.Context, l event.Label, at time.Time) error
	// AddSampleList keeps a list under its hash; known says that it was there.
	AddSampleList(ctx context.Context, hash id.Hash, body []byte, at time.Time) (known bool, err error)
	// AddScan keeps a scan under its hash; known says that it was there.
	AddScan(ctx context.Context, x Scan, at time.Time) (known bool, err error)
	// Rebuild replaces every projection under the log's lock, with what fill writes.
	Rebuild(ctx context.Context, fill func(Reader, Projection) error) error
}

// Said is a statement in the log. Of a key's chapter, Subject is the kid and N the
// chapter's number; others have neither.
type Said struct {
	Seq     int64
	Kind    string
	Subject string
	N       int64
	Body    []byte
}

// Projection takes the states that a rebuild found.
type Projection interface {
	Records(placed []chain.Placed, events []event.Event) error
	// Statements takes entries that are of no event.
	Statements(said []Said) error
	States(batches []batch.State, manifests []manifest.State) error
}

// Keys looks device keys up.
type Keys interface {
	Key(ctx context.Context, kid string) (party.Key, bool, error)
}

// Config is what a Service is made of.
type Config struct {
	Store    Store
	Keys     Keys
	Verifier note.Verifier // of the log's key
	VKey     string
	Rules    rule.Book
	Catalog  *waste.Catalog
	// Duties are the deadlines and Calendars the versions of the calendar that count them,
	// oldest first; none: no duty is told of.
	Duties    duty.Book
	Calendars duty.Calendars
	// Organisation says what a duty's owner is in the register; nil: nothing is known.
	Organisation func(ctx context.Context, p id.Party) (party.Organisation, bool, error)
	Permits      permit.Book
	Register     Register // nil: nothing is asked about permits
	Now          func() time.Time
	Random       io.Reader
	Block        indicator.Ladder // of the roll-ups; 0: indicator.Block
}

// Service answers readers.
type Service struct{ Config }

// New makes a Service.
func New(c Config) *Service {
	if c.Block == 0 {
		c.Block = indicator.Block
	}
	return &Service{c}
}

func notFound(what string) error { return fault.Missing(what) }
