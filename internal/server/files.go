package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/audit"
	"liandan/internal/config"
	"liandan/internal/fault"
	"liandan/internal/merkle"
)

// Names of the files in the data folder.
const (
	fileKey        = "log.key"
	fileVKey       = "log.vkey"
	fileCheckpoint = "log.checkpoint"
	fileToken      = "operator.token"
)

// logKey is the key that signs checkpoints.
type logKey struct {
	signer   note.Signer
	verifier note.Verifier
	vkey     string
}

// loadKey reads the log's key from LIANDAN_LOG_KEY or the data folder, or makes one for
// an empty log. A key that others can read is refused, and a log that has entries is
// never given a new key.
func loadKey(cfg *config.Config, env func(string) string, empty bool) (logKey, error) {
	skey := strings.TrimSpace(env("LIANDAN_LOG_KEY"))
	path := cfg.File(fileKey)
	if skey == "" {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && empty:
			if skey, err = makeKey(cfg); err != nil {
				return logKey{}, err
			}
		case errors.Is(err, fs.ErrNotExist):
			return logKey{}, fmt.Errorf("the log has entries, but its key %s is missing; restore it from your backup, or give it in LIANDAN_LOG_KEY", path)
		case err != nil:
			return logKey{}, err
		case info.Mode().Perm()&0o077 != 0:
			return logKey{}, fmt.Errorf("%s can be read by others (mode %o); run: chmod 600 %s", path, info.Mode().Perm(), path)
		default:
			b, err := os.ReadFile(path)
			if err != nil {
				return logKey{}, err
			}
			skey = strings.TrimSpace(string(b))
		}
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return logKey{}, fmt.Errorf("the log's key cannot be read: %w", err)
	}
	if signer.Name() != cfg.Origin {
		return logKey{}, fmt.Errorf("the log's key belongs to the log %q, --origin says %q; a log keeps its name for ever", signer.Name(), cfg.Origin)
	}
	return verifierOf(skey, signer)
}

func makeKey(cfg *config.Config) (string, error) {
	skey, _, err := note.GenerateKey(rand.Reader, cfg.Origin)
	if err != nil {
		return "", err
	}
	return skey, writeFile(cfg.File(fileKey), []byte(skey+"\n"), 0o600)
}

func verifierOf(skey string, signer note.Signer) (logKey, error) {
	vkey, err := merkle.VKeyOf(skey)
	if err != nil {
		return logKey{}, err
	}
	v, err := note.NewVerifier(vkey)
	return logKey{signer, v, vkey}, err
}

// writeFile replaces a file in one step, so that a crash leaves the old one or the new.
func writeFile(path string, b []byte, mode fs.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	err = tmp.Chmod(mode)
	if err == nil {
		_, err = tmp.Write(b)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	// The new name must outlive a power cut as well: a log whose key is gone is no log.
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Remembered is the newest checkpoint that this server is known to have published; nil
// when there is none. It lies outside the database, so that a database set back in time
// is noticed.
func Remembered(cfg *config.Config) ([]byte, error) {
	b, err := os.ReadFile(cfg.File(fileCheckpoint))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// continues says whether the store still holds what was published before.
func continues(ctx context.Context, store audit.Store, remembered []byte, v note.Verifier) error {
	if len(remembered) == 0 {
		return nil
	}
	was, err := merkle.OpenCheckpoint(remembered, v)
	if err != nil {
		return fmt.Errorf("the remembered checkpoint is not of this log's key: %w", err)
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

// tokenPath is where a server on this machine leaves the operator's token for commands
// of the same user that speak to a loopback address. The folder is readable by that
// user alone.
func tokenPath(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", err
	}
	if host == "" || host == "0.0.0.0" || host == "::" || host == "localhost" || host == "::1" {
		host = "127.0.0.1"
	}
	base, err := os.UserConfigDir()
	if err != nil {
		base = filepath.Join(os.TempDir(), fmt.Sprintf("liandan-%d", os.Getuid()))
	}
	return filepath.Join(base, "liandan", "servers", host+"_"+port), nil
}

// LocalToken is the operator's token of a server that runs on this machine as this user,
// or "".
func LocalToken(hostport string) string {
	path, err := tokenPath(hostport)
	if err != nil {
		return ""
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func leaveToken(listen, token string) (remove func(), err error) {
	path, err := tokenPath(listen)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := writeFile(path, []byte(token+"\n"), 0o600); err != nil {
		return nil, err
	}
	return func() {
		if b, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(b)) == token {
			os.Remove(path)
		}
	}, nil
}
