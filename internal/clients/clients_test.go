package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/client"
	"liandan/internal/config"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/server"
)

// bench is a running server with one sample organisation that may generate waste.
type bench struct {
	*server.Server
	t      *testing.T
	party  id.Party
	site   id.Site
	person id.Person
}

func start(t *testing.T) *bench {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	cfg := &config.Config{Data: t.TempDir(), Listen: "127.0.0.1:0", Origin: "log.sample.test", LogFormat: "text", LogLevel: "info"}
	if err := cfg.Check(); err != nil {
		t.Fatal(err)
	}
	s, err := server.Start(context.Background(), cfg, server.Options{Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	b := &bench{Server: s, t: t}
	b.register()
	return b
}

func (b *bench) register() {
	const first17 = "91130600SAMPLE001"
	code17 := strings.NewReplacer("S", "5", "O", "0", "I", "1", "V", "U", "Z", "2").Replace(first17)
	check, ok := party.CheckCharacter(code17)
	if !ok {
		b.t.Fatalf("%s has characters outside GB 32100", code17)
	}
	code := party.CreditCode(code17 + string(check))
	b.party = registry.PartyID(code)
	b.site = registry.SiteID(b.party, "样例院区 SAMPLE")
	b.person = registry.PersonID(b.party, "P1")
	c := client.New(b.URL, b.Token)
	for _, r := range [][2]string{
		{"organisations", fmt.Sprintf("credit_code,name,roles,sample\n%s,样例医院 SAMPLE,medical;generator,1\n", code)},
		{"sites", fmt.Sprintf("credit_code,name,kind,division,built_up\n%s,样例院区 SAMPLE,hospital,130602,1\n", code)},
		{"people", fmt.Sprintf("credit_code,person\n%s,P1\n", code)},
	} {
		report, err := c.Import(context.Background(), r[0], []byte(r[1]))
		if err != nil || !bytes.Contains(report, []byte(`"applied":true`)) {
			b.t.Fatalf("import %s: %v %s", r[0], err, report)
		}
	}
}

// code makes a one-time code for the person's device.
func (b *bench) code() string {
	code, _, err := b.Registry.NewEnrolment(context.Background(), "test", b.party, b.person, "example client", 30)
	if err != nil {
		b.t.Fatal(err)
	}
	return code
}

// payloads are three bags and a line that the intake must refuse. Without id and at the
// client is expected to bring them.
func (b *bench) payloads(stamped bool) string {
	var out strings.Builder
	line := func(i int, grams string) {
		stamp := ""
		if stamped {
			at := time.Now()
			var r [10]byte
			r[9] = byte(i)
			stamp = fmt.Sprintf(`"v":1,"id":%q,"at":%q,`, id.V7(at.UnixMilli(), r), at.UTC().Format("2006-01-02T15:04:05.000Z"))
		}
		fmt.Fprintf(&out, `{%s"type":"batch.generated","party":%q,"site":%q,"person":%q,"batches":[{"id":"0190aaaa-0000-7000-8000-00000000000%d","seen":null,"grams":%s}],"data":{"code":"841-001-01","form":"S","packaging":"bag","measured":"weighed","department":"样例病区 SAMPLE"}}`+"\n",
			stamp, b.party, b.site, b.person, i, grams)
	}
	line(1, "1200")
	line(2, "800")
	line(3, "-5")
	line(4, "640")
	return out.String()
}

// recorded asserts the state of the world: three bags in the log, the store sound.
func (b *bench) recorded() {
	b.t.Helper()
	r, err := b.Audit.Check(context.Background(), audit.Options{})
	if err != nil || !r.Sound() || r.Events != 3 || r.Batches != 3 {
		b.t.Fatalf("after the client: %+v %v", r, err)
	}
}

func output(t *testing.T, stdin string, wantExit int, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != wantExit {
		t.Fatalf("%s %v: %v, exit wanted %d\n%s%s", name, args, err, wantExit, out.String(), errs.String())
	}
	return out.String()
}

// copied copies a client's folder, so that a test leaves nothing behind in docs.
func copied(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	files, err := filepath.Glob(filepath.Join(from, "*.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no client in %s: %v", from, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(f)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func TestNode(t *testing.T) {
	for _, alg := range []string{"EdDSA", "ES256"} {
		t.Run(alg, func(t *testing.T) {
			b := start(t)
			dir := copied(t, "../../docs/clients/node")
			output(t, "", 0, "npm", "ci", "--no-audit", "--no-fund", "--prefix", dir)
			script, key := filepath.Join(dir, "liandan.mjs"), filepath.Join(dir, "device.jwk")
			output(t, "", 0, "node", script, "keygen", key, alg)
			output(t, "", 0, "node", script, "enrol", b.URL, b.code(), key)
			out := output(t, b.payloads(false), 1, "node", script, "send", b.URL, key)
			var kinds []string
			for _, l := range strings.Split(strings.TrimSpace(out), "\n") {
				var a struct {
					Status   int
					Verified bool
					Problem  string
				}
				if err := json.Unmarshal([]byte(l), &a); err != nil {
					t.Fatal(err)
				}
				kinds = append(kinds, fmt.Sprint(a.Status, a.Verified, a.Problem))
			}
			if got, want := strings.Join(kinds, ";"), "201true;201true;422falseinvalid-event;201true"; strings.ReplaceAll(got, " ", "") != want {
				t.Fatalf("answers %s, want %s", got, want)
			}
			b.recorded()
		})
	}
}
