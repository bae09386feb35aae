# Sourced by run.sh: what the program must do, asked of a published binary. short_product_checks says whether it works
# at all; full_product_checks drives every verb; bad_input_checks what must be refused; start_check and memory_checks
# bound time and memory, which means something only on the processor that the binary is for.

readonly story_prompt='Once upon a time, there was a little'
readonly story_word='ily'
readonly runtime_mb_max=32
readonly checkpoints=../shared/data/checkpoints
readonly product_out=$PWD/artifacts/aot-smoke/product

# prints_part TEXT COMMAND...: the command succeeds and the text is in its standard output.
prints_part() {
    local output
    output=$("${@:2}") || { echo "exit status $?"; return 1; }
    [[ $output == *"$1"* ]] || { echo "printed: $output"; return 1; }
}

# prints_file FILE COMMAND...: the command succeeds and its standard output is the file, byte for byte.
prints_file() { "${@:2}" | cmp - "$1"; }

# given TEXT COMMAND...: runs the command with the text and a line break on its standard input.
given() { printf '%s\n' "$1" | "${@:2}"; }

# with_kernels SET COMMAND...
with_kernels() { MOREDGE_KERNELS=$1 "${@:2}"; }

# holds_instruction NAME FILE
holds_instruction() { [ "$(objdump -d --no-show-raw-insn "$2" | grep -cw "$1")" -gt 0 ]; }

# round_trip TEXT BINARY MODEL: text to ids and back.
round_trip() { [ "$(given "$1" "$2" tokenize -m "$3" --ids --no-special | "$2" detokenize -m "$3")" = "$1" ]; }

# stops_on_interrupt COMMAND...: SIGINT after half a second (or $interrupt_after) ends a running command within a second with exit status 1 and a last line that
# says so; a second later it would be killed, which is status 137.
stops_on_interrupt() {
    local status=0 errors=$check_log.stderr
    timeout --preserve-status -s INT -k 1 "${interrupt_after:-0.5}" "$@" >/dev/null 2>"$errors" || status=$?
    cat "$errors"
    [ "$status" -eq 1 ] && [ "$(tail -n 1 "$errors")" = "moredge: Interrupted." ] && ! grep -q '^ *at ' "$errors"
}

# without_streams REDIRECTIONS COMMAND...: runs the command with standard streams closed, and ends it after 20 s.
without_streams() { bash -c "exec timeout 20 \"\$@\" $1" - "${@:2}"; }

# ends_with STATUS COMMAND...: whatever it prints.
ends_with() {
    local status=0
    "${@:2}" >/dev/null 2>&1 || status=$?
    [ "$status" -eq "$1" ] || { echo "exit status $status"; return 1; }
}

# exec_with_errors FILE COMMAND...: becomes the command, which writes its standard error to the file.
exec_with_errors() { exec 2>"$1" && exec "${@:2}"; }

# stated_kib FILE: file + keys and values + buffers in KiB, as the statistics in the file state them.
stated_kib() {
    awk '/^memory/ {
        bytes["B"] = 1; bytes["KB"] = 1e3; bytes["MB"] = 1e6; bytes["GB"] = 1e9
        for (i = 1; i < NF; i++) {
            if ($i == "file" || $i == "values" || $i == "buffers") {
                unit = $(i + 2); sub(/,/, "", unit); sum += $(i + 1) * bytes[unit]; found++
            }
        }
        if (found == 3) { printf "%d\n", sum / 1024 }
    }' "$1"
}

# holds_only_the_model MB COMMAND...: the peak of resident memory is at most what the command states in its statistics
# (the mapped file, keys and values, buffers) and so many megabytes for the program itself. Weights are never copied.
holds_only_the_model() {
    local errors=$check_log.stderr peak stated allowed
    peak=$(peak_kib exec_with_errors "$errors" "${@:2}") || { cat "$errors"; return 1; }
    stated=$(stated_kib "$errors")
    [ -n "$stated" ] || { echo "no statistics"; cat "$errors"; return 1; }
    allowed=$((stated + $1 * 1000000 / 1024))
    echo "peak $peak KiB, stated $stated KiB, allowed $allowed KiB"
    [ "$peak" -gt 0 ] && [ "$peak" -le "$allowed" ]
}

# int32s NUMBER...: each as four bytes, little-endian.
int32s() {
    local number
    for number; do
        printf '%b' "$(printf '\\x%02x' $((number & 255)) $((number >> 8 & 255)) $((number >> 16 & 255)) 0)"
    done
}

