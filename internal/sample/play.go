package sample

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"liandan/internal/client"
	"liandan/internal/event"
	"liandan/internal/id"
)

// Sender takes signed events to the intake; *client.Client is one.
type Sender interface {
	// Send sends one event. A refusal is a *client.Problem.
	Send(ctx context.Context, jws []byte) (client.Receipt, error)
	// SendAll sends many in one upload and calls each with every answer, in order.
	SendAll(ctx context.Context, events [][]byte, each func(client.Line) error) error
}

// Progress says where a day stands.
type Progress struct {
	Day Day
	// At is the local time at which the phase ends. All that happened until then has been
	// signed with earlier times; whoever owns the server's clock may set it to this.
	At          time.Time
	ZH, EN      string // what is happening
	Done, Total int    // events of the day
}

const (
	// senders is how many parties send at a time.
	senders = 6
	// uploadLines keeps a bulk upload far below the 10,000 lines that one may have.
	uploadLines = 2000
	// retries is how often the late phone sends again what was kept for later.
	retries = 3
)

// Play lets the city live through a day: every event is signed by its device and sent, in
// the order of the day's phases; within a phase, parties that have nothing to do with one
// another send side by side, so the numbers in the log may differ between plays where ids,
// times and weights do not. before is called ahead of each phase and may be nil.
//
// The registers must be imported and the devices enrolled. Whatever the intake refuses
// that the day did not mean to be refused is an error.
func (c *City) Play(ctx context.Context, d Day, to Sender, before func(Progress)) (Story, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, err := c.script(d)
	if err != nil {
		return Story{}, err
	}
	p := &player{to: to, heads: map[id.Batch]head{}, story: s.story}
	p.story.Findings = map[string]int{}
	total := len(s.acts()) - s.misfits
	for _, ph := range s.phases {
		if before != nil {
			before(Progress{Day: d, At: ph.ends, ZH: ph.zh, EN: ph.en, Done: p.story.New, Total: total})
		}
		if err := p.phase(ctx, ph); err != nil {
			return p.story, fmt.Errorf("sample day %s, %s: %w", d, ph.en, err)
		}
	}
	return p.story, nil
}

// acts lists the distinct events of the day, in its order.
func (s *script) acts() []*act {
	var out []*act
	met := map[*act]bool{}
	for _, p := range s.phases {
		for _, e := range p.errands {
			for _, a := range e.acts {
				if !met[a] {
					met[a] = true
					out = append(out, a)
				}
			}
		}
	}
	return out
}

// player signs and sends. An act and its device belong to the one errand under way.
type player struct {
	to Sender

	mu    sync.Mutex
	top   int64             // the newest entry that anybody has a receipt for
	heads map[id.Batch]head // what a container's label shows to a phone in reach
	story Story
}

// head is the newest entry of a container's chain.
type head struct {
	leaf id.Hash
	seq  int64
}

