#!/bin/sh
# Compiles the product's ARM64 kernels with the ARM64 compiler and runs them under qemu. See README.md.
# Exit codes: 0 all passed, 1 a kernel or a step failed, 77 skipped (a tool is missing and cannot be installed).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
obj="$here/obj"
mkdir -p "$obj"

skip() {
    echo "skipped: $1"
    exit 77
}

# ---- tools ----
missing=""
command -v qemu-aarch64 >/dev/null || missing="qemu-user"
command -v aarch64-linux-gnu-gcc >/dev/null || missing="$missing gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
if [ -n "$missing" ]; then
    [ "$(uname -m)" = x86_64 ] || skip "the harness needs an x64 machine."
    command -v apt-get >/dev/null || skip "install these packages first:$missing"
    [ "$(id -u)" = 0 ] || skip "not root; install these packages first: $missing"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
        >"$obj/apt.log" 2>&1 || skip "apt-get could not install $missing (obj/apt.log says why)."
fi
command -v dotnet >/dev/null || skip "dotnet is not on the path."

# ---- the compilers of the SDK and of NativeAOT ----
sdk=$(dotnet --list-sdks | sort -V | tail -1 | sed 's/^\([^ ]*\) \[\(.*\)\]$/\2\/\1/')
csc="$sdk/Roslyn/bincore/csc.dll"
[ -f "$csc" ] || skip "no C# compiler in $sdk."
restored=""
for version in ${ILC_VERSION:-"" 9.0.20}; do
    property=${version:+-p:ILCompilerVersion=$version}
    if dotnet restore "$here/ilcompiler.proj" -v quiet $property >"$obj/restore.log" 2>&1; then
        restored=yes
        break
    fi
done
[ -n "$restored" ] || skip "the ARM64 compiler package does not restore (obj/restore.log says why)."
get() { dotnet msbuild "$here/ilcompiler.proj" -nologo $property -getProperty:"$1"; }
packages=$(get NuGetPackageRoot)
ilc="${packages:-$HOME/.nuget/packages/}$(get ILCompilerPackage)/$(get ILCompilerVersion)/tools/ilc"
[ -x "$ilc" ] || chmod +x "$ilc"

# ---- product sources -> IL -> ARM64 object -> static binary ----
kernels="$root/src/MoREdge.Kernels"
bodies=$(find "$kernels/Arm64" -name '*.cs' ! -name '*Kernels.cs' | sort)
dotnet "$csc" -nologo -noconfig -nostdlib -unsafe -optimize -target:library -langversion:14 -nullable:enable \
    -runtimemetadataversion:v4.0.30319 -out:"$obj/kernels.dll" \
    "$here"/*.cs "$root/src/MoREdge.Tensors/PackedLayout.cs" "$root/src/MoREdge.Tensors/QuantFormat.cs" \
    "$root/src/MoREdge.Kernels/HalfBits.cs" $bodies
"$ilc" "$obj/kernels.dll" -o:"$obj/kernels.o" --systemmodule:kernels --nativelib --targetos:linux --targetarch:arm64 -O
aarch64-linux-gnu-gcc -O2 -ffp-contract=off -Wall -Wextra -Werror -static -o "$obj/driver" \
    "$here"/*.c "$obj/kernels.o" -lm

# ---- run ----
passed=0
failed=0
for cpu in cortex-a53 cortex-a72 cortex-a76; do
    status=0
    qemu-aarch64 -cpu "$cpu" "$obj/driver" "$cpu" >"$obj/$cpu.txt" || status=$?
    sed '$d' "$obj/$cpu.txt"
    passed=$((passed + $(grep -c '^ok ' "$obj/$cpu.txt" || true)))
    failed=$((failed + $(grep -c '^FAILED ' "$obj/$cpu.txt" || true)))
    if [ "$status" -gt 1 ]; then
        echo "FAILED arm64 $cpu: the driver ended with status $status"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
