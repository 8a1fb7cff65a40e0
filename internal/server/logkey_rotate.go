package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"liandan/internal/merkle"
)

// Rotation is what a rotation of the log's key did.
type Rotation struct {
	Succession merkle.Succession
	FromEnv    bool   // the key comes from LIANDAN_LOG_KEY, which only the operator can change
	NewKey     string // the file that holds the new key; "" when it is in use already and came from the environment
	OldKey     string // the file that keeps the old one; "" when there is none
	KeptUntil  time.Time
	Continued  bool // a rotation that was begun before was finished
}

// RotateKey gives the log a new key: it makes one, has both sign a succession, puts that
// into the log and then lets the new key take the old one's place. With a key from the
// environment the new one is left in the file out, which must be named; else out must be
// "". A server may run meanwhile: from the succession on it refuses to record until it is
// started again with the new key.
//
// Every step is on the disk before the next begins, and a rotation that was cut off goes
// on from where it stood when it is asked for again: the new key is there before the
// succession is signed; the succession waits in the store's outbox before a commit group
// puts it into the log, sealed by the old key; the key files change places when it is
// there. What a power cut leaves is thus never a log whose key nobody has.
func (p *Parts) RotateKey(ctx context.Context, out string) (Rotation, error) {
	path, err := p.nextPath(out)
	if err != nil {
		return Rotation{}, err
	}
	release, err := p.alone(path)
	if err != nil {
		return Rotation{}, err
	}
	defer release()
	done, err := p.rotatable(ctx)
	if err != nil || done != nil {
		return p.finished(done), err
	}
	next, err := readKey(p.Config, path)
	r := Rotation{FromEnv: p.key.fromEnv, NewKey: path, Continued: err == nil}
	if errors.Is(err, fs.ErrNotExist) {
		next, err = p.newKey(path)
	}
	if err != nil {
		return r, err
	}
	if next.vkey == p.VKey {
		return r, fmt.Errorf("%s holds the key that is in use; name another file, or remove it", path)
	}
	signed, err := p.announce(ctx, next)
	if err != nil {
		return r, err
	}
	if r.Succession, err = merkle.OpenSuccession(signed); err != nil {
		return r, err
	}
	if err := p.intoLog(ctx, signed); err != nil {
		return r, err
	}
	if err := p.fileSuccession(); err != nil {
		return r, err
	}
	if p.key.fromEnv {
		return r, nil
	}
	return p.changePlaces(r)
}

// alone holds a lock beside the next key's file until release is called: of two rotations
// at a time the later could put a key of its own in the place of the earlier one's. The lock
// goes with its process; the file stays. A key file that has changed since this process
// read it is no longer this process's to replace.
func (p *Parts) alone(next string) (release func(), err error) {
	f, err := os.OpenFile(next+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	release = func() { _ = f.Close() }
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		release()
		return nil, fmt.Errorf("another rotation of the log's key is under way here; look at it with `liandan log-key show`: %w", err)
	}
	if !p.key.fromEnv {
		if k, err := readKey(p.Config, p.Config.File(fileKey)); err != nil || k.vkey != p.VKey {
			release()
			return nil, errors.Join(fmt.Errorf("the log's key file has changed since it was read; another rotation was quicker. Run the command again to see"), err)
		}
	}
	return release, nil
}

// finished is a rotation of which nothing is left to do here.
func (p *Parts) finished(s *merkle.Succession) Rotation {
	r := Rotation{FromEnv: p.key.fromEnv, Continued: true}
	if s != nil {
		r.Succession = *s
	}
	if !p.key.fromEnv {
		r.NewKey = p.Config.File(fileKey)
	}
	return r
}

// nextPath is where the new key goes.
func (p *Parts) nextPath(out string) (string, error) {
	switch {
	case !p.key.fromEnv && out != "":
		return "", fmt.Errorf("the log's key is the file %s, and the new one takes its place; --out is for a key from LIANDAN_LOG_KEY", p.Config.File(fileKey))
	case !p.key.fromEnv:
		return p.Config.File(fileNextKey), nil
	case out == "":
		return "", fmt.Errorf("the log's key comes from LIANDAN_LOG_KEY; say with --out which new file the next key is to be written to")
	}
	return filepath.Abs(out)
}

