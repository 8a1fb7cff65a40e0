package sampling

import (
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	strict "github.com/go-json-experiment/json"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
)

// The formats of the file. One of version 1 does not say who announced the draw.
const (
	Format    = "liandan-sample-2"
	FirstForm = "liandan-sample-1"
)

// MaxFile bounds a file, in bytes.
const MaxFile = 4 << 20

// The states of a draw.
const (
	Announced = "announced" // the log has not reached the size
	Unlisted  = "unlisted"  // the list has not been handed in, or has not as many entries as was announced
	Complete  = "drawn"
)

// File is a draw with all that is needed to draw again, for anybody who has the log's key.
type File struct {
	Format       string       `json:"format"`
	State        string       `json:"state"`
	Checkpoint   string       `json:"checkpoint"`
	Announcement Announcement `json:"announcement"`
	Seed         *SeedAt      `json:"seed,omitempty"`
	List         *List        `json:"list,omitempty"`
	Drawn        *Drawn       `json:"drawn,omitempty"`

	// Who announced it. Keys are the chapters of the lives of the keys that signed the
	// announcement and the rulings on it, Rulings what an authority decided when that key
	// was contested, Offices what the log was told of the announcer's roles; each in the
	// order of the log. What the log has nothing of is left out, and then not proven.
	Keys    []Said         `json:"keys,omitempty"`
	Rulings []Announcement `json:"rulings,omitempty"`
	Offices []Said         `json:"offices,omitempty"`
}

// Said is a statement of the log with its proof under the checkpoint.
type Said struct {
	Seq   int64     `json:"seq"`
	Entry string    `json:"entry"`
	Body  string    `json:"body"`
	Proof []id.Hash `json:"proof"`
}

// Announcement is the entry of an event, of sample.drawn mostly, with its proof under the checkpoint.
type Announcement struct {
	Seq   int64     `json:"seq"`
	Entry string    `json:"entry"`
	JWS   string    `json:"jws"`
	Proof []id.Hash `json:"proof"`
}

// SeedAt is the log's root at the announced size, with the proof that the log of the
// checkpoint continues it.
type SeedAt struct {
	Size  int64     `json:"size"`
	Root  id.Hash   `json:"root"`
	Proof []id.Hash `json:"proof"`
}

// Note is a sentence in both languages.
type Note struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Line is one thing that was checked. It holds when it has neither what is wrong nor what
// is not proven.
type Line struct {
	ZH       string `json:"zh"`
	EN       string `json:"en"`
	Wrong    []Note `json:"wrong,omitempty"`
	Unproven []Note `json:"unproven,omitempty"` // the file has no evidence of it, this way or that
	Remarks  []Note `json:"remarks,omitempty"`  // change nothing
}

// Report is what Verify found. It is sound when everything holds and the draw is complete.
type Report struct {
	State string
	Event event.Event // zero where the announcement could not be read
	List  *List       // once it was found to be the frozen one
	Drawn Drawn
	Lines []Line
}

// Sound says whether every line holds.
func (r Report) Sound() bool {
	return !r.Broken() && !slices.ContainsFunc(r.Lines, func(l Line) bool { return len(l.Unproven) > 0 })
}

// Broken says whether something is wrong.
func (r Report) Broken() bool {
	return slices.ContainsFunc(r.Lines, func(l Line) bool { return len(l.Wrong) > 0 })
}

func (r *Report) say(zh, en string, err error) bool {
	l := Line{ZH: zh, EN: en}
	if err != nil {
		l.Wrong = []Note{{"不成立", fault.As(err).Sentence}}
	}
	r.Lines = append(r.Lines, l)
	return err == nil
}

func wrong(format string, args ...any) error { return fault.New(fault.Damaged, format, args...) }

// Read reads a file strictly. The fault is invalid-request.
func Read(in io.Reader) (File, error) {
	var f File
	b, err := io.ReadAll(io.LimitReader(in, MaxFile+1))
	if err == nil && len(b) > MaxFile {
		err = fmt.Errorf("more than %d bytes", MaxFile)
	}
	if err == nil {
		// Strictly: a member given twice, or once in capitals, could show one draw to whoever
		// reads the file and another to the check.
		err = strict.Unmarshal(b, &f, strict.RejectUnknownMembers(true))
	}
	if err == nil && f.Format != Format && f.Format != FirstForm {
		err = fmt.Errorf("the format is neither %s nor %s", Format, FirstForm)
	}
	if err == nil && f.Format == FirstForm && len(f.Keys)+len(f.Rulings)+len(f.Offices) > 0 {
		err = fmt.Errorf("a file of the format %s does not say who announced the draw", FirstForm)
	}
	if err != nil {
		return File{}, fault.Wrap(err, fault.InvalidRequest, "This is not the file of a draw: %s.", err)
	}
	return f, nil
}

