package record_test

import (
	"testing"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/record"
)

// TestAnnouncedDraws: only an authority announces a draw, of a size that the log has yet to
// reach, and from no more than are listed; what is refused leaves no trace.
func TestAnnouncedDraws(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		bureau := d.Enrol(d.Org("SAMPLE bureau", party.Authority), false)
		announce := func(change func(*event.Sample)) []byte {
			s := event.Sample{Period: "2026-Q1", List: id.Hash{7}, Sites: 9, People: 4, DrawSites: 3, DrawPeople: 2, Size: 1_000, Round: 1}
			change(&s)
			return d.Sign(bureau, event.SampleDrawn, s, nil).JWS
		}
		size := func() int64 { return d.svc.Accept(t.Context(), announce(func(*event.Sample) {})).Receipt.Seq + 1 }
		size()
		size()
		n := size()
		for name, c := range map[string]struct {
			change func(*event.Sample)
			want   fault.Kind
		}{
			"a size that is past":                {func(s *event.Sample) { s.Size = n }, fault.InvalidEvent},
			"the size that it makes itself":      {func(s *event.Sample) { s.Size = n + 1 }, fault.InvalidEvent},
			"more sites than are listed":         {func(s *event.Sample) { s.DrawSites = 10 }, fault.InvalidEvent},
			"more people than are listed":        {func(s *event.Sample) { s.DrawPeople = 5 }, fault.InvalidEvent},
			"a second round without a reason":    {func(s *event.Sample) { s.Round = 2 }, fault.InvalidEvent},
			"a first round with a reason for it": {func(s *event.Sample) { s.Reason = "SAMPLE" }, fault.InvalidEvent},
		} {
			jws := announce(c.change)
			if v, err := d.svc.Validate(t.Context(), jws); err != nil || v.Would != record.WouldRefuse || len(v.Faults) != 1 || v.Faults[0].Kind != c.want {
				t.Errorf("%s: the dry run says %+v, %v", name, v, err)
			}
			if r := d.svc.Accept(t.Context(), jws); fault.Of(r.Err) != c.want || r.Held {
				t.Errorf("%s: %+v", name, r)
			}
		}
		stranger := d.Sign(d.Hospital, event.SampleDrawn, event.Sample{Period: "2026-Q1", List: id.Hash{7}, Sites: 9, People: 4, DrawSites: 3, DrawPeople: 2, Size: 1_000, Round: 1}, nil)
		if r := d.svc.Accept(t.Context(), stranger.JWS); fault.Of(r.Err) != fault.RoleMissing {
			t.Errorf("a hospital draws: %+v", r)
		}
		if m := size(); m != n+1 {
			t.Errorf("the log has %d entries after %d: what was refused is in it", m, n)
		}
		if r := d.svc.Accept(t.Context(), announce(func(s *event.Sample) { s.Size = n + 3 })); r.Err != nil {
			t.Errorf("the nearest size that is yet to come: %v", r.Err)
		}
	})
}
