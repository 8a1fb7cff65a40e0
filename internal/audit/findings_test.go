package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/rule"
)

// For random histories the list of findings is what a look at every chain gives: for every
// party, by rule, severity, owner and period, in pages of any size, and after a rebuild.
func TestFindingsAreABruteForceLook(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newStroll(empty(t, kind), 5)
			svc := *s.audit
			book, err := permit.DefaultBook()
			if err != nil {
				t.Fatal(err)
			}
			svc.Register, svc.Permits = s.Registry, book
			s.audit = &svc
			met := map[rule.Code]int{}
			for range 80 {
				s.step()
			}
			s.loose()
			s.blindly()
			s.compareFindings(met)
			for _, c := range []rule.Code{rule.StoredTooLong, rule.Unseen, rule.Incident, "overdue-receipt-confirmation", "carrier-unlicensed"} {
				if met[c] == 0 {
					t.Errorf("no finding of %s was met: %v", c, met)
				}
			}
			s.exec(`DELETE FROM candidates`)
			if _, err := s.audit.Rebuild(ctx, audit.Options{}); err != nil {
				t.Fatal(err)
			}
			s.compareFindings(met)
		})
	}
}

// loose reports an incident of which nobody knows the batch.
func (s *stroll) loose() {
	s.send(s.Sign(s.Carrier, event.IncidentReported, event.Incident{Kind: event.Found, Place: "样例路边", Measures: "围挡", Code: "900-249-08"}, nil))
}

// blindly has a colleague store a bag without having seen that it was there.
func (s *stroll) blindly() {
	bag := s.Generate(5_000)
	s.send(bag)
	s.send(s.Sign(s.Porter, event.BatchStored, event.Stored{Place: "SAMPLE store"}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: bag.Event.Batches[0].ID}}
	}))
}

