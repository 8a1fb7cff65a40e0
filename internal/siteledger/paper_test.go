package siteledger

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/journal"
	"liandan/internal/manifest"
	"liandan/internal/party"
	"liandan/internal/rule"
	"liandan/internal/sheet"
	"liandan/internal/tabular"
	"liandan/internal/waste"
)

// register knows every organisation and site by a name of its id.
type register struct{ broken error }

func (r register) Organisation(_ context.Context, p id.Party) (party.Organisation, bool, error) {
	return party.Organisation{ID: p, Name: "=样例 " + p.String()[:4], CreditCode: "91SAMPLE"}, true, r.broken
}
func (r register) Site(_ context.Context, s id.Site) (party.Site, bool, error) {
	return party.Site{ID: s, Name: "场所 " + s.String()[:4]}, true, nil
}
func (r register) ReceivingLicences(context.Context) ([]party.Licence, error) {
	return []party.Licence{{Party: id.PartyOf(id.UUID{3}), Number: "SAMPLE-OP-1", Valid: party.Period{From: time.UnixMilli(0)}}}, nil
}

func filled() Filled {
	at := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	shop, collector, plant := id.PartyOf(id.UUID{1}), id.PartyOf(id.UUID{2}), id.PartyOf(id.UUID{3})
	b := id.BatchOf(id.UUID{8})
	issued := event.Event{ID: id.EventOf(id.UUID{9}), Type: event.ManifestIssued, At: at, Party: collector, Person: id.PersonOf(id.UUID{7}),
		Data: event.Issued{Profile: "small-source", Behalf: event.Behalf{Party: shop, Authorisation: id.EventOf(id.UUID{6})}}}
	return Filled{Paper: journal.Paper{State: manifest.State{ID: id.ManifestOf(id.UUID{5}), Stage: batch.Accepted, Profile: "small-source", Consignor: shop, Carrier: collector, Consignee: plant,
		Method: "D10", Vehicle: "冀F00001", IssuedAt: at.UnixMilli(), CollectedAt: at.UnixMilli(), AcceptedAt: at.UnixMilli(), Grade: batch.OnPaper, Slip: "No. 7", Scan: id.Hash{1},
		Lines: []manifest.Line{{Batch: b, Code: "900-214-08", Stage: batch.Accepted, Packages: 2, Issued: 1_000, Collected: 1_250, Accepted: 1_000, Refused: 240, Verdict: event.Part, Reason: "+渗漏"}}},
		Events: []journal.Told{{Seq: 41, Event: issued}}}, Provisional: "LD2026-SAMPLE",
		Batches:     map[id.Batch]batch.State{b: {ID: b, Form: "L", Packaging: "drum_plastic", Measured: event.Estimated}},
		Corrections: []batch.Correction{{Event: issued.ID, By: shop, Status: batch.CorrectionAgreed, Reason: "样例", Changes: []event.Change{{Pointer: "/batches/0/grams", Old: "900", New: "1000"}}}},
		Findings:    []rule.Finding{{Rule: "mass-differs", Severity: rule.Serious, ZH: "样例", EN: "sample", Seq: 41, Owner: rule.Owner{Party: shop}}}}
}

func maker() Maker { return Maker{Register: register{}, Catalog: waste.DefaultCatalog()} }

func has(t *testing.T, s tabular.Sheet, words ...string) {
	t.Helper()
	var all strings.Builder
	for _, row := range s.Rows {
		if len(row) > len(s.Header) {
			t.Errorf("%s: %d cells under %d columns", s.Name, len(row), len(s.Header))
		}
		for _, c := range row {
			all.WriteString(c.Text + "\n")
		}
	}
	for _, w := range words {
		if !strings.Contains(all.String(), w) {
			t.Errorf("%s does not say %q:\n%s", s.Name, w, all.String())
		}
	}
}

