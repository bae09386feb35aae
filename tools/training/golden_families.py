"""The configurations of tests/golden/twin/family_*: decoders of other families than Llama, and options of Llama.

Each is as its family writes config.json, small, and so that a run crosses what it is about: windows are shorter than
the prompt, scaled positions differ from plain ones within it, and texts grow beyond an original length.
"""

from __future__ import annotations

from golden_cases import SIZES, Case

# Four heads over the whole width, as where config.json states no head_dim.
WHOLE = {name: value for name, value in SIZES.items() if name != "head_dim"}
WHOLE |= {"num_attention_heads": 4, "num_key_value_heads": 2}
LONG = {"prompt": 14, "decoded": 4}
LLAMA3 = {
    "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
# One number per rotated pair, as long as 0.75 of a head of 8.
LONGROPE = {"type": "longrope", "short_factor": [1.0, 1.25, 2.0], "long_factor": [1.5, 4.0, 16.0]}


def family(name: str, layers: int, model_class: str, model_type: str, base: dict, **changes) -> Case:
    head = {"architectures": [f"{model_class}ForCausalLM"], "model_type": model_type}
    activation = {} if model_type.startswith("gemma") else {"hidden_act": "silu"}
    config = {**head, **base, **activation, "num_hidden_layers": layers, **changes}
    # A field is left out of config.json by changing it to ().
    return Case(f"family_{name}", {key: value for key, value in config.items() if value != ()}, **LONG)


def llamas() -> list[Case]:
    def case(name: str, **changes) -> Case:
        return family(f"llama{name}", 2, "Llama", "llama", SIZES, **changes)

    options = {"attention_factor": 1.25, "beta_fast": 4.0, "beta_slow": 0.5, "truncate": False}
    scales = {"mscale": 1.0, "mscale_all_dim": 0.5}
    return [
        case("3", rope_scaling=LLAMA3, head_dim=16, max_position_embeddings=512),
        case(
            "3_parameters", rope_parameters={**LLAMA3, "rope_theta": 500.0}, rope_theta=(), head_dim=16,
            max_position_embeddings=512,
        ),
        case("_linear", rope_scaling={"type": "linear", "factor": 4.0}, max_position_embeddings=128),
        case("_yarn", rope_scaling=YARN, head_dim=16, max_position_embeddings=256),
        case("_yarn_options", rope_scaling={**YARN, **options}, head_dim=16, max_position_embeddings=256),
        case("_yarn_mscale", rope_scaling={**YARN, **scales}, head_dim=16, max_position_embeddings=256),
        case("_bias", attention_bias=True, mlp_bias=True),
    ]


def mistrals() -> list[Case]:
    smol = {**WHOLE, "rms_norm_eps": 1e-6, "rope_theta": 5000000.0}
    listed = {"no_rope_layers": [1, 1, 1, 0, 1], "use_sliding_window": False, "sliding_window": None}
    every = {"no_rope_layer_interval": 2, "use_sliding_window": True, "sliding_window": 6}
    return [
        family("mistral", 2, "Mistral", "mistral", SIZES, sliding_window=6, tie_word_embeddings=False),
        family("smollm3", 5, "SmolLM3", "smollm3", smol, **listed)._replace(prompt=10, decoded=3),
        family("smollm3_interval", 4, "SmolLM3", "smollm3", smol, **every),
    ]


def qwens() -> list[Case]:
    base = {"rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "sliding_window": 6, "use_sliding_window": False}
    sliding = {"use_sliding_window": True, "max_window_layers": 1}
    return [
        family("qwen2", 2, "Qwen2", "qwen2", {**WHOLE, **base}, max_window_layers=2),
        family("qwen2_window", 3, "Qwen2", "qwen2", {**WHOLE, **base}, **sliding),
        family("qwen3", 2, "Qwen3", "qwen3", {**SIZES, **base}, max_window_layers=2, attention_bias=False, head_dim=12),
        family("qwen3_window", 3, "Qwen3", "qwen3", {**SIZES, **base}, **sliding, attention_bias=True),
    ]


def gemmas() -> list[Case]:
    base = {**SIZES, "rms_norm_eps": 1e-6, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 6}
    base |= {"query_pre_attn_scalar": 24, "attention_bias": False, "tie_word_embeddings": ()}
    # Small enough that they bend scores and logits of this size.
    caps = {"attn_logit_softcapping": 3.0, "final_logit_softcapping": 8.0}
    uncapped = {"attn_logit_softcapping": None, "final_logit_softcapping": None}
    local = {"rope_theta": 1000000.0, "rope_local_base_freq": 10000.0}
    five_to_one = ["sliding_attention"] * 5 + ["full_attention"]
    scaled = {"rope_type": "linear", "factor": 8.0}
    nested = {
        "full_attention": {**scaled, "rope_theta": 1000000.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
    }

    def third(name: str, layers: int, **changes) -> Case:
        return family(f"gemma3{name}", layers, "Gemma3", "gemma3_text", {**base, **uncapped}, **changes)

    return [
        family("gemma2", 4, "Gemma2", "gemma2", base, num_key_value_heads=2, **caps),
        third("", 6, **local, layer_types=five_to_one, rope_scaling=None),
        third("_pattern", 4, **local, sliding_window_pattern=2, rope_scaling=scaled),
        third("_parameters", 3, rope_theta=(), layer_types=five_to_one[-3:], rope_parameters=nested),
    ]


def phis() -> list[Case]:
    base = {**WHOLE, "tie_word_embeddings": False, "rope_scaling": None, "attention_bias": False}
    base |= {"original_max_position_embeddings": 32}
    fourth = {**base, "tie_word_embeddings": True, "partial_rotary_factor": 0.75, "rope_scaling": LONGROPE}
    fourth |= {"original_max_position_embeddings": 16, "max_position_embeddings": 64, "sliding_window": 64}

    def case(name: str, prompt: int, decoded: int, modes: tuple[str, ...] = ("plain",)) -> Case:
        one = family(f"phi4mini{name}", 2, "Phi3", "phi3", fourth)
        return one._replace(prompt=prompt, decoded=decoded, modes=modes)

    return [
        family("phi3", 2, "Phi3", "phi3", base, sliding_window=6),
        case("", 12, 4),
        case("_long", 18, 3),
        case("_crossing", 14, 5, ("recomputed", "kept")),
    ]


def others() -> list[Case]:
    granite = {"embedding_multiplier": 3.0, "residual_multiplier": 0.6, "attention_multiplier": 0.9}
    granite |= {"logits_scaling": 2.5, "attention_bias": False, "mlp_bias": False}
    return [
        family("granite", 2, "Granite", "granite", WHOLE, **granite),
        family(
            "olmo2", 2, "Olmo2", "olmo2", WHOLE, rms_norm_eps=1e-6, rope_theta=500000.0, attention_bias=False,
            tie_word_embeddings=False,
        ),
    ]


CASES = [*llamas(), *mistrals(), *qwens(), *gemmas(), *phis(), *others()]
