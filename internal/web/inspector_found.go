package web

// What a search finds is shown by stage, each folded where the whole would be long.

// manyFound is from how many hits on each stage is folded.
const manyFound = 12

// hitGroup is what is at one stage.
type hitGroup struct {
	Stage line
	Hits  []hit
	Open  bool
}

// ByStage parts hits by their stage, in the order in which the stages come first.
func (inspectPage) ByStage(list []hit) (out []hitGroup) {
	at := map[line]int{}
	for _, h := range list {
		i, there := at[h.Stage]
		if !there {
			i = len(out)
			at[h.Stage] = i
			out = append(out, hitGroup{Stage: h.Stage, Open: len(list) <= manyFound})
		}
		out[i].Hits = append(out[i].Hits, h)
	}
	if len(out) == 1 {
		out[0].Open = true
	}
	return out
}
