#!/bin/sh
# Takes the plugin through a project in Ardour. Ardour scans the plugin and puts it on a MIDI track, moves
# a parameter and saves. Another process opens the project and checks that the parameter is where it was
# left.
#
# Usage: tools/ardour_session.sh [VST3]
# VST3 is the bundle; without it, target/bundled/wms-plugin.vst3, which `make plugin` builds. Needs Debian's
# package ardour, but neither a screen nor a sound card. Everything is written to a temporary folder.
set -eu

bundle=$(realpath "${1:-target/bundled/wms-plugin.vst3}")
[ -e "$bundle" ] || {
    echo "$bundle does not exist; build it with: make plugin" >&2
    exit 1
}
here=$(dirname "$(realpath "$0")")
console=$(command -v ardour7-lua || command -v ardour8-lua || command -v ardour-lua) || {
    echo "Ardour is not installed; type: sudo apt install ardour" >&2
    exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Keeps the settings, caches and plugins of this user out of it.
export HOME="$work" XDG_CONFIG_HOME="$work/config" XDG_CACHE_HOME="$work/cache"
mkdir -p "$work/.vst3" "$work/config" "$work/cache"
ln -s "$bundle" "$work/.vst3/wms-plugin.vst3"

scanner=$(ls /usr/lib/ardour*/ardour-vst3-scanner | head -1)
LD_LIBRARY_PATH=$(dirname "$scanner") "$scanner" -f "$work/.vst3/wms-plugin.vst3"
for step in make open; do
    {
        echo "STEP, FOLDER = \"$step\", \"$work/session\""
        cat "$here/ardour_session.lua"
    } > "$work/$step.lua"
    timeout 120 "$console" "$work/$step.lua"
done
