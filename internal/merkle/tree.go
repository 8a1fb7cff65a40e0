package merkle

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// TileID names a tile: its level (0 holds leaves) and its place in the level.
type TileID struct {
	Level int
	Index int64
}

// Tile is a tile's hashes, 32 bytes each, 1 to 256 of them.
type Tile struct {
	TileID
	Hashes []byte
}

// Width is the number of hashes.
func (t Tile) Width() int { return len(t.Hashes) / tlog.HashSize }

// WidthAt is how many hashes a tile has in a tree of that size; 0 when it has none.
func WidthAt(size int64, t TileID) int {
	if t.Level < 0 || t.Level > 7 || t.Index < 0 || t.Index > size/TileWidth {
		return 0
	}
	above := size >> (TileHeight * t.Level) // complete subtrees that are nodes of this level
	w := above - t.Index*TileWidth
	return int(min(max(w, 0), TileWidth))
}

// TileSource reads a tile with at least the given number of hashes.
type TileSource func(t TileID, width int) ([]byte, error)

// Tree computes appends and proofs over tiles. It is not safe for concurrent use.
type Tree struct {
	size   int64
	source TileSource
	tiles  map[TileID]*tileNodes
	keep   int
}

// tileNodes is a tile with the hashes of the complete subtrees inside it: levels[k][j]
// covers 2^k of the tile's own hashes.
type tileNodes struct {
	levels [TileHeight + 1][]tlog.Hash
}

func (n *tileNodes) push(h tlog.Hash) {
	n.levels[0] = append(n.levels[0], h)
	for k := 0; k < TileHeight && len(n.levels[k])%2 == 0; k++ {
		l := n.levels[k]
		n.levels[k+1] = append(n.levels[k+1], tlog.NodeHash(l[len(l)-2], l[len(l)-1]))
	}
}

func (n *tileNodes) bytes() []byte {
	b := make([]byte, 0, len(n.levels[0])*tlog.HashSize)
	for _, h := range n.levels[0] {
		b = append(b, h[:]...)
	}
	return b
}

// NewTree opens a tree of a size whose tiles come from source. At most keep tiles
// (8 to 16 KiB each) are held beside the right edge; 0 means 128.
func NewTree(size int64, source TileSource, keep int) *Tree {
	if keep == 0 {
		keep = 128
	}
	return &Tree{size: size, source: source, tiles: map[TileID]*tileNodes{}, keep: keep}
}

// Size is the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// tile gives a tile with at least width hashes.
func (t *Tree) tile(at TileID, width int) (*tileNodes, error) {
	if n, ok := t.tiles[at]; ok && len(n.levels[0]) >= width {
		return n, nil
	}
	width = max(width, WidthAt(t.size, at)) // all that the tree holds: a shorter tile was cut
	b, err := t.source(at, width)
	if err != nil {
		return nil, fmt.Errorf("read tile %d/%d: %w", at.Level, at.Index, err)
	}
	if len(b) < width*tlog.HashSize || len(b)%tlog.HashSize != 0 || len(b) > TileWidth*tlog.HashSize {
		return nil, fault.New(fault.Damaged, "Tile %d/%d has %d bytes; at least %d hashes are needed.", at.Level, at.Index, len(b), width)
	}
	if len(t.tiles) >= t.keep {
		t.forget()
	}
	n := &tileNodes{}
	// Never more than the tree holds: a torn write may have left a longer tile behind.
	for i := 0; i < WidthAt(t.size, at); i++ {
		n.push(tlog.Hash(b[i*tlog.HashSize : (i+1)*tlog.HashSize]))
	}
	t.tiles[at] = n
	return n, nil
}

// forget drops the tiles that are not on the right edge.
func (t *Tree) forget() {
	for at := range t.tiles {
		if WidthAt(t.size, at) == TileWidth {
			delete(t.tiles, at)
		}
	}
}

// Append adds leaves and returns the tiles that changed, in order of level and index,
// each with all its hashes. Nothing is stored; on an error the tree must be dropped.
func (t *Tree) Append(leaves []id.Hash) ([]Tile, error) {
	changed := map[TileID]bool{}
	var order []TileID
	for _, leaf := range leaves {
		h := tlog.Hash(leaf)
		n := t.size
		for level := 0; ; level++ {
			at := TileID{level, n / TileWidth}
			tn, err := t.edge(at)
			if err != nil {
				return nil, err
			}
			tn.push(h)
			if !changed[at] {
				changed[at] = true
				order = append(order, at)
			}
			if len(tn.levels[0]) < TileWidth {
				break
			}
			h, n = tn.levels[TileHeight][0], n/TileWidth
		}
		t.size++
	}
	out := make([]Tile, 0, len(order))
	for _, at := range order {
		out = append(out, Tile{at, t.tiles[at].bytes()})
	}
	if len(t.tiles) > t.keep {
		t.forget()
	}
	return out, nil
}

// edge gives the tile that the next hash of a level goes into.
func (t *Tree) edge(at TileID) (*tileNodes, error) {
	if n, ok := t.tiles[at]; ok {
		return n, nil
	}
	width := WidthAt(t.size, at)
	if width == 0 {
		n := &tileNodes{}
		t.tiles[at] = n
		return n, nil
	}
	return t.tile(at, width)
}

// ReadHashes implements tlog.HashReader over the tiles.
func (t *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		level, n := tlog.SplitStoredHashIndex(x)
		up := level / TileHeight
		k := level - up*TileHeight
		first := n << k // in hashes of the tile level
		at := TileID{up, first / TileWidth}
		last := int(first%TileWidth) + 1<<k
		tn, err := t.tile(at, last)
		if err != nil {
			return nil, err
		}
		out[i] = tn.levels[k][int(n)-int(at.Index*TileWidth>>k)]
	}
	return out, nil
}

// Head is the tree's size and root.
func (t *Tree) Head() (Head, error) { return t.HeadAt(t.size) }

// HeadAt is the head that the tree had at an earlier size.
func (t *Tree) HeadAt(size int64) (Head, error) {
	if size < 0 || size > t.size {
		return Head{}, fault.New(fault.NotFound, "The log has %d entries, not %d.", t.size, size)
	}
	h, err := tlog.TreeHash(size, t)
	return Head{size, id.Hash(h)}, err
}

// Prove gives the inclusion proof of a leaf in the tree of that size.
func (t *Tree) Prove(size, index int64) ([]id.Hash, error) {
	if size > t.size || index < 0 || index >= size {
		return nil, fault.New(fault.NotFound, "Entry %d is not in a log of %d entries.", index, size)
	}
	p, err := tlog.ProveRecord(size, index, t)
	out := make([]id.Hash, len(p))
	for i, h := range p {
		out[i] = id.Hash(h)
	}
	return out, err
}

// ProveTree gives the proof that the tree of a later size continues the one of an earlier
// size (RFC 6962 section 2.1.2).
func (t *Tree) ProveTree(size, earlier int64) ([]id.Hash, error) {
	if size > t.size || earlier < 1 || earlier > size {
		return nil, fault.New(fault.NotFound, "A log of %d entries does not continue one of %d.", size, earlier)
	}
	p, err := tlog.ProveTree(size, earlier, t)
	out := make([]id.Hash, len(p))
	for i, h := range p {
		out[i] = id.Hash(h)
	}
	return out, err
}
