package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"liandan/internal/archive"
	"liandan/internal/id"
	"liandan/internal/past"
	"liandan/internal/server"
	"liandan/internal/sheet"
	"liandan/internal/waste"
)

// tableRows are a file's rows as the archive wants them.
type tableRows struct {
	sheet.Lines
	file *os.File
}

func (r tableRows) Close() error {
	err := r.Lines.Close()
	_ = r.file.Close()
	return err
}

func openTable(name string) (tableRows, error) {
	f, err := os.Open(name)
	if err != nil {
		return tableRows{}, err
	}
	r, err := sheet.Open(f, sheet.Usual)
	if err != nil {
		_ = f.Close()
		return tableRows{}, err
	}
	return tableRows{sheet.Lines{Reader: r}, f}, nil
}

// runImportPast takes a spreadsheet of past manifests or ledger lines in.
func runImportPast(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "import-past")
	siteText := fs.String("site", "", "记录所属场所 the site whose records these are")
	mapText := fs.String("map", "", "列映射，如 number=联单号,day=日期 which column is what, where it is not called as usual")
	mapFile := fs.String("map-file", "", "列映射文件，每行 字段=列名 the same in a file, a line each")
	unit := fs.String("unit", "", "文件未注明时的计量单位 unit where the file states none: 吨, 千克, 克, 市斤")
	reason := fs.String("reason", "", "来源和补录原因 where the records are from and why they are brought")
	dry := fs.Bool("dry-run", false, "只检查，不写入 check only")
	cfg, plain, err := settings(t, fs, args)
	if err != nil {
		return 0, err
	}
	if len(plain) != 2 || !slices.Contains(past.Kinds(), past.Kind(plain[0])) {
		return 0, fmt.Errorf("用法 usage: liandan import-past manifests|ledger FILE.csv|FILE.xlsx --site SITE [--map …] [--unit …] [--dry-run]")
	}
	site, err := id.ParseSite(*siteText)
	if err != nil {
		return 0, fmt.Errorf("--site: %w", err)
	}
	if *mapFile != "" {
		b, err := os.ReadFile(*mapFile)
		if err != nil {
			return 0, err
		}
		*mapText = string(b) + "\n" + *mapText
	}
	q := archive.Request{By: "command", Reason: *reason, DryRun: *dry, Decimal: sheet.Decimal, Progress: importProgress(t.err),
		Open: func() (archive.Rows, error) { return openTable(plain[1]) }}
	if q.Mapping, err = past.ParseMapping(*mapText); err != nil {
		return 0, err
	}
	first, err := openTable(plain[1])
	if err != nil {
		return 0, err
	}
	q.Sheet = first.Format() == sheet.XLSX
	encoding := first.Encoding()
	_ = first.Close()
	if q.File, err = fileHash(plain[1]); err != nil {
		return 0, err
	}
	code := exitOK
	err = opened(ctx, t, cfg, func(p *server.Parts) error {
		found, ok, err := p.Registry.Site(ctx, site)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("没有此场所 there is no such site: %s", site)
		}
		q.Origin = past.Origin{Kind: past.Kind(plain[0]), Party: found.Party, Site: site, Unit: *unit}
		s := &archive.Service{Store: p.Store, Catalog: waste.DefaultCatalog(), Now: time.Now}
		rep, err := s.Import(ctx, q)
		if err != nil {
			return err
		}
		if printImport(t.out, rep, encoding); rep.Bad+len(rep.Notes) > 0 {
			code = exitFindings
		}
		return nil
	})
	return code, err
}

func fileHash(name string) (h id.Hash, err error) {
	f, err := os.Open(name)
	if err != nil {
		return h, err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return id.Hash(sum.Sum(nil)), err
}

// importProgress writes a line every second.
func importProgress(w io.Writer) func(int, bool) {
	last := time.Now()
	return func(lines int, writing bool) {
		if time.Since(last) < time.Second {
			return
		}
		last = time.Now()
		word := "检查 checked"
		if writing {
			word = "写入 written"
		}
		fmt.Fprintf(w, "… %s %d\n", word, lines)
	}
}

func printImport(w io.Writer, rep archive.Report, encoding string) {
	fmt.Fprintf(w, "%s: %d 行 lines (%s), 新增 added %d, 未变 unchanged %d, 错误行 bad %d, 未核实代码 unverified codes %d, %s kg, 已写入 applied %v\n",
		rep.Kind, rep.Lines, encoding, rep.Added, rep.Unchanged, rep.Bad, rep.Unverified, rep.Grams.Kilograms(), rep.Applied)
	for _, f := range past.Fields() {
		if c := rep.Columns[f]; c != "" {
			fmt.Fprintf(w, "  %-9s ← %s\n", f, c)
		}
	}
	for _, n := range rep.Notes {
		fmt.Fprintf(w, "  第 %d 行 line %d, %s [%s]: %s — %s\n", n.Line, n.Line, n.Column, n.Code, n.DetailZH, n.Detail)
	}
	if more := rep.Bad - len(rep.Notes); more > 0 {
		fmt.Fprintf(w, "  另有 %d 行 and %d more\n", more, more)
	}
	if !rep.Statement.IsZero() {
		fmt.Fprintf(w, "  日志声明 statement %s, 散列 digest %s\n", rep.Statement, rep.Digest)
	}
	fmt.Fprintln(w, "  导入的记录无人签名，与已签事件分开保存并标明 imported records are signed by nobody; they are kept and shown apart from signed events")
}
