package contract

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Generators of sound payloads, written from the design's tables and neither from
// openapi.yaml nor from package event, so that they can judge both.

type doc = map[string]any

func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

var (
	uuids   = rapid.StringMatching(`[1-9a-f][0-9a-f]{7}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	uuidsV7 = rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	hashes  = rapid.StringMatching(`[0-9a-f]{64}`)
	codes   = rapid.OneOf(rapid.StringMatching(`[0-9]{3}-[0-9]{3}-[0-9]{2}`), rapid.StringMatching(`(us|de|ca|cz|zn):[A-Za-z0-9][A-Za-z0-9.-]{0,15}`))
	letters = []rune("aZ09 -_.,:;'\"\\/<>&危废袋°é\u00a0\u200b\u2028\ufeff\U0001f6e2\U0010fffd")
)

func drawHash(r *rapid.T) id.Hash {
	h, err := id.ParseHash(hashes.Draw(r, "hash"))
	if err != nil {
		r.Fatal(err)
	}
	return h
}

// drawTime gives any millisecond of the years 2000 to 2199.
func drawTime(r *rapid.T) time.Time {
	from, to := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	return time.UnixMilli(rapid.Int64Range(from.UnixMilli(), to.UnixMilli()-1).Draw(r, "ms")).UTC()
}

// drawAt spells a time as a signer would, in any zone.
func drawAt(r *rapid.T) string {
	wall := drawTime(r).Format("2006-01-02T15:04:05.000")
	minutes := rapid.IntRange(-18*60, 18*60).Draw(r, "offset")
	if minutes == 0 && rapid.Bool().Draw(r, "Z") {
		return wall + "Z"
	}
	sign := "+"
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	return fmt.Sprintf("%s%s%02d:%02d", wall, sign, minutes/60, minutes%60)
}

func drawText(r *rapid.T, max int) string {
	n := rapid.OneOf(rapid.IntRange(1, max), rapid.Just(max)).Draw(r, "length")
	return rapid.StringOfN(rapid.RuneFrom(letters), n, n, -1).Draw(r, "text")
}

// drawLabel gives a sound label as a person may type it.
func drawLabel(r *rapid.T) string {
	var digits [26]byte
	copy(digits[:], rapid.SliceOfN(rapid.Byte(), 26, 26).Draw(r, "digits"))
	s := string(event.NewLabel(digits))
	switch rapid.IntRange(0, 3).Draw(r, "hand") {
	case 1:
		s = strings.ToLower(s)
	case 2:
		s = s[:5] + "-" + s[5:10] + " " + s[10:]
	case 3:
		s = strings.NewReplacer("0", "O", "1", "l").Replace(s)
	}
	return s
}

func drawMethod(r *rapid.T) string {
	if rapid.Bool().Draw(r, "foreign") {
		return "us:H141"
	}
	return string(rapid.SampledFrom(waste.Methods()).Draw(r, "method").Code)
}

func drawGrams(r *rapid.T) json.Number {
	return number(rapid.OneOf(rapid.Int64Range(1, 1_000_000_000), rapid.SampledFrom([]int64{1, 1_000_000_000})).Draw(r, "grams"))
}

// maybe adds an optional member half of the time.
func maybe(r *rapid.T, d doc, name string, draw func() any) {
	if rapid.Bool().Draw(r, "with "+name) {
		d[name] = draw()
	}
}

// form is what a type has beyond the common members.
type form struct {
	manifest, trip, refs bool
	mends                bool // a manifest where the corrected event has one, and one reference
	tripNeeded           bool
	lines                int // 0: no batches
	grams                string
	line                 func(*rapid.T, doc)
	data                 func(*rapid.T, doc)
}

var forms = map[event.Type]form{
	event.UseRecorded:        {data: useData},
	event.BatchGenerated:     {lines: 1, grams: "first", data: generatedData},
	event.BatchReleased:      {lines: 100, grams: "maybe", data: releasedData},
	event.BatchReceived:      {refs: true, lines: 100, grams: "maybe", data: placeData(false)},
	event.BatchStored:        {lines: 100, grams: "maybe", data: placeData(true)},
	event.ManifestIssued:     {manifest: true, lines: 100, grams: "must", data: issuedData},
	event.TransportCollected: {manifest: true, trip: true, refs: true, lines: 100, grams: "must", data: vehicleData(true)},
	event.TransportDelivered: {manifest: true, trip: true, refs: true, lines: 100, grams: "maybe", data: vehicleData(false)},
	event.ManifestAccepted:   {manifest: true, refs: true, lines: 100, grams: "must", line: verdict, data: acceptedData},
	event.BatchTreated:       {lines: 100, grams: "must", line: residue, data: treatedData},
	event.OutcomeReported:    {manifest: true, refs: true, lines: 100, data: outcomeData},
	event.RulingRecorded:     {refs: true, data: rulingData},
	event.InspectionRecorded: {data: inspectionData},
	event.SampleDrawn:        {data: sampleData},
	event.AuthorisationGiven: {data: func(r *rapid.T, d doc) {
		d["to"], d["from"], d["until"] = uuids.Draw(r, "to"), "2026-03-01T00:00:00.000+08:00", "2027-03-01T00:00:00.000+08:00"
		list := []any{}
		for _, c := range rapid.SliceOfNDistinct(codes, 1, 3, rapid.ID[string]).Draw(r, "codes") {
			list = append(list, c)
		}
		d["codes"] = list
	}},
	event.AuthorisationWithdrawn: {data: func(r *rapid.T, d doc) {
		d["authorisation"] = uuids.Draw(r, "authorisation")
		maybe(r, d, "reason", func() any { return drawText(r, 200) })
	}},
	event.StopSkipped:         {trip: true, tripNeeded: true, data: func(r *rapid.T, d doc) { d["stop"], d["reason"] = uuids.Draw(r, "stop"), drawText(r, 200) }},
	event.BatterySold:         {data: piecesData},
	event.BatteryTakenBack:    {data: piecesData},
	event.BatchRepacked:       {lines: 100, grams: "must", data: repackedData},
	event.ManifestCancelled:   {manifest: true, refs: true, lines: 100, data: func(r *rapid.T, d doc) { d["reason"] = drawText(r, 200) }},
	event.TransportHandedOver: {manifest: true, trip: true, refs: true, lines: 100, grams: "maybe", data: handedData},
	event.ManifestRefused:     {manifest: true, refs: true, lines: 100, grams: "must", line: func(r *rapid.T, l doc) { l["reason"] = drawText(r, 200) }, data: acceptedData},
	event.ManifestNumbered:    {manifest: true, lines: 100, data: func(r *rapid.T, d doc) { d["number"] = rapid.StringMatching(`20[0-9]{12}`).Draw(r, "number") }},
	event.CorrectionProposed:  {mends: true, lines: 100, data: correctionData},
	event.CorrectionAgreed: {mends: true, lines: 100, data: func(r *rapid.T, d doc) {
		maybe(r, d, "remark", func() any { return drawText(r, 200) })
	}},
	event.CorrectionDeclined: {mends: true, lines: 100, data: func(r *rapid.T, d doc) { d["reason"] = drawText(r, 200) }},
	event.MeterRecorded: {manifest: true, refs: true, lines: 1, grams: "must", data: func(r *rapid.T, d doc) {
		d["meter"], d["day"] = drawText(r, 32), fmt.Sprintf("2026-03-%02d", rapid.IntRange(1, 31).Draw(r, "day"))
	}},
	event.IncidentReported: {lines: 100, grams: "maybe", data: func(r *rapid.T, d doc) {
		d["kind"], d["place"], d["measures"] = rapid.SampledFrom([]string{"spill", "leak", "loss", "theft", "fire"}).Draw(r, "kind"), drawText(r, 200), drawText(r, 500)
		maybe(r, d, "code", func() any { return codes.Draw(r, "code") })
		maybe(r, d, "reported_to", func() any { return drawText(r, 200) })
	}},
	event.PaperBackfilled: {manifest: true, lines: 100, grams: "must", data: slipData},
	event.TransportReturned: {manifest: true, refs: true, lines: 100, grams: "maybe", data: func(r *rapid.T, d doc) {
		maybe(r, d, "vehicle", func() any { return drawText(r, 16) })
	}},
}

// slipData is a slip that consignor and carrier signed; drawEvent makes the signer its consignor.
func slipData(r *rapid.T, d doc) {
	for _, name := range []string{"consignor", "consignor_site", "carrier", "carrier_site", "consignee", "consignee_site"} {
		d[name] = uuids.Draw(r, name)
	}
	d["scan"], d["reason"], d["vehicle"] = hashes.Draw(r, "scan"), drawText(r, 200), drawText(r, 16)
	d["profile"] = rapid.SampledFrom([]string{"hazardous", "medical"}).Draw(r, "profile")
	maybe(r, d, "slip", func() any { return drawText(r, 32) })
	maybe(r, d, "measured", func() any { return rapid.SampledFrom([]string{"weighed", "estimated"}).Draw(r, "measured") })
	maybe(r, d, "scale", func() any { return drawText(r, 32) })
}

// drawEvent gives a sound payload of the type.
func drawEvent(r *rapid.T, typ event.Type) doc {
	f := forms[typ]
	d := doc{"v": number(1), "id": uuidsV7.Draw(r, "id"), "type": string(typ), "at": drawAt(r),
		"party": uuids.Draw(r, "party"), "site": uuids.Draw(r, "site"), "person": uuids.Draw(r, "person")}
	if f.manifest {
		d["manifest"] = uuids.Draw(r, "manifest")
	}
	if f.tripNeeded {
		d["trip"] = uuids.Draw(r, "trip")
	} else if f.trip {
		maybe(r, d, "trip", func() any { return uuids.Draw(r, "trip") })
	}
	if f.mends {
		maybe(r, d, "manifest", func() any { return uuids.Draw(r, "manifest") })
		d["refs"] = []any{uuids.Draw(r, "corrected")}
	} else if f.refs || rapid.Bool().Draw(r, "with refs") {
		least := 0
		if f.refs {
			least = 1
		}
		refs := []any{}
		for _, v := range rapid.SliceOfNDistinct(uuids, least, 4, rapid.ID[string]).Draw(r, "refs") {
			refs = append(refs, v)
		}
		d["refs"] = refs
	}
	if f.lines > 0 {
		d["batches"] = drawLines(r, f)
	}
	data := doc{}
	f.data(r, data)
	if typ == event.BatchRepacked {
		share(r, d["batches"].([]any), data["children"].([]any))
	}
	if typ == event.PaperBackfilled {
		data["consignor"], data["consignor_site"] = d["party"], d["site"]
		data["signed"] = []any{doc{"role": "consignor", "at": d["at"]}, doc{"role": "carrier", "at": d["at"]}}
	}
	d["data"] = data
	if typ == event.CorrectionProposed {
		d["at"] = "2026-03-01T08:30:00.000+08:00" // before it must be answered
	}
	return d
}

func drawLines(r *rapid.T, f form) []any {
	lines := []any{}
	for _, b := range rapid.SliceOfNDistinct(uuids, 1, min(f.lines, 5), rapid.ID[string]).Draw(r, "batches") {
		line := doc{"id": b, "seen": nil}
		if f.grams != "first" && rapid.Bool().Draw(r, "has seen") {
			line["seen"] = hashes.Draw(r, "seen")
		}
		switch f.grams {
		case "first", "must":
			line["grams"] = drawGrams(r)
		case "maybe":
			maybe(r, line, "grams", func() any { return drawGrams(r) })
		}
		if f.grams != "" {
			maybe(r, line, "packages", func() any { return number(rapid.Int64Range(1, 100_000).Draw(r, "packages")) })
		}
		if f.line != nil {
			f.line(r, line)
		}
		lines = append(lines, line)
	}
	return lines
}

func verdict(r *rapid.T, line doc) {
	line["verdict"] = "whole"
	if rapid.Bool().Draw(r, "part") {
		line["verdict"], line["refused_grams"], line["reason"] = "part", drawGrams(r), drawText(r, 200)
		maybe(r, line, "rest", func() any { return uuids.Draw(r, "rest") })
	} else {
		maybe(r, line, "reason", func() any { return drawText(r, 200) })
	}
}

func residue(r *rapid.T, line doc) {
	grams, _ := line["grams"].(json.Number).Int64()
	maybe(r, line, "residue_grams", func() any { return number(rapid.Int64Range(0, grams).Draw(r, "residue")) })
}

func useData(r *rapid.T, d doc) {
	d["item"], d["kind"] = drawText(r, 64), rapid.SampledFrom([]string{"product", "material"}).Draw(r, "kind")
	d["quantity"], d["unit"] = drawGrams(r), rapid.SampledFrom([]string{"piece", "g", "ml"}).Draw(r, "unit")
	maybe(r, d, "department", func() any { return drawText(r, 64) })
	maybe(r, d, "expects_code", func() any { return codes.Draw(r, "code") })
	maybe(r, d, "expects_grams", func() any { return drawGrams(r) })
}

func generatedData(r *rapid.T, d doc) {
	d["code"], d["form"] = codes.Draw(r, "code"), rapid.SampledFrom([]string{"S", "SS", "L", "G"}).Draw(r, "form")
	d["packaging"] = string(rapid.SampledFrom(waste.Packagings()).Draw(r, "packaging").Code)
	acceptedData(r, d)
	for _, name := range []string{"department", "container", "name"} {
		maybe(r, d, name, func() any { return drawText(r, 64) })
	}
	maybe(r, d, "label", func() any { return drawLabel(r) })
	maybe(r, d, "behalf", func() any { return drawBehalf(r) })
}

func drawBehalf(r *rapid.T) doc {
	b := doc{"party": uuids.Draw(r, "source")}
	if rapid.Bool().Draw(r, "by code") {
		b["confirmation"] = hashes.Draw(r, "confirmation")
	} else {
		b["authorisation"] = uuids.Draw(r, "authorisation")
	}
	return b
}

func piecesData(r *rapid.T, d doc) {
	d["code"], d["grams"] = codes.Draw(r, "code"), drawGrams(r)
	d["pieces"] = number(rapid.Int64Range(1, 100_000).Draw(r, "pieces"))
}

func releasedData(r *rapid.T, d doc) {
	maybe(r, d, "to", func() any { return uuids.Draw(r, "to") })
	maybe(r, d, "to_site", func() any { return uuids.Draw(r, "to_site") })
}

func placeData(stored bool) func(*rapid.T, doc) {
	return func(r *rapid.T, d doc) {
		if stored {
			d["place"] = drawText(r, 64)
			maybe(r, d, "temperature_dc", func() any { return number(rapid.Int64Range(-500, 1000).Draw(r, "dc")) })
			return
		}
		maybe(r, d, "place", func() any { return drawText(r, 64) })
	}
}

func repackedData(r *rapid.T, d doc) {
	code := codes.Draw(r, "code")
	children := []any{}
	for _, b := range rapid.SliceOfNDistinct(uuids, 1, 4, rapid.ID[string]).Draw(r, "children") {
		child := doc{}
		generatedData(r, child)
		for _, name := range []string{"measured", "scale", "department", "name", "behalf"} {
			delete(child, name)
		}
		child["id"], child["code"] = b, code
		maybe(r, child, "packages", func() any { return number(rapid.Int64Range(1, 100_000).Draw(r, "packages")) })
		children = append(children, child)
	}
	d["children"] = children
}

// share deals out the grams of a repacking: what is taken out of the parents goes into the
// children, at least a gram each.
func share(r *rapid.T, parents, children []any) {
	left := int64(0)
	for _, p := range parents {
		g := max(int64(len(children)), rapid.Int64Range(1, 1_000_000).Draw(r, "taken"))
		p.(doc)["grams"] = number(g)
		left += g
	}
	for i, c := range children {
		rest := int64(len(children) - 1 - i)
		g := left
		if rest > 0 {
			g = rapid.Int64Range(1, left-rest).Draw(r, "share")
		}
		c.(doc)["grams"] = number(g)
		left -= g
	}
}

func handedData(r *rapid.T, d doc) {
	d["to"] = uuids.Draw(r, "to")
	maybe(r, d, "to_site", func() any { return uuids.Draw(r, "to_site") })
	reservation(r, d)
}

func reservation(r *rapid.T, d doc) {
	maybe(r, d, "reservation", func() any { return drawText(r, 200) })
	maybe(r, d, "unverified", func() any { return true })
}

func correctionData(r *rapid.T, d doc) {
	value := func(name string) any {
		switch rapid.IntRange(0, 2).Draw(r, name) {
		case 0:
			return nil
		case 1:
			return number(rapid.Int64Range(-1<<53, 1<<53).Draw(r, name))
		}
		return drawText(r, 199)
	}
	changes := []any{}
	for _, p := range rapid.SliceOfNDistinct(rapid.StringMatching(`(/[a-z0-9_]{1,32}){1,6}`), 1, 4, rapid.ID[string]).Draw(r, "pointers") {
		was := value("old")
		is := value("new")
		if fmt.Sprint(was) == fmt.Sprint(is) {
			is = fmt.Sprint(was) + "'"
		}
		changes = append(changes, doc{"pointer": p, "old": was, "new": is})
	}
	parties := []any{}
	for _, v := range rapid.SliceOfNDistinct(uuids, 0, 4, rapid.ID[string]).Draw(r, "parties") {
		parties = append(parties, v)
	}
	d["changes"], d["parties"], d["reason"], d["until"] = changes, parties, drawText(r, 200), "2199-12-31T23:59:59.999+00:00"
}

func issuedData(r *rapid.T, d doc) {
	d["profile"] = rapid.SampledFrom([]string{"hazardous", "medical", "small-source", "x9"}).Draw(r, "profile")
	for _, name := range []string{"carrier", "consignee", "consignee_site"} {
		d[name] = uuids.Draw(r, name)
	}
	maybe(r, d, "method", func() any { return drawMethod(r) })
	maybe(r, d, "number", func() any { return rapid.StringMatching(`20[0-9]{12}`).Draw(r, "number") })
	maybe(r, d, "behalf", func() any { return drawBehalf(r) })
}

func vehicleData(permit bool) func(*rapid.T, doc) {
	return func(r *rapid.T, d doc) {
		d["vehicle"] = drawText(r, 16)
		reservation(r, d)
		if permit {
			maybe(r, d, "permit", func() any { return drawText(r, 32) })
			maybe(r, d, "measured", func() any { return rapid.SampledFrom([]string{"weighed", "estimated"}).Draw(r, "measured") })
			maybe(r, d, "scale", func() any { return drawText(r, 32) })
		}
	}
}

func acceptedData(r *rapid.T, d doc) {
	d["measured"] = rapid.SampledFrom([]string{"weighed", "estimated"}).Draw(r, "measured")
	maybe(r, d, "scale", func() any { return drawText(r, 32) })
}

func treatedData(r *rapid.T, d doc) {
	d["method"] = drawMethod(r)
	maybe(r, d, "facility", func() any { return drawText(r, 64) })
	maybe(r, d, "measured", func() any { return rapid.SampledFrom([]string{"weighed", "estimated"}).Draw(r, "measured") })
	maybe(r, d, "scale", func() any { return drawText(r, 32) })
}

func outcomeData(r *rapid.T, d doc) { d["result"] = drawText(r, 64) }

func rulingData(r *rapid.T, d doc) {
	d["event"], d["hash"], d["reason"] = uuids.Draw(r, "ruled"), hashes.Draw(r, "hash"), drawText(r, 200)
	d["verdict"] = rapid.SampledFrom([]string{"admit", "reject"}).Draw(r, "verdict")
}

func inspectionData(r *rapid.T, d doc) {
	d["inspected"], d["class"] = uuids.Draw(r, "inspected"), rapid.SampledFrom([]string{"generator", "operator"}).Draw(r, "class")
	d["sheet"], d["version"] = drawText(r, 32), drawText(r, 32)
	maybe(r, d, "note", func() any { return drawText(r, 400) })
	maybe(r, d, "accidents", func() any { return number(rapid.Int64Range(0, 100).Draw(r, "accidents")) })
	maybe(r, d, "major_accidents", func() any { return number(rapid.Int64Range(0, 100).Draw(r, "major")) })
	maybe(r, d, "with", func() any {
		with := []any{}
		for _, p := range rapid.SliceOfNDistinct(uuids, 1, 8, rapid.ID[string]).Draw(r, "with") {
			with = append(with, p)
		}
		return with
	})
	total, items := int64(0), []any{}
	for i := range rapid.Int64Range(1, 5).Draw(r, "items") {
		x := doc{"no": number(i + 1)}
		maybe(r, x, "points", func() any {
			p := rapid.Int64Range(0, 1000).Draw(r, "points")
			total += p
			return number(p)
		})
		items = append(items, x)
	}
	d["items"], d["total"] = items, number(total)
}

func sampleData(r *rapid.T, d doc) {
	d["period"], d["list"] = drawText(r, 32), hashes.Draw(r, "list")
	for name, most := range map[string]int64{"sites": 20_000, "people": 2_000, "draw_sites": 20_000, "draw_people": 2_000, "round": 100} {
		d[name] = number(rapid.Int64Range(1, most).Draw(r, name))
	}
	d["size"] = number(rapid.Int64Range(2, 1<<40).Draw(r, "size"))
	maybe(r, d, "reason", func() any { return drawText(r, 200) })
}
