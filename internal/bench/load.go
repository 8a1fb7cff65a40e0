package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"liandan/internal/client"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
)

// result is what one database did.
type result struct {
	single, bulk, check, bundle float64
	rss                         float64 // MiB
	group                       float64 // events a commit, of the single-event load
	events                      int
}

// parties are one chain's devices.
type parties struct {
	hospital, carrier, plant *device.Device
}

// enrolled registers sample parties and enrols their devices through the API.
func enrolled(ctx context.Context, c *client.Client, random *rand.ChaCha8) (p parties, err error) {
	make1 := func(i int, roles, kind string) (*device.Device, error) {
		first17 := fmt.Sprintf("9113060000000BE%02d", i)
		check, ok := party.CheckCharacter(first17)
		if !ok {
			return nil, fmt.Errorf("bad sample code %s", first17)
		}
		code := party.CreditCode(first17 + string(check))
		o := registry.PartyID(code)
		name := fmt.Sprintf("样例单位%d SAMPLE", i)
		for kindOf, csv := range map[string]string{"organisations": fmt.Sprintf("credit_code,name,roles,sample\n%s,%s,%s,1\n", code, name, roles)} {
			if _, err := c.Import(ctx, kindOf, []byte(csv)); err != nil {
				return nil, err
			}
		}
		if _, err := c.Import(ctx, "sites", []byte(fmt.Sprintf("credit_code,name,kind,division,built_up\n%s,%s,%s,130602,1\n", code, name, kind))); err != nil {
			return nil, err
		}
		if _, err := c.Import(ctx, "people", []byte(fmt.Sprintf("credit_code,person\n%s,P1\n", code))); err != nil {
			return nil, err
		}
		_, key, err := ed25519.GenerateKey(random)
		if err != nil {
			return nil, err
		}
		who := registry.PersonID(o, "P1")
		d, err := device.New(o, registry.SiteID(o, name), who, key, random)
		if err != nil {
			return nil, err
		}
		return d, c.Enrol(ctx, o.String(), who.String(), "bench", 30, d)
	}
	if p.hospital, err = make1(1, "medical;generator", "hospital"); err != nil {
		return p, err
	}
	if p.carrier, err = make1(2, "carrier", "depot"); err != nil {
		return p, err
	}
	p.plant, err = make1(3, "operator", "plant")
	return p, err
}

// chain signs the eight events of one batch's life.
func (p parties) chain(at time.Time) ([][]byte, error) {
	var out [][]byte
	var failed error
	sign := func(d *device.Device, t event.Type, data event.Data, fill func(*event.Event)) event.Event {
		at = at.Add(time.Millisecond)
		e, err := d.Event(t, at, data)
		if err == nil {
			fill(&e)
			var b []byte
			if b, err = d.Sign(e); err == nil {
				out = append(out, b)
			}
		}
		if err != nil && failed == nil {
			failed = err
		}
		return e
	}
	u, err := p.hospital.NewID(at)
	if err != nil {
		return nil, err
	}
	m, err := p.hospital.NewID(at)
	if err != nil {
		return nil, err
	}
	b := event.Batch{ID: id.BatchOf(u), Grams: 2500, Weighed: true}
	on := func(refs ...id.Event) func(*event.Event) {
		return func(e *event.Event) { e.Manifest, e.Batches, e.Refs = id.ManifestOf(m), []event.Batch{b}, refs }
	}
	sign(p.hospital, event.BatchGenerated, event.Generated{Code: "841-001-01", Form: "S", Packaging: "bag", Measured: event.OnScale, Department: "SAMPLE"},
		func(e *event.Event) { e.Batches = []event.Batch{b} })
	sign(p.hospital, event.BatchStored, event.Stored{Place: "SAMPLE"}, func(e *event.Event) { e.Batches = []event.Batch{b} })
	issued := sign(p.hospital, event.ManifestIssued, event.Issued{Profile: "medical", Carrier: p.carrier.Party, Consignee: p.plant.Party, ConsigneeSite: p.plant.Site}, on())
	collected := sign(p.carrier, event.TransportCollected, event.Collected{Vehicle: "冀F00001"}, on(issued.ID))
	delivered := sign(p.carrier, event.TransportDelivered, event.Delivered{Vehicle: "冀F00001"}, on(collected.ID))
	sign(p.plant, event.ManifestAccepted, event.Accepted{Measured: event.OnScale}, func(e *event.Event) {
		on(delivered.ID)(e)
		whole := b
		whole.Verdict = event.Whole
		e.Batches = []event.Batch{whole}
	})
	treated := sign(p.plant, event.BatchTreated, event.Treated{Method: "D10"}, func(e *event.Event) { e.Batches = []event.Batch{b} })
	sign(p.plant, event.OutcomeReported, event.Outcome{Result: "SAMPLE"}, func(e *event.Event) {
		on(treated.ID)(e)
		e.Batches = []event.Batch{{ID: b.ID}}
	})
	return out, failed
}

