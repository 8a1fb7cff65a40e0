package audit

import (
	"crypto/sha256"
	"fmt"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
)

// Not every column of the quarantine can be derived: when something came in, and why it
// was refused then, is said nowhere else. What can be is checked: the bytes against their
// hash, the signature, the event's id, the state against the log, the subjects.

// takeHeld notes what is in quarantine, so that the walk over the log can say which of it
// is in the log.
func (c *checker) takeHeld() error {
	return c.in.HeldRows(func(h Held) error {
		c.held[h.Hash] = -1
		return nil
	})
}

// heldRows checks every row of the quarantine.
func (c *checker) heldRows() error {
	return c.in.HeldRows(func(h Held) error {
		c.r.Held++
		place := fmt.Sprintf("quarantine %s", h.Hash)
		if id.Hash(sha256.Sum256(h.Body)) != h.Hash {
			c.r.say(AreaQuarantine, place, "隔离区原文被改动", "the bytes are not those that came")
			return nil
		}
		if err := c.heldEvent(place, h); err != nil {
			return err
		}
		c.heldState(place, h)
		return nil
	})
}

// heldState holds what a row says became of its event against the log.
func (c *checker) heldState(place string, h Held) {
	seq := c.held[h.Hash]
	rejected := c.rulings[h.Hash].verdict == event.Reject
	switch h.State {
	case "waiting", "admitted", "rejected":
	default:
		c.r.say(AreaQuarantine, place, "隔离状态不明", "its state is neither waiting nor admitted nor rejected")
		return
	}
	switch {
	case h.State == "admitted" && seq < 0:
		c.r.say(AreaQuarantine, place, "标为已入链，但日志中没有", "it is said to be entry %d, but it is not in the log", h.Seq)
	case h.State == "admitted" && h.Seq != seq:
		c.r.say(AreaQuarantine, place, "所记日志序号有误", "it is said to be entry %d, but it is entry %d", h.Seq, seq)
	case h.State != "admitted" && (seq >= 0 || h.Seq != -1):
		c.r.say(AreaQuarantine, place, "标为未入链，但已在日志中", "it is said to be %s, but the log or its row says that it is in the log", h.State)
	case h.State == "waiting" && rejected:
		c.r.say(AreaQuarantine, place, "标为等待，但已被裁定不予采信", "it is said to wait, but a ruling has rejected it")
	case h.State == "rejected" && !rejected:
		c.r.say(AreaQuarantine, place, "标为不予采信，但日志中没有这样的裁定", "it is said to be rejected, but no ruling in the log says so")
	}
}

// heldEvent checks what a row says of its event.
func (c *checker) heldEvent(place string, h Held) error {
	// Its key may have been revoked or limited after it came in, so only whose it is counts.
	o := c.verify(ledger.Kept{Body: h.Body})
	if o.err != nil {
		return o.err
	}
	if err := c.signer(o); err != nil {
		c.r.say(AreaQuarantine, place, "隔离事件的签名或密钥不成立", "%v", err)
		return nil
	}
	if o.event.ID != h.Event {
		c.r.say(AreaQuarantine, place, "事件编号列被改动", "the row's event id is not the event's")
	}
	switch fault.Kind(h.Kind) {
	case fault.WrongStage, fault.NotCustodian, fault.SeenUnknown, fault.KeyContested:
	default:
		c.r.say(AreaQuarantine, place, "隔离原因不明", "nothing is held for the reason %q", h.Kind)
	}
	if h.ReceivedAt.UnixMilli() < 0 || h.Detail == "" {
		c.r.say(AreaQuarantine, place, "隔离记录不完整", "it lacks the time or the reason")
	}
	return nil
}

// integrity asks the database itself: an index that lost a row answers wrongly although
// every table is whole.
func (c *checker) integrity() error {
	return c.in.Integrity(func(problem string) error {
		c.r.say(AreaDatabase, "database", "数据库内部结构损坏", "%s", problem)
		return nil
	})
}

// heldSubjects checks for what each held event waits: without its subjects it would
// never be tried again.
func (c *checker) heldSubjects() error {
	want := map[string]bool{}
	key := func(subject string, h id.Hash) string { return fmt.Sprintf("%s/%s", h, subject) }
	err := c.in.HeldRows(func(h Held) error {
		_, ev, err := open(h.Body)
		if err != nil {
			return nil // said already
		}
		for _, b := range ev.Touched() {
			want[key(b.String(), h.Hash)] = true
		}
		if !ev.Manifest.IsZero() {
			want[key(ev.Manifest.String(), h.Hash)] = true
		}
		for _, x := range ev.Bound() {
			want[key(x.String(), h.Hash)] = true
		}
		if fault.Kind(h.Kind) == fault.KeyContested {
			want[key(ev.ID.String(), h.Hash)] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	return differ(c, AreaQuarantine, "quarantine subject", want, func(met func(string, bool)) error {
		return c.in.HeldSubjects(func(subject string, h id.Hash) error {
			met(key(subject, h), true)
			return nil
		})
	})
}
