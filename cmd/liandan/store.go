package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"liandan/internal/audit"
	"liandan/internal/config"
	"liandan/internal/id"
	"liandan/internal/registry"
	"liandan/internal/server"
	"liandan/internal/store"
)

// opened opens the pieces of a store that is there, for an offline command.
func opened(ctx context.Context, t terminal, cfg *config.Config, do func(*server.Parts) error) error {
	return openedWith(ctx, t, cfg, server.Options{Existing: true}, do)
}

// openedOrNew is opened for what may come before a server's first start: it sets an empty
// store up.
func openedOrNew(ctx context.Context, t terminal, cfg *config.Config, do func(*server.Parts) error) error {
	return openedWith(ctx, t, cfg, server.Options{}, do)
}

func openedWith(ctx context.Context, t terminal, cfg *config.Config, o server.Options, do func(*server.Parts) error) error {
	log, err := logger(t, cfg)
	if err != nil {
		return err
	}
	o.Env, o.Log = t.env, log
	p, err := server.Open(ctx, cfg, o)
	if err != nil {
		return err
	}
	err = do(p)
	if cerr := p.Close(); err == nil {
		err = cerr
	}
	return err
}

func runMigrate(ctx context.Context, t terminal, args []string) (int, error) {
	cfg, plain, err := settings(t, flags(t, "migrate"), args)
	if err == nil {
		err = none(plain)
	}
	if err != nil {
		return 0, err
	}
	if err := cfg.Prepare(); err != nil {
		return 0, err
	}
	s, err := store.Open(cfg.Where())
	if err != nil {
		return 0, err
	}
	defer s.Close()
	n, err := s.Migrate(ctx)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(t.out, "已应用 %d 个迁移 applied %d migrations\n", n, n)
	if n == 0 {
		return exitOK, nil
	}
	return refold(ctx, t, cfg)
}

// refold recreates the projections after an upgrade: a newer program folds the same events
// to states that hold more, and what an older one cached would mislead it.
func refold(ctx context.Context, t terminal, cfg *config.Config) (int, error) {
	code := exitOK
	err := opened(ctx, t, cfg, func(p *server.Parts) error {
		o, err := options(cfg, "", t.err)
		if err != nil {
			return err
		}
		r, err := p.Audit.Rebuild(ctx, o)
		if err != nil {
			return err
		}
		if r.EvidenceDamaged() {
			code = exitFindings
			printReport(t.out, "rebuild", r, 0)
			return nil
		}
		fmt.Fprintf(t.out, "已由日志重建派生表 projections recreated from the log: %d 批次 batches, %d 联单 manifests\n", r.Batches, r.Manifests)
		return nil
	})
	return code, err
}

func runCheck(ctx context.Context, t terminal, args []string) (int, error) {
	return examine(ctx, t, "check", args, func(p *server.Parts, o audit.Options) (*audit.Report, error) { return p.Audit.Check(ctx, o) })
}

func runRebuild(ctx context.Context, t terminal, args []string) (int, error) {
	return examine(ctx, t, "rebuild", args, func(p *server.Parts, o audit.Options) (*audit.Report, error) {
		r, err := p.Audit.Rebuild(ctx, o)
		if err == nil {
			_, err = p.Measures.Roll(ctx, math.MaxInt) // the rebuild took the roll-ups away
		}
		return r, err
	})
}

// examine runs a check or a rebuild and prints its report.
func examine(ctx context.Context, t terminal, name string, args []string, do func(*server.Parts, audit.Options) (*audit.Report, error)) (int, error) {
	fs := flags(t, name)
	asJSON := fs.Bool("json", false, "以 JSON 输出报告 print the report as JSON")
	since := fs.String("since", "", "先前公布的检查点文件 a file with a checkpoint published before")
	cfg, plain, err := settings(t, fs, args)
	if err == nil {
		err = none(plain)
	}
	if err != nil {
		return 0, err
	}
	var report *audit.Report
	began := time.Now()
	err = opened(ctx, t, cfg, func(p *server.Parts) error {
		o, err := options(cfg, *since, t.err)
		if err != nil {
			return err
		}
		report, err = do(p, o)
		return err
	})
	if err != nil {
		return 0, err
	}
	if *asJSON {
		err = json.NewEncoder(t.out).Encode(report)
	} else {
		printReport(t.out, name, report, time.Since(began))
	}
	if !report.Sound() {
		return exitFindings, err
	}
	return exitOK, err
}

func options(cfg *config.Config, since string, progress io.Writer) (audit.Options, error) {
	o := audit.Options{}
	last := time.Now()
	o.Progress = func(done, all int64) {
		if time.Since(last) > time.Second {
			last = time.Now()
			fmt.Fprintf(progress, "… %d / %d\n", done, all)
		}
	}
	remembered, err := server.Remembered(cfg)
	if err != nil {
		return o, err
	}
	if remembered != nil {
		o.Remembered = append(o.Remembered, remembered)
	}
	if since != "" {
		b, err := os.ReadFile(since)
		if err != nil {
			return o, err
		}
		o.Remembered = append(o.Remembered, b)
	}
	return o, nil
}

