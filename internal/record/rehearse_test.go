package record_test

import (
	"slices"
	"strings"
	"testing"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/record"
)

func must[V any](v V, err error) func(testing.TB) V {
	return func(t testing.TB) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// A draft is judged as it will be: what a rehearsal lets through, the intake takes, byte for
// byte; with any member left out it says so and nothing besides, and never fails.
func TestRehearsal(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		chain := d.tell(1, false, false, false).events
		i := slices.IndexFunc(chain, func(s intaketest.Signed) bool { return s.Event.Type == event.ManifestIssued })
		for _, s := range chain[:i] {
			d.taken(s)
		}
		issued := chain[i].Event
		size := d.size()
		bare := issued
		bare.Batches = slices.Clone(issued.Batches)
		for k := range bare.Batches {
			bare.Batches[k].Seen = id.Hash{}
		}
		payload := string(must(bare.Payload())(t))
		r, err := d.svc.Rehearse(t.Context(), []byte(payload))
		if err != nil || r.Would != record.WouldAccept || len(r.Faults) > 0 {
			t.Fatalf("the whole draft: %+v %v", r, err)
		}
		e := must(event.Parse(r.Payload))(t)
		for k, b := range e.Batches {
			if b.Seen.IsZero() || b.ID != issued.Batches[k].ID {
				t.Errorf("line %d was not filled in: %+v", k, b)
			}
		}
		for member, want := range map[string]string{"site": "/site", "person": "/person", "carrier": "/data/carrier", "consignee": "/data/consignee", "consignee_site": "/data/consignee_site", "profile": "/data/profile"} {
			r, err := d.svc.Rehearse(t.Context(), []byte(strings.Replace(payload, `"`+member+`":`, `"x_`+member+`":`, 1)))
			if err != nil || r.Would != record.WouldRefuse || r.Payload != nil {
				t.Fatalf("without %s: %+v %v", member, r, err)
			}
			var got []string
			for _, f := range r.Faults {
				for _, x := range f.Fields {
					if x.Code != "unknown_member" {
						got = append(got, x.Pointer)
					}
				}
			}
			if !slices.Equal(got, []string{want}) {
				t.Errorf("without %s it says %v", member, got)
			}
		}
		for _, other := range []string{strings.Replace(payload, "manifest.issued", "manifest.cancelled", 1), "{}", "[]", payload + "{}"} {
			if _, err := d.svc.Rehearse(t.Context(), []byte(other)); fault.As(err) == nil || fault.Of(err) == fault.Internal {
				t.Errorf("%.40s: %v", other, err)
			}
		}
		if n := d.size(); n != size {
			t.Errorf("rehearsals made the log grow from %d to %d", size, n)
		}
		jws := must(d.Hospital.Sign(e))(t)
		if res := d.svc.Accept(t.Context(), jws); res.Err != nil {
			t.Fatalf("what was rehearsed is refused: %v", res.Err)
		}
		// Once it is issued, the same draft is not.
		if r, err := d.svc.Rehearse(t.Context(), []byte(payload)); err != nil || r.Would == record.WouldAccept {
			t.Errorf("issued already: %+v %v", r, err)
		}
	})
}
