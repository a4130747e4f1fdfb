#!/usr/bin/env bash
# Measures which lines the tests execute:  bash tools/coverage.sh python|core
#
# python: the whole suite, its processes and forks included, under coverage.py.
# core: the C++ tests, and the tests of the native engine on a core that counts its lines, by gcov.
# Needs: pip install '.[audit]'. Results are printed, and kept in build/coverage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$PWD/build/coverage
mkdir -p "$out"

case ${1:-} in
python)
    export COVERAGE_FILE=$out/python.data
    python -m coverage erase
    # The tests that limit the size of files or the time fail, since coverage.py itself writes and takes time.
    python -m coverage run -m pytest -q -n auto || echo "some tests failed; their lines count all the same"
    python -m coverage combine -q
    python -m coverage report --show-missing --skip-covered
    ;;
core)
    tests="tests/engines tests/training tests/backprop tests/faults tests/network tests/costs tests/optimizers"
    cmake -S . -B "$out/tests" -G Ninja -DCHAINRULE_TESTS=ON -DCHAINRULE_COVERAGE=ON
    cmake --build "$out/tests"
    ctest --test-dir "$out/tests" --output-on-failure --no-tests=error
    python -m pip install --no-deps --upgrade --target "$out/site" -C build-dir="$out/module" \
        -C cmake.define.CHAINRULE_COVERAGE=ON .
    # In one process: those of xdist end without writing their counts. Failed tests count too, as above.
    # shellcheck disable=SC2086 # a list of folders
    PYTHONPATH=$out/site python -m pytest -q $tests || echo "some tests failed; their lines count all the same"
    # A line counts once, whichever instance of a template executes it. The headers of nanobind are no longer there.
    gcovr --root . --filter native/ --exclude native/tests --gcov-ignore-parse-errors all \
        --gcov-ignore-errors no_working_dir_found --merge-mode-functions separate --merge-lines --txt "$out/core.txt" "$out/tests" "$out/module"
    cat "$out/core.txt"
    ;;
*)
    sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 2
    ;;
esac
