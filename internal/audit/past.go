package audit

import (
	"context"
	"errors"
	"strconv"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	former "liandan/internal/past"
	"liandan/internal/statement"
)

// PastYear sums up a site's past records of a kind and year, as the files had them.
type PastYear struct {
	Kind  former.Kind
	Year  string
	Lines int64
	Grams int64
}

// PastImport is an import that brought records of a site.
type PastImport struct {
	Hash id.Hash // of the statement in the log
	statement.Import
}

// Past is what is known of a site from before, by nobody's signature.
type Past struct {
	Years   []PastYear   // newest first
	Imports []PastImport // newest first
}

// PastOf sums up a site's past records, and says who brought them. Faults: damaged, unavailable.
func (s *Service) PastOf(ctx context.Context, site party.Site) (out Past, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		err := r.PastYears(site.Party, site.ID, func(kind former.Kind, year string, lines, grams int64) error {
			out.Years = append(out.Years, PastYear{kind, year, lines, grams})
			return nil
		})
		if err != nil {
			return err
		}
		return r.ImportsOf(site.Party, site.ID, func(hash id.Hash, body []byte) error {
			im, err := statement.ParseImport(body)
			if err != nil {
				return err
			}
			if st, err := im.Statement(); err != nil || st.Hash() != hash {
				return fault.Wrap(err, fault.Damaged, "The import %s is not what its statement says; run `liandan check`.", hash)
			}
			out.Imports = append(out.Imports, PastImport{hash, im})
			return nil
		})
	})
	return out, err
}

var errEnough = errors.New("enough")

// PastLines gives the first of a site's past records of a kind and year, by day, and whether
// there are more. Faults: invalid-request for a year that is none, damaged, unavailable.
func (s *Service) PastLines(ctx context.Context, site party.Site, kind former.Kind, year string, most int) (out []former.Kept, more bool, err error) {
	n, err := strconv.Atoi(year)
	if err != nil || len(year) != 4 {
		return nil, false, fault.New(fault.InvalidRequest, "The year is none.").At("/year", "format", "must be four digits")
	}
	err = s.Store.Read(ctx, func(r Reader) error {
		return r.ImportedOf(site.Party, site.ID, kind, year+"-01-01", strconv.Itoa(n+1)+"-01-01", func(of id.Hash, line int64, body []byte) error {
			if len(out) == most {
				return errEnough
			}
			rec, err := former.Parse(body)
			if err == nil {
				out = append(out, former.Kept{Record: rec, Import: of, Line: line})
			}
			return err
		})
	})
	if errors.Is(err, errEnough) {
		return out, true, nil
	}
	return out, false, err
}
