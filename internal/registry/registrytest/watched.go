package registrytest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/statement"
)

// Watched counts what a service reads of a store, and breaks on purpose.
type Watched struct {
	registry.Store
	// Versions counts readings of the version, Rows those of single rows, Tables those of
	// whole tables. Readings inside a transaction are not counted.
	Versions, Rows, Tables atomic.Int64
	// Broken makes every reading and writing fail.
	Broken atomic.Pointer[error]
	// Forgetful commits the next writing and says that it failed.
	Forgetful atomic.Pointer[error]
	// Speechless makes every statement fail.
	Speechless atomic.Pointer[error]

	mu   sync.Mutex
	said []statement.Statement // in the order of the transactions
}

// Said gives the statements that were committed.
func (w *Watched) Said() []statement.Statement {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.said)
}

type watchedTx struct {
	registry.Tx
	w    *Watched
	said *[]statement.Statement
}

// State implements registry.Tx.
func (tx watchedTx) State(st statement.Statement) error {
	if e := tx.w.Speechless.Load(); e != nil {
		return *e
	}
	*tx.said = append(*tx.said, st)
	return tx.Tx.State(st)
}

func (w *Watched) broken() error {
	if e := w.Broken.Load(); e != nil {
		return *e
	}
	return nil
}

// RegistryReader implements registry.Store.
func (w *Watched) RegistryReader(ctx context.Context) registry.Reader {
	return watchedReader{w.Store.RegistryReader(ctx), w}
}

// UpdateRegistry implements registry.Store.
func (w *Watched) UpdateRegistry(ctx context.Context, fn func(registry.Tx) error) error {
	if err := w.broken(); err != nil {
		return err
	}
	var said []statement.Statement
	err := w.Store.UpdateRegistry(ctx, func(tx registry.Tx) error { return fn(watchedTx{tx, w, &said}) })
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.said = append(w.said, said...)
	w.mu.Unlock()
	if e := w.Forgetful.Swap(nil); e != nil {
		return *e
	}
	return nil
}

type watchedReader struct {
	registry.Reader
	w *Watched
}

func (r watchedReader) Version() (int64, error) {
	r.w.Versions.Add(1)
	if err := r.w.broken(); err != nil {
		return 0, err
	}
	return r.Reader.Version()
}

func (r watchedReader) Kids() ([]string, error) {
	return table(r.w, r.Reader.Kids)
}

func (r watchedReader) Tokens(at time.Time) ([]registry.Token, error) {
	return table(r.w, func() ([]registry.Token, error) { return r.Reader.Tokens(at) })
}

func (r watchedReader) Organisations() ([]party.Organisation, error) {
	return table(r.w, r.Reader.Organisations)
}

func table[V any](w *Watched, read func() ([]V, error)) ([]V, error) {
	w.Tables.Add(1)
	if err := w.broken(); err != nil {
		return nil, err
	}
	return read()
}

func (r watchedReader) Key(kid string) (registry.KeyRecord, bool, error) {
	return row(r.w, kid, r.Reader.Key)
}

func (r watchedReader) Unstated(most int) ([]registry.KeyRecord, error) {
	return table(r.w, func() ([]registry.KeyRecord, error) { return r.Reader.Unstated(most) })
}

func (r watchedReader) Keys(f registry.KeyFilter) ([]registry.KeyRecord, error) {
	return table(r.w, func() ([]registry.KeyRecord, error) { return r.Reader.Keys(f) })
}

func (r watchedReader) Site(v id.Site) (party.Site, bool, error) { return row(r.w, v, r.Reader.Site) }

func (r watchedReader) Organisation(p id.Party) (party.Organisation, bool, error) {
	return row(r.w, p, r.Reader.Organisation)
}

func (r watchedReader) Challenged(c string) (registry.Enrolment, bool, error) {
	return row(r.w, c, r.Reader.Challenged)
}

func row[K, V any](w *Watched, k K, read func(K) (V, bool, error)) (v V, ok bool, err error) {
	w.Rows.Add(1)
	if err := w.broken(); err != nil {
		return v, false, err
	}
	return read(k)
}
