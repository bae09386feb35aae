"""Mixture-of-Depths: a router before a layer says which tokens run it; the others keep their row as it is.

Source: arXiv 2404.02258; specs/retnet-mod-moe-families.md part B. The routed layer may be any layer with `attended` and
`fed`, a mixture of experts too (staged Mixture-of-Depths-and-Experts).
"""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

import torch
from torch import Tensor, nn
from torch.nn import functional

from .caches import Cache
from .decoder import RoutingStep, Trace
from .depth_options import DepthOptions, capacities, options_of
from .expert_choice import flat, taken
from .layers import KeysValues, Layer, Rows, Shape, Store, initialise
from .mixture_of_experts import MixtureOfExperts, collect
from .routers import Selection, picked


class Pass(NamedTuple):
    """What the routed layers of one forward pass have in common.

    first: the chunk begins the text. routable [B, T]: which tokens can skip, None if all. rotary: angles of positions.
    """

    cache: Cache
    mode: str
    first: bool
    routable: Optional[Tensor]
    rotary: Callable
    trace: Trace


class DepthLayer(nn.Module):
    """A layer that tokens can skip, with its router and, where an option asks for one, a predictor of its choice."""

    def __init__(self, shape: Shape, block: Layer, options: DepthOptions, index: int, capacity: float):
        super().__init__()
        self.options, self.index, self.capacity, self.longest = options, index, capacity, shape.positions
        self.capacity_warmup = 0.0
        thresholds = options.thresholds
        self.threshold = thresholds[index] if isinstance(thresholds, tuple) else thresholds
        self.block = block
        self.router = nn.Linear(shape.width, 1, bias=options.router_bias)
        if options.predictor == "linear":
            self.predictor: nn.Module = nn.Linear(shape.width, 1, bias=False)
        elif options.predictor == "mlp":
            half = shape.width // 2
            first, second = nn.Linear(shape.width, half, bias=False), nn.Linear(half, 1, bias=False)
            self.predictor = nn.Sequential(first, nn.SiLU(), second)

    def forward(self, x: Tensor, rows: Rows, shared: Pass) -> Tensor:
        options, block = self.options, self.block
        rule = self.rule(shared)
        if rule == "unrouted":
            return block(x, rows, shared.cache.appending(self.index))
        if options.scope == "feed_forward":
            x = block.attended(x, rows, shared.cache.appending(self.index))
        logits, chosen = self.choose(x, rule, shared)
        weight = self.weights(logits, chosen, shared.routable)
        selection = Selection(*picked(chosen))
        if selection.rows.shape[1] == 0 and options.skipped_keys == "zero" and options.scope != "feed_forward":
            nobody = selection.rows.new_zeros(x.shape[0], 1)
            selection = Selection(nobody, nobody.bool())  # one row that does not count, so that zeros are stored
        kept = x
        if options.skipped == "weighted":
            kept = torch.where(chosen[..., None], x, x * weight[..., None].to(x.dtype))
        if selection.rows.shape[1] > 0:
            scale = weight.gather(1, selection.rows)[..., None].to(x.dtype)
            kept = placed(kept, selection, self.result(x, rows, selection, scale, shared))
        elif options.skipped_keys == "written" and options.scope != "feed_forward":
            block.attended(x, rows, shared.cache.appending(self.index))
        return kept + block.fed(kept) if options.scope == "attention" else kept

    def result(self, x: Tensor, rows: Rows, selection: Selection, scale: Tensor, shared: Pass) -> Tensor:
        """What the selected rows [B, K, H] become. Spec table B.3: where the weight multiplies, and the residual."""
        options, before = self.options, taken(x, selection.rows)
        if options.scope == "feed_forward":
            return before + scale * self.block.fed(before)
        attended = self.attended(x, rows, selection, shared)
        if options.scope == "attention":
            return before + scale * (attended - before)
        fed = self.block.fed(attended)
        if options.weight_on == "update":
            result = before + scale * (attended + fed - before)
        elif options.weight_on == "output":
            result = scale * (attended + fed)
        else:
            result = attended + scale * fed
        return before + result if options.residual == "doubled" else result

    def attended(self, x: Tensor, rows: Rows, selection: Selection, shared: Pass) -> Tensor:
        """The selected rows behind attention; which keys and values the layer keeps is an option."""
        cache, index = shared.cache, self.index
        if self.options.skipped_keys == "written":
            return taken(self.block.attended(x, rows, cache.appending(index)), selection.rows)
        positions = rows.positions.gather(1, selection.rows)
        turned = positions
        if self.options.positions == "compressed":
            ones = torch.ones_like(positions) if selection.valid is None else selection.valid.long()
            before = cache.states.get(("count", index), torch.zeros_like(ones[:, :1]))
            cache.states[("count", index)] = before + ones.sum(1, keepdim=True)
            turned = before + (ones.cumsum(1) - 1).clamp(min=0)
        store = cache.appending(index)
        if self.options.skipped_keys == "zero":
            store = among_zeros(store, rows, selection)
        active = Rows(positions, shared.rotary(turned), selection.valid)
        return self.block.attended(taken(x, selection.rows), active, store)

    def rule(self, shared: Pass) -> str:
        if shared.mode == "full":
            return "always"
        if shared.mode == "topk":
            return self.options.select if shared.first else self.options.decode
        if shared.mode == "threshold":
            return self.options.decode if self.options.decode in ("threshold", "predictor") else "threshold"
        raise ValueError(f"Routing mode '{shared.mode}' is not known.")

    def choose(self, x: Tensor, rule: str, shared: Pass) -> tuple[Tensor, Tensor]:
        """The logits [B, T], and which tokens run the layer [B, T]."""
        seen = x
        if self.options.router_input == "normed":
            of_network = self.options.scope == "feed_forward"
            seen = (self.block.post_attention_layernorm if of_network else self.block.input_layernorm)(x)
        logits = precisely(self.router, seen)
        candidates = logits if shared.routable is None else logits.masked_fill(~shared.routable, -torch.inf)
        if rule in ("topk", "topk_strict"):
            chosen = self.largest(candidates, rule == "topk_strict", shared.routable)
        elif rule == "threshold":
            chosen = logits >= self.threshold
        elif rule == "sequence_mean":
            limit = torch.tensor(self.threshold, dtype=logits.dtype).sigmoid().item()
            chosen = (logits.sigmoid().mean(1, keepdim=True) >= limit).expand_as(logits)
        elif rule == "predictor":
            chosen = self.predicted(x) >= 0
        else:
            chosen = torch.ones_like(logits, dtype=torch.bool)
        if self.training:
            self.add_losses(x, logits, chosen, shared.trace)
        if shared.routable is not None:
            chosen = chosen | ~shared.routable
        everything = torch.arange(x.shape[1], device=x.device).expand_as(logits)
        shared.trace.steps.append(RoutingStep(logits.detach(), chosen, shared.routable, everything))
        shared.trace.depth = shared.trace.depth + chosen.long()
        return logits, chosen

    def largest(self, logits: Tensor, strict: bool, routable: Optional[Tensor]) -> Tensor:
        """Which logits [B, T] are among the k largest of their row, or above the k-th largest (`strict`, if k > 1)."""
        length = logits.shape[1]
        capacity = self.capacity + (1 - self.capacity) * self.capacity_warmup
        if routable is not None:
            order = logits.sort(dim=1, descending=True, stable=True).indices
            counts = (routable.sum(1, keepdim=True).double() * capacity).long()
            below = torch.arange(length, device=logits.device) < counts
            return torch.zeros_like(below).scatter(1, order, below)
        absolute, relative = int(capacity * self.longest), int(capacity * length)
        counts = {"relative": relative, "absolute": absolute, "smaller": min(absolute, relative)}
        count = min(length, max(1, counts[self.options.count]))
        best = logits.topk(count, 1)
        if strict and count > 1:
            return logits > best.values[:, -1:]
        return torch.zeros_like(logits, dtype=torch.bool).scatter(1, best.indices, True)

    def predicted(self, x: Tensor) -> Tensor:
        return precisely(self.predictor, x.detach())

    def weights(self, logits: Tensor, chosen: Tensor, routable: Optional[Tensor]) -> Tensor:
        """The weight of each token [B, T]; 1 for those that cannot skip."""
        score = self.options.score
        if score == "raw":
            weight = logits
        elif score == "sigmoid":
            weight = logits.sigmoid()
        elif score == "tanh":
            weight = 1 + self.options.tanh_scale * logits.tanh()
        elif score == "binary":
            weight = 1 + logits.sigmoid() - logits.sigmoid().detach()
        else:
            weight = logits.masked_fill(~chosen, -1e30).softmax(1)
        return weight if routable is None else torch.where(routable, weight, torch.ones_like(weight))

    def add_losses(self, x: Tensor, logits: Tensor, chosen: Tensor, trace: Trace) -> None:
        """Binary cross-entropy of the causal decision against membership in the top k. Spec section B.1."""
        if self.options.predictor is None:
            return
        name, guess = ("membership", logits) if self.options.predictor == "router" else ("predictor", self.predicted(x))
        target = chosen.to(guess.dtype)
        trace.add_loss(name, functional.binary_cross_entropy_with_logits(guess, target))


