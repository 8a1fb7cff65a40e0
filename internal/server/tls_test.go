package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"liandan/internal/config"
	"liandan/internal/server"
	"liandan/internal/testclock"
)

// certify writes a certificate of its own for a name, with its key.
func certify(t *testing.T, folder, name string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// printed is what was written, for several writers.
type printed struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

// opened serves at a door that is shut with the test.
func opened(t *testing.T, cfg *config.Config, clock *testclock.Clock, l *slog.Logger) *server.Door {
	t.Helper()
	if err := cfg.Check(); err != nil {
		t.Fatal(err)
	}
	d, err := server.OpenDoor(cfg, clock.Now, l)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }),
		ErrorLog: errorLog(l), ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() { done <- d.Serve(s) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return d
}

func errorLog(l *slog.Logger) *log.Logger { return slog.NewLogLogger(l.Handler(), slog.LevelDebug) }

// shown is the name on the certificate that a new connection is shown.
func shown(t *testing.T, addr string) string {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) // the test reads the name itself
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// behindTLS serves over TLS with a certificate of its own.
func behindTLS(t *testing.T, clock *testclock.Clock, log *slog.Logger) (addr, cert, key string) {
	t.Helper()
	folder := t.TempDir()
	cert, key = certify(t, folder, "one.sample.test")
	cfg := &config.Config{Data: folder, Listen: "127.0.0.1:0", Origin: "log.sample.test", LogFormat: "text", LogLevel: "info", TLSCert: cert, TLSKey: key}
	return opened(t, cfg, clock, log).Addr().String(), cert, key
}

func TestTLSFromFiles(t *testing.T) {
	addr, cert, _ := behindTLS(t, testclock.At(time.Now()), slog.New(slog.DiscardHandler))
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for _, h2 := range []bool{true, false} {
		client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: h2, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "one.sample.test"}}}
		r, err := client.Get("https://" + addr)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r.Body)
		r.Body.Close()
		client.CloseIdleConnections()
		if want := map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[h2]; err != nil || string(b) != want {
			t.Errorf("%q %v, want %s", b, err, want)
		}
	}
	if c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		c.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

// A renewed certificate is taken up within a minute, a broken one is not.
func TestRenewedCertificates(t *testing.T) {
	var lines printed
	clock := testclock.At(time.Now())
	addr, cert, key := behindTLS(t, clock, slog.New(slog.NewTextHandler(&lines, nil)))
	folder := filepath.Dir(cert)
	certify(t, folder, "two.sample.test")
	later(t, cert, key, time.Second)
	if got := shown(t, addr); got != "one.sample.test" {
		t.Errorf("the files are read with every connection: %s", got)
	}
	clock.Add(time.Minute)
	if got := shown(t, addr); got != "two.sample.test" {
		t.Errorf("after a minute: %s", got)
	}
	if err := os.WriteFile(cert, []byte("half a cert"), 0o600); err != nil {
		t.Fatal(err)
	}
	later(t, cert, key, 2*time.Second)
	clock.Add(time.Minute)
	if got := shown(t, addr); got != "two.sample.test" {
		t.Errorf("with a broken file: %s", got)
	}
	if !strings.Contains(lines.String(), "stays") {
		t.Errorf("nothing is said of a broken file: %s", lines.String())
	}
	certify(t, folder, "three.sample.test")
	later(t, cert, key, 3*time.Second)
	clock.Add(time.Minute)
	if got := shown(t, addr); got != "three.sample.test" {
		t.Errorf("mended: %s", got)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	clock.Add(time.Minute)
	if got := shown(t, addr); got != "three.sample.test" {
		t.Errorf("without its key file: %s", got)
	}
}

// later sets the files' times apart from what they were, whatever the file system's grain.
func later(t *testing.T, cert, key string, by time.Duration) {
	t.Helper()
	for _, f := range []string{cert, key} {
		if err := os.Chtimes(f, time.Time{}, time.Now().Add(by)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBadCertificatesStopTheStart(t *testing.T) {
	good := t.TempDir()
	cert, key := certify(t, good, "one.sample.test")
	_, otherKey := certify(t, t.TempDir(), "two.sample.test")
	open := filepath.Join(t.TempDir(), "key.pem")
	b, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(open, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string][2]string{"no such certificate": {good + "/none", key}, "no such key": {cert, good + "/none"},
		"another's key": {cert, otherKey}, "a key for all to read": {cert, open}, "the two swapped": {key, cert}} {
		cfg := &config.Config{Listen: "127.0.0.1:0", MaxConnections: 1, TLSCert: files[0], TLSKey: files[1]}
		if d, err := server.OpenDoor(cfg, time.Now, slog.New(slog.DiscardHandler)); err == nil {
			d.Close()
			t.Errorf("%s: the door opens", name)
		} else if strings.Contains(err.Error(), "PRIVATE KEY-----") {
			t.Errorf("%s: the error tells the key", name)
		}
	}
}

func TestOnlySoManyConnections(t *testing.T) {
	cfg := &config.Config{Data: "x", Listen: "127.0.0.1:0", Origin: "log.sample.test", LogFormat: "text", LogLevel: "info", MaxConnections: 2}
	d := opened(t, cfg, testclock.At(time.Now()), slog.New(slog.DiscardHandler))
	ask := func(c net.Conn) error {
		if err := c.SetDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
			return err
		}
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			return err
		}
		_, err := c.Read(make([]byte, 1024))
		return err
	}
	var open []net.Conn
	for range 3 {
		c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", d.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open = append(open, c)
	}
	answered := 0
	for _, c := range open {
		if ask(c) == nil {
			answered++
		}
	}
	if answered != 2 {
		t.Errorf("%d connections are served at one time, want 2", answered)
	}
	open[0].Close()
	if err := open[2].SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := open[2].Read(make([]byte, 1024)); err != nil { // it waited, and asked already
		t.Errorf("the one that waited: %v", err)
	}
}
