package report

import "liandan/internal/term"

// What the page and the workbook call things, from the catalogue; the document has the words
// that programs read.

func kind(s string) string { return term.Unit(s).String() }

func status(s string) string { return term.Status(s).String() }

func variant(s string) string { return term.Variant(s).String() }
