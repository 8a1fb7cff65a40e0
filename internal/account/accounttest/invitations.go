package accounttest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

func firstAdministrator(b *bench) {
	ctx := b.Context()
	older, _, needed, err := b.FirstCode(ctx)
	b.must(err)
	b.clock.Add(time.Hour)
	code, expires, needed2, err := b.server().FirstCode(ctx) // a second start
	b.must(err)
	if !needed || !needed2 || older == code || !expires.Equal(b.clock.Now().Add(account.RenewalLife)) {
		b.Fatalf("%v %v %v", needed, needed2, expires)
	}
	list := b.everyone()
	if len(list) != 1 || list[0].Login != "admin" || list[0].State != account.Invited || len(list[0].Appointments) != 1 {
		b.Fatalf("%+v", list)
	}
	_, _, err = b.Accept(ctx, account.Acceptance{Code: older, Password: good})
	b.wants(err, fault.InvitationRefused)
	s, token, err := b.Accept(ctx, account.Acceptance{Code: code, Password: good})
	b.must(err)
	if !s.Actor().Has(b.clock.Now(), access.SystemAdministrator) || s.Account.State != account.Active {
		b.Errorf("%+v", s)
	}
	if _, err := b.Session(ctx, token); err != nil {
		b.Error(err)
	}
	if code, _, needed, err := b.FirstCode(ctx); err != nil || needed || code != "" {
		b.Errorf("%v %v: a code is made though there is an administrator", needed, err)
	}
	if n := len(b.everyone()); n != 1 {
		b.Errorf("%d accounts", n)
	}
}

func firstOnTwoServers(b *bench) {
	codes := make([]string, 2)
	var wg sync.WaitGroup
	for i := range codes {
		server := b.server()
		wg.Go(func() {
			code, _, needed, err := server.FirstCode(b.Context())
			if err != nil || !needed {
				b.Errorf("%v %v", needed, err)
			}
			codes[i] = code
		})
	}
	wg.Wait()
	if list := b.everyone(); len(list) != 1 {
		b.Fatalf("%+v", list)
	}
	good1 := 0
	for _, code := range codes {
		if _, _, err := b.Accept(b.Context(), account.Acceptance{Code: code, Password: good}); err == nil {
			good1++
		}
	}
	if good1 != 1 {
		b.Errorf("%d of two codes worked", good1)
	}
}

// A service whose administrators' time is over gets a new one, with a login of its own.
func administratorsLost(b *bench) {
	ctx := b.Context()
	until := b.clock.Now().Add(time.Hour)
	b.person("admin", access.Appointment{Role: access.SystemAdministrator, Valid: party.Period{To: until}})
	if _, _, needed, err := b.FirstCode(ctx); err != nil || needed {
		b.Fatalf("%v %v", needed, err)
	}
	b.clock.Add(time.Hour)
	code, _, needed, err := b.FirstCode(ctx)
	b.must(err)
	if !needed {
		b.Fatal("nobody is administrator and no code was made")
	}
	s, _, err := b.Accept(ctx, account.Acceptance{Code: code, Password: good})
	b.must(err)
	if s.Account.Login != "admin-2" || !s.Actor().Has(b.clock.Now(), access.SystemAdministrator) {
		b.Errorf("%+v", s.Account)
	}
}

