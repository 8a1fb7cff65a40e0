// Package bundle is portable evidence (design section 3): one file with everything a
// stranger needs to check one batch or one manifest with no server: the signed events,
// their log entries, inclusion proofs, a signed checkpoint, and the keys with their
// validity. Encode and Decode are the file; Check is the judge.
//
// It must not read a clock, a file, the network or a random source, start a goroutine
// (callers bring one through Options.Each), or believe a word of a file that its
// evidence does not carry. What the evidence cannot carry is said in the report's notes.
package bundle

import (
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/signature"
)

// Limits of a bundle. A batch has some ten entries, a full manifest some hundreds.
const (
	MaxSize    = 64 << 20 // bytes of the file
	MaxEntries = 1 << 16
	MaxKeys    = 1 << 12

	MaxStatements = 1 << 16 // chapters of the keys' lives, some three a key
	MaxRulings    = 1 << 12
	MaxGrounds    = 1 << 12 // of either kind
)

// MediaType is what a bundle is served as.
const MediaType = "application/vnd.liandan.bundle+json"

// Kind says what a bundle is evidence of.
type Kind string

// The kinds of version 1; Decode refuses others, so a later version may add some.
const (
	OfBatch    Kind = "batch"
	OfManifest Kind = "manifest"
)

// Bundle is the evidence of one subject.
type Bundle struct {
	Kind    Kind
	Subject id.UUID // of the batch or the manifest

	// MadeAt is the maker's word, UTC to the millisecond. No evidence carries it.
	MadeAt time.Time

	Origin     string // name of the log
	VKey       string // the log's verifier key (golang.org/x/mod/sumdb/note)
	Checkpoint []byte // signed note, C2SP tlog-checkpoint, the newest that the maker has
	Size       int64  // entries in the tree of Checkpoint
	// Succession are the notes by which the log's key was succeeded (merkle.Succession),
	// in order: whoever knows an older key of the log can so trust VKey. Mostly none.
	Succession [][]byte

	// Entries are all entries of the batch, or of every batch on the manifest, in the
	// order of the log.
	Entries []Entry
	// Keys are those that signed the entries, each once; Encode puts them in order of kid.
	Keys []Key
	// Statements are the chapters of those keys' lives, as the log has them, in its order:
	// holder, validity and revocation are then the log's word and not the maker's. A file
	// from before key histories has none.
	Statements []Statement
	// Rulings are the events by which an authority decided on contested events among
	// Entries, in the order of the log.
	Rulings []Entry
	// Grounds are the authorisations, given and withdrawn, and Confirmations the log's statements
	// on one-time codes, that events rest on which were signed in a source's place; each in
	// the order of the log. Files from before have none.
	Grounds       []Entry
	Confirmations []Statement
}

// Statement is one log entry of kind key with the chapter that it stands for.
type Statement struct {
	Index int64     // in the log, from 0
	Entry []byte    // the exact bytes of the log entry
	Body  []byte    // of the chapter, see package statement
	Proof []id.Hash // inclusion path in the tree of the checkpoint
}

// Entry is one log entry with what it stands for.
type Entry struct {
	Index int64     // in the log, from 0
	Entry []byte    // the exact bytes of the log entry, see package ledger
	Event []byte    // the compact JWS as sent
	Proof []id.Hash // inclusion path in the tree of the checkpoint (RFC 6962 section 2.1.1)
}

// Key is a device's public key as it was when the bundle was made. Where the file has the
// key's life (Bundle.Statements) this must agree with it; else holder, device and dates
// are the maker's word.
type Key struct {
	Kid       string
	Party     id.Party
	Person    id.Person
	Device    string
	JWK       []byte // as signature.FormatJWK writes it, and no other spelling
	Valid     party.Period
	RevokedAt time.Time // zero: not revoked
}

// NewKey takes a key from the registry.
func NewKey(k party.Key) (Key, error) {
	jwk, err := signature.FormatJWK(k.Public)
	if err != nil {
		return Key{}, fault.Wrap(err, fault.Internal, "The key %q cannot be written.", k.Kid)
	}
	return Key{Kid: k.Kid, Party: k.Party, Person: k.Person, Device: k.Device, JWK: jwk, Valid: k.Valid, RevokedAt: k.RevokedAt}, nil
}
