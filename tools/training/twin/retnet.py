"""RetNet: retention in place of attention, in the two dialects that both call themselves `model_type: retnet`.

Source: arXiv 2307.08621, torchscale and flash-linear-attention; specs/retnet-mod-moe-families.md part A. The attribute
`form` of a model (parallel, chunkwise, recurrent) says how a chunk of tokens is computed; the result is the same.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .caches import Cache
from .decoder import Decoder, Trace
from .layers import FeedForward, RMSNorm, Rows, Shape, initialise, rotate
from .retention import FORMS, Discount, decays, discount, summed_decay

ACTIVATIONS = {"swish": functional.silu, "silu": functional.silu, "gelu": functional.gelu, "relu": functional.relu}
XATL_FIELDS = ("hybrid_attention_layers", "retnet_stability_update", "rotary_percentage", "parallel_residual")


def build(config: dict) -> "RetNet":
    """The dialect follows from the fields. Spec section A.2."""
    if any(field in config for field in XATL_FIELDS):
        raise ValueError("This is a RetNet-XATL configuration, a dialect that is not computed here.")
    if "decoder_embed_dim" in config:
        return TorchscaleRetNet(config)
    if "num_heads" in config and "hidden_size" in config:
        return FlaRetNet(config)
    raise ValueError("This RetNet has neither decoder_embed_dim (torchscale) nor hidden_size and num_heads (FLA).")


class Angles(nn.Module):
    """cos and sin [B, 1, T, d/2] of position · angle, in float64, for any position: a RetNet has no longest text."""

    def __init__(self, angles: Tensor):
        super().__init__()
        self.angles = angles.double()  # not a buffer, so that turning the model into float32 leaves them alone

    def forward(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        turned = (positions[..., None].double() * self.angles.to(positions.device)).unsqueeze(1)
        return turned.cos(), turned.sin()


def rotate_adjacent(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """x [B, n, T, d] with the pairs (2i, 2i+1) turned by their rows' angles."""
    cosine, sine = rotation
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.stack((first * cosine - second * sine, second * cosine + first * sine), -1).flatten(-2).to(x.dtype)


def split(x: Tensor, heads: int) -> Tensor:
    """[B, T, n·d] -> [B, n, T, d]"""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def normalised(x: Tensor, epsilon: float) -> Tensor:
    """x / sqrt(mean(x²) + ε) over the last axis, in float32, without a weight."""
    wide = x if x.dtype == torch.float64 else x.float()
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + epsilon)).to(x.dtype)


class Pass(NamedTuple):
    """What the retentions of one forward pass have in common: the form, the powers of γ, and the state cache.

    sums [B, n, T, 1]: s_n of each row, by whose root torchscale divides.
    """

    form: Callable
    powers: Discount
    sums: Tensor
    cache: Cache


class RetNet(Decoder):
    """What the dialects share: each layer is x + retention(norm x), then x + feed_forward(norm x)."""

    def __init__(self, config: dict, shape: Shape, body: type[nn.Module]):
        tied = config.get("share_decoder_input_output_embed", False)
        super().__init__({"tie_word_embeddings": tied, **config}, shape, body)
        self.form, self.chunk = "parallel", 64
        self.decay = decays(self.shape.heads, config.get("use_lm_decay", False))

    def run(self, x: Tensor, rows: Rows, cache: Cache, mode: str, trace: Trace) -> Tensor:
        size = x.shape[1] if self.form == "parallel" else 1 if self.form == "recurrent" else self.chunk
        wide = x.dtype if x.dtype == torch.float64 else torch.float32
        sums = summed_decay(self.decay, rows.positions).to(wide)[..., None]
        shared = Pass(FORMS[self.form], discount(self.decay, size, x), sums, cache)
        rows = rows._replace(rotation=tuple(part.to(wide) for part in rows.rotation))
        for index, layer in enumerate(self.model.layers):
            x = layer(x, rows, shared, index)
        return x


