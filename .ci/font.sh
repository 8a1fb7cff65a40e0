#!/usr/bin/env bash
# Makes internal/paper/font.ttf anew: the Debian package fonts-wqy-microhei (used under Apache-2.0), cut down by .ci/font.cjs
# with subset-font from npm. The file is committed: this runs when the letters change, and never in a build or a test.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
(
  cd "$work"
  apt-get download -qq fonts-wqy-microhei
  dpkg -x fonts-wqy-microhei_*.deb x
  npm install --silent --no-save --prefix "$work" subset-font@2.9.0
) </dev/null
NODE_PATH=$work/node_modules node .ci/font.cjs "$work/x/usr/share/fonts/truetype/wqy/wqy-microhei.ttc" internal/paper/font.ttf
cp "$work/x/usr/share/doc/fonts-wqy-microhei/copyright" internal/paper/font.copyright
