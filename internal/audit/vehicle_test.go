package audit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"liandan/internal/event"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
)

// TestWhatIsOnAVehicle: what it took over is aboard until somebody signs for it; what was
// refused at the gate is aboard still. A vehicle is known by the register or by a manifest.
func TestWhatIsOnAVehicle(t *testing.T) {
	onWards(t, func(w *ward) {
		carrier := registrytest.Code(3)
		w.load(registry.KindOrganisations, fmt.Sprintf("credit_code,name,roles,sample\n%s,SAMPLE carrier,carrier,1\n", carrier))
		w.load(registry.KindVehicles, fmt.Sprintf("credit_code,plate,permit,valid_from,valid_to\n%s,冀F·00001,P,2020-01-01,\n%s,冀F00002,P,2020-01-01,2021-01-01\n", carrier, carrier))
		aboard := func(plate string) string {
			t.Helper()
			l, err := w.audit.LoadOf(ctx, plate)
			w.must(err)
			out := fmt.Sprintf("known %v, held by %d:", l.Known, len(l.Holders))
			for _, x := range l.Aboard {
				out += fmt.Sprintf(" %s %d g since %s", x.Batch.Stage, x.Grams, x.Since.UTC().Format(time.RFC3339))
				if x.From != w.Hospital.Party {
					t.Errorf("from %s", x.From)
				}
			}
			return strings.TrimSuffix(out, ":")
		}
		wants := func(plate, want string) {
			t.Helper()
			if got := aboard(plate); got != want {
				t.Errorf("%s: %s, want %s", plate, got, want)
			}
		}
		wants("冀f 00001", "known true, held by 1")
		wants("冀F00002", "known false, held by 0") // no longer theirs
		wants("冀F9", "known false, held by 0")
	})
	onBoth(t, func(t *testing.T, p *place) {
		count := func(plate string) string {
			t.Helper()
			l, err := p.audit.LoadOf(ctx, plate)
			if err != nil {
				t.Fatal(err)
			}
			out := fmt.Sprint(l.Known)
			for _, x := range l.Aboard {
				out += fmt.Sprintf(" %s %d", x.Batch.Stage, x.Grams)
				if x.From != p.Hospital.Party || x.Since.IsZero() || l.Plate != "冀F00001" {
					t.Errorf("it is %s: %+v", l.Plate, x)
				}
			}
			return out
		}
		first, second := p.Generate(4_000), p.Generate(600)
		p.send(first, second)
		one, two := p.Issue(first.Event.Batches...), p.Issue(second.Event.Batches...)
		p.send(one, two)
		taken := p.Collect(one)
		p.send(taken)
		if got := count("冀f·00001"); got != "true in_transit 4000" {
			t.Errorf("one is aboard: %s", got)
		}
		later := p.Collect(two)
		p.send(later)
		if got := count("冀F00001"); got != "true in_transit 4000 in_transit 600" {
			t.Errorf("two are aboard: %s", got)
		}
		gate, back := p.Deliver(taken), p.Deliver(later)
		p.send(gate, back)
		if got := count("冀F00001"); got != "true" {
			t.Errorf("at the gate: %s", got)
		}
		refused := p.Sign(p.Plant, event.ManifestRefused, event.Refused{Measured: event.OnScale}, func(e *event.Event) {
			e.Manifest, e.Refs = back.Event.Manifest, append(e.Refs, back.Event.ID)
			e.Batches = []event.Batch{p.Plant.On(second.Event.Batches[0].ID, 600)}
			e.Batches[0].Reason = "样例 SAMPLE"
		})
		p.send(p.Accept(gate), refused)
		if got := count("冀F00001"); got != "true refused 600" {
			t.Errorf("one was refused: %s", got)
		}
	})
}
