package internal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "liandan/"

// A room is a package's place in the house. May lists what it may import of ours: "0"
// to "2" stand for a whole ring, other words for one package.
type room struct {
	ring     int
	may      string
	outside  string // modules of others; "*" leaves them to the rules of owners
	testOnly bool   // may be imported by tests alone
}

// Rings above the design's three: 4 wires, 5 are programs.
const (
	wiring   = 4
	programs = 5
)

// rooms is design section 5 with what was added since. A package that is not here
// fails the test: its author must say where it belongs.
var rooms = map[string]room{
	// 0: words
	"internal/crockford": {ring: 0},
	"internal/id":        {ring: 0, outside: "github.com/google/uuid"},
	"internal/fault":     {ring: 0},
	"internal/tabular":   {ring: 0},
	"internal/waste":     {ring: 0, may: "fault crockford"},
	"internal/calendar":  {ring: 0, may: "fault"},
	"internal/division":  {ring: 0, may: "id"},

	// 1: domain, pure
	"internal/party":     {ring: 1, may: "0"},
	"internal/access":    {ring: 1, may: "0 party"},
	"internal/statement": {ring: 1, may: "0", outside: "github.com/go-json-experiment/json"},
	"internal/event":     {ring: 1, may: "0", outside: "github.com/go-json-experiment/json"},
	"internal/profile":   {ring: 1, may: "0 event party", outside: "github.com/go-json-experiment/json"},
	"internal/signature": {ring: 1, may: "0", outside: "github.com/go-json-experiment/json github.com/go-jose/go-jose/v4"},
	"internal/batch":     {ring: 1, may: "0 event party"},
	"internal/manifest":  {ring: 1, may: "0 event party batch"},
	"internal/mass":      {ring: 1, may: "0 event batch"},
	"internal/merkle":    {ring: 1, may: "0", outside: "golang.org/x/mod github.com/transparency-dev/formats"},
	"internal/ledger":    {ring: 1, may: "0 event merkle signature", outside: "github.com/go-json-experiment/json"},
	"internal/permit":    {ring: 1, may: "0 party event batch manifest rule"},
	"internal/rule":      {ring: 1, may: "0 event batch manifest mass"},

	"internal/source": {ring: 1, may: "0 event batch permit statement"},

	"internal/duty":      {ring: 1, may: "0 party event batch manifest rule"},
	"internal/worklist":  {ring: 1, may: "0 event batch manifest duty"},
	"internal/chain":     {ring: 1, may: "0 event batch manifest mass ledger rule permit"},
	"internal/journal":   {ring: 1, may: "0 event batch manifest"},
	"internal/standbook": {ring: 1, may: "0 event mass"},
	"internal/past":      {ring: 1, may: "0", outside: "github.com/go-json-experiment/json"},
	"internal/indicator": {ring: 1, may: "0 event batch mass"},
	"internal/sampling":  {ring: 1, may: "0 merkle ledger event bundle indicator party statement", outside: "github.com/go-json-experiment/json"},
	"internal/term":      {ring: 1, may: "0 event party batch mass rule permit"},
	"internal/device":    {ring: 1, may: "0 event ledger signature"},
	"internal/bundle": {ring: 1, may: "0 party statement event signature batch manifest mass merkle ledger rule chain permit source",
		outside: "github.com/go-json-experiment/json golang.org/x/mod"},

	"internal/logfile": {ring: 1, may: "0 ledger", outside: "github.com/go-json-experiment/json"},
	"internal/attest": {ring: 1, may: "0 statement event signature merkle ledger chain bundle indicator logfile",
		outside: "github.com/go-json-experiment/json golang.org/x/mod"},

	// 2: services, which know nothing of one another
	"internal/report":   {ring: 2, may: "0 1"},
	"internal/registry": {ring: 2, may: "0 1", outside: "*"},
	"internal/record":   {ring: 2, may: "0 1", outside: "*"},
	"internal/audit":    {ring: 2, may: "0 1", outside: "*"},
	"internal/account":  {ring: 2, may: "0 1", outside: "*"},
	"internal/archive":  {ring: 2, may: "0 1"},
	"internal/machine":  {ring: 2, may: "0 1", outside: "*"},
	"internal/measure":  {ring: 2, may: "0 1"},

	"internal/collection": {ring: 2, may: "0 1"},
	"internal/draft":      {ring: 2, may: "0 1", outside: "github.com/go-json-experiment/json"},

	"internal/gate": {ring: 2, may: "0 1"},

	// 3: adapters, never one another but for the leaves
	"api":                 {ring: 3},
	"migrations":          {ring: 3},
	"internal/label":      {ring: 3, may: "0", outside: "*"},
	"internal/paper":      {ring: 3, may: "0 label", outside: "codeberg.org/go-pdf/fpdf golang.org/x/image"},
	"internal/sheet":      {ring: 3, may: "0", outside: "github.com/xuri/excelize/v2 golang.org/x/text"},
	"internal/siteledger": {ring: 3, may: "0 1 sheet"},
	"internal/problem":    {ring: 3, may: "0 1 api"},
	"internal/config":     {ring: 3, may: "0"},
	"internal/telemetry":  {ring: 3, may: "0", outside: "*"},
	"internal/client":     {ring: 3, may: "0"},
	"internal/store":      {ring: 3, may: "0 1 2 migrations", outside: "*"},
	"internal/httpapi":    {ring: 3, may: "0 1 2 api label sheet siteledger problem config telemetry", outside: "*"},
	"internal/web":        {ring: 3, may: "0 1 2 api label paper sheet siteledger problem config telemetry", outside: "*"},
	"internal/sample":     {ring: 3, may: "0 1 2 client"},
	"internal/replay":     {ring: 3, may: "0 1 2 client"},

	// wiring and programs
	"internal/server":    {ring: wiring, may: "0 1 2 store httpapi web label problem config telemetry", outside: "*"},
	"cmd/liandan":        {ring: programs, may: "0 1 2 store client config telemetry sample replay server sheet siteledger", outside: "*"},
	"cmd/liandan-verify": {ring: programs, may: "0 1", outside: "github.com/go-json-experiment/json"},
	"internal/bench":     {ring: programs, may: "0 1 2 client testdb", outside: "*"}, // testdb starts the PostgreSQL that is measured

	// tests
	"internal":                       {ring: programs},
	"internal/clients":               {ring: programs},
	"internal/intaketest":            {ring: wiring, may: "0 1 2", outside: "*", testOnly: true},
	"internal/workflow":              {ring: wiring, may: "0 1 2 intaketest", outside: "*", testOnly: true},
	"internal/testdb":                {ring: wiring, outside: "*", testOnly: true},
	"internal/store/storetest":       {ring: wiring, may: "store testdb migrations", testOnly: true},
	"internal/testclock":             {ring: wiring, testOnly: true},
	"internal/registry/registrytest": {ring: wiring, may: "0 1 2 testclock", outside: "*", testOnly: true},
	"internal/account/accounttest":   {ring: wiring, may: "0 1 2 testclock", outside: "*", testOnly: true},
	"internal/machine/machinetest":   {ring: wiring, may: "0 1 2 testclock", outside: "*", testOnly: true},

	"internal/collection/collectiontest": {ring: wiring, may: "0 1 2", outside: "*", testOnly: true},
	"internal/draft/drafttest":           {ring: wiring, may: "0 1 2", outside: "*", testOnly: true},
}

