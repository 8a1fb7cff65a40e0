package bundle

import (
	"liandan/internal/event"
	"liandan/internal/merkle"
	"liandan/internal/rule"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// Witness is one event outside any bundle, with the evidence of who signed it: the lives of
// the keys that signed it and the rulings on it. The entry's own batches are no matter.
type Witness struct {
	Entry      Entry
	Statements []Statement
	Rulings    []Entry
}

// Testimony is what Witness.Check found.
type Testimony struct {
	Event event.Event
	Kid   string // of the key that signed, as the event says
	// Told says that the evidence has the life of that key. Without it the signature could
	// not be checked, and Broken says nothing of it.
	Told   bool
	Broken []Line
	// Findings are of a key that was lost before the event and revoked after it was taken
	// in, with nobody to say that the event counts; Remarks change nothing.
	Findings, Remarks []rule.Finding
	Notes             []Note
}

// Check judges the signature and the signer's key as Check judges those of a bundle, under
// a head that the caller has proven. It never fails: what does not hold is in the answer.
func (w Witness) Check(head merkle.Head) (t Testimony) {
	signed, err := signature.Open(w.Entry.Event, signature.TypEvent)
	if err != nil {
		t.Broken = []Line{{Check: CheckSignature, Count: 1, ZH: inChinese(err), EN: sentence(err)}}
		return t
	}
	t.Kid = signed.Kid
	c := &checker{b: Bundle{Entries: []Entry{w.Entry}, Statements: w.Statements, Rulings: w.Rulings}, count: map[string]int{}, bad: map[string]int{},
		keys: map[string]*heldKey{}, world: newReplay(), head: head, proven: true}
	c.o.Each = func(n int, do func(int)) {
		for i := range n {
			do(i)
		}
	}
	c.b.Keys = keysOf(w.Statements)
	c.openKeys()
	t.Told = c.keys[t.Kid] != nil
	c.openStatements()
	if !t.Told {
		t.Broken = c.r.Broken
		return t
	}
	c.openRulings()
	c.openEntries()
	c.checkRulings()
	c.checkUse()
	c.noteLives()
	t.Event, t.Broken, t.Findings, t.Remarks, t.Notes = c.opened[0].event, c.r.Broken, c.r.Findings, c.r.Remarks, c.r.Notes
	return t
}

// keysOf are the keys whose lives statements tell, in the order of their first chapters.
func keysOf(list []Statement) (out []Key) {
	lives := map[string]Life{}
	var order []string
	for _, s := range list {
		k, err := statement.ParseKey(s.Body)
		if err != nil {
			continue // what cannot be read is said where it is judged
		}
		life, err := lives[k.Kid].Extend(s.Index, s.Body)
		if err != nil {
			continue
		}
		if len(life) == 1 {
			order = append(order, k.Kid)
		}
		lives[k.Kid] = life
	}
	for _, kid := range order {
		out = append(out, lives[kid].Key())
	}
	return out
}
