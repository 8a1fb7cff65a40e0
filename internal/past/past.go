// Package past reads lines of manifests and ledgers from before, as offices kept them in
// spreadsheets: which column is what, what a cell means, what is wrong with it.
//
// It must not mix them up with signed facts: a past record is its importer's word, has no
// batch, and moves no gram of any account. It reads no file and looks nothing up.
package past

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"

	"github.com/go-json-experiment/json"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Kind is what a file holds.
type Kind string

// The two kinds.
const (
	Manifests Kind = "manifests" // a line of a manifest each
	Ledger    Kind = "ledger"    // a line of an HJ 1259 ledger each
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Manifests, Ledger} }

// Record is one line.
type Record struct {
	Kind     Kind
	Party    id.Party // whose record it is, as the importer says
	Site     id.Site
	Number   string // of the manifest, or the ledger's batch code
	Item     string // the line on the manifest; "" in a ledger
	Table    string // in a ledger: HWCS and so on, "" where the batch code does not say
	Day      string // 2006-01-02, local
	Code     waste.Code
	Name     string
	Grams    waste.Grams
	Quantity string // as in the file
	Unit     string // as in the file or its header
	Carrier  string
	Vehicle  string
	Other    string // the other party: who took it, or gave it
	Method   string
}

type wire struct {
	V        int         `json:"v"`
	Kind     Kind        `json:"kind"`
	Party    id.Party    `json:"party"`
	Site     id.Site     `json:"site"`
	Number   string      `json:"number"`
	Item     string      `json:"item"`
	Table    string      `json:"table"`
	Day      string      `json:"day"`
	Code     waste.Code  `json:"code"`
	Name     string      `json:"name"`
	Grams    waste.Grams `json:"grams"`
	Quantity string      `json:"quantity"`
	Unit     string      `json:"unit"`
	Carrier  string      `json:"carrier"`
	Vehicle  string      `json:"vehicle"`
	Other    string      `json:"other"`
	Method   string      `json:"method"`
}

// Body is the record in its one spelling: what is kept and hashed.
func (r Record) Body() ([]byte, error) {
	b, err := json.Marshal(wire{1, r.Kind, r.Party, r.Site, r.Number, r.Item, r.Table, r.Day, r.Code, r.Name, r.Grams, r.Quantity, r.Unit,
		r.Carrier, r.Vehicle, r.Other, r.Method})
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "The record cannot be written.")
	}
	return b, nil
}

// Parse reads a body back and insists on its one spelling. The fault is damaged.
func Parse(b []byte) (Record, error) {
	var w wire
	err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true))
	r := Record{w.Kind, w.Party, w.Site, w.Number, w.Item, w.Table, w.Day, w.Code, w.Name, w.Grams, w.Quantity, w.Unit, w.Carrier, w.Vehicle, w.Other, w.Method}
	if err == nil {
		var again []byte
		if again, err = r.Body(); err == nil && (w.V != 1 || string(again) != string(b)) {
			err = fault.New(fault.Damaged, "It is not in its one spelling.")
		}
	}
	if err != nil {
		return Record{}, fault.Wrap(err, fault.Damaged, "An imported record is damaged; run `liandan check`.")
	}
	return r, nil
}

// Key is what a line is known by, whatever file it comes in: the same manifest line or
// ledger line of the same site is imported once.
func (r Record) Key() id.Hash {
	h := sha256.New()
	for _, s := range []string{string(r.Kind), r.Party.String(), r.Site.String(), r.Number, r.Item} {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	return id.Hash(h.Sum(nil))
}

// Kept is a record as it is kept: with the import that answers for it.
type Kept struct {
	Record
	Import id.Hash // of the statement in the log
	Line   int64   // of the file
}

// Digest adds records up to what the statement in the log carries: SHA-256 over line
// number (eight bytes, big endian) and SHA-256 of the body, for each in the order of lines.
type Digest struct {
	h     hash.Hash
	Rows  int64
	Grams waste.Grams
}

// NewDigest is one of nothing.
func NewDigest() *Digest { return &Digest{h: sha256.New()} }

// Add adds a record.
func (d *Digest) Add(line int64, body []byte, g waste.Grams) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(line))
	sum := sha256.Sum256(body)
	d.h.Write(n[:])
	d.h.Write(sum[:])
	d.Rows++
	d.Grams += g
}

// Sum is the digest of what was added.
func (d *Digest) Sum() id.Hash { return id.Hash(d.h.Sum(nil)) }

// Note is one thing wrong with a line.
type Note struct {
	Line     int
	Column   string // as the file calls it; "" where it is not one column's
	Code     string // a stable machine word
	Detail   string
	DetailZH string
}

// Origin is what the importer says of a whole file.
type Origin struct {
	Kind  Kind
	Party id.Party
	Site  id.Site
	Unit  string    // for files without a unit anywhere; "" for none
	Today time.Time // nothing may be dated after it
}
