package server_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/audit"
	"liandan/internal/client"
	"liandan/internal/config"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/server"
	"liandan/internal/testdb"
)

// scratch is a folder of this test run, for the binary and for what servers leave in the
// user's settings.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "liandan-server-*"); err != nil {
		panic(err)
	}
	if err := os.Setenv("XDG_CONFIG_HOME", filepath.Join(scratch, "config")); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// both runs a test with an embedded file and with a database of its own.
func both(t *testing.T, run func(t *testing.T, cfg *config.Config)) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			database := ""
			if kind == "postgres" {
				database = testdb.Postgres(t)
			}
			run(t, settings(t, t.TempDir(), database))
		})
	}
}

func settings(t *testing.T, data, database string) *config.Config {
	t.Helper()
	cfg := &config.Config{Data: data, Database: database, Listen: "127.0.0.1:0", Origin: "log.sample.test", LogFormat: "text", LogLevel: "warn"}
	if err := cfg.Check(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// nothing is an environment without variables.
func nothing(string) string { return "" }

// start starts a server in this process; it is stopped with the test, if not before.
func start(t *testing.T, cfg *config.Config, o server.Options) *server.Server {
	t.Helper()
	o.Env = nothing
	s, err := server.Start(context.Background(), fresh(cfg), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) }) // a second stop finds nothing to do
	return s
}

// fresh is a copy of the settings: a server that binds port 0 writes its address into it.
func fresh(cfg *config.Config) *config.Config {
	c := *cfg
	return &c
}

func stop(t *testing.T, s *server.Server) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// cast is the parties of a chain.
type cast struct {
	random                   *rand.ChaCha8
	hospital, carrier, plant *device.Device
}

// enrolled registers sample parties and enrols their devices over HTTP.
func enrolled(t *testing.T, c *client.Client, seed byte) *cast {
	t.Helper()
	p := &cast{random: rand.NewChaCha8([32]byte{seed})}
	p.hospital = p.enrol(t, c, 1, "medical;generator", "hospital", "P1")
	p.carrier = p.enrol(t, c, 2, "carrier", "depot", "P1")
	p.plant = p.enrol(t, c, 3, "operator", "plant", "P1")
	return p
}

func (p *cast) enrol(t *testing.T, c *client.Client, n int, roles, kind, person string) *device.Device {
	t.Helper()
	first17 := fmt.Sprintf("9113060000000TE%02d", n)
	check, ok := party.CheckCharacter(first17)
	if !ok {
		t.Fatalf("%s has characters outside GB 32100", first17)
	}
	code := party.CreditCode(first17 + string(check))
	name := fmt.Sprintf("样例单位%d SAMPLE", n)
	for _, r := range [][2]string{
		{"organisations", fmt.Sprintf("credit_code,name,roles,sample\n%s,%s,%s,1\n", code, name, roles)},
		{"sites", fmt.Sprintf("credit_code,name,kind,division,built_up\n%s,%s,%s,130602,1\n", code, name, kind)},
		{"people", fmt.Sprintf("credit_code,person\n%s,%s\n", code, person)},
	} {
		report, err := c.Import(t.Context(), r[0], []byte(r[1]))
		if err != nil || !bytes.Contains(report, []byte(`"applied":true`)) {
			t.Fatalf("import %s: %v %s", r[0], err, report)
		}
	}
	_, key, err := ed25519.GenerateKey(p.random)
	if err != nil {
		t.Fatal(err)
	}
	o := registry.PartyID(code)
	who := registry.PersonID(o, person)
	d, err := device.New(o, registry.SiteID(o, name), who, key, p.random)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Enrol(t.Context(), o.String(), who.String(), "SAMPLE", 30, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// chains signs n chains, now.
func (p *cast) chains(t *testing.T, n int) [][][]byte {
	t.Helper()
	out := make([][][]byte, n)
	for i := range out {
		out[i] = p.chain(t, time.Now())
	}
	return out
}

// chain signs the eight events of one batch's life.
func (p *cast) chain(t *testing.T, at time.Time) (out [][]byte) {
	t.Helper()
	newID := func() id.UUID {
		u, err := p.hospital.NewID(at)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	m := id.ManifestOf(newID())
	b := event.Batch{ID: id.BatchOf(newID()), Grams: 2500, Weighed: true}
	sign := func(d *device.Device, typ event.Type, data event.Data, line event.Batch, on bool, refs ...id.Event) id.Event {
		e, err := d.Event(typ, at, data)
		if err != nil {
			t.Fatal(err)
		}
		e.Batches, e.Refs = []event.Batch{line}, refs
		if on {
			e.Manifest = m
		}
		jws, err := d.Sign(e)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, jws)
		return e.ID
	}
	whole := b
	whole.Verdict = event.Whole
	sign(p.hospital, event.BatchGenerated, event.Generated{Code: "841-001-01", Form: "S", Packaging: "bag", Measured: event.OnScale}, b, false)
	sign(p.hospital, event.BatchStored, event.Stored{Place: "SAMPLE"}, b, false)
	issued := sign(p.hospital, event.ManifestIssued, event.Issued{Profile: "medical", Carrier: p.carrier.Party, Consignee: p.plant.Party, ConsigneeSite: p.plant.Site}, b, true)
	collected := sign(p.carrier, event.TransportCollected, event.Collected{Vehicle: "冀F00001"}, b, true, issued)
	delivered := sign(p.carrier, event.TransportDelivered, event.Delivered{Vehicle: "冀F00001"}, b, true, collected)
	sign(p.plant, event.ManifestAccepted, event.Accepted{Measured: event.OnScale}, whole, true, delivered)
	treated := sign(p.plant, event.BatchTreated, event.Treated{Method: "D10"}, b, false)
	sign(p.plant, event.OutcomeReported, event.Outcome{Result: "SAMPLE"}, event.Batch{ID: b.ID}, true, treated)
	return out
}

// box is the receipts that senders were given, by event.
type box struct {
	mu sync.Mutex
	at map[string]client.Receipt
}

func newBox() *box { return &box{at: map[string]client.Receipt{}} }

// keep remembers a receipt; another one for the same event must say the same.
func (b *box) keep(t *testing.T, r client.Receipt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if was, there := b.at[r.ID]; there && (was.Seq != r.Seq || was.Entry != r.Entry) {
		t.Errorf("event %s had a receipt of entry %d and now has one of %d", r.ID, was.Seq, r.Seq)
	}
	b.at[r.ID] = r
}

func (b *box) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.at)
}

