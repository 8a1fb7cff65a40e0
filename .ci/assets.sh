#!/usr/bin/env bash
# Fetches the library files of the pages from npm, as internal/web/vendor.tsv pins them: package, version, file, place, SHA-256.
# The files are committed: this runs when a version changes, and never in a build or a test.
#
#   .ci/assets.sh           fetch what the table names, and refuse what has another sum
#   .ci/assets.sh --print   fetch, and print the table with the sums as they are (for a new version)
set -euo pipefail
cd "$(dirname "$0")/../internal/web"
command -v npm >/dev/null 2>&1 || { echo "assets: npm is missing; install the package npm" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
while IFS=$'\t' read -r package version file place sum; do
  if [ -z "$package" ] || [ "${package:0:1}" = '#' ]; then
    [ "${1:-}" != --print ] || printf '%s\n' "$package${version:+	$version	$file	$place	$sum}"
    continue
  fi
  from="$work/$(printf '%s@%s' "$package" "$version" | tr / _)"
  if [ ! -d "$from" ]; then # whatever registry npm is configured for
    mkdir -p "$from"
    tgz=$(cd "$work" && npm pack --silent "$package@$version" </dev/null | tail -1)
    tar -xzf "$work/$tgz" -C "$from"
  fi
  found=$(sha256sum <"$from/package/$file" | cut -d' ' -f1)
  if [ "${1:-}" = --print ]; then
    printf '%s\t%s\t%s\t%s\t%s\n' "$package" "$version" "$file" "$place" "$found"
  elif [ "$found" != "$sum" ]; then
    echo "assets: $package@$version $file has the sum $found, not $sum: it was not taken" >&2
    bad=1
    continue
  fi
  mkdir -p "$(dirname "$place")"
  install -m 644 "$from/package/$file" "$place"
done <vendor.tsv
exit $bad
