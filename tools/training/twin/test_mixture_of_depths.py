"""Identities of Mixture-of-Depths. Spec section B.7."""

from __future__ import annotations

import unittest
from dataclasses import replace

import torch

from . import build
from .caches import Cache
from .decoder import Trace
from .depth_options import VARIANTS, renamed, shifted_cosine
from .mixture_of_depths import Pass
from .routers import Selection

BASE = {
    "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 2, "num_key_value_heads": 1,
    "num_hidden_layers": 4, "max_position_embeddings": 32, "initializer_range": 0.3,
}


def model_of(config: dict | None = None, **mod):
    torch.manual_seed(0)
    return build({**BASE, **(config or {}), "mod": {"capacity": 0.4, **mod}}).double().eval()


def unwrapped(model) -> dict:
    """The weights of the model without routers."""
    return {
        name.replace(".block.", "."): weight
        for name, weight in model.state_dict().items() if ".router." not in name and ".predictor." not in name
    }


@torch.no_grad()
def chunked(model, ids: torch.Tensor, mode: str, sizes: tuple[int, ...]) -> torch.Tensor:
    cache = Cache()
    return torch.cat([model(part, mode, cache)[0] for part in ids.split(sizes, 1)], 1)


class MixtureOfDepthsTests(unittest.TestCase):
    def setUp(self) -> None:
        self.enterContext(torch.no_grad())
        torch.manual_seed(1)
        self.ids = torch.randint(32, (2, 12))

    def close(self, actual: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-12) -> None:
        self.assertLessEqual((actual - expected).abs().max().item(), tolerance)

    def test_everybody_with_weight_one_is_the_dense_model(self) -> None:
        for scope in ("block", "attention", "feed_forward"):
            for keys in ("absent", "written"):
                model = model_of(score="binary", scope=scope, skipped_keys=keys)
                dense = build(BASE).double().eval()
                dense.load_state_dict(unwrapped(model))
                self.close(model(self.ids, "full")[0], dense(self.ids)[0])

    def test_nobody_leaves_the_rows_as_they_are_and_stores_nothing(self) -> None:
        model, cache = model_of(thresholds=1e9), Cache()
        shallow = build({**BASE, "num_hidden_layers": 2}).double().eval()
        weights = {name.replace("layers.2.", "layers.1."): weight for name, weight in unwrapped(model).items()
                   if "layers.1." not in name and "layers.3." not in name}
        shallow.load_state_dict(weights)
        self.close(model(self.ids, "threshold", cache)[0], shallow(self.ids)[0])
        self.assertEqual([cache.rows(index) for index in range(4)], [12, 0, 12, 0])

    def test_causal_modes_do_not_depend_on_chunks(self) -> None:
        for variant in VARIANTS:
            if VARIANTS[variant].get("score") == "softmax_chosen":
                continue  # the softmax over the chosen tokens of a chunk is not causal
            model = model_of(variant=variant)
            expected = model(self.ids, "threshold")[0]
            for sizes in ((5, 1, 6), (1,) * 12):
                self.close(chunked(model, self.ids, "threshold", sizes), expected)

    def test_sequences_of_a_batch_do_not_touch_each_other(self) -> None:
        for variant in VARIANTS:
            model = model_of(variant=variant)
            for mode in ("topk", "threshold"):
                both = model(self.ids, mode)[0]
                self.close(torch.cat([model(row[None], mode)[0] for row in self.ids]), both)

    def test_selected_rows_attend_as_under_a_mask(self) -> None:
        """Keeping all rows and hiding the skipped keys is the same as gathering: positions are the original ones."""
        model = model_of({"num_hidden_layers": 2}, score="binary")
        layer, rows = model.model.layers[1], model.rows_at(torch.arange(12)[None])
        x = torch.randn(1, 12, 16).double()
        chosen = layer.router(x).squeeze(-1) >= 0
        masked = layer.block(x, model.rows_at(rows.positions, chosen))
        expected = torch.where(chosen[..., None], masked, x)
        cache = Cache()
        trace = Trace(depth=torch.zeros(1, 12, dtype=torch.long))
        actual = layer(x, rows, Pass(cache, "threshold", True, None, model.rotary, trace))
        self.close(actual, expected)
        self.assertEqual(cache.rows(1), int(chosen.sum()))

    def test_residual_conventions_differ_as_stated(self) -> None:
        model = model_of({"num_hidden_layers": 2})
        layer = model.model.layers[1]
        x, rows = torch.randn(1, 3, 16).double(), model.rows_at(torch.arange(3)[None])
        whole, weight = layer.block(x, rows), torch.full((1, 3, 1), 0.7, dtype=torch.float64)
        expected = {
            ("update", "once"): x + 0.7 * (whole - x),
            ("output", "once"): 0.7 * whole,
            ("output", "doubled"): x + 0.7 * whole,
        }
        for (weight_on, residual), result in expected.items():
            layer.options = replace(layer.options, weight_on=weight_on, residual=residual)
            shared = Pass(Cache(), "full", True, None, model.rotary, None)
            self.close(layer.result(x, rows, Selection(torch.arange(3)[None], None), weight, shared), result)

    def test_strict_selection_takes_one_less(self) -> None:
        for select, expected in (("topk", 4), ("topk_strict", 3)):
            model = model_of(select=select)
            trace = model(self.ids)[1]
            self.assertEqual([step.selected.sum(1).tolist() for step in trace.steps], [[expected] * 2] * 2)

    def test_p_mod_scales_who_skips_and_keeps_text(self) -> None:
        model = model_of(variant="p_mod", routed_tokens=list(range(16)), capacity=[1.0, 0.5, 1.0, 0.5])
        trace = model(self.ids)[1]
        images = self.ids < 16
        for step in trace.steps:
            self.assertTrue(bool(step.selected[~images].all()))
            taken = (step.selected & images).sum(1)
            self.assertEqual(taken.tolist(), [int(count * 0.5) for count in images.sum(1).tolist()])
        capacities = shifted_cosine(32)
        self.assertEqual([capacities[7], round(capacities[8], 4), capacities[24]], [1.0, 0.8445, 0.15])

    def test_rows_stored_are_rows_selected(self) -> None:
        model, cache = model_of(), Cache()
        trace = model(self.ids[:1], "threshold", cache)[1]
        self.assertEqual([cache.rows(1), cache.rows(3)], [int(step.selected.sum()) for step in trace.steps])
        self.assertEqual(trace.depth.sum().item(), cache.rows(1) + cache.rows(3))

    def test_names_of_other_implementations_become_ours(self) -> None:
        names = {
            "model.layers.1.router.weight_predictor.weight": "model.layers.1.router.weight",
            "model.layers.1.router.router.bias": "model.layers.1.router.bias",
            "model.layers.1.decoder_layer.mlp.up_proj.weight": "model.layers.1.block.mlp.up_proj.weight",
            "model.layers.0.mlp.up_proj.weight": "model.layers.0.mlp.up_proj.weight",
            "model.layers.1.self_attn.q_proj.weight": "model.layers.1.block.self_attn.q_proj.weight",
        }
        self.assertEqual(set(renamed({name: torch.zeros(1) for name in names})), set(names.values()))

    def test_losses_and_gradients_reach_every_weight(self) -> None:
        with torch.enable_grad():
            for mod in ({}, {"predictor": "mlp", "decode": "predictor"}, {"predictor": "linear"}):
                model = model_of({"moe": {"experts": 3, "hidden": 8, "used": 2}}, **mod).train()
                logits, trace = model(self.ids)
                (logits.sum() + sum(trace.losses.values())).backward()
                self.assertIn("membership" if not mod else "predictor", trace.losses)
                routers = [parameter for name, parameter in model.named_parameters() if "router" in name]
                self.assertTrue(all(parameter.grad is not None for parameter in routers))

    def test_unknown_values_are_refused(self) -> None:
        with self.assertRaises(ValueError):
            model_of(score="cosine")


if __name__ == "__main__":
    unittest.main()
