package party

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/fault"
)

func at(hour int) time.Time { return time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC) }

func TestPeriodHolds(t *testing.T) {
	closed, open := Period{From: at(8), To: at(10)}, Period{From: at(8)}
	for _, c := range []struct {
		t            time.Time
		closed, open bool
	}{
		{at(8).Add(-1), false, false}, {at(8), true, true}, {at(10).Add(-1), true, true}, {at(10), false, true}, {at(20), false, true},
		{at(8).In(time.FixedZone("", 8*3600)), true, true}, {time.Time{}, false, false},
	} {
		if closed.Holds(c.t) != c.closed || open.Holds(c.t) != c.open {
			t.Errorf("%s: %v %v", c.t, closed.Holds(c.t), open.Holds(c.t))
		}
	}
	if (Period{From: at(8), To: at(8)}).Holds(at(8)) {
		t.Error("an empty period holds its beginning")
	}
	if !(Period{}).Holds(at(8)) {
		t.Error("a period open at both ends does not hold now")
	}
}

func TestRoles(t *testing.T) {
	roles := Roles()
	for i, r := range roles {
		if r == "" || slices.Contains(roles[:i], r) || strings.ContainsAny(string(r), ";, ") {
			t.Errorf("role %q", r)
		}
	}
	o := Organisation{Roles: []Role{Medical, Operator}}
	for _, c := range []struct {
		ask  []Role
		want bool
	}{
		{nil, false}, {[]Role{Medical}, true}, {[]Role{Carrier}, false}, {[]Role{Carrier, Operator}, true}, {[]Role{"Medical"}, false},
	} {
		if o.Has(c.ask...) != c.want {
			t.Errorf("has %v: %v", c.ask, !c.want)
		}
	}
	if (Organisation{}).Has(roles...) {
		t.Error("an organisation without roles has one")
	}
}

func TestKeySound(t *testing.T) {
	k := Key{Valid: Period{From: at(8), To: at(20)}, RevokedAt: at(12)}
	unrevoked := Key{Valid: k.Valid}
	open := Key{Valid: Period{From: at(8)}}
	for _, c := range []struct {
		what string
		k    Key
		t    time.Time
		want fault.Kind
	}{
		{"before its time", k, at(8).Add(-1), fault.KeyNotYetValid},
		{"at its beginning", k, at(8), ""},
		{"before the revocation", k, at(12).Add(-1), ""},
		{"at the revocation", k, at(12), fault.KeyRevoked},
		{"after its end, revoked", k, at(21), fault.KeyRevoked},
		{"before its end", unrevoked, at(20).Add(-1), ""},
		{"at its end", unrevoked, at(20), fault.KeyExpired},
		{"without an end", open, at(20).AddDate(50, 0, 0), ""},
		{"revoked before its time", Key{Valid: k.Valid, RevokedAt: at(1)}, at(2), fault.KeyRevoked},
		{"never valid", Key{Valid: Period{From: at(8), To: at(8)}}, at(8), fault.KeyExpired},
	} {
		err := c.k.Sound(c.t)
		if fault.Of(err) != c.want {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
		if err != nil && !strings.Contains(err.Error(), "2026-03-02T") {
			t.Errorf("%s: the sentence does not say when: %v", c.what, err)
		}
	}
}

// A key is sound exactly in its validity before its revocation.
func TestKeySoundIsValidityBeforeRevocation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hour := rapid.IntRange(0, 23)
		k := Key{Valid: Period{From: at(hour.Draw(t, "from"))}}
		if rapid.Bool().Draw(t, "ends") {
			k.Valid.To = at(hour.Draw(t, "to"))
		}
		if rapid.Bool().Draw(t, "revoked") {
			k.RevokedAt = at(hour.Draw(t, "revocation"))
		}
		now := at(hour.Draw(t, "now"))
		want := k.Valid.Holds(now) && (k.RevokedAt.IsZero() || now.Before(k.RevokedAt))
		if err := k.Sound(now); (err == nil) != want {
			t.Fatalf("%+v at %s: %v", k, now, err)
		}
	})
}
