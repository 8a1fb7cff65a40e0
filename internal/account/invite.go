package account

import (
	"context"
	"fmt"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

// How long one-time codes live. A code that resets a password is for somebody who waits
// for it.
const (
	InvitationLife = 72 * time.Hour
	RenewalLife    = 24 * time.Hour
)

// Invitee is an invited account with the code that is given this once and not kept.
type Invitee struct {
	Account Account
	Code    string // 12 Crockford digits and a check symbol, in groups
	Expires time.Time
}

// Invite makes an account that waits for its one-time code. The login is taken in small
// letters; the appointments get ids. Faults: invalid-request with pointers into
// {"login","name","appointments":[…]}; conflict when the login is taken; unavailable.
func (s *Service) Invite(ctx context.Context, login, name string, appointments []access.Appointment) (Invitee, error) {
	now, login := s.clock(), foldLogin(login)
	bad := fault.New(fault.InvalidRequest, "No account was made; what is wrong is listed.")
	checkLogin(bad, login)
	checkName(bad, name)
	if len(appointments) > maxAppointments {
		field(bad, "/appointments", "length", fmt.Sprintf("must be %d at most", maxAppointments), fmt.Sprintf("最多 %d 项", maxAppointments))
		return Invitee{}, bad
	}
	made := make([]access.Appointment, len(appointments))
	for i, g := range appointments {
		var err error
		if made[i], err = s.checkAppointment(ctx, bad, fmt.Sprintf("/appointments/%d", i), g, now); err != nil {
			return Invitee{}, err
		}
	}
	if len(bad.Fields) > 0 {
		return Invitee{}, bad
	}
	u, err := s.newID()
	if err != nil {
		return Invitee{}, err
	}
	k := Kept{Account: Account{ID: id.AccountOf(u), Login: login, Name: name, State: Invited, Made: now, Appointments: made}}
	out, hash, err := s.invitee(k.Account, now.Add(InvitationLife))
	if err != nil {
		return Invitee{}, err
	}
	err = s.update(ctx, func(tx Tx) error {
		if _, taken, err := tx.AccountOfLogin(login); err != nil {
			return err
		} else if taken {
			return loginTaken()
		}
		if err := tx.AddAccount(k); err != nil {
			return err
		}
		return tx.AddInvitation(Invitation{Code: hash, Account: k.ID, Expires: out.Expires})
	})
	if err != nil {
		return Invitee{}, err
	}
	return out, nil
}

func loginTaken() error {
	bad := fault.New(fault.Conflict, "Another account has this login already. Choose another one.")
	return field(bad, "/login", "taken", "is another account's", "已被其他账号使用")
}

func (s *Service) invitee(a Account, expires time.Time) (Invitee, id.Hash, error) {
	code, hash, err := s.code(codeDigits)
	return Invitee{Account: a, Code: code, Expires: expires}, hash, err
}

// RenewInvitation makes a new one-time code for an account, which also is how a forgotten
// password or a lost second factor is replaced and a disabled account opened again. It is
// a fresh start: password, second factor, recovery codes, the link to a provider, sessions
// and older codes are void at once, because an account is also renewed when a stranger got
// into it. Faults: not-found, unavailable.
func (s *Service) RenewInvitation(ctx context.Context, a id.Account) (Invitee, error) {
	var out Invitee
	err := s.update(ctx, func(tx Tx) error {
		k, err := known(tx, a)
		if err != nil {
			return err
		}
		out, err = s.renew(tx, k)
		return err
	})
	if err != nil {
		return Invitee{}, err
	}
	return out, nil
}

func (s *Service) renew(tx Tx, k Kept) (Invitee, error) {
	k = Kept{Account: k.Account}
	k.State, k.TOTP, k.Linked = Invited, false, false
	out, hash, err := s.invitee(k.Account, s.clock().Add(RenewalLife))
	if err != nil {
		return out, err
	}
	if err := changed(tx, k); err != nil {
		return out, err
	}
	if err := tx.SetRecovery(k.ID, nil); err != nil {
		return out, err
	}
	if err := tx.DropAttempts(loginKey(k.Login)); err != nil { // guesses at the old password bar nobody from the new one
		return out, err
	}
	return out, tx.AddInvitation(Invitation{Code: hash, Account: k.ID, Expires: out.Expires})
}

// FirstLogin is the login of the account that FirstCode makes, with a number behind it
// where that is taken.
const FirstLogin = "admin"

// FirstCode is how a new service gets its first administrator, and one that lost its
// administrators a new one: where nobody who can sign in is system administrator now, it
// makes an account in that role and a one-time code for it, or a new code for the one that
// was invited, whose older code is void. Whoever can start the server may read it.
// Faults: unavailable.
func (s *Service) FirstCode(ctx context.Context) (code string, expires time.Time, needed bool, err error) {
	var out Invitee
	err = s.update(ctx, func(tx Tx) error {
		needed = false
		now := s.clock()
		list, err := tx.Administrators()
		if err != nil {
			return err
		}
		waiting := -1
		for i, a := range list {
			if !isAdministrator(a, now) {
				continue
			}
			switch a.State {
			case Active:
				return nil
			case Invited:
				if waiting < 0 {
					waiting = i
				}
			}
		}
		needed = true
		if waiting >= 0 {
			k, err := known(tx, list[waiting].ID)
			if err != nil {
				return err
			}
			out, err = s.renew(tx, k)
			return err
		}
		out, err = s.first(tx, now)
		return err
	})
	if err != nil || !needed {
		return "", time.Time{}, false, err
	}
	return out.Code, out.Expires, true, nil
}

// first makes the account of the first administrator.
func (s *Service) first(tx Tx, now time.Time) (Invitee, error) {
	login := FirstLogin
	for n := 2; ; n++ {
		_, taken, err := tx.AccountOfLogin(login)
		if err != nil {
			return Invitee{}, err
		}
		if !taken {
			break
		}
		login = fmt.Sprintf("%s-%d", FirstLogin, n)
	}
	u, err := s.newID()
	if err != nil {
		return Invitee{}, err
	}
	g, err := s.newID()
	if err != nil {
		return Invitee{}, err
	}
	k := Kept{Account: Account{ID: id.AccountOf(u), Login: login, Name: "系统管理员 Administrator", State: Invited, Made: now,
		Appointments: []access.Appointment{{ID: id.GrantOf(g), Role: access.SystemAdministrator, Valid: party.Period{From: now}}}}}
	out, hash, err := s.invitee(k.Account, now.Add(RenewalLife))
	if err != nil {
		return Invitee{}, err
	}
	if err := tx.AddAccount(k); err != nil {
		return Invitee{}, err
	}
	return out, tx.AddInvitation(Invitation{Code: hash, Account: k.ID, Expires: out.Expires})
}

// Acceptance takes up an account.
type Acceptance struct {
	Code     string
	Password string
	Address  string // of whoever asks, "" when unknown
	Remember bool
}

// Accept takes up an account with its one-time code and signs in. The code is used up in
// the transaction that sets the password. The try is counted before the code is looked at.
// The token is given this once and not kept. Faults: invitation-refused, and it never says
// which part was wrong; weak-password with /password, said only to who has the code;
// too-many-attempts, overloaded, unavailable.
func (s *Service) Accept(ctx context.Context, in Acceptance) (Session, string, error) {
	inv, err := s.invitation(ctx, in.Code, in.Address)
	if err != nil {
		return Session{}, "", err
	}
	k, ok, err := s.store.AccountReader(ctx).Account(inv.Account)
	if err != nil {
		return Session{}, "", unavailable(err)
	}
	if !ok {
		return Session{}, "", invitationRefused()
	}
	if err := checkPassword("/password", in.Password, k.Login); err != nil {
		return Session{}, "", err
	}
	phc, err := s.hashPassword(ctx, in.Password)
	if err != nil {
		return Session{}, "", err
	}
	return s.accept(ctx, inv.Code, in.Address, in.Remember, func(_ Tx, k *Kept) error { k.Password = phc; return nil })
}

// accept uses an invitation up and opens a session; let puts in what lets the person in.
func (s *Service) accept(ctx context.Context, code id.Hash, address string, remember bool, let func(Tx, *Kept) error) (Session, string, error) {
	now := s.clock()
	token, err := s.token()
	if err != nil {
		return Session{}, "", err
	}
	var out Session
	err = s.update(ctx, func(tx Tx) error {
		inv, ok, err := tx.Invitation(code)
		if err != nil {
			return err
		}
		if !ok || !open(inv, now) {
			return invitationRefused()
		}
		k, ok, err := tx.Account(inv.Account)
		if err != nil {
			return err
		}
		if !ok || k.State != Invited {
			return invitationRefused()
		}
		if err := tx.UseInvitation(code, now); err != nil {
			return err
		}
		k.State = Active
		if err := let(tx, &k); err != nil {
			return err
		}
		if err := tx.PutAccount(k); err != nil {
			return err
		}
		if err := giveBack(tx, addressKey(address)); err != nil {
			return err
		}
		out, err = s.sit(tx, k, token, remember, now)
		return err
	})
	if err != nil {
		return Session{}, "", err
	}
	return out, token, nil
}

// invitation counts a try and finds the invitation of a code.
func (s *Service) invitation(ctx context.Context, code, address string) (Invitation, error) {
	hash, ok := parseCode(code, codeDigits)
	if !ok { // mistyped: it cannot be anyone's code, and trying it gains nothing
		return Invitation{}, invitationRefused()
	}
	if err := s.countCode(ctx, address); err != nil {
		return Invitation{}, err
	}
	inv, ok, err := s.store.AccountReader(ctx).Invitation(hash)
	if err != nil {
		return Invitation{}, unavailable(err)
	}
	if !ok || !open(inv, s.clock()) {
		return Invitation{}, invitationRefused()
	}
	return inv, nil
}

func open(inv Invitation, now time.Time) bool { return inv.Used.IsZero() && now.Before(inv.Expires) }

func invitationRefused() error {
	return fault.New(fault.InvitationRefused, "The one-time code is mistyped, used, replaced by a newer one, or too old. Check it, or ask your administrator for a new one.")
}
