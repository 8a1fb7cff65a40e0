package accounttest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
)

func signingIn(b *bench) {
	ctx := b.Context()
	made, first := b.person("sample", sysadmin()...)
	s, token, err := b.SignIn(ctx, account.SignIn{Login: " Sample ", Password: good, Address: "192.0.2.7"})
	b.must(err)
	if token == first || s.Account.ID != made.Account.ID || s.Account.Name != "样例 SAMPLE" || !s.Made.Equal(b.clock.Now()) || !s.Expires.Equal(b.clock.Now().Add(2*time.Hour)) || s.Remember {
		b.Errorf("%+v", s)
	}
	again, err := b.Session(ctx, token)
	b.must(err)
	if again.Account.ID != s.Account.ID || again.CSRF != s.CSRF || again.ID != s.ID || len(again.Account.Appointments) != 1 {
		b.Errorf("%+v, then %+v", s, again)
	}
	b.wants(b.signIn("sample", good+" "), fault.SignInRefused) // passwords are taken as they come
	b.must(b.signIn("sample", good))
}

// What is refused is refused in the same words, so that nobody learns which logins exist.
func alike(b *bench) {
	ctx := b.Context()
	b.person("active")
	off, _ := b.person("disabled")
	b.must(b.Disable(ctx, off.Account.ID))
	_, err := b.Invite(ctx, "invited", "样例 SAMPLE", nil)
	b.must(err)
	var said string
	for _, c := range [][2]string{{"active", "not the password"}, {"disabled", good}, {"invited", good}, {"invited", ""}, {"nobody-at-all", good}, {"no login 中文", good}, {"active", ""}} {
		f := b.wants(b.signIn(c[0], c[1]), fault.SignInRefused)
		if said == "" {
			said = f.Error()
		}
		if f.Error() != said || len(f.Fields) > 0 || len(f.Facts) > 0 || f.Cause != nil {
			b.Errorf("%q: %v", c, f)
		}
	}
}

func hostile(b *bench) {
	b.person("sample")
	for _, login := range []string{"", "\x00", "sample\x00", "' OR '1'='1", "sample'; DROP TABLE accounts; --", "%", "s_mple", "ｓample", "\u017fample", "\xff\xfe", "sample\u200b", strings.Repeat("a", 1<<20), "样例"} {
		f := b.wants(b.signIn(login, good), fault.SignInRefused)
		if len(login) > 2 && strings.Contains(f.Error(), login) {
			b.Errorf("the login is in the error: %v", f)
		}
	}
	for _, password := range []string{"", "\x00", strings.Repeat("p", 1<<20), "\xff\xfe", good + "\x00"} {
		b.wants(b.signIn("sample", password), fault.SignInRefused)
	}
	b.clock.Add(time.Hour)
	b.must(b.signIn("sample", good))
}

func triesAtLogin(b *bench) {
	b.person("sample")
	b.person("other")
	for _, login := range []string{"sample", "no-such-login"} {
		for range account.LoginTries {
			b.wants(b.signIn(login, "wrong wrong wrong"), fault.SignInRefused)
		}
		// Blocked: the right password is not even compared. Each further try doubles the wait.
		for _, wait := range []int{60, 120, 240, 480, 900, 900} {
			f := b.wants(b.signIn(login, good), fault.TooManyAttempts)
			if f.Facts["retry_after_seconds"] != wait {
				b.Fatalf("%s waits %v, want %d", login, f.Facts, wait)
			}
			b.clock.Add(time.Duration(wait)*time.Second - time.Millisecond)
			f = b.wants(b.signIn(login, good), fault.TooManyAttempts)
			if f.Facts["retry_after_seconds"] != 1 {
				b.Fatalf("%v", f.Facts)
			}
			b.clock.Add(time.Millisecond)
			b.wants(b.signIn(login, "wrong wrong wrong"), fault.SignInRefused)
		}
	}
	b.must(b.signIn("other", good)) // another login is not concerned
	b.clock.Add(account.MaxBlock)
	b.must(b.signIn("sample", good))
	for range account.LoginTries { // a success resets the count
		b.wants(b.signIn("sample", "wrong wrong wrong"), fault.SignInRefused)
	}
	b.wants(b.signIn("sample", good), fault.TooManyAttempts)
	b.clock.Add(account.MaxBlock + 15*time.Minute) // so does quiet
	for range account.LoginTries - 1 {
		b.wants(b.signIn("sample", "wrong wrong wrong"), fault.SignInRefused)
	}
	b.must(b.signIn("sample", good))
}

