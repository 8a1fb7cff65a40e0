package event

import (
	"slices"
	"strconv"
	"strings"

	"liandan/internal/fault"
)

// inOrder puts notes in the order of the document, so that a person can walk through
// both side by side. What is missing comes at the end of the object that lacks it.
func inOrder(doc node, notes []fault.Field) {
	begin, end := map[string]int{}, map[string]int{}
	count := 0
	var walk func(node, string)
	walk = func(n node, at string) {
		begin[at] = count
		count++
		for _, m := range n.members {
			walk(m.node, at+"/"+escape(m.name))
		}
		for i, item := range n.items {
			walk(item, at+"/"+strconv.Itoa(i))
		}
		end[at] = count
		count++
	}
	walk(doc, "")
	place := func(f fault.Field) int {
		if p, ok := begin[f.Pointer]; ok {
			return p
		}
		for at := f.Pointer; at != ""; {
			at = at[:strings.LastIndexByte(at, '/')]
			if p, ok := end[at]; ok {
				return p
			}
		}
		return count
	}
	slices.SortStableFunc(notes, func(a, b fault.Field) int { return place(a) - place(b) })
}
