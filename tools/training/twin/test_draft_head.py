"""The draft head is its formula and changes nothing beside it; early rows are those of tokens that leave early."""
import copy
import unittest

import torch

from . import build
from .caches import Cache
from .draft_head import DraftHead
from .layers import Shape
from .test_mixture_of_recursions import CONFIG, EXPERT, model_of

DRAFTING = {**EXPERT, "draft_size": 24}


class Heads(unittest.TestCase):
    @torch.no_grad()
    def test_a_row_by_hand(self) -> None:
        shape = Shape.of({**CONFIG, "hidden_size": 2, "rms_norm_eps": 0.0})
        head = DraftHead(shape, 1)
        head.hidden_norm.weight.copy_(torch.tensor([1.0, 2.0]))
        head.embedding_norm.weight.copy_(torch.tensor([3.0, 1.0]))
        head.up_proj.weight.copy_(torch.tensor([[0.5, -1.0, 1.0, 2.0]]))
        head.down_proj.weight.copy_(torch.tensor([[10.0], [-1.0]]))
        # The norms of (1, 7) and (-7, 1) divide by 5; then 0.5·0.2 - 1·2.8 + 1·-4.2 + 2·0.2 = -6.5.
        drafted = head(torch.tensor([1.0, 7.0]), torch.tensor([-7.0, 1.0]))
        activated = -6.5 / (1 + torch.tensor(6.5).exp())
        expected = torch.tensor([1.0, 7.0]) + activated * torch.tensor([10.0, -1.0])
        self.assertLess((drafted - expected).abs().max().item(), 1e-6)

    @torch.no_grad()
    def test_drafts_go_through_the_norm_and_the_head_of_the_model(self) -> None:
        for tied in (True, False):
            model = model_of({"mor": DRAFTING, "tie_word_embeddings": tied})
            model.model.norm.weight.data.uniform_(0.5, 1.5)
            ids = torch.arange(20)[None]
            logits, trace = model(ids, "threshold")
            self.assertTrue(torch.equal(logits, model.head(model.normalise(trace.left))))
            model.model.draft_head.down_proj.weight.zero_()
            drafted = model.draft(trace.left[:, :-1], ids[:, 1:])
            self.assertLess((logits[:, :-1] - drafted).abs().max().item(), 1e-12)

    def test_the_model_beside_it_stays_as_it_is(self) -> None:
        for tied in (True, False):
            plain, drafting = ({**CONFIG, "tie_word_embeddings": tied, "mor": mor} for mor in (EXPERT, DRAFTING))
            states = []
            for config in (plain, drafting):
                torch.manual_seed(7)
                model = build(config)
                states.append((model.state_dict(), torch.rand(3), model(torch.arange(20)[None])[0]))
            for name, tensor in states[0][0].items():
                self.assertTrue(torch.equal(tensor, states[1][0].pop(name)), name)
            self.assertEqual(
                {f"model.draft_head.{name}.weight": shape for name, shape in {
                    "hidden_norm": (32,), "embedding_norm": (32,), "up_proj": (24, 64), "down_proj": (32, 24),
                }.items()},
                {name: tuple(tensor.shape) for name, tensor in states[1][0].items()},
            )
            self.assertTrue(torch.equal(states[0][1], states[1][1]), "other random numbers")
            self.assertTrue(torch.equal(states[0][2], states[1][2]), "other logits")


class EarlyRows(unittest.TestCase):
    @torch.no_grad()
    def test_as_of_a_token_that_leaves_behind_its_first_recursion(self) -> None:
        torch.manual_seed(2)
        ids = torch.randint(0, 50, (1, 12))
        for sharing, layers in (("middle_cycle", 8), ("cycle", 6)):
            for mode in ("threshold", "full"):
                model = model_of({"num_hidden_layers": layers, "mor": {**DRAFTING, "sharing": sharing}})
                cache = Cache()
                _, trace = model(ids, mode, cache)
                rows = model.left_early(trace, cache)
                text, expected = Cache(), []
                for token in ids.split(1, 1):
                    model.recursions, apart = 1, copy.deepcopy(text)
                    expected.append(model(token, mode, apart)[1].left)
                    model.recursions = 3
                    model(token, mode, text)
                with self.subTest(sharing=sharing, mode=mode):
                    self.assertLess((torch.cat(expected, 1) - rows).abs().max().item(), 1e-12)
                    self.assertGreater((trace.left - rows).abs().max().item(), 1e-3)

    @torch.no_grad()
    def test_texts_side_by_side_as_alone(self) -> None:
        model = model_of({"mor": DRAFTING})
        texts = torch.arange(40).view(2, 20)
        rows = []
        for part in (texts, texts[:1], texts[1:]):
            cache = Cache()
            rows.append(model.left_early(model(part, "threshold", cache)[1], cache))
        self.assertLess((rows[0] - torch.cat(rows[1:])).abs().max().item(), 1e-12)


if __name__ == "__main__":
    unittest.main()
