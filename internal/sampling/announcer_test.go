package sampling_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/intaketest"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/party"
	"liandan/internal/sampling"
	"liandan/internal/statement"
)

// booth is a log in memory that asks nothing, with a bureau that draws: a dishonest
// operator's log can be made with it as well as an honest one.
type booth struct {
	w      *intaketest.World
	bureau *device.Device
	list   sampling.List
	tree   *merkle.Tree
	tiles  map[merkle.TileID][]byte
	bodies [][]byte
	lines  []ledger.Entry
	lives  map[string][]statement.Key
}

func newBooth(t testing.TB) *booth {
	w := intaketest.New(t, 71)
	b := &booth{w: w, bureau: w.Enrol(w.Org("SAMPLE bureau", party.Authority), false), tiles: map[merkle.TileID][]byte{}, lives: map[string][]statement.Key{}}
	b.list = must(sampling.NewList(lists(6, 4).Sites, lists(6, 4).People))(t)
	b.tree = merkle.NewTree(0, func(at merkle.TileID, width int) ([]byte, error) { return b.tiles[at], nil }, 0)
	return b
}

func (b *booth) must(err error) {
	b.w.T.Helper()
	if err != nil {
		b.w.T.Fatal(err)
	}
}

func (b *booth) append(kind string, hash id.Hash, body []byte) {
	b.w.T.Helper()
	e := ledger.Entry{Seq: int64(len(b.lines)), RecordedAt: b.w.Now(), Kind: kind, Hash: hash}
	tiles, err := b.tree.Append([]id.Hash{e.Leaf()})
	b.must(err)
	for _, t := range tiles {
		b.tiles[t.TileID] = t.Hashes
	}
	b.lines, b.bodies = append(b.lines, e), append(b.bodies, body)
	b.w.Advance(time.Minute)
}

func (b *booth) tell(d *device.Device, c statement.Key) {
	b.w.T.Helper()
	life := b.lives[d.Kid()]
	c.Kid, c.N, c.At, c.By = d.Kid(), int64(len(life))+1, b.w.Now(), "account:SAMPLE"
	if len(life) > 0 {
		st, err := life[len(life)-1].Statement()
		b.must(err)
		c.Prev = st.Hash()
	}
	st, err := c.Statement()
	b.must(err)
	b.lives[d.Kid()] = append(life, c)
	b.append(statement.KindKey, st.Hash(), st.Body)
}

func (b *booth) enrol(d *device.Device, as id.Party) {
	b.w.T.Helper()
	jwk, err := d.JWK()
	b.must(err)
	proof, err := d.SignEnrolment("SAMPLE challenge")
	b.must(err)
	b.tell(d, statement.Key{What: statement.Enrolled, Proof: string(proof), Party: as, Person: d.Person, Device: "SAMPLE device", JWK: jwk,
		From: intaketest.Start.AddDate(0, -1, 0), To: intaketest.Start.AddDate(1, 0, 0)})
}

func (b *booth) revoke(d *device.Device, effective time.Time) {
	b.w.T.Helper()
	b.tell(d, statement.Key{What: statement.Revoked, Effective: effective, Reason: "SAMPLE loss"})
}

func (b *booth) office(p id.Party, span indicator.Span, roles ...string) {
	b.w.T.Helper()
	body, err := indicator.Fact{Kind: indicator.KindOffice, At: b.w.Now().UnixMilli(), By: "account:SAMPLE", Row: indicator.Office{Party: p, Roles: roles, Span: span}}.Bytes()
	b.must(err)
	b.append(statement.KindFact, sha256.Sum256(body), body)
}

// announce freezes the list; the log reaches the size two entries later.
func (b *booth) announce(by *device.Device) intaketest.Signed {
	b.w.T.Helper()
	s := b.w.Sign(by, event.SampleDrawn, event.Sample{Period: "2026-Q1", List: b.list.Hash(), Sites: 6, People: 4, DrawSites: 2, DrawPeople: 1, Size: int64(len(b.lines)) + 3, Round: 1}, nil)
	b.append(ledger.KindEvent, sha256.Sum256(s.JWS), s.JWS)
	return s
}

