// Package ledger holds the log entry (design section 3): its one spelling, the links
// that make each batch a chain inside the log, and the check of such a chain.
//
// It must not store, sign or judge what an event means; a broken chain is a report,
// not an error.
package ledger

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/merkle"
	"liandan/internal/signature"
)

// KindEvent marks an entry of a signed event. Readers skip kinds that they do not know.
const KindEvent = "event"

// RecordedForm spells recorded_at: UTC, milliseconds.
const RecordedForm = "2006-01-02T15:04:05.000Z"

// Entry is one leaf of the log.
type Entry struct {
	Seq        int64 // index in the log, from 0
	RecordedAt time.Time
	Kind       string
	Hash       id.Hash // of the exact bytes kept
	Links      []Link
}

// Link ties an entry into a batch's chain.
type Link struct {
	Batch id.Batch
	N     int64   // 1 for the first entry of the batch
	Prev  id.Hash // leaf hash of the batch's entry before; zero for the first
}

// Bytes is the one spelling of an entry: compact JSON, members in this order. The
// leaf hash is over these bytes.
func (e Entry) Bytes() []byte {
	b := make([]byte, 0, 220+150*len(e.Links))
	b = append(b, `{"v":1,"seq":`...)
	b = strconv.AppendInt(b, e.Seq, 10)
	b = append(b, `,"recorded_at":"`...)
	b = e.RecordedAt.UTC().AppendFormat(b, RecordedForm)
	b = append(b, `","kind":"`...)
	b = append(b, e.Kind...)
	b = append(b, `","hash":"`...)
	b = append(b, e.Hash.String()...)
	b = append(b, `","links":[`...)
	for i, l := range e.Links {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"batch":"`...)
		b = append(b, l.Batch.String()...)
		b = append(b, `","n":`...)
		b = strconv.AppendInt(b, l.N, 10)
		b = append(b, `,"prev":`...)
		if l.Prev.IsZero() {
			b = append(b, "null"...)
		} else {
			b = append(b, '"')
			b = append(b, l.Prev.String()...)
			b = append(b, '"')
		}
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

// Leaf is the RFC 6962 leaf hash of the entry.
func (e Entry) Leaf() id.Hash { return LeafOf(e.Bytes()) }

// Kept is an entry with its bytes as a store keeps them; nothing of it is believed
// before it is checked.
type Kept struct {
	Seq        int64
	Event      id.Event // zero for other kinds
	Kind       string
	RecordedAt time.Time
	Hash       id.Hash
	Leaf       id.Hash
	Entry      []byte
	Body       []byte // the compact JWS, for KindEvent
}

// OpenEvent reads the bytes that an entry of KindEvent keeps: form, header, payload. The
// signature is not verified. Faults are those of signature.Open and event.Parse.
func OpenEvent(body []byte) (signature.Signed, event.Event, error) {
	signed, err := signature.Open(body, signature.TypEvent)
	if err != nil {
		return signature.Signed{}, event.Event{}, err
	}
	e, err := event.Parse(signed.Payload)
	return signed, e, err
}

type wireEntry struct {
	V          int        `json:"v"`
	Seq        int64      `json:"seq"`
	RecordedAt string     `json:"recorded_at"`
	Kind       string     `json:"kind"`
	Hash       id.Hash    `json:"hash"`
	Links      []wireLink `json:"links"`
}

type wireLink struct {
	Batch id.Batch `json:"batch"`
	N     int64    `json:"n"`
	Prev  *id.Hash `json:"prev"`
}

// ParseEntry reads an entry and insists on its one spelling, so that no two byte
// strings mean the same entry. The fault is damaged.
func ParseEntry(b []byte) (Entry, error) {
	refuse := func(why string) (Entry, error) {
		return Entry{}, fault.New(fault.Damaged, "The log entry is damaged: %s.", why)
	}
	var w wireEntry
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil {
		return refuse("it is not an entry")
	}
	at, err := time.Parse(RecordedForm, w.RecordedAt)
	if err != nil || w.V != 1 {
		return refuse("its version or time is wrong")
	}
	if w.Seq < 0 || w.Kind == "" || w.Hash.IsZero() {
		return refuse("it lacks its place, kind or hash")
	}
	e := Entry{Seq: w.Seq, RecordedAt: at.UTC(), Kind: w.Kind, Hash: w.Hash}
	for _, l := range w.Links {
		if l.Batch.IsZero() || l.N < 1 {
			return refuse("a link lacks its batch or number")
		}
		link := Link{Batch: l.Batch, N: l.N}
		if l.Prev != nil {
			link.Prev = *l.Prev
		}
		e.Links = append(e.Links, link)
	}
	if !bytes.Equal(e.Bytes(), b) {
		return refuse("it is not in its one spelling")
	}
	return e, nil
}

// LinkOf is the entry's link for a batch.
func (e Entry) LinkOf(b id.Batch) (Link, bool) {
	for _, l := range e.Links {
		if l.Batch == b {
			return l, true
		}
	}
	return Link{}, false
}

// CheckChain walks the entries of one batch in order and says what is broken. An
// empty answer means that the chain is whole from its first entry.
func CheckChain(batch id.Batch, chain []Entry) []string {
	var broken []string
	say := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	var prev id.Hash
	seq := int64(-1)
	for i, e := range chain {
		l, ok := e.LinkOf(batch)
		if !ok {
			say("entry %d does not name batch %s", e.Seq, batch)
			continue
		}
		if l.N != int64(i)+1 {
			say("entry %d is number %d of its batch, expected %d: an entry is missing or out of order", e.Seq, l.N, i+1)
		}
		if l.Prev != prev {
			say("entry %d does not follow the batch's entry before it", e.Seq)
		}
		if e.Seq <= seq {
			say("entry %d stands before entry %d in the log", e.Seq, seq)
		}
		prev, seq = e.Leaf(), e.Seq
	}
	return broken
}

// LeafOf is the leaf hash of an entry's bytes as kept.
func LeafOf(entry []byte) id.Hash { return merkle.LeafHash(entry) }