// rotatable refuses a store that this server could not continue. A rotation to the key
// in hand with which nothing was recorded yet is answered: it is done, and was perhaps cut
// off when only its report was missing.
func (p *Parts) rotatable(ctx context.Context) (done *merkle.Succession, err error) {
	if p.line.err != nil || len(p.line.ahead) > 0 {
		return nil, p.inForce()
	}
	remembered, err := Remembered(p.Config)
	if err == nil {
		err = continues(ctx, p.Store, remembered, p.line.keys)
	}
	if err != nil {
		return nil, err
	}
	by, err := p.newestBy(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range p.line.keys.Steps() {
		if s.New == p.VKey && s.Old == by {
			done = &s
		}
	}
	return done, nil
}

// newKey makes the next key, unless a rotation that was begun has made one that is not
// here: a second one would be a second line.
func (p *Parts) newKey(path string) (logKey, error) {
	for _, s := range p.line.keys.Steps() {
		if s.Old == p.VKey {
			return logKey{}, fmt.Errorf("the log's key %s was succeeded by %s on %s, whose file is not %s; get the new key from the server where it was made",
				merkle.ShortKey(p.VKey), merkle.ShortKey(s.New), s.At.Format(time.RFC3339), path)
		}
	}
	return makeKey(p.Config, func(b []byte) error { return createFile(path, b) })
}

// announce puts the succession into the store's outbox, unless it is there or in the log
// already, and gives its note.
func (p *Parts) announce(ctx context.Context, next logKey) (signed []byte, err error) {
	now := p.now().UTC().Truncate(time.Second)
	err = p.Store.Succeed(ctx, now, func(logged, pending [][]byte) ([]byte, error) {
		known := slices.Concat(logged, ownSteps(pending, p.VKey))
		keys, err := merkle.Verifiers(p.VKey, known)
		if err != nil {
			return nil, err
		}
		for _, n := range known {
			s, err := merkle.OpenSuccession(n)
			if err != nil || s.Old != p.VKey {
				continue
			}
			if s.New != next.vkey || keys.Newest() != next.vkey {
				return nil, fmt.Errorf("the log's key %s was succeeded by %s on %s, not by the key in hand; get the new key from the server where it was made",
					merkle.ShortKey(p.VKey), merkle.ShortKey(s.New), s.At.Format(time.RFC3339))
			}
			signed = n
			return nil, nil
		}
		signed, err = merkle.SignSuccession(p.Config.Origin, merkle.SigningKey{Signer: p.key.signer, VKey: p.VKey},
			merkle.SigningKey{Signer: next.signer, VKey: next.vkey}, now)
		return signed, err
	})
	return signed, err
}

// intoLog has the succession in the log when it returns: a server that runs may have put
// it there, else this process does, with the old key.
func (p *Parts) intoLog(ctx context.Context, signed []byte) error {
	there := func() (bool, error) {
		logged, pending, err := p.Store.Successions(ctx)
		p.line.logged, p.line.pending = logged, ownSteps(pending, p.VKey)
		return contains(logged, signed), err
	}
	done, err := there()
	if err != nil || done {
		return err
	}
	if err := p.startRecord(); err != nil {
		return err
	}
	ferr := p.Record.Flush(ctx)
	if done, err = there(); err == nil && !done {
		err = errors.Join(fmt.Errorf("the succession is not in the log yet; run `liandan log-key rotate` again to finish"), ferr)
	}
	return err
}

// changePlaces makes the new key the log's key file and keeps the old one beside it for a
// while.
func (p *Parts) changePlaces(r Rotation) (Rotation, error) {
	r.KeptUntil = p.now().UTC().AddDate(0, 0, keptKeyDays)
	for {
		r.OldKey = p.Config.File(keptKey + r.KeptUntil.Format(keptKeyDate))
		k, err := readKey(p.Config, r.OldKey)
		if errors.Is(err, fs.ErrNotExist) || err == nil && k.vkey == p.VKey {
			break
		}
		r.KeptUntil = r.KeptUntil.AddDate(0, 0, 1) // two on one day: neither may push the other out
	}
	if err := writeFile(r.OldKey, []byte(p.key.secret+"\n"), 0o600); err != nil {
		return r, err
	}
	from := r.NewKey
	r.NewKey = p.Config.File(fileKey)
	if err := errors.Join(os.Rename(from, r.NewKey), syncFolder(r.NewKey)); err != nil {
		return r, err
	}
	return r, writeFile(p.Config.File(fileVKey), []byte(r.Succession.New+"\n"), 0o644)
}
