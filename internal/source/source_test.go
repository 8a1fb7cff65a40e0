package source_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/source"
	"liandan/internal/waste"
)

func uuid(kind byte, n int) id.UUID {
	return id.V7(1_772_000_000_000, [10]byte{6: kind, 8: byte(n >> 8), 9: byte(n)})
}

func party(n int) id.Party { return id.PartyOf(uuid('p', n)) }
func site(n int) id.Site   { return id.SiteOf(uuid('s', n)) }

var start = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

func at(n, minutes int, t event.Type, by int, d event.Data) event.Event {
	return event.Event{ID: id.EventOf(uuid('e', n)), Type: t, At: start.Add(time.Duration(minutes) * time.Minute), Party: party(by), Site: site(by), Person: id.PersonOf(uuid('h', by)), Data: d}
}

func book(t testing.TB) source.Book {
	t.Helper()
	b, err := source.DefaultBook()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func collected(n, minutes, from int, grams ...waste.Grams) event.Event {
	e := at(n, minutes, event.TransportCollected, 9, event.Collected{Vehicle: "冀F00001"})
	e.Manifest, e.Trip = id.ManifestOf(uuid('m', from)), id.TripOf(uuid('t', 1))
	for i, g := range grams {
		e.Batches = append(e.Batches, event.Batch{ID: id.BatchOf(uuid('b', n*10+i)), Grams: g, Weighed: true})
	}
	return e
}

// origin is the site that a manifest of collected is from.
func origin(m id.Manifest) id.Site {
	for n := range 50 {
		if m == id.ManifestOf(uuid('m', n)) {
			return site(n)
		}
	}
	return id.Site{}
}

func rules(list []source.Finding) (out []source.Code) {
	for _, f := range list {
		if f.ZH == "" || f.EN == "" {
			out = append(out, "without words")
		}
		out = append(out, f.Rule)
	}
	return out
}

func TestTrip(t *testing.T) {
	plan := source.Plan{Vehicle: "冀F00001", Driver: id.PersonOf(uuid('h', 9)), Capacity: 1000, Stops: []id.Site{site(1), site(2), site(3)}}
	one, two := collected(1, 10, 1, 400), collected(2, 20, 2, 500, 200)
	skip := at(3, 30, event.StopSkipped, 9, event.Skipped{Stop: site(3), Reason: "无人"})
	gate := at(4, 40, event.TransportDelivered, 9, event.Delivered{Vehicle: "冀F00001"})
	gate.Batches = append(slices.Clone(one.Batches), two.Batches...)

	if got := source.Follow(plan, nil, origin); got.Status != source.TripPlanned || got.Remaining != 1000 || len(got.Stops) != 3 {
		t.Errorf("before it began: %+v", got)
	}
	got := source.Follow(plan, []event.Event{one, two}, origin)
	if got.Status != source.TripUnderway || got.Aboard != 1100 || got.Remaining != 0 || got.Stops[1].Grams != 700 || got.Stops[2].Status != source.Waiting {
		t.Errorf("after two stops: %+v", got)
	}
	if !slices.Equal(rules(got.Findings), []source.Code{source.OverLoad}) || got.Findings[0].Grams != 100 {
		t.Errorf("the findings are %+v", got.Findings)
	}
	got = source.Follow(plan, []event.Event{one, two, skip, gate}, origin)
	if got.Status != source.TripFinished || got.Aboard != 0 || got.Collected != 1100 || got.Remaining != 1000 || got.Peak != 1100 || got.Stops[2].Reason != "无人" {
		t.Errorf("at the end: %+v", got)
	}
	stray := collected(5, 15, 7, 10)
	stray.Person = id.PersonOf(uuid('h', 8))
	stray.Data = event.Collected{Vehicle: "冀F99999"}
	got = source.Follow(plan, []event.Event{one, stray}, origin)
	if !slices.Equal(rules(got.Findings), []source.Code{source.Unplanned, source.OtherTruck, source.OtherDriver}) || len(got.Stops) != 4 || got.Stops[3].Planned {
		t.Errorf("with a stray stop: %+v", got)
	}
}

// TestOrderOfArrival: trips, years and pairs do not depend on it.
func TestOrderOfArrival(t *testing.T) {
	b := book(t)
	rapid.Check(t, func(r *rapid.T) {
		var list []event.Event
		for i := range rapid.IntRange(0, 12).Draw(r, "events") {
			minute := rapid.IntRange(0, 600).Draw(r, "minute")
			where := rapid.IntRange(1, 4).Draw(r, "where")
			switch rapid.IntRange(0, 4).Draw(r, "what") {
			case 0, 1:
				list = append(list, collected(i, minute, where, waste.Grams(rapid.IntRange(1, 9000).Draw(r, "grams"))))
			case 2:
				list = append(list, at(i, minute, event.StopSkipped, 9, event.Skipped{Stop: site(where), Reason: "x"}))
			case 3:
				list = append(list, at(i, minute, event.BatterySold, 1, event.Sold{Code: "900-052-31", Pieces: int64(where), Grams: 1}))
			case 4:
				list = append(list, at(i, minute, event.BatteryTakenBack, 1, event.TakenBack{Code: "900-052-31", Pieces: int64(where), Grams: 1}))
			}
		}
		say := func(list []event.Event) string {
			trip := source.Follow(source.Plan{Capacity: 5000, Stops: []id.Site{site(1), site(2)}}, list, origin)
			code := func(m id.Manifest, _ id.Batch) waste.Code {
				if origin(m) == site(1) {
					return "900-214-08"
				}
				return ""
			}
			out, err := json.Marshal([]any{trip, source.SumYear(b, site(1), 2026, list, code), source.Match(b, site(1), list, start)})
			if err != nil {
				r.Fatal(err)
			}
			if trip.Aboard > trip.Peak || trip.Peak > trip.Collected || trip.Aboard < 0 {
				r.Fatalf("the loads make no sense: %+v", trip)
			}
			return string(out)
		}
		want := say(list)
		if got := say(rapid.Permutation(list).Draw(r, "arrival")); got != want {
			r.Fatalf("in another order\n%s\nand not\n%s", got, want)
		}
	})
}

func TestYear(t *testing.T) {
	b := book(t)
	code := func(m id.Manifest, _ id.Batch) waste.Code {
		return map[bool]waste.Code{true: "900-214-08"}[m == id.ManifestOf(uuid('m', 1))]
	}
	sum := func(grams ...waste.Grams) source.Year {
		var list []event.Event
		for i, g := range grams {
			list = append(list, collected(i, i, 1, g))
		}
		return source.SumYear(b, site(1), 2026, list, code)
	}
	if y := sum(7_999_999); len(y.Findings) != 0 || y.Grams != 7_999_999 || y.Limit != 10_000_000 || y.Pickups != 1 || y.Rule.Certainty != "U" {
		t.Errorf("a small one: %+v", y)
	}
	if y := sum(8_000_000); !slices.Equal(rules(y.Findings), []source.Code{source.NearLimit}) || y.Findings[0].Owner != party(9) {
		t.Errorf("a near one: %+v", y)
	}
	if y := sum(9_000_000, 1_000_000); !slices.Equal(rules(y.Findings), []source.Code{source.NearLimit}) { // 10 t and not above
		t.Errorf("at the limit: %+v", y)
	}
	if y := sum(9_000_000, 1_000_001); !slices.Equal(rules(y.Findings), []source.Code{source.OverLimit}) {
		t.Errorf("over the limit: %+v", y)
	}
	// The year is Shanghai's: 16:00 UTC of 31 December is the next one's.
	eve := collected(1, 0, 1, 5)
	eve.At = time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC)
	again := eve
	again.ID, again.At = id.EventOf(uuid('e', 99)), eve.At.Add(time.Hour) // the next carrier takes the same batch over
	if y := source.SumYear(b, site(1), 2026, []event.Event{again, eve}, code); y.Grams != 0 {
		t.Errorf("the old year has %d g", y.Grams)
	}
	if y := source.SumYear(b, site(1), 2027, []event.Event{again, eve}, code); y.Grams != 5 || y.Pickups != 1 || y.ByCode["900-214-08"] != 5 {
		t.Errorf("the new year is %+v", y)
	}
}