func (b *booth) rule(on intaketest.Signed, v event.RulingVerdict) {
	b.w.T.Helper()
	s := b.w.Rule(b.bureau, on, v)
	b.append(ledger.KindEvent, sha256.Sum256(s.JWS), s.JWS)
}

// file is the file of a draw with all that the log has, like package audit's.
func (b *booth) file(s intaketest.Signed) sampling.File {
	b.w.T.Helper()
	for range 4 {
		b.append("act", id.Hash{byte(len(b.lines))}, nil)
	}
	head, err := b.tree.Head()
	b.must(err)
	cp, err := head.Sign(b.w.Signer.Name(), b.w.Signer)
	b.must(err)
	f := sampling.File{Format: sampling.Format, State: sampling.Complete, Checkpoint: string(cp), List: &b.list}
	d := s.Event.Data.(event.Sample)
	for i, e := range b.lines {
		path, err := b.tree.Prove(head.Size, e.Seq)
		b.must(err)
		said := sampling.Said{Seq: e.Seq, Entry: string(e.Bytes()), Body: string(b.bodies[i]), Proof: path}
		a := sampling.Announcement{Seq: e.Seq, Entry: said.Entry, JWS: said.Body, Proof: path}
		switch {
		case e.Kind == statement.KindKey:
			f.Keys = append(f.Keys, said)
		case e.Kind == statement.KindFact:
			f.Offices = append(f.Offices, said)
		case bytes.Equal(b.bodies[i], s.JWS):
			f.Announcement = a
		case e.Kind == ledger.KindEvent:
			f.Rulings = append(f.Rulings, a)
		}
	}
	seed, err := b.tree.HeadAt(d.Size)
	b.must(err)
	proof, err := b.tree.ProveTree(head.Size, d.Size)
	b.must(err)
	f.Seed = &sampling.SeedAt{Size: d.Size, Root: seed.Root, Proof: proof}
	drawn := must(sampling.Draw(b.list, seed.Root, sampling.Order{Sites: 2, People: 1, Round: 1}))(b.w.T)
	f.Drawn = &drawn
	text, err := json.Marshal(f)
	b.must(err)
	again, err := sampling.Read(bytes.NewReader(text))
	b.must(err)
	return again
}

// said is what a report says beside its lines: ! wrong, ? not proven, . remarks.
func said(r sampling.Report) string {
	var out []string
	for _, l := range r.Lines {
		for mark, list := range map[string][]sampling.Note{"!": l.Wrong, "?": l.Unproven, ".": l.Remarks} {
			for _, n := range list {
				out = append(out, mark+n.EN)
			}
		}
	}
	return strings.Join(out, "\n")
}

var always = indicator.Span{From: intaketest.Start.AddDate(-1, 0, 0).UnixMilli()}

