#!/usr/bin/env bash
# Makes sure that what the tests need is on this Debian or Ubuntu machine, and installs by name what is missing.
#
#   .ci/setup.sh database browser barcode papers node jdk race     (any of them)
#
# What cannot be had is an error that says what to do: a test is never left out for want of a program.
set -euo pipefail

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# One probe for each thing, and the Debian packages that bring it.
has_database() { [ -n "${LIANDAN_POSTGRES_BIN:-}" ] || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || have initdb; }
has_browser() { # the names chromedp looks for; Ubuntu's chromium-browser may be there and only say that it is not
  local name
  for name in headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    if have "$name" && timeout 60 "$name" --version >/dev/null 2>&1 </dev/null; then return 0; fi
  done
  return 1
}
has_font() { if have fc-list; then [ -n "$(fc-list :lang=zh-cn family)" ]; else compgen -G '/usr/share/fonts/*/*/NotoSansCJK*' >/dev/null; fi; }
has_barcode() { have zbarimg; }
has_papers() { have pdftotext && have pdftoppm; }
has_node() { have node && node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' </dev/null; }
has_npm() { have npm; }
has_jdk() { have javac && have java; }
has_race() { have gcc && [ -e /usr/include/stdlib.h ]; }

packages_of() {
  case $1 in
  database) echo postgresql ;;
  browser) if [ -n "$(apt-cache search --names-only '^chromium$')" ]; then echo chromium; else echo chromium-browser; fi ;;
  font) echo fonts-noto-cjk ;;
  barcode) echo zbar-tools ;;
  papers) echo poppler-utils ;;
  node) echo nodejs ;;
  npm) echo npm ;;
  jdk) echo default-jdk-headless ;;
  race) echo gcc libc6-dev ;;
  esac
}

what_is() {
  case $1 in
  database) echo "the PostgreSQL server, for the store's tests (only its programs are used; the tests start a private server)" ;;
  browser) echo "a Chromium that starts, for the tests of the pages" ;;
  font) echo "a Chinese font, for the tests of the pages" ;;
  barcode) echo "zbarimg, for reading labels back" ;;
  papers) echo "pdftotext and its kin, for reading printed papers back" ;;
  node) echo "Node.js 18 or newer, for the integrator's client and the phone app's own tests" ;;
  npm) echo "npm, for the integrator's client" ;;
  jdk) echo "a Java development kit, for the integrator's client" ;;
  race) echo "a C compiler and its library, which Go's race detector needs" ;;
  esac
}

wanted=()
for arg in "$@"; do
  case $arg in
  browser) wanted+=(browser font) ;;
  node) wanted+=(node npm) ;;
  database | barcode | papers | jdk | race) wanted+=("$arg") ;;
  *) die "there is no group $arg (database, browser, barcode, node, jdk, race)." ;;
  esac
done

have go || die "Go is missing. Install the version that go.mod names, or a newer one, from https://go.dev/dl/ and put it on PATH."

missing=()
for thing in "${wanted[@]}"; do
  "has_$thing" || missing+=("$thing")
done
[ ${#missing[@]} -gt 0 ] || exit 0

for thing in "${missing[@]}"; do say "missing: $(what_is "$thing")"; done
have apt-get || die "this machine has no apt-get, so nothing can be installed here; install the above by hand and try again."

root=()
if [ "$(id -u)" -ne 0 ]; then
  have sudo || die "installing needs root, and there is no sudo; install the above as root and try again."
  root=(sudo)
  [ -t 0 ] || root=(sudo -n) # nobody is there to type a password
fi
apt() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 "$@" </dev/null; }

say "apt-get update"
apt update || die "apt-get update failed (no root, or no network to the package archive); the above is still missing."
packages=()
for thing in "${missing[@]}"; do
  read -ra names <<<"$(packages_of "$thing")"
  packages+=("${names[@]}")
done
say "apt-get install ${packages[*]}"
apt install -y --no-install-recommends "${packages[@]}" || die "apt-get could not install: ${packages[*]}."
hash -r

failed=0
for thing in "${missing[@]}"; do
  "has_$thing" && continue
  failed=1
  printf 'setup: still missing after installing %s: %s\n' "$(packages_of "$thing")" "$(what_is "$thing")" >&2
done
[ "$failed" -eq 0 ] || die "install the above by hand and try again (on Ubuntu, Chromium and a newer Node.js come from their makers, not from apt)."
