// Package id gives every kind of thing that Liandan names an identifier type of
// its own over a UUID, so that a batch can never be passed where a party is meant.
//
// It must not make identifiers up: randomness and clocks belong to the callers,
// and it knows nothing of JSON schemas.
package id

import (
	"database/sql/driver"
	"fmt"

	"github.com/google/uuid"
)

type kind interface{ noun() string }

type (
	batchKind    struct{}
	manifestKind struct{}
	partyKind    struct{}
	siteKind     struct{}
	personKind   struct{}
	tripKind     struct{}
	eventKind    struct{}
	deviceKind   struct{}
	accountKind  struct{}
	clientKind   struct{}
	grantKind    struct{}
	bookingKind  struct{}
	reportKind   struct{}
)

func (batchKind) noun() string    { return "batch" }
func (manifestKind) noun() string { return "manifest" }
func (partyKind) noun() string    { return "party" }
func (siteKind) noun() string     { return "site" }
func (personKind) noun() string   { return "person" }
func (tripKind) noun() string     { return "trip" }
func (eventKind) noun() string    { return "event" }
func (deviceKind) noun() string   { return "device" }
func (accountKind) noun() string  { return "account" }
func (clientKind) noun() string   { return "client" }
func (grantKind) noun() string    { return "grant" }
func (bookingKind) noun() string  { return "booking" }
func (reportKind) noun() string   { return "report" }

// ID is a UUID that knows in its type what it names. The zero value means "none".
type ID[K kind] struct{ u uuid.UUID }

// The identifier types of the domain.
type (
	Batch    = ID[batchKind]
	Manifest = ID[manifestKind]
	Party    = ID[partyKind]
	Site     = ID[siteKind]
	Person   = ID[personKind]
	Trip     = ID[tripKind]
	Event    = ID[eventKind]
	Device   = ID[deviceKind]
	Account  = ID[accountKind] // of a person who signs in
	Client   = ID[clientKind]  // a machine with credentials of its own
	Grant    = ID[grantKind]   // an appointment, a secret, a client's leave to act
	Booking  = ID[bookingKind] // of a pick-up that is wished for
	Report   = ID[reportKind]  // one that was made and is kept
)

// parse reads the one accepted spelling: 36 characters, lower case, with hyphens.
// Other spellings of the same UUID are refused, so that equal ids are equal bytes.
func parse[K kind](s string) (ID[K], error) {
	var k K
	u, err := uuid.Parse(s)
	if err != nil || len(s) != 36 || u.String() != s || u == uuid.Nil {
		return ID[K]{}, fmt.Errorf("not a lower-case hyphenated UUID for a %s", k.noun())
	}
	return ID[K]{u}, nil
}

// UUID is the bare value, for adapters.
func (v ID[K]) UUID() uuid.UUID { return v.u }

// IsZero reports "none".
func (v ID[K]) IsZero() bool { return v.u == uuid.Nil }

// IsV7 reports a version 7 UUID of the RFC 9562 variant, which events must carry.
func (v ID[K]) IsV7() bool { return v.u.Version() == 7 && v.u.Variant() == uuid.RFC4122 }

// String is the accepted spelling, or "" for none.
func (v ID[K]) String() string {
	if v.IsZero() {
		return ""
	}
	return v.u.String()
}

// MarshalText writes the accepted spelling, or nothing for none.
func (v ID[K]) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (v *ID[K]) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*v = ID[K]{}
		return nil
	}
	w, err := parse[K](string(b))
	if err != nil {
		return err
	}
	*v = w
	return nil
}

// Value and Scan store an id as its text, the same on every database.
func (v ID[K]) Value() (driver.Value, error) { return v.String(), nil }

// Scan reads a stored id.
func (v *ID[K]) Scan(src any) error {
	switch s := src.(type) {
	case nil:
		*v = ID[K]{}
		return nil
	case string:
		return v.UnmarshalText([]byte(s))
	case []byte:
		return v.UnmarshalText(s)
	}
	return fmt.Errorf("cannot read an id from %T", src)
}

// V7 lays out a version 7 UUID (RFC 9562 section 5.7) from Unix milliseconds and 10
// random bytes, both brought by the caller.
func V7(ms int64, random [10]byte) uuid.UUID {
	var u uuid.UUID
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	copy(u[6:], random[:])
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return u
}
