package contract

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"k8s.io/klog/v2"
)

// auditor is a tlog client that we did not write. It walks the log whose checkpoint is at
// base + "/checkpoint", believes nothing but the verifier key, and gives the entries.
type auditor struct {
	name string
	walk func(ctx context.Context, base string, v note.Verifier) ([][]byte, error)
}

var auditors = []auditor{{"tessera fsck", walkWithTessera}, {"torchwood client", walkWithTorchwood}}

func init() {
	klog.LogToStderr(false) // fsck tells its progress there
	klog.SetOutput(io.Discard)
}

// auditTime bounds one walk: torchwood tries again after 5xx answers, for minutes.
const auditTime = 2 * time.Minute

// auditLog lets both auditors walk the log at baseURL (…/log, without a slash at the end)
// and fails the test unless both find it sound, of wantSize entries, and the same. It
// gives the entries, so that the caller can compare them with what it sent.
func auditLog(t *testing.T, baseURL, vkey string, wantSize int) [][]byte {
	t.Helper()
	entries, err := audit(t.Context(), baseURL, vkey)
	if err != nil {
		t.Fatalf("the log at %s does not pass: %v", baseURL, err)
	}
	if len(entries) != wantSize {
		t.Fatalf("the log at %s has %d entries, expected %d", baseURL, len(entries), wantSize)
	}
	return entries
}

// audit gives the entries that both auditors found, or what one of them has against the log.
func audit(ctx context.Context, base, vkey string) ([][]byte, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("verifier key %q: %w", vkey, err)
	}
	var first [][]byte
	for i, a := range auditors {
		entries, err := a.walk(ctx, base, v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.name, err)
		}
		if i > 0 && !sameEntries(first, entries) {
			return nil, fmt.Errorf("%s read other entries than %s", a.name, auditors[0].name)
		}
		first = entries
	}
	return first, nil
}

func sameEntries(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// walkWithTessera recomputes the tree from the entry bundles and compares every tile of
// every level, and the signed root, with what it finds.
func walkWithTessera(ctx context.Context, base string, v note.Verifier) (entries [][]byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, auditTime)
	defer cancel()
	root, err := url.Parse(base + "/")
	if err != nil {
		return nil, err
	}
	fetcher, err := client.NewHTTPFetcher(root, &http.Client{Timeout: 30 * time.Second})
	if err != nil {
		return nil, err
	}
	head, _, _, err := client.FetchCheckpoint(ctx, fetcher.ReadCheckpoint, v, v.Name())
	if err != nil {
		return nil, err
	}
	// A bundle with too few entries makes fsck index past its end.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a bundle has too few entries: %v", r)
		}
	}()
	hashes := func(bundle []byte) (leaves [][]byte, err error) {
		var b api.EntryBundle
		if err := b.UnmarshalText(bundle); err != nil {
			return nil, err
		}
		for _, e := range b.Entries {
			leaf := tlog.RecordHash(e) // RFC 6962 section 2.1
			leaves = append(leaves, leaf[:])
			entries = append(entries, e)
		}
		return leaves, nil
	}
	// As many workers as tiles: a worker that finds a fault stops, and with none left fsck
	// would wait for ever.
	f := fsck.New(v.Name(), v, fetcher, hashes, fsck.Opts{N: tilesOf(head.Size)})
	if err := f.Check(ctx); err != nil {
		return nil, err
	}
	status := f.Status()
	for _, ranges := range append(status.TileRanges, status.EntryRanges) {
		for _, r := range ranges {
			if r.State != fsck.OK {
				return nil, fmt.Errorf("resources %d and %d on are %s", r.First, r.N, r.State)
			}
		}
	}
	if uint64(len(entries)) < head.Size {
		return nil, fmt.Errorf("only %d of %d entries were read", len(entries), head.Size)
	}
	return entries[:head.Size], nil
}

// tilesOf is the number of tiles of all levels in a tree of that size, and at least one.
func tilesOf(size uint64) uint {
	n := uint64(1)
	for width := (size + 255) / 256; ; width = (width + 255) / 256 {
		n += width
		if width <= 1 {
			return uint(n)
		}
	}
}

// walkWithTorchwood iterates over all entries and checks each against the signed root.
func walkWithTorchwood(ctx context.Context, base string, v note.Verifier) (entries [][]byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, auditTime)
	defer cancel()
	fetcher, err := torchwood.NewTileFetcher(base, torchwood.WithConcurrencyLimit(16))
	if err != nil {
		return nil, err
	}
	signed, err := fetcher.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return nil, err
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(v.Name()), torchwood.SingleVerifierPolicy(v))
	head, _, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil {
		return nil, err
	}
	walker, err := torchwood.NewClient(fetcher)
	if err != nil {
		return nil, err
	}
	for i, entry := range walker.AllEntries(ctx, head.Tree, 0) {
		if i != int64(len(entries)) {
			return nil, fmt.Errorf("entry %d came after %d entries", i, len(entries))
		}
		entries = append(entries, bytes.Clone(entry))
	}
	if err := walker.Err(); err != nil {
		return nil, err
	}
	if int64(len(entries)) != head.N {
		return nil, fmt.Errorf("only %d of %d entries were read", len(entries), head.N)
	}
	return entries, nil
}
