"""What distinguishes the implementations of Mixture-of-Depths, as options; each known implementation is one line.

Source: specs/retnet-mod-moe-families.md sections B.3 to B.5. No option has a standard value: the authors of the paper
released nothing, and every implementation differs.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Optional

from torch import Tensor


@dataclass(frozen=True)
class DepthOptions:
    """The `mod` object of a config.json.

    layers: the indexes of the routed layers. capacity: the share of the tokens that run a routed layer; also one number
    per layer of the model, 1 for an ordinary one, and then `layers` is not needed.
    scope: what a token skips: the block, or only its attention or its feed_forward.
    router_input: the residual stream (`stream`), or what the first norm of the skipped part makes of it (`normed`).
    score: the weight made of the logit z: raw z, sigmoid, tanh (1 + tanh_scale · tanh z), binary (1, with the gradient
    of a sigmoid), softmax_chosen (softmax over the chosen tokens).
    weight_on: what is multiplied: the update f of the block, its output including the residual, or its feed_forward.
    residual: `once`, or `doubled`: the result is added to the stream although it contains it.
    skipped: what a skipped token becomes: unchanged, or weighted by its own weight.
    select: who runs the layer, in training and the first chunk: topk, topk_strict (those above the k-th largest: k - 1
    of them), threshold, sequence_mean (all or none, by the mean of the sigmoids).
    count: k is relative (capacity · tokens), absolute (capacity · max_position_embeddings), or the smaller of the two.
    decode: who runs it later: threshold, predictor, always, or unrouted (an ordinary layer, without weights).
    thresholds: logits from which a token is selected; one number, or one per layer of the model.
    predictor: what learns to select causally: the router itself, a `linear` or `mlp` network beside it, or None.
    positions: rotary positions original, or compressed to the count of selected tokens.
    skipped_keys: keys and values of skipped tokens: absent, zero (and attended to), or written as if they took part.
    routed_tokens: only these ids can skip (image tokens); all if None.
    """

    layers: Optional[tuple[int, ...]] = None
    capacity: float | tuple[float, ...] = 0.125
    scope: str = "block"
    router_input: str = "stream"
    router_bias: bool = False
    score: str = "raw"
    tanh_scale: float = 0.2
    weight_on: str = "update"
    residual: str = "once"
    skipped: str = "unchanged"
    select: str = "topk"
    count: str = "relative"
    decode: str = "threshold"
    thresholds: float | tuple[float, ...] = 0.0
    predictor: Optional[str] = "router"
    positions: str = "original"
    skipped_keys: str = "absent"
    routed_tokens: Optional[tuple[int, ...]] = None


VALUES = {
    "scope": ("block", "attention", "feed_forward"),
    "router_input": ("stream", "normed"),
    "score": ("raw", "sigmoid", "tanh", "binary", "softmax_chosen"),
    "weight_on": ("update", "output", "feed_forward"),
    "residual": ("once", "doubled"),
    "skipped": ("unchanged", "weighted"),
    "select": ("topk", "topk_strict", "threshold", "sequence_mean"),
    "count": ("relative", "absolute", "smaller"),
    "decode": ("threshold", "predictor", "always", "unrouted"),
    "predictor": ("router", "linear", "mlp", None),
    "positions": ("original", "compressed"),
    "skipped_keys": ("absent", "zero", "written"),
}

VARIANTS: dict[str, dict] = {
    "paper": {},
    "astramind": dict(router_bias=True, weight_on="output", select="topk_strict", decode="always", predictor=None),
    "kyegomez": dict(score="softmax_chosen", weight_on="output", residual="doubled", decode="always", predictor="mlp"),
    "epfml": dict(
        weight_on="output", residual="doubled", count="smaller", decode="always", predictor="linear",
        positions="compressed",
    ),
    "sramshetty": dict(
        score="sigmoid", weight_on="feed_forward", residual="doubled", count="absolute", predictor="mlp",
        positions="compressed", skipped_keys="zero",
    ),
    "mixture_ai": dict(router_bias=True, weight_on="output", decode="predictor", predictor="mlp"),
    "router_tuning": dict(
        scope="attention", router_input="normed", score="binary", select="threshold", predictor=None,
        skipped_keys="written",
    ),
    "p_mod": dict(
        router_bias=True, score="tanh", weight_on="feed_forward", skipped="weighted", decode="unrouted", predictor=None
    ),
}


def options_of(config: dict) -> DepthOptions:
    """The `mod` object: a `variant`, and whatever it changes of it."""
    stated = dict(config["mod"])
    merged = {**VARIANTS[stated.pop("variant", "paper")], **stated}
    merged = {name: tuple(value) if isinstance(value, list) else value for name, value in merged.items()}
    for name, allowed in VALUES.items():
        if name in merged and merged[name] not in allowed:
            raise ValueError(f"mod.{name} '{merged[name]}' is not known.")
    return DepthOptions(**merged)


def capacities(options: DepthOptions, layers: int) -> list[float]:
    """The capacity of each layer, 1 for those that are not routed. Without a list every other layer is routed."""
    if isinstance(options.capacity, tuple):
        return list(options.capacity)
    routed = range(1, layers, 2) if options.layers is None else options.layers
    return [options.capacity if index in routed else 1.0 for index in range(layers)]


def shifted_cosine(layers: int, most: float = 0.85, least: float = 0.15, period: int = 31) -> list[float]:
    """The capacities of p-MoD, `shiftedcos_decay_0.85_0.15`: dense above `most`. Spec section B.5."""
    values = [math.cos(math.pi * index / period) / 2 + 0.5 for index in range(layers)]
    return [max(value, least) if value <= most else 1.0 for value in values]


def renamed(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of another implementation under the names used here: router, predictor and block. Spec section B.4."""
    patterns = (
        (r"\.(router\.weight_predictor|router\.router|mod_router)\.", ".router."),
        (r"\.(aux_router|mlp_router)\.", ".predictor."),
        (r"\.decoder_layer\.", ".block."),
    )
    result = {}
    for name, weight in weights.items():
        for pattern, replacement in patterns:
            name = re.sub(pattern, replacement, name)
        result[name] = weight
    routed = {match[0] for name in result if (match := re.match(r"model\.layers\.\d+\.(?=router\.)", name))}
    for name in list(result):
        match = re.match(r"(model\.layers\.\d+\.)(?!router\.|predictor\.|block\.)", name)
        if match and match[1] in routed:
            result[f"{match[1]}block.{name[len(match[1]):]}"] = result.pop(name)
    return result
