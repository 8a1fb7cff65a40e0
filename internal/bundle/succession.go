package bundle

import (
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/fault"
	"liandan/internal/merkle"
)

// succession writes the member of Bundle.Succession, which a file without any lacks: most
// logs never change their key, and files from before logs could do so stay as they are.
func (l *lines) succession(b Bundle) {
	if len(b.Succession) == 0 {
		return
	}
	notes := make([]string, len(b.Succession))
	for i, n := range b.Succession {
		notes[i] = string(n)
	}
	l.member(" ", "succession", notes)
}

func (w wire) succession(b *Bundle, f *fault.Error) {
	if w.Succession == nil {
		return
	}
	if n := len(*w.Succession); n == 0 || n > merkle.MaxSuccessions {
		f.At("/succession", "length", "must have 1 to %d notes, or be left out", merkle.MaxSuccessions)
		return
	}
	for i, n := range *w.Succession {
		if n == "" || len(n) > merkle.MaxSuccession {
			f.At(fmt.Sprintf("/succession/%d", i), "length", "must have 1 to %d bytes", merkle.MaxSuccession)
		}
		b.Succession = append(b.Succession, []byte(n))
	}
}

// logKey chooses the key that must have signed the checkpoint: the reader's, or the
// file's when successions lead from the one to the other, or the file's own when the
// reader brought none.
func (c *checker) logKey() (note.Verifier, error) {
	if c.b.Succession != nil {
		c.succession()
	}
	trusted := c.o.Trusted
	if trusted == "" || trusted == c.b.VKey && len(c.o.Succession) == 0 {
		return merkle.ParseVKey(c.b.VKey)
	}
	keys, err := merkle.Verifiers(trusted, append(append([][]byte{}, c.o.Succession...), c.b.Succession...))
	if err == nil && keys.Knows(c.b.VKey) {
		c.followed(keys)
		return merkle.ParseVKey(c.b.VKey)
	}
	if trusted != c.b.VKey {
		c.fail(CheckCheckpoint, nil, "文件所列日志公钥与您信任的不同", "The file names another log key than the one that you trust.")
	}
	if err != nil {
		c.fail(CheckCheckpoint, nil, "日志密钥的更替不成立", sentence(err))
	}
	return merkle.ParseVKey(trusted)
}

// succession checks the file's own notes. They are in the order of the log and lead to or
// from the key that the file names, whether somebody needs them or not.
func (c *checker) succession() {
	keys, err := merkle.Verifiers(c.b.VKey, c.b.Succession)
	if err != nil {
		c.fail(CheckCheckpoint, nil, "文件所附日志密钥的更替不成立", sentence(err))
		return
	}
	steps := keys.Steps()
	for i, n := range c.b.Succession {
		if s, err := merkle.OpenSuccession(n); err != nil || i >= len(steps) || s != steps[i] {
			c.fail(CheckCheckpoint, nil, "文件所附日志密钥的更替次序不对或重复", "The successions of the log's key in the file are not in their order, each once.")
			return
		}
	}
}

// followed says which keys the reader's trust went over, and when the file's key was
// given up: what it signed since then, if anything, is not the log's.
func (c *checker) followed(keys merkle.Keys) {
	const day = "2006-01-02T15:04:05Z"
	path := keys.Path(c.b.VKey)
	for _, s := range path {
		from, to, at := merkle.ShortKey(s.Old), merkle.ShortKey(s.New), s.At.Format(day)
		c.note("log-key-succession", fmt.Sprintf("日志密钥曾更替：%s → %s（%s），两把密钥均签名认可", from, to, at),
			fmt.Sprintf("The log changed its key: %s → %s (%s); both keys signed for it.", from, to, at))
	}
	if len(path) > 0 {
		c.note("log-key-followed", fmt.Sprintf("循更替由您信任的密钥 %s 至检查点的密钥 %s", merkle.ShortKey(c.o.Trusted), merkle.ShortKey(c.b.VKey)),
			fmt.Sprintf("The successions lead from the key that you trust, %s, to the checkpoint's, %s.", merkle.ShortKey(c.o.Trusted), merkle.ShortKey(c.b.VKey)))
	}
	for _, s := range keys.Steps() {
		if s.Old == c.b.VKey {
			c.note("log-key-given-up", fmt.Sprintf("检查点的密钥 %s 已于 %s 停用；若本文件制作于此后，请向日志另取一份", merkle.ShortKey(s.Old), s.At.Format(day)),
				fmt.Sprintf("The checkpoint's key %s was given up on %s. Should this file have been made after that, get it from the log anew.", merkle.ShortKey(s.Old), s.At.Format(day)))
		}
	}
}
