#!/usr/bin/env bash
# Measures the time to the first token: from the start of the process to the first character of the answer on standard
# output, of a published binary, with the model file in the page cache.
#
#     tools/benchmarks/first-token.sh generate|chat BINARY MODEL [RUNS]
#
# generate continues a prompt of exactly 16 tokens; chat answers a one-line question on standard input, whose prompt is
# as long as the model's chat template makes it. Both choose greedily. RUNS is 21 when not given. The last line is
#
#     first token after 48.1 ms (median of 21 runs; fastest 46.9, slowest 55.0)
#
# Starting a process from this script takes about a millisecond, which is counted.
set -euo pipefail

readonly prompt_tokens=16
readonly question='Tell me a story about a cat.'
readonly words=(Once upon a time there was a small boat and it sailed over the sea to find a new home for the old man)
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

fail() { echo "first-token: $1" >&2; exit "${2:-1}"; }

# reason: the last line that the program wrote to standard error.
reason() { grep '[^[:space:]]' "$errors" | tail -n 1 | grep . || echo "it gave no reason."; }

# count_tokens TEXT: tokens that a prompt becomes, special ones included.
count_tokens() { printf '%s' "$1" | "$binary" tokenize -m "$model" --ids 2>"$errors" | wc -w; }

# build_prompt: as many words as make 16 tokens.
build_prompt() {
    local count=0 word
    prompt=
    for word in "${words[@]}"; do
        prompt+="${prompt:+ }$word"
        count=$(count_tokens "$prompt") || fail "the model's tokenizer cannot be used: $(reason)"
        [ "$count" -lt "$prompt_tokens" ] || break
    done
    [ "$count" -eq "$prompt_tokens" ] || fail "no run of the built-in words makes exactly $prompt_tokens tokens of this model."
}

# answer: becomes the program; its standard input is the question when it chats, and nothing otherwise.
answer() {
    if [ "$verb" = chat ]; then
        exec "$binary" chat -m "$model" --temp 0 -n 1 <<<"$question" 2>"$errors"
    else
        exec "$binary" generate -m "$model" -p "$prompt" --temp 0 -n 1 </dev/null 2>"$errors"
    fi
}

# first_token_us: one run; microseconds to the first byte.
first_token_us() {
    local begin end first rest status=0 output
    begin=${EPOCHREALTIME/[.,]/}
    exec {output}< <(answer)
    IFS= read -r -N 1 -u "$output" first || true
    end=${EPOCHREALTIME/[.,]/}
    IFS= read -r -d '' -u "$output" rest || true
    exec {output}<&-
    wait $! || status=$?
    [ "$status" -eq 0 ] || fail "the program ended with status $status: $(reason)"
    # The line break behind the answer is not of the model.
    [ -n "${rest%$'\n'}" ] || [ "$first$rest" = "$first"$'\n' ] || fail "the first token shows no text, so it cannot be timed."
    echo $((end - begin))
}

[ $# -ge 3 ] && [ $# -le 4 ] || fail "usage: first-token.sh generate|chat BINARY MODEL [RUNS]" 2
readonly verb=$1 binary=$2 model=$3 runs=${4:-21}
[ "$verb" = generate ] || [ "$verb" = chat ] || fail "the verb is generate or chat, not '$verb'." 2
[[ $runs =~ ^[1-9][0-9]{0,4}$ ]] || fail "the number of runs is a whole number from 1 to 99999, not '$runs'." 2
[ -f "$binary" ] && [ -x "$binary" ] || fail "$binary is not a program."
[ -f "$model" ] || fail "$model is not a file."

[ "$verb" = chat ] || build_prompt
# Brings the file into the page cache; the first run is not counted.
cat "$model" >/dev/null
first_token_us >/dev/null
readarray -t sorted < <(for ((run = 0; run < runs; run++)); do first_token_us; done | sort -n)
# A run that failed has said why.
[ "${#sorted[@]}" -eq "$runs" ] || exit 1
awk -v median="${sorted[runs / 2]}" -v fastest="${sorted[0]}" -v slowest="${sorted[runs - 1]}" -v runs="$runs" 'BEGIN {
    printf "first token after %.1f ms (median of %d runs; fastest %.1f, slowest %.1f)\n", \
        median / 1000, runs, fastest / 1000, slowest / 1000
}'
