"""Mixture of experts: in place of one feed-forward network a layer has E, and a gate runs each row through k of them.

Source: arXiv 2401.04088 (Mixtral), 2409.02060 (OLMoE); specs/retnet-mod-moe-families.md part C. Families differ in
their gate, in the names of their tensors and in details of attention. A `moe` object in config.json changes any option
of a family, or makes a plain Llama configuration a mixture of experts, under the names of DeepSeek.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

import torch
from torch import Tensor, nn

from .caches import Cache
from .decoder import Decoder, RoutingStep, Trace
from .experts import Expert, FusedFeedForward, StackedLinear, run_experts, stacked_expert
from .family import FamilyDecoder
from .family_attention import FamilyAttention
from .family_options import attention_options
from .gates import FAMILIES, Gate, balance_loss, choose
from .layers import FeedForward, Layer, Rows, Shape, Store, initialise, themselves

MODELS = ("mixtral", "qwen2_moe", "qwen3_moe", "olmoe", "granitemoe", "granitemoeshared")


@dataclass(frozen=True)
class Options:
    """A mixture of experts, apart from its gate.

    experts: E. hidden: F of one expert. shared: F of the expert that runs always, 0 for none; shared_gate: its result
    is scaled by σ(w·x). idle: further choices of the gate that do nothing (integrated Mixture-of-Depths-and-Experts).
    selection_bias: the gate has a bias that moves the choice only. dense: the layers with an ordinary network.
    balance_rate: how far one step moves the selection bias.
    """

    experts: int
    hidden: int
    shared: int = 0
    shared_gate: bool = False
    idle: int = 0
    selection_bias: bool = False
    router_bias: bool = False
    activation: str = "silu"
    balance_rate: float = 0.001
    dense: tuple[int, ...] = ()


def options_of(config: dict) -> tuple[Options, Gate]:
    """What config.json says, by the fields of its family, and then by its `moe` object."""
    family, moe = config.get("model_type", "llama"), dict(config.get("moe") or {})
    count = config.get("num_experts", config.get("num_local_experts", moe.get("experts")))
    options = Options(count, config.get("moe_intermediate_size", config["intermediate_size"]))
    gate = Gate(config.get("num_experts_per_tok", 2), **FAMILIES.get(family, {}))
    if "norm_topk_prob" in config:
        gate = replace(gate, renormalise=config["norm_topk_prob"])
    if family in ("qwen2_moe", "qwen3_moe"):
        step, plain = config.get("decoder_sparse_step", 1), config.get("mlp_only_layers") or ()
        layers = range(config["num_hidden_layers"])
        options = replace(options, dense=tuple(i for i in layers if i in plain or (i + 1) % step))
    if family == "qwen2_moe":
        options = replace(options, shared=config["shared_expert_intermediate_size"], shared_gate=True)
    if family == "granitemoeshared":
        options = replace(options, shared=config["shared_intermediate_size"])
    gate_fields = {name: moe.pop(name) for name in list(moe) if name in Gate.__dataclass_fields__}
    if "dense" in moe:
        moe["dense"] = tuple(moe["dense"])
    return replace(options, **moe), replace(gate, **gate_fields)


class Mixture(nn.Module):
    """The gate and its experts; what it decided last lies in `decided` until `collect` takes it."""

    def __init__(self, shape: Shape, options: Options, gate: Gate):
        super().__init__()
        self.options, self.rule, self.width = options, gate, shape.width
        self.decided: Optional[tuple[Tensor, Tensor, Tensor]] = None
        self.counts: Optional[Tensor] = None
        self.add_tensors(nn.Linear(shape.width, options.experts + options.idle, bias=options.router_bias))

    def add_tensors(self, router: nn.Linear) -> None:
        """Qwen, OLMoE and DeepSeek: gate, experts.E.{gate,up,down}_proj, shared_expert or shared_experts."""
        options = self.options
        self.gate = router
        if options.selection_bias:
            router.register_buffer("e_score_correction_bias", torch.zeros(router.out_features))
        self.experts = nn.ModuleList(
            Expert(self.width, options.hidden, activation=options.activation) for _ in range(options.experts)
        )
        if options.shared and options.shared_gate:
            self.shared_expert = FeedForward(self.width, options.shared)
            self.shared_expert_gate = nn.Linear(self.width, 1, bias=False)
        elif options.shared:
            self.shared_experts = FeedForward(self.width, options.shared)

    def scorer(self) -> nn.Linear:
        return self.gate

    def networks(self) -> list:
        return list(self.experts)

    def always(self, x: Tensor) -> Optional[Tensor]:
        """The result of the shared expert."""
        if hasattr(self, "shared_expert"):
            return self.shared_expert_gate(x).sigmoid() * self.shared_expert(x)
        return self.shared_experts(x) if hasattr(self, "shared_experts") else None

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(0, -2)
        router = self.scorer()
        # Selection hangs on small differences, so the gate never runs in half precision.
        with torch.autocast(x.device.type, enabled=False):
            logits = router(rows if rows.dtype == torch.float64 else rows.float())
            chosen, weights, scores = choose(logits, self.rule, getattr(router, "e_score_correction_bias", None))
        self.decided = logits.view(*x.shape[:-1], -1), chosen, scores
        result = run_experts(self.networks(), rows, chosen, weights).view(x.shape)
        always = self.always(x)
        return result if always is None else result + always


class MixtralMixture(Mixture):
    """gate, experts.E.{w1,w3,w2}."""

    def add_tensors(self, router: nn.Linear) -> None:
        self.gate = router
        self.experts = nn.ModuleList(
            Expert(self.width, self.options.hidden, "numbers") for _ in range(self.options.experts)
        )


class GraniteMixture(Mixture):
    """router.layer, input_linear [E, 2F, H], output_linear [E, H, F]."""

    def add_tensors(self, router: nn.Linear) -> None:
        options = self.options
        self.input_linear = StackedLinear(options.experts, self.width, 2 * options.hidden)
        self.output_linear = StackedLinear(options.experts, options.hidden, self.width)
        self.router = nn.ModuleDict({"layer": router})

    def scorer(self) -> nn.Linear:
        return self.router["layer"]

    def networks(self) -> list:
        return [stacked_expert(self.input_linear, self.output_linear, index) for index in range(self.options.experts)]


class MixtureLayer(Layer):
    """A layer whose feed-forward network is a mixture, and whose attention is that of its family."""

    def __init__(self, shape: Shape, config: dict, options: Options, gate: Gate, index: int):
        super().__init__(shape)
        family = config.get("model_type", "llama")
        self.residual = config.get("residual_multiplier", 1.0)
        if family in MODELS:
            self.self_attn = FamilyAttention(shape, attention_options(config, index, shape.head_width))
        if index in options.dense:
            return
        if family == "mixtral":
            self.block_sparse_moe = MixtralMixture(shape, options, gate)
        elif family in ("granitemoe", "granitemoeshared"):
            self.block_sparse_moe = GraniteMixture(shape, options, gate)
            if options.shared:
                self.shared_mlp = FusedFeedForward(shape.width, options.shared)
        else:
            self.mlp = Mixture(shape, options, gate)
        if hasattr(self, "block_sparse_moe"):
            del self.mlp

    def mixture(self) -> Optional[Mixture]:
        network = getattr(self, "block_sparse_moe", None) or self.mlp
        return network if isinstance(network, Mixture) else None

    def attended(self, x: Tensor, rows: Rows, store: Store = themselves) -> Tensor:
        return x + self.residual * self.self_attn(self.input_layernorm(x), rows, store)

    def fed(self, x: Tensor) -> Tensor:
        seen = self.post_attention_layernorm(x)
        result = (self.mixture() or self.mlp)(seen)
        return self.residual * (result + self.shared_mlp(seen) if hasattr(self, "shared_mlp") else result)


def mixture_of(layer: nn.Module) -> Optional[Mixture]:
    """The mixture in a layer, which may be wrapped into one that tokens can skip; None in a dense layer."""
    inner = getattr(layer, "block", layer)
    return inner.mixture() if isinstance(inner, MixtureLayer) else None


def collect(layer: nn.Module, mixtures: int, trace: Trace) -> None:
    """Moves what a layer's gate decided last into the trace; losses are means over the mixtures of the model."""
    mixture = mixture_of(layer)
    if mixture is None or mixture.decided is None:
        return
    logits, chosen, scores = mixture.decided
    mixture.decided = None
    marked = torch.zeros_like(scores, dtype=torch.bool).scatter(1, chosen, True).view(logits.shape)
    trace.steps.append(RoutingStep(logits.detach(), marked, None, chosen.view(*logits.shape[:-1], -1)))
    if layer.training:
        trace.add_loss("balance", balance_loss(scores, chosen) / mixtures)
        trace.add_loss("z", logits.logsumexp(-1).pow(2).mean() / mixtures)
        mixture.counts = torch.bincount(chosen.flatten(), minlength=scores.shape[1]).float()


