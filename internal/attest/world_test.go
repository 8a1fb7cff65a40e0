package attest_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/attest"
	"liandan/internal/chain"
	"liandan/internal/device"
	"liandan/internal/division"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/intaketest"
	"liandan/internal/ledger"
	"liandan/internal/logfile"
	"liandan/internal/merkle"
	"liandan/internal/statement"
)

// logbook is a log in memory. It asks nothing: a dishonest operator's can be made with it.
type logbook struct {
	w      *intaketest.World
	mem    *chain.Memory
	kept   []ledger.Kept
	book   *indicator.Book
	moves  []indicator.Move
	signer note.Signer
	vkey   string
}

func (l *logbook) must(err error) {
	l.w.T.Helper()
	if err != nil {
		l.w.T.Fatal(err)
	}
}

// append adds an entry as it stands.
func (l *logbook) append(e ledger.Entry, body []byte) {
	l.kept = append(l.kept, ledger.Kept{Seq: e.Seq, Kind: e.Kind, RecordedAt: e.RecordedAt, Entry: e.Bytes(), Body: body})
	l.w.Advance(time.Minute)
}

func (l *logbook) say(st statement.Statement) {
	seq := int64(len(l.kept))
	if f, err := indicator.ParseFact(st.Body); st.Kind == statement.KindFact && err == nil {
		l.book.Add(seq, f)
	}
	l.append(ledger.Entry{Seq: seq, RecordedAt: l.w.Now(), Kind: st.Kind, Hash: st.Hash()}, st.Body)
}

func (l *logbook) fact(kind indicator.FactKind, row any) {
	l.w.T.Helper()
	b, err := indicator.Fact{Kind: kind, At: l.w.Now().UnixMilli(), By: "account:SAMPLE", Reason: "SAMPLE", Row: row}.Bytes()
	l.must(err)
	l.say(statement.Statement{Kind: statement.KindFact, Body: b})
}

func (l *logbook) enrolled(d *device.Device) {
	l.w.T.Helper()
	jwk, err := d.JWK()
	l.must(err)
	proof, err := d.SignEnrolment("SAMPLE challenge")
	l.must(err)
	st, err := statement.Key{Kid: d.Kid(), N: 1, What: statement.Enrolled, At: l.w.Now(), By: "account:SAMPLE", Party: d.Party, Person: d.Person, Device: "SAMPLE device",
		JWK: jwk, Proof: string(proof), From: intaketest.Start.AddDate(0, -1, 0), To: intaketest.Start.AddDate(1, 0, 0)}.Statement()
	l.must(err)
	l.say(st)
}

// put records an event and tells every device.
func (l *logbook) put(s intaketest.Signed) intaketest.Signed {
	l.w.T.Helper()
	l.must(chain.Check(l.mem, s.Event))
	p := chain.Place(l.mem, s.Event, sha256.Sum256(s.JWS), int64(len(l.kept)), l.w.Now())
	l.mem.Keep(p)
	l.moves = append(l.moves, indicator.MovesOf(p.Entry.Seq, s.Event, p.Batches, p.Postings)...)
	l.append(p.Entry, s.JWS)
	for _, d := range []*device.Device{l.w.Hospital, l.w.Porter, l.w.Carrier, l.w.Plant} {
		l.must(d.Learn(p.Bytes))
	}
	return s
}

// town is a log with facts, two hospitals of which one is declared, and some of their waste
// burnt, some on its way.
func town(t testing.TB) *logbook {
	w := intaketest.New(t, 7)
	l := &logbook{w: w, mem: chain.NewMemory(), book: indicator.NewBook(division.RunByCity), signer: w.Signer, vkey: w.VKey}
	for _, d := range []*device.Device{w.Hospital, w.Porter, w.Carrier, w.Plant} {
		l.enrolled(d)
	}
	since := indicator.Span{From: intaketest.Start.AddDate(0, -2, 0).UnixMilli()}
	l.fact(indicator.KindSite, indicator.Site{Site: w.Hospital.Site, Party: w.Hospital.Party, Kind: "hospital", Division: "130602", BuiltUp: true, Beds: 300, Span: since})
	l.fact(indicator.KindSite, indicator.Site{Site: w.Stranger.Site, Party: w.Stranger.Party, Kind: "clinic", Division: "130606", BuiltUp: true, Span: since})
	l.fact(indicator.KindMember, indicator.Member{Site: w.Hospital.Site, By: w.Plant.Party, Basis: "contract", Number: "SAMPLE-1", Span: since})
	l.fact(indicator.KindChoice, indicator.ChoiceMade{Indicator: 36, Key: "unit", Value: "site"})
	a, b := l.put(w.Generate(4_000)), l.put(w.Generate(1_500))
	l.put(w.Sign(w.Porter, event.BatchStored, event.Stored{Place: "SAMPLE store"}, func(e *event.Event) {
		e.Batches = []event.Batch{w.Porter.On(a.Event.Batches[0].ID, 0)}
	}))
	issued := l.put(w.Issue(a.Event.Batches...))
	accepted := l.put(w.Accept(l.put(w.Deliver(l.put(w.Collect(issued))))))
	l.put(w.Report(issued.Event.Manifest, l.put(w.Treat(accepted))))
	l.put(w.Collect(l.put(w.Issue(b.Event.Batches...))))
	// What makes the burning lawful comes late, and reaches back.
	l.fact(indicator.KindSite, indicator.Site{Site: w.Plants, Party: w.Plant.Party, Kind: "plant", Division: "130607", Span: since})
	l.fact(indicator.KindLicence, indicator.Licence{Party: w.Plant.Party, Number: "SAMPLE-L", Kind: "operating", Codes: []string{"HW01"}, Methods: []string{"D10"}, Span: since})
	return l
}

