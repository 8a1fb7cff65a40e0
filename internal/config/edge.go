package config

import (
	"net/netip"
	"net/url"
	"strings"
)

// wrongEdge checks the settings of the server's outer edge and fills in its limits.
func (c *Config) wrongEdge() (wrong []string) {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		wrong = append(wrong, "--tls-cert and --tls-key must be given both or not at all")
	}
	var bad []string
	if c.Proxies, bad = proxies(c.TrustedProxies); len(bad) > 0 {
		wrong = append(wrong, "--trusted-proxies must list addresses or CIDR ranges such as 10.0.0.0/8, and not everybody; these are neither: "+strings.Join(bad, " "))
	}
	for _, n := range []struct {
		p    *int
		name string
		def  int
	}{{&c.MaxRequests, "--max-requests", DefaultRequests}, {&c.MaxConnections, "--max-connections", DefaultConnections}} {
		switch {
		case *n.p < 0:
			wrong = append(wrong, n.name+" must not be negative; 0 means the default")
		case *n.p == 0:
			*n.p = n.def
		}
	}
	return wrong
}

// proxies reads a list of ranges. A range that holds everybody is bad: it would let every
// client say what its address is.
func proxies(list string) (out []netip.Prefix, bad []string) {
	for _, word := range strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' }) {
		p, err := netip.ParsePrefix(word)
		if a, addrErr := netip.ParseAddr(word); err != nil && addrErr == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil || p.Bits() == 0 || p.Addr().Is4In6() {
			bad = append(bad, word)
			continue
		}
		out = append(out, p.Masked())
	}
	return out, bad
}

// wrongOIDC checks the sign-in by another provider.
func (c *Config) wrongOIDC() (wrong []string) {
	if (c.OIDCIssuer == "") != (c.OIDCClientID == "") {
		wrong = append(wrong, "--oidc-issuer and --oidc-client-id must be given both or not at all")
	}
	if c.OIDCIssuer == "" {
		return wrong
	}
	u, err := url.Parse(c.OIDCIssuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || (u.Scheme != "https" && !loopback(u)) {
		wrong = append(wrong, "--oidc-issuer must be an https:// address without query or password")
	}
	return wrong
}

// loopback says that an address stays on this machine, where http is no risk.
func loopback(u *url.URL) bool {
	a, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || (err == nil && a.IsLoopback()))
}
