package registry

import (
	"context"
	"encoding/base64"
	"slices"
	"sync"
	"time"

	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
	"liandan/internal/permit"
)

const (
	// staleAfter bounds how long a change by another process goes unseen.
	staleAfter = 250 * time.Millisecond
	// unknownAfter is the same for a key or token that is not known, so that a device just
	// enrolled elsewhere can sign at once. It allows 20 reads a second at most, however
	// many made-up kids arrive.
	unknownAfter = 50 * time.Millisecond
	// cacheSize bounds each map. A party, site or key takes some hundred bytes.
	cacheSize = 16384
)

// cache holds what was read from the register at one version of it.
//
// Why it is never wrong for longer than staleAfter: the version is read first and a row
// after it, so a row is at least as new as the version it is filed under; when a newer
// version is seen everything filed under the older one goes.
//
// Why no reader sees a value and then an earlier one: whoever reads a row gives back what is
// filed, not what it read. Under one version the first row filed stays, though a second
// reader may have read a newer one beside it; a row whose version has gone meanwhile is read
// again; and every row under a version is read after the last one was filed under the version
// before.
type cache struct {
	turn chan struct{} // held by the one who reads the version or a whole table

	mu       sync.RWMutex // guards all below
	writes   int64        // how often this process has written
	version  int64
	checked  time.Time // when version was the store's newest, by the time before it was read
	keys     map[string]party.Key
	sites    map[id.Site]found[party.Site]
	history  map[id.Site]found[[]indicator.Site]
	parties  map[id.Party]found[party.Organisation]
	holdings map[id.Party]found[permit.Holding]
	tokens   map[id.Hash]Token
	tokensAt int64  // the version that tokens is of; 0: never read
	kids     kidSet // keys are never deleted: what is in an old set is in the new one too
	kidsAt   int64
}

// found keeps an answer, "there is none" included.
type found[V any] struct {
	value V
	ok    bool
}

func newCache() *cache {
	c := &cache{turn: make(chan struct{}, 1)}
	c.drop()
	return c
}

// drop forgets the rows. The caller holds mu, or is the only one to know the cache.
func (c *cache) drop() {
	c.keys = map[string]party.Key{}
	c.sites = map[id.Site]found[party.Site]{}
	c.history = map[id.Site]found[[]indicator.Site]{}
	c.parties = map[id.Party]found[party.Organisation]{}
	c.holdings = map[id.Party]found[permit.Holding]{}
}

// expire makes the next lookup read the version. A reading that is under way does not
// count: it may have begun before the write.
func (c *cache) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	c.checked = time.Time{}
}

// known gives the version if it was checked no longer ago than age. A clock that was set
// back counts as "long ago".
func (c *cache) known(now time.Time, age time.Duration) (version, writes int64, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	ago := now.Sub(c.checked)
	return c.version, c.writes, !c.checked.IsZero() && ago >= 0 && ago < age
}

// advance files a version that was read at that time.
func (c *cache) advance(version, writes int64, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version != c.version {
		c.version = version
		c.drop()
	}
	if writes == c.writes {
		c.checked = at
	}
}

// take waits for the turn.
func (c *cache) take(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return unavailable(ctx.Err())
	}
}

func (c *cache) give() { <-c.turn }

// fresh gives the registry's version, read no longer ago than age. One reads for all.
func (s *Service) fresh(ctx context.Context, age time.Duration) (int64, error) {
	if v, _, ok := s.cache.known(s.now(), age); ok {
		return v, nil
	}
	if err := s.cache.take(ctx); err != nil {
		return 0, err
	}
	defer s.cache.give()
	now := s.now()
	v, writes, ok := s.cache.known(now, age)
	if ok { // another one has read it meanwhile
		return v, nil
	}
	v, err := s.store.RegistryReader(ctx).Version()
	if err != nil {
		return 0, unavailable(err)
	}
	s.cache.advance(v, writes, now)
	return v, nil
}

// put files a row read after version was, and gives the row that is filed now: another
// reader's where that was first. Not ok: the version has gone meanwhile and nothing is
// filed. A full map loses any one of its entries.
func put[K comparable, V any](c *cache, version int64, m func(*cache) map[K]V, k K, v V) (filed V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != version {
		return v, false
	}
	into := m(c)
	if there, ok := into[k]; ok {
		return there, true
	}
	if len(into) >= cacheSize {
		for victim := range into {
			delete(into, victim)
			break
		}
	}
	into[k] = v
	return v, true
}

func get[K comparable, V any](c *cache, m func(*cache) map[K]V, k K) (V, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, ok := m(c)[k]
	return v, ok
}

// kidSet is sorted. 32 bytes a key: half a million devices are 16 MB.
type kidSet [][32]byte

// parseKid reads the one spelling of a thumbprint (RFC 7638 with SHA-256): 43 characters
// of base64url. Nothing else can be the kid of an enrolled key.
func parseKid(kid string) (raw [32]byte, ok bool) {
	if len(kid) != 43 {
		return raw, false
	}
	n, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(kid))
	return raw, err == nil && n == len(raw)
}

func compareKids(a, b [32]byte) int { return slices.Compare(a[:], b[:]) }

func newKidSet(kids []string) kidSet {
	set := make(kidSet, 0, len(kids))
	for _, kid := range kids {
		if raw, ok := parseKid(kid); ok {
			set = append(set, raw)
		}
	}
	slices.SortFunc(set, compareKids)
	return set
}

func (s kidSet) has(raw [32]byte) bool {
	_, ok := slices.BinarySearchFunc(s, raw, compareKids)
	return ok
}
