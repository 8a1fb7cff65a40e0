package web

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"liandan/internal/access"
	"liandan/internal/draft"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/record"
	"liandan/internal/term"
)

// The pages of drafts: working copies of manifests that somebody of the organisation signs
// on their own device once they are complete. What a form does not know of a draft stays as
// it is.

// Drafts keeps drafts of manifests; draft.Service is one, which says what the faults are.
type Drafts interface {
	Create(ctx context.Context, p id.Party, c draft.Content) (draft.Draft, error)
	Get(ctx context.Context, m id.Manifest) (draft.Draft, bool, error)
	List(ctx context.Context, f draft.Filter, cursor string, limit int) ([]draft.Draft, string, error)
	Replace(ctx context.Context, d draft.Draft, version int64, c draft.Content) (draft.Draft, error)
	Discard(ctx context.Context, d draft.Draft, version int64) (draft.Draft, error)
	Restore(ctx context.Context, d draft.Draft, version int64) (draft.Draft, error)
}

// Rehearse judges a draft as the event that would be signed now; the API's face has it.
type Rehearse func(ctx context.Context, d draft.Draft) (record.Rehearsal, error)

// content is what a draft's page reads and writes of a content; members it does not know are
// kept in rest and data.
type content struct {
	site, person string
	batches      []draftBatch
	data         map[string]json.RawMessage
}

type draftBatch struct {
	ID       string `json:"id,omitempty"`
	Grams    *int64 `json:"grams,omitempty"`
	Packages *int64 `json:"packages,omitempty"`
}

func readContent(d draft.Draft) (c content, err error) {
	var top struct {
		Site    string                     `json:"site"`
		Person  string                     `json:"person"`
		Batches []draftBatch               `json:"batches"`
		Data    map[string]json.RawMessage `json:"data"`
	}
	if len(d.Content) > 0 {
		err = json.Unmarshal(d.Content, &top)
	}
	if top.Data == nil {
		top.Data = map[string]json.RawMessage{}
	}
	if err != nil {
		err = fault.Wrap(err, fault.Damaged, "The draft cannot be read.")
	}
	return content{top.Site, top.Person, top.Batches, top.Data}, err
}

// text is a member of the data, "" where it is not there.
func (c content) text(name string) (s string) {
	if raw, ok := c.data[name]; ok && json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func (c content) set(name, value string) {
	delete(c.data, name)
	if value != "" {
		c.data[name], _ = json.Marshal(value) // of a string: cannot fail
	}
}

func (c content) write() (draft.Content, error) {
	top := map[string]any{}
	for name, value := range map[string]string{"site": c.site, "person": c.person} {
		if value != "" {
			top[name] = value
		}
	}
	if len(c.batches) > 0 {
		top["batches"] = c.batches
	}
	if len(c.data) > 0 {
		top["data"] = c.data
	}
	b, err := json.Marshal(top)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "The draft cannot be written.")
	}
	return draft.ReadContent(b, "/content")
}

// draftsPage is an organisation's drafts.
type draftsPage struct {
	Parties []option
	Party   string
	States  []option
	Rows    []draftRow
	Sites   []option // for a new one
	More    string
	Trouble *note
}

type draftRow struct {
	Href, Site, To string
	State          line
	Tone           string
	Lines          int
	Grams          string
	Changed        string
	Kept           string // until when it is kept
}

func (s *Site) draftRoutes() []route {
	return []route{
		{method: "GET", pattern: "/drafts", operation: "listDrafts", run: s.drafts},
		{method: "POST", pattern: "/drafts", operation: "createDraft", run: s.newDraft},
		{method: "GET", pattern: "/drafts/{draft}", operation: "getDraft", run: s.draft},
		{method: "POST", pattern: "/drafts/{draft}", operation: "replaceDraft", run: s.replaceDraft},
		{method: "POST", pattern: "/drafts/{draft}/check", operation: "checkDraft", run: s.checkDraft},
		{method: "POST", pattern: "/drafts/{draft}/discard", operation: "discardDraft", run: s.discardDraft},
		{method: "POST", pattern: "/drafts/{draft}/restore", operation: "restoreDraft", run: s.restoreDraft},
	}
}

func ofParty(p id.Party) access.Subject { return access.Subject{Parties: []id.Party{p}} }

// drafts is GET /drafts?party=&state=&cursor=.
func (s *Site) drafts(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := r.URL.Query()
	return s.showDrafts(w, r, v, http.StatusOK, q.Get("party"), q.Get("state"), q.Get("cursor"), nil)
}

