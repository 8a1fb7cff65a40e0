package web

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/term"
	"liandan/internal/worklist"
)

// How much one search reads and shows.
const (
	searchMost = 64 // characters of what is looked for
	foundMost  = 60 // of each kind
)

// inspectPage is what a search finds.
type inspectPage struct {
	Query     string
	Scanner   string // address of the module that reads codes by the camera
	Note      *note
	Asked     bool
	Aboard    *aboard // what should be on the vehicle that was asked for
	Batches   []hit
	Manifests []hit
	More      bool // there is more than is shown
}

// hit is a thing found.
type hit struct {
	Href, Number string
	ID           uid
	Stage        line
	Codes        string
	Grams        string
	From, To     string // organisations
	At, Vehicle  string
}

// aboard is what should be on a vehicle now, by its manifests: what audit.Service.LoadOf
// gives, as far as the visitor may see it.
type aboard struct {
	Plate     string
	Manifests []hit
	Grams     string
	Packages  int
	Partial   bool // there may be more, which is not the visitor's to see
	sum       int64
	named     bool // a manifest that the visitor sees names the plate
}

// inspect is GET /inspect?q=.
func (s *Site) inspect(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, status := r.Context(), http.StatusOK
	p := inspectPage{Scanner: "/m/a/" + phone().version + "/scan.js", Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	if p.Query != "" {
		p.Asked = true
		if err := s.Gate.List(ctx, v.Caller, "searchWaste"); err != nil {
			return err
		}
		if !utf8.ValidString(p.Query) || utf8.RuneCountInString(p.Query) > searchMost+len("https://")+255 {
			n := s.noteOf(w, r, field(invalid(), "/q", "length", "must be text of at most 64 characters", "最多 64 个字"), nil)
			p.Note, p.Query, status = &n, "", n.status
		} else {
			to, err := s.search(ctx, v, &p)
			if err != nil {
				return err
			}
			if to != "" {
				return see(w, r, to)
			}
		}
	}
	s.show(w, r, v, status, "inspect.html", page{Title: "查验", TitleEN: "Inspect", Body: p, Wide: true, Script: findScript.path, Sheets: []string{deskStyle.path}})
	return nil
}

// siteCode is what the code of a site holds: the site's 16 bytes, and its party's (the app's
// pickup.js draws it), with the digits that confirm a pick-up behind.
var siteCode = regexp.MustCompile(`^source=([A-Za-z0-9_-]{43})(\d{6})?$`)

// scannedIn is what a code of ours says when its whole text was read: the label, the manifest,
// or the page of a site. Any other text is what it is.
func scannedIn(q string) (text, to string) {
	u, err := url.Parse(q)
	if err != nil {
		return q, ""
	}
	if m := siteCode.FindStringSubmatch(u.Fragment); m != nil && strings.HasSuffix(u.Path, "/m/") {
		var x id.UUID
		b, err := base64.RawURLEncoding.DecodeString(m[1])
		if err == nil && copy(x[:], b) == len(x) {
			return q, "/inspect/site/" + id.SiteOf(x).String()
		}
	}
	for _, way := range []string{"/q/", "/inspect/manifest/", "/inspect/batch/"} {
		if strings.Contains(u.Path, way) {
			return u.Path[strings.LastIndex(u.Path, "/")+1:], ""
		}
	}
	return q, ""
}

// search looks for what was typed or scanned, and says where it leads if it is one thing.
func (s *Site) search(ctx context.Context, v *visit, p *inspectPage) (to string, err error) {
	q, to := scannedIn(p.Query)
	if to != "" {
		return to, nil
	}
	if to, err := s.named(ctx, v, q); to != "" || err != nil {
		return to, err
	}
	batches := map[id.Batch]bool{}
	manifests := map[id.Manifest]bool{}
	look := func(f audit.Filter) error {
		found, err := s.Desk.Reader.Search(ctx, f, "", foundMost)
		if fault.Of(err) == fault.InvalidRequest {
			return nil // nothing to go by
		}
		if err != nil {
			return err
		}
		p.More = p.More || found.Next != ""
		for _, item := range found.Items {
			switch {
			case item.Kind == worklist.Batch && !batches[item.Batch.ID]:
				batches[item.Batch.ID] = true
				err = s.addBatch(ctx, v, p, item.Batch)
			case item.Kind == worklist.Manifest && !manifests[item.Manifest.ID]:
				manifests[item.Manifest.ID] = true
				err = s.addManifest(ctx, v, p, item)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	if l, err := event.ParseLabel(q); err == nil {
		if err := look(audit.Filter{Kind: worklist.Batch, Label: l}); err != nil {
			return "", err
		}
		if len(p.Batches) == 1 {
			return p.Batches[0].Href, nil
		}
	}
	if utf8.RuneCountInString(q) > searchMost {
		return "", nil
	}
	if place, err := id.ParseSite(q); err == nil { // all that the site had a part in
		known, ok, err := s.Registry.Site(ctx, place)
		for _, kind := range worklist.Kinds() {
			if err == nil && ok {
				err = look(audit.Filter{Kind: kind, Party: known.Party, Site: place})
			}
		}
		return "", err
	}
	for _, kind := range worklist.Kinds() {
		for _, t := range []string{worklist.ByNumber(q), worklist.ByPlate(q), worklist.ByContainer(q)} {
			if err := look(audit.Filter{Kind: kind, Terms: []string{t}}); err != nil {
				return "", err
			}
		}
		if utf8.RuneCountInString(q) >= 2 {
			if err := look(audit.Filter{Kind: kind, Name: q}); err != nil {
				return "", err
			}
		}
	}
	return "", s.load(ctx, v, p, q)
}

// named finds a batch, manifest or event by its id.
func (s *Site) named(ctx context.Context, v *visit, q string) (string, error) {
	try := func(path string, subject func() (access.Subject, error)) (string, error) {
		about, err := subject()
		if fault.Of(err) == fault.NotFound {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		mine, err := s.Gate.Sees(ctx, v.Caller, "searchWaste", about)
		if !mine || err != nil {
			return "", err
		}
		return path + q, nil
	}
	b, err := id.ParseBatch(q)
	if err != nil {
		return "", nil
	}
	to, err := try("/inspect/batch/", func() (access.Subject, error) { return s.Desk.Reader.BatchSubject(ctx, b) })
	if to == "" && err == nil {
		to, err = try("/inspect/manifest/", func() (access.Subject, error) { return s.Desk.Reader.ManifestSubject(ctx, id.ManifestOf(b.UUID())) })
	}
	if to == "" && err == nil {
		to, err = try("/inspect/event/", func() (access.Subject, error) { return s.Desk.Reader.EventSubject(ctx, id.EventOf(b.UUID())) })
	}
	return to, err
}

// addBatch shows a batch to who may see it.
func (s *Site) addBatch(ctx context.Context, v *visit, p *inspectPage, st batch.State) error {
	about, err := s.Desk.Reader.BatchSubject(ctx, st.ID)
	if err != nil {
		return err
	}
	mine, err := s.Gate.Sees(ctx, v.Caller, "searchWaste", about)
	if !mine || err != nil {
		return err
	}
	h := hit{Href: "/inspect/batch/" + st.ID.String(), ID: uid(st.ID.String()), Number: st.Container, Stage: stageLine(st.Stage), Codes: string(st.Code),
		Grams: kilograms(int64(st.Grams)), At: millis(st.BornAt), Vehicle: st.Vehicle}
	if h.From, err = s.nameOf(ctx, st.Generator); err == nil {
		h.To, err = s.nameOf(ctx, st.Custodian)
	}
	p.Batches = append(p.Batches, h)
	return err
}

// addManifest shows a manifest to who may see it.
func (s *Site) addManifest(ctx context.Context, v *visit, p *inspectPage, item audit.Item) error {
	st := item.Manifest
	about, err := s.Desk.Reader.ManifestSubject(ctx, st.ID)
	if err != nil {
		return err
	}
	mine, err := s.Gate.Sees(ctx, v.Caller, "searchWaste", about)
	if !mine || err != nil {
		return err
	}
	var codes []string
	var grams int64
	for _, l := range st.Lines {
		if !strings.Contains(strings.Join(codes, " "), string(l.Code)) {
			codes = append(codes, string(l.Code))
		}
		grams += int64(l.Issued)
	}
	h := hit{Href: "/inspect/manifest/" + st.ID.String(), ID: uid(st.ID.String()), Number: numberOf(st), Stage: stageLine(st.Stage), Codes: strings.Join(codes, " "),
		Grams: kilograms(grams), At: millis(st.IssuedAt), Vehicle: st.Vehicle}
	if h.From, err = s.nameOf(ctx, st.Consignor); err == nil {
		h.To, err = s.nameOf(ctx, st.Consignee)
	}
	p.Manifests = append(p.Manifests, h)
	return err
}

// load shows what should be on the vehicle that was asked for, as far as the visitor may
// see it; of a plate that nothing visible names nothing is said.
func (s *Site) load(ctx context.Context, v *visit, p *inspectPage, plate string) error {
	l, err := s.Desk.Reader.LoadOf(ctx, plate)
	if err != nil || !l.Known {
		return err
	}
	a := &aboard{Plate: l.Plate}
	at := map[id.Manifest]int{} // its place in the list, counted from 1; -1: not to be seen
	var sums []int64
	for _, x := range l.Aboard {
		m := x.Manifest
		if at[m.ID] == 0 {
			at[m.ID] = -1
			about, err := s.Desk.Reader.ManifestSubject(ctx, m.ID)
			if err != nil {
				return err
			}
			mine, err := s.Gate.Sees(ctx, v.Caller, "searchWaste", about)
			if err != nil {
				return err
			}
			if mine {
				h := hit{Href: "/inspect/manifest/" + m.ID.String(), ID: uid(m.ID.String()), Number: numberOf(m), At: clock(x.Since)}
				if h.From, err = s.nameOf(ctx, x.From); err == nil {
					h.To, err = s.nameOf(ctx, m.Consignee)
				}
				if err != nil {
					return err
				}
				a.Manifests, sums = append(a.Manifests, h), append(sums, 0)
				at[m.ID] = len(sums)
			}
		}
		i := at[m.ID] - 1
		if i < 0 {
			a.Partial = true
			continue
		}
		h := &a.Manifests[i]
		if code := string(x.Batch.Code); !strings.Contains(h.Codes, code) {
			h.Codes = strings.TrimSpace(h.Codes + " " + code)
		}
		sums[i] += x.Grams
		a.sum, h.Grams = a.sum+x.Grams, kilograms(sums[i])
		a.Packages += x.Batch.Packages
	}
	a.Grams, a.Partial = kilograms(a.sum), a.Partial || l.Bounded
	for _, h := range p.Manifests {
		a.named = a.named || worklist.ByPlate(h.Vehicle) == worklist.ByPlate(plate)
	}
	if a.named || len(a.Manifests) > 0 {
		p.Aboard = a
	}
	return nil
}

// numberOf is what a person calls a manifest by: its national number, the provisional one until
// that has come, or its id where it can have neither.
func numberOf(st manifest.State) string {
	switch n := audit.Provisional(st); {
	case st.Number != "":
		return st.Number
	case n != "":
		return n
	}
	return st.ID.String()
}

// nameOf is an organisation by its name in the register, or its id.
func (s *Site) nameOf(ctx context.Context, p id.Party) (string, error) {
	if p.IsZero() {
		return "", nil
	}
	o, ok, err := s.Registry.Organisation(ctx, p)
	if !ok || o.Name == "" {
		return p.String(), err
	}
	return o.Name, err
}

// place is a site's name in the register, or its id.
func (s *Site) place(ctx context.Context, v id.Site) (string, error) {
	if v.IsZero() {
		return "", nil
	}
	x, ok, err := s.Registry.Site(ctx, v)
	if !ok || x.Name == "" {
		return v.String(), err
	}
	return x.Name, err
}

func stageLine(st batch.Stage) line {
	return line(term.Stage(st))
}
