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
reason=$("$here/tools.sh") || skip "$reason"
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

# ---- product sources -> IL -> machine code -> static binary ----
kernels="$root/src/MoREdge.Kernels"
bodies=$(find "$kernels/Arm64" -name '*.cs' ! -name '*Kernels.cs' | sort)
tensors="$root/src/MoREdge.Tensors"
portable="BlockLayout DotProducts GeluCurve HalfBits HalfConversion DenseBlock DequantizeBodies PanelLayout QuantizeScale
    UnpackBodies UnpackKBodies Vector128AttentionBodies Vector128BlockBodies Vector128CacheBodies Vector128DenseBodies Vector128Exponential Vector128FloatBodies
    Vector128PackedBodies Vector128QuantizeBodies Vector128RetentionBodies"
for name in $portable; do
    bodies="$bodies $kernels/$name.cs"
done
dotnet "$csc" -nologo -noconfig -nostdlib -unsafe -optimize -target:library -langversion:14 -nullable:enable \
    -runtimemetadataversion:v4.0.30319 -out:"$obj/kernels.dll" \
    "$here"/*.cs "$tensors/ElementType.cs" "$tensors/PackedLayout.cs" "$tensors/QuantFormat.cs" $bodies
compile() { "$ilc" "$obj/kernels.dll" -o:"$1" --systemmodule:kernels --nativelib --targetos:linux -O --targetarch:$2; }
flags="-O2 -ffp-contract=off"
compile "$obj/kernels.o" arm64
aarch64-linux-gnu-gcc $flags -Wall -Wextra -Werror -static -o "$obj/driver" "$here"/*.c "$obj/kernels.o" -lm

passed=0
failed=0
result() {
    echo "$1 arm64 $2"
    if [ "$1" = ok ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# ---- every intrinsic became instructions: none is left as a call, or as the exception of one that is unknown ----
aarch64-linux-gnu-objdump -d --no-show-raw-insn "$obj/kernels.o" >"$obj/kernels.s"
calls=$(grep -cE '\bbl?\b.*<[^>+]*(ThrowHelpers|System_Runtime_Intrinsics)' "$obj/kernels.s" || true)
if [ "$calls" = 0 ]; then result ok "intrinsics: none is a call"; else
    result FAILED "intrinsics: $calls of them are calls (obj/kernels.s), which would not return"
    echo "$passed passed, $failed failed"
    exit 1
fi

# ---- run: the driver's last line are its totals, which are counted here ----
# run NAME COMMAND...: the results go to obj/NAME.txt, and their hashes to obj/NAME.hash.
run() {
    name=$1
    shift
    status=0
    timeout 120 "$@" "$name" >"$obj/$name.txt" || status=$?
    sed '$d' "$obj/$name.txt"
    passed=$((passed + $(grep -c '^ok ' "$obj/$name.txt" || true)))
    failed=$((failed + $(grep -c '^FAILED ' "$obj/$name.txt" || true)))
    [ "$status" -le 1 ] || result FAILED "$name: the driver ended with status $status"
    sed -n 's/^ok arm64 [^ ]* \(.*\): .* hash \(.*\)$/\1 \2/p' "$obj/$name.txt" | sort >"$obj/$name.hash"
}
for cpu in cortex-a53 cortex-a72 cortex-a76; do
    run "$cpu" qemu-aarch64 -cpu "$cpu" "$obj/driver"
done

# ---- the same portable bodies as x64 machine code, on this machine ----
others="cortex-a53 cortex-a72"
cc=$(command -v gcc || command -v clang || true)
if [ -n "$cc" ] && grep -q ' fma ' /proc/cpuinfo; then
    case "$(get ILCompilerVersion)" in 9.*) level=x86-x64-v3 ;; *) level=x86-64-v3 ;; esac
    compile "$obj/kernels-x64.o" "x64 --instruction-set:$level"
    "$cc" $flags -mfma -mf16c -o "$obj/driver-x64" "$here"/[!n]*.c "$obj/kernels-x64.o" -lm
    run x64 "$obj/driver-x64"
    others="$others x64"
else
    echo "-- arm64 no C compiler or no FMA here: the portable bodies are not compared with x64"
fi

# ---- no kernel executes more instructions than counts.txt says; a change that lowers a count stores it there ----
sh "$here/count.sh" >"$obj/counts.txt"
if more=$(awk 'NR == FNR { stored[$1] = $2; next } !($1 in stored) || $2 > stored[$1] * 1.03 { print $1, $2; bad = 1 }
    END { exit !bad }' "$here/counts.txt" "$obj/counts.txt"); then
    result FAILED "instructions per 1,000 multiply-adds went up: $(echo $more)"
else
    result ok "instructions per 1,000 multiply-adds: $(tr '\n' ' ' <"$obj/counts.txt")"
fi

# ---- sums may be rounded differently from the reference, but not from processor to processor ----
for cpu in $others; do
    odd=$(comm -23 "$obj/$cpu.hash" "$obj/cortex-a76.hash")
    count=$(wc -l <"$obj/$cpu.hash")
    if [ -z "$odd" ] && [ "$count" -gt 0 ]; then
        result ok "$cpu and cortex-a76: all $count results are the same bits"
    else
        result FAILED "$cpu and cortex-a76 differ: $odd"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
