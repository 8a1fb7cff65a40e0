package attest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"liandan/internal/bundle"
	"liandan/internal/division"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/logfile"
	"liandan/internal/merkle"
	"liandan/internal/statement"
)

// Options is what Verify is given beside the files.
type Options struct {
	// Trusted is the log's verifier key as the reader knows it. There is no check without.
	Trusted string
	// Succession are notes by which the log's key was succeeded, as the reader has them;
	// those in the export are followed too.
	Succession [][]byte
	// Each runs do for 0..n-1, perhaps in parallel; nil: one after the other.
	Each func(n int, do func(i int))
	// Progress hears how far the work is, of two walks over the export; nil: nobody does.
	Progress func(done, all int64)
}

// Verify checks an export of a log, and with it a statement of figures; signed may be nil,
// and then the log alone is checked. What does not hold is in the report. The fault, of a
// statement or key that cannot be read at all, is invalid-request.
func Verify(signed []byte, f *logfile.File, o Options) (Report, error) {
	if o.Each == nil {
		o.Each = func(n int, do func(int)) {
			for i := range n {
				do(i)
			}
		}
	}
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	if _, err := merkle.ParseVKey(o.Trusted); err != nil {
		return Report{}, err
	}
	v := &verifier{f: f, o: o, book: indicator.NewBook(division.RunByCity), lives: map[string]bundle.Life{}}
	v.r = Report{Origin: f.Origin, Size: f.Size, Lines: []Line{}, Mismatches: []Mismatch{}, Notes: []bundle.Note{}}
	if signed != nil {
		s, err := Read(signed)
		if err != nil {
			return v.r, err
		}
		v.r.Stated, v.at = &s, s.Size
	}
	if v.at == 0 || v.at > f.Size {
		v.at = f.Size
	}
	walked := v.first()
	keys := v.trust()
	v.openExport(keys, walked)
	ok := true
	if signed != nil {
		ok = v.openStatement(signed, keys)
	}
	if walked == nil {
		v.second(ok)
	}
	v.r.conclude()
	return v.r, nil
}

// VerifyAlone checks of a statement what can be checked without an export of the log: that
// keys of the log signed it and its checkpoint. Its figures are then nobody's but the
// signer's, and the report says that they were not computed. Faults as of Verify.
func VerifyAlone(signed []byte, o Options) (Report, error) {
	if _, err := merkle.ParseVKey(o.Trusted); err != nil {
		return Report{}, err
	}
	s, err := Read(signed)
	if err != nil {
		return Report{}, err
	}
	v := &verifier{o: o}
	v.r = Report{Stated: &s, Lines: []Line{}, Mismatches: []Mismatch{}, Notes: []bundle.Note{}}
	v.openSigned(signed, v.trust())
	v.r.line(CheckFigures, 0, "未给出日志导出文件，未重新计算", cannot("No export of the log was given, so nothing was computed. With one of %d entries or more: liandan-verify --log-key VKEY --log EXPORT --statement FILE", s.Size))
	v.r.conclude()
	return v.r, nil
}

// verifier is the work on one export.
type verifier struct {
	f *logfile.File
	o Options
	r Report

	at    int64 // the size that figures are computed at
	then  merkle.Head
	whole merkle.Head
	last  int64 // when entry at-1 was recorded, Unix milliseconds

	book   *indicator.Book
	lives  map[string]bundle.Life
	notes  [][]byte // successions of the log's key in the export
	broken []string // of contents
	n      int64
}

// maxNamed bounds how many damaged places are named.
const maxNamed = 5

func (v *verifier) damaged(seq int64, format string, args ...any) {
	if v.n++; len(v.broken) < maxNamed {
		v.broken = append(v.broken, fmt.Sprintf("entry %d: ", seq)+fmt.Sprintf(format, args...))
	}
}

// first walks the export: the tree, the hashes, and what the log says beside events.
func (v *verifier) first() error {
	tree := merkle.NewTree(0, func(merkle.TileID, int) ([]byte, error) { return nil, errors.New("it is not kept") }, 0)
	err := v.f.Walk(func(seq, _ int64, l logfile.Line) error {
		if seq%4096 == 0 {
			v.o.Progress(seq, 2*v.f.Size)
		}
		if _, err := tree.Append([]id.Hash{ledger.LeafOf(l.Entry)}); err != nil {
			return err
		}
		v.learn(seq, l)
		if seq+1 != v.at {
			return nil
		}
		var err error
		v.then, err = tree.Head()
		return err
	})
	if err == nil {
		v.whole, err = tree.Head()
	}
	return err
}

