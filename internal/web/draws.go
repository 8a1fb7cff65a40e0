package web

import (
	"net/http"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/sampling"
)

// drawsPage lists the announced draws for random inspection.
type drawsPage struct {
	Announce bool // may announce one, on a device of an authority
	Draws    []drawLine
	More     string
}

// drawLine is one draw in words.
type drawLine struct {
	ID, At, Party, Period, Reason string
	Round                         int
	DrawSites, Sites              int
	DrawPeople, People            int
	Size                          int64
	State                         line
	Now                           int64 // entries that the log has; how many are still to come is Left
	Left                          int64
	Unexplained                   bool
	Before                        []string
}

// drawPage is one draw, drawn again by this server.
type drawPage struct {
	Draw   drawLine
	List   string
	Root   string
	Sites  []drawnSite
	People []who
}

type drawnSite struct {
	place2
	Division line
}

var drawStates = map[string]line{
	sampling.Announced: {"已公告，日志尚未到达所定条数", "announced; the log has not reached the size"},
	sampling.Unlisted:  {"名单尚未提交或与公告不符", "the list was not handed in, or is not the announced one"},
	sampling.Complete:  {"已抽出", "drawn"},
}

func (s *Site) drawLine(r *http.Request, d audit.Draw) (drawLine, error) {
	o := drawLine{ID: d.Event.ID.String(), At: clock(d.Event.At), Period: d.Period, Reason: d.Reason, Round: d.Round, DrawSites: d.DrawSites, Sites: d.Sites,
		DrawPeople: d.DrawPeople, People: d.People, Size: d.Size, State: drawStates[d.State], Unexplained: d.Unexplained}
	if d.State == sampling.Announced {
		size, err := s.logSize(r.Context())
		if err != nil {
			return o, err
		}
		o.Now, o.Left = size, max(0, d.Size-size)
	}
	for _, e := range d.Before {
		o.Before = append(o.Before, e.String())
	}
	var err error
	o.Party, err = s.nameOf(r.Context(), d.Event.Party)
	return o, err
}

// draws is GET /inspect/draws?cursor=.
func (s *Site) draws(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.about(r, v, "listDraws", "", access.Subject{}, fault.Missing("draw")); err != nil {
		return err
	}
	list, next, err := s.Desk.Reader.Draws(r.Context(), r.URL.Query().Get("cursor"), atATime)
	if err != nil {
		return err
	}
	p := drawsPage{Announce: s.mayInspect(v)}
	for _, d := range list {
		o, err := s.drawLine(r, d)
		if err != nil {
			return err
		}
		p.Draws = append(p.Draws, o)
	}
	if next != "" {
		p.More = with("/inspect/draws", "cursor", next)
	}
	s.show(w, r, v, http.StatusOK, "draws.html", page{Title: "随机抽取", TitleEN: "Draws for random inspection", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// draw is GET /inspect/draws/{draw}: who was drawn, as this server draws it again.
func (s *Site) draw(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, missing := r.Context(), fault.Missing("draw")
	e, err := id.ParseEvent(r.PathValue("draw"))
	if err != nil {
		return missing
	}
	d, file, err := s.Desk.Reader.DrawFile(ctx, e)
	if err != nil {
		return err
	}
	if err := s.about(r, v, "getDraw", e.String(), access.Subject{}, missing); err != nil {
		return err
	}
	p := drawPage{List: d.List.String()}
	if p.Draw, err = s.drawLine(r, d); err != nil {
		return err
	}
	if file.Seed != nil {
		p.Root = file.Seed.Root.String()
	}
	if file.Drawn != nil {
		names := s.names(v)
		for _, x := range file.Drawn.Sites {
			o := drawnSite{place2: place2{ID: x.String(), Name: x.String()}}
			known, ok, err := s.Registry.Site(ctx, x)
			if err != nil {
				return err
			}
			if ok {
				o.Name, o.Division = known.Name, divisionName(known.Division)
			}
			p.Sites = append(p.Sites, o)
		}
		for _, x := range file.Drawn.People {
			one, err := names.who(ctx, d.Event.Party, x)
			if err != nil {
				return err
			}
			p.People = append(p.People, one)
		}
	}
	s.show(w, r, v, http.StatusOK, "draw.html", page{Title: "随机抽取结果", TitleEN: "A draw", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}
