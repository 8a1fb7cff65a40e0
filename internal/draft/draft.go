// Package draft keeps drafts of manifests: working copies of a manifest.issued that nobody
// has signed yet. They are an organisation's own, may be changed, discarded and restored,
// and prove nothing.
//
// It must not judge a draft against registers, permits or chains (package record rehearses
// its payload), sign anything, or put anything into the log. A draft bears the id of the
// manifest that it is to become: once an event of that id is in the log, it is closed.
package draft

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// Limits of drafts.
const (
	MaxOpen    = 300 // of one organisation
	KeptDays   = 30  // for which a discarded draft can be restored
	IssuedDays = 366 // after its last change for which one is kept that was issued; the log has the manifest for ever
)

// State says what becomes of a draft.
type State string

// The states. Issued follows from the log and is stored nowhere.
const (
	Open      State = "open"
	Discarded State = "discarded"
	Issued    State = "issued"
)

// States lists them.
func States() []State { return []State{Open, Discarded, Issued} }

// Draft is one working copy.
type Draft struct {
	ID        id.Manifest // of the manifest that it is to become
	Party     id.Party    // whose it is: who will sign
	Version   int64       // 1 when it is made; each change adds one
	Content   Content
	Made      time.Time
	Changed   time.Time
	Discarded time.Time // zero: it is not
	Issued    bool      // the log has a manifest of this id
}

// State says what became of it.
func (d Draft) State() State {
	switch {
	case d.Issued:
		return Issued
	case !d.Discarded.IsZero():
		return Discarded
	}
	return Open
}

// Kept is until when a draft that is discarded or used is kept; zero for an open one.
func (d Draft) Kept() time.Time {
	switch d.State() {
	case Issued:
		return d.Changed.AddDate(0, 0, IssuedDays)
	case Discarded:
		return d.Discarded.AddDate(0, 0, KeptDays)
	}
	return time.Time{}
}

// Filter says which drafts a list has.
type Filter struct {
	Party id.Party
	State State // "": all
}

// Store is what the service needs of a database. Its errors are faults.
type Store interface {
	// AddDraft adds a draft unless its party has so many open ones already.
	AddDraft(ctx context.Context, d Draft, most int) (added bool, err error)
	// SweepDrafts deletes what was discarded before a time, and what was issued and last
	// changed before another.
	SweepDrafts(ctx context.Context, discarded, issued time.Time) error
	// Draft gives one.
	Draft(ctx context.Context, m id.Manifest) (Draft, bool, error)
	// Drafts gives at most limit drafts with ids before a given one, the newest first; a zero
	// id begins at the newest.
	Drafts(ctx context.Context, f Filter, before id.Manifest, limit int) ([]Draft, error)
	// PutDraft replaces version, content, times of change and discard where the version is still
	// the one given and no manifest of this id is in the log.
	PutDraft(ctx context.Context, d Draft, was int64) (done bool, err error)
}

// Config is what a Service needs; Random may be nil.
type Config struct {
	Store  Store
	Now    func() time.Time
	Random io.Reader // nil: crypto/rand
}

// Service is safe for concurrent use; several processes may share one store.
type Service struct{ Config }

// New makes a Service.
func New(c Config) *Service {
	if c.Random == nil {
		c.Random = rand.Reader
	}
	return &Service{c}
}

func (s *Service) clock() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

func (s *Service) newID(now time.Time) (id.UUID, error) {
	var r [10]byte
	if _, err := io.ReadFull(s.Random, r[:]); err != nil {
		return id.UUID{}, fault.Wrap(err, fault.Internal, "The server has no randomness to make an id with.")
	}
	return id.V7(now.UnixMilli(), r), nil
}

// Create makes a draft. Faults: invalid-request for a content that is malformed, conflict
// when there are too many, unavailable.
func (s *Service) Create(ctx context.Context, p id.Party, c Content) (Draft, error) {
	now := s.clock()
	u, err := s.newID(now)
	if err != nil {
		return Draft{}, err
	}
	d := Draft{ID: id.ManifestOf(u), Party: p, Version: 1, Content: c, Made: now, Changed: now}
	if err := d.sound(now); err != nil {
		return Draft{}, err
	}
	if err := s.Store.SweepDrafts(ctx, now.AddDate(0, 0, -KeptDays), now.AddDate(0, 0, -IssuedDays)); err != nil {
		return Draft{}, err
	}
	added, err := s.Store.AddDraft(ctx, d, MaxOpen)
	if err != nil {
		return Draft{}, err
	}
	if !added {
		return Draft{}, fault.New(fault.Conflict, "The organisation has %d open drafts, as many as it may have; issue or discard some first.", MaxOpen).
			At("/party", "too_many", "has %d open drafts", MaxOpen)
	}
	return d, nil
}

