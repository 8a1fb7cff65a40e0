#!/usr/bin/env bash
# Runs the tests of one kind, package by package.
#
#   .ci/tests-named.sh fuzz 5s      every Fuzz target, as long as given
#   .ci/tests-named.sh soak 10m     every TestSoak (build tag soak), which reads the duration from LIANDAN_SOAK
#
# To find nothing is an error: a run that tests nothing must not look like a success.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# functions prints "DIRECTORY NAME" for every test function whose name starts with $1.
functions() {
  { grep -rHoE "^func $1[A-Za-z0-9_]*\(" --include='*_test.go' . || true; } |
    sed -E 's|^(.*)/[^/]*:func ([A-Za-z0-9_]*)\($|\1 \2|' | sort -u
}

kind=${1:-} duration=${2:-}
case $kind in
fuzz) found=$(functions Fuzz) ;;
soak) found=$(functions TestSoak) ;;
*) echo "usage: .ci/tests-named.sh fuzz|soak DURATION" >&2; exit 2 ;;
esac
[ -n "$found" ] || { echo "there is no $kind test in the tree." >&2; exit 1; }

failed=0
while read -r dir name; do
  echo "== $kind $dir $name $duration"
  if [ "$kind" = fuzz ]; then
    (cd "$dir" && go test -run='^$' -fuzz="^$name\$" -fuzztime="$duration" . </dev/null) || failed=1
  else
    (cd "$dir" && LIANDAN_SOAK=$duration go test -count=1 -v -tags=soak -timeout=0 -run="^$name\$" . </dev/null) || failed=1
  fi
done <<<"$found"
exit "$failed"
