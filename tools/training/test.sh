#!/usr/bin/env bash
# The tests of the trainer and of the twin: unit tests, the twin against all stored references, golden vectors unchanged.
# Installs Debian's PyTorch where it is missing; ends with `N passed, N failed`, or with 77 where it cannot run.
set -uo pipefail
cd "$(dirname "$0")"

python=/usr/bin/python3
[ -x "$python" ] || python=python3
export OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2

has_everything() { "$python" -c 'import torch, numpy, matplotlib, tomllib' 2>/dev/null; }

install() {
    local root=()
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] || root=(sudo -n)
    { "${root[@]}" apt-get update && DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y \
        --no-install-recommends python3-torch python3-numpy python3-matplotlib libopenblas0-pthread; } >/dev/null
}

if ! has_everything && { ! install || ! has_everything; }; then
    echo "PyTorch is not here and apt could not bring it (python3-torch, python3-matplotlib, libopenblas0-pthread)."
    exit 77
fi

passed=0
failed=0

# unittests NAME FOLDER MODULE...: run from a folder, counted from unittest's own summary.
unittests() {
    local name=$1 folder=$2 log count bad status
    shift 2
    log=$(mktemp)
    (cd "$folder" && timeout 300 "$python" -m unittest "$@") >"$log" 2>&1
    status=$?
    count=$(sed -nE 's/^Ran ([0-9]+) tests? in .*/\1/p' "$log")
    bad=$(sed -nE 's/^FAILED \((.*)\)$/\1/p' "$log" | grep -oE '[0-9]+' | paste -sd+ - | bc 2>/dev/null)
    if [ "$status" -ne 0 ]; then
        tail -n 40 "$log"
        bad=${bad:-1}
    fi
    echo "$name: ${count:-0} tests, ${bad:-0} failed"
    passed=$((passed + ${count:-0} - ${bad:-0}))
    failed=$((failed + ${bad:-0}))
    rm -f "$log"
}

# counted COMMAND...: a script of ours, which ends with `N passed, N failed`.
counted() {
    local log line
    log=$(mktemp)
    timeout 300 "$@" >"$log" 2>&1
    line=$(tail -n 1 "$log")
    if [[ $line =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        grep -i fail "$log" | grep -v "$line" || true
        echo "${2}: $line"
    else
        tail -n 20 "$log"
        failed=$((failed + 1))
    fi
    rm -f "$log"
}

modules() { find "$1" -name 'test_*.py' | sort | sed -e 's#^\./##' -e 's#/#.#g' -e 's#\.py$##'; }

for package in text twin trainer stories; do
    # Module names have no spaces.
    # shellcheck disable=SC2046
    unittests "$package" . $(modules "$package")
done
unittests "the generator" commands test_generate
unittests commands . commands.test_texts
counted "$python" check_golden.py
counted "$python" make_golden.py --check
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
