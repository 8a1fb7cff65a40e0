package web

import (
	"fmt"
	"testing"
)

// What is found in plenty is folded by stage; a few things, or one stage alone, stand open.
func TestFindsAreFoldedByStage(t *testing.T) {
	stored, treated := line{"贮存中", "stored"}, line{"已利用处置", "treated"}
	few := []hit{{ID: "1", Stage: stored}, {ID: "2", Stage: treated}, {ID: "3", Stage: stored}}
	got := inspectPage{}.ByStage(few)
	if len(got) != 2 || got[0].Stage != stored || len(got[0].Hits) != 2 || got[0].Hits[1].ID != "3" || !got[0].Open || !got[1].Open {
		t.Errorf("%+v", got)
	}
	var many []hit
	for i := range 2 * manyFound {
		many = append(many, hit{ID: uid(fmt.Sprint(i)), Stage: []line{stored, treated}[i%2]})
	}
	if got := (inspectPage{}).ByStage(many); len(got) != 2 || got[0].Open || got[1].Open || len(got[0].Hits)+len(got[1].Hits) != len(many) {
		t.Errorf("%+v", got)
	}
	if got := (inspectPage{}).ByStage(many[:0]); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	for i := range many {
		many[i].Stage = stored
	}
	if got := (inspectPage{}).ByStage(many); len(got) != 1 || !got[0].Open {
		t.Errorf("one stage alone is folded: %+v", got)
	}
}
