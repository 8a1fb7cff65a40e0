package registry

import (
	"crypto/sha256"

	"liandan/internal/crockford"
	"liandan/internal/id"
)

// codeDigits is the length of a one-time code without its check symbol: 50 bits, short
// enough to read out over a telephone.
const codeDigits = 10

func newCode(random [codeDigits]byte) string { return crockford.Write(random[:]) }

func parseCode(s string) (code string, ok bool) { return crockford.Read(s, codeDigits) }

func codeHash(code string) id.Hash { return sha256.Sum256([]byte(code)) }
