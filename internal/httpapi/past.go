package httpapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/archive"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/past"
	"liandan/internal/sheet"
)

// Archive takes records of the past in; archive.Service is one.
type Archive interface {
	Import(ctx context.Context, q archive.Request) (archive.Report, error)
}

const (
	mostMapped = 2048 // bytes of a mapping
	importing  = 5 * time.Minute
)

// importPast is POST /v1/sites/{site}/past/{records}. The file waits on disk, for it is read
// twice: no line is written before all are judged.
func (f *face) importPast(c echo.Context, v visit) error {
	if _, err := mediaType(c.Request(), typeCSV, sheet.XLSX.MediaType()); err != nil {
		return err
	}
	q, err := pastQuery(c)
	if err != nil {
		return err
	}
	site, err := f.ownSite(c, v)
	if err != nil {
		return err
	}
	q.By, q.Origin.Party, q.Origin.Site = v.ID, site.Party, site.ID
	if !f.spooled.take(maxImport) {
		return fault.New(fault.Overloaded, "Too many large uploads wait at the moment. Nothing was imported; send the same file again later.")
	}
	defer f.spooled.give(maxImport)
	file, err := f.spoolPast(c, &q)
	if file != nil {
		defer func() {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}()
	}
	if err != nil {
		return err
	}
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(importing)) // a test's recorder has none
	rep, err := f.Archive.Import(c.Request().Context(), q)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, pastReport(rep))
}

// pastQuery reads what the path and the query say of the file.
func pastQuery(c echo.Context) (q archive.Request, err error) {
	q.Origin.Kind = past.Kind(c.Param("records"))
	if !slices.Contains(past.Kinds(), q.Origin.Kind) {
		return q, fault.New(fault.NotFound, "There are no records of that kind; the kinds are %v.", past.Kinds())
	}
	bad := invalid()
	switch given := c.QueryParam("dry_run"); given {
	case "", "false":
	case "true":
		q.DryRun = true
	default:
		bad.At("/dry_run", "format", "must be true or false")
	}
	if q.Origin.Unit = c.QueryParam("unit"); utf8.RuneCountInString(q.Origin.Unit) > 16 || !utf8.ValidString(q.Origin.Unit) {
		bad.At("/unit", "length", "must have at most 16 characters")
	}
	q.Reason = strings.TrimSpace(c.QueryParam("reason")) // the archive judges it
	given := c.QueryParam("map")
	if len(given) > mostMapped {
		bad.At("/map", "length", "must have at most %d bytes", mostMapped)
	} else if q.Mapping, err = past.ParseMapping(given); err != nil {
		bad.At("/map", "format", "%s", fault.As(err).Sentence)
	}
	if len(bad.Fields) > 0 {
		return q, bad
	}
	q.Decimal = sheet.Decimal
	return q, nil
}

// spoolPast keeps the upload in a file, and says in q what it is.
func (f *face) spoolPast(c echo.Context, q *archive.Request) (*os.File, error) {
	file, err := os.CreateTemp(f.SpoolDir, "liandan-past-*")
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The upload cannot be kept while it is read. Nothing was imported; try again later.")
	}
	r := c.Request()
	if r.ContentLength > maxImport {
		return file, &http.MaxBytesError{Limit: maxImport}
	}
	rc := http.NewResponseController(c.Response())
	in := http.MaxBytesReader(c.Response(), io.NopCloser(&patient{r.Body, &rolling{set: rc.SetReadDeadline, span: bodyWithin}}), maxImport)
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(file, sum), in); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return file, err
		}
		if _, ok := errors.AsType[*os.PathError](err); ok {
			return file, fault.Wrap(err, fault.Unavailable, "There is no room for the upload. Nothing was imported; try again later.")
		}
		return file, cutShort(err)
	}
	q.File = id.Hash(sum.Sum(nil))
	open := func() (sheet.Reader, error) {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, fault.Wrap(err, fault.Unavailable, "The upload cannot be read back; try again later.")
		}
		return sheet.Open(file, sheet.Posted)
	}
	first, err := open()
	if err != nil {
		return file, err
	}
	q.Sheet = first.Format() == sheet.XLSX
	_ = first.Close()
	q.Open = func() (archive.Rows, error) {
		r, err := open()
		return sheet.Lines{Reader: r}, err
	}
	return file, nil
}

func pastReport(rep archive.Report) api.PastReport {
	out := api.PastReport{Records: api.PastRecords(rep.Kind), Lines: rep.Lines, Added: rep.Added, Unchanged: rep.Unchanged, Bad: rep.Bad, Unverified: rep.Unverified,
		Grams: int64(rep.Grams), Applied: rep.Applied, Columns: map[string]string{}, Notes: make([]api.BadLine, len(rep.Notes))}
	for field, title := range rep.Columns {
		out.Columns[string(field)] = title
	}
	for i, n := range rep.Notes {
		out.Notes[i] = api.BadLine{Line: n.Line, Column: n.Column, Code: n.Code, Detail: n.Detail, DetailZH: n.DetailZH}
	}
	if !rep.Statement.IsZero() {
		out.Statement, out.Digest = rep.Statement.String(), rep.Digest.String()
	}
	return out
}
