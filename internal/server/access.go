package server

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"liandan/internal/archive"
	"os"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/collection"
	"liandan/internal/config"
	"liandan/internal/draft"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/machine"
	"liandan/internal/registry"
	"liandan/internal/statement"
)

// fileSeal holds the key under which the secrets of second factors lie in the database.
const fileSeal = "seal.key"

// policy is the one table with the city it is for.
func policy() access.Policy {
	return access.Policy{Rules: access.Table(), City: func(code string) bool {
		d, ok := registry.LookupDivision(code)
		return ok && d.Baoding
	}}
}

// openAccess makes what decides who may do what.
func (p *Parts) openAccess(env func(string) string) error {
	key, err := loadSeal(p.Config, env)
	if err != nil {
		return err
	}
	seal, err := sealer(key)
	if err != nil {
		return err
	}
	pepper, err := hkdf.Key(sha256.New, key, nil, "liandan stop codes", 32)
	if err != nil {
		return err
	}
	p.Archive = &archive.Service{Store: p.Store, Catalog: p.catalog, Now: p.now}
	p.Drafts = draft.New(draft.Config{Store: p.Store, Now: p.now})
	p.Collection = collection.New(collection.Config{Store: p.Store, Registry: p.Registry, Now: p.now, Random: rand.Reader, Pepper: pepper, Flush: p.flush})
	p.Accounts = account.New(account.Config{Store: p.Store, Registry: p.Registry, Now: p.now, Random: rand.Reader, Seal: seal, OIDC: provider(p.Config)})
	p.Machines = machine.New(machine.Config{Store: p.Store, Organisations: p.Registry, Now: p.now, Random: rand.Reader})
	p.Gate = gate.New(gate.Config{Policy: policy(), Registry: p.Registry, Token: p.Registry.Authenticate, Client: p.Machines.Actor,
		Session: p.session, Quota: func(_ context.Context, a access.Actor) error { return p.Machines.Admit(a) }, Record: p.state, Now: p.now})
	return nil
}

// session finds who is signed in.
func (p *Parts) session(ctx context.Context, token string) (access.Actor, string, error) {
	s, err := p.Accounts.Session(ctx, token)
	if err != nil {
		return access.Actor{}, "", err
	}
	return s.Actor(), s.CSRF, nil
}

// provider is the sign-in of the organisation's own, where one is configured. Its secret
// comes from the environment alone.
func provider(cfg *config.Config) *account.Provider {
	if cfg.OIDCIssuer == "" {
		return nil
	}
	return &account.Provider{Issuer: cfg.OIDCIssuer, ClientID: cfg.OIDCClientID, Secret: cfg.OIDCSecret,
		RedirectURL: cfg.PublicURL + "/signin/oidc/callback"}
}

// state puts a statement on its way into the log.
func (p *Parts) state(ctx context.Context, s statement.Statement, at time.Time) error {
	if err := p.Store.AddStatement(ctx, s, at); err != nil {
		return err
	}
	p.poke()
	return nil
}

// poke lets the committer take over what waits for the log, where there is one.
func (p *Parts) poke() {
	if p.Record != nil {
		p.Record.Poke()
	}
}

// flush waits until what was posted is in the log, where there is a committer.
func (p *Parts) flush(ctx context.Context) error {
	if p.Record == nil {
		return nil
	}
	return p.Record.Flush(ctx)
}

// Act records what was done on the command line, before it is done.
func (p *Parts) Act(ctx context.Context, operation, subject string) error {
	at := p.now().UTC().Truncate(time.Millisecond)
	s, err := statement.Act{At: at, Actor: "command", Role: string(access.SystemAdministrator), Operation: operation, Subject: subject}.Statement()
	if err != nil {
		return err
	}
	return p.state(ctx, s, at)
}

// AdministratorCode makes the one-time code of the first administrator, "" where there is
// one already; or a new one for the account of a login, whose password, second factor and
// sessions are void at once.
func (p *Parts) AdministratorCode(ctx context.Context, login string) (code string, expires time.Time, err error) {
	if login == "" {
		code, expires, _, err = p.Accounts.FirstCode(ctx)
		return code, expires, err
	}
	k, ok, err := p.Store.AccountReader(ctx).AccountOfLogin(strings.ToLower(login))
	if err != nil {
		return "", time.Time{}, err
	}
	if !ok {
		return "", time.Time{}, fault.New(fault.NotFound, "There is no account with the login %q.", login)
	}
	i, err := p.Accounts.RenewInvitation(ctx, k.ID)
	return i.Code, i.Expires, err
}

// loadSeal reads the sealing key from LIANDAN_SEAL_KEY or the data folder, or makes one.
// Servers of one database must share it, as they share the log's key.
func loadSeal(cfg *config.Config, env func(string) string) ([]byte, error) {
	text := strings.TrimSpace(env("LIANDAN_SEAL_KEY"))
	if path := cfg.File(fileSeal); text == "" {
		b, err := readPrivate(path)
		if errors.Is(err, fs.ErrNotExist) {
			var key [32]byte
			if _, err := rand.Read(key[:]); err != nil {
				return nil, err
			}
			b = []byte(base64.StdEncoding.EncodeToString(key[:]))
			err = createFile(path, append(b, '\n'))
			if errors.Is(err, fs.ErrExist) { // another command was faster: what it sealed must be opened
				b, err = readPrivate(path)
			}
			if err != nil {
				return nil, err
			}
		} else if err != nil {
			return nil, err
		}
		text = strings.TrimSpace(string(b))
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("the sealing key is not 32 bytes in base 64; restore %s from your backup, or remove it: second factors must then be set up anew", cfg.File(fileSeal))
	}
	return key, nil
}

// sealer seals under the sealing key.
func sealer(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// readPrivate reads a file that nobody else may read.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return os.ReadFile(path)
}

// sweepEach lets go of what is over, hour by hour.
func (s *Server) sweepEach(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		swept, err := s.Accounts.Sweep(ctx, s.now())
		tokens, merr := s.Machines.Sweep(ctx)
		if err = errors.Join(err, merr); err != nil && ctx.Err() == nil {
			s.Parts.Log.Warn("what is over was not swept", "error", err)
		} else if swept != (account.Swept{}) || tokens > 0 {
			s.Parts.Log.Info("swept what is over", "sessions", swept.Sessions, "codes", swept.Invitations, "tokens", tokens)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
