package account_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

const password = "四个词 kettle 样例 river"

func service(t *testing.T, m *memory) *account.Service {
	t.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	return account.New(account.Config{Store: m, Now: func() time.Time { return now }, Random: rand.Reader, Seal: seal})
}

func person(t *testing.T, s *account.Service) {
	t.Helper()
	v, err := s.Invite(t.Context(), "sample", "样例 SAMPLE", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Accept(t.Context(), account.Acceptance{Code: v.Code, Password: password}); err != nil {
		t.Fatal(err)
	}
}

// A server too busy to look at a password says so and counts nothing: else whoever keeps
// it busy would lock everybody out.
func TestBusyServersCountNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := service(t, newMemory())
		person(t, s)
		free := s.Occupy()
		for range account.LoginTries + 2 {
			begun := time.Now()
			_, _, err := s.SignIn(t.Context(), account.SignIn{Login: "sample", Password: password, Address: "192.0.2.1"})
			if fault.Of(err) != fault.Overloaded || time.Since(begun) > 10*time.Second {
				t.Fatalf("after %s: %v", time.Since(begun), err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // the browser gave up
		if _, _, err := s.SignIn(ctx, account.SignIn{Login: "sample", Password: password}); fault.Of(err) != fault.Overloaded {
			t.Fatal(err)
		}
		cancel()
		free()
		if _, _, err := s.SignIn(t.Context(), account.SignIn{Login: "sample", Password: password, Address: "192.0.2.1"}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheQueueHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := service(t, newMemory())
		free := s.Occupy()
		var wg sync.WaitGroup
		var mu sync.Mutex
		at := map[time.Duration]int{}
		begun := time.Now()
		for i := range account.Queue + 3 {
			wg.Go(func() {
				_, _, err := s.SignIn(t.Context(), account.SignIn{Login: strings.Repeat("x", 3+i), Password: password})
				if fault.Of(err) != fault.Overloaded {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				at[time.Since(begun)]++
			})
		}
		wg.Wait()
		free()
		if at[0] != 3 || len(at) != 2 {
			t.Errorf("refused after %v", at)
		}
	})
}

// What nobody could have set is refused before it is hashed: no slot is waited for.
func TestMegabytesAreNotHashed(t *testing.T) {
	s := service(t, newMemory())
	person(t, s)
	defer s.Occupy()()
	_, _, err := s.SignIn(t.Context(), account.SignIn{Login: "sample", Password: strings.Repeat("p", 1<<20)})
	if fault.Of(err) != fault.SignInRefused {
		t.Error(err)
	}
}

// A write that fails leaves nothing half done, and the code still works.
func TestFailedWrites(t *testing.T) {
	m := newMemory()
	s := service(t, m)
	v, err := s.Invite(t.Context(), "sample", "样例 SAMPLE", nil)
	if err != nil {
		t.Fatal(err)
	}
	m.fail = m.state.writes + 3 // the two before it count the try
	_, token, err := s.Accept(t.Context(), account.Acceptance{Code: v.Code, Password: password})
	if fault.Of(err) != fault.Unavailable || !errors.Is(err, errBroken) || token != "" {
		t.Fatalf("%q %v", token, err)
	}
	if a, err := s.Account(t.Context(), v.Account.ID); err != nil || a.State != account.Invited {
		t.Fatalf("%+v %v", a, err)
	}
	if _, _, err := s.Accept(t.Context(), account.Acceptance{Code: v.Code, Password: password}); err != nil {
		t.Fatal(err)
	}
}

func TestNoRandomness(t *testing.T) {
	c := account.Config{Store: newMemory(), Now: time.Now, Random: strings.NewReader("short")}
	s := account.New(c)
	if _, err := s.Invite(t.Context(), "sample", "样例 SAMPLE", nil); fault.Of(err) != fault.Internal {
		t.Error(err)
	}
	if code, _, needed, err := s.FirstCode(t.Context()); fault.Of(err) != fault.Internal || code != "" || needed {
		t.Errorf("%q %v", code, err)
	}
	if p, err := s.Accounts(t.Context(), account.Filter{}); err != nil || len(p.Accounts) != 0 {
		t.Errorf("%+v %v", p, err)
	}
}

// An administrator who may appoint at their own organisation must not thereby be able to
// renew, and so take over, the accounts of others.
func TestAppointingIsNoWayIn(t *testing.T) {
	mine, other := id.PartyOf(id.V7(1, [10]byte{9: 1})), id.PartyOf(id.V7(1, [10]byte{9: 2}))
	now := time.UnixMilli(1000)
	policy := access.Policy{Rules: access.Table()}
	admin := access.Actor{Kind: access.ByPerson, Appointments: []access.Appointment{{Role: access.OrganisationAdministrator, Party: mine}}}
	may := func(a account.Account) bool {
		for _, s := range a.Subjects(now) {
			if _, v := policy.Decide(admin, "renewInvitation", s, now); v != access.Allowed {
				return false
			}
		}
		return true
	}
	staff := access.Appointment{Role: access.SiteStaff, Party: mine}
	past := party.Period{To: time.UnixMilli(1000)}
	for name, c := range map[string]struct {
		grants []access.Appointment
		want   bool
	}{
		"own staff":                   {[]access.Appointment{staff}, true},
		"own staff, once another's":   {[]access.Appointment{{Role: access.SiteStaff, Party: other, Valid: past}, staff}, true},
		"also another's":              {[]access.Appointment{staff, {Role: access.SiteStaff, Party: other}}, false},
		"another's from tomorrow":     {[]access.Appointment{staff, {Role: access.SiteStaff, Party: other, Valid: party.Period{From: now.Add(time.Hour)}}}, false},
		"also system administrator":   {[]access.Appointment{staff, {Role: access.SystemAdministrator}}, false},
		"also inspector":              {[]access.Appointment{staff, {Role: access.CityInspector, Party: mine}}, false},
		"own staff no more":           {[]access.Appointment{{Role: access.SiteStaff, Party: mine, Valid: past}}, false},
		"nobody's":                    {nil, false},
		"another's administrator":     {[]access.Appointment{{Role: access.OrganisationAdministrator, Party: other}}, false},
		"own organisation's own head": {[]access.Appointment{{Role: access.OrganisationAdministrator, Party: mine}}, true},
	} {
		if got := may(account.Account{Appointments: c.grants}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Whatever stands in the password's column, reading it neither fails badly nor asks for
// more than a gibibyte.
func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg")
	f.Add("$argon2id$v=19$m=4294967296,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg")
	f.Add("$argon2id$v=19$m=-1,t=2,p=256$$")
	f.Fuzz(func(t *testing.T, s string) {
		if memory, ok := account.ReadPHC(s); ok && (memory < 8 || memory > 1<<20 || strings.Count(s, "$") != 5) {
			t.Errorf("%q reads with %d KiB", s, memory)
		}
	})
}
