"""The ordinary Llama decoder: every layer has its own weights and every token runs all of them."""

from __future__ import annotations

from torch import Tensor, nn

from .caches import Cache
from .decoder import Decoder, Trace
from .layers import Layer, Rows, initialise


class Vanilla(Decoder):
    def __init__(self, config: dict):
        super().__init__(config)
        self.model.layers = nn.ModuleList(Layer(self.shape) for _ in range(self.shape.layers))
        initialise(self, self.shape, self.shape.layers)

    def run(self, x: Tensor, rows: Rows, cache: Cache, mode: str, trace: Trace) -> Tensor:
        for index, layer in enumerate(self.model.layers):
            x = layer(x, rows, cache.appending(index))
        return x
