package registry

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"liandan/internal/fault"
)

// Kinds of register that Import reads.
const (
	KindOrganisations = "organisations"
	KindSites         = "sites"
	KindLicences      = "licences"
	KindPeople        = "people"
	KindVehicles      = "vehicles"
	KindPlans         = "plans"
	KindApprovals     = "approvals"
	KindHistory       = "site_history"      // what sites were from days on
	KindMembers       = "memberships"       // who is in a collection and disposal system
	KindBases         = "base_figures"      // figures that no event gives
	KindChoices       = "indicator_choices" // answers to what the definitions leave open
	KindSheets        = "inspection_sheets" // one sheet a file
	KindFactors       = "carbon_factors"    // what a tonne by a route saves
)

// Kinds lists them in the order in which a whole register must be imported.
func Kinds() []string {
	return []string{KindOrganisations, KindSites, KindLicences, KindPeople, KindVehicles, KindPlans, KindApprovals, KindHistory, KindMembers, KindBases,
		KindChoices, KindSheets, KindFactors}
}

// Report says what an import did, or in a dry run would do.
type Report struct {
	Kind  string
	Lines int // below the header, blank ones not counted
	// Added, Changed and Unchanged count the good lines, by what they do to the register.
	Added, Changed, Unchanged int
	// Bad is every fault of every bad line, in the order of lines; several may be of one.
	Bad []BadLine
	// Applied: the register is now as the file says. False after a dry run, and when any
	// line is bad: then nothing was changed.
	Applied bool
}

// BadLine is one thing wrong with a line.
type BadLine struct {
	Line     int    // as an editor counts: the header is line 1
	Column   string // "" where the fault is not one column's
	Code     string // a stable machine word
	Detail   string // for a person, English
	DetailZH string // the same in Chinese
}

// intake is one kind of register on its way in.
type intake interface {
	// columns that a file may have.
	columns() []column
	// read takes one line, outside any transaction; a broken line is read too, so that
	// all its faults are found.
	read(*cells)
	// judge compares with the register: references, duplicates, what is new.
	judge(Reader, *Report, *notes) error
	// write writes what judge found to be added or changed.
	write(Tx) error
}

type column struct {
	name     string
	required bool
}

// errNothing ends a transaction that has nothing to write.
var errNothing = errors.New("nothing to write")

// Import reads a CSV register (RFC 4180, UTF-8, first line the names of the columns in
// any order) and makes the register say what the file says of the things it names; what it
// does not name stays. It is all or nothing: one bad line, and nothing is applied. A bad
// line is no error but is in the report. The caller decides who may import.
//
// A column that a file leaves out, or an empty cell, means the default. Days are local
// (Asia/Shanghai): valid_from counts from its first moment, valid_to to its last.
//
// Faults: invalid-import (no such kind), too-many-lines, too-large, upload-cut-short,
// unavailable.
func (s *Service) Import(ctx context.Context, kind string, r io.Reader, dryRun bool) (Report, error) {
	return s.ImportBy(ctx, "command", kind, r, dryRun)
}

// ImportBy is Import by somebody: an opaque word such as account:UUID, which the facts that
// the file changes carry into the log.
func (s *Service) ImportBy(ctx context.Context, by, kind string, r io.Reader, dryRun bool) (Report, error) {
	in, ok := s.intake(kind)
	if !ok {
		return Report{Kind: kind}, fault.New(fault.InvalidImport, "There is no register of that kind; it must be one of %s.", strings.Join(Kinds(), ", "))
	}
	rep := Report{Kind: kind}
	var n notes
	if err := readFile(ctx, newLines(r), in, &rep, &n); err != nil {
		return Report{Kind: kind}, err
	}
	if n.headless || dryRun || len(n.bad) > 0 {
		if !n.headless {
			if err := in.judge(s.store.RegistryReader(ctx), &rep, &n); err != nil {
				return Report{Kind: kind}, unavailable(err)
			}
		}
		rep.Bad = n.sorted()
		return rep, nil
	}
	err := s.update(ctx, func(tx Tx) error {
		if err := in.judge(tx, &rep, &n); err != nil {
			return err
		}
		if len(n.bad) > 0 || rep.Added+rep.Changed == 0 {
			return errNothing
		}
		tx.By(by, s.clock())
		if err := in.write(tx); err != nil {
			return err
		}
		if f, ok := in.(factual); ok {
			return s.stateFacts(tx, by, f.facts())
		}
		return nil
	})
	if err != nil && !errors.Is(err, errNothing) {
		return Report{Kind: kind}, err
	}
	rep.Bad, rep.Applied = n.sorted(), len(n.bad) == 0
	return rep, nil
}

