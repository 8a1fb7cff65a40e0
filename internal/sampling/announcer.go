package sampling

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"liandan/internal/bundle"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/party"
	"liandan/internal/statement"
)

// signed says whether the announcement is signed by a key that the log knew as its
// announcer's, in force and not revoked at the time. It is judged as evidence files are.
func (f File) signed(head merkle.Head) Line {
	l := Line{ZH: "公布者的密钥当时已登记、有效且未吊销，签名成立", EN: "the announcer's key was enrolled, in force and not revoked then, and signed it"}
	w := bundle.Witness{Entry: entryOf(f.Announcement)}
	for _, s := range f.Keys {
		w.Statements = append(w.Statements, bundle.Statement{Index: s.Seq, Entry: []byte(s.Entry), Body: []byte(s.Body), Proof: s.Proof})
	}
	for _, r := range f.Rulings {
		w.Rulings = append(w.Rulings, entryOf(r))
	}
	t := w.Check(head)
	for _, b := range t.Broken {
		l.Wrong = append(l.Wrong, named(t.Kid, b.ZH, b.EN))
	}
	for _, x := range t.Findings {
		l.Wrong = append(l.Wrong, named(t.Kid, x.ZH, x.EN))
	}
	for _, x := range t.Remarks {
		l.Remarks = append(l.Remarks, named(t.Kid, x.ZH, x.EN))
	}
	for _, x := range t.Notes {
		l.Remarks = append(l.Remarks, Note{x.ZH, x.EN})
	}
	switch {
	case t.Kid == "" || t.Told:
	case len(f.Keys) > 0:
		l.Wrong = append(l.Wrong, named(t.Kid, "文件中没有该密钥的登记，只有其他密钥的", "The file has the enrolment of other keys, and none of this one: it was never enrolled, or its life was left out."))
	default:
		l.Unproven = append(l.Unproven, named(t.Kid, "未证明：文件不含该密钥的经历（登记、吊销），签名无法核对。请从日志服务器重新下载本次抽取的文件",
			"Not proven: the file does not have this key's life (enrolment, revocation), so the signature could not be checked. Fetch the draw's file anew from the log's server."))
	}
	return l
}

func named(kid, zh, en string) Note {
	return Note{"密钥 " + kid + "：" + zh, "Key " + kid + ": " + en}
}

func entryOf(a Announcement) bundle.Entry {
	return bundle.Entry{Index: a.Seq, Entry: []byte(a.Entry), Event: []byte(a.JWS), Proof: a.Proof}
}

// entitled says whether the log had been told, before it took the announcement in, that its
// announcer is an authority; who else draws may draw, but not an inspection's sites.
func (f File) entitled(head merkle.Head, e event.Event) Line {
	l := Line{ZH: "公布者当时是主管部门", EN: "the announcer was an authority then"}
	var newest *indicator.Office
	var when int64
	last := int64(-1)
	for _, s := range f.Offices {
		o, at, err := s.office(head)
		if err == nil && (s.Seq <= last || o.Party != e.Party) {
			err = wrong("Entry %d is of another organisation, or stands out of order.", s.Seq)
		}
		if err != nil {
			l.Wrong = append(l.Wrong, Note{fmt.Sprintf("第 %d 条身份登记不成立", s.Seq), fault.As(err).Sentence})
			continue
		}
		if last = s.Seq; s.Seq < f.Announcement.Seq {
			newest, when = &o, at
		}
	}
	switch {
	case len(l.Wrong) > 0:
	case len(f.Offices) == 0:
		l.Unproven = append(l.Unproven, Note{fmt.Sprintf("未证明：文件不含单位 %s 的身份登记；收录时由日志核对过", e.Party),
			fmt.Sprintf("Not proven: the file does not have what the log was told of the roles of %s. The log judged them when it took the announcement in.", e.Party)})
	case newest == nil:
		l.Unproven = append(l.Unproven, Note{fmt.Sprintf("未证明：日志在公布之后才得知单位 %s 的身份", e.Party),
			fmt.Sprintf("Not proven: the log was told of the roles of %s only after the announcement.", e.Party)})
	case !slices.Contains(newest.Roles, string(party.Authority)) || !newest.Holds(e.At.UnixMilli()):
		l.Wrong = append(l.Wrong, Note{fmt.Sprintf("单位 %s 当时不是主管部门，无权公布抽取", e.Party),
			fmt.Sprintf("%s was no authority then, and may not announce a draw.", e.Party)})
	default:
		day := time.UnixMilli(when).UTC().Format("2006-01-02 15:04 UTC")
		l.Remarks = append(l.Remarks, Note{"依登记机关 " + day + " 的陈述；登记之后有无变更，单凭本文件看不出被略去的", "By the word of the register, stated " + day + "; whether a later statement was left out cannot be seen from the file."})
	}
	return l
}

// office proves one statement and reads it.
func (s Said) office(head merkle.Head) (o indicator.Office, at int64, err error) {
	e, err := ledger.ParseEntry([]byte(s.Entry))
	if err != nil {
		return o, 0, err
	}
	if e.Seq != s.Seq || e.Kind != statement.KindFact || len(e.Links) > 0 || e.Hash != id.Hash(sha256.Sum256([]byte(s.Body))) {
		return o, 0, wrong("The entry is not of this statement.")
	}
	if err := merkle.CheckInclusion(head, s.Seq, ledger.LeafOf([]byte(s.Entry)), s.Proof); err != nil {
		return o, 0, err
	}
	f, err := indicator.ParseFact([]byte(s.Body))
	if err != nil {
		return o, 0, err
	}
	o, ok := f.Row.(indicator.Office)
	if !ok {
		return o, 0, wrong("The statement tells of no office.")
	}
	return o, f.At, nil
}
