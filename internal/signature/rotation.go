package signature

import (
	"crypto"
	"errors"

	strict "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"liandan/internal/fault"
)

// Rotation is the word of one key that another takes its place, with the proof that
// whoever asks has the other one too.
type Rotation struct {
	Signed // by the old key; Verify tells whether it really is
	// Next is the new key, which has signed for itself: that is checked.
	Next crypto.PublicKey
	// NextKid is its thumbprint.
	NextKid string
	// At is the signer's time as written; the caller reads and judges it.
	At string
}

// OpenRotation reads a compact JWS of type TypRotation with the payload
// {"jwk":…,"proof":"…","at":"…"}: jwk is the new key, proof its own compact JWS of type
// TypEnrolment over {"challenge":"kid of the old key"}. The new key's signature is
// verified, the old key's is not: callers bring that key. Faults: those of Open, and
// invalid-request with a pointer to each member that is wrong.
func OpenRotation(compact []byte) (Rotation, error) {
	signed, err := Open(compact, TypRotation)
	if err != nil {
		return Rotation{}, err
	}
	r := Rotation{Signed: signed}
	var said struct {
		JWK   jsontext.Value `json:"jwk"`
		Proof string         `json:"proof"`
		At    string         `json:"at"`
	}
	bad := fault.New(fault.InvalidRequest, "The key was not replaced; what is wrong is listed.")
	if err := strict.Unmarshal(signed.Payload, &said, strict.RejectUnknownMembers(true)); err != nil {
		bad.Cause = err
		pointer := jsontext.Pointer("")
		if e, ok := errors.AsType[*strict.SemanticError](err); ok {
			pointer = e.JSONPointer
		}
		return r, bad.At(string(pointer), "format", `the payload must be {"jwk":{…},"proof":"…","at":"…"} and nothing else`)
	}
	r.readKey(bad, said.JWK)
	r.checkProof(bad, said.Proof)
	if r.At = said.At; r.At == "" {
		bad.At("/at", "required", "is required")
	}
	if len(bad.Fields) > 0 {
		return r, bad
	}
	return r, nil
}

func (r *Rotation) readKey(bad *fault.Error, jwk jsontext.Value) {
	if len(jwk) == 0 {
		bad.At("/jwk", "required", "is required")
		return
	}
	pub, err := ParseJWK(jwk)
	if err != nil {
		bad.Fields = append(bad.Fields, fault.As(err).Fields...)
		return
	}
	kid, err := Thumbprint(pub)
	if err != nil || kid == r.Kid {
		bad.At("/jwk", "same_key", "is the key that signs; make a new one")
		return
	}
	r.Next, r.NextKid = pub, kid
}

func (r *Rotation) checkProof(bad *fault.Error, proof string) {
	if proof == "" {
		bad.At("/proof", "required", "is required")
		return
	}
	inner, err := Open([]byte(proof), TypEnrolment)
	if err != nil {
		bad.At("/proof", "format", "must be a compact JWS of type %s: %s", TypEnrolment, fault.As(err).Sentence)
		return
	}
	var answer struct {
		Challenge string `json:"challenge"`
	}
	if err := strict.Unmarshal(inner.Payload, &answer, strict.RejectUnknownMembers(true)); err != nil || answer.Challenge != r.Kid {
		bad.At("/proof", "challenge", `its payload must be {"challenge":"…"} with the kid of the old key, and nothing else`)
	}
	switch {
	case r.Next == nil: // no proof fits a key that cannot be read
	case inner.Kid != r.NextKid:
		bad.At("/proof", "other_key", "must be signed by the new key, and names another")
	case inner.Verify(r.Next) != nil:
		bad.At("/proof", "signature", "its signature does not fit the new key")
	}
}
