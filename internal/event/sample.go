package event

import (
	"liandan/internal/id"
)

// Sample is sample.drawn: an authority freezes a list of sites and inspectors by its hash
// and names a size that the log has not reached. Who is drawn follows from the list and the
// log's root at that size (package sampling), so nothing is left to choose when it comes.
type Sample struct {
	Period     string  // what is inspected, such as 2026-Q4; draws of one period are listed together
	List       id.Hash // of the list in its canonical text
	Sites      int     // on the list
	People     int     // on the list
	DrawSites  int
	DrawPeople int
	Size       int64  // of the log, in entries, whose root is the seed
	Round      int    // 1 for the first draw of a period
	Reason     string // why it is drawn again, from the second round on
}

func (Sample) of() Type { return SampleDrawn }

// Bounds of a draw, those of package sampling.
const (
	maxSampleSites  = 20_000
	maxSamplePeople = 2_000
	maxSampleRound  = 100
	maxLogSize      = 1 << 40
)

func readSample(r *reader) Data {
	defer r.close()
	d := Sample{Period: r.text("period", true, 32), List: parsed(r, "list", true, id.ParseHash), Reason: r.text("reason", false, 200)}
	sites, _ := r.integer("sites", true, 1, maxSampleSites)
	people, _ := r.integer("people", true, 1, maxSamplePeople)
	drawSites, _ := r.integer("draw_sites", true, 1, maxSampleSites)
	drawPeople, _ := r.integer("draw_people", true, 1, maxSamplePeople)
	round, _ := r.integer("round", true, 1, maxSampleRound)
	d.Size, _ = r.integer("size", true, 2, maxLogSize)
	d.Sites, d.People, d.DrawSites, d.DrawPeople, d.Round = int(sites), int(people), int(drawSites), int(drawPeople), int(round)
	return d
}

func (d Sample) write(m members) {
	m.text("period", d.Period)
	m.text("list", d.List.String())
	m["sites"], m["people"], m["draw_sites"], m["draw_people"] = d.Sites, d.People, d.DrawSites, d.DrawPeople
	m["size"], m["round"] = d.Size, d.Round
	m.text("reason", d.Reason)
}
