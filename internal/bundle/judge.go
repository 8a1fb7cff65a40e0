package bundle

import (
	"fmt"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/rule"
)

// judge asks whether the key could sign then. By the maker's word alone that is one
// question. With the key's life there are two, because the log has an order: did the log
// take in the event although it knew better? That is broken. And what was told since?
// What is dated before a loss stays sound for ever, with a remark; what is dated after it
// was taken in in good faith, and is a finding until an authority decides.
func (c *checker) judge(ev event.Event, key *heldKey, o *opened, fail func(check, zh, en string)) {
	if key.life == nil {
		if err := key.asParty().Sound(ev.At); err != nil {
			fail(CheckValidity, inChinese(err), sentence(err))
		}
		return
	}
	seq := o.entry.Seq
	known, told := key.life.Before(seq)
	if !told {
		if !key.life.FromBefore() {
			fail(CheckValidity, "日志收录该事件时，密钥尚未登记", "The log took in the event before it had heard of the key.")
			return
		}
		known = key.life[:1].fold() // what the server knew of it when the life was begun
	}
	err := known.Sound(ev.At)
	if fault.Of(err) == fault.KeyContested {
		o.contested = true
		c.judgeKnown(known, ev, o, fail)
		return
	}
	if err != nil {
		fail(CheckValidity, inChinese(err), sentence(err))
		return
	}
	c.judgeSince(key.life.Whole(), ev, o)
}

// judgeKnown judges an event that was contested when the log took it in: it may be there
// only because it was admitted before.
func (c *checker) judgeKnown(known party.Key, ev event.Event, o *opened, fail func(check, zh, en string)) {
	r := c.rulings[o.entry.Hash]
	switch {
	case r == nil:
		fail(CheckValidity, "签名时间在密钥遗失之后、挂失之前，文件内没有准予收录的裁定",
			"The event is dated between the loss of the key and its report, and the file has no ruling that admits it.")
	case r.seq >= o.entry.Seq:
		fail(CheckValidity, "有争议的事件先于裁定收录", "The log took in the contested event before the ruling on it.")
	case r.Verdict != event.Admit:
		fail(CheckValidity, "裁定不予收录，日志仍收录了该事件", "The log took in an event that had been rejected.")
	default:
		o.remark(Admitted, ev, fmt.Sprintf("密钥自 %s 起视为遗失；主管部门裁定（第 %d 条）准予收录", moment(known.RevokedAt), r.seq),
			fmt.Sprintf("The key counts as lost from %s; a ruling (entry %d) admitted the event.", moment(known.RevokedAt), r.seq))
	}
}

// judgeSince judges an event that was sound when the log took it in by what was told of
// its key since.
func (c *checker) judgeSince(whole party.Key, ev event.Event, o *opened) {
	lost, end := moment(whole.RevokedAt), moment(whole.Valid.To)
	switch kind := fault.Of(whole.Sound(ev.At)); {
	case kind == "" && whole.RevokedAt.IsZero():
	case kind == "":
		o.remark(RevokedLater, ev, fmt.Sprintf("密钥后来被吊销，自 %s 起；该事件日期在此之前", lost),
			fmt.Sprintf("The key was revoked later, effective %s; this event is dated before.", lost))
	case kind == fault.KeyContested || kind == fault.KeyRevoked:
		o.contested = true
		c.judgeContestedSince(lost, ev, o)
	default:
		o.remark(EndedLater, ev, fmt.Sprintf("密钥的有效期后来改为至 %s；该事件收录时尚在其内", end),
			fmt.Sprintf("The key's time was changed later to end at %s; the event lay within it when it was taken in.", end))
	}
}

func (c *checker) judgeContestedSince(lost string, ev event.Event, o *opened) {
	r := c.rulings[o.entry.Hash]
	switch {
	case r == nil:
		o.finding(KeyContested, ev, fmt.Sprintf("密钥后来被吊销，自 %s 起视为遗失；该事件日期在此之后，尚无裁定", lost),
			fmt.Sprintf("The key was revoked later and counts as lost from %s; the event is dated after that, and nobody has ruled on it.", lost))
	case r.Verdict != event.Admit:
		o.finding(KeyContested, ev, fmt.Sprintf("密钥自 %s 起视为遗失；主管部门裁定（第 %d 条）该事件不算数", lost, r.seq),
			fmt.Sprintf("The key counts as lost from %s; a ruling (entry %d) says that the event does not count.", lost, r.seq))
	default:
		o.remark(Admitted, ev, fmt.Sprintf("密钥自 %s 起视为遗失；主管部门裁定（第 %d 条）该事件算数", lost, r.seq),
			fmt.Sprintf("The key counts as lost from %s; a ruling (entry %d) says that the event counts.", lost, r.seq))
	}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func (o *opened) said(code rule.Code, ev event.Event, zh, en string) rule.Finding {
	f := rule.Finding{Rule: code, Severity: rule.Remark, Owner: rule.Owner{Party: ev.Party, Part: rule.Signer}, Seq: o.entry.Seq, Event: ev.ID, ZH: zh, EN: en, Version: "key-life"}
	if len(ev.Batches) > 0 {
		f.Batch = ev.Batches[0].ID
	}
	return f
}

func (o *opened) remark(code rule.Code, ev event.Event, zh, en string) {
	o.remarks = append(o.remarks, o.said(code, ev, zh, en))
}

func (o *opened) finding(code rule.Code, ev event.Event, zh, en string) {
	f := o.said(code, ev, zh, en)
	f.Severity = rule.Open
	o.findings = append(o.findings, f)
}

// noteHistory says whose word the keys are, and up to when.
func (c *checker) noteHistory() {
	if len(c.b.Statements) == 0 {
		c.note("makers-word", "文件制作时间、密钥的设备名称、效期和吊销日期是制作者的陈述，日志中没有其证据",
			"When the file was made, and a key's device name, validity and revocation dates, are the maker's word: the log holds no evidence of them.")
		return
	}
	c.note("makers-word", "文件制作时间是制作者的陈述，日志中没有其证据", "When the file was made is the maker's word: the log holds no evidence of it.")
	if c.proven {
		c.note("key-history", fmt.Sprintf("密钥的持有人、效期和吊销取自日志，截至日志第 %d 条。其后的吊销无法从本文件得知；某密钥最新的经历若被略去，单凭本文件也看不出来", c.head.Size),
			fmt.Sprintf("Whose the keys are, their validity and revocations are the log's word, as of %d entries. A revocation after that cannot be known from this file, nor whether the newest of a key's life was left out.", c.head.Size))
	}
	if len(c.b.Rulings) > 0 {
		c.note("rulings-authority", "裁定单位是否为主管部门，由日志在收录时核对", "That whoever ruled is an authority was judged by the log at intake.")
	}
	c.noteLives()
}

// noteLives names the keys whose lives begin with the server's word.
func (c *checker) noteLives() {
	for _, k := range c.b.Keys {
		h := c.keys[k.Kid]
		if h.life == nil || !h.life.FromBefore() {
			continue
		}
		c.note("key-from-before", fmt.Sprintf("密钥 %s 登记于经历入日志之前，其首章（第 %d 条）是服务器的陈述", k.Kid, h.life[0].Seq),
			fmt.Sprintf("The key %s was enrolled before lives of keys were in the log; its first chapter (entry %d) is the server's word.", k.Kid, h.life[0].Seq))
	}
}
