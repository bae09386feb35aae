"""The trainer learns, resumes to the bit, and refuses what it does not know."""
import contextlib
import io
import json
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy
import torch

import compare
import train
from trainer import architecture, checkpoints, export, measures, schedule, settings
from trainer.batches import Batches
from trainer.loop import Loop
from trainer.plot import plot
from twin import build

MODEL = {
    "vocab_size": 32, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 5, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 16, "max_position_embeddings": 64,
    "mor": {"type": "expert", "num_recursion": 3, "sharing": "middle_cycle"},
}


def counting(windows: int, window: int):
    """Rows that count upwards from a random start, which a small model learns at once."""
    starts = numpy.random.default_rng(3).integers(0, 32, (windows, 1))
    tokens = ((starts + numpy.arange(window + 1)) % 32).astype(numpy.uint16)
    return tokens, numpy.ones_like(tokens, dtype=numpy.uint8)


class LoopCase(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        torch.set_num_threads(1)

    def loop(self, name: str, steps: int = 60, optimiser: str = "muon", model: dict = MODEL, **options) -> Loop:
        torch.manual_seed(5)
        options = {"log_every": 5, **options}
        run = settings.Settings(
            name=name,
            model=model,
            data=settings.Data(source="", vocabulary=32, window=24),
            training=settings.Training(steps=steps, batch=8, optimiser=optimiser, **options),
            folder=Path(self.folder.name) / name,
        )
        batches = Batches(counting(64, 24), 24, 8, 1)
        return Loop(run, build(model), batches, torch.device("cpu"), half=False)


class TrainerCase(LoopCase):
    def test_the_loss_falls_and_the_routers_keep_to_their_capacities(self) -> None:
        for optimiser in ("adamw", "muon"):
            with self.subTest(optimiser):
                loop = self.loop(optimiser, 120, optimiser, learning_rate=1e-2)
                self.assertTrue(loop.run())
                entries = [json.loads(line) for line in loop.settings.log.read_text().splitlines()]
                self.assertGreater(entries[0]["loss"], 2)
                self.assertLess(entries[-1]["loss"], 0.5)
                self.assertEqual([1.0, round(16 / 24, 4), round(8 / 16, 4)], entries[-1]["selected"])

    def test_a_killed_run_goes_on_as_if_it_had_not_been(self) -> None:
        whole = self.loop("whole", 20)
        whole.run()
        first = self.loop("cut", 20)
        for _ in range(7):
            first.one_step()
            first.step += 1
        first.save()
        first.one_step()  # lost with the kill
        second = self.loop("cut", 20)
        self.assertEqual(7, second.step)
        second.run()
        resumed = second.model.state_dict()
        for name, tensor in whole.model.state_dict().items():
            self.assertTrue(torch.equal(tensor, resumed[name]), name)

    def test_a_run_does_not_go_on_with_another_model_or_data(self) -> None:
        self.loop("made", 3).run()
        self.assertTrue(self.loop("made", 5).run())
        with self.assertRaisesRegex(SystemExit, "made with optimiser = muon, and the configuration now says adamw"):
            self.loop("made", 5, "adamw")
        with self.assertRaisesRegex(SystemExit, "made with hidden_size = 32, and the configuration now says 48"):
            self.loop("made", 5, model={**MODEL, "hidden_size": 48})
        with self.assertRaisesRegex(SystemExit, "'alpha': 0.7"):
            self.loop("made", 5, model={**MODEL, "mor": {**MODEL["mor"], "alpha": 0.7}})

    def test_a_diverging_run_ends_and_leaves_the_checkpoint_before(self) -> None:
        for options in ({"log_every": 1}, {"log_every": 1000}):
            loop = self.loop("diverging", 20)
            loop.save()
            with self.assertRaisesRegex(SystemExit, "diverging: diverged by step"):
                self.loop("diverging", 20, "muon", learning_rate=1e30, **options).run()
            self.assertEqual(0, self.loop("diverging", 20).step)

    def test_the_log_is_cut_to_the_checkpoint(self) -> None:
        log = Path(self.folder.name) / "log.jsonl"
        log.write_text('{"step": 5}\n{"step": 10}\n{"step": 15}\n{"st')
        checkpoints.cut_log(log, 10)
        self.assertEqual('{"step": 5}\n{"step": 10}\n', log.read_text())

    def test_a_partial_checkpoint_is_not_one(self) -> None:
        loop = self.loop("partial", 20)
        loop.save()
        loop.settings.checkpoint.with_suffix(".partial").write_bytes(b"half of it")
        self.assertEqual(0, self.loop("partial", 20).step)

    def test_a_full_disk_is_one_sentence_and_leaves_the_checkpoint_before(self) -> None:
        loop = self.loop("full", 20)
        loop.save()
        loop.step = 9
        with mock.patch.object(os, "fsync", side_effect=OSError(28, "No space left on device")):
            with self.assertRaisesRegex(SystemExit, "step 9 could not be written, the one before is kept: .*No space"):
                loop.save()
        self.assertFalse(loop.settings.checkpoint.with_suffix(".partial").exists())
        self.assertEqual(0, self.loop("full", 20).step)

    def test_the_plot_is_written(self) -> None:
        loop = self.loop("plot", 20)
        loop.run()
        picture = Path(self.folder.name) / "plot.png"
        plot(loop.settings.log, picture, "plot")
        self.assertEqual(b"\x89PNG", picture.read_bytes()[:4])


class Parts(unittest.TestCase):
    def test_an_interrupted_run_is_one_sentence(self) -> None:
        command = ["train.py", "--config", "own", "--threads", "1"]
        said = io.StringIO()
        with mock.patch.object(sys, "argv", command), mock.patch.object(train, "train", side_effect=KeyboardInterrupt):
            with contextlib.redirect_stderr(said):
                self.assertEqual(130, train.main())
        self.assertEqual("Interrupted; the same command goes on from the last checkpoint.\n", said.getvalue())

    def test_threads_are_one_or_more(self) -> None:
        for text in ("0", "-1", "two"):
            said = io.StringIO()
            with self.subTest(text), mock.patch.object(sys, "argv", ["train.py", "--config", "own", "--threads", text]):
                with self.assertRaises(SystemExit), contextlib.redirect_stderr(said):
                    train.parse()
                self.assertIn(f"--threads: it is a number of 1 or more, not {text}", said.getvalue())

    def test_the_schedule_warms_up_stays_and_decays(self) -> None:
        training = settings.Training(steps=100, batch=1, warmup_fraction=0.1, decay_fraction=0.2)
        factors = [schedule.factor(step, training) for step in range(100)]
        self.assertAlmostEqual(0.1, factors[0])
        self.assertEqual(1.0, factors[50])
        self.assertEqual(sorted(factors[80:], reverse=True), factors[80:])
        self.assertLess(factors[99], 0.07)

    def test_an_unknown_key_is_refused(self) -> None:
        with self.assertRaises(SystemExit):
            settings.known_only(settings.Training, {"steps": 1, "batch": 1, "learning_rat": 1}, Path("x.toml"))
        with self.assertRaises(SystemExit):
            settings.read("no-such-configuration")

    def test_a_model_that_would_not_be_as_stated_is_refused(self) -> None:
        mor = MODEL["mor"]
        architecture.check(MODEL, "x.toml")
        for changes, said in (
            ({"rope_tetha": 1.0}, "unknown key rope_tetha in model"),
            ({"mor": {**mor, "capcity": [1, 0.5, 0.2]}}, "unknown key capcity in model.mor"),
            ({"mor": {**mor, "balancing": "loss"}}, "unknown key balancing in model.mor"),
            ({"mor": {**mor, "sampling": "aux_los"}}, "sampling is aux_loss or aux_router, not aux_los"),
            ({"mor": {**mor, "type": "expret"}}, "the type of model.mor is none, expert, token, not expret"),
            ({"hidden_act": "gelu"}, "hidden_act is silu or swish, not gelu"),
            ({"attention_bias": True}, "unknown key attention_bias in model"),
            ({"model_type": "granite"}, "not granite"),
            ({"moe": {"experts": 4}}, "llama with mor and moe"),
            ({"hidden_size": "x"}, "hidden_size is a number of 1 or more, not 'x'"),
            ({"num_hidden_layers": 0}, "num_hidden_layers is a number of 1 or more, not 0"),
            ({"num_key_value_heads": 3}, "2 attention heads do not divide by 3"),
            ({"head_dim": 15}, "an even number of columns wide, not 15"),
            ({"mor": {**mor, "num_recursion": 0}}, "num_recursion of model.mor is a number of 1 or more, not 0"),
            ({"mor": {**mor, "draft_size": -3}}, "draft_size of model.mor is a number of 1 or more, not -3"),
            ({"mor": {**mor, "capacity": [1.0, 0.5]}}, "capacity of model.mor is a list of 3 numbers"),
            ({"mor": {**mor, "capacity": [1.0, 0.5, 0.9]}}, "none is above the one before it"),
            ({"mor": {**mor, "thresholds": [0.5]}}, "thresholds of model.mor is a list of 3 numbers"),
        ):
            with self.subTest(changes), self.assertRaisesRegex(SystemExit, f"x.toml: .*{said}"):
                architecture.check({**MODEL, **changes}, "x.toml")
        for key in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"):
            with self.subTest(key), self.assertRaisesRegex(SystemExit, f"x.toml: there is no {key} in model"):
                architecture.check({name: value for name, value in MODEL.items() if name != key}, "x.toml")

    def test_a_configuration_that_is_none_is_one_sentence(self) -> None:
        whole = (
            '[data]\nsource = "x.y"\nvocabulary = 300\nwindow = 24\n[training]\nsteps = 1\nbatch = 1\n[model]\n'
            "hidden_size = 32\nintermediate_size = 48\nnum_hidden_layers = 2\nnum_attention_heads = 2\n"
            "max_position_embeddings = 64\n[sampling]\ntemperature = 1\n"
        )
        changes = (
            ("steps = 1", "steps = = 1", "it is no TOML: .*line 6"),
            ("[training]", "[trainings]", "unknown table trainings"),
            ("[training]\nsteps = 1\nbatch = 1\n", "", "there is no table training"),
            ("steps = 1", "", "there is no steps in training"),
            ("vocabulary = 300", "", "there is no vocabulary in data"),
            ("steps = 1", 'steps = "many"', r"steps is a number \(int\), not 'many'"),
            ("steps = 1", "steps = 1.5", r"steps is a number \(int\), not 1.5"),
            ("batch = 1", "batch = true", r"batch is a number \(int\), not True"),
            ("batch = 1", "batch = 0", "batch is 1 or more, not 0"),
            ("batch = 1", "batch = 1\nlearning_rate = -1", "learning_rate is 0 or more, not -1"),
            ("batch = 1", "batch = 1\nlog_every = 0", "log_every is 1 or more, not 0"),
            ("batch = 1", "batch = 1\noptimiser = 3", r"optimiser is a text \(str\), not 3"),
            ("batch = 1", 'batch = 1\ninitial = "one"', "the run would begin with itself"),
            ("window = 24", 'window = 24\nmask = "answer"', "the mask is all or answers, not answer"),
            ("temperature", "temprature", "unknown key temprature in sampling"),
        )
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(settings, "ROOT", Path(folder)):
            file = Path(folder) / "configs/one.toml"
            file.parent.mkdir()
            file.write_text(whole.replace("batch = 1", "batch = 1\nseed = 0\nclip = 2"))
            self.assertEqual((0, 2), (settings.read("one").training.seed, settings.read("one").training.clip))
            for old, new, said in changes:
                file.write_text(whole.replace(old, new, 1))
                with self.subTest(new), self.assertRaisesRegex(SystemExit, f"one.toml: .*{said}"):
                    settings.read("one")

    def test_a_window_has_positions(self) -> None:
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(settings, "ROOT", Path(folder)):
            (Path(folder) / "configs").mkdir()
            text = (
                '[data]\nsource = "x.y"\nvocabulary = 300\nwindow = 65\n[training]\nsteps = 1\nbatch = 1\n[model]\n'
                "hidden_size = 32\nintermediate_size = 48\nnum_hidden_layers = 2\nnum_attention_heads = 2\n"
                "max_position_embeddings = 64\n"
            )
            (Path(folder) / "configs/one.toml").write_text(text.replace("65", "64"))
            (Path(folder) / "configs/two.toml").write_text(text)
            self.assertEqual(64, settings.read("one").data.window)
            with self.assertRaisesRegex(SystemExit, "two.toml: max_position_embeddings is at least the window of 65"):
                settings.read("two")

    def test_every_variant_of_the_comparison_may_be_trained(self) -> None:
        base = settings.read("compare").model
        for name, changes in compare.VARIANTS.items():
            with self.subTest(name):
                architecture.check({**base, **changes}, name)

    def test_every_configuration_reads_and_builds(self) -> None:
        for path in (settings.ROOT / "configs").glob("*.toml"):
            with self.subTest(path.stem):
                build(settings.read(path.stem).model)

    def test_an_epoch_shows_every_window_once_and_the_next_another_order(self) -> None:
        batches = Batches(counting(64, 24), 24, 8, 1)
        starts = [[tuple(row) for row in batches.at(step).inputs.tolist()] for step in range(16)]
        first, second = sum(starts[:8], []), sum(starts[8:], [])
        self.assertEqual(sorted(first), sorted(second))
        self.assertNotEqual(first, second)

    def test_a_stream_is_cut_into_windows_with_an_offset(self) -> None:
        tokens = numpy.arange(500, dtype=numpy.uint16)
        batches = Batches((tokens, numpy.ones(500, numpy.uint8)), 24, 4, 1)
        batch = batches.at(0)
        self.assertTrue(torch.equal(batch.inputs + 1, batch.targets))
        self.assertEqual({batches.offset}, {int(start) % 24 for start in batch.inputs[:, 0]})

    def test_less_text_than_a_batch_is_one_sentence(self) -> None:
        for length in (1, 24, 200):
            stream = numpy.zeros(length, numpy.uint16), numpy.ones(length, numpy.uint8)
            with self.subTest(length), self.assertRaisesRegex(SystemExit, "fewer than a batch of 8"):
                Batches(stream, 24, 8, 1)

    def test_the_report_is_of_whole_held_out_documents(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "validation.jsonl"
            self.assertEqual("", export.report_text(path))
            talk = {"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "x" * 2000}]}
            path.write_text("".join(json.dumps(document) + "\n" for document in ({"text": "A story."}, talk, talk)))
            report = export.report_text(path)
        self.assertTrue(report.startswith("A story.\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nxxx"))
        self.assertTrue(report.endswith("xxx<|im_end|>\n"))
        self.assertEqual(2000, report.count("x"))

    def test_a_masked_target_does_not_count(self) -> None:
        torch.manual_seed(1)
        model = build(MODEL)
        tokens, mask = counting(4, 24)
        mask[:, 10:] = 0
        batch = Batches((tokens, mask), 24, 4, 1).at(0)
        hidden, _ = model.hidden(batch.inputs)
        loss = measures.weighted_loss(model, hidden, batch)
        batch.targets[:, 12:] = 0
        self.assertEqual(loss.item(), measures.weighted_loss(model, hidden, batch).item())
        measured = measures.loss(model, [batch], "topk")
        self.assertEqual(4 * 9, measured["targets"])
        nothing = batch._replace(weights=torch.zeros_like(batch.weights))
        self.assertEqual(0, measures.weighted_loss(model, hidden, nothing).item())
        self.assertEqual(measured, measures.loss(model, [batch, nothing], "topk"))


if __name__ == "__main__":
    unittest.main()
