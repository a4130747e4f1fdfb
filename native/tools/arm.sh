#!/usr/bin/env bash
# Builds the engine for Arm (kernel sets neon and baseline) on any Linux machine with a cross compiler, warnings as errors, and
# tests it in an emulator:  bash native/tools/arm.sh
# On Debian and Ubuntu:  apt install cmake ninja-build g++-aarch64-linux-gnu qemu-user
# The tests take some minutes: an emulated vector instruction costs about a hundred real ones.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build=build/arm
cmake -S . -B "$build" -G Ninja -DCHAINRULE_TESTS=ON -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
    -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;/usr/aarch64-linux-gnu"
cmake --build "$build"
ctest --test-dir "$build" --output-on-failure --no-tests=error