class MixtureOfDepths(MixtureOfExperts):
    def __init__(self, config: dict):
        super().__init__(config)
        self.options = options = options_of(config)
        for index, capacity in enumerate(capacities(options, self.shape.layers)):
            if capacity < 1:
                block = self.model.layers[index]
                self.model.layers[index] = DepthLayer(self.shape, block, options, index, capacity)
        self.routable: Optional[Tensor] = None
        initialise(self, self.shape, self.shape.layers)

    def hidden(self, ids: Tensor, mode: str = "topk", cache: Optional[Cache] = None) -> tuple[Tensor, Trace]:
        if self.options.routed_tokens is not None:
            self.routable = torch.isin(ids, torch.tensor(self.options.routed_tokens, device=ids.device))
        return super().hidden(ids, mode, cache)

    def run(self, x: Tensor, rows: Rows, cache: Cache, mode: str, trace: Trace) -> Tensor:
        trace.depth = torch.zeros_like(rows.positions)
        shared = Pass(cache, mode, cache.length == 0, self.routable, self.rotary, trace)
        for index, layer in enumerate(self.model.layers):
            if isinstance(layer, DepthLayer):
                x = layer(x, rows, shared)
            else:
                x = layer(x, rows, cache.appending(index))
            collect(layer, self.mixtures, trace)
        return x


