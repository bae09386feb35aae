"""Makes blocks.json: random GGUF blocks and the float32 weights they stand for.

Written from the description of the block layouts, one weight index at a time, in exact rational arithmetic; it shares
no code and no loop structure with src/MoREdge.Checkpoints/Dequantization.
"""
import json
import random
import struct
from fractions import Fraction

random.seed(20260807)
BLOCKS = 3


def half(b, at):
    return Fraction(struct.unpack_from("<e", b, at)[0])


def signed(byte):
    return byte - 256 if byte > 127 else byte


def fifth(b, at, i):
    return b[at + i // 8] >> (i % 8) & 1


def nibble32(b, at, i):
    return b[at + i % 16] >> (4 * (i // 16)) & 15


def k_scales(b, i):
    """6-bit scale and minimum of weight i: three rows of 4 bytes (d, m, and both nibbles of groups 4-7)."""
    g = i // 32
    d, m, both = b[4:8], b[8:12], b[12:16]
    if g < 4:
        return d[g] & 63, m[g] & 63
    return both[g - 4] & 15 | d[g - 4] >> 2 & 48, both[g - 4] >> 4 | m[g - 4] >> 2 & 48


def k_nibble(b, at, i):
    return b[at + i // 64 * 32 + i % 32] >> (4 * (i // 32 % 2)) & 15


def q4_k(b, i):
    s, m = k_scales(b, i)
    return half(b, 0) * s * k_nibble(b, 16, i) - half(b, 2) * m


def q5_k(b, i):
    s, m = k_scales(b, i)
    q = k_nibble(b, 48, i) + 16 * (b[16 + i % 32] >> (i // 32) & 1)
    return half(b, 0) * s * q - half(b, 2) * m


def q6_k(b, i):
    low = b[i // 128 * 64 + i % 64] >> (4 * (i // 64 % 2)) & 15
    high = b[128 + i // 128 * 32 + i % 32] >> (2 * (i // 32 % 4)) & 3
    return half(b, 208) * signed(b[192 + i // 16]) * (low + 16 * high - 32)


TYPES = {
    # name: (weights, bytes, offsets of fp16 fields, weight i of block b)
    "Q4_0": (32, 18, [0], lambda b, i: half(b, 0) * (nibble32(b, 2, i) - 8)),
    "Q4_1": (32, 20, [0, 2], lambda b, i: half(b, 0) * nibble32(b, 4, i) + half(b, 2)),
    "Q5_0": (32, 22, [0], lambda b, i: half(b, 0) * (nibble32(b, 6, i) + 16 * fifth(b, 2, i) - 16)),
    "Q5_1": (32, 24, [0, 2], lambda b, i: half(b, 0) * (nibble32(b, 8, i) + 16 * fifth(b, 4, i)) + half(b, 2)),
    "Q8_0": (32, 34, [0], lambda b, i: half(b, 0) * signed(b[2 + i])),
    "Q4_K": (256, 144, [0, 2], q4_k),
    "Q5_K": (256, 176, [0, 2], q5_k),
    "Q6_K": (256, 210, [208], q6_k),
    "F16": (1, 2, [0], lambda b, i: half(b, 0)),
    "BF16": (1, 2, [], lambda b, i: Fraction(struct.unpack("<f", b"\0\0" + b[:2])[0])),
}

out = {}
for name, (count, size, halves, weight) in TYPES.items():
    data, floats = b"", b""
    for _ in range(BLOCKS if count > 1 else 40):
        block = bytearray(random.randbytes(size))
        for at in halves:
            struct.pack_into("<e", block, at, random.choice([-1, 1]) * random.uniform(2**-9, 2**-1))
        if name == "BF16":
            block[1] = block[1] & 0x80 | 0x3C | random.randrange(4)
        data += bytes(block)
        # With such scales every exact value fits a double, so packing rounds once.
        values = [weight(block, i) for i in range(count)]
        assert all(Fraction(float(v)) == v for v in values)
        floats += struct.pack(f"<{count}f", *map(float, values))
    out[name] = {"blocks": data.hex(), "float32": floats.hex()}

with open("blocks.json", "w") as f:
    json.dump(out, f, indent=0)
    f.write("\n")