func (l *logbook) head(size int) merkle.Head {
	l.w.T.Helper()
	tree := merkle.NewTree(0, func(merkle.TileID, int) ([]byte, error) { return nil, errors.New("not kept") }, 0)
	for _, k := range l.kept[:size] {
		_, err := tree.Append([]id.Hash{ledger.LeafOf(k.Entry)})
		l.must(err)
	}
	h, err := tree.Head()
	l.must(err)
	return h
}

func (l *logbook) checkpoint(h merkle.Head) []byte {
	l.w.T.Helper()
	cp, err := h.Sign(l.signer.Name(), l.signer)
	l.must(err)
	return cp
}

// export writes the file of the first entries.
func (l *logbook) export(size int) []byte {
	l.w.T.Helper()
	h := l.head(size)
	var out bytes.Buffer
	w, err := logfile.NewWriter(&out, logfile.Header{Origin: l.signer.Name(), VKey: l.vkey, Size: h.Size, Root: h.Root, Checkpoint: string(l.checkpoint(h))})
	l.must(err)
	for _, k := range l.kept[:size] {
		l.must(w.Add(k))
	}
	l.must(w.Close())
	return out.Bytes()
}

// state computes a statement by the whole fold, without package attest's walk.
func (l *logbook) state(period, district string, size int, change func(*attest.Statement)) []byte {
	l.w.T.Helper()
	p, err := indicator.ParsePeriod(period)
	l.must(err)
	h := l.head(size)
	newest := l.kept[size-1].RecordedAt
	view := l.book.At(int64(size))
	var now, before []indicator.Move
	seen := indicator.Sightings{}
	cut := indicator.CutOff(p, newest.UnixMilli())
	for _, m := range l.moves {
		if m.Seq >= int64(size) {
			break
		}
		if p.Holds(m.At) {
			now = append(now, m)
		}
		if indicator.DayOf(m.At) <= indicator.DayOf(cut) {
			before = append(before, m)
		}
		seen.Note(m, func(b id.Batch) ([]id.Batch, id.Site, bool) {
			s, ok := l.mem.Batches[b]
			return s.Parents, s.Origin, ok
		}, func(b id.Batch, to int64) (int64, bool) {
			for _, x := range l.moves {
				if x.Kind == indicator.Collected && x.Batch == b && x.Seq < to {
					return x.At, true
				}
			}
			return 0, false
		})
	}
	s := attest.New(p, district, cut, attest.Known{Head: h, RecordedAt: newest, Checkpoint: l.checkpoint(h)})
	districts := []string{district}
	if district == "" {
		districts = append(districts, indicator.Districts(division.Codes(), division.RunByCity)...)
	}
	for _, n := range []int{35, 36, 37, 38, 59} {
		d, _ := view.Definition(n)
		in := indicator.Input{Definition: d, View: view, Period: p, CutOff: cut, Sums: indicator.Fold(view, now), Before: indicator.Fold(view, before), Seen: seen}
		var rows []indicator.Row
		for _, where := range districts {
			rows = append(rows, indicator.Evaluate(in, where))
		}
		s.Indicators = append(s.Indicators, attest.IndicatorOf(d, rows...))
	}
	if change != nil {
		change(&s)
	}
	signed, err := s.Sign(l.signer)
	l.must(err)
	return signed
}

func (l *logbook) verify(signed, export []byte) attest.Report {
	l.w.T.Helper()
	f, err := logfile.Open(bytes.NewReader(export), int64(len(export)))
	l.must(err)
	r, err := attest.Verify(signed, f, attest.Options{Trusted: l.vkey})
	l.must(err)
	return r
}
