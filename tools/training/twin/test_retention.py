"""Identities of retention and RetNet. Spec section A.15."""

from __future__ import annotations

import unittest

import torch

from . import build, retention
from .caches import Cache
from .retnet import Angles, fla_hidden, normalised, rotate_adjacent, unfused

TORCHSCALE = {
    "model_type": "retnet", "vocab_size": 32, "decoder_embed_dim": 16, "decoder_value_embed_dim": 24,
    "decoder_retention_heads": 2, "decoder_ffn_embed_dim": 24, "decoder_layers": 2, "activation_fn": "swish",
}
FLA = {
    "model_type": "retnet", "vocab_size": 32, "hidden_size": 16, "num_hidden_layers": 2, "num_heads": 2,
    "intermediate_size": 24,
}


def inputs(count: int = 12, heads: int = 3) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return tuple(torch.randn(1, heads, count, width).double() for width in (4, 4, 6))


class RetentionTests(unittest.TestCase):
    def setUp(self) -> None:
        self.decay = retention.decays(3)

    def close(self, actual: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-12) -> None:
        self.assertLessEqual((actual - expected).abs().max().item(), tolerance)

    def test_forms_on_equal_inputs_agree(self) -> None:
        queries, keys, values = inputs()
        expected, state = retention.recurrent(queries, keys, values, retention.discount(self.decay, 1, queries))
        for size in (1, 3, 4, 12, 20):
            powers = retention.discount(self.decay, size, queries)
            actual, reached = retention.chunkwise(queries, keys, values, powers)
            self.close(actual, expected)
            self.close(reached, state)

    def test_state_continued_after_any_split_is_the_same(self) -> None:
        queries, keys, values = inputs()
        powers = retention.discount(self.decay, 12, queries)
        expected, state = retention.parallel(queries, keys, values, powers)
        for split in (1, 5, 11):
            parts = [(x[:, :, :split], x[:, :, split:]) for x in (queries, keys, values)]
            first, middle = retention.parallel(*(part[0] for part in parts), powers)
            second, reached = retention.parallel(*(part[1] for part in parts), powers, middle)
            self.close(torch.cat((first, second), 2), expected)
            self.close(reached, state)

    def test_torchscale_forms_agree_behind_the_norm(self) -> None:
        queries, keys, values = inputs()
        plain = retention.parallel(queries, keys, values, retention.discount(self.decay, 12, queries))[0]
        expected = normalised(plain, 0.0)
        self.close(normalised(retention.torchscale_parallel(queries, keys, values, self.decay), 0.0), expected)
        by_row, state, total = retention.torchscale_recurrent(queries, keys, values, self.decay)
        self.close(normalised(by_row, 0.0), expected)
        sums = retention.summed_decay(self.decay, torch.arange(12)[None])
        self.close(by_row, plain / sums.sqrt()[..., None])
        self.close(total, sums[0, :, -1])
        for size in (1, 3, 4, 12):
            actual = retention.torchscale_chunkwise(queries, keys, values, self.decay, size)[0]
            self.close(normalised(actual, 0.0), expected)

    def test_zero_value_only_fades_the_state(self) -> None:
        queries, keys, values = inputs(1)
        state = torch.randn(1, 3, 4, 6).double()
        powers = retention.discount(self.decay, 1, queries)
        reached = retention.recurrent(queries, keys, values * 0, powers, state)[1]
        self.close(reached, self.decay[:, None, None] * state, 1e-15)

    def test_update_can_be_undone(self) -> None:
        _, keys, values = inputs(8)
        state = before = torch.randn(1, 3, 4, 6).double()
        decay = self.decay[:, None, None]
        added = [keys[:, :, n, :, None] * values[:, :, n, None, :] for n in range(8)]
        for one in added:
            state = decay * state + one
        for one in reversed(added):
            state = (state - one) / decay
        self.close(state, before, 1e-12)

    def test_rotation_is_relative(self) -> None:
        queries, keys, values = inputs()
        angles = Angles(10000.0 ** -torch.linspace(0, 1, 2, dtype=torch.float64))
        powers = retention.discount(self.decay, 12, queries)
        results = []
        for offset in (0, 1000):
            rotation = angles(torch.arange(12)[None] + offset)
            turned = (rotate_adjacent(x, rotation) for x in (queries, keys))
            results.append(retention.parallel(*turned, values, powers)[0])
        self.close(results[0], results[1])

    def test_decays_and_sums_have_their_closed_forms(self) -> None:
        self.close(self.decay, torch.tensor([1 - 1 / 32, 1 - 1 / 64, 1 - 1 / 128]).double(), 0)
        even = retention.decays(2, even=True)
        self.close(even, torch.tensor([1 - 1 / 32, 1 - 1 / 512]).double(), 1e-15)
        powers = self.decay[:, None] ** torch.arange(6)
        self.close(retention.summed_decay(self.decay, torch.arange(6)[None])[0], powers.cumsum(1), 1e-13)


class RetNetTests(unittest.TestCase):
    @torch.no_grad()
    def test_forms_and_chunks_of_a_model_agree(self) -> None:
        for config in (TORCHSCALE, FLA, {**FLA, "num_heads": 4, "num_kv_heads": 2, "feature_map": "relu"}):
            torch.manual_seed(0)
            model = build(config).double().eval()
            ids = torch.randint(32, (2, 11))
            expected, _ = model(ids)
            for form in ("parallel", "chunkwise", "recurrent"):
                model.form, model.chunk, cache = form, 4, Cache()
                parts = [model(part, cache=cache)[0] for part in ids.split((5, 1, 5), 1)]
                self.assertLess((torch.cat(parts, 1) - expected).abs().max().item(), 1e-12)

    @torch.no_grad()
    def test_state_does_not_grow(self) -> None:
        model, cache, sizes = build(FLA).eval(), Cache(), []
        for _ in range(3):
            model(torch.randint(32, (1, 7)), cache=cache)
            sizes.append(cache.bytes())
        self.assertEqual(sizes, [2 * 2 * 8 * 16 * 4] * 3)

    def test_gradients_reach_every_weight(self) -> None:
        for config in (TORCHSCALE, FLA):
            model = build(config).train()
            model(torch.randint(32, (1, 6)))[0].sum().backward()
            self.assertTrue(all(parameter.grad is not None for parameter in model.parameters()))

    def test_names_are_those_of_the_checkpoints(self) -> None:
        names = set(build({**FLA, "tie_word_embeddings": False}).state_dict())
        self.assertEqual(len(names), 2 * 11 + 3)
        self.assertLessEqual({"model.embeddings.weight", "model.layers.0.attn.g_norm_swish_gate.weight"}, names)
        names = set(build(TORCHSCALE).state_dict())
        self.assertLessEqual({"model.layer_norm.weight", "model.layers.1.retention.out_proj.weight"}, names)

    def test_other_dialects_are_refused(self) -> None:
        for change in ({"hybrid_attention_layers": [1]}, {"deepnorm": True}):
            with self.assertRaises(ValueError):
                build({**TORCHSCALE, **change})
        with self.assertRaises(ValueError):
            build({**FLA, "use_short_conv": True})

    def test_hidden_width_and_fused_weights_of_fla(self) -> None:
        self.assertEqual([fla_hidden(2048, 2), fla_hidden(2560, 2)], [2816, 3584])
        name = "model.layers.0.mlp.{}_proj.weight"
        fused = {name.format("gate"): torch.arange(8.0).view(4, 2)}
        self.assertEqual(unfused(fused)[name.format("up")].tolist(), [[4, 5], [6, 7]])


if __name__ == "__main__":
    unittest.main()
