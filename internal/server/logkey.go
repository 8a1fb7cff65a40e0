package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/audit"
	"liandan/internal/config"
	"liandan/internal/fault"
	"liandan/internal/merkle"
)

// keptKey begins the names of keys that were given up; the date behind it says until when
// they are kept: an older backup of the database could only be continued with them.
const (
	keptKey     = "log.key.until-"
	keptKeyDate = "2006-01-02"
	keptKeyDays = 30
)

// logKey is the key that signs checkpoints.
type logKey struct {
	signer   note.Signer
	verifier note.Verifier
	vkey     string
	secret   string
	fromEnv  bool // LIANDAN_LOG_KEY, not the file
}

// loadKey reads the log's key from LIANDAN_LOG_KEY or the data folder, or makes one for
// an empty log. A key that others can read is refused, and a log that has entries is
// never given a new key.
func loadKey(cfg *config.Config, env func(string) string, empty bool) (logKey, error) {
	beside, err := filepath.Glob(cfg.File(fileKey + ".*"))
	if err != nil {
		return logKey{}, err
	}
	for _, path := range beside { // the next key and those given up are worth as much to a thief
		if _, err := readPrivate(path); err != nil {
			return logKey{}, err
		}
	}
	if skey := strings.TrimSpace(env("LIANDAN_LOG_KEY")); skey != "" {
		k, err := parseKey(cfg, skey)
		k.fromEnv = true
		return k, err
	}
	path := cfg.File(fileKey)
	k, err := readKey(cfg, path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if !empty {
		return logKey{}, fmt.Errorf("the log has entries, but its key %s is missing; restore it from your backup, or give it in LIANDAN_LOG_KEY", path)
	}
	return makeKey(cfg, func(b []byte) error { return writeFile(path, b, 0o600) })
}

func readKey(cfg *config.Config, path string) (logKey, error) {
	b, err := readPrivate(path)
	if err != nil {
		return logKey{}, err
	}
	k, err := parseKey(cfg, strings.TrimSpace(string(b)))
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return k, err
}

// makeKey makes a key and gives it to write, which must not return before it is on the
// disk.
func makeKey(cfg *config.Config, write func(file []byte) error) (logKey, error) {
	skey, _, err := note.GenerateKey(rand.Reader, cfg.Origin)
	if err != nil {
		return logKey{}, err
	}
	k, err := parseKey(cfg, skey)
	if err != nil {
		return logKey{}, err
	}
	return k, write([]byte(skey + "\n"))
}

// parseKey reads a note signing key. What it says of a bad one never shows the key.
func parseKey(cfg *config.Config, skey string) (logKey, error) {
	signer, err := note.NewSigner(skey)
	if err != nil {
		return logKey{}, fmt.Errorf("the log's key cannot be read: %w", err)
	}
	if signer.Name() != cfg.Origin {
		return logKey{}, fmt.Errorf("the log's key belongs to the log %q, --origin says %q; a log keeps its name for ever", signer.Name(), cfg.Origin)
	}
	vkey, err := merkle.VKeyOf(skey)
	if err != nil {
		return logKey{}, err
	}
	v, err := merkle.ParseVKey(vkey)
	return logKey{signer: signer, verifier: v, vkey: vkey, secret: skey}, err
}

// line is what is known of the log's keys beside the one that this server was given.
type line struct {
	keys   merkle.Keys // by the store; the server's key alone when err says why
	logged [][]byte    // notes in the log, in its order
	// pending are notes that no commit group has taken into the log yet.
	pending [][]byte
	ahead   []merkle.Succession // in the file, but not in the store: an older backup
	err     error               // the store's successions are not of this server's key
}

// openLine reads the successions of the log's key from the store and the file, and writes
// the file anew where the log knows more. It refuses nothing: a damaged store must be
// open to `liandan check`.
func (p *Parts) openLine(ctx context.Context) (err error) {
	l := &line{}
	logged, pending, err := p.Store.Successions(ctx)
	if err != nil {
		return err
	}
	l.logged, l.pending = logged, ownSteps(pending, p.VKey)
	known := slices.Concat(l.logged, l.pending)
	if l.keys, l.err = merkle.Verifiers(p.key.vkey, known); l.err != nil {
		if l.keys, err = merkle.Verifiers(p.key.vkey, nil); err != nil {
			return err
		}
	}
	p.line = l
	path := p.Config.File(fileSuccession)
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	filed, err := merkle.SplitSuccessions(b)
	if err != nil {
		p.Log.Warn("the file of successions is damaged; it is written anew from the log", "file", path, "error", err)
	}
	for _, n := range filed {
		if s, err := merkle.OpenSuccession(n); err == nil && !contains(known, n) {
			l.ahead = append(l.ahead, s)
		}
	}
	if l.err != nil || len(l.ahead) > 0 {
		return nil
	}
	return p.fileSuccession()
}

// ownSteps are the notes that lead from a key. Others in the outbox go into no log, and
// whoever writes into that table shall not stop a server with them.
func ownSteps(notes [][]byte, vkey string) (out [][]byte) {
	for _, n := range notes {
		if s, err := merkle.OpenSuccession(n); err == nil && s.Old == vkey {
			out = append(out, n)
		}
	}
	return out
}

func contains(notes [][]byte, n []byte) bool {
	return slices.ContainsFunc(notes, func(x []byte) bool { return string(x) == string(n) })
}

// fileSuccession makes the file say what the log says.
func (p *Parts) fileSuccession() error {
	path, want := p.Config.File(fileSuccession), p.Succession()
	if have, err := os.ReadFile(path); err == nil && string(have) == string(want) || errors.Is(err, fs.ErrNotExist) && len(want) == 0 {
		return nil
	}
	return writeFile(path, want, 0o644)
}

// Succession is the notes by which the log's key was succeeded, as one file (see
// merkle.JoinSuccessions); empty for a log that never changed its key.
func (p *Parts) Succession() []byte { return merkle.JoinSuccessions(p.line.logged) }

// LogKeys are all keys of the log, oldest first, as the store tells. The fault is damaged
// when they do not lead to this server's key.
func (p *Parts) LogKeys() (merkle.Keys, error) { return p.line.keys, p.line.err }

// inForce refuses a key that is not the newest of the log's line.
func (p *Parts) inForce() error {
	l, own := p.line, merkle.ShortKey(p.VKey)
	if l.err != nil {
		return fmt.Errorf("the successions of the log's key in the store do not lead to this server's key %s: %w", own, l.err)
	}
	if len(l.ahead) > 0 && !p.Config.AcceptRollback {
		s := l.ahead[len(l.ahead)-1]
		return fault.New(fault.Damaged, "The log's key was succeeded by %s, as %s tells, but the store's log knows nothing of it: an older backup was restored. Restore the newest one. Only if you know that the newer entries are lost for good, put the key %s back as %s (or in LIANDAN_LOG_KEY) and start once with --accept-rollback.",
			merkle.ShortKey(s.New), p.Config.File(fileSuccession), merkle.ShortKey(l.ahead[0].Old), p.Config.File(fileKey))
	}
	for _, s := range l.keys.Steps() {
		if s.Old != p.VKey {
			continue
		}
		if len(l.pending) > 0 || p.holdsNext(s.New) {
			return fmt.Errorf("a rotation of the log's key from %s to %s was begun and is not finished; run `liandan log-key rotate` on the server where it was begun", own, merkle.ShortKey(s.New))
		}
		return fmt.Errorf("the log's key %s was succeeded by %s on %s, and this server was given the old one; copy %s from the server where the key was rotated (or set LIANDAN_LOG_KEY to the new key) and start again",
			own, merkle.ShortKey(l.keys.Newest()), s.At.Format(time.RFC3339), fileKey)
	}
	return nil
}

// holdsNext says whether the key that a rotation made lies in the data folder.
func (p *Parts) holdsNext(vkey string) bool {
	k, err := readKey(p.Config, p.Config.File(fileNextKey))
	return err == nil && k.vkey == vkey
}

// continues says whether the store still holds what was published before.
func continues(ctx context.Context, store audit.Store, remembered []byte, keys merkle.Keys) error {
	if remembered == nil {
		return nil
	}
	was, _, err := keys.OpenCheckpoint(remembered)
	if err != nil { // an empty file too: it must not switch the guard off in silence
		return fault.Wrap(err, fault.Damaged, "The remembered checkpoint (log.checkpoint) is not of this log's key. Restore the file, or give this server the log's own data folder; only if you know that the database is the newest one, start once with --accept-rollback.")
	}
	return store.Read(ctx, func(r audit.Reader) error {
		head, _, err := r.Log()
		if err != nil {
			return err
		}
		if head.Size < was.Size {
			return fault.New(fault.Damaged, "The store has %d entries, but this server published a checkpoint of %d: an older backup was restored. Restore the newest one; only if you know that the newer entries are lost for good, start once with --accept-rollback.", head.Size, was.Size)
		}
		then, err := merkle.NewTree(head.Size, r.Tile, 0).HeadAt(was.Size)
		if err != nil {
			return err
		}
		if then.Root != was.Root {
			return fault.New(fault.Damaged, "The first %d entries of the store are not those that this server published; run `liandan check`.", was.Size)
		}
		return nil
	})
}

// newestBy gives the verifier key that signed the log's newest checkpoint; "" on an empty
// log. One that no key of the log's line signed is refused: this server's heads would not
// continue it.
func (p *Parts) newestBy(ctx context.Context) (vkey string, err error) {
	err = p.Store.Read(ctx, func(r audit.Reader) error {
		head, checkpoint, err := r.Newest()
		if err != nil || head.Size == 0 {
			return err
		}
		if _, vkey, err = p.line.keys.OpenCheckpoint(checkpoint); err != nil {
			return fmt.Errorf("the log's newest checkpoint was signed neither by this server's key %s nor by one that it succeeded; give this server the log's key, or run `liandan check`: %w", merkle.ShortKey(p.VKey), err)
		}
		return nil
	})
	return vkey, err
}

// forgetKeys removes keys that were given up and whose time of keeping is over, once the
// log's newest checkpoint is signed by this server's own.
func (p *Parts) forgetKeys(newestBy string) {
	kept, err := filepath.Glob(p.Config.File(keptKey + "*"))
	if err != nil || newestBy != p.VKey {
		return
	}
	for _, path := range kept {
		until, err := time.Parse(keptKeyDate, strings.TrimPrefix(filepath.Base(path), keptKey))
		if err != nil || p.now().Before(until.AddDate(0, 0, 1)) {
			continue
		}
		if k, err := readKey(p.Config, path); err != nil || k.vkey == p.VKey {
			continue // no key of this log, or the one in use: not for us to remove
		}
		if err := os.Remove(path); err != nil {
			p.Log.Warn("a key of the log that was given up could not be removed", "file", path, "error", err)
			continue
		}
		p.Log.Info("a key of the log that was given up is kept no longer", "file", path)
	}
}
