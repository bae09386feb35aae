"""What all decoders have in common: embedding, positions, final norm, tied head, and what a forward pass returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

import torch
from torch import Tensor, nn
from torch.nn import functional

from .caches import Cache
from .layers import RMSNorm, Rotary, Rows, Shape


@dataclass
class RoutingStep:
    """One routing decision: logits [B, K] of the candidates, which of them were selected, which are real (or None)."""

    logits: Tensor
    selected: Tensor
    valid: Optional[Tensor]
    rows: Tensor


@dataclass
class Trace:
    """What a forward pass leaves behind beside its result: auxiliary losses, and how tokens were routed.

    depth [B, T]: how many recursions a token ran; None where every token runs everything. Of expert choice, the rows
    [B, T, H] behind the first recursion, and those before the last norm: looped_once, left.
    """

    losses: dict[str, Tensor] = field(default_factory=dict)
    steps: list[RoutingStep] = field(default_factory=list)
    depth: Optional[Tensor] = None
    looped_once: Optional[Tensor] = None
    left: Optional[Tensor] = None

    def add_loss(self, name: str, value: Tensor) -> None:
        self.losses[name] = self.losses[name] + value if name in self.losses else value


class Body(nn.Module):
    """The tensors under `model.` of a checkpoint, but for the layers, which an architecture adds."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.norm = RMSNorm(shape.width, shape.epsilon)


class Decoder(nn.Module):
    """A decoder with a tied head. An architecture implements `run`, from embedded rows to rows before the last norm.

    `mode` says how routed models select: `topk` as in training, `threshold` causally, `full` everything.
    """

    def __init__(self, config: dict, shape: Optional[Shape] = None, body: type[nn.Module] = Body):
        super().__init__()
        self.config = config
        self.shape = Shape.of(config) if shape is None else shape
        self.model = body(self.shape)
        self.rotary = Rotary(self.shape)
        if not config.get("tie_word_embeddings", True):
            self.lm_head = nn.Linear(self.shape.width, self.shape.vocabulary, bias=False)

    def run(self, x: Tensor, rows: Rows, cache: Cache, mode: str, trace: Trace) -> Tensor:
        raise NotImplementedError

    def table(self) -> Tensor:
        """The embedding matrix [V, H]."""
        return self.model.embed_tokens.weight

    def embed(self, ids: Tensor) -> Tensor:
        return functional.embedding(ids, self.table())

    def normalise(self, x: Tensor) -> Tensor:
        return self.model.norm(x)

    def rows_at(self, positions: Tensor, valid: Optional[Tensor] = None) -> Rows:
        return Rows(positions, self.rotary(positions), valid)

    def hidden(self, ids: Tensor, mode: str = "topk", cache: Optional[Cache] = None) -> tuple[Tensor, Trace]:
        """ids [B, T] -> the normalised rows [B, T, H] that the head reads, and the trace."""
        cache = Cache() if cache is None else cache
        positions = torch.arange(cache.length, cache.length + ids.shape[1], device=ids.device).expand_as(ids)
        trace = Trace()
        x = self.run(self.embed(ids), self.rows_at(positions), cache, mode, trace)
        cache.length += ids.shape[1]
        return self.normalise(x), trace

    def head(self, hidden: Tensor) -> Tensor:
        head = getattr(self, "lm_head", None)
        return functional.linear(hidden, self.table() if head is None else head.weight)

    def forward(self, ids: Tensor, mode: str = "topk", cache: Optional[Cache] = None) -> tuple[Tensor, Trace]:
        """ids [B, T] -> logits [B, T, V], and the trace. With a cache the ids continue what it holds."""
        hidden, trace = self.hidden(ids, mode, cache)
        return self.head(hidden), trace
