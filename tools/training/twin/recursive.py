"""The plain recursive decoder: some layers of the unrolled model are one layer, used again; every token runs all.

Source: specs/mixture-of-recursions.md section 1.2.
"""

from __future__ import annotations

from torch import Tensor, nn

from .caches import Cache
from .decoder import Decoder, Trace
from .layers import Layer, Rows, initialise


def shared_layer(unrolled: int, layers: int, recursions: int, sharing: str) -> int:
    """Which of the unique layers stands at an unrolled index; 0 and the last own theirs in the middle_ kinds."""
    middle = sharing.startswith("middle_")
    inner = layers - 2 if middle else layers
    if inner % recursions:
        raise ValueError(f"{inner} layers cannot be shared by {recursions} recursions.")
    base = inner // recursions
    if middle and unrolled in (0, layers - 1):
        return 0 if unrolled == 0 else base + 1
    place = unrolled - 1 if middle else unrolled
    first = 1 if middle else 0
    if sharing in ("cycle", "middle_cycle"):
        return first + place % base
    if sharing in ("sequence", "middle_sequence"):
        return first + place // recursions
    raise ValueError(f"Sharing '{sharing}' is not known.")


class Recursive(Decoder):
    def __init__(self, config: dict):
        super().__init__(config)
        options = config["mor"]
        layers = self.shape.layers
        places = [
            shared_layer(index, layers, options["num_recursion"], options["sharing"]) for index in range(layers)
        ]
        unique = [Layer(self.shape) for _ in range(max(places) + 1)]
        # One module at several places: the state dict lists it under each name, as checkpoints do.
        self.model.layers = nn.ModuleList(unique[place] for place in places)
        initialise(self, self.shape, layers)

    def run(self, x: Tensor, rows: Rows, cache: Cache, mode: str, trace: Trace) -> Tensor:
        for index, layer in enumerate(self.model.layers):
            x = layer(x, rows, cache.appending(index))
        return x
