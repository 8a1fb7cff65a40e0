package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/machine"
)

func (s *Site) clientRoutes() []route {
	return []route{
		{method: "GET", pattern: "/admin/clients", operation: "listClients", run: s.clients},
		{method: "POST", pattern: "/admin/clients", operation: "createClient", run: s.createClient},
		{method: "GET", pattern: "/admin/clients/{client}", operation: "listClients", run: s.client},
		{method: "POST", pattern: "/admin/clients/{client}/secrets", operation: "createClientSecret", run: s.addSecret},
		{method: "POST", pattern: "/admin/clients/{client}/secrets/{secret}/revoke", operation: "revokeClientSecret", run: s.revokeSecret},
		{method: "POST", pattern: "/admin/clients/{client}/disable", operation: "disableClient", run: s.disableClient},
		{method: "GET", pattern: "/admin/grants", operation: "listGrants", run: s.grants},
		{method: "POST", pattern: "/admin/grants", operation: "putGrant", run: s.putGrant},
		{method: "POST", pattern: "/admin/grants/withdraw", operation: "deleteGrant", run: s.withdraw},
	}
}

func unknownClient() error { return fault.New(fault.NotFound, "There is no such API client.") }

var scopeWords = map[access.Scope]line{
	access.ReadChains:   {"查看批次、联单、事件与证据", "read batches, manifests, events and evidence"},
	access.WriteLabels:  {"换发与作废标签", "make and withdraw labels"},
	access.ManageKeys:   {"登记、查看与吊销设备密钥", "enrol, list and revoke device keys"},
	access.ReadMetrics:  {"服务器运行指标（不由单位授予）", "the server's metrics; no organisation grants it"},
	access.ValidateOnly: {"试查未签名的事件", "have unsigned events checked"},
}

type scopeChoice struct {
	Scope  string
	Words  line
	Chosen bool
}

// scopeChoices are the scopes of a form; those of the server itself only where it gives them.
func scopeChoices(server bool, form map[string][]string) (out []scopeChoice) {
	for _, x := range access.Scopes() {
		if server || !x.OfServer() {
			_, chosen := form["scope."+string(x)]
			out = append(out, scopeChoice{string(x), scopeWords[x], chosen})
		}
	}
	return out
}

// givenScopes are the boxes of a form that were ticked, the unknown ones included.
func givenScopes(form map[string][]string) (out []access.Scope) {
	for name := range form {
		if text, ok := strings.CutPrefix(name, "scope."); ok {
			out = append(out, access.Scope(text))
		}
	}
	slices.Sort(out)
	return out
}

func scopeList(list []access.Scope) string {
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = scopeWords[x].ZH + " " + string(x)
	}
	return strings.Join(words, "；")
}

type clientsPage struct {
	Items     []listed
	Scopes    []scopeChoice
	Name      string
	PerMinute string
	Most      int
	Note      *note
}

// clients is GET /admin/clients.
func (s *Site) clients(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showClients(w, r, v, http.StatusOK, clientsPage{PerMinute: "600"})
}

func (s *Site) showClients(w http.ResponseWriter, r *http.Request, v *visit, status int, p clientsPage) error {
	if err := s.sure(r, v, "listClients", "", access.Subject{}, unknownClient()); err != nil {
		return err
	}
	list, err := s.Admin.Machines.List(r.Context())
	if err != nil {
		return err
	}
	for _, k := range list {
		p.Items = append(p.Items, clientLine(k))
	}
	p.Most, p.Scopes = machine.MaxPerMinute, scopeChoices(true, v.form)
	s.show(w, r, v, status, "clients.html", page{Title: "对接程序", TitleEN: "API clients", Body: p})
	return nil
}

func clientLine(k machine.Client) listed {
	l := listed{Title: k.Name, Link: "/admin/clients/" + k.ID.String(), State: line{"可用", "in use"}, Tone: "active"}
	if !k.Disabled.IsZero() {
		l.State, l.Tone = line{"已停用", "disabled"}, "revoked"
	}
	l.add("程序编号", "client_id", k.ID.String())
	l.add("范围", "Scopes", scopeList(k.Scopes))
	l.add("每分钟请求数", "Requests a minute", strconv.Itoa(k.PerMinute))
	l.add("登记", "Made", clock(k.Made))
	l.add("停用", "Disabled", clock(k.Disabled))
	return l
}

// createClient is POST /admin/clients.
func (s *Site) createClient(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := clientsPage{Name: strings.TrimSpace(v.form.Get("name")), PerMinute: strings.TrimSpace(v.form.Get("per_minute"))}
	perMinute, err := strconv.Atoi(p.PerMinute)
	if err != nil {
		perMinute = 0 // which the service refuses, with whatever else is wrong
	}
	// The client has no id yet; its name may be that of a company.
	if err := s.sure(r, v, "createClient", "client", access.Subject{}, unknownClient()); err != nil {
		return err
	}
	k, err := s.Admin.Machines.Create(r.Context(), p.Name, givenScopes(v.form), perMinute)
	if fault.Of(err) == fault.InvalidRequest && err != nil {
		n := s.noteOf(w, r, err, nil)
		p.Note = &n
		return s.showClients(w, r, v, n.status, p)
	}
	if err != nil {
		return err
	}
	return see(w, r, "/admin/clients/"+k.ID.String()+"?done=created")
}