// send sends a chain, event by event, until something is in the way. The fault is what
// was in the way, if anything was.
func (b *box) send(t *testing.T, c *client.Client, chain [][]byte) error {
	for _, jws := range chain {
		r, err := c.Send(context.Background(), jws)
		if err != nil {
			return err
		}
		b.keep(t, r)
	}
	return nil
}

// upload sends chains in one upload; a line that was refused is in the way too.
func (b *box) upload(t *testing.T, c *client.Client, chains [][][]byte) error {
	var lines [][]byte
	for _, chain := range chains {
		lines = append(lines, chain...)
	}
	var refused error
	err := c.SendAll(context.Background(), lines, func(l client.Line) error {
		if l.Receipt != nil {
			b.keep(t, *l.Receipt)
		} else if refused == nil {
			refused = l.Problem
		}
		return nil
	})
	return errors.Join(err, refused)
}

// stand holds every receipt against the log's public key and against the log itself, and
// gives the entries by event.
func (b *box) stand(t *testing.T, store audit.Store, vkey string) map[string]ledger.Kept {
	t.Helper()
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]ledger.Kept{}
	err = store.Read(context.Background(), func(r audit.Reader) error {
		return r.Entries(0, 1<<62, func(k ledger.Kept) error {
			if k.Kind != ledger.KindEvent {
				return nil
			}
			if _, there := at[k.Event.String()]; there {
				t.Errorf("event %s is in the log twice", k.Event)
			}
			at[k.Event.String()] = k
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for event, r := range b.at {
		if _, err := merkle.CheckReceipt([]byte(r.Proof), []byte(r.Entry), v); err != nil {
			t.Errorf("receipt of %s: %v", event, err)
		}
		if k, there := at[event]; !there || k.Seq != r.Seq || k.Hash.String() != r.Hash || string(k.Entry) != r.Entry {
			t.Errorf("the receipt of %s names entry %d with hash %s; the log has %d %s (%v)", event, r.Seq, r.Hash, k.Seq, k.Hash, there)
		}
	}
	return at
}

// sound checks the whole store.
func sound(t *testing.T, a *audit.Service) *audit.Report {
	t.Helper()
	r, err := a.Check(context.Background(), audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if first, found := r.First(); found {
		t.Errorf("check found %d damages, the first: %+v", r.Damages, first)
	}
	return r
}

// problem is the refusal in an error, or a zero one for a broken connection.
func problem(err error) client.Problem {
	if p, ok := errors.AsType[*client.Problem](err); ok {
		return *p
	}
	return client.Problem{}
}
