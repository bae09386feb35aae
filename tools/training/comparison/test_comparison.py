"""The comparison builds, counts and measures every architecture, and its table says what the results say."""
import json
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from compare import VARIANTS, order
from comparison import report, run
from text import bpe
from trainer import checkpoints, export, settings
from trainer.batches import Batches
from twin import build


class Comparison(unittest.TestCase):
    def test_every_architecture_is_counted_and_decoded(self) -> None:
        base = settings.read("compare")
        shape = {**base.model, "vocab_size": 64}
        tokens = numpy.random.default_rng(1).integers(0, 64, 2000).astype(numpy.uint16)
        batches = Batches((tokens, numpy.ones(2000, numpy.uint8)), base.data.window, 2, 1)
        found = {}
        for name, changes in VARIANTS.items():
            with self.subTest(name):
                torch.manual_seed(1)
                model = build({**shape, **changes})
                training = run.training_flops(model, batches.at(0), base.training)
                model.eval()
                found[name] = run.decoding(model, batches.at(0).inputs[0])
                self.assertGreater(training, 0)
        self.assertEqual(found["vanilla"], found["recursive N=3"])
        self.assertLess(found["Mixture-of-Depths"]["decode_flops"], found["vanilla"]["decode_flops"])
        shared, own = found["MoR expert N=3, shared KV"], found["recursive N=3"]
        self.assertLess(shared["cache_bytes"], own["cache_bytes"])
        # Four layers of one key/value head of 64, keys and values, 16 bits.
        self.assertEqual(4 * 2 * 64 * 2, shared["cache_bytes"])

    def test_a_finished_run_is_exported_with_its_weights_and_its_name(self) -> None:
        base = settings.read("compare")
        tokenizer = bpe.train(["a text about nothing"] * 3, 270)
        names = {"vanilla": "Llama", "MoR expert N=3": "MoRLlama", "Mixture-of-Depths": "MixtureOfDepths",
                 "RetNet": "RetNet", "mixture of experts": "MixtureOfExperts"}
        for variant, name in names.items():
            shape = {**base.model, **VARIANTS[variant], "vocab_size": len(tokenizer)}
            model = build(shape)
            with self.subTest(variant), tempfile.TemporaryDirectory() as folder:
                finished = replace(base, name=variant, model=shape, folder=Path(folder))
                checkpoints.save(finished.checkpoint, 1, model, [], 0.0, finished.made_with)
                run.exported(finished, tokenizer)
                loaded, _ = export.load(finished.export)
                config = json.loads((finished.export / "config.json").read_text())
                self.assertEqual([f"{name}ForCausalLM"], config["architectures"])
                self.assertEqual(variant != "RetNet", "num_attention_heads" in config)
                for tensor, weights in model.state_dict().items():
                    self.assertTrue(torch.equal(weights, loaded.state_dict()[tensor]), tensor)

    def test_runs_come_seed_by_seed_and_a_part_of_them_by_seed_and_name(self) -> None:
        names = ["vanilla", "RetNet"]
        self.assertEqual([(1, "vanilla"), (1, "RetNet"), (2, "vanilla"), (3, "vanilla")], order(names, None))
        self.assertEqual([(2, "vanilla"), (2, "RetNet"), (5, "vanilla"), (5, "RetNet")], order(names, [5, 2]))

    def test_the_table_has_means_and_spreads(self) -> None:
        result = {"name": "MoR", "parameters": 2e6, "layers": 8, "training_flops": 1e13, "tokens": 1e6,
                  "decode_flops": 5e6, "cache_bytes": 512.0, "nll": {"topk": 3.0, "threshold": 3.1}}
        other = {**result, "nll": {"topk": 3.2, "threshold": 3.3}}
        row = report.table([[result, other]]).splitlines()[-1]
        self.assertIn("| MoR | 2.00 M | 8 | 1.00e+13 | 1.00 M | 3.200 (±0.100, 2 seeds) | 3.100 | 5.00 M | 512 |", row)

    def test_names_in_the_plot_leave_each_other_readable(self) -> None:
        axes = FigureCanvasAgg(Figure()).figure.add_subplot()
        points = [("one of them", (1.0, 2.0)), ("another", (1.01, 2.0)), ("a third", (1.02, 2.01)), ("far", (9.0, 9.0))]
        names = report.name_points(axes, points)
        boxes = [name.get_window_extent(axes.figure.canvas.get_renderer()) for name in names]
        for place, box in enumerate(boxes):
            self.assertFalse(any(box.overlaps(other) for other in boxes[:place]), names[place])
        self.assertEqual((6, 4), names[0].get_position())


if __name__ == "__main__":
    unittest.main()
