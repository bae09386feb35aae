"""An exported config.json says what the model was trained with: read back, the same weights give the same logits."""
import tempfile
import unittest
from pathlib import Path

import torch

from text import bpe
from trainer import export
from trainer.test_trainer import MODEL
from twin import build

TOKENIZER = bpe.train([], 259)


class Exports(unittest.TestCase):
    def assert_same(self, model: dict) -> dict:
        torch.manual_seed(3)
        trained = build(model).eval()
        written = export.configuration(trained.config, "name", TOKENIZER)
        read = build(written).eval()
        read.load_state_dict(trained.state_dict())
        ids = torch.randint(0, 32, (1, 12))
        with torch.no_grad():
            self.assertTrue(torch.equal(trained(ids, "full")[0], read(ids, "full")[0]))
        return written

    def test_what_a_configuration_leaves_out_is_written_as_the_twin_takes_it(self) -> None:
        for kind, function, alpha in (
            ("expert", "sigmoid", 0.1), ("expert", "tanh", 0.1), ("token", "softmax", 1.0), ("token", "sigmoid", 0.1)
        ):
            with self.subTest(kind=kind, function=function):
                mor = {"type": kind, "num_recursion": 3, "router_func": function}
                written = self.assert_same({**MODEL, "mor": mor})["mor"]
                self.assertEqual(("middle_cycle", alpha), (written["sharing"], written["alpha"]))

    def test_what_a_configuration_states_is_kept(self) -> None:
        mor = {"type": "token", "num_recursion": 3, "router_func": "sigmoid", "alpha": 0.4, "gating": "additive"}
        written = self.assert_same({**MODEL, "mor": mor})["mor"]
        self.assertEqual((0.4, "additive"), (written["alpha"], written["gating"]))

    def test_the_base_of_the_rotation_stands_in_one_place(self) -> None:
        rope = {"rope_type": "linear", "factor": 2.0, "rope_theta": 500.0}
        plain = {key: value for key, value in MODEL.items() if key != "mor"}
        self.assertNotIn("rope_theta", self.assert_same({**plain, "rope_parameters": rope}))
        self.assertEqual(10000.0, self.assert_same(plain)["rope_theta"])

    def test_a_folder_without_a_model_is_one_sentence(self) -> None:
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(SystemExit, "holds no exported model"):
            export.load(Path(folder))


if __name__ == "__main__":
    unittest.main()
