package record

import (
	"slices"

	"liandan/internal/event"
	"liandan/internal/fault"
)

// hold keeps the bytes of a signed event that may not come next.
func (a *assembly) hold(p Prepared, f *fault.Error) {
	h := p.Signed.Hash()
	for _, there := range a.g.Held {
		if there.Hash == h {
			return
		}
	}
	waitsFor := subjects(p.Event)
	if f.Kind == fault.KeyContested {
		waitsFor = append(waitsFor, Subject(p.Event.ID.String())) // for the ruling on it
		a.contest(p, f)
	}
	for _, s := range waitsFor {
		a.world.stuck[s] = true
	}
	a.g.Held = append(a.g.Held, Held{Hash: h, Event: p.Event.ID, ReceivedAt: a.g.RecordedAt, Kind: string(f.Kind),
		Detail: f.Sentence, State: Waiting, Body: p.Signed.Compact, Subjects: waitsFor})
}

// admit tries again what waits for the subjects that have just moved, until nothing
// more fits: the order of arrival does not matter where the facts allow it. Bytes from
// the quarantine are verified anew; nothing that lay in a table is believed.
//
// Also are bytes from the quarantine to be tried besides, once.
func (a *assembly) admit(moved []Subject, also ...[]byte) error {
	for {
		moved = slices.DeleteFunc(moved, func(s Subject) bool { return !a.world.stuck[s] })
		if len(moved)+len(also) == 0 {
			return nil
		}
		waiting, err := a.waiting(moved, also)
		if err != nil {
			return err
		}
		moved, also = nil, nil
		for _, p := range waiting {
			if k, there := a.world.known[p.Event.ID]; there {
				a.mark(p, k)
				continue
			}
			err := a.place(p, func(i int) { a.release(p, i) })
			if err == nil {
				for _, s := range subjects(p.Event) {
					a.world.stuck[s] = true // it may name others than the group, of which nobody asked
					moved = append(moved, s)
				}
				if d, ok := p.Event.Data.(event.Ruling); ok { // it was contested itself
					if err := a.rule(d, a.world.known[p.Event.ID].Seq); err != nil {
						return err
					}
				}
			} else if f := fault.As(err); f == nil || f.Kind == fault.Unavailable {
				return err
			} else if f.Kind == fault.KeyContested {
				a.contest(p, f)
			}
		}
	}
}

// waiting gives what waits for any of the subjects and still verifies, with the world
// that it needs. An id that waits may be in the log already: other bytes took it, or the
// same bytes came again and were let in when the quarantine was not asked.
func (a *assembly) waiting(moved []Subject, also [][]byte) ([]Prepared, error) {
	bodies := also
	if len(moved) > 0 {
		more, err := a.tx.Waiting(moved)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, more...)
	}
	for _, h := range a.g.Held {
		if h.State == Waiting && meets(h.Subjects, moved) {
			bodies = append(bodies, h.Body)
		}
	}
	var out []Prepared
	for _, body := range bodies {
		p, err := a.s.Prepare(a.ctx, body)
		if fault.Of(err) == fault.Unavailable {
			return nil, err // skipped now, it might wait for ever
		}
		if err != nil {
			a.s.Log.Warn("quarantined event no longer verifies", "error", err)
			continue
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, nil
	}
	// By the signers' clocks: a manifest that came first must not shut out what happened
	// inside the house before it.
	slices.SortStableFunc(out, func(x, y Prepared) int { return x.Event.At.Compare(y.Event.At) })
	return out, a.world.fetch(out)
}

// release notes that a held event is in the log now. Callers who were refused in this very
// group get its receipt after all, and it leaves no new trace in the quarantine.
func (a *assembly) release(p Prepared, i int) {
	hash := p.Signed.Hash()
	a.mark(p, a.world.known[p.Event.ID])
	for n, j := range a.held[hash] {
		j.result = Result{}
		if n == 0 {
			a.g.placed[j] = i
		} else {
			a.g.repeats[j] = a.world.known[p.Event.ID]
		}
	}
	released := func(h Held) bool { return h.Hash == hash }
	a.g.Held, a.g.Contested = slices.DeleteFunc(a.g.Held, released), slices.DeleteFunc(a.g.Contested, released)
}

// mark says of bytes in quarantine that they are in the log. Bytes that never got there
// are none the worse for it.
func (a *assembly) mark(p Prepared, k Known) {
	if p.Signed.Hash() == k.Hash && !a.marked[k.Hash] {
		a.marked[k.Hash] = true
		a.g.Admitted = append(a.g.Admitted, k)
	}
}

func meets(a, b []Subject) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}