// leaves are the adapters that others of ring 3 may use.
var leaves = []string{"label", "paper", "sheet", "siteledger", "problem", "telemetry", "config", "api", "migrations", "client"}

// owners keeps each foreign thing in the one room that was made for it.
var owners = map[string][]string{
	"gorm.io":                                 {"internal/store"},
	"github.com/pressly/goose":                {"internal/store"},
	"github.com/jackc/pgx":                    {"internal/store", "internal/testdb"},
	"modernc.org/sqlite":                      {"internal/store", "internal/bench"},
	"database/sql":                            {"internal/store", "internal/testdb", "internal/bench"},
	"github.com/labstack/echo":                {"internal/httpapi", "internal/web"},
	"github.com/go-jose":                      {"internal/signature"},
	"github.com/skip2/go-qrcode":              {"internal/label"},
	"codeberg.org/go-pdf/fpdf":                {"internal/paper"},
	"github.com/xuri/excelize":                {"internal/sheet"},
	"github.com/prometheus":                   {"internal/telemetry"},
	"golang.org/x/mod/sumdb/tlog":             {"internal/merkle"},
	module + "api":                            {"internal/httpapi", "internal/problem", "internal/web"}, // web serves the contract as it is
	module + "migrations":                     {"internal/store", "internal/store/storetest"},
	"testing":                                 {"internal/intaketest", "internal/workflow", "internal/testdb", "internal/registry/registrytest", "internal/account/accounttest", "internal/machine/machinetest", "internal/collection/collectiontest", "internal/draft/drafttest"},
	module + "internal/testdb":                {"internal/bench", "internal/store/storetest"},
	module + "internal/intaketest":            {"internal/workflow"},
	module + "internal/workflow":              {},
	module + "internal/registry/registrytest": {},
	module + "internal/account/accounttest":   {},
	module + "internal/machine/machinetest":   {},

	module + "internal/collection/collectiontest": {},
	module + "internal/draft/drafttest":           {},
}

