package registrytest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"liandan/internal/fault"
	"liandan/internal/registry"
)

func listOfKeys(b *bench) {
	b.sample()
	p, q := registry.PartyID(Code(1)), registry.PartyID(Code(2))
	b.load(registry.KindPeople, fmt.Sprintf("credit_code,person\n%s,N-2\n", Code(1)))
	type line struct{ kid, state string }
	var made []line // oldest first
	keep := func(kid, state string) { made = append(made, line{kid, state}) }
	first := b.signer()
	b.enrol(first, 1)
	keep(first.Kid(), "revoked")
	b.clock.Add(time.Hour)
	rotated, hard := b.signer(), b.p256()
	b.enrol(rotated, 1)
	keep(rotated.Kid(), "expiring")
	b.clock.Add(time.Hour)
	others := b.enrol(b.signer(), 2)
	b.clock.Add(time.Hour)
	b.rotate(rotated, hard)
	keep(hard.Kid(), "active")
	b.clock.Add(time.Hour)
	_, err := b.RevokeKey(b.Context(), clerk, first.Kid(), b.clock.Now(), "样例遗失 SAMPLE")
	b.must(err)
	// Some of one moment: their order is that of their kids.
	var together []string
	for range 5 {
		together = append(together, b.enrol(b.signer(), 1).Kid)
	}
	slices.Sort(together)
	for _, kid := range slices.Backward(together) {
		keep(kid, "active")
	}
	slices.Reverse(made) // newest first, those of one moment by kid

	for limit := 1; limit <= len(made)+1; limit++ {
		var got []line
		for cursor := ""; ; {
			list, next, err := b.Keys(b.Context(), registry.KeyFilter{Party: p, Limit: limit, Cursor: cursor}, b.clock.Now())
			b.must(err)
			for _, k := range list {
				got = append(got, line{k.Kid, string(k.State)})
				if (k.Kid == first.Kid()) != (k.Reason == "样例遗失 SAMPLE") || (k.Kid == hard.Kid()) != (k.Replaces == rotated.Kid()) {
					b.Errorf("%+v", k)
				}
			}
			if cursor = next; next == "" {
				break
			}
			if len(list) != limit {
				b.Fatalf("a page of %d with one behind it", len(list))
			}
		}
		if !slices.Equal(got, made) {
			b.Errorf("by %d:\n%v, want\n%v", limit, got, made)
		}
	}
	count := func(f registry.KeyFilter) int {
		list, next, err := b.Keys(b.Context(), f, b.clock.Now())
		b.must(err)
		if next != "" {
			b.Error("a next page of nothing")
		}
		return len(list)
	}
	if n := count(registry.KeyFilter{}); n != len(made)+1 {
		b.Errorf("%d keys in all", n)
	}
	if list, _, err := b.Keys(b.Context(), registry.KeyFilter{Party: q}, b.clock.Now()); err != nil || len(list) != 1 || list[0].Kid != others.Kid {
		b.Errorf("the other's: %+v %v", list, err)
	}
	if count(registry.KeyFilter{Person: registry.PersonID(p, "N-2")})+count(registry.KeyFilter{Party: q, Person: registry.PersonID(p, "N-1")}) != 0 {
		b.Error("keys of who has none")
	}
	for name, f := range map[string]registry.KeyFilter{
		"a limit below": {Limit: -1}, "a limit above": {Limit: registry.MostKeys + 1}, "a cursor of another sort": {Cursor: "x"},
		"a cursor that is no kid":  {Cursor: base64.RawURLEncoding.EncodeToString([]byte("1.\x00"))},
		"a cursor without a time":  {Cursor: base64.RawURLEncoding.EncodeToString([]byte("." + first.Kid()))},
		"a cursor of another form": {Cursor: base64.RawURLEncoding.EncodeToString([]byte("+1." + first.Kid()))},
		"a long cursor":            {Cursor: strings.Repeat("A", 100_000)},
	} {
		if _, _, err := b.Keys(b.Context(), f, b.clock.Now()); fault.Of(err) != fault.InvalidRequest || len(fault.As(err).Fields) != 1 {
			b.Errorf("%s: %v", name, err)
		}
	}
	k := mustKey(b, others.Kid)
	for at, want := range map[time.Time]registry.KeyState{
		k.Valid.From.Add(-1): registry.KeyPending, k.Valid.From: registry.KeyActive, k.Valid.To.Add(-30*24*time.Hour - 1): registry.KeyActive,
		k.Valid.To.Add(-30 * 24 * time.Hour): registry.KeyExpiring, k.Valid.To.Add(-1): registry.KeyExpiring, k.Valid.To: registry.KeyExpired,
	} {
		if got := registry.StateOf(k, at); got != want {
			b.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
	soon := k.Revoke(k.Valid.From.Add(40*24*time.Hour), k.Valid.From)
	for days, want := range map[int]registry.KeyState{1: registry.KeyActive, 11: registry.KeyExpiring, 40: registry.KeyRevoked, 1000: registry.KeyRevoked} {
		if got := registry.StateOf(soon, k.Valid.From.AddDate(0, 0, days)); got != want {
			b.Errorf("after %d days: %s, want %s", days, got, want)
		}
	}
}
