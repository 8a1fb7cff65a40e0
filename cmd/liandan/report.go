package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"liandan/internal/division"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	reports "liandan/internal/report"
	"liandan/internal/server"
	"liandan/internal/sheet"
)

const reportUsage = `用法 usage: liandan report --period 2026-Q1 [--district CODE] [--as-of SIZE|TIME|DAY] [--since SIZE] FILE.xlsx|.html|.json
            liandan report keep --period 2026-Q1 [--district CODE] [--as-of SIZE|TIME|DAY]
            liandan report list [--period 2026-Q1] [--grain month] [--district CODE|city] [--limit N]
            liandan report get ID FILE.xlsx|.html|.json`

// reportFlags is the command line of liandan report.
type reportFlags struct {
	period, district, asOf, grain string
	since                         int64
	limit                         int
}

// runReport makes the report of a period as a workbook, a page to print or JSON; keeps one
// as the calendar and the API do; lists the kept ones and gives one as a file. The same
// period, district and log size give the same file to the byte.
func runReport(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "report")
	var f reportFlags
	fs.StringVar(&f.period, "period", "", "期间 2026-W10, 2026-03, 2026-Q1, 2026-H1 或 or 2026")
	fs.StringVar(&f.district, "district", "", "县区六位代码，缺省为全市 a district's six digits; empty: the whole city (list: all; city: the whole city's)")
	fs.StringVar(&f.asOf, "as-of", "", "截至的日志大小、时刻或日期（当日结束时，北京时间），缺省为最新 log size, time (RFC 3339) or day (its end in Beijing) as of which it is known; empty: the newest")
	fs.Int64Var(&f.since, "since", 0, "前次报告的日志大小，用以列出变化 log size of the last report, to list what changed")
	fs.StringVar(&f.grain, "grain", "", "list: week, month, quarter, half_year, year")
	fs.IntVar(&f.limit, "limit", 50, "list: 至多列出的份数 at most so many")
	cfg, plain, err := settings(t, fs, args)
	if err != nil {
		return 0, err
	}
	word := ""
	if len(plain) > 0 {
		word = plain[0]
	}
	var do func(p *server.Parts) error
	switch {
	case word == "keep" && len(plain) == 1 && f.since == 0:
		o, err := f.order()
		if err != nil {
			return 0, plainly(err)
		}
		do = func(p *server.Parts) error { return keepReport(ctx, t.out, p, o) }
	case word == "list" && len(plain) == 1:
		want, err := f.filter()
		if err != nil {
			return 0, plainly(err)
		}
		do = func(p *server.Parts) error { return listReports(ctx, t.out, p, want, f.limit) }
	case word == "get" && len(plain) == 3:
		write, err := reportWriter(plain[2])
		if err != nil {
			return 0, err
		}
		of, err := id.ParseReport(plain[1])
		if err != nil {
			return 0, fmt.Errorf("%q 不是报告编号，编号见 liandan report list: it is no report's id; `liandan report list` shows them", plain[1])
		}
		do = func(p *server.Parts) error { return getReport(ctx, t.out, p, of, plain[2], write) }
	case len(plain) == 1 && f.period != "" && f.since >= 0:
		o, err := f.order()
		if err != nil {
			return 0, plainly(err)
		}
		write, err := reportWriter(plain[0])
		if err != nil {
			return 0, err
		}
		o.Since = f.since
		do = func(p *server.Parts) error {
			d, err := reports.Make(ctx, p.Figures(), o)
			if err != nil {
				return err
			}
			return saveReport(t.out, d, plain[0], write)
		}
	default:
		return 0, fmt.Errorf("%s", reportUsage)
	}
	return exitOK, opened(ctx, t, cfg, func(p *server.Parts) error { return plainly(do(p)) })
}

// order reads what a report is asked about.
func (f reportFlags) order() (o reports.Order, err error) {
	o.District = f.district
	if f.period == "" {
		return o, fmt.Errorf("--period: 须给出期间 give the period, such as 2026-Q1")
	}
	if o.Period, err = indicator.ParsePeriod(f.period); err != nil {
		return o, err
	}
	o.Size, o.At, err = asOfFlag(f.asOf)
	return o, err
}