// TestWhoAnnouncedADraw: the checker names a key that was never enrolled, was revoked
// before, is another's, or belongs to somebody who is no authority.
func TestWhoAnnouncedADraw(t *testing.T) {
	authority := func(b *booth) { b.office(b.bureau.Party, always, "authority") }
	sound := func(b *booth) {
		authority(b)
		b.enrol(b.bureau, b.bureau.Party)
	}
	for name, c := range map[string]struct {
		want string // of what is said: wrong (!), not proven (?) or a remark (.)
		make func(b *booth) sampling.File
	}{
		"an honest one": {".By the word of the register", func(b *booth) sampling.File {
			sound(b)
			return b.file(b.announce(b.bureau))
		}},
		"revoked later": {".Key KID: The key was revoked later", func(b *booth) sampling.File {
			sound(b)
			s := b.announce(b.bureau)
			b.revoke(b.bureau, b.w.Now())
			return b.file(s)
		}},
		"never enrolled, with another key's life": {"!Key KID: The file has the enrolment of other keys, and none of this one", func(b *booth) sampling.File {
			authority(b)
			b.enrol(b.w.Hospital, b.w.Hospital.Party)
			return b.file(b.announce(b.bureau))
		}},
		"enrolled after it announced": {"!Key KID: The log took in the event before it had heard of the key.", func(b *booth) sampling.File {
			authority(b)
			s := b.announce(b.bureau)
			b.enrol(b.bureau, b.bureau.Party)
			return b.file(s)
		}},
		"revoked before": {"!Key KID: ", func(b *booth) sampling.File {
			sound(b)
			b.revoke(b.bureau, b.w.Now())
			b.w.Advance(time.Hour)
			return b.file(b.announce(b.bureau))
		}},
		"lost before, told after": {"!Key KID: The key was revoked later and counts as lost", func(b *booth) sampling.File {
			sound(b)
			lost := b.w.Now()
			b.w.Advance(time.Hour)
			s := b.announce(b.bureau)
			b.revoke(b.bureau, lost)
			return b.file(s)
		}},
		"enrolled for another party": {"!Key KID: The key belongs to another party or person", func(b *booth) sampling.File {
			authority(b)
			b.enrol(b.bureau, b.w.Hospital.Party)
			return b.file(b.announce(b.bureau))
		}},
		"a hospital's draw": {"!PARTY was no authority then", func(b *booth) sampling.File {
			b.office(b.w.Hospital.Party, always, "medical")
			b.enrol(b.w.Hospital, b.w.Hospital.Party)
			return b.file(b.announce(b.w.Hospital))
		}},
		"an authority no more": {"!PARTY was no authority then", func(b *booth) sampling.File {
			sound(b)
			b.office(b.bureau.Party, always, "generator")
			return b.file(b.announce(b.bureau))
		}},
		"an office that had ended": {"!PARTY was no authority then", func(b *booth) sampling.File {
			b.office(b.bureau.Party, indicator.Span{From: always.From, To: intaketest.Start.UnixMilli()}, "authority")
			b.enrol(b.bureau, b.bureau.Party)
			return b.file(b.announce(b.bureau))
		}},
		"an office told afterwards": {"?Not proven: the log was told of the roles of PARTY only after", func(b *booth) sampling.File {
			b.enrol(b.bureau, b.bureau.Party)
			s := b.announce(b.bureau)
			authority(b)
			return b.file(s)
		}},
		"another's office": {"!Entry 0 is of another organisation", func(b *booth) sampling.File {
			b.office(b.w.Hospital.Party, always, "authority")
			b.enrol(b.bureau, b.bureau.Party)
			return b.file(b.announce(b.bureau))
		}},
		"without the key's life": {"?Key KID: Not proven: the file does not have this key's life", func(b *booth) sampling.File {
			sound(b)
			f := b.file(b.announce(b.bureau))
			f.Keys = nil
			return f
		}},
		"an old file": {"?Not proven: the file does not have what the log was told of the roles of PARTY", func(b *booth) sampling.File {
			sound(b)
			f := b.file(b.announce(b.bureau))
			f.Format, f.Keys, f.Offices = sampling.FirstForm, nil, nil
			return f
		}},
		"an altered enrolment": {"!Key KID: The statement is not the one whose hash is in the log entry.", func(b *booth) sampling.File {
			sound(b)
			f := b.file(b.announce(b.bureau))
			f.Keys[0].Body = strings.Replace(f.Keys[0].Body, "SAMPLE device", "SAMPLE DEVICE", 1)
			return f
		}},
		"an altered office": {"!The entry is not of this statement.", func(b *booth) sampling.File {
			sound(b)
			f := b.file(b.announce(b.bureau))
			f.Offices[0].Body = strings.Replace(f.Offices[0].Body, "authority", "operators", 1)
			return f
		}},
		"an office from nowhere": {"!", func(b *booth) sampling.File {
			sound(b)
			f := b.file(b.announce(b.bureau))
			f.Offices[0].Proof[0][0]++
			return f
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooth(t)
			f := c.make(b)
			r, err := sampling.Verify(f, b.w.VKey)
			b.must(err)
			want := strings.NewReplacer("KID", kidOf(b, r), "PARTY", r.Event.Party.String()).Replace(c.want)
			if !strings.Contains("\n"+said(r), "\n"+want) {
				t.Errorf("it says\n%s\nand not\n%s", said(r), want)
			}
			if mark := want[:1]; r.Broken() != (mark == "!") || r.Sound() != (mark == ".") {
				t.Errorf("broken %v, sound %v", r.Broken(), r.Sound())
			}
		})
	}
}