func TestPairs(t *testing.T) {
	b := book(t)
	sold := func(n int, pieces int64) event.Event {
		return at(n, n, event.BatterySold, 1, event.Sold{Code: "900-052-31", Pieces: pieces, Grams: waste.Grams(pieces * 18_000)})
	}
	taken := func(n int, pieces int64) event.Event {
		return at(n, n, event.BatteryTakenBack, 1, event.TakenBack{Code: "900-052-31", Pieces: pieces, Grams: waste.Grams(pieces * 17_000)})
	}
	for _, c := range []struct {
		sold, taken int64
		found       bool
	}{{5, 0, false}, {6, 0, true}, {100, 90, false}, {100, 89, true}, {0, 6, true}} {
		var list []event.Event
		if c.sold > 0 {
			list = append(list, sold(1, c.sold))
		}
		if c.taken > 0 {
			list = append(list, taken(2, c.taken))
		}
		got := source.Match(b, site(1), list, start)
		if got.Pairs[0].Unmatched != c.sold-c.taken || (len(got.Findings) > 0) != c.found {
			t.Errorf("%d sold and %d taken back: %+v", c.sold, c.taken, got)
		}
	}
	elsewhere := sold(3, 50)
	elsewhere.Site = site(2)
	if got := source.Match(b, site(1), []event.Event{elsewhere}, start); len(got.Pairs) != 0 {
		t.Errorf("another shop's sales count: %+v", got)
	}
}

