package gate_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/statement"
)

var now = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func nth[T any](of func(id.UUID) T, n byte) T { return of(id.UUID{15: n, 6: 0x70, 8: 0x80}) }

// world is a register of two hospitals, one in the city and one outside, and a record.
type world struct {
	acts []statement.Act
	fail error
}

func (*world) Site(_ context.Context, s id.Site) (party.Site, bool, error) {
	switch s {
	case nth(id.SiteOf, 1):
		return party.Site{ID: s, Party: nth(id.PartyOf, 1), Division: "130602"}, true, nil
	case nth(id.SiteOf, 2):
		return party.Site{ID: s, Party: nth(id.PartyOf, 2), Division: "130629"}, true, nil
	}
	return party.Site{}, false, nil
}

func (*world) Organisation(_ context.Context, p id.Party) (party.Organisation, bool, error) {
	return party.Organisation{ID: p, Roles: []party.Role{party.Medical}}, true, nil
}

func (w *world) record(_ context.Context, s statement.Statement, _ time.Time) error {
	if w.fail != nil {
		return w.fail
	}
	a, err := statement.ParseAct(s.Body)
	w.acts = append(w.acts, a)
	return err
}

func (w *world) gate() *gate.Gate {
	return gate.New(gate.Config{Registry: w, Record: w.record, Now: func() time.Time { return now },
		Policy: access.Policy{Rules: access.Table(), City: func(d string) bool { return d == "130602" }},
		Token: func(_ context.Context, t string) (access.Actor, error) {
			return access.Actor{Kind: access.ByToken, ID: "token:" + t}, nil
		},
		Client: func(_ context.Context, t string) (access.Actor, error) {
			return access.Actor{Kind: access.ByClient, ID: "client:" + t}, nil
		},
		Quota: func(_ context.Context, a access.Actor) error {
			if strings.HasSuffix(a.ID, "busy") {
				return fault.New(fault.QuotaExceeded, "Too many.")
			}
			return nil
		},
		Session: func(_ context.Context, t string) (access.Actor, string, error) {
			return access.Actor{Kind: access.ByPerson, ID: "account:" + t}, "csrf-of-" + t, nil
		}})
}

func inspector() gate.Caller {
	return gate.Caller{Actor: access.Actor{Kind: access.ByPerson, ID: "account:i", Appointments: []access.Appointment{{Role: access.CityInspector}}}, Request: "r1"}
}

func batch(site byte) gate.Ask {
	return gate.Ask{Operation: "getBatch", Named: "b1", Missing: fault.Missing("batch"),
		Subject: access.Subject{Sites: []id.Site{nth(id.SiteOf, site)}, Parties: []id.Party{nth(id.PartyOf, site)}}}
}

func TestWhoComes(t *testing.T) {
	g := (&world{}).gate()
	for token, want := range map[string]string{"lt_x": "token:lt_x", "la_x": "client:la_x", "anything": "token:anything"} {
		if c, err := g.Bearer(t.Context(), token); err != nil || c.ID != want {
			t.Errorf("%s: %+v %v", token, c, err)
		}
	}
	if _, err := g.Bearer(t.Context(), "la_busy"); fault.Of(err) != fault.QuotaExceeded {
		t.Errorf("a client over its quota: %v", err)
	}
	c, err := g.SignedIn(t.Context(), "s")
	if err != nil || c.Genuine("csrf-of-s") != nil {
		t.Errorf("%+v %v", c, err)
	}
	for _, forged := range []string{"", "csrf-of-t", "csrf-of-s "} {
		if err := c.Genuine(forged); fault.Of(err) != fault.ForgedRequest {
			t.Errorf("%q: %v", forged, err)
		}
	}
	if err := (gate.Caller{Actor: access.Actor{Kind: access.ByToken}}).Genuine(""); err != nil {
		t.Errorf("a token needs no form's token: %v", err)
	}
	if err := (gate.Caller{Actor: access.Actor{Kind: access.ByPerson}}).Genuine(""); fault.Of(err) != fault.ForgedRequest {
		t.Errorf("a session without a token of its own: %v", err)
	}
}

func TestAnInspectorsReadIsRecordedBeforeItIsAllowed(t *testing.T) {
	w := &world{}
	g := w.gate()
	if err := g.Allow(t.Context(), inspector(), batch(1)); err != nil {
		t.Fatal(err)
	}
	want := statement.Act{At: now, Actor: "account:i", Role: "city_inspector", Operation: "getBatch", Subject: "b1", Parties: []id.Party{nth(id.PartyOf, 1)}, Request: "r1"}
	if len(w.acts) != 1 || w.acts[0].Actor != want.Actor || w.acts[0].Subject != want.Subject || w.acts[0].Role != want.Role ||
		len(w.acts[0].Parties) != 1 || !w.acts[0].At.Equal(want.At) || w.acts[0].Request != "r1" {
		t.Errorf("the record is %+v", w.acts)
	}
	w.fail = fault.New(fault.Unavailable, "The record cannot be written.")
	if err := g.Allow(t.Context(), inspector(), batch(1)); fault.Of(err) != fault.Unavailable {
		t.Errorf("a read that cannot be recorded: %v", err)
	}
}

