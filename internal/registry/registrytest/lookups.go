package registrytest

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/signature"
)

func since2000() party.Period {
	return party.Period{From: time.Date(1999, 12, 31, 16, 0, 0, 0, time.UTC)} // midnight at +08:00
}

func lookups(b *bench) {
	b.sample()
	p := registry.PartyID(Code(1))
	want := party.Organisation{ID: p, CreditCode: Code(1), Name: "样例医院一 SAMPLE", Roles: []party.Role{party.Medical}, Sample: true, Valid: since2000()}
	for range 2 { // from the store, from the cache
		if o, ok, err := b.Organisation(b.Context(), p); err != nil || !ok || !reflect.DeepEqual(o, want) {
			b.Errorf("%+v %v %v, want %+v", o, ok, err, want)
		}
		v := party.Site{ID: registry.SiteID(p, "本部"), Party: p, Name: "本部", Kind: "hospital", Division: "130602", BuiltUp: true, Valid: since2000()}
		if s, ok, err := b.Site(b.Context(), v.ID); err != nil || !ok || s != v {
			b.Errorf("%+v %v %v, want %+v", s, ok, err, v)
		}
		if s, ok, err := b.Site(b.Context(), registry.SiteID(p, "别处")); err != nil || ok || s != (party.Site{}) {
			b.Errorf("a site that is not there: %+v %v %v", s, ok, err)
		}
		if _, ok, err := b.Site(b.Context(), id.Site{}); err != nil || ok {
			b.Errorf("the zero site: %v %v", ok, err)
		}
		if _, ok, err := b.Organisation(b.Context(), id.Party{}); err != nil || ok {
			b.Errorf("the zero organisation: %v %v", ok, err)
		}
		if _, ok, err := b.Key(b.Context(), kidOf("nobody")); err != nil || ok {
			b.Errorf("a key that is not there: %v %v", ok, err)
		}
	}
}

