package waste

import (
	"errors"
	"fmt"
	"strings"
)

// readTable reads one of our data files: lines "# key: value" are the header, the
// first other line names the columns, then one row a line, cells split by tabs.
// The columns must be exactly those wanted, every row full and no row empty.
func readTable(text string, columns ...string) (header map[string]string, rows [][]string, err error) {
	header = map[string]string{}
	named := false
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			if key, value, ok := strings.Cut(rest, ": "); ok && !named {
				header[key] = value
			}
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != len(columns) {
			return nil, nil, fmt.Errorf("line %d: %d cells, want %d", i+1, len(cells), len(columns))
		}
		if !named {
			if line != strings.Join(columns, "\t") {
				return nil, nil, fmt.Errorf("line %d: columns %q, want %q", i+1, cells, columns)
			}
			named = true
			continue
		}
		rows = append(rows, cells)
	}
	if !named {
		return nil, nil, errors.New("no column line")
	}
	return header, rows, nil
}

// mustTable is readTable for embedded files: damage there is a broken build, which
// the tests of this package find.
func mustTable(text string, columns ...string) [][]string {
	_, rows, err := readTable(text, columns...)
	if err != nil {
		panic("waste: embedded table: " + err.Error())
	}
	return rows
}

// flag reads a cell of an embedded table: 1, 0, or "-" for unset.
func flag(cell string) Flag {
	switch cell {
	case "1":
		return Yes
	case "0":
		return No
	case "-":
		return Unset
	}
	panic("waste: embedded table: flag " + cell)
}
