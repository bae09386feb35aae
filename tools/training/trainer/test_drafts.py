"""A draft head is trained beside a model that stays, to the bit, as it would be without one."""
import json
import tempfile
import unittest
from pathlib import Path

import torch

from text import pack
from trainer import drafts, evaluation, export, measures
from trainer.batches import Batches
from trainer.test_export import TOKENIZER
from trainer.test_trainer import MODEL, LoopCase, counting
from twin import build
from twin.caches import Cache

DRAFTING = {**MODEL, "mor": {**MODEL["mor"], "draft_size": 48}}


class Training(LoopCase):
    def test_the_model_is_trained_as_without_a_head(self) -> None:
        # Muon takes matrices of a shape together, and those of a square head have the shape of others.
        square = {**MODEL, "mor": {**MODEL["mor"], "draft_size": MODEL["hidden_size"]}}
        for optimiser in ("adamw", "muon"):
            # The clip is reached in every step.
            plain = self.loop(f"plain {optimiser}", 20, optimiser, clip=0.1)
            plain.run()
            drafting = self.loop(f"drafting {optimiser}", 20, optimiser, square, clip=0.1)
            before = {name: tensor.clone() for name, tensor in drafting.model.state_dict().items()}
            drafting.run()
            after = drafting.model.state_dict()
            for name, tensor in plain.model.state_dict().items():
                self.assertTrue(torch.equal(tensor, after.pop(name)), f"{optimiser}: {name}")
            self.assertEqual(4, len(after))
            for name, tensor in after.items():
                self.assertFalse(torch.equal(tensor, before[name]), f"{optimiser}: {name}")

    def test_drafts_get_right_and_are_logged(self) -> None:
        loop = self.loop("right", 250, model=DRAFTING, learning_rate=1e-2)
        batch = loop.batches.at(0)
        before = drafts.rates(loop.model, [batch])
        loop.run()
        entries = [json.loads(line) for line in loop.settings.log.read_text().splitlines()]
        self.assertLess(entries[-1]["draft"], entries[0]["draft"] - 1)
        after = drafts.rates(loop.model, [batch])
        for name in ("second_early", "second_final"):
            self.assertLess(before[name]["right"], 0.5, name)
            self.assertGreater(after[name]["right"], 0.9, name)
        self.assertGreater(after["first"]["right"], 0.9)

    def test_a_killed_run_goes_on_as_if_it_had_not_been(self) -> None:
        whole = self.loop("whole", 12, model=DRAFTING)
        whole.run()
        first = self.loop("cut", 12, model=DRAFTING)
        for _ in range(5):
            first.one_step()
            first.step += 1
        first.save()
        second = self.loop("cut", 12, model=DRAFTING)
        self.assertEqual(5, second.step)
        second.run()
        resumed = second.model.state_dict()
        for name, tensor in whole.model.state_dict().items():
            self.assertTrue(torch.equal(tensor, resumed[name]), name)


class Measures(LoopCase):
    def setUp(self) -> None:
        super().setUp()
        torch.manual_seed(4)
        self.model = build(DRAFTING).double()
        for parameter in self.model.parameters():
            if parameter.dim() > 1:
                parameter.data.normal_(0, 0.3)
        tokens, mask = counting(4, 24)
        mask[:, 18:] = 0
        mask[2:, :9] = 0
        self.batch = Batches((tokens, mask), 24, 4, 1).at(0)

    def loss(self) -> torch.Tensor:
        cache = Cache()
        hidden, trace = self.model.hidden(self.batch.inputs, "threshold", cache)
        chosen, logits = measures.logits_of_targets(self.model, hidden, self.batch)
        return drafts.loss(self.model, trace, cache, self.batch, chosen, logits)

    @torch.no_grad()
    def test_the_loss_is_that_of_each_place_by_turns_of_both_rows(self) -> None:
        cache = Cache()
        logits, trace = self.model(self.batch.inputs, "threshold", cache)
        rows = (self.model.left_early(trace, cache), trace.left)
        losses, turn = [], 0
        for text, place in self.batch.weights.nonzero().tolist():
            if place > 0:
                row, token = rows[turn % 2][text, place - 1], self.batch.inputs[text, place]
                drafted = self.model.draft(row, token).log_softmax(-1)
                losses.append(-(logits[text, place].softmax(-1) * drafted).sum())
            turn += 1
        self.assertLess(abs(torch.stack(losses).mean().item() - self.loss().item()), 1e-6)

    def test_nothing_to_predict_is_no_loss(self) -> None:
        self.batch = self.batch._replace(weights=torch.zeros_like(self.batch.weights))
        self.assertEqual(0, self.loss().item())

    @torch.no_grad()
    def test_the_rates_are_those_counted_one_by_one(self) -> None:
        # Targets that the model chooses at every second place, so that texts go on as it would.
        chosen = self.model(self.batch.inputs, "threshold")[0].argmax(-1)
        targets = torch.where(torch.arange(24) % 2 == 0, chosen, self.batch.targets)
        batch = self.batch._replace(targets=targets)
        cache = Cache()
        _, trace = self.model.hidden(batch.inputs, "threshold", cache)
        rows = {"second_early": self.model.left_early(trace, cache), "second_final": trace.left}
        first = self.model.head(self.model.normalise(rows["second_early"])).argmax(-1)
        found = {"first": [], "second_early": [], "second_final": []}
        for text, place in batch.weights.nonzero().tolist():
            is_first = bool(first[text, place] == chosen[text, place])
            found["first"].append(is_first)
            if place == 23 or not batch.weights[text, place + 1] or chosen[text, place] != targets[text, place]:
                continue
            for name, of in rows.items():
                if name == "second_final" or is_first:
                    drafted = self.model.draft(of[text, place], batch.inputs[text, place + 1]).argmax()
                    found[name].append(bool(drafted == chosen[text, place + 1]))
        expected = {name: {"right": sum(all_) / len(all_), "places": len(all_)} for name, all_ in found.items()}
        self.assertEqual(expected, drafts.rates(self.model, [batch]))
        self.assertGreater(len(found["second_final"]), len(found["second_early"]))
        self.assertGreater(len(found["second_early"]), 0)

    def test_a_run_is_judged_by_its_drafts(self) -> None:
        for model in (DRAFTING, MODEL):
            loop = self.loop("judged", 1, model=model)
            pack.save_arrays(loop.settings.packed("validation"), counting(4, 24))
            report = evaluation.evaluate(loop.settings, loop.model)["validation"]
            self.assertEqual(model is DRAFTING, "drafts" in report)

    def test_an_export_has_the_head(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            export.export(self.model, TOKENIZER, Path(folder) / "export", "name", {})
            written = json.loads((Path(folder) / "export" / "config.json").read_text())
            read, _ = export.load(Path(folder) / "export")
        self.assertEqual(48, written["mor"]["draft_size"])
        for name, tensor in self.model.state_dict().items():
            self.assertTrue(torch.equal(tensor.float(), read.state_dict()[name]), name)
        shapes = {name: tuple(tensor.shape) for name, tensor in read.state_dict().items() if "draft_head" in name}
        self.assertEqual(
            {
                "model.draft_head.hidden_norm.weight": (32,), "model.draft_head.embedding_norm.weight": (32,),
                "model.draft_head.up_proj.weight": (48, 64), "model.draft_head.down_proj.weight": (32, 48),
            },
            shapes,
        )


if __name__ == "__main__":
    unittest.main()
