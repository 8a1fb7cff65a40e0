package account

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"liandan/internal/fault"
)

// Parameters of argon2id (RFC 9106): OWASP's least, 19 MiB and two passes by one thread.
// When they grow, passwords are hashed anew as people sign in.
const (
	hashMemory  = 19 * 1024 // KiB
	hashPasses  = 2
	hashThreads = 1
	saltLength  = 16
	keyLength   = 32
)

// How many passwords are hashed at a time, how many may wait, and for how long: hashing is
// slow on purpose and must not be a way to use the server up.
const (
	hashesAtOnce = 2
	hashesWait   = 64
	hashPatience = 5 * time.Second
)

var phcWords = base64.RawStdEncoding.Strict()

// slot waits for leave to hash. The fault is overloaded.
func (s *Service) slot(ctx context.Context) (free func(), err error) {
	free = func() { <-s.slots }
	select {
	case s.slots <- struct{}{}:
		return free, nil
	default:
	}
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > hashesWait {
		return nil, overloaded()
	}
	timer := time.NewTimer(hashPatience)
	defer timer.Stop()
	select {
	case s.slots <- struct{}{}:
		return free, nil
	case <-timer.C:
		return nil, overloaded()
	case <-ctx.Done():
		return nil, fault.Wrap(ctx.Err(), fault.Overloaded, "The sign-in was given up before it was looked at. Try again.")
	}
}

func overloaded() error {
	return fault.New(fault.Overloaded, "Too many people sign in at this moment. Try again in a few seconds.")
}

// hashPassword gives the PHC string of a password. Its bytes are hashed as they came:
// nothing is folded or normalised, so that what one device sends another must send too;
// Chinese input methods and ASCII keyboards give one form only.
func (s *Service) hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	if err := s.draw(salt); err != nil {
		return "", err
	}
	free, err := s.slot(ctx)
	if err != nil {
		return "", err
	}
	defer free()
	key := argon2.IDKey([]byte(password), salt, hashPasses, hashMemory, hashThreads, keyLength)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashThreads,
		phcWords.EncodeToString(salt), phcWords.EncodeToString(key)), nil
}

// comparePassword says whether the password is that of the PHC string, in the same time
// for "", which no password is, as for others. A password that nobody could have set is
// not hashed. old says that the string should be made anew. Faults: overloaded, damaged.
func (s *Service) comparePassword(ctx context.Context, phc, password string) (same, old bool, err error) {
	if len(password) > maxPasswordBytes {
		return false, false, nil
	}
	h := hashed{memory: hashMemory, passes: hashPasses, threads: hashThreads, salt: make([]byte, saltLength), key: make([]byte, keyLength)}
	if phc != "" {
		if h, err = parsePHC(phc); err != nil {
			return false, false, fault.Wrap(err, fault.Damaged, "The kept password of this account cannot be read. Ask your administrator for a new one-time code.")
		}
	}
	free, err := s.slot(ctx)
	if err != nil {
		return false, false, err
	}
	defer free()
	key := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.threads, uint32(len(h.key)))
	same = subtle.ConstantTimeCompare(key, h.key) == 1 && phc != ""
	old = h.memory < hashMemory || h.passes < hashPasses || h.threads < hashThreads || len(h.salt) < saltLength || len(h.key) < keyLength
	return same, old, nil
}

type hashed struct {
	memory, passes uint32
	threads        uint8
	salt, key      []byte
}

var errPHC = errors.New("not an argon2id string in PHC format")

// parsePHC reads what hashPassword wrote, with other parameters too, within bounds: a
// damaged row must not make the server take all its memory.
func parsePHC(s string) (h hashed, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads); err != nil {
		return h, errPHC
	}
	if parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", h.memory, h.passes, h.threads) ||
		h.memory < 8 || h.memory > 1<<20 || h.passes < 1 || h.passes > 32 || h.threads < 1 || h.threads > 16 {
		return h, errPHC
	}
	var bad1, bad2 error
	h.salt, bad1 = phcWords.DecodeString(parts[4])
	h.key, bad2 = phcWords.DecodeString(parts[5])
	if bad1 != nil || bad2 != nil || len(h.salt) < 8 || len(h.salt) > 64 || len(h.key) < 16 || len(h.key) > 64 {
		return h, errPHC
	}
	return h, nil
}
