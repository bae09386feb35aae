"""Mixture-of-Recursions with expert-choice routing: each recursion of the shared block picks the tokens that go on.

Source: arXiv 2507.10524 sections 2.2 and 2.3 and the authors' code; specs/mixture-of-recursions.md sections 2 and 4.
"""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor, nn

from .caches import Cache
from .decoder import Decoder, RoutingStep, Trace
from .draft_head import initialised
from .early_exit import early
from .layers import Layer, Rows, Shape, initialise
from .routers import Router, Selection, largest, membership_loss, picked, weight_of


class ExpertRecursion(nn.Module):
    """Recursion r: its own router, and the shared block of B layers under the names that a checkpoint gives them."""

    def __init__(self, shape: Shape, block: list[Layer], options: dict):
        super().__init__()
        self.block = nn.ModuleList(block)
        kind, temperature = options.get("router_type", "linear"), options.get("temp", 1.0)
        if not options.get("rand_router", False):
            self.mor_router = Router(shape.width, 1, kind, temperature)
        if options.get("sampling", "aux_loss") == "aux_router":
            self.mlp_router = Router(shape.width, 1, kind, temperature)


class ExpertChoice(Decoder):
    def __init__(self, config: dict):
        super().__init__(config)
        self.options = options = config["mor"]
        self.recursions = options["num_recursion"]
        self.capacities = [float(c) for c in options.get("capacity") or default_capacities(self.recursions)]
        self.thresholds = options.get("thresholds") or [0.0] * self.recursions
        self.middle = options.get("sharing", "middle_cycle") == "middle_cycle"
        if not self.middle and options["sharing"] != "cycle":
            raise ValueError(f"Expert choice knows the sharings cycle and middle_cycle, not {options['sharing']}.")
        inner = self.shape.layers - (2 if self.middle else 0)
        if inner % self.recursions:
            raise ValueError(f"{inner} layers cannot be shared by {self.recursions} recursions.")
        base = inner // self.recursions
        first = [Layer(self.shape) for _ in range(base)]
        stack: list[nn.Module] = [Layer(self.shape)] if self.middle else []
        for recursion in range(self.recursions):
            tied = recursion == 0 or options.get("attention_tied", True)
            block = first if tied else [sharing_all_but_attention(layer, self.shape) for layer in first]
            stack.append(ExpertRecursion(self.shape, block, options))
        stack += [Layer(self.shape)] if self.middle else []
        self.model.layers = nn.ModuleList(stack)
        # 1 at the start of a capacity warm-up, 0 behind it; the trainer lowers it. Spec section 2.4.
        self.capacity_warmup = 0.0
        initialise(self, self.shape, self.shape.layers)
        if "draft_size" in options:
            self.model.draft_head = initialised(self.shape, options["draft_size"])

    def run(self, x: Tensor, rows: Rows, cache: Cache, mode: str, trace: Trace) -> Tensor:
        layers = list(self.model.layers)
        if self.middle:
            x = layers[0](x, rows, cache.appending("first"))
        everything = torch.arange(x.shape[1], device=x.device).expand(x.shape[0], -1)
        candidates = Selection(everything, rows.valid)
        trace.depth = torch.zeros_like(everything)
        trace.looped_once = x
        for recursion in range(self.recursions):
            selection, weight = self.select(recursion, x, candidates, mode, trace)
            if selection.rows.shape[1] == 0:
                break
            block = self.model.layers[recursion + int(self.middle)].block
            result = self.run_block(block, recursion, x, rows, selection, cache)
            x = combined(x, selection, result, weight, self.options.get("gating", "weighted"))
            reached = torch.ones_like(selection.rows) if selection.valid is None else selection.valid.long()
            trace.depth = trace.depth.scatter_add(1, selection.rows, reached)
            candidates = selection
            if recursion == 0:
                trace.looped_once = x
        trace.left = layers[-1](x, rows, cache.appending("last")) if self.middle else x
        return trace.left

    def left_early(self, trace: Trace, cache: Cache) -> Tensor:
        """The rows [B, T, H] before the last norm of whole texts, had each token left behind its first recursion.

        trace and cache are those of the pass, in which the tokens left for good.
        """
        x = trace.looped_once
        positions = torch.arange(x.shape[1], device=x.device).expand(x.shape[:2])
        return early(self.model.layers[-1], x, self.rows_at(positions), cache.slots["last"]) if self.middle else x

    def draft(self, rows: Tensor, following: Tensor) -> Tensor:
        """Logits [.., V] of the tokens behind the following ones [..], from rows [.., H] before the last norm."""
        return self.head(self.normalise(self.model.draft_head(rows, self.embed(following))))

    def select(self, recursion: int, x: Tensor, candidates: Selection, mode: str, trace: Trace):
        """Which candidates recursion r runs, and the weights [B, K] of their results. Spec section 2.2 and 2.6."""
        stage = self.model.layers[recursion + int(self.middle)]
        seen = taken(x, candidates.rows)
        alpha, function = self.options.get("alpha", 0.1), self.options.get("router_func", "sigmoid")
        if hasattr(stage, "mor_router"):
            logits = stage.mor_router(seen).squeeze(-1)
            weight = weight_of(logits, function, alpha)
        else:
            logits = torch.rand(seen.shape[:2], device=x.device)
            weight = alpha * logits
        capacity = self.capacities[recursion]
        capacity += (1 - capacity) * self.capacity_warmup
        if mode == "topk":
            count = max(1, int(capacity * x.shape[1]))
            local, valid = largest(logits, candidates, count), None
            if candidates.valid is not None:
                valid = candidates.valid.gather(1, local)
            self.add_losses(stage, seen, logits, local, candidates.valid, trace)
        elif mode == "full" or (mode == "threshold" and capacity >= 1):
            local, valid = torch.arange(seen.shape[1], device=x.device).expand(x.shape[0], -1), candidates.valid
        elif mode == "threshold":
            chosen = logits >= self.thresholds[recursion]
            local, valid = picked(chosen if candidates.valid is None else chosen & candidates.valid)
        else:
            raise ValueError(f"Routing mode '{mode}' is not known.")
        marked = torch.zeros_like(logits, dtype=torch.bool).scatter(1, local, True if valid is None else valid)
        trace.steps.append(RoutingStep(logits.detach(), marked, candidates.valid, candidates.rows))
        return Selection(candidates.rows.gather(1, local), valid), weight.gather(1, local)

    def add_losses(
        self, stage: nn.Module, seen: Tensor, logits: Tensor, local: Tensor, valid: Optional[Tensor], trace: Trace
    ) -> None:
        if not self.training or not hasattr(stage, "mor_router"):
            return
        if hasattr(stage, "mlp_router"):
            trace.add_loss("aux_router", membership_loss(stage.mlp_router(seen.detach()).squeeze(-1), local, valid))
        else:
            trace.add_loss("membership", membership_loss(logits, local, valid))
        trace.add_loss("z", logits.pow(2).mean())

    def run_block(
        self, block: nn.ModuleList, recursion: int, x: Tensor, rows: Rows, selection: Selection, cache: Cache
    ) -> Tensor:
        """The block's result for the selected rows, [B, K, H]. Spec section 4: where its keys and values come from."""
        shared, hybrid = self.options.get("kv_sharing", False), self.options.get("update_cache", False)
        if shared and (recursion == 0 or hybrid):
            result = x
            for index, layer in enumerate(block):
                store = cache.appending((0, index))
                if recursion > 0:
                    store = cache.replacing((0, index), self.replaced(selection, cache), selection.rows)
                result = layer(result, rows, store)
            return taken(result, selection.rows)
        positions = rows.positions.gather(1, selection.rows)
        active = self.rows_at(positions, selection.valid)
        result = taken(x, selection.rows)
        for index, layer in enumerate(block):
            store = cache.reading((0, index)) if shared else cache.appending((recursion, index))
            result = layer(result, active, store)
        return result

    def replaced(self, selection: Selection, cache: Cache) -> Tensor:
        """The columns of the first recursion's slot that a hybrid cache replaces.

        The reference counts them from the start of the chunk, so that a decoded token replaces position 0 (spec 4.3).
        """
        return selection.rows + (0 if self.options.get("hybrid_position_zero", False) else cache.length)


