package merkle

import (
	"encoding/hex"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"liandan/internal/id"
)

// memory is a tile store that forgets nothing.
type memory map[TileID][]byte

func (m memory) read(t TileID, width int) ([]byte, error) {
	if len(m[t]) < width*32 {
		return nil, fmt.Errorf("tile %v has %d bytes, asked %d hashes", t, len(m[t]), width)
	}
	return m[t], nil
}

// TestTreeAgainstTlog grows trees in random groups, reopening at random, and holds
// root and proofs against x/mod's own tree over stored hashes.
func TestTreeAgainstTlog(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		store := memory{}
		tree := NewTree(0, store.read, 2)
		var stored hashes
		size := int64(0)
		for range rapid.IntRange(1, 6).Draw(rt, "groups") {
			n := rapid.IntRange(1, 700).Draw(rt, "n")
			var leaves []id.Hash
			for range n {
				data := []byte(fmt.Sprint("leaf ", size))
				add, err := tlog.StoredHashes(size, data, stored)
				if err != nil {
					rt.Fatal(err)
				}
				stored = append(stored, add...)
				leaves = append(leaves, LeafHash(data))
				size++
			}
			changed, err := tree.Append(leaves)
			if err != nil {
				rt.Fatal(err)
			}
			for _, c := range changed {
				if c.Width() != WidthAt(size, c.TileID) {
					rt.Fatalf("tile %v has width %d, WidthAt says %d", c.TileID, c.Width(), WidthAt(size, c.TileID))
				}
				store[c.TileID] = c.Hashes
			}
			if rapid.Bool().Draw(rt, "reopen") {
				tree = NewTree(size, store.read, 2)
			}
			head, err := tree.Head()
			if err != nil {
				rt.Fatal(err)
			}
			want, _ := tlog.TreeHash(size, stored)
			if head.Size != size || head.Root != id.Hash(want) {
				rt.Fatalf("head %v, want root %v at %d", head, want, size)
			}
			at := rapid.Int64Range(1, size).Draw(rt, "at")
			i := rapid.Int64Range(0, at-1).Draw(rt, "i")
			old, err := tree.HeadAt(at)
			if err != nil {
				rt.Fatal(err)
			}
			path, err := tree.Prove(at, i)
			if err != nil {
				rt.Fatal(err)
			}
			leaf := LeafHash([]byte(fmt.Sprint("leaf ", i)))
			if err := CheckInclusion(old, i, leaf, path); err != nil {
				rt.Fatal(err)
			}
			leaf[0] ^= 1
			if CheckInclusion(old, i, leaf, path) == nil {
				rt.Fatal("a changed leaf was found in the tree")
			}
		}
	})
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(ix []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range ix {
		out = append(out, h[i])
	}
	return out, nil
}

// TestPublishedVectors holds the tree against the RFC 6962 reference vectors that the
// Certificate Transparency implementations publish (eight leaves and their roots).
func TestPublishedVectors(t *testing.T) {
	leaves := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	tree := NewTree(0, memory{}.read, 0)
	for n, want := range roots {
		head, err := tree.Head()
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(head.Root[:]); got != want {
			t.Errorf("root of %d leaves is %s, want %s", n, got, want)
		}
		if n < len(leaves) {
			b, _ := hex.DecodeString(leaves[n])
			if _, err := tree.Append([]id.Hash{LeafHash(b)}); err != nil {
				t.Fatal(err)
			}
		}
	}
}