func TestWhatIsNotTheirsIsMissingAndUnrecorded(t *testing.T) {
	w := &world{}
	g := w.gate()
	for name, c := range map[string]struct {
		caller gate.Caller
		ask    gate.Ask
		want   fault.Kind
	}{
		"outside the city": {inspector(), batch(2), fault.NotFound},
		"nobody":           {gate.Caller{}, batch(1), fault.Unauthorized},
		"an analyst":       {gate.Caller{Actor: access.Actor{Kind: access.ByToken, ID: "x", Appointments: []access.Appointment{{Role: access.CityAnalyst}}}}, batch(1), fault.Forbidden},
		"another hospital": {gate.Caller{Actor: access.Actor{Kind: access.ByToken, ID: "x", Appointments: []access.Appointment{{Role: access.OrganisationAdministrator, Party: nth(id.PartyOf, 2)}}}}, batch(1), fault.NotFound},
	} {
		if err := g.Allow(t.Context(), c.caller, c.ask); fault.Of(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if len(w.acts) != 0 {
		t.Errorf("refused asks were recorded: %+v", w.acts)
	}
}

// TestNobodyWritesIntoTheRecordWhatTheyLike: a subject that no id, plate or register is called
// by would stay in the log for ever, or stop it.
func TestNobodyWritesIntoTheRecordWhatTheyLike(t *testing.T) {
	w := &world{}
	g := w.gate()
	for _, named := range []string{"a\x00b", "a\nb", "\x7f", "\xff\xfe", strings.Repeat("x", statement.MostSubject+1), strings.Repeat("样", statement.MostSubject/3+1)} {
		q := batch(1)
		q.Named = named
		if err := g.Allow(t.Context(), inspector(), q); fault.Of(err) != fault.NotFound {
			t.Errorf("%.20q: %v", named, err)
		}
		err := g.AllowAll(t.Context(), inspector(), q.Operation, []gate.Claim{{Subject: q.Subject, Missing: q.Missing}}, named, q.Missing)
		if fault.Of(err) != fault.NotFound {
			t.Errorf("%.20q as one of several: %v", named, err)
		}
	}
	if len(w.acts) != 0 {
		t.Errorf("they were recorded: %+v", w.acts)
	}
	q := batch(1)
	q.Named = "冀F12345"
	if err := g.Allow(t.Context(), inspector(), q); err != nil || len(w.acts) != 1 {
		t.Errorf("a plate: %v, %+v", err, w.acts)
	}
}

func TestOnesOwnReadsAreNotRecordedAndActsAre(t *testing.T) {
	w := &world{}
	g := w.gate()
	admin := gate.Caller{Actor: access.Actor{Kind: access.ByToken, ID: "token:a", Appointments: []access.Appointment{{Role: access.OrganisationAdministrator, Party: nth(id.PartyOf, 1)}}}}
	if err := g.Allow(t.Context(), admin, batch(1)); err != nil || len(w.acts) != 0 {
		t.Errorf("%v %+v", err, w.acts)
	}
	label := batch(1)
	label.Operation = "createBatchLabel"
	if err := g.Allow(t.Context(), admin, label); err != nil || len(w.acts) != 1 || w.acts[0].Operation != "createBatchLabel" {
		t.Errorf("%v %+v", err, w.acts)
	}
}

func TestListsAreRecordedOnceAndFiltered(t *testing.T) {
	w := &world{}
	g := w.gate()
	if err := g.List(t.Context(), inspector(), "listQuarantine"); err != nil || len(w.acts) != 1 {
		t.Fatalf("%v %+v", err, w.acts)
	}
	for site, want := range map[byte]bool{1: true, 2: false, 3: false} {
		if got, err := g.Sees(t.Context(), inspector(), "listQuarantine", batch(site).Subject); err != nil || got != want {
			t.Errorf("site %d: %v %v", site, got, err)
		}
	}
	if len(w.acts) != 1 {
		t.Errorf("each item was recorded: %+v", w.acts)
	}
	if err := g.List(t.Context(), gate.Caller{}, "listQuarantine"); fault.Of(err) != fault.Unauthorized {
		t.Errorf("nobody: %v", err)
	}
}

func TestAPersonsAccountIsWithoutSessionsClosed(t *testing.T) {
	g := gate.New(gate.Config{})
	if _, err := g.SignedIn(t.Context(), "x"); fault.Of(err) != fault.Unauthorized {
		t.Errorf("without sessions: %v", err)
	}
	broken := gate.New(gate.Config{Token: func(context.Context, string) (access.Actor, error) { return access.Actor{}, errors.New("down") }})
	if _, err := broken.Bearer(t.Context(), "lt_x"); err == nil {
		t.Error("a broken look-up lets somebody in")
	}
}
