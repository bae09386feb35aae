#!/usr/bin/env bash
# Runs a model in the memory of a 512 MB board: a control group with a limit and no swap.
#
#     tools/benchmarks/small-board.sh BINARY [FILE [CONTEXT]]
#
# BINARY is a published moredge. FILE is a model; when not given, the shape mor-360m-n3 in q4 with random weights is
# written. CONTEXT is the tokens in the context before those measured, 2048 when not given. Printed are what `doctor`
# predicts, and for 512 MiB, for the 425 MiB that Linux leaves programs on such a board, and without a limit: decode
# speed, pages read from the disk while decoding, and the most memory the group held, files and the rest apart.
#
# LIMITS in the environment names other limits, such as LIMITS=160M, within which that model pages. Needs root and the
# memory controller of version 2 or 1. Exit codes: 0 the model ran within every limit without a read from the disk while
# decoding, 1 it did not or something failed, 2 wrong usage, 77 control groups cannot be used.
set -euo pipefail

read -r -a limits <<<"${LIMITS:-512M 425M}"
readonly decode_tokens=64 repetitions=5

fail() { echo "small-board: $2" >&2; exit "$1"; }

# The first sentence of the program's own, without its progress.
reason() { grep -a -o 'moredge: .*' "$folder/errors" | tail -n 1 || echo "it gave no reason."; }

# make_group: a control group of our own. Sets group and version.
make_group() {
    version=2
    if [ -w /sys/fs/cgroup/cgroup.subtree_control ]; then
        grep -qw memory /sys/fs/cgroup/cgroup.controllers || fail 77 "this system has no memory controller."
        { echo +memory >/sys/fs/cgroup/cgroup.subtree_control; } 2>/dev/null || fail 77 "the memory controller is not to be had."
        group=/sys/fs/cgroup/moredge-small-board-$$
    elif [ -w /sys/fs/cgroup/memory/cgroup.procs ]; then
        version=1
        group=/sys/fs/cgroup/memory/moredge-small-board-$$
    else
        fail 77 "control groups cannot be used; run this as root on a Linux that has them mounted at /sys/fs/cgroup."
    fi
    mkdir "$group" 2>/dev/null || fail 77 "no control group can be made here; run this as root."
}

set_limit() {
    if [ "$version" -eq 2 ]; then
        echo "$1" >"$group/memory.max"
        echo 0 >"$group/memory.swap.max"
    else
        echo "$1" >"$group/memory.limit_in_bytes"
        echo 0 >"$group/memory.swappiness"
    fi
}

# field NAME-IN-VERSION-2 NAME-IN-VERSION-1: bytes from memory.stat.
field() { awk -v name="$([ "$version" -eq 2 ] && echo "$1" || echo "$2")" '$1 == name { print $2 }' "$group/memory.stat"; }

# peak: the most bytes the group held. Kernels before 5.19 do not know it in version 2.
peak() { cat "$group/memory.peak" 2>/dev/null || cat "$group/memory.max_usage_in_bytes" 2>/dev/null || echo 0; }

# watch PROCESS: the largest split of files and the rest while it runs.
watch() {
    local file anon most=0
    while kill -0 "$1" 2>/dev/null; do
        file=$(field file cache) anon=$(field anon rss)
        if [ $((file + anon)) -gt "$most" ]; then
            most=$((file + anon))
            echo "$file $anon" >"$folder/split"
        fi
        sleep 0.05
    done
}

# bench [GROUP]: decodes behind the context; the prompt is one token, so that nothing but the context takes memory.
bench() {
    [ $# -eq 0 ] || echo "$BASHPID" >"$1/cgroup.procs"
    exec "$binary" bench -m "$model" -p 1 -n "$decode_tokens" -r "$repetitions" --filled "$context" \
        ${depth:+--max-depth "$depth"} --no-probe --json
}

# number NAME FILE: the first number of that name, or of the median in the object of that name, in a JSON text.
number() { tr -d ' \n' <"$2" | sed -n -E "s/.*\"decode\":.*\"$1\":(\{\"median\":)?([0-9.eE+-]+).*/\2/p"; }

# measure LIMIT: one row; "none" runs outside.
measure() {
    local status=0 process file
    : >"$folder/split"
    # Pages of a file count for the group that reads them first: none may be in memory, and unwritten ones would stay.
    for file in "$model" "$binary"; do
        sync "$file"
        dd if="$file" iflag=nocache count=0 status=none
    done
    if [ "$1" = none ]; then
        (bench) >"$folder/json" 2>"$folder/errors" </dev/null || status=$?
    else
        make_group
        set_limit "$1"
        (bench "$group") >"$folder/json" 2>"$folder/errors" </dev/null &
        process=$!
        watch "$process"
        wait "$process" || status=$?
    fi
    if [ "$status" -ne 0 ]; then
        echo "$1: the program ended with status $status: $(reason)"
        result=1
    else
        print_row "$1"
    fi
    remove_group
}

print_row() {
    local file=0 anon=0 most=0 faults
    faults=$(number major_faults "$folder/json")
    [ "$1" = none ] || most=$(peak)
    [ ! -s "$folder/split" ] || read -r file anon <"$folder/split"
    [ "$most" -gt 0 ] || most=$((file + anon))
    awk -v limit="$1" -v speed="$(number tokens_per_second "$folder/json")" -v faults="$faults" -v peak="$most" \
        -v file="$file" -v anon="$anon" -v count="$((decode_tokens * repetitions))" 'BEGIN {
            printf "%-6s %8.1f tok/s, %d pages read from the disk in %d tokens", limit, speed, faults, count
            if (limit != "none") printf ", peak %.0f MB (%.0f MB files, %.0f MB else)", peak / 1e6, file / 1e6, anon / 1e6
            print ""
        }'
    [ "$1" = none ] || [ "$faults" -eq 0 ] || result=1
}

remove_group() {
    [ -n "$group" ] || return 0
    # The last process may take a moment to leave.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        ! rmdir "$group" 2>/dev/null || break
        sleep 0.1
    done
    group=
}

finish() {
    remove_group
    rm -rf "$folder"
}

[ $# -ge 1 ] && [ $# -le 3 ] || fail 2 "usage: small-board.sh BINARY [FILE [CONTEXT]]"
readonly binary=$1 context=${3:-2048}
[ -f "$binary" ] && [ -x "$binary" ] || fail 2 "$binary is not a program."
[[ $context =~ ^[1-9][0-9]{0,5}$ ]] || fail 2 "the context is a number of tokens, not '$context'."
folder=$(mktemp -d)
group=
result=0
trap finish EXIT
if [ $# -ge 2 ]; then
    model=$2
    [ -f "$model" ] || fail 2 "$model is not a file."
else
    model=$folder/mor-360m-n3.gguf
    "$binary" bench --synthetic mor-360m-n3 --format q4 --keep "$model" -p 1 -n 1 -r 1 --no-probe \
        >/dev/null 2>"$folder/errors" || fail 1 "the model could not be written: $(reason)"
fi
depth=$("$binary" inspect "$model" --json | tr -d ' \n' | sed -n -E 's/.*"recursion_count":([0-9]+).*/\1/p')
for limit in "${limits[@]}"; do
    echo "doctor, $limit:"
    "$binary" doctor "$model" --context "$((context + decode_tokens))" --memory "$limit" \
        | sed -n -E '/^  (weights|cache|workspace|program|total|verdict)/p'
done
echo "measured, $decode_tokens tokens decoded behind $context, median of $repetitions:"
measure none
for limit in "${limits[@]}"; do
    measure "$limit"
done
measure none
exit "$result"
