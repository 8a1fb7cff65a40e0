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
	AreaTile       Area = "tile"      // hashes of the tree
	AreaLink       Area = "entry_links"
	AreaBatch      Area = "batches"
	AreaManifest   Area = "manifests"
	AreaPosting    Area = "postings"
	AreaLabel      Area = "labels"
	AreaQuarantine Area = "quarantine"
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
	Batches    int
	Manifests  int
	Postings   int64
	Held       int64
	GramsTotal int64 // sum of all postings; zero in sound books
	Damages    int64
	Named      []Damage // the first places, in the order they were met

	evidence bool // something other than a projection, a tile or the quarantine is damaged
}

// Sound reports that nothing was found.
func (r *Report) Sound() bool { return r.Damages == 0 }

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
	case AreaHead, AreaEntry, AreaSignature, AreaChain, AreaRollback:
		r.evidence = true
	}
	if len(r.Named) < maxNamed {
		r.Named = append(r.Named, Damage{Area: a, Place: place, ZH: zh, EN: fmt.Sprintf(en, args...)})
	}
}