func badInvitations(b *bench) {
	ctx := b.Context()
	for _, login := range []string{"", "ab", strings.Repeat("a", 65), "has space", "王芳芳芳", "o'hara; DROP TABLE accounts", "\u212aelvin", "nul\x00nul", "\xff\xfe\xfd", "a/b", "tab\tb", "ａｂｃ"} {
		_, err := b.Invite(ctx, login, "样例 SAMPLE", nil)
		b.fields(err, fault.InvalidRequest, "/login format")
	}
	for name, code := range map[string]string{"": "length", "  ": "length", strings.Repeat("样", 65): "length", "a\u202eb": "characters", "a\x00b": "characters", "\xff": "characters", "zero\u200bwidth": "characters"} {
		_, err := b.Invite(ctx, "sample", name, nil)
		b.fields(err, fault.InvalidRequest, "/name "+code)
	}
	_, err := b.Invite(ctx, "x", "", []access.Appointment{{Role: "king"}, {Role: access.Driver}, {Role: access.CityInspector}})
	b.fields(err, fault.InvalidRequest, "/login format", "/name length", "/appointments/0/role value", "/appointments/1/party required", "/appointments/1/person required")
	_, err = b.Invite(ctx, "sample", "样例 SAMPLE", make([]access.Appointment, 51))
	b.fields(err, fault.InvalidRequest, "/appointments length")
	if n := len(b.everyone()); n != 0 {
		b.Fatalf("%d accounts came of bad invitations", n)
	}
	v, err := b.Invite(ctx, " Sample.One@x ", "样例 SAMPLE", nil) // as a telephone writes it
	b.must(err)
	if v.Account.Login != "sample.one@x" || v.Account.State != account.Invited || len(v.Code) != 15 {
		b.Errorf("%+v", v)
	}
	_, err = b.Invite(ctx, "sample.one@x", "样例二 SAMPLE", nil)
	b.fields(err, fault.Conflict, "/login taken")
	if n := len(b.everyone()); n != 1 {
		b.Errorf("%d accounts", n)
	}
}

func takingUp(b *bench) {
	ctx := b.Context()
	v, err := b.Invite(ctx, "porter", "样例 SAMPLE", []access.Appointment{{Role: access.Porter, Party: hospital, Person: porter}})
	b.must(err)
	if !v.Expires.Equal(b.clock.Now().Add(account.InvitationLife)) {
		b.Errorf("expires %s", v.Expires)
	}
	b.wants(b.signIn("porter", good), fault.SignInRefused) // invited
	// A weak password does not use the code up.
	_, _, err = b.Accept(ctx, account.Acceptance{Code: v.Code, Password: "porter-porter"})
	b.fields(err, fault.WeakPassword, "/password contains_login")
	typed := strings.ToLower(strings.ReplaceAll(v.Code, "-", " "))
	s, token, err := b.Accept(ctx, account.Acceptance{Code: typed, Password: good})
	b.must(err)
	if s.Account.ID != v.Account.ID || s.Account.State != account.Active || s.CSRF == "" || len(token) != 55 {
		b.Errorf("%+v", s)
	}
	if a := s.Actor(); a.Kind != access.ByPerson || a.ID != "account:"+v.Account.ID.String() || len(a.Appointments) != 1 || a.Appointments[0].ID.IsZero() ||
		a.Appointments[0].Person != porter || a.Appointments[0].Party != hospital || !a.Appointments[0].Valid.From.Equal(b.clock.Now()) {
		b.Errorf("%+v", a)
	}
	_, _, err = b.Accept(ctx, account.Acceptance{Code: v.Code, Password: good + "2"})
	b.wants(err, fault.InvitationRefused)
	b.must(b.signIn("porter", good))
	k, ok, err := b.read().Account(v.Account.ID)
	if b.must(err); !ok || !strings.HasPrefix(k.Password, "$argon2id$v=19$m=19456,t=2,p=1$") {
		b.Errorf("kept as %.20s", k.Password)
	}
}

func badCodes(b *bench) {
	ctx := b.Context()
	v, err := b.Invite(ctx, "sample", "样例 SAMPLE", nil)
	b.must(err)
	last := v.Code[:len(v.Code)-1]
	for _, code := range []string{"", "x", v.Code + "0", last, "\x00", strings.Repeat("0", 1<<20), "000000000000" + "1", "Ⅰ" + v.Code[1:], "' OR 1=1 --", "0000-0000-00000"} {
		_, _, err := b.Accept(ctx, account.Acceptance{Code: code, Password: good})
		if f := b.wants(err, fault.InvitationRefused); len(code) > 1 && strings.Contains(f.Error(), code) {
			b.Errorf("the code is in the error: %v", f)
		}
	}
	b.clock.Add(account.InvitationLife - time.Millisecond)
	_, _, err = b.Accept(ctx, account.Acceptance{Code: v.Code, Password: "short"})
	b.wants(err, fault.WeakPassword) // still open
	b.clock.Add(time.Millisecond)
	_, _, err = b.Accept(ctx, account.Acceptance{Code: v.Code, Password: good})
	b.wants(err, fault.InvitationRefused)
	newer, err := b.RenewInvitation(ctx, v.Account.ID)
	b.must(err)
	b.must(b.Disable(ctx, v.Account.ID))
	_, _, err = b.Accept(ctx, account.Acceptance{Code: newer.Code, Password: good})
	b.wants(err, fault.InvitationRefused)
	_, err = b.RenewInvitation(ctx, accountID(7))
	b.wants(err, fault.NotFound)
	_, err = b.RenewInvitation(ctx, id.Account{})
	b.wants(err, fault.NotFound)
	if list := b.everyone(); list[0].State != account.Disabled {
		b.Errorf("%+v", list)
	}
}

