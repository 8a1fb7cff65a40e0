package web

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/rule"
	"liandan/internal/term"
)

// chainPage is a batch with its chain, drawn and told.
type chainPage struct {
	ID          string
	Code        string
	Name        line
	Stage       line
	Grams       string
	Initial     string
	Generator   string
	Custodian   string
	Site        place2
	Manifests   []sheetLink
	Parents     []uid
	Paper       bool
	Broken      []string
	Findings    []finding
	Steps       []step
	Picture     picture
	Missing     []line
	Evidence    bool // who looks may save it
	Label       bool // who looks may print its label
	Corrections int
}

type place2 struct{ ID, Name string }

// sheetLink is a manifest by what a person calls it.
type sheetLink struct{ ID, Number string }

type finding struct {
	Rule, Severity string
	Name           line // of the rule
	Words          line
	Grams          string
	Owner          string
	Seq            int64
	Source         string
}

// step is one entry of a chain in words.
type step struct {
	Seq         int64
	Type        line
	Stage       string // of stages
	At, Kept    string
	Party       string
	Site        place2
	Who         who
	Kid         string
	KidShort    string
	Grams       string
	Event       string
	Findings    []finding
	Late, Blind bool // reached the log an hour or more after its time; its signer did not know entries before it
}

// about asks the gate for a page about one thing. Faults: that of the thing being missing.
func (s *Site) about(r *http.Request, v *visit, operation, named string, subject access.Subject, missing error) error {
	return s.Gate.Allow(r.Context(), v.Caller, gate.Ask{Operation: operation, Subject: subject, Named: named, Missing: missing})
}