func (s *Service) intake(kind string) (intake, bool) {
	switch kind {
	case KindOrganisations:
		return &organisationImport{}, true
	case KindSites:
		return &siteImport{}, true
	case KindLicences:
		return &licenceImport{}, true
	case KindPeople:
		return &peopleImport{now: s.clock()}, true
	case KindVehicles:
		return newVehicleImport(), true
	case KindPlans:
		return newPlanImport(), true
	case KindApprovals:
		return newApprovalImport(), true
	case KindHistory:
		return newHistoryImport(), true
	case KindMembers:
		return newMemberImport(), true
	case KindBases:
		return newBaseImport(), true
	case KindChoices:
		return newChoiceImport(), true
	case KindSheets:
		return newSheetImport(), true
	case KindFactors:
		return newFactorImport(), true
	}
	return nil, false
}

// Column is one of a register's file.
type Column struct {
	Name     string
	Required bool
}

// Columns lists what a file of a kind may have; nil for a kind that there is not.
func (s *Service) Columns(kind string) []Column {
	in, ok := s.intake(kind)
	if !ok {
		return nil
	}
	var out []Column
	for _, c := range in.columns() {
		out = append(out, Column{c.name, c.required})
	}
	return out
}

// readFile reads the header and then every line.
func readFile(ctx context.Context, l *lines, in intake, rep *Report, n *notes) error {
	at, width, err := readHeader(l, in.columns(), n)
	if err != nil || n.headless {
		return err
	}
	for {
		cell, code, err := l.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if l.count%1024 == 0 && ctx.Err() != nil {
			return unavailable(ctx.Err())
		}
		rep.Lines++
		c := &cells{line: l.number, at: at, cell: cell, notes: n}
		switch {
		case code != "":
			c.refuse("", code, lineSentences[code][0], lineSentences[code][1])
		case len(cell) != width:
			c.refusef("", "cell_count", "has %d cells, and the header %d", "有 %d 格，而表头有 %d 格", len(cell), width)
		default:
			in.read(c)
		}
	}
}

var lineSentences = map[string][2]string{
	lineTooLong: {"is longer than 64 KiB", "超过 64 KiB"},
	lineNotUTF8: {"is not UTF-8; save the file as \"CSV UTF-8\"", "不是 UTF-8 编码；请另存为“CSV UTF-8”"},
	lineQuote:   {"has a quotation mark that is not closed, or not at both ends of its cell", "引号不成对，或不在单元格两端"},
}

// readHeader finds where each column is. Without a usable header no line can be read, and
// n.headless says so.
func readHeader(l *lines, columns []column, n *notes) (at map[string]int, width int, err error) {
	cell, code, err := l.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	head := &cells{line: max(l.number, 1), notes: n}
	if errors.Is(err, io.EOF) {
		head.line = 1
		n.headless = true
		head.refuse("", "header_missing", "the file is empty; its first line must name the columns", "文件为空；首行应为列名")
		return nil, 0, nil
	}
	if code != "" {
		n.headless = true
		head.refuse("", code, lineSentences[code][0], lineSentences[code][1])
		return nil, 0, nil
	}
	at = map[string]int{}
	for i, name := range cell {
		name = strings.TrimSpace(name)
		if _, there := at[name]; there {
			n.headless = true
			head.refuse(clip(name), "repeated_column", "is in the header twice", "列名重复")
		} else if !slices.ContainsFunc(columns, func(c column) bool { return c.name == name }) {
			head.refuse(clip(name), "unknown_column", "is no column of this register", "本表没有此列")
		}
		at[name] = i
	}
	for _, c := range columns {
		if _, there := at[c.name]; !there && c.required {
			n.headless = true
			head.refuse(c.name, "missing_column", "is missing in the header", "表头缺少此列")
		}
	}
	return at, len(cell), nil
}

// notes collects what is wrong.
type notes struct {
	bad      []BadLine
	headless bool // the header is unusable: no line was read
}

func (n *notes) sorted() []BadLine {
	slices.SortStableFunc(n.bad, func(a, b BadLine) int { return cmp.Compare(a.Line, b.Line) })
	return n.bad
}

// clip shortens a caller's text for a report.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
