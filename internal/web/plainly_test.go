package web

import "testing"

func TestCodesInSentencesAreWords(t *testing.T) {
	for sentence, want := range map[string]string{
		"The batch is in_transit; batch.stored may not come next.": "The batch is 运输中 in transit; 入暂存 stored may not come next.",
		"The batch is issued; nothing_known of x.y here.":          "The batch is issued; nothing_known of x.y here.",
		"":           "",
		"<b>a.b</b>": "<b>a.b</b>",
	} {
		if got := plainly(sentence); got != want {
			t.Errorf("%q: %q", sentence, got)
		}
	}
}
