package audit

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/merkle"
)

// The log changes its key by a succession, which is an entry of the log. A checkpoint
// from before is signed by an older key for ever, and another server of the same log may
// already sign with a newer one than this server was started with.

// successions are the notes in the log by which its key was succeeded, in its order.
func successions(r Reader) (notes [][]byte, err error) {
	kept, err := r.LogKeys()
	for _, k := range kept {
		notes = append(notes, k.Body)
	}
	return notes, err
}

// carried are the successions that an evidence file takes along, so that who knows an
// older key can check it. They must hold and be of the key that signed the file's
// checkpoint, else the whole file would be refused by its readers. The fault is damaged.
func carried(r Reader, vkey string) ([][]byte, error) {
	notes, err := successions(r)
	if err == nil {
		_, err = merkle.Verifiers(vkey, notes)
	}
	return notes, err
}

// Succession is the log's successions as one file, see merkle.JoinSuccessions; empty for
// a log that never changed its key.
func (s *Service) Succession(ctx context.Context) (file []byte, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		notes, err := successions(r)
		file = merkle.JoinSuccessions(notes)
		return err
	})
	return file, err
}

// signed opens a checkpoint of this log, whichever of its keys signed it, and gives that
// verifier key. The fault is damaged.
func (s *Service) signed(r Reader, checkpoint []byte) (merkle.Head, string, error) {
	if h, err := merkle.OpenCheckpoint(checkpoint, s.Verifier); err == nil {
		return h, s.VKey, nil
	}
	notes, err := successions(r)
	if err != nil {
		return merkle.Head{}, "", err
	}
	keys, err := merkle.Verifiers(s.VKey, notes)
	if err != nil {
		return merkle.Head{}, "", err
	}
	return keys.OpenCheckpoint(checkpoint)
}

// keyLine is the keys of the log over its length, as a check finds them.
type keyLine struct {
	keys  merkle.Keys
	steps []keyStep // in the order of the log
	first string    // verifier key in force at the log's beginning
}

type keyStep struct {
	seq int64
	to  string // verifier key
}

// keyLine reads the log's successions once. Notes that do not lead to this server's key
// are damage, and then that key alone is believed.
func (c *checker) keyLine() (*keyLine, error) {
	if c.line != nil {
		return c.line, nil
	}
	kept, err := c.in.LogKeys()
	if err != nil {
		return nil, err
	}
	alone, err := merkle.Verifiers(c.s.VKey, nil)
	if err != nil {
		return nil, err
	}
	c.line = &keyLine{keys: alone, first: c.s.VKey}
	var notes [][]byte
	for _, k := range kept {
		if _, err := merkle.OpenSuccession(k.Body); err != nil {
			c.r.say(AreaEntry, fmt.Sprintf("entry %d", k.Seq), "日志密钥更替的记录不成立", "%v", err)
			return c.line, nil
		}
		notes = append(notes, k.Body)
	}
	keys, err := merkle.Verifiers(c.s.VKey, notes)
	if err != nil {
		c.r.say(AreaHead, "log keys", "日志密钥的更替前后不相接", "%v", err)
		return c.line, nil
	}
	steps := keys.Steps()
	if len(steps) != len(kept) {
		c.r.say(AreaHead, "log keys", "日志密钥的更替重复", "a succession of the log's key stands in the log twice")
		return c.line, nil
	}
	line := &keyLine{keys: keys, first: keys.VKeys()[0]}
	for i, k := range kept {
		if s, err := merkle.OpenSuccession(k.Body); err != nil || s != steps[i] {
			c.r.say(AreaEntry, fmt.Sprintf("entry %d", k.Seq), "日志密钥的更替次序不对", "the successions of the log's key are not in their order")
			return c.line, nil
		}
		line.steps = append(line.steps, keyStep{k.Seq, steps[i].New})
	}
	c.line = line
	return line, nil
}

// after is the key that must sign the head which follows a head of that size: a
// succession is sealed by the old key, and everything behind it by the new one.
func (l *keyLine) after(size int64) string {
	vkey := l.first
	for _, s := range l.steps {
		if s.seq < size {
			vkey = s.to
		}
	}
	return vkey
}

// signature says what is wrong with the checkpoint of a head, if anything is.
func (c *checker) signature(h merkle.Head, before int64, checkpoint []byte) {
	place := fmt.Sprintf("head %d", h.Size)
	vkey := c.line.after(before)
	v, err := merkle.ParseVKey(vkey)
	if err == nil {
		var signed merkle.Head
		if signed, err = merkle.OpenCheckpoint(checkpoint, v); err == nil && signed != h {
			err = fmt.Errorf("it is of another head")
		}
	}
	if err == nil {
		if !oneSpelling(h, checkpoint, v) {
			c.r.say(AreaHead, place, "检查点的字节被改动", "its checkpoint is signed, but not in the spelling in which it was published")
		}
		return
	}
	if _, by, err := c.line.keys.OpenCheckpoint(checkpoint); err == nil && by != vkey {
		c.r.say(AreaHead, place, "检查点不是由当时有效的日志密钥所签", "its checkpoint is signed by a key of the log that was not in force there")
		return
	}
	c.r.say(AreaHead, place, "检查点签名不成立", "its checkpoint is not signed by the log's key for this head")
}

// oneSpelling says whether a checkpoint is to the byte what this log writes: base64 has
// bits at its end that a lenient reader passes over, and a note may carry lines of others.
func oneSpelling(h merkle.Head, checkpoint []byte, v note.Verifier) bool {
	n, err := note.Open(checkpoint, note.VerifierList(v))
	if err != nil || len(n.Sigs) != 1 || n.Text != h.Checkpoint(v.Name()) {
		return false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64)
	if err != nil {
		return false
	}
	want := fmt.Appendf(nil, "%s\n\u2014 %s %s\n", n.Text, n.Sigs[0].Name, base64.StdEncoding.EncodeToString(raw))
	return bytes.Equal(checkpoint, want)
}
