"""A layer behind the loop for tokens that leave it early, as they do for a draft while those before run to their end.

Compare LayerSkip (arXiv 2404.16710). A token sees what earlier ones left for good, and its own early key and value.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .layers import KeysValues, Layer, Rows, rotate


def early(layer: Layer, x: Tensor, rows: Rows, left: KeysValues) -> Tensor:
    """Early rows x [B, T, H] behind the layer. left: what it has stored of all rows, as they left for good."""
    attention, shape = layer.self_attn, layer.self_attn.shape
    normed = layer.input_layernorm(x)
    queries = rotate(attention.split(attention.q_proj(normed), shape.heads), rows.rotation)
    keys = rotate(attention.split(attention.k_proj(normed), shape.key_value_heads), rows.rotation)
    values = attention.split(attention.v_proj(normed), shape.key_value_heads)
    x = x + attention.o_proj(attend(queries, KeysValues(keys, values, rows.positions), left))
    return x + layer.fed(x)


def attend(queries: Tensor, own: KeysValues, left: KeysValues) -> Tensor:
    """queries [B, n, T, d] with their own keys and values [B, g, T, d] and those that left before -> [B, T, n·d]."""
    batch, heads, count, width = queries.shape
    groups = own.keys.shape[1]
    grouped = queries.view(batch, groups, heads // groups, count, width) * width**-0.5
    is_before = left.positions[:, None, :] < own.positions[:, :, None]
    others = (grouped @ left.keys[:, :, None].transpose(-1, -2)).masked_fill(~is_before[:, None, None], -1e30)
    itself = (grouped * own.keys[:, :, None]).sum(-1, keepdim=True)
    shares = torch.cat((others, itself), -1).softmax(-1).to(own.values.dtype)
    mixed = shares[..., :-1] @ left.values[:, :, None] + shares[..., -1:] * own.values[:, :, None]
    return mixed.reshape(batch, heads, count, width).transpose(1, 2).reshape(batch, count, heads * width)
