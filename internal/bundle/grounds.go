package bundle

import (
	"crypto/sha256"
	"fmt"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/source"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// A collector signs in a small source's place by right of a standing authorisation, which the
// source signed, or of a one-time code, which the log confirms. The file carries either.

func (l *lines) grounds(b Bundle) {
	l.entries("grounds", b.Grounds)
	l.statements("confirmations", b.Confirmations)
}

func (w wire) grounds(b *Bundle, f *fault.Error) {
	if w.Grounds != nil {
		if n := len(*w.Grounds); n == 0 || n > MaxGrounds {
			f.At("/grounds", "length", "must have 1 to %d events, or be left out", MaxGrounds)
			return
		}
		for _, e := range *w.Grounds {
			b.Grounds = append(b.Grounds, Entry{Index: e.Index, Entry: []byte(e.Entry), Event: []byte(e.Event), Proof: e.Proof})
		}
	}
	if w.Confirmations != nil {
		if n := len(*w.Confirmations); n == 0 || n > MaxGrounds {
			f.At("/confirmations", "length", "must have 1 to %d statements, or be left out", MaxGrounds)
			return
		}
		for _, s := range *w.Confirmations {
			b.Confirmations = append(b.Confirmations, Statement{Index: s.Index, Entry: []byte(s.Entry), Body: []byte(s.Body), Proof: s.Proof})
		}
	}
}

// openGrounds proves authorisations like any event and confirmations like any statement, and
// files what holds by what an event names it by.
func (c *checker) openGrounds() {
	c.granted, c.confirmed, c.rested = map[id.Event][]event.Event{}, map[id.Hash]statement.Confirmation{}, map[string]bool{}
	c.grounds = make([]opened, len(c.b.Grounds))
	c.o.Each(len(c.grounds), func(i int) { c.grounds[i] = c.open(c.b.Grounds[i]) })
	c.gather(c.grounds)
	last := int64(-1)
	for i := range c.grounds {
		o, index := &c.grounds[i], c.b.Grounds[i].Index
		if index <= last {
			c.fail(CheckForm, o.where(), "代签依据不按日志次序排列", fmt.Sprintf("Ground %d stands after entry %d.", index, last))
		}
		last = max(last, index)
		of := o.event.ID
		if d, ok := o.event.Data.(event.Withdrawal); ok {
			of = d.Authorisation
		}
		switch t := o.event.Type; {
		case !o.eventRead || !o.entryRead || t != event.AuthorisationGiven && t != event.AuthorisationWithdrawn:
			c.fail(CheckGrounds, o.where(), "该事件不是授权，也不是撤回授权", "The event neither gives nor withdraws an authorisation, or cannot be read.")
		case len(o.broken) == 0 && !o.contested:
			c.granted[of] = append(c.granted[of], o.event)
		}
	}
	c.openConfirmations()
}

func (c *checker) openConfirmations() {
	c.inOrder(c.b.Confirmations, CheckGrounds, statement.KindConfirmation, "确认不按日志次序排列", "Confirmation", func(s Statement, sound bool) {
		x, err := statement.ParseConfirmation(s.Body)
		if err != nil {
			c.fail(CheckGrounds, &Where{Seq: s.Index}, "一次性码确认无法读取", sentence(err))
		} else if sound {
			c.confirmed[sha256.Sum256(s.Body)] = x
		}
	})
}

// checkGround holds an event that was signed in a source's place against what it rests on, with
// the states before it still in the world.
func (c *checker) checkGround(o *opened, e event.Event) {
	b := e.Behalf()
	if b.IsZero() {
		return
	}
	codes := make([]waste.Code, len(e.Batches))
	for i, x := range e.Batches {
		if codes[i] = c.world.Batch(x.ID).Code; e.Type == event.BatchGenerated {
			codes[i] = e.Data.(event.Generated).Code
		}
	}
	var err error
	var there bool
	if b.Authorisation.IsZero() {
		var x statement.Confirmation
		if x, there = c.confirmed[b.Confirmation]; there {
			err = source.Confirms(x, e, codes)
		}
		c.rested[b.Confirmation.String()] = true
	} else {
		var a source.Authorisation
		if a, there = source.Standing(c.granted[b.Authorisation]); there {
			err = a.Covers(e, codes)
		}
		c.rested[b.Authorisation.String()] = true
	}
	switch {
	case err != nil:
		c.count[CheckGrounds]++
		c.fail(CheckGrounds, o.where(), "代签超出了授权或确认的范围", sentence(err))
	case there:
		c.count[CheckGrounds]++
	default: // a file from before, or one from which it was left out: nobody can tell which
		c.r.Skipped = append(c.r.Skipped, Note{"ground-missing", fmt.Sprintf("第 %d 条代小微源签名，所依据的授权或确认不在文件内，未能检查", o.entry.Seq),
			fmt.Sprintf("Entry %d was signed in a source's place; the authorisation or confirmation that it rests on is not in this file and was not checked.", o.entry.Seq)})
	}
}

// idleGrounds finds what nothing in the file rests on, and says what the file cannot show.
func (c *checker) idleGrounds() {
	for of, list := range c.granted {
		if !c.rested[of.String()] {
			c.fail(CheckGrounds, nil, "文件内没有事件依据此授权："+of.String(), fmt.Sprintf("No event of the file rests on the authorisation %s (%d events).", of, len(list)))
		}
	}
	for of := range c.confirmed {
		if !c.rested[of.String()] {
			c.fail(CheckGrounds, nil, "文件内没有事件依据此确认："+of.String(), "No event of the file rests on the confirmation "+of.String()+".")
		}
	}
	if len(c.granted) > 0 {
		c.note("withdrawal", "授权若已撤回而撤回事件被略去，单凭本文件看不出来", "That an authorisation was withdrawn and the withdrawal left out cannot be told from this file.")
	}
}
