package bundle

import (
	"bytes"
	"crypto"
	"fmt"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/rule"
	"liandan/internal/signature"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// Options is what Check is given beside the file.
type Options struct {
	// Trusted is the log's verifier key as the reader knows it. When it is empty the
	// file's own is used: the file is then only as good as where it came from, and the
	// report says so.
	Trusted string
	// Succession are notes by which the log's key was succeeded, as the reader has them
	// from the log; with them a file of an older key can be checked with the newest one.
	// They are held against Trusted like those in the file, and mean nothing without it.
	Succession [][]byte
	// Rules judge each step; with none the report notes that they were not asked.
	Rules rule.Book
	// Catalog resolves waste codes; nil means that codes are not looked up.
	Catalog *waste.Catalog
	// Each runs do for 0..n-1, in any order and perhaps in parallel, and returns when
	// all are done. nil means one after the other.
	Each func(n int, do func(i int))
}

// Check judges a bundle. It never fails: what does not hold is in the report.
func Check(b Bundle, o Options) Report {
	if o.Each == nil {
		o.Each = func(n int, do func(int)) {
			for i := range n {
				do(i)
			}
		}
	}
	c := &checker{b: b, o: o, count: map[string]int{}, bad: map[string]int{}, keys: map[string]*heldKey{}, world: newReplay()}
	c.r = Report{Kind: b.Kind, Subject: b.Subject.String(), MadeAt: b.MadeAt, Origin: b.Origin, Size: b.Size,
		Entries: len(b.Entries), Keys: len(b.Keys), Statements: len(b.Statements), Rulings: len(b.Rulings), Pinned: o.Trusted != "",
		Broken: []Line{}, Findings: []rule.Finding{}, Remarks: []rule.Finding{}, Notes: []Note{}, Skipped: []Note{},
		Story: []Step{}, Finals: []Final{}, Balances: []Balance{}}
	c.openKeys()
	c.openCheckpoint()
	c.openStatements()
	c.openRulings()
	c.openGrounds()
	c.openEntries()
	c.checkRulings()
	c.checkForm()
	c.checkUse()
	c.findSubjects()
	c.checkLinks()
	c.replay()
	c.idleGrounds()
	c.mend()
	c.balance()
	c.conclude()
	return c.r
}

// checker is the work on one bundle.
type checker struct {
	b     Bundle
	o     Options
	r     Report
	count map[string]int // things looked at, by check
	bad   map[string]int

	keys   map[string]*heldKey
	head   merkle.Head
	proven bool // head is signed by the log's key
	opened []opened

	ruled   []opened            // of Bundle.Rulings
	rulings map[id.Hash]*ruling // by the event decided on

	grounds   []opened                           // of Bundle.Grounds
	granted   map[id.Event][]event.Event         // sound ones, by the authorisation
	confirmed map[id.Hash]statement.Confirmation // sound ones, by their hash
	rested    map[string]bool                    // what an event rests on

	// subjects are the batches whose whole chains the file must hold.
	subjects []id.Batch
	subject  map[id.Batch]bool
	world    replay
}

// heldKey is a key of the file, read once.
type heldKey struct {
	Key
	public crypto.PublicKey
	bad    bool // its kid or spelling is wrong: nothing signed with it holds
	used   bool
	life   Life // nil: the file has none
}

// opened is one entry, read and checked alone; entries know nothing of one another, so
// that they can be checked in parallel.
type opened struct {
	entry     ledger.Entry
	event     event.Event
	key       *heldKey
	leaf      id.Hash
	entryRead bool
	eventRead bool
	contested bool     // dated after its key's loss, and not refused for it
	checked   []string // the checks that were made
	broken    []Line
	findings  []rule.Finding
	remarks   []rule.Finding
}

func (o *opened) where() *Where { return &Where{Seq: o.entry.Seq, Event: o.event.ID} }

// fail notes one place where a check does not hold.
func (c *checker) fail(check string, at *Where, zh, en string) {
	c.bad[check]++
	c.r.Broken = append(c.r.Broken, Line{Check: check, Count: 1, ZH: zh, EN: en, Where: at})
}

func (c *checker) note(code, zh, en string) { c.r.Notes = append(c.r.Notes, Note{code, zh, en}) }

// openKeys reads every key and holds its kid against its thumbprint.
func (c *checker) openKeys() {
	for _, k := range c.b.Keys {
		c.count[CheckKeys]++
		if _, twice := c.keys[k.Kid]; twice {
			c.fail(CheckKeys, nil, "公钥重复列出："+k.Kid, "The key is listed twice: "+k.Kid)
			continue
		}
		h := &heldKey{Key: k, bad: true}
		c.keys[k.Kid] = h
		pub, err := signature.ParseJWK(k.JWK)
		if err != nil {
			c.fail(CheckKeys, nil, "公钥无法使用："+k.Kid, sentence(err)+" kid: "+k.Kid)
			continue
		}
		if again, err := signature.FormatJWK(pub); err != nil || !bytes.Equal(again, k.JWK) {
			c.fail(CheckKeys, nil, "公钥不是规定的写法："+k.Kid, "The key is not in its one spelling: "+k.Kid)
			continue
		}
		if t, err := signature.Thumbprint(pub); err != nil || t != k.Kid {
			c.fail(CheckKeys, nil, "公钥与其指纹不符："+k.Kid, "The kid is not the thumbprint of the key: "+k.Kid)
			continue
		}
		h.public, h.bad = pub, false
	}
}

// checkUse finds keys that signed nothing: they have no business in the file.
func (c *checker) checkUse() {
	for _, list := range [][]opened{c.opened, c.ruled, c.grounds} {
		for i := range list {
			if k := list[i].key; k != nil {
				k.used = true
			}
		}
	}
	for _, k := range c.b.Keys {
		if h := c.keys[k.Kid]; !h.used {
			h.used = true // say it once for a key listed twice
			c.fail(CheckKeys, nil, "公钥没有签署任何条目："+k.Kid, "The key signed no entry of the file: "+k.Kid)
		}
	}
}

// openEntries checks every entry alone and gathers the results in the log's order.
func (c *checker) openEntries() {
	c.opened = make([]opened, len(c.b.Entries))
	c.o.Each(len(c.b.Entries), func(i int) { c.opened[i] = c.open(c.b.Entries[i]) })
	c.gather(c.opened)
}

// gather takes over what was found in each entry alone.
func (c *checker) gather(list []opened) {
	for i := range list {
		for _, check := range list[i].checked {
			c.count[check]++
		}
		for _, l := range list[i].broken {
			c.bad[l.Check]++
			c.r.Broken = append(c.r.Broken, l)
		}
		c.r.Findings = append(c.r.Findings, list[i].findings...)
		c.r.Remarks = append(c.r.Remarks, list[i].remarks...)
	}
}

// checkForm looks at what JSON alone cannot say: order, and that no event stands twice.
func (c *checker) checkForm() {
	met := map[id.Event]bool{}
	last := int64(-1)
	for i := range c.opened {
		c.count[CheckForm]++
		o, index := &c.opened[i], c.b.Entries[i].Index
		if index <= last {
			c.fail(CheckForm, o.where(), "条目不按日志次序排列", fmt.Sprintf("Entry %d stands after entry %d.", index, last))
		}
		last = max(last, index)
		if o.eventRead && met[o.event.ID] {
			c.fail(CheckForm, o.where(), "同一事件出现两次", "The event stands in the file twice.")
		}
		met[o.event.ID] = true
	}
	for i := 1; i < len(c.b.Keys); i++ {
		c.count[CheckForm]++
		if c.b.Keys[i-1].Kid >= c.b.Keys[i].Kid {
			c.fail(CheckForm, nil, "公钥不按指纹次序排列", "The keys are not in order of kid, each once.")
		}
	}
	if t := c.b.MadeAt; t.Year() < 2000 || t.Year() > 2199 {
		c.fail(CheckForm, nil, "制作时间不合理", "The time at which the file says it was made is absurd.")
	}
}

// sentence is what a fault says to a person.
func sentence(err error) string {
	if f := fault.As(err); f != nil {
		if f.Kind == fault.BadSignature {
			return "The signature does not fit the key and the bytes." // the fault's advice is for the signer
		}
		for _, x := range f.Fields {
			if x.Pointer != "" && x.Detail != f.Sentence {
				return f.Sentence + " (" + x.Pointer + ": " + x.Detail + ")"
			}
		}
		return f.Sentence
	}
	return err.Error()
}

// conclude writes a line for each check, the notes, and the verdict.
func (c *checker) conclude() {
	for _, k := range checks {
		n, bad := c.count[k.code], c.bad[k.code]
		if (k.code == CheckLife && len(c.b.Statements) == 0 || k.code == CheckRulings && len(c.b.Rulings) == 0 || k.code == CheckGrounds && n == 0) && bad == 0 {
			continue // a file without them has nothing there to be wrong
		}
		l := Line{Check: k.code, OK: bad == 0, Count: n, ZH: k.zh, EN: k.en}
		switch {
		case k.code == CheckRules:
			l.OK = bad == 0 && len(c.r.Findings) == 0
			l.ZH += fmt.Sprintf("（%d 项发现，%d 项提示）", len(c.r.Findings), len(c.r.Remarks))
			l.EN += fmt.Sprintf(" (%d findings, %d remarks)", len(c.r.Findings), len(c.r.Remarks))
		case bad > 0:
			l.ZH += fmt.Sprintf("（不符 %d 处）", bad)
			l.EN += fmt.Sprintf(" (%d do not hold)", bad)
		case n == 0:
			// Nothing to look at is not the same as nothing wrong.
			l.OK = false
			l.ZH += "（未能检查）"
			l.EN += " (could not be checked)"
		}
		c.r.Lines = append(c.r.Lines, l)
	}
	c.notes()
	all := true
	for _, l := range c.r.Lines {
		all = all && l.OK
	}
	switch {
	case len(c.r.Broken)+len(c.r.Findings) > 0:
		c.r.Verdict = Findings
	case len(c.r.Skipped) > 0 || !all:
		c.r.Verdict = Unchecked
	default:
		c.r.Verdict = Sound
	}
}

// notes says what no evidence in the file carries.
func (c *checker) notes() {
	if !c.r.Pinned {
		c.note("log-key-from-file", "日志公钥取自文件本身：只能说明文件前后一致。请用另行得到的日志公钥（--log-key）再查",
			"The log's key is the file's own, so the file agrees with itself and no more. Check again with the log's key from elsewhere (--log-key).")
	}
	if n := len(c.opened); n > 0 && c.proven {
		at := c.opened[n-1].entry.RecordedAt.Format(TimeForm)
		c.note("as-of", fmt.Sprintf("截至日志第 %d 条；文件中最后一条记于 %s。其后的记录若被略去，单凭本文件看不出来", c.head.Size, at),
			fmt.Sprintf("As of %d entries of the log; the last one here was recorded at %s. Newer entries that were left out cannot be told from entries that were not made yet.", c.head.Size, at))
	}
	c.noteHistory()
	c.note("not-in-file", "单位资质、场所和标签唯一性不在文件内，由日志在收录时核对",
		"Roles, licences, sites and the uniqueness of labels are not in the file; the log judged them at intake.")
	others := 0
	for _, s := range c.r.Story {
		if s.Others > 0 {
			others++
		}
	}
	if others > 0 {
		c.note("other-batches", fmt.Sprintf("%d 个事件还涉及其他批次，其链不在本文件内，未检查", others),
			fmt.Sprintf("%d events also name other batches, whose chains are not in this file and were not checked.", others))
	}
	if len(c.o.Rules) == 0 {
		c.note("no-rules", "未提供规则，未作规则检查", "No rules were brought; none were asked.")
	}
	if c.o.Catalog == nil {
		c.note("no-catalogue", "未提供名录，未核对废物代码", "No catalogue was brought; waste codes were not looked up.")
	}
}