// Verify draws again. The log's key is the reader's own, not one that a file brings, and so
// are the notes by which that key was succeeded, where the file is signed by another of the
// line. An error means that the keys cannot be used; all else is in the report.
func Verify(f File, vkey string, succession ...[]byte) (Report, error) {
	keys, err := merkle.Verifiers(vkey, succession)
	if err != nil {
		return Report{}, err
	}
	r := Report{State: f.State}
	head, _, err := keys.OpenCheckpoint([]byte(f.Checkpoint))
	if !r.say("检查点由日志密钥签名", "the checkpoint is signed by the log's key", err) {
		return r, nil
	}
	d, err := f.announced(&r, head)
	if !r.say("公布抽取的事件在日志中", "the announcement is in the log", err) {
		return r, nil
	}
	r.Lines = append(r.Lines, f.signed(head), f.entitled(head, r.Event))
	if f.State != Complete {
		r.Lines = append(r.Lines, Line{ZH: "抽取已完成", EN: "the draw is complete", Unproven: []Note{pending(f.State, head.Size, d.Size)}})
		return r, nil
	}
	if f.Seed == nil || f.List == nil || f.Drawn == nil {
		r.say("抽取已完成", "the draw is complete", wrong("The file calls the draw complete and has no seed, list or result."))
		return r, nil
	}
	ok := r.say("种子是日志在所公布大小时的根，公布时尚不可知", "the seed is the log's root at the announced size, not to be known when it was announced", f.seeded(head, d))
	l, err := f.listed(d)
	if !r.say("名单与公布的散列和数目一致", "the list is the one that was frozen", err) || !ok {
		return r, nil
	}
	r.List = &l
	r.Drawn, err = Draw(l, f.Seed.Root, Order{Sites: d.DrawSites, People: d.DrawPeople, Round: d.Round})
	if err == nil && (!slices.Equal(r.Drawn.Sites, f.Drawn.Sites) || !slices.Equal(r.Drawn.People, f.Drawn.People)) {
		err = wrong("The file names others than the draw gives.")
	}
	r.say("重新抽取的结果一致", "drawn again, the same are drawn", err)
	return r, nil
}

// pending says what a draw waits for. Nothing is wrong with one that does.
func pending(state string, has, size int64) Note {
	if state == Unlisted {
		return Note{"名单尚未提交，或与公布的不符，无从抽取", "Not complete: the list was not handed in, or is not the announced one, so nothing can be drawn."}
	}
	return Note{fmt.Sprintf("尚未抽取：日志现有 %d 条，公布的是 %d 条", has, size), fmt.Sprintf("Not complete yet: the log has %d entries, the seed is its root at %d.", has, size)}
}

func (f File) announced(r *Report, head merkle.Head) (event.Sample, error) {
	a := f.Announcement
	e, err := ledger.ParseEntry([]byte(a.Entry))
	if err != nil {
		return event.Sample{}, err
	}
	if e.Seq != a.Seq || e.Hash != id.Hash(sha256.Sum256([]byte(a.JWS))) {
		return event.Sample{}, wrong("The entry is of another event.")
	}
	if err := merkle.CheckInclusion(head, a.Seq, merkle.LeafHash([]byte(a.Entry)), a.Proof); err != nil {
		return event.Sample{}, err
	}
	_, r.Event, err = ledger.OpenEvent([]byte(a.JWS))
	if err != nil {
		return event.Sample{}, err
	}
	d, ok := r.Event.Data.(event.Sample)
	if !ok {
		return d, wrong("The event announces no draw.")
	}
	return d, nil
}

func (f File) seeded(head merkle.Head, d event.Sample) error {
	if f.Seed.Size != d.Size {
		return wrong("The seed is of size %d, the announced one is %d.", f.Seed.Size, d.Size)
	}
	if d.Size < f.Announcement.Seq+2 {
		return wrong("The seed was known when it was announced.")
	}
	return merkle.CheckTree(head, merkle.Head{Size: f.Seed.Size, Root: f.Seed.Root}, f.Seed.Proof)
}

func (f File) listed(d event.Sample) (List, error) {
	l, err := NewList(f.List.Sites, f.List.People)
	if err != nil {
		return l, err
	}
	if l.Hash() != d.List || len(l.Sites) != d.Sites || len(l.People) != d.People {
		return l, wrong("The list is not the one that was announced.")
	}
	return l, nil
}
