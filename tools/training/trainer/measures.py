"""What is measured of a model: the loss in each routing mode, and how its routers decide."""

from __future__ import annotations

from typing import Iterable, Optional

import torch
from torch import Tensor
from torch.nn import functional

from twin.decoder import Decoder, Trace

from .batches import Batch


def weighted_loss(model: Decoder, hidden: Tensor, batch: Batch) -> Tensor:
    """Mean cross-entropy over the targets of weight 1, 0 without any."""
    return mean_loss(*logits_of_targets(model, hidden, batch), batch)


def logits_of_targets(model: Decoder, hidden: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Where the K targets of weight 1 are in the flat batch, and their logits [K, V]: the head runs for those only."""
    chosen = batch.weights.flatten().nonzero().squeeze(1)
    return chosen, model.head(hidden.flatten(0, 1).index_select(0, chosen)).float()


def mean_loss(chosen: Tensor, logits: Tensor, batch: Batch) -> Tensor:
    return functional.cross_entropy(logits, batch.targets.flatten()[chosen], reduction="sum") / max(1, len(chosen))


def routing_of(trace: Trace) -> dict[str, list[float]]:
    """Per routing step: share of candidates selected, share above threshold 0, agreement of both, mean logit.

    dead: the share of tokens that no recursion behind the first selected.
    """
    selected, above, agreement, logit = [], [], [], []
    for step in trace.steps:
        valid = torch.ones_like(step.rows, dtype=torch.bool) if step.valid is None else step.valid
        if step.logits.dim() == 3:
            fractions = step.selected.float().mean((0, 1)).tolist()
            return {"depth_fraction": fractions}
        chosen, positive = step.selected[valid], (step.logits >= 0)[valid]
        selected.append(chosen.float().mean().item())
        above.append(positive.float().mean().item())
        agreement.append((chosen == positive).float().mean().item())
        logit.append(step.logits[valid].mean().item())
    result = {"selected": selected, "above_threshold": above, "agreement": agreement, "logit": logit}
    if trace.depth is not None and selected:
        result["dead"] = [(trace.depth <= 1).float().mean().item()]
        result["depth"] = [trace.depth.float().mean().item()]
    return result


@torch.no_grad()
def loss(model: Decoder, batches: Iterable[Batch], mode: str, half: bool = False) -> dict[str, float]:
    """Held-out loss in nats per target, mean depth, and the number of targets, in a routing mode."""
    model.eval()
    total, count, depth, rows = 0.0, 0.0, 0.0, 0
    for batch in batches:
        with torch.autocast(batch.inputs.device.type, dtype=torch.bfloat16, enabled=half):
            hidden, trace = model.hidden(batch.inputs, mode)
            mean = weighted_loss(model, hidden, batch)
        targets = float(batch.weights.sum())
        total, count = total + mean.item() * targets, count + targets
        reached = reached_depth(trace, batch.weights)
        if reached is not None:
            depth, rows = depth + reached, rows + int(batch.weights.sum())
    model.train()
    result = {"nll": total / count, "targets": count}
    if rows:
        result["depth"] = depth / rows
    return result


def reached_depth(trace: Trace, weights: Tensor) -> Optional[float]:
    return None if trace.depth is None else float((trace.depth * weights).sum())
