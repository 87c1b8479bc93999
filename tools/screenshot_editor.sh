#!/bin/sh
# Takes pictures of the plugin's editor in several sizes and states, into docs/images/editor_*.png.
#
# Usage: tools/screenshot_editor.sh [PROGRAM [MODELS]]
# PROGRAM is the standalone program; without it, target/debug/wms-synth, which `cargo build -p wms-plugin
# --features standalone` builds. MODELS is a folder of models that the editor lists as the user's own. If
# one of them has 16 in its name, the last one gets a picture of its own; it should have 16 axes. Needs
# Debian's packages xvfb openbox x11-utils xdotool imagemagick libgl1-mesa-dri libx11-xcb1 libxcursor1. It
# uses a display of its own, and makes no sound.
set -eu

program=$(realpath "${1:-target/debug/wms-synth}")
[ -x "$program" ] || {
    echo "$program is no program; build it with: cargo build -p wms-plugin --features standalone" >&2
    exit 1
}
for tool in Xvfb openbox xdotool import; do
    command -v $tool >/dev/null || {
        echo "$tool is not installed; type: sudo apt install xvfb openbox x11-utils xdotool imagemagick" >&2
        exit 1
    }
done
models=${2:+$(realpath "$2")}
out=$PWD/docs/images
display=:77
work=$(mktemp -d)
mkdir -p "$out" "$work/models"
export WMS_MODELS="${models:-$work/models}" LIBGL_ALWAYS_SOFTWARE=1 DISPLAY=$display
printf 'not a model' > "$work/broken.safetensors"

server='' manager='' synth=''
clean() {
    for process in $synth $manager $server; do kill "$process" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean EXIT

Xvfb $display -screen 0 2560x1600x24 +extension GLX >/dev/null 2>&1 &
server=$!
sleep 2
openbox >/dev/null 2>&1 &
manager=$!
sleep 1

# Starts the program, finds its window by name, and gives it a size.
start() {
    # The pictures must not show paths of this machine.
    cd "$work"
    "$program" --backend dummy >"$work/log" 2>&1 &
    synth=$!
    window=$(timeout 30 xdotool search --sync --onlyvisible --name '^WMS$' | head -1)
    sleep 2
    resize 1200 740
}
resize() {
    xdotool windowsize --sync "$window" "$1" "$2" windowfocus --sync "$window"
    sleep 1
}
click() { xdotool mousemove --window "$window" "$1" "$2" sleep 0.2 click 1 sleep 0.3; }
shot() {
    import -window "$window" miff:- | convert - -colors 256 "PNG8:$out/editor_$1.png"
    echo "editor_$1.png"
}
hold() { for key in "$@"; do xdotool keydown "$key" sleep 0.15; done; }
let_go() { for key in "$@"; do xdotool keyup "$key"; done; }
drag() {
    xdotool mousemove --window "$window" "$1" "$2" sleep 0.2 mousedown 1
    for part in 1 2 3 4 5 6 7 8; do
        xdotool mousemove --window "$window" \
            $(($1 + ($3 - $1) * part / 8)) $(($2 + ($4 - $2) * part / 8)) sleep 0.06
    done
    xdotool mouseup 1 sleep 0.2
}
stop() { kill $synth; wait $synth 2>/dev/null || true; synth=''; }

start
xdotool mousemove --window "$window" 600 20 click 1
hold a d g
sleep 1
# Drags on the pad while notes sound.
drag 960 190 1090 130
sleep 0.6
xdotool mousemove --window "$window" 560 726
sleep 0.5
shot playing

# Types the name of a file that is no model.
let_go a d g
click 80 404
xdotool type --delay 15 broken.safetensors
xdotool key Return
sleep 1.5
shot error

resize 960 620
hold s f
sleep 1.5
shot small
let_go s f

resize 1720 1080
hold a d g k
sleep 2.5
shot large
let_go a d g k
stop

if [ -n "$models" ] && ls "$models" | grep -q 16; then
    start
    # The model before the first one in the list is the last one.
    click 104 32
    sleep 2
    hold a g
    sleep 1.5
    shot many_axes
    let_go a g
    stop
fi