func triesFromAddress(b *bench) {
	ctx := b.Context()
	b.person("sample")
	try := func(login, password, address string) error {
		_, _, err := b.SignIn(ctx, account.SignIn{Login: login, Password: password, Address: address})
		return err
	}
	for range account.AddressTries + 5 { // successes use nothing up: one router, many nurses
		b.must(try("sample", good, "192.0.2.1"))
		if b.Failed() {
			return
		}
		b.clock.Add(time.Millisecond)
	}
	for i := range account.AddressTries {
		b.wants(try(fmt.Sprint("guess-", i), good, "2001:db8:1:2::1"), fault.SignInRefused)
	}
	b.wants(try("sample", good, "2001:db8:1:2::1"), fault.TooManyAttempts)
	b.wants(try("sample", good, "2001:db8:1:2:ffff::9"), fault.TooManyAttempts) // the same /64
	_, _, err := b.Accept(ctx, account.Acceptance{Code: "0000-0000-00000", Password: good, Address: "2001:db8:1:2::3"})
	b.wants(err, fault.TooManyAttempts)
	b.must(try("sample", good, "2001:db8:1:3::1"))
	b.must(try("sample", good, "::ffff:192.0.2.1"))
	b.must(try("sample", good, "not an address"))
	b.must(try("sample", good, ""))
}

// Twenty tries at the same moment, on two servers: five are compared and no more.
func twentyAtOnce(b *bench) {
	b.person("sample")
	servers := []*account.Service{b.server(), b.server()}
	errs := make([]error, 20)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			_, _, errs[i] = servers[i%2].SignIn(b.Context(), account.SignIn{Login: "sample", Password: fmt.Sprint("a wrong guess ", i)})
		})
	}
	wg.Wait()
	count := map[fault.Kind]int{}
	for _, err := range errs {
		count[fault.Of(err)]++
	}
	if count[fault.SignInRefused] != account.LoginTries || count[fault.TooManyAttempts] != 20-account.LoginTries {
		b.Errorf("%v", count)
	}
}

// A count that a clock running a year ahead wrote bars nobody for a year.
func wrongClock(b *bench) {
	b.person("sample")
	b.clock.Add(365 * 24 * time.Hour)
	for range account.LoginTries {
		b.wants(b.signIn("sample", "wrong wrong wrong"), fault.SignInRefused)
	}
	b.wants(b.signIn("sample", good), fault.TooManyAttempts)
	b.clock.Add(-365 * 24 * time.Hour)
	b.must(b.signIn("sample", good))
}

func sessionsEnd(b *bench) {
	ctx := b.Context()
	b.person("sample")
	gone := func(token string, why string) {
		b.Helper()
		if _, err := b.Session(ctx, token); fault.Of(err) != fault.Unauthorized {
			b.Errorf("%s: %v", why, err)
		}
	}
	for _, c := range []struct {
		remember       bool
		idle, absolute time.Duration
	}{{false, 2 * time.Hour, 12 * time.Hour}, {true, 30 * 24 * time.Hour, 90 * 24 * time.Hour}} {
		sign := func() string {
			_, token, err := b.SignIn(ctx, account.SignIn{Login: "sample", Password: good, Remember: c.remember})
			b.must(err)
			return token
		}
		idle, used := sign(), sign()
		b.clock.Add(c.idle - time.Millisecond)
		if _, err := b.Session(ctx, used); err != nil {
			b.Error(err)
		}
		b.clock.Add(time.Millisecond)
		gone(idle, "idle too long")
		for passed := c.idle; passed < c.absolute; passed += c.idle / 2 {
			s, err := b.Session(ctx, used)
			if err != nil {
				b.Fatalf("after %s: %v", passed, err)
			}
			if s.Expires.After(s.Made.Add(c.absolute)) {
				b.Errorf("expires %s after it was made %s", s.Expires, s.Made)
			}
			b.clock.Add(c.idle / 2)
		}
		gone(used, "used all the time, but past its end")
	}
	_, token, err := b.SignIn(ctx, account.SignIn{Login: "sample", Password: good})
	b.must(err)
	b.clock.Add(59 * time.Second) // use is written down once a minute, not more
	s, err := b.Session(ctx, token)
	if b.must(err); !s.Seen.Equal(s.Made) {
		b.Errorf("seen %s", s.Seen)
	}
	b.clock.Add(time.Second)
	for range 2 {
		if s, err = b.Session(ctx, token); err != nil || !s.Seen.Equal(b.clock.Now()) {
			b.Errorf("seen %s, %v", s.Seen, err)
		}
	}
	for _, bad := range []string{"", "lw_", token + "a", token[:54], strings.ToUpper(token), "lt_" + token[3:], "lw_" + strings.Repeat("a", 52), "\x00", strings.Repeat("a", 1<<20), token[:54] + "\n"} {
		gone(bad, "no token")
	}
}

