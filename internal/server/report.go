package server

import (
	"context"

	"liandan/internal/measure"
	"liandan/internal/report"
)

// Figures gives reports the indicators that the measures compute.
func (p *Parts) Figures() report.Figures { return figures{p.Measures} }

type figures struct{ measures *measure.Service }

// Figure implements report.Figures.
func (f figures) Figure(ctx context.Context, q report.Question) (report.Answer, error) {
	r, err := f.measures.Indicator(ctx, measure.Query{Indicator: q.Indicator, Period: q.Period, District: q.District, Rows: q.Rows, Size: q.Size})
	return report.Answer{Definition: r.Definition, CutOff: r.CutOff, Size: r.As.Size, Root: r.As.Root, Checkpoint: r.As.Checkpoint, RecordedAt: r.As.RecordedAt,
		Row: r.Row, Districts: r.Districts}, err
}
