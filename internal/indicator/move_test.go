package indicator_test

import (
	"testing"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/mass"
	"liandan/internal/waste"
)

// What counts of an event: not what lies in stores, the taking-over from the generator and
// no other, and a corrected generation in the time of the generation.
func TestMovesOfEvents(t *testing.T) {
	now := time.UnixMilli(day("2026-03-09"))
	held := mass.Account{Kind: mass.Held, Party: firm(1), Site: site(1), Code: "841-001-01"}
	road := mass.Account{Kind: mass.OnVehicle, Party: firm(2), Site: site(2), Code: "841-001-01"}
	born := mass.Account{Kind: mass.Generated, Party: firm(1), Site: site(1), Code: "841-001-01"}
	lost := mass.Account{Kind: mass.Difference, Party: firm(1), Site: site(1), Code: "841-001-01"}
	st := batch.State{ID: drum(1), Generator: firm(1), Origin: site(1), BornAt: day("2026-02-02")}
	post := func(a mass.Account, g int64) mass.Posting {
		return mass.Posting{Account: a, Batch: drum(1), Grams: waste.Grams(g)}
	}
	taken := indicator.MovesOf(7, event.Event{At: now, Data: event.Collected{}}, []batch.State{st}, []mass.Posting{post(held, -5), post(lost, 5), post(held, -95), post(road, 95)})
	if len(taken) != 2 || taken[0].Kind != indicator.Difference || taken[1].Kind != indicator.Collected || taken[1].Grams != 95 || taken[1].Origin != site(1) || taken[1].Line != 1 {
		t.Errorf("taken over: %+v", taken)
	}
	other := st
	other.Generator = firm(9)
	if onward := indicator.MovesOf(8, event.Event{At: now, Data: event.Collected{}}, []batch.State{other}, []mass.Posting{post(held, -95), post(road, 95)}); len(onward) != 0 {
		t.Errorf("taken over from a depot: %+v", onward)
	}
	for _, e := range []event.Event{{At: now, Type: event.CorrectionAgreed, Data: event.Consent{}}, {At: now, Type: event.CorrectionProposed, Data: event.Correction{}}} { // the second asked nobody
		fixed := indicator.MovesOf(9, e, []batch.State{st}, []mass.Posting{post(born, 10), post(held, -10)})
		if len(fixed) != 1 || fixed[0].At != st.BornAt || fixed[0].Grams != 10 || fixed[0].Seq != 9 {
			t.Errorf("corrected by %s: %+v", e.Type, fixed)
		}
	}

	// A paper's collection counts when the carrier signed it.
	signed := time.UnixMilli(day("2026-03-01"))
	paper := event.Backfilled{Signed: []event.Signature{{Role: event.ByConsignor, At: signed.Add(-time.Hour)}, {Role: event.ByCarrier, At: signed}}}
	slip := indicator.MovesOf(10, event.Event{At: now, Type: event.PaperBackfilled, Data: paper}, []batch.State{st}, []mass.Posting{post(held, -95), post(road, 95)})
	if len(slip) != 1 || slip[0].Kind != indicator.Collected || slip[0].At != signed.UnixMilli() || slip[0].Grams != 95 {
		t.Errorf("filled in from paper: %+v", slip)
	}
	// What an incident lost is in no store any more; what a treatment left as a batch of its
	// own was treated all the same.
	gone := indicator.MovesOf(11, event.Event{At: now, Type: event.IncidentReported, Data: event.Incident{}}, []batch.State{st}, []mass.Posting{post(held, -3), post(mass.Account{Kind: mass.Lost}, 3)})
	if len(gone) != 1 || gone[0].Kind != indicator.Lost || gone[0].Grams != 3 {
		t.Errorf("lost: %+v", gone)
	}
	ash := batch.State{ID: drum(2), Generator: firm(3), Origin: site(3), Code: "772-003-18", Parents: []id.Batch{drum(1)}}
	st.Code = "841-001-01"
	burnt, left := mass.Account{Kind: mass.Treated, Party: firm(3), Site: site(3), Code: "841-001-01", Method: "D10"}, mass.Account{Kind: mass.Converted, Party: firm(3), Site: site(3)}
	born2 := []mass.Posting{{Account: left, Batch: drum(2), Grams: -15}, {Account: mass.Account{Kind: mass.Held, Party: firm(3), Site: site(3), Code: "772-003-18"}, Batch: drum(2), Grams: 15}}
	books := append([]mass.Posting{post(held, -80), post(burnt, 80), post(held, -15), post(left, 15)}, born2...)
	for _, e := range []event.Event{
		{At: now, Type: event.BatchTreated, Batches: []event.Batch{{ID: drum(1)}}, Data: event.Treated{Method: "D10"}},
		{At: now, Type: event.CorrectionAgreed, Data: event.Consent{}}, // of the same masses
	} {
		out := indicator.MovesOf(12, e, []batch.State{st, ash}, books)
		if len(out) != 3 || out[0].Kind != indicator.Treated || out[1].Kind != indicator.Residue || out[1].Method != "D10" || out[1].Code != "841-001-01" || out[1].Grams != 15 ||
			out[2].Kind != indicator.Converted || out[2].Code != "772-003-18" || out[2].Grams != -15 || out[2].Origin != site(3) {
			t.Errorf("%s: %+v", e.Type, out)
		}
	}
}
