"""Huginn (RavenForCausalLM): a prelude, a core that runs again and again on its own state, and a coda.

Source: arXiv 2502.05171 and the authors' raven_modeling_minimal.py; specs/mixture-of-recursions.md section 8.2.

The state begins at zero here, which the authors' code does for init_scale = 0. By default it draws it anew in every
forward pass, for each row and number from a normal distribution with the deviation σ = √(2/(5H)), cut at ±3σ, and
multiplies by √H; their seed is PyTorch's own, so that a seeded start is one only within one implementation.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .caches import Cache
from .decoder import Decoder, Trace
from .layers import KeysValues, RMSNorm, Rows, Shape, Store, attend, initialise
from .retnet import rotate_adjacent, split


def shape_of(config: dict) -> Shape:
    heads = config["n_heads"]
    return Shape(
        vocabulary=config.get("padded_vocab_size", config["vocab_size"]),
        width=config["n_embd"],
        hidden=config["intermediate_size"],
        layers=config["n_layers_in_prelude"] + config["n_layers_in_recurrent_block"] + config["n_layers_in_coda"],
        heads=heads,
        key_value_heads=heads,
        head_width=config["n_embd"] // heads,
        epsilon=config.get("norm_eps", 1e-6),
        theta=config.get("rope_base", 50000.0),
        positions=config.get("block_size", 4096),
        initializer_range=(2 / (5 * config["n_embd"])) ** 0.5,
    )


class RavenAttention(nn.Module):
    """q, k and v in one matrix; a bias on q and k that is apart from it; adjacent pairs are turned."""

    def __init__(self, shape: Shape, has_bias: bool):
        super().__init__()
        self.shape = shape
        self.Wqkv = nn.Linear(shape.width, 3 * shape.width, bias=False)
        if has_bias:
            self.qk_bias = nn.Parameter(torch.zeros(2, 1, shape.heads, shape.head_width))
        self.proj = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, rows: Rows, store: Store) -> Tensor:
        queries, keys, values = (split(part, self.shape.heads) for part in self.Wqkv(x).chunk(3, -1))
        if hasattr(self, "qk_bias"):
            # [2, 1, n, d] -> twice [n, 1, d], beside queries and keys [B, n, T, d]
            for_queries, for_keys = self.qk_bias.transpose(1, 2)
            queries, keys = queries + for_queries, keys + for_keys
        keys = rotate_adjacent(keys, rows.rotation)
        seen = store(KeysValues(keys, values, rows.positions, rows.valid))
        return self.proj(attend(rotate_adjacent(queries, rows.rotation), seen, rows.positions))


class RavenFeedForward(nn.Module):
    """SwiGLU with gate and up in one matrix, gate rows first."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.fc = nn.Linear(shape.width, 2 * shape.hidden, bias=False)
        self.proj = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.fc(x).chunk(2, -1)
        return self.proj(functional.silu(gate) * up)


class RavenBlock(nn.Module):
    """Norms before each half and behind each sum, so that the stream itself is normalised."""

    def __init__(self, shape: Shape, has_bias: bool):
        super().__init__()
        self.attn = RavenAttention(shape, has_bias)
        self.mlp = RavenFeedForward(shape)
        for index in (1, 2, 3, 4):
            setattr(self, f"norm_{index}", RMSNorm(shape.width, shape.epsilon))

    def forward(self, x: Tensor, rows: Rows, store: Store) -> Tensor:
        x = self.norm_2(x + self.attn(self.norm_1(x), rows, store))
        return self.norm_4(x + self.mlp(self.norm_3(x)))


class Raven(Decoder):
    """`steps`: how often the core runs in the next passes, `mean_recurrence` unless a caller changes it.

    Tokens may have run different numbers of steps. In a step that an earlier token did not run, its keys and values are
    those of its latest step (`latest-m4` of the authors' code).
    """

    def __init__(self, config: dict):
        shape = shape_of(config)
        super().__init__({"tie_word_embeddings": config.get("tie_embeddings", True), **config}, shape)
        del self.model
        has_bias = config.get("qk_bias", True)

        def blocks(count: int) -> nn.ModuleList:
            return nn.ModuleList(RavenBlock(shape, has_bias) for _ in range(count))

        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(shape.vocabulary, shape.width),
            "prelude": blocks(config["n_layers_in_prelude"]),
            "adapter": nn.Linear(2 * shape.width, shape.width, bias=config.get("bias", False)),
            "core_block": blocks(config["n_layers_in_recurrent_block"]),
            "coda": blocks(config["n_layers_in_coda"]),
            "ln_f": RMSNorm(shape.width, shape.epsilon),
        })
        self.steps = config["mean_recurrence"]
        initialise(self, shape, shape.layers)

    def as_saved(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """A checkpoint as the authors' is: with the head beside the embedding that it is, and with the rotary table,
        cosines and sines [1, positions, 1, d/2, 2] in float32."""
        table = torch.stack((self.rotary.cosine, self.rotary.sine), -1)[None, :, None].float()
        return {**weights, "lm_head.weight": weights["transformer.wte.weight"], "freqs_cis": table}

    def table(self) -> Tensor:
        return self.transformer["wte"].weight

    def embed(self, ids: Tensor) -> Tensor:
        return super().embed(ids) * self.shape.width**0.5

    def normalise(self, x: Tensor) -> Tensor:
        return self.transformer["ln_f"](x)

    def run(self, x: Tensor, rows: Rows, cache: Cache, mode: str, trace: Trace) -> Tensor:
        parts = self.transformer
        for index, block in enumerate(parts["prelude"]):
            x = block(x, rows, cache.appending(("prelude", index)))
        state = torch.zeros_like(x)
        for step in range(self.steps):
            state = parts["adapter"](torch.cat((state, x), -1))
            for index, block in enumerate(parts["core_block"]):
                slots = [(earlier, index) for earlier in range(step + 1)]
                state = block(state, rows, cache.latest(slots))
        state = self.normalise(state)
        for index, block in enumerate(parts["coda"]):
            state = block(state, rows, cache.appending(("coda", index)))
        return state
