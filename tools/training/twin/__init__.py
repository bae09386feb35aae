"""The reference twin: each architecture in plain PyTorch, one file per idea, for goldens and for training."""

from __future__ import annotations

from .decoder import Decoder


def build(config: dict) -> Decoder:
    """The model of a Hugging Face config.json: a `mor` object makes it a Mixture-of-Recursions, and so on."""
    from . import expert_choice, family, family_options, mixture_of_depths, mixture_of_experts, recursive, retnet
    from . import looped, raven, token_choice, vanilla

    own = {"retnet": retnet.build, "nanbeige": looped.Nanbeige, "ouro": looped.Ouro, "huginn_raven": raven.Raven}
    if config.get("model_type") in own:
        return own[config["model_type"]](config)
    if "mor" in config:
        kinds = {
            "none": recursive.Recursive,
            "expert": expert_choice.ExpertChoice,
            "token": token_choice.TokenChoice,
        }
        return kinds[config["mor"]["type"]](config)
    if "mod" in config:
        return mixture_of_depths.MixtureOfDepths(config)
    if mixture_of_experts.is_mixture(config):
        return mixture_of_experts.build(config)
    if family_options.is_family(config):
        return family.FamilyDecoder(config)
    return vanilla.Vanilla(config)
