// Package config is the one strict struct of settings that a running server needs; its
// comments are the manual. Values come from flags first, then from LIANDAN_ variables.
//
// It must not open anything: package main wires.
package config

import (
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Config is how a server is told where its things are. The zero value is not usable;
// Parse fills the defaults.
type Config struct {
	// Data is the folder of the embedded SQLite file, the log's key, the remembered
	// checkpoint and the operator's token. Made when missing, mode 0700.
	// Flag --data, variable LIANDAN_DATA, default "data".
	Data string
	// Database is a postgres:// address instead of the SQLite file in Data.
	// Flag --database, variable LIANDAN_DATABASE (a password is better there than in a
	// flag, which other users of the machine can read).
	Database string
	// Listen is where HTTP is served. Flag --listen, variable LIANDAN_LISTEN, default
	// 127.0.0.1:8080: only this machine.
	Listen string
	// Origin is the log's name, for ever: it is inside every checkpoint.
	// Flag --origin, variable LIANDAN_ORIGIN, default "liandan.local/log".
	Origin string
	// PublicURL is the address that QR codes carry. Flag --public-url, variable
	// LIANDAN_PUBLIC_URL, default http:// and Listen.
	PublicURL string
	// LogFormat is "text" or "json". Flag --log-format, variable LIANDAN_LOG_FORMAT.
	LogFormat string
	// LogLevel is "debug", "info", "warn" or "error". Flag --log-level, variable
	// LIANDAN_LOG_LEVEL.
	LogLevel string
	// AcceptRollback lets a server start on a store that is older than the checkpoint it
	// remembers, after the operator has understood why. Flag --accept-rollback.
	AcceptRollback bool
}

// Flags declares the settings on a flag set, with defaults from the environment.
func (c *Config) Flags(fs *flag.FlagSet, env func(string) string) {
	text := func(p *string, name, def, usage string) {
		if v := env("LIANDAN_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))); v != "" {
			def = v
		}
		fs.StringVar(p, name, def, usage)
	}
	text(&c.Data, "data", "data", "数据目录 folder of the SQLite file and the keys")
	text(&c.Database, "database", "", "PostgreSQL 地址 postgres:// address instead of SQLite")
	text(&c.Listen, "listen", "127.0.0.1:8080", "监听地址 address to listen on")
	text(&c.Origin, "origin", "liandan.local/log", "日志名称 name of the log, inside every checkpoint")
	text(&c.PublicURL, "public-url", "", "二维码中的网址 address that QR codes carry")
	text(&c.LogFormat, "log-format", "text", "text | json")
	text(&c.LogLevel, "log-level", "info", "debug | info | warn | error")
	fs.BoolVar(&c.AcceptRollback, "accept-rollback", false, "确认数据库可比已公布的日志旧 start on a store older than what was published")
}

// Check refuses settings that cannot work, all at once.
func (c *Config) Check() error {
	var wrong []string
	if c.Data == "" {
		wrong = append(wrong, "--data must name a folder")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		wrong = append(wrong, "--listen must be HOST:PORT, such as 127.0.0.1:8080")
	}
	if c.Database != "" {
		if u, err := url.Parse(c.Database); err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
			wrong = append(wrong, "--database must be a postgres:// address")
		}
	}
	if c.Origin == "" || strings.ContainsAny(c.Origin, " \n+") {
		wrong = append(wrong, "--origin must be a name without spaces or plus signs")
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			wrong = append(wrong, "--public-url must be an http:// or https:// address")
		}
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		wrong = append(wrong, "--log-level must be debug, info, warn or error")
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		wrong = append(wrong, "--log-format must be text or json")
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.Listen
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	return nil
}

// Where is the store's address for store.Open.
func (c *Config) Where() string {
	if c.Database != "" {
		return c.Database
	}
	return c.File("liandan.sqlite")
}

// File is a file of the data folder.
func (c *Config) File(name string) string { return filepath.Join(c.Data, name) }

// Prepare makes the data folder.
func (c *Config) Prepare() error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("the data folder %s cannot be made: %w", c.Data, err)
	}
	return nil
}
