package audit

import (
	"context"

	"liandan/internal/fault"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
)

// LogVKey is the key that verifies the log's checkpoints, in note's spelling.
func (s *Service) LogVKey() string { return s.VKey }

// Checkpoint is the newest signed checkpoint. The fault is not-found on an empty log.
func (s *Service) Checkpoint(ctx context.Context) (signed []byte, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		_, signed, err = r.Newest()
		if err == nil && signed == nil {
			return fault.New(fault.NotFound, "The log has no entries yet.")
		}
		return err
	})
	return signed, err
}

// LogTile is the first width hashes of a tile; the log must have that many.
func (s *Service) LogTile(ctx context.Context, t merkle.TileID, width int) (b []byte, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		head, _, err := r.Log()
		if err != nil {
			return err
		}
		if merkle.WidthAt(head.Size, t) < width {
			return fault.New(fault.NotFound, "The log has no such tile yet.")
		}
		b, err = r.Tile(t, width)
		return err
	})
	if err != nil {
		return nil, err
	}
	return b[:width*32], nil
}

// LogEntries is the first width entries of an entry bundle (C2SP tlog-tiles).
func (s *Service) LogEntries(ctx context.Context, index int64, width int) (entries [][]byte, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		head, _, err := r.Log()
		if err != nil {
			return err
		}
		if merkle.WidthAt(head.Size, merkle.TileID{Index: index}) < width {
			return fault.New(fault.NotFound, "The log has no such entries yet.")
		}
		from := index * merkle.TileWidth
		return r.Entries(from, from+int64(width), func(k ledger.Kept) error {
			entries = append(entries, k.Entry)
			return nil
		})
	})
	return entries, err
}