def is_mixture(config: dict) -> bool:
    return config.get("model_type") in MODELS or "moe" in config


def layers_of(config: dict, shape: Shape) -> list[Layer]:
    """The layers of a configuration: mixtures where it describes them, Llama layers elsewhere."""
    if not is_mixture(config):
        return [Layer(shape) for _ in range(shape.layers)]
    options, gate = options_of(config)
    return [MixtureLayer(shape, config, options, gate, index) for index in range(shape.layers)]


class MixtureOfExperts(Decoder):
    """A Llama whose config.json has a `moe` object."""

    def __init__(self, config: dict):
        super().__init__(config)
        self.model.layers = nn.ModuleList(layers_of(config, self.shape))
        self.mixtures = sum(mixture_of(layer) is not None for layer in self.model.layers)
        initialise(self, self.shape, self.shape.layers)

    def run(self, x: Tensor, rows: Rows, cache: Cache, mode: str, trace: Trace) -> Tensor:
        for index, layer in enumerate(self.model.layers):
            x = layer(x, rows, cache.appending(index))
            collect(layer, self.mixtures, trace)
        return x

    @torch.no_grad()
    def after_step(self) -> None:
        """Balancing by the selection bias, after each step of the optimiser: who is chosen too rarely gains."""
        for layer in self.model.layers:
            mixture = mixture_of(layer)
            bias = None if mixture is None else getattr(mixture.scorer(), "e_score_correction_bias", None)
            if bias is not None and mixture.counts is not None:
                bias += mixture.options.balance_rate * torch.sign(mixture.counts.mean() - mixture.counts)


class FamilyOfExperts(FamilyDecoder):
    """A family whose layers are mixtures; the rest, windows and scaled positions too, is as in other families."""

    def layers(self) -> list[Layer]:
        return layers_of(self.config, self.shape)

    def after_layer(self, layer: nn.Module, trace: Trace) -> None:
        mixtures = sum(mixture_of(each) is not None for each in self.model.layers)
        collect(layer, mixtures, trace)


def build(config: dict) -> Decoder:
    return FamilyOfExperts(config) if config.get("model_type") in MODELS else MixtureOfExperts(config)
