package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/client"
	"liandan/internal/fault"
	"liandan/internal/id"
)

const header = "manifest,line,un_number,container_count,container_type,quantity,unit,codes,method\n"

// TestWholeFile plays the real file and holds the sums that are known of it.
func TestWholeFile(t *testing.T) {
	s := newServer(t)
	var progress bytes.Buffer
	first, err := Run(context.Background(), Options{File: open(t), Client: client.New(s.url, s.token), Seed: 7, Now: time.Now, Progress: &progress})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"lines":2506,"manifests":1217,"accepted_lines":1707,"accepted_grams":950086438,"treated_grams":313783840,`+
		`"volume_lines":799,"zero_lines":1,"malformed_manifests":5,"events_sent":%d,"events_new":%d}`, first.EventsSent, first.EventsSent)
	if string(got) != want {
		t.Errorf("the first replay gave\n%s, want\n%s", got, want)
	}
	if !first.Report.Sound() || len(first.Report.Massless) != 686 {
		t.Errorf("sound %v, %d manifests without mass, want 686", first.Report.Sound(), len(first.Report.Massless))
	}
	if z := first.Report.Zero; len(z) != 1 || z[0].Manifest != "013448730JJK" || z[0].Item != "1" {
		t.Errorf("lines of zero: %v", z)
	}
	var malformed []string
	for _, n := range first.Report.Malformed {
		malformed = append(malformed, n.Manifest)
	}
	if want := []string{"000658596WASB", "0013690122JJK", "5811598FLE", "7162312FLE", "7875389FLE"}; !slices.Equal(malformed, want) {
		t.Errorf("malformed numbers %v, want %v", malformed, want)
	}
	if lines := strings.Count(progress.String(), "\n"); lines < 2 {
		t.Errorf("progress has %d lines: %s", lines, &progress)
	}
	report := s.check(first.EventsSent)
	if report.Batches != 1707 || report.Manifests != 1217-686 {
		t.Errorf("the store has %d batches and %d manifests", report.Batches, report.Manifests)
	}

	second, err := s.replay(7, open(t))
	if err != nil {
		t.Fatal(err)
	}
	s.check(first.EventsSent)
	if second.EventsNew != 0 {
		t.Errorf("the second replay added %d events", second.EventsNew)
	}
	second.EventsNew = first.EventsNew
	if a, b := fmt.Sprintf("%+v", first), fmt.Sprintf("%+v", second); a != b {
		t.Errorf("the second replay says otherwise:\n%.400s\n%.400s", a, b)
	}
}

// TestStates reads back what the server made of a small manifest.
func TestStates(t *testing.T) {
	s := newServer(t)
	text := header +
		"000000001AAA,1,UN1993,2,DM,2,P,F003 F005,H061\n" +
		"000000001AAA,2,,1,TT,3,K,D009,\n" +
		"000000001AAA,3,,1,TT,10,G,D001,H141\n" +
		"000000002AAA,1,,1,CY,1,M,D003,H141\n" +
		"000000002AAA,2,,1,DF,1,T,D003,H040\n"
	sum := s.play(1, text)
	if sum.AcceptedLines != 4 || sum.AcceptedGrams != 907+3000+1_000_000+907_185 || sum.TreatedGrams != 907+1_000_000+907_185 || sum.VolumeLines != 1 {
		t.Fatalf("summary %+v", sum)
	}
	c, err := newCast(1)
	if err != nil {
		t.Fatal(err)
	}
	base, err := c.enrol(context.Background(), client.New(s.url, s.token))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	p := &play{cast: c, seed: 1, base: base}
	for i, want := range []struct {
		stages string
		rows   string
	}{
		{"accepted", "us:F003 907 treated 907; us:D009 3000 accepted 0"},
		{"reported", "us:D003 1000000 reported 1000000; us:D003 907185 reported 907185"},
	} {
		chain, err := p.chain(f.Manifests[i])
		if err != nil {
			t.Fatal(err)
		}
		var m id.Manifest
		for _, e := range chain {
			if !e.event.Manifest.IsZero() {
				m = e.event.Manifest
			}
		}
		v, err := s.audit.Manifest(context.Background(), m)
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for _, l := range v.State.Lines {
			rows = append(rows, fmt.Sprintf("%s %d %s %d", l.Code, l.Accepted, l.Stage, l.Treated))
		}
		if got := strings.Join(rows, "; "); string(v.State.Stage) != want.stages || got != want.rows {
			t.Errorf("manifest %d is %s: %s; want %s: %s", i, v.State.Stage, got, want.stages, want.rows)
		}
	}
	s.check(sum.EventsSent)
}

// TestBadLinesStayOut: what cannot be read is named and the rest is played.
func TestBadLinesStayOut(t *testing.T) {
	s := newServer(t)
	sum := s.play(1, header+
		"000000001AAA,1,,1,DM,2,P,D009,\n"+
		"000000001AAA,2,,1,DM,2,X,D009,\n"+
		"nonsense\n"+
		"000000003AAA,1,,1,DM,3000000,P,D009,\n")
	if sum.Lines != 4 || sum.Manifests != 2 || sum.AcceptedLines != 1 || sum.AcceptedGrams != 907 || len(sum.Report.Bad) != 3 || sum.Report.Sound() {
		t.Errorf("summary %+v", sum)
	}
	s.check(sum.EventsSent)
}

// TestPrint: the report for a person names every line with its number and manifest.
func TestPrint(t *testing.T) {
	f, err := Read(strings.NewReader(header +
		"000000001AAA,1,,1,DM,2,G,D009,\n" +
		"7,4,,1,DM,0,P,D009,\n" +
		"7,5,,1,DM,2,?,D009,\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := reportOf(f)
	r.refused(signed{line: 9, manifest: "000000002AAA"}, &client.Problem{Kind: "wrong-stage", Status: 409, Retained: true})
	var b strings.Builder
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"line 2 000000001AAA/1：2 gal", "line 3 7/4：0 lb", "line 4 7/5：unit", "line 3 7：联单编号",
		"line 9 000000002AAA：", "quarantine) [wrong-stage]", "line 2 000000001AAA：没有以质量计的行", "line 3 7：没有以质量计的行"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, b.String())
		}
	}
	if n := strings.Count(b.String(), "\n  "); n != 7 {
		t.Errorf("%d notes, want 7:\n%s", n, b.String())
	}
	if err := r.Print(broken{}); err == nil {
		t.Error("a writer that fails was not noticed")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestTwoSeeds: another seed plays another set of batches, by other keys.
func TestTwoSeeds(t *testing.T) {
	s := newServer(t)
	text := header + "000000001AAA,1,,1,DM,2,P,D009,H141\n"
	a, b := s.play(1, text), s.play(2, text)
	if a.EventsNew != 7 || b.EventsNew != 7 {
		t.Errorf("%d and %d new events, want 7 each", a.EventsNew, b.EventsNew)
	}
	s.check(14)
}

// TestLongerFile: what was played before is the same in a longer file, though the
// manifests stand in another order.
func TestLongerFile(t *testing.T) {
	s := newServer(t)
	one, two := "000000001AAA,1,,1,DM,2,P,D009,H141\n", "000000002AAA,1,,1,DM,5,P,D009,\n"
	s.play(1, header+one)
	sum := s.play(1, header+two+one)
	if sum.EventsSent != 12 || sum.EventsNew != 5 || sum.AcceptedLines != 2 {
		t.Errorf("summary %+v", sum)
	}
	s.check(12)
}

// TestChangedFile: a manifest that says something else than what was played is refused by
// the server, named, and the others are taken.
func TestChangedFile(t *testing.T) {
	s := newServer(t)
	s.play(1, header+"000000001AAA,1,,1,DM,2,P,D009,\n")
	sum, err := s.replay(1, strings.NewReader(header+"000000001AAA,1,,1,DM,3,P,D009,\n000000002AAA,1,,1,DM,1,K,D009,\n"))
	if fault.Of(err) != fault.IDReused {
		t.Fatalf("error %v, want %s", err, fault.IDReused)
	}
	if sum.AcceptedLines != 1 || sum.AcceptedGrams != 1000 || sum.EventsNew != 5 || len(sum.Report.Refused) != 5 || sum.Report.Sound() {
		t.Errorf("summary %+v", sum)
	}
	for _, n := range sum.Report.Refused {
		if n.Line != 2 || n.Manifest != "000000001AAA" || n.Code != string(fault.IDReused) {
			t.Errorf("refusal %v", n)
		}
	}
	s.check(10)
}

// TestRevokedKey: a replay whose device is revoked sends nothing.
func TestRevokedKey(t *testing.T) {
	s := newServer(t)
	text := header + "000000001AAA,1,,1,DM,2,P,D009,\n"
	s.play(1, text)
	c, err := newCast(1)
	if err != nil {
		t.Fatal(err)
	}
	k := s.key(c.carriers[0])
	if _, err := s.registry.RevokeKey(context.Background(), "test", k.Kid, time.Now(), "SAMPLE loss"); err != nil {
		t.Fatal(err)
	}
	sum, err := s.replay(1, strings.NewReader(text))
	if fault.Of(err) != fault.KeyRevoked || sum.EventsSent != 0 {
		t.Errorf("error %v, %d events sent", err, sum.EventsSent)
	}
	s.check(5)
}

// TestNotOperator: without an operator's token nothing is registered or sent.
func TestNotOperator(t *testing.T) {
	s := newServer(t)
	s.token = "lt_" + strings.Repeat("a", 52)
	_, err := s.replay(1, strings.NewReader(header))
	var p *client.Problem
	if !asProblem(err, &p) || p.Status != http.StatusUnauthorized {
		t.Errorf("error %v, want a 401", err)
	}
	s.check(0)
}

// TestCutUpload: an upload whose answers break off is an error, and the next replay ends
// where an unbroken one would have.
func TestCutUpload(t *testing.T) {
	s := newServer(t)
	s.trip = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/events" {
			return false
		}
		lines, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		first, _, _ := bytes.Cut(lines, []byte("\n"))
		s.intake.Accept(context.Background(), first)
		panic(http.ErrAbortHandler)
	}
	text := header + "000000001AAA,1,,1,DM,2,P,D009,H141\n"
	if sum, err := s.replay(1, strings.NewReader(text)); err == nil || sum.AcceptedLines != 0 {
		t.Fatalf("error %v, summary %+v", err, sum)
	}
	s.check(1)
	s.trip = nil
	sum := s.play(1, text)
	if sum.EventsSent != 7 || sum.EventsNew != 6 || sum.AcceptedGrams != 907 {
		t.Errorf("summary %+v", sum)
	}
	s.check(7)
}

// TestFalseReceipt: an answer that is no receipt for the bytes sent counts for nothing.
func TestFalseReceipt(t *testing.T) {
	for name, answer := range map[string]string{
		"other hash":    `{"line":1,"status":201,"receipt":{"id":"%s","hash":"` + strings.Repeat("0", 64) + `"}}`,
		"no receipt":    `{"line":1,"status":201}`,
		"other line":    `{"line":2,"status":201,"receipt":{"id":"%s"}}`,
		"no answer":     ``,
		"not JSON":      `nonsense`,
		"other status":  `{"line":1,"status":202,"receipt":{"id":"%s"}}`,
		"whole refusal": `{"line":1,"status":503,"problem":{"kind":"unavailable","status":503,"detail":"gone"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.trip = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/v1/events" {
					return false
				}
				fmt.Fprintln(w, strings.ReplaceAll(answer, "%s", "019ca000-0000-7000-8000-000000000001"))
				return true
			}
			sum, err := s.replay(1, strings.NewReader(header+"000000001AAA,1,,1,DM,2,P,D009,H141\n"))
			if err == nil || sum.AcceptedLines != 0 || sum.EventsNew != 0 {
				t.Errorf("error %v, summary %+v", err, sum)
			}
		})
	}
}

// TestKeysInThePast: every event of a fresh server lies in its past, within the keys'
// validity.
func TestKeysInThePast(t *testing.T) {
	s := newServer(t)
	s.play(1, header)
	c, err := newCast(1)
	if err != nil {
		t.Fatal(err)
	}
	base, err := c.enrol(context.Background(), client.New(s.url, s.token))
	if err != nil {
		t.Fatal(err)
	}
	if last := base.Add(span); !last.Before(time.Now()) {
		t.Errorf("the last event is dated %s, which is not past", last)
	}
	for _, p := range c.all() {
		if k := s.key(p); k.Sound(base) != nil || k.Sound(base.Add(span)) != nil {
			t.Errorf("%s is not valid over the replay: %+v", p.name, k.Valid)
		}
	}
}