// kidOf is a well-formed kid that no key has.
func kidOf(s string) string {
	var raw [32]byte
	copy(raw[:], s)
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

func cacheReadsVersionOnly(b *bench) {
	b.sample()
	k := b.enrol(b.signer(), 1)
	p := registry.PartyID(Code(1))
	ask := func() {
		for range 100 {
			_, ok1, err1 := b.Organisation(b.Context(), p)
			_, ok2, err2 := b.Site(b.Context(), registry.SiteID(p, "本部"))
			_, ok3, err3 := b.Site(b.Context(), registry.SiteID(p, "别处"))
			got, ok4, err4 := b.Key(b.Context(), k.Kid)
			if err := errors.Join(err1, err2, err3, err4); err != nil || !ok1 || !ok2 || ok3 || !ok4 || !reflect.DeepEqual(got, k) {
				b.Fatal(ok1, ok2, ok3, ok4, err)
			}
		}
	}
	ask()
	versions, rows, tables := b.Store.Versions.Load(), b.Store.Rows.Load(), b.Store.Tables.Load()
	for range 10 {
		ask()
		b.clock.Add(25 * time.Millisecond)
	}
	if n := b.Store.Versions.Load() - versions; n > 1 {
		b.Errorf("the version was read %d times in a quarter of a second", n)
	}
	if b.Store.Rows.Load() != rows || b.Store.Tables.Load() != tables {
		b.Error("what is known was read again, although nothing has changed")
	}
}

func otherProcessIsSeen(b *bench) {
	b.sample()
	p, other := registry.PartyID(Code(1)), b.another()
	name := func(s *registry.Service) string {
		o, _, err := s.Organisation(b.Context(), p)
		b.must(err)
		return o.Name
	}
	name(b.Service)
	name(other)
	b.load(registry.KindOrganisations, fmt.Sprintf("credit_code,name,roles,sample\n%s,样例医院甲 SAMPLE,medical,1\n", Code(1)))
	if got := name(b.Service); got != "样例医院甲 SAMPLE" {
		b.Errorf("the process that wrote sees %q", got)
	}
	b.clock.Add(250 * time.Millisecond)
	if got := name(other); got != "样例医院甲 SAMPLE" {
		b.Errorf("after a quarter of a second the other process sees %q", got)
	}

	// A revocation reaches another process that has the key in its cache.
	k := b.enrol(b.signer(), 1)
	b.clock.Add(50 * time.Millisecond) // an unknown key is looked for sooner than the rest
	if got, ok, err := other.Key(b.Context(), k.Kid); err != nil || !ok || !reflect.DeepEqual(got, k) {
		b.Fatalf("a key enrolled by another process: %+v %v %v", got, ok, err)
	}
	_, err := b.RevokeKey(b.Context(), clerk, k.Kid, b.clock.Now(), "样例遗失 SAMPLE")
	b.must(err)
	b.clock.Add(250 * time.Millisecond)
	got, _, err := other.Key(b.Context(), k.Kid)
	b.must(err)
	b.kind(got.Sound(b.clock.Now()), fault.KeyRevoked)
}

func junkKids(b *bench) {
	b.sample()
	k := b.enrol(b.signer(), 1)
	_, _, err := b.Key(b.Context(), kidOf("warm"))
	b.must(err)
	versions, rows, tables := b.Store.Versions.Load(), b.Store.Rows.Load(), b.Store.Tables.Load()
	for i := range 10_000 { // in one second
		if _, ok, err := b.Key(b.Context(), kidOf(fmt.Sprint(i))); err != nil || ok {
			b.Fatal(ok, err)
		}
		b.clock.Add(100 * time.Microsecond)
	}
	for _, s := range []string{"", "x", strings.Repeat("A", 44), k.Kid + "=", k.Kid[:42], " " + k.Kid[1:], strings.Repeat("é", 43)} {
		if _, ok, err := b.Key(b.Context(), s); err != nil || ok {
			b.Errorf("%q: %v %v", s, ok, err)
		}
	}
	if n := b.Store.Versions.Load() - versions; n > 21 {
		b.Errorf("made-up kids had the version read %d times in a second", n)
	}
	if b.Store.Rows.Load() != rows || b.Store.Tables.Load() != tables {
		b.Error("made-up kids reached the database")
	}
	if _, ok, err := b.Key(b.Context(), k.Kid); err != nil || !ok {
		b.Errorf("the enrolled key: %v %v", ok, err)
	}
}

func keysEndWithTheirPerson(b *bench) {
	b.sample()
	k := b.enrol(b.signer(), 1)
	b.load(registry.KindPeople, fmt.Sprintf("credit_code,person,valid_to\n%s,N-1,2026-03-05\n", Code(1)))
	end := time.Date(2026, 3, 5, 16, 0, 0, 0, time.UTC) // the last day counts, at +08:00
	got, ok, err := b.Key(b.Context(), k.Kid)
	if err != nil || !ok || !got.Valid.From.Equal(k.Valid.From) || !got.Valid.To.Equal(end) {
		b.Fatalf("%+v %v %v", got, ok, err)
	}
	if err := got.Sound(end.Add(-time.Millisecond)); err != nil {
		b.Error(err)
	}
	b.kind(got.Sound(end), fault.KeyExpired)
	b.load(registry.KindPeople, fmt.Sprintf("credit_code,person\n%s,N-1\n", Code(1)))
	if got, _, err := b.Key(b.Context(), k.Kid); err != nil || !reflect.DeepEqual(got, k) {
		b.Errorf("after the person is back: %+v %v, want %+v", got, err, k)
	}
}

func storeFailures(b *bench) {
	b.sample()
	s := b.signer()
	code := b.newCode(1)
	down := errors.New("no route to the database")
	b.Store.Broken.Store(&down)
	jwk, err := signature.FormatJWK(s.Public())
	b.must(err)
	ctx := b.Context()
	for name, call := range map[string]func() error{
		"key": func() error { _, _, err := b.Key(ctx, kidOf("x")); return err },
		"site": func() error {
			_, _, err := b.Site(ctx, registry.SiteID(registry.PartyID(Code(1)), "本部"))
			return err
		},
		"organisation": func() error { _, _, err := b.Organisation(ctx, registry.PartyID(Code(1))); return err },
		"authenticate": func() error { _, err := b.Authenticate(ctx, "lt_"+strings.Repeat("a", 52)); return err },
		"token":        func() error { _, err := b.NewToken(ctx, system, "SAMPLE", time.Time{}); return err },
		"challenge":    func() error { _, _, err := b.Challenge(ctx, code, jwk); return err },
		"complete":     func() error { _, err := b.Complete(ctx, b.answer(s, kidOf("x"))); return err },
		"revoke":       func() error { _, err := b.RevokeKey(ctx, clerk, s.Kid(), b.clock.Now(), "x"); return err },
		"import": func() error {
			_, err := b.Import(ctx, registry.KindOrganisations, strings.NewReader("credit_code,name,roles\n"), false)
			return err
		},
		"dry run": func() error {
			_, err := b.Import(ctx, registry.KindOrganisations, strings.NewReader("credit_code,name,roles\n"), true)
			return err
		},
		"enrolment": func() error {
			p := registry.PartyID(Code(1))
			_, _, err := b.NewEnrolment(ctx, clerk, p, registry.PersonID(p, "N-1"), "SAMPLE", 1)
			return err
		},
	} {
		if err := call(); fault.Of(err) != fault.Unavailable || !errors.Is(err, down) {
			b.Errorf("%s with the database gone: %v", name, err)
		}
	}
	b.Store.Broken.Store(nil)
	b.enrolWith(s, code) // nothing was used up
}

func lostAnswer(b *bench) {
	b.sample()
	p := registry.PartyID(Code(1))
	_, _, err := b.Organisation(b.Context(), p)
	b.must(err)
	cut := errors.New("connection cut after COMMIT")
	b.Store.Forgetful.Store(&cut)
	csv := fmt.Sprintf("credit_code,name,roles\n%s,样例医院乙 SAMPLE,medical\n", Code(1))
	rep, err := b.Import(b.Context(), registry.KindOrganisations, strings.NewReader(csv), false)
	b.kind(err, fault.Unavailable)
	if rep.Applied {
		b.Error("an import whose end is not known is told as done")
	}
	if o, _, err := b.Organisation(b.Context(), p); err != nil || o.Name != "样例医院乙 SAMPLE" {
		b.Errorf("after a commit whose answer was lost: %+v %v", o, err)
	}
	if rep := b.load(registry.KindOrganisations, csv); rep.Unchanged != 1 {
		b.Errorf("the repeat: %+v", rep)
	}
}

// lookupsBesideWrites checks that readers see each value that was written or a later one,
// never an earlier one again.
func lookupsBesideWrites(b *bench) {
	b.sample()
	p := registry.PartyID(Code(1))
	const rounds = 20
	written := make(chan int, rounds)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			last := 0
			for {
				select {
				case <-stop:
					return
				default:
				}
				o, ok, err := b.Organisation(b.Context(), p)
				if err != nil || !ok {
					b.Errorf("%v %v", ok, err)
					return
				}
				n := 0
				fmt.Sscanf(o.Name, "SAMPLE %d", &n)
				if n < last {
					b.Errorf("saw %d after %d", n, last)
					return
				}
				last = n
				b.clock.Add(time.Millisecond)
			}
		})
	}
	for n := 1; n <= rounds; n++ {
		b.load(registry.KindOrganisations, fmt.Sprintf("credit_code,name,roles\n%s,SAMPLE %d,medical\n", Code(1), n))
		if o, _, err := b.Organisation(b.Context(), p); err != nil || o.Name != fmt.Sprintf("SAMPLE %d", n) {
			b.Errorf("right after writing %d: %q %v", n, o.Name, err)
		}
		written <- n
	}
	close(stop)
	wg.Wait()
	if len(written) != rounds {
		b.Errorf("%d rounds", len(written))
	}
}

// signer makes a device's Ed25519 key.
func (b *bench) signer() *signature.Signer {
	b.Helper()
	var seed [ed25519.SeedSize]byte
	_, err := io.ReadFull(b.rand, seed[:])
	b.must(err)
	s, err := signature.NewSigner(ed25519.NewKeyFromSeed(seed[:]))
	b.must(err)
	return s
}
