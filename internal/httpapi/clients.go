package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/machine"
)

// Machines keeps the API clients; machine.Service is one.
type Machines interface {
	Create(ctx context.Context, name string, scopes []access.Scope, perMinute int) (machine.Client, error)
	List(ctx context.Context) ([]machine.Client, error)
	Disable(ctx context.Context, c id.Client) (machine.Client, error)
	AddSecret(ctx context.Context, c id.Client, expires time.Time) (machine.Secret, string, error)
	RevokeSecret(ctx context.Context, c id.Client, secret id.Grant) error
	Token(ctx context.Context, clientID, secret string, scopes []access.Scope) (machine.Issued, error)
	Grant(ctx context.Context, p id.Party, c id.Client, scopes []access.Scope) (machine.Grant, error)
	Withdraw(ctx context.Context, p id.Party, c id.Client) error
	Grants(ctx context.Context, p id.Party) ([]machine.Grant, error)
}

func (f *face) clientRoutes() []route {
	return []route{
		{"POST", "/oauth/token", "createToken", open(f.token)},
		{"GET", "/v1/clients", "listClients", f.clients},
		{"POST", "/v1/clients", "createClient", f.createClient},
		{"POST", "/v1/clients/:client/secrets", "createClientSecret", f.addSecret},
		{"DELETE", "/v1/clients/:client/secrets/:secret", "revokeClientSecret", f.revokeSecret},
		{"POST", "/v1/clients/:client/disable", "disableClient", f.disableClient},
		{"GET", "/v1/organisations/:party/grants", "listGrants", f.grants},
		{"PUT", "/v1/organisations/:party/grants/:client", "putGrant", f.putGrant},
		{"DELETE", "/v1/organisations/:party/grants/:client", "deleteGrant", f.deleteGrant},
	}
}

func noClient() error { return fault.New(fault.NotFound, "There is no such API client.") }

// clients is GET /v1/clients.
func (f *face) clients(c echo.Context, v visit) error {
	if err := f.allow(c, v, access.Subject{}, "", noClient()); err != nil {
		return err
	}
	list, err := f.Machines.List(c.Request().Context())
	if err != nil {
		return err
	}
	out := api.ClientList{Items: make([]api.Client, len(list))}
	for i, k := range list {
		out.Items[i] = clientView(k)
	}
	return secret(c, http.StatusOK, out)
}

// createClient is POST /v1/clients.
func (f *face) createClient(c echo.Context, v visit) error {
	in := struct {
		Name      string   `json:"name"`
		Scopes    []string `json:"scopes"`
		PerMinute int      `json:"per_minute"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	// The client has no id yet; its name may be that of a company.
	if err := f.allow(c, v, access.Subject{}, "client", noClient()); err != nil {
		return err
	}
	k, err := f.Machines.Create(c.Request().Context(), in.Name, scopes(in.Scopes), in.PerMinute)
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, clientView(k))
}

func scopes(words []string) []access.Scope {
	out := make([]access.Scope, len(words))
	for i, w := range words {
		out[i] = access.Scope(w)
	}
	return out
}

// admitClient reads the client that the path names and lets in who may do the operation.
func (f *face) admitClient(c echo.Context, v visit) (id.Client, error) {
	k, err := id.ParseClient(c.Param("client"))
	if err != nil {
		return k, noClient()
	}
	return k, f.allow(c, v, access.Subject{}, k.String(), noClient())
}

// addSecret is POST /v1/clients/{client}/secrets.
func (f *face) addSecret(c echo.Context, v visit) error {
	in := struct {
		Expires *string `json:"expires_at"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	var expires time.Time
	if in.Expires != nil {
		bad := invalid()
		if expires = member(bad, "/expires_at", *in.Expires, event.ParseTime); len(bad.Fields) > 0 {
			return bad
		}
	}
	k, err := f.admitClient(c, v)
	if err != nil {
		return err
	}
	made, plain, err := f.Machines.AddSecret(c.Request().Context(), k, expires)
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, api.NewClientSecret{ID: made.ID.String(), Client: k.String(), Secret: plain,
		MadeAt: at(made.Made), ExpiresAt: at(made.Expires)})
}