func (p *player) phase(ctx context.Context, ph *phase) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	room := make(chan struct{}, senders)
	var wg sync.WaitGroup
	for _, e := range ph.errands {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			if ctx.Err() != nil {
				return
			}
			if err := p.errand(ctx, e); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (p *player) errand(ctx context.Context, e *errand) error {
	switch {
	case e.late:
		return p.comeBack(ctx, e.acts)
	case e.bulk:
		return p.upload(ctx, e.acts, false)
	}
	for _, a := range e.acts {
		if err := p.send(ctx, a, false); err != nil {
			return err
		}
	}
	return nil
}

// sign makes an event's bytes once; what is sent again is the same. A phone in reach knows
// what the label shows, one out of reach only what itself has seen.
func (p *player) sign(a *act, inReach bool) error {
	if a.jws != nil {
		return nil
	}
	if inReach {
		p.mu.Lock()
		for _, b := range a.event.Batches {
			if head, ok := p.heads[b.ID]; ok {
				a.by.See(b.ID, head.leaf)
			}
		}
		p.mu.Unlock()
	}
	if a.event.Type != event.BatchGenerated {
		for i, b := range a.event.Batches {
			a.event.Batches[i].Seen = a.by.On(b.ID, 0).Seen
		}
	}
	p.look(a)
	jws, err := a.by.Sign(a.event)
	if err != nil {
		return fmt.Errorf("sign %s of %s: %w", a.event.Type, a.by.unit.name, err)
	}
	a.jws = jws
	return nil
}

// look adds what the signer learns from the log only now: how long it is.
func (p *player) look(a *act) {
	if d, ok := a.event.Data.(event.Sample); ok {
		p.mu.Lock()
		d.Size = p.top + a.ahead
		p.mu.Unlock()
		a.event.Data = d
	}
}

// send sends one event. mayHold lets the intake keep it for later.
func (p *player) send(ctx context.Context, a *act, mayHold bool) error {
	if err := p.sign(a, !mayHold); err != nil {
		return err
	}
	r, err := p.to.Send(ctx, a.jws)
	if a.misfit && err == nil {
		return fmt.Errorf("%s of %s was to be held, and the intake let it in", a.event.Type, a.by.unit.name)
	}
	var refused *client.Problem
	switch {
	case err == nil:
		return p.heard(a, r, !a.done)
	case errors.As(err, &refused):
		return p.refused(a, refused, mayHold || a.misfit)
	}
	return err
}

// upload sends many in one request, or a few when they are very many.
func (p *player) upload(ctx context.Context, acts []*act, mayHold bool) error {
	for len(acts) > 0 {
		part := acts[:min(len(acts), uploadLines)]
		acts = acts[len(part):]
		lines := make([][]byte, len(part))
		for i, a := range part {
			if err := p.sign(a, !mayHold); err != nil {
				return err
			}
			lines[i] = a.jws
		}
		n := 0
		err := p.to.SendAll(ctx, lines, func(l client.Line) error {
			if n >= len(part) {
				return fmt.Errorf("more answers than the %d lines that were sent", len(part))
			}
			a := part[n]
			n++
			switch {
			case l.Receipt != nil && l.Status < http.StatusMultipleChoices:
				return p.heard(a, *l.Receipt, l.Fresh() || a.held && !a.done)
			case l.Problem != nil:
				return p.refused(a, l.Problem, mayHold)
			}
			return fmt.Errorf("line %d has neither receipt nor problem", l.Line)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// comeBack is the phone that was out of reach: one event alone, too early for the log;
// then all the rest in one upload; then again whatever the intake kept for later, to get
// its receipts.
func (p *player) comeBack(ctx context.Context, acts []*act) error {
	if len(acts) == 0 {
		return nil
	}
	if err := p.send(ctx, acts[0], true); err != nil {
		return err
	}
	if err := p.upload(ctx, acts[1:], true); err != nil {
		return err
	}
	for range retries {
		var open []*act
		for _, a := range acts {
			if !a.done {
				open = append(open, a)
			}
		}
		if len(open) == 0 {
			return nil
		}
		if err := p.upload(ctx, open, true); err != nil {
			return err
		}
	}
	for _, a := range acts {
		if !a.done {
			return fmt.Errorf("%s of %s is still kept for later after %d more uploads", a.event.Type, a.by.unit.name, retries)
		}
	}
	return nil
}

// heard takes a receipt: the device learns what the log says, and so does whoever scans
// the label next.
func (p *player) heard(a *act, r client.Receipt, fresh bool) error {
	if a.done && r.Seq != a.seq {
		return fmt.Errorf("%s of %s stands at %d in the log, but its repeat was answered with %d", a.event.Type, a.by.unit.name, a.seq, r.Seq)
	}
	if err := a.by.Learn([]byte(r.Entry)); err != nil {
		return fmt.Errorf("receipt of %s: %w", a.event.Type, err)
	}
	rules, err := rulesOf(r.Findings)
	if err != nil {
		return fmt.Errorf("receipt of %s: %w", a.event.Type, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.story.Sent++
	p.top = max(p.top, r.Seq)
	if fresh {
		p.story.New++
	} else {
		p.story.Repeats++
	}
	for _, f := range rules {
		p.story.Findings[f]++
	}
	if !a.done {
		a.done, a.seq = true, r.Seq
		for _, b := range a.event.Touched() {
			if r.Seq >= p.heads[b].seq { // a late phone's receipts come in any order
				p.heads[b] = head{a.by.On(b, 0).Seen, r.Seq}
			}
		}
	}
	return nil
}

// rulesOf reads which rules had something to say.
func rulesOf(findings json.RawMessage) ([]string, error) {
	if len(findings) == 0 {
		return nil, nil
	}
	var list []struct {
		Rule string `json:"rule"`
	}
	if err := json.Unmarshal(findings, &list); err != nil {
		return nil, fmt.Errorf("findings: %w", err)
	}
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = f.Rule
	}
	return out, nil
}

// refused takes a refusal: kept for later is what a late phone must expect.
func (p *player) refused(a *act, why *client.Problem, mayHold bool) error {
	if !mayHold || !why.Retained {
		return fmt.Errorf("%s of %s: %w", a.event.Type, a.by.unit.name, why)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.story.Sent++
	p.story.Held++
	a.held = true
	return nil
}
