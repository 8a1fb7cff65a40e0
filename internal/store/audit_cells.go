package store

import (
	"bytes"
	"database/sql"
	"fmt"
	"math"

	"github.com/google/uuid"

	"liandan/internal/id"
)

// What an audit reads is not believed before it is checked, and SQLite keeps a value of
// any type in any column. A cell that is not of its column's type must therefore not stop
// the reading: it comes out as a value that no sound row has, and the check names the row.

// unbelieved reads one column; what is not as it must be becomes bad.
type unbelieved[T any] struct {
	to   *T
	bad  T
	read func(src any) (T, bool)
}

// Scan implements sql.Scanner. It never fails.
func (c unbelieved[T]) Scan(src any) error {
	v, ok := c.read(src)
	if !ok {
		v = c.bad
	}
	*c.to = v
	return nil
}

// whole reads an integer; anything else becomes the least one.
func whole[T ~int64](to *T) sql.Scanner {
	return unbelieved[T]{to, T(math.MinInt64), func(src any) (T, bool) { n, ok := src.(int64); return T(n), ok }}
}

// place reads an entry's number, -1 where there is none yet.
func place(to *int64) sql.Scanner {
	return unbelieved[int64]{to, math.MinInt64, func(src any) (int64, bool) {
		if src == nil {
			return -1, true
		}
		n, ok := src.(int64)
		return n, ok && n >= 0
	}}
}

// word reads a text that may not be NULL; a value of another type is spelled out so that
// it differs from every text.
func word[T ~string](to *T) sql.Scanner {
	return unbelieved[T]{to, "", func(src any) (T, bool) {
		if s, ok := src.(string); ok {
			return T(s), true
		}
		return T(fmt.Sprintf("\x00%T", src)), true
	}}
}

// wordOrNull reads a text that is NULL where it has nothing to say: an empty one is as
// wrong as another type.
func wordOrNull(to *string) sql.Scanner {
	return unbelieved[string]{to, "\x00empty", func(src any) (string, bool) {
		if src == nil {
			return "", true
		}
		s, ok := src.(string)
		return s, ok && s != ""
	}}
}

// packedName reads a site's id of a column that is packed.
func (r *reader) packedName(to *id.Site) sql.Scanner {
	if r.s.postgres {
		return name(to, id.SiteOf)
	}
	return unbelieved[id.Site]{to, id.SiteOf(uuid.Max), func(src any) (id.Site, bool) {
		if src == nil {
			return id.Site{}, true
		}
		b, _ := src.([]byte)
		u, err := uuid.FromBytes(b)
		return id.SiteOf(u), err == nil && u != uuid.Nil
	}}
}

// octets reads bytes; text with the same bytes says the same.
func octets(to *[]byte) sql.Scanner {
	return unbelieved[[]byte]{to, nil, func(src any) ([]byte, bool) {
		switch b := src.(type) {
		case []byte:
			return bytes.Clone(b), true // the driver's memory
		case string:
			return []byte(b), true
		}
		return nil, false
	}}
}

// digest reads a hash; no hash of anything is all ones.
func digest(to *id.Hash) sql.Scanner {
	bad := id.Hash(bytes.Repeat([]byte{0xff}, len(id.Hash{})))
	return unbelieved[id.Hash]{to, bad, func(src any) (h id.Hash, ok bool) {
		if src == nil {
			return h, false
		}
		err := h.Scan(src)
		return h, err == nil
	}}
}

// name reads an id, NULL as none; what is not in the one accepted spelling becomes the
// id of all ones, which RFC 9562 section 5.10 gives to nothing.
func name[T any](to *T, of func(id.UUID) T) sql.Scanner {
	return unbelieved[T]{to, of(uuid.Max), func(src any) (T, bool) {
		if src == nil {
			return of(uuid.Nil), true
		}
		s, ok := src.(string)
		u, err := uuid.Parse(s)
		return of(u), ok && err == nil && u != uuid.Nil && u.String() == s
	}}
}
