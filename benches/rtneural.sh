#!/usr/bin/env bash
# Network steps by RTNeural and by this project, in one run.
#
#   benches/rtneural.sh PATH_OF_RTNEURAL [PATH_OF_XSIMD]
#
# RTNeural: https://github.com/jatinchowdhury18/RTNeural. Needs a C++17 compiler, Eigen 3 (Debian:
# libeigen3-dev) and xsimd 9, which RTNeural is written for: https://github.com/xtensor-stack/xsimd,
# where PATH_OF_XSIMD holds its include folder.
set -euo pipefail
cd "$(dirname "$0")/.."
source=${1:?the folder of a checkout of RTNeural}
xsimd=${2:-/usr}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for backend in EIGEN XSIMD; do
    g++ -std=c++17 -O3 -DNDEBUG -march=native -ffast-math -w \
        -I "$source" -I "$xsimd/include" -I /usr/include/eigen3 -DPEER="\"$backend\"" \
        -DRTNEURAL_USE_$backend=1 -DRTNEURAL_DEFAULT_ALIGNMENT=32 -DEIGEN_STACK_ALLOCATION_LIMIT=0 \
        benches/rtneural.cpp -o "$work/$backend"
done
cargo bench --bench synth --no-run
for backend in EIGEN XSIMD; do
    "$work/$backend"
done
cargo bench --bench synth -- networks
