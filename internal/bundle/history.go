package bundle

import (
	"fmt"

	"liandan/internal/fault"
	"liandan/internal/id"
)

type wireStatement struct {
	Index int64     `json:"index"`
	Entry string    `json:"entry"`
	Body  string    `json:"body"`
	Proof []id.Hash `json:"proof"`
}

// history writes the members of key histories, which a file without any lacks: one from
// before stays as it is to the byte.
func (l *lines) history(b Bundle) {
	l.statements("statements", b.Statements)
	l.entries("rulings", b.Rulings)
}

func (l *lines) entries(name string, list []Entry) {
	member(l, name, list, func(e Entry) any {
		return wireEntry{e.Index, string(e.Entry), string(e.Event), append([]id.Hash{}, e.Proof...)}
	})
}

func (l *lines) statements(name string, list []Statement) {
	member(l, name, list, func(s Statement) any {
		return wireStatement{s.Index, string(s.Entry), string(s.Body), append([]id.Hash{}, s.Proof...)}
	})
}

// member writes a list as a member that is left out when it is empty.
func member[T any](l *lines, name string, list []T, wire func(T) any) {
	if len(list) == 0 {
		return
	}
	l.out.WriteString(" \"" + name + "\": [\n")
	for i, x := range list {
		l.item(wire(x), i == len(list)-1)
	}
	l.out.WriteString(" ],\n")
}

func (w wire) history(b *Bundle, f *fault.Error) {
	if w.Statements != nil {
		if n := len(*w.Statements); n == 0 || n > MaxStatements {
			f.At("/statements", "length", "must have 1 to %d statements, or be left out", MaxStatements)
			return
		}
		b.Statements = make([]Statement, len(*w.Statements))
		for i, s := range *w.Statements {
			if s.Body == "" {
				f.At(fmt.Sprintf("/statements/%d/body", i), "required", "is required")
			}
			b.Statements[i] = Statement{Index: s.Index, Entry: []byte(s.Entry), Body: []byte(s.Body), Proof: s.Proof}
		}
	}
	if w.Rulings != nil {
		n := len(*w.Rulings)
		if n == 0 || n > MaxRulings {
			f.At("/rulings", "length", "must have 1 to %d rulings, or be left out", MaxRulings)
			return
		}
		if w.Statements == nil {
			f.At("/rulings", "not_allowed", "needs the lives of the keys, in statements")
		}
		b.Rulings = make([]Entry, n)
		for i, e := range *w.Rulings {
			b.Rulings[i] = Entry{Index: e.Index, Entry: []byte(e.Entry), Event: []byte(e.Event), Proof: e.Proof}
		}
	}
}
