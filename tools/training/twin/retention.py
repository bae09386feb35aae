"""Retention: attention whose weights fade by a fixed factor per token, so that a state of fixed size holds the past.

Source: arXiv 2307.08621 section 2 and torchscale; specs/retnet-mod-moe-families.md sections A.3 and A.4. One state
R ← γR + k vᵀ serves both dialects and all forms; what a dialect divides by is applied when reading.
Shapes: B sequences, n heads, T rows, d key width, e value width of a head; queries, keys [B, n, T, d], values
[B, n, T, e].
"""

from __future__ import annotations

import math
from typing import NamedTuple, Optional

import torch
from torch import Tensor


class Discount(NamedTuple):
    """Powers of the decay γ for chunks of up to C rows.

    inner [n, C, C]: γ^(i-j), what row i keeps of row j, 0 for j > i. carried [n, C]: γ^(i+1), what row i keeps of the
    state before the chunk. left [n, C]: γ^(C-1-j), what the state behind the chunk keeps of row j.
    """

    inner: Tensor
    carried: Tensor
    left: Tensor


def decays(heads: int, even: bool = False) -> Tensor:
    """γ of each head [n] in float64: 1 - 2^(-5-h), or 1 - exp of even steps from ln 1/32 to ln 1/512."""
    if even:
        return 1 - torch.linspace(math.log(1 / 32), math.log(1 / 512), heads, dtype=torch.float64).exp()
    return 1 - 2.0 ** (-5 - torch.arange(heads, dtype=torch.float64))


def discount(decay: Tensor, count: int, like: Tensor) -> Discount:
    """The powers for chunks of `count` rows: computed in float64, kept in the type and on the device of `like`."""
    rate = decay.to(like.device, torch.float64).log()[:, None]
    steps = torch.arange(count, dtype=torch.float64, device=like.device)
    distance = (steps[:, None] - steps[None, :]).flatten()
    inner = (rate * distance.clamp(min=0)).exp().view(-1, count, count).tril()
    powers = inner, (rate * (steps + 1)).exp(), (rate * (count - 1 - steps)).exp()
    wide = torch.float64 if like.dtype == torch.float64 else torch.float32
    return Discount(*(power.to(wide) for power in powers))


def summed_decay(decay: Tensor, positions: Tensor) -> Tensor:
    """s_n = 1 + γ + … + γ^n = (1 - γ^(n+1)) / (1 - γ) at positions [B, T], in float64 [B, n, T]."""
    decay = decay.to(positions.device, torch.float64)
    return -torch.expm1((positions[:, None, :] + 1).double() * decay.log()[:, None]) / (1 - decay)[:, None]


def empty_state(queries: Tensor, values: Tensor) -> Tensor:
    wide = torch.float64 if queries.dtype == torch.float64 else torch.float32
    batch, heads, _, width = queries.shape
    return torch.zeros(batch, heads, width, values.shape[-1], dtype=wide, device=queries.device)


def parallel(
    queries: Tensor, keys: Tensor, values: Tensor, powers: Discount, state: Optional[Tensor] = None
) -> tuple[Tensor, Tensor]:
    """All rows at once: o = ((q kᵀ) ⊙ γ^(i-j)) v + γ^(i+1) q R, and the state R [B, n, d, e] behind them."""
    count = queries.shape[2]
    inner, carried = powers.inner[:, :count, :count], powers.carried[:, :count, None]
    kept = keys * powers.left[:, powers.left.shape[1] - count :, None]
    result = ((queries @ keys.transpose(-1, -2)) * inner).to(values.dtype) @ values
    added = (kept.transpose(-1, -2).to(values.dtype) @ values).to(inner.dtype)
    if state is None:
        return result, added
    return result + carried * (queries @ state.to(queries.dtype)), carried[:, -1:] * state + added


