package sheet

import (
	"io"

	"liandan/internal/fault"
	"liandan/internal/tabular"
)

// WriteBook writes tables that are at hand whole as one file. A csv file holds the first
// alone: the others say the same in another order, or what a csv has no room for.
func WriteBook(w io.Writer, f Format, tables ...tabular.Sheet) error {
	if len(tables) == 0 {
		return fault.New(fault.Internal, "A file needs a table.")
	}
	if f == CSV {
		tables = tables[:1]
	}
	out := New(w, f)
	defer out.Discard()
	for _, t := range tables {
		table, err := out.Table(t.Name, t.Header...)
		if err != nil {
			return err
		}
		for _, row := range t.Rows {
			if err := table.Row(Cells(row)...); err != nil {
				return err
			}
		}
	}
	return out.Close()
}

// Cells are cells as a file takes them.
func Cells(row []tabular.Cell) []Cell {
	out := make([]Cell, len(row))
	for i, c := range row {
		if out[i] = Text(c.Text); c.Number {
			out[i] = Number(c.Text)
		}
	}
	return out
}
