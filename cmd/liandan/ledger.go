package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"liandan/internal/id"
	"liandan/internal/server"
	"liandan/internal/sheet"
	"liandan/internal/siteledger"
	"liandan/internal/standbook"
	"liandan/internal/waste"
)

// runExportLedger writes a site's ledger, or one table, to a file.
func runExportLedger(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "export-ledger")
	from := fs.String("from", "", "首日 first day, YYYY-MM-DD")
	to := fs.String("to", "", "末日（含） last day, inclusive")
	table := fs.String("table", siteledger.Ledger, "表 one of "+strings.Join(siteledger.Tables(), ", "))
	format := fs.String("format", "xlsx", "格式 xlsx or csv")
	out := fs.String("out", "", "输出文件，默认标准输出 file to write; standard output when empty")
	cfg, plain, err := settings(t, fs, args)
	if err != nil {
		return 0, err
	}
	if len(plain) != 1 {
		return 0, fmt.Errorf("用法 usage: liandan export-ledger SITE --from DAY --to DAY [--table T] [--format xlsx|csv] [--out FILE]")
	}
	site, err := id.ParseSite(plain[0])
	if err != nil {
		return 0, err
	}
	q := siteledger.Query{Table: *table}
	if q.Format, err = sheet.ParseFormat(*format); err != nil {
		return 0, err
	}
	first, end, err := siteledger.Period(*from, *to)
	if err != nil {
		return 0, err
	}
	return exitOK, opened(ctx, t, cfg, func(p *server.Parts) error {
		found, ok, err := p.Registry.Site(ctx, site)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("没有此场所 there is no such site: %s", site)
		}
		q.Scope = standbook.Scope{Party: found.Party, Site: site, From: first, To: end}
		m := siteledger.Maker{Source: p.Audit, Register: p.Registry, Catalog: waste.DefaultCatalog()}
		return saved(t, *out, func(w io.Writer) error { return m.Write(ctx, w, q) })
	})
}

// saved writes to a file that is there whole or not at all, or to standard output.
func saved(t terminal, name string, write func(io.Writer) error) error {
	if name == "" {
		return write(t.out)
	}
	f, err := os.OpenFile(name+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name+".part"))
	}
	return os.Rename(name+".part", name)
}