// chain is GET /inspect/batch/{batch}.
func (s *Site) chain(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, missing := r.Context(), fault.Missing("batch")
	b, err := id.ParseBatch(r.PathValue("batch"))
	if err != nil {
		return missing
	}
	subject, err := s.Desk.Reader.BatchSubject(ctx, b)
	if err != nil {
		return err
	}
	if err := s.about(r, v, "getBatchChain", b.String(), subject, missing); err != nil {
		return err
	}
	found, err := s.Desk.Reader.Batch(ctx, b)
	if err != nil {
		return err
	}
	whole, err := s.Desk.Reader.Chain(ctx, b)
	if err != nil {
		return err
	}
	p, err := s.chainPage(ctx, found, whole, s.names(v))
	if err != nil {
		return err
	}
	at := []*place2{&p.Site}
	for i := range p.Steps {
		at = append(at, &p.Steps[i].Site)
	}
	if err := s.linked(ctx, v, at...); err != nil {
		return err
	}
	if p.Evidence, err = s.Gate.Sees(ctx, v.Caller, "getBatchBundle", subject); err != nil {
		return err
	}
	held, err := s.Desk.Reader.CustodySubject(ctx, b)
	if err == nil && found.Label != "" {
		p.Label, err = s.Gate.Sees(ctx, v.Caller, "getBatchLabel", held)
	}
	if err != nil {
		return err
	}
	s.show(w, r, v, http.StatusOK, "chain.html", page{Title: "批次全链", TitleEN: "A batch's chain", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

func (s *Site) chainPage(ctx context.Context, found audit.BatchView, whole audit.ChainView, names names) (p chainPage, err error) {
	st := found.State
	p = chainPage{ID: st.ID.String(), Code: string(st.Code), Stage: stageLine(st.Stage), Grams: kilograms(int64(st.Grams)), Initial: kilograms(int64(st.Initial)),
		Paper: st.Grade != "", Broken: whole.Broken, Corrections: len(found.Corrections)}
	if found.Verified {
		p.Name = line{found.Entry.Name, found.Entry.NameEN}
	}
	if p.Generator, err = s.nameOf(ctx, st.Generator); err != nil {
		return p, err
	}
	if p.Custodian, err = s.nameOf(ctx, st.Custodian); err != nil {
		return p, err
	}
	if p.Site, err = s.placeOf(ctx, st.Site); err != nil {
		return p, err
	}
	for _, m := range st.Sheets() {
		l := sheetLink{m.String(), m.String()}
		if sheet, ok := whole.Sheet(m); ok {
			l.Number = numberOf(sheet)
		}
		p.Manifests = append(p.Manifests, l)
	}
	for _, x := range st.Parents {
		p.Parents = append(p.Parents, uid(x.String()))
	}
	for _, t := range st.Missing() {
		p.Missing = append(p.Missing, typeLine(t))
	}
	if p.Findings, err = s.findingsOf(ctx, found.Findings); err != nil {
		return p, err
	}
	for _, x := range whole.Steps {
		one, err := s.stepOf(ctx, whole.Batch, x)
		if err == nil {
			one.Who, err = names.who(ctx, x.Event.Party, x.Event.Person)
		}
		if err != nil {
			return p, err
		}
		p.Steps = append(p.Steps, one)
	}
	p.Picture = drawChain(p.Steps, p.Missing, len(p.Broken) > 0)
	return p, nil
}

func (s *Site) placeOf(ctx context.Context, v id.Site) (place2, error) {
	name, err := s.place(ctx, v)
	return place2{v.String(), name}, err
}

func (s *Site) stepOf(ctx context.Context, b id.Batch, x audit.Step) (o step, err error) {
	e := x.Event
	o = step{Seq: x.Seq, Type: typeLine(e.Type), Stage: stageOfType(e.Type), At: clock(e.At), Kept: clock(x.RecordedAt), Kid: x.Kid, KidShort: shortKid(x.Kid), Event: e.ID.String(),
		Late: x.RecordedAt.Sub(e.At) >= time.Hour}
	for _, y := range e.Batches {
		if y.ID == b && y.Weighed {
			o.Grams = kilograms(int64(y.Grams))
		}
	}
	if o.Party, err = s.nameOf(ctx, e.Party); err != nil {
		return o, err
	}
	if o.Site, err = s.placeOf(ctx, e.Site); err != nil {
		return o, err
	}
	o.Blind = slices.ContainsFunc(x.Findings, func(f rule.Finding) bool { return f.Rule == rule.Unseen })
	o.Findings, err = s.findingsOf(ctx, x.Findings)
	return o, err
}

func (s *Site) findingsOf(ctx context.Context, list []rule.Finding) (out []finding, err error) {
	for _, f := range list {
		o := finding{Rule: string(f.Rule), Severity: string(f.Severity), Name: line(term.Rule(f.Rule)), Words: line{f.ZH, f.EN}, Seq: f.Seq, Source: strings.TrimSpace(f.Source + " " + f.Certainty)}
		if f.Grams != 0 {
			o.Grams = kilograms(int64(f.Grams))
		}
		if o.Owner, err = s.nameOf(ctx, f.Owner.Party); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func typeLine(t event.Type) line {
	return line(term.Type(t))
}

func millis(ms int64) string {
	if ms == 0 {
		return ""
	}
	return clock(time.UnixMilli(ms))
}

// eventPage is one signed event, as it is.
type eventPage struct {
	ID, Hash, Kept string
	Type           line
	At, Party      string
	Site           place2
	Who            who
	Manifest       string
	Batches        []uid
	Seq            int64
	Payload        string // indented
	JWS            string
}

// event is GET /inspect/event/{event}.
func (s *Site) event(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, missing := r.Context(), fault.Missing("event")
	e, err := id.ParseEvent(r.PathValue("event"))
	if err != nil {
		return missing
	}
	subject, err := s.Desk.Reader.EventSubject(ctx, e)
	if err != nil {
		return err
	}
	if err := s.about(r, v, "getEvent", e.String(), subject, missing); err != nil {
		return err
	}
	found, err := s.Desk.Reader.Event(ctx, e)
	if err != nil {
		return err
	}
	x := found.Event
	p := eventPage{ID: e.String(), Hash: found.Hash.String(), Kept: clock(found.RecordedAt), Type: typeLine(x.Type), At: clock(x.At), Seq: found.Seq, JWS: string(found.JWS)}
	if !x.Manifest.IsZero() {
		p.Manifest = x.Manifest.String()
	}
	for _, b := range x.Touched() {
		p.Batches = append(p.Batches, uid(b.String()))
	}
	if p.Party, err = s.nameOf(ctx, x.Party); err == nil {
		p.Site, err = s.placeOf(ctx, x.Site)
	}
	if err == nil {
		err = s.linked(ctx, v, &p.Site)
	}
	if err == nil {
		p.Who, err = s.names(v).who(ctx, x.Party, x.Person)
	}
	if err != nil {
		return err
	}
	if signed, _, err := ledger.OpenEvent(found.JWS); err == nil {
		p.Payload = indented(signed.Payload)
	}
	s.show(w, r, v, http.StatusOK, "event.html", page{Title: p.Type.ZH, TitleEN: p.Type.EN, Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// indented is JSON for a person; what cannot be read stays as it is.
func indented(b []byte) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(json.RawMessage(b)); err != nil {
		return string(b)
	}
	return out.String()
}
