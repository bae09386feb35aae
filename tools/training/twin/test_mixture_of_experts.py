"""Identities of mixtures of experts. Spec section C.7."""

from __future__ import annotations

import unittest

import torch

from . import build
from .caches import Cache
from .experts import stacked
from .gates import Gate, choose
from .layers import FeedForward, Shape
from .mixture_of_experts import Mixture, MixtureOfExperts, Options, mixture_of

BASE = {
    "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 2, "num_key_value_heads": 1,
    "num_hidden_layers": 2, "initializer_range": 0.3, "tie_word_embeddings": True,
}


def mixture(experts: int, gate: Gate, **options) -> Mixture:
    torch.manual_seed(0)
    return Mixture(Shape.of(BASE), Options(experts, 24, **options), gate).double()


class MixtureOfExpertsTests(unittest.TestCase):
    def setUp(self) -> None:
        self.enterContext(torch.no_grad())
        torch.manual_seed(1)
        self.x = torch.randn(2, 7, 16).double()

    def close(self, actual: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-12) -> None:
        self.assertLessEqual((actual - expected).abs().max().item(), tolerance)

    def test_one_expert_is_the_dense_network(self) -> None:
        network = mixture(1, Gate(1, renormalise=True))
        dense = FeedForward(16, 24).double()
        dense.load_state_dict(network.experts[0].state_dict())
        self.close(network(self.x), dense(self.x))

    def test_equal_experts_are_one_times_the_sum_of_weights(self) -> None:
        for renormalise in (True, False):
            network = mixture(4, Gate(2, renormalise=renormalise))
            for expert in network.experts:
                expert.load_state_dict(network.experts[0].state_dict())
            logits = network.gate(self.x).flatten(0, 1)
            weights = choose(logits, network.rule)[1].sum(1).view(2, 7, 1)
            self.close(network(self.x), network.experts[0](self.x) * weights)
            self.assertEqual(bool((weights < 0.999).all()), not renormalise)

    def test_renormalised_is_softmax_over_the_chosen(self) -> None:
        logits = torch.randn(50, 8).double()
        first, second = choose(logits, Gate(3, renormalise=True)), choose(logits, Gate(3, "softmax_chosen"))
        self.assertTrue(torch.equal(first[0], second[0]))
        self.close(first[1], second[1], 1e-15)

    def test_permuted_experts_give_the_same(self) -> None:
        network, order = mixture(4, Gate(2)), [2, 0, 3, 1]
        other = mixture(4, Gate(2))
        for index, source in enumerate(order):
            other.experts[index].load_state_dict(network.experts[source].state_dict())
        other.gate.weight.copy_(network.gate.weight[order])
        self.close(other(self.x), network(self.x))

    def test_grouped_rows_are_what_each_row_is_alone(self) -> None:
        network = mixture(5, Gate(2), shared=8)
        alone = torch.cat([network(row[None, None]) for row in self.x.flatten(0, 1)])
        self.close(network(self.x).flatten(0, 1), alone.flatten(0, 1))

    def test_equal_logits_choose_the_lower_index(self) -> None:
        self.assertEqual(choose(torch.zeros(1, 6), Gate(3))[0].tolist(), [[0, 1, 2]])

    def test_bias_moves_the_choice_and_not_the_weights(self) -> None:
        logits, bias = torch.tensor([[2.0, 1.0, 0.0, -1.0]]).double(), torch.tensor([0.0, 0.0, 0.0, 9.0]).double()
        for score in ("sigmoid", "softmax"):
            chosen, weights, scores = choose(logits, Gate(2, score), bias)
            self.assertEqual(chosen.tolist(), [[3, 0]])
            self.close(weights, scores[:, [3, 0]], 0)

    def test_groups_limit_the_choice(self) -> None:
        logits = torch.tensor([[5.0, -5.0, 2.0, 2.0, 4.0, -9.0]]).double()
        gate = Gate(2, "sigmoid", groups=3, groups_used=1)
        self.assertEqual(choose(logits, gate)[0].tolist(), [[2, 3]])

    def test_idle_experts_add_nothing(self) -> None:
        network = mixture(2, Gate(1), idle=2)
        network.gate.weight.zero_()
        network.gate.bias = torch.nn.Parameter(torch.tensor([0.0, 0.0, 9.0, 0.0]).double())
        self.close(network(self.x), torch.zeros_like(self.x), 0)

    def test_decoding_is_the_prompt(self) -> None:
        for family in ({"moe": {"experts": 4, "hidden": 8}}, {"model_type": "olmoe", "num_experts": 4}):
            torch.manual_seed(0)
            model, ids, cache = build({**BASE, **family}).double().eval(), torch.randint(32, (2, 9)), Cache()
            parts = [model(part, cache=cache)[0] for part in ids.split((4, 1, 4), 1)]
            self.close(torch.cat(parts, 1), model(ids)[0])

    def test_balance_loss_is_one_when_all_are_chosen_alike(self) -> None:
        model = build({**BASE, "moe": {"experts": 4, "hidden": 8}}).train()
        for layer in model.model.layers:
            layer.mlp.gate.weight.zero_()
        trace = model(torch.randint(32, (2, 9)))[1]
        self.assertAlmostEqual(trace.losses["balance"].item(), 1.0, places=6)

    def test_selection_bias_rises_for_who_is_chosen_too_rarely(self) -> None:
        model = build({**BASE, "moe": {"experts": 4, "hidden": 8, "selection_bias": True, "score": "sigmoid"}}).train()
        self.assertIsInstance(model, MixtureOfExperts)
        model(torch.randint(32, (2, 9)))
        model.after_step()
        network = model.model.layers[0].mlp
        expected = 0.001 * torch.sign(network.counts.mean() - network.counts)
        self.assertTrue(torch.equal(network.gate.e_score_correction_bias, expected))

    def test_stacked_experts_are_the_separate_ones(self) -> None:
        weights = build({**BASE, "model_type": "qwen3_moe", "num_experts": 3}).state_dict()
        both = stacked(weights)
        name = "model.layers.1.mlp.experts"
        gate, up = (weights[f"{name}.2.{part}_proj.weight"] for part in ("gate", "up"))
        self.assertTrue(torch.equal(both[f"{name}.gate_up_proj"][2], torch.cat((gate, up))))
        self.assertTrue(torch.equal(both[f"{name}.down_proj"][2], weights[f"{name}.2.down_proj.weight"]))
        self.assertEqual(both[f"{name}.down_proj"].shape, (3, 16, 24))
        mixtral = stacked(build({**BASE, "model_type": "mixtral", "num_local_experts": 3}).state_dict())
        self.assertIn("model.layers.0.mlp.gate.weight", mixtral)
        self.assertEqual(mixtral["model.layers.0.mlp.experts.gate_up_proj"].shape, (3, 48, 16))

    def test_dense_layers_are_where_the_fields_say(self) -> None:
        fields = {"model_type": "qwen3_moe", "num_experts": 2, "num_hidden_layers": 4, "decoder_sparse_step": 2}
        layers = build({**BASE, **fields, "mlp_only_layers": [3]}).model.layers
        self.assertEqual([mixture_of(layer) is not None for layer in layers], [False, True, False, False])

    def test_names_are_those_of_the_families(self) -> None:
        sparse = "block_sparse_moe"
        families = {
            "mixtral": ("num_local_experts", [f"{sparse}.gate.weight", f"{sparse}.experts.1.w3.weight"]),
            "qwen3_moe": ("num_experts", ["mlp.experts.1.up_proj.weight", "self_attn.q_norm.weight"]),
            "olmoe": ("num_experts", ["mlp.experts.0.down_proj.weight", "self_attn.k_norm.weight"]),
            "granitemoe": ("num_local_experts", [f"{sparse}.input_linear.weight"]),
        }
        for family, (field, expected) in families.items():
            names = set(build({**BASE, "model_type": family, field: 2}).state_dict())
            self.assertLessEqual({f"model.layers.1.{name}" for name in expected}, names)


if __name__ == "__main__":
    unittest.main()
