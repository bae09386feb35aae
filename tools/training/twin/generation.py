"""Text from a decoder, token by token through the caches; the clear twin of the runtime's generation."""

from __future__ import annotations

from typing import Collection, Optional

import torch

from .caches import Cache
from .decoder import Decoder


@torch.no_grad()
def generate(
    model: Decoder,
    prompt: list[int],
    count: int,
    stop: Collection[int],
    mode: str = "threshold",
    temperature: float = 0.0,
    generator: Optional[torch.Generator] = None,
) -> list[int]:
    """At most `count` tokens behind the prompt, without the one of `stop` that ended them; greedy at temperature 0."""
    model.eval()
    cache, answer = Cache(), []
    device = next(model.parameters()).device
    fed = torch.tensor([prompt], device=device)
    while len(answer) < count:
        hidden, _ = model.hidden(fed, mode, cache)
        logits = model.head(hidden[:, -1]).float()[0]
        if temperature > 0:
            token = int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator))
        else:
            token = int(logits.argmax())
        if token in stop:
            break
        answer.append(token)
        fed = torch.tensor([[token]], device=device)
    return answer
