package event_test

import (
	"fmt"
	"strings"
	"testing"

	"liandan/internal/event"
	"liandan/internal/fault"
)

// Sound payloads of every type as text, so that a test can spoil single bytes.

const (
	eventA  = "019ca000-0000-7000-8000-0000000000e1"
	eventB  = "019ca000-0000-7000-8000-0000000000e2"
	batchA  = "019ca000-0000-7000-8000-0000000000b1"
	batchB  = "019ca000-0000-7000-8000-0000000000b2"
	batchC  = "019ca000-0000-7000-8000-0000000000b3"
	batchD  = "019ca000-0000-7000-8000-0000000000b4"
	partyA  = "019ca000-0000-7000-8000-0000000000a1"
	partyB  = "019ca000-0000-7000-8000-0000000000a2"
	partyC  = "019ca000-0000-7000-8000-0000000000a3"
	siteA   = "019ca000-0000-7000-8000-000000000051"
	siteB   = "019ca000-0000-7000-8000-000000000052"
	personA = "019ca000-0000-7000-8000-0000000000f1"
	personB = "019ca000-0000-7000-8000-0000000000f2"
	manif   = "019ca000-0000-7000-8000-0000000000c1"
	tripA   = "019ca000-0000-7000-8000-0000000000d1"
	seenA   = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	labelA  = "0123456789ABCDEFGHJKMNPQRS9"
)

// batches with what follows their seen, and the members after the common ones.
var (
	newBatch  = `"batches":[{"id":"` + batchA + `","seen":null,"grams":12345,"packages":2}],`
	anyBatch  = `"batches":[{"id":"` + batchA + `","seen":"` + seenA + `","grams":12345,"packages":2}],`
	bareBatch = `"batches":[{"id":"` + batchA + `","seen":"` + seenA + `"}],`
	partBatch = `"batches":[{"id":"` + batchA + `","seen":"` + seenA + `","grams":12000,"packages":2,"verdict":"part","reason":"一袋破损","refused_grams":345,"rest":"` + batchC + `"}],`
	slipBatch = `"batches":[{"id":"` + batchA + `","seen":"` + seenA + `","grams":12000,"packages":2,"verdict":"part","reason":"一袋破损","refused_grams":345}],`
	burnBatch = `"batches":[{"id":"` + batchA + `","seen":"` + seenA + `","grams":12000,"residue_grams":100}],`
	badBatch  = `"batches":[{"id":"` + batchA + `","seen":"` + seenA + `","grams":12000,"packages":2,"reason":"一袋破损"}],`
	refs      = `"refs":["` + eventB + `"],`
	manifest  = `"manifest":"` + manif + `",`
	trip      = `"trip":"` + tripA + `",`
	behalf    = `"behalf":{"party":"` + partyC + `","authorisation":"` + eventB + `"}`
)

