package audit

import (
	"fmt"

	"liandan/internal/merkle"
)

// Area is a part of the store that a check looks at.
type Area string

// The areas, in the order in which they are believed.
const (
	AreaHead       Area = "head"      // log_state, heads, checkpoints
	AreaEntry      Area = "entry"     // bytes, hashes, columns
	AreaSignature  Area = "signature" // JWS and key
	AreaChain      Area = "chain"     // links and order of stages
	AreaKey        Area = "key"       // the life of a device key, as the log tells it
	AreaTile       Area = "tile"      // hashes of the tree
	AreaLink       Area = "entry_links"
	AreaBatch      Area = "batches"
	AreaManifest   Area = "manifests"
	AreaPosting    Area = "postings"
	AreaTally      Area = "tallies" // the running sums of permits and their steps
	AreaLabel      Area = "labels"
	AreaIndex      Area = "event_index"
	AreaStatement  Area = "statements"
	AreaAct        Area = "acts"
	AreaRuling     Area = "rulings"
	AreaWorklist   Area = "worklist"
	AreaInvolved   Area = "involved"
	AreaTerm       Area = "terms"
	AreaTopic      Area = "topics"
	AreaCandidate  Area = "candidates"
	AreaFact       Area = "register_facts"
	AreaScan       Area = "scans" // of slips signed on paper, against their hashes
	AreaQuarantine Area = "quarantine"
	AreaOutbox     Area = "outbox"
	AreaDeviceKey  Area = "device_keys"
	AreaImport     Area = "imports" // past records, which nobody signed, against the statement in the log
	AreaReport     Area = "reports" // kept ones, against the acts in the log that tell of them
	AreaSample     Area = "sample_lists"
	AreaDatabase   Area = "database" // pages and indexes, by the database's own word
	AreaRollback   Area = "rollback" // older than what was published
)

// Damage is one place that is not as it must be.
type Damage struct {
	Area  Area   `json:"area"`
	Place string `json:"place"` // for example "entry 17" or "batch 0190…"
	ZH    string `json:"zh"`
	EN    string `json:"en"`
}

// maxNamed bounds how many damaged places are named; all are counted.
const maxNamed = 50

// Report is the answer of a check or a rebuild.
type Report struct {
	Head       merkle.Head
	Entries    int64
	Events     int64
	Statements int64 // chapters of keys' lives, acts, successions of the log's key
	Batches    int
	Manifests  int
	Postings   int64
	Held       int64
	GramsTotal int64 // sum of all postings; zero in sound books
	Contested  Contested
	Unstated   int    // keys that signed and have no history in the log: the register was believed
	Imported   int64  // past records that were imported
	Posted     int64  // statements that are not in the log yet
	Notes      []Note // what a reader should know although it is no damage
	Damages    int64
	Named      []Damage // the first places, in the order they were met

	evidence bool // something other than a projection, a tile or the quarantine is damaged
}

// Contested counts the entries whose signer's key was reported lost later, from a time
// before the event, or that a ruling has let in. They are no damage.
type Contested struct {
	Open     int64 // no authority has ruled
	Admitted int64
	Rejected int64
}

// Note is a remark.
type Note struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Sound reports that nothing was found.
func (r *Report) Sound() bool { return r.Damages == 0 }

// EvidenceDamaged reports that more than projections is not as it must be, so that a
// rebuild changed nothing.
func (r *Report) EvidenceDamaged() bool { return r.evidence }

// First is the first damaged place.
func (r *Report) First() (Damage, bool) {
	if len(r.Named) == 0 {
		return Damage{}, false
	}
	return r.Named[0], true
}

func (r *Report) say(a Area, place, zh, en string, args ...any) {
	r.Damages++
	switch a {
	case AreaHead, AreaEntry, AreaSignature, AreaChain, AreaKey, AreaRollback:
		r.evidence = true
	}
	if len(r.Named) < maxNamed {
		r.Named = append(r.Named, Damage{Area: a, Place: place, ZH: zh, EN: fmt.Sprintf(en, args...)})
	}
}
