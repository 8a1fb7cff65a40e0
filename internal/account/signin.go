package account

import (
	"context"
	"errors"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// SignIn is what somebody brings to sign in.
type SignIn struct {
	Login    string
	Password string
	Code     string // of the second factor or a recovery code; "" where none was asked for yet
	Address  string // of whoever asks, "" when unknown
	Remember bool
}

// SignIn opens a session. The try is counted before anything is compared. The token is
// given this once and not kept.
//
// Faults: sign-in-refused, the same after the same work for an unknown login, a wrong
// password or code, and an account that is invited or disabled; second-factor-needed after
// the right password, and the try stays counted until a code completes it;
// too-many-attempts with retry_after_seconds; overloaded, damaged, unavailable.
func (s *Service) SignIn(ctx context.Context, in SignIn) (Session, string, error) {
	login := foldLogin(in.Login)
	mine, address := loginKey(login), addressKey(in.Address)
	if err := s.count(ctx, limit{mine, LoginTries}, limit{address, AddressTries}); err != nil {
		return Session{}, "", err
	}
	var k Kept
	var ok bool
	if isLogin(login) {
		var err error
		if k, ok, err = s.store.AccountReader(ctx).AccountOfLogin(login); err != nil {
			return Session{}, "", unavailable(err)
		}
	}
	phc := ""
	if ok && k.State == Active {
		phc = k.Password
	}
	same, old, err := s.comparePassword(ctx, phc, in.Password)
	if err != nil {
		return Session{}, "", s.uncompared(ctx, err, mine, address)
	}
	if !same {
		return Session{}, "", signInRefused()
	}
	if k.TOTP && in.Code == "" { // the password was no guess: only its login stays counted
		if err := s.update(ctx, func(tx Tx) error { return giveBack(tx, address) }); err != nil {
			return Session{}, "", err
		}
		return Session{}, "", fault.New(fault.SecondFactorNeeded, "Enter the six digits that your authenticator app shows, or one of your recovery codes.")
	}
	if phc = ""; old {
		// Hashing anew can wait for another day when the server is busy.
		phc, _ = s.hashPassword(ctx, in.Password)
	}
	return s.enter(ctx, k, in, phc)
}

// enter opens the session of somebody whose password was right.
func (s *Service) enter(ctx context.Context, was Kept, in SignIn, rehashed string) (Session, string, error) {
	now := s.clock()
	token, err := s.token()
	if err != nil {
		return Session{}, "", err
	}
	var out Session
	err = s.update(ctx, func(tx Tx) error {
		k, ok, err := tx.Account(was.ID)
		if err != nil {
			return err
		}
		if !ok || k.State != Active || k.Password != was.Password { // changed while we compared
			return signInRefused()
		}
		if k.TOTP {
			if ok, err := s.second(tx, &k, in.Code, now); err != nil {
				return err
			} else if !ok {
				return signInRefused()
			}
		}
		if rehashed != "" {
			k.Password = rehashed
		}
		if k.Step != was.Step || rehashed != "" {
			if err := tx.PutAccount(k); err != nil {
				return err
			}
		}
		if err := tx.DropAttempts(loginKey(k.Login)); err != nil {
			return err
		}
		if err := giveBack(tx, addressKey(in.Address)); err != nil {
			return err
		}
		out, err = s.sit(tx, k, token, in.Remember, now)
		return err
	})
	if err != nil {
		return Session{}, "", err
	}
	return out, token, nil
}

// uncompared gives tries back when the server was too busy to look at them.
func (s *Service) uncompared(ctx context.Context, err error, keys ...id.Hash) error {
	if fault.Of(err) != fault.Overloaded {
		return err
	}
	if back := s.update(context.WithoutCancel(ctx), func(tx Tx) error { return giveBack(tx, keys...) }); back != nil {
		return errors.Join(err, back)
	}
	return err
}

func signInRefused() error {
	return fault.New(fault.SignInRefused, "You were not signed in. Check login, password and code; ask your administrator for a new one-time code if you forgot them.")
}

// ChangePassword sets a new password and ends the account's other sessions and its codes.
// Tries at the old one count like those to sign in. Faults: weak-password with /new;
// sign-in-refused when the old one is wrong; conflict when the account has none;
// too-many-attempts, not-found, overloaded, unavailable.
func (s *Service) ChangePassword(ctx context.Context, by Session, old, new string) error {
	if err := checkPassword("/new", new, by.Account.Login); err != nil {
		return err
	}
	if old == new {
		bad := fault.New(fault.WeakPassword, "The new password is the old one.")
		return field(bad, "/new", "unchanged", "must differ from the old one", "不得与原密码相同")
	}
	was, err := s.confirm(ctx, by.Account.ID, old, "/old")
	if err != nil {
		return err
	}
	phc, err := s.hashPassword(ctx, new)
	if err != nil {
		return err
	}
	return s.update(ctx, func(tx Tx) error {
		k, err := stillThere(tx, was)
		if err != nil {
			return err
		}
		k.Password = phc
		if err := tx.PutAccount(k); err != nil {
			return err
		}
		if err := tx.DropInvitations(k.ID); err != nil {
			return err
		}
		return tx.DropSessions(k.ID, by.token)
	})
}

// confirm has somebody who is signed in prove their password: the session may be one that
// was left open.
func (s *Service) confirm(ctx context.Context, a id.Account, password, pointer string) (Kept, error) {
	k, ok, err := s.store.AccountReader(ctx).Account(a)
	if err != nil {
		return Kept{}, unavailable(err)
	}
	if !ok || k.State != Active {
		return Kept{}, unknownAccount()
	}
	if k.Password == "" {
		return Kept{}, fault.New(fault.Conflict, "This account has no password: you sign in through your organisation's provider. Ask your administrator for a new one-time code to get one.")
	}
	key := loginKey(k.Login)
	if err := s.count(ctx, limit{key, LoginTries}); err != nil {
		return Kept{}, err
	}
	same, _, err := s.comparePassword(ctx, k.Password, password)
	if err != nil {
		return Kept{}, s.uncompared(ctx, err, key)
	}
	if !same {
		bad := fault.New(fault.SignInRefused, "The password is not that of this account. Nothing was changed.")
		return Kept{}, field(bad, pointer, "value", "is not the password of this account", "不是该账号的密码")
	}
	return k, s.update(ctx, func(tx Tx) error { return tx.DropAttempts(key) })
}

// stillThere reads an account whose password was just proved, and refuses it when it has
// changed since.
func stillThere(tx Tx, was Kept) (Kept, error) {
	k, err := known(tx, was.ID)
	if err != nil {
		return k, err
	}
	if k.State != Active || k.Password != was.Password {
		return k, fault.New(fault.Conflict, "The account was changed at the same moment. Sign in again.")
	}
	return k, nil
}