func sessionsElsewhere(b *bench) {
	ctx := b.Context()
	_, token := b.person("sample")
	second := b.server()
	s, err := second.Session(ctx, token)
	b.must(err)
	_, newer, err := second.SignIn(ctx, account.SignIn{Login: "sample", Password: good})
	b.must(err)
	b.Service = nil // the first server is gone
	b.Service = b.server()
	if again, err := b.Session(ctx, token); err != nil || again.CSRF != s.CSRF {
		b.Errorf("after a restart: %v", err)
	}
	b.must(b.SignOutEverywhere(ctx, s.Account.ID))
	for _, t := range []string{token, newer} {
		if _, err := second.Session(ctx, t); fault.Of(err) != fault.Unauthorized {
			b.Errorf("the other server has not heard of it: %v", err)
		}
	}
}

func signingOut(b *bench) {
	ctx := b.Context()
	s, one := b.person("sample")
	other, foreign := b.person("other")
	_, two, err := b.SignIn(ctx, account.SignIn{Login: "sample", Password: good})
	b.must(err)
	list, err := b.Sessions(ctx, s.Account.ID)
	b.must(err)
	if len(list) != 2 || list[0].ID == list[1].ID || list[0].CSRF != "" {
		b.Fatalf("%+v", list)
	}
	b.must(b.SignOut(ctx, one))
	b.must(b.SignOut(ctx, one))
	b.must(b.SignOut(ctx, "hostile ' text"))
	if _, err := b.Session(ctx, one); fault.Of(err) != fault.Unauthorized {
		b.Error(err)
	}
	if _, err := b.Session(ctx, two); err != nil {
		b.Error(err)
	}
	b.must(b.SignOutEverywhere(ctx, s.Account.ID))
	if _, err := b.Session(ctx, two); fault.Of(err) != fault.Unauthorized {
		b.Error(err)
	}
	if got, err := b.Session(ctx, foreign); err != nil || got.Account.ID != other.Account.ID {
		b.Errorf("somebody else was signed out: %v", err)
	}
	if list, err := b.Sessions(ctx, s.Account.ID); err != nil || len(list) != 0 {
		b.Errorf("%+v %v", list, err)
	}
}

func sessionBound(b *bench) {
	ctx := b.Context()
	s, first := b.person("sample")
	var second, last string
	for i := range account.MaxSessions {
		b.clock.Add(time.Second)
		_, token, err := b.SignIn(ctx, account.SignIn{Login: "sample", Password: good})
		b.must(err)
		if last = token; i == 0 {
			second = token
		}
	}
	if list, err := b.Sessions(ctx, s.Account.ID); err != nil || len(list) != account.MaxSessions {
		b.Errorf("%d sessions, %v", len(list), err)
	}
	if _, err := b.Session(ctx, first); fault.Of(err) != fault.Unauthorized {
		b.Errorf("the oldest is still there: %v", err)
	}
	for _, token := range []string{second, last} {
		if _, err := b.Session(ctx, token); err != nil {
			b.Error(err)
		}
	}
}

func forged(b *bench) {
	ctx := b.Context()
	_, one := b.person("sample")
	_, two, err := b.SignIn(ctx, account.SignIn{Login: "sample", Password: good})
	b.must(err)
	s1, err := b.Session(ctx, one)
	b.must(err)
	s2, err := b.Session(ctx, two)
	b.must(err)
	b.must(s1.CheckCSRF(s1.CSRF))
	for _, given := range []string{"", s2.CSRF, s1.CSRF + "a", one, strings.ToUpper(s1.CSRF)} {
		b.wants(s1.CheckCSRF(given), fault.ForgedRequest)
	}
	b.wants(account.Session{}.CheckCSRF(""), fault.ForgedRequest) // a session that was only listed has none
}

func disabledMidSession(b *bench) {
	ctx := b.Context()
	s, token := b.person("sample", access.Appointment{Role: access.CityInspector})
	b.must(b.server().Disable(ctx, s.Account.ID))
	b.must(b.Disable(ctx, s.Account.ID))
	_, err := b.Session(ctx, token)
	b.wants(err, fault.Unauthorized)
	b.wants(b.signIn("sample", good), fault.SignInRefused)
	b.wants(b.ChangePassword(ctx, s, good, good+"2"), fault.NotFound)
	_, _, err = b.BeginTOTP(ctx, s.Account.ID)
	b.wants(err, fault.NotFound)
	if a, err := b.Account(ctx, s.Account.ID); err != nil || a.State != account.Disabled || len(a.Appointments) != 1 {
		b.Errorf("%+v %v", a, err)
	}
	v, err := b.RenewInvitation(ctx, s.Account.ID) // opens it again
	b.must(err)
	_, _, err = b.Accept(ctx, account.Acceptance{Code: v.Code, Password: good})
	b.must(err)
	b.wants(b.Disable(ctx, accountID(9)), fault.NotFound)
}
