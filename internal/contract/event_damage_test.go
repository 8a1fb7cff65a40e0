package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// Ways to spoil a payload, each leaving it a JSON value that both judges can read.

// slot is one place in a document, of a member or an item.
type slot struct {
	at   string // for messages
	get  func() any
	set  func(any)
	drop func()
}

// slots lists every member and item of a document.
func slots(v any, at string, replace func(any)) []slot {
	var out []slot
	switch v := v.(type) {
	case doc:
		for _, name := range slices.Sorted(maps.Keys(v)) { // in order, so that a failure can be made again
			s := slot{at + "/" + name, func() any { return v[name] }, func(y any) { v[name] = y }, func() { delete(v, name) }}
			out = append(append(out, s), slots(v[name], s.at, s.set)...)
		}
	case []any:
		for i, x := range v {
			s := slot{fmt.Sprintf("%s/%d", at, i), func() any { return v[i] }, func(y any) { v[i] = y },
				func() { replace(append(append([]any{}, v[:i]...), v[i+1:]...)) }}
			out = append(append(out, s), slots(x, s.at, s.set)...)
		}
	}
	return out
}

// odd is values that have fooled readers before: the edges of every range and pattern.
var odd = []any{
	nil, true, false, "", " ", "x", "null", doc{}, []any{}, []any{nil}, []any{"x"}, doc{"id": "x"},
	json.Number("0"), json.Number("-0"), json.Number("1"), json.Number("-1"), json.Number("2"), json.Number("1.0"), json.Number("1e0"), json.Number("10E1"),
	json.Number("0.5"), json.Number("1.5e1"), json.Number("-500"), json.Number("-501"), json.Number("1000"), json.Number("1001"),
	json.Number("100000"), json.Number("100001"), json.Number("1000000000"), json.Number("1000000001"), json.Number("4294967297"),
	json.Number("9223372036854775807"), json.Number("9223372036854775808"), json.Number("18446744073709551617"), json.Number("1e400"), "1",
	// ids and hashes
	"00000000-0000-0000-0000-000000000000", "019ca000-0000-7000-8000-0000000000b1", "019CA000-0000-7000-8000-0000000000B1",
	"019ca000-0000-4000-8000-0000000000b1", "019ca000-0000-7000-c000-0000000000b1", "019ca000-0000-7000-0000-0000000000b1",
	"ffffffff-ffff-ffff-ffff-ffffffffffff", "019ca00000007000800000000000000b1", "{019ca000-0000-7000-8000-0000000000b1}",
	"urn:uuid:019ca000-0000-7000-8000-0000000000b1", "019ca000-0000-7000-8000-0000000000b1 ", "019ca000-0000-7000-8000-0000000000b1\n",
	strings.Repeat("0", 64), strings.Repeat("f", 64), strings.Repeat("F", 64), strings.Repeat("a", 63), strings.Repeat("a", 65),
	// times
	"2026-03-01T08:30:00.000+08:00", "2026-03-01T08:30:00.000Z", "2026-03-01T08:30:00Z", "2026-03-01T08:30:00.0000Z", "2026-03-01T08:30:00,000Z",
	"2026-03-01t08:30:00.000z", "2026-03-01 08:30:00.000Z", "2026-3-1T08:30:00.000Z", "2026-02-29T08:30:00.000Z", "2024-02-29T08:30:00.000Z",
	"2100-02-29T08:30:00.000Z", "2000-02-29T08:30:00.000Z", "2104-02-29T08:30:00.000Z", "2196-02-29T00:00:00.000Z", "2026-04-31T08:30:00.000Z", "2026-04-30T08:30:00.000Z",
	"2026-00-10T08:30:00.000Z", "2026-13-10T08:30:00.000Z", "2026-10-00T08:30:00.000Z", "2026-12-31T23:59:60.000Z", "2026-12-31T24:00:00.000Z", "2026-12-31T23:60:00.000Z",
	"1999-12-31T23:59:59.999Z", "2000-01-01T00:00:00.000-18:00", "2199-12-31T23:59:59.999+18:00", "2200-01-01T00:00:00.000Z",
	"2026-03-01T08:30:00.000+18:01", "2026-03-01T08:30:00.000-18:00", "2026-03-01T08:30:00.000+19:00", "2026-03-01T08:30:00.000+24:00", "2026-03-01T08:30:00.000-00:00",
	"2026-03-01T08:30:00.000+0800", "2026-03-01T08:30:00.000+08:59", "2026-03-01T08:30:00.000+08:60", "2026-03-01T08:30:00.000+08:99", "2026-03-01T08:30:00.000",
	// codes and other words
	"841-001-01", "841-001-0", "841-001-011", "８４１-001-01", "us:D009", "US:D009", "cn:841-001-01", "us:", "us:-", "us:a/b", "cm:x", "bn:x",
	"D10", "d10", "D2", "R10", "R15", "Y14", "G20", "HW01", "S", "SS", "s", "bag", "Bag", "weighed", "estimated", "whole", "part", "Part",
	"hazardous", "medical", "small-source", "Medical", "-medical", "m", "/data/vehicle", "/", "/Data", "product", "piece", "ml", "mg", "20261306000123", "19991306000123", "2026130600012", "202613060001234", "20２61306000123",
	"use.recorded", "batch.generated", "batch.moved", "manifest.accepted",
	// labels: sound, mistyped by one digit, without check symbol, decorated, with a letter that is in no alphabet
	"0123456789ABCDEFGHJKMNPQRS9", "0123456789ABCDEFGHJKMNPQRT9", "0123456789ABCDEFGHJKMNPQRS", "o1i3-4567-89ab cdefghjkmnpqrs9", "U123456789ABCDEFGHJKMNPQRS9", "u" + strings.Repeat("0", 25) + "0",
	"0123456789ABCDEFGHJKMNPQRS!", strings.Repeat("0", 26) + "0", strings.Repeat("0", 26) + "U", strings.Repeat("0", 26) + "u", strings.Repeat("-", 37) + strings.Repeat("0", 27), strings.Repeat("-", 38) + strings.Repeat("0", 27),
	// texts: lengths at the limits, in one and in four bytes a character; characters that hide
	strings.Repeat("a", 16), strings.Repeat("危", 17), strings.Repeat("\U0001f6e2", 32), strings.Repeat("\U0001f6e2", 33), strings.Repeat("废", 64), strings.Repeat("a", 65),
	strings.Repeat("é", 200), strings.Repeat("\U0001f6e2", 201), "a\tb", "a\u0000b", "a\u007fb", "a\u0080b", "a\u202eb", "a\u2029b", "a\u2066b", "a\u2069b", "a\u206ab", "a\u200bb", "\ufeff", "\ufffd",
}

