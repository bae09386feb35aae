#!/bin/sh
# Executed ARM64 instructions per 1,000 multiply-adds of each packed kernel, of attention, and of the types of other
# people's files (capitals), one per line. Needs a finished ./run.sh.
# Two repetition counts are run one instruction at a time; the difference leaves out everything but the kernel.
set -eu
obj="$(cd "$(dirname "$0")" && pwd)/obj"

executed() {
    qemu-aarch64 -cpu cortex-a76 -singlestep -d nochain,exec -D "$obj/count.log" "$obj/driver" count "$1" "$2" >/dev/null
    grep -c '^Trace' "$obj/count.log"
}

file_types="neon-dense-F16 neon-dense-BF16 neon-dense-F32"
for type in Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q4_K Q5_K Q6_K; do
    file_types="$file_types neon-matvec-$type dot-matvec-$type neon-matmul-$type dot-matmul-$type"
done
for kernel in neon-matvec-q8 neon-matvec-q4 neon-matmul-q8 neon-matmul-q4 \
    dot-matvec-q8 dot-matvec-q4 dot-matmul-q8 dot-matmul-q4 \
    neon-scores-f16 neon-mix-f16 neon-mix-q8 v128-scores-f16 v128-mix-f16 v128-mix-q8 $file_types; do
    few=$(executed "$kernel" 1)
    many=$(executed "$kernel" 3)
    products=$(($(qemu-aarch64 -cpu cortex-a76 "$obj/driver" count "$kernel" 3) * 2 / 3))
    echo "$kernel $(((many - few) * 1000 / products))"
done
rm -f "$obj/count.log"
