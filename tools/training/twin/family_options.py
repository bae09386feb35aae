"""What families of decoders do differently from Llama, by the fields of their config.json and by their class.

Source: specs/retnet-mod-moe-families.md sections C.1, D.1 and D.2; transformers' modelling and configuration files for
names and defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .rope import FULL, SLIDING


@dataclass(frozen=True)
class Family:
    """What a family always does.

    biases: which projections of attention have one: `stated` (q, k, v and o if `attention_bias`), `qkv` (unless
    `qkv_bias` is false; never o) or `none`. norm: of queries and keys, before they are rotated: of each `head`, of the
    whole `projection`, or of neither. norms: before the two halves of a layer (`pre`), behind them (`post`), or both
    (`sandwich`, and `double` under other names). one_plus: a norm multiplies by 1 + w. fused: one matrix for q, k, v,
    and one for gate and up. tied: the head is the embedding unless config.json says otherwise. windows: which layers
    have the sliding window where `layer_types` does not say it. switched: it counts only with `use_sliding_window`.
    """

    biases: str = "stated"
    norm: str = ""
    norms: str = "pre"
    one_plus: bool = False
    fused: bool = False
    tied: bool = False
    embedding_scaled: bool = False
    windows: str = "none"
    switched: bool = False


GEMMA = dict(norms="sandwich", one_plus=True, tied=True, embedding_scaled=True)
FAMILIES = {
    "llama": Family(),
    "mistral": Family(biases="none", windows="all"),
    "smollm3": Family(tied=True, windows="without_rope", switched=True),
    "qwen2": Family(biases="qkv", windows="behind", switched=True),
    "qwen3": Family(norm="head", windows="behind", switched=True),
    "gemma2": Family(windows="even", **GEMMA),
    "gemma3_text": Family(norm="head", windows="pattern", **GEMMA),
    "phi3": Family(biases="none", fused=True, windows="all"),
    "granite": Family(),
    "olmo2": Family(norm="projection", norms="post"),
    "nanbeige": Family(),
    "ouro": Family(biases="none", norms="double", windows="behind", switched=True),
    "mixtral": Family(biases="none", windows="all"),
    "qwen2_moe": Family(biases="qkv", windows="even_before", switched=True),
    "qwen3_moe": Family(norm="head", windows="all", switched=True),
    "olmoe": Family(norm="projection"),
    "granitemoe": Family(),
    "granitemoeshared": Family(),
}
# The fields that make a Llama more than a plain one.
LLAMA_FIELDS = ("rope_scaling", "rope_parameters", "attention_bias", "mlp_bias")


def kind_of(config: dict) -> str:
    return config.get("model_type", "llama")


def family_of(config: dict) -> Family:
    return FAMILIES[kind_of(config)]


def is_family(config: dict) -> bool:
    """Whether a configuration is of a family, or of a Llama with an option that the plain decoder does not have."""
    kind = kind_of(config)
    return kind in FAMILIES and (kind != "llama" or any(config.get(name) for name in LLAMA_FIELDS))


@dataclass(frozen=True)
class AttentionOptions:
    """One layer's attention. scale: of scores. softcap, window: see `layers.attend`. rotates: False in a NoPE layer."""

    biases: tuple[bool, bool]  # of q, k, v; of o
    norm: str
    one_plus: bool
    fused: bool
    scale: float
    softcap: Optional[float]
    clip: Optional[float]
    window: Optional[int]
    rotates: bool


def attention_options(config: dict, index: int, head_width: int) -> AttentionOptions:
    family = family_of(config)
    stated = bool(config.get("attention_bias"))
    scalar = config.get("query_pre_attn_scalar", 256 if family.embedding_scaled else None)
    scale = (scalar or head_width) ** -0.5
    # The class of Granite has a multiplier of 1 where its checkpoints say something sensible.
    scale = config.get("attention_multiplier", 1.0 if kind_of(config).startswith("granite") else scale)
    return AttentionOptions(
        biases={"stated": (stated, stated), "qkv": (config.get("qkv_bias", True), False), "none": (False, False)}[
            family.biases
        ],
        norm=family.norm,
        one_plus=family.one_plus,
        fused=family.fused,
        scale=scale,
        softcap=config.get("attn_logit_softcapping", 50.0 if kind_of(config) == "gemma2" else None),
        clip=config.get("clip_qkv"),
        window=window_of(config) if layer_types(config)[index] == SLIDING else None,
        rotates=rotates(config)[index],
    )


def window_of(config: dict) -> Optional[int]:
    """How many keys a query sees in a layer with a window; None if it sees all."""
    if family_of(config).switched and not config.get("use_sliding_window", False):
        return None
    return config.get("sliding_window", 4096 if family_of(config).one_plus else None)


def rotates(config: dict) -> list[bool]:
    """Which layers rotate queries and keys. In `no_rope_layers`, against its name, 1 is a layer that does."""
    count = config["num_hidden_layers"]
    if kind_of(config) != "smollm3":
        return [True] * count
    every = config.get("no_rope_layer_interval", 4)
    listed = config.get("no_rope_layers") or [(index + 1) % every != 0 for index in range(count)]
    return [bool(does) for does in listed]


def layer_types(config: dict) -> list[str]:
    """The type of each layer: `layer_types`, or what the family's class fills in."""
    count = config["num_hidden_layers"]
    if config.get("layer_types"):
        return list(config["layer_types"])
    kind = family_of(config).windows
    if kind == "none" or window_of(config) is None:
        return [FULL] * count
    pattern = config.get("sliding_window_pattern", 6)
    slides = {
        "all": lambda index: True,
        "even": lambda index: index % 2 == 0,
        "pattern": lambda index: (index + 1) % pattern != 0,
        "behind": lambda index: index >= config.get("max_window_layers", 28),
        "even_before": lambda index: index % 2 == 0 and index < config.get("max_window_layers", 28),
        "without_rope": lambda index: not rotates(config)[index],
    }[kind]
    return [SLIDING if slides(index) else FULL for index in range(count)]