func printReport(w io.Writer, name string, r *audit.Report, took time.Duration) {
	fmt.Fprintf(w, "日志 log            %d 条 entries, 根 root %s\n", r.Head.Size, r.Head.Root)
	fmt.Fprintf(w, "已核查 checked      %d 事件 events, %d 批次 batches, %d 联单 manifests, %d 分录 postings (和 sum %d g), %d 隔离 held — %s\n",
		r.Events, r.Batches, r.Manifests, r.Postings, r.GramsTotal, r.Held, took.Round(time.Millisecond))
	fmt.Fprintf(w, "另有 besides        %d 条陈述 statements, 争议事件 contested events: 未裁定 open %d, 采信 admitted %d, 不采信 rejected %d\n",
		r.Statements, r.Contested.Open, r.Contested.Admitted, r.Contested.Rejected)
	for _, n := range r.Notes {
		fmt.Fprintf(w, "说明 note           %s — %s\n", n.ZH, n.EN)
	}
	if r.Sound() {
		fmt.Fprintln(w, "结论 verdict        完好 sound")
		return
	}
	first, _ := r.First()
	fmt.Fprintf(w, "结论 verdict        发现 %d 处不符 %d places are not as they must be\n", r.Damages, r.Damages)
	fmt.Fprintf(w, "首处 first          [%s] %s: %s — %s\n", first.Area, first.Place, first.ZH, first.EN)
	for _, d := range r.Named[1:] {
		fmt.Fprintf(w, "                    [%s] %s: %s — %s\n", d.Area, d.Place, d.ZH, d.EN)
	}
	if rest := r.Damages - int64(len(r.Named)); rest > 0 {
		fmt.Fprintf(w, "                    另有 %d 处 and %d more\n", rest, rest)
	}
	if name == "rebuild" {
		fmt.Fprintln(w, "派生表已按日志重建；证据（日志本身）如有损坏不予重建。Projections were recreated from the log unless the log itself is damaged.")
	}
}

func runImport(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "import")
	dry := fs.Bool("dry-run", false, "只检查，不写入 check only")
	cfg, plain, err := settings(t, fs, args)
	if err != nil {
		return 0, err
	}
	if len(plain) != 2 {
		return 0, fmt.Errorf("用法 usage: liandan import %s FILE.csv", strings.Join(registry.Kinds(), "|"))
	}
	f, err := input(t, plain[1])
	if err != nil {
		return 0, err
	}
	defer f.Close()
	code := exitOK
	err = openedOrNew(ctx, t, cfg, func(p *server.Parts) error {
		if err := p.Act(ctx, "importRegistry", plain[0]); err != nil {
			return err
		}
		r, err := p.Registry.Import(ctx, plain[0], f, *dry)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "%s: %d 行 lines, 新增 added %d, 修改 changed %d, 未变 unchanged %d, 错误 bad %d, 已写入 applied %v\n",
			r.Kind, r.Lines, r.Added, r.Changed, r.Unchanged, len(r.Bad), r.Applied)
		for _, b := range r.Bad {
			code = exitFindings
			fmt.Fprintf(t.out, "  第 %d 行 line %d, %s [%s]: %s — %s\n", b.Line, b.Line, b.Column, b.Code, b.DetailZH, b.Detail)
		}
		return nil
	})
	return code, err
}

func runExport(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "export")
	out := fs.String("out", "", "输出文件，默认标准输出 file to write; standard output when empty")
	cfg, plain, err := settings(t, fs, args)
	if err != nil {
		return 0, err
	}
	if len(plain) != 2 {
		return 0, fmt.Errorf("用法 usage: liandan export batch|manifest ID")
	}
	var b []byte
	err = opened(ctx, t, cfg, func(p *server.Parts) error {
		switch plain[0] {
		case "batch":
			v, err := id.ParseBatch(plain[1])
			if err != nil {
				return err
			}
			b, err = p.Audit.BatchBundle(ctx, v)
			return err
		case "manifest":
			v, err := id.ParseManifest(plain[1])
			if err != nil {
				return err
			}
			b, err = p.Audit.ManifestBundle(ctx, v)
			return err
		}
		return fmt.Errorf("只能导出 batch 或 manifest; there is nothing called %q to export", plain[0])
	})
	if err != nil {
		return 0, err
	}
	if *out != "" {
		return exitOK, os.WriteFile(*out, b, 0o600)
	}
	_, err = t.out.Write(b)
	return exitOK, err
}
