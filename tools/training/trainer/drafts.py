"""Drafts of a model with a draft head: how the head is trained beside the model, and how often drafts are right.

The head learns what the model itself says of the token after next. Nothing flows back from it: on a processor the
model's weights are, to the bit, those of a training without a head.
"""

from __future__ import annotations

from typing import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from twin.caches import Cache
from twin.decoder import Decoder, Trace

from .batches import Batch

Named = list[tuple[str, nn.Parameter]]


def parts(model: Decoder) -> tuple[Named, Named]:
    """The model's parameters, and those of its draft head."""
    own: Named = []
    head: Named = []
    for name, parameter in model.named_parameters():
        (head if name.startswith("model.draft_head.") else own).append((name, parameter))
    return own, head


def loss(model: Decoder, trace: Trace, cache: Cache, batch: Batch, chosen: Tensor, logits: Tensor) -> Tensor:
    """Mean cross-entropy of second drafts against the model's own distribution; its gradient is for the head alone.

    logits [K, V]: the model's at the places `chosen` [K] of the flat batch. They are drafted from the rows before: by
    turns from the early row and from the one that left for good, for the runtime drafts from both.
    """
    # A text's first row has none before it.
    counts = (chosen % batch.inputs.shape[1] > 0).float()
    before = (chosen - 1).clamp(min=0)
    with torch.no_grad():
        early, left = model.left_early(trace, cache).flatten(0, 1), trace.left.flatten(0, 1)
        is_early = torch.arange(len(chosen), device=chosen.device) % 2 == 0
        rows = torch.where(is_early[:, None], early[before], left[before])
        expected = logits.softmax(-1)
    drafted = model.draft(rows, batch.inputs.flatten()[chosen]).float()
    losses = functional.cross_entropy(drafted, expected, reduction="none")
    return (losses * counts).sum() / counts.sum().clamp(min=1)


@torch.no_grad()
def rates(model: Decoder, batches: Iterable[Batch], mode: str = "threshold") -> dict[str, dict[str, float]]:
    """How many drafts are right: what the model finds likeliest in the end, all earlier tokens being as they are.

    first: from early rows. second_early: behind a right first draft with which the text goes on. second_final: from
    rows that left for good, where the text goes on with the likeliest token. right is a share, of so many places.
    """
    model.eval()
    right = {name: 0 for name in ("first", "second_early", "second_final")}
    places = dict(right)
    for batch in batches:
        cache = Cache()
        _, trace = model.hidden(batch.inputs, mode, cache)
        early, counted = model.left_early(trace, cache), batch.weights > 0
        chosen = likeliest(model, trace.left)
        first = likeliest(model, early) == chosen
        goes_on = (counted & (chosen == batch.targets))[:, :-1] & counted[:, 1:]
        found = {
            "first": first[counted],
            "second_early": second(model, early, chosen, batch, goes_on & first[:, :-1]),
            "second_final": second(model, trace.left, chosen, batch, goes_on),
        }
        for name, are_right in found.items():
            right[name] += int(are_right.sum())
            places[name] += len(are_right)
    model.train()
    return {name: {"right": right[name] / max(1, count), "places": count} for name, count in places.items()}


def likeliest(model: Decoder, rows: Tensor) -> Tensor:
    return model.head(model.normalise(rows)).argmax(-1)


def second(model: Decoder, rows: Tensor, chosen: Tensor, batch: Batch, places: Tensor) -> Tensor:
    """Whether drafts from rows [B, T, H] at places [B, T - 1] are what the model chooses [B, T] a token later."""
    drafted = model.draft(rows[:, :-1][places], batch.inputs[:, 1:][places]).argmax(-1)
    return drafted == chosen[:, 1:][places]
