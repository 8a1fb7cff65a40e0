package event_test

import (
	"fmt"
	"strings"
	"testing"

	"liandan/internal/event"
)

// spoil makes the bad inputs of one member: how it stands in the sample, its pointer,
// and pairs of a value and the code that it must be answered with.
func spoil(name, member, pointer string, pairs ...string) []bad {
	var out []bad
	key := member[:strings.Index(member, ":")+1]
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, bad{name + " " + pairs[i], member, key + pairs[i], "invalid-event " + pointer + "=" + pairs[i+1]})
	}
	return append(out, bad{name + " twice", member, member + "," + member, "malformed-event " + pointer + "=repeated_member"})
}

// words are values that no closed list, code or id takes.
func words(more ...string) []string {
	return append([]string{`null`, "type", `1`, "type", `[]`, "type", `""`, "format", `"x"`, "format"}, more...)
}

// texts are values that no text of at most max characters takes.
func texts(max int, more ...string) []string {
	out := []string{`null`, "type", `1`, "type", `{}`, "type", `""`, "length",
		`"` + strings.Repeat("废", max+1) + `"`, "length", `"` + strings.Repeat(`\ud83d\ude00`, max+1) + `"`, "length"}
	for _, c := range []string{`\u0000`, `\t`, `\n`, `\u001b[2J`, `\u007f`, `\u202a`, `\u202e`, `\u2066`, `\u2069`} {
		out = append(out, `"a`+c+`b"`, "characters")
	}
	return append(out, more...)
}

// numbers are values that no whole number between min and max takes.
func numbers(min, max int64, more ...string) []string {
	out := []string{`null`, "type", `"5"`, "type", `true`, "type", `[5]`, "type", `{}`, "type",
		`1.0`, "not_integer", `0.5`, "not_integer", `1e3`, "not_integer", `1E-3`, "not_integer", `12345.6`, "not_integer",
		`-0`, "out_of_range", fmt.Sprint(min - 1), "out_of_range", fmt.Sprint(max + 1), "out_of_range",
		`9223372036854775807`, "out_of_range", `9223372036854775808`, "out_of_range", `-9223372036854775809`, "out_of_range",
		`1` + strings.Repeat("0", 400), "out_of_range", `1e400`, "not_integer"}
	return append(out, more...)
}

func ids() []string {
	return words(`"`+strings.ToUpper(partyA)+`"`, "format", `"00000000-0000-0000-0000-000000000000"`, "format")
}

const tonne1000 = 1_000_000_000