def chunkwise(
    queries: Tensor, keys: Tensor, values: Tensor, powers: Discount, state: Optional[Tensor] = None
) -> tuple[Tensor, Tensor]:
    """Chunks of C rows: parallel inside, the state from one to the next. The last may be shorter."""
    size, results = powers.carried.shape[1], []
    for start in range(0, queries.shape[2], size):
        chunk = (x[:, :, start : start + size] for x in (queries, keys, values))
        result, state = parallel(*chunk, powers, state)
        results.append(result)
    return torch.cat(results, 2), state


def recurrent(
    queries: Tensor, keys: Tensor, values: Tensor, powers: Discount, state: Optional[Tensor] = None
) -> tuple[Tensor, Tensor]:
    """Row by row: R ← γR + k vᵀ, o = q R."""
    state = empty_state(queries, values) if state is None else state
    decay, results = powers.carried[:, 0, None, None], []
    for index in range(queries.shape[2]):
        query, key, value = (x[:, :, index].to(state.dtype) for x in (queries, keys, values))
        state = decay * state + key[..., :, None] * value[..., None, :]
        results.append((query[..., None, :] @ state).squeeze(-2))
    return torch.stack(results, 2).to(values.dtype), state


FORMS = {"parallel": parallel, "chunkwise": chunkwise, "recurrent": recurrent}


# What follows is how torchscale computes, for comparison: its forms carry different factors that its norm removes.


def torchscale_parallel(queries: Tensor, keys: Tensor, values: Tensor, decay: Tensor) -> Tensor:
    """A_nm = q_n·k_m γ^(n-m) / √s_n, divided by z_n = Σ|A| within [1, 5·10⁴]."""
    count = queries.shape[2]
    sums = summed_decay(decay, torch.arange(count)[None])
    scores = (queries @ keys.transpose(-1, -2)) * discount(decay, count, queries).inner / sums.sqrt()[..., None]
    return scores @ values / scores.abs().sum(-1, keepdim=True).clamp(1, 5e4)


def torchscale_recurrent(queries: Tensor, keys: Tensor, values: Tensor, decay: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """S ← γ √(s_before / s) S + v kᵀ / √s; the results, S [B, n, e, d] and s [n] behind the last row."""
    state, total, results = empty_state(values, keys), torch.zeros_like(decay), []
    for index in range(queries.shape[2]):
        query, key, value = (x[:, :, index] for x in (queries, keys, values))
        before, total = total, total * decay + 1
        faded = (decay * (before / total).sqrt())[:, None, None] * state
        state = faded + value[..., :, None] * key[..., None, :] / total.sqrt()[:, None, None]
        results.append((state @ query[..., None]).squeeze(-1))
    return torch.stack(results, 2), state, total


def torchscale_chunkwise(
    queries: Tensor, keys: Tensor, values: Tensor, decay: Tensor, size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Chunks of `size` rows, each with s counted from its start; the results, the state X and s of a whole chunk."""
    powers = discount(decay, size, queries)
    sums = summed_decay(decay, torch.arange(size)[None]).squeeze(0)
    state, scale, results = empty_state(queries, values), torch.ones(1, dtype=queries.dtype), []
    for start in range(0, queries.shape[2], size):
        query, key, value = (x[:, :, start : start + size] for x in (queries, keys, values))
        scores = (query @ key.transpose(-1, -2)) * powers.inner / sums.sqrt()[..., None]
        inside = scores.abs().sum(-1, keepdim=True).clamp(min=1)
        crossing = powers.carried * sums[:, -1:] / sums.sqrt()
        results.append((scores @ value + crossing[..., None] * (query @ state)) / torch.maximum(inside, scale))
        kept = key * (powers.left / sums[:, -1:])[..., None]
        state = powers.carried[:, -1, None, None] * state + kept.transpose(-1, -2) @ value
        scale = state.abs().sum(-2, keepdim=True).amax(-1, keepdim=True).clamp(min=1)
    return torch.cat(results, 2), state, sums[:, -1]
