package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	views "liandan/internal/audit"
	"liandan/internal/calendar"
	"liandan/internal/client"
	"liandan/internal/ledger"
	samplecity "liandan/internal/sample"
	"liandan/internal/statement"
)

// hourglass is the server's clock: it stands where the sample day is.
type hourglass struct{ at atomic.Pointer[time.Time] }

func (h *hourglass) now() time.Time  { return *h.at.Load() }
func (h *hourglass) set(t time.Time) { h.at.Store(&t) }

// receipts is a sample.Sender that keeps every receipt by its place in the log.
type receipts struct {
	*client.Client
	mu    sync.Mutex
	bySeq map[int64]client.Receipt
}

func (r *receipts) keep(x client.Receipt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bySeq[x.Seq] = x
}

// Send implements sample.Sender.
func (r *receipts) Send(ctx context.Context, jws []byte) (client.Receipt, error) {
	x, err := r.Client.Send(ctx, jws)
	if err == nil {
		r.keep(x)
	}
	return x, err
}

// SendAll implements sample.Sender.
func (r *receipts) SendAll(ctx context.Context, events [][]byte, each func(client.Line) error) error {
	return r.Client.SendAll(ctx, events, func(l client.Line) error {
		if l.Receipt != nil {
			r.keep(*l.Receipt)
		}
		return each(l)
	})
}

// day is a sample day on a real server, watched by the auditors.
type day struct {
	t        *testing.T
	base     string // of the log
	vkey     string
	verifier note.Verifier
	policy   torchwood.Policy
	heads    []tlog.Tree // every checkpoint that was met, in its order
	audited  []int       // sizes at which the whole log was walked
}

// TestAuditorsPassTheRealLog plays a sample day over HTTP. Between its phases, while tiles
// are partial and grow, torchwood proves over HTTP that each checkpoint continues the one
// before; in the middle and at the end both auditors walk the whole log.
func TestAuditorsPassTheRealLog(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			date := samplecity.Day{Date: time.Date(2026, 3, 2, 0, 0, 0, 0, calendar.Zone()), Run: 1}
			clock := &hourglass{}
			clock.set(date.Opens().Add(-10 * time.Minute))
			s := serve(t, db.open(t), clock.now)
			to := &receipts{Client: client.New(s.URL, s.Token), bySeq: map[int64]client.Receipt{}}
			city := samplecity.NewCity(1, 1)
			settleCity(t, city, to.Client)
			d := &day{t: t, base: s.URL + "/log", vkey: s.VKey, verifier: must(note.NewVerifier(s.VKey))(t)}
			d.policy = torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(d.verifier.Name()), torchwood.SingleVerifierPolicy(d.verifier))
			told := must(city.Play(t.Context(), date, to, func(at samplecity.Progress) {
				clock.set(at.At)
				if at.Done > 0 {
					d.watch()
				}
			}))(t)
			d.watch()
			entries := d.holdsTheDay(told, to.bySeq)
			var stored [][]byte
			err := s.Store.Read(t.Context(), func(r views.Reader) error {
				return r.Entries(0, int64(len(entries)), func(k ledger.Kept) error {
					stored = append(stored, bytes.Clone(k.Entry))
					return nil
				})
			})
			if err != nil || !sameEntries(stored, entries) {
				t.Errorf("the auditors read other entries than the ledger holds (%v)", err)
			}
		})
	}
}