func TestAuthorisation(t *testing.T) {
	given := at(1, 0, event.AuthorisationGiven, 1, event.Authorisation{To: party(9), From: start, Until: start.Add(48 * time.Hour), Codes: []waste.Code{"900-214-08"}})
	if _, ok := source.Standing(nil); ok {
		t.Error("nothing stands")
	}
	theirs := at(2, 5, event.AuthorisationWithdrawn, 2, event.Withdrawal{Authorisation: given.ID})
	a, ok := source.Standing([]event.Event{theirs, given})
	if !ok || !a.WithdrawnAt.IsZero() {
		t.Errorf("a stranger's withdrawal counts: %+v", a)
	}
	gone, _ := source.Standing([]event.Event{at(3, 60, event.AuthorisationWithdrawn, 1, event.Withdrawal{Authorisation: given.ID}), given})
	oil := func(minutes, by int, change func(*event.Event)) event.Event {
		e := at(9, minutes, event.BatchGenerated, by, event.Generated{Code: "900-214-08", Behalf: event.Behalf{Party: party(1), Authorisation: given.ID}})
		e.Site = site(1)
		if change != nil {
			change(&e)
		}
		return e
	}
	codes := []waste.Code{"900-214-08"}
	for name, err := range map[string]error{
		"covered": a.Covers(oil(10, 9, nil), codes), "before the withdrawal": gone.Covers(oil(59, 9, nil), codes),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"another collector": a.Covers(oil(10, 8, nil), codes), "another site": a.Covers(oil(10, 9, func(e *event.Event) { e.Site = site(2) }), codes),
		"too early": a.Covers(oil(-1, 9, nil), codes), "too late": a.Covers(oil(48*60, 9, nil), codes), "withdrawn": gone.Covers(oil(60, 9, nil), codes),
		"another code": a.Covers(oil(10, 9, nil), []waste.Code{"900-214-08", "900-249-08"}),
	} {
		if fault.Of(err) != fault.NotCustodian || len(fault.As(err).Fields) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTopics(t *testing.T) {
	e := collected(1, 0, 1, 5, 6)
	states := []batch.State{{ConsignorSite: site(1)}, {ConsignorSite: site(1)}}
	got := source.Topics(e, states, 7)
	want := []source.Topic{{Kind: source.OfTrip, Subject: e.Trip.String(), Seq: 7}, {Kind: source.OfSource, Subject: site(1).String(), Seq: 7}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := source.Topics(at(1, 0, event.UseRecorded, 1, event.Use{}), nil, 1); len(got) != 0 {
		t.Errorf("a use has %+v", got)
	}
}

func TestBooksAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": `[]`, "no JSON": `[`, "no day": `[{"valid_from":"x"}]`,
		"no limit":  `[{"version":"a","valid_from":"2000-01-01","source":"x","certainty":"U","near_percent":80}]`,
		"no source": `[{"version":"a","valid_from":"2000-01-01","certainty":"U","year_grams":1,"near_percent":80}]`,
		"ended":     `[{"version":"a","valid_from":"2000-01-01","valid_to":"2001-01-01","source":"x","certainty":"U","year_grams":1,"near_percent":80}]`,
		"a gap": `[{"version":"a","valid_from":"2000-01-01","valid_to":"2001-01-01","source":"x","certainty":"U","year_grams":1,"near_percent":80},
			{"version":"b","valid_from":"2002-01-01","source":"x","certainty":"U","year_grams":1,"near_percent":80}]`,
	} {
		if _, err := source.ParseBook([]byte(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
