// Package accounttest judges a store of accounts by what the service over it does. The
// suite is the same for every store.
//
// It must not be imported by anything but tests.
package accounttest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/testclock"
)

// Run runs the suite. fresh makes an empty database; each call of what it returns opens
// that database once more, as another server or a restarted one would.
func Run(t *testing.T, fresh func(t *testing.T) (open func() account.Store)) {
	for name, test := range map[string]func(*bench){
		"the first administrator":            firstAdministrator,
		"first start on two servers":         firstOnTwoServers,
		"administrators lost":                administratorsLost,
		"bad invitations":                    badInvitations,
		"taking up an account":               takingUp,
		"codes that are no good":             badCodes,
		"a code taken up twice at once":      acceptTwice,
		"codes in number":                    manyCodes,
		"renewing is a fresh start":          renewing,
		"signing in":                         signingIn,
		"refusals are all alike":             alike,
		"hostile sign-ins":                   hostile,
		"tries at a login":                   triesAtLogin,
		"tries from an address":              triesFromAddress,
		"twenty at once":                     twentyAtOnce,
		"a clock that was wrong":             wrongClock,
		"sessions end":                       sessionsEnd,
		"sessions over restart and servers":  sessionsElsewhere,
		"signing out":                        signingOut,
		"sessions have a bound":              sessionBound,
		"forged requests":                    forged,
		"disabled in the middle":             disabledMidSession,
		"appointments act at once":           appointmentsAct,
		"appointments end":                   appointmentsEnd,
		"bad appointments":                   badAppointments,
		"too many appointments":              manyAppointments,
		"the last administrator":             lastAdministrator,
		"two administrators against another": mutualDismissal,
		"accounts in pages":                  accountPages,
		"pages that are not there":           badPages,
		"a second factor":                    secondFactor,
		"a code counts once":                 codeOnce,
		"recovery codes":                     recoveryCodes,
		"a second factor that is begun":      beginning,
		"secrets are bound to their account": boundSecrets,
		"changing a password":                changingPassword,
		"weak passwords":                     weakPasswords,
		"hashes grow":                        hashesGrow,
		"sweeping":                           sweeping,
		"a provider":                         provider,
		"a provider's lies":                  providerLies,
		"forged and replayed returns":        forgedReturns,
		"links to a provider":                links,
		"a provider that is down":            providerDown,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{T: t, open: fresh(t), clock: testclock.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))}
			b.Service = b.server()
			test(b)
		})
	}
}

// bench is one database, a server over it, and a clock.
type bench struct {
	*testing.T
	*account.Service
	open  func() account.Store
	clock *testclock.Clock
	with  func(*account.Config)
}

// server is another process on the same database.
func (b *bench) server() *account.Service {
	c := account.Config{Store: b.open(), Registry: register{}, Now: b.clock.Now, Random: rand.Reader, Seal: sealWith(1)}
	if b.with != nil {
		b.with(&c)
	}
	return account.New(c)
}

func sealWith(key byte) cipher.AEAD {
	block, err := aes.NewCipher(append(make([]byte, 31), key))
	if err != nil {
		panic(err)
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return seal
}

// The register: two organisations with a site and a person each, and one that is over.
var (
	hospital, plant, closed = partyID(1), partyID(2), partyID(3)
	ward, furnace, old      = siteID(1), siteID(2), siteID(3)
	porter, driver          = personID(1), personID(2)
)

func v7(n byte) id.UUID              { return id.V7(1772000000000, [10]byte{9: n}) }
func partyID(n byte) id.Party        { return id.PartyOf(v7(n)) }
func siteID(n byte) id.Site          { return id.SiteOf(v7(n)) }
func personID(n byte) id.Person      { return id.PersonOf(v7(n)) }
func opened() party.Period           { return party.Period{From: time.UnixMilli(0)} }
func over() party.Period             { return party.Period{From: time.UnixMilli(0), To: time.UnixMilli(1)} }
func accountID(n byte) id.Account    { return id.AccountOf(v7(n)) }
func sysadmin() []access.Appointment { return []access.Appointment{{Role: access.SystemAdministrator}} }

type register struct{}

func (register) Organisation(_ context.Context, p id.Party) (party.Organisation, bool, error) {
	switch p {
	case hospital, plant:
		return party.Organisation{ID: p, Valid: opened()}, true, nil
	case closed:
		return party.Organisation{ID: p, Valid: over()}, true, nil
	case partyID(99):
		return party.Organisation{}, false, errors.New("the register is away")
	}
	return party.Organisation{}, false, nil
}

func (register) Site(_ context.Context, v id.Site) (party.Site, bool, error) {
	switch v {
	case ward:
		return party.Site{ID: v, Party: hospital, Valid: opened()}, true, nil
	case old:
		return party.Site{ID: v, Party: hospital, Valid: over()}, true, nil
	case furnace:
		return party.Site{ID: v, Party: plant, Valid: opened()}, true, nil
	}
	return party.Site{}, false, nil
}

func (register) Person(_ context.Context, p id.Person) (id.Party, bool, error) {
	switch p {
	case porter:
		return hospital, true, nil
	case driver:
		return plant, true, nil
	}
	return id.Party{}, false, nil
}

// good is a password that nothing is wrong with.
const good = "四个词 kettle 样例 river"

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) wants(err error, k fault.Kind) *fault.Error {
	b.Helper()
	if fault.Of(err) != k {
		b.Fatalf("want %q, got %v", k, err)
	}
	return fault.As(err)
}

// fields holds what is wrong against what should be: "pointer code" each.
func (b *bench) fields(err error, k fault.Kind, want ...string) {
	b.Helper()
	f := b.wants(err, k)
	var got []string
	for _, v := range f.Fields {
		got = append(got, v.Pointer+" "+v.Code)
		if v.Detail == "" || v.DetailZH == "" {
			b.Errorf("%s is not said in both languages: %+v", v.Pointer, v)
		}
	}
	if len(got) != len(want) {
		b.Fatalf("want %q, got %q", want, got)
	}
	for i := range want {
		if got[i] != want[i] {
			b.Fatalf("want %q, got %q", want, got)
		}
	}
}

// person invites somebody and takes the account up.
func (b *bench) person(login string, g ...access.Appointment) (account.Session, string) {
	b.Helper()
	v, err := b.Invite(b.Context(), login, "样例 SAMPLE", g)
	b.must(err)
	s, token, err := b.Accept(b.Context(), account.Acceptance{Code: v.Code, Password: good})
	b.must(err)
	return s, token
}

func (b *bench) signIn(login, password string) error {
	_, _, err := b.SignIn(b.Context(), account.SignIn{Login: login, Password: password})
	return err
}

func (b *bench) read() account.Reader { return b.open().AccountReader(b.Context()) }

func (b *bench) everyone() []account.Account {
	b.Helper()
	p, err := b.Accounts(b.Context(), account.Filter{})
	b.must(err)
	return p.Accounts
}