type secretLine struct {
	listed
	ID   string
	Live bool
}

type clientPage struct {
	listed
	ID       string
	Secrets  []secretLine
	Disabled bool
	Usual    string // day on which a new secret ends
	Done     line
	Note     *note
}

var clientDone = map[string]line{
	"created":  {"已登记。下一步：生成密钥交给对接方，再由各单位授权。", "Registered. Next: make a secret for it, then each organisation grants what it may do."},
	"revoked":  {"密钥已作废，用它换得的令牌也已失效。", "The secret is withdrawn, and the tokens got by it with it."},
	"disabled": {"该程序已停用。", "This client is disabled."},
}

func (s *Site) findClient(r *http.Request) (machine.Client, error) {
	c, err := id.ParseClient(r.PathValue("client"))
	if err != nil {
		return machine.Client{}, unknownClient()
	}
	list, err := s.Admin.Machines.List(r.Context())
	if err != nil {
		return machine.Client{}, err
	}
	i := slices.IndexFunc(list, func(k machine.Client) bool { return k.ID == c })
	if i < 0 {
		return machine.Client{}, unknownClient()
	}
	return list[i], nil
}

// client is GET /admin/clients/{client}.
func (s *Site) client(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.sure(r, v, "listClients", "", access.Subject{}, unknownClient()); err != nil {
		return err
	}
	return s.showClient(w, r, v, http.StatusOK, clientPage{Done: clientDone[r.URL.Query().Get("done")]})
}

func (s *Site) showClient(w http.ResponseWriter, r *http.Request, v *visit, status int, p clientPage) error {
	k, err := s.findClient(r)
	if err != nil {
		return err
	}
	p.listed, p.ID, p.Disabled = clientLine(k), k.ID.String(), !k.Disabled.IsZero()
	p.Usual = dayOf(s.Now().Add(machine.DefaultSecretLife))
	for _, x := range k.Secrets {
		l := secretLine{ID: x.ID.String(), Live: x.Live(s.Now()) && !p.Disabled}
		l.State, l.Tone = line{"可用", "good"}, "active"
		if !x.Revoked.IsZero() {
			l.State, l.Tone = line{"已作废", "withdrawn"}, "revoked"
		} else if !l.Live {
			l.State, l.Tone = line{"不可用", "no longer good"}, "expired"
		}
		l.add("生成", "Made", clock(x.Made))
		l.add("到期", "Expires", clock(x.Expires))
		l.add("作废", "Withdrawn", clock(x.Revoked))
		p.Secrets = append(p.Secrets, l)
	}
	s.show(w, r, v, status, "client.html", page{Title: k.Name, TitleEN: "API client", Body: p})
	return nil
}

// addSecret is POST /admin/clients/{client}/secrets. The secret is shown this once.
func (s *Site) addSecret(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := id.ParseClient(r.PathValue("client"))
	if err != nil {
		return unknownClient()
	}
	var expires time.Time
	if text := v.form.Get("expires"); text != "" {
		last, ok := dayAt(text)
		if !ok {
			n := s.noteOf(w, r, field(invalid(), "/expires", "format", "must be a day", "应为日期"), nil)
			return s.showClient(w, r, v, n.status, clientPage{Note: &n})
		}
		expires = last.AddDate(0, 0, 1)
	}
	if err := s.sure(r, v, "createClientSecret", c.String(), access.Subject{}, unknownClient()); err != nil {
		return err
	}
	made, plain, err := s.Admin.Machines.AddSecret(r.Context(), c, expires)
	if kind := fault.Of(err); err != nil && (kind == fault.InvalidRequest || kind == fault.Conflict) {
		n := s.noteOf(w, r, err, map[fault.Kind]line{fault.Conflict: {ZH: "没有生成：该程序已停用，或已有两个可用的密钥。请先作废不再使用的那个。"}})
		return s.showClient(w, r, v, n.status, clientPage{Note: &n})
	}
	if err != nil {
		return err
	}
	s.show(w, r, v, http.StatusCreated, "secret.html", page{Title: "客户端密钥", TitleEN: "Client secret", Body: struct{ Client, Secret, Expires string }{
		c.String(), plain, clock(made.Expires)}})
	return nil
}

