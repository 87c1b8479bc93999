#!/usr/bin/env bash
# Network steps by RTNeural and by this project, in one run.
#
#   benches/rtneural.sh PATH_OF_RTNEURAL      (https://github.com/jatinchowdhury18/RTNeural)
#
# Needs a C++17 compiler, Eigen 3 and xsimd (Debian: libeigen3-dev libxsimd-dev).
set -euo pipefail
cd "$(dirname "$0")/.."
source=${1:?the folder of a checkout of RTNeural}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for backend in EIGEN XSIMD; do
    g++ -std=c++17 -O3 -DNDEBUG -march=native -ffast-math -w \
        -I "$source" -I /usr/include/eigen3 -DPEER="\"$backend\"" \
        -DRTNEURAL_USE_$backend=1 -DRTNEURAL_DEFAULT_ALIGNMENT=32 \
        benches/rtneural.cpp -o "$work/$backend"
done
cargo bench --bench synth --no-run
for backend in EIGEN XSIMD; do
    "$work/$backend"
done
cargo bench --bench synth -- networks
