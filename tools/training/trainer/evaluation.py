"""What a finished run is judged by: held-out loss and depth in each routing mode, and how many drafts are right."""

from __future__ import annotations

from typing import Iterator

import numpy
import torch

from text import pack
from twin.decoder import Decoder

from . import drafts, measures
from .batches import Batch, batch_of
from .settings import Settings

TOKENS_MAX = 200_000


def evaluate(settings: Settings, model: Decoder) -> dict:
    """Loss and mean depth per held-out part and mode. Routed models only have more than one mode.

    Of a model with a draft head the shares of right drafts stand beside. A part that fills no window of a stream is
    left out.
    """
    routed = "mod" in settings.model or settings.model.get("mor", {}).get("type") in ("expert", "token")
    report: dict = {}
    for part in sorted(path.name.split(".")[0] for path in (settings.folder / "data").glob("valid*.tokens.npy")):
        held_out = list(held_out_batches(settings, part, next(model.parameters()).device))
        if not held_out:
            continue
        modes = ("topk", "threshold", "full") if routed else ("full",)
        report[part] = {mode: measures.loss(model, held_out, mode) for mode in modes}
        if drafts.parts(model)[1]:
            report[part]["drafts"] = drafts.rates(model, held_out)
    return report


def held_out_batches(settings: Settings, part: str, device: torch.device) -> Iterator[Batch]:
    """The part's windows in order, some hundred thousand tokens of them."""
    tokens, mask = pack.load_arrays(settings.packed(part))
    window = settings.data.window
    if tokens.ndim == 1:
        count = (len(tokens) - 1) // window
        places = numpy.arange(count)[:, None] * window + numpy.arange(window + 1)
        tokens, mask = tokens[places], mask[places]
    for start in range(0, min(len(tokens), TOKENS_MAX // window), settings.training.batch):
        chosen = slice(start, start + settings.training.batch)
        yield batch_of(tokens[chosen], mask[chosen]).to(device)
