package contract

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/merkle"
	"liandan/internal/rule"
	"liandan/internal/signature"
)

// The story that the contract's examples tell: one bag of infectious waste from use to
// outcome, and a box that is refused, all of it made of published keys and constants. Ed25519 signs without
// randomness, so every byte can be made again. For brevity one key signs for everyone.

// deviceSeed is the private key of RFC 8037 appendix A.1, known to the whole world.
const deviceSeed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"

const logName = "sample.liandan.example/log"

// plot is the payloads in order. ~xx stands for the sample id that ends in xx, SEEN for
// the hash of the batch's newest entry.
var plot = []string{
	`{"v":1,"id":"~e01","type":"use.recorded","at":"2026-03-01T08:05:00.000+08:00","party":"~a1","site":"~51","person":"~d1",` +
		`"data":{"item":"一次性输液器 infusion set","kind":"product","quantity":120,"unit":"piece","department":"样例病区 SAMPLE ward","expects_code":"841-001-01","expects_grams":12500}}`,
	`{"v":1,"id":"~e02","type":"batch.generated","at":"2026-03-01T08:30:00.000+08:00","party":"~a1","site":"~51","person":"~d1",` +
		`"batches":[{"id":"~b1","seen":null,"grams":12400,"packages":1}],` +
		`"data":{"code":"841-001-01","form":"S","packaging":"bag","measured":"weighed","scale":"SAMPLE-7","department":"样例病区 SAMPLE ward","label":"LABEL"}}`,
	`{"v":1,"id":"~e03","type":"batch.released","at":"2026-03-01T09:00:00.000+08:00","party":"~a1","site":"~51","person":"~d1",` +
		`"batches":[{"id":"~b1","seen":SEEN}],"data":{"to":"~d2","to_site":"~52"}}`,
	`{"v":1,"id":"~e04","type":"batch.received","at":"2026-03-01T09:10:00.000+08:00","party":"~a1","site":"~52","person":"~d2",` +
		`"batches":[{"id":"~b1","seen":SEEN,"grams":12400}],"refs":["~e03"],"data":{"place":"暂存间 store"}}`,
	`{"v":1,"id":"~e05","type":"batch.stored","at":"2026-03-01T09:12:00.000+08:00","party":"~a1","site":"~52","person":"~d2",` +
		`"batches":[{"id":"~b1","seen":SEEN}],"data":{"place":"冷库 3 格 cold room, bay 3","temperature_dc":45}}`,
	`{"v":1,"id":"~e06","type":"manifest.issued","at":"2026-03-01T14:00:00.000+08:00","party":"~a1","site":"~52","person":"~d2","manifest":"~f1",` +
		`"batches":[{"id":"~b1","seen":SEEN,"grams":12400,"packages":1}],` +
		`"data":{"profile":"medical","carrier":"~a2","consignee":"~a3","consignee_site":"~54","method":"Y11","number":"20261306000123"}}`,
	`{"v":1,"id":"~e07","type":"transport.collected","at":"2026-03-01T14:20:00.000+08:00","party":"~a2","site":"~53","person":"~d3","manifest":"~f1","trip":"~71",` +
		`"batches":[{"id":"~b1","seen":SEEN,"grams":12400}],"refs":["~e06"],"data":{"vehicle":"冀F样例1","permit":"SAMPLE-130600"}}`,
	`{"v":1,"id":"~e08","type":"transport.delivered","at":"2026-03-01T16:05:00.000+08:00","party":"~a2","site":"~53","person":"~d3","manifest":"~f1","trip":"~71",` +
		`"batches":[{"id":"~b1","seen":SEEN}],"refs":["~e07"],"data":{"vehicle":"冀F样例1"}}`,
	`{"v":1,"id":"~e09","type":"manifest.accepted","at":"2026-03-01T16:20:00.000+08:00","party":"~a3","site":"~54","person":"~d4","manifest":"~f1",` +
		`"batches":[{"id":"~b1","seen":SEEN,"grams":12000,"verdict":"part","refused_grams":400,"reason":"混入非医疗废物 other waste mixed in"}],` +
		`"refs":["~e08"],"data":{"measured":"weighed","scale":"SAMPLE-2"}}`,
	`{"v":1,"id":"~e10","type":"batch.treated","at":"2026-03-01T18:40:00.000+08:00","party":"~a3","site":"~54","person":"~d4",` +
		`"batches":[{"id":"~b1","seen":SEEN,"grams":12000,"residue_grams":9000}],"data":{"method":"Y11","facility":"样例蒸汽 1 号 SAMPLE steam 1"}}`,
	`{"v":1,"id":"~e11","type":"outcome.reported","at":"2026-03-01T19:00:00.000+08:00","party":"~a3","site":"~54","person":"~d4","manifest":"~f1",` +
		`"batches":[{"id":"~b1","seen":SEEN}],"refs":["~e10"],"data":{"result":"已灭菌，残渣送填埋 sterilised, residue to landfill"}}`,
	`{"v":1,"id":"~e12","type":"ruling.recorded","at":"2026-03-02T10:00:00.000+08:00","party":"~a4","site":"~55","person":"~d5",` +
		`"refs":["~e10"],"data":{"event":"~e10","hash":"HASH","verdict":"admit","reason":"挂失前签署，现场有二人 signed before the loss was noticed; two were present"}}`,
	`{"v":1,"id":"~e13","type":"batch.generated","at":"2026-03-02T11:00:00.000+08:00","party":"~a1","site":"~52","person":"~d2",` +
		`"batches":[{"id":"~b2","seen":null,"grams":9000}],"data":{"code":"841-001-01","form":"S","packaging":"box","measured":"weighed"}}`,
	`{"v":1,"id":"~e14","type":"batch.repacked","at":"2026-03-02T11:30:00.000+08:00","party":"~a1","site":"~52","person":"~d2",` +
		`"batches":[{"id":"~b2","seen":SEEN,"grams":3000}],"data":{"children":[{"id":"~b3","grams":3000,"code":"841-001-01","form":"S","packaging":"box","packages":1,"container":"SAMPLE-BOX-3"}]}}`,
	`{"v":1,"id":"~e15","type":"manifest.issued","at":"2026-03-02T12:00:00.000+08:00","party":"~a1","site":"~52","person":"~d2","manifest":"~f2",` +
		`"batches":[{"id":"~b2","seen":SEEN,"grams":6000}],"data":{"profile":"medical","carrier":"~a2","consignee":"~a3","consignee_site":"~54"}}`,
	`{"v":1,"id":"~e16","type":"manifest.cancelled","at":"2026-03-02T12:30:00.000+08:00","party":"~a1","site":"~52","person":"~d2","manifest":"~f2",` +
		`"batches":[{"id":"~b2","seen":SEEN}],"refs":["~e15"],"data":{"reason":"车辆故障 the vehicle broke down"}}`,
	`{"v":1,"id":"~e17","type":"manifest.issued","at":"2026-03-02T13:00:00.000+08:00","party":"~a1","site":"~52","person":"~d2","manifest":"~f3",` +
		`"batches":[{"id":"~b2","seen":SEEN,"grams":6000}],"data":{"profile":"medical","carrier":"~a2","consignee":"~a3","consignee_site":"~54"}}`,
	`{"v":1,"id":"~e18","type":"transport.collected","at":"2026-03-02T13:20:00.000+08:00","party":"~a2","site":"~53","person":"~d3","manifest":"~f3",` +
		`"batches":[{"id":"~b2","seen":SEEN,"grams":6000}],"refs":["~e17"],"data":{"vehicle":"冀F样例1"}}`,
	`{"v":1,"id":"~e19","type":"transport.handed_over","at":"2026-03-02T14:00:00.000+08:00","party":"~a2","site":"~53","person":"~d3","manifest":"~f3",` +
		`"batches":[{"id":"~b2","seen":SEEN}],"refs":["~e18"],"data":{"to":"~a5"}}`,
	`{"v":1,"id":"~e20","type":"transport.collected","at":"2026-03-02T14:10:00.000+08:00","party":"~a5","site":"~56","person":"~d6","manifest":"~f3",` +
		`"batches":[{"id":"~b2","seen":SEEN,"grams":6000}],"refs":["~e19"],"data":{"vehicle":"冀F样例2"}}`,
	`{"v":1,"id":"~e21","type":"transport.delivered","at":"2026-03-02T15:00:00.000+08:00","party":"~a5","site":"~56","person":"~d6","manifest":"~f3",` +
		`"batches":[{"id":"~b2","seen":SEEN}],"refs":["~e20"],"data":{"vehicle":"冀F样例2"}}`,
	`{"v":1,"id":"~e22","type":"manifest.refused","at":"2026-03-02T15:20:00.000+08:00","party":"~a3","site":"~54","person":"~d4","manifest":"~f3",` +
		`"batches":[{"id":"~b2","seen":SEEN,"grams":6000,"reason":"包装破损 torn packaging"}],"refs":["~e21"],"data":{"measured":"weighed","scale":"SAMPLE-2"}}`,
	`{"v":1,"id":"~e23","type":"transport.returned","at":"2026-03-02T17:00:00.000+08:00","party":"~a5","site":"~56","person":"~d6","manifest":"~f3",` +
		`"batches":[{"id":"~b2","seen":SEEN}],"refs":["~e22"],"data":{"vehicle":"冀F样例2"}}`,
	`{"v":1,"id":"~e24","type":"inspection.recorded","at":"2026-03-03T10:00:00.000+08:00","party":"~a4","site":"~55","person":"~d5",` +
		`"data":{"inspected":"~51","class":"generator","sheet":"generator","version":"2021","items":[{"no":1,"points":2},{"no":2,"points":1},{"no":3}],"total":3,"note":"样例 SAMPLE"}}`,
	`{"v":1,"id":"~e25","type":"manifest.numbered","at":"2026-03-03T18:00:00.000+08:00","party":"~a1","site":"~52","person":"~d2","manifest":"~f3",` +
		`"batches":[{"id":"~b2","seen":SEEN}],"data":{"number":"20261306000124"}}`,
	`{"v":1,"id":"~e26","type":"correction.proposed","at":"2026-03-03T18:10:00.000+08:00","party":"~a5","site":"~56","person":"~d6","manifest":"~f3",` +
		`"batches":[{"id":"~b2","seen":SEEN}],"refs":["~e20"],"data":{"changes":[{"pointer":"/data/vehicle","old":"冀F样例2","new":"冀F样例3"}],` +
		`"parties":["~a1","~a2","~a3"],"until":"2026-03-10T18:10:00.000+08:00","reason":"车牌写错 the plate was mistyped"}}`,
	`{"v":1,"id":"~e27","type":"correction.agreed","at":"2026-03-03T18:30:00.000+08:00","party":"~a1","site":"~52","person":"~d2","manifest":"~f3",` +
		`"batches":[{"id":"~b2","seen":SEEN}],"refs":["~e26"],"data":{"remark":"属实 so it was"}}`,
	`{"v":1,"id":"~e28","type":"correction.declined","at":"2026-03-03T18:40:00.000+08:00","party":"~a3","site":"~54","person":"~d4","manifest":"~f3",` +
		`"batches":[{"id":"~b2","seen":SEEN}],"refs":["~e26"],"data":{"reason":"门岗影像为原车牌 the gate camera shows the old plate"}}`,
	`{"v":1,"id":"~e29","type":"incident.reported","at":"2026-03-03T11:00:00.000+08:00","party":"~a5","site":"~56","person":"~d6",` +
		`"batches":[{"id":"~b2","seen":SEEN,"grams":500}],"data":{"kind":"spill","place":"样例路口 SAMPLE crossing","measures":"围堵、吸附、消毒 dammed, soaked up, disinfected","reported_to":"样例县卫健局、生态环境局 SAMPLE county"}}`,
	`{"v":1,"id":"~e30","type":"paper.backfilled","at":"2026-03-04T09:00:00.000+08:00","party":"~a1","site":"~52","person":"~d2","manifest":"~f4",` +
		`"batches":[{"id":"~b3","seen":SEEN,"grams":3000,"packages":1,"verdict":"whole"}],"data":{"scan":"HASH","slip":"SAMPLE-0001","reason":"系统停用 the system was down","profile":"medical",` +
		`"consignor":"~a1","consignor_site":"~52","carrier":"~a2","carrier_site":"~53","consignee":"~a3","consignee_site":"~54","vehicle":"冀F样例1","measured":"weighed","scale":"SAMPLE-2",` +
		`"signed":[{"role":"consignor","at":"2026-03-03T12:00:00.000+08:00"},{"role":"carrier","at":"2026-03-03T12:05:00.000+08:00"},` +
		`{"role":"gate","at":"2026-03-03T13:00:00.000+08:00"},{"role":"consignee","at":"2026-03-03T13:10:00.000+08:00"}]}}`,
	`{"v":1,"id":"~e31","type":"batch.generated","at":"2026-03-04T09:30:00.000+08:00","party":"~a1","site":"~51","person":"~d1",` +
		`"batches":[{"id":"~b4","seen":null,"grams":800000}],"data":{"code":"900-404-06","form":"L","packaging":"tank","measured":"estimated"}}`,
	`{"v":1,"id":"~e32","type":"manifest.issued","at":"2026-03-04T09:40:00.000+08:00","party":"~a1","site":"~51","person":"~d1","manifest":"~f5",` +
		`"batches":[{"id":"~b4","seen":SEEN,"grams":800000}],"data":{"profile":"pipeline","carrier":"~a1","consignee":"~a3","consignee_site":"~54"}}`,
	`{"v":1,"id":"~e33","type":"meter.recorded","at":"2026-03-05T00:05:00.000+08:00","party":"~a1","site":"~51","person":"~d1","manifest":"~f5",` +
		`"batches":[{"id":"~b4","seen":SEEN,"grams":812300}],"refs":["~e32"],"data":{"meter":"SAMPLE-M1","day":"2026-03-04"}}`,
	`{"v":1,"id":"~e40","type":"authorisation.given","at":"2026-03-03T08:00:00.000+08:00","party":"~a1","site":"~52","person":"~d2",` +
		`"data":{"to":"~a2","from":"2026-03-03T00:00:00.000+08:00","until":"2027-03-03T00:00:00.000+08:00","codes":["900-214-08","900-249-08"]}}`,
	`{"v":1,"id":"~e41","type":"stop.skipped","at":"2026-03-03T09:00:00.000+08:00","party":"~a2","site":"~53","person":"~d3","trip":"~72",` +
		`"data":{"stop":"~52","reason":"店里无人 nobody was there"}}`,
	`{"v":1,"id":"~e42","type":"battery.sold","at":"2026-03-03T10:00:00.000+08:00","party":"~a1","site":"~52","person":"~d2",` +
		`"data":{"code":"900-052-31","pieces":1,"grams":18000}}`,
	`{"v":1,"id":"~e43","type":"battery.taken_back","at":"2026-03-03T10:01:00.000+08:00","party":"~a1","site":"~52","person":"~d2",` +
		`"data":{"code":"900-052-31","pieces":1,"grams":17500}}`,
	`{"v":1,"id":"~e44","type":"authorisation.withdrawn","at":"2026-03-03T17:00:00.000+08:00","party":"~a1","site":"~52","person":"~d2",` +
		`"data":{"authorisation":"~e40","reason":"换了收集单位 another collector from now on"}}`,
	`{"v":1,"id":"~e50","type":"sample.drawn","at":"2026-03-03T19:00:00.000+08:00","party":"~a4","site":"~55","person":"~d5",` +
		`"data":{"period":"2026-Q1","list":"` + strings.Repeat("5a", 32) + `","sites":40,"people":9,"draw_sites":4,"draw_people":2,"size":5000,"round":2,"reason":"样例 SAMPLE reason"}}`,
}

