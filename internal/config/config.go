// Package config is the one strict struct of settings that a running server needs; its
// comments are the manual. Values come from flags first, then from LIANDAN_ variables.
//
// It must not open anything: package main wires.
package config

import (
	"flag"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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
	// LIANDAN_PUBLIC_URL, default the server's own scheme and Listen.
	PublicURL string
	// LogFormat is "text" or "json". Flag --log-format, variable LIANDAN_LOG_FORMAT.
	LogFormat string
	// LogLevel is "debug", "info", "warn" or "error". Flag --log-level, variable
	// LIANDAN_LOG_LEVEL.
	LogLevel string
	// AcceptRollback lets a server start on a store that is older than the checkpoint it
	// remembers, after the operator has understood why. Flag --accept-rollback.
	AcceptRollback bool

	// TLSCert and TLSKey are PEM files of a certificate chain and its key: with both the
	// server speaks HTTPS itself, with neither HTTP. Changed files are taken up within a
	// minute, without a restart. Flags --tls-cert and --tls-key, variables LIANDAN_TLS_CERT
	// and LIANDAN_TLS_KEY.
	TLSCert, TLSKey string
	// TrustedProxies are the addresses of proxies before this server, as a list of CIDR
	// ranges or addresses. Only what they say of the client's address and scheme
	// (X-Forwarded-For, X-Forwarded-Proto) is believed. Flag --trusted-proxies, variable
	// LIANDAN_TRUSTED_PROXIES, default none.
	TrustedProxies string
	// MaxRequests is how many requests are worked on at one time; more are told to come
	// again. Flag --max-requests, variable LIANDAN_MAX_REQUESTS; 0: DefaultRequests.
	MaxRequests int
	// MaxConnections is how many connections are open at one time; more wait in the
	// system's queue. Flag --max-connections, variable LIANDAN_MAX_CONNECTIONS; 0:
	// DefaultConnections.
	MaxConnections int

	// OIDCIssuer is the address of the organisation's own sign-in (OpenID Connect); ""
	// switches it off. Flag --oidc-issuer, variable LIANDAN_OIDC_ISSUER.
	OIDCIssuer string
	// OIDCClientID is this server's name there. Flag --oidc-client-id, variable
	// LIANDAN_OIDC_CLIENT_ID.
	OIDCClientID string
	// OIDCName is how the sign-in page calls it. Flag --oidc-name, variable
	// LIANDAN_OIDC_NAME.
	OIDCName string
	// OIDCSecret is this server's secret there. Variable LIANDAN_OIDC_SECRET alone: other
	// users of the machine can read flags.
	OIDCSecret string

	// Proxies is TrustedProxies as read by Check.
	Proxies []netip.Prefix

	unread []string // variables that are not what they must be
}

// Defaults of the limits.
const (
	DefaultRequests    = 512
	DefaultConnections = 2048
)

// Flags declares the settings on a flag set, with defaults from the environment.
func (c *Config) Flags(fs *flag.FlagSet, env func(string) string) {
	text := func(p *string, name, def, usage string) {
		if v := env(variable(name)); v != "" {
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
	text(&c.TLSCert, "tls-cert", "", "TLS 证书文件（PEM，含中间证书） certificate chain, PEM")
	text(&c.TLSKey, "tls-key", "", "TLS 私钥文件 its private key, PEM")
	text(&c.TrustedProxies, "trusted-proxies", "", "可信反向代理的网段，逗号分隔 CIDR ranges of proxies whose X-Forwarded headers count")
	text(&c.OIDCIssuer, "oidc-issuer", "", "单位统一登录（OpenID Connect）的地址 issuer of the organisation's own sign-in")
	text(&c.OIDCClientID, "oidc-client-id", "", "本系统在统一登录中的客户端标识 this server's client id there; its secret is LIANDAN_OIDC_SECRET")
	text(&c.OIDCName, "oidc-name", "单位统一登录", "登录页上的名称 what the sign-in page calls it")
	c.OIDCSecret = env("LIANDAN_OIDC_SECRET")
	number := func(p *int, name string, def int, usage string) {
		if v := env(variable(name)); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil {
				c.unread = append(c.unread, variable(name)+" must be a whole number")
			}
			def = n
		}
		fs.IntVar(p, name, def, usage)
	}
	number(&c.MaxRequests, "max-requests", DefaultRequests, "同时处理的请求数上限 requests worked on at one time")
	number(&c.MaxConnections, "max-connections", DefaultConnections, "同时连接数上限 connections open at one time")
	fs.BoolVar(&c.AcceptRollback, "accept-rollback", false, "确认数据库可比已公布的日志旧 start on a store older than what was published")
}

// variable is the name of a flag's twin in the environment.
func variable(flag string) string {
	return "LIANDAN_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Check refuses settings that cannot work, all at once, and fills in what follows from
// others.
func (c *Config) Check() error {
	wrong := slices.Concat(c.unread, c.wrongPlaces(), c.wrongEdge(), c.wrongOIDC())
	if len(wrong) > 0 {
		return fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	if c.PublicURL == "" {
		c.PublicURL = c.Scheme() + "://" + c.Listen
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	return nil
}

// Scheme is what the server itself speaks, "http" or "https".
func (c *Config) Scheme() string {
	if c.TLSCert != "" {
		return "https"
	}
	return "http"
}

func (c *Config) wrongPlaces() (wrong []string) {
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
	return wrong
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
