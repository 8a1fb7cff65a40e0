package httpapi

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/device"
	"liandan/internal/gate"
	"liandan/internal/id"
)

// phone enrols a new device of somebody by the API.
func (x *town) phone(token string, p id.Party, site id.Site, person id.Person) *device.Device {
	x.t.Helper()
	_, key, err := ed25519.GenerateKey(x.Random)
	if err != nil {
		x.t.Fatal(err)
	}
	d, err := device.New(p, site, person, key, x.Random)
	if err != nil {
		x.t.Fatal(err)
	}
	var code api.Enrolment
	var ch api.Challenge
	strictly(x.t, x.ask("POST", "/v1/enrolments", token, typeJSON, fmt.Sprintf(`{"party":%q,"person":%q,"device":"样例 SAMPLE"}`, p, person)).body, &code)
	jwk, err := d.JWK()
	if err != nil {
		x.t.Fatal(err)
	}
	strictly(x.t, x.ask("POST", "/v1/enrolments/challenge", "", typeJSON, fmt.Sprintf(`{"code":%q,"jwk":%s}`, code.Code, jwk)).body, &ch)
	jws, err := d.SignEnrolment(ch.Challenge)
	if err != nil {
		x.t.Fatal(err)
	}
	if a := x.ask("POST", "/v1/keys", "", typeJOSE, string(jws)); a.status != 201 {
		x.t.Fatalf("%d %s", a.status, a.body)
	}
	return d
}

