package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/server"
)

// runExportLog writes the whole log as one file, for liandan-verify --log.
func runExportLog(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "export-log")
	size := fs.Int64("size", 0, "至多导出的条数，缺省为全部 entries at most; 0: all of them")
	out := fs.String("out", "", "输出文件，默认标准输出 file to write; standard output when empty")
	cfg, plain, err := settings(t, fs, args)
	if err == nil {
		err = none(plain)
	}
	if err != nil {
		return 0, err
	}
	return exitOK, opened(ctx, t, cfg, func(p *server.Parts) error {
		if err := p.Act(ctx, "exportLog", strconv.FormatInt(*size, 10)); err != nil {
			return err
		}
		return written(t, *out, func(w io.Writer) error {
			last := time.Now()
			head, err := p.Audit.ExportLog(ctx, *size, w, func(done, all int64) {
				if time.Since(last) > time.Second {
					last = time.Now()
					fmt.Fprintf(t.err, "… %d / %d\n", done, all)
				}
			})
			if err == nil {
				fmt.Fprintf(t.err, "日志 log %d 条 entries, 根 root %s\n", head.Size, head.Root)
			}
			return err
		})
	})
}

// written calls do with the named file, or with the terminal for none. What was begun and
// not finished is taken away again.
func written(t terminal, name string, do func(io.Writer) error) error {
	if name == "" {
		return do(t.out)
	}
	part := name + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = do(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		os.Remove(part)
	}
	return err
}

// runStatement issues the signed statement of a period's figures.
func runStatement(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "statement")
	period := fs.String("period", "", "期间 2026-W10, 2026-03, 2026-Q1, 2026-H1 或 or 2026")
	district := fs.String("district", "", "县区六位代码，缺省为全市 a district's six digits; empty: the whole city")
	asOf := fs.String("as-of", "", "截至的日志大小、时刻或日期（当日结束时，北京时间），缺省为最新 log size, time (RFC 3339) or day (its end in Beijing) as of which it is known; empty: the newest")
	out := fs.String("out", "", "输出文件，默认标准输出 file to write; standard output when empty")
	cfg, plain, err := settings(t, fs, args)
	if err == nil {
		err = none(plain)
	}
	if err != nil {
		return 0, err
	}
	q := measure.Query{District: *district}
	if q.Period, err = indicator.ParsePeriod(*period); err != nil {
		return 0, err
	}
	if q.Size, q.At, err = asOfFlag(*asOf); err != nil {
		return 0, err
	}
	return exitOK, opened(ctx, t, cfg, func(p *server.Parts) error {
		b, err := p.Statement(ctx, q)
		if err != nil {
			return err
		}
		err = written(t, *out, func(w io.Writer) error { _, err := w.Write(b); return err })
		if err == nil && *out != "" {
			fmt.Fprintf(t.out, "%s  %x\n", *out, sha256.Sum256(b))
		}
		return err
	})
}

// asOfFlag reads a log size, a time, or a day, which means the day's end in Beijing.
func asOfFlag(s string) (int64, time.Time, error) {
	if s == "" {
		return 0, time.Time{}, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
		return n, time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, s, calendar.Zone()); err == nil {
		end := day.AddDate(0, 0, 1).Add(-time.Millisecond)
		if now := time.Now(); end.After(now) && !day.After(now) { // today is not over: the newest
			return 0, time.Time{}, nil
		}
		return 0, end, nil
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		err = fmt.Errorf("--as-of: %q 须为日志大小、时刻或日期 must be a log size above zero, a time such as 2026-03-01T08:30:00+08:00, or a day such as 2026-03-01", s)
	}
	return 0, at, err
}
