package record

import (
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// A contested event was signed between the loss of a device and its report: by its holder,
// or by whoever had it. It waits in quarantine until an authority's ruling.recorded, an
// event of the log itself, admits or rejects its very bytes. One ruling stands for ever.

// counts says whether an event may count by its key: sound, or contested and admitted.
func (a *assembly) counts(p Prepared) error {
	err := a.sound(p)
	if fault.Of(err) != fault.KeyContested {
		return err
	}
	r, ok, rerr := a.ruling(p.Signed.Hash())
	switch {
	case rerr != nil:
		return rerr
	case !ok:
		return err
	case r.Verdict == event.Admit:
		return nil
	}
	return fault.New(fault.KeyContested, "An authority has ruled (entry %d of the log) that this event does not count: it was signed between the loss of its device and the report. If the fact is true, sign it anew with a sound key.", r.Seq)
}

// ruling looks up what was decided about bytes.
func (a *assembly) ruling(hash id.Hash) (Ruling, bool, error) {
	if r, ok := a.ruled[hash]; ok {
		return r, true, nil
	}
	found, err := a.tx.Rulings([]id.Hash{hash})
	if err != nil {
		return Ruling{}, false, err
	}
	r, ok := found[hash]
	if ok {
		a.ruled[hash] = r
	}
	return r, ok, nil
}

// mayRule says whether a ruling may be recorded: about bytes that are here, contested, and
// not ruled on yet. Faults: conflict, not-found.
func (a *assembly) mayRule(e event.Event) error {
	d, ok := e.Data.(event.Ruling)
	if !ok {
		return nil
	}
	r, ruled, err := a.ruling(d.Hash)
	if err != nil {
		return err
	}
	if ruled {
		return fault.New(fault.Conflict, "There is a ruling on this event already (entry %d of the log). A ruling cannot be taken back.", r.Seq).
			At("/data/hash", "ruled", "has been ruled on")
	}
	body, err := a.bodyOf(d)
	if err != nil {
		return err
	}
	target, err := a.s.Prepare(a.ctx, body)
	if fault.Of(err) == fault.Unavailable {
		return err
	}
	if err == nil {
		if err := a.world.fetch([]Prepared{target}); err != nil {
			return err
		}
		err = a.sound(target)
	}
	if fault.Of(err) != fault.KeyContested {
		return fault.New(fault.Conflict, "The event is not contested: its key was not reported lost for that time. Only contested events are ruled on.").
			At("/data/hash", "not_contested", "must be that of a contested event")
	}
	return nil
}

// bodyOf finds the bytes that a ruling is about: in the log, held in this group, or
// waiting in quarantine. The fault is not-found.
func (a *assembly) bodyOf(d event.Ruling) ([]byte, error) {
	if k, ok := a.world.known[d.Event]; ok && k.Hash == d.Hash {
		if r, ok := a.g.at(k.Seq); ok {
			return r.Body, nil
		}
		kept, err := a.tx.Entry(k.Seq)
		return kept.Body, err
	}
	for _, h := range a.g.Held {
		if h.Hash == d.Hash && h.Event == d.Event {
			return h.Body, nil
		}
	}
	there, err := a.tx.Quarantined([]id.Hash{d.Hash})
	if err != nil {
		return nil, err
	}
	if h, ok := there[d.Hash]; ok && h.Event == d.Event && h.State == Waiting {
		return h.Body, nil
	}
	return nil, fault.New(fault.NotFound, "No event with this id and hash is in the log or waits in quarantine.").
		At("/data/hash", "unknown", "must be the hash of the bytes as they came")
}

// rule carries out a ruling that has just been placed. What it admits is tried at once;
// where its chain does not allow it yet, it waits on and is let in as any other.
func (a *assembly) rule(d event.Ruling, seq int64) error {
	a.ruled[d.Hash] = Ruling{Seq: seq, Verdict: d.Verdict}
	if k, ok := a.world.known[d.Event]; ok && k.Hash == d.Hash {
		return nil // it is in the log, and readers are told
	}
	if d.Verdict == event.Reject {
		for i := range a.g.Held {
			if a.g.Held[i].Hash == d.Hash {
				a.g.Held[i].State = Rejected
				return nil
			}
		}
		a.g.Rejected = append(a.g.Rejected, d.Hash)
		return nil
	}
	body, err := a.bodyOf(d)
	if err != nil {
		return err
	}
	return a.admit(nil, body)
}

// contest notes that what waits is contested, whatever it was first kept for, so that an
// inspector sees it among what must be ruled on.
func (a *assembly) contest(p Prepared, f *fault.Error) {
	hash := p.Signed.Hash()
	if a.contested[hash] || a.ruled[hash].Verdict != "" {
		return
	}
	a.contested[hash] = true
	a.g.Contested = append(a.g.Contested, Held{Hash: hash, Event: p.Event.ID, Kind: string(f.Kind), Detail: f.Sentence, Subjects: []Subject{Subject(p.Event.ID.String())}})
}