// Get gives a draft, whatever became of it. What may have been swept away is not there.
func (s *Service) Get(ctx context.Context, m id.Manifest) (Draft, bool, error) {
	d, ok, err := s.Store.Draft(ctx, m)
	if ok && s.gone(d) {
		return Draft{}, false, nil
	}
	return d, ok, err
}

func (s *Service) gone(d Draft) bool {
	until := d.Kept()
	return !until.IsZero() && !s.clock().Before(until)
}

// List gives an organisation's drafts, the newest first, and the cursor of the next page.
// Faults: invalid-request for a cursor that is none, unavailable.
func (s *Service) List(ctx context.Context, f Filter, cursor string, limit int) ([]Draft, string, error) {
	var before id.Manifest
	if cursor != "" {
		var err error
		if before, err = id.ParseManifest(cursor); err != nil {
			return nil, "", fault.New(fault.InvalidRequest, "The request was not carried out; what is wrong is listed.").
				At("/cursor", "format", "must be the next_cursor of the page before")
		}
	}
	found, err := s.Store.Drafts(ctx, f, before, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(found) > limit {
		found = found[:limit]
		next = found[limit-1].ID.String()
	}
	out := make([]Draft, 0, len(found))
	for _, d := range found {
		if !s.gone(d) {
			out = append(out, d)
		}
	}
	return out, next, nil
}

// Replace gives an open draft another content, if it is still as it was in that version.
// Faults: conflict, invalid-request, unavailable.
func (s *Service) Replace(ctx context.Context, d Draft, version int64, c Content) (Draft, error) {
	if err := d.is(Open, "changed"); err != nil {
		return Draft{}, err
	}
	was := d
	d.Content = c
	if err := d.sound(s.clock()); err != nil {
		return Draft{}, err
	}
	return s.put(ctx, was, d, version)
}

// Discard puts an open draft away. Faults: conflict, unavailable.
func (s *Service) Discard(ctx context.Context, d Draft, version int64) (Draft, error) {
	if err := d.is(Open, "discarded"); err != nil {
		return Draft{}, err
	}
	was := d
	d.Discarded = s.clock()
	return s.put(ctx, was, d, version)
}

// Restore opens a discarded draft again. Faults: conflict, unavailable.
func (s *Service) Restore(ctx context.Context, d Draft, version int64) (Draft, error) {
	if err := d.is(Discarded, "restored"); err != nil {
		return Draft{}, err
	}
	was := d
	d.Discarded = time.Time{}
	return s.put(ctx, was, d, version)
}

func (s *Service) put(ctx context.Context, was, d Draft, version int64) (Draft, error) {
	if was.Version != version {
		return Draft{}, stale(was.Version)
	}
	d.Version, d.Changed = version+1, s.clock()
	done, err := s.Store.PutDraft(ctx, d, version)
	if err != nil {
		return Draft{}, err
	}
	if !done { // somebody was faster
		now, _, err := s.Store.Draft(ctx, d.ID)
		if err != nil {
			return Draft{}, err
		}
		if err := now.is(was.State(), "changed"); err != nil {
			return Draft{}, err
		}
		return Draft{}, stale(now.Version)
	}
	return d, nil
}

func stale(now int64) error {
	return fault.New(fault.Conflict, "The draft was changed in the meantime and is at version %d now; read it again and repeat what you want of it.", now).
		At("/version", "stale", "must be %d", now)
}

// is holds a draft against the state that something may be done to.
func (d Draft) is(want State, done string) error {
	got := d.State()
	if got == want {
		return nil
	}
	why := fmt.Sprintf("The draft is %s and cannot be %s", got, done)
	switch got {
	case Issued:
		why += ": its manifest is in the log. Correct the manifest, or begin another draft."
	case Discarded:
		why += "; restore it first."
	default:
		why += "."
	}
	return fault.New(fault.Conflict, "%s", why).At("", "state", "is %s", got)
}
