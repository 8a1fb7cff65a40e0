package web

import "liandan/internal/event"

// picture is a chain drawn: boxes from left to right in rows, each in the colour of its
// stage, with a line to the next.
type picture struct {
	Width, Height int
	Boxes         []box
	Lines         []string // paths
}

// box is one entry, or one that is still to come.
type box struct {
	X, Y     int
	Stage    string // of stages
	Title    string
	TitleEN  string
	At, Who  string
	Grams    string
	Seq      int64
	Href     string // "" of one that is to come
	Findings int
	Serious  bool
	Gap      string // what is wrong or worth seeing between it and the one before
}

// The stages of design section 4, as colours.
const (
	stageMake     = "make"
	stageStore    = "store"
	stageTransfer = "transfer"
	stageDispose  = "dispose"
	stageMend     = "mend"
)

func stageOfType(t event.Type) string {
	switch t {
	case event.UseRecorded, event.BatchGenerated, event.BatchRepacked:
		return stageMake
	case event.BatchReleased, event.BatchReceived, event.BatchStored:
		return stageStore
	case event.ManifestIssued, event.TransportCollected, event.TransportHandedOver, event.TransportDelivered, event.ManifestAccepted,
		event.ManifestRefused, event.TransportReturned, event.ManifestNumbered, event.PaperBackfilled:
		return stageTransfer
	case event.BatchTreated, event.OutcomeReported, event.MeterRecorded:
		return stageDispose
	}
	return stageMend
}

const (
	boxWidth  = 190
	boxHeight = 118
	boxGap    = 34
	perRow    = 5
)

// drawChain lays the entries out. A chain of a thousand entries is drawn by its first and
// its last ones; all of them are in the list below it.
func drawChain(steps []step, missing []line, broken bool) (p picture) {
	var boxes []box
	for i, x := range steps {
		b := box{Stage: x.Stage, Title: x.Type.ZH, TitleEN: x.Type.EN, At: x.At, Who: short(x.Party, 13), Grams: x.Grams, Seq: x.Seq, Findings: len(x.Findings)}
		b.Href = "#e" + itoa(x.Seq)
		for _, f := range x.Findings {
			b.Serious = b.Serious || f.Severity == "serious"
		}
		switch {
		case x.Late:
			b.Gap = "迟报 late"
		case x.Blind:
			b.Gap = "未见前条 unseen"
		}
		if broken && i == len(steps)-1 {
			b.Gap = "断链 broken"
		}
		boxes = append(boxes, b)
	}
	if len(boxes) > mostDrawn {
		boxes = append(boxes[:mostDrawn/2:mostDrawn/2], boxes[len(boxes)-mostDrawn/2:]...)
		boxes[mostDrawn/2].Gap = "略 …"
	}
	for i, m := range missing {
		if i == mostMissing {
			break
		}
		boxes = append(boxes, box{Stage: "none", Title: m.ZH, TitleEN: m.EN, At: "尚缺 to come"})
	}
	for i := range boxes {
		row, col := i/perRow, i%perRow
		boxes[i].X, boxes[i].Y = 8+col*(boxWidth+boxGap), 26+row*(boxHeight+boxGap)
		if i == 0 {
			continue
		}
		a, b := boxes[i-1], boxes[i]
		if col > 0 {
			p.Lines = append(p.Lines, stroke("M", a.X+boxWidth, a.Y+boxHeight/2, "H", b.X))
		} else { // down and back to the left
			mid := a.Y + boxHeight + boxGap/2 - 8
			p.Lines = append(p.Lines, stroke("M", a.X+boxWidth/2, a.Y+boxHeight, "V", mid, "H", b.X+boxWidth/2, "V", b.Y))
		}
	}
	rows := (len(boxes) + perRow - 1) / perRow
	p.Width = 16 + min(max(len(boxes), 1), perRow)*(boxWidth+boxGap) - boxGap
	p.Height = 34 + rows*(boxHeight+boxGap)
	p.Boxes = boxes
	return p
}

const (
	mostDrawn   = 40
	mostMissing = 8
)

// short cuts a name to so many characters.
func short(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
