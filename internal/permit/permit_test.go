package permit

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/party"
	"liandan/internal/waste"
)

func uid(n byte) id.UUID { return id.V7(int64(n), [10]byte{n}) }

var (
	hospital, plant = id.PartyOf(uid(1)), id.PartyOf(uid(2))
	ward, furnace   = id.SiteOf(uid(3)), id.SiteOf(uid(4))
)

func day(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s+"T00:00:00+08:00")
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestCovers(t *testing.T) {
	lead := party.Licence{Codes: []string{"900-052-31", "HW08"}, Methods: []string{"R4", "R9"}, Yearly: 10,
		Scopes: []party.Scope{{Code: "900-052-31", Method: "R4", Yearly: 3}, {Code: "HW08", Method: "R9"}}}
	open := party.Licence{Codes: []string{"*"}}
	for _, c := range []struct {
		l    party.Licence
		code waste.Code
		m    waste.Method
		want bool
	}{
		{lead, "900-052-31", "R4", true}, {lead, "900-052-31", "", true}, {lead, "900-214-08", "R9", true},
		{lead, "900-052-31", "R9", false}, {lead, "900-214-08", "R4", false}, {lead, "900-041-49", "", false},
		{lead, "us:D009", "", false}, {open, "us:D009", "us:H141", true}, {open, "841-001-01", "Y10", true},
		{party.Licence{Codes: []string{"HW01"}, Methods: []string{"D10"}}, "841-001-01", "Y11", false},
		{party.Licence{Codes: []string{"HW01"}, Methods: []string{"D10"}}, "841-001-01", "", true},
		{party.Licence{}, "841-001-01", "", false},
	} {
		if got := Covers(c.l, c.code, c.m); got != c.want {
			t.Errorf("%v %v covers %s by %q: %v", c.l.Codes, c.l.Scopes, c.code, c.m, got)
		}
	}
	if got := Limits(lead, "900-052-31", "R4"); len(got) != 2 || got[0].Yearly != 10 || got[1].Yearly != 3 {
		t.Errorf("%+v", got)
	}
	if got := Limits(lead, "900-214-08", "R9"); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

// The line that was filed last holds; with no grams it withdraws the one before.
func TestInForce(t *testing.T) {
	line := func(filed string, code waste.Code, g waste.Grams) PlanLine {
		return PlanLine{Site: ward, Year: 2026, Filed: day(filed), Code: code, Planned: g}
	}
	lines := []PlanLine{line("2026-01-01", "841-001-01", 5), line("2026-06-01", "841-001-01", 7), line("2026-09-01", "841-001-01", 0),
		line("2026-02-01", "841-002-01", 1), {Site: furnace, Year: 2026, Filed: day("2026-01-01"), Code: "841-001-01", Planned: 99}}
	for at, want := range map[string][]waste.Grams{"2025-12-31": {}, "2026-01-01": {5}, "2026-03-01": {5, 1}, "2026-06-01": {7, 1}, "2026-09-01": {1}, "2027-01-01": {}} {
		got := InForce(lines, ward, day(at))
		if len(got) != len(want) {
			t.Errorf("%s: %+v", at, got)
			continue
		}
		for i := range got {
			if got[i].Planned != want[i] {
				t.Errorf("%s: %+v", at, got)
			}
		}
	}
}

// Order 23 as noted in the regulation page: twelve months, capped by the period applied for
// and by what is left of the receiver's licence.
func TestApprovalEnds(t *testing.T) {
	a := Approval{Valid: party.Period{From: day("2026-01-01"), To: day("2028-01-01")}}
	if got := a.Ends(12, time.Time{}); !got.Equal(day("2027-01-01")) {
		t.Error(got)
	}
	if got := a.Ends(12, day("2026-05-01")); !got.Equal(day("2026-05-01")) {
		t.Error(got)
	}
	a.Valid.To = day("2026-03-01")
	if got := a.Ends(12, time.Time{}); !got.Equal(day("2026-03-01")) {
		t.Error(got)
	}
	if got := (Approval{Valid: party.Period{From: day("2024-02-29")}}).Ends(12, time.Time{}); !got.Equal(day("2025-03-01")) {
		t.Error(got)
	}
}

func TestPlateKey(t *testing.T) {
	for in, want := range map[string]string{"冀F·00001": "冀F00001", "冀f 00001": "冀F00001", "": ""} {
		if got := PlateKey(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// Whatever a manifest goes through, its tallies add up to what its last state says was sent
// and taken, and a cancelled one leaves nothing.
func TestMovedAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s manifest.State
		sums := map[Key]waste.Grams{}
		step := func(after manifest.State) {
			for _, m := range Moved(s, after) {
				if m.Grams == 0 {
					t.Fatal("a tally of nothing")
				}
				sums[m.Key] += m.Grams
			}
			s = after
		}
		gram := rapid.Int64Range(1, 1000)
		n := rapid.IntRange(1, 4).Draw(t, "lines")
		issued := manifest.State{ID: id.ManifestOf(uid(9)), Consignor: hospital, ConsignorSite: ward, Consignee: plant, ConsigneeSite: furnace,
			Method: "D10", IssuedAt: day("2026-12-31").UnixMilli()}
		for range n {
			issued.Lines = append(issued.Lines, manifest.Line{Code: rapid.SampledFrom([]waste.Code{"841-001-01", "841-002-01"}).Draw(t, "code"),
				Issued: waste.Grams(gram.Draw(t, "issued")), Stage: batch.Issued})
		}
		step(issued)
		clone := func() manifest.State {
			c := s
			c.Lines = append([]manifest.Line{}, s.Lines...)
			return c
		}
		if rapid.Bool().Draw(t, "cancelled") {
			c := clone()
			c.CancelledAt = 1
			step(c)
			for k, g := range sums {
				if g != 0 {
					t.Fatalf("%+v is left with %d", k, g)
				}
			}
			return
		}
		c := clone()
		for i := range c.Lines {
			c.Lines[i].Collected = waste.Grams(gram.Draw(t, "collected"))
		}
		step(c)
		var want waste.Grams
		for i := range s.Lines {
			c := clone()
			c.AcceptedAt = day("2027-01-01").UnixMilli()
			l := &c.Lines[i]
			switch rapid.IntRange(0, 2).Draw(t, "verdict") {
			case 0:
				l.Verdict, l.Accepted = event.Whole, l.Collected
			case 1:
				l.Verdict, l.Accepted, l.Refused = event.Part, l.Collected/2, l.Collected-l.Collected/2
			default:
				l.Verdict, l.Refused = event.None, l.Collected
			}
			want += l.Accepted
			step(c)
		}
		var sent, taken waste.Grams
		for k, g := range sums {
			switch {
			case k.Kind == Sent && k.Day == 20261231 && k.Other == plant && k.Party == hospital:
				sent += g
			case k.Kind == Taken && k.Day == 20270101 && k.Party == plant && k.Other.IsZero():
				taken += g
			case g != 0:
				t.Fatalf("%+v: %d", k, g)
			}
		}
		if sent != want || taken != want {
			t.Fatalf("sent %d, taken %d, accepted %d", sent, taken, want)
		}
	})
}
