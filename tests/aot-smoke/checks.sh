# Sourced by run.sh. Everything asked of a binary is one line: check NAME COMMAND...
# A command is any program or one of the predicates below; they nest: check NAME not is_refusal 1 moredge ...

passed=0
failed=0
skipped=0
check_log=$(mktemp)
trap 'rm -f "$check_log" "$check_log".*' EXIT

# check NAME COMMAND...: one check; what a failing command printed is shown.
check() {
    local name=$1
    shift
    if "$@" >"$check_log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        printf 'ok    %s\n' "$name"
    else
        failed=$((failed + 1))
        printf 'FAIL  %s\n      %s\n' "$name" "$*"
        tail -n 20 "$check_log" | sed 's/^/      | /'
    fi
}

# skip NAME REASON...: a check that cannot be made here.
skip() {
    skipped=$((skipped + 1))
    printf 'skip  %s: %s\n' "$1" "${*:2}"
}

# finish: the count as the last line, and the exit status of the script.
finish() {
    printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# not COMMAND...: succeeds if the command fails.
not() { ! "$@"; }

# prints TEXT COMMAND...: the command succeeds and its standard output is exactly the text.
prints() {
    local output
    output=$("${@:2}") || { echo "exit status $?"; return 1; }
    [ "$output" = "$1" ] || { echo "printed: $output"; return 1; }
}

# is_refusal STATUS COMMAND...: the command ends with this status and says why in exactly one line on standard error,
# which is a sentence and not a stack trace.
is_refusal() {
    local status=0 errors=$check_log.stderr
    "${@:2}" >/dev/null 2>"$errors" || status=$?
    cat "$errors"
    [ "$status" -eq "$1" ] || { echo "exit status $status instead of $1"; return 1; }
    [ "$(wc -l <"$errors")" -eq 1 ] && grep -q '[^[:space:]]' "$errors" || { echo "not one line"; return 1; }
    ! grep -Eq '^ +at |\bat MoREdge\.|Unhandled exception' "$errors" || { echo "a stack trace"; return 1; }
}

# size_within BYTES FILE
size_within() {
    local size
    size=$(stat -c %s "$2") || return 1
    echo "$size bytes"
    [ "$size" -le "$1" ]
}

# without_match PATTERN FILE: the file exists and no line of it matches.
without_match() {
    [ -e "$2" ] || { echo "$2 is missing"; return 1; }
    ! grep -Ein "$1" "$2"
}

# peak_kib COMMAND...: runs the command with its output discarded and prints its peak resident memory in KiB.
# The kernel keeps the high-water mark, so the last reading before the end is the peak unless it rises in the last moment;
# of a command that ends within milliseconds it says too little.
peak_kib() {
    local pid key value rest reading peak=0 status=0
    "$@" >/dev/null 2>&1 </dev/null &
    pid=$!
    while :; do
        reading=
        while read -r key value rest; do
            [ "$key" != VmHWM: ] || reading=$value
        done 2>/dev/null <"/proc/$pid/status" || true
        [ -n "$reading" ] || break
        peak=$reading
        sleep 0.005
    done
    wait "$pid" || status=$?
    echo "$peak"
    return "$status"
}

# peak_within KIB COMMAND...: the command succeeds and never holds more resident memory than this.
peak_within() {
    local peak
    peak=$(peak_kib "${@:2}") || { echo "the command failed"; return 1; }
    echo "peak $peak KiB, allowed $1 KiB"
    [ "$peak" -gt 0 ] && [ "$peak" -le "$1" ]
}

# median_us COUNT COMMAND...: the median time of so many runs, start to end, in microseconds.
median_us() {
    local count=$1 i before after
    shift
    for ((i = 0; i < count; i++)); do
        before=${EPOCHREALTIME/[.,]/}
        "$@" >/dev/null || return 1
        after=${EPOCHREALTIME/[.,]/}
        echo $((after - before))
    done | sort -n | sed -n "$(((count + 1) / 2))p"
}

# first_byte_us COUNT COMMAND...: the median time of so many runs, from the start to the first byte of the output.
first_byte_us() {
    local count=$1 i before after output first
    shift
    for ((i = 0; i < count; i++)); do
        before=${EPOCHREALTIME/[.,]/}
        exec {output}< <("$@" 2>/dev/null)
        IFS= read -r -N 1 -u "$output" first || return 1
        after=${EPOCHREALTIME/[.,]/}
        echo $((after - before))
        cat <&"$output" >/dev/null
        exec {output}<&-
    done | sort -n | sed -n "$(((count + 1) / 2))p"
}

# answers_within MILLISECONDS COMMAND...: the first byte of the output comes so early, in the median of 5 runs and the
# best of three tries.
answers_within() {
    local limit=$1 try median
    shift
    for try in 1 2 3; do
        median=$(first_byte_us 5 "$@") && [ -n "$median" ] || { echo "no output"; return 1; }
        echo "median of 5 runs: $median us"
        [ "$median" -ge $((limit * 1000)) ] || return 0
    done
    return 1
}

# starts_within MILLISECONDS COMMAND...: the median of 20 runs, start to end, which bounds the first output from above.
# Other work on the machine can only add time, so the best of three tries counts.
starts_within() {
    local limit=$1 try median
    shift
    for try in 1 2 3; do
        median=$(median_us 20 "$@") && [ -n "$median" ] || return 1
        echo "median of 20 runs: $median us"
        [ "$median" -ge $((limit * 1000)) ] || return 0
    done
    return 1
}
