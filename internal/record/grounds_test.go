package record_test

import (
	"slices"
	"testing"
	"time"

	"liandan/internal/bundle"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/rule"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

func (r *round) file(of intaketest.Signed) bundle.Bundle {
	r.t.Helper()
	file, err := r.audit.BatchBundle(r.t.Context(), of.Event.Batches[0].ID)
	if err != nil {
		r.t.Fatal(err)
	}
	b, err := bundle.Decode(file)
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *round) judged(b bundle.Bundle) bundle.Report {
	return bundle.Check(b, bundle.Options{Trusted: r.VKey, Rules: rule.Shipped(), Catalog: waste.DefaultCatalog()})
}

func (r *round) rests(what string, b bundle.Bundle, grounds, confirmations, count int) {
	r.t.Helper()
	rep := r.judged(b)
	i := slices.IndexFunc(rep.Lines, func(l bundle.Line) bool { return l.Check == bundle.CheckGrounds })
	if len(b.Grounds) != grounds || len(b.Confirmations) != confirmations || i < 0 || !rep.Lines[i].OK || rep.Lines[i].Count != count || len(rep.Broken) > 0 ||
		slices.ContainsFunc(rep.Skipped, func(n bundle.Note) bool { return n.Code == "ground-missing" }) {
		r.t.Errorf("%s: %d grounds, %d confirmations, checks %+v, broken %+v, unchecked %+v", what, len(b.Grounds), len(b.Confirmations), rep.Lines, rep.Broken, rep.Skipped)
	}
}

// broken says which check a file that was tampered with fails at.
func (r *round) broken(what string, b bundle.Bundle, check string) {
	r.t.Helper()
	if rep := r.judged(b); !slices.ContainsFunc(rep.Broken, func(l bundle.Line) bool { return l.Check == check }) || rep.Verdict == bundle.Sound {
		r.t.Errorf("%s: %s, broken %+v", what, rep.Verdict, rep.Broken)
	}
}

// TestEvidenceCarriesWhatItRestsOn: who reads the evidence of a drum that a collector signed for
// in its source's place can check the right to it without any server.
func TestEvidenceCarriesWhatItRestsOn(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		r := newRound(d)
		leave, other := r.leave("900-214-08"), r.leave("900-249-08", "900-214-08")
		d.Send(d.svc, leave, other)
		b := event.Behalf{Party: r.shop.Party, Authorisation: leave.Event.ID}
		drum := r.oil(b, nil)
		d.Send(d.svc, drum, r.issue(b, drum))
		elsewhere := r.oil(event.Behalf{Party: r.shop.Party, Authorisation: other.Event.ID}, nil)
		d.Send(d.svc, elsewhere)
		r.rests("under an authorisation", r.file(drum), 1, 0, 2)
		d.Advance(time.Minute)
		d.Send(d.svc, d.Sign(r.shop, event.AuthorisationWithdrawn, event.Withdrawal{Authorisation: leave.Event.ID}, nil))
		r.rests("withdrawn since", r.file(drum), 2, 0, 2)

		without := r.file(drum)
		without.Grounds = nil
		without.Keys = slices.DeleteFunc(without.Keys, func(k bundle.Key) bool { return k.Party == r.shop.Party })
		if rep := r.judged(without); rep.Verdict == bundle.Sound || len(rep.Skipped) != 2 || rep.Skipped[0].Code != "ground-missing" {
			t.Errorf("left out: %s, unchecked %+v, broken %+v", rep.Verdict, rep.Skipped, rep.Broken)
		}
		swapped := r.file(drum)
		swapped.Grounds = r.file(elsewhere).Grounds
		r.broken("another authorisation", swapped, bundle.CheckGrounds)
		twice := r.file(drum)
		twice.Grounds = append(twice.Grounds, twice.Grounds[0])
		r.broken("the same twice", twice, bundle.CheckForm)
		forged := r.file(drum)
		forged.Grounds[0].Event = slices.Clone(forged.Grounds[0].Event)
		forged.Grounds[0].Event[len(forged.Grounds[0].Event)-20] ^= 1
		r.broken("a bit turned", forged, bundle.CheckSignature)
		alien := r.file(drum)
		alien.Grounds = alien.Entries[:1]
		r.broken("no authorisation at all", alien, bundle.CheckGrounds)

		coded := r.oil(event.Behalf{Party: r.shop.Party, Confirmation: id.Hash{1}}, nil)
		st, err := statement.Confirmation{At: d.Now().UTC(), Code: "sample", Party: r.shop.Party, Site: r.shop.Site, Collector: r.collector.Party, Person: r.collector.Person,
			Lines: []statement.Confirmed{{Batch: coded.Event.Batches[0].ID, Code: "900-214-08", Grams: 18_000}}}.Statement()
		if err != nil {
			t.Fatal(err)
		}
		if err := d.store.AddStatement(t.Context(), st, d.Now()); err != nil {
			t.Fatal(err)
		}
		if err := d.svc.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		b = event.Behalf{Party: r.shop.Party, Confirmation: st.Hash()}
		d.Send(d.svc, r.oil(b, func(e *event.Event) { e.Batches[0].ID = coded.Event.Batches[0].ID }), r.issue(b, coded))
		r.rests("by a code", r.file(coded), 0, 1, 2)
		changed := r.file(coded)
		changed.Confirmations[0].Body = []byte(string(changed.Confirmations[0].Body[:len(changed.Confirmations[0].Body)-2]) + " }")
		r.broken("another confirmation", changed, bundle.CheckGrounds)
	})
}
