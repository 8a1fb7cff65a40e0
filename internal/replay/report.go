package replay

import (
	"bufio"
	"fmt"
	"io"

	"liandan/internal/client"
	"liandan/internal/event"
)

// Note names a line of the file and what there is to say of it.
type Note struct {
	Line     int    // of the file, as an editor counts: the header is line 1
	Manifest string // its number as far as it could be read
	Item     string // the line's number on the manifest, "" where the note is on the whole manifest
	Code     string // a stable machine word
	Detail   string // English
	DetailZH string // Chinese
}

// Report names what was not played and why, and what was played in spite of a flaw.
type Report struct {
	Volume    []Note // by volume: no mass, not played; those of zero included
	Zero      []Note // nothing at all, or less than half a gram: not played
	Massless  []Note // manifests without any line of mass: nothing to play
	Malformed []Note // manifests whose number has not nine digits and three letters: played
	Bad       []Note // unreadable: not played
	Refused   []Note // events that the server refused or holds in quarantine
}

// Sound reports that every line could be read and every event was taken.
func (r Report) Sound() bool { return len(r.Bad)+len(r.Refused) == 0 }

// reportOf names what a file holds beside lines of mass.
func reportOf(f File) (r Report) {
	r.Bad = f.Bad
	for _, m := range f.Manifests {
		first := Note{Line: m.At, Manifest: m.Number}
		if m.Malformed {
			n := first
			n.Code, n.Detail, n.DetailZH = "malformed_number", "is not nine digits and three letters; played all the same", "联单编号不是九位数字加三位字母；照样回放"
			r.Malformed = append(r.Malformed, n)
		}
		mass := 0
		for _, l := range m.Lines {
			n := l.note()
			if l.Volume {
				n.Code = "volume_without_mass"
				n.Detail, n.DetailZH = fmt.Sprintf("%s %s is a volume and has no mass; not played", l.Quantity, l.Unit), fmt.Sprintf("%s %s 为体积，无质量；未回放", l.Quantity, l.Unit)
				r.Volume = append(r.Volume, n)
			}
			if l.Zero {
				n.Code = "zero_mass"
				n.Detail, n.DetailZH = fmt.Sprintf("%s %s is nothing; not played", l.Quantity, l.Unit), fmt.Sprintf("%s %s 为零；未回放", l.Quantity, l.Unit)
				r.Zero = append(r.Zero, n)
			}
			if l.Grams > 0 {
				mass++
			}
		}
		if mass == 0 {
			first.Code, first.Detail, first.DetailZH = "no_mass", "has no line of mass; nothing of it was played", "没有以质量计的行；整份未回放"
			r.Massless = append(r.Massless, first)
		}
	}
	return r
}

// refused notes the server's answer to an event.
func (r *Report) refused(s signed, p *client.Problem) {
	n := Note{Line: s.line, Manifest: s.manifest, Item: s.item, Code: p.Kind}
	n.Detail = fmt.Sprintf("%s was refused: %s", s.event.Type, p.Error())
	n.DetailZH = fmt.Sprintf("%s 被拒收：%s", s.event.Type, p.Kind)
	if p.Retained {
		n.Detail += " (kept in quarantine)"
		n.DetailZH += "（已存入待核区）"
	}
	r.Refused = append(r.Refused, n)
}

// count adds what a confirmed event says.
func (s *Summary) count(e event.Event) {
	for _, b := range e.Batches {
		switch e.Type {
		case event.ManifestAccepted:
			s.AcceptedLines++
			s.AcceptedGrams += b.Grams
		case event.BatchTreated:
			s.TreatedGrams += b.Grams
		}
	}
}

// Print writes every note for a person, Chinese first, one a line.
func (r Report) Print(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, part := range []struct {
		zh, en string
		notes  []Note
	}{
		{"无法读取的行", "Lines that cannot be read", r.Bad},
		{"被拒收的事件", "Events refused", r.Refused},
		{"编号不合格式的联单", "Malformed manifest numbers", r.Malformed},
		{"数量为零的行", "Lines of zero", r.Zero},
		{"以体积计的行", "Lines by volume", r.Volume},
		{"没有质量的联单", "Manifests without mass", r.Massless},
	} {
		if len(part.notes) == 0 {
			continue
		}
		fmt.Fprintf(out, "%s %d · %s: %d\n", part.zh, len(part.notes), part.en, len(part.notes))
		for _, n := range part.notes {
			fmt.Fprintf(out, "  %s\n", n)
		}
	}
	return out.Flush()
}

// String is the note for a person.
func (n Note) String() string {
	where := fmt.Sprintf("第 %d 行 line %d", n.Line, n.Line)
	if n.Manifest != "" {
		where += " " + n.Manifest
	}
	if n.Item != "" {
		where += "/" + n.Item
	}
	return fmt.Sprintf("%s：%s · %s [%s]", where, n.DetailZH, n.Detail, n.Code)
}
