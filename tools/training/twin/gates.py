"""The gate of a mixture of experts: which k of E experts a row runs, and with what weights.

Source: specs/retnet-mod-moe-families.md section C.1. A gate is data, so that each family of models is one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gate:
    """used: k. score: softmax over all logits, softmax over the chosen ones (`softmax_chosen`), or sigmoid.

    renormalise: the weights are divided by their sum plus epsilon. scale: they are multiplied by it behind that.
    With groups > 1 the experts lie in that many groups, and only those of the best groups_used can be chosen; a group
    is worth the sum of its two best scores.
    """

    used: int
    score: str = "softmax"
    renormalise: bool = False
    epsilon: float = 0.0
    scale: float = 1.0
    groups: int = 1
    groups_used: int = 1


# How each family chooses and weighs; what its config.json can change (norm_topk_prob, ...) is read from there.
FAMILIES = {
    "mixtral": dict(score="softmax", renormalise=True),
    "qwen3_moe": dict(score="softmax", renormalise=False),
    "qwen2_moe": dict(score="softmax", renormalise=False),
    "olmoe": dict(score="softmax", renormalise=False),
    "granitemoe": dict(score="softmax_chosen"),
    "granitemoeshared": dict(score="softmax_chosen"),
    "gpt_oss": dict(score="softmax_chosen"),
    "lfm2_moe": dict(score="sigmoid", epsilon=1e-6),
    "deepseek_v2": dict(score="softmax", renormalise=False),
    "deepseek_v3": dict(score="sigmoid", renormalise=True, epsilon=1e-20, scale=2.5),
}


def choose(logits: Tensor, gate: Gate, bias: Optional[Tensor] = None) -> tuple[Tensor, Tensor, Tensor]:
    """logits [R, E] -> chosen [R, k], best first; their weights [R, k]; the scores of all [R, E].

    The bias [E] moves the choice and never the weights. Of equal scores the lower index is chosen.
    """
    if gate.score == "sigmoid":
        scores = logits.sigmoid()
    elif gate.score in ("softmax", "softmax_chosen"):
        scores = logits.softmax(-1)
    else:
        raise ValueError(f"The gate score '{gate.score}' is not known.")
    # Logits rank as their softmax does, but for scores so small that they round to the same.
    ranked = logits if bias is None and gate.score != "sigmoid" else scores
    ranked = ranked if bias is None else ranked + bias
    if gate.groups > 1:
        ranked = ranked.masked_fill(~in_best_groups(ranked, gate), -torch.inf)
    chosen = ranked.sort(dim=-1, descending=True, stable=True).indices[:, : gate.used]
    if gate.score == "softmax_chosen":
        return chosen, logits.gather(1, chosen).softmax(-1) * gate.scale, scores
    weights = scores.gather(1, chosen)
    if gate.renormalise:
        weights = weights / (weights.sum(-1, keepdim=True) + gate.epsilon)
    return chosen, weights * gate.scale, scores


def in_best_groups(ranked: Tensor, gate: Gate) -> Tensor:
    """Which experts [R, E] lie in one of the best groups of their row."""
    grouped = ranked.unflatten(-1, (gate.groups, -1))
    worth = grouped.topk(min(2, grouped.shape[-1]), -1).values.sum(-1)
    best = worth.sort(dim=-1, descending=True, stable=True).indices[:, : gate.groups_used]
    kept = torch.zeros_like(worth, dtype=torch.bool).scatter(1, best, True)
    return kept[..., None].expand_as(grouped).flatten(1)


def balance_loss(scores: Tensor, chosen: Tensor) -> Tensor:
    """E Σ f_e P_e: the share of the choices that fell on e, times its mean score; 1 when all are chosen alike."""
    experts = scores.shape[-1]
    probability = (scores / scores.sum(-1, keepdim=True)).mean(0)
    share = torch.bincount(chosen.flatten(), minlength=experts).to(probability.dtype) / chosen.numel()
    return experts * (share * probability).sum()
