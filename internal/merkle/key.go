package merkle

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/fault"
)

// VKeyOf is the verifier key of a note signing key (Ed25519, algorithm byte 1): what a
// log publishes.
func VKeyOf(skey string) (string, error) {
	parts := strings.SplitN(skey, "+", 5)
	if len(parts) != 5 || parts[0] != "PRIVATE" || parts[1] != "KEY" {
		return "", fmt.Errorf("not a note signing key")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize || raw[0] != 1 {
		return "", fmt.Errorf("not an Ed25519 note signing key")
	}
	pub := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], pub)
}

// ParseVKey reads a log's verifier key and insists on its one spelling. The fault is
// invalid-request.
func ParseVKey(vkey string) (note.Verifier, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fault.Wrap(err, fault.InvalidRequest, "The log's key is not a note verifier key such as name+01234567+base64.")
	}
	_, key, _ := strings.Cut(vkey, "+")
	_, key, _ = strings.Cut(key, "+")
	raw, err := base64.StdEncoding.Strict().DecodeString(key)
	if err != nil || vkey != KeyID(v)+"+"+base64.StdEncoding.EncodeToString(raw) {
		return nil, fault.New(fault.InvalidRequest, "The log's key is not in its one spelling.")
	}
	return v, nil
}

// KeyID is the short name of a log's key, for people and for comparison: its name and
// its hash, such as log.sample.test+01234567.
func KeyID(v interface {
	Name() string
	KeyHash() uint32
}) string {
	return fmt.Sprintf("%s+%08x", v.Name(), v.KeyHash())
}

// ShortKey is the KeyID in a verifier key.
func ShortKey(vkey string) string {
	name, rest, _ := strings.Cut(vkey, "+")
	hash, _, _ := strings.Cut(rest, "+")
	return name + "+" + hash
}
