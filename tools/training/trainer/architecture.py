"""Which keys the [model] table of a configuration may have: those that the trained model and its export depend on."""

from __future__ import annotations

from dataclasses import fields

from twin.depth_options import DepthOptions
from twin.gates import Gate
from twin.mixture_of_experts import Options

SIZES = {
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "head_dim", "max_position_embeddings", "initializer_range", "tie_word_embeddings",
}
LLAMA = SIZES | {"model_type", "rms_norm_eps", "rope_theta", "hidden_act"}
# Sizes, 1 or more where they are given, and those that have no default in Llama's shape.
COUNTS = SIZES - {"initializer_range", "tie_word_embeddings"}
REQUIRED = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
PLAIN = LLAMA | {"rope_scaling", "rope_parameters", "attention_bias", "mlp_bias"}
# flash-linear-attention's names; a shape that is made from Llama's carries its attention along.
RETNET = SIZES | {
    "model_type", "num_heads", "num_kv_heads", "expand_k", "expand_v", "hidden_ratio", "norm_eps", "hidden_act",
    "fuse_norm", "use_output_gate", "feature_map",
}
ROUTED = {"router_type", "router_func", "alpha", "temp", "gating", "kv_sharing", "inference_mode"}
RECURSION = {"type", "num_recursion", "sharing"}
RECURSIONS = {
    "none": RECURSION,
    "expert": RECURSION | ROUTED | {
        "capacity", "thresholds", "update_cache", "attention_tied", "sampling", "draft_size"
    },
    "token": RECURSION | ROUTED | {"balancing", "u"},
}
OBJECTS = {
    "mod": {field.name for field in fields(DepthOptions)} | {"variant"},
    "moe": {field.name for field in (*fields(Options), *fields(Gate))},
}
# The values of keys whose other values would train as if they were one of these.
VALUES = {
    "hidden_act": ("silu", "swish"),
    "sampling": ("aux_loss", "aux_router"),
    "balancing": ("loss", "loss_free"),
    "inference_mode": ("threshold", "topk", "topk-threshold", "full"),
}


def check(model: dict, source: str) -> None:
    """Ends with one sentence where a key would train nothing, or an architecture can be computed but not trained."""
    kind = model.get("model_type", "llama")
    if kind not in ("llama", "retnet"):
        raise SystemExit(f"{source}: the trainer makes Llama and what the project adds to it, and RetNet; not {kind}.")
    objects = [name for name in ("mor", *OBJECTS) if name in model]
    if kind == "retnet" and objects or "mor" in objects and len(objects) > 1:
        raise SystemExit(f"{source}: {kind} with {' and '.join(objects)} is no architecture of the twin.")
    known = RETNET if kind == "retnet" else LLAMA | set(objects) if objects else PLAIN
    known_only(model, known, "model", source)
    check_sizes(model, kind, source)
    for name in objects:
        keys = recursion_keys(model["mor"], source) if name == "mor" else OBJECTS[name]
        known_only(model[name], keys, f"model.{name}", source)
    if "mor" in model:
        check_recursion(model["mor"], source)


def check_sizes(model: dict, kind: str, source: str) -> None:
    for key in sorted(COUNTS & set(model)):
        if not is_count(model[key]):
            raise SystemExit(f"{source}: {key} is a number of 1 or more, not {model[key]!r}.")
    if kind == "retnet":
        return
    for key in REQUIRED:
        if key not in model:
            raise SystemExit(f"{source}: there is no {key} in model.")
    heads = model["num_attention_heads"]
    groups = model.get("num_key_value_heads", heads)
    if heads % groups:
        raise SystemExit(f"{source}: {heads} attention heads do not divide by {groups} of keys and values.")
    width = model.get("head_dim") or model["hidden_size"] // heads
    if width < 2 or width % 2:
        raise SystemExit(f"{source}: a head is an even number of columns wide, not {width}.")


def check_recursion(options: dict, source: str) -> None:
    count = options.get("num_recursion")
    for key in ("num_recursion", *({"draft_size"} & set(options))):
        if not is_count(options.get(key)):
            raise SystemExit(f"{source}: {key} of model.mor is a number of 1 or more, not {options.get(key)!r}.")
    for key in ("capacity", "thresholds"):
        values = options.get(key)
        if values and (not isinstance(values, list) or len(values) != count):
            raise SystemExit(f"{source}: {key} of model.mor is a list of {count} numbers, one of each recursion.")
    capacity = options.get("capacity") or [1.0]
    if not all(0 < value <= 1 for value in capacity) or sorted(capacity, reverse=True) != list(capacity):
        raise SystemExit(f"{source}: each capacity lies in (0, 1], and none is above the one before it.")


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def recursion_keys(options: dict, source: str) -> set[str]:
    if options.get("type") not in RECURSIONS:
        raise SystemExit(f"{source}: the type of model.mor is {', '.join(RECURSIONS)}, not {options.get('type')}.")
    return RECURSIONS[options["type"]]


def known_only(table: dict, known: set[str], name: str, source: str) -> None:
    unknown = set(table) - known
    if unknown:
        raise SystemExit(f"{source}: unknown key {', '.join(sorted(unknown))} in {name}.")
    for key in sorted(set(table) & set(VALUES)):
        if table[key] not in VALUES[key]:
            raise SystemExit(f"{source}: {key} is {' or '.join(VALUES[key])}, not {table[key]}.")