func (s *stroll) compareFindings(met map[rule.Code]int) {
	s.t.Helper()
	later := s.Now().AddDate(0, 0, 20)
	all := s.everyFinding(later)
	for _, p := range []id.Party{s.Hospital.Party, s.Carrier.Party, s.Plant.Party} {
		for _, f := range []audit.FindingFilter{{}, {Least: rule.Open}, {Least: rule.Serious}, {Rule: rule.StoredTooLong}, {Rule: "carrier-unlicensed"}, {Owner: s.Hospital.Party, Least: rule.Open},
			{Filter: audit.Filter{Site: s.Hospital.Site}}, {Filter: audit.Filter{To: s.Now().Add(-48 * time.Hour)}, Least: rule.Open}} {
			f.Party = p
			want, got := chosen(f, all), s.readFindings(f, later, 5+s.random.IntN(50), met)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				s.t.Fatalf("%+v: the list has\n%s\nthe chains say\n%s", f, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		counts, more, err := s.audit.FindingCounts(ctx, audit.FindingFilter{Filter: audit.Filter{Party: p}, Rule: rule.StoredTooLong}, later)
		want := chosen(audit.FindingFilter{Filter: audit.Filter{Party: p}, Rule: rule.StoredTooLong}, all)
		if err != nil || more || len(want) > 0 && (len(counts) != 1 || counts[0].N != len(want)) {
			s.t.Errorf("counted %+v of %d, more %v, %v", counts, len(want), more, err)
		}
	}
}

// told is a finding with everybody who may hear of it; at is zero where it stands now.
type told struct {
	f       rule.Finding
	at      time.Time
	parties []id.Party
	sites   []id.Site
}

func chosen(f audit.FindingFilter, all []told) (out []string) {
	weight := map[rule.Severity]int{rule.Remark: 0, rule.Open: 1, rule.Serious: 2}
	for _, x := range all {
		line := lineOf(x.f)
		if slices.Contains(x.parties, f.Party) && (f.Site.IsZero() || slices.Contains(x.sites, f.Site)) && (f.Rule == "" || f.Rule == x.f.Rule) &&
			weight[x.f.Severity] >= weight[f.Least] && (f.Owner.IsZero() || f.Owner == x.f.Owner.Party) && (f.To.IsZero() || !x.at.IsZero() && x.at.Before(f.To)) && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}

func lineOf(f rule.Finding) string {
	return fmt.Sprint(f.Rule, " ", f.Severity, " entry ", f.Seq, " ", f.Batch, " ", f.Event, " ", f.EN)
}

func (s *stroll) readFindings(f audit.FindingFilter, now time.Time, limit int, met map[rule.Code]int) (out []string) {
	s.t.Helper()
	cursor, last, entries := "", int64(1)<<62, false
	for range 1000 {
		p, err := s.audit.Findings(ctx, f, now, cursor, limit)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(p.Items) > limit {
			s.t.Errorf("a page of %d has %d", limit, len(p.Items))
		}
		for _, x := range p.Items {
			met[x.Rule]++
			out = append(out, lineOf(x.Finding))
			if !x.Standing && x.Seq > last || x.Standing && entries {
				s.t.Errorf("%+v comes after entry %d", x, last)
			}
			if !x.Standing {
				last, entries = x.Seq, true
			}
		}
		if cursor = p.Next; cursor == "" {
			return out
		}
	}
	s.t.Fatal("the pages have no end")
	return nil
}

// everyFinding looks at every chain, manifest and state.
func (s *stroll) everyFinding(now time.Time) (out []told) {
	s.t.Helper()
	bs, ms := s.states()
	for _, b := range bs {
		subject, err := s.audit.BatchSubject(ctx, b.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		v, err := s.audit.Chain(ctx, b.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, st := range v.Steps {
			ps, ss := []id.Party{st.Event.Party}, []id.Site{st.Event.Site}
			if !st.Event.Manifest.IsZero() {
				m, err := s.audit.ManifestSubject(ctx, st.Event.Manifest)
				if err != nil {
					s.t.Fatal(err)
				}
				ps, ss = m.Parties, m.Sites
			}
			for _, x := range st.Findings {
				if x.Batch.IsZero() { // about permits
					out = append(out, told{x, st.Event.At, ps, ss})
				} else {
					out = append(out, told{x, st.Event.At, subject.Parties, subject.Sites})
				}
			}
		}
		if c, ok := s.audit.Rules.Clock(b, now); ok && b.LastAt <= c.Due.UnixMilli() {
			for _, x := range s.audit.Rules.Overdue(b, now) {
				out = append(out, told{x, time.Time{}, []id.Party{b.Custodian}, []id.Site{b.Site}})
			}
		}
	}
	for _, m := range ms {
		for _, d := range s.dutiesOf(m) {
			if x, late := d.Finding(now); late && d.Open() {
				x.Seq = m.Seq
				out = append(out, told{x, time.Time{}, []id.Party{m.Consignee}, []id.Site{m.ConsigneeSite}})
			}
		}
	}
	for _, x := range s.looseFindings() {
		out = append(out, told{x.Finding, x.At, []id.Party{s.Carrier.Party}, []id.Site{s.Carrier.Site}})
	}
	return out
}

func (s *stroll) dutiesOf(m manifest.State) (out []duty.Duty) {
	for _, c := range duty.OfManifest(m) {
		org, _, _ := s.Registry.Organisation(ctx, c.Owner)
		out = append(out, s.audit.Duties.On(c, org.Roles, s.audit.Calendars)...)
	}
	return out
}

// looseFindings are those on events without a batch, by reading the whole log.
func (s *stroll) looseFindings() (out []audit.Found) {
	s.t.Helper()
	err := s.store.Read(ctx, func(r audit.Reader) error {
		head, _, err := r.Log()
		if err != nil {
			return err
		}
		return r.Entries(0, head.Size, func(k ledger.Kept) error {
			_, e, err := ledger.OpenEvent(k.Body)
			if err == nil && e.Type == event.IncidentReported && len(e.Batches) == 0 {
				for _, f := range s.audit.Rules.Examine(rule.Step{Seq: k.Seq, RecordedAt: k.RecordedAt, Event: e}) {
					out = append(out, audit.Found{Finding: f, At: e.At})
				}
			}
			return nil
		})
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// TestIncidentsWithoutABatchAreHeardOf: by the organisation that reported, by its district's
// inspectors, and by nobody else.
func TestIncidentsWithoutABatchAreHeardOf(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		p := empty(t, kind)
		other := p.Enrol(p.Org("SAMPLE other", party.Carrier), false)
		e := p.Sign(p.Carrier, event.IncidentReported, event.Incident{Kind: event.Found, Place: "样例路边", Measures: "围挡"}, nil)
		p.send(e)
		for f, want := range map[*audit.FindingFilter]int{
			{Filter: audit.Filter{Party: p.Carrier.Party}}: 2, {Filter: audit.Filter{Party: other.Party}}: 0,
			{Filter: audit.Filter{Party: p.Carrier.Party, Site: p.Carrier.Site}, Least: rule.Serious}: 1,
		} {
			got, err := p.audit.Findings(ctx, *f, p.Now(), "", 10)
			if err != nil || len(got.Items) != want || got.Next != "" {
				t.Errorf("%+v: %+v %v, want %d", f, got, err, want)
			}
			for _, x := range got.Items {
				if x.Event != e.Event.ID || x.Seq < 0 || x.Owner.Party != p.Carrier.Party {
					t.Errorf("%+v", x)
				}
			}
		}
		for _, bad := range []string{"x", "AAAA", strings.Repeat("A", 48), "%%%"} {
			if _, err := p.audit.Findings(ctx, audit.FindingFilter{}, p.Now(), bad, 5); fault.Of(err) != fault.InvalidRequest {
				t.Errorf("the cursor %q: %v", bad, err)
			}
		}
	}
}
