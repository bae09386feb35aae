#!/usr/bin/env bash
# Publishes every profile that can be published here and drives the native binaries. The last line is the count.
#
#     tests/aot-smoke/run.sh [PROFILE...]     linux-x64-v3, linux-x64, linux-arm64: all three unless some are named
#
# On x64 the ARM64 binary is compared with the one that linux-x64-v3 gave last.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/aot-smoke/checks.sh
source tests/aot-smoke/product.sh

export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
readonly out=$PWD/artifacts/aot-smoke
readonly binary_bytes_max=$((8 * 1024 * 1024))
readonly first_output_ms_max=30
readonly first_token_ms_max=100
readonly version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
mkdir -p "$out"

# publish PROFILE: what it printed is in $out/PROFILE.log, the binary in $out/PROFILE.
publish() {
    rm -rf "${out:?}/$1"
    dotnet publish tools/moredge -c Release -p:PublishProfile="$1" -o "$out/$1" >"$out/$1.log" 2>&1 ||
        { tail -n 20 "$out/$1.log"; return 1; }
}

# tree_state: what git says has changed; a publish must not change it.
tree_state() { git status --porcelain 2>/dev/null || true; }

is_stripped() { ! readelf -S --wide "$1" | grep -F .symtab; }

holds_only_the_program() { ! find "$1" -name "*.dbg" -o -name "*.pdb" -o -name "*.xml" -o -name "*.dll" | grep .; }

publish_checks() {
    local profile=$1 before
    before=$(tree_state)
    check "$profile: publishes" publish "$profile"
    check "$profile: no warning" without_match '\bwarning\b' "$out/$profile.log"
    check "$profile: at most 8 MB" size_within "$binary_bytes_max" "$out/$profile/moredge"
    check "$profile: stripped" is_stripped "$out/$profile/moredge"
    check "$profile: the output folder holds no symbols or libraries" holds_only_the_program "$out/$profile"
    check "$profile: the publish changes no tracked file" test "$before" = "$(tree_state)"
}

# AVX-VNNI stays a question asked at run time: the instruction is in the binary, though the profile does not ask for it.
vnni_check() {
    if command -v objdump >/dev/null; then
        check "$1: the AVX-VNNI kernels are in the binary" holds_instruction vpdpbusd "$out/$1/moredge"
    else
        skip "$1: AVX-VNNI kernels" "objdump is not installed"
    fi
}

# The predicates must be able to fail, or the checks below mean nothing.
self_checks() {
    check "self: a one-line refusal passes" is_refusal 3 bash -c 'echo "No such file." >&2; exit 3'
    check "self: another status is caught" not is_refusal 1 bash -c 'echo "No such file." >&2; exit 3'
    check "self: silence is caught" not is_refusal 1 bash -c 'exit 1'
    check "self: two lines are caught" not is_refusal 1 bash -c 'echo a >&2; echo b >&2; exit 1'
    check "self: a stack trace is caught" not is_refusal 1 bash -c 'echo "   at MoREdge.Cli.Program" >&2; exit 1'
    check "self: memory is measured" peak_within $((256 * 1024)) bash -c 'x=$(printf "%01000000d" 0); sleep 0.1'
    check "self: too much memory is caught" not peak_within 100 sleep 0.1
    check "self: a slow start is caught" not starts_within 5 sleep 0.01
    check "self: an early answer passes" answers_within 500 bash -c 'echo a; sleep 0.6'
    check "self: a late answer is caught" not answers_within 20 bash -c 'sleep 0.03; echo a'
    check "self: no answer is caught" not answers_within 500 true
    check "self: a warning is caught" not without_match '\bwarning\b' <(echo "a.cs(1,1): warning IL2026: x")
}

arm64_checks() {
    local log=$out/linux-arm64.log missing
    if ! dotnet restore tools/moredge -p:PublishProfile=linux-arm64 >"$log" 2>&1; then
        missing=$(grep -o 'NU110[12]: Unable to find package [^ ]*[^. ]' "$log" | sed 's/.* //' | sort -u | paste -sd ' ')
        if [ -n "$missing" ]; then
            skip linux-arm64 "the package feed lacks $missing"
        else
            check "linux-arm64: restores" false
        fi
    elif [ "$(uname -m)" = aarch64 ]; then
        publish_checks linux-arm64
        native_checks linux-arm64 "$out/linux-arm64/moredge"
    elif ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
        skip linux-arm64 "restored; linking it here needs gcc-aarch64-linux-gnu, and running it qemu-user"
    else
        publish_checks linux-arm64
        emulated_checks
    fi
}

native_checks() {
    full_product_checks "$@"
    bad_input_checks "$@"
    start_check "$@"
    memory_checks "$@"
}

# emulator CPU: the name of a command that runs the ARM64 binary as on this processor.
emulator() {
    printf '#!/bin/sh\nexec qemu-aarch64 -cpu %s -L /usr/aarch64-linux-gnu %q "$@"\n' \
        "$1" "$out/linux-arm64/moredge" >"$out/linux-arm64/$1"
    chmod +x "$out/linux-arm64/$1"
    echo "$out/linux-arm64/$1"
}

# same_logits BINARY KERNELS: to the last bit those of the x64 binary's portable kernels.
same_logits() {
    local ids=1,2,3,50,60,70,80,90,100,200 expected=$out/logits
    with_kernels vector128 "$out/linux-x64-v3/moredge" logits -m mor-stories --ids "$ids" --json >"$expected" &&
        prints_file "$expected" with_kernels "$2" "$1" logits -m mor-stories --ids "$ids" --json
}

# Raspberry Pi Zero 2 W and 3, 4, and 5: every verb once, and the self-test of every kernel set once.
emulated_checks() {
    local cpu moredge kernels interrupt_after=3
    for cpu in cortex-a53 cortex-a72 cortex-a76; do
        moredge=$(emulator "$cpu")
        kernels=neon
        [ "$cpu" != cortex-a76 ] || kernels=neon-dot
        check "linux-arm64 as $cpu: $kernels runs" prints_part "$kernels is the fastest" "$moredge" doctor
        check "linux-arm64 as $cpu: the logits of x64, bit for bit" same_logits "$moredge" "$kernels"
        case $cpu in
            cortex-a53) full_product_checks "linux-arm64 as $cpu" "$moredge" ;;
            cortex-a76) short_product_checks "linux-arm64 as $cpu" "$moredge" ;;
        esac
    done
}

# x64_checks PROFILE
x64_checks() {
    if [ "$(uname -m)" != x86_64 ]; then
        skip "$1" "this is no x64 machine"
        return
    fi
    publish_checks "$1"
    if [ "$1" = linux-x64 ]; then
        short_product_checks "$1" "$out/$1/moredge"
        start_check "$1" "$out/$1/moredge"
    elif grep -qw avx2 /proc/cpuinfo; then
        native_checks "$1" "$out/$1/moredge"
        vnni_check "$1"
    else
        skip "$1: run" "this processor has no AVX2"
    fi
}

[ "$#" -gt 0 ] || set -- linux-x64-v3 linux-x64 linux-arm64
for profile; do
    [ -f "publish-profiles/$profile.pubxml" ] || { echo "There is no profile $profile." >&2; exit 2; }
done
self_checks
for profile; do
    if [ "$profile" = linux-arm64 ]; then arm64_checks; else x64_checks "$profile"; fi
done
finish
