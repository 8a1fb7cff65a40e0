package sample

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/client"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/mass"
	"liandan/internal/waste"
)

var someDay = Day{Date: time.Date(2026, 3, 2, 0, 0, 0, 0, calendar.Zone()), Run: 1}

// tb is what *testing.T and *rapid.T have in common.
type tb interface {
	Helper()
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
	Fatalf(string, ...any)
}

func play(t tb, seed uint64, scale int, days ...Day) (*intake, Story) {
	t.Helper()
	c := NewCity(seed, scale)
	in := newIntake(t, c)
	var sum Story
	for _, d := range days {
		s, err := c.Play(context.Background(), d, in, nil)
		if err != nil {
			t.Fatal(err)
		}
		sum = sum.Add(s)
	}
	return in, sum
}

// holds checks what must be true after every day, whatever its seed.
func holds(t tb, in *intake, s Story) {
	t.Helper()
	if s.New != len(in.log) {
		t.Errorf("the story tells of %d new events, the log has %d", s.New, len(in.log))
	}
	if s.Sent != s.New+s.Repeats+s.Held {
		t.Errorf("sent %d does not add up: %+v", s.Sent, s)
	}
	if s.Repeats == 0 || s.Held == 0 {
		t.Errorf("repeats %d, held %d; a day has both", s.Repeats, s.Held)
	}
	if n := s.Findings["clock-back"]; n != 0 {
		t.Errorf("%d events are dated before what they follow", n)
	}
	if s.Findings["unverified-code"] == 0 {
		t.Error("no waste code was unverified")
	}
	if in.most > event.MaxPayload*3/4 {
		t.Errorf("the largest payload has %d bytes, too near to the limit of %d", in.most, event.MaxPayload)
	}
	adds(t, in, s)
}

// misfits of a day wait for an inspector in the evening.
const misfits = 1

// adds checks the books and where everything stands in the evening.
func adds(t tb, in *intake, s Story) {
	t.Helper()
	if len(in.waiting) != misfits*len(s.Lists)/2 {
		t.Errorf("%d events are still kept for later", len(in.waiting))
	}
	if got := mass.Sum(in.postings); got != 0 {
		t.Errorf("the books are %d g out", got)
	}
	for _, c := range []struct {
		kind mass.AccountKind
		want waste.Grams
	}{{mass.Generated, -s.Generated}, {mass.Treated, s.Treated - s.Residue - s.Ash}, {mass.Residue, s.Residue}, {mass.Converted, 0},
		{mass.Difference, s.Difference}, {mass.OnVehicle, s.Refused}} {
		if got := in.balance(c.kind); got != c.want {
			t.Errorf("%s: the books say %d g, the story %d g", c.kind, got, c.want)
		}
	}
	if held, want := in.balance(mass.Held), s.Stock(); held != want {
		t.Errorf("held: the books say %d g, the story leaves %d g", held, want)
	}
	if len(in.world.Batches) != s.Batches || len(in.world.Manifests) != s.Manifests {
		t.Errorf("%d batches and %d manifests in the log, %d and %d in the story", len(in.world.Batches), len(in.world.Manifests), s.Batches, s.Manifests)
	}
	ends(t, in, s)
	shown(t, in, s)
}

// ends checks where every container stands in the evening.
func ends(t tb, in *intake, s Story) {
	t.Helper()
	parts, sentOn, waits, repacked, evening, sentBack, days := 0, 0, 0, 0, 0, 0, len(s.Lists)/2
	depot := in.partyOf("样例小微企业危险废物收集点（SAMPLE）")
	for _, b := range in.world.Batches {
		switch {
		case b.Code.Category() == "HW08" && b.Generator != b.Consignor:
			sentOn++
			if b.Stage != batch.Reported || b.Consignor != depot {
				t.Errorf("%s that the collector sent on is %s", b.Code, b.Stage)
			}
		case len(b.Parents) == 2 && b.Stage == batch.Accepted || b.Stage == batch.Repacked: // two trays in one
			repacked++
		case b.ID == s.Waiting || b.Stage == batch.Generated && b.Code == infectious.code:
			evening++
		case b.Code == sludge.code && b.Stage == batch.Stored:
			sentBack++
		case b.Consignee == depot:
			if b.Stage != batch.Accepted {
				t.Errorf("%s of a shop is %s; the depot keeps it", b.Code, b.Stage)
			}
		case b.Code == bottomAsh.code && b.Stage == batch.Generated: // of what the late vehicle brought: it waits for tomorrow's truck
			waits++
		case b.Stage != batch.Reported:
			t.Errorf("%s is %s in the evening", b.Code, b.Stage)
		}
		if b.Refused > 0 {
			parts++
		}
	}
	if on := in.world.Batches[s.Onward]; sentOn == 0 || on.Manifest != s.OnwardManifest || on.Consignor != depot {
		t.Errorf("the collector sent %d on; the one to show: %+v", sentOn, on)
	}
	if waits == 0 || waits > len(in.world.Batches)/40 {
		t.Errorf("%d bags of ash wait for the landfill", waits)
	}
	if repacked != 3*days || evening != 4*days || sentBack != days {
		t.Errorf("%d packed over, %d in the wards, %d sent back", repacked, evening, sentBack)
	}
	if parts == 0 || parts > days {
		t.Errorf("%d containers were accepted in part", parts)
	}
}