func kidOf(b *booth, r sampling.Report) string {
	if r.Event.Party == b.w.Hospital.Party {
		return b.w.Hospital.Kid()
	}
	return b.bureau.Kid()
}

// TestAContestedAnnouncement counts once an authority has said so, and not before.
func TestAContestedAnnouncement(t *testing.T) {
	for v, sound := range map[event.RulingVerdict]bool{event.Admit: true, event.Reject: false} {
		b := newBooth(t)
		b.office(b.bureau.Party, always, "authority")
		b.enrol(b.bureau, b.bureau.Party)
		drawer := b.w.Enrol(b.bureau.Party, false)
		b.enrol(drawer, drawer.Party)
		lost := b.w.Now()
		b.w.Advance(time.Hour)
		s := b.announce(drawer)
		b.revoke(drawer, lost)
		b.rule(s, v)
		r, err := sampling.Verify(b.file(s), b.w.VKey)
		b.must(err)
		if r.Sound() != sound || r.Broken() == sound {
			t.Errorf("%s: %s", v, said(r))
		}
	}
}

func TestFilesThatAreNoDraws(t *testing.T) {
	b := newBooth(t)
	b.office(b.bureau.Party, always, "authority")
	b.enrol(b.bureau, b.bureau.Party)
	f := b.file(b.announce(b.bureau))
	for name, change := range map[string]func(*sampling.File){
		"another format":        func(f *sampling.File) { f.Format = "liandan-sample-3" },
		"an old one with lives": func(f *sampling.File) { f.Format = sampling.FirstForm },
	} {
		g := f
		change(&g)
		text, err := json.Marshal(g)
		b.must(err)
		if _, err := sampling.Read(bytes.NewReader(text)); fault.Of(err) != fault.InvalidRequest {
			t.Errorf("%s is read: %v", name, err)
		}
	}
	// Two draws in one file: what a person reads must be what is checked.
	text, err := json.Marshal(f)
	b.must(err)
	whole := string(text)
	fake := `"drawn":{"sites":[],"people":[]},`
	for name, two := range map[string]string{
		"drawn twice":              strings.Replace(whole, `"drawn":`, fake+`"drawn":`, 1),
		"drawn, and in capitals":   strings.Replace(whole, `"drawn":`, fake+`"DRAWN":`, 1),
		"a member in capitals":     strings.Replace(whole, `"drawn":`, `"Drawn":`, 1),
		"another list behind":      strings.TrimSuffix(whole, "}") + `,"list":{"sites":[],"people":[]}}`,
		"a checkpoint of two":      strings.Replace(whole, `"checkpoint":`, `"checkpoint":"x","checkpoint":`, 1),
		"a member of a member two": strings.Replace(whole, `"jws":`, `"jws":"x","jws":`, 1),
		"a bracket behind":         whole + "}",
		"half of it":               whole[:len(whole)/2],
		"broken UTF-8":             strings.Replace(whole, `"state":"`, "\"state\":\"\xff", 1),
	} {
		if two == whole {
			t.Fatalf("%s: the file has nothing to change", name)
		}
		if _, err := sampling.Read(strings.NewReader(two)); fault.Of(err) != fault.InvalidRequest {
			t.Errorf("%s is read: %v", name, err)
		}
	}
	for _, text := range []string{"", "{}", "[]", `{"format":"liandan-sample-2","x":1}`, fmt.Sprintf(`{"format":%q}{}`, sampling.Format)} {
		if _, err := sampling.Read(strings.NewReader(text)); fault.Of(err) != fault.InvalidRequest {
			t.Errorf("%q is read: %v", text, err)
		}
	}
}
