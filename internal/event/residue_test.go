package event_test

import (
	"strings"
	"testing"

	"liandan/internal/event"
)

// What is left of a treatment may begin batches of its own: new ids, any code, and the
// grams that the lines leave.
func TestResidues(t *testing.T) {
	ash := func(id, grams, code string) string {
		return `{"id":"` + id + `","grams":` + grams + `,"code":"` + code + `","form":"S","packaging":"box"}`
	}
	with := func(list string) string {
		return strings.Replace(sample(event.BatchTreated), `"scale":"S-4"}`, `"scale":"S-4","residues":`+list+`}`, 1)
	}
	for _, c := range []struct{ list, want string }{
		{"[" + ash(batchC, "100", "772-003-18") + "]", "taken"},
		{"[" + ash(batchC, "60", "772-003-18") + "," + ash(batchD, "40", "900-249-08") + "]", "taken"}, // two wastes of one fire
		{"[" + ash(batchC, "99", "772-003-18") + "]", "invalid-event /data/residues=sum"},
		{"[" + ash(batchC, "101", "772-003-18") + "]", "invalid-event /data/residues=sum"},
		{"[" + ash(batchA, "100", "772-003-18") + "]", "invalid-event /data/residues/0/id=repeated"},
		{"[" + ash(batchC, "50", "772-003-18") + "," + ash(batchC, "50", "772-003-18") + "]", "invalid-event /data/residues/1/id=repeated"},
		{"[" + ash(batchC, "100", "ash") + "]", "invalid-event /data/residues/0/code=format"},
		{"[]", "invalid-event /data/residues=length"},
		{"{}", "invalid-event /data/residues=type"},
		{"[7]", "invalid-event /data/residues/0=type"},
	} {
		if got := outcome(with(c.list)); got != c.want {
			t.Errorf("%s: %s, want %s", c.list, got, c.want)
		}
	}
	e, err := event.Parse([]byte(with("[" + ash(batchC, "100", "772-003-18") + "]")))
	if err != nil {
		t.Fatal(err)
	}
	if b := e.Births(); len(b) != 1 || b[0].ID.String() != batchC || len(b[0].Parents) != 1 || len(e.Touched()) != 2 {
		t.Errorf("births %+v", b)
	}
}