// Every kind of weaker evidence is marked, and each part of the form says its own mass.
func TestForm(t *testing.T) {
	x := filled()
	n, err := maker().names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	has(t, n.head(x), "LD2026-SAMPLE", provisional, onPaper, "No. 7", "91SAMPLE", "SAMPLE-OP-1", "冀F00001", "D10")
	has(t, n.lines(x), "900-214-08", "HW08", "0.001000", "0.001250", "0.000240", "-0.000010", estimated, "液态 L", "部分接受 part")
	has(t, n.signed(x), "凭授权代签", "41")
	has(t, n.corrected(x), "/batches/0/grams", "900", "1000", "已更正")
	has(t, n.found(x), "mass-differs", "serious")

	x.Paper.State.Grade, x.Paper.State.Number = "", "20261306000001"
	head := n.head(x)
	has(t, head, "20261306000001", electronic)
	for _, row := range head.Rows {
		if strings.Contains(row[3].Text, "provisional") || strings.Contains(row[2].Text, onPaper) {
			t.Errorf("a sound manifest is marked: %v", row)
		}
	}
}

// The same manifest gives the same file, nothing of it runs as a formula, and a register
// that cannot be asked gives no file.
func TestFormFiles(t *testing.T) {
	for _, f := range []sheet.Format{sheet.XLSX, sheet.CSV} {
		var a, b bytes.Buffer
		for _, to := range []*bytes.Buffer{&a, &b} {
			if err := maker().Form(t.Context(), to, f, filled()); err != nil {
				t.Fatal(err)
			}
		}
		if a.Len() == 0 || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: %d and %d bytes", f, a.Len(), b.Len())
		}
		if f == sheet.CSV && (!strings.Contains(a.String(), "'+渗漏") || !strings.Contains(a.String(), "'=样例")) {
			t.Errorf("a cell begins as a formula:\n%s", a.String())
		}
		m := maker()
		m.Register = register{errors.New("gone")}
		var none bytes.Buffer
		if err := m.Form(t.Context(), &none, f, filled()); err == nil || none.Len() > 0 {
			t.Errorf("%s without a register: %d bytes, %v", f, none.Len(), err)
		}
	}
}

// The papers of stops: grams as kilograms, slips marked, what is on the vehicle said.
func TestStops(t *testing.T) {
	at := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	sign := journal.Signature{Event: id.EventOf(id.UUID{9}), Party: id.PartyOf(id.UUID{2}), Person: id.PersonOf(id.UUID{7}), At: at}
	stops := []journal.Stop{{Manifest: id.ManifestOf(id.UUID{5}), From: id.PartyOf(id.UUID{1}), Giver: sign, Taker: sign, Vehicle: "冀F00001", Classes: []journal.Class{{Code: "841-001-01", Bags: 3, Grams: 2_005}}},
		{Manifest: id.ManifestOf(id.UUID{6}), Taker: sign, Grade: batch.OnPaper, Classes: []journal.Class{{Code: "841-002-01", Bags: 1, Grams: 10}}}}
	n, _ := maker().names(t.Context())
	has(t, n.stops("x", stops), "2.005", "0.010", onPaper, electronic, "841-001-01")
	cards := []journal.Card{{Vehicle: "冀F00001", Carrier: id.PartyOf(id.UUID{2}), Stops: stops, Open: true, Totals: []journal.Class{{Code: "841-001-01", Bags: 3, Grams: 2_005}},
		Ends: []journal.End{{Arrival: sign, Takers: []journal.Taking{{Signature: sign, Refused: 500}}}, {Arrival: sign}}}}
	has(t, n.ends(cards), "0.500", "尚未接收")
	var b bytes.Buffer
	if err := maker().Cards(t.Context(), &b, sheet.XLSX, cards, true); err != nil || b.Len() == 0 {
		t.Errorf("%d bytes, %v", b.Len(), err)
	}
	b.Reset()
	if err := maker().Monthly(t.Context(), &b, sheet.CSV, journal.Monthly{Stops: stops, From: at, To: at}); err != nil || strings.Count(b.String(), "\n") != 3 {
		t.Errorf("%s %v", b.String(), err)
	}
}
