// Package mass books every event that moves waste in double entry: postings in
// integer grams between accounts, whose sum is always zero (design section 2, idea 4).
//
// It must not store balances or round anything; a lost kilogram goes to a difference
// account where it stays visible.
package mass

import (
	"fmt"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// AccountKind is a sort of account.
type AccountKind string

// The accounts.
const (
	Generated  AccountKind = "generated"  // source: minus what arose at a site
	Held       AccountKind = "held"       // by a party at a site
	OnVehicle  AccountKind = "vehicle"    // by a carrier on the road, or refused and not yet returned
	Treated    AccountKind = "treated"    // by a method at a site
	Residue    AccountKind = "residue"    // out of the treatment
	Difference AccountKind = "difference" // between two weighings; the giver's until explained
	Repacked   AccountKind = "repacked"   // out of one batch into another: every event leaves it as it was
	Lost       AccountKind = "lost"       // by an incident, out of the hands of whoever reported it
	Converted  AccountKind = "converted"  // residue into a batch of another code: every event leaves it as it was; has no code
)

// Account says where grams are.
type Account struct {
	Kind   AccountKind
	Party  id.Party
	Site   id.Site
	Code   waste.Code
	Method waste.Method // treated and residue only
}

// Posting moves grams into (plus) or out of (minus) an account.
type Posting struct {
	Account
	Batch id.Batch
	Grams waste.Grams
}

// Post books one batch of an event; before is its state before the event. The answer
// sums to zero and may be empty.
func Post(e event.Event, b event.Batch, before batch.State) []Posting {
	if told := e.Attests(); len(told) > 0 {
		return postAttested(b.ID, told, before)
	}
	p := &book{batch: b.ID, code: before.Code}
	now := before.Grams
	if b.Weighed {
		now = b.Grams
	}
	switch d := e.Data.(type) {
	case event.Generated:
		p.code = d.Code
		p.move(Account{Kind: Generated, Party: e.For(), Site: e.Site}, held(e.For(), e.Site), b.Grams)
	case event.Released, event.Issued, event.HandedOver, event.Delivered, event.Refused, event.Returned:
		p.reweigh(where(before), before, now)
	case event.Received, event.Stored:
		p.reweigh(where(before), before, now)
		if to := held(e.Party, e.Site); where(before) != to {
			p.move(where(before), to, now)
		}
	case event.Collected:
		p.reweigh(where(before), before, now)
		p.move(where(before), vehicle(e.Party, e.Site), now)
	case event.Accepted:
		p.reweigh(where(before), before, b.Grams+b.RefusedGrams)
		p.move(where(before), held(e.Party, e.Site), b.Grams)
		if !b.Rest.IsZero() {
			p.move(where(before), repacked(e), b.RefusedGrams)
		}
	case event.Metered:
		p.reweigh(where(before), before, now)
		if before.Stage == batch.Delivered {
			p.move(where(before), held(e.Party, e.Site), now)
		}
	case event.Incident:
		p.move(where(before), Account{Kind: Lost, Party: e.Party, Site: e.Site}, b.Grams)
	case event.Repacked:
		p.move(where(before), repacked(e), b.Grams)
	case event.Treated:
		from := held(before.Custodian, before.Site)
		p.move(from, Account{Kind: Treated, Party: e.Party, Site: e.Site, Method: d.Method}, b.Grams-b.ResidueGrams)
		if len(d.Residues) > 0 {
			p.move(from, converted(e), b.ResidueGrams)
		} else {
			p.move(from, Account{Kind: Residue, Party: e.Party, Site: e.Site, Method: d.Method}, b.ResidueGrams)
		}
	}
	return p.postings
}

// postAttested books what a slip stands for, step by step: the books are the same as if
// each had been sent.
func postAttested(b id.Batch, told []event.Event, s batch.State) (out []Posting) {
	for _, v := range told {
		for _, x := range v.Batches {
			if x.ID == b {
				out = append(out, Post(v, x, s)...)
				s = s.Apply(v, x, batch.Place{})
			}
		}
	}
	return out
}

// PostBirth books a batch that an event begins out of others; child is its state after
// the event. What its parents gave it stands in their postings.
func PostBirth(e event.Event, child batch.State) []Posting {
	p := &book{batch: child.ID, code: child.Code}
	if e.Type == event.BatchTreated {
		p.move(converted(e), where(child), child.Grams)
	} else {
		p.move(repacked(e), where(child), child.Grams)
	}
	return p.postings
}

// where is the account that a batch's grams are in: on the road it is at no site.
func where(s batch.State) Account {
	if s.Site.IsZero() {
		return vehicle(s.Carrier, s.CarrierSite)
	}
	return held(s.Custodian, s.Site)
}

func repacked(e event.Event) Account { return Account{Kind: Repacked, Party: e.Party, Site: e.Site} }
func converted(e event.Event) Account {
	return Account{Kind: Converted, Party: e.Party, Site: e.Site}
}

func held(p id.Party, s id.Site) Account    { return Account{Kind: Held, Party: p, Site: s} }
func vehicle(p id.Party, s id.Site) Account { return Account{Kind: OnVehicle, Party: p, Site: s} }

type book struct {
	batch    id.Batch
	code     waste.Code
	postings []Posting
}

func (k *book) move(from, to Account, g waste.Grams) {
	if g == 0 {
		return
	}
	for _, a := range []*Account{&from, &to} {
		if a.Kind != Converted { // there a gram changes its code
			a.Code = k.code
		}
	}
	k.postings = append(k.postings, Posting{from, k.batch, -g}, Posting{to, k.batch, g})
}

// reweigh posts the difference between what was there and what is there now.
func (k *book) reweigh(at Account, before batch.State, now waste.Grams) {
	if before.Grams != now {
		k.move(at, Account{Kind: Difference, Party: before.Custodian, Site: at.Site}, before.Grams-now)
	}
}

// Sum adds postings up; anything but zero is a fault in the books.
func Sum(ps []Posting) (total waste.Grams) {
	for _, p := range ps {
		total += p.Grams
	}
	return total
}

// Balances adds postings up by account; empty accounts are left out.
func Balances(ps []Posting) map[Account]waste.Grams {
	out := map[Account]waste.Grams{}
	for _, p := range ps {
		if out[p.Account] += p.Grams; out[p.Account] == 0 {
			delete(out, p.Account)
		}
	}
	return out
}

// String names an account for reports.
func (a Account) String() string {
	return fmt.Sprintf("%s/%s/%s/%s/%s", a.Kind, a.Party, a.Site, a.Code, a.Method)
}
