"""Identities of families of decoders and of their rotary positions. Spec section D."""

from __future__ import annotations

import unittest

import torch

from . import build
from .caches import Cache
from .decoder import Decoder
from .family import FamilyDecoder
from .family_attention import OnePlusNorm
from .layers import rotate
from .rope import frequencies, parameters_of
from .vanilla import Vanilla

BASE = {
    "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 2, "num_key_value_heads": 1,
    "num_hidden_layers": 3, "initializer_range": 0.3, "max_position_embeddings": 64, "tie_word_embeddings": True,
}
LONGROPE = {"rope_type": "longrope", "short_factor": [1.0] * 4, "long_factor": [2.0] * 4}
# At these values a family computes what Llama does.
NEUTRAL = {
    "mistral": {"sliding_window": None}, "qwen3": {}, "phi3": {"sliding_window": 99},
    "smollm3": {"no_rope_layers": [1, 1, 1], "rope_theta": 1e4}, "olmo2": {},
    "qwen2": {"qkv_bias": False, "sliding_window": 2},
    "granite": {"attention_multiplier": 8**-0.5, "rope_scaling": {"type": "linear", "factor": 1.0}},
    "llama": {"rope_scaling": {"rope_type": "yarn", "factor": 1.0, "original_max_position_embeddings": 64}},
}
# Whose norms of queries and keys, or norms behind the halves of a layer, no value makes neutral.
NORMED = {"qwen3", "olmo2"}
OPTIONS = {
    "llama": {"attention_bias": True, "mlp_bias": True}, "mistral": {"sliding_window": 3},
    "smollm3": {"no_rope_layer_interval": 2}, "qwen2": {"use_sliding_window": True, "sliding_window": 3},
    "qwen3": {}, "gemma2": {"sliding_window": 3}, "gemma3_text": {"sliding_window": 3, "sliding_window_pattern": 2},
    "phi3": {"sliding_window": 3}, "granite": {"attention_multiplier": 0.5}, "olmo2": {},
}


def model_of(family: str, seed: int = 0, **changes) -> Decoder:
    torch.manual_seed(seed)
    return build({**BASE, "model_type": family, **changes}).double().eval()


class FamilyTests(unittest.TestCase):
    def setUp(self) -> None:
        self.enterContext(torch.no_grad())
        torch.manual_seed(1)
        self.ids = torch.randint(32, (2, 9))

    def close(self, actual: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-12) -> None:
        self.assertLessEqual((actual - expected).abs().max().item(), tolerance)

    def test_neutral_values_are_vanilla(self) -> None:
        plain = model_of("llama")
        self.assertIsInstance(plain, Vanilla)
        weights = plain.state_dict()
        for family in NEUTRAL.keys() - NORMED - {"phi3"}:
            model = model_of(family, **NEUTRAL[family])
            self.assertIsInstance(model, FamilyDecoder)
            model.load_state_dict(weights, strict=True)
            # Their tables are rounded to float32 along different ways.
            self.close(model(self.ids)[0], plain(self.ids)[0], 1e-5)

    def test_fused_matrices_are_split_ones_below_each_other(self) -> None:
        plain, fused = model_of("mistral"), model_of("phi3")
        weights = dict(plain.state_dict())
        for index in range(3):
            layer = f"model.layers.{index}"
            parts = [weights.pop(f"{layer}.self_attn.{name}_proj.weight") for name in "qkv"]
            weights[f"{layer}.self_attn.qkv_proj.weight"] = torch.cat(parts)
            parts = [weights.pop(f"{layer}.mlp.{name}_proj.weight") for name in ("gate", "up")]
            weights[f"{layer}.mlp.gate_up_proj.weight"] = torch.cat(parts)
        fused.load_state_dict(weights, strict=True)
        self.close(fused(self.ids)[0], plain(self.ids)[0])

    def test_window_as_long_as_the_text_is_full_attention(self) -> None:
        for family in ("mistral", "phi3"):
            full = model_of(family)(self.ids)[0]
            self.close(model_of(family, sliding_window=9)(self.ids)[0], full, 0)
            self.assertGreater((model_of(family, sliding_window=8)(self.ids)[0] - full).abs().max().item(), 1e-3)

    def test_window_counts_the_query_itself(self) -> None:
        one, other = self.ids.clone(), self.ids.clone()
        other[:, 5] = (one[:, 5] + 1) % 32
        model = model_of("mistral", sliding_window=3, num_hidden_layers=1)
        changed = (model(one)[0] - model(other)[0]).abs().amax((0, 2)) > 1e-9
        self.assertEqual(changed.nonzero().flatten().tolist(), [5, 6, 7])

    def test_decoding_is_the_prompt(self) -> None:
        for family, changes in OPTIONS.items():
            model, cache = model_of(family, **changes), Cache()
            parts = [model(part, cache=cache)[0] for part in self.ids.split((4, 1, 1, 3), 1)]
            self.close(torch.cat(parts, 1), model(self.ids)[0])

    def test_windows_and_rotation_are_where_the_families_have_them(self) -> None:
        expected = {
            "mistral": "sss", "smollm3": "fff", "qwen2": "fff", "gemma2": "sfs", "gemma3_text": "sfs", "granite": "fff"
        }
        for family, letters in expected.items():
            layers = model_of(family, **OPTIONS[family]).model.layers
            windows = ["f" if layer.self_attn.options.window is None else "s" for layer in layers]
            self.assertEqual("".join(windows), letters, family)
        rotated = [layer.self_attn.options.rotates for layer in model_of("smollm3", **OPTIONS["smollm3"]).model.layers]
        self.assertEqual(rotated, [True, False, True])

    def test_without_rotation_the_order_of_earlier_tokens_is_lost(self) -> None:
        model = model_of("smollm3", no_rope_layers=[0, 0, 0], num_hidden_layers=1)
        swapped = self.ids[:, [1, 0, *range(2, 9)]]
        self.close(model(self.ids)[0][:, 2:], model(swapped)[0][:, 2:])

    def test_gemma_norms_are_neutral_at_zero(self) -> None:
        for name, parameter in model_of("gemma3_text").named_parameters():
            if "norm" in name:
                self.assertEqual(parameter.abs().max().item(), 0, name)
        x = torch.randn(5, 16).double()
        self.close(OnePlusNorm(16, 1e-6).double()(x).pow(2).mean(-1), torch.ones(5), 1e-5)

    def test_gemma_that_states_no_activation_has_its_own(self) -> None:
        for family in ("gemma2", "gemma3_text"):
            stated = model_of(family, hidden_activation="gelu_pytorch_tanh")(self.ids)[0]
            self.close(model_of(family)(self.ids)[0], stated)
            other = model_of(family, hidden_activation="silu")(self.ids)[0]
            self.assertGreater((other - stated).abs().max().item(), 0.01)

    def test_large_softcaps_do_nothing(self) -> None:
        off = {"attn_logit_softcapping": None, "final_logit_softcapping": None}
        wide = {name: 1e7 for name in off}
        plain = model_of("gemma2", **off)(self.ids)[0]
        self.close(model_of("gemma2", **wide)(self.ids)[0], plain, 1e-6)
        self.assertLess(model_of("gemma2", final_logit_softcapping=1.5)(self.ids)[0].abs().max().item(), 1.5)

    def test_both_forms_of_rope_fields_are_one(self) -> None:
        old = {"rope_theta": 300.0, "rope_scaling": {"type": "linear", "factor": 3.0}}
        new = {"rope_parameters": {"rope_type": "linear", "factor": 3.0, "rope_theta": 300.0}}
        self.close(model_of("llama", **old)(self.ids)[0], model_of("llama", **new)(self.ids)[0], 0)
        old = {"rope_theta": 1e6, "rope_local_base_freq": 1e4, "rope_scaling": {"rope_type": "linear", "factor": 8.0}}
        new = {
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
        }
        old, new = {**OPTIONS["gemma3_text"], **old}, {**OPTIONS["gemma3_text"], "rope_parameters": new}
        self.close(model_of("gemma3_text", **old)(self.ids)[0], model_of("gemma3_text", **new)(self.ids)[0], 0)


