package contract

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
)

// The auditors are judges, so they are tried first: on logs that package merkle built and
// that are served as files, sound and damaged.

// files is a log as files, by their path under the log's address.
type files map[string][]byte

func (f files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, ok := f[strings.TrimPrefix(r.URL.Path, "/log/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(b)
}

// copied gives files of which single ones can be replaced.
func (f files) copied() files { return maps.Clone(f) }

// serve gives the address of the log for as long as the test runs.
func (f files) serve(t *testing.T) string {
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.URL + "/log"
}

// sampleKeys makes a log's keys from its name and a constant.
func sampleKeys(t *testing.T, name, from string) (note.Signer, string) {
	t.Helper()
	seed := sha256.Sum256([]byte(from))
	skey, vkey, err := note.GenerateKey(bytes.NewReader(seed[:]), name)
	if err != nil {
		t.Fatal(err)
	}
	return must(note.NewSigner(skey))(t), vkey
}

// sampleLog builds a log of so many entries.
func sampleLog(t *testing.T, size int) (files, [][]byte) {
	t.Helper()
	signer, _ := sampleKeys(t, logName, "the log")
	f := files{}
	var entries [][]byte
	var leaves []id.Hash
	for i := range size {
		e := ledger.Entry{Seq: int64(i), RecordedAt: time.UnixMilli(1_772_323_200_000 + int64(i)).UTC(), Kind: ledger.KindEvent,
			Hash: sha256.Sum256(fmt.Appendf(nil, "event %d", i))}
		entries = append(entries, e.Bytes())
		leaves = append(leaves, e.Leaf())
	}
	tree := merkle.NewTree(0, func(merkle.TileID, int) ([]byte, error) { return nil, fmt.Errorf("all is in memory") }, 1<<20)
	for _, tile := range must(tree.Append(leaves))(t) {
		f[layout.TilePath(uint64(tile.Level), uint64(tile.Index), uint8(tile.Width()%merkle.TileWidth))] = tile.Hashes
	}
	for first := 0; first < size; first += merkle.TileWidth {
		last := min(first+merkle.TileWidth, size)
		var bundle []byte
		for _, e := range entries[first:last] {
			bundle = append(binary.BigEndian.AppendUint16(bundle, uint16(len(e))), e...)
		}
		f[layout.EntriesPath(uint64(first/merkle.TileWidth), uint8((last-first)%merkle.TileWidth))] = bundle
	}
	f["checkpoint"] = must(must(tree.Head())(t).Sign(logName, signer))(t)
	return f, entries
}

func TestAuditorsPassSoundLogs(t *testing.T) {
	_, vkey := sampleKeys(t, logName, "the log")
	for _, size := range []int{0, 1, 2, 255, 256, 257, 512, 700, 65_536 + 257} {
		f, entries := sampleLog(t, size)
		if got := auditLog(t, f.serve(t), vkey, size); !sameEntries(got, entries) {
			t.Errorf("of a log of %d entries the auditors read others", size)
		}
	}
}

// trial gives the damaged log to each auditor alone: each must refuse it by itself.
func trial(t *testing.T, fatal func(string, ...any), f files, what string) {
	_, vkey := sampleKeys(t, logName, "the log")
	v := must(note.NewVerifier(vkey))(t)
	server := httptest.NewServer(f)
	defer server.Close()
	for _, a := range auditors {
		if _, err := a.walk(t.Context(), server.URL+"/log", v); err == nil {
			fatal("%s passes a log with %s", a.name, what)
		}
	}
}

// TestAuditorsFindEveryFlippedBit flips one bit of any file of the log.
func TestAuditorsFindEveryFlippedBit(t *testing.T) {
	sound, _ := sampleLog(t, 700)
	paths := slices.Sorted(maps.Keys(sound))
	if len(paths) != 8 { // three tiles and three bundles of entries, one tile above, the checkpoint
		t.Fatalf("the log has the files %v", paths)
	}
	flip := func(fatal func(string, ...any), path string, at, bit int) {
		f := sound.copied()
		f[path] = bytes.Clone(f[path])
		f[path][at] ^= 1 << bit
		trial(t, fatal, f, fmt.Sprintf("bit %d of byte %d of %s flipped", bit, at, path))
	}
	span := func(path string) int {
		if path == "checkpoint" { // its text; in the signature line base64 leaves two bits without meaning
			return bytes.Index(sound[path], []byte("\n\n"))
		}
		return len(sound[path])
	}
	for _, path := range paths {
		flip(t.Errorf, path, 0, 0)
		flip(t.Errorf, path, span(path)-1, 7)
	}
	rapid.Check(t, func(r *rapid.T) {
		path := rapid.SampledFrom(paths).Draw(r, "path")
		flip(r.Fatalf, path, rapid.IntRange(0, span(path)-1).Draw(r, "byte"), rapid.IntRange(0, 7).Draw(r, "bit"))
	})
}

// TestAuditorsFindWhatWasDone tries the damage that an operator could do on purpose.
func TestAuditorsFindWhatWasDone(t *testing.T) {
	sound, entries := sampleLog(t, 700)
	other, _ := sampleLog(t, 699)
	stranger, _ := sampleKeys(t, "stranger.example/log", "a stranger")
	forger, _ := sampleKeys(t, logName, "another key")
	last := layout.EntriesPath(2, 700%256)
	first := sound[layout.EntriesPath(0, 0)]
	one, two := 2+len(entries[0]), 2+len(entries[1])
	swapped := slices.Concat(first[one:one+two], first[:one], first[one+two:])
	for what, change := range map[string]func(files){
		"a checkpoint signed by a stranger":    func(f files) { f["checkpoint"] = resigned(t, sound["checkpoint"], "stranger.example/log", stranger) },
		"a checkpoint signed with another key": func(f files) { f["checkpoint"] = resigned(t, sound["checkpoint"], logName, forger) },
		"no checkpoint":                        func(f files) { delete(f, "checkpoint") },
		"half a checkpoint":                    func(f files) { f["checkpoint"] = f["checkpoint"][:40] },
		"the checkpoint's size one too small": func(f files) {
			f["checkpoint"] = bytes.Replace(f["checkpoint"], []byte("\n700\n"), []byte("\n699\n"), 1)
		},
		"two entries in each other's place":     func(f files) { f[layout.EntriesPath(0, 0)] = swapped },
		"the last entry left out of its bundle": func(f files) { f[last] = f[last][:len(f[last])-2-len(entries[699])] },
		"an entry cut short":                    func(f files) { f[last] = f[last][:len(f[last])-1] },
		"a bundle gone":                         func(f files) { delete(f, layout.EntriesPath(1, 0)) },
		"an empty bundle":                       func(f files) { f[layout.EntriesPath(1, 0)] = nil },
		"a tile gone":                           func(f files) { delete(f, layout.TilePath(0, 1, 0)) },
		"a tile cut short":                      func(f files) { f[layout.TilePath(0, 1, 0)] = f[layout.TilePath(0, 1, 0)][:255*32] },
		"a tile in another's place":             func(f files) { f[layout.TilePath(0, 1, 0)] = f[layout.TilePath(0, 0, 0)] },
		"the tile above gone":                   func(f files) { delete(f, layout.TilePath(1, 0, 2)) },
		"the tree of another log": func(f files) {
			f["checkpoint"] = bytes.Replace(other["checkpoint"], []byte("\n699\n"), []byte("\n700\n"), 1)
		},
	} {
		f := sound.copied()
		change(f)
		trial(t, t.Errorf, f, what)
	}
}

// resigned signs the head of a checkpoint anew under a name.
func resigned(t *testing.T, checkpoint []byte, name string, s note.Signer) []byte {
	t.Helper()
	text, _, _ := strings.Cut(string(checkpoint), "\n\n")
	_, head, _ := strings.Cut(text, "\n")
	return must(note.Sign(&note.Note{Text: name + "\n" + head + "\n"}, s))(t)
}

// TestAuditMindsTheSize: a log set back to an older state is sound in itself, so only its
// size tells; and a key that cannot be read is no audit at all.
func TestAuditMindsTheSize(t *testing.T) {
	_, vkey := sampleKeys(t, logName, "the log")
	older, _ := sampleLog(t, 257)
	entries, err := audit(context.Background(), older.serve(t), vkey)
	if err != nil || len(entries) != 257 {
		t.Errorf("the audit read %d entries: %v", len(entries), err)
	}
	if _, err := audit(context.Background(), older.serve(t), "not a key"); err == nil {
		t.Error("an audit passes without a key")
	}
}
