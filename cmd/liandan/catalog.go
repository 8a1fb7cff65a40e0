package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/server"
	"liandan/internal/store"
	"liandan/internal/waste"
)

// runImportCatalog imports an edition of the national catalogue from its official text.
// A bad line anywhere and nothing is kept.
func runImportCatalog(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "import-catalog")
	edition := fs.String("edition", "", "版本号，如 2025 the edition's id, such as 2025")
	from := fs.String("from", "", "首个生效日 first day in force, YYYY-MM-DD")
	to := fs.String("to", "", "失效日（不含），缺省为未定 first day no longer in force; empty: open")
	source := fs.String("source", "", "文本来源，缺省为文件名 where the text is from; default: the file's name")
	replace := fs.Bool("replace", false, "以本文本取代同版本的不同文本（旧文本保留） take the place of another text of this edition, which is kept")
	dry := fs.Bool("dry-run", false, "只检查，不写入 check only")
	cfg, plain, err := settings(t, fs, args)
	if err != nil {
		return 0, err
	}
	if len(plain) != 1 || *edition == "" || *from == "" {
		return 0, fmt.Errorf("用法 usage: liandan import-catalog --edition 2025 --from 2025-01-01 [--to DAY] [--dry-run] [--replace] FILE.csv")
	}
	text := waste.EditionText{ID: *edition, Source: *source}
	if text.Source == "" {
		text.Source = filepath.Base(plain[0])
	}
	if text.ValidFrom, err = localDay("--from", *from); err != nil {
		return 0, err
	}
	if *to != "" {
		if text.ValidTo, err = localDay("--to", *to); err != nil {
			return 0, err
		}
	}
	f, err := input(t, plain[0])
	if err != nil {
		return 0, err
	}
	defer f.Close()
	text, lines, bad, err := waste.ReadEditionFile(f, text)
	if err != nil {
		return 0, err
	}
	if len(bad) > 0 {
		printBadLines(t.out, text.ID, lines, bad)
		return exitFindings, nil
	}
	return exitOK, openedOrNew(ctx, t, cfg, func(p *server.Parts) error {
		how := store.CatalogImport{Replace: *replace, DryRun: true, At: time.Now()}
		out, err := p.Store.ImportEdition(ctx, text, how) // first without effect: what is refused is no act
		if err == nil && !*dry && !out.Known {
			if err = p.Act(ctx, "importCatalog", text.ID); err == nil {
				how.DryRun = false
				out, err = p.Store.ImportEdition(ctx, text, how)
			}
		}
		if err != nil {
			return err
		}
		printEdition(t.out, text, lines, out, *dry)
		return nil
	})
}

func localDay(flag, s string) (time.Time, error) {
	day, err := time.ParseInLocation(time.DateOnly, s, calendar.Zone())
	if err != nil {
		return day, fmt.Errorf("%s: 日期应为 YYYY-MM-DD; a day is written YYYY-MM-DD", flag)
	}
	return day, nil
}

func printBadLines(w io.Writer, edition string, lines int, bad []waste.BadLine) {
	fmt.Fprintf(w, "%s: %d 行 lines, 错误 faults %d, 未写入 nothing was kept\n", edition, lines, len(bad))
	for _, b := range bad {
		fmt.Fprintf(w, "  第 %d 行 line %d, %s [%s]: %s — %s\n", b.Line, b.Line, b.Column, b.Code, b.DetailZH, b.Detail)
	}
}

func printEdition(w io.Writer, text waste.EditionText, lines int, out store.CatalogOutcome, dry bool) {
	did := "已写入 kept"
	switch {
	case out.Known:
		did = "未变 unchanged"
	case dry:
		did = "试运行，未写入 dry run, nothing was kept"
	}
	fmt.Fprintf(w, "%s: %d 行 lines, %d 类 categories, %d 个代码 codes, 第 %d 次文本 revision %d — %s\n",
		text.ID, lines, len(text.Categories), len(text.Entries), out.Revision, out.Revision, did)
	if out.Before != nil && !out.Known {
		printDiff(w, "与原文本相比 against the text before", waste.Diff(out.Before, out.After))
	}
	if shipped, _ := waste.DefaultCatalog().EditionOn(text.ValidFrom); shipped != nil && shipped.ID != text.ID {
		printDiff(w, "与 "+shipped.ID+" 版相比 against edition "+shipped.ID, waste.Diff(shipped, out.After))
	}
	if !dry && !out.Known {
		fmt.Fprint(w, "  各服务重新启动后采用 servers take it up when they start next\n")
	}
}

func printDiff(w io.Writer, against string, d waste.EditionDiff) {
	fmt.Fprintf(w, "  %s: 新增 added %d, 删去 gone %d, 危险特性不同 other hazards %d\n", against, len(d.Added), len(d.Gone), len(d.Hazards))
	for _, part := range []struct {
		name  string
		codes []waste.Code
	}{{"+", d.Added}, {"-", d.Gone}, {"~", d.Hazards}} {
		if len(part.codes) > 0 {
			words := make([]string, min(len(part.codes), mostListed))
			for i := range words {
				words[i] = part.codes[i].String()
			}
			more := ""
			if n := len(part.codes) - len(words); n > 0 {
				more = fmt.Sprintf(" … 另 %d 个 and %d more", n, n)
			}
			fmt.Fprintf(w, "    %s %s%s\n", part.name, strings.Join(words, " "), more)
		}
	}
}

// mostListed bounds a difference's list: an edition that differs in more codes than a
// person reads is another kind of file.
const mostListed = 50
