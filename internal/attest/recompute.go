package attest

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"liandan/internal/chain"
	"liandan/internal/division"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/logfile"
	"liandan/internal/signature"
)

// block is how many entries are read and verified at once.
const block = 2048

// folding is the second walk: signatures, chains, and the movements that figures are made of.
type folding struct {
	v       *verifier
	world   *chain.Memory
	where   map[id.Batch][]int64 // lines of each batch's chain, for corrections
	public  map[string]crypto.PublicKey
	rulings map[id.Hash]event.RulingVerdict
	counts  *indicator.Recount // nil: nothing is computed
	waiting []pending

	events    int
	unsigned  []string
	bad       int
	contested int
	stopped   error // the first event that may not come where it stands
}

type pending struct {
	seq, at int64
	entry   ledger.Entry
	line    logfile.Line
	signed  signature.Signed
	event   event.Event
	err     error
}

// second folds the log up to the statement's size, and computes its figures where there is
// something to compare them with.
func (v *verifier) second(compares bool) {
	g := &folding{v: v, world: chain.NewMemory(), where: map[id.Batch][]int64{}, public: map[string]crypto.PublicKey{}, rulings: map[id.Hash]event.RulingVerdict{}}
	g.world.Look(g.chainOf)
	v.book.Settle()
	computes := v.r.Stated != nil && compares && v.defined()
	if computes {
		p, err := indicator.ParsePeriod(v.r.Stated.Period)
		if err != nil {
			v.r.line(CheckFigures, 0, "陈述的期间无法识别", cannot("The period %q of the statement is none that this program knows.", v.r.Stated.Period))
			computes = false
		} else {
			g.counts = indicator.NewRecount(v.book.At(v.at), p, v.last)
		}
	}
	err := v.f.Walk(g.take)
	if err == nil {
		err = g.flush()
	}
	g.say(err)
	if computes && g.stopped == nil && err == nil {
		v.figures(g.counts)
	} else if computes {
		v.r.line(CheckFigures, 0, "日志无法重放到底，未能重新计算", cannot("The log cannot be replayed to its end, so nothing was computed."))
	}
}

// defined says whether this program can compute what the statement speaks of.
func (v *verifier) defined() bool {
	s := v.r.Stated
	var err error
	zh := ""
	view := v.book.At(v.at)
	for _, i := range s.Indicators {
		d, known := view.Definition(i.Indicator)
		switch {
		case err != nil:
		case !known:
			zh, err = fmt.Sprintf("本程序没有指标 %d 的定义", i.Indicator), cannot("This program has no definition of indicator %d. A newer one may.", i.Indicator)
		case d.Version != i.Version && major(d.Version) == major(i.Version):
			zh = fmt.Sprintf("指标 %d：陈述称定义版本 %s，而该日志此时为版本 %s", i.Indicator, i.Version, d.Version)
			err = wrong("Indicator %d: the statement names version %s of the definition; the log has made choices that give version %s.", i.Indicator, i.Version, d.Version)
		case d.Version != i.Version:
			zh = fmt.Sprintf("指标 %d：陈述用的是定义版本 %s，本程序据该日志得到版本 %s", i.Indicator, i.Version, d.Version)
			err = cannot("Indicator %d: the statement was made with version %s of the definition; with this log, this program knows version %s. Take the program of that version.", i.Indicator, i.Version, d.Version)
		case id.Hash(sha256.Sum256(d.Bytes())) != i.Definition:
			zh = fmt.Sprintf("指标 %d 定义版本 %s 的口径与本程序的不同", i.Indicator, i.Version)
			err = cannot("Indicator %d: version %s of the definition reads otherwise in this program. Take the program that the statement was made with.", i.Indicator, i.Version)
		}
	}
	if err == nil && s.Divisions != division.Digest() {
		zh, err = "本程序的区划表与陈述所用的不同", cannot("The statement was made with another table of the divisions that the city runs than this program has.")
	}
	return v.r.line(CheckDefinition, len(s.Indicators), zh, err)
}

