package accounttest

import (
	"bytes"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// app is an authenticator app whose clock is some steps off.
func (b *bench) app(secret string, steps int) string {
	b.Helper()
	code, err := totp.GenerateCodeCustom(secret, b.clock.Now().Add(time.Duration(steps)*30*time.Second), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	b.must(err)
	return code
}

// factor signs a new person up with a second factor.
func (b *bench) factor(login string) (a id.Account, secret string, recovery []string) {
	b.Helper()
	s, _ := b.person(login)
	secret, _, err := b.BeginTOTP(b.Context(), s.Account.ID)
	b.must(err)
	recovery, err = b.ConfirmTOTP(b.Context(), s.Account.ID, b.app(secret, 0))
	b.must(err)
	return s.Account.ID, secret, recovery
}

func (b *bench) signInWith(login, code string) error {
	_, _, err := b.SignIn(b.Context(), account.SignIn{Login: login, Password: good, Code: code})
	return err
}

func secondFactor(b *bench) {
	ctx := b.Context()
	a, secret, recovery := b.factor("sample")
	if got, err := b.Account(ctx, a); err != nil || !got.TOTP {
		b.Errorf("%+v %v", got, err)
	}
	if len(recovery) != account.RecoveryCodes || len(recovery[0]) != 13 || recovery[0] == recovery[1] {
		b.Errorf("%q", recovery)
	}
	b.clock.Add(time.Minute)
	b.wants(b.signInWith("sample", ""), fault.SecondFactorNeeded)
	b.wants(b.signIn("sample", "wrong wrong wrong"), fault.SignInRefused)
	for _, code := range []string{"000000", "12345", "1234567", "abcdef", "\x00", "٣٤٥٦٧٨", strings.Repeat("1", 1<<16)} {
		if code == b.app(secret, 0) {
			continue
		}
		if f := b.wants(b.signInWith("sample", code), fault.SignInRefused); len(f.Fields) > 0 {
			b.Errorf("%v says which part was wrong", f)
		}
		b.clock.Add(2 * time.Hour)
	}
	code := b.app(secret, 0)
	b.must(b.signInWith("sample", code[:3]+" "+code[3:]))
	// Whoever has the password only is blocked like any other guesser.
	for range account.LoginTries {
		b.wants(b.signInWith("sample", ""), fault.SecondFactorNeeded)
	}
	b.wants(b.signInWith("sample", b.app(secret, 1)), fault.TooManyAttempts)
	b.clock.Add(time.Hour)
	b.wants(b.RemoveTOTP(ctx, a, "wrong wrong wrong"), fault.SignInRefused)
	b.wants(b.signInWith("sample", ""), fault.SecondFactorNeeded)
	b.must(b.RemoveTOTP(ctx, a, good))
	b.wants(b.RemoveTOTP(ctx, a, good), fault.Conflict)
	b.must(b.signInWith("sample", ""))
	if k, _, err := b.read().Account(a); err != nil || k.TOTP || len(k.Secret) > 0 {
		b.Errorf("%v %v", k.TOTP, err)
	}
}

// A code counts once, whoever saw it over the shoulder and however fast they are.
func codeOnce(b *bench) {
	_, secret, _ := b.factor("sample")
	b.wants(b.signInWith("sample", b.app(secret, 0)), fault.SignInRefused) // it confirmed the factor
	b.wants(b.signInWith("sample", b.app(secret, -1)), fault.SignInRefused)
	b.must(b.signInWith("sample", b.app(secret, 1))) // the phone's clock is half a minute ahead
	b.clock.Add(30 * time.Second)
	b.wants(b.signInWith("sample", b.app(secret, 0)), fault.SignInRefused) // that very code
	b.clock.Add(2 * time.Minute)
	b.wants(b.signInWith("sample", b.app(secret, 2)), fault.SignInRefused)
	b.wants(b.signInWith("sample", b.app(secret, -2)), fault.SignInRefused)
	b.clock.Add(20 * time.Minute)
	b.must(b.signInWith("sample", b.app(secret, -1)))
	code := b.app(secret, 0)
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for i := range errs {
		server := b.server()
		wg.Go(func() {
			_, _, errs[i] = server.SignIn(b.Context(), account.SignIn{Login: "sample", Password: good, Code: code})
		})
	}
	wg.Wait()
	in := 0
	for _, err := range errs {
		if err == nil {
			in++
		} else {
			b.wants(err, fault.SignInRefused)
		}
	}
	if in != 1 {
		b.Errorf("%d of four came in with one code", in)
	}
}

func recoveryCodes(b *bench) {
	ctx := b.Context()
	a, secret, mine := b.factor("sample")
	_, _, others := b.factor("other")
	b.must(b.signInWith("sample", strings.ToLower(strings.ReplaceAll(mine[3], "-", ""))))
	b.wants(b.signInWith("sample", mine[3]), fault.SignInRefused)
	b.wants(b.signInWith("sample", others[0]), fault.SignInRefused)
	b.must(b.signInWith("other", others[0]))
	for i, code := range mine {
		if i != 3 {
			b.must(b.signInWith("sample", code))
		}
	}
	b.clock.Add(time.Hour)
	b.wants(b.signInWith("sample", mine[9]), fault.SignInRefused)
	b.must(b.signInWith("sample", b.app(secret, 0)))
	// Removed and begun anew: the old ones are void.
	b.must(b.RemoveTOTP(ctx, a, good))
	secret, _, err := b.BeginTOTP(ctx, a)
	b.must(err)
	b.clock.Add(time.Minute)
	fresh, err := b.ConfirmTOTP(ctx, a, b.app(secret, 0))
	b.must(err)
	b.wants(b.signInWith("sample", mine[0]), fault.SignInRefused)
	b.must(b.signInWith("sample", fresh[0]))
}

func beginning(b *bench) {
	ctx := b.Context()
	s, _ := b.person("sample")
	a := s.Account.ID
	_, err := b.ConfirmTOTP(ctx, a, "123456")
	b.wants(err, fault.Conflict)
	first, _, err := b.BeginTOTP(ctx, a)
	b.must(err)
	secret, uri, err := b.BeginTOTP(ctx, a)
	b.must(err)
	u, err := url.Parse(uri)
	if b.must(err); u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Liandan:sample" || u.Query().Get("secret") != secret || u.Query().Get("issuer") != "Liandan" {
		b.Errorf("%s", uri)
	}
	b.must(b.signIn("sample", good)) // not confirmed: it does nothing yet
	for _, code := range []string{"", "000000", b.app(first, 0), b.app(secret, 3)} {
		_, err := b.ConfirmTOTP(ctx, a, code)
		b.fields(err, fault.InvalidRequest, "/code value")
	}
	b.must(b.signIn("sample", good))
	_, err = b.server().ConfirmTOTP(ctx, a, b.app(secret, -1))
	b.must(err)
	_, err = b.ConfirmTOTP(ctx, a, b.app(secret, 0))
	b.wants(err, fault.Conflict)
	_, _, err = b.BeginTOTP(ctx, a) // who finds an open session cannot put another phone in
	b.wants(err, fault.Conflict)
	_, _, err = b.BeginTOTP(ctx, accountID(9))
	b.wants(err, fault.NotFound)
}

// A secret that somebody copied into another account's row opens nothing, and one that
// cannot be read is damage, not a way in.
func boundSecrets(b *bench) {
	ctx := b.Context()
	victim, _, recovery := b.factor("victim")
	thief, secret, _ := b.factor("thief")
	k, _, err := b.read().Account(thief)
	b.must(err)
	b.must(b.open().UpdateAccounts(ctx, func(tx account.Tx) error {
		v, _, err := tx.Account(victim)
		if err != nil {
			return err
		}
		if bytes.Equal(v.Secret, k.Secret) {
			b.Error("two accounts have one secret")
		}
		v.Secret = k.Secret
		return tx.PutAccount(v)
	}))
	b.clock.Add(time.Minute)
	b.wants(b.signInWith("victim", b.app(secret, 0)), fault.Damaged)
	b.must(b.signInWith("victim", recovery[0]))
	b.must(b.signInWith("thief", b.app(secret, 0)))
	// The sealing key is lost.
	b.with = func(c *account.Config) { c.Seal = sealWith(2) }
	b.Service = b.server()
	b.clock.Add(time.Minute)
	b.wants(b.signInWith("thief", b.app(secret, 0)), fault.Damaged)
	b.wants(b.signIn("thief", "wrong wrong wrong"), fault.SignInRefused)
}
