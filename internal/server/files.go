package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"liandan/internal/config"
)

// Names of the files in the data folder.
const (
	fileKey        = "log.key"
	fileNextKey    = "log.key.next" // made by a rotation that is not through yet
	fileVKey       = "log.vkey"
	fileSuccession = "log.succession"
	fileCheckpoint = "log.checkpoint"
	fileToken      = "operator.token"
)

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
	return syncFolder(path)
}

// createFile writes a secret into a file that must not be there yet: of two commands at
// once, one must not overwrite what the other has signed with.
func createFile(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return syncFolder(path)
}

// syncFolder lets the names in a file's folder outlive a power cut: a log whose key is
// gone is no log.
func syncFolder(path string) error {
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
