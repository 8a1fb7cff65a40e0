package web

import (
	"net/http"
	"strconv"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/term"
)

// behindPage is a page of what one figure rests on.
type behindPage struct {
	Number   int
	Name     line
	Period   string
	District line
	Size     int64
	Items    []behind
	Back     string
	More     string // the next page's address; "" after the last
}

// behind is a movement, a unit that is counted, or an inspection.
type behind struct {
	At, What string
	Words    line
	Seq      string
	Site     string
	Name     string
	Division line
	Detail   line
	Grams    string
	Href     string
}

var moveWords = map[indicator.MoveKind]line{
	indicator.Generated: {"产生", "generated"},
	indicator.Treated:   {"利用处置", "treated"},
	indicator.Residue:   {"处置残渣", "residue of treatment"},
	indicator.Collected: {"收运", "collected"},
}

// behind is GET /city/{indicator}?period=&district=&as_of=&cursor=.
func (s *Site) behind(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, q, missing := r.Context(), r.URL.Query(), fault.Missing("indicator")
	n, err := strconv.Atoi(r.PathValue("indicator"))
	if err != nil {
		return missing
	}
	def, ok := indicator.Shipped(n)
	if !ok {
		return missing
	}
	period, err := indicator.ParsePeriod(q.Get("period"))
	if err != nil {
		return err
	}
	size, err := s.asOf(r, q.Get("as_of"))
	if err != nil {
		return err
	}
	if err := s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: "getIndicatorEvidence", Subject: access.Subject{}, Named: strconv.Itoa(n), Missing: missing}); err != nil {
		return err
	}
	found, err := s.Desk.Measures.Evidence(ctx, measure.Query{Indicator: n, Period: period, District: q.Get("district"), Size: size}, q.Get("cursor"), atATime)
	if err != nil {
		return err
	}
	at := strconv.FormatInt(found.As.Size, 10)
	p := behindPage{Number: n, Name: line{def.NameZH, def.NameEN}, Period: period.Name, District: divisionName(q.Get("district")), Size: found.As.Size,
		Back: with("/city", "period", period.Name, "district", q.Get("district"), "as_of", at)}
	for _, it := range found.Items {
		b, err := s.behindOf(r, n, it)
		if err != nil {
			return err
		}
		p.Items = append(p.Items, b)
	}
	if found.Next != "" {
		p.More = with(r.URL.Path, "period", period.Name, "district", q.Get("district"), "as_of", at, "cursor", found.Next)
	}
	s.show(w, r, v, http.StatusOK, "evidence.html", page{Title: "指标所据", TitleEN: "What a figure rests on", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

func (s *Site) behindOf(r *http.Request, n int, it measure.Item) (behind, error) {
	b := behind{What: it.What, Division: divisionName(it.Division)}
	if it.Seq >= 0 {
		b.Seq = strconv.FormatInt(it.Seq, 10)
	}
	site := it.Move.Origin
	switch it.What {
	case "movement":
		m := it.Move
		if m.Kind == indicator.Generated { // its account gives
			m.Grams = -m.Grams
		}
		b.At, b.Words, b.Grams = clock(time.UnixMilli(m.At)), moveWords[m.Kind], kilograms(m.Grams)
		b.Detail = line{string(m.Code) + " " + string(m.Method), ""}
		b.Href = "/inspect/batch/" + m.Batch.String() + "#e" + b.Seq
	case "base":
		b.At, b.Words = strconv.Itoa(it.Base.Year), line{"登记的基准数据", "base figure of the register"}
		figure, n := term.Figure(it.Base.Figure), amount(it.Base.Amount, "")
		if t, ok := term.Weighed(it.Base.Figure); ok {
			figure, n = t, kilograms(it.Base.Amount)
		}
		b.Detail = line{figure.ZH + " " + n + "；" + it.Base.Source, figure.EN + " " + n}
		return b, nil
	case "unit":
		site = it.Unit.Site
		b.Words = line{"登记场所", "registered site"}
		if it.Unit.Proven { // by batches of it
			b.Href = with("/inspect", "q", site.String())
		}
		zh, en := it.Unit.Why()
		kind := term.Social(it.Unit.Type)
		if n == 36 { // institutions are counted by what their site is
			kind = term.SiteKind(it.Unit.Type)
		}
		b.Detail = line{kind.ZH + "；" + yes(it.Unit.Declared, "已申报", "未申报") + "，" + yes(it.Unit.Proven, "已证实", "未证实") + "；" + zh,
			kind.EN + "; " + yes(it.Unit.Declared, "declared", "not declared") + ", " + yes(it.Unit.Proven, "proven", "not proven") + ": " + en}
	case "inspection":
		site = it.Check.Inspected
		b.At, b.Words = clock(time.UnixMilli(it.Check.At)), line{"抽查", "inspection"}
		class, verdict := term.Class(it.Check.Class), term.Verdict(it.Verdict)
		b.Detail = line{class.ZH + " " + verdict.ZH, class.EN + ": " + verdict.EN}
		b.Href = "/inspect/event/" + it.Check.Event.String()
	}
	b.Site = site.String()
	known, ok, err := s.Registry.Site(r.Context(), site)
	if !ok || err != nil {
		return b, err
	}
	if b.Name = known.Name; it.What == "unit" {
		var owner string
		if owner, err = s.nameOf(r.Context(), it.Unit.Party); !it.Unit.Party.IsZero() && owner != known.Name {
			b.Name = owner + " · " + known.Name
		}
	}
	return b, err
}

func yes(is bool, then, otherwise string) string {
	if is {
		return then
	}
	return otherwise
}
