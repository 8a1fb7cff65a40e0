package audit

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/id"
	former "liandan/internal/past"
	"liandan/internal/standbook"
	"liandan/internal/statement"
)

// imported takes note of an import that the log tells of, or will.
func (c *checker) imported(st statement.Statement) error {
	im, err := statement.ParseImport(st.Body)
	if err == nil {
		c.imports[st.Hash()] = im
	}
	return err
}

// ImportColumns are the columns that repeat what an imported record says, as one text.
func ImportColumns(r former.Record) string {
	return fmt.Sprintf("%s\n%s\n%s\n%d", r.Party, r.Site, strings.Join([]string{string(r.Kind), r.Day, r.Number, string(r.Code)}, "\n"), r.Grams)
}

// importRows holds the imported records against the statements: each statement's records
// are there, whole and unchanged, and there are none besides.
func (c *checker) importRows() error {
	rows := map[id.Hash]bool{}
	err := c.in.ImportRows(func(hash id.Hash, at int64, body []byte) error {
		place := "import " + hash.String()
		im, known := c.imports[hash]
		rows[hash] = true
		if !known {
			c.r.say(AreaImport, place, "导入记录在日志中没有声明", "the log has no statement of it")
		} else if id.Hash(sha256.Sum256(body)) != hash || im.At.UnixMilli() != at {
			c.r.say(AreaImport, place, "导入记录与声明不符", "the row is not what the statement says")
		}
		return nil
	})
	if err != nil {
		return err
	}
	digests, err := c.importedRecords()
	if err != nil {
		return err
	}
	for _, hash := range sortedHashes(c.imports) {
		im, d := c.imports[hash], digests[hash]
		place := "import " + hash.String()
		switch {
		case !rows[hash]:
			c.r.say(AreaImport, place, "声明的导入记录不见了", "the statement is there, its row is not")
		case d == nil || d.Rows != im.Rows || int64(d.Grams) != im.Grams || d.Sum() != im.Digest:
			c.r.say(AreaImport, place, "导入的记录与声明的散列不符", "its records are not those whose digest the statement has")
		}
	}
	for _, hash := range sortedHashes(digests) {
		if _, known := c.imports[hash]; !known {
			c.r.say(AreaImport, "import "+hash.String(), "有记录不属于任何导入声明", "there are records of it, and the log has no statement")
		}
	}
	return nil
}

func (c *checker) importedRecords() (map[id.Hash]*former.Digest, error) {
	digests := map[id.Hash]*former.Digest{}
	err := c.in.ImportedRows(func(of id.Hash, line int64, key id.Hash, columns string, body []byte) error {
		c.r.Imported++
		d := digests[of]
		if d == nil {
			d = former.NewDigest()
			digests[of] = d
		}
		r, err := former.Parse(body)
		place := fmt.Sprintf("import %s line %d", of, line)
		if err != nil {
			c.r.say(AreaImport, place, "导入的记录无法读取", "%v", err)
		} else if r.Key() != key || ImportColumns(r) != columns {
			c.r.say(AreaImport, place, "导入的记录与其列不符", "its columns are not what its bytes say")
		}
		d.Add(line, body, r.Grams)
		return nil
	})
	return digests, err
}

func sortedHashes[V any](m map[id.Hash]V) []id.Hash {
	out := make([]id.Hash, 0, len(m))
	for h := range m {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b id.Hash) int { return slices.Compare(a[:], b[:]) })
	return out
}

// Imported gives the past records of a site in a period, apart from everything signed.
// Faults: damaged, unavailable, and each's own.
func (s *Service) Imported(ctx context.Context, scope standbook.Scope, kind former.Kind, each func(former.Kept) error) error {
	return s.Store.Read(ctx, func(r Reader) error {
		return r.ImportedOf(scope.Party, scope.Site, kind, scope.From.In(calendar.Zone()).Format(time.DateOnly), scope.To.In(calendar.Zone()).Format(time.DateOnly), func(of id.Hash, line int64, body []byte) error {
			rec, err := former.Parse(body)
			if err != nil {
				return err
			}
			return each(former.Kept{Record: rec, Import: of, Line: line})
		})
	})
}
