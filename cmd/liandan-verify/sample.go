package main

import (
	"bytes"
	"time"

	"liandan/internal/bundle"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/sampling"
)

// drawAnswer is what a draw's file gave: what was announced, each check, and who is drawn when
// it is drawn again. The frozen list and the drawn are the file's only once they were checked.
type drawAnswer struct {
	Verdict   bundle.Verdict  `json:"verdict"`
	State     string          `json:"state"` // as the file has it
	Announced *announced      `json:"announced,omitempty"`
	Checks    []sampling.Line `json:"checks"`
	Sites     []id.Site       `json:"sites"`  // drawn, in order
	People    []id.Person     `json:"people"` // drawn, in order
	List      *sampling.List  `json:"list,omitempty"`
}

// announced is what the signed announcement says.
type announced struct {
	Event      id.Event  `json:"event"`
	Party      id.Party  `json:"party"`
	At         time.Time `json:"at"`
	Period     string    `json:"period"`
	Round      int       `json:"round"` // above 1: drawn again, and Reason says why
	Reason     string    `json:"reason,omitempty"`
	List       id.Hash   `json:"list"`
	Size       int64     `json:"size"` // of the log whose root is the seed
	Sites      int       `json:"sites"`
	People     int       `json:"people"`
	DrawSites  int       `json:"draw_sites"`
	DrawPeople int       `json:"draw_people"`
}

// errKeyless: a stranger's draw can be signed by a log of the stranger's own.
func errKeyless() error {
	return fault.New(fault.InvalidRequest, "A draw is checked with the log's key as you have it from elsewhere (--log-key), never with one that came with the file: give it.")
}

// redrawn checks the file of a draw and draws again.
func redrawn(file []byte, trusted string, succession [][]byte) (*drawAnswer, error) {
	f, err := sampling.Read(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	if trusted == "" {
		return nil, errKeyless()
	}
	r, err := sampling.Verify(f, trusted, succession...)
	if err != nil {
		return nil, err
	}
	a := &drawAnswer{Verdict: bundle.Sound, State: r.State, Checks: r.Lines, Sites: []id.Site{}, People: []id.Person{}, List: r.List}
	switch {
	case r.Broken():
		a.Verdict = bundle.Findings
	case !r.Sound():
		a.Verdict = bundle.Unchecked
	}
	if d, ok := r.Event.Data.(event.Sample); ok {
		a.Announced = &announced{r.Event.ID, r.Event.Party, r.Event.At, d.Period, d.Round, d.Reason, d.List, d.Size, d.Sites, d.People, d.DrawSites, d.DrawPeople}
	}
	if a.Verdict != bundle.Findings { // what does not hold names nobody
		a.Sites, a.People = append(a.Sites, r.Drawn.Sites...), append(a.People, r.Drawn.People...)
	}
	return a, nil
}

// draw writes a draw's answer for people.
func (p printer) draw(a *drawAnswer) {
	if x := a.Announced; x != nil {
		p.line("  %s %s, %s %d%s", p.say("期间", "period"), plain(x.Period), p.say("第几次", "round"), x.Round, after("：", plain(x.Reason)))
	}
	for _, l := range a.Checks {
		p.checked(l)
	}
	if a.Verdict == bundle.Findings {
		p.line("%s\n", p.say("结论: 不成立", "VERDICT: DOES NOT HOLD"))
		return
	}
	for _, v := range a.Sites {
		p.line("  %s %s", p.say("场所", "site"), v)
	}
	for _, v := range a.People {
		p.line("  %s %s", p.say("检查人员", "inspector"), v)
	}
	if a.Verdict == bundle.Unchecked {
		p.line("%s\n", p.say("结论: 没有不符之处，但未能全部证明（见 ? 各行）", "VERDICT: NOTHING IS WRONG, BUT NOT ALL OF IT IS PROVEN (see the lines with ?)"))
		return
	}
	p.line("%s\n", p.say("结论: 无误", "VERDICT: SOUND"))
}

func after(mark, text string) string {
	if text == "" {
		return ""
	}
	return mark + text
}

// checked writes one line of a draw and what there is to say to it.
func (p printer) checked(l sampling.Line) {
	mark := "✓"
	switch {
	case len(l.Wrong) > 0:
		mark = "✗"
	case len(l.Unproven) > 0:
		mark = "?"
	}
	p.line("  %s %s", mark, p.say(l.ZH, l.EN))
	for _, list := range [][]sampling.Note{l.Wrong, l.Unproven, l.Remarks} {
		for _, n := range list {
			p.pair("    ", n.ZH, n.EN)
		}
	}
}