func TestKeysAreListedForWhoMaySeeThem(t *testing.T) {
	x := newTown(t)
	ours := []*device.Device{x.phone(x.hospital, x.Hospital.Party, x.Hospital.Site, x.Hospital.Person), x.phone(x.hospital, x.Hospital.Party, x.Hospital.Site, x.Hospital.Person)}
	theirs := x.phone(x.stranger, x.Stranger.Party, x.Stranger.Site, x.Stranger.Person)
	x.Advance(time.Minute)
	kids := func(token, query string) (out []string) {
		t.Helper()
		for cursor := ""; ; {
			var page api.KeyPage
			a := x.ask("GET", "/v1/keys?limit=1&cursor="+cursor+"&"+query, token, "", "")
			if strictly(t, a.body, &page); a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			for _, k := range page.Items {
				if k.State != "active" {
					t.Errorf("%+v", k)
				}
				out = append(out, k.Kid)
			}
			if cursor = page.NextCursor; cursor == "" {
				return out
			}
		}
	}
	nobody := x.token(access.Appointment{Role: access.Porter, Party: x.Hospital.Party, Person: x.Hospital.Person})
	district := x.token(access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}})
	elsewhere := x.token(access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130607"}})
	hospital := "party=" + x.Hospital.Party.String()
	for _, c := range []struct {
		name, token, query string
		want               int
	}{{"all", x.operator, "", 3}, {"of the city", x.inspector, "", 3}, {"of the district", district, "", 3}, {"of another district", elsewhere, "", 0},
		{"own organisation", x.hospital, "", 2}, {"own organisation by name", x.hospital, hospital, 2}, {"of a person", x.operator, "person=" + x.Stranger.Person.String(), 1},
		{"another's person", x.hospital, "person=" + x.Stranger.Person.String(), 0}, {"own person", nobody, "", 2}, {"own person by organisation", nobody, hospital, 2},
		{"city, one organisation", x.inspector, hospital, 2}} {
		if got := kids(c.token, c.query); len(got) != c.want {
			t.Errorf("%s: %d keys, expected %d", c.name, len(got), c.want)
		}
	}
	for _, token := range []string{x.stranger, elsewhere, x.token(access.Appointment{Role: access.Porter, Party: x.Stranger.Party, Person: x.Stranger.Person})} {
		alike(t, x.ask("GET", "/v1/keys?"+hospital, token, "", ""), x.ask("GET", "/v1/keys?party="+nothingHere, token, "", ""), "not-found")
		for _, path := range []string{"", "/history"} {
			alike(t, x.ask("GET", "/v1/keys/"+ours[0].Kid()+path, token, "", ""), x.ask("GET", "/v1/keys/"+strings.Repeat("A", 43)+path, token, "", ""), "not-found")
		}
	}
	if a := x.ask("GET", "/v1/keys/"+theirs.Kid(), x.stranger, "", ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, q := range []string{"party=x", "person=x", "cursor=x", "limit=0", "limit=201", "party=" + strings.ToUpper(x.Hospital.Party.String())} {
		x.ask("GET", "/v1/keys?"+q, x.operator, "", "").problem(t, "invalid-request")
	}
	x.ask("GET", "/v1/keys", x.token(access.Appointment{Role: access.CityAnalyst}), "", "").problem(t, "forbidden")
}

func TestAKeysLifeIsTold(t *testing.T) {
	x := newTown(t)
	old := x.phone(x.hospital, x.Hospital.Party, x.Hospital.Site, x.Hospital.Person)
	_, key, err := ed25519.GenerateKey(x.Random)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := device.New(old.Party, old.Site, old.Person, key, x.Random)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := old.SignRotation(fresh, x.Now())
	if err != nil {
		t.Fatal(err)
	}
	x.ask("POST", "/v1/keys/rotation", "", typeJOSE, string(jws[:len(jws)-2])).problem(t, "bad-signature")
	x.ask("POST", "/v1/keys/rotation", "", typeJOSE, "x").problem(t, "malformed-jws")
	x.ask("POST", "/v1/keys/rotation", "", typeJSON, "{}").problem(t, "media-type")
	x.ask("POST", "/v1/keys/rotation", "", typeJOSE, strings.Repeat("A", maxLine+1)).problem(t, "too-large")
	x.ask("POST", "/v1/keys/rotation", "", typeJOSE, string(x.Generate(1).JWS)).problem(t, "header-member")
	var k api.Key
	a := x.ask("POST", "/v1/keys/rotation", "", typeJOSE, string(jws))
	if strictly(t, a.body, &k); a.status != 201 || k.Kid != fresh.Kid() || k.Party != old.Party.String() {
		t.Fatalf("%d %s", a.status, a.body)
	}
	x.ask("POST", "/v1/keys/rotation", "", typeJOSE, string(jws)).problem(t, "conflict")
	a = x.ask("POST", "/v1/keys/"+fresh.Kid()+"/revoke", x.hospital, typeJSON, `{"reason":"样例 SAMPLE lost"}`)
	if strictly(t, a.body, &k); k.State != "revoked" || k.RefusedFrom == "" {
		t.Errorf("%s", a.body)
	}
	if err := x.intake.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	for kid, want := range map[string]string{old.Kid(): "enrolled limited", fresh.Kid(): "rotated revoked"} {
		var h api.KeyHistory
		a := x.ask("GET", "/v1/keys/"+kid+"/history", x.hospital, "", "")
		strictly(t, a.body, &h)
		var got []string
		for i, c := range h.Chapters {
			got = append(got, string(c.What))
			if hash := fmt.Sprintf("%x", sha256.Sum256([]byte(c.Body))); c.Hash != hash || !strings.Contains(c.Entry, hash) || c.N != int64(i)+1 {
				t.Errorf("chapter %+v", c)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("the life of %s is %v, expected %s", kid, got, want)
		}
	}
	if a := x.get("/log/succession"); a.status != 200 || len(a.body) != 0 {
		t.Errorf("succession: %d %s", a.status, a.body)
	}
}

func TestTheAccessRecord(t *testing.T) {
	x := newTown(t)
	bag := x.Generate(1)
	x.send(bag.JWS).receipt(t, 201)
	b := bag.Event.Batches[0].ID.String()
	x.ask("GET", "/v1/batches/"+b, x.hospital, "", "")  // one's own: not recorded
	x.ask("GET", "/v1/batches/"+b, x.inspector, "", "") // an authority: recorded
	x.ask("GET", "/v1/batches/"+nothingHere, x.inspector, "", "")
	x.Advance(time.Minute)
	between := x.Now()
	x.Advance(time.Minute)
	x.ask("POST", "/v1/batches/"+b+"/labels", x.hospital, "", "")
	x.phone(x.stranger, x.Stranger.Party, x.Stranger.Site, x.Stranger.Person)
	x.acts() // flushed
	list := func(token, query string) (out []string) {
		t.Helper()
		for cursor := ""; ; {
			var page api.ActPage
			a := x.ask("GET", "/v1/acts?limit=1&cursor="+cursor+"&"+query, token, "", "")
			if strictly(t, a.body, &page); a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			for _, v := range page.Items {
				out = append(out, v.Operation)
			}
			if cursor = page.NextCursor; cursor == "" {
				return out
			}
		}
	}
	since := "from=" + strings.ReplaceAll(between.UTC().Format("2006-01-02T15:04:05.000Z"), ":", "%3A")
	for _, c := range []struct{ name, token, query, want string }{
		{"all", x.operator, "", "createEnrolment createBatchLabel getBatch"}, {"inspector", x.inspector, "", "createEnrolment createBatchLabel getBatch"},
		{"own", x.hospital, "", "createBatchLabel"}, {"another's", x.stranger, "", "createEnrolment"}, {"subject", x.operator, "subject=" + b, "createBatchLabel getBatch"},
		{"since", x.hospital, since, "createBatchLabel"}, {"until", x.operator, "to=" + strings.TrimPrefix(since, "from="), "getBatch"},
		{"nobody", x.operator, "actor=token:none", ""}, {"hostile", x.operator, "actor=%27%3B--", ""}} {
		if got := strings.Join(list(c.token, c.query), " "); got != c.want {
			t.Errorf("%s: %s, expected %s", c.name, got, c.want)
		}
	}
	if x.Advance(gate.Untold); strings.Join(list(x.hospital, ""), " ") != "createBatchLabel getBatch" { // what an authority read is told late
		t.Errorf("own, %v later: %s", gate.Untold, list(x.hospital, ""))
	}
	alike(t, x.ask("GET", "/v1/acts?party="+x.Hospital.Party.String(), x.stranger, "", ""), x.ask("GET", "/v1/acts?party="+nothingHere, x.stranger, "", ""), "not-found")
	for _, q := range []string{"party=x", "from=x", "to=2026", "limit=501", "cursor=x", "actor=%27%00", "subject=%ff", "actor=" + strings.Repeat("x", 101), "subject=" + strings.Repeat("x", 101)} {
		x.ask("GET", "/v1/acts?"+q, x.operator, "", "").problem(t, "invalid-request")
	}
}
