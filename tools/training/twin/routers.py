"""Routers of a Mixture-of-Recursions: who goes on (expert choice), or how far a token goes (token choice).

Source: arXiv 2507.10524 section 2.2 and the authors' code; specs/mixture-of-recursions.md sections 2 and 3.
"""

from __future__ import annotations

from typing import NamedTuple, Optional

import torch
from torch import Tensor, nn
from torch.nn import functional


class Selection(NamedTuple):
    """The rows that a recursion runs: indexes into the chunk [B, K], ascending; valid [B, K], None if all are."""

    rows: Tensor
    valid: Optional[Tensor]


class Router(nn.Module):
    """z = R(x / temperature): one linear map, or two with an exact GELU between (`mlp` and `wide_mlp` are the same)."""

    def __init__(self, width: int, outputs: int, kind: str, temperature: float):
        super().__init__()
        self.temperature = temperature
        if kind == "linear":
            self.router: nn.Module = nn.Linear(width, outputs, bias=False)
        elif kind in ("mlp", "wide_mlp"):
            hidden = nn.Linear(width, 2 * width, bias=False)
            self.router = nn.Sequential(hidden, nn.GELU(), nn.Linear(2 * width, outputs, bias=False))
        else:
            raise ValueError(f"router_type '{kind}' is not known.")

    def forward(self, x: Tensor) -> Tensor:
        # Selection hangs on small differences, so the router never runs in half precision.
        with torch.autocast(x.device.type, enabled=False):
            wide = x if x.dtype == torch.float64 else x.float()
            return self.router(wide / self.temperature)


def weight_of(logit: Tensor, function: Optional[str], alpha: float) -> Tensor:
    """The factor of a recursion's result: α·σ(z), α·tanh(z), or z itself, where α is ignored."""
    if function == "sigmoid":
        return alpha * logit.sigmoid()
    if function == "tanh":
        return alpha * logit.tanh()
    if function in (None, "none"):
        return logit
    raise ValueError(f"router_func '{function}' is not known.")


def largest(logits: Tensor, candidates: Selection, count: int) -> Tensor:
    """The `count` largest of the logits [B, K] of valid candidates, as ascending indexes among the candidates."""
    ranked = logits if candidates.valid is None else logits.masked_fill(~candidates.valid, -torch.inf)
    return ranked.topk(count, 1).indices.sort(1).values


def picked(chosen: Tensor) -> tuple[Tensor, Optional[Tensor]]:
    """Indexes [B, K] of the true columns of `chosen` [B, T], ascending, K the largest number of a row; valid [B, K].

    Rows with fewer are filled up with columns that are not chosen: each index stands once, so a scatter is safe.
    """
    counts = chosen.sum(1)
    most = int(counts.max())
    if most == chosen.shape[1]:
        every = torch.arange(most, device=chosen.device).expand_as(chosen)
        return every, (None if bool(chosen.all()) else chosen)
    order = torch.sort((~chosen).to(torch.uint8), dim=1, stable=True).indices[:, :most]
    fits = torch.arange(most, device=chosen.device)[None] < counts[:, None]
    return order, (None if bool(fits.all()) else fits)


def membership_loss(logits: Tensor, selected: Tensor, valid: Optional[Tensor]) -> Tensor:
    """Binary cross-entropy of logits [B, K] against membership in the top k, which teaches the decision z >= 0."""
    target = torch.zeros_like(logits).scatter_(1, selected, 1.0)
    loss = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return loss.mean() if valid is None else (loss * valid).sum() / valid.sum().clamp(min=1)