// revokeSecret is DELETE /v1/clients/{client}/secrets/{secret}.
func (f *face) revokeSecret(c echo.Context, v visit) error {
	s, err := id.ParseGrant(c.Param("secret"))
	if err != nil {
		return fault.New(fault.NotFound, "This client has no such secret.")
	}
	k, err := f.admitClient(c, v)
	if err != nil {
		return err
	}
	if err := f.Machines.RevokeSecret(c.Request().Context(), k, s); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// disableClient is POST /v1/clients/{client}/disable.
func (f *face) disableClient(c echo.Context, v visit) error {
	k, err := f.admitClient(c, v)
	if err != nil {
		return err
	}
	off, err := f.Machines.Disable(c.Request().Context(), k)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, clientView(off))
}

// admitGrantor reads the organisation that the path names and lets in who may grant for it.
func (f *face) admitGrantor(c echo.Context, v visit, named string) (id.Party, error) {
	p, err := id.ParseParty(c.Param("party"))
	if err != nil {
		return p, noParty()
	}
	if named == "" {
		named = p.String()
	}
	return p, f.allow(c, v, access.Subject{Parties: []id.Party{p}}, named, noParty())
}

// grants is GET /v1/organisations/{party}/grants.
func (f *face) grants(c echo.Context, v visit) error {
	p, err := f.admitGrantor(c, v, "")
	if err != nil {
		return err
	}
	list, err := f.Machines.Grants(c.Request().Context(), p)
	if err != nil {
		return err
	}
	out := api.GrantList{Items: make([]api.Grant, len(list))}
	for i, g := range list {
		out.Items[i] = grantView(g)
	}
	return secret(c, http.StatusOK, out)
}

// putGrant is PUT /v1/organisations/{party}/grants/{client}.
func (f *face) putGrant(c echo.Context, v visit) error {
	in := struct {
		Scopes []string `json:"scopes"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	p, k, err := f.grantee(c, v)
	if err != nil {
		return err
	}
	g, err := f.Machines.Grant(c.Request().Context(), p, k, scopes(in.Scopes))
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, grantView(g))
}

// deleteGrant is DELETE /v1/organisations/{party}/grants/{client}.
func (f *face) deleteGrant(c echo.Context, v visit) error {
	p, k, err := f.grantee(c, v)
	if err != nil {
		return err
	}
	if err := f.Machines.Withdraw(c.Request().Context(), p, k); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// grantee is the organisation and the client of a grant. The organisation is judged first,
// so that the answer about another's tells nothing of the client.
func (f *face) grantee(c echo.Context, v visit) (id.Party, id.Client, error) {
	k, bad := id.ParseClient(c.Param("client"))
	p, err := f.admitGrantor(c, v, k.String())
	if err == nil && bad != nil {
		err = noClient()
	}
	return p, k, err
}

func clientView(k machine.Client) api.Client {
	out := api.Client{ID: k.ID.String(), Name: k.Name, Scopes: scopeViews(k.Scopes), PerMinute: k.PerMinute, MadeAt: at(k.Made),
		DisabledAt: at(k.Disabled), Secrets: make([]api.ClientSecret, len(k.Secrets))}
	for i, s := range k.Secrets {
		out.Secrets[i] = api.ClientSecret{ID: s.ID.String(), MadeAt: at(s.Made), ExpiresAt: at(s.Expires), RevokedAt: at(s.Revoked)}
	}
	return out
}

func grantView(g machine.Grant) api.Grant {
	return api.Grant{Client: g.Client.String(), Name: g.Name, Party: g.Party.String(), Scopes: scopeViews(g.Scopes),
		From: at(g.Valid.From), To: until(g.Valid)}
}

func scopeViews(list []access.Scope) []api.Scope {
	out := make([]api.Scope, len(list))
	for i, s := range list {
		out[i] = api.Scope(s)
	}
	return out
}
