#!/usr/bin/env bash
# Runs the native engine's tests and fuzz harnesses on an extension with a sanitizer:
#   bash tools/sanitized.sh address,undefined|thread [SECONDS for each harness (120) [TESTS, such as tests/training]]
#
# The first report of a sanitizer ends its process, and so is a failure. Under the thread sanitizer only the core is
# instrumented: Python, NumPy and nanobind are not, and their own accesses are ignored. Needs Linux and GCC.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sanitizers=${1:-} seconds=${2:-120}
tests=("${@:3}")
[ ${#tests[@]} -gt 0 ] || tests=(tests/engines tests/backprop tests/network tests/training)
case $sanitizers in
address,undefined) runtime=libasan.so harnesses="problems resources" ;;
thread) runtime=libtsan.so harnesses=problems ;; # it gives up where a process with several threads forks
*)
    sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 2
    ;;
esac
out=$PWD/build/sanitized/$sanitizers
python -m pip install --quiet --no-deps --upgrade --target "$out/site" -C build-dir="$out/module" \
    -C cmake.define.CHAINRULE_SANITIZE="$sanitizers" -C install.strip=false .
export PYTHONPATH=$out/site
# Exceptions of C++ are found only if its library is loaded from the beginning.
export LD_PRELOAD="$(g++ -print-file-name=$runtime) $(g++ -print-file-name=libstdc++.so)"
export ASAN_OPTIONS=detect_leaks=0 # of what Python keeps until its end
export TSAN_OPTIONS="halt_on_error=1 ignore_noninstrumented_modules=1 report_signal_unsafe=0"
unset CHAINRULE_THREADS OMP_NUM_THREADS
# Address randomisation may leave no room for the shadow of the memory. The size of the process is not that of its work,
# a limit of it stops the sanitizer itself, and the time in which Ctrl-C is heard is not that of a user.
run=(setarch -R python -m)
"${run[@]}" pytest -q -x --ignore tests/engines/test_native_memory.py --ignore tests/engines/test_native_interrupt.py \
    --deselect tests/engines/test_native_processes.py::test_a_thread_that_cannot_start_is_not_needed "${tests[@]}"
[ "$seconds" = 0 ] || "${run[@]}" fuzz $harnesses --seconds "$seconds"
