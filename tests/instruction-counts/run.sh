#!/usr/bin/env bash
# Counts the instructions of one prefill and one decode of the native binary under valgrind and compares them with
# baselines.txt, so that no change makes the product slower unnoticed. Counts repeat to a millionth where times on a
# shared machine vary by a third. The last line is the count of checks; exit status 77 says that nothing can be counted
# here, and the last line why.
#
#     tests/instruction-counts/run.sh              publishes the binary and compares
#     tests/instruction-counts/run.sh --published  compares the binary that tests/aot-smoke/run.sh has just published
#     tests/instruction-counts/run.sh --update     publishes and stores new baselines: commit them, and say why
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."

readonly baselines=tests/instruction-counts/baselines.txt
readonly binary=artifacts/aot-smoke/linux-x64-v3/moredge
readonly out=artifacts/instruction-counts
readonly margin_percent=3
readonly prompt_tokens=33
readonly decode_tokens=8
# The ordinary 256 GiB of address space for the heap are more than valgrind gives; this is 1 GiB, in hexadecimal.
readonly heap_range=40000000

passed=0
failed=0

pass() {
    passed=$((passed + 1))
    echo "ok    $1"
}

fail() {
    failed=$((failed + 1))
    echo "FAIL  $1"
}

cannot() {
    echo "$1"
    exit 77
}

# first_ids N: the token ids 1,2,…,N.
first_ids() { seq -s, 1 "$1"; }

# instructions MODEL OPTION...: how many instructions moredge logits executes with one thread and the AVX2 kernels, which
# is what valgrind can run wherever the binary runs.
instructions() {
    local log=$out/valgrind.log count
    if ! MOREDGE_KERNELS=avx2 DOTNET_GCRegionRange=$heap_range \
        valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$log" \
        "$binary" logits -m "$1" --threads 1 "${@:2}" >/dev/null; then
        tail -n 5 "$log" >&2
        return 1
    fi
    count=$(sed -n 's/^.*Collected : \([0-9]*\)$/\1/p' "$log")
    [ -n "$count" ] || { echo "valgrind printed no count." >&2; return 1; }
    echo "$count"
}

# measure FORMAT: prints "FORMAT prefill COUNT" and "FORMAT decode COUNT". Start, reading and verifying the file cancel out
# in the difference from a run of a single token.
measure() {
    local model=$out/$1.gguf single prompt decode
    rm -f "$model"
    "$binary" bench --synthetic smollm2-135m --format "$1" --keep "$model" -p 1 -n 1 -r 1 --threads 1 >/dev/null
    single=$(instructions "$model" --ids 1)
    prompt=$(instructions "$model" --ids "$(first_ids $prompt_tokens)")
    decode=$(instructions "$model" --ids "$(first_ids $((decode_tokens + 1)))" --decode $decode_tokens)
    rm -f "$model"
    echo "$1 prefill $((prompt - single))"
    echo "$1 decode $((decode - single))"
}

# compiler: the version of the runtime is that of the native compiler, whose code the counts are of.
compiler() { "$binary" doctor --json | sed -n 's/.*"runtime": "\(.*\)".*/\1/p'; }

# verdict BASELINE COUNT: same, slower or faster.
verdict() {
    if [ $(($2 * 100)) -gt $(($1 * (100 + margin_percent))) ]; then
        echo slower
    elif [ $(($2 * 100)) -lt $(($1 * (100 - margin_percent))) ]; then
        echo faster
    else
        echo same
    fi
}

# compare FORMAT KIND COUNT
compare() {
    local name="$1 $2" baseline text
    baseline=$(sed -n "s/^$name \([0-9]*\)$/\1/p" "$baselines")
    if [ -z "$baseline" ]; then
        fail "$name: $baselines has no such line"
        return
    fi
    text="$name: $3 instructions, baseline $baseline ($(awk -v a="$3" -v b="$baseline" 'BEGIN { printf "%+.2f", 100 * (a / b - 1) }') %)"
    case $(verdict "$baseline" "$3") in
        same) pass "$text" ;;
        slower) fail "$text: slower by more than $margin_percent %" ;;
        faster) fail "$text: faster by more than $margin_percent %; store it with $0 --update in a commit that says why" ;;
    esac
    # The comparison of this very count must be able to fail, or it means nothing.
    if [ "$(verdict $(($3 * 100 / 104)) "$3") $(verdict $(($3 * 100 / 96)) "$3")" = "slower faster" ]; then
        pass "$name: 4 % more or fewer would be caught"
    else
        fail "$name: 4 % more or fewer would not be caught"
    fi
}

[ "$(uname -m)" = x86_64 ] || cannot "The baselines are of an x64 binary."
grep -qw avx2 /proc/cpuinfo || cannot "This processor has no AVX2."
command -v valgrind >/dev/null || cannot "valgrind is not installed."
if [ "${1:-}" != --published ]; then
    dotnet publish tools/moredge -c Release -p:PublishProfile=linux-x64-v3 -o "$(dirname "$binary")" >/dev/null
fi
[ -x "$binary" ] || cannot "$binary is not there: it was not published."
mkdir -p "$out"

used=$(compiler)
known=$(sed -n 's/^compiler //p' "$baselines" 2>/dev/null || true)
if [ "${1:-}" != --update ] && [ "$used" != "$known" ]; then
    cannot "The baselines are of code compiled by $known and this binary is by $used; $0 --update stores new ones."
fi

counts=$(measure q8; measure q4)
if [ "${1:-}" = --update ]; then
    {
        echo "# Instructions of the linux-x64-v3 binary, AVX2 kernels, one thread, SmolLM2-135M shape: a prompt"
        echo "# of $prompt_tokens tokens and $decode_tokens decoded tokens, each less one token. Written by tests/instruction-counts/run.sh --update."
        echo "compiler $used"
        echo "$counts"
    } >"$baselines"
    cat "$baselines"
    exit
fi

while read -r format kind count; do
    compare "$format" "$kind" "$count"
done <<<"$counts"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