// impure is what rings 0 and 1 must not import, with the exceptions and their reasons.
var impure = map[string]map[string]string{
	"os": {}, "os/exec": {}, "os/signal": {}, "syscall": {}, "io/fs": {}, "path/filepath": {}, "net": {}, "net/http": {}, "math/rand": {}, "math/rand/v2": {},
	"crypto/rand": {}, "database/sql": {}, "context": {}, "log": {}, "log/slog": {}, "sync/atomic": {}, "runtime": {}, "plugin": {}, "C": {}, "testing": {},
	"sync": {
		"internal/waste":    "OnceValue reads the embedded tables when they are first asked for",
		"internal/calendar": "OnceValue reads the embedded table when it is first asked for",
		"internal/profile":  "OnceValue reads the embedded table when it is first asked for",
	},
	"database/sql/driver": {"internal/id": "ids and hashes say how they are stored; the interface alone, no database"},
}

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	CgoFiles   []string
	Imports    []string
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,GoFiles,CgoFiles,Imports"}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		if x, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %v\n%s", err, x.Stderr)
		}
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// reach is the packages that a room may import, spelt out.
func reach(r room) map[string]bool {
	out := map[string]bool{}
	for _, word := range strings.Fields(r.may) {
		for name, other := range rooms {
			isRing := len(word) == 1 && word[0] >= '0' && word[0] <= '9'
			if (isRing && fmt.Sprint(other.ring) == word && !other.testOnly) || (!isRing && (name == word || name == "internal/"+word)) {
				out[name] = true
			}
		}
	}
	return out
}

func under(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// judge says everything that is wrong with the imports of one package.
func judge(p pkg) []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, p.ImportPath+" "+fmt.Sprintf(format, args...)) }
	name := strings.TrimPrefix(p.ImportPath, module)
	r, known := rooms[name]
	if !known {
		say("has no ring: give it a room in rings_test.go")
		return wrong
	}
	if len(p.CgoFiles) > 0 {
		say("uses cgo")
	}
	may := reach(r)
	for _, path := range p.Imports {
		ours, isOurs := strings.CutPrefix(path, module)
		switch {
		case isOurs && !may[ours]:
			say("must not import %s", ours)
		case !isOurs && strings.Contains(strings.SplitN(path, "/", 2)[0], ".") && r.outside != "*" &&
			!slices.ContainsFunc(strings.Fields(r.outside), func(m string) bool { return under(path, m) }):
			say("must not import %s: its room has no such module", path)
		}
		if excuses, bad := impure[path]; bad && r.ring <= 1 && excuses[name] == "" {
			say("is pure and must not import %s", path)
		}
		for root, list := range owners {
			if path != "database/sql/driver" && under(path, root) && !slices.Contains(list, name) {
				say("must not import %s, which belongs to %v", path, list)
			}
		}
	}
	return wrong
}

func TestImportsPointInward(t *testing.T) {
	all := list(t, "./...")
	if len(all) < 30 {
		t.Fatalf("go list found %d packages", len(all))
	}
	met := map[string]bool{}
	for _, p := range all {
		met[strings.TrimPrefix(p.ImportPath, module)] = true
		for _, w := range judge(p) {
			t.Error(w)
		}
	}
	for name := range rooms {
		if !met[name] {
			t.Errorf("%s has a room but is not there", name)
		}
	}
}

