// Package archive takes the manifests and ledgers of the past in from spreadsheets. What
// it keeps is marked as imported, in tables of its own that only grow, with one statement
// in the log for each file: weaker evidence than a signed event, and never taken for one.
//
// It must not make an event, a batch or a posting out of a past record, and reads no file
// format: the caller brings rows of cells.
package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/past"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// Rows are a file's rows with their line numbers, the header first; io.EOF ends them.
type Rows interface {
	Next() (line int, cells []string, err error)
	Close() error
}

// Row is a record on its way into the store.
type Row struct {
	Line   int64
	Key    id.Hash
	Record past.Record
	Body   []byte
}

// Store keeps imports.
type Store interface {
	// Imported gives, of the keys that are kept, the hashes of their bodies.
	Imported(ctx context.Context, keys []id.Hash) (map[id.Hash]id.Hash, error)
	// KeepImport writes an import whole or not at all: the statement into the outbox, and
	// what fill gives. A key that is kept already is the fault conflict.
	KeepImport(ctx context.Context, im statement.Import, fill func(add func([]Row) error) error) error
}

// Request is one file.
type Request struct {
	Origin  past.Origin
	By      string  // account:…, command: an opaque word
	Reason  string  // where the records are from and why they are brought; at most MostReason characters
	File    id.Hash // SHA-256 of the file's bytes
	Mapping past.Mapping
	DryRun  bool
	Sheet   bool                // cells may be numbers of a workbook
	Decimal func(string) string // makes a workbook's float a decimal
	Open    func() (Rows, error)
	// Progress, when set, hears of lines read; the second time through is the writing.
	Progress func(lines int, writing bool)
}

// MostReason bounds a reason, in characters.
const MostReason = 200

// MostNotes bounds the notes that a report names; Bad counts them all.
const MostNotes = 1000

// Report says what an import did, or in a dry run would do.
type Report struct {
	Kind       past.Kind
	Columns    map[past.Field]string // what was found where
	Lines      int                   // below the header, empty ones not counted
	Added      int
	Unchanged  int         // kept already, from this file or another
	Bad        int         // lines with something wrong
	Unverified int         // codes that no edition in hand has on their day; kept all the same
	Grams      waste.Grams // of the lines added
	Digest     id.Hash     // of the lines added, as the statement has it
	Statement  id.Hash     // hash of the statement; zero when nothing was kept
	Notes      []past.Note
	Applied    bool // the file's records are kept now
}

// Service imports.
type Service struct {
	Store   Store
	Catalog *waste.Catalog
	Now     func() time.Time
}

// chunk is how many lines are compared or written at a time.
const chunk = 500

// Import reads a file twice: once to judge every line, and once more to write. It is all
// or nothing, in one transaction: a file with one bad line leaves nothing behind, and half
// a file can never be taken for a whole one. A line that is kept already with the same
// content is unchanged, so that a file may be sent again; with other content it is bad,
// for what was imported is not rewritten. Faults: invalid-import, too-large, unavailable.
func (s *Service) Import(ctx context.Context, q Request) (Report, error) {
	if utf8.RuneCountInString(q.Reason) > MostReason || strings.ContainsFunc(q.Reason, unicode.IsControl) || !utf8.ValidString(q.Reason) {
		return Report{Kind: q.Origin.Kind}, fault.New(fault.InvalidRequest, "The reason cannot be kept.").At("/reason", "length", "must have at most %d characters and be one line of text", MostReason)
	}
	q.Origin.Today = s.Now()
	rep := Report{Kind: q.Origin.Kind}
	if q.Decimal == nil {
		q.Decimal = func(cell string) string { return cell }
	}
	j := &judging{s: s, ctx: ctx, q: q, rep: &rep, met: map[[16]byte]int32{}, digest: past.NewDigest()}
	if err := s.each(ctx, q, &rep, false, j.row); err != nil {
		return rep, err
	}
	if err := j.settle(); err != nil {
		return rep, err
	}
	rep.Grams, rep.Digest = j.digest.Grams, j.digest.Sum()
	if rep.Bad > 0 || len(rep.Notes) > 0 || q.DryRun {
		return rep, nil
	}
	if rep.Added == 0 {
		rep.Applied = true
		return rep, nil
	}
	return rep, s.keep(ctx, q, j, &rep)
}

