package testdb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childEnv makes the test binary start a server, print its address and directory, and wait to be killed.
const childEnv = "LIANDAN_TESTDB_CHILD"

func child() {
	server, err := Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.DSN())
	time.Sleep(time.Hour)
}

// directory asks the server where its data is.
func directory(t *testing.T, dsn string) string {
	t.Helper()
	return filepath.Dir(ask(t, open(t, dsn), "SHOW data_directory"))
}

// gone waits until nothing listens at the address and the directory is removed.
func gone(t *testing.T, dsn, dir string) {
	t.Helper()
	host := mustURL(t, dsn).Host
	var listening bool
	var files error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", host, time.Second)
		if listening = err == nil; listening {
			conn.Close()
		}
		if _, files = os.Stat(dir); !listening && os.IsNotExist(files) {
			return
		}
	}
	t.Fatalf("the server outlives its owner: %s listens: %v; %s: %v", host, listening, dir, files)
}

func start(t *testing.T) *Server {
	t.Helper()
	server, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	return server
}

func TestServerIsSetLikeProduction(t *testing.T) {
	t.Setenv("LIANDAN_TEST_FSYNC", "") // what nobody has asked for
	server := start(t)
	db := open(t, server.DSN())
	for name, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "max_connections": "200",
		"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "server_encoding": "UTF8",
	} {
		if got := ask(t, db, "SELECT current_setting($1)", name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	stranger := mustURL(t, server.DSN())
	stranger.User = nil
	for _, dsn := range []string{stranger.String(), strings.Replace(server.DSN(), "liandan:", "liandan:x", 1)} {
		if err := open(t, dsn).PingContext(t.Context()); err == nil {
			t.Error("the server lets in a caller without its password")
		}
	}
}

func TestServersAreSeparate(t *testing.T) {
	t.Parallel()
	a, b := start(t), start(t)
	if a.DSN() == b.DSN() || directory(t, a.DSN()) == directory(t, b.DSN()) {
		t.Fatal("two starts gave one server")
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, b.DSN()).PingContext(t.Context()); err != nil {
		t.Errorf("stopping one server took the other with it: %v", err)
	}
}

func TestServerIsGoneAfterStop(t *testing.T) {
	t.Parallel()
	server := start(t)
	dir := directory(t, server.DSN())
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := server.Stop(); err != nil {
			t.Fatalf("Stop: %v", err)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) { // Stop has waited: no need to look twice
		t.Errorf("%s after Stop: %v", dir, err)
	}
	gone(t, server.DSN(), dir)
}

func TestServerDiesWithItsProcess(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	owner := exec.Command(self)
	owner.Env = append(os.Environ(), childEnv+"=1")
	owner.Stderr = os.Stderr
	dsn := firstLine(t, owner)
	dir := directory(t, dsn)
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	owner.Wait() // "killed" is what we want
	gone(t, dsn, dir)
}

// firstLine starts the command and returns the first line of its output.
func firstLine(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no line from %s: %v", command.Path, err)
	}
	return strings.TrimSpace(line)
}

func TestRunStopsWhateverTheCommandDoes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command string
		status  int
	}{
		"succeeds": {`echo "$LIANDAN_TEST_POSTGRES"; read -r _; exit 0`, 0},
		"fails":    {`echo "$LIANDAN_TEST_POSTGRES"; read -r _; exit 7`, 7},
		"dies":     {`echo "$LIANDAN_TEST_POSTGRES"; read -r _; kill -9 $$`, 137},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.Command("bash", "server.sh", "run", "--", "bash", "-c", c.command)
			in, err := command.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			dsn := firstLine(t, command)
			dir := directory(t, dsn)
			in.Close()
			var exit *exec.ExitError
			if err := command.Wait(); err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if got := command.ProcessState.ExitCode(); got != c.status {
				t.Errorf("exit status %d, want the command's %d", got, c.status)
			}
			gone(t, dsn, dir)
		})
	}
}

func TestRunStopsWhenSignalled(t *testing.T) {
	t.Parallel()
	// Who listens for Ctrl-C hands it on to its children in working order, even when it was itself started with the
	// signal ignored, as a shell does to what it runs in the background.
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, os.Interrupt)
	t.Cleanup(func() { signal.Stop(heard) })
	for _, sent := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(sent.String(), func(t *testing.T) {
			t.Parallel()
			command := exec.Command("bash", "server.sh", "run", "--", "bash", "-c", `echo "$LIANDAN_TEST_POSTGRES"; sleep 600`)
			dsn := firstLine(t, command)
			dir := directory(t, dsn)
			if err := command.Process.Signal(sent); err != nil {
				t.Fatal(err)
			}
			if err := command.Wait(); err == nil {
				t.Error("a run that was cut short reports success")
			}
			gone(t, dsn, dir)
		})
	}
}

func TestNextStartClearsAfterADeadOwner(t *testing.T) {
	t.Parallel()
	owner := exec.Command("sleep", "600")
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { owner.Process.Kill() })
	dsn, dir := startFor(t, owner.Process.Pid)

	start(t) // sweeps, and must leave alone what has a living owner
	if err := open(t, dsn).PingContext(t.Context()); err != nil {
		t.Fatalf("the sweep took a server whose owner lives: %v", err)
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	owner.Wait()
	start(t)
	gone(t, dsn, dir)
}

// startFor runs `start` and evaluates what it prints, as a shell script does.
func startFor(t *testing.T, pid int) (dsn, dir string) {
	t.Helper()
	const script = `set -e; out=$(bash server.sh start "$1"); eval "$out"; printf '%s\n%s\n' "$LIANDAN_TEST_POSTGRES" "$LIANDAN_TEST_POSTGRES_DIR"`
	out, err := exec.Command("bash", "-c", script, "startFor", fmt.Sprint(pid)).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(out))
	if len(lines) != 2 {
		t.Fatalf("start printed %q", out)
	}
	return lines[0], lines[1]
}

func TestStartAndStopByScript(t *testing.T) {
	t.Parallel()
	dsn, dir := startFor(t, os.Getpid())
	if got := directory(t, dsn); got != dir {
		t.Errorf("start names the directory %s, the server %s", dir, got)
	}
	if out, err := exec.Command("bash", "server.sh", "stop", dir).CombinedOutput(); err != nil {
		t.Fatalf("stop: %v: %s", err, out)
	}
	gone(t, dsn, dir)
}

func TestScriptRefusesBadCalls(t *testing.T) {
	home := t.TempDir()
	for _, args := range [][]string{
		{}, {"begin"}, {"start"}, {"start", "x1"}, {"start", "999999999"}, {"run"}, {"stop"}, {"stop", home},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		command := exec.CommandContext(ctx, "bash", append([]string{"server.sh"}, args...)...)
		command.Env = append(os.Environ(), "LIANDAN_TEST_POSTGRES_DIR=")
		out, err := command.CombinedOutput()
		if code := command.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), "postgres for tests: ") {
			t.Errorf("server.sh %q: %v, status %d, output %q; want status 1 and a sentence", args, err, code, out)
		}
	}
	if _, err := os.Stat(home); err != nil {
		t.Errorf("stop removed a directory that is not a server's: %v", err)
	}
}

func TestStartSaysWhatToInstall(t *testing.T) {
	t.Setenv("LIANDAN_POSTGRES_BIN", t.TempDir())
	server, err := Start()
	if err == nil {
		server.Stop()
		t.Fatal("a server started without PostgreSQL's programs")
	}
	if !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("the error does not say what to install: %v", err)
	}
}
