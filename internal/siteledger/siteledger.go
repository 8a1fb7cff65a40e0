// Package siteledger writes the ledger and the manifests of a site as the tables that
// offices exchange: one workbook with all of the ledger, or one table as csv.
//
// It must not decide who may have them, and adds nothing to what the fold says but names.
package siteledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/party"
	"liandan/internal/past"
	"liandan/internal/sheet"
	"liandan/internal/standbook"
	"liandan/internal/waste"
)

// Source gives the facts; audit.Service is one.
type Source interface {
	Standbook(ctx context.Context, s standbook.Scope, each func(standbook.Line) error) ([]standbook.Account, error)
	ManifestsOf(ctx context.Context, p id.Party, s id.Site, each func(manifest.State) error) error
	Imported(ctx context.Context, s standbook.Scope, k past.Kind, each func(past.Kept) error) error
}

// Register gives the names; registry.Service is one.
type Register interface {
	Organisation(ctx context.Context, p id.Party) (party.Organisation, bool, error)
	Site(ctx context.Context, s id.Site) (party.Site, bool, error)
	// ReceivingLicences are those to take waste in, of every organisation.
	ReceivingLicences(ctx context.Context) ([]party.Licence, error)
}

// Catalog knows what a code is called; waste.Catalog is one.
type Catalog interface {
	Lookup(c waste.Code, at time.Time) (waste.Entry, bool)
}

// What can be asked for beside a table of the ledger.
const (
	Ledger    = "ledger"    // all five tables and the balance, in a workbook
	Balance   = "balance"   // the balance alone
	Manifests = "manifests" // a line of the form for each line of a manifest

	// Records of the past, which nobody signed: never in one table with the others.
	ImportedManifests = "imported-manifests"
	ImportedLedger    = "imported-ledger"
)

// Tables lists everything that can be asked for.
func Tables() []string {
	out := []string{Ledger}
	for _, t := range standbook.Tables() {
		out = append(out, string(t))
	}
	return append(out, Balance, Manifests, ImportedManifests, ImportedLedger)
}

// Query is what is wanted.
type Query struct {
	Scope  standbook.Scope
	Table  string // of Tables
	Format sheet.Format
}

// MaxPeriod bounds a period in days: ledgers are kept for years, and asked for by the year.
const MaxPeriod = 5*366 + 1

// Period reads the first and the last day of a period, local. The fault is
// invalid-request, with the names of the two members.
func Period(from, to string) (first, end time.Time, err error) {
	bad := fault.New(fault.InvalidRequest, "The period is wrong; give its first and its last day.")
	day := func(pointer, s string) time.Time {
		t, err := time.ParseInLocation(time.DateOnly, s, calendar.Zone())
		if err != nil || t.Year() < 2000 || t.Year() > 2199 {
			bad.At(pointer, "format", "must be a day such as 2026-03-01")
		}
		return t
	}
	first, end = day("/from", from), day("/to", to).AddDate(0, 0, 1)
	switch {
	case len(bad.Fields) > 0:
	case !first.Before(end):
		bad.At("/to", "out_of_range", "must not be before the first day")
	case end.Sub(first) > MaxPeriod*24*time.Hour:
		bad.At("/to", "out_of_range", "a period has at most five years")
	}
	if len(bad.Fields) > 0 {
		return first, end, bad
	}
	return first, end, nil
}

// Check says whether a query can be answered. The fault is invalid-request.
func (q Query) Check() error {
	if !slices.Contains(Tables(), q.Table) {
		return fault.New(fault.InvalidRequest, "There is no such table.").At("/table", "value", "must be one of %s", strings.Join(Tables(), ", "))
	}
	if q.Table == Ledger && q.Format == sheet.CSV {
		return fault.New(fault.InvalidRequest, "The whole ledger is a workbook; a csv holds one table.").At("/format", "value", "must be xlsx for the table ledger")
	}
	return nil
}

