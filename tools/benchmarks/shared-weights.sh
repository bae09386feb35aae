#!/usr/bin/env bash
# Measures what shared weights are good for: the tables of speed-of-shared-weights.md.
#
#     tools/benchmarks/shared-weights.sh BINARY FOLDER [BATCHED_BENCH DENSE_GGUF]
#
# BINARY is a published moredge; FOLDER receives every raw output. BATCHED_BENCH is llama.cpp's llama-batched-bench and
# DENSE_GGUF a file of `moredge bench --synthetic smollm2-360m --format q4_0 --keep DENSE_GGUF`; without them that column
# stays empty. THREADS (2), TURNS (3) and PARTS ("depth speculate kv board batch drafts tables") in the environment change what is run;
# "tables" makes the tables of the batches from the outputs that are there.
# Exit codes: 0 success, 1 a program failed, 2 wrong usage.
set -euo pipefail

readonly threads=${THREADS:-2} turns=${TURNS:-3} sequences=1,2,4,8,16,32 prompt=64 answer=64
read -r -a parts <<<"${PARTS:-depth speculate kv board batch drafts tables}"

fail() { echo "shared-weights: $2" >&2; exit "$1"; }

# keep NAME COMMAND...: runs a command and keeps what it prints.
keep() {
    local name=$1 begin=$SECONDS
    shift
    printf '%s: %s\n' "$name" "$*" >>"$folder/commands.txt"
    "$@" >"$folder/$name.txt" 2>"$folder/$name.err" </dev/null || fail 1 "$name failed; see $folder/$name.err"
    echo "$name: $((SECONDS - begin)) s" >&2
}

depth() {
    keep depth-mor-stories "$binary" bench -m mor-stories -p 512 -n 256 -r 25 --threads "1,$threads" --no-probe
    keep depth-mor-360m-n3 "$binary" bench --synthetic mor-360m-n3 --format q4 -p 256 -n 48 -r 9 --threads "1,$threads"
}

# The shares that the paper's capacities N/N ... 1/N leave at each depth: equal ones.
shares() {
    case $1 in
        2) echo 0.5,0.5 ;;
        3) echo 0.33,0.33,0.34 ;;
        4) echo 0.25,0.25,0.25,0.25 ;;
    esac
}

speculate() {
    local model options=(--format q4 --speculate 0,0.5,0.8,1 -p 64 -n 96 -r 7 --threads "1,$threads")
    for model in mor-stories mor-commands; do
        keep "speculate-$model" "$binary" bench -m "$model" --speculate own -p 128 -n 400 -r 15 --threads "1,$threads"
    done
    keep speculate-n3-mean-depth-2 "$binary" bench --synthetic mor-360m-n3 --depths "$(shares 3)" "${options[@]}"
    keep speculate-n3-full-depth "$binary" bench --synthetic mor-360m-n3 --routing full "${options[@]}"
}

batch() {
    local turn n options=(--format q4 --pure --sequences "$sequences" -p "$prompt" -n "$answer" -r 1 --threads "$threads")
    for ((turn = 1; turn <= turns; turn++)); do
        keep "batch-dense-$turn" "$binary" bench --synthetic smollm2-360m "${options[@]}"
        [ -z "$peer" ] || keep "batch-llama-$turn" "$peer" -m "$dense" -npp "$prompt" -ntg "$answer" -npl "$sequences" \
            -c $(((prompt + answer) * 32)) -t "$threads" -tb "$threads" -fa on
        for n in 3 2 4; do
            keep "batch-n$n-$turn" "$binary" bench --synthetic "mor-360m-n$n" --depths "$(shares "$n")" \
                --kv recursion,shared "${options[@]}"
        done
    done
}

# Few sequences that draft as often right as the built-in models do, at their depths.
drafts() {
    local turn options=(--format q4 --pure --sequences 1,2,4 -p "$prompt" -n 256 -r 1 --threads "$threads")
    for ((turn = 1; turn <= turns; turn++)); do
        keep "drafts-dense-$turn" "$binary" bench --synthetic smollm2-360m "${options[@]}"
        keep "drafts-n3-$turn" "$binary" bench --synthetic mor-360m-n3 --depths 0.35,0.34,0.31 \
            --speculate 0.914,0.914/0.963/0.83,0.958/0.886/0.77,1/0.9 "${options[@]}"
    done
}

