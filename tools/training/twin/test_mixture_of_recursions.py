"""What must hold of every Mixture-of-Recursions, whatever its weights (specs/mixture-of-recursions.md section 10)."""
import unittest

import torch

from . import build
from .caches import Cache

CONFIG = {
    "vocab_size": 50, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 8, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 64,
}
EXPERT = {"type": "expert", "num_recursion": 3, "sharing": "middle_cycle"}
TOKEN = {"type": "token", "num_recursion": 3, "sharing": "middle_cycle"}
# Routing that depends on the rows before and at a token only.
CAUSAL = {
    "expert": ({"mor": EXPERT}, "threshold"),
    "expert, shared keys": ({"mor": {**EXPERT, "kv_sharing": True}}, "threshold"),
    "expert, everything": ({"mor": EXPERT}, "full"),
    "token": ({"mor": TOKEN}, "threshold"),
    "token, shared keys": ({"mor": {**TOKEN, "kv_sharing": True}}, "threshold"),
    "recursive": ({"mor": {**EXPERT, "type": "none"}}, "full"),
    "vanilla": ({}, "full"),
}


def model_of(changes: dict, seed: int = 3):
    torch.manual_seed(seed)
    model = build({**CONFIG, **changes}).double().eval()
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.data.normal_(0, 0.3)
    return model


class CausalRouting(unittest.TestCase):
    def cases(self):
        torch.manual_seed(1)
        ids = torch.randint(0, 50, (1, 20))
        for name, (changes, mode) in CAUSAL.items():
            with self.subTest(name):
                yield model_of(changes), mode, ids

    @torch.no_grad()
    def test_in_parts_as_in_one(self) -> None:
        for model, mode, ids in self.cases():
            whole, trace = model(ids, mode)
            for cuts in ((7, 13), (1,) * 20):
                cache, parts = Cache(), []
                for part in ids.split(list(cuts), 1):
                    parts.append(model(part, mode, cache)[0])
                self.assertLess((torch.cat(parts, 1) - whole).abs().max().item(), 1e-12)
            if trace.depth is not None and mode == "threshold":
                self.assertGreater(len(trace.depth.unique()), 1, "the case routes nothing")

    @torch.no_grad()
    def test_what_follows_changes_nothing(self) -> None:
        for model, mode, ids in self.cases():
            other = ids.clone()
            other[:, 12:] = (other[:, 12:] + 1) % 50
            before, after = model(ids, mode)[0], model(other, mode)[0]
            self.assertLess((before[:, :12] - after[:, :12]).abs().max().item(), 1e-12)

    @torch.no_grad()
    def test_texts_side_by_side_as_alone(self) -> None:
        for model, mode, ids in self.cases():
            texts = torch.cat((ids, ids.flip(1), (ids * 7 + 3) % 50))
            together, _ = model(texts, mode)
            alone = torch.cat([model(text[None], mode)[0] for text in texts])
            self.assertLess((together - alone).abs().max().item(), 1e-12)


class ExpertChoice(unittest.TestCase):
    def test_untied_attention_of_equal_weights_is_tied_attention(self) -> None:
        tied = model_of({"mor": EXPERT})
        untied = model_of({"mor": {**EXPERT, "attention_tied": False}}, seed=4)
        untied.load_state_dict(tied.state_dict())
        ids = torch.arange(20)[None]
        with torch.no_grad():
            self.assertEqual(0, (tied(ids)[0] - untied(ids)[0]).abs().max().item())
        self.assertGreater(sum(p.numel() for p in untied.parameters()), sum(p.numel() for p in tied.parameters()))

    def test_top_k_counts_against_the_whole_chunk(self) -> None:
        model = model_of({"mor": EXPERT})
        with torch.no_grad():
            _, trace = model(torch.arange(20)[None], "topk")
        self.assertEqual([20, 13, 6], [int(step.selected.sum()) for step in trace.steps])
        self.assertEqual({1: 7, 2: 7, 3: 6}, {d: int((trace.depth == d).sum()) for d in (1, 2, 3)})

    @torch.no_grad()
    def test_top_k_looks_ahead(self) -> None:
        ids = torch.arange(20)[None]
        differences = []
        for seed in range(5):
            model = model_of({"mor": EXPERT}, seed)
            other = torch.cat((ids[:, :12], ids[:, 12:] + 20), 1)
            differences.append((model(ids, "topk")[0] - model(other, "topk")[0])[:, :12].abs().max().item())
        self.assertGreater(max(differences), 1e-3)

    def test_a_capacity_warm_up_runs_everything_at_its_start(self) -> None:
        model = model_of({"mor": EXPERT})
        ids = torch.arange(20)[None]
        model.capacity_warmup = 1.0
        with torch.no_grad():
            warm, full = model(ids, "topk")[0], model(ids, "full")[0]
        self.assertEqual(0, (warm - full).abs().max().item())

    def test_losses_reach_the_routers(self) -> None:
        model = model_of({"mor": EXPERT}).train()
        _, trace = model(torch.arange(20)[None])
        trace.losses["membership"].backward()
        for name, parameter in model.named_parameters():
            if "mor_router" in name:
                self.assertGreater(parameter.grad.abs().sum().item(), 0, name)

    def test_an_auxiliary_router_teaches_itself_alone(self) -> None:
        model = model_of({"mor": {**EXPERT, "sampling": "aux_router"}}).train()
        _, trace = model(torch.arange(20)[None])
        trace.losses["aux_router"].backward()
        reached = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
        self.assertTrue(reached)
        self.assertTrue(all("mlp_router" in name for name in reached), reached)


class TokenChoice(unittest.TestCase):
    def test_loss_free_balancing_favours_depths_chosen_too_rarely(self) -> None:
        model = model_of({"mor": {**TOKEN, "balancing": "loss_free"}}).train()
        model(torch.arange(20)[None])
        model.chosen = torch.tensor([0.8, 0.1, 0.1])
        model.after_step()
        bias = model.model.layers[1].router_bias
        self.assertLess(bias[0].item(), 0)
        self.assertGreater(min(bias[1].item(), bias[2].item()), 0)


if __name__ == "__main__":
    unittest.main()
