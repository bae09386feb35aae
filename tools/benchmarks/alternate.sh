#!/usr/bin/env bash
# Compares a number that two commands print: runs them alternately, so that whatever else the machine does meets both,
# and prints the median of each and of the ratios, pair by pair.
#
#     alternate.sh COUNT COMMAND_A REGEX_A COMMAND_B REGEX_B
#
# A command is a line for bash. Its number is the first parenthesis of the regular expression (ERE) in the first line of
# its standard output that matches. Exit codes: 0 success, 1 a command failed or printed no number, 2 wrong usage.
set -euo pipefail

fail() {
    echo "alternate.sh: $2" >&2
    exit "$1"
}

# number COMMAND REGEX: runs the command and prints its number.
number() {
    local output line found status=0
    output=$(bash -c "$1" </dev/null) || status=$?
    [ "$status" -eq 0 ] || fail 1 "The command ended with exit code $status: $1"
    while IFS= read -r line; do
        [[ $line =~ $2 ]] || continue
        found=${BASH_REMATCH[1]:-}
        if [[ $found =~ ^[0-9]+(\.[0-9]+)?$ ]]; then
            echo "$found"
            return
        fi
    done <<<"$output"
    fail 1 "No line of the output matches '$2' with a number: $1"
}

# median NUMBER...: the middle number, or the mean of the two, and the extremes.
median() {
    printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END {
        m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
        printf "%.4g (%.4g-%.4g)", m, v[1], v[NR]
    }'
}

[ "$#" -eq 5 ] || fail 2 "Give COUNT COMMAND_A REGEX_A COMMAND_B REGEX_B."
[[ $1 =~ ^[1-9][0-9]{0,3}$ ]] || fail 2 "'$1' is not a count from 1 to 9999."
a=()
b=()
ratios=()
for ((i = 0; i < $1; i++)); do
    a+=("$(number "$2" "$3")")
    b+=("$(number "$4" "$5")")
    ratios+=("$(awk -v a="${a[i]}" -v b="${b[i]}" 'BEGIN { printf "%.6g", b == 0 ? 0 : a / b }')")
    [ ! -t 2 ] || printf '%s of %s: %s / %s = %s\n' "$((i + 1))" "$1" "${a[i]}" "${b[i]}" "${ratios[i]}" >&2
done
echo "A      $(median "${a[@]}")"
echo "B      $(median "${b[@]}")"
echo "A / B  $(median "${ratios[@]}")"
