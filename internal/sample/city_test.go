package sample

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/calendar"
	"liandan/internal/client"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/signature"
	"liandan/internal/waste"
)

// rows reads a register as maps by column.
func rows(t tb, file []byte) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = line[i]
		}
		out = append(out, row)
	}
	return out
}

func TestRegisters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := NewCity(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 3).Draw(t, "scale"))
		files := c.Registers()
		if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, slices.Sorted(slices.Values(Kinds()))) {
			t.Fatalf("files %v", got)
		}
		ids := map[string]bool{}
		fresh := func(word string) {
			if u, err := id.ParseParty(word); err != nil || !u.IsV7() || ids[word] {
				t.Errorf("id %q is no UUID of version 7 or stands twice: %v", word, err)
			}
			ids[word] = true
		}
		roles := map[string]string{}
		for _, o := range rows(t, files["organisations"]) {
			code, err := party.ParseCreditCode(o["credit_code"])
			if err != nil || roles[string(code)] != "" {
				t.Errorf("credit code %q is wrong or stands twice: %v", o["credit_code"], err)
			}
			if !strings.Contains(o["name"], "样例") || !strings.Contains(o["name"], "SAMPLE") || o["sample"] != "1" {
				t.Errorf("%q is not plainly a sample", o["name"])
			}
			roles[string(code)] = o["roles"]
			fresh(o["id"])
		}
		sites := map[string]string{}
		for _, s := range rows(t, files["sites"]) {
			if roles[s["credit_code"]] == "" || sites[s["credit_code"]] != "" || !strings.HasPrefix(s["division"], "1306") {
				t.Errorf("site %v", s)
			}
			if strings.Contains(roles[s["credit_code"]], "medical") != (s["beds"] != "") {
				t.Errorf("beds of %v", s)
			}
			sites[s["credit_code"]] = s["name"]
			fresh(s["id"])
		}
		for _, l := range rows(t, files["licences"]) {
			checkLicence(t, l, sites[l["credit_code"]])
		}
		for _, p := range rows(t, files["people"]) {
			if roles[p["credit_code"]] == "" || !strings.HasPrefix(p["person"], "SAMPLE-") {
				t.Errorf("person %v", p)
			}
			fresh(p["id"])
		}
	})
}

func checkLicence(t tb, l map[string]string, site string) {
	t.Helper()
	from, err := time.Parse(time.DateOnly, l["valid_from"])
	to, terr := time.Parse(time.DateOnly, l["valid_to"])
	if err != nil || terr != nil || !from.Before(to) || l["site_name"] != site || site == "" {
		t.Errorf("licence %v", l)
	}
	for word := range strings.SplitSeq(l["codes"], ";") {
		if _, err := waste.ParseCode(word); err != nil && word != "*" && !regexp.MustCompile(`^HW\d\d$`).MatchString(word) {
			t.Errorf("licence for %q: %v", word, err)
		}
	}
	for word := range strings.SplitSeq(l["methods"], ";") {
		if _, err := waste.ParseMethod(word); err != nil && word != "" {
			t.Errorf("licence for the method %q: %v", word, err)
		}
	}
}

func TestCitiesDiffer(t *testing.T) {
	a, b := NewCity(1, 1), NewCity(2, 1)
	if x, y := a.Registers(), NewCity(1, 1).Registers(); !maps.EqualFunc(x, y, bytes.Equal) {
		t.Error("the same seed gives another city")
	}
	for i, u := range a.units {
		v := b.units[i]
		if u.party == v.party || u.site == v.site || u.credit == v.credit {
			t.Errorf("%s is the same in both cities", u.name)
		}
	}
	kids, p256 := map[string]bool{}, 0
	for _, h := range append(slices.Clone(a.hands), b.hands...) {
		if kids[h.Kid()] {
			t.Errorf("two devices have the key of %s", h.name)
		}
		kids[h.Kid()] = true
		if jwk, err := h.JWK(); err != nil {
			t.Error(err)
		} else if bytes.Contains(jwk, []byte("P-256")) {
			p256++
		}
	}
	if n := len(kids); p256 < n/3 || p256 > 2*n/3 {
		t.Errorf("%d of %d keys are P-256; about half should be", p256, n)
	}
	if got := NewCity(1, 0).Scale; got != 1 {
		t.Errorf("scale 0 is taken as %d", got)
	}
}

