package account

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// The second factor is TOTP (RFC 6238) as every authenticator app does it: SHA-1, six
// digits, 30 seconds. One step to either side forgives clocks that differ.
const (
	stepSeconds   = 30
	stepsAside    = 1
	secretBytes   = 20
	RecoveryCodes = 10
)

var hotpOptions = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// BeginTOTP makes the secret of a second factor, as text and as the otpauth URI that apps
// read from a QR code. It does nothing until it is confirmed; a second one replaces the
// first. Faults: conflict when a second factor is on: it must be removed first, with the
// password; not-found, unavailable.
func (s *Service) BeginTOTP(ctx context.Context, a id.Account) (secret, uri string, err error) {
	raw := make([]byte, secretBytes)
	if err := s.draw(raw); err != nil {
		return "", "", err
	}
	sealed, err := s.sealed(a, raw)
	if err != nil {
		return "", "", err
	}
	err = s.update(ctx, func(tx Tx) error {
		k, err := s.without(tx, a)
		if err != nil {
			return err
		}
		key, err := totp.Generate(totp.GenerateOpts{Issuer: s.issuer, AccountName: k.Login, Secret: raw, Rand: bytes.NewReader(nil)})
		if err != nil {
			return fault.Wrap(err, fault.Internal, "The secret of the second factor cannot be written.")
		}
		secret, uri = key.Secret(), key.URL()
		k.Pending = sealed
		return tx.PutAccount(k)
	})
	if err != nil {
		return "", "", err
	}
	return secret, uri, nil
}

// without finds an active account that has no second factor yet.
func (s *Service) without(tx Tx, a id.Account) (Kept, error) {
	k, err := known(tx, a)
	switch {
	case err != nil:
		return k, err
	case k.State != Active:
		return k, unknownAccount()
	case k.TOTP:
		return k, fault.New(fault.Conflict, "A second factor is on already. Remove it first.")
	}
	return k, nil
}

// ConfirmTOTP switches the second factor on, with a code that shows that the app has its
// secret, and gives ten recovery codes, this once; each lets in once. Faults:
// invalid-request with /code; conflict when none was begun or one is on; not-found,
// unavailable.
func (s *Service) ConfirmTOTP(ctx context.Context, a id.Account, code string) ([]string, error) {
	now := s.clock()
	shown, hashes := make([]string, RecoveryCodes), make([]id.Hash, RecoveryCodes)
	for i := range shown {
		var err error
		if shown[i], hashes[i], err = s.code(recoveryDigits); err != nil {
			return nil, err
		}
	}
	err := s.update(ctx, func(tx Tx) error {
		k, err := s.without(tx, a)
		if err != nil {
			return err
		}
		if len(k.Pending) == 0 {
			return fault.New(fault.Conflict, "No second factor was begun. Begin one, add it to your app, and confirm it with the code that the app shows.")
		}
		raw, err := s.unsealed(a, k.Pending)
		if err != nil {
			return err
		}
		step, ok := accepted(raw, code, 0, now)
		if !ok {
			bad := fault.New(fault.InvalidRequest, "The code is not the one that your app should show now. Check the time of your phone and enter the newest code.")
			return field(bad, "/code", "value", "is not the code of this moment", "不是当前的动态口令")
		}
		k.Secret, k.Pending, k.Step, k.TOTP = k.Pending, nil, step, true
		if err := tx.PutAccount(k); err != nil {
			return err
		}
		return tx.SetRecovery(a, hashes)
	})
	if err != nil {
		return nil, err
	}
	return shown, nil
}

// RemoveTOTP switches the second factor off and voids the recovery codes. Faults:
// sign-in-refused when the password is wrong; conflict when none is on; those of
// ChangePassword.
func (s *Service) RemoveTOTP(ctx context.Context, a id.Account, password string) error {
	was, err := s.confirm(ctx, a, password, "/password")
	if err != nil {
		return err
	}
	return s.update(ctx, func(tx Tx) error {
		k, err := stillThere(tx, was)
		if err != nil {
			return err
		}
		if !k.TOTP {
			return fault.New(fault.Conflict, "No second factor is on.")
		}
		k.Secret, k.Pending, k.TOTP = nil, nil, false // Step stays: no old code comes back to life
		if err := tx.PutAccount(k); err != nil {
			return err
		}
		return tx.SetRecovery(a, nil)
	})
}

// second says whether a code of the second factor, or a recovery code, lets in, and uses it
// up: k's step is raised for the caller to keep, a recovery code is taken away.
func (s *Service) second(tx Tx, k *Kept, code string, now time.Time) (bool, error) {
	if hash, ok := parseCode(code, recoveryDigits); ok {
		return tx.UseRecovery(k.ID, hash)
	}
	raw, err := s.unsealed(k.ID, k.Secret)
	if err != nil {
		return false, err
	}
	step, ok := accepted(raw, code, k.Step, now)
	if ok {
		k.Step = step
	}
	return ok, nil
}

// accepted finds the step, after the last one that was accepted, whose code this is.
func accepted(raw []byte, code string, after int64, now time.Time) (int64, bool) {
	code = strings.ReplaceAll(code, " ", "")
	if len(code) != 6 {
		return 0, false
	}
	secret := base32Secret(raw)
	for d := int64(-stepsAside); d <= stepsAside; d++ {
		step := now.Unix()/stepSeconds + d
		if step <= after || step < 0 {
			continue
		}
		if ok, err := hotp.ValidateCustom(code, uint64(step), secret, hotpOptions); err == nil && ok {
			return step, true
		}
	}
	return 0, false
}

func base32Secret(raw []byte) string { return strings.ToUpper(secretWords.EncodeToString(raw)) }

// sealed encrypts a secret for the account that it belongs to: in another account's row it
// cannot be opened.
func (s *Service) sealed(a id.Account, raw []byte) ([]byte, error) {
	nonce := make([]byte, s.seal.NonceSize())
	if err := s.draw(nonce); err != nil {
		return nil, err
	}
	return s.seal.Seal(nonce, nonce, raw, sealedFor(a)), nil
}

func (s *Service) unsealed(a id.Account, sealed []byte) ([]byte, error) {
	n := s.seal.NonceSize()
	if len(sealed) > n {
		if raw, err := s.seal.Open(nil, sealed[:n], sealed[n:], sealedFor(a)); err == nil {
			return raw, nil
		}
	}
	return nil, fault.New(fault.Damaged, "The second factor of this account cannot be read: the server's sealing key is another one than before. Use a recovery code, or ask your administrator for a new one-time code.")
}

func sealedFor(a id.Account) []byte { return fmt.Appendf(nil, "liandan totp %s", a) }