// typedBad spoils what belongs to one type.
func typedBad() map[event.Type][]bad {
	join := func(lists ...[]bad) (out []bad) {
		for _, l := range lists {
			out = append(out, l...)
		}
		return out
	}
	return map[event.Type][]bad{
		event.UseRecorded: join(
			spoil("item", `"item":"注射器 5 mL"`, "/data/item", texts(64)...),
			spoil("kind", `"kind":"product"`, "/data/kind", words(`"Product"`, "format")...),
			spoil("unit", `"unit":"piece"`, "/data/unit", words(`"kg"`, "format")...),
			spoil("quantity", `"quantity":40`, "/data/quantity", numbers(1, 1_000_000_000)...),
			spoil("expects_code", `"expects_code":"841-001-01"`, "/data/expects_code", words(`"841-001-1"`, "format", `"cn:841-001-01"`, "format")...),
			spoil("expects_grams", `"expects_grams":900`, "/data/expects_grams", numbers(1, tonne1000)...)),
		event.BatchGenerated: join(
			spoil("seen", `"seen":null`, "/batches/0/seen", `"`+seenA+`"`, "not_null"),
			spoil("grams", `"grams":12345`, "/batches/0/grams", numbers(1, tonne1000)...),
			spoil("packages", `"packages":2`, "/batches/0/packages", numbers(1, 100_000)...),
			spoil("code", `"code":"841-001-01"`, "/data/code", words(`"841-001-0"`, "format", `"841-001-011"`, "format", `"８４１-001-01"`, "format", `"us:"`, "format", `"US:D009"`, "format", `" 841-001-01"`, "format")...),
			spoil("form", `"form":"S"`, "/data/form", words(`"s"`, "format", `"固态"`, "format")...),
			spoil("packaging", `"packaging":"bag"`, "/data/packaging", words(`"Bag"`, "format")...),
			spoil("measured", `"measured":"weighed"`, "/data/measured", words(`"guessed"`, "format")...),
			spoil("scale", `"scale":"S-1"`, "/data/scale", texts(32)...),
			spoil("department", `"department":"样例病区"`, "/data/department", texts(64)...),
			spoil("container", `"container":"C1"`, "/data/container", texts(64)...),
			spoil("name", `"name":"感染性废物"`, "/data/name", texts(64)...),
			spoil("isolation", `"isolation":true`, "/data/isolation", `null`, "type", `1`, "type", `"true"`, "type", `[]`, "type"),
			spoil("layers", `"layers":2`, "/data/layers", numbers(1, 2)...),
			spoil("for whom", `"party":"`+partyC+`"`, "/data/behalf/party", ids()...),
			spoil("by what right", `"authorisation":"`+eventB+`"`, "/data/behalf/authorisation", ids()...),
			[]bad{
				{"a double bag of something else", `"code":"841-001-01"`, `"code":"900-249-08"`, "invalid-event /data/code=class"},
				{"a double bag of a foreign code", `"code":"841-001-01"`, `"code":"us:D009"`, "invalid-event /data/code=class"},
				{"by no right", `,"authorisation":"` + eventB + `"`, ``, "invalid-event /data/behalf=one_of"},
				{"by two rights", `"authorisation":"` + eventB + `"`, `"authorisation":"` + eventB + `","confirmation":"` + seenA + `"`, "invalid-event /data/behalf=one_of"},
				{"a damaged confirmation", `"authorisation":"` + eventB + `"`, `"confirmation":"` + seenA[1:] + `"`, "invalid-event /data/behalf/confirmation=format"},
				{"behalf of nobody", behalf, `"behalf":null`, "invalid-event /data/behalf=type"},
				{"a stray member of behalf", `"authorisation":"` + eventB + `"`, `"authorisation":"` + eventB + `","code":"123456"`, "invalid-event /data/behalf/code=unknown_member"},
			},
			spoil("label", `"label":"`+labelA+`"`, "/data/label", words(`"`+labelA[:26]+`8"`, "format", `"`+labelA[:26]+`"`, "format", `"`+labelA+`9"`, "format", `"U`+labelA[1:]+`"`, "format", `"0`+labelA[:25]+`9"`, "format")...)),
		event.BatchReleased: join(
			spoil("to", `"to":"`+personB+`"`, "/data/to", ids()...),
			spoil("to_site", `"to_site":"`+siteB+`"`, "/data/to_site", ids()...),
			spoil("from", `"from":"样例病区"`, "/data/from", texts(64)...)),
		event.BatchReceived: spoil("place", `"place":"暂存间"`, "/data/place", texts(64)...),
		event.BatchStored: join(
			spoil("place", `"place":"暂存间"`, "/data/place", texts(64)...),
			spoil("temperature", `"temperature_dc":-35`, "/data/temperature_dc", numbers(-500, 1000)...)),
		event.ManifestIssued: join(
			spoil("manifest", `"manifest":"`+manif+`"`, "/manifest", ids()...),
			spoil("profile", `"profile":"medical"`, "/data/profile", words(`"Medical"`, "format", `"-medical"`, "format", `"medical waste"`, "format", `"`+strings.Repeat("m", 33)+`"`, "format")...),
			spoil("carrier", `"carrier":"`+partyB+`"`, "/data/carrier", ids()...),
			spoil("consignee", `"consignee":"`+partyC+`"`, "/data/consignee", ids()...),
			spoil("consignee_site", `"consignee_site":"`+siteB+`"`, "/data/consignee_site", ids()...),
			spoil("method", `"method":"D10"`, "/data/method", words(`"D99"`, "format", `"d10"`, "format")...),
			spoil("from", `"from":"暂存间"`, "/data/from", texts(64)...),
			spoil("exempt_collection", `"exempt_collection":"2021-2.1"`, "/data/exempt_collection", words(`"2021-2"`, "format", `"2.1"`, "format", `"2021-02.1"`, "format", `"2021-2.1 "`, "format", `"２021-2.1"`, "format")...),
			spoil("exempt_transport", `"exempt_transport":"2021-2.2"`, "/data/exempt_transport", words(`"1921-2.2"`, "format", `"2021-100.2"`, "format")...),
			[]bad{{"storage, which is never exempt", `"exempt_transport"`, `"exempt_storage"`, "invalid-event /data/exempt_storage=unknown_member"},
				{"disposal, which is never exempt", `"exempt_transport"`, `"exempt_disposal"`, "invalid-event /data/exempt_disposal=unknown_member"}},
			spoil("number", `"number":"20261306000123"`, "/data/number", words(`"2026130600012"`, "format", `"202613060001234"`, "format", `"19991306000123"`, "format", `"2026130600012３"`, "format", `"20261306000123\n"`, "format")...)),
		event.TransportCollected: join(
			spoil("trip", `"trip":"`+tripA+`"`, "/trip", ids()...),
			spoil("vehicle", `"vehicle":"冀F00001"`, "/data/vehicle", texts(16)...),
			spoil("permit", `"permit":"P-1"`, "/data/permit", texts(32)...),
			spoil("reservation", `"reservation":"未开箱核对"`, "/data/reservation", texts(200)...),
			spoil("unverified", `"unverified":true`, "/data/unverified", `null`, "type", `1`, "type", `"true"`, "type", `[]`, "type")),
		event.TransportDelivered: spoil("vehicle", `"vehicle":"冀F00001"`, "/data/vehicle", texts(16)...),
		event.ManifestAccepted: join(
			spoil("grams", `"grams":12000`, "/batches/0/grams", numbers(1, tonne1000)...),
			spoil("reason", `"reason":"一袋破损"`, "/batches/0/reason", texts(200)...),
			spoil("refused", `"refused_grams":345`, "/batches/0/refused_grams", numbers(1, tonne1000)...),
			spoil("measured", `"measured":"weighed"`, "/data/measured", words()...),
			spoil("scale", `"scale":"S-2"`, "/data/scale", texts(32)...),
			spoil("rest", `"rest":"`+batchC+`"`, "/batches/0/rest", ids()...),
			[]bad{
				{"whole with refused grams and a rest", `"verdict":"part"`, `"verdict":"whole"`, "invalid-event /batches/0/refused_grams=not_allowed /batches/0/rest=not_allowed"},
				{"part without reason", `"reason":"一袋破损",`, ``, "invalid-event /batches/0/reason=required"},
				{"part without refused grams", `,"refused_grams":345`, ``, "invalid-event /batches/0/refused_grams=required"},
				{"the rest under the line's own id", `"rest":"` + batchC + `"`, `"rest":"` + batchA + `"`, "invalid-event /batches/0/rest=repeated"},
				{"no verdict", `"verdict":"part",`, ``, "invalid-event /batches/0/verdict=required"},
			}),
		event.BatchTreated: join(
			spoil("residue", `"residue_grams":100`, "/batches/0/residue_grams", numbers(0, tonne1000, `12001`, "out_of_range")...),
			spoil("method", `"method":"D10"`, "/data/method", words()...),
			spoil("facility", `"facility":"回转窑 1"`, "/data/facility", texts(64)...)),
		event.MeterRecorded: join(
			spoil("meter", `"meter":"M-1"`, "/data/meter", texts(32)...),
			[]bad{
				{"no such day", `"day":"2026-03-01"`, `"day":"2026-02-30"`, "invalid-event /data/day=format"},
				{"a day and an hour", `"day":"2026-03-01"`, `"day":"2026-03-01T08"`, "invalid-event /data/day=format"},
				{"a number", `"day":"2026-03-01"`, `"day":20260301`, "invalid-event /data/day=type"},
			}),
		event.IncidentReported: join(
			spoil("place", `"place":"样例路口"`, "/data/place", texts(200)...),
			spoil("measures", `"measures":"围堵、吸附"`, "/data/measures", texts(500)...),
			spoil("told", `"reported_to":"样例县"`, "/data/reported_to", texts(200)...),
			spoil("kind", `"kind":"spill"`, "/data/kind", words()...),
			[]bad{{"found, and lost", `"kind":"spill"`, `"kind":"found"`, "invalid-event /batches/0/grams=not_allowed"}}),
		event.PaperBackfilled: join(
			spoil("refused", `"refused_grams":345`, "/batches/0/refused_grams", numbers(1, tonne1000)...),
			spoil("slip", `"slip":"样例-1"`, "/data/slip", texts(32)...),
			spoil("why", `"reason":"系统停用"`, "/data/reason", texts(200)...),
			spoil("vehicle", `"vehicle":"冀F00001"`, "/data/vehicle", texts(16)...),
			spoil("permit", `"permit":"P-1"`, "/data/permit", texts(32)...),
			spoil("scale", `"scale":"S-5"`, "/data/scale", texts(32)...),
			spoil("measured", `"measured":"weighed"`, "/data/measured", words()...),
			[]bad{
				{"filled in by the carrier", `"consignor":"` + partyA + `"`, `"consignor":"` + partyB + `"`, "invalid-event /party=other"},
				{"at another site", `"consignor_site":"` + siteA + `"`, `"consignor_site":"` + siteB + `"`, "invalid-event /site=other"},
				{"the carrier signs first", `"role":"consignor"`, `"role":"carrier"`, "invalid-event /data/signed/0/role=order"},
				{"signed twice", `"role":"gate"`, `"role":"carrier"`, "invalid-event /data/signed/2/role=order"},
				{"back in time", `"at":"2026-03-01T08:40:00.000+08:00"`, `"at":"2026-03-01T08:20:00.000+08:00"`, "invalid-event /data/signed/1/at=order"},
				{"signed after the back-fill", `"at":"2026-03-01T09:50:00.000+08:00"`, `"at":"2026-03-02T09:50:00.000+08:00"`, "invalid-event /data/signed/3/at=order"},
				{"a verdict of nobody", `,{"role":"consignee","at":"2026-03-01T09:50:00.000+08:00"}`, ``, "invalid-event /batches/0/verdict=not_allowed"},
				{"no scan", `"scan":"` + seenA + `"`, `"scan":"yes"`, "invalid-event /data/scan=format"},
				{"signed by nobody", `[{"role":"consignor"`, `[7,{"role":"consignor"`, "invalid-event /data/signed=length"},
			}),
		event.OutcomeReported: join(
			spoil("result", `"result":"焚烧完成"`, "/data/result", texts(64)...),
			[]bad{{"grams, which nobody weighs here", `"seen":"` + seenA + `"`, `"seen":"` + seenA + `","grams":5`, "invalid-event /batches/0/grams=unknown_member"}}),
		event.BatchRepacked: join(
			spoil("id", `"id":"`+batchC+`"`, "/data/children/0/id", ids()...),
			spoil("packages", `"packages":3`, "/data/children/0/packages", numbers(1, 100_000)...),
			spoil("container", `"container":"C1"`, "/data/children/0/container", texts(64)...),
			spoil("label", `"label":"`+labelA+`"`, "/data/children/0/label", words(`"`+labelA[:26]+`8"`, "format")...),
			spoil("grams", `"grams":345`, "/data/children/1/grams", numbers(1, tonne1000)...),
			[]bad{
				{"a gram lost", `"grams":345`, `"grams":344`, "invalid-event /data/children=sum"},
				{"a gram too many", `"grams":345`, `"grams":346`, "invalid-event /data/children=sum"},
				{"nothing taken out", `"grams":12345,`, ``, "invalid-event /batches/0/grams=required"},
				{"a child twice", `"id":"` + batchD + `"`, `"id":"` + batchC + `"`, "invalid-event /data/children/1/id=repeated"},
				{"a parent as child", `"id":"` + batchD + `"`, `"id":"` + batchA + `"`, "invalid-event /data/children/1/id=repeated"},
				{"two codes", `"code":"841-001-01","form":"S","packaging":"bag"`, `"code":"841-002-01","form":"S","packaging":"bag"`, "invalid-event /data/children/1/code=mixed"},
				{"one label on two", `"packaging":"bag"`, `"packaging":"bag","label":"` + labelA + `"`, "invalid-event /data/children/1/label=repeated"},
				{"a stray member", `"packaging":"bag"`, `"packaging":"bag","seen":null`, "invalid-event /data/children/1/seen=unknown_member"},
				{"no child is an object", `,{"id":"` + batchD + `","grams":345,"code":"841-001-01","form":"S","packaging":"bag"}`, `,7`, "invalid-event /data/children=sum /data/children/1=type"},
			}),
		event.ManifestCancelled: join(
			spoil("reason", `"reason":"车辆故障"`, "/data/reason", texts(200)...),
			[]bad{{"grams, which nobody weighs here", `"seen":"` + seenA + `"`, `"seen":"` + seenA + `","grams":5`, "invalid-event /batches/0/grams=unknown_member"}}),
		event.TransportHandedOver: join(
			spoil("to", `"to":"`+partyB+`"`, "/data/to", ids()...),
			spoil("to_site", `"to_site":"`+siteB+`"`, "/data/to_site", ids()...)),
		event.ManifestRefused: join(
			spoil("grams", `"grams":12000`, "/batches/0/grams", numbers(1, tonne1000)...),
			spoil("reason", `"reason":"一袋破损"`, "/batches/0/reason", texts(200)...),
			spoil("measured", `"measured":"weighed"`, "/data/measured", words()...),
			spoil("scale", `"scale":"S-2"`, "/data/scale", texts(32)...),
			[]bad{{"no reason", `,"reason":"一袋破损"`, ``, "invalid-event /batches/0/reason=required"},
				{"a verdict", `"reason":"一袋破损"`, `"reason":"一袋破损","verdict":"part"`, "invalid-event /batches/0/verdict=unknown_member"}}),
		event.TransportReturned: spoil("vehicle", `"vehicle":"冀F00001"`, "/data/vehicle", texts(16)...),
		event.ManifestNumbered: join(
			spoil("number", `"number":"20261306000123"`, "/data/number", words(`"2026130600012"`, "format", `"L-2026-7ZK3M9QXPA4"`, "format")...),
			[]bad{{"grams, which nobody weighs here", `"seen":"` + seenA + `"`, `"seen":"` + seenA + `","grams":5`, "invalid-event /batches/0/grams=unknown_member"}}),
		event.CorrectionProposed: join(
			spoil("until", `"until":"2026-03-09T08:30:00.000+08:00"`, "/data/until", words(`"2026-03-02T08:30:00.000+08:00"`, "out_of_range", `"2026-03-09"`, "format")...),
			spoil("reason", `"reason":"车牌写错"`, "/data/reason", texts(200)...),
			spoil("pointer", `"pointer":"/data/vehicle"`, "/data/changes/0/pointer", words(`"/"`, "format", `"data/vehicle"`, "format", `"/data/~1"`, "format", `"/data/"`, "format", `"/Data"`, "format", `"`+strings.Repeat("/a", 7)+`"`, "format")...),
			spoil("old", `"old":"冀F00001"`, "/data/changes/0/old", `true`, "type", `{}`, "type", `[]`, "type", `1.5`, "not_integer", `1e400`, "not_integer", `""`, "length", `"a\u202eb"`, "characters"),
			spoil("new", `"new":3`, "/data/changes/1/new", `false`, "type", `-0`, "out_of_range", `9007199254740993`, "out_of_range", `null`, "same"),
			[]bad{
				{"no change at all", `{"pointer":"/data/vehicle","old":"冀F00001","new":"冀F00002"},{"pointer":"/batches/0/packages","old":null,"new":3}`, ``, "invalid-event /data/changes=length"},
				{"a change into itself", `"new":"冀F00002"`, `"new":"冀F00001"`, "invalid-event /data/changes/0/new=same"},
				{"one field twice", `"pointer":"/batches/0/packages"`, `"pointer":"/data/vehicle"`, "invalid-event /data/changes/1/pointer=repeated"},
				{"a party twice", `"` + partyB + `","` + partyC + `"`, `"` + partyB + `","` + partyB + `"`, "invalid-event /data/parties/1=repeated"},
				{"the signer itself", `["` + partyB + `","` + partyC + `"]`, `["` + partyA + `"]`, "invalid-event /data/parties/0=signer"},
				{"a party that is no id", `["` + partyB + `","` + partyC + `"]`, `["x",7]`, "invalid-event /data/parties/0=format /data/parties/1=format"},
				{"parties that are no list", `["` + partyB + `","` + partyC + `"]`, `null`, "invalid-event /data/parties=type"},
				{"a stray member of a change", `"old":null`, `"old":null,"was":1`, "invalid-event /data/changes/1/was=unknown_member"},
				{"two events at once", `"refs":["` + eventB + `"]`, `"refs":["` + eventB + `","` + batchB + `"]`, "invalid-event /refs=length"},
			}),
		event.CorrectionAgreed: join(
			spoil("remark", `"remark":"属实"`, "/data/remark", texts(200)...),
			[]bad{{"no proposal", `"refs":["` + eventB + `"],`, ``, "invalid-event /refs=required"},
				{"two proposals", `"refs":["` + eventB + `"]`, `"refs":["` + eventB + `","` + batchB + `"]`, "invalid-event /refs=length"}}),
		event.CorrectionDeclined: spoil("reason", `"reason":"车牌无误"`, "/data/reason", texts(200)...),
		event.RulingRecorded: join(
			spoil("event", `"event":"`+eventB+`"`, "/data/event", ids()...),
			spoil("hash", `"hash":"`+seenA+`"`, "/data/hash", words(`"`+seenA[1:]+`"`, "format", `"`+strings.ToUpper(seenA)+`"`, "format", `"`+seenA+`00"`, "format")...),
			spoil("verdict", `"verdict":"admit"`, "/data/verdict", words(`"Admit"`, "format", `"admitted"`, "format")...),
			spoil("reason", `"reason":"两人在场"`, "/data/reason", texts(200)...)),
		event.SampleDrawn: join(
			spoil("period", `"period":"2026-Q4"`, "/data/period", texts(32)...),
			spoil("list", `"list":"`+seenA+`"`, "/data/list", words(`"`+seenA[1:]+`"`, "format", `"`+strings.ToUpper(seenA)+`"`, "format")...),
			spoil("sites", `"sites":40`, "/data/sites", numbers(1, 20_000)...),
			spoil("people", `"people":9`, "/data/people", numbers(1, 2_000)...),
			spoil("draw_sites", `"draw_sites":4`, "/data/draw_sites", numbers(1, 20_000)...),
			spoil("draw_people", `"draw_people":2`, "/data/draw_people", numbers(1, 2_000)...),
			spoil("size", `"size":1000`, "/data/size", numbers(2, 1<<40)...),
			spoil("round", `"round":2`, "/data/round", numbers(1, 100)...),
			spoil("reason", `"reason":"首轮名单有误"`, "/data/reason", texts(200)...)),
		event.InspectionRecorded: join(
			spoil("inspected", `"inspected":"`+siteB+`"`, "/data/inspected", ids()...),
			spoil("class", `"class":"generator"`, "/data/class", words(`"Generator"`, "format")...),
			spoil("sheet", `"sheet":"generator"`, "/data/sheet", texts(32)...),
			spoil("version", `"version":"2021"`, "/data/version", texts(32)...),
			spoil("accidents", `"accidents":1`, "/data/accidents", numbers(0, 100)...),
			spoil("major", `"major_accidents":2`, "/data/major_accidents", numbers(0, 100)...),
			spoil("total", `"total":3`, "/data/total", numbers(0, 100_000, `4`, "sum")...),
			spoil("note", `"note":"抽查"`, "/data/note", texts(400)...),
			[]bad{
				{"a companion that is no id", `"with":["` + personB + `"]`, `"with":["li"]`, "invalid-event /data/with/0=format"},
				{"a companion twice", `"with":["` + personB + `"]`, `"with":["` + personB + `","` + personB + `"]`, "invalid-event /data/with/1=repeated"},
				{"no companions in a list", `"with":["` + personB + `"]`, `"with":[]`, "invalid-event /data/with=length"},
				{"a companion that is no list", `"with":["` + personB + `"]`, `"with":"` + personB + `"`, "invalid-event /data/with=type"},
				{"an item twice", `"no":2`, `"no":1`, "invalid-event /data/items/1/no=repeated"},
				{"an item below one", `"no":3`, `"no":0`, "invalid-event /data/items/2/no=out_of_range"},
				{"points that do not add up", `"points":1`, `"points":2`, "invalid-event /data/total=sum"},
				{"an item that is no object", `{"no":3}`, `3`, "invalid-event /data/items/2=type"},
				{"a stray member", `{"no":3}`, `{"no":3,"max":2}`, "invalid-event /data/items/2/max=unknown_member"},
			}),
		event.AuthorisationGiven: join(
			spoil("to", `"to":"`+partyB+`"`, "/data/to", ids()...),
			spoil("from", `"from":"2026-03-01T00:00:00.000+08:00"`, "/data/from", words(`"2026-03-01"`, "format")...),
			spoil("codes", `"codes":["900-214-08","900-249-08"]`, "/data/codes", `"900-214-08"`, "type", `[]`, "length"),
			[]bad{
				{"a code twice", `"900-249-08"`, `"900-214-08"`, "invalid-event /data/codes/1=repeated"},
				{"no code", `"900-249-08"`, `"oil"`, "invalid-event /data/codes/1=format"},
				{"a number for a code", `"900-249-08"`, `7`, "invalid-event /data/codes/1=type"},
				{"over before it begins", `"until":"2027-03-01`, `"until":"2026-03-01`, "invalid-event /data/until=out_of_range"},
			}),
		event.AuthorisationWithdrawn: join(
			spoil("authorisation", `"authorisation":"`+eventB+`"`, "/data/authorisation", ids()...),
			spoil("reason", `"reason":"换了收集单位"`, "/data/reason", texts(200)...)),
		event.StopSkipped: join(
			spoil("trip", `"trip":"`+tripA+`"`, "/trip", ids()...),
			spoil("stop", `"stop":"`+siteB+`"`, "/data/stop", ids()...),
			spoil("reason", `"reason":"无人"`, "/data/reason", texts(200)...)),
		event.BatterySold: join(
			spoil("code", `"code":"900-052-31"`, "/data/code", words(`"900-052-3"`, "format")...),
			spoil("pieces", `"pieces":2`, "/data/pieces", numbers(1, 100_000)...),
			spoil("grams", `"grams":36000`, "/data/grams", numbers(1, tonne1000)...)),
		event.BatteryTakenBack: join(
			spoil("pieces", `"pieces":2`, "/data/pieces", numbers(1, 100_000)...),
			spoil("grams", `"grams":35000`, "/data/grams", numbers(1, tonne1000)...)),
	}
}

func TestWhatIsWrongWithOneType(t *testing.T) {
	all := typedBad()
	for _, typ := range event.Types() {
		if len(all[typ]) == 0 {
			t.Errorf("%s has no bad input", typ)
		}
		for _, c := range all[typ] {
			if got := outcome(swap(t, sample(typ), c.old, c.with)); got != c.want {
				t.Errorf("%s, %.60s:\n got %s\nwant %s", typ, c.name, got, c.want)
			}
		}
	}
}
