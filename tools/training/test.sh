#!/usr/bin/env bash
# The tests of the trainer and of the twin: unit tests, the twin against all stored references, golden vectors unchanged.
# `test.sh cuda` runs those of the twin on a GPU. Installs Debian's PyTorch where it is missing; ends with
# `N passed, N failed`, or with 77 where it cannot run.
set -uo pipefail
cd "$(dirname "$0")"

device=${1:-}
# Debian's PyTorch is too old for another default device.
if [ -n "$device" ]; then python=python3; else python=/usr/bin/python3; fi
export OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2

has_everything() { "$python" -c 'import torch, numpy, matplotlib, tomllib' 2>/dev/null; }

# Another interpreter than Debian's may have a newer PyTorch.
if ! has_everything && python3 -c 'import torch' 2>/dev/null; then python=python3; fi

install() {
    local root=()
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] || root=(sudo -n)
    { "${root[@]}" apt-get update && DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y \
        --no-install-recommends python3-torch python3-numpy python3-matplotlib libopenblas0-pthread; } >/dev/null
}

if [ -n "$device" ] && ! has_everything; then
    echo "python3 lacks PyTorch, numpy or matplotlib."
    exit 77
elif ! has_everything && { ! install || ! has_everything; }; then
    echo "PyTorch is not here and apt could not bring it (python3-torch, python3-matplotlib, libopenblas0-pthread)."
    exit 77
fi

passed=0
failed=0

# on COMMAND...: with the interpreter, on the device asked for.
on() { timeout 300 "$python" ${device:+on_device.py "$device"} "$@"; }

# unittests PACKAGE: all its test_*.py, counted from unittest's own summary.
unittests() {
    local log count bad status modules
    log=$(mktemp)
    modules=$(find "$1" -name 'test_*.py' | sort | sed -e 's#/#.#g' -e 's#\.py$##')
    # Module names have no spaces.
    # shellcheck disable=SC2086
    on -m unittest $modules >"$log" 2>&1
    status=$?
    count=$(sed -nE 's/^Ran ([0-9]+) tests? in .*/\1/p' "$log")
    bad=$(($(sed -nE 's/^FAILED \((.*)\)$/\1/p' "$log" | grep -oE '[0-9]+' | paste -sd+ -)))
    if [ -z "$count" ] || { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
        # It crashed, or ran out of time.
        count=$((${count:-0} + 1))
        bad=1
    fi
    [ "$bad" -eq 0 ] || tail -n 40 "$log"
    echo "$1: $((count - bad)) passed, $bad failed"
    passed=$((passed + count - bad))
    failed=$((failed + bad))
    rm -f "$log"
}

# counted SCRIPT...: one of ours, which ends with `N passed, N failed`.
counted() {
    local log line
    log=$(mktemp)
    on "$@" >"$log" 2>&1
    line=$(tail -n 1 "$log")
    if [[ $line =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        grep -i fail "$log" | grep -v "$line" || true
        echo "${1}: $line"
    else
        tail -n 20 "$log"
        failed=$((failed + 1))
    fi
    rm -f "$log"
}

if [ -n "$device" ]; then
    unittests twin
    counted check_golden.py
else
    for package in text twin trainer stories commands comparison; do
        unittests "$package"
    done
    counted check_golden.py
    counted make_golden.py --check
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
