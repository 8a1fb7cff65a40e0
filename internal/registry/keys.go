package registry

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

// KeyState is what a list of devices says of a key.
type KeyState string

// The states of a key at a time.
const (
	KeyPending  KeyState = "pending"  // not valid yet
	KeyActive   KeyState = "active"   // can sign
	KeyExpiring KeyState = "expiring" // can sign, and ends within ExpiringWithin
	KeyExpired  KeyState = "expired"
	KeyRevoked  KeyState = "revoked"
)

// ExpiringWithin is how long before its end a key asks to be replaced.
const ExpiringWithin = 30 * 24 * time.Hour

// StateOf is a key's state at that time, by its validity in force. A revocation that is
// still to come is an end like any other.
func StateOf(k party.Key, at time.Time) KeyState {
	end := k.Valid.To
	if !k.RevokedAt.IsZero() && (end.IsZero() || k.RevokedAt.Before(end)) {
		end = k.RevokedAt
	}
	switch {
	case !k.RevokedAt.IsZero() && !at.Before(k.RevokedAt):
		return KeyRevoked
	case !k.Valid.To.IsZero() && !at.Before(k.Valid.To):
		return KeyExpired
	case at.Before(k.Valid.From):
		return KeyPending
	case !end.IsZero() && !at.Before(end.Add(-ExpiringWithin)):
		return KeyExpiring
	}
	return KeyActive
}

// KeyFilter chooses keys. Zero members choose all.
type KeyFilter struct {
	Party  id.Party
	Person id.Person
	After  KeyPlace // of the last key of the page before; Service.Keys reads it from Cursor
	Cursor string   // as Keys gave it; "" for the first page
	Limit  int      // 0: MostKeys
}

// KeyPlace is where a key stands in the list.
type KeyPlace struct {
	From time.Time
	Kid  string
}

// MostKeys bounds a page.
const MostKeys = 200

// ListedKey is one line of the list.
type ListedKey struct {
	party.Key          // as in force
	State     KeyState // at the time asked for
	Reason    string   // of its revocation
	Replaces  string   // kid of the key that handed over to it
}

// Keys lists keys, newest first, each with its state at that time, and the cursor of the
// next page, "" after the last. The caller decides whose keys may be listed. Faults:
// invalid-request for a cursor or limit that is none, unavailable.
func (s *Service) Keys(ctx context.Context, f KeyFilter, at time.Time) (list []ListedKey, next string, err error) {
	if f.Limit == 0 {
		f.Limit = MostKeys
	}
	bad := fault.New(fault.InvalidRequest, "The keys were not listed; what is wrong is listed.")
	if f.Limit < 1 || f.Limit > MostKeys {
		bad.At("/limit", "out_of_range", "must be from 1 to %d", MostKeys)
	}
	var ok bool
	if f.After, ok = readPlace(f.Cursor); !ok {
		bad.At("/cursor", "format", "must be a cursor as it was given with the page before")
	}
	if len(bad.Fields) > 0 {
		return nil, "", bad
	}
	most := f.Limit
	f.Limit++ // one more tells whether there is a next page
	r := s.store.RegistryReader(ctx)
	records, err := r.Keys(f)
	if err != nil {
		return nil, "", unavailable(err)
	}
	if len(records) > most {
		records = records[:most]
		next = writePlace(records[most-1])
	}
	list = make([]ListedKey, len(records))
	for i, k := range records {
		effective, err := inForce(r, k)
		if err != nil {
			return nil, "", unavailable(err)
		}
		list[i] = ListedKey{Key: effective, State: StateOf(effective, at), Reason: k.Reason, Replaces: k.Replaces}
	}
	return list, next, nil
}

func writePlace(k KeyRecord) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(k.Valid.From.UnixMilli(), 10) + "." + k.Kid))
}

func readPlace(cursor string) (KeyPlace, bool) {
	if cursor == "" {
		return KeyPlace{}, true
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) > 100 {
		return KeyPlace{}, false
	}
	ms, kid, _ := strings.Cut(string(b), ".")
	n, err := strconv.ParseInt(ms, 10, 64)
	if _, ok := parseKid(kid); err != nil || !ok || ms != strconv.FormatInt(n, 10) {
		return KeyPlace{}, false
	}
	return KeyPlace{From: time.UnixMilli(n).UTC(), Kid: kid}, true
}
