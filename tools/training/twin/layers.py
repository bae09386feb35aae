"""The parts every architecture shares: RMSNorm, rotary positions, grouped-query attention, SwiGLU, and the Llama layer.

Shapes: B sequences, T rows of the chunk, S stored rows, H width, n heads, g key/value heads, d head width, F hidden.
A row is a token that takes part in this layer; its position in the text is given, because routed layers see only some
tokens. Attribute names are those of Hugging Face checkpoints, so that a state dict is a checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, NamedTuple, Optional

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """The sizes of a decoder, read from the fields of a Hugging Face config.json."""

    vocabulary: int
    width: int
    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    head_width: int
    epsilon: float
    theta: float
    positions: int
    initializer_range: float

    @staticmethod
    def of(config: dict) -> "Shape":
        heads = config["num_attention_heads"]
        return Shape(
            vocabulary=config["vocab_size"],
            width=config["hidden_size"],
            hidden=config["intermediate_size"],
            layers=config["num_hidden_layers"],
            heads=heads,
            key_value_heads=config.get("num_key_value_heads") or heads,
            head_width=config.get("head_dim") or config["hidden_size"] // heads,
            epsilon=config.get("rms_norm_eps", 1e-5),
            theta=config.get("rope_theta", 10000.0),
            positions=config.get("max_position_embeddings", 2048),
            initializer_range=config.get("initializer_range", 0.02),
        )


class KeysValues(NamedTuple):
    """What queries may attend to: keys and values [B, g, S, d], positions [B, S], and valid [B, S], None if all are."""

    keys: Tensor
    values: Tensor
    positions: Tensor
    valid: Optional[Tensor] = None


class Rows(NamedTuple):
    """The tokens that take part: positions [B, T], their rotation (cos, sin) [B, 1, T, d/2], valid [B, T] or None."""

    positions: Tensor
    rotation: tuple[Tensor, Tensor]
    valid: Optional[Tensor] = None


# Turns the keys and values of the current rows into those that the queries see: themselves, a cache, another recursion.
Store = Callable[[KeysValues], KeysValues]


def themselves(current: KeysValues) -> KeysValues:
    """The store of a run without a cache."""
    return current


class RMSNorm(nn.Module):
    """x / sqrt(mean(x²) + ε) · w over the last axis, in float32."""

    def __init__(self, width: int, epsilon: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        wide = x if x.dtype == torch.float64 else x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.epsilon)).to(x.dtype) * self.weight


class Rotary(nn.Module):
    """Rotary position embedding, half-split pairs (i, i + d/2), angle position · θ^(-2i/d); tables in float32."""

    def __init__(self, shape: Shape):
        super().__init__()
        steps = torch.arange(0, shape.head_width, 2, dtype=torch.float32)
        positions = torch.arange(shape.positions, dtype=torch.float32)
        angles = positions[:, None] * shape.theta ** (-steps / shape.head_width)
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin(), persistent=False)

    def forward(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        return self.cosine[positions].unsqueeze(1), self.sine[positions].unsqueeze(1)


def rotate(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """x [B, n, T, d] turned by its rows' angles [.., r/2]; what lies behind the first r of d columns stays."""
    cosine, sine = rotation
    turned, rest = x.split((2 * cosine.shape[-1], x.shape[-1] - 2 * cosine.shape[-1]), -1)
    first, second = turned.chunk(2, -1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine, rest), -1).to(x.dtype)


class Attention(nn.Module):
    """Causal grouped-query attention without biases; scale d^-1/2."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(shape.width, shape.heads * shape.head_width, bias=False)
        self.k_proj = nn.Linear(shape.width, shape.key_value_heads * shape.head_width, bias=False)
        self.v_proj = nn.Linear(shape.width, shape.key_value_heads * shape.head_width, bias=False)
        self.o_proj = nn.Linear(shape.heads * shape.head_width, shape.width, bias=False)

    def split(self, x: Tensor, heads: int) -> Tensor:
        """[B, T, heads·d] -> [B, heads, T, d]"""
        return x.view(x.shape[0], x.shape[1], heads, self.shape.head_width).transpose(1, 2)

    def forward(self, x: Tensor, rows: Rows, store: Store) -> Tensor:
        shape = self.shape
        queries = rotate(self.split(self.q_proj(x), shape.heads), rows.rotation)
        keys = rotate(self.split(self.k_proj(x), shape.key_value_heads), rows.rotation)
        values = self.split(self.v_proj(x), shape.key_value_heads)
        seen = store(KeysValues(keys, values, rows.positions, rows.valid))
        return self.o_proj(attend(queries, seen, rows.positions))


def attend(
    queries: Tensor,
    seen: KeysValues,
    positions: Tensor,
    scale: Optional[float] = None,
    softcap: Optional[float] = None,
    window: Optional[int] = None,
) -> Tensor:
    """queries [B, n, T, d] at positions [B, T] -> [B, T, n·d]. The heads of a group share one product with its keys.

    scale: d^-1/2 if None. softcap c: scores become c·tanh(score / c). window: how many keys a query sees, its own
    among them.
    """
    batch, heads, count, width = queries.shape
    groups = seen.keys.shape[1]
    stacked = queries.reshape(batch, groups, heads // groups * count, width)
    scores = stacked @ (seen.keys.transpose(-1, -2) * (width**-0.5 if scale is None else scale))
    if softcap is not None:
        scores = softcap * (scores / softcap).tanh()
    distance = positions[:, :, None] - seen.positions[:, None, :]
    allowed = distance >= 0 if window is None else (distance >= 0) & (distance < window)
    if seen.valid is not None:
        allowed = allowed & seen.valid[:, None, :]
    per_head = scores.view(batch, heads, count, -1)
    probabilities = per_head.masked_fill(~allowed[:, None], -1e30).softmax(-1).view(scores.shape).to(seen.values.dtype)
    mixed = (probabilities @ seen.values).view(batch, heads, count, width)
    return mixed.transpose(1, 2).reshape(batch, count, heads * width)


class FeedForward(nn.Module):
    """SwiGLU: down(SiLU(gate x) ⊙ up x), no biases."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.gate_proj = nn.Linear(width, hidden, bias=False)
        self.up_proj = nn.Linear(width, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    """The pre-norm Llama layer: x + attention(norm x), then x + feed_forward(norm x)."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.self_attn = Attention(shape)
        self.mlp = FeedForward(shape.width, shape.hidden)
        self.input_layernorm = RMSNorm(shape.width, shape.epsilon)
        self.post_attention_layernorm = RMSNorm(shape.width, shape.epsilon)

    def attended(self, x: Tensor, rows: Rows, store: Store = themselves) -> Tensor:
        """The first half: x + attention(norm x)."""
        return x + self.self_attn(self.input_layernorm(x), rows, store)

    def fed(self, x: Tensor) -> Tensor:
        """What the second half adds to x."""
        return self.mlp(self.post_attention_layernorm(x))

    def forward(self, x: Tensor, rows: Rows, store: Store = themselves) -> Tensor:
        x = self.attended(x, rows, store)
        return x + self.fed(x)


def initialise(model: nn.Module, shape: Shape, unrolled: int) -> None:
    """Normal(0, initializer_range); matrices that write into the residual stream 1/sqrt(2 · unrolled layers) of it."""
    into_stream = (
        "o_proj.weight", "down_proj.weight", "out_proj.weight", "fc2.weight", "w2.weight", "output_linear.weight"
    )
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:
            scale = (2 * unrolled) ** -0.5 if name.endswith(into_stream) else 1.0
            nn.init.normal_(parameter, 0.0, shape.initializer_range * scale)
