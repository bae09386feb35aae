"""Ordinary decoders of other families than Llama, from Mistral to OLMo, and Llama with its options.

Source: specs/retnet-mod-moe-families.md section D. All tokens run all layers; what differs is in `family_options`
(attention, windows, norms) and in `rope` (positions).
"""

from __future__ import annotations

from typing import Callable, Optional

import torch
from torch import Tensor, nn
from torch.nn import functional

from .caches import Cache
from .decoder import Decoder, Trace
from .family_attention import FamilyAttention, norm_of
from .family_options import attention_options, family_of, layer_types
from .layers import Layer, Rows, Shape, Store, initialise, themselves
from .rope import ScaledRotary, parameters_of


def gelu_tanh(x: Tensor) -> Tensor:
    return functional.gelu(x, approximate="tanh")


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"silu": functional.silu, "gelu_pytorch_tanh": gelu_tanh}


class FamilyFeedForward(nn.Module):
    """down(act(gate x) ⊙ up x). Phi 3 has gate and up in one matrix, gate rows first."""

    def __init__(self, shape: Shape, config: dict):
        super().__init__()
        bias, self.is_fused = bool(config.get("mlp_bias")), family_of(config).fused
        usual = "gelu_pytorch_tanh" if family_of(config).one_plus else "silu"
        self.activation = ACTIVATIONS[config.get("hidden_activation") or config.get("hidden_act", usual)]
        if self.is_fused:
            self.gate_up_proj = nn.Linear(shape.width, 2 * shape.hidden, bias=bias)
        else:
            self.gate_proj = nn.Linear(shape.width, shape.hidden, bias=bias)
            self.up_proj = nn.Linear(shape.width, shape.hidden, bias=bias)
        self.down_proj = nn.Linear(shape.hidden, shape.width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up_proj(x).chunk(2, -1) if self.is_fused else (self.gate_proj(x), self.up_proj(x))
        return self.down_proj(self.activation(gate) * up)


# The norms before and behind attention, and before and behind the feed-forward network. A name says the place only
# within a family: post_attention_layernorm stands before the second half where there are no norms behind attention.
NORMS: dict[str, tuple[Optional[str], ...]] = {
    "pre": ("input_layernorm", None, "post_attention_layernorm", None),
    "post": (None, "post_attention_layernorm", None, "post_feedforward_layernorm"),
    "sandwich": (
        "input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm",
    ),
    "double": ("input_layernorm", "input_layernorm_2", "post_attention_layernorm", "post_attention_layernorm_2"),
}


class FamilyLayer(Layer):
    """x + r·after(attention(before x)), then the same with the feed-forward network; r is Granite's multiplier."""

    def __init__(self, shape: Shape, config: dict, index: int):
        super().__init__(shape)
        family = family_of(config)
        self.residual = config.get("residual_multiplier", 1.0)
        self.self_attn = FamilyAttention(shape, attention_options(config, index, shape.head_width))
        self.mlp = FamilyFeedForward(shape, config)
        del self.input_layernorm, self.post_attention_layernorm
        self.places = NORMS[family.norms]
        for name in filter(None, self.places):
            setattr(self, name, norm_of(shape.width, shape.epsilon, family.one_plus))

    def normed(self, place: int, x: Tensor) -> Tensor:
        """x, through the norm of a place if there is one."""
        name = self.places[place]
        return x if name is None else getattr(self, name)(x)

    def attended(self, x: Tensor, rows: Rows, store: Store = themselves) -> Tensor:
        return x + self.residual * self.normed(1, self.self_attn(self.normed(0, x), rows, store))

    def fed(self, x: Tensor) -> Tensor:
        return self.residual * self.normed(3, self.mlp(self.normed(2, x)))


class FamilyDecoder(Decoder):
    """The decoder of a family.

    Gemma multiplies the embedding by √H. Here that is the number itself; transformers rounds it to the type of the
    weights, so that a run in bfloat16 has 5.65625 instead of 5.65685 for H = 32, and one in float32 what stands here.
    Granite multiplies the embedding, the branches and the attention scores, and divides the logits.
    """

    def __init__(self, config: dict):
        family = family_of(config)
        super().__init__({"tie_word_embeddings": family.tied, **config})
        self.rotary = nn.ModuleDict()
        for kind in set(layer_types(config)):
            self.rotary[kind] = ScaledRotary(parameters_of(config, kind), self.shape.head_width)
        self.model.norm = norm_of(self.shape.width, self.shape.epsilon, family.one_plus)
        self.model.layers = nn.ModuleList(self.layers())
        self.embedding_scale = self.shape.width**0.5 if family.embedding_scaled else 1.0
        self.softcap = config.get("final_logit_softcapping", 30.0 if config.get("model_type") == "gemma2" else None)
        initialise(self, self.shape, self.shape.layers)

    def layers(self) -> list[Layer]:
        return [FamilyLayer(self.shape, self.config, index) for index in range(self.shape.layers)]

    def rows_at(self, positions: Tensor, valid: Optional[Tensor] = None) -> dict[str, Rows]:
        """The rows as each type of layer sees them, since the types may differ in rotation."""
        return {kind: Rows(positions, rotary(positions), valid) for kind, rotary in self.rotary.items()}

    def run(self, x: Tensor, rows: dict[str, Rows], cache: Cache, mode: str, trace: Trace) -> Tensor:
        for index, (layer, kind) in enumerate(zip(self.model.layers, layer_types(self.config))):
            x = layer(x, rows[kind], cache.appending(index))
            self.after_layer(layer, trace)
        return x

    def after_layer(self, layer: nn.Module, trace: Trace) -> None:
        """For what a layer leaves behind beside its result."""

    def hidden(self, ids: Tensor, mode: str = "topk", cache: Optional[Cache] = None) -> tuple[Tensor, Trace]:
        """As in every decoder, but for longrope where a text grows beyond the original length.

        The factors switch there, and keys that were stored with the short ones do not fit the queries that follow.
        transformers' `generate` then throws its cache away and runs the whole text with the long factors, which is
        what happens here. The mode `kept` keeps the stored keys as they are, which is what a caller of transformers'
        `forward` gets who passes the cache on.
        """
        cache = Cache() if cache is None else cache
        switches = [rotary.switch for rotary in self.rotary.values() if rotary.switch is not None]
        before = cache.length
        if switches:
            known = cache.states.get("ids")
            cache.states["ids"] = ids if known is None else torch.cat((known, ids), 1)
            if mode != "kept" and 0 < before <= switches[0] < before + ids.shape[1]:
                cache.slots.clear()
                cache.length = 0
                hidden, trace = super().hidden(cache.states["ids"], mode, cache)
                return hidden[:, before:], trace
        return super().hidden(ids, mode, cache)

    def embed(self, ids: Tensor) -> Tensor:
        return super().embed(ids) * (self.embedding_scale * self.config.get("embedding_multiplier", 1.0))

    def head(self, hidden: Tensor) -> Tensor:
        logits = super().head(hidden) / self.config.get("logits_scaling", 1.0)
        return logits if self.softcap is None else self.softcap * (logits / self.softcap).tanh()