// keep writes what was judged, and sees to it that the file has not changed meanwhile.
func (s *Service) keep(ctx context.Context, q Request, j *judging, rep *Report) error {
	im := statement.Import{At: s.Now().UTC().Truncate(time.Millisecond), By: q.By, Kind: string(q.Origin.Kind), Party: q.Origin.Party, Site: q.Origin.Site,
		File: q.File, Lines: int64(rep.Lines), Rows: int64(rep.Added), Grams: int64(rep.Grams), Digest: rep.Digest, Reason: q.Reason}
	st, err := im.Statement()
	if err != nil {
		return err
	}
	err = s.Store.KeepImport(ctx, im, func(add func([]Row) error) error {
		again, n := past.NewDigest(), 0
		var rows []Row
		err := s.each(ctx, q, &Report{}, true, func(line int, r past.Record, notes []past.Note) error {
			n++
			if len(notes) > 0 || n > len(j.added) {
				return errChanged
			}
			if !j.added[n-1] {
				return nil
			}
			body, err := r.Body()
			if err != nil {
				return err
			}
			again.Add(int64(line), body, r.Grams)
			if rows = append(rows, Row{int64(line), r.Key(), r, body}); len(rows) < chunk {
				return nil
			}
			full := rows
			rows = nil
			return add(full)
		})
		if err == nil && len(rows) > 0 {
			err = add(rows)
		}
		if err == nil && again.Sum() != rep.Digest {
			err = errChanged
		}
		return err
	})
	if err == nil {
		rep.Applied, rep.Statement = true, st.Hash()
	}
	return err
}

var errChanged = fault.New(fault.InvalidImport, "The file changed while it was read; nothing was kept. 文件在读取期间被改动，未写入。")

// each reads the header and then every line.
func (s *Service) each(ctx context.Context, q Request, rep *Report, writing bool, do func(int, past.Record, []past.Note) error) error {
	rows, err := q.Open()
	if err != nil {
		return err
	}
	defer rows.Close()
	line, head, err := rows.Next()
	if errors.Is(err, io.EOF) {
		return fault.New(fault.InvalidImport, "The file is empty. 文件为空。")
	} else if err != nil {
		return err
	}
	layout, notes := past.Find(q.Origin.Kind, append([]string(nil), head...), q.Mapping)
	rep.Columns = map[past.Field]string{}
	for _, f := range past.Fields() {
		if c := layout.Column(f); c != "" {
			rep.Columns[f] = c
		}
	}
	if len(notes) > 0 {
		for _, n := range notes {
			n.Line = line
			rep.Notes = append(rep.Notes, n)
		}
		return nil
	}
	for n := 0; ; n++ {
		line, cells, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if n%1024 == 0 {
			if ctx.Err() != nil {
				return fault.Wrap(ctx.Err(), fault.Unavailable, "The import was broken off; nothing was kept.")
			}
			if q.Progress != nil {
				q.Progress(n, writing)
			}
		}
		rep.Lines++
		record, notes := past.Read(q.Origin, layout, line, cells, q.Sheet, q.Decimal)
		if err := do(line, record, notes); err != nil {
			return err
		}
	}
}

// judging is the first time through. It keeps sixteen bytes of each line's key.
type judging struct {
	s      *Service
	ctx    context.Context
	q      Request
	rep    *Report
	met    map[[16]byte]int32 // key: line
	added  []bool             // by the number of the line below the header
	digest *past.Digest
	wait   []waiting
}

type waiting struct {
	line int
	n    int
	key  id.Hash
	body []byte
	r    past.Record
}

func (j *judging) refuse(notes ...past.Note) {
	j.rep.Bad++
	if room := MostNotes - len(j.rep.Notes); room > 0 {
		j.rep.Notes = append(j.rep.Notes, notes[:min(room, len(notes))]...)
	}
}

func (j *judging) row(line int, r past.Record, notes []past.Note) error {
	n := len(j.added)
	j.added = append(j.added, false)
	if len(notes) > 0 {
		j.refuse(notes...)
		return nil
	}
	key := r.Key()
	short := [16]byte(key[:16])
	if before, twice := j.met[short]; twice {
		j.refuse(past.Note{Line: line, Code: "repeated", Detail: "is the same line as " + itoa(before), DetailZH: "与第 " + itoa(before) + " 行重复"})
		return nil
	}
	j.met[short] = int32(line)
	body, err := r.Body()
	if err != nil {
		return err
	}
	j.wait = append(j.wait, waiting{line, n, key, body, r})
	if len(j.wait) < chunk {
		return nil
	}
	return j.settle()
}

// settle compares the lines that wait with what is kept.
func (j *judging) settle() error {
	if len(j.wait) == 0 {
		return nil
	}
	keys := make([]id.Hash, len(j.wait))
	for i, w := range j.wait {
		keys[i] = w.key
	}
	kept, err := j.s.Store.Imported(j.ctx, keys)
	if err != nil {
		return err
	}
	for _, w := range j.wait {
		switch hash, there := kept[w.key]; {
		case there && hash == id.Hash(sha256.Sum256(w.body)):
			j.rep.Unchanged++
		case there:
			j.refuse(past.Note{Line: w.line, Code: "conflict", Detail: "was imported before with other content, and what was imported is not rewritten", DetailZH: "此前已导入且内容不同；已导入的记录不改写"})
		default:
			j.rep.Added++
			j.added[w.n] = true
			j.digest.Add(int64(w.line), w.body, w.r.Grams)
			if day, err := time.Parse(time.DateOnly, w.r.Day); err == nil {
				if _, known := j.s.Catalog.Lookup(w.r.Code, day); !known {
					j.rep.Unverified++
				}
			}
		}
	}
	j.wait = j.wait[:0]
	return nil
}

func itoa(n int32) string { return strconv.Itoa(int(n)) }
