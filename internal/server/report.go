package server

import (
	"context"
	"time"

	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/report"
	"liandan/internal/store"
)

// Figures gives reports the indicators that the measures compute.
func (p *Parts) Figures() report.Figures { return figures{p.Measures, p.Store} }

type figures struct {
	measures *measure.Service
	store    *store.Store
}

// Figure implements report.Figures.
func (f figures) Figure(ctx context.Context, q report.Question) (report.Answer, error) {
	r, err := f.measures.Indicator(ctx, measure.Query{Indicator: q.Indicator, Period: q.Period, District: q.District, Rows: q.Rows, Size: q.Size, At: q.At})
	return report.Answer{Definition: r.Definition, CutOff: r.CutOff, Size: r.As.Size, Root: r.As.Root, Checkpoint: r.As.Checkpoint, RecordedAt: r.As.RecordedAt,
		Row: r.Row, Districts: r.Districts}, err
}

// InForce implements report.Figures.
func (f figures) InForce(ctx context.Context) ([]indicator.Definition, error) {
	list, _, err := f.measures.Definitions(ctx, measure.Query{})
	return list, err
}

// Causes implements report.Figures.
func (f figures) Causes(ctx context.Context, q report.Question, since int64) ([]report.Cause, error) {
	list, err := f.measures.Changes(ctx, measure.Query{Indicator: q.Indicator, Period: q.Period, District: q.District, Size: q.Size}, since)
	out := make([]report.Cause, len(list))
	for i, c := range list {
		out[i] = report.Cause{Kind: string(c.Kind), Why: c.ZH + " · " + c.EN, Count: c.Count, Grams: c.Grams, Entries: c.Entries}
	}
	return out, err
}

// Names implements report.Figures.
func (f figures) Names(ctx context.Context, parties []id.Party, at time.Time) (map[id.Party]string, map[id.Site]string, error) {
	return f.store.RegisterNames(ctx, parties, at)
}

// reportEach makes the reports that the calendar asks for. What a stopped server missed is
// made up for, some at a time, so that the requests of the day do not wait.
func (s *Server) reportEach(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			n, err := s.Reports.RunDue(ctx, 24)
			if err != nil && ctx.Err() == nil {
				s.Parts.Log.Error("the reports that are due could not be made", "error", err)
			}
			if n > 0 {
				s.Parts.Log.Info("reports were made by the calendar", "reports", n)
			}
		case <-ctx.Done():
			return
		}
	}
}
