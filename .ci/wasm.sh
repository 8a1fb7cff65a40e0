#!/usr/bin/env bash
# Builds liandan-verify for the browser: internal/web/wasm/verify.wasm.gz and the wasm_exec.js of the same Go. The same source
# gives the same bytes; where nothing changed the file keeps its time, so that Go's cache of what embeds it holds.
set -euo pipefail
cd "$(dirname "$0")/.."
to=internal/web/wasm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
GOOS=js GOARCH=wasm CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$work/verify.wasm" ./cmd/liandan-verify
gzip -9n "$work/verify.wasm"
cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" "$work/wasm_exec.js"
for f in verify.wasm.gz wasm_exec.js; do
  cmp -s "$work/$f" "$to/$f" || install -m 644 "$work/$f" "$to/$f"
done
