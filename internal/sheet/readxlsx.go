package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"

	"github.com/xuri/excelize/v2"

	"liandan/internal/fault"
)

type bookReader struct {
	file   *excelize.File
	rows   *excelize.Rows
	limits Limits
	line   int
	n      int
}

const (
	maxParts = 2000
	maxRun   = 1 << 20 // bytes between two angle brackets: a cell has at most 32,767 characters
	inMemory = 4 << 20 // parts that are larger unpack to temporary files
)

func openBook(in io.ReadSeeker, size int64, l Limits) (r Reader, err error) {
	if err := checkParts(in, size, l); err != nil {
		return nil, err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(in, excelize.Options{UnzipSizeLimit: l.Unpacked, UnzipXMLSizeLimit: min(inMemory, l.Unpacked), RawCellValue: true})
	if err != nil {
		return nil, noBook(err)
	}
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		f.Close()
		return nil, noBook(nil)
	}
	rows, err := f.Rows(sheets[0])
	if err != nil {
		f.Close()
		return nil, noBook(err)
	}
	return &bookReader{file: f, rows: rows, limits: l}, nil
}

func noBook(cause error) error {
	return fault.Wrap(cause, fault.InvalidImport, "The file is no workbook that can be read; save it anew as .xlsx, or as csv. 无法读取该工作簿，请另存为 xlsx 或 csv。")
}

// checkParts reads every part through before the workbook is opened: a bomb shows itself
// here, where nothing of it is kept.
func checkParts(in io.ReadSeeker, size int64, l Limits) error {
	at, ok := in.(io.ReaderAt)
	if !ok {
		return fault.New(fault.Internal, "A workbook is read from a file.")
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		return noBook(err)
	}
	if len(z.File) > maxParts {
		return fault.New(fault.TooLarge, "The workbook has %d parts; at most %d are read.", len(z.File), maxParts)
	}
	var total int64
	buf := make([]byte, 64<<10)
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			return noBook(err)
		}
		run := 0
		for {
			n, err := r.Read(buf)
			if total += int64(n); total > l.Unpacked {
				r.Close()
				return fault.New(fault.TooLarge, "The workbook unpacks to more than %d bytes. 工作簿解压后过大。", l.Unpacked)
			}
			if run = longest(buf[:n], run); run > maxRun {
				r.Close()
				return fault.New(fault.TooLarge, "The workbook holds a cell or a part that no spreadsheet program writes. 工作簿内容异常。")
			}
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				r.Close()
				return noBook(err)
			}
		}
		r.Close()
	}
	return nil
}

// longest gives how many bytes ago an angle bracket stood, or at once a run that is too
// long. Pictures have brackets by chance often enough.
func longest(chunk []byte, run int) int {
	for {
		i := bytes.IndexByte(chunk, '<')
		if i < 0 {
			return run + len(chunk)
		}
		if run+i > maxRun {
			return run + i
		}
		chunk, run = chunk[i+1:], 0
	}
}

func (r *bookReader) Format() Format   { return XLSX }
func (r *bookReader) Encoding() string { return "" }

func (r *bookReader) Next() (Row, error) {
	for r.rows.Next() {
		r.line++
		cells, err := r.rows.Columns()
		if err != nil {
			return Row{}, noBook(err)
		}
		cells, any := trim(cells)
		if !any {
			continue
		}
		r.n++
		for i, c := range cells {
			cells[i] = Plain(c)
		}
		return Row{r.line, cells}, r.limits.check(r.line, r.n, cells)
	}
	if err := r.rows.Error(); err != nil {
		return Row{}, noBook(err)
	}
	return Row{}, io.EOF
}

func (r *bookReader) Close() error {
	return errors.Join(r.rows.Close(), r.file.Close())
}
