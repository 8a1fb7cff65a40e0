package event

import (
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"liandan/internal/fault"
)

// probe stands in for a document: every member that a reader asks for is there, and is
// remembered.
type probe struct {
	kinds map[string]jsontext.Kind // of members that turned out to be arrays or objects
	asked map[string]bool
}

func (p *probe) take(at string) node {
	p.asked[at] = true
	n := node{kind: p.kinds[at], probe: p}
	if n.kind == '[' {
		n.items = []node{{kind: '{', probe: p}}
	}
	return n
}

var index = regexp.MustCompile(`/\d+(/|$)`)

// Fields lists every member that a type's reader knows, as JSON pointers with * for the
// items of an array, sorted. It asks the readers themselves, so that no list can fall
// behind them.
func Fields(t Type) []string {
	s, ok := shapes[t]
	if !ok {
		return nil
	}
	p := &probe{kinds: map[string]jsontext.Kind{}}
	for learned := true; learned; {
		learned = false
		p.asked = map[string]bool{"/type": true}
		var notes []fault.Field
		r := newReader(node{kind: '{', probe: p}, "", &notes)
		e := Event{Type: t}
		readCommon(r, &e)
		readShaped(r, &e, s)
		for _, f := range notes {
			kind := jsontext.Kind('[')
			if strings.HasPrefix(f.Detail, "must be an object") {
				kind = '{'
			} else if !strings.HasPrefix(f.Detail, "must be an array") {
				continue
			}
			if f.Code == "type" && p.kinds[f.Pointer] == 0 && p.asked[f.Pointer] {
				p.kinds[f.Pointer], learned = kind, true
			}
		}
	}
	var out []string
	for at := range p.asked {
		out = append(out, index.ReplaceAllString(at, "/*$1"))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
