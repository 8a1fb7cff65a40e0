package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/signature"
)

// openCheckpoint proves the head with the reader's key of the log, or the file's own.
func (c *checker) openCheckpoint() {
	c.count[CheckCheckpoint]++
	v, err := c.logKey()
	if err != nil {
		c.fail(CheckCheckpoint, nil, "日志公钥无法使用", sentence(err))
		return
	}
	head, err := merkle.OpenCheckpoint(c.b.Checkpoint, v)
	if err != nil {
		c.fail(CheckCheckpoint, nil, "检查点不是由该日志密钥签名的", sentence(err))
		return
	}
	c.head, c.proven = head, true
	if v.Name() != c.b.Origin {
		c.fail(CheckCheckpoint, nil, "文件所称日志名称与检查点不同", fmt.Sprintf("The file says the log is another one than %s.", v.Name()))
	}
	if head.Size != c.b.Size {
		c.fail(CheckCheckpoint, nil, "文件所称日志条数与检查点不同", fmt.Sprintf("The file says %d entries, the checkpoint %d.", c.b.Size, head.Size))
	}
	others, ok := signatureLines(c.b.Checkpoint)
	if !ok {
		c.fail(CheckCheckpoint, nil, "检查点的签名行不是规定的写法", "A signature line of the checkpoint is not in its one spelling.")
	}
	if others > 1 {
		c.note("cosignatures", fmt.Sprintf("检查点另有 %d 个签名，未检查", others-1), fmt.Sprintf("The checkpoint has %d further signatures, which were not checked.", others-1))
	}
}

// CheckVKey says whether a text can be used as Options.Trusted. The fault is
// invalid-request.
func CheckVKey(vkey string) error {
	_, err := merkle.ParseVKey(vkey)
	return err
}

// signatureLines counts the signature lines of a note and says whether each is strict
// base64: the note package would let the unused bits of the last digit pass.
func signatureLines(signed []byte) (n int, ok bool) {
	i := bytes.LastIndex(signed, []byte("\n\n"))
	if i < 0 {
		return 0, false
	}
	for line := range strings.Lines(string(signed[i+2:])) {
		n++
		_, b64, found := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(line, "— "), "\n"), " ")
		if _, err := base64.StdEncoding.Strict().DecodeString(b64); !found || err != nil {
			return n, false
		}
	}
	return n, n > 0
}

// open checks one entry alone. It is called in parallel and only reads the checker.
func (c *checker) open(e Entry) opened {
	o := opened{entry: ledger.Entry{Seq: e.Index}, leaf: ledger.LeafOf(e.Entry)}
	fail := func(check, zh, en string) {
		o.broken = append(o.broken, Line{Check: check, Count: 1, ZH: zh, EN: en, Where: o.where()})
	}
	if entry, err := ledger.ParseEntry(e.Entry); err != nil {
		fail(CheckEntry, "日志条目已损坏或被改动", sentence(err))
	} else {
		o.entry, o.entryRead = entry, true
	}
	// An entry of a kind that is not known here keeps bytes of another sort, which are
	// left alone; their hash still has to be right.
	if !o.entryRead || o.entry.Kind == ledger.KindEvent {
		c.readEvent(e, &o, fail)
	}
	o.checked = append(o.checked, CheckEntry)
	if o.entryRead {
		c.matchEntry(e, &o, fail)
	}
	if c.proven {
		o.checked = append(o.checked, CheckInclusion)
		if err := merkle.CheckInclusion(c.head, e.Index, o.leaf, e.Proof); err != nil {
			fail(CheckInclusion, "条目不在检查点的日志树中", sentence(err))
		}
	}
	return o
}

// matchEntry holds the log entry against the file and the event that it stands for.
func (c *checker) matchEntry(e Entry, o *opened, fail func(check, zh, en string)) {
	if o.entry.Seq != e.Index {
		fail(CheckEntry, "条目序号与文件所列不同", fmt.Sprintf("The entry says that it is number %d, the file %d.", o.entry.Seq, e.Index))
	}
	if id.Hash(sha256.Sum256(e.Event)) != o.entry.Hash {
		fail(CheckEntry, "事件内容与日志条目的散列不符", "The event is not the one whose hash is in the log entry.")
	}
	if !o.eventRead {
		return
	}
	touched := o.event.Touched()
	same := len(o.entry.Links) == len(touched)
	for i := 0; same && i < len(o.entry.Links); i++ {
		same = o.entry.Links[i].Batch == touched[i]
	}
	if !same {
		fail(CheckEntry, "条目所连批次与事件所列不同", "The entry links other batches than the event names.")
	}
}

// readEvent reads the event and judges its signature and signer.
func (c *checker) readEvent(e Entry, o *opened, fail func(check, zh, en string)) {
	o.checked = append(o.checked, CheckSignature)
	signed, err := signature.Open(e.Event, signature.TypEvent)
	if err != nil {
		fail(CheckSignature, inChinese(err), sentence(err))
		return
	}
	ev, err := event.Parse(signed.Payload)
	if err != nil {
		fail(CheckSignature, inChinese(err), sentence(err))
	} else {
		o.event, o.eventRead = ev, true
	}
	key, ok := c.keys[signed.Kid]
	if !ok {
		fail(CheckSignature, "签名密钥不在文件内", "The key that signed is not in the file.")
		return
	}
	o.key = key
	if key.bad {
		fail(CheckSignature, "签名密钥有误，签名无法核实", "The key that signed is damaged in the file, so the signature proves nothing.")
		return
	}
	if err := signed.Verify(key.public); err != nil {
		fail(CheckSignature, inChinese(err), sentence(err))
	}
	if o.eventRead {
		c.checkSigner(ev, key, o, fail)
	}
}

// checkSigner asks whether the key could sign then, and for this person.
func (c *checker) checkSigner(ev event.Event, key *heldKey, o *opened, fail func(check, zh, en string)) {
	o.checked = append(o.checked, CheckValidity, CheckSigner)
	c.judge(ev, key, o, fail)
	if key.Party != ev.Party || key.Person != ev.Person {
		fail(CheckSigner, "密钥属于另一单位或另一经办人", "The key belongs to another party or person than the event names.")
	}
}
