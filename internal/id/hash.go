package id

import (
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
)

// Hash is a SHA-256 value. In JSON it is 64 lower-case hexadecimal digits; the
// zero value means "none" and is written as nothing.
type Hash [32]byte

var errHash = errors.New("not 64 lower-case hexadecimal digits")

// ParseHash reads 64 lower-case hexadecimal digits and nothing else.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != 64 {
		return h, errHash
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return h, errHash
		}
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err
}

// IsZero reports "none".
func (h Hash) IsZero() bool { return h == Hash{} }

// String is the hexadecimal spelling, or "" for none.
func (h Hash) String() string {
	if h.IsZero() {
		return ""
	}
	return hex.EncodeToString(h[:])
}

// MarshalText writes String.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*h = Hash{}
		return nil
	}
	v, err := ParseHash(string(b))
	if err != nil {
		return err
	}
	*h = v
	return nil
}

// Value stores the 32 bytes, or NULL for none.
func (h Hash) Value() (driver.Value, error) {
	if h.IsZero() {
		return nil, nil
	}
	return h[:], nil
}

// Scan reads what Value stored.
func (h *Hash) Scan(src any) error {
	switch b := src.(type) {
	case nil:
		*h = Hash{}
		return nil
	case []byte:
		if len(b) == 32 {
			copy(h[:], b)
			return nil
		}
	}
	return fmt.Errorf("a stored hash must be 32 bytes, found %T", src)
}
