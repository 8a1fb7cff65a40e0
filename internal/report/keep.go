package report

import (
	"context"
	"crypto/sha256"
	"io"
	"sync"
	"time"

	"liandan/internal/division"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/statement"
)

// BySchedule is who made a report that the calendar asked for.
const BySchedule = "schedule"

// Act is the operation by which the log tells that a report was kept: its subject is the
// report's id and the hash of its bytes, so that none can be taken away or altered unseen.
const Act = "keepReport"

// Kept is a report that was made and is kept with what it stands on.
type Kept struct {
	ID          id.Report
	Period      indicator.Period
	District    string
	Definitions id.Hash // digest of the definitions that it was made with
	Size        int64
	Root        id.Hash
	Since       int64 // the log size of the report that it is compared with; 0: none
	MadeAt      time.Time
	By          string  // BySchedule, or an opaque word such as account:UUID
	Hash        id.Hash // SHA-256 of the document's JSON
}

// Filter chooses kept reports; zero members choose all.
type Filter struct {
	Period   string
	Grain    indicator.Grain
	District *string // "" the whole city
}

// Shelf is where reports are kept, for ever.
type Shelf interface {
	// KeepReport keeps a report with the act that tells of it, in one transaction. Of two by
	// the schedule of one period, district and set of definitions the first stays: kept is
	// then false.
	KeepReport(ctx context.Context, k Kept, body []byte, act statement.Statement) (kept bool, err error)
	// Report gives a report with its bytes; false where there is none.
	Report(ctx context.Context, report id.Report) (Kept, []byte, bool, error)
	// Reports lists reports newest first, those before an id; zero: from the newest.
	Reports(ctx context.Context, f Filter, before id.Report, limit int) ([]Kept, error)
	// LogBegan is when the log's first entry was recorded; zero for an empty log.
	LogBegan(ctx context.Context) (time.Time, error)
}

// Config is what a Service is made of.
type Config struct {
	Figures Figures
	Shelf   Shelf
	Now     func() time.Time
	Random  io.Reader
	// Kept hears that something waits for the log.
	Kept func()
}

// Service makes reports and keeps them, on request and by the calendar.
type Service struct {
	Config

	mu    sync.Mutex // guards what follows
	began time.Time  // when the log did, once it has
	// complete are the periods of which the calendar has all that it asks for, with the
	// definitions of then. Kept reports are never taken away, so that it stays so.
	complete map[string]id.Hash
}

// New makes a Service.
func New(c Config) *Service { return &Service{Config: c, complete: map[string]id.Hash{}} }

// Create makes the report of an order and keeps it. Without a size to compare with it is
// compared with the newest kept report of the same length and district. Faults as Make.
func (s *Service) Create(ctx context.Context, o Order, by, role string) (Kept, error) {
	if o.Since == 0 && o.Period.Grain != indicator.Daily {
		if err := s.compare(ctx, &o); err != nil {
			return Kept{}, err
		}
	}
	d, err := Make(ctx, s.Figures, o)
	if err != nil {
		return Kept{}, err
	}
	k, _, err := s.keep(ctx, o, d, by, role)
	return k, err
}

// compare finds the last report: of the same period the newest, else of an earlier one.
func (s *Service) compare(ctx context.Context, o *Order) error {
	list, err := s.Shelf.Reports(ctx, Filter{Grain: o.Period.Grain, District: &o.District}, id.Report{}, 50)
	if err != nil {
		return err
	}
	var last *Kept
	for i, k := range list {
		if k.Period.From.After(o.Period.From) || (o.Size > 0 && k.Size >= o.Size) || (!o.At.IsZero() && !k.MadeAt.Before(o.At)) {
			continue
		}
		if last == nil || k.Period.From.After(last.Period.From) {
			last = &list[i]
		}
	}
	if last != nil {
		o.Since, o.Last = last.Size, last.Period
	}
	return nil
}

func (s *Service) keep(ctx context.Context, o Order, d Document, by, role string) (k Kept, kept bool, err error) {
	var random [10]byte
	if _, err := io.ReadFull(s.Random, random[:]); err != nil {
		return k, false, fault.Wrap(err, fault.Internal, "The report has no number.")
	}
	body := d.JSON()
	at := s.Now().UTC().Truncate(time.Millisecond)
	k = Kept{ID: id.ReportOf(id.V7(at.UnixMilli(), random)), Period: o.Period, District: o.District, Definitions: d.Definitions, Size: d.Size, Root: d.Root, Since: d.Since,
		MadeAt: at, By: by, Hash: sha256.Sum256(body)}
	act, err := statement.Act{At: at, Actor: by, Role: role, Operation: Act, Subject: k.ID.String() + " " + k.Hash.String()}.Statement()
	if err != nil {
		return k, false, err
	}
	kept, err = s.Shelf.KeepReport(ctx, k, body, act)
	if err == nil && kept && s.Kept != nil {
		s.Kept()
	}
	return k, kept, err
}

