// Package registrytest judges a registry.Store by what a registry.Service does on it: one
// suite for every store, so that all of them give the same answers.
//
// It must not be imported by anything but tests, and knows no database.
package registrytest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/testclock"
)

// Run runs the suite. open gives an empty store, a new one at each call.
func Run(t *testing.T, open func(t *testing.T) registry.Store) {
	for name, test := range map[string]func(*bench){
		"Lookups":                     lookups,
		"CacheReadsVersionOnly":       cacheReadsVersionOnly,
		"OtherProcessIsSeen":          otherProcessIsSeen,
		"JunkKidsStayInMemory":        junkKids,
		"KeysEndWithTheirPerson":      keysEndWithTheirPerson,
		"StoreFailures":               storeFailures,
		"LostAnswerOfACommit":         lostAnswer,
		"LookupsBesideWrites":         lookupsBesideWrites,
		"ImportWhole":                 importWhole,
		"ImportAgain":                 importAgain,
		"ImportDryRun":                importDryRun,
		"ImportBadOrganisations":      importBadOrganisations,
		"ImportBadSites":              importBadSites,
		"ImportBadLicences":           importBadLicences,
		"ImportBadPeople":             importBadPeople,
		"ImportBadFigures":            importBadFigures,
		"ImportBadPermits":            importBadPermits,
		"Holdings":                    holdings,
		"SitesAsOfADay":               sitesAsOfADay,
		"ImportExplicitIDs":           importExplicitIDs,
		"ImportLicencePeriods":        importLicencePeriods,
		"ImportManyLines":             importManyLines,
		"Enrolment":                   enrolment,
		"EnrolmentES256":              enrolmentES256,
		"EnrolmentIsForOwnDevices":    enrolmentIsForOwnDevices,
		"EnrolmentRefusals":           enrolmentRefusals,
		"EnrolmentForms":              enrolmentForms,
		"EnrolmentAttempts":           enrolmentAttempts,
		"EnrolmentAttemptsInParallel": enrolmentAttemptsInParallel,
		"EnrolmentOnceInParallel":     enrolmentOnceInParallel,
		"EnrolmentConflict":           enrolmentConflict,
		"EnrolmentOfWhoHasLeft":       enrolmentOfWhoHasLeft,
		"EnrolmentFailuresAreCapped":  enrolmentFailures,
		"Revocation":                  revocation,
		"RevocationOfALine":           revocationOfALine,
		"HistoryOfAKey":               historyOfAKey,
		"HistoryFollowsPeople":        historyFollowsPeople,
		"HistoryOrNothing":            historyOrNothing,
		"HistoryOfKeysFromBefore":     historyOfKeysFromBefore,
		"HistoryCatchesUp":            historyCatchesUp,
		"Rotation":                    rotation,
		"RotationRefusals":            rotationRefusals,
		"RotationForms":               rotationForms,
		"RotationOnceInParallel":      rotationOnceInParallel,
		"RotationOfWhoLeavesSoon":     rotationOfWhoLeavesSoon,
		"ListOfKeys":                  listOfKeys,
		"Tokens":                      tokens,
		"TokensRevoked":               tokensRevoked,
		"TokenRefusals":               tokenRefusals,
		"TokensStayInMemory":          tokensStayInMemory,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newBench(t, open(t)))
		})
	}
}

// bench is a service on a watched store, with a clock that stands still.
type bench struct {
	*testing.T
	*registry.Service
	Store *Watched
	clock *testclock.Clock
	rand  io.Reader
}

func newBench(t *testing.T, s registry.Store) *bench {
	b := &bench{T: t, Store: &Watched{Store: s}, clock: testclock.At(time.Date(2026, 3, 2, 1, 0, 0, 123_456_789, time.UTC)),
		rand: testclock.Shared(rand.NewChaCha8([32]byte{1}))}
	b.Service = b.another()
	return b
}

// another is a second service on the same store, as another process is.
func (b *bench) another() *registry.Service {
	return registry.New(registry.Config{Store: b.Store, Now: b.clock.Now, Random: b.rand})
}

func (b *bench) version() int64 {
	b.Helper()
	v, err := b.Store.Store.RegistryReader(b.Context()).Version()
	b.must(err)
	return v
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// kind checks the fault's kind.
func (b *bench) kind(err error, want fault.Kind) {
	b.Helper()
	if fault.Of(err) != want {
		b.Errorf("%v, want the fault %s", err, want)
	}
}

// load imports a file that must be good.
func (b *bench) load(kind, csv string) registry.Report {
	b.Helper()
	rep, err := b.Import(b.Context(), kind, strings.NewReader(csv), false)
	b.must(err)
	if !rep.Applied || len(rep.Bad) > 0 {
		b.Fatalf("%s: %+v", kind, rep)
	}
	return rep
}

// sample imports two hospitals with a site and a person each.
func (b *bench) sample() {
	b.Helper()
	b.load(registry.KindOrganisations, fmt.Sprintf("credit_code,name,roles,sample\n%s,样例医院一 SAMPLE,medical,1\n%s,样例医院二 SAMPLE,medical,1\n", Code(1), Code(2)))
	b.load(registry.KindSites, fmt.Sprintf("credit_code,name,kind,division,built_up\n%s,本部,hospital,130602,1\n%s,本部,hospital,130606,1\n", Code(1), Code(2)))
	b.load(registry.KindPeople, fmt.Sprintf("credit_code,person\n%s,N-1\n%s,N-1\n", Code(1), Code(2)))
}

// Code is the n-th credit code with a fitting check character.
func Code(n int) party.CreditCode {
	first := fmt.Sprintf("12130600MB%07d", n)
	c, ok := party.CheckCharacter(first)
	if !ok {
		panic("registrytest: " + first)
	}
	return party.CreditCode(first + string(c))
}
