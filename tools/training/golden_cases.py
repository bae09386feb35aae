"""The configurations of tests/golden/twin: every architecture of the twin and every option, as small as can be."""

from __future__ import annotations

from typing import NamedTuple

SIZES = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 8, "num_attention_heads": 2, "num_key_value_heads": 1,
    "head_dim": 8, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 32,
    "tie_word_embeddings": True,
}


class Case(NamedTuple):
    """A folder: its config.json, the modes that its reference.json holds a run of, and how many tokens a run has.

    stacked: model.safetensors has the experts of a layer in two tensors, as transformers 5. steps: the mode `steps` of
    Huginn runs its core so many times for each decoded token.
    """

    name: str
    config: dict
    modes: tuple[str, ...] = ("plain",)
    prompt: int = 8
    decoded: int = 2
    stacked: bool = False
    steps: tuple[int, ...] = ()


def llama(layers: int, **changes) -> dict:
    base = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", **SIZES, "hidden_act": "silu"}
    return {**base, "num_hidden_layers": layers, **changes}


def recursive(name: str, sharing: str, layers: int) -> Case:
    return Case(name, llama(layers, mor={"type": "none", "num_recursion": 2, "sharing": sharing}))


def expert(name: str, sharing: str, recursions: int, base: int, modes: tuple[str, ...] = ("topk",), **options) -> Case:
    layers = recursions * base + (2 if sharing == "middle_cycle" else 0)
    mor = {"type": "expert", "num_recursion": recursions, "sharing": sharing, "router_type": "linear"}
    mor |= {"router_func": "sigmoid", "alpha": 0.1, "temp": 1.0, "gating": "weighted", **options}
    return Case(name, llama(layers, architectures=["MoRLlamaForCausalLM"], mor=mor), modes)


def token(name: str, recursions: int, **options) -> Case:
    mor = {"type": "token", "num_recursion": recursions, "sharing": "middle_cycle", "router_type": "linear"}
    mor |= {"router_func": "softmax", "alpha": 1.0, "temp": 1.0, "gating": "weighted", **options}
    return Case(name, llama(2 + recursions, architectures=["MoRLlamaForCausalLM"], mor=mor))


def recursions() -> list[Case]:
    every = ("topk", "threshold", "full")
    return [
        Case("vanilla_grouped", llama(2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=16)),
        Case("vanilla_untied_head", llama(2, num_key_value_heads=2, tie_word_embeddings=False)),
        recursive("recursive_cycle", "cycle", 4),
        recursive("recursive_sequence", "sequence", 4),
        recursive("recursive_middle_cycle", "middle_cycle", 6),
        recursive("recursive_middle_sequence", "middle_sequence", 6),
        expert("expert_cycle_n2", "cycle", 2, 2, every, thresholds=[0.0, 0.3]),
        expert("expert_middle_n3", "middle_cycle", 3, 1, every, thresholds=[0.0, -0.4, 0.2]),
        expert("expert_cycle_n4", "cycle", 4, 1, ("topk", "threshold"), capacity=[1.0, 0.8, 0.6, 0.3]),
        expert("expert_untied_attention", "middle_cycle", 2, 1, attention_tied=False),
        expert("expert_mlp_tanh", "cycle", 2, 1, router_type="mlp", router_func="tanh", alpha=0.5, temp=2.0),
        expert("expert_no_function", "cycle", 2, 1, router_func="none"),
        expert("expert_additive", "cycle", 2, 1, gating="additive"),
        expert("expert_first_below_one", "cycle", 2, 1, ("topk", "threshold"), capacity=[0.7, 0.4]),
        expert("expert_shared_keys", "cycle", 3, 1, every, kv_sharing=True),
        expert("expert_shared_keys_two_layers", "cycle", 2, 2, kv_sharing=True, capacity=[0.8, 0.5]),
        expert("expert_draft_head", "middle_cycle", 3, 1, every, thresholds=[0.0, -0.4, 0.2], draft_size=24),
        expert("expert_hybrid_keys", "middle_cycle", 2, 1, kv_sharing=True, update_cache=True),
        token("token_softmax", 3),
        token("token_sigmoid_mlp", 2, router_func="sigmoid", alpha=0.1, router_type="mlp"),
        token("token_loss_free", 3, balancing="loss_free"),
        token("token_shared_keys", 2, kv_sharing=True),
        token("token_additive", 2, gating="additive"),
    ]


def depths() -> list[Case]:
    def case(name: str, modes: tuple[str, ...] = ("topk", "threshold"), layers: int = 2, **mod) -> Case:
        config = llama(layers, model_type="mixture_of_depths", architectures=["MixtureOfDepthsForCausalLM"])
        return Case(f"depths_{name}", {**config, "mod": {"capacity": 0.5, **mod}}, modes)

    mixture = {"experts": 3, "hidden": 8, "used": 2, "renormalise": True}
    staged = case("staged_experts", predictor="linear", decode="predictor")
    return [
        case("paper", ("topk", "threshold", "full"), layers=4, capacity=0.4),
        case("predictor", predictor="mlp", decode="predictor"),
        case("astramind", ("topk",), variant="astramind"),
        case("kyegomez", ("topk",), variant="kyegomez"),
        case("epfml", ("topk",), variant="epfml"),
        case("sramshetty", variant="sramshetty", capacity=0.125),
        case("mixture_ai", variant="mixture_ai"),
        case("router_tuning", variant="router_tuning"),
        case("router_tuning_block_mean", ("topk",), variant="router_tuning", scope="block", select="sequence_mean"),
        case("router_tuning_feed_forward", ("topk",), variant="router_tuning", scope="feed_forward"),
        case("p_mod", ("topk",), variant="p_mod", routed_tokens=list(range(40)), capacity=[1.0, 0.5]),
        staged._replace(config={**staged.config, "moe": mixture}),
    ]


