package contract

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"liandan/internal/event"
)

// unsayable lists which of the rules a payload breaks.
func unsayable(d doc, text []byte) (broken []string) {
	if len(text) > event.MaxPayload {
		broken = append(broken, sayLength)
	}
	if oddlySpelled(d) {
		broken = append(broken, saySpelling)
	}
	met := map[any]bool{}
	var rests []string
	lines, _ := d["batches"].([]any)
	for _, l := range lines {
		line, _ := l.(doc)
		if b, ok := line["id"].(string); ok && met[b] {
			broken = append(broken, sayTwice)
		} else {
			met[b] = true
		}
		if b, ok := line["rest"].(string); ok {
			rests = append(rests, b)
		}
		grams, _ := line["grams"].(json.Number)
		left, _ := line["residue_grams"].(json.Number)
		g, _ := grams.Float64()
		if n, err := left.Float64(); err == nil && n > g {
			broken = append(broken, sayResidue)
		}
	}
	for _, b := range rests {
		if met[b] {
			broken = append(broken, sayTwice)
		}
		met[b] = true
	}
	data, _ := d["data"].(doc)
	if from, err := event.ParseTime(fmt.Sprint(data["from"])); err == nil {
		if until, err := event.ParseTime(fmt.Sprint(data["until"])); err == nil && !from.Before(until) {
			broken = append(broken, sayWindow)
		}
	}
	if children, ok := data["children"].([]any); ok {
		broken = append(broken, unbalanced(lines, children, met)...)
	}
	if items, ok := data["items"].([]any); ok {
		broken = append(broken, misadded(data["total"], items)...)
	}
	if signed, ok := data["signed"].([]any); ok && strange(d, data, lines, signed) {
		broken = append(broken, saySlip)
	}
	if _, ok := data["changes"].([]any); ok && idle(d, data) {
		broken = append(broken, sayChange)
	}
	if s, ok := data["label"].(string); ok && len(s) <= 64 && wellFormedLabel.MatchString(asMeant.Replace(strings.ToUpper(s))) {
		if _, err := event.ParseLabel(s); err != nil {
			broken = append(broken, sayCheck)
		}
	}
	return broken
}

// strange says whether a slip's signatures are out of order, whether somebody fills it in who
// may not, or whether its lines have verdicts that nobody signed, or lack those that were.
func strange(d, data doc, lines, signed []any) bool {
	last, whole := time.Time{}, len(signed) == 4
	for i, x := range signed {
		one, _ := x.(doc)
		if i >= 4 || one["role"] != []string{"consignor", "carrier", "gate", "consignee"}[i] {
			return true
		}
		at, err := event.ParseTime(fmt.Sprint(one["at"]))
		if err != nil || at.Before(last) {
			return true
		}
		last = at
	}
	if at, err := event.ParseTime(fmt.Sprint(d["at"])); err != nil || last.After(at) {
		return true
	}
	switch {
	case d["party"] == data["consignor"]:
		if d["site"] != data["consignor_site"] {
			return true
		}
	case d["party"] != data["consignee"] || !whole || d["site"] != data["consignee_site"]:
		return true
	}
	for _, l := range lines {
		line, _ := l.(doc)
		if _, judged := line["verdict"]; judged != whole {
			return true
		}
		_, reason := line["reason"]
		_, grams := line["refused_grams"]
		if line["verdict"] == "part" && !(reason && grams) {
			return true
		}
	}
	return false
}

// misadded lists what is wrong between the items of an inspection and their total.
func misadded(total any, items []any) (broken []string) {
	value := func(v any) (float64, bool) {
		n, _ := v.(json.Number)
		f, err := n.Float64()
		return f, err == nil
	}
	sum, met := 0.0, map[float64]bool{}
	for _, x := range items {
		it, _ := x.(doc)
		if no, ok := value(it["no"]); ok {
			if met[no] {
				broken = append(broken, sayItem)
			}
			met[no] = true
		}
		points, _ := value(it["points"])
		sum += points
	}
	if t, ok := value(total); ok && t != sum && len(items) > 0 {
		broken = append(broken, sayPoints)
	}
	return broken
}

// idle says whether a correction changes nothing somewhere, or cannot be answered.
func idle(d, data doc) bool {
	met := map[string]bool{}
	for _, x := range data["changes"].([]any) {
		c, _ := x.(doc)
		p, ok := c["pointer"].(string)
		was, given := c["old"]
		is, also := c["new"]
		if ok && met[p] || given && also && reflect.DeepEqual(was, is) {
			return true
		}
		met[p] = ok
	}
	parties, _ := data["parties"].([]any)
	for _, p := range parties {
		if s, ok := p.(string); ok && s == d["party"] {
			return true
		}
	}
	at, _ := d["at"].(string)
	until, _ := data["until"].(string)
	a, err := event.ParseTime(at)
	u, err2 := event.ParseTime(until)
	return err == nil && err2 == nil && !u.After(a)
}

// unbalanced lists what is wrong between the lines of a repacking and its children.
func unbalanced(lines, children []any, met map[any]bool) (broken []string) {
	sum := func(of []any) (total float64, whole bool) {
		whole = len(of) > 0
		for _, x := range of {
			l, _ := x.(doc)
			n, _ := l["grams"].(json.Number)
			g, err := n.Float64()
			whole = whole && err == nil
			total += g
		}
		return total, whole
	}
	taken, a := sum(lines)
	put, b := sum(children)
	if a && b && taken != put {
		broken = append(broken, saySum)
	}
	labels := map[event.Label]bool{}
	first := ""
	for i, x := range children {
		c, _ := x.(doc)
		code, ok := c["code"].(string)
		if i == 0 {
			first = code
		}
		if ok && first != "" && code != first {
			broken = append(broken, sayMixed)
		}
		if s, ok := c["id"].(string); ok && met[s] {
			broken = append(broken, sayTwice)
		} else if ok {
			met[s] = true
		}
		s, ok := c["label"].(string)
		if !ok || len(s) > 64 || !wellFormedLabel.MatchString(asMeant.Replace(strings.ToUpper(s))) {
			continue
		}
		l, err := event.ParseLabel(s)
		if err != nil {
			broken = append(broken, sayCheck)
		} else if labels[l] {
			broken = append(broken, sayMark)
		}
		labels[l] = true
	}
	return broken
}

var spelledOddly = regexp.MustCompile(`[.eE]|^-0$`)

func oddlySpelled(v any) bool {
	switch v := v.(type) {
	case json.Number:
		return spelledOddly.MatchString(v.String())
	case doc:
		for _, x := range v {
			if oddlySpelled(x) {
				return true
			}
		}
	case []any:
		for _, x := range v {
			if oddlySpelled(x) {
				return true
			}
		}
	}
	return false
}
