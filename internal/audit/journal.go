package audit

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/journal"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/rule"
)

// IndexColumns are what the row of an event in event_index says, in its columns' order
// after seq; what the event does not have is "".
func IndexColumns(e event.Event, p chain.Placed) [7]string {
	var from id.Site
	if i := slices.IndexFunc(p.Manifests, func(m manifest.State) bool { return m.ID == e.Manifest }); i >= 0 && !e.Manifest.IsZero() {
		from = p.Manifests[i].ConsignorSite
	}
	return [7]string{string(e.Type), e.Party.String(), e.Site.String(), e.Manifest.String(), e.Trip.String(), from.String(), fmt.Sprint(e.At.UnixMilli())}
}

func (c *checker) indexRows() error {
	return differ(c, AreaIndex, "event", c.index, func(met func(int64, [7]string)) error {
		return c.in.IndexRows(func(seq int64, columns [7]string) error {
			met(seq, columns)
			return nil
		})
	})
}

// Bag is a batch in custody at a site, and how it stands with its time.
type Bag struct {
	State    batch.State
	Clock    rule.Clock
	Ticking  bool // a clock runs
	Findings []rule.Finding
}

// due orders bags: what must leave first comes first, what has no clock last.
func (b Bag) due() int64 {
	if !b.Ticking {
		return math.MaxInt64
	}
	return b.Clock.Due.UnixMilli()
}

// Custody pages through what is in custody at a site and not yet accepted by anybody
// licensed, what must leave first before the rest. The fault is invalid-request for a
// cursor that this list did not give.
func (s *Service) Custody(ctx context.Context, site id.Site, cursor string, limit int) (out []Bag, next string, err error) {
	after, last, err := readCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	var held []batch.State
	err = s.Store.Read(ctx, func(r Reader) error {
		held, err = r.Holding(site, rule.Waiting())
		return err
	})
	if err != nil {
		return nil, "", err
	}
	now := s.Now()
	boxes := s.Rules.Boxes(held, now)
	for _, st := range held {
		b := Bag{State: st, Findings: s.Rules.Overdue(st, now)}
		b.Clock, b.Ticking = s.Rules.Clock(st, now)
		for _, f := range boxes {
			if f.Batch == st.ID {
				b.Findings = append(b.Findings, f)
			}
		}
		if cursor == "" || b.due() > after || b.due() == after && strings.Compare(st.ID.String(), last) > 0 {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(x, y Bag) int {
		return cmp.Or(cmp.Compare(x.due(), y.due()), strings.Compare(x.State.ID.String(), y.State.ID.String()))
	})
	if len(out) > limit {
		out = out[:limit]
		next = fmt.Sprintf("%d.%s", out[limit-1].due(), out[limit-1].State.ID)
	}
	return out, next, nil
}

func readCursor(cursor string) (after int64, last string, err error) {
	if cursor == "" {
		return 0, "", nil
	}
	ms, last, _ := strings.Cut(cursor, ".")
	after, err = strconv.ParseInt(ms, 10, 64)
	if err == nil {
		_, err = id.ParseBatch(last)
	}
	if err != nil {
		return 0, "", fault.New(fault.InvalidRequest, "The cursor is not one that this list gave.").At("/cursor", "format", "must be next_cursor of the page before")
	}
	return after, last, nil
}

// usePage is how many events are read at once.
const usePage = 500

// Compared holds what a site's departments used against the waste they closed in
// [from, to), by the signers' clocks; department "" is all of them.
func (s *Service) Compared(ctx context.Context, site id.Site, from, to time.Time, department string) (journal.Comparison, error) {
	book, err := journal.RatioBook()
	if err != nil {
		return journal.Comparison{}, err
	}
	c := journal.NewComparer(site, from, to, department)
	err = s.Store.Read(ctx, func(r Reader) error {
		for after := int64(-1); ; {
			kept, err := r.SiteEvents(site, []event.Type{event.UseRecorded, event.BatchGenerated}, from, to, after, usePage)
			if err != nil {
				return err
			}
			for _, k := range kept {
				_, e, err := open(k.Body)
				if err != nil {
					return err
				}
				c.Add(e)
				after = k.Seq
			}
			if len(kept) < usePage {
				return nil
			}
		}
	})
	return c.Comparison(book), err
}

// Monthly makes the monthly manifest of a site.
func (s *Service) Monthly(ctx context.Context, site id.Site, year int, month time.Month) (journal.Monthly, error) {
	forms, err := journal.Forms()
	if err != nil {
		return journal.Monthly{}, err
	}
	var papers []journal.Paper
	err = s.Store.Read(ctx, func(r Reader) error {
		from, to := journal.Month(year, month)
		sheets, err := r.CollectedFrom(site, from, to)
		if err == nil {
			papers, err = readPapers(r, sheets)
		}
		return err
	})
	return journal.MonthlyOf(forms, site, year, month, papers), err
}

// Trip gives the manifests of a trip with their events.
func (s *Service) Trip(ctx context.Context, trip id.Trip) (papers []journal.Paper, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		sheets, err := r.OnTrip(trip)
		if err == nil {
			papers, err = readPapers(r, sheets)
		}
		return err
	})
	return papers, err
}

// PaperOf gives a manifest with its events and the batches of its lines as they are now. The
// fault is not-found.
func (s *Service) PaperOf(ctx context.Context, m id.Manifest) (p journal.Paper, states map[id.Batch]batch.State, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		papers, err := readPapers(r, []id.Manifest{m})
		if err != nil {
			return err
		}
		if p = papers[0]; p.State.ID.IsZero() {
			return notFound("manifest")
		}
		lines := make([]id.Batch, len(p.State.Lines))
		for i, l := range p.State.Lines {
			lines[i] = l.Batch
		}
		states, err = r.Batches(lines)
		return err
	})
	return p, states, err
}

// Cards makes the cards of a trip from manifests that the caller may see.
func (s *Service) Cards(trip id.Trip, papers []journal.Paper) ([]journal.Card, error) {
	forms, err := journal.Forms()
	return journal.CardsOf(forms, trip, papers), err
}

// PaperSubject is about a manifest, as ManifestSubject is.
func PaperSubject(p journal.Paper) (out access.Subject) {
	for _, t := range p.Events {
		concern(&out, t.Event)
	}
	return out
}

func readPapers(r Reader, sheets []id.Manifest) ([]journal.Paper, error) {
	found, err := r.Manifests(sheets)
	if err != nil {
		return nil, err
	}
	var ids []id.Event
	for _, m := range found {
		ids = append(ids, m.Events...)
	}
	kept, err := r.EventsOf(ids)
	if err != nil {
		return nil, err
	}
	told := make(map[id.Event]journal.Told, len(kept))
	for _, k := range kept {
		e, err := toldOf(k)
		if err != nil {
			return nil, err
		}
		told[e.Event.ID] = e
	}
	var out []journal.Paper
	for _, m := range sheets {
		p := journal.Paper{State: found[m]}
		for _, e := range p.State.Events {
			if t, ok := told[e]; ok {
				p.Events = append(p.Events, t)
			}
		}
		out = append(out, p)
	}
	return out, nil
}

func toldOf(k ledger.Kept) (journal.Told, error) {
	_, e, err := open(k.Body)
	return journal.Told{Seq: k.Seq, Event: e}, err
}