func (v *verifier) learn(seq int64, l logfile.Line) {
	e, err := ledger.ParseEntry(l.Entry)
	switch {
	case err != nil:
		v.damaged(seq, "%s", fault.As(err).Sentence)
		return
	case e.Seq != seq:
		v.damaged(seq, "it says that it is number %d", e.Seq)
		return
	case id.Hash(sha256.Sum256(l.Body)) != e.Hash:
		v.damaged(seq, "its content is not the one whose hash is in the log")
		return
	}
	if seq+1 == v.at {
		v.last = e.RecordedAt.UnixMilli()
	}
	switch e.Kind {
	case statement.KindFact:
		fact, err := indicator.ParseFact(l.Body)
		if err != nil {
			v.damaged(seq, "a register fact cannot be read")
			return
		}
		v.book.Add(seq, fact)
	case statement.KindKey:
		k, err := statement.ParseKey(l.Body)
		if err == nil {
			v.lives[k.Kid], err = v.lives[k.Kid].Extend(seq, l.Body)
		}
		if err != nil {
			v.damaged(seq, "%s", fault.As(err).Sentence)
		}
	case statement.KindLogKey:
		v.notes = append(v.notes, l.Body)
	}
}

// trust follows the successions of the log's key from the one that the reader knows.
func (v *verifier) trust() merkle.Keys {
	keys, err := merkle.Verifiers(v.o.Trusted, append(slices.Clone(v.o.Succession), v.notes...))
	if err == nil {
		return keys
	}
	v.r.note("succession", "日志密钥的更替不成立，只认您给出的密钥", "The successions of the log's key do not hold, so only the key that you gave is believed: "+fault.As(err).Sentence)
	keys, _ = merkle.Verifiers(v.o.Trusted, nil) // the key was read before
	return keys
}

// openExport judges the export as a whole.
func (v *verifier) openExport(keys merkle.Keys, walked error) {
	if walked != nil {
		v.r.line(CheckExport, int(v.f.Size), "导出文件不完整或已被改动", walked)
		return
	}
	head, vkey, err := keys.OpenCheckpoint([]byte(v.f.Checkpoint))
	switch {
	case err != nil:
		v.r.line(CheckExport, int(v.f.Size), "导出文件的检查点不是由您信任的日志密钥签名的：可能是另一日志", err)
		return
	case head.Size != v.f.Size || head.Root != v.f.Root || vkey != v.f.VKey || !strings.HasPrefix(vkey, v.f.Origin+"+"):
		err = wrong("The header of the export names another log, head or key than its checkpoint.")
	case head != v.whole:
		err = wrong("The entries of the export are not those of its checkpoint: an entry was altered, left out or put in.")
	}
	v.r.line(CheckExport, int(v.f.Size), "导出文件的条目与其检查点不符：条目被改动、略去或添加", err)
	err = nil
	if v.n > 0 {
		err = wrong("%d entries are damaged: %s", v.n, strings.Join(v.broken, "; "))
	}
	v.r.line(CheckContents, int(v.f.Size), fmt.Sprintf("有 %d 条内容已损坏或被改动", v.n), err)
}

// openSigned judges who signed the statement and its checkpoint.
func (v *verifier) openSigned(signed []byte, keys merkle.Keys) {
	s, err := Open(signed, keys)
	v.r.line(CheckStatement, 1, "陈述不是由该日志的密钥签名的，或已被改动", err)
	if err == nil {
		v.givenUp(s, keys)
	}
	stated := v.r.Stated
	head, _, err := keys.OpenCheckpoint([]byte(stated.Checkpoint))
	if err == nil && (head.Size != stated.Size || head.Root != stated.Root) {
		err = wrong("The statement names another head than its checkpoint.")
	}
	v.r.line(CheckCheckpoint, 1, "检查点不是由该日志的密钥签名的，或与陈述所称不符", err)
}

// openStatement judges the statement against the log; false: it is not of this log, or the
// log is too short, and there is nothing to compare.
func (v *verifier) openStatement(signed []byte, keys merkle.Keys) bool {
	v.openSigned(signed, keys)
	stated := v.r.Stated
	var err error
	zh := "导出文件不是陈述所据的日志"
	switch {
	case stated.Size > v.f.Size:
		zh = fmt.Sprintf("陈述所据日志为 %d 条，导出文件只有 %d 条：请重新导出", stated.Size, v.f.Size)
		err = cannot("The statement knows %d entries of the log; the export has %d only. Export the log again, up to %d or more.", stated.Size, v.f.Size, stated.Size)
	case v.then.Size == stated.Size && v.then.Root != stated.Root:
		err = wrong("The export is not of the log that the statement knew: at %d entries its root is %s, the statement says %s.", stated.Size, v.then.Root, stated.Root)
	case v.then.Size != stated.Size:
		zh = "导出文件读不到陈述所据之处"
		err = cannot("The export cannot be read as far as the statement goes.")
	}
	return v.r.line(CheckSameLog, 1, zh, err)
}

// givenUp notes that a statement's key has a successor.
func (v *verifier) givenUp(s Signed, keys merkle.Keys) {
	for _, step := range keys.Steps() {
		if step.Old == s.VKey {
			at := spell(step.At)
			v.r.note("log-key-given-up", fmt.Sprintf("签名密钥 %s 已于 %s 停用；若本陈述制作于此后，请向日志另取一份", merkle.ShortKey(s.VKey), at),
				fmt.Sprintf("The key %s was given up at %s. Should this statement have been made after that, get it from the log anew.", merkle.ShortKey(s.VKey), at))
		}
	}
}