// settleCity brings a city into the register.
func settleCity(t *testing.T, city *samplecity.City, c *client.Client) {
	t.Helper()
	for _, kind := range samplecity.Kinds() {
		var r struct{ Applied bool }
		report := must(c.Import(t.Context(), kind, city.Registers()[kind]))(t)
		if err := json.Unmarshal(report, &r); err != nil || !r.Applied {
			t.Fatalf("register %s was not taken in: %s", kind, report)
		}
	}
	if err := city.Enrol(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// watch reads the checkpoint and proves that it continues the one before, with tiles as
// they are now; once full tiles are there it walks the whole log.
func (d *day) watch() {
	d.t.Helper()
	now := d.head()
	if len(d.heads) > 0 {
		if err := d.continues(d.heads[len(d.heads)-1], now); err != nil {
			d.t.Errorf("the checkpoint of %d entries does not continue the one of %d: %v", now.N, d.heads[len(d.heads)-1].N, err)
		}
	}
	d.heads = append(d.heads, now)
	if now.N > 2*torchwood.TileWidth && len(d.audited) == 0 {
		auditLog(d.t, d.base, d.vkey, int(now.N))
		d.audited = append(d.audited, int(now.N))
	}
}

// reader fetches from the log, with nothing kept from before.
func (d *day) reader() *torchwood.TileFetcher {
	d.t.Helper()
	return must(torchwood.NewTileFetcher(d.base, torchwood.WithHTTPClient(&http.Client{Timeout: 30 * time.Second})))(d.t)
}

func (d *day) head() tlog.Tree {
	d.t.Helper()
	signed := must(d.reader().ReadEndpoint(d.t.Context(), "checkpoint"))(d.t)
	head, _, err := torchwood.VerifyCheckpoint(signed, d.policy)
	if err != nil {
		d.t.Fatal(err)
	}
	return head.Tree
}

// continues makes the consistency proof (RFC 6962 section 2.1.2) from tiles and checks it
// against both signed roots.
func (d *day) continues(old, now tlog.Tree) error {
	if old.N > now.N {
		return fmt.Errorf("the log shrank")
	}
	proof, err := tlog.ProveTree(now.N, old.N, torchwood.TileHashReaderWithContext(d.t.Context(), now, d.reader()))
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, now.N, now.Hash, old.N, old.Hash)
}

// holdsTheDay: the entries that the auditors read are those of the receipts, each parses
// and is in its place, every receipt proves its entry, and every checkpoint of the day is
// continued by the last one. It gives the entries.
func (d *day) holdsTheDay(told samplecity.Story, bySeq map[int64]client.Receipt) [][]byte {
	d.t.Helper()
	entries := auditLog(d.t, d.base, d.vkey, int(d.heads[len(d.heads)-1].N))
	events := map[string]bool{}
	for i, entry := range entries {
		e, err := ledger.ParseEntry(entry)
		if err != nil || e.Seq != int64(i) || !bytes.Equal(e.Bytes(), entry) {
			d.t.Fatalf("entry %d is %s (%v)", i, entry, err)
		}
		if e.Kind == statement.KindKey || e.Kind == statement.KindAct || e.Kind == statement.KindConfirmation || e.Kind == statement.KindFact || e.Kind == statement.KindImport { // keys were enrolled, and it was recorded
			continue
		}
		r := bySeq[int64(i)]
		if r.Entry != string(entry) || r.Hash != e.Hash.String() || !r.RecordedAt.Equal(e.RecordedAt) {
			d.t.Fatalf("entry %d is %s, its receipt says %+v", i, entry, r)
		}
		if err := torchwood.VerifyProof(d.policy, tlog.RecordHash(entry), []byte(r.Proof)); err != nil {
			d.t.Fatalf("the receipt of entry %d proves nothing: %v", i, err)
		}
		events[r.ID] = true
	}
	if len(events) != told.New || len(bySeq) != told.New || told.New < 3*torchwood.TileWidth {
		d.t.Errorf("%d events in %d entries, %d receipts, %d were told", len(events), len(entries), len(bySeq), told.New)
	}
	last := d.heads[len(d.heads)-1]
	if last.N != int64(len(entries)) || len(d.audited) == 0 || len(d.heads) < 10 {
		d.t.Errorf("checkpoints of the day: %v; audited at %v", d.heads, d.audited)
	}
	partial := 0
	for _, old := range slices.Compact(slices.Clone(d.heads)) {
		if err := d.continues(old, last); err != nil {
			d.t.Errorf("the last checkpoint does not continue the one of %d entries: %v", old.N, err)
		}
		if old.N%torchwood.TileWidth != 0 {
			partial++
		}
		forged := old
		forged.Hash[0] ^= 1
		if d.continues(forged, last) == nil {
			d.t.Errorf("a forged checkpoint of %d entries is continued too", old.N)
		}
	}
	if partial < 5 {
		d.t.Errorf("only %d checkpoints fell within a tile", partial)
	}
	return entries
}
