#!/usr/bin/env bash
# Runs one command in each Go module of the tree, all of them even when one fails, and fails when any did.
#
#   .ci/modules.sh code COMMAND...   the modules that hold Go code
#   .ci/modules.sh all COMMAND...    these and the module that only names the tools
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

code=(. internal/contract)
all=("${code[@]}" internal/tools)
case ${1:-} in
code) modules=("${code[@]}") ;;
all) modules=("${all[@]}") ;;
*) echo "usage: .ci/modules.sh code|all COMMAND..." >&2; exit 2 ;;
esac
shift

# A module nobody listed would be a module nobody tests.
listed=$(printf '%s\n' "${all[@]}" | sort)
found=$(find . -name go.mod -not -path './.git/*' -not -path '*/node_modules/*' -printf '%h\n' | sed 's|^\./||' | sort)
if [ "$listed" != "$found" ]; then
  printf 'the modules in the tree are not the ones .ci/modules.sh lists (< listed, > found):\n%s\n' \
    "$(diff <(echo "$listed") <(echo "$found"))" >&2
  exit 1
fi

failed=()
for module in "${modules[@]}"; do
  (cd "$module" && "$@") || failed+=("$module")
done
[ ${#failed[@]} -eq 0 ] || { echo "failed in module ${failed[*]}: $*" >&2; exit 1; }
