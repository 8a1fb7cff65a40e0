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
	k := Key{Valid: Period{From: at(8), To: at(20)}, RevokedAt: at(12), RefusedFrom: at(15)}
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
		{"before the loss", k, at(12).Add(-1), ""},
		{"at the loss", k, at(12), fault.KeyContested},
		{"before the report", k, at(15).Add(-1), fault.KeyContested},
		{"at the report", k, at(15), fault.KeyRevoked},
		{"after its end, revoked", k, at(21), fault.KeyRevoked},
		{"before its end", unrevoked, at(20).Add(-1), ""},
		{"at its end", unrevoked, at(20), fault.KeyExpired},
		{"without an end", open, at(20).AddDate(50, 0, 0), ""},
		{"lost before its time", open.Revoke(at(1), at(9)), at(2), fault.KeyNotYetValid},
		{"lost before its time, signed in it", open.Revoke(at(1), at(9)), at(8), fault.KeyContested},
		{"reported before its time", open.Revoke(at(1), at(2)), at(3), fault.KeyRevoked},
		{"expired before the report", unrevoked.Revoke(at(12), at(23)), at(21), fault.KeyExpired},
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

func TestRevoke(t *testing.T) {
	k := Key{Valid: Period{From: at(8), To: at(20)}}
	for _, c := range []struct {
		what                string
		k                   Key
		effective, reported time.Time
		revoked, refused    time.Time
	}{
		{"a loss noticed late", k, at(10), at(12), at(10), at(12)},
		{"at once", k, at(12), at(12), at(12), at(12)},
		{"announced", k, at(14), at(12), at(14), at(14)},
		{"noticed earlier still", k.Revoke(at(10), at(12)), at(9), at(13), at(9), at(12)},
		{"a later one changes nothing", k.Revoke(at(10), at(12)), at(11), at(13), at(10), at(12)},
		{"an announced one brought forward", k.Revoke(at(16), at(9)), at(11), at(13), at(11), at(13)},
		{"before the key's time", k, at(1), at(12), at(1), at(12)},
	} {
		got := c.k.Revoke(c.effective, c.reported)
		if !got.RevokedAt.Equal(c.revoked) || !got.RefusedFrom.Equal(c.refused) || got.Valid != c.k.Valid {
			t.Errorf("%s: %+v", c.what, got)
		}
	}
}

// However often a key is revoked: it is sound exactly in its validity before the earliest
// loss, contested from there to the earliest report, refused after.
func TestKeySoundIsValidityBeforeRevocation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hour := rapid.IntRange(0, 23)
		k := Key{Valid: Period{From: at(hour.Draw(t, "from"))}}
		if rapid.Bool().Draw(t, "ends") {
			k.Valid.To = at(hour.Draw(t, "to"))
		}
		lost, refused := at(1000), at(1000)
		for range rapid.IntRange(0, 3).Draw(t, "revocations") {
			e, r := at(hour.Draw(t, "effective")), at(hour.Draw(t, "reported"))
			before := k
			k = k.Revoke(e, r)
			if e.Before(lost) {
				lost = e
			}
			if r.Before(e) {
				r = e
			}
			if r.Before(refused) {
				refused = r
			}
			for h := range 24 {
				if before.Sound(at(h)) != nil && k.Sound(at(h)) == nil {
					t.Fatalf("revoking %+v made it sound at %d", before, h)
				}
			}
		}
		now := at(hour.Draw(t, "now"))
		want := k.Valid.Holds(now) && now.Before(lost)
		err := k.Sound(now)
		if (err == nil) != want {
			t.Fatalf("%+v at %s: %v", k, now, err)
		}
		contested := k.Valid.Holds(now) && !now.Before(lost) && now.Before(refused)
		if (fault.Of(err) == fault.KeyContested) != contested {
			t.Fatalf("%+v at %s: %v, contested %v", k, now, err, contested)
		}
	})
}
