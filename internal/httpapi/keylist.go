package httpapi

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/registry"
)

// keys is GET /v1/keys: of the enrolled keys, those that the visitor may see.
func (f *face) keys(c echo.Context, v visit) error {
	cursor, limit, err := page(c, registry.MostKeys)
	if err != nil {
		return err
	}
	bad := invalid()
	want := registry.KeyFilter{Cursor: cursor}
	if given := c.QueryParam("party"); given != "" {
		want.Party = member(bad, "/party", given, id.ParseParty)
	}
	if given := c.QueryParam("person"); given != "" {
		want.Person = member(bad, "/person", given, id.ParsePerson)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	ctx := c.Request().Context()
	near := f.neighbours(ctx)
	if want.Party.IsZero() {
		err = f.Gate.List(ctx, v.Caller, v.operation)
		want.Party = onlyParty(v)
	} else {
		err = f.allowParty(c, v, want, near)
	}
	if err != nil {
		return err
	}
	out := api.KeyPage{Items: []api.Key{}}
	for range turns {
		want.Limit = limit - len(out.Items)
		found, next, err := f.Registry.Keys(ctx, want, f.Now())
		if err != nil {
			return err
		}
		for _, k := range found {
			sites, err := near(k.Party)
			if err != nil {
				return err
			}
			mine, err := f.Gate.Sees(ctx, v.Caller, v.operation, access.Subject{Parties: []id.Party{k.Party}, People: []id.Person{k.Person}, Sites: sites})
			if err != nil {
				return err
			}
			if mine {
				out.Items = append(out.Items, f.listedKey(k))
			}
		}
		if want.Cursor = next; next == "" || len(out.Items) == limit {
			break
		}
	}
	out.NextCursor = want.Cursor
	return secret(c, http.StatusOK, out)
}

// allowParty decides on a list of one organisation's keys. Whoever sees only their own
// keys names themselves, or gets the list of their own organisation, filtered.
func (f *face) allowParty(c echo.Context, v visit, want registry.KeyFilter, near func(id.Party) ([]id.Site, error)) error {
	sites, err := near(want.Party)
	if err != nil {
		return err
	}
	s := access.Subject{Parties: []id.Party{want.Party}, Sites: sites}
	for _, g := range v.Appointments {
		if g.Party == want.Party && !g.Person.IsZero() {
			s.People = append(s.People, g.Person)
		}
	}
	return f.allow(c, v, s, want.Party.String(), noParty())
}

// onlyParty is the organisation that all appointments of the visitor are of; zero when
// there is not just one.
func onlyParty(v visit) (p id.Party) {
	for i, g := range v.Appointments {
		if i > 0 && g.Party != p {
			return id.Party{}
		}
		p = g.Party
	}
	return p
}

// neighbours asks once for the sites of each organisation that a list meets.
func (f *face) neighbours(ctx context.Context) func(id.Party) ([]id.Site, error) {
	known := map[id.Party][]id.Site{}
	return func(p id.Party) ([]id.Site, error) {
		if sites, ok := known[p]; ok {
			return sites, nil
		}
		sites, err := f.Registry.SitesOf(ctx, p)
		if err == nil {
			known[p] = slices.Clip(sites)
		}
		return sites, err
	}
}

func (f *face) listedKey(k registry.ListedKey) api.Key {
	out := f.key(k.Key)
	out.Replaces, out.State = k.Replaces, api.KeyState(k.State)
	return out
}

// rotateKey is POST /v1/keys/rotation. The two signatures are the credential.
func (f *face) rotateKey(c echo.Context) error {
	if _, err := mediaType(c.Request(), typeJOSE); err != nil {
		return err
	}
	compact, err := body(c, maxLine)
	if err != nil {
		return err
	}
	k, err := f.Registry.Rotate(c.Request().Context(), trimLine(compact))
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, f.key(k))
}

// keyHistory is GET /v1/keys/{kid}/history. A key that was enrolled a moment ago has no
// chapter in the log yet.
func (f *face) keyHistory(c echo.Context, v visit) error {
	k, err := f.admitKey(c, v)
	if err != nil {
		return err
	}
	chapters, err := f.Reader.KeyHistory(c.Request().Context(), k.Kid)
	if err != nil && fault.Of(err) != fault.NotFound {
		return err
	}
	out := api.KeyHistory{Kid: k.Kid, Chapters: make([]api.KeyChapter, len(chapters))}
	for i, ch := range chapters {
		out.Chapters[i] = chapterView(ch)
	}
	return secret(c, http.StatusOK, out)
}

func chapterView(k audit.KeyChapter) api.KeyChapter {
	return api.KeyChapter{Seq: k.Seq, RecordedAt: at(k.RecordedAt), Hash: k.Hash.String(), N: k.N, What: api.KeyChapterWhat(k.What),
		At: at(k.At), By: k.By, From: at(k.From), To: at(k.To), Effective: at(k.Effective), Reason: k.Reason, Replaces: k.Replaces,
		Entry: string(k.Entry), Body: string(k.Body)}
}
