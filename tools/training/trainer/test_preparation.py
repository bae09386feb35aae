"""The text of a run is made once, whole or not at all, and belongs to the settings that it was made with."""
import json
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy

from text import bpe, pack
from trainer import evaluation, preparation, settings
from trainer.plot import plot
from trainer.test_trainer import MODEL
from twin import build


def documents(folder: Path, corpus: Path) -> None:
    """The source of the runs below."""
    for part, count in (("train", 40), ("validation", 4)):
        lines = (json.dumps({"text": f"The cat sat on mat {index}."}) for index in range(count))
        (folder / f"{part}.jsonl").write_text("\n".join(lines))


class PreparationCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.run_settings = settings.Settings(
            name="run",
            model={**MODEL, "vocab_size": 270},
            data=settings.Data(source=f"{__name__}.documents", vocabulary=270, window=16),
            training=settings.Training(steps=1, batch=2),
            folder=Path(folder.name) / "run",
        )

    def prepare(self, **data) -> bpe.Tokenizer:
        changed = replace(self.run_settings, data=replace(self.run_settings.data, **data))
        return preparation.prepare(changed, Path("corpus"))

    def test_a_text_that_was_made_otherwise_is_not_taken(self) -> None:
        self.prepare()
        self.assertEqual(270, len(self.prepare()))
        for data in ({"window": 32}, {"mask": "answers"}, {"layout": "stream"}, {"vocabulary": 265}):
            with self.subTest(data), self.assertRaisesRegex(SystemExit, "the configuration now says"):
                self.prepare(**data)

    def test_a_source_that_is_none_is_one_sentence(self) -> None:
        for source in ("documents", "no.such.module", f"{__name__}.document"):
            with self.subTest(source), self.assertRaisesRegex(SystemExit, f"run: there is no function {source}"):
                self.prepare(source=source)

    def test_a_text_that_is_not_there_is_one_sentence(self) -> None:
        with self.assertRaisesRegex(SystemExit, r"run: corpus/\S+ is not there, a text that stories.corpus.language"):
            self.prepare(source="stories.corpus.language")

    def test_a_tokenizer_fits_the_vocabulary(self) -> None:
        bpe.train([], 259).save(self.run_settings.folder / "given", 64)
        given = str(self.run_settings.folder / "given")
        with self.assertRaisesRegex(SystemExit, "run: the tokenizer has 259 tokens, more than the vocabulary of 258"):
            self.prepare(tokenizer=given, vocabulary=258)

    def test_a_run_killed_while_it_packs_or_learns_its_tokenizer_goes_on(self) -> None:
        whole = self.prepare().encode("The cat sat")
        expected = pack.load_arrays(self.run_settings.packed("train"))
        for module, function, killed, name in (
            (numpy, "save", self.killed_saving, "data/train.*.npy"),
            (Path, "write_text", self.killed_writing, "data/tokenizer/*"),
        ):
            for path in self.run_settings.folder.glob(name):
                path.unlink()
            with mock.patch.object(module, function, killed), self.assertRaises(KeyboardInterrupt):
                self.prepare()
            self.assertEqual(whole, self.prepare().encode("The cat sat"))
            for before, after in zip(expected, pack.load_arrays(self.run_settings.packed("train"))):
                self.assertTrue(numpy.array_equal(before, after))

    @staticmethod
    def killed_saving(file, content: numpy.ndarray) -> None:
        path = file if isinstance(file, str) else file.name
        Path(path).write_bytes(content.tobytes()[:20])
        if "mask" in path:
            raise KeyboardInterrupt

    @staticmethod
    def killed_writing(path: Path, text: str, encoding: str) -> None:
        path.write_bytes(text.encode(encoding)[:20])
        raise KeyboardInterrupt

    def test_a_part_without_a_window_is_not_judged(self) -> None:
        few = numpy.zeros(10, numpy.uint16), numpy.ones(10, numpy.uint8)
        pack.save_arrays(self.run_settings.packed("validation"), few)
        self.assertEqual({}, evaluation.evaluate(self.run_settings, build(self.run_settings.model)))

    def test_a_model_that_skips_layers_is_judged_as_it_was_trained(self) -> None:
        self.prepare()
        model = {key: value for key, value in self.run_settings.model.items() if key != "mor"}
        skipping = replace(self.run_settings, model={**model, "mod": {"capacity": 0.5}})
        report = evaluation.evaluate(skipping, build(skipping.model))["validation"]
        self.assertEqual(["topk", "threshold", "full"], list(report))
        self.assertLess(report["topk"]["depth"], report["full"]["depth"])

    def test_a_run_without_a_logged_step_has_no_plot(self) -> None:
        log = self.run_settings.folder / "log.jsonl"
        log.parent.mkdir()
        log.write_text("")
        plot(log, log.with_suffix(".png"), "run")
        self.assertFalse(log.with_suffix(".png").exists())


if __name__ == "__main__":
    unittest.main()