// Name is what the file is called.
func (q Query) Name() string {
	return fmt.Sprintf("%s-%s-%s.%s", q.Table, q.Scope.From.In(calendar.Zone()).Format("20060102"),
		q.Scope.To.In(calendar.Zone()).AddDate(0, 0, -1).Format("20060102"), q.Format)
}

// Maker makes the files.
type Maker struct {
	Source   Source
	Register Register
	Catalog  Catalog
}

// Write writes the file; the same log gives the same bytes. Faults: invalid-request,
// too-large for a workbook that no spreadsheet opens, damaged, unavailable.
func (m Maker) Write(ctx context.Context, w io.Writer, q Query) (err error) {
	if err := q.Check(); err != nil {
		return err
	}
	n, err := m.names(ctx)
	if err != nil {
		return err
	}
	out := sheet.New(w, q.Format)
	defer out.Discard()
	switch q.Table {
	case Manifests:
		err = m.manifests(ctx, out, q, n)
	case ImportedManifests:
		err = m.imported(ctx, out, q, past.Manifests)
	case ImportedLedger:
		err = m.imported(ctx, out, q, past.Ledger)
	default:
		err = m.ledger(ctx, out, q, n)
	}
	if err == nil {
		err = n.err
	}
	if err != nil {
		return err
	}
	return out.Close()
}

func (m Maker) ledger(ctx context.Context, out sheet.Writer, q Query, n *names) error {
	open := map[standbook.Table]sheet.Table{}
	for _, t := range standbook.Tables() {
		if q.Table == Ledger || q.Table == string(t) {
			table, err := out.Table(t.Title(), t.Header()...)
			if err != nil {
				return err
			}
			open[t] = table
		}
	}
	accounts, err := m.Source.Standbook(ctx, q.Scope, func(l standbook.Line) error {
		table, wanted := open[standbook.TableOf(l.Kind)]
		if !wanted {
			return nil
		}
		return table.Row(sheet.Cells(l.Values(n.all()))...)
	})
	if err != nil || (q.Table != Ledger && q.Table != Balance) {
		return err
	}
	table, err := out.Table(standbook.BalanceTitle, standbook.BalanceHeader()...)
	for _, a := range accounts {
		if err == nil {
			err = table.Row(sheet.Cells(a.Values())...)
		}
	}
	return err
}

// names looks names up, and remembers what went wrong: a fold is no place for errors of
// the register.
type names struct {
	ctx      context.Context
	m        Maker
	licences map[id.Party][]party.Licence
	at       time.Time
	err      error
}

func (m Maker) names(ctx context.Context) (*names, error) {
	n := &names{ctx: ctx, m: m, licences: map[id.Party][]party.Licence{}}
	list, err := m.Register.ReceivingLicences(ctx)
	for _, l := range list {
		n.licences[l.Party] = append(n.licences[l.Party], l)
	}
	return n, err
}

func (n *names) all() standbook.Names {
	return standbook.Names{Party: n.party, Site: n.site, Licence: n.licence, Waste: func(l standbook.Line) string {
		n.at = l.At
		return n.waste(l.Waste, l.At)
	}}
}

// hear remembers an error.
func (n *names) hear(err error) { n.err = errors.Join(n.err, err) }

func (n *names) party(p id.Party) string {
	if p.IsZero() {
		return ""
	}
	o, ok, err := n.m.Register.Organisation(n.ctx, p)
	n.err = errors.Join(n.err, err)
	if !ok {
		return p.String()
	}
	return o.Name
}

func (n *names) site(s id.Site) string {
	if s.IsZero() {
		return ""
	}
	v, ok, err := n.m.Register.Site(n.ctx, s)
	n.err = errors.Join(n.err, err)
	if !ok {
		return s.String()
	}
	return v.Name
}

// licence is the number of the licence in force at the line's time.
func (n *names) licence(p id.Party) string {
	for _, l := range n.licences[p] {
		if l.Valid.Holds(n.at) {
			return l.Number
		}
	}
	return ""
}

func (n *names) waste(c waste.Code, at time.Time) string {
	e, ok := n.m.Catalog.Lookup(c, at)
	if !ok {
		return ""
	}
	return e.Name
}
