package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"liandan/internal/config"
)

// Door is where requests come in: a bounded number of connections, over TLS when the
// settings name a certificate.
type Door struct {
	net.Listener
	tls *tls.Config // nil: plain HTTP
}

// OpenDoor binds the address of the settings. A certificate that cannot be used stops the
// start. now is the clock by which changed files are looked for.
func OpenDoor(cfg *config.Config, now func() time.Time, log *slog.Logger) (*Door, error) {
	d := &Door{}
	if cfg.TLSCert != "" {
		c := &certificate{cert: cfg.TLSCert, key: cfg.TLSKey, now: now, log: log}
		if err := c.load(); err != nil {
			return nil, fmt.Errorf("the TLS certificate cannot be used: %w", err)
		}
		d.tls = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
	}
	ln, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", cfg.Listen, err)
	}
	d.Listener = netutil.LimitListener(ln, cfg.MaxConnections)
	return d, nil
}

// Serve answers what comes in at the door, until the server is shut down.
func (d *Door) Serve(s *http.Server) error {
	if d.tls == nil {
		return s.Serve(d.Listener)
	}
	s.TLSConfig = d.tls
	return s.ServeTLS(d.Listener, "", "") // HTTP/2 for those who speak it
}

// lookEach is how often changed files are looked for, at most.
const lookEach = time.Minute

// certificate is read from its files again when they have changed, so that a renewed one
// needs no restart. Files that cannot be used leave the one that is in use.
type certificate struct {
	cert, key string
	now       func() time.Time
	log       *slog.Logger

	mu      sync.Mutex
	used    *tls.Certificate
	looked  time.Time
	version string // of the files in use
}

// get implements tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ago := c.now().Sub(c.looked); ago < 0 || ago >= lookEach {
		if err := c.look(); err != nil {
			c.log.Warn("the changed TLS certificate cannot be used; the one before it stays", "error", err)
		}
	}
	return c.used, nil
}

func (c *certificate) load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.look()
}

// look reads the files if they are not those of the last time. Their version is taken
// before they are read: what changes meanwhile is seen at the next look.
func (c *certificate) look() error {
	c.looked = c.now()
	version, err := versionOf(c.cert, c.key)
	if err != nil || version == c.version {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err // and look again: the other of the two files may be on its way
	}
	c.used, c.version = &pair, version
	return nil
}

// versionOf tells files from what they were before by their times and sizes. A key that
// others can read is refused, as the log's own key is.
func versionOf(cert, key string) (string, error) {
	c, err := os.Stat(cert)
	if err != nil {
		return "", err
	}
	k, err := os.Stat(key)
	if err != nil {
		return "", err
	}
	if k.Mode().Perm()&0o007 != 0 {
		return "", errors.New(key + " can be read by everybody; chmod 600 it")
	}
	return fmt.Sprint(c.ModTime().UnixNano(), c.Size(), k.ModTime().UnixNano(), k.Size()), nil
}
