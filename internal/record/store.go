package record

import (
	"context"
	"time"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/merkle"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/source"
	"liandan/internal/statement"
)

// Store is what the intake needs of a database.
type Store interface {
	// Update runs fn in one transaction that holds the log's row lock. When it returns
	// nil the group is durable; otherwise nothing of it is there. A commit whose
	// outcome is not known is an error: the events' ids make a repeat harmless.
	Update(ctx context.Context, fn func(Tx) error) error
	// View runs fn on one consistent reading of the database.
	View(ctx context.Context, fn func(Reader) error) error
}

// Reader reads the log and its projections.
type Reader interface {
	// Log is the log's newest head and the time of its newest entry.
	Log() (merkle.Head, time.Time, error)
	Tile(t merkle.TileID, width int) ([]byte, error)
	// Load reads, in one statement, everything that a group of events may touch; the
	// manifests that the batches are on are found too.
	Load(w Want) (Found, error)
	// ChainHolds says whether a leaf is an entry of the batch's chain.
	ChainHolds(b id.Batch, leaf id.Hash) (bool, error)
	// ChainOf gives the entries of a batch in order.
	ChainOf(b id.Batch) ([]ledger.Kept, error)
	// Waiting gives what waits in quarantine for any of the subjects, oldest first.
	Waiting(subjects []Subject) ([][]byte, error)
	// HeadCovering is the oldest head with more than seq entries, with its checkpoint.
	HeadCovering(seq int64) (merkle.Head, []byte, error)
	// Entry is the exact bytes of an entry and of what it is about.
	Entry(seq int64) (ledger.Kept, error)
	// Quarantined gives what is in quarantine under hashes.
	Quarantined(hashes []id.Hash) (map[id.Hash]Held, error)
	// TopicOf gives the entries of a topic, in order.
	TopicOf(k source.Kind, subject string) ([]ledger.Kept, error)
	// Rulings gives what was ruled about events, by the hashes of their bytes.
	Rulings(hashes []id.Hash) (map[id.Hash]Ruling, error)
	// Tallies gives the running sums of a party as they stood before an entry.
	Tallies(q permit.Query, before int64) ([]permit.Tally, error)
}

// Want names what a group of events may touch.
type Want struct {
	Events    []id.Event
	Batches   []id.Batch
	Manifests []id.Manifest
	Labels    []event.Label
	Subjects  []Subject
	Keys      []string // kids
}

// Found is what there is of it; what is not there is not in the maps.
type Found struct {
	Known     map[id.Event]Known
	Batches   map[id.Batch]batch.State
	Manifests map[id.Manifest]manifest.State
	Labels    map[event.Label]id.Batch   // tokens that are taken
	Stuck     map[Subject]bool           // subjects that something waits for in quarantine
	Later     map[string][]statement.Key // by kid, in order: chapters of keys' lives after the first
}

// Tx is a Reader that can also write one commit group.
type Tx interface {
	Reader
	// Signer is the log's key that may sign the next head, as note's "name+hash"; "" until
	// one has signed.
	Signer() (string, error)
	// Outbox gives the statements that wait for the log, oldest first. To ask an empty
	// outbox costs nothing.
	Outbox(limit int) ([]Posted, error)
	// NewestOf gives the newest chapter of each key's life in the log; a key that has none
	// is not there.
	NewestOf(kids []string) (map[string]Chapter, error)
	Write(Group) error
}

// Posted is a statement in the outbox.
type Posted struct {
	ID int64
	statement.Statement
}

// Chapter is one of a key's life, by its number and the hash of its statement.
type Chapter struct {
	N    int64 // from 1
	Hash id.Hash
}

// Ruling is what an authority decided about an event, and the entry that says so.
type Ruling struct {
	Seq     int64
	Verdict event.RulingVerdict
}

// Known is an event that the log has.
type Known struct {
	Seq  int64
	Hash id.Hash
}

// Subject is a batch or manifest that a quarantined event waits for.
type Subject string

// Group is what one commit writes. All of it or nothing.
type Group struct {
	Statements []Said  // before the records, so that a key is known before what it signed
	Drained    []int64 // of the outbox: what became Statements
	Signer     string  // the key that may sign the next head, as note's "name+hash"
	Records    []Record
	Batches    []batch.State
	Manifests  []manifest.State
	Tiles      []merkle.Tile
	Head       merkle.Head
	RecordedAt time.Time
	Checkpoint []byte
	Held       []Held
	Admitted   []Known   // quarantined before, in the log now
	Rejected   []id.Hash // quarantined, and never tried again
	Contested  []Held    // quarantined for another reason, and contested now
}

// Grew says whether the log is longer after the group than before.
func (g Group) Grew() bool { return len(g.Statements)+len(g.Records) > 0 }

// Said is a statement on its way into the log. Of a key's chapter, Subject is the kid and N
// the chapter's number; others have neither.
type Said struct {
	Entry   ledger.Entry
	Bytes   []byte // of the entry
	Leaf    id.Hash
	Body    []byte
	Subject string
	N       int64
}

// Record is one event on its way into the log.
type Record struct {
	Event  event.Event
	Body   []byte
	Placed chain.Placed
}

// Held is a signed event that may not come next; its bytes are kept.
type Held struct {
	Hash       id.Hash
	Event      id.Event
	ReceivedAt time.Time
	Kind       string
	Detail     string
	State      string // "" is waiting
	Body       []byte
	Subjects   []Subject
}

// The states of what is in quarantine.
const (
	Waiting  = "waiting"
	Admitted = "admitted" // in the log now
	Rejected = "rejected" // by a ruling; never tried again
)

// Registry is what the intake asks about parties and keys.
type Registry interface {
	Key(ctx context.Context, kid string) (party.Key, bool, error)
	Site(ctx context.Context, s id.Site) (party.Site, bool, error)
	Organisation(ctx context.Context, p id.Party) (party.Organisation, bool, error)
	// Holding is what an organisation may do by its permits; none at all is no error.
	Holding(ctx context.Context, p id.Party) (permit.Holding, error)
}
