"""Rotary positions of long-context models: how config.json says them, their frequencies, and the table of a model.

Source: specs/retnet-mod-moe-families.md section D.3; arXiv 2309.00071 (YaRN), 2402.13753 (LongRoPE); transformers'
modeling_rope_utils for field names, defaults and the order of rounding. r is the rotary width, i < r/2 a pair,
and f_i = θ^(-2i/r) its angle per position before scaling.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Optional

import torch
from torch import Tensor, nn

# The θ of a configuration that states none.
THETAS = {"gemma3_text": 1e6, "smollm3": 2e6, "mixtral": 1e6}
FULL, SLIDING = "full_attention", "sliding_attention"


class Frequencies(NamedTuple):
    """Angles per position [r/2], float32, and what cosines and sines are multiplied by."""

    angles: Tensor
    amplitude: float = 1.0


def parameters_of(config: dict, layer_type: str) -> dict:
    """The parameters of a type of layer in one form, from each of the forms in which config.json has them.

    transformers 4: `rope_theta`, `rope_scaling` (its kind is `rope_type` or, older, `type`), `partial_rotary_factor`,
    and for the sliding layers of Gemma 3 `rope_local_base_freq`, which are never scaled. transformers 5: all of it in
    `rope_parameters`, one object or one per type of layer.
    """
    family = config.get("model_type", "llama")
    found = dict(config.get("rope_parameters") or config.get("rope_scaling") or {})
    if FULL in found or SLIDING in found:
        found = dict(found[layer_type])
    elif family == "gemma3_text" and layer_type == SLIDING:
        found = {"rope_theta": config.get("rope_local_base_freq", 10000.0)}
    kind = found.get("rope_type") or found.get("type") or "default"
    found["rope_type"] = "longrope" if kind == "su" or family == "phi3" and kind == "yarn" else kind
    found.setdefault("rope_theta", config.get("rope_theta", THETAS.get(family, 10000.0)))
    found.setdefault("partial_rotary_factor", config.get("partial_rotary_factor", 1.0))
    found["max_position_embeddings"] = config.get("max_position_embeddings", 2048)
    # Phi has it outside of the object, and there it counts before the one inside.
    original = config.get("original_max_position_embeddings") or found.get("original_max_position_embeddings")
    found["original_max_position_embeddings"] = original or found["max_position_embeddings"]
    return found


def frequencies(parameters: dict, head_width: int, is_long: bool = False) -> Frequencies:
    """What one kind of scaling makes of f_i; is_long says which of the two factors of longrope counts."""
    width = int(head_width * parameters["partial_rotary_factor"])
    plain = parameters["rope_theta"] ** -(torch.arange(0, width, 2, dtype=torch.float32) / width)
    kind = parameters["rope_type"]
    if kind == "default":
        return Frequencies(plain)
    if kind == "linear":
        return Frequencies(plain / parameters["factor"])
    if kind == "llama3":
        return Frequencies(llama3(plain, parameters))
    if kind == "yarn":
        return yarn(plain, parameters)
    if kind == "longrope":
        return longrope(plain, parameters, is_long)
    raise ValueError(f"The rope_type '{kind}' is not known.")


def llama3(plain: Tensor, parameters: dict) -> Tensor:
    """Short waves stay, long ones are slowed down by the factor, and between the two there is a straight line."""
    factor, original = parameters["factor"], parameters["original_max_position_embeddings"]
    low, high = parameters["low_freq_factor"], parameters["high_freq_factor"]
    waves = 2 * math.pi / plain
    share = ((original / waves - low) / (high - low)).clamp(0, 1)
    return (1 - share) * plain / factor + share * plain


def yarn(plain: Tensor, parameters: dict) -> Frequencies:
    """Pairs that turn often stay, those that turn rarely are slowed down, and between the two there is a ramp.

    c(β) is the pair that turns β times within the original length.
    """
    width, theta = 2 * len(plain), parameters["rope_theta"]
    original = parameters["original_max_position_embeddings"]
    factor = parameters.get("factor") or parameters["max_position_embeddings"] / original

    def pair(turns: float) -> float:
        return width * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(theta))

    low, high = pair(parameters.get("beta_fast") or 32), pair(parameters.get("beta_slow") or 1)
    if parameters.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, width - 1)
    ramp = (torch.arange(len(plain)) - low) / max(high - low, 0.001)
    slowed = ramp.clamp(0, 1)
    return Frequencies(plain / factor * slowed + plain * (1 - slowed), yarn_amplitude(parameters, factor))


def yarn_amplitude(parameters: dict, factor: float) -> float:
    def scale(multiplier: float) -> float:
        return 0.1 * multiplier * math.log(factor) + 1 if factor > 1 else 1.0

    if parameters.get("attention_factor") is not None:
        return parameters["attention_factor"]
    both = parameters.get("mscale"), parameters.get("mscale_all_dim")
    return scale(both[0]) / scale(both[1]) if all(both) else scale(1)


def longrope(plain: Tensor, parameters: dict, is_long: bool) -> Frequencies:
    """Each pair is slowed down by a factor of its own; there is one list for texts within the original length, and
    one for those beyond. The amplitude is the same for both."""
    original = parameters["original_max_position_embeddings"]
    factors = torch.tensor(parameters["long_factor" if is_long else "short_factor"])
    if len(factors) != len(plain):
        raise ValueError(f"longrope has {len(factors)} factors for {len(plain)} pairs.")
    amplitude = parameters.get("attention_factor")
    if amplitude is None:
        factor = parameters.get("factor") or parameters["max_position_embeddings"] / original
        amplitude = math.sqrt(1 + math.log(factor) / math.log(original)) if factor > 1 else 1.0
    return Frequencies(plain / factors, amplitude)


class ScaledRotary(nn.Module):
    """The rotation of positions, from tables in float32: half-split pairs (i, i + r/2).

    `switch` is the length beyond which longrope takes its other factors, None for all that never switch.
    """

    def __init__(self, parameters: dict, head_width: int):
        super().__init__()
        is_long = parameters["rope_type"] == "longrope"
        self.switch: Optional[int] = parameters["original_max_position_embeddings"] if is_long else None
        self.add_table("short", frequencies(parameters, head_width), parameters["max_position_embeddings"])
        if is_long:
            self.add_table("long", frequencies(parameters, head_width, True), parameters["max_position_embeddings"])

    def add_table(self, name: str, scaled: Frequencies, positions: int) -> None:
        angles = torch.arange(positions, dtype=torch.float32)[:, None] * scaled.angles
        self.register_buffer(f"{name}_cosine", angles.cos() * scaled.amplitude, persistent=False)
        self.register_buffer(f"{name}_sine", angles.sin() * scaled.amplitude, persistent=False)

    def forward(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """positions [B, T] -> cosines and sines [B, 1, T, r/2]. All rows of a call take the factors that the last
        of them calls for."""
        is_beyond = self.switch is not None and int(positions.max()) + 1 > self.switch
        name = "long" if is_beyond else "short"
        return tuple(getattr(self, f"{name}_{part}")[positions].unsqueeze(1) for part in ("cosine", "sine"))