def retnets() -> list[Case]:
    scaled = {
        "architectures": ["RetNetForCausalLM"], "model_type": "retnet", "vocab_size": 64, "decoder_embed_dim": 32,
        "decoder_value_embed_dim": 40, "decoder_retention_heads": 2, "decoder_ffn_embed_dim": 16, "decoder_layers": 2,
        "activation_fn": "swish", "layernorm_eps": 1e-6, "layernorm_embedding": True, "no_scale_embedding": False,
        "subln": False, "use_glu": True,
    }
    plain = {
        "architectures": ["RetNetForCausalLM"], "model_type": "retnet", "vocab_size": 64, "hidden_size": 32,
        "num_hidden_layers": 2, "num_heads": 2, "expand_k": 1, "expand_v": 1.25, "intermediate_size": 16,
        "norm_eps": 1e-6, "hidden_act": "swish", "fuse_norm": True, "use_output_gate": True,
    }
    even = {"use_lm_decay": True, "no_scale_embedding": True, "layernorm_embedding": False, "use_glu": False}
    grouped = {"num_heads": 4, "num_kv_heads": 2, "feature_map": "relu", "fuse_norm": False}
    return [
        Case("retnet_torchscale", scaled),
        Case("retnet_torchscale_plain", {**scaled, **even, "activation_fn": "gelu", "tie_word_embeddings": True}),
        Case("retnet_fla", plain),
        Case("retnet_fla_grouped", {**plain, **grouped}),
    ]


def mixtures() -> list[Case]:
    def case(name: str, **changes) -> Case:
        own_type = {"model_type": "mixture_of_experts"}
        family = "".join(part.capitalize() for part in changes.get("model_type", "mixture_of_experts").split("_"))
        family = family.replace("Granitemoeshared", "GraniteMoeShared").replace("Granitemoe", "GraniteMoe")
        return Case(f"experts_{name}", {**llama(2, architectures=[f"{family}ForCausalLM"]), **own_type, **changes})

    def longer(name: str, model_type: str, **changes) -> Case:
        return case(name, model_type=model_type, **changes)._replace(prompt=12, decoded=3)

    own = {"hidden": 8, "experts": 4, "used": 2}
    granite = {"embedding_multiplier": 4.0, "residual_multiplier": 0.5, "attention_multiplier": 0.25}
    granite["logits_scaling"] = 2.0
    balanced = {**own, "score": "sigmoid", "renormalise": True, "selection_bias": True}
    groups = {"experts": 8, "epsilon": 1e-20, "scale": 2.5, "groups": 4, "groups_used": 2, "shared": 8}
    window = {"use_sliding_window": True, "sliding_window": 5, "num_hidden_layers": 3}
    small = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 8, "num_hidden_layers": 3}
    biased = {**own, "score": "softmax_chosen", "router_bias": True, "activation": "clamped"}
    return [
        case("mixtral", model_type="mixtral", num_local_experts=4, intermediate_size=8),
        case(
            "qwen2_moe", model_type="qwen2_moe", num_experts=4, moe_intermediate_size=8, num_experts_per_tok=2,
            shared_expert_intermediate_size=16, norm_topk_prob=False, mlp_only_layers=[0],
        ),
        case(
            "qwen3_moe", model_type="qwen3_moe", num_experts=6, moe_intermediate_size=8, num_experts_per_tok=3,
            norm_topk_prob=True, head_dim=12,
        ),
        case("olmoe", model_type="olmoe", num_experts=6, num_experts_per_tok=3, intermediate_size=8, clip_qkv=1.0),
        case("granitemoe", model_type="granitemoe", num_local_experts=4, intermediate_size=8, **granite),
        case(
            "granitemoeshared", model_type="granitemoeshared", num_local_experts=4, intermediate_size=8,
            shared_intermediate_size=16, **granite,
        ),
        longer("qwen3_moe_sparse_step", "qwen3_moe", **small, norm_topk_prob=False, decoder_sparse_step=2),
        longer("qwen3_moe_window", "qwen3_moe", **{**small, **window}, norm_topk_prob=True, mlp_only_layers=[2]),
        longer(
            "qwen2_moe_window", "qwen2_moe", **{**small, **window}, norm_topk_prob=True, max_window_layers=2,
            shared_expert_intermediate_size=8, rope_scaling={"rope_type": "yarn", "factor": 4.0},
        )._replace(prompt=9),
        longer(
            "olmoe_renormalised", "olmoe", num_experts=4, num_experts_per_tok=2, num_attention_heads=4,
            num_key_value_heads=2, norm_topk_prob=True, clip_qkv=None, attention_bias=True,
        )._replace(prompt=9),
        case(
            "qwen3_moe_stacked", model_type="qwen3_moe", num_experts=4, num_experts_per_tok=2, moe_intermediate_size=8,
            norm_topk_prob=True,
        )._replace(stacked=True),
        case("mixtral_stacked", model_type="mixtral", num_local_experts=4, intermediate_size=8)._replace(stacked=True),
        case("sigmoid_bias", moe={**balanced, "epsilon": 1e-6}),
        case("groups", moe={**balanced, **groups}),
        case("chosen_router_bias", moe=biased),
        case("idle", moe={**own, "idle": 2}),
    ]


CASES = [*recursions(), *depths(), *retnets(), *mixtures()]
