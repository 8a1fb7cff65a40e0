package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
	"liandan/internal/registry"
)

// What a device of an authority needs to announce a draw: whom the register lists now. The
// list is frozen by the API's createSampleList and announced by the device's signature;
// nothing is chosen here.

// Roster knows who is in the register; measure.Service is one.
type Roster interface {
	SitesAt(ctx context.Context, division string, at time.Time) ([]indicator.Site, error)
}

// mostNamed bounds the sites whose names are looked up for one list; the others show their ids.
const mostNamed = 200

type listedSite struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Kind string `json:"kind"`
}

type listedDivision struct {
	Code string `json:"code"`
	line
}

// drawable is what a list may be made of.
type drawable struct {
	Divisions []listedDivision `json:"divisions"`
	Sites     []listedSite     `json:"sites"`
	People    []string         `json:"people"` // of the authority, valid now
}

// phoneDraw is GET /m/draw?party=&division=: the sites of a district, or of the city for
// none, and the authority's people.
func (s *Site) phoneDraw(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, q, bad := r.Context(), r.URL.Query(), invalid()
	of, err := id.ParseParty(q.Get("party"))
	if err != nil {
		bad.At("/party", "format", "%s", err)
	}
	division := q.Get("division")
	if _, ok := registry.LookupDivision(division); division != "" && !ok {
		bad.At("/division", "unknown", "must be a division of the table")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if err := s.about(r, v, "listDraws", "", access.Subject{}, fault.Missing("draw")); err != nil {
		return err
	}
	org, ok, err := s.Registry.Organisation(ctx, of)
	if err != nil {
		return err
	}
	if !ok || !org.Has(party.Authority) {
		return fault.New(fault.NotFound, "There is no such authority.")
	}
	out := drawable{Divisions: []listedDivision{}, Sites: []listedSite{}, People: []string{}}
	for _, d := range registry.Divisions() {
		if registry.RunByCity(d.Code) {
			out.Divisions = append(out.Divisions, listedDivision{d.Code, line{d.Name, d.NameEN}})
		}
	}
	if out.Sites, err = s.listedSites(ctx, division); err != nil {
		return err
	}
	people, err := s.Admin.Registers.PeopleOf(ctx, of)
	if err != nil {
		return err
	}
	for _, p := range people {
		if p.Valid.Holds(s.Now()) {
			out.People = append(out.People, p.ID.String())
		}
	}
	return tellPhone(w, out)
}

func (s *Site) listedSites(ctx context.Context, division string) ([]listedSite, error) {
	sites, err := s.Desk.Measures.SitesAt(ctx, division, s.Now())
	if err != nil {
		return nil, err
	}
	out := make([]listedSite, 0, len(sites))
	for _, x := range sites {
		if !registry.RunByCity(x.Division) {
			continue
		}
		o := listedSite{ID: x.Site.String(), Kind: x.Kind}
		if len(out) < mostNamed {
			if o.Name, err = s.place(ctx, x.Site); err != nil {
				return nil, err
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// logSize is how many entries the published log has; 0 before there is a checkpoint.
func (s *Site) logSize(ctx context.Context) (int64, error) {
	signed, err := s.Log.Checkpoint(ctx)
	if err != nil {
		if fault.Of(err) == fault.NotFound {
			return 0, nil
		}
		return 0, err
	}
	lines := strings.SplitN(string(signed), "\n", 3) // tlog-checkpoint: origin, size, root
	if len(lines) < 3 {
		return 0, nil
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, fault.Wrap(err, fault.Damaged, "The checkpoint is not in its form.")
	}
	return n, nil
}
