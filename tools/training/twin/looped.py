"""Looped decoders: all layers run several times with the same weights, and each loop begins where the last one ended.

Source: specs/mixture-of-recursions.md section 8.2; llama.cpp (architecture `nanbeige`); arXiv 2510.25741 (Ouro) and
its modelling file. Positions are the same in all loops; keys and values have a slot per loop and layer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .caches import Cache
from .decoder import Trace
from .family import FamilyDecoder
from .family_options import layer_types
from .layers import Rows, Store

# Options of Nanbeige's configuration class that no published checkpoint uses.
REFUSED = (
    "qk_layernorm", "emb_neighbor_num", "insert_ngram_layer_idx", "ngram_insert_all_layers", "loop_middle_layers",
    "enable_double_loop_split", "loop_share_kv", "enable_hyper_connection", "enable_mhc", "enable_depth_attention",
    "loop_loss_weights",
)


class Looped(FamilyDecoder):
    """What both have in common. `between`: whether the last norm of the model also ends each loop before the last."""

    def __init__(self, config: dict, loops: int, between: bool):
        super().__init__(config)
        self.loops, self.between = loops, between

    def store(self, cache: Cache, loop: int, layer: int, mode: str) -> Store:
        return cache.appending((loop, layer))

    def loop(self, x: Tensor, rows: dict[str, Rows], cache: Cache, loop: int, mode: str) -> Tensor:
        """All layers once."""
        for index, (layer, kind) in enumerate(zip(self.model.layers, layer_types(self.config))):
            x = layer(x, rows[kind], self.store(cache, loop, index, mode))
        return x

    def run(self, x: Tensor, rows: dict[str, Rows], cache: Cache, mode: str, trace: Trace) -> Tensor:
        for loop in range(self.loops):
            x = self.loop(x, rows, cache, loop, mode)
            if self.between and loop + 1 < self.loops:
                x = self.model.norm(x)
        return x


class Nanbeige(Looped):
    """Llama, `num_loops` times, with the last norm between the loops too unless `skip_loop_final_norm`."""

    def __init__(self, config: dict):
        for name in REFUSED:
            if config.get(name):
                raise ValueError(f"The option '{name}' of Nanbeige is not supported.")
        super().__init__(config, config.get("num_loops", 1), not config.get("skip_loop_final_norm", False))


class Ouro(Looped):
    """Sandwich norms, `total_ut_steps` loops, and a gate that says after which loop a token's rows are good enough.

    λ = σ(gate(norm x)) is the probability to leave after a loop, given that the token came so far. A token leaves
    after the first loop by which the probability to have left reaches `early_exit_threshold`; at 1 that is the last.
    As in the authors' code the other loops run all the same, because later tokens see keys of all loops: leaving only
    chooses the rows that the head reads. Other modes:

    exited: a token really leaves. In the loops that it does not run its keys and values are those of its last loop.
    last_keys: one slot per layer, which each loop overwrites, so that a decoded token sees the keys of the last loop of
    all earlier tokens, and its own of the current loop. It costs the memory of a model that is not looped; a prompt
    that runs at once is as it always is.
    """

    def __init__(self, config: dict):
        super().__init__(config, config.get("total_ut_steps", 4), between=True)
        self.model.early_exit_gate = nn.Linear(self.shape.width, 1)
        self.threshold = config.get("early_exit_threshold", 1.0)

    def store(self, cache: Cache, loop: int, layer: int, mode: str) -> Store:
        if mode == "last_keys":
            return cache.overwriting(layer)
        if mode == "exited":
            return cache.latest([(earlier, layer) for earlier in range(loop + 1)])
        return super().store(cache, loop, layer, mode)

    def run(self, x: Tensor, rows: dict[str, Rows], cache: Cache, mode: str, trace: Trace) -> Tensor:
        """The rows of each token after the loop that it leaves; they are normalised already."""
        left = x.new_zeros(x.shape[:2])  # the probability to have left  [B, T]
        remaining = 1 - left
        depth = torch.full(x.shape[:2], self.loops, device=x.device)
        result = x
        for loop in range(self.loops):
            running = depth > loop
            seen = {kind: each._replace(valid=running) for kind, each in rows.items()} if mode == "exited" else rows
            x = self.model.norm(self.loop(x, seen, cache, loop, mode))
            result = torch.where(running[..., None], x, result)
            chance = self.model.early_exit_gate(x).squeeze(-1).sigmoid()
            left = left + chance * remaining
            remaining = remaining * (1 - chance)
            depth = torch.where(running & (left >= self.threshold), loop + 1, depth)
        if self.threshold < 1:
            trace.depth = depth
        return result

    def normalise(self, x: Tensor) -> Tensor:
        return x