class TorchscaleBody(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layer_norm = RMSNorm(shape.width, shape.epsilon)


class TorchscaleRetention(nn.Module):
    """k · d^-1/2, adjacent pairs turned, q R / √s, a norm without weight, gate, out. Spec sections A.3 to A.5."""

    def __init__(self, shape: Shape, value: int):
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.k_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.v_proj = nn.Linear(shape.width, value, bias=False)
        self.g_proj = nn.Linear(shape.width, value, bias=False)
        self.out_proj = nn.Linear(value, shape.width, bias=False)

    def forward(self, x: Tensor, rows: Rows, shared: Pass, index: int) -> Tensor:
        heads = self.shape.heads
        queries = rotate_adjacent(split(self.q_proj(x), heads), rows.rotation)
        keys = rotate_adjacent(split(self.k_proj(x), heads) * self.shape.head_width**-0.5, rows.rotation)
        read, state = shared.form(
            queries, keys, split(self.v_proj(x), heads), shared.powers, shared.cache.states.get(index)
        )
        shared.cache.states[index] = state
        read = normalised(read / shared.sums.sqrt(), self.shape.epsilon).to(x.dtype)
        return self.out_proj(functional.silu(self.g_proj(x)) * read.transpose(1, 2).flatten(2))


class TorchscaleFeedForward(nn.Module):
    """fc2(act(fc1 x) ⊙ gate x): the activation is on fc1. Without `use_glu`, fc2(act(fc1 x))."""

    def __init__(self, width: int, hidden: int, activation: str, gated: bool):
        super().__init__()
        self.fc1 = nn.Linear(width, hidden, bias=False)
        if gated:
            self.gate = nn.Linear(width, hidden, bias=False)
        self.fc2 = nn.Linear(hidden, width, bias=False)
        self.activation = ACTIVATIONS[activation]

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.activation(self.fc1(x))
        return self.fc2(hidden * self.gate(x) if hasattr(self, "gate") else hidden)


class TorchscaleLayer(nn.Module):
    def __init__(self, shape: Shape, config: dict):
        super().__init__()
        self.retention = TorchscaleRetention(shape, config["decoder_value_embed_dim"])
        self.ffn = TorchscaleFeedForward(
            shape.width, shape.hidden, config.get("activation_fn", "gelu"), config.get("use_glu", True)
        )
        self.retention_layer_norm = RMSNorm(shape.width, shape.epsilon)
        self.final_layer_norm = RMSNorm(shape.width, shape.epsilon)

    def forward(self, x: Tensor, rows: Rows, shared: Pass, index: int) -> Tensor:
        x = x + self.retention(self.retention_layer_norm(x), rows, shared, index)
        return x + self.ffn(self.final_layer_norm(x))


class TorchscaleRetNet(RetNet):
    """torchscale since September 2023 (RMS norms, no biases), under the names of its Hugging Face port."""

    def __init__(self, config: dict):
        # With a gate `subln` is only a way to initialise.
        has_inner_norm = config.get("subln", True) and not config.get("use_glu", True)
        if config.get("deepnorm", False) or has_inner_norm:
            raise ValueError("The RetNet options deepnorm, and subln without use_glu, are not computed here.")
        width, heads = config["decoder_embed_dim"], config["decoder_retention_heads"]
        sizes = Shape(
            vocabulary=config["vocab_size"],
            width=width,
            hidden=config["decoder_ffn_embed_dim"],
            layers=config["decoder_layers"],
            heads=heads,
            key_value_heads=heads,
            head_width=width // heads,
            epsilon=config.get("layernorm_eps", 1e-6),
            theta=10000.0,
            positions=1,
            initializer_range=config.get("initializer_range", 0.02),
        )
        super().__init__(config, sizes, TorchscaleBody)
        # The steps end at exactly 1/10000, which the usual exponents 2i/d do not reach.
        self.rotary = Angles(10000.0 ** -torch.linspace(0, 1, sizes.head_width // 2, dtype=torch.float64))
        if config.get("layernorm_embedding", False):
            self.model.layernorm_embedding = RMSNorm(width, sizes.epsilon)
        self.model.layers = nn.ModuleList(TorchscaleLayer(sizes, config) for _ in range(sizes.layers))
        initialise(self, sizes, sizes.layers)

    def embed(self, ids: Tensor) -> Tensor:
        x = super().embed(ids)
        if not self.config.get("no_scale_embedding", True):
            x = x * self.shape.width**0.5
        return self.model.layernorm_embedding(x) if hasattr(self.model, "layernorm_embedding") else x

    def normalise(self, x: Tensor) -> Tensor:
        return self.model.layer_norm(x)


class FlaBody(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.embeddings = nn.Embedding(shape.vocabulary, shape.width)
        self.norm = RMSNorm(shape.width, shape.epsilon)


class FlaRetention(nn.Module):
    """q · d^-1/2, half-split pairs turned, q R, a norm whose weight [e] all heads share, gate, out. Spec A.6."""

    def __init__(self, shape: Shape, config: dict):
        super().__init__()
        self.shape = shape
        groups, value = shape.key_value_heads, int(shape.width * config.get("expand_v", 2)) // shape.heads
        self.q_proj = nn.Linear(shape.width, shape.heads * shape.head_width, bias=False)
        self.k_proj = nn.Linear(shape.width, groups * shape.head_width, bias=False)
        self.v_proj = nn.Linear(shape.width, groups * value, bias=False)
        self.o_proj = nn.Linear(shape.heads * value, shape.width, bias=False)
        self.gated, self.norm_name = config.get("use_output_gate", True), "g_norm"
        if self.gated:
            self.g_proj = nn.Linear(shape.width, shape.heads * value, bias=False)
            self.norm_name = "g_norm_swish_gate" if config.get("fuse_norm", True) else "g_norm"
        setattr(self, self.norm_name, RMSNorm(value, shape.epsilon))
        feature = config.get("feature_map")
        self.feature_map = ACTIVATIONS[feature] if feature else lambda x: x

    def forward(self, x: Tensor, rows: Rows, shared: Pass, index: int) -> Tensor:
        heads, groups = self.shape.heads, self.shape.key_value_heads
        queries = rotate(self.feature_map(split(self.q_proj(x), heads)), rows.rotation) * self.shape.head_width**-0.5
        keys = rotate(self.feature_map(split(self.k_proj(x), groups)), rows.rotation)
        keys, values = (
            part.repeat_interleave(heads // groups, 1) for part in (keys, split(self.v_proj(x), groups))
        )
        read, state = shared.form(queries, keys, values, shared.powers, shared.cache.states.get(index))
        shared.cache.states[index] = state
        read = getattr(self, self.norm_name)(read).transpose(1, 2).flatten(2)
        return self.o_proj(functional.silu(self.g_proj(x)) * read if self.gated else read)


class FlaLayer(nn.Module):
    def __init__(self, shape: Shape, config: dict):
        super().__init__()
        self.attn_norm = RMSNorm(shape.width, shape.epsilon)
        self.attn = FlaRetention(shape, config)
        self.mlp_norm = RMSNorm(shape.width, shape.epsilon)
        self.mlp = FeedForward(shape.width, shape.hidden)

    def forward(self, x: Tensor, rows: Rows, shared: Pass, index: int) -> Tensor:
        x = x + self.attn(self.attn_norm(x), rows, shared, index)
        return x + self.mlp(self.mlp_norm(x))


class FlaRetNet(RetNet):
    """The dialect of the checkpoints on the hub (fla-hub)."""

    def __init__(self, config: dict):
        for option in ("use_short_conv", "attn", "attnres_block_size"):
            if config.get(option):
                raise ValueError(f"The RetNet option {option} is not computed here.")
        if config.get("hidden_act", "swish") not in ("swish", "silu"):
            raise ValueError(f"The activation {config['hidden_act']} is not computed here.")
        width, heads = config["hidden_size"], config["num_heads"]
        shape = Shape(
            vocabulary=config["vocab_size"],
            width=width,
            hidden=config.get("intermediate_size") or fla_hidden(width, config.get("hidden_ratio", 2)),
            layers=config["num_hidden_layers"],
            heads=heads,
            key_value_heads=config.get("num_kv_heads") or heads,
            head_width=int(width * config.get("expand_k", 1)) // heads,
            epsilon=config.get("norm_eps", 1e-6),
            theta=10000.0,
            positions=1,
            initializer_range=config.get("initializer_range", 0.02),
        )
        super().__init__(config, shape, FlaBody)
        steps = torch.arange(0, shape.head_width, 2, dtype=torch.float64)
        self.rotary = Angles(shape.theta ** (-steps / shape.head_width))
        self.model.layers = nn.ModuleList(FlaLayer(shape, config) for _ in range(shape.layers))
        initialise(self, shape, shape.layers)

    def table(self) -> Tensor:
        return self.model.embeddings.weight


def fla_hidden(width: int, ratio: int) -> int:
    """The hidden width of a feed-forward that states none: two thirds of ratio · width, up to a multiple of 256."""
    return 256 * -(-int(width * ratio * 2 / 3) // 256)


def unfused(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """FLA weights from before February 2025, whose gate_proj [2F, H] ends with the up_proj, as today's weights."""
    result = dict(weights)
    for name, weight in weights.items():
        other = name.replace("gate_proj", "up_proj")
        if name.endswith("mlp.gate_proj.weight") and other not in weights:
            result[name], result[other] = weight.chunk(2, 0)
    return result