// names is members that exist somewhere, and some that do not.
var names = []string{"v", "id", "type", "at", "party", "site", "person", "manifest", "trip", "batches", "refs", "data", "seen", "grams", "packages",
	"verdict", "refused_grams", "reason", "residue_grams", "code", "label", "place", "temperature_dc", "method", "number", "vehicle", "permit", "measured",
	"scale", "to", "to_site", "result", "children", "container", "rest", "changes", "pointer", "old", "new", "parties", "until", "remark", "reservation", "unverified", "profile", "extra", "", "Grams", "V", "__proto__", "$schema", "废"}

// copied is a value that shares nothing with the document it comes from.
func copied(v any) any {
	switch v := v.(type) {
	case doc:
		out := doc{}
		for name, x := range v {
			out[name] = copied(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = copied(x)
		}
		return out
	}
	return v
}

// damage spoils a document in one way.
func damage(r *rapid.T, d doc) {
	all := slots(d, "", nil)
	s := all[rapid.IntRange(0, len(all)-1).Draw(r, "slot")]
	switch rapid.IntRange(0, 5).Draw(r, "way") {
	case 0:
		s.drop()
	case 1:
		s.set(copied(rapid.SampledFrom(odd).Draw(r, "odd")))
	case 2:
		s.set(copied(all[rapid.IntRange(0, len(all)-1).Draw(r, "other")].get()))
	case 3:
		s.set(nudged(r, s.get()))
	case 4:
		into := d
		if inner, ok := s.get().(doc); ok {
			into = inner
		}
		into[rapid.SampledFrom(names).Draw(r, "name")] = copied(rapid.SampledFrom(odd).Draw(r, "odd"))
	case 5:
		if list, ok := s.get().([]any); ok {
			s.set(stretched(r, list))
		} else {
			s.set([]any{s.get()})
		}
	}
}

// nudged changes a value a little.
func nudged(r *rapid.T, v any) any {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return json.Number("7")
		}
		return number(n + rapid.SampledFrom([]int64{-1_000_000_000, -1, 1, 1_000_000_000}).Draw(r, "by"))
	case string:
		letters := []rune(v)
		at := rapid.IntRange(0, len(letters)).Draw(r, "at")
		with := string(rapid.RuneFrom([]rune("0aA-.:UOZ \u202e\u0007废")).Draw(r, "rune"))
		if at < len(letters) && rapid.Bool().Draw(r, "replace") {
			return string(letters[:at]) + with + string(letters[at+1:])
		}
		return string(letters[:at]) + with + string(letters[at:])
	}
	return v
}

// stretched repeats an item, empties the list, or makes it longer than any may be.
func stretched(r *rapid.T, list []any) []any {
	if len(list) == 0 {
		return []any{uuids.Draw(r, "uuid")}
	}
	switch rapid.IntRange(0, 2).Draw(r, "stretch") {
	case 0:
		return append(append([]any{}, list...), list[0])
	case 1:
		return []any{}
	}
	return numbered(list[0], rapid.SampledFrom([]int{99, 100, 101}).Draw(r, "items"))
}

// numbered makes a list of n items like the one given, told apart by their ids.
func numbered(item any, n int) []any {
	out := []any{}
	for i := range n {
		name := sampleID(fmt.Sprintf("%04x", i+1))
		if line, ok := item.(doc); ok {
			other := doc{}
			for k, v := range line {
				other[k] = v
			}
			other["id"], other["seen"] = name, nil
			out = append(out, other)
			continue
		}
		out = append(out, name)
	}
	return out
}