// The table itself must point inward, else keeping it would prove nothing.
func TestTheTablePointsInward(t *testing.T) {
	for name, r := range rooms {
		for other := range reach(r) {
			o, short := rooms[other], strings.TrimPrefix(other, "internal/")
			leaf := slices.Contains(leaves, short)
			switch {
			case o.ring > r.ring && name != "internal/bench":
				t.Errorf("%s (ring %d) may import %s (ring %d)", name, r.ring, other, o.ring)
			case r.ring == 2 && o.ring == 2, r.ring == 3 && o.ring == 3 && !leaf:
				t.Errorf("%s may import its neighbour %s", name, other)
			case o.testOnly && !r.testOnly && name != "internal/bench":
				t.Errorf("%s may import %s, which is for tests", name, other)
			}
		}
		for _, word := range strings.Fields(r.may) {
			if len(reach(room{may: word})) == 0 {
				t.Errorf("%s may import %q, which is nothing", name, word)
			}
		}
		for other := range reach(r) {
			if reach(rooms[other])[name] {
				t.Errorf("%s and %s may import one another", name, other)
			}
		}
	}
}

// The offline verifier carries neither database nor network, in whatever it links.
func TestTheVerifierIsOffline(t *testing.T) {
	all := list(t, "-deps", "./cmd/liandan-verify")
	for _, p := range all {
		name, ours := strings.CutPrefix(p.ImportPath, module)
		if ours && name != "cmd/liandan-verify" && rooms[name].ring > 1 {
			t.Errorf("liandan-verify links %s of ring %d", name, rooms[name].ring)
		}
		for _, root := range []string{"net/http", "database/sql", "gorm.io", "modernc.org", "github.com/jackc", "github.com/labstack", "os/exec", "log/slog"} {
			if under(p.ImportPath, root) && p.ImportPath != "database/sql/driver" {
				t.Errorf("liandan-verify links %s", p.ImportPath)
			}
		}
	}
	if len(all) < 50 {
		t.Errorf("go list -deps found %d packages", len(all))
	}
}

func TestBreachesAreFound(t *testing.T) {
	for _, c := range []struct{ pkg, imports, want string }{
		{"internal/event", "liandan/internal/fault time", ""},
		{"internal/newcomer", "fmt", "has no ring"},
		{"internal/event", "liandan/internal/batch", "must not import internal/batch"},
		{"internal/fault", "liandan/internal/id", "must not import internal/id"},
		{"internal/batch", "liandan/internal/mass", "must not import internal/mass"},
		{"internal/audit", "liandan/internal/record", "must not import internal/record"},
		{"internal/store", "liandan/internal/httpapi", "must not import internal/httpapi"},
		{"internal/httpapi", "liandan/internal/store", "must not import internal/store"},
		{"internal/httpapi", "liandan/internal/web", "must not import internal/web"},
		{"internal/httpapi", "gorm.io/gorm", "belongs to [internal/store]"},
		{"internal/httpapi", "database/sql", "belongs to"},
		{"internal/store", "github.com/labstack/echo/v4", "belongs to [internal/httpapi internal/web]"},
		{"internal/record", "liandan/api", "must not import api"},
		{"internal/record", "liandan/internal/intaketest", "must not import internal/intaketest"},
		{"internal/server", "testing", "belongs to"},
		{"internal/server", "liandan/internal/intaketest", "must not import internal/intaketest"},
		{"internal/chain", "os", "pure and must not import os"},
		{"internal/chain", "sync", "pure and must not import sync"},
		{"internal/merkle", "net/http", "pure and must not import net/http"},
		{"internal/event", "github.com/google/uuid", "no such module"},
		{"internal/signature", "crypto/rand", "pure and must not import crypto/rand"},
		{"cmd/liandan-verify", "liandan/internal/store", "must not import internal/store"},
		{"internal/waste", "sync", ""},
	} {
		got := strings.Join(judge(pkg{ImportPath: module + c.pkg, Imports: strings.Fields(c.imports)}), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s importing %s: %q, want %q", c.pkg, c.imports, got, c.want)
		}
	}
}