// measure starts the server on one database and loads it.
func measure(ctx context.Context, binary, dsn string, chains, bulk int, profile, name string) (r result, err error) {
	dir, err := os.MkdirTemp("", "liandan-bench-*")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	srv, err := serve(ctx, binary, dir, dsn, profileOf(profile, name))
	if err != nil {
		return r, err
	}
	defer srv.stop()
	token, err := os.ReadFile(filepath.Join(dir, "operator.token"))
	if err != nil {
		return r, err
	}
	c := client.New(srv.url, strings.TrimSpace(string(token)))
	random := rand.NewChaCha8([32]byte{1})
	p, err := enrolled(ctx, c, random)
	if err != nil {
		return r, err
	}
	single, err := signed(p, chains)
	if err != nil {
		return r, err
	}
	if r.single, err = singles(ctx, srv.addr, single); err != nil {
		return r, err
	}
	if r.group, err = meanGroup(ctx, c); err != nil {
		return r, err
	}
	many, err := signed(p, bulk)
	if err != nil {
		return r, err
	}
	if r.bulk, err = uploads(ctx, srv.addr, many); err != nil {
		return r, err
	}
	r.events = 8 * (chains + bulk)
	if r.rss, err = srv.resident(); err != nil {
		return r, err
	}
	where := []string{"--data", dir}
	if dsn != "" {
		where = append(where, "--database", dsn)
	}
	// The operator sees no waste data; the consignor's administrator does.
	reader, err := command(ctx, binary, append([]string{"token", "--party", p.hospital.Party.String()}, where...))
	if err != nil {
		return r, err
	}
	if r.bundle, err = bundles(ctx, client.New(srv.url, reader), many[0][2], dir, filepath.Dir(binary)); err != nil {
		return r, err
	}
	srv.stop()
	began := time.Now()
	if _, err := command(ctx, binary, append([]string{"check"}, where...)); err != nil {
		return r, err
	}
	r.check = rate(r.events, time.Since(began))
	return r, nil
}

// command runs one of the product's own and gives what it printed.
func command(ctx context.Context, binary string, args []string) (string, error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s%s", args[0], err, out, said.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func signed(p parties, n int) ([][][]byte, error) {
	out := make([][][]byte, n)
	const span = 50 * time.Second // ids are made over time, and lie in an index in that order
	began := time.Now().Add(-time.Minute)
	for i := range out {
		var err error
		if out[i], err = p.chain(began.Add(span * time.Duration(i) / time.Duration(n))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// bundles verifies one manifest's file many times over with liandan-verify, start-up included.
func bundles(ctx context.Context, c *client.Client, issued []byte, dir, bin string) (float64, error) {
	payload := bytes.Split(issued, []byte("."))[1]
	raw, err := decode(payload)
	if err != nil {
		return 0, err
	}
	var e struct{ Manifest string }
	if err := json.Unmarshal(raw, &e); err != nil {
		return 0, err
	}
	var file []byte
	if err := c.Get(ctx, "/v1/manifests/"+e.Manifest+"/bundle", &file); err != nil {
		return 0, err
	}
	path := filepath.Join(dir, "one.bundle.json")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		return 0, err
	}
	const copies = 2000
	args := []string{}
	for range copies {
		args = append(args, path)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "liandan-verify"), args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("liandan-verify: %w: %s", err, errs.String())
	}
	return rate(8*copies, time.Since(began)), nil
}

// process is a running server.
type process struct {
	cmd  *exec.Cmd
	url  string
	addr string
	once sync.Once
}

// profileOf names the server's CPU profile; empty for none.
func profileOf(folder, name string) string {
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, name+".cpu.pprof")
}

func serve(ctx context.Context, binary, dir, dsn, profile string) (*process, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := ln.Addr().String()
	ln.Close()
	args := []string{"serve", "--data", dir, "--listen", addr}
	if dsn != "" {
		args = append(args, "--database", dsn)
	}
	p := &process{cmd: exec.CommandContext(ctx, binary, args...), url: "http://" + addr, addr: addr}
	p.cmd.Env = append(os.Environ(), "LIANDAN_CPUPROFILE="+profile)
	logs, err := os.Create(filepath.Join(dir, "serve.log"))
	if err != nil {
		return nil, err
	}
	p.cmd.Stderr = logs
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	c := client.New(p.url, "")
	for range 200 {
		var b []byte
		if c.Get(ctx, "/readyz", &b) == nil {
			return p, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.stop()
	return nil, fmt.Errorf("the server was not ready within 10 s; see %s", logs.Name())
}

func (p *process) stop() {
	p.once.Do(func() {
		_ = p.cmd.Process.Signal(os.Interrupt)
		_ = p.cmd.Wait()
	})
}

// resident is VmRSS in MiB.
func (p *process) resident() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for _, l := range strings.Split(string(b), "\n") {
		if f := strings.Fields(l); len(f) >= 2 && f[0] == "VmRSS:" {
			kb, err := strconv.ParseFloat(f[1], 64)
			return kb / 1024, err
		}
	}
	return 0, fmt.Errorf("no VmRSS")
}

func decode(part []byte) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(string(part))
}

// meanGroup is how many events a commit group held on average, from the server's metrics.
func meanGroup(ctx context.Context, c *client.Client) (float64, error) {
	var b []byte
	if err := c.Get(ctx, "/metrics", &b); err != nil {
		return 0, err
	}
	var sum, count float64
	for _, l := range strings.Split(string(b), "\n") {
		_, _ = fmt.Sscanf(l, "liandan_commit_group_events_sum %g", &sum)
		_, _ = fmt.Sscanf(l, "liandan_commit_group_events_count %g", &count)
	}
	if count == 0 {
		return 0, fmt.Errorf("no commit groups in /metrics")
	}
	return sum / count, nil
}
