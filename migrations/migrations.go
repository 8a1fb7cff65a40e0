// Package migrations carries the numbered SQL of both databases inside the program.
//
// It must not run anything: package store applies the files, on purpose.
package migrations

import "embed"

// Files holds postgres/*.sql and sqlite/*.sql.
//
//go:embed postgres/*.sql sqlite/*.sql
var Files embed.FS
