#!/bin/sh
# The prediction tables of README.md, computed from their inputs. Prints Markdown; needs awk.
set -eu
awk '
# board, cores, GHz, instructions per cycle, GB/s, instruction counts: int8 and int4 decode, int8 and int4 prefill
function board(name, cores, clock, ipc, bandwidth, d8, d4, p8, p4) {
    boards++
    title[boards] = name; rate[boards] = cores * clock * ipc * 1e9; bytes[boards] = bandwidth * 1e9
    decode8[boards] = d8; decode4[boards] = d4; prefill8[boards] = p8; prefill4[boards] = p4
}

# A SmolLM2 shape: weights of the head, of the key and value projections (int8 in every recipe) and of the rest.
function shape(name, layers, dim, kv, ffn) {
    shapes++
    label[shapes] = name
    head = 49152 * dim; kvs = layers * 2 * dim * kv; rest = layers * (2 * dim * dim + 3 * dim * ffn)
    heads[shapes] = head; kv_weights[shapes] = kvs; rests[shapes] = rest
}

function smaller(a, b) { return a < b ? a : b }

BEGIN {
    board("Pi Zero 2 W", 4, 1.0, 0.5,  2.6, 317, 319, 304, 289)
    board("Pi 4",        4, 1.8, 1.7,  4.7, 317, 319, 304, 289)
    board("Pi 5",        4, 2.4, 2.0, 10.5, 176, 225, 113, 116)
    board("Orin Nano",   6, 1.5, 2.0, 13.5, 176, 225, 113, 116)
    shape("SmolLM2-135M", 30, 576, 192, 1536)
    shape("SmolLM2-360M", 32, 960, 320, 2560)
    # MoR-360M: at its full depth of 3 a token passes 1 + 3 * 10 + 1 layers; at depth 1 it passes 12.
    shape("MoR-360M, depth 3", 32, 960, 320, 2560)
    shape("MoR-360M, depth 1", 12, 960, 320, 2560)
    byte8 = 1 + 2 / 32; byte4 = 0.5 + 2 / 32; share = 0.85

    printf "| model, format | weights per token |"
    for (b = 1; b <= boards; b++) printf " %s |", title[b]
    printf "\n|---|---|"
    for (b = 1; b <= boards; b++) printf "---|"
    print ""
    for (s = 1; s <= shapes; s++) for (format = 8; format >= 4; format -= 4) {
        in8 = heads[s] + kv_weights[s] + (format == 8 ? rests[s] : 0)
        in4 = format == 4 ? rests[s] : 0
        touched = in8 * byte8 + in4 * byte4
        printf "| %s, int%d | %.0f MB |", label[s], format, touched / 1e6
        for (b = 1; b <= boards; b++) {
            memory = bytes[b] / touched
            compute = rate[b] / ((in8 * decode8[b] + in4 * decode4[b]) / 1000)
            decode = share * smaller(memory, compute)
            prefill = share * rate[b] / (((in8 - heads[s]) * prefill8[b] + in4 * prefill4[b]) / 1000)
            printf " %.0f / %.*f |", prefill, decode < 10, decode
        }
        print ""
    }
}'