func acceptTwice(b *bench) {
	v, err := b.Invite(b.Context(), "sample", "样例 SAMPLE", nil)
	b.must(err)
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for i := range errs {
		server := b.server()
		wg.Go(func() {
			_, _, errs[i] = server.Accept(b.Context(), account.Acceptance{Code: v.Code, Password: fmt.Sprint(good, i)})
		})
	}
	wg.Wait()
	won := -1
	for i, err := range errs {
		if err == nil {
			if won >= 0 {
				b.Fatal("the code let two in")
			}
			won = i
		} else {
			b.wants(err, fault.InvitationRefused)
		}
	}
	b.must(b.signIn("sample", fmt.Sprint(good, won)))
	if list, err := b.Sessions(b.Context(), v.Account.ID); err != nil || len(list) != 2 {
		b.Errorf("%d sessions, %v", len(list), err)
	}
}

// Guesses at codes are counted in total, whoever makes them, and forgotten in a minute.
func manyCodes(b *bench) {
	ctx := b.Context()
	v, err := b.Invite(ctx, "sample", "样例 SAMPLE", nil)
	b.must(err)
	const guess = "0000-0000-00000" // well formed: the check symbol of nothing but zeros is zero
	for range account.CodeTries {
		_, _, err := b.Accept(ctx, account.Acceptance{Code: guess, Password: good})
		b.wants(err, fault.InvitationRefused)
	}
	_, _, err = b.Accept(ctx, account.Acceptance{Code: v.Code, Password: good})
	if f := b.wants(err, fault.TooManyAttempts); f.Facts["retry_after_seconds"] != 60 {
		b.Errorf("%+v", f.Facts)
	}
	_, _, err = b.server().Accept(ctx, account.Acceptance{Code: v.Code, Password: good})
	b.wants(err, fault.TooManyAttempts)
	b.clock.Add(time.Minute)
	_, _, err = b.Accept(ctx, account.Acceptance{Code: v.Code, Password: good})
	b.must(err)
}

func renewing(b *bench) {
	ctx := b.Context()
	s, token := b.person("sample")
	a := s.Account.ID
	secret, _, err := b.BeginTOTP(ctx, a)
	b.must(err)
	recovery, err := b.ConfirmTOTP(ctx, a, b.app(secret, 0))
	b.must(err)
	for range account.LoginTries { // whoever forgot the password has tried
		b.wants(b.signIn("sample", "wrong wrong wrong"), fault.SignInRefused)
	}
	v, err := b.RenewInvitation(ctx, a)
	b.must(err)
	if _, err := b.Session(ctx, token); err == nil {
		b.Error("the session outlives the renewal")
	}
	k, _, err := b.read().Account(a)
	if b.must(err); k.State != account.Invited || k.Password != "" || len(k.Secret) > 0 || k.TOTP {
		b.Errorf("%+v", k.Account)
	}
	b.wants(b.signIn("sample", good), fault.SignInRefused)
	newer, err := b.RenewInvitation(ctx, a)
	b.must(err)
	_, _, err = b.Accept(ctx, account.Acceptance{Code: v.Code, Password: good})
	b.wants(err, fault.InvitationRefused)
	if _, _, err = b.Accept(ctx, account.Acceptance{Code: newer.Code, Password: good + "2"}); err != nil {
		b.Fatal(err)
	}
	b.wants(b.signIn("sample", good), fault.SignInRefused)
	_, _, err = b.SignIn(ctx, account.SignIn{Login: "sample", Password: good + "2", Code: recovery[0]})
	b.must(err) // no second factor now: the code is not looked at
}
