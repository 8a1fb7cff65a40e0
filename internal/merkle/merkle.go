// Package merkle is the RFC 6962 tree of the log as C2SP tlog-tiles: leaf hashes,
// tiles of 256, inclusion proofs, checkpoints and tlog-proof receipts, all over
// golang.org/x/mod/sumdb/tlog and note.
//
// It must not store tiles, hold keys longer than a call, or know what a leaf says.
package merkle

import (
	"fmt"

	f_log "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// TileHeight is that of C2SP tlog-tiles: 256 hashes a tile.
const TileHeight = 8

// TileWidth is 2^TileHeight.
const TileWidth = 1 << TileHeight

// LeafHash is SHA-256(0x00 || data), RFC 6962 section 2.1.
func LeafHash(data []byte) id.Hash { return id.Hash(tlog.RecordHash(data)) }

// Head is a tree: its size and root.
type Head struct {
	Size int64
	Root id.Hash // of the empty tree: SHA-256 of nothing
}

// EmptyRoot is the root of a tree without leaves.
func EmptyRoot() id.Hash {
	h, _ := tlog.TreeHash(0, nil)
	return id.Hash(h)
}

// Checkpoint is the C2SP tlog-checkpoint body of a head, to be signed as a note.
func (h Head) Checkpoint(origin string) string {
	return string(f_log.Checkpoint{Origin: origin, Size: uint64(h.Size), Hash: h.Root[:]}.Marshal())
}

// Sign signs a head's checkpoint with the log's key.
func (h Head) Sign(origin string, signer note.Signer) ([]byte, error) {
	b, err := note.Sign(&note.Note{Text: h.Checkpoint(origin)}, signer)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return b, nil
}

// OpenCheckpoint verifies a signed checkpoint with the log's verifier key; origin is
// the verifier's name. The fault is damaged.
func OpenCheckpoint(signed []byte, v note.Verifier) (Head, error) {
	cp, _, _, err := f_log.ParseCheckpoint(signed, v.Name(), v)
	if err != nil {
		return Head{}, fault.Wrap(err, fault.Damaged, "The checkpoint is not signed by %s.", v.Name())
	}
	h := Head{Size: int64(cp.Size)}
	if len(cp.Hash) != len(h.Root) || h.Size < 0 {
		return Head{}, fault.New(fault.Damaged, "The checkpoint's root or size is malformed.")
	}
	copy(h.Root[:], cp.Hash)
	return h, nil
}

// Receipt formats a C2SP tlog-proof: index, inclusion proof, signed checkpoint.
func Receipt(index int64, path []id.Hash, checkpoint []byte) []byte {
	p := proof.TLogProof{Index: uint64(index), Checkpoint: checkpoint}
	for _, h := range path {
		p.Hashes = append(p.Hashes, [32]byte(h))
	}
	return p.Marshal()
}

// ParseReceipt reads a tlog-proof without verifying it.
func ParseReceipt(b []byte) (index int64, path []id.Hash, checkpoint []byte, err error) {
	var p proof.TLogProof
	if err := p.Unmarshal(b); err != nil {
		return 0, nil, nil, fault.Wrap(err, fault.Damaged, "The receipt is not a c2sp.org/tlog-proof@v1.")
	}
	for _, h := range p.Hashes {
		path = append(path, id.Hash(h))
	}
	return int64(p.Index), path, p.Checkpoint, nil
}

// CheckReceipt verifies that a leaf is in the log whose key is given.
func CheckReceipt(receipt, leafData []byte, v note.Verifier) (Head, error) {
	index, path, cp, err := ParseReceipt(receipt)
	if err != nil {
		return Head{}, err
	}
	h, err := OpenCheckpoint(cp, v)
	if err != nil {
		return Head{}, err
	}
	return h, CheckInclusion(h, index, LeafHash(leafData), path)
}

// CheckInclusion verifies an inclusion proof (RFC 6962 section 2.1.1).
func CheckInclusion(h Head, index int64, leaf id.Hash, path []id.Hash) error {
	p := make(tlog.RecordProof, len(path))
	for i, v := range path {
		p[i] = tlog.Hash(v)
	}
	if index < 0 || index >= h.Size {
		return fault.New(fault.Damaged, "Entry %d is outside the tree of %d entries.", index, h.Size)
	}
	if err := tlog.CheckRecord(p, h.Size, tlog.Hash(h.Root), index, tlog.Hash(leaf)); err != nil {
		return fault.Wrap(err, fault.Damaged, "Entry %d is not in the tree of %d entries.", index, h.Size)
	}
	return nil
}

// CheckTree verifies that the tree of a head continues an earlier one (RFC 6962 section 2.1.2).
func CheckTree(h, earlier Head, proof []id.Hash) error {
	p := make(tlog.TreeProof, len(proof))
	for i, v := range proof {
		p[i] = tlog.Hash(v)
	}
	if earlier.Size < 1 || earlier.Size > h.Size {
		return fault.New(fault.Damaged, "A log of %d entries does not continue one of %d.", h.Size, earlier.Size)
	}
	if err := tlog.CheckTree(p, h.Size, tlog.Hash(h.Root), earlier.Size, tlog.Hash(earlier.Root)); err != nil {
		return fault.Wrap(err, fault.Damaged, "The tree of %d entries does not continue the one of %d.", h.Size, earlier.Size)
	}
	return nil
}