// sampleID makes the ids of the story, of version 7.
func sampleID(tail string) string {
	return "019ca000-0000-7000-8000-" + strings.Repeat("0", 12-len(tail)) + tail
}

// told is one event as the log took it.
type told struct {
	event    event.Event
	payload  []byte
	jws      []byte
	entry    []byte
	hash     id.Hash
	seq      int64
	recorded time.Time
	proof    []byte // in the tree of the entries so far
	findings []rule.Finding
	batch    batch.State    // after the event
	manifest manifest.State // after the event
}

type story struct {
	signer     *signature.Signer
	vkey       string
	verifier   note.Verifier
	label      event.Label
	events     []told
	checkpoint []byte // of the whole story
}

func tell(t *testing.T) *story {
	t.Helper()
	seed := must(hex.DecodeString(deviceSeed))(t)
	s := &story{signer: must(signature.NewSigner(ed25519.NewKeyFromSeed(seed)))(t)}
	var digits [26]byte
	for i := range digits {
		digits[i] = byte(i)
	}
	s.label = event.NewLabel(digits)
	logSeed := sha256.Sum256([]byte("the log key of the contract's examples"))
	skey, vkey, err := note.GenerateKey(bytes.NewReader(logSeed[:]), logName)
	if err != nil {
		t.Fatal(err)
	}
	s.vkey, s.verifier = vkey, must(note.NewVerifier(vkey))(t)
	logKey := must(note.NewSigner(skey))(t)
	rules := must(rule.DefaultBook())(t)
	tree := merkle.NewTree(0, func(merkle.TileID, int) ([]byte, error) { return nil, fmt.Errorf("all is in memory") }, 0)
	world := chain.NewMemory()
	bag, paper := must(id.ParseBatch(sampleID("b1")))(t), must(id.ParseManifest(sampleID("f1")))(t)
	for i, line := range plot {
		if i > 9 { // of ~e10
			line = strings.ReplaceAll(line, "HASH", s.events[9].hash.String())
		}
		of := bag
		if strings.Contains(line, `"~b2"`) {
			of = must(id.ParseBatch(sampleID("b2")))(t)
		}
		for _, b := range []string{"b3", "b4"} {
			if strings.Contains(line, `"batches":[{"id":"~`+b+`"`) {
				of = must(id.ParseBatch(sampleID(b)))(t)
			}
		}
		x := told{payload: s.fill(line, world.Batch(of).Head), seq: int64(i)}
		x.event = must(event.Parse(x.payload))(t)
		x.jws = must(s.signer.Sign(x.payload, signature.TypEvent))(t)
		x.hash, x.recorded = sha256.Sum256(x.jws), x.event.At.UTC().Add(1200*time.Millisecond)
		if err := chain.Check(world, x.event); err != nil {
			t.Fatalf("event %d of the story: %v", i+1, err)
		}
		p := chain.Place(world, x.event, x.hash, x.seq, x.recorded)
		world.Keep(p)
		for _, st := range p.Steps {
			st.Known = true
			x.findings = append(x.findings, rules.Examine(st)...)
		}
		x.entry, x.batch, x.manifest = p.Bytes, world.Batch(bag), world.Manifest(paper)
		must(tree.Append([]id.Hash{p.Leaf}))(t)
		head := must(tree.Head())(t)
		s.checkpoint = must(head.Sign(logName, logKey))(t)
		x.proof = merkle.Receipt(x.seq, must(tree.Prove(head.Size, x.seq))(t), s.checkpoint)
		s.events = append(s.events, x)
	}
	return s
}

// fill puts the ids, the label and the newest hash into a line of the plot.
func (s *story) fill(line string, head id.Hash) []byte {
	seen := "null"
	if !head.IsZero() {
		seen = `"` + head.String() + `"`
	}
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		if line[i] != '~' {
			b.WriteByte(line[i])
			continue
		}
		end := i + 1 + strings.IndexByte(line[i+1:], '"')
		b.WriteString(sampleID(line[i+1 : end]))
		i = end - 1
	}
	return []byte(strings.NewReplacer("SEEN", seen, "LABEL", string(s.label)).Replace(b.String()))
}

// must ends the test on an error: must(f())(t).
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