// filter reads which kept reports are listed.
func (f reportFlags) filter() (want reports.Filter, err error) {
	if f.period != "" {
		p, err := indicator.ParsePeriod(f.period)
		if err != nil {
			return want, err
		}
		want.Period = p.Name
	}
	if want.Grain = indicator.Grain(f.grain); f.grain != "" && !slices.Contains(reports.Grains, want.Grain) {
		return want, fmt.Errorf("--grain: %q 不是报告的期长 is no length of reports; it must be week, month, quarter, half_year or year", f.grain)
	}
	switch {
	case f.district == "city":
		want.District = new(string)
	case f.district != "" && !slices.Contains(reports.Districts(), f.district):
		return want, fmt.Errorf("--district: %q 不是本市有报告的县区 is no district of the city; give its six digits, or `city` for the whole city's reports", f.district)
	case f.district != "":
		want.District = &f.district
	}
	if f.limit < 1 || f.limit > 10_000 {
		return want, fmt.Errorf("--limit: 须为 1 至 10000 must be from 1 to 10000")
	}
	return want, nil
}

type writeReport func(reports.Document, io.Writer) error

// reportWriter chooses the form of a report by its file's name.
func reportWriter(name string) (writeReport, error) {
	switch filepath.Ext(name) {
	case ".xlsx":
		return func(d reports.Document, w io.Writer) error { return sheet.WriteBook(w, sheet.XLSX, d.Book()...) }, nil
	case ".html":
		return func(d reports.Document, w io.Writer) error { return d.Page(w) }, nil
	case ".json":
		return func(d reports.Document, w io.Writer) error { _, err := w.Write(d.JSON()); return err }, nil
	}
	return nil, fmt.Errorf("文件须为 .xlsx、.html 或 .json the file must end in .xlsx, .html or .json: %s", name)
}

func saveReport(out io.Writer, d reports.Document, name string, write writeReport) error {
	var b bytes.Buffer
	if err := write(d, &b); err != nil {
		return err
	}
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s  %x  日志 log size %d\n", name, sha256.Sum256(b.Bytes()), d.Size)
	return nil
}

// keepReport makes a report and keeps it, with an act in the log. It goes into the log with
// the next commit group of a server.
func keepReport(ctx context.Context, out io.Writer, p *server.Parts, o reports.Order) error {
	k, err := p.Reports.Create(ctx, o, "command", "")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "已保存 kept %s  %s %s  日志 log size %d  sha256 %s\n", k.ID, k.Period.Name, districtName(k.District), k.Size, k.Hash)
	return nil
}

func listReports(ctx context.Context, out io.Writer, p *server.Parts, want reports.Filter, limit int) error {
	list, err := p.Reports.List(ctx, want, id.Report{}, limit+1)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(out, "没有已保存的报告 no report is kept that fits")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "编号 id\t期间 period\t县区 district\t日志 log size\t相比 since\t制作 made (UTC)\t制作者 by")
	for _, k := range list[:min(len(list), limit)] {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", k.ID, k.Period.Name, districtName(k.District), k.Size, k.Since, k.MadeAt.UTC().Format("2006-01-02 15:04"), k.By)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(list) > limit {
		fmt.Fprintln(out, "… 另有更早的，见 --limit there are older ones; see --limit")
	}
	return nil
}

func getReport(ctx context.Context, out io.Writer, p *server.Parts, of id.Report, name string, write writeReport) error {
	if err := p.Act(ctx, "getReport", of.String()); err != nil {
		return err
	}
	_, d, err := p.Reports.Read(ctx, of)
	if err != nil {
		return err
	}
	return saveReport(out, d, name, write)
}

func districtName(code string) string {
	if code == "" {
		return "全市 whole city"
	}
	return division.Name(code)
}

// plainly says a fault as its sentence and what is wrong where, without the words that
// programs read.
func plainly(err error) error {
	f := fault.As(err)
	if f == nil {
		return err
	}
	said := []string{f.Sentence}
	for _, x := range f.Fields {
		said = append(said, fmt.Sprintf("%s: %s.", strings.TrimPrefix(x.Pointer, "/"), strings.TrimSuffix(x.Detail, ".")))
	}
	return fmt.Errorf("%s", strings.Join(said, " "))
}