def default_capacities(recursions: int) -> list[float]:
    return [(recursions - index) / recursions for index in range(recursions)]


def sharing_all_but_attention(layer: Layer, shape: Shape) -> Layer:
    """The layer of a later recursion as the authors' code built it until 82c97f2: own attention. Spec section 5.2."""
    other = Layer(shape)
    other.mlp = layer.mlp
    other.input_layernorm = layer.input_layernorm
    other.post_attention_layernorm = layer.post_attention_layernorm
    return other


def taken(x: Tensor, rows: Tensor) -> Tensor:
    """Rows [B, K] of x [B, T, H]."""
    if rows.shape[1] == x.shape[1]:
        return x  # ascending and distinct, so all of them in order
    return x.flatten(0, 1).index_select(0, flat(rows, x.shape[1])).view(*rows.shape, x.shape[-1])


def flat(rows: Tensor, length: int) -> Tensor:
    return (rows + torch.arange(rows.shape[0], device=rows.device)[:, None] * length).flatten()


def combined(x: Tensor, selection: Selection, result: Tensor, weight: Tensor, gating: str) -> Tensor:
    """x + p·y at the selected rows (`weighted`), x + y (`additive`); the other rows of x [B, T, H] as they are."""
    if gating == "weighted":
        result = result * weight[..., None].to(result.dtype)
    elif gating != "additive":
        raise ValueError(f"Gating '{gating}' is not known.")
    if selection.valid is not None:
        result = result * selection.valid[..., None]
    if selection.rows.shape[1] == x.shape[1] and selection.valid is None:
        return x + result
    rows = flat(selection.rows, x.shape[1])
    return x.flatten(0, 1).index_add(0, rows, result.flatten(0, 1).to(x.dtype)).view(x.shape)
