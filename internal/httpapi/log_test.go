package httpapi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"liandan/internal/merkle"
)

// spell writes a tile's number as c2sp.org/tlog-tiles says, by its other road: x/mod's
// own paths without the height.
func spell(index int64, width int) string {
	p := tlog.Tile{H: merkle.TileHeight, L: 0, N: index, W: width}.Path()
	return strings.TrimPrefix(p, "tile/8/0/")
}

func TestTilePathsAreThoseOfOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		index := rapid.Int64Range(0, maxIndex-1).Draw(t, "index")
		width := rapid.IntRange(1, merkle.TileWidth).Draw(t, "width")
		gotIndex, gotWidth, ok := parseTile(spell(index, width))
		if !ok || gotIndex != index || gotWidth != width {
			t.Fatalf("%s was read as %d, %d, %v", spell(index, width), gotIndex, gotWidth, ok)
		}
	})
}

// FuzzTilePath: what is read has one spelling, the one that was given.
func FuzzTilePath(f *testing.F) {
	for _, s := range []string{"000", "x001/234", "x001/x234/067", "000.p/42", "x000/001", "1", "x001", "000.p/256", "000.p/042", "000.p/0", "-01", "00 1", "x001/x234", "000/001", "+12", "000.p/1/2", "000.p/", "x999/x999/x999/x999/x999/999", "x001/x000/x000/x000/x000/x000/000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if index, width, ok := parseTile(s); ok && spell(index, width) != s {
			t.Errorf("%q was read as %d, %d, which is spelled %q", s, index, width, spell(index, width))
		}
	})
}

func TestPathsThatAreNotTiles(t *testing.T) {
	x := newTown(t)
	x.send(x.Generate(1).JWS).receipt(t, 201)
	head, err := merkle.OpenCheckpoint(x.get("/log/checkpoint").body, x.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	beyond := fmt.Sprintf("000.p/%d", head.Size+1) // facts of the register are in the log too
	for _, path := range []string{"0/1", "0/0000", "0/x000/000", "0/x001", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/-1", "0/000.p/x", "0/000.p",
		"00/000.p/1", "6/000.p/1", "-1/000.p/1", "a/000.p/1", "0/000.p/1/1", "0/", "0/000.p/1/", "entries/x000/000", "entries/000.P/1", "data/000.p/1",
		// well spelled, and the log does not have them
		"0/000", "0/" + beyond, "0/001.p/1", "1/000.p/1", "5/000.p/1", "entries/000", "entries/" + beyond, "entries/x999/x999/x999/x999/999.p/1", "entries/x001/x099/x511/x627/776.p/1", "entries/x999/x999/x999/x999/x999/999.p/1"} {
		if a := x.get("/log/tile/" + path); a.status != 404 {
			t.Errorf("%s: status %d", path, a.status)
		} else if a.problem(t, "not-found"); a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: that it is not there may be kept: %q", path, a.header.Get("Cache-Control"))
		}
	}
}

func TestAnEmptyLogHasNoCheckpoint(t *testing.T) {
	newTown(t).get("/log/checkpoint").problem(t, "not-found")
}

// A stranger rebuilds the tree from what is public: entries to leaves, leaves to the root
// that the checkpoint signs, tiles on the way.
func TestAStrangerRebuildsTheLog(t *testing.T) {
	x := newTown(t)
	const events = 600
	if got := x.post("/v1/events", typeNDJSON, bytes.NewReader(linesOf(x.bags(events)...))).results(t); len(got) != events {
		t.Fatalf("%d results", len(got))
	}
	a := x.get("/log/checkpoint")
	if a.header.Get("Cache-Control") != "no-cache" || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") || a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("checkpoint headers %v", a.header)
	}
	head, err := merkle.OpenCheckpoint(a.body, x.Verifier)
	if err != nil || head.Size < events {
		t.Fatalf("%+v, %v", head, err)
	}
	if k := x.get("/log/vkey"); strings.TrimSpace(string(k.body)) != x.VKey {
		t.Errorf("vkey %s", k.body)
	}
	var leaves []tlog.Hash
	for index := range int64(3) {
		width := merkle.WidthAt(head.Size, merkle.TileID{Index: index})
		bundle := x.get("/log/tile/entries/" + spell(index, width))
		tile := x.get("/log/tile/0/" + spell(index, width))
		wantCache := forEver
		if width < merkle.TileWidth {
			wantCache = forAWhile
		}
		for _, a := range []answer{bundle, tile} {
			if a.status != 200 || a.header.Get("Content-Type") != octets || a.header.Get("Cache-Control") != wantCache {
				t.Fatalf("%d: %d %v", index, a.status, a.header)
			}
		}
		var hashes []byte
		n := 0
		for b := bundle.body; len(b) > 0; n++ {
			size := int(binary.BigEndian.Uint16(b))
			leaf := tlog.RecordHash(b[2 : 2+size])
			leaves, hashes, b = append(leaves, leaf), append(hashes, leaf[:]...), b[2+size:]
		}
		if n != width || !bytes.Equal(hashes, tile.body) {
			t.Errorf("tile %d and its entries disagree: %d entries, %d bytes of hashes", index, n, len(tile.body))
		}
	}
	if root := rootOf(leaves); root != tlog.Hash(head.Root) {
		t.Errorf("the leaves give root %s, the checkpoint says %s", root, head.Root)
	}
	upper := x.get("/log/tile/1/000.p/2")
	want := [][32]byte{rootOf(leaves[:256]), rootOf(leaves[256:512])}
	if !bytes.Equal(upper.body, append(want[0][:], want[1][:]...)) {
		t.Error("the tile of level 1 is not made of the roots of the two full tiles")
	}
}

// rootOf is RFC 6962 section 2.1 as it stands there.
func rootOf(leaves []tlog.Hash) tlog.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return tlog.NodeHash(rootOf(leaves[:k]), rootOf(leaves[k:]))
}
