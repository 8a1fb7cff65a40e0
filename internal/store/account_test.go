package store

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"liandan/internal/account"
	"liandan/internal/account/accounttest"
)

// One suite judges accounts on both databases; every opening is a server of its own.
func TestAccounts(t *testing.T) {
	for kind, where := range map[string]func(testing.TB) string{"sqlite": ready.SQLite, "postgres": ready.Postgres} {
		t.Run(kind, func(t *testing.T) {
			accounttest.Run(t, func(t *testing.T) func() account.Store {
				address := where(t)
				open := func() account.Store { return openAccounts(t, address) }
				migrateAccounts(t, openAccounts(t, address))
				return open
			})
		})
	}
}

func openAccounts(t *testing.T, address string) *Store {
	t.Helper()
	s, err := Open(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func migrateAccounts(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// Whoever gets hold of the database file finds nothing in it to sign in with.
func TestNoSecretOfAccountsAtRest(t *testing.T) {
	path := ready.SQLite(t)
	s := openAccounts(t, path)
	migrateAccounts(t, s)
	block, err := aes.NewCipher(make([]byte, 32))
	mustAccount(t, err)
	seal, err := cipher.NewGCM(block)
	mustAccount(t, err)
	a := account.New(account.Config{Store: s, Now: time.Now, Random: rand.Reader, Seal: seal})
	const password = "四个词 kettle 样例 river"
	v, err := a.Invite(t.Context(), "sample", "样例 SAMPLE", nil)
	mustAccount(t, err)
	in, token, err := a.Accept(t.Context(), account.Acceptance{Code: v.Code, Password: password, Address: "192.0.2.77"})
	mustAccount(t, err)
	secret, _, err := a.BeginTOTP(t.Context(), v.Account.ID)
	mustAccount(t, err)
	code, err := totp.GenerateCode(secret, time.Now())
	mustAccount(t, err)
	recovery, err := a.ConfirmTOTP(t.Context(), v.Account.ID, code)
	mustAccount(t, err)
	if _, _, err := a.SignIn(t.Context(), account.SignIn{Login: "no-such-login", Password: password, Address: "192.0.2.78"}); err == nil {
		t.Fatal("signed in")
	}
	mustAccount(t, s.Close())
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	mustAccount(t, err)
	secrets := []string{v.Code, strings.ReplaceAll(v.Code, "-", ""), strings.ReplaceAll(v.Code, "-", "")[:12], token, token[3:], in.CSRF, secret, string(raw),
		recovery[0], strings.ReplaceAll(recovery[0], "-", "")[:10], password, "no-such-login", "192.0.2.7"}
	files, err := filepath.Glob(path + "*")
	mustAccount(t, err)
	found := false
	for _, file := range files {
		content, err := os.ReadFile(file)
		mustAccount(t, err)
		found = found || bytes.Contains(content, []byte("$argon2id$")) && bytes.Contains(content, []byte("sample"))
		for i, word := range secrets {
			if bytes.Contains(content, []byte(word)) {
				t.Errorf("secret %d is in %s", i, filepath.Base(file))
			}
		}
	}
	if !found {
		t.Error("the account is not in the file either: nothing was looked at")
	}
}

func mustAccount(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The migration goes down and up again; what it made is gone and then anew.
func TestAccountsMigrationGoesDown(t *testing.T) {
	for kind, where := range map[string]func(testing.TB) string{"sqlite": ready.SQLite, "postgres": ready.Postgres} {
		t.Run(kind, func(t *testing.T) {
			s := openAccounts(t, where(t))
			migrateAccounts(t, s)
			p, err := s.provider()
			mustAccount(t, err)
			_, err = p.DownTo(t.Context(), 3)
			mustAccount(t, err)
			if _, err := s.AccountReader(t.Context()).Administrators(); err == nil {
				t.Error("the accounts are still there")
			}
			migrateAccounts(t, s)
			if list, err := s.AccountReader(t.Context()).Administrators(); err != nil || len(list) != 0 {
				t.Errorf("%v %v", list, err)
			}
		})
	}
}
