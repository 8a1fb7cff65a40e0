package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/ledger"
	"liandan/internal/problem"
	"liandan/internal/term"
)

func (s *Site) recordRoutes() []route {
	return []route{
		{method: "GET", pattern: "/admin/acts", operation: "listActs", run: s.acts},
		{method: "GET", pattern: "/admin/quarantine", operation: "listQuarantine", run: s.quarantine},
	}
}

type actsPage struct {
	Party, Actor, Subject, From, To string
	Parties                         []option
	Items                           []listed
	More                            string
	Note                            *note
	Untold                          int // days for which authorities' readings are not listed yet; 0 for whoever sees all
}

// Narrowed says whether the list was asked for in part, so that the form stands open.
func (p actsPage) Narrowed() bool {
	return p.Actor+p.Subject+p.From+p.To != "" || p.Party != "" && len(p.Parties) == 0 || len(p.Parties) > 1 || p.Note != nil
}

// acts is GET /admin/acts?party=&actor=&subject=&from=&to=&after=.
func (s *Site) acts(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, q := r.Context(), r.URL.Query()
	p := actsPage{Party: q.Get("party"), Actor: strings.TrimSpace(q.Get("actor")), Subject: strings.TrimSpace(q.Get("subject")), From: q.Get("from"), To: q.Get("to")}
	f := audit.ActFilter{Actor: p.Actor, Subject: p.Subject}
	bad := invalid()
	for _, d := range []struct {
		given, pointer string
		plus           int
		into           *time.Time
	}{{p.From, "/from", 0, &f.From}, {p.To, "/to", 1, &f.To}} {
		if d.given == "" {
			continue
		}
		t, ok := dayAt(d.given)
		if !ok {
			field(bad, d.pointer, "format", "must be a day", "应为日期")
		}
		*d.into = t.AddDate(0, 0, d.plus)
	}
	for pointer, word := range map[string]string{"/actor": p.Actor, "/subject": p.Subject} {
		if len(word) > 100 {
			field(bad, pointer, "length", "must have at most 100 bytes", "过长")
		}
	}
	status := http.StatusOK
	of, choices, err := s.chosen(ctx, v, "listActs", p.Party)
	if err != nil {
		return err
	}
	f.Party, p.Parties = of, choices
	if len(bad.Fields) > 0 {
		n := s.noteOf(w, r, bad, nil)
		p.Note, status = &n, n.status
	} else if f.Quiet, err = s.Gate.QuietFrom(ctx, v.Caller, "listActs"); err != nil {
		return err
	} else if err := s.readActs(r, v, f, q.Get("after"), &p); err != nil {
		return err
	}
	if !f.Quiet.IsZero() {
		p.Untold = int(gate.Untold.Hours() / 24)
	}
	s.show(w, r, v, status, "acts.html", page{Title: "访问记录", TitleEN: "Access record", Body: p})
	return nil
}

func (s *Site) readActs(r *http.Request, v *visit, f audit.ActFilter, after string, p *actsPage) error {
	list, next, err := s.Admin.Record.Acts(r.Context(), f, after, atATime)
	if err != nil {
		return err
	}
	rules := map[string]access.Rule{}
	for _, x := range access.Table() {
		rules[x.Operation] = x
	}
	met := map[string]string{}
	for _, a := range list {
		l := listed{Title: clock(a.At)}
		if x, ok := rules[a.Operation]; ok {
			l.State = line{x.ZH, x.EN}
		} else {
			l.State = line{a.Operation, ""}
		}
		by, err := s.whoSaid(r.Context(), v, a.Actor, met)
		if err != nil {
			return err
		}
		l.add("操作者", "Actor", by)
		zh, en := access.Role(a.Role).Words()
		l.add("以职务", "As", strings.TrimSpace(zh+" "+en))
		l.add("对象", "Subject", a.Subject)
		for _, o := range a.Parties {
			name, err := s.partyName(r.Context(), o)
			if err != nil {
				return err
			}
			l.add("涉及单位", "Organisation", name)
		}
		l.add("请求编号", "Request", a.Request)
		p.Items = append(p.Items, l)
	}
	if next != "" {
		more := url.Values{"after": {next}}
		for name, value := range map[string]string{"party": p.Party, "actor": p.Actor, "subject": p.Subject, "from": p.From, "to": p.To} {
			if value != "" {
				more.Set(name, value)
			}
		}
		p.More = "/admin/acts?" + more.Encode()
	}
	return nil
}

