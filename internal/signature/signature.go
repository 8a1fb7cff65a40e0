// Package signature opens, verifies and makes the compact JWS of design section 3
// (RFC 7515) with an explicit list of algorithms: EdDSA over Ed25519 (RFC 8037) and
// ES256. go-jose does the cryptography.
//
// It must not look keys up (callers bring them), read clocks, or draw randomness
// except from the reader that a signer is given.
package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	strict "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// Typ values that Liandan signs.
const (
	TypEvent     = "liandan-event"
	TypEnrolment = "liandan-enrolment"
	TypRotation  = "liandan-rotation" // a key hands over to a new one
	TypHello     = "liandan-hello"    // a phone asks where it is used
)

// MaxCompact bounds a compact JWS in bytes: header, 16 KiB payload and signature in base64url.
const MaxCompact = 23 << 10

// Algorithms lists what is accepted, and nothing else.
func Algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256}
}

// Signed is a JWS whose form and header are in order; Verify tells whether its
// signature is. Payload must not be believed before that.
type Signed struct {
	Compact []byte // exactly as sent
	Alg     string
	Kid     string
	Payload []byte
	parsed  *jose.JSONWebSignature
}

// Hash is SHA-256 of the compact JWS as sent.
func (s Signed) Hash() id.Hash { return sha256.Sum256(s.Compact) }

// Open reads a compact JWS of the given typ. Faults: too-large, malformed-jws,
// alg-not-allowed, header-member.
func Open(compact []byte, typ string) (Signed, error) {
	if len(compact) > MaxCompact {
		return Signed{}, fault.New(fault.TooLarge, "The signed event has %d bytes; at most %d are taken.", len(compact), MaxCompact)
	}
	parts := strings.Split(string(compact), ".")
	if len(parts) != 3 {
		return Signed{}, fault.New(fault.MalformedJWS, "A compact JWS has three parts divided by dots; this has %d. It may be truncated.", len(parts))
	}
	for i, p := range parts {
		// The decoder skips line ends, which would give one JWS several spellings.
		if _, err := base64.RawURLEncoding.Strict().DecodeString(p); err != nil || p == "" || strings.ContainsAny(p, "\r\n") {
			return Signed{}, fault.New(fault.MalformedJWS, "Part %d of the JWS is not unpadded base64url; it may be truncated or altered.", i+1)
		}
	}
	alg, kid, err := readHeader(parts[0], typ)
	if err != nil {
		return Signed{}, err
	}
	jws, err := jose.ParseSignedCompact(string(compact), Algorithms())
	if err != nil {
		return Signed{}, fault.Wrap(err, fault.MalformedJWS, "The JWS cannot be read.")
	}
	return Signed{Compact: compact, Alg: alg, Kid: kid, Payload: jws.UnsafePayloadWithoutVerification(), parsed: jws}, nil
}

// readHeader takes the members alg, kid, typ and refuses any other, a repeated
// one included.
func readHeader(part, typ string) (alg, kid string, err error) {
	raw, _ := base64.RawURLEncoding.DecodeString(part)
	// The header that every honest signer writes is read in one pass; whatever is odd about
	// another is found below.
	var h struct {
		Alg string `json:"alg"`
		Kid string `json:"kid"`
		Typ string `json:"typ"`
	}
	if strict.Unmarshal(raw, &h, strict.RejectUnknownMembers(true)) == nil && h.Typ == typ && h.Kid != "" &&
		(h.Alg == string(jose.EdDSA) || h.Alg == string(jose.ES256)) {
		return h.Alg, h.Kid, nil
	}
	if !jsontext.Value(raw).IsValid() {
		return "", "", fault.New(fault.MalformedJWS, "The JWS header is not strict JSON: UTF-8 and no repeated member.")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return "", "", fault.Wrap(err, fault.MalformedJWS, "The JWS header must be a JSON object.")
	}
	bad := fault.New(fault.HeaderMember, "The JWS header must have alg, kid and typ, and nothing else.")
	text := func(name, want string) (s string) {
		v, given := members[name]
		delete(members, name)
		switch {
		case !given:
			bad.At("/"+name, "required", "is required in the header")
		case v[0] != '"' || json.Unmarshal(v, &s) != nil: // null would read as an empty string
			bad.At("/"+name, "type", "must be a string")
		case s == "":
			bad.At("/"+name, "length", "must not be empty")
		case want != "" && s != want:
			bad.At("/"+name, "value", "must be %q", want)
		}
		return s
	}
	alg, kid = text("alg", ""), text("kid", "")
	text("typ", typ)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		bad.At("/"+name, "unknown_member", "is not allowed in the header")
	}
	if alg != string(jose.EdDSA) && alg != string(jose.ES256) {
		return "", "", fault.New(fault.AlgNotAllowed, "The algorithm must be EdDSA (Ed25519) or ES256.").
			At("/alg", "not_allowed", "this algorithm is not accepted")
	}
	if len(bad.Fields) > 0 {
		return "", "", bad
	}
	return alg, kid, nil
}

