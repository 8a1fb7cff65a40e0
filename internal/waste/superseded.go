package waste

import (
	_ "embed"
	"sync"
	"time"
)

//go:embed data/superseded_codes.tsv
var supersededTSV string

type successor struct {
	code    Code
	lastDay time.Time
}

var supersededTable = sync.OnceValue(func() map[Code]successor {
	table := map[Code]successor{}
	for _, r := range mustTable(supersededTSV, "old", "new", "last_day") {
		day, err := time.ParseInLocation(time.DateOnly, r[2], zone)
		if err != nil {
			panic("waste: embedded superseded codes: " + err.Error())
		}
		table[Code(r[0])] = successor{Code(r[1]), day}
	}
	return table
})

// Successor is the code that replaced an older one, and the older one's last local
// day in force. It serves a hint ("831-001-01 is now 841-001-01"); it never
// rewrites what somebody signed. false when the code is not known as superseded.
func (c Code) Successor() (next Code, lastDay time.Time, ok bool) {
	s, ok := supersededTable()[c]
	return s.code, s.lastDay, ok
}
