package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	b, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(b)
}

// TestNothingLinkedIn: the verifier is rings 0 and 1 and must stay so.
func TestNothingLinkedIn(t *testing.T) {
	house := []string{"id", "crockford", "fault", "waste", "calendar", "party", "statement", "event", "signature", "batch", "manifest", "mass",
		"merkle", "ledger", "chain", "source", "bundle", "rule", "indicator", "permit", "duty", "profile", "sampling", "division", "logfile", "attest"}
	// crypto/x509 (through go-jose) and google/uuid name types of package net; that
	// none of its sockets is linked in is asked of the program itself, below.
	mayNet := []string{"crypto/x509", "github.com/google/uuid", "net/url", "net"}
	forbidden := []string{"gorm.io/", "github.com/labstack/", "net/http", "database/sql ", "github.com/jackc/", "modernc.org/",
		"crypto/tls", "net/rpc", "net/smtp", "os/exec", "plugin"}
	lines := strings.Split(strings.TrimSpace(output(t, "go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports ","}}`, ".")), "\n")
	if len(lines) < 50 {
		t.Fatalf("go list names %d packages only", len(lines))
	}
	for _, l := range lines {
		path, imports, _ := strings.Cut(l, " ")
		for _, f := range forbidden {
			if strings.HasPrefix(path+" ", f) {
				t.Errorf("%s is linked in", path)
			}
		}
		if p, ours := strings.CutPrefix(path, "liandan/internal/"); ours && !slices.Contains(house, p) {
			t.Errorf("%s is not of rings 0 and 1", path)
		}
		if slices.Contains(strings.Split(imports, ","), "net") && !slices.Contains(mayNet, path) {
			t.Errorf("%s imports net", path)
		}
	}
}

// TestNoSockets looks into the built program for anything that could open a connection.
func TestNoSockets(t *testing.T) {
	program := filepath.Join(t.TempDir(), "liandan-verify")
	output(t, "go", "build", "-o", program, ".")
	symbols := output(t, "go", "tool", "nm", program)
	if !strings.Contains(symbols, " main.run\n") || !strings.Contains(symbols, "liandan/internal/bundle.Check\n") {
		t.Fatal("the symbols of the program cannot be read")
	}
	for line := range strings.Lines(symbols) {
		name := strings.TrimSpace(line[strings.LastIndexByte(strings.TrimSpace(line), ' ')+1:])
		for _, f := range []string{"net.Dial", "net.(*Dialer)", "net.Listen", "net.(*Resolver)", "net.socket", "syscall.Socket", "syscall.Connect", "syscall.connect"} {
			if strings.HasPrefix(name, f) {
				t.Errorf("%s is linked in", name)
			}
		}
	}
}
