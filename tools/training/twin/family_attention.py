"""What families of models add to Llama attention: biases, norms of queries and keys, clipping, windows, other scales.

Source: specs/retnet-mod-moe-families.md sections C.1 and D.1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .family_options import AttentionOptions
from .layers import Attention, KeysValues, RMSNorm, Rows, Shape, Store, attend, rotate


class OnePlusNorm(RMSNorm):
    """The norm of Gemma: x / sqrt(mean(x²) + ε) · (1 + w), so that a weight of zero changes nothing."""

    def __init__(self, width: int, epsilon: float):
        super().__init__(width, epsilon)
        nn.init.zeros_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        wide = x if x.dtype == torch.float64 else x.float()
        scaled = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.epsilon)
        return (scaled * (1 + self.weight.to(wide.dtype))).to(x.dtype)


def norm_of(width: int, epsilon: float, one_plus: bool) -> RMSNorm:
    return OnePlusNorm(width, epsilon) if one_plus else RMSNorm(width, epsilon)


class FamilyAttention(Attention):
    """Projections, [a norm, a clamp,] rotation, attention.

    Qwen3 and Gemma 3 norm each head of q and k, OLMo the whole projection; Phi 3 has q, k and v in one matrix.
    """

    def __init__(self, shape: Shape, options: AttentionOptions):
        super().__init__(shape)
        self.options = options
        queries, keys = shape.heads * shape.head_width, shape.key_value_heads * shape.head_width
        inputs, output = options.biases
        if options.fused:
            del self.q_proj, self.k_proj, self.v_proj
            self.qkv_proj = nn.Linear(shape.width, queries + 2 * keys, bias=inputs)
        else:
            self.q_proj = nn.Linear(shape.width, queries, bias=inputs)
            self.k_proj = nn.Linear(shape.width, keys, bias=inputs)
            self.v_proj = nn.Linear(shape.width, keys, bias=inputs)
        self.o_proj = nn.Linear(queries, shape.width, bias=output)
        if options.norm:
            per_head = options.norm == "head"
            widths = (shape.head_width, shape.head_width) if per_head else (queries, keys)
            self.q_norm, self.k_norm = (norm_of(width, shape.epsilon, options.one_plus) for width in widths)

    def projected(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[B, T, H] -> queries [B, n, T, d], keys and values [B, g, T, d], not rotated."""
        shape, options = self.shape, self.options
        heads = (shape.heads, shape.key_value_heads, shape.key_value_heads)
        if options.fused:
            parts = self.qkv_proj(x).split([count * shape.head_width for count in heads], -1)
        else:
            parts = (self.q_proj(x), self.k_proj(x), self.v_proj(x))
        if options.norm == "projection":
            parts = (self.q_norm(parts[0]), self.k_norm(parts[1]), parts[2])
        if options.clip is not None:
            parts = tuple(part.clamp(-options.clip, options.clip) for part in parts)
        queries, keys, values = (self.split(part, count) for part, count in zip(parts, heads))
        if options.norm == "head":
            queries, keys = self.q_norm(queries), self.k_norm(keys)
        return queries, keys, values

    def forward(self, x: Tensor, rows: Rows, store: Store) -> Tensor:
        options = self.options
        queries, keys, values = self.projected(x)
        if options.rotates:
            queries, keys = rotate(queries, rows.rotation), rotate(keys, rows.rotation)
        seen = store(KeysValues(keys, values, rows.positions, rows.valid))
        mixed = attend(queries, seen, rows.positions, options.scale, options.softcap, options.window)
        return self.o_proj(mixed)
