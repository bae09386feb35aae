"""Identities of looped decoders. Spec mixture-of-recursions.md section 8.2."""

from __future__ import annotations

import unittest

import torch
from torch import Tensor

from . import build
from .caches import Cache
from .decoder import Decoder
from .test_family import BASE

RAVEN = {
    "model_type": "huginn_raven", "vocab_size": 32, "n_embd": 16, "n_heads": 2, "intermediate_size": 24,
    "n_layers_in_prelude": 1, "n_layers_in_recurrent_block": 2, "n_layers_in_coda": 1, "mean_recurrence": 3,
    "block_size": 32, "rope_base": 50000,
}


def model_of(config: dict, **changes) -> Decoder:
    torch.manual_seed(0)
    model = build({**config, **changes}).double().eval()
    for name, parameter in model.named_parameters():
        if "bias" in name or "norm" in name or "ln_f" in name:
            parameter.data += 0.2 * torch.randn_like(parameter)
    return model


def nanbeige(**changes) -> Decoder:
    return model_of(BASE, model_type="nanbeige", **{"num_loops": 2, **changes})


def ouro(**changes) -> Decoder:
    return model_of(BASE, model_type="ouro", **{"total_ut_steps": 3, "num_hidden_layers": 2, **changes})


class Comparing(unittest.TestCase):
    def setUp(self) -> None:
        self.enterContext(torch.no_grad())
        torch.manual_seed(1)
        self.ids = torch.randint(32, (2, 9))

    def close(self, actual: Tensor, expected: Tensor, tolerance: float = 1e-12) -> None:
        self.assertLessEqual((actual - expected).abs().max().item(), tolerance)

    def differs(self, actual: Tensor, expected: Tensor) -> None:
        self.assertGreater((actual - expected).abs().max().item(), 1e-3)

    def chunked(self, model: Decoder, sizes: tuple[int, ...], mode: str = "topk") -> Tensor:
        cache = Cache()
        return torch.cat([model(part, mode, cache)[0] for part in self.ids.split(sizes, 1)], 1)


