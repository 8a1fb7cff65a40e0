#!/usr/bin/env bash
# The private PostgreSQL of the tests, for scripts; see internal/testdb/server.sh, which the Go tests carry with them.
exec bash "$(dirname "${BASH_SOURCE[0]}")/../internal/testdb/server.sh" "$@"
