"""Mixture-of-Recursions with token-choice routing: one router says at once how many recursions each token runs.

Source: arXiv 2507.10524 section 2.2 and the authors' code; specs/mixture-of-recursions.md section 3. The weight of the
chosen depth is applied once, at the end, with the token's first state as the residual, as the code does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .caches import Cache
from .decoder import Decoder, RoutingStep, Trace
from .expert_choice import combined, flat, taken
from .layers import Layer, Rows, Shape, initialise
from .routers import Router, Selection, picked


class TokenRecursions(nn.Module):
    """The whole middle of the model: the shared block once per recursion, one router with N outputs."""

    def __init__(self, shape: Shape, base: int, options: dict):
        super().__init__()
        recursions = options["num_recursion"]
        block = [Layer(shape) for _ in range(base)]
        self.block_list = nn.ModuleList(nn.ModuleList(block) for _ in range(recursions))
        kind, temperature = options.get("router_type", "linear"), options.get("temp", 1.0)
        self.mor_router = Router(shape.width, recursions, kind, temperature)
        if options.get("balancing", "loss") == "loss_free":
            self.register_buffer("router_bias", torch.zeros(recursions))


class TokenChoice(Decoder):
    def __init__(self, config: dict):
        super().__init__(config)
        self.options = options = config["mor"]
        self.recursions = options["num_recursion"]
        if options.get("sharing", "middle_cycle") != "middle_cycle":
            raise ValueError("Token choice knows the sharing middle_cycle only.")
        if (self.shape.layers - 2) % self.recursions:
            raise ValueError(f"{self.shape.layers - 2} layers cannot be shared by {self.recursions} recursions.")
        middle = TokenRecursions(self.shape, (self.shape.layers - 2) // self.recursions, options)
        self.model.layers = nn.ModuleList((Layer(self.shape), middle, Layer(self.shape)))
        # While true, every token takes every recursion; the trainer clears it. Spec section 3.2.
        self.balancing_warmup = False
        self.chosen = torch.zeros(self.recursions)
        initialise(self, self.shape, self.shape.layers)

    def run(self, x: Tensor, rows: Rows, cache: Cache, mode: str, trace: Trace) -> Tensor:
        first, middle, last = self.model.layers
        x = first(x, rows, cache.appending("first"))
        depth, weight = self.route(middle, x, mode, trace)
        trace.depth = depth + 1
        state, result = x, x
        shared = self.options.get("kv_sharing", False)
        for recursion, block in enumerate(middle.block_list):
            # Shared keys and values come from the first recursion of all tokens, so that one runs whoever is active.
            selection = Selection(*picked(depth >= recursion))
            if selection.rows.shape[1] == 0:
                break
            active = self.rows_at(rows.positions.gather(1, selection.rows), selection.valid)
            current = taken(state, selection.rows)
            for index, layer in enumerate(block):
                reads = shared and recursion > 0
                store = cache.reading((0, index)) if reads else cache.appending((recursion, index))
                current = layer(current, active, store)
            finished = depth.gather(1, selection.rows) == recursion
            if selection.valid is not None:
                finished = finished & selection.valid
            scale = weight.gather(1, selection.rows) * finished
            gating = self.options.get("gating", "weighted")
            factor = scale if gating == "weighted" else finished.to(x.dtype)
            result = combined(result, Selection(selection.rows, finished), current, factor, "weighted")
            index = flat(selection.rows, x.shape[1])
            state = state.flatten(0, 1).index_copy(0, index, current.flatten(0, 1).to(x.dtype)).view(x.shape)
        return last(result, rows, cache.appending("last"))

    def route(self, middle: TokenRecursions, x: Tensor, mode: str, trace: Trace) -> tuple[Tensor, Tensor]:
        """Depth 0…N-1 of each token [B, T], and the weight of its result [B, T], without the balancing bias."""
        logits = middle.mor_router(x)
        function = self.options.get("router_func", "softmax")
        if function == "softmax":
            probability, alpha = logits.softmax(-1), self.options.get("alpha", 1.0)
        elif function == "sigmoid":
            probability, alpha = logits.sigmoid(), self.options.get("alpha", 0.1)
        else:
            raise ValueError(f"router_func '{function}' is not known for token choice.")
        scores = alpha * probability
        bias = getattr(middle, "router_bias", None)
        depth = (scores if bias is None else scores + bias).argmax(-1)
        if mode == "full" or self.balancing_warmup:
            depth = torch.full_like(depth, self.recursions - 1)
        fraction = torch.stack([(depth == index).float().mean() for index in range(self.recursions)])
        if self.training:
            self.chosen = fraction
            if bias is None:
                mean = probability.flatten(0, 1).mean(0)
                trace.add_loss("balance", (mean * fraction * self.recursions).sum())
            trace.add_loss("z", logits.logsumexp(-1).pow(2).mean())
        marked = torch.zeros_like(logits, dtype=torch.bool).scatter(2, depth[..., None], True)
        trace.steps.append(RoutingStep(logits.detach(), marked, rows=depth, valid=None))
        return depth, scores.gather(2, depth[..., None]).squeeze(-1)

    @torch.no_grad()
    def after_step(self) -> None:
        """Loss-free balancing, after each step of the optimiser: a depth chosen too rarely gains, others lose."""
        bias = getattr(self.model.layers[1], "router_bias", None)
        if bias is None:
            return
        if self.balancing_warmup:
            bias.zero_()
        else:
            bias += self.options.get("u", 0.001) * torch.sign(self.chosen.mean() - self.chosen)