// heldSentences say of an event in quarantine what it waits for and what to do.
var heldSentences = map[fault.Kind]line{
	fault.WrongStage: {"前一步的事件还没有到，或这一步已经做过。前一步到达后会自动补入；一直不到，请让做前一步的人把手机联网补传。",
		"The step before it has not arrived, or this step was done already. It is taken in by itself once the step before arrives; if that does not come, have whoever did it bring their phone online."},
	fault.NotCustodian: {"按已到的记录，签名单位当时不持有这批废物。通常是交接的另一半还没有上传：请双方都联网补传。",
		"By what has arrived, the signer did not hold this waste. Usually the other half of the hand-over has not been sent: have both bring their phones online."},
	fault.SeenUnknown: {"签名人引用的前一条记录本系统还没有。前一条到达后会自动补入。",
		"The entry that the signer saw is not here yet. It is taken in by itself once that arrives."},
	fault.KeyContested: {"签名时间落在手机挂失的前后之间，不能确定是谁签的。由执法人员裁定是否算数。",
		"It was signed between the loss of the phone and its report, so that it is not certain who signed. An inspector decides whether it counts."},
	fault.LabelTaken: {"标签码已用在另一批上。请核对实物，换发标签后重新登记。",
		"The label is on another batch. Look at the thing, make a new label and enter it again."},
}

var heldStates = map[string]struct {
	Words line
	Tone  string
}{
	"waiting":  {line{"等待", "waiting"}, "expiring"},
	"admitted": {line{"已补入", "taken in"}, "active"},
	"rejected": {line{"不予认可", "rejected"}, "revoked"},
}

// plainly puts words in the place of the names that programs have for types of events and stages, in
// a sentence of the intake.
func plainly(sentence string) string {
	return coded.ReplaceAllStringFunc(sentence, func(code string) string {
		if t := term.Type(event.Type(code)); t.ZH != code {
			return t.String()
		}
		if t := term.Stage(batch.Stage(code)); t.ZH != code {
			return t.String()
		}
		return code
	})
}

// coded is the form of such a name: two words or more, with a point or line below between them. A
// stage of one word is the English word.
var coded = regexp.MustCompile(`\b[a-z]+(?:[._][a-z]+)+\b`)

// quarantine is GET /admin/quarantine?after=: of what is held, what the visitor may see.
func (s *Site) quarantine(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	if err := s.Gate.List(ctx, v.Caller, "listQuarantine"); err != nil {
		return err
	}
	var p struct {
		Items []listed
		More  string
	}
	cursor := r.URL.Query().Get("after")
	for range turns {
		held, next, err := s.Admin.Record.Quarantine(ctx, cursor, atATime)
		if err != nil {
			return err
		}
		for _, h := range held {
			sees, err := s.Gate.Sees(ctx, v.Caller, "listQuarantine", audit.HeldSubject(h))
			if err != nil {
				return err
			}
			if !sees {
				continue
			}
			l, err := s.heldLine(r, h)
			if err != nil {
				return err
			}
			p.Items = append(p.Items, l)
		}
		if cursor = next; cursor == "" || len(p.Items) >= atATime {
			break
		}
	}
	if cursor != "" {
		p.More = "/admin/quarantine?after=" + url.QueryEscape(cursor)
	}
	s.show(w, r, v, http.StatusOK, "quarantine.html", page{Title: "待核事件", TitleEN: "Events in quarantine", Body: p})
	return nil
}

func (s *Site) heldLine(r *http.Request, h audit.Held) (listed, error) {
	row := problem.Of(fault.Kind(h.Kind))
	l := listed{Title: row.ZH + " " + row.EN}
	if st, ok := heldStates[h.State]; ok {
		l.State, l.Tone = st.Words, st.Tone
	}
	if x, ok := heldSentences[fault.Kind(h.Kind)]; ok {
		l.add("怎么办", "What to do", x.ZH+" "+x.EN)
	}
	l.add("说明", "Detail", plainly(h.Detail))
	if _, e, err := ledger.OpenEvent(h.Body); err == nil {
		l.add("事件", "Event", term.Type(e.Type).String())
		l.add("签名时间", "Signed", clock(e.At))
		name, err := s.partyName(r.Context(), e.Party)
		if err != nil {
			return l, err
		}
		l.add("签名单位", "Signer", name)
		for _, b := range e.Batches {
			l.add("批次", "Batch", b.ID.String())
		}
	}
	l.add("收到", "Received", clock(h.ReceivedAt))
	l.add("事件标识", "Event id", h.Event.String())
	return l, nil
}
