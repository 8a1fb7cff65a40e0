package accounttest

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"liandan/internal/account"
	"liandan/internal/fault"
)

func changingPassword(b *bench) {
	ctx := b.Context()
	b.person("sample")
	s, token, err := b.SignIn(ctx, account.SignIn{Login: "sample", Password: good})
	b.must(err)
	_, other, err := b.SignIn(ctx, account.SignIn{Login: "sample", Password: good})
	b.must(err)
	const newer = "另外四个词 lantern 样例"
	b.fields(b.ChangePassword(ctx, s, good, "short"), fault.WeakPassword, "/new length")
	b.fields(b.ChangePassword(ctx, s, good, good), fault.WeakPassword, "/new unchanged")
	b.fields(b.ChangePassword(ctx, s, "wrong wrong wrong", newer), fault.SignInRefused, "/old value")
	b.must(b.signIn("sample", good))
	b.must(b.ChangePassword(ctx, s, good, newer))
	if _, err := b.Session(ctx, token); err != nil {
		b.Errorf("the session that changed it: %v", err)
	}
	_, err = b.Session(ctx, other)
	b.wants(err, fault.Unauthorized)
	b.wants(b.signIn("sample", good), fault.SignInRefused)
	b.must(b.signIn("sample", newer))
	// Tries at the old password count like those to sign in.
	for range account.LoginTries {
		b.wants(b.ChangePassword(ctx, s, "wrong wrong wrong", good), fault.SignInRefused)
	}
	b.wants(b.ChangePassword(ctx, s, newer, good), fault.TooManyAttempts)
	b.wants(b.RemoveTOTP(ctx, s.Account.ID, newer), fault.TooManyAttempts)
	b.wants(b.signIn("sample", newer), fault.TooManyAttempts)
	b.clock.Add(time.Hour)
	b.must(b.signIn("sample", newer))
}

func weakPasswords(b *bench) {
	ctx := b.Context()
	v, err := b.Invite(ctx, "wangfang", "样例 SAMPLE", nil)
	b.must(err)
	for password, want := range map[string][]string{
		"":                                  {"length"},
		"ninechars":                         {"length"},
		"九个字的密码不够长":                         {"length"},
		strings.Repeat("长文 pass words", 12): {"length"},
		strings.Repeat("p", 1<<20):          {"length"},
		"\xff\xfe bytes bytes":              {"characters"},
		"my-WangFang-2026-word":             {"contains_login"},
		"wangfang1990":                      {"contains_login"},
		"aaaaaaaaaaaa":                      {"repeated"},
		"一一一一一一一一一一一一":                      {"repeated"},
		"xy12xy12xy12":                      {"repeated"},
		"1234567890":                        {"sequence", "common"},
		"ZYXWVUTSRQP":                       {"sequence"},
		"woaini5201314":                     {"common"},
		"WoAiNi1314520":                     {"common"},
		"Password2026!":                     {"common"},
		"qwertyuiop":                        {"common"},
		"1qaz2wsx3edc":                      {"common"},
		"iloveyou1314":                      {"common"},
		"admin@123456":                      {"common"},
		"5201314520":                        {"common"},
	} {
		var pointers []string
		for _, code := range want {
			pointers = append(pointers, "/password "+code)
		}
		_, _, err := b.Accept(ctx, account.Acceptance{Code: v.Code, Password: password})
		b.Logf("%.30q", password)
		b.fields(err, fault.WeakPassword, pointers...)
		if len(password) > 8 && strings.Contains(err.Error(), password) {
			b.Errorf("the password is in the error: %v", err)
		}
	}
	if a, err := b.Account(ctx, v.Account.ID); err != nil || a.State != account.Invited {
		b.Errorf("%+v %v", a, err)
	}
	_, _, err = b.Accept(ctx, account.Acceptance{Code: v.Code, Password: strings.Repeat("长", 63) + strings.Repeat("文字", 32) + "!"}) // 128 characters
	b.must(err)
}

// A password that was hashed with less than today's parameters is hashed anew as soon as
// somebody signs in with it, and not before.
func hashesGrow(b *bench) {
	ctx := b.Context()
	s, _ := b.person("sample")
	keep := func(phc string) {
		b.must(b.open().UpdateAccounts(ctx, func(tx account.Tx) error {
			k, _, err := tx.Account(s.Account.ID)
			if err != nil {
				return err
			}
			k.Password = phc
			return tx.PutAccount(k)
		}))
	}
	kept := func() string {
		k, _, err := b.read().Account(s.Account.ID)
		b.must(err)
		return k.Password
	}
	salt := []byte("0123456789abcdef")
	words := base64.RawStdEncoding.EncodeToString
	weak := fmt.Sprintf("$argon2id$v=19$m=1024,t=1,p=1$%s$%s", words(salt), words(argon2.IDKey([]byte(good), salt, 1, 1024, 1, 32)))
	keep(weak)
	b.wants(b.signIn("sample", "wrong wrong wrong"), fault.SignInRefused)
	if kept() != weak {
		b.Error("a wrong password changed it")
	}
	b.must(b.signIn("sample", good))
	newer := kept()
	if newer == weak || !strings.HasPrefix(newer, "$argon2id$v=19$m=19456,t=2,p=1$") {
		b.Errorf("kept as %.31s", newer)
	}
	b.must(b.signIn("sample", good))
	if kept() != newer {
		b.Error("hashed anew without need")
	}
	strong := fmt.Sprintf("$argon2id$v=19$m=20480,t=3,p=2$%s$%s", words(salt), words(argon2.IDKey([]byte(good), salt, 3, 20480, 2, 32)))
	keep(strong)
	b.must(b.signIn("sample", good))
	if kept() != strong {
		b.Error("a stronger hash was weakened")
	}
	for _, phc := range []string{"x", "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA", "$argon2id$v=19$m=4294967295,t=2,p=1" + weak[27:], "$argon2id$v=16" + weak[14:], weak + "$", weak[:len(weak)-40], "$argon2id$v=19$m=1024,t=0,p=1" + weak[27:], "$argon2id$v=19$m=01024,t=1,p=1" + weak[27:]} {
		keep(phc)
		b.wants(b.signIn("sample", good), fault.Damaged)
		b.clock.Add(time.Hour)
	}
}