# write_zero_checkpoint FOLDER: a llama2.c model of 67 million weights, all zero (a hole in the file), and its tokenizer.
write_zero_checkpoint() {
    local dim=512 hidden=2048 layers=16 heads=8 vocab=512 context=1024 weights id
    weights=$((vocab * dim + layers * (2 * dim + 4 * dim * dim + 3 * dim * hidden) + dim + context * dim / heads))
    int32s $dim $hidden $layers $heads $heads $vocab $context >"$1/zeros.bin"
    truncate -s $((28 + 4 * weights)) "$1/zeros.bin"
    {
        int32s 7
        for ((id = 0; id < vocab; id++)); do
            int32s 0 5
            printf '<%03d>' "$id"
        done
    } >"$1/zeros-tokenizer.bin"
}

# quantize_zeros BINARY FOLDER: 71 MB of int8, more than twice what the program may hold beside the model.
quantize_zeros() {
    write_zero_checkpoint "$2" &&
        "$1" quantize "$2/zeros.bin" --tokenizer "$2/zeros-tokenizer.bin" --format q8 -o "$2/zeros.gguf"
    rm -f "$2/zeros.bin"
}

# keeps_target_on_full_disk BINARY SOURCE TARGET: writing fails for lack of room; the older target is still there.
keeps_target_on_full_disk() {
    echo older >"$3"
    is_refusal 1 bash -c 'ulimit -f 64; exec "$@"' - "$1" quantize "$2" -o "$3" --format f32 --force &&
        [ "$(cat "$3")" = older ] && ! find "$(dirname "$3")" -name "$(basename "$3").*" | grep .
}

# write_bad_inputs MODEL FOLDER: one file for each way in which a model file can be bad.
write_bad_inputs() {
    local size
    size=$(stat -c %s "$1")
    mkdir -p "$2/a-folder"
    head -c $((size / 2)) "$1" >"$2/truncated"
    head -c 40 "$1" >"$2/header-only"
    echo "Once upon a time there was a text file." >"$2/a-text"
    : >"$2/empty"
    flip_byte "$1" 1000 "$2/flipped-header"
    flip_byte "$1" $((size - 100000)) "$2/flipped-weights"
}

# flip_byte SOURCE OFFSET TARGET
flip_byte() {
    local value
    cp "$1" "$3"
    value=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf '%b' "$(printf '\\x%02x' $((value ^ 1)))" | dd of="$3" bs=1 seek="$2" conv=notrunc status=none
}

# refuses_model BINARY VERB FILE: the verb, given this model, ends with exit status 1 and one sentence.
refuses_model() {
    case $2 in
        generate) is_refusal 1 "$1" generate -m "$3" -p Once -n 4 ;;
        chat) is_refusal 1 given Hello "$1" chat -m "$3" ;;
        perplexity) is_refusal 1 "$1" perplexity -m "$3" -f tests/aot-smoke/run.sh ;;
        logits) is_refusal 1 "$1" logits -m "$3" --ids 1,2 --json ;;
        inspect | verify) is_refusal 1 "$1" "$2" "$3" ;;
        tokenize) is_refusal 1 given Once "$1" tokenize -m "$3" ;;
        bench) is_refusal 1 "$1" bench -m "$3" -p 4 -n 2 -r 1 ;;
        quantize) is_refusal 1 "$1" quantize "$3" -o "$product_out/from-bad.gguf" ;;
        *) echo "no such verb"; return 1 ;;
    esac
}