// TestSubjectCheck holds the inner check character against a code worked out by hand:
// D2143569 is the example of GB 11714, with the check character X.
func TestSubjectCheck(t *testing.T) {
	if got := subjectCheck([8]byte([]byte("D2143569"))); got != 'X' {
		t.Errorf("check character %c", got)
	}
}

func TestDays(t *testing.T) {
	local := func(d, h, m int) time.Time { return time.Date(2026, 3, d, h, m, 0, 0, calendar.Zone()) }
	for _, c := range []struct {
		now  time.Time
		n    int
		want string
	}{
		{local(10, 20, 30), 1, "2026-03-10"},
		{local(10, 20, 29), 1, "2026-03-09"},
		{local(10, 0, 0).UTC(), 1, "2026-03-09"},
		{local(1, 3, 0), 3, "2026-02-26 2026-02-27 2026-02-28"},
		{local(1, 3, 0), 0, ""},
		{local(1, 3, 0), -4, ""},
	} {
		var got []string
		for _, d := range Days(c.now, c.n, 4) {
			if d.Closes().After(c.now) || d.Run != 4 || !d.Opens().After(EnrolAt(c.now)) {
				t.Errorf("at %s: %+v", c.now, d)
			}
			got = append(got, d.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("at %s: %v, want %s", c.now, got, c.want)
		}
	}
	now := local(10, 12, 0)
	if all := Days(now, 10_000, 1); len(all) != MaxDays || !EnrolAt(now).Before(all[0].Opens()) {
		t.Errorf("%d days, the first opens at %s, keys are from %s", len(all), all[0].Opens(), EnrolAt(now))
	}
}

// office is a server's enrolment: code, challenge, key.
type office struct {
	mu     sync.Mutex
	people map[string]string // by person, from the register
	keys   map[string]string // kid to person
	asked  []string
	fail   string // a person whose enrolment is refused
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	var ask struct {
		Party, Person, Code string
		ValidDays           int `json:"valid_days"`
	}
	refuse := func(status int, kind string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"kind":%q,"status":%d}`, kind, status)
	}
	switch r.URL.Path {
	case "/v1/enrolments":
		if json.Unmarshal(body, &ask) != nil || o.people[ask.Person] != ask.Party || ask.ValidDays != KeyDays || ask.Person == o.fail {
			refuse(http.StatusUnprocessableEntity, "invalid-request")
			return
		}
		o.asked = append(o.asked, ask.Person)
		fmt.Fprintf(w, `{"code":%q,"expires_at":"2026-03-02T00:00:00Z"}`, ask.Person)
	case "/v1/enrolments/challenge":
		if json.Unmarshal(body, &ask) != nil {
			refuse(http.StatusBadRequest, "invalid-request")
			return
		}
		fmt.Fprintf(w, `{"challenge":%q}`, ask.Code)
	case "/v1/keys":
		signed, err := signature.Open(body, signature.TypEnrolment)
		if err != nil {
			refuse(http.StatusBadRequest, "malformed-jws")
			return
		}
		if o.keys[signed.Kid] != "" {
			refuse(http.StatusConflict, "conflict")
			return
		}
		var answer struct{ Challenge string }
		_ = json.Unmarshal(signed.Payload, &answer)
		o.keys[signed.Kid] = answer.Challenge
		fmt.Fprint(w, `{}`)
	}
}

func newOffice(c *City) *office {
	o := &office{people: map[string]string{}, keys: map[string]string{}}
	for _, h := range c.hands {
		o.people[h.Person.String()] = h.Party.String()
	}
	return o
}

func TestEnrol(t *testing.T) {
	c := NewCity(7, 2)
	o := newOffice(c)
	srv := httptest.NewServer(o)
	defer srv.Close()
	if err := c.Enrol(context.Background(), client.New(srv.URL, "sample")); err != nil {
		t.Fatal(err)
	}
	for _, h := range c.hands {
		if o.keys[h.Kid()] != h.Person.String() {
			t.Errorf("%s of %s is not enrolled", h.name, h.unit.name)
		}
	}
	if err := NewCity(7, 2).Enrol(context.Background(), client.New(srv.URL, "sample")); err != nil {
		t.Errorf("enrolling again: %v", err)
	}
	if len(o.keys) != len(c.hands) {
		t.Errorf("%d keys for %d devices", len(o.keys), len(c.hands))
	}
}

func TestEnrolFails(t *testing.T) {
	c := NewCity(7, 2)
	o := newOffice(c)
	o.fail = c.hands[5].Person.String()
	srv := httptest.NewServer(o)
	defer srv.Close()
	err := c.Enrol(context.Background(), client.New(srv.URL, "sample"))
	if err == nil || !strings.Contains(err.Error(), c.hands[5].name) {
		t.Errorf("a refused device: %v", err)
	}
	if len(o.asked) > len(c.hands)/2 {
		t.Errorf("went on with %d of %d devices after one was refused", len(o.asked), len(c.hands))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := c.Enrol(ctx, client.New(srv.URL, "sample")); err == nil {
		t.Error("a cancelled enrolment is no success")
	}
}

func TestThreeThings(t *testing.T) {
	_, s := play(t, 7, 1, someDay)
	text := s.ThreeThings("http://127.0.0.1:8080/", "lt_sample", "/srv/data dir", "/srv/data dir/l.db")
	for _, want := range []string{"http://127.0.0.1:8080/q/" + string(s.Label), "/v1/batches/" + s.Batch.String() + "/bundle",
		"/v1/manifests/" + s.Partial.String() + "/bundle", s.Late.String(), "Bearer lt_sample", "sqlite3 '/srv/data dir/l.db'", "liandan check --data '/srv/data dir'"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if text := s.ThreeThings("http://127.0.0.1:8080", "t", "", ""); strings.Contains(text, "sqlite3") {
		t.Errorf("a store that is no file:\n%s", text)
	}
}

// Every driver has a vehicle, every site that sends waste a plan, and the largest city's
// registers are within what one import takes.
func TestPermits(t *testing.T) {
	small, large := NewCity(1, 1), NewCity(1, 2)
	files := small.Registers()
	plates := map[string]bool{}
	for _, v := range rows(t, files["vehicles"]) {
		k := v["credit_code"] + v["plate"]
		if plates[v["plate"]] || !strings.Contains(v["plate"], "样例") || v["permit"] == "" {
			t.Errorf("vehicle %v", v)
		}
		plates[k], plates[v["plate"]] = true, true
	}
	for _, h := range append(slices.Clone(small.medical.drivers), small.medical.late, small.collector.driver, small.collector.trunk) {
		if !plates[string(h.unit.credit)+vehicleOf(h)] {
			t.Errorf("%s has no vehicle", h.name)
		}
	}
	planned := map[string]bool{}
	for _, p := range rows(t, files["plans"]) {
		planned[p["credit_code"]] = true
		if _, err := waste.ParseCode(p["code"]); err != nil {
			t.Errorf("plan %v: %v", p, err)
		}
	}
	for _, u := range small.units {
		sends := slices.Contains(u.roles, party.Generator) || u == small.collector.unit || u == small.plant.unit
		if planned[string(u.credit)] != sends {
			t.Errorf("%s: planned %v", u.name, !sends)
		}
	}
	const most = 200_000
	if n := len(large.plans()) - len(small.plans()); n*MaxScale > most {
		t.Errorf("the largest city's plans have %d lines", n*MaxScale)
	}
}