var rests = map[event.Type]string{
	event.UseRecorded:        `"data":{"item":"注射器 5 mL","kind":"product","quantity":40,"unit":"piece","department":"样例病区","expects_code":"841-001-01","expects_grams":900}`,
	event.BatchGenerated:     newBatch + `"data":{"code":"841-001-01","form":"S","packaging":"bag","measured":"weighed","scale":"S-1","department":"样例病区","container":"C1","label":"` + labelA + `","name":"感染性废物","isolation":true,"layers":2,` + behalf + `}`,
	event.BatchReleased:      anyBatch + `"data":{"to":"` + personB + `","to_site":"` + siteB + `","from":"样例病区"}`,
	event.BatchReceived:      anyBatch + refs + `"data":{"place":"暂存间"}`,
	event.BatchStored:        anyBatch + `"data":{"place":"暂存间","temperature_dc":-35}`,
	event.ManifestIssued:     manifest + anyBatch + `"data":{"profile":"medical","carrier":"` + partyB + `","consignee":"` + partyC + `","consignee_site":"` + siteB + `","method":"D10","number":"20261306000123","from":"暂存间","exempt_collection":"2021-2.1","exempt_transport":"2021-2.2"}`,
	event.TransportCollected: manifest + trip + anyBatch + refs + `"data":{"vehicle":"冀F00001","permit":"P-1","measured":"weighed","scale":"S-3","reservation":"未开箱核对","unverified":true}`,
	event.TransportDelivered: manifest + trip + anyBatch + refs + `"data":{"vehicle":"冀F00001"}`,
	event.ManifestAccepted:   manifest + partBatch + refs + `"data":{"measured":"weighed","scale":"S-2"}`,
	event.BatchTreated:       burnBatch + `"data":{"method":"D10","facility":"回转窑 1","measured":"weighed","scale":"S-4"}`,
	event.OutcomeReported:    manifest + bareBatch + refs + `"data":{"result":"焚烧完成"}`,
	event.BatchRepacked: anyBatch + `"data":{"children":[{"id":"` + batchC + `","grams":12000,"code":"841-001-01","form":"S","packaging":"box","packages":3,"container":"C1","label":"` + labelA +
		`"},{"id":"` + batchD + `","grams":345,"code":"841-001-01","form":"S","packaging":"bag"}]}`,
	event.ManifestCancelled:   manifest + bareBatch + refs + `"data":{"reason":"车辆故障"}`,
	event.TransportHandedOver: manifest + trip + anyBatch + refs + `"data":{"to":"` + partyB + `","to_site":"` + siteB + `"}`,
	event.ManifestRefused:     manifest + badBatch + refs + `"data":{"measured":"weighed","scale":"S-2"}`,
	event.TransportReturned:   manifest + anyBatch + refs + `"data":{"vehicle":"冀F00001"}`,
	event.RulingRecorded:      refs + `"data":{"event":"` + eventB + `","hash":"` + seenA + `","verdict":"admit","reason":"两人在场"}`,
	event.SampleDrawn:         `"data":{"period":"2026-Q4","list":"` + seenA + `","sites":40,"people":9,"draw_sites":4,"draw_people":2,"size":1000,"round":2,"reason":"首轮名单有误"}`,
	event.InspectionRecorded:  `"data":{"inspected":"` + siteB + `","class":"generator","sheet":"generator","version":"2021","items":[{"no":1,"points":2},{"no":2,"points":1},{"no":3}],"total":3,"accidents":1,"major_accidents":2,"note":"抽查","with":["` + personB + `"]}`,
	event.ManifestNumbered:    manifest + bareBatch + `"data":{"number":"20261306000123"}`,
	event.CorrectionProposed: manifest + bareBatch + refs + `"data":{"changes":[{"pointer":"/data/vehicle","old":"冀F00001","new":"冀F00002"},{"pointer":"/batches/0/packages","old":null,"new":3}],"parties":["` +
		partyB + `","` + partyC + `"],"until":"2026-03-09T08:30:00.000+08:00","reason":"车牌写错"}`,
	event.CorrectionAgreed:   manifest + bareBatch + refs + `"data":{"remark":"属实"}`,
	event.CorrectionDeclined: manifest + bareBatch + refs + `"data":{"reason":"车牌无误"}`,
	event.MeterRecorded:      manifest + anyBatch + refs + `"data":{"meter":"M-1","day":"2026-03-01"}`,
	event.PaperBackfilled: manifest + slipBatch + refs + `"data":{"scan":"` + seenA + `","slip":"样例-1","reason":"系统停用","profile":"medical","consignor":"` + partyA + `","consignor_site":"` + siteA +
		`","carrier":"` + partyB + `","carrier_site":"` + siteB + `","consignee":"` + partyC + `","consignee_site":"` + siteB + `","method":"D10","vehicle":"冀F00001","permit":"P-1","number":"20261306000123","measured":"weighed","scale":"S-5",` +
		`"signed":[{"role":"consignor","at":"2026-03-01T08:30:00.000+08:00"},{"role":"carrier","at":"2026-03-01T08:40:00.000+08:00"},{"role":"gate","at":"2026-03-01T09:40:00.000+08:00"},{"role":"consignee","at":"2026-03-01T09:50:00.000+08:00"}]}`,
	event.IncidentReported: anyBatch + refs + `"data":{"kind":"spill","place":"样例路口","measures":"围堵、吸附","code":"841-001-01","reported_to":"样例县"}`,

	event.AuthorisationGiven:     `"data":{"to":"` + partyB + `","from":"2026-03-01T00:00:00.000+08:00","until":"2027-03-01T00:00:00.000+08:00","codes":["900-214-08","900-249-08"]}`,
	event.AuthorisationWithdrawn: `"data":{"authorisation":"` + eventB + `","reason":"换了收集单位"}`,
	event.StopSkipped:            trip + `"data":{"stop":"` + siteB + `","reason":"无人"}`,
	event.BatterySold:            `"data":{"code":"900-052-31","pieces":2,"grams":36000}`,
	event.BatteryTakenBack:       `"data":{"code":"900-052-31","pieces":2,"grams":35000}`,
}

func sample(t event.Type) string {
	return `{"v":1,"id":"` + eventA + `","type":"` + string(t) + `","at":"2026-03-02T08:30:00.000+08:00","party":"` + partyA +
		`","site":"` + siteA + `","person":"` + personA + `",` + rests[t] + `}`
}

// swap replaces the one place where old stands; a table whose old is not there, or
// is there twice, would test nothing.
func swap(t *testing.T, s, old, with string) string {
	t.Helper()
	if n := strings.Count(s, old); n != 1 {
		t.Fatalf("%q stands %d times in %s", old, n, s)
	}
	return strings.Replace(s, old, with, 1)
}

// outcome is what Parse says in short: its kind and each pointer with its code.
func outcome(payload string) string {
	_, err := event.Parse([]byte(payload))
	if err == nil {
		return "taken"
	}
	f := fault.As(err)
	if f == nil {
		return "not a fault: " + err.Error()
	}
	s := string(f.Kind)
	for _, x := range f.Fields {
		s += fmt.Sprintf(" %s=%s", x.Pointer, x.Code)
		if x.Detail == "" {
			s += "(no sentence)"
		}
	}
	if f.Sentence == "" {
		s += "(no sentence)"
	}
	return s
}

func TestEverySampleIsSound(t *testing.T) {
	if len(rests) != len(event.Types()) {
		t.Fatalf("%d samples for %d types", len(rests), len(event.Types()))
	}
	for _, typ := range event.Types() {
		if got := outcome(sample(typ)); got != "taken" {
			t.Errorf("%s: %s", typ, got)
		}
	}
}