// major is a version without the count of choices made since.
func major(version string) string {
	out, _, _ := strings.Cut(version, ".")
	return out
}

func (g *folding) take(seq, at int64, l logfile.Line) error {
	if seq >= g.v.at {
		return nil // what came later is proven by the tree alone
	}
	if seq%4096 == 0 {
		g.v.o.Progress(g.v.f.Size+seq, 2*g.v.f.Size)
	}
	e, err := ledger.ParseEntry(l.Entry)
	if err != nil || e.Kind != ledger.KindEvent {
		return nil // the first walk has said what is wrong with it
	}
	g.waiting = append(g.waiting, pending{seq: seq, at: at, entry: e, line: l})
	if len(g.waiting) < block {
		return nil
	}
	return g.flush()
}

// flush verifies what waits, in parallel, and folds it in order.
func (g *folding) flush() error {
	for i := range g.waiting {
		p := &g.waiting[i]
		if p.signed, p.err = signature.Open(p.line.Body, signature.TypEvent); p.err == nil {
			g.key(p.signed.Kid) // read once, before others read the map
		}
	}
	g.v.o.Each(len(g.waiting), func(i int) { g.open(&g.waiting[i]) })
	for i := range g.waiting {
		if g.stopped == nil {
			g.fold(&g.waiting[i])
		}
	}
	g.waiting = g.waiting[:0]
	return nil
}

func (g *folding) key(kid string) {
	life := g.v.lives[kid]
	if _, read := g.public[kid]; read || len(life) == 0 {
		return
	}
	if pub, err := life.Public(); err == nil {
		g.public[kid] = pub
	}
}

// open verifies one event alone; it only reads what it shares.
func (g *folding) open(p *pending) {
	if p.err != nil {
		return
	}
	if p.event, p.err = event.Parse(p.signed.Payload); p.err != nil {
		return
	}
	pub, ok := g.public[p.signed.Kid]
	if !ok {
		p.err = wrong("its key %s is not one that the log introduced", p.signed.Kid)
		return
	}
	p.err = p.signed.Verify(pub)
}

// fold judges the signer by the log's order, checks the step, and books its movements.
func (g *folding) fold(p *pending) {
	g.events++
	err := p.err
	if err == nil {
		err = g.judge(p)
	}
	if err != nil {
		if g.bad++; len(g.unsigned) < maxNamed {
			g.unsigned = append(g.unsigned, fmt.Sprintf("entry %d: %s", p.seq, fault.As(err).Sentence))
		}
		if p.event.ID.IsZero() {
			g.stopped = wrong("The event of entry %d cannot be read, so nothing behind it can be judged.", p.seq)
			return
		}
	}
	if err := chain.Check(g.world, p.event); err != nil {
		g.stopped = wrong("The event of entry %d may not come where it stands: %s", p.seq, fault.As(err).Sentence)
		return
	}
	if r, ok := p.event.Data.(event.Ruling); ok {
		g.rulings[r.Hash] = r.Verdict
	}
	out := chain.Place(g.world, p.event, p.entry.Hash, p.seq, p.entry.RecordedAt)
	if !bytes.Equal(out.Bytes, p.line.Entry) {
		g.stopped = wrong("The links of entry %d are not those of its batches' chains.", p.seq)
		return
	}
	g.world.Keep(out)
	for _, l := range out.Entry.Links {
		g.where[l.Batch] = append(g.where[l.Batch], p.at)
	}
	if d, ok := p.event.Data.(event.Inspection); ok {
		g.v.book.AddInspection(indicator.Inspection{Seq: p.seq, Event: p.event.ID, At: p.event.At.UnixMilli(), Inspection: d})
	}
	if g.counts != nil {
		for _, m := range indicator.MovesOf(p.seq, p.event, out.Batches, out.Postings) {
			g.counts.Add(m, g.parents)
		}
	}
}

func (g *folding) parents(b id.Batch) ([]id.Batch, id.Site, bool) {
	s, ok := g.world.Batches[b]
	return s.Parents, s.Origin, ok
}

