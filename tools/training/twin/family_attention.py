"""What families of models add to Llama attention: biases, norms of queries and keys, clipping, another scale.

Source: specs/retnet-mod-moe-families.md sections C.1 and D.1.
"""

from __future__ import annotations

from torch import Tensor, nn

from .layers import Attention, KeysValues, RMSNorm, Rows, Shape, Store, attend, rotate


class FamilyAttention(Attention):
    """Projections, [a norm, a clamp,] rotation, attention.

    Qwen3 norms each head of q and k, OLMoE the whole projection; Qwen2 has biases on q, k, v; Granite states a scale.
    """

    def __init__(self, shape: Shape, config: dict):
        super().__init__(shape)
        family, queries, keys = config["model_type"], shape.heads * shape.head_width, self.k_proj.out_features
        if config.get("attention_bias", config.get("qkv_bias", family == "qwen2_moe")):
            self.q_proj = nn.Linear(shape.width, queries)
            self.k_proj = nn.Linear(shape.width, keys)
            self.v_proj = nn.Linear(shape.width, keys)
        self.per_head = family == "qwen3_moe"
        if family in ("qwen3_moe", "olmoe"):
            self.q_norm = RMSNorm(shape.head_width if self.per_head else queries, shape.epsilon)
            self.k_norm = RMSNorm(shape.head_width if self.per_head else keys, shape.epsilon)
        self.clip = config.get("clip_qkv")
        # `attend` multiplies by d^-1/2 already.
        self.scale = config.get("attention_multiplier", shape.head_width**-0.5) * shape.head_width**0.5

    def projected(self, x: Tensor, projection: nn.Linear, heads: int, norm: str = "") -> Tensor:
        """[B, T, H] -> [B, heads, T, d]"""
        result = projection(x)
        if hasattr(self, norm) and not self.per_head:
            result = getattr(self, norm)(result)
        if self.clip is not None:
            result = result.clamp(-self.clip, self.clip)
        result = self.split(result, heads)
        return getattr(self, norm)(result) if hasattr(self, norm) and self.per_head else result

    def forward(self, x: Tensor, rows: Rows, store: Store) -> Tensor:
        heads, groups = self.shape.heads, self.shape.key_value_heads
        queries = rotate(self.projected(x, self.q_proj, heads, "q_norm"), rows.rotation) * self.scale
        keys = rotate(self.projected(x, self.k_proj, groups, "k_norm"), rows.rotation)
        seen = store(KeysValues(keys, self.projected(x, self.v_proj, groups), rows.positions, rows.valid))
        return self.o_proj(attend(queries, seen, rows.positions))
