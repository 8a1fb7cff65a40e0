package server_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"liandan/internal/client"
	"liandan/internal/config"
)

// binary builds the product once, as `make build` does.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "liandan")
	cmd := exec.Command("go", "build", "-o", path, "liandan/cmd/liandan")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
})

// command is the binary with the settings of a server.
func command(t *testing.T, name string, cfg *config.Config) *exec.Cmd {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	cmd := exec.Command(path, name, "--data", cfg.Data, "--listen", cfg.Listen, "--origin", cfg.Origin, "--log-level", "error")
	cmd.Env = append(os.Environ(), "LIANDAN_DATABASE="+cfg.Database)
	return cmd
}

// process is `liandan serve`, running.
type process struct {
	*client.Client
	cmd  *exec.Cmd
	gone chan struct{} // closed when it has ended
}

// serve starts the server and waits until it answers.
func serve(t *testing.T, cfg *config.Config) *process {
	t.Helper()
	p := &process{cmd: command(t, "serve", cfg), gone: make(chan struct{})}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(30*time.Second, func() { _ = p.cmd.Process.Kill() }) // ends the reading
	line, err := bufio.NewReader(out).ReadString('\n')
	late.Stop()
	go func() {
		_ = p.cmd.Wait() // reads no more from its output
		close(p.gone)
	}()
	t.Cleanup(p.kill)
	_, url, found := strings.Cut(strings.TrimSpace(line), "serving at ")
	if err != nil || !found {
		t.Fatalf("the server said %q (%v)", line, err)
	}
	token, err := os.ReadFile(cfg.File("operator.token"))
	if err != nil {
		t.Fatal(err)
	}
	p.Client = client.New(url, strings.TrimSpace(string(token)))
	var b []byte
	if err := p.Get(t.Context(), "/readyz", &b); err != nil {
		t.Fatalf("the server says that it serves, but is not ready: %v", err)
	}
	return p
}

// kill ends the process as a power cut would, and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.gone
}

// checked runs `liandan check`, which must find nothing.
func checked(t *testing.T, cfg *config.Config) {
	t.Helper()
	if out, err := command(t, "check", cfg).CombinedOutput(); err != nil {
		t.Errorf("liandan check: %v\n%s", err, out)
	}
}