// revokeSecret is POST /admin/clients/{client}/secrets/{secret}/revoke.
func (s *Site) revokeSecret(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := id.ParseClient(r.PathValue("client"))
	secret, bad := id.ParseGrant(r.PathValue("secret"))
	if err != nil || bad != nil {
		return unknownClient()
	}
	if err := s.sure(r, v, "revokeClientSecret", c.String(), access.Subject{}, unknownClient()); err != nil {
		return err
	}
	if err := s.Admin.Machines.RevokeSecret(r.Context(), c, secret); err != nil {
		return err
	}
	return see(w, r, "/admin/clients/"+c.String()+"?done=revoked")
}

// disableClient is POST /admin/clients/{client}/disable.
func (s *Site) disableClient(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := id.ParseClient(r.PathValue("client"))
	if err != nil {
		return unknownClient()
	}
	if err := s.sure(r, v, "disableClient", c.String(), access.Subject{}, unknownClient()); err != nil {
		return err
	}
	if _, err := s.Admin.Machines.Disable(r.Context(), c); err != nil {
		return err
	}
	return see(w, r, "/admin/clients/"+c.String()+"?done=disabled")
}

type grantLine struct {
	listed
	Client string
	Live   bool
}

type grantsPage struct {
	Party   string
	Name    string
	Parties []option
	Items   []grantLine
	Scopes  []scopeChoice
	Client  string
	Done    line
	Note    *note
}

var grantDone = map[string]line{
	"granted":   {"已授权，立即生效。", "Granted; it holds at once."},
	"withdrawn": {"已收回授权，立即生效。", "Withdrawn at once."},
}

// grants is GET /admin/grants?party=.
func (s *Site) grants(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := r.URL.Query()
	return s.showGrants(w, r, v, http.StatusOK, q.Get("party"), grantsPage{Done: grantDone[q.Get("done")]})
}

func (s *Site) showGrants(w http.ResponseWriter, r *http.Request, v *visit, status int, given string, p grantsPage) error {
	of, choices, err := s.chosen(r.Context(), v, "listGrants", given)
	if err != nil {
		return err
	}
	about := ofParty(of)
	if err := s.sure(r, v, "listGrants", of.String(), about, fault.Missing("organisation")); err != nil {
		return err
	}
	list, err := s.Admin.Machines.Grants(r.Context(), of)
	if err != nil {
		return err
	}
	if p.Name, err = s.partyName(r.Context(), of); err != nil {
		return err
	}
	p.Party, p.Parties, p.Scopes = of.String(), choices, scopeChoices(false, v.form)
	for _, g := range list {
		l := grantLine{listed: listed{Title: g.Name}, Client: g.Client.String(), Live: g.Valid.Holds(s.Now())}
		l.State, l.Tone = standing(g.Valid, s.Now())
		l.add("程序编号", "client_id", g.Client.String())
		l.add("范围", "Scopes", scopeList(g.Scopes))
		l.add("自", "From", clock(g.Valid.From))
		l.add("至", "Until", clock(g.Valid.To))
		p.Items = append(p.Items, l)
	}
	s.show(w, r, v, status, "grants.html", page{Title: "对接授权", TitleEN: "Grants to API clients", Body: p})
	return nil
}

// granted does something to a grant that a form names.
func (s *Site) granted(w http.ResponseWriter, r *http.Request, v *visit, operation, done string, do func(id.Party, id.Client) error) error {
	given := v.form.Get("client")
	p := grantsPage{Client: strings.TrimSpace(given)}
	of, err := id.ParseParty(v.form.Get("party"))
	if err != nil {
		return fault.Missing("organisation")
	}
	c, bad := id.ParseClient(strings.ToLower(p.Client))
	if err := s.sure(r, v, operation, c.String(), ofParty(of), fault.Missing("organisation")); err != nil {
		return err
	}
	if bad != nil {
		err = field(invalid(), "/client", "format", "must be the client_id that its operator told you", "请填对接方告知的 client_id")
	} else {
		err = do(of, c)
	}
	switch fault.Of(err) {
	case fault.InvalidRequest, fault.NotFound, fault.Conflict:
		if err == nil {
			break
		}
		n := s.noteOf(w, r, err, map[fault.Kind]line{fault.NotFound: {ZH: "没有这个对接程序，或本单位没有给它授权。"}, fault.Conflict: {ZH: "没有授权：该程序已停用。"}})
		p.Note = &n
		return s.showGrants(w, r, v, n.status, of.String(), p)
	}
	if err != nil {
		return err
	}
	return see(w, r, "/admin/grants?party="+of.String()+"&done="+done)
}

// putGrant is POST /admin/grants.
func (s *Site) putGrant(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.granted(w, r, v, "putGrant", "granted", func(p id.Party, c id.Client) error {
		_, err := s.Admin.Machines.Grant(r.Context(), p, c, givenScopes(v.form))
		return err
	})
}

// withdraw is POST /admin/grants/withdraw.
func (s *Site) withdraw(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.granted(w, r, v, "deleteGrant", "withdrawn", func(p id.Party, c id.Client) error { return s.Admin.Machines.Withdraw(r.Context(), p, c) })
}