bad_input_checks() {
    local name=$1 moredge=$2 model=${2%/*}/mor-stories-q4.gguf verb kind bad=$product_out/bad
    mkdir -p "$product_out"
    write_bad_inputs "$model" "$bad"
    for verb in generate chat perplexity logits inspect verify tokenize bench quantize; do
        for kind in truncated header-only a-text empty flipped-header a-folder missing; do
            check "$name: $verb refuses: $kind" refuses_model "$moredge" $verb "$bad/$kind"
        done
    done
    # The other verbs do not look at the weights.
    for verb in generate chat perplexity logits verify bench quantize; do
        check "$name: $verb refuses: flipped-weights" refuses_model "$moredge" $verb "$bad/flipped-weights"
    done
    check "$name: a wrong flag is a usage error" is_refusal 2 "$moredge" generate --nonsense
    check "$name: a wrong verb is a usage error" is_refusal 2 "$moredge" nonsense
    check "$name: a wrong value is a usage error" is_refusal 2 "$moredge" generate --temp -1
    check "$name: an unknown kernel set is refused" is_refusal 1 with_kernels nonsense "$moredge" generate -n 1
    rm -rf "${product_out:?}"
}

# checkpoint_checks NAME BINARY CHECKPOINT FORMAT TEXT PROMPT: quantizes, looks at the file, and generates from it.
checkpoint_checks() {
    local title="$1: $3 $4" moredge=$2 file=$product_out/$3-$4.gguf
    check "$title: quantize" "$moredge" quantize "$checkpoints/$3" -o "$file" --format "$4"
    check "$title: verify" prints_part intact "$moredge" verify "$file"
    check "$title: inspect" prints_part '"digests": "header and every tensor"' "$moredge" inspect "$file" --json
    check "$title: generate" prints_part "$story_word" "$moredge" generate -m "$file" -p "$story_prompt" --temp 0 -n 60
}

stories260k_checks() {
    local title="$1: stories260K f32" moredge=$2 source=$checkpoints/stories260K file=$product_out/stories260K.gguf
    check "$title: quantize" "$moredge" quantize "$source/stories260K.bin" --tokenizer "$source/tok512.bin" \
        -o "$file" --format f32
    check "$title: verify" prints_part intact "$moredge" verify "$file"
    check "$title: inspect" prints_part '"architecture": "llama"' "$moredge" inspect "$file" --json
    check "$title: the same 256 tokens as llama2.c" prints_file "$source/golden_greedy_runc_256.txt" \
        "$moredge" generate -m "$file" --temp 0 -n 256
}

start_check() {
    check "$1: first output within $first_output_ms_max ms" starts_within "$first_output_ms_max" "$2" --version
}

memory_checks() {
    local name=$1 moredge=$2
    mkdir -p "$product_out"
    check "$name: quantizes 67 million weights" quantize_zeros "$moredge" "$product_out"
    local zeros=("$moredge" generate -m "$product_out/zeros.gguf" --ignore-eos -n 1 --temp 1 --top-k 0 --top-p 1 --seed 300)
    check "$name: memory is the model and $runtime_mb_max MB" holds_only_the_model "$runtime_mb_max" "${zeros[@]}"
    check "$name: more memory would be caught" not holds_only_the_model 1 "${zeros[@]}"
    check "$name: first token of a 71 MB file within $first_token_ms_max ms" answers_within "$first_token_ms_max" \
        "$moredge" generate -m "$product_out/zeros.gguf" --ignore-eos -n 1 --temp 1 --top-k 0 --top-p 1 --seed 3
    check "$name: memory of the built-in model" holds_only_the_model "$runtime_mb_max" \
        "$moredge" generate -p "$story_prompt" --ignore-eos -n 900
    rm -rf "${product_out:?}"
}

short_product_checks() {
    local name=$1 moredge=$2
    check "$name: --version prints $version" prints "$version" "$moredge" --version
    check "$name: generate tells of Lily" prints_part "girl named Lily" \
        "$moredge" generate -p "$story_prompt" --temp 0 -n 40
    check "$name: chat answers" prints_part "Once upon a time" \
        given "Tell me a story about a cat." "$moredge" chat --temp 0 -n 60
    check "$name: every kernel set agrees with the reference" prints_part passed "$moredge" doctor --self-test
}

full_product_checks() {
    local name=$1 moredge=$2 model=${2%/*}/mor-stories-q4.gguf format
    rm -rf "${product_out:?}"
    mkdir -p "$product_out"
    short_product_checks "$name" "$moredge"
    echo "$story_prompt girl named Lily." >"$product_out/text"
    check "$name: logits" prints_part '{"ids":[1,2,3],"logits":[[' "$moredge" logits -m "$model" --ids 1,2,3 --json
    check "$name: text to ids and back" round_trip "Once upon a time: 你好, naïve 🙂  tabs	too" "$moredge" "$model"
    check "$name: perplexity" prints_part "nats per token" "$moredge" perplexity -m "$model" -f "$product_out/text"
    check "$name: bench of a synthetic model" prints_part "% of bandwidth" \
        "$moredge" bench --synthetic smollm2-135m --format q4 -p 8 -n 4 -r 1
    check "$name: doctor says what fits" prints_part fits "$moredge" doctor "$model"
    check "$name: Ctrl-C ends generate in a second" stops_on_interrupt \
        "$moredge" generate --ignore-eos -n 100000 --context 60000
    check "$name: a closed input is an empty one" ends_with 0 without_streams '<&-' "$moredge" tokenize -m "$model"
    check "$name: a closed standard error does no harm" ends_with 0 without_streams '2>&-' "$moredge" generate -n 4
    check "$name: a closed output is a failure" ends_with 1 without_streams '<&- >&-' "$moredge" generate -n 4
    check "$name: a full disk keeps the older file" keeps_target_on_full_disk \
        "$moredge" "$model" "$product_out/full.gguf"
    if [ ! -d "$checkpoints" ]; then
        skip "$name: checkpoints" "$checkpoints is not on this machine"
    else
        stories260k_checks "$name" "$moredge"
        for format in f32 q8 q4; do
            checkpoint_checks "$name" "$moredge" tinystories656K-hf "$format"
            checkpoint_checks "$name" "$moredge" mor-stories "$format"
        done
    fi
    rm -rf "${product_out:?}"
}
