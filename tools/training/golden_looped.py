"""The configurations of tests/golden/twin/looped_*: decoders whose layers run several times with the same weights."""

from __future__ import annotations

from golden_cases import SIZES, Case

LONG = {"prompt": 10, "decoded": 4}


def nanbeige(name: str, loops: int, skips: bool) -> Case:
    head = {"architectures": ["NanbeigeForCausalLM"], "model_type": "nanbeige"}
    sizes = {**SIZES, "kv_channels": 8, "hidden_act": "silu", "rope_theta": 70000000.0, "tie_word_embeddings": False}
    options = {"attention_bias": False, "rope_scaling": None, "loop_loss_weights": []}
    config = {**head, **sizes, **options, "num_hidden_layers": 2, "num_loops": loops, "skip_loop_final_norm": skips}
    return Case(f"looped_nanbeige{name}", config, **LONG)


def ouro(name: str, modes: tuple[str, ...], loops: int, threshold: float) -> Case:
    head = {"architectures": ["OuroForCausalLM"], "model_type": "ouro"}
    sizes = {**SIZES, "num_key_value_heads": 2, "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 1000000.0}
    options = {"use_sliding_window": False, "sliding_window": None, "rope_scaling": None, "tie_word_embeddings": False}
    loop = {"num_hidden_layers": 2, "total_ut_steps": loops, "early_exit_threshold": threshold}
    return Case(f"looped_ouro{name}", {**head, **sizes, **options, **loop}, modes, **LONG)


def huginn() -> Case:
    config = {
        "architectures": ["RavenForCausalLM"], "model_type": "huginn_raven", "n_embd": 24, "n_heads": 2, "n_layers": 4,
        "block_size": 32, "vocab_size": 64, "padded_vocab_size": 64, "intermediate_size": 8, "norm_eps": 1e-6,
        "rope_base": 50000, "bias": False, "qk_bias": True, "tie_embeddings": True, "injection_type": "linear",
        "state_init": "like-init", "n_layers_in_prelude": 1, "n_layers_in_recurrent_block": 2, "n_layers_in_coda": 1,
        "mean_recurrence": 4,
    }
    return Case("looped_huginn", config, ("plain", "steps"), prompt=8, decoded=5, steps=(2, 4, 1, 3, 5))


CASES = [
    nanbeige("", 2, False),
    nanbeige("_skipped_norm", 3, True),
    ouro("", ("plain", "last_keys"), 3, 1.0),
    ouro("_exit", ("plain", "exited"), 4, 0.7),
    huginn(),
]