def precisely(network: nn.Module, x: Tensor) -> Tensor:
    """[B, T, H] -> [B, T]. Selection hangs on small differences, so a router never runs in half precision."""
    with torch.autocast(x.device.type, enabled=False):
        return network(x if x.dtype == torch.float64 else x.float()).squeeze(-1)


def placed(x: Tensor, selection: Selection, result: Tensor) -> Tensor:
    """x [B, T, H] with the selected rows replaced by `result` [B, K, H]."""
    if selection.valid is not None:
        result = torch.where(selection.valid[..., None], result, taken(x, selection.rows))
    rows = flat(selection.rows, x.shape[1])
    return x.flatten(0, 1).index_copy(0, rows, result.flatten(0, 1).to(x.dtype)).view(x.shape)


def among_zeros(store: Store, rows: Rows, selection: Selection) -> Store:
    """A store that gives skipped tokens keys and values of zero, which later tokens do attend to."""

    def filled(part: Tensor) -> Tensor:
        if selection.valid is not None:
            part = part * selection.valid[:, None, :, None]
        wide = part.new_zeros(part.shape[0], part.shape[1], rows.positions.shape[1], part.shape[3])
        return wide.scatter(2, selection.rows[:, None, :, None].expand_as(part), part)

    return lambda current: store(KeysValues(filled(current.keys), filled(current.values), rows.positions))