// judge asks whether the key was its signer's and in force, as the log knew then.
func (g *folding) judge(p *pending) error {
	life := g.v.lives[p.signed.Kid]
	known, told := life.Before(p.seq)
	if !told {
		if !life.FromBefore() {
			return wrong("it stands before the log had heard of its key")
		}
		known = life[:1].Whole()
	}
	if known.Party != p.event.Party || known.Person != p.event.Person {
		return wrong("its key belongs to another party or person than it names")
	}
	err := known.Sound(p.event.At)
	if fault.Of(err) == fault.KeyContested {
		if g.rulings[p.entry.Hash] == event.Admit {
			return nil
		}
		return wrong("it is dated after the loss of its key, and no ruling before it admits it")
	}
	if err == nil && life.Whole().Sound(p.event.At) != nil {
		g.contested++
	}
	return err
}

// chainOf reads a batch's chain again; corrections alone ask.
func (g *folding) chainOf(b id.Batch) []chain.Said {
	kept := make([]ledger.Kept, 0, len(g.where[b]))
	for _, at := range g.where[b] {
		l, err := g.v.f.At(at)
		if err != nil {
			return nil
		}
		kept = append(kept, ledger.Kept{Entry: l.Entry, Body: l.Body})
	}
	said, err := chain.Read(b, kept)
	if err != nil {
		return nil
	}
	return said
}

func (g *folding) say(read error) {
	v := g.v
	var err error
	if g.bad > 0 {
		err = wrong("%d events do not stand: %s", g.bad, strings.Join(g.unsigned, "; "))
	}
	v.r.line(CheckSignatures, g.events, fmt.Sprintf("有 %d 个事件的签名不成立", g.bad), err)
	if err = read; err == nil {
		err = g.stopped
	}
	v.r.line(CheckChains, len(g.world.Batches), "批次链断裂或环节次序不对，查到此处为止", err)
	if g.contested > 0 {
		v.r.note("key-ended-later", fmt.Sprintf("%d 个事件的密钥后来被吊销或改了效期；日志收录时尚在其内，仍计入", g.contested),
			fmt.Sprintf("The keys of %d events were revoked or cut short later, effective before them; they were sound when the log took them in, and count.", g.contested))
	}
	v.r.note("as-of", fmt.Sprintf("截至日志第 %d 条（记于 %s）", v.at, spell(time.UnixMilli(v.last))), fmt.Sprintf("As of %d entries of the log, the last recorded at %s.", v.at, spell(time.UnixMilli(v.last))))
}

// figures computes what the statement speaks of and compares.
func (v *verifier) figures(counts *indicator.Recount) {
	s := v.r.Stated
	districts := []string{s.District}
	if s.District == "" {
		districts = append(districts, indicator.Districts(division.Codes(), division.RunByCity)...)
	}
	cut := ""
	for _, i := range s.Indicators {
		in, _ := counts.Input(i.Indicator) // defined has asked
		rows := make([]indicator.Row, len(districts))
		for k, d := range districts {
			rows[k] = indicator.Evaluate(in, d)
		}
		cut = spell(time.UnixMilli(in.CutOff))
		v.r.Computed = append(v.r.Computed, IndicatorOf(in.Definition, rows...))
	}
	n, out := compare(s.Indicators, v.r.Computed)
	for _, x := range [][3]string{{"cut_off", s.CutOff, cut}, {"recorded_at", s.RecordedAt, spell(time.UnixMilli(v.last))}} {
		if x[1] != x[2] {
			out = append(out, Mismatch{What: x[0], Stated: x[1], Computed: x[2]})
		}
	}
	var err error
	if v.r.Mismatches = append(v.r.Mismatches, out...); len(out) > 0 {
		err = wrong("%d things are otherwise than the log gives them; each is named.", len(out))
	}
	v.r.line(CheckFigures, n, fmt.Sprintf("有 %d 处与日志不符，逐项列出", len(out)), err)
}
