package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"liandan/internal/indicator"
	reports "liandan/internal/report"
	"liandan/internal/server"
	"liandan/internal/sheet"
)

// runReport makes the report of a period as a workbook, a page to print or JSON. The same
// period, district and log size give the same file to the byte.
func runReport(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "report")
	period := fs.String("period", "", "期间 2026-W10, 2026-03, 2026-Q1, 2026-H1 或 or 2026")
	district := fs.String("district", "", "县区六位代码，缺省为全市 a district's six digits; empty: the whole city")
	size := fs.Int64("as-of", 0, "截至的日志大小，缺省为最新 log size as of which it is known; 0: the newest")
	since := fs.Int64("since", 0, "前次报告的日志大小，用以列出变化 log size of the last report, to list what changed")
	cfg, plain, err := settings(t, fs, args)
	if err != nil {
		return 0, err
	}
	if len(plain) != 1 || *period == "" || *size < 0 || *since < 0 {
		return 0, fmt.Errorf("用法 usage: liandan report --period 2026-Q1 [--district CODE] [--as-of SIZE] [--since SIZE] FILE.xlsx|.html|.json")
	}
	o := reports.Order{District: *district, Size: *size, Since: *since}
	if o.Period, err = indicator.ParsePeriod(*period); err != nil {
		return 0, err
	}
	write, ok := map[string]func(reports.Document, *bytes.Buffer) error{".xlsx": func(d reports.Document, b *bytes.Buffer) error { return sheet.WriteBook(b, sheet.XLSX, d.Book()...) },
		".html": func(d reports.Document, b *bytes.Buffer) error { return d.Page(b) },
		".json": func(d reports.Document, b *bytes.Buffer) error { b.Write(d.JSON()); return nil }}[filepath.Ext(plain[0])]
	if !ok {
		return 0, fmt.Errorf("文件须为 .xlsx、.html 或 .json the file must end in .xlsx, .html or .json: %s", plain[0])
	}
	return exitOK, opened(ctx, t, cfg, func(p *server.Parts) error {
		d, err := reports.Make(ctx, p.Figures(), o)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := write(d, &b); err != nil {
			return err
		}
		if err := os.WriteFile(plain[0], b.Bytes(), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(t.out, "%s  %x  日志 log size %d\n", plain[0], sha256.Sum256(b.Bytes()), d.Size)
		return nil
	})
}
