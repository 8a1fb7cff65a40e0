package config

import (
	"flag"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// read parses a command line with variables.
func read(t *testing.T, env map[string]string, args ...string) (*Config, error) {
	t.Helper()
	var c Config
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	c.Flags(fs, func(name string) string { return env[name] })
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &c, c.Check()
}

func TestDefaults(t *testing.T) {
	c, err := read(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.MaxRequests != DefaultRequests || c.MaxConnections != DefaultConnections || len(c.Proxies) != 0 || c.Scheme() != "http" ||
		c.PublicURL != "http://127.0.0.1:8080" || c.OIDCIssuer != "" || c.OIDCSecret != "" {
		t.Errorf("%+v", c)
	}
	zero := Config{Data: "x", Listen: ":0", Origin: "o", LogFormat: "text", LogLevel: "info"}
	if err := zero.Check(); err != nil || zero.MaxRequests != DefaultRequests || zero.MaxConnections != DefaultConnections {
		t.Errorf("%v %+v", err, zero)
	}
}

func TestEveryFlagHasItsVariable(t *testing.T) {
	given := map[string]string{"data": "d", "database": "postgres://h/d", "listen": "127.0.0.1:1", "origin": "o", "public-url": "https://p",
		"log-format": "json", "log-level": "warn", "tls-cert": "c", "tls-key": "k", "trusted-proxies": "10.0.0.0/8", "max-requests": "7",
		"max-connections": "9", "oidc-issuer": "https://i", "oidc-client-id": "id", "oidc-name": "n"}
	env, args := map[string]string{"LIANDAN_OIDC_SECRET": "s"}, []string{}
	for name, v := range given {
		env[variable(name)] = v
		args = append(args, "--"+name, v)
	}
	byEnv, err := read(t, env)
	if err != nil {
		t.Fatal(err)
	}
	byFlag, err := read(t, map[string]string{"LIANDAN_OIDC_SECRET": "s", "LIANDAN_MAX_REQUESTS": "1"}, args...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Config{byEnv, byFlag} {
		if c.Data != "d" || c.Database != "postgres://h/d" || c.Listen != "127.0.0.1:1" || c.Origin != "o" || c.PublicURL != "https://p" || c.LogFormat != "json" ||
			c.LogLevel != "warn" || c.TLSCert != "c" || c.TLSKey != "k" || c.MaxRequests != 7 || c.MaxConnections != 9 || c.OIDCIssuer != "https://i" ||
			c.OIDCClientID != "id" || c.OIDCName != "n" || c.OIDCSecret != "s" || c.Scheme() != "https" ||
			!slices.Equal(c.Proxies, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}) {
			t.Errorf("%+v", c)
		}
	}
	var flags int
	fs := flag.NewFlagSet("count", flag.ContinueOnError)
	new(Config).Flags(fs, func(string) string { return "" })
	fs.VisitAll(func(f *flag.Flag) {
		if f.Name == "oidc-secret" {
			t.Error("a secret can be given in a flag")
		}
		flags++
	})
	if flags != len(given)+1 { // accept-rollback is for one start, never for all
		t.Errorf("%d flags, %d are tested", flags, len(given))
	}
}

func TestProxies(t *testing.T) {
	c, err := read(t, nil, "--trusted-proxies", "10.1.2.3/8, 192.0.2.1,fd00::/8  ::1")
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("::1/128")}
	if err != nil || !slices.Equal(c.Proxies, want) {
		t.Errorf("%v %v", c.Proxies, err)
	}
	for _, bad := range []string{"0.0.0.0/0", "::/0", "proxy.sample.test", "10.0.0.0/33", "10.0.0", "fe80::1%eth0", "10.0.0.1:80", "::ffff:10.0.0.0/104"} {
		if _, err := read(t, nil, "--trusted-proxies", "10.0.0.0/8,"+bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		want []string
	}{
		"a certificate alone":     {nil, []string{"--tls-cert", "c"}, []string{"--tls-key"}},
		"a key alone":             {nil, []string{"--tls-key", "k"}, []string{"--tls-cert"}},
		"a negative limit":        {nil, []string{"--max-requests", "-1", "--max-connections", "-5"}, []string{"--max-requests", "--max-connections"}},
		"a limit that is no word": {map[string]string{"LIANDAN_MAX_REQUESTS": "many"}, nil, []string{"LIANDAN_MAX_REQUESTS"}},
		"an issuer alone":         {nil, []string{"--oidc-issuer", "https://i.sample.test"}, []string{"--oidc-client-id"}},
		"a client id alone":       {nil, []string{"--oidc-client-id", "x"}, []string{"--oidc-issuer"}},
		"an issuer in the clear":  {nil, []string{"--oidc-issuer", "http://i.sample.test", "--oidc-client-id", "x"}, []string{"https://"}},
		"an issuer with a secret": {nil, []string{"--oidc-issuer", "https://a:b@i.sample.test", "--oidc-client-id", "x"}, []string{"https://"}},
		"all at once":             {nil, []string{"--listen", "x", "--tls-key", "k", "--origin", "a b", "--oidc-issuer", "x"}, []string{"--listen", "--tls-cert", "--origin", "--oidc-issuer"}},
	} {
		_, err := read(t, c.env, c.args...)
		if err == nil {
			t.Errorf("%s was taken", name)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v does not name %s", name, err, w)
			}
		}
		if strings.Contains(err.Error(), "a:b") {
			t.Errorf("%s: the error tells the password", name)
		}
	}
	for _, good := range []string{"http://127.0.0.1:9/x", "http://localhost:9", "https://i.sample.test/realms/x"} {
		if _, err := read(t, nil, "--oidc-issuer", good, "--oidc-client-id", "x"); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}