class RopeTests(unittest.TestCase):
    def setUp(self) -> None:
        self.enterContext(torch.no_grad())
        torch.manual_seed(1)
        self.ids = torch.randint(32, (2, 9))

    def test_unknown_kinds_are_refused(self) -> None:
        for kind in ("dynamic", "proportional", "none"):
            with self.assertRaises(ValueError):
                model_of("llama", rope_scaling={"rope_type": kind, "factor": 2.0})

    def test_partial_rotation_leaves_the_rest(self) -> None:
        x, angles = torch.randn(1, 2, 3, 8), torch.randn(1, 1, 3, 3)
        turned = rotate(x, (angles.cos(), angles.sin()))
        self.assertTrue(torch.equal(turned[..., 6:], x[..., 6:]))
        self.assertTrue(torch.equal(turned[..., :6], rotate(x[..., :6], (angles.cos(), angles.sin()))))

    def test_factor_one_changes_no_frequency(self) -> None:
        plain = frequencies(parameters_of(BASE, "full_attention"), 8)
        llama3 = {"rope_type": "llama3", "low_freq_factor": 1.0, "high_freq_factor": 4.0, "factor": 1.0}
        for scaling in (llama3, {"type": "linear", "factor": 1.0}, {"type": "yarn", "factor": 1.0}):
            scaled = frequencies(parameters_of({**BASE, "rope_scaling": scaling}, "full_attention"), 8)
            self.assertLess((scaled.angles - plain.angles).abs().max().item(), 1e-7)
            self.assertEqual(scaled.amplitude, 1.0)

    def test_longrope_switches_by_the_length_of_the_text(self) -> None:
        changes = {"original_max_position_embeddings": 5, "head_dim": 8, "rope_scaling": LONGROPE}
        model = model_of("phi3", **changes)
        whole, short = model(self.ids)[0], model(self.ids[:, :5])[0]
        cache = Cache()
        self.assertLess((model(self.ids[:, :5], cache=cache)[0] - short).abs().max().item(), 1e-12)
        last = [model(part, cache=cache)[0] for part in self.ids[:, 5:].split(1, 1)]
        for index, row in enumerate(last):
            expected = model(self.ids[:, : 6 + index])[0][:, -1:]
            self.assertLess((row - expected).abs().max().item(), 1e-12)
        # A caller who keeps the stored keys gets something else.
        kept, cache = [], Cache()
        for part in self.ids.split((5, 4), 1):
            kept.append(model(part, "kept", cache)[0])
        self.assertGreater((kept[1] - whole[:, 5:]).abs().max().item(), 1e-3)


if __name__ == "__main__":
    unittest.main()
