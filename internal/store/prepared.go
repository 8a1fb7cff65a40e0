package store

import (
	"context"
	"database/sql"
	"sync"

	"gorm.io/gorm"
)

// statements keeps prepared statements of SQLite's writing connection. pgx caches by
// itself; the SQLite driver compiles a statement's text at every call, which costs more
// than running it. The texts are this package's constants, so there are few.
//
// A statement met inside a transaction cannot be prepared there for longer than the
// transaction, nor beside it while the only connection is taken: its text is noted and
// prepared once the transaction is over.
type statements struct {
	mu   sync.Mutex
	by   map[string]*sql.Stmt
	want map[string]bool
}

// maxStatements is far above the number of texts.
const maxStatements = 200

func (s *statements) of(text string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.by[text]
	if st == nil && len(s.by)+len(s.want) < maxStatements {
		if s.want == nil {
			s.want = map[string]bool{}
		}
		s.want[text] = true
	}
	return st
}

// prepare prepares what was noted; a text that cannot be prepared stays as it is. The lock
// is not held meanwhile: preparing waits for the connection, and whoever has that may be
// asking for a statement.
func (s *statements) prepare(ctx context.Context, db *sql.DB) {
	s.mu.Lock()
	want := s.want
	s.want = nil
	s.mu.Unlock()
	for text := range want {
		st, err := db.PrepareContext(ctx, text)
		if err != nil {
			continue
		}
		s.mu.Lock()
		if s.by == nil {
			s.by = map[string]*sql.Stmt{}
		}
		if s.by[text] == nil {
			s.by[text], st = st, nil
		}
		s.mu.Unlock()
		if st != nil {
			st.Close() // another transaction was faster
		}
	}
}

func (s *statements) wanting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.want) > 0
}

// preparing is a transaction on SQLite's writing connection that runs prepared statements
// where there are.
type preparing struct {
	gorm.ConnPool
	tx    *sql.Tx
	known *statements
}

// ExecContext implements gorm.ConnPool.
func (p *preparing) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	if st := p.known.of(q); st != nil {
		return p.tx.StmtContext(ctx, st).ExecContext(ctx, args...)
	}
	return p.tx.ExecContext(ctx, q, args...)
}

// QueryContext implements gorm.ConnPool.
func (p *preparing) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if st := p.known.of(q); st != nil {
		return p.tx.StmtContext(ctx, st).QueryContext(ctx, args...)
	}
	return p.tx.QueryContext(ctx, q, args...)
}
