package audit_test

import (
	"strings"
	"testing"

	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
	"liandan/internal/sampling"
)

// TestWhoDrewIsInTheFile: what a real register tells the log is enough for a stranger, also
// of an authority that was in the register before the log was told of offices.
func TestWhoDrewIsInTheFile(t *testing.T) {
	onWards(t, func(w *ward) {
		list, err := sampling.NewList([]id.Site{w.nurse.Site}, []id.Person{w.bureau.Person})
		w.must(err)
		_, err = w.audit.KeepList(ctx, list)
		w.must(err)
		var last id.Event
		file := func() (sampling.File, sampling.Report) {
			t.Helper()
			_, f, err := w.audit.DrawFile(ctx, last)
			w.must(err)
			r, err := sampling.Verify(f, w.VKey)
			w.must(err)
			return f, r
		}
		announced := func() intaketest.Signed {
			w.put(w.generate(w.nurse), "") // the statements that wait join the log
			return w.Sign(w.bureau, event.SampleDrawn, event.Sample{Period: "2026-Q1", List: list.Hash(), Sites: 1, People: 1, DrawSites: 1, DrawPeople: 1,
				Size: w.check(audit.Options{}).Head.Size + 3, Round: 1}, nil)
		}
		draw := func() (sampling.File, sampling.Report) {
			t.Helper()
			s := announced()
			w.put(s, "")
			for range 3 {
				w.put(w.generate(w.nurse), "")
			}
			last = s.Event.ID
			return file()
		}
		f, r := draw()
		if !r.Sound() || len(f.Keys) != 1 || len(f.Offices) != 1 || f.State != sampling.Complete {
			w.t.Errorf("%d chapters, %d offices: %+v", len(f.Keys), len(f.Offices), r.Lines)
		}
		w.must(w.registry.StateOffices(ctx)) // there is nothing to tell
		if f, r = draw(); !r.Sound() || len(f.Offices) != 1 {
			w.t.Errorf("told twice: %d offices", len(f.Offices))
		}
		// The register of a server from before: the log was told nothing.
		w.exec("DELETE FROM register_facts WHERE kind = 'office'")
		w.must(w.registry.StateOffices(ctx))
		if f, r = draw(); !r.Sound() || len(f.Offices) != 2 || !strings.Contains(f.Offices[1].Body, `"by":"server"`) {
			w.t.Errorf("from before: %d offices, %+v", len(f.Offices), r.Lines)
		}
		w.load(registry.KindOrganisations, "credit_code,name,roles,sample\n"+string(registrytest.Code(2))+",SAMPLE bureau,medical,1\n")
		w.put(announced(), fault.RoleMissing)
		if f, r = file(); !r.Sound() || len(f.Offices) != 3 {
			w.t.Errorf("an authority no more, which drew before: %d offices, %+v", len(f.Offices), r.Lines)
		}
		w.sound("with offices")
	})
}
