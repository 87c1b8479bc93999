#!/bin/sh
# Takes the plugin through a project in Ardour: found and scanned, put on a MIDI track, one parameter
# moved, saved, opened again by another process, and the parameter is where it was left.
#
# Usage: tools/ardour_session.sh [VST3]
# VST3 is the bundle (target/bundled/wms-plugin.vst3: make plugin). Needs (Debian) ardour, no screen and no
# sound card. Everything is written to a folder that is removed at the end.
set -eu

bundle=$(realpath "${1:-target/bundled/wms-plugin.vst3}")
here=$(dirname "$(realpath "$0")")
console=$(command -v ardour7-lua || command -v ardour8-lua || command -v ardour-lua)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Settings, caches and plugins of its own.
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
