#!/bin/sh
# Installs what links and runs ARM64 binaries on x64: Debian's cross compiler and qemu. Says in one sentence why it cannot.
# Exit codes: 0 they are there, 1 they are not.
set -eu
fail() {
    echo "$1"
    exit 1
}

missing=""
command -v qemu-aarch64 >/dev/null || missing="qemu-user"
command -v aarch64-linux-gnu-gcc >/dev/null || missing="$missing gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
[ -n "$missing" ] || exit 0
[ "$(uname -m)" = x86_64 ] || fail "ARM64 binaries are linked and emulated on an x64 machine."
command -v apt-get >/dev/null || fail "install these packages first: $missing"
root=""
[ "$(id -u)" = 0 ] || root="sudo -n"
# Split into words.
# shellcheck disable=SC2086
{ $root apt-get update -qq && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
    >/dev/null 2>&1 || fail "apt-get could not install $missing."
