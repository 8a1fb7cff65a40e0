package audit

import (
	"context"
	"io"

	"liandan/internal/fault"
	"liandan/internal/ledger"
	"liandan/internal/logfile"
	"liandan/internal/merkle"
)

// exportRun is how many entries of an export are read in one transaction: the log only
// grows, so an export need not hold one for as long as it takes.
const exportRun = 16 << 10

// ExportLog writes the log of at most so many entries (0: all) as one file, with the newest
// checkpoint that was published of so many, and gives its head. It holds some thousands of
// entries at a time, whatever the log's size. Faults: invalid-request for a size that the
// log has not reached, not-found for a log without entries, damaged.
func (s *Service) ExportLog(ctx context.Context, size int64, out io.Writer, progress func(done, all int64)) (h merkle.Head, err error) {
	var head logfile.Header
	err = s.Store.Read(ctx, func(r Reader) error {
		now, _, err := r.Log()
		if err != nil {
			return err
		}
		if size < 0 || size > now.Size {
			return fault.New(fault.InvalidRequest, "The log has %d entries.", now.Size).At("/size", "beyond_log", "must not be beyond the log")
		}
		if size == 0 {
			size = now.Size
		}
		var checkpoint []byte
		if h, checkpoint, err = r.SealedAt(size); err != nil {
			return err
		}
		if h.Size == 0 {
			return fault.New(fault.NotFound, "The log has no entries yet.")
		}
		signed, vkey, err := s.signed(r, checkpoint)
		if err != nil || signed != h {
			return fault.Wrap(err, fault.Damaged, "The checkpoint of %d entries is not signed by the log's key; run `liandan check`.", h.Size)
		}
		head = logfile.Header{Origin: s.Verifier.Name(), VKey: vkey, Size: h.Size, Root: h.Root, Checkpoint: string(checkpoint)}
		return nil
	})
	if err != nil {
		return h, err
	}
	w, err := logfile.NewWriter(out, head)
	if err != nil {
		return h, err
	}
	for from := int64(0); from < h.Size; from += exportRun {
		err := s.Store.Read(ctx, func(r Reader) error {
			return r.Entries(from, min(from+exportRun, h.Size), func(k ledger.Kept) error { return w.Add(k) })
		})
		if err != nil {
			return h, err
		}
		if progress != nil {
			progress(min(from+exportRun, h.Size), h.Size)
		}
	}
	return h, w.Close()
}