func (s *Site) showDrafts(w http.ResponseWriter, r *http.Request, v *visit, status int, given, state, cursor string, n *note) error {
	ctx := r.Context()
	of, choices, err := s.chosen(ctx, v, "listDrafts", given)
	if err != nil {
		return err
	}
	if err := s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: "listDrafts", Subject: ofParty(of), Named: of.String(), Missing: fault.Missing("organisation")}); err != nil {
		return err
	}
	p := draftsPage{Party: of.String(), Trouble: n}
	if len(choices) > 1 {
		p.Parties = choices
	}
	f := draft.Filter{Party: of, State: draft.State(state)}
	if !slices.Contains(draft.States(), f.State) {
		f.State = draft.Open
	}
	for _, x := range draft.States() {
		p.States = append(p.States, option{string(x), term.DraftState(string(x)).String(), x == f.State})
	}
	found, next, err := s.Desk.Drafts.List(ctx, f, cursor, atATime)
	if err != nil {
		return err
	}
	for _, d := range found {
		row, err := s.draftRow(ctx, d)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, row)
	}
	if next != "" {
		p.More = with("/drafts", "party", of.String(), "state", string(f.State), "cursor", next)
	}
	sites, err := s.Registry.SitesOf(ctx, of)
	if err != nil {
		return err
	}
	if p.Sites, err = s.siteOptions(ctx, sites, ""); err != nil {
		return err
	}
	s.show(w, r, v, status, "drafts.html", page{Title: "联单草稿", TitleEN: "Drafts of manifests", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// siteOptions are sites that are valid now, by name.
func (s *Site) siteOptions(ctx context.Context, list []id.Site, chosen string) (out []option, err error) {
	for _, x := range list {
		site, ok, err := s.Registry.Site(ctx, x)
		if err != nil {
			return nil, err
		}
		if ok && site.Valid.Holds(s.Now()) {
			out = append(out, option{x.String(), site.Name, x.String() == chosen})
		}
	}
	slices.SortStableFunc(out, func(a, b option) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func (s *Site) draftRow(ctx context.Context, d draft.Draft) (row draftRow, err error) {
	c, err := readContent(d)
	if err != nil {
		return row, err
	}
	row = draftRow{Href: "/drafts/" + d.ID.String(), State: line(term.DraftState(string(d.State()))), Lines: len(c.batches), Changed: clock(d.Changed), Kept: dayOf(d.Kept())}
	row.Tone = map[draft.State]string{draft.Issued: "active", draft.Discarded: "expired"}[d.State()]
	var sum int64
	for _, b := range c.batches {
		if b.Grams != nil {
			sum += *b.Grams
		}
	}
	row.Grams = kilograms(sum)
	if x, err := id.ParseSite(c.site); err == nil {
		if row.Site, err = s.place(ctx, x); err != nil {
			return row, err
		}
	}
	if to, err := id.ParseParty(c.text("consignee")); err == nil {
		if row.To, err = s.nameOf(ctx, to); err != nil {
			return row, err
		}
	}
	return row, nil
}

// newDraft is POST /drafts: an empty one of a site.
func (s *Site) newDraft(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, missing := r.Context(), fault.Missing("organisation")
	of, err := id.ParseParty(v.form.Get("party"))
	if err != nil {
		return missing
	}
	if err := s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: "createDraft", Subject: ofParty(of), Named: of.String(), Missing: missing}); err != nil {
		return err
	}
	c, err := content{site: v.form.Get("site")}.write()
	if err == nil {
		var d draft.Draft
		if d, err = s.Desk.Drafts.Create(ctx, of, c); err == nil {
			return see(w, r, "/drafts/"+d.ID.String())
		}
	}
	if k := fault.Of(err); k == fault.InvalidRequest || k == fault.Conflict {
		n := s.noteOf(w, r, err, draftConflict)
		return s.showDrafts(w, r, v, n.status, of.String(), "", "", &n)
	}
	return err
}

var draftConflict = map[fault.Kind]line{fault.Conflict: {ZH: "没有执行：草稿已被别人改过、已不在起草中，或未完成的草稿太多。请打开最新的草稿再做。"}}

// knownDraft finds the draft that the path names for who may do an operation to it.
func (s *Site) knownDraft(r *http.Request, v *visit, operation string) (draft.Draft, error) {
	missing := fault.Missing("draft")
	m, err := id.ParseManifest(r.PathValue("draft"))
	if err != nil {
		return draft.Draft{}, missing
	}
	d, ok, err := s.Desk.Drafts.Get(r.Context(), m)
	if err != nil || !ok {
		return d, errorOr(err, missing)
	}
	return d, s.Gate.Allow(r.Context(), v.Caller, gate.Ask{Operation: operation, Subject: ofParty(d.Party), Named: m.String(), Missing: missing})
}

// draft is GET /drafts/{draft}.
func (s *Site) draft(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.knownDraft(r, v, "getDraft")
	if err != nil {
		return err
	}
	return s.showDraft(w, r, v, http.StatusOK, d, draftPage{Done: draftDone[r.URL.Query().Get("done")]}, nil)
}

var draftDone = map[string]line{
	"saved":     {"已保存。", "Saved."},
	"discarded": {"已丢弃，30 天内可以恢复。", "Discarded; it can be restored for 30 days."},
	"restored":  {"已恢复。", "Restored."},
}

// replaceDraft is POST /drafts/{draft}.
func (s *Site) replaceDraft(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.knownDraft(r, v, "replaceDraft")
	if err != nil {
		return err
	}
	c, err := s.typedContent(r.Context(), d, v.form)
	if err == nil {
		var text draft.Content
		version, _ := versionOf(v.form)
		if text, err = c.write(); err == nil {
			_, err = s.Desk.Drafts.Replace(r.Context(), d, version, text)
		}
	}
	if err == nil {
		return see(w, r, "/drafts/"+d.ID.String()+"?done=saved")
	}
	return s.draftAgain(w, r, v, d, v.form, err)
}

// draftAgain shows a draft once more with what is wrong and what was typed.
func (s *Site) draftAgain(w http.ResponseWriter, r *http.Request, v *visit, d draft.Draft, typed url.Values, err error) error {
	if k := fault.Of(err); k != fault.InvalidRequest && k != fault.Conflict {
		return err
	}
	n := s.noteOf(w, r, draftWords(fault.As(err)), draftConflict)
	now, ok, lookup := s.Desk.Drafts.Get(r.Context(), d.ID)
	if lookup != nil || !ok {
		return errorOr(lookup, fault.Missing("draft"))
	}
	return s.showDraft(w, r, v, n.status, now, draftPage{Trouble: &n}, typed)
}

// checkDraft is POST /drafts/{draft}/check: what is missing or wrong, were it signed now.
func (s *Site) checkDraft(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.knownDraft(r, v, "checkDraft")
	if err != nil {
		return err
	}
	if d.State() != draft.Open {
		return s.draftAgain(w, r, v, d, nil, fault.New(fault.Conflict, "The draft is %s; only an open one is checked.", d.State()))
	}
	found, err := s.Desk.Rehearse(r.Context(), d)
	if err != nil {
		return err
	}
	p := draftPage{Checked: true, Ready: found.Would == record.WouldAccept}
	for _, f := range found.Faults {
		n := s.noteOf(w, r, draftWords(f), nil)
		if len(n.Fields) == 0 {
			n.Fields = []line{n.Words}
		}
		p.Wrong = append(p.Wrong, n.Fields...)
	}
	for _, f := range found.Findings {
		p.Findings = append(p.Findings, line{f.ZH, f.EN})
	}
	return s.showDraft(w, r, v, http.StatusOK, d, p, nil)
}

func (s *Site) discardDraft(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.versionedDraft(w, r, v, "discardDraft", "discarded", s.Desk.Drafts.Discard)
}

func (s *Site) restoreDraft(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.versionedDraft(w, r, v, "restoreDraft", "restored", s.Desk.Drafts.Restore)
}

// versionedDraft does something to the version of a draft that the form was made from.
func (s *Site) versionedDraft(w http.ResponseWriter, r *http.Request, v *visit, operation, done string, do func(context.Context, draft.Draft, int64) (draft.Draft, error)) error {
	d, err := s.knownDraft(r, v, operation)
	if err != nil {
		return err
	}
	version, _ := versionOf(v.form)
	if _, err = do(r.Context(), d, version); err != nil {
		return s.draftAgain(w, r, v, d, nil, err)
	}
	return see(w, r, "/drafts/"+d.ID.String()+"?done="+done)
}

// draftMembers are what a draft's form calls the members of a manifest.issued.
var draftMembers = map[string]line{
	"site": {"移出场所", "Consignor's site"}, "person": {"经办人", "Person"}, "batches": {"批次", "Batches"}, "profile": {"联单种类", "Kind of manifest"},
	"carrier": {"承运单位", "Carrier"}, "consignee": {"接受单位", "Consignee"}, "consignee_site": {"接受场所", "Consignee's site"}, "method": {"处置利用方式", "Method"},
	"number": {"国家联单编号", "National number"}, "from": {"移出贮存点", "Store"}, "party": {"移出单位", "Consignor"},
}

// draftWords names the members in what is wrong with a draft.
func draftWords(f *fault.Error) *fault.Error {
	out := *f
	out.Fields = slices.Clone(f.Fields)
	for i := range out.Fields {
		x := &out.Fields[i]
		path := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(x.Pointer, "/content"), "/data"), "/")
		name, rest, _ := strings.Cut(path, "/")
		m, ok := draftMembers[name]
		if !ok {
			continue
		}
		zh := x.DetailZH
		if zh == "" {
			zh = cmp.Or(codes[x.Code], "内容有误")
		}
		if n, err := strconv.Atoi(strings.Split(rest, "/")[0]); err == nil {
			m.ZH, m.EN = m.ZH+" "+strconv.Itoa(n+1), m.EN+" "+strconv.Itoa(n+1)
		}
		x.Pointer, x.DetailZH, x.Detail = "", m.ZH+"："+zh, m.EN+" "+x.Detail
	}
	return &out
}
