package testdb

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
)

// script is the one description of how a private server is made; `make test` runs the
// same file through .ci/postgres.sh. It is embedded so that a test binary finds it from
// any directory.
//
//go:embed server.sh
var script string

// Server is a private PostgreSQL server on 127.0.0.1, with a directory, port and password
// of its own and fsync on. A supervisor process holds it and stops it when the pipe from
// this process closes: that happens at Stop, at a normal end, and at kill -9 alike.
type Server struct {
	dsn     string
	pipe    io.Closer
	command *exec.Cmd
	output  *bytes.Buffer // the supervisor's complaints; read after Wait only
	stop    func() error
}

// Start starts a server, which takes a second or two. Tests that want a database call
// Postgres; Start is for those that must stop the server under the program's feet. It
// fails with instructions where PostgreSQL is not installed.
func Start() (*Server, error) {
	s := &Server{
		command: exec.Command("bash", "-c", script, "server.sh", "watch"),
		output:  new(bytes.Buffer),
	}
	// A session of its own: Ctrl-C on the tests must not kill the supervisor before it has stopped the server.
	s.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s.command.Stderr = s.output
	pipe, err := s.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.pipe = pipe
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("cannot run bash to start PostgreSQL: %w", err)
	}
	s.stop = sync.OnceValue(s.close)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil { // it ended without an address
		if stopped := s.stop(); stopped != nil {
			return nil, stopped
		}
		return nil, fmt.Errorf("the PostgreSQL supervisor printed no address: %w", err)
	}
	s.dsn = strings.TrimSpace(line)
	return s, nil
}

// DSN is the address of the server's administrative database, as its superuser.
func (s *Server) DSN() string { return s.dsn }

// Stop stops the server at once, as a crash would, and removes its files; it returns when
// both are done. A second call does nothing and gives the first one's answer.
func (s *Server) Stop() error { return s.stop() }

func (s *Server) close() error {
	if err := s.pipe.Close(); err != nil {
		return fmt.Errorf("letting go of the PostgreSQL supervisor: %w", err)
	}
	if err := s.command.Wait(); err != nil {
		return fmt.Errorf("%s (%w)", strings.TrimSpace(s.output.String()), err)
	}
	return nil
}
