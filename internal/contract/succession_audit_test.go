package contract

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"liandan/internal/calendar"
	"liandan/internal/client"
	samplecity "liandan/internal/sample"
	"liandan/internal/server"
)

// TestAuditorsFollowASuccession changes the log's key after a sample day and starts the
// server again. To the auditors, which know nothing of successions, it is the same log
// under a new key: its tiles continue those that the old key signed for.
func TestAuditorsFollowASuccession(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			date := samplecity.Day{Date: time.Date(2026, 3, 2, 0, 0, 0, 0, calendar.Zone()), Run: 1}
			clock := &hourglass{}
			clock.set(date.Opens().Add(-10 * time.Minute))
			s := serve(t, db.open(t), clock.now)
			to := client.New(s.URL, s.Token)
			city := samplecity.NewCity(1, 1)
			settleCity(t, city, to)
			must(city.Play(t.Context(), date, to, func(at samplecity.Progress) { clock.set(at.At) }))(t)
			old := opensHead(t, s.URL, s.VKey)
			cfg := *s.Config
			offline := must(server.Open(t.Context(), &cfg, server.Options{Env: func(string) string { return "" }, Now: clock.now}))(t)
			r := must(offline.RotateKey(t.Context(), ""))(t)
			if err := offline.Close(); err != nil {
				t.Fatal(err)
			}
			if err := s.Stop(context.Background()); err != nil {
				t.Fatal(err)
			}
			cfg.Listen = "127.0.0.1:0"
			again := must(server.Start(t.Context(), &cfg, server.Options{Env: func(string) string { return "" }, Now: clock.now}))(t)
			t.Cleanup(func() { _ = again.Stop(context.Background()) })
			clock.set(clock.now().Add(time.Minute))
			to = client.New(again.URL, again.Token)
			var report struct{ Applied bool }
			if err := json.Unmarshal(must(to.Import(t.Context(), "people", city.Registers()["people"]))(t), &report); err != nil || !report.Applied {
				t.Fatalf("the register was not taken in: %v", err)
			}
			if err := again.Record.Flush(t.Context()); err != nil { // the act is in the log, under the new key
				t.Fatal(err)
			}
			if again.VKey != r.Succession.New {
				t.Fatalf("the server signs with %s", again.VKey)
			}
			now := opensHead(t, again.URL, r.Succession.New)
			if now.N <= old.N {
				t.Fatalf("nothing was recorded with the new key: %d and %d entries", old.N, now.N)
			}
			entries := auditLog(t, again.URL+"/log", r.Succession.New, int(now.N))
			if _, err := audit(t.Context(), again.URL+"/log", r.Succession.Old); err == nil {
				t.Error("the newest checkpoint passes with the old key")
			}
			fetch := must(torchwood.NewTileFetcher(again.URL + "/log"))(t)
			proof, err := tlog.ProveTree(now.N, old.N, torchwood.TileHashReaderWithContext(t.Context(), now, fetch))
			if err == nil {
				err = tlog.CheckTree(proof, now.N, now.Hash, old.N, old.Hash)
			}
			if err != nil {
				t.Errorf("the log under the new key does not continue the old one's: %v", err)
			}
			if n := slices.IndexFunc(entries, isLogKey); n < 0 {
				t.Error("no entry of the log tells of the succession")
			}
		})
	}
}

func isLogKey(entry []byte) bool {
	var e struct{ Kind string }
	return json.Unmarshal(entry, &e) == nil && e.Kind == "log-key"
}

// opensHead reads the newest checkpoint with a key.
func opensHead(t *testing.T, base, vkey string) tlog.Tree {
	t.Helper()
	v := must(note.NewVerifier(vkey))(t)
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(v.Name()), torchwood.SingleVerifierPolicy(v))
	signed := must(must(torchwood.NewTileFetcher(base+"/log"))(t).ReadEndpoint(t.Context(), "checkpoint"))(t)
	head, _, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil {
		t.Fatal(err)
	}
	return head.Tree
}