kv() {
    local options=(--format q4 --kv recursion,shared --max-depth 3 --filled 512,2048,8192 -p 64 -n 32 -r 5 --threads "$threads")
    keep kv-full-depth "$binary" bench --synthetic mor-360m-n3 "${options[@]}"
    keep kv-mean-depth-2 "$binary" bench --synthetic mor-360m-n3 --depths "$(shares 3)" "${options[@]}"
}

board() {
    local status=0
    "$(dirname "$0")/small-board.sh" "$binary" >"$folder/board.txt" 2>"$folder/board.err" || status=$?
    [ "$status" -eq 0 ] || echo "board: exit status $status; see $folder/board.txt and board.err" >&2
}

# rows: "KEY TOKENS-PER-SECOND TOKENS-PER-SECOND-WHILE-ALL-DECODE" of every batch and turn; the key names model, policy
# and sequences.
rows() {
    local file name
    for file in "$folder"/batch-*.txt; do
        name=$(basename "$file" .txt)
        case $name in
            batch-llama-*) awk -F '|' -v turn="${name##*-}" -v tokens="$answer" \
                '$4 ~ /^ *[0-9]+ *$/ { printf "llama - %d %d %.2f %.2f\n", $4, turn, $4 * tokens / $10, $9 }' "$file" ;;
            batch-dense-*) awk -v turn="${name##*-}" \
                '$1 ~ /^[0-9]+$/ && $2 ~ /^[0-9]+$/ { print "dense -", $2, turn, $3, $5 }' "$file" ;;
            *) awk -v turn="${name##*-}" -v model="$(cut -d - -f 2 <<<"$name")" \
                '$1 ~ /^[0-9]+$/ && $2 ~ /^[0-9]+$/ { print model, $3, $2, turn, $4, $6 }' "$file" ;;
        esac
    done
}

# table COLUMN: Markdown; medians over the turns, and the ratio to the dense model turn by turn. Column 5 counts all, 6
# while all decode.
table() {
    echo "| sequences | dense, 32 layers | llama.cpp, dense | 2 recursions | shared | 3 recursions | shared | 4 recursions | shared |"
    echo "|---|---|---|---|---|---|---|---|---|"
    rows | awk -v column="$1" '
        function median(list,    n, v, i, j, t) {
            n = split(list, v, " ")
            for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
            return n == 0 ? "" : n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
        }
        {
            key = $1 " " $2
            value[key, $3, $4] = $column
            count[$3]
            if ($4 > turns) turns = $4
        }
        END {
            keys = split("dense -;llama -;n2 recursion;n2 shared;n3 recursion;n3 shared;n4 recursion;n4 shared", order, ";")
            for (size = 1; size <= 256; size++) if (size in count) {
                printf "| %d |", size
                for (k = 1; k <= keys; k++) {
                    speeds = ratios = ""
                    for (turn = 1; turn <= turns; turn++) if ((order[k], size, turn) in value) {
                        speeds = speeds " " value[order[k], size, turn]
                        ratios = ratios " " value[order[k], size, turn] / value[order[1], size, turn]
                    }
                    if (speeds == "") printf " |"
                    else printf " %.0f%s |", median(speeds), k == 1 ? "" : sprintf(" (%.2f)", median(ratios))
                }
                print ""
            }
        }'
}

tables() {
    {
        echo "tok/s of all sequences, prompts included (over the dense model's in the same turn)"
        echo
        table 5
        echo
        echo "tok/s of all sequences while all decode (likewise)"
        echo
        table 6
    } | tee "$folder/batch-tables.md"
}

[ $# -eq 2 ] || [ $# -eq 4 ] || fail 2 "usage: shared-weights.sh BINARY FOLDER [BATCHED_BENCH DENSE_GGUF]"
readonly binary=$1 folder=$2 peer=${3:-} dense=${4:-}
[ -f "$binary" ] && [ -x "$binary" ] || fail 2 "$binary is not a program."
[ -z "$peer" ] || { [ -x "$peer" ] && [ -f "$dense" ]; } || fail 2 "$peer is not a program or $dense not a file."
mkdir -p "$folder" || fail 2 "the folder $folder cannot be made."
for part in "${parts[@]}"; do
    [[ $part =~ ^(depth|speculate|kv|board|batch|drafts|tables)$ ]] || fail 2 "there is no part '$part'; there are: depth speculate kv board batch drafts tables."
    "$part"
done