func (in *intake) partyOf(name string) id.Party {
	for p, u := range in.units {
		if u.name == name {
			return p
		}
	}
	in.t.Fatalf("no unit %s", name)
	return id.Party{}
}

// shown checks the things that the story points at.
func shown(t tb, in *intake, s Story) {
	t.Helper()
	full := in.world.Batches[s.Batch]
	if full.Grams != 0 || full.TreatedSum != full.Initial {
		t.Errorf("the batch to show was weighed differently: %+v", full)
	}
	if full.Stage != batch.Reported || full.Label != s.Label || full.Manifest != s.Manifest || full.N != 10 {
		t.Errorf("the batch to show: %+v", full)
	}
	part := in.world.Batches[s.PartialBatch]
	if part.Manifest != s.Partial || part.Refused == 0 {
		t.Errorf("the line accepted in part: %+v", part)
	}
	lines := in.world.Manifests[s.Partial].Lines
	if i := slices.IndexFunc(lines, func(l manifest.Line) bool { return l.Batch == s.PartialBatch }); i < 0 ||
		lines[i].Verdict != event.Part || lines[i].Refused != part.Refused || lines[i].Reason == "" {
		t.Errorf("the manifest accepted in part: %+v", lines)
	}
	if late := in.world.Batches[s.Late]; late.Manifest != s.LateManifest || late.Trip.IsZero() || late.Vehicle != "样例-driver-late" {
		t.Errorf("the late batch: %+v", late)
	}
	// An estimate stays one until a scale says otherwise; then the state keeps what it was.
	if b := in.world.Batches[s.Estimated]; in.world.Batches[s.Unverified].Code != identified.code || b.Measured != event.Estimated && b.Estimated == 0 {
		t.Error("the unverified or the estimated batch is not there")
	}
}

func TestDay(t *testing.T) {
	in, s := play(t, 7, 1, someDay)
	holds(t, in, s)
	if s.Batches < 260 || s.Batches > 350 {
		t.Errorf("%d batches; about 300 are a day", s.Batches)
	}
	if s.New < 1400 || s.New > 2500 {
		t.Errorf("%d events; 1,400 to 2,500 are a day", s.New)
	}
	if in.uploads > 450 {
		t.Errorf("%d requests are too many for a quick start", in.uploads)
	}
	// No waste of the city moves by pipe, no phone is lost, and nobody takes a leave back.
	rare := []event.Type{event.MeterRecorded, event.RulingRecorded, event.AuthorisationWithdrawn}
	for _, typ := range event.Types() {
		if happens := in.types()[typ] > 0; happens == slices.Contains(rare, typ) {
			t.Errorf("%s happens: %v", typ, happens)
		}
	}
	t.Logf("%s%d requests, largest payload %d bytes, findings %v, %v", s.Summary(), in.uploads, in.most, s.Findings, in.types())
}

// TestFindings: what the day says of signers' sight is exactly the late phone's.
func TestFindings(t *testing.T) {
	in, s := play(t, 7, 1, someDay)
	late := 0
	for _, e := range in.log {
		for _, b := range e.Batches {
			if e.Type != event.BatchGenerated && b.Seen.IsZero() {
				late++
				if m := in.world.Manifests[e.Manifest]; e.Type != event.TransportCollected && e.Type != event.TransportDelivered || m.Vehicle != "样例-driver-late" {
					t.Errorf("%s was signed without sight of the batch", e.Type)
				}
			}
		}
	}
	if late == 0 {
		t.Error("no phone was out of reach")
	}
	if got := s.Findings["unseen-entries"]; got == 0 || got > late {
		t.Errorf("%d findings on unseen entries, %d lines were signed out of reach", got, late)
	}
}

func TestLocalTime(t *testing.T) {
	in, _ := play(t, 7, 1, someDay)
	for _, e := range in.log {
		if _, offset := e.At.Zone(); offset != 8*3600 {
			t.Errorf("%s at %s is not local", e.Type, e.At)
		}
	}
}

func TestSameSeedSameDay(t *testing.T) {
	a, _ := play(t, 7, 1, someDay)
	b, _ := play(t, 7, 1, someDay)
	if x, y := a.content(), b.content(); !slices.Equal(x, y) {
		for i := range x {
			if x[i] != y[i] {
				t.Fatalf("the same seed plays another day:\n%s\n%s", x[i], y[i])
			}
		}
	}
}

