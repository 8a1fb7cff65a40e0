package indicator_test

import (
	"testing"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
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
	fixed := indicator.MovesOf(9, event.Event{At: now, Type: event.CorrectionAgreed, Data: event.Consent{}}, []batch.State{st}, []mass.Posting{post(born, 10), post(held, -10)})
	if len(fixed) != 1 || fixed[0].At != st.BornAt || fixed[0].Grams != 10 || fixed[0].Seq != 9 {
		t.Errorf("corrected: %+v", fixed)
	}
}
