package indicator_test

import (
	"testing"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/id"
	"liandan/internal/indicator"
)

func TestFirstsOfAMonth(t *testing.T) {
	site := func(n byte) id.Site { return id.SiteOf(id.UUID{0: n, 6: 0x70, 8: 0x80}) }
	batch := func(n byte) id.Batch { return id.BatchOf(id.UUID{1: n, 6: 0x70, 8: 0x80}) }
	at := func(month time.Month, day, hour int) int64 {
		return time.Date(2026, month, day, hour, 0, 0, 0, calendar.Zone()).UnixMilli()
	}
	moves := []indicator.Move{
		{Seq: 1, Kind: indicator.Generated, Origin: site(1), Batch: batch(1), At: at(3, 9, 0)},
		{Seq: 2, Kind: indicator.Generated, Origin: site(1), Batch: batch(2), At: at(3, 1, 0)},   // earlier, but said later
		{Seq: 3, Kind: indicator.Generated, Origin: site(1), Batch: batch(3), At: at(2, 28, 23)}, // the last hour of February
		{Seq: 4, Kind: indicator.Treated, Origin: site(1), Site: site(9), Batch: batch(1), At: at(3, 10, 0)},
		{Seq: 5, Kind: indicator.Treated, Origin: site(1), Site: site(9), Batch: batch(2), At: at(4, 1, 0)},
		{Seq: 6, Kind: indicator.Treated, Origin: site(1), Site: site(9), Batch: batch(3), At: at(3, 31, 23), Mixed: true},
		{Seq: 7, Kind: indicator.Residue, Origin: site(1), Site: site(9), Batch: batch(2), At: at(3, 31, 23), Code: "841-001-01", Method: "Y10"},
		{Seq: 8, Kind: indicator.Treated, Origin: site(1), Site: site(8), Batch: batch(2), At: at(3, 20, 0)},
		{Seq: 9, Kind: indicator.Lost, Origin: site(2), Batch: batch(4), At: at(3, 20, 0)},
	}
	firsts := indicator.Firsts{}
	for _, m := range moves {
		firsts.Note(m, func(b id.Batch, before int64) (int64, bool) {
			return at(3, 15, 12), b != batch(1) && before > 4 // the first was never collected, the second in March
		})
	}
	march, february := indicator.DayOf(at(3, 1, 0)), indicator.DayOf(at(2, 1, 0))
	want := []indicator.First{
		{Seen: indicator.Seen{Site: site(1), What: indicator.Generated, Day: february + 27}, Seq: 3},
		{Seen: indicator.Seen{Site: site(1), What: indicator.Generated, Day: march + 8}, Seq: 1},
		{Seen: indicator.Seen{Site: site(1), What: indicator.Treated, Day: march + 30, CollectedAt: march + 14, Plant: site(9), Code: "841-001-01", Method: "Y10"}, Seq: 7},
	}
	got := firsts.Sorted()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("the log says first\n %+v, want\n %+v", got, want)
		}
	}
	for k, f := range firsts {
		if k.Site != f.Site || k.What != f.What || k.Month != indicator.MonthOf(f.Day) {
			t.Errorf("%+v stands under %+v", f, k)
		}
	}
}
