// Package tabular is a table that is at hand whole: a name, a header, and cells of text or
// of decimals, so that who makes a table need not know the files that it is written to.
//
// It must not write a file or know what a table means.
package tabular

import "strconv"

// Cell is one cell; the zero value is an empty one.
type Cell struct {
	Text   string
	Number bool // Text is a decimal
}

// Sheet is one table: its name, its columns, and its rows.
type Sheet struct {
	Name   string
	Header []string
	Rows   [][]Cell
}

// Row adds a row.
func (s *Sheet) Row(cells ...Cell) { s.Rows = append(s.Rows, cells) }

// Text is a cell of text.
func Text(s string) Cell { return Cell{Text: s} }

// Number is a cell of a whole number.
func Number[T int | int64](n T) Cell { return Cell{strconv.FormatInt(int64(n), 10), true} }

// Decimal is a cell of a decimal given as text.
func Decimal(s string) Cell { return Cell{s, true} }