// Read gives a kept report and its document. Faults: not-found, damaged.
func (s *Service) Read(ctx context.Context, report id.Report) (Kept, Document, error) {
	k, body, ok, err := s.Shelf.Report(ctx, report)
	if err != nil {
		return k, Document{}, err
	}
	if !ok {
		return k, Document{}, fault.Missing("report")
	}
	if id.Hash(sha256.Sum256(body)) != k.Hash {
		return k, Document{}, fault.New(fault.Damaged, "The report %s is not the one that was kept; run `liandan check`.", k.ID)
	}
	d, err := Parse(body)
	return k, d, err
}

// List lists kept reports, newest first.
func (s *Service) List(ctx context.Context, f Filter, before id.Report, limit int) ([]Kept, error) {
	return s.Shelf.Reports(ctx, f, before, limit)
}

// slot is what the calendar asks for.
type slot struct{ period, district string }

// RunDue makes the reports that the calendar asks for and that are not there, at most so
// many, and says how many it made. Several servers may run it: of two that make the same
// report one keeps it.
func (s *Service) RunDue(ctx context.Context, most int) (made int, err error) {
	began, err := s.logBegan(ctx)
	if err != nil || began.IsZero() {
		return 0, err
	}
	now, err := s.definitions(ctx)
	if err != nil {
		return 0, err
	}
	for _, g := range Grains {
		periods, err := due(g, began, s.Now())
		if err != nil {
			return made, err
		}
		for i, p := range periods {
			newest := i == len(periods)-1
			if s.has(p, newest, now) {
				continue
			}
			n, err := s.runPeriod(ctx, p, newest, now, most-made)
			made += n
			if err != nil || made >= most {
				return made, err
			}
		}
	}
	return made, nil
}

// logBegan asks until the log has begun.
func (s *Service) logBegan(ctx context.Context) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.began.IsZero() {
		return s.began, nil
	}
	at, err := s.Shelf.LogBegan(ctx)
	if err == nil {
		s.began = at
	}
	return at, err
}

// has says whether a period is known to be complete: the newest by the definitions of now.
func (s *Service) has(p indicator.Period, newest bool, now id.Hash) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	by, there := s.complete[p.Name]
	return there && (!newest || by == now)
}

// runPeriod makes what is missing of one period. The newest period is made anew where the
// definitions have changed since; what was kept before stays.
func (s *Service) runPeriod(ctx context.Context, p indicator.Period, newest bool, now id.Hash, most int) (made int, err error) {
	there := map[slot]map[id.Hash]bool{}
	before := id.Report{}
	for {
		list, err := s.Shelf.Reports(ctx, Filter{Period: p.Name}, before, 500)
		if err != nil {
			return made, err
		}
		for _, k := range list {
			if k.By == BySchedule {
				at := slot{k.Period.Name, k.District}
				if there[at] == nil {
					there[at] = map[id.Hash]bool{}
				}
				there[at][k.Definitions] = true
			}
			before = k.ID
		}
		if len(list) < 500 {
			break
		}
	}
	changed := false // while this was made
	for _, d := range append([]string{""}, Districts()...) {
		has := there[slot{p.Name, d}]
		if len(has) > 0 && (!newest || has[now]) {
			continue
		}
		if made >= most {
			return made, nil
		}
		o := Order{Period: p, District: d}
		if err := s.compare(ctx, &o); err != nil {
			return made, err
		}
		doc, err := Make(ctx, s.Figures, o)
		if err != nil {
			return made, err
		}
		if _, kept, err := s.keep(ctx, o, doc, BySchedule, ""); err != nil {
			return made, err
		} else if kept {
			made++
		}
		changed = changed || doc.Definitions != now
	}
	if !changed {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.complete[p.Name] = now
	}
	return made, nil
}

// definitions is the digest of the definitions that a report made now would have.
func (s *Service) definitions(ctx context.Context) (out id.Hash, err error) {
	all, err := s.Figures.InForce(ctx)
	if err != nil {
		return out, err
	}
	h := sha256.New()
	for _, n := range Indicators {
		for _, d := range all {
			if d.Indicator == n {
				h.Write(d.Bytes())
			}
		}
	}
	h.Sum(out[:0])
	return out, nil
}

// Districts are those that have reports of their own.
func Districts() (out []string) {
	for _, d := range division.All() {
		if d.Baoding && d.Kind != "prefecture" {
			out = append(out, d.Code)
		}
	}
	return out
}
