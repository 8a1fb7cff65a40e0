package server

import (
	"context"

	"liandan/internal/audit"
	"liandan/internal/fault"
	"liandan/internal/measure"
	"liandan/internal/merkle"
)

// Statement issues the signed statement of a period's figures. The same period, district and
// log size give the same bytes, under the same key of the log. Faults: those of
// measure.Statement; invalid-request for a log without entries then; unavailable where this server's
// key of the log was succeeded.
func (p *Parts) Statement(ctx context.Context, q measure.Query) ([]byte, error) {
	err := p.Store.Read(ctx, func(r audit.Reader) error {
		signer, err := r.Signer()
		if err == nil && signer != "" && signer != merkle.KeyID(p.key.verifier) {
			return fault.New(fault.Unavailable, "This server's key of the log was succeeded by another; give it the new key, or ask another server.")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s, err := p.Measures.Statement(ctx, q)
	if err != nil {
		return nil, err
	}
	if s.Size == 0 {
		return nil, fault.New(fault.InvalidRequest, "The log had no entries then, so there is nothing to state.").At("/as_of", "before_log", "must not be before the log's first entry")
	}
	return s.Sign(p.key.signer)
}