// TestOtherDays: another seed, date or run shares no id with this one.
func TestOtherDays(t *testing.T) {
	a, _ := play(t, 7, 1, someDay)
	next := Day{Date: someDay.Date.AddDate(0, 0, 1), Run: 1}
	for name, other := range map[string]func() (*intake, Story){
		"seed": func() (*intake, Story) { return play(t, 8, 1, someDay) },
		"date": func() (*intake, Story) { return play(t, 7, 1, next) },
		"run":  func() (*intake, Story) { return play(t, 7, 1, Day{Date: someDay.Date, Run: 2}) },
	} {
		b, _ := other()
		for e := range b.first {
			if _, there := a.first[e]; there {
				t.Fatalf("another %s: event %s is in both", name, e)
			}
		}
		for x := range b.world.Batches {
			if _, there := a.world.Batches[x]; there {
				t.Fatalf("another %s: batch %s is in both", name, x)
			}
		}
	}
}

// TestContinues: a second city of the same seed goes on where the first one stopped.
func TestContinues(t *testing.T) {
	in, first := play(t, 7, 1, someDay)
	second, err := NewCity(7, 1).Play(context.Background(), Day{Date: someDay.Date, Run: 2}, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, in, first.Add(second))
}

func TestScale(t *testing.T) {
	one, small := play(t, 7, 1, someDay)
	three, large := play(t, 7, 3, someDay)
	holds(t, three, large)
	if large.Batches < 5*small.Batches/2 {
		t.Errorf("scale 3 has %d batches, scale 1 %d", large.Batches, small.Batches)
	}
	for p, u := range one.units {
		if v := three.units[p]; v == nil || v.name != u.name {
			t.Errorf("%s is gone from the larger city", u.name)
		}
	}
}

// TestAnySeed folds days of any seed, date and run without signing them: what is
// planned may always be sent, in its order, and the books add up.
func TestAnySeed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		day := Day{Date: someDay.Date.AddDate(0, 0, rapid.IntRange(0, 3650).Draw(r, "day")), Run: rapid.IntRange(1, 9).Draw(r, "run")}
		c := NewCity(seed, 1)
		s, err := c.script(day)
		if err != nil {
			r.Fatal(err)
		}
		in := newIntake(r, c)
		for _, a := range s.acts() {
			payload, err := a.event.Payload() // reads it back as the intake does
			if err != nil {
				r.Fatalf("%s: %v", a.event.Type, err)
			}
			if l := in.settle(1, a.event, sha256.Sum256(payload)); (l.Problem != nil) != a.misfit && a.by.name != "driver-late" {
				r.Fatalf("%s: %v", a.event.Type, l.Problem)
			}
		}
		adds(r, in, s.story)
		if n, events := s.story.Batches, len(in.log); n < 240 || n > 360 || events < 1300 || events > 2500 {
			r.Errorf("%d batches, %d events", n, events)
		}
		for _, e := range in.log {
			if e.At.Before(day.Opens()) || e.At.After(day.Closes()) {
				r.Errorf("%s at %s is outside the day", e.Type, e.At)
			}
		}
	})
}

// TestRefusals: what the intake refuses ends the day with the reason.
func TestRefusals(t *testing.T) {
	c := NewCity(7, 1)
	in := newIntake(t, c)
	in.wrong = errors.New("the store cannot be reached")
	_, err := c.Play(context.Background(), someDay, in, nil)
	var p *client.Problem
	if !errors.As(err, &p) || p.Kind != "unavailable" || !strings.Contains(err.Error(), someDay.String()) {
		t.Errorf("an unavailable store: %v", err)
	}

	stranger := newIntake(t, NewCity(8, 1)) // knows none of this city's keys
	if _, err := c.Play(context.Background(), someDay, stranger, nil); err == nil || len(stranger.log) != 0 {
		t.Errorf("unknown keys: %v, %d events in the log", err, len(stranger.log))
	}
	in.wrong = nil
	if _, err := c.Play(context.Background(), someDay, in, nil); err != nil {
		t.Errorf("the day cannot be played after it was refused: %v", err)
	}
	// The same run once more: other signatures and other sight under the same ids.
	if _, err := c.Play(context.Background(), someDay, in, nil); !errors.As(err, &p) || p.Kind != "id-reused" {
		t.Errorf("the same run twice: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	c := NewCity(7, 1)
	in := newIntake(t, c)
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	_, err := c.Play(ctx, someDay, in, func(Progress) {
		if n++; n == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled day: %v", err)
	}
	if types := in.types(); types[event.BatchReceived] != 0 {
		t.Errorf("went on after it was cancelled: %v", types)
	}
}

func TestProgress(t *testing.T) {
	c := NewCity(7, 1)
	var last Progress
	s, err := c.Play(context.Background(), someDay, newIntake(t, c), func(p Progress) {
		if p.At.Before(last.At) || p.Done < last.Done || p.Total == 0 || p.ZH == "" || p.EN == "" {
			t.Errorf("after %+v comes %+v", last, p)
		}
		last = p
	})
	if err != nil {
		t.Fatal(err)
	}
	if last.Total != s.New || last.Done >= last.Total || last.At.After(someDay.Closes()) {
		t.Errorf("last progress %+v, %d new events", last, s.New)
	}
}
