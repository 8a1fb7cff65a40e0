#!/usr/bin/env bash
# Known vulnerabilities in what Liandan calls, by govulncheck, in every module.
#
#   LIANDAN_VULN=required      the check must be made: a database that cannot be reached is a failure
#   LIANDAN_VULN=if-reachable  a database that cannot be reached is one warning, and the check is left out
#   LIANDAN_VULN_DB=URL        another database than https://vuln.go.dev: a mirror, or file:///DIR with a copy of it.
#                              One that is named must be there: it makes the check required
#
# A vulnerability that is found, and whatever else goes wrong, is a failure always.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

mode=${LIANDAN_VULN:-required}
case $mode in
required | if-reachable) ;;
*) echo "LIANDAN_VULN must be required or if-reachable, not $mode" >&2; exit 2 ;;
esac
db=()
if [ -n "${LIANDAN_VULN_DB:-}" ]; then
  db=(-db "$LIANDAN_VULN_DB")
  mode=required
fi

said=$(mktemp)
trap 'rm -f "$said"' EXIT
tools=$PWD/internal/tools/go.mod
if timeout 900 .ci/modules.sh code go tool -modfile="$tools" govulncheck ${db[@]+"${db[@]}"} ./... 2>&1 | tee "$said"; then
  exit 0
fi
# The words are govulncheck's own for a database that it could not read. A module where it read it says something else, or
# nothing; so only when no module got further was the check not made.
if [ "$mode" = if-reachable ] && [ "$(grep -c '^govulncheck: fetching vulnerabilities:' "$said")" = "$(grep -c '^govulncheck:' "$said")" ] &&
  grep -q '^govulncheck: fetching vulnerabilities:' "$said" && ! grep -q '^Vulnerability #' "$said"; then
  echo 'WARNING: known vulnerabilities were NOT checked: the vulnerability database cannot be reached (LIANDAN_VULN=required makes this a failure)' >&2
  exit 0
fi
echo 'vulnerabilities were found, or could not be looked for; see above' >&2
exit 1
