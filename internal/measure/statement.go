package measure

import (
	"context"

	"liandan/internal/attest"
	"liandan/internal/indicator"
)

// Statement gives what a statement of a period's figures says: every indicator of the
// district, or of the whole city with a row for each district, all as of one head. q names
// no indicator. Faults as Indicator.
func (s *Service) Statement(ctx context.Context, q Query) (out attest.Statement, err error) {
	q.Rows = q.District == ""
	for i, d := range indicator.Definitions() {
		q.Indicator = d.Indicator
		r, err := s.Indicator(ctx, q)
		if err != nil {
			return attest.Statement{}, err
		}
		if i == 0 {
			out = attest.New(q.Period, q.District, r.CutOff, attest.Known{Head: r.As.Head, RecordedAt: r.As.RecordedAt, Checkpoint: r.As.Checkpoint})
			q.Size = r.As.Size
		}
		out.Indicators = append(out.Indicators, attest.IndicatorOf(r.Definition, append([]indicator.Row{r.Row}, r.Districts...)...))
	}
	return out, nil
}
