package web

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/fault"
)

// The documentation of the API is made from the contract by a template of our own: both
// languages, a page for each operation and each schema, who may do it by the policy, and an
// example that runs against this very server with the visitor's session. Everything but the
// running works without a script.

var theDocs = sync.OnceValues(func() (*docsBook, error) { return readDocs(api.Spec) })

func (s *Site) docsRoutes() []route {
	return []route{
		{method: "GET", pattern: "/docs", operation: "page:docs", run: s.docsIndex},
		{method: "GET", pattern: "/docs/schemas/{schema}", operation: "page:docs", run: s.docsSchemaPage},
		{method: "GET", pattern: "/docs/{operation}", operation: "page:docs", run: s.docsOperationPage},
	}
}

// perhaps finds out who asks for an open page, if anybody is signed in.
func (s *Site) perhaps(w http.ResponseWriter, r *http.Request, v *visit) error {
	if v.token = s.sessionToken(r); v.token == "" || s.Gate == nil {
		return nil
	}
	caller, err := s.Gate.SignedIn(r.Context(), v.token)
	if fault.Of(err) == fault.Unauthorized {
		return nil
	}
	v.Caller = caller
	w.Header().Set("Referrer-Policy", "same-origin") // for the forms of the frame
	return err
}

type docsIndexPage struct {
	Query  string
	Intro  []docsBlock
	Groups []docsGroup
	Names  []string // of schemas
	Found  int
}

// docsIndex is GET /docs?q=.
func (s *Site) docsIndex(w http.ResponseWriter, r *http.Request, v *visit) error {
	b, err := theDocs()
	if err == nil {
		err = s.perhaps(w, r, v)
	}
	if err != nil {
		return err
	}
	p := docsIndexPage{Query: strings.TrimSpace(r.URL.Query().Get("q")), Intro: b.Intro, Groups: b.Groups, Names: b.Names}
	if p.Query != "" {
		p.Intro, p.Groups, p.Names = nil, nil, nil
		words := strings.Fields(strings.ToLower(p.Query))
		all := func(in string) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(in, w) })
		}
		for _, g := range b.Groups {
			g.Operations = slices.DeleteFunc(slices.Clone(g.Operations), func(o *docsOperation) bool { return !all(o.words) })
			if len(g.Operations) > 0 {
				p.Groups, p.Found = append(p.Groups, g), p.Found+len(g.Operations)
			}
		}
		for _, name := range b.Names {
			if all(strings.ToLower(name)) {
				p.Names, p.Found = append(p.Names, name), p.Found+1
			}
		}
	}
	s.show(w, r, v, http.StatusOK, "docs.html", page{Title: "接口文档", TitleEN: "API documentation", Wide: true, Body: p})
	return nil
}

// docsOperationView is one operation for one visitor.
type docsOperationView struct {
	*docsOperation
	Public, SignedIn bool
	Who              []docsReach
	Recorded         line
	You              line // may or may not; empty for who is not signed in
	Changes          bool // something on the server, if it succeeds
	CSRF             string
	Curl             string
	Inputs           []docsInput
}

type docsReach struct{ Role, Reach line }

// docsInput is a parameter to fill in, and where a value that exists can be had.
type docsInput struct {
	docsParam
	Value  string
	Finder string // as docsFinder says
}

// docsOperationPage is GET /docs/{operation}.
func (s *Site) docsOperationPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	b, err := theDocs()
	if err == nil {
		err = s.perhaps(w, r, v)
	}
	if err != nil {
		return err
	}
	o, ok := b.operations[r.PathValue("operation")]
	if !ok {
		return fault.New(fault.NotFound, "The contract has no such operation.")
	}
	p := docsOperationView{docsOperation: o, Changes: o.Method != http.MethodGet, CSRF: v.CSRF, Curl: docsCurl(s.Base, o)}
	for _, rule := range access.Table() {
		if rule.Operation == o.ID {
			p.who(rule)
		}
	}
	if !v.Anonymous() && !p.Public {
		p.You = line{"您可以做这个操作。", "You may do this."}
		if s.Gate.May(v.Caller, o.ID) != nil {
			p.You = line{"您的职务不能做这个操作，试运行会被拒绝。", "None of your appointments allows this; a try is refused."}
		}
	}
	for _, x := range o.Params {
		if x.Name == "X-CSRF-Token" { // the page has it
			continue
		}
		in := docsInput{docsParam: x, Value: x.Value, Finder: s.docsFinder(v, b, x.Name)}
		if in.Value == "" && x.Required {
			in.Value = s.docsFirst(v, x)
		}
		p.Inputs = append(p.Inputs, in)
	}
	s.show(w, r, v, http.StatusOK, "docs_operation.html", page{Title: o.Summary.ZH, TitleEN: o.Summary.EN, Script: docsScript.path,
		Allow: "connect-src 'self'", Wide: true, Body: p})
	return nil
}

func (p *docsOperationView) who(rule access.Rule) {
	p.Public, p.SignedIn = rule.Public, rule.SignedIn
	for _, role := range access.Roles() {
		if reach := rule.Who[role]; reach != access.None {
			var x docsReach
			x.Role.ZH, x.Role.EN = role.Words()
			x.Reach.ZH, x.Reach.EN = reach.Words()
			p.Who = append(p.Who, x)
		}
	}
	switch rule.Record {
	case access.Always:
		p.Recorded = line{"每次写入访问记录。", "Each use is written into the access record."}
	case access.ByAuthority:
		p.Recorded = line{"执法人员查阅时写入访问记录。", "It is written into the access record when an authority reads."}
	}
}

// docsCurl is the operation as one types it.
func docsCurl(base string, o *docsOperation) string {
	b := "curl"
	if o.Method != http.MethodGet {
		b += " -X " + o.Method
	}
	b += " -H 'Authorization: Bearer TOKEN'"
	if len(o.Bodies) > 0 {
		b += " -H 'Content-Type: " + o.Bodies[0].Type + "' --data-binary @FILE"
	}
	sep, query := "?", ""
	for _, p := range o.Params {
		if p.In == "query" && p.Required {
			query, sep = query+sep+p.Name+"=…", "&"
		}
	}
	return b + " '" + base + o.Path + query + "'"
}

// docsSchemaPage is GET /docs/schemas/{schema}.
func (s *Site) docsSchemaPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	b, err := theDocs()
	if err == nil {
		err = s.perhaps(w, r, v)
	}
	if err != nil {
		return err
	}
	x, ok := b.schemas[r.PathValue("schema")]
	if !ok {
		return fault.New(fault.NotFound, "The contract has no such schema.")
	}
	s.show(w, r, v, http.StatusOK, "docs_schema.html", page{Title: "数据结构 " + x.Name, TitleEN: "Schema " + x.Name, Wide: true, Body: x})
	return nil
}