class LoopedTests(Comparing):
    def test_one_loop_is_llama(self) -> None:
        looped, plain = nanbeige(num_loops=1), model_of(BASE, model_type="llama")
        plain.load_state_dict(looped.state_dict())
        self.close(looped(self.ids)[0], plain(self.ids)[0])

    def test_loops_without_a_norm_between_are_layers_in_a_row(self) -> None:
        looped = nanbeige(skip_loop_final_norm=True)
        plain = model_of(BASE, model_type="llama", num_hidden_layers=6)
        weights = dict(looped.state_dict())
        for name in list(weights):
            first, found, rest = name.partition("layers.")
            if found:
                index, _, rest = rest.partition(".")
                weights[f"{first}layers.{int(index) + 3}.{rest}"] = weights[name]
        plain.load_state_dict(weights)
        self.close(looped(self.ids)[0], plain(self.ids)[0])
        self.differs(looped(self.ids)[0], nanbeige()(self.ids)[0])

    def test_slots_are_as_many_as_loops_times_layers(self) -> None:
        for model in (nanbeige(), ouro()):
            cache = Cache()
            model(self.ids, cache=cache)
            self.assertEqual(len(cache.slots), 6)
        cache = Cache()
        ouro()(self.ids, "last_keys", cache)
        self.assertEqual([rows.keys.shape[2] for rows in cache.slots.values()], [9, 9])

    def test_decoding_is_the_prompt(self) -> None:
        for model in (nanbeige(), ouro(), ouro(early_exit_threshold=0.6), model_of(RAVEN)):
            self.close(self.chunked(model, (4, 1, 4)), model(self.ids)[0])
        model = ouro(early_exit_threshold=0.6)
        self.close(self.chunked(model, (4, 1, 4), "exited"), model(self.ids, "exited")[0])

    def test_threshold_one_is_the_last_loop(self) -> None:
        model = ouro()
        logits, trace = model(self.ids)
        self.assertIsNone(trace.depth)
        self.close(model(self.ids, "exited")[0], logits)
        x = model.embed(self.ids)
        for loop in range(3):
            x = model.model.norm(model.loop(x, model.rows_at(torch.arange(9).expand(2, 9)), Cache(), loop, "topk"))
        self.close(model.head(x), logits)

    def test_threshold_zero_is_the_first_loop(self) -> None:
        model, one = ouro(early_exit_threshold=0.0), ouro(total_ut_steps=1)
        for mode in ("topk", "exited"):
            logits, trace = model(self.ids, mode)
            self.assertEqual(trace.depth.unique().tolist(), [1])
            self.close(logits, one(self.ids)[0])

    def test_tokens_leave_when_they_are_likely_to_have_left(self) -> None:
        model = ouro(early_exit_threshold=0.6)
        gate = model.model.early_exit_gate
        gate.weight.zero_()
        for chance, depth in ((0.7, 1), (0.4, 2), (0.3, 3), (0.1, 3)):  # 0.4: 0.64 after two; 0.3: 0.51
            gate.bias.fill_(torch.tensor(chance).logit())
            self.assertEqual(model(self.ids)[1].depth.unique().tolist(), [depth])

    def test_tokens_that_left_are_seen_as_they_left(self) -> None:
        """In `exited` the last loops of a token do nothing: not for itself, and not for others."""
        model = ouro(early_exit_threshold=0.5)
        depth = model(self.ids)[1].depth
        self.assertGreater(len(depth.unique()), 1)
        self.differs(model(self.ids, "exited")[0], model(self.ids)[0])

    def test_last_keys_change_only_what_is_decoded(self) -> None:
        model = ouro()
        self.close(model(self.ids, "last_keys")[0], model(self.ids)[0])
        actual, usual = self.chunked(model, (8, 1), "last_keys"), model(self.ids)[0]
        self.close(actual[:, :8], usual[:, :8])
        self.differs(actual[:, 8], usual[:, 8])

    def test_options_without_a_checkpoint_are_refused(self) -> None:
        for option in ({"loop_share_kv": True}, {"loop_loss_weights": [0.5]}, {"qk_layernorm": True}):
            with self.assertRaises(ValueError):
                nanbeige(**option)


class RavenTests(Comparing):
    def test_fewer_steps_of_a_decoded_token_are_those_of_a_shorter_model(self) -> None:
        """In its first steps a token sees the same steps of earlier tokens, however many more these ran. The coda does
        see what came of them, so there is none."""
        model, cache = model_of(RAVEN, n_layers_in_coda=0), Cache()
        model(self.ids[:, :8], cache=cache)
        model.steps = 2
        actual = model(self.ids[:, 8:], cache=cache)[0]
        self.close(actual, model(self.ids)[0][:, 8:])

    def test_more_steps_see_the_latest_of_earlier_tokens(self) -> None:
        model, cache = model_of(RAVEN), Cache()
        model.steps = 1
        model(self.ids[:, :8], cache=cache)
        model.steps = 2
        actual = model(self.ids[:, 8:], cache=cache)[0]
        # By hand: in both steps the keys of earlier tokens are those of their only one.
        cache = Cache()
        model.steps = 1
        model(self.ids[:, :8], cache=cache)
        for index in range(2):
            cache.slots[1, index] = cache.slots[0, index]
        model.steps = 2
        self.close(model(self.ids[:, 8:], cache=cache)[0], actual)
        self.differs(actual, model(self.ids)[0][:, 8:])

    def test_saved_tensors_are_those_of_the_authors(self) -> None:
        model = model_of(RAVEN)
        weights = model.as_saved(model.state_dict())
        self.assertEqual(weights["freqs_cis"].shape, (1, 32, 1, 4, 2))
        self.assertEqual(weights["transformer.core_block.1.attn.qk_bias"].shape, (2, 1, 2, 8))
        self.assertEqual(weights["transformer.core_block.1.attn.Wqkv.weight"].shape, (48, 16))
        self.assertEqual(weights["transformer.adapter.weight"].shape, (16, 32))


if __name__ == "__main__":
    unittest.main()