// Verify checks the signature with a public key. The fault is bad-signature.
func (s Signed) Verify(pub crypto.PublicKey) error {
	if s.parsed == nil {
		return errors.New("signature: not opened")
	}
	if want := algOf(pub); want != s.Alg {
		return fault.New(fault.BadSignature, "The key signs with %s, the header says %s.", want, s.Alg)
	}
	if _, err := s.parsed.Verify(pub); err != nil {
		return fault.New(fault.BadSignature, "The signature does not fit the key and the bytes; sign the event again.")
	}
	return nil
}

func algOf(pub crypto.PublicKey) string {
	switch k := pub.(type) {
	case ed25519.PublicKey:
		return string(jose.EdDSA)
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return string(jose.ES256)
		}
	}
	return "no accepted algorithm"
}

// Signer holds a private key and its thumbprint.
type Signer struct {
	kid string
	alg jose.SignatureAlgorithm
	key crypto.Signer
	by  map[string]jose.Signer
}

// NewSigner takes an ed25519.PrivateKey or a P-256 *ecdsa.PrivateKey.
func NewSigner(key crypto.Signer) (*Signer, error) {
	kid, err := Thumbprint(key.Public())
	if err != nil {
		return nil, err
	}
	s := &Signer{kid: kid, alg: jose.SignatureAlgorithm(algOf(key.Public())), key: key, by: map[string]jose.Signer{}}
	for _, typ := range []string{TypEvent, TypEnrolment, TypRotation, TypHello} {
		opts := (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", kid)
		js, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: key}, opts)
		if err != nil {
			return nil, fmt.Errorf("make signer: %w", err)
		}
		s.by[typ] = js
	}
	return s, nil
}

// Kid is the RFC 7638 thumbprint of the public key.
func (s *Signer) Kid() string { return s.kid }

// Public is the public key.
func (s *Signer) Public() crypto.PublicKey { return s.key.Public() }

// Sign makes a compact JWS of the payload.
func (s *Signer) Sign(payload []byte, typ string) ([]byte, error) {
	js, ok := s.by[typ]
	if !ok {
		return nil, fmt.Errorf("nothing of type %q is signed here", typ)
	}
	jws, err := js.Sign(payload)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	c, err := jws.CompactSerialize()
	return []byte(c), err
}

// Thumbprint is the RFC 7638 SHA-256 thumbprint of a public key, base64url.
func Thumbprint(pub crypto.PublicKey) (string, error) {
	if algOf(pub) == "no accepted algorithm" {
		return "", fault.New(fault.InvalidRequest, "A key must be Ed25519 or P-256.")
	}
	t, err := (&jose.JSONWebKey{Key: pub}).Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("thumbprint: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(t), nil
}

// ParseJWK reads a public key (RFC 7517, RFC 8037): Ed25519 or P-256, public only.
func ParseJWK(b []byte) (crypto.PublicKey, error) {
	refuse := func(why string) error {
		return fault.New(fault.InvalidRequest, "The key is not usable: %s.", why).At("/jwk", "format", "%s", why)
	}
	if len(b) > 1024 {
		return nil, refuse("it is longer than 1024 bytes")
	}
	var k jose.JSONWebKey
	if err := k.UnmarshalJSON(b); err != nil {
		return nil, refuse("it is not a JSON Web Key")
	}
	if !k.IsPublic() {
		return nil, refuse("it holds a private part, which must never leave the device; make a new key")
	}
	if k.Use != "" && k.Use != "sig" {
		return nil, refuse("its use is not to sign")
	}
	if !k.Valid() || algOf(k.Key) == "no accepted algorithm" {
		return nil, refuse("it must be Ed25519 or P-256")
	}
	return k.Key, nil
}

// FormatJWK writes a public key as a JWK with its members in a fixed order.
func FormatJWK(pub crypto.PublicKey) ([]byte, error) {
	return (&jose.JSONWebKey{Key: pub}).MarshalJSON()
}
