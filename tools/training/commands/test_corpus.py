"""The texts of mor-commands, made of the generator's lines."""
import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from commands import corpus
from commands.generator.generate import generate, normalised


class Texts(unittest.TestCase):
    def test_thinning_keeps_the_rare_kinds(self) -> None:
        everything = list(generate(3000, 11))
        kept = list(corpus.thinned(3000, 11))
        rare = [line for line in everything if corpus.KEPT.search(line[0])]
        others = len(everything) - len(rare)
        self.assertLessEqual(len(rare), len(kept) + 30)  # but for the phrasings of the evaluation
        self.assertLess(abs(len(kept) - len(rare) - others / corpus.ONE_IN), 0.1 * others)

    def test_no_line_is_a_phrasing_of_the_evaluation(self) -> None:
        written = set()
        for name in ("test", "development"):
            lines = (corpus.HERE / f"{name}.jsonl").read_text().splitlines()
            written |= {normalised(json.loads(line)["prompt"]) for line in lines}
        self.assertTrue({normalised(prompt) for prompt, _ in generate(150_000, 13)} & written, "nothing to exclude")
        lines = corpus.thinned(150_000, 13)
        self.assertFalse([prompt for prompt, _ in lines if normalised(prompt) in written])

    def test_no_line_that_is_held_out_is_in_the_training_text(self) -> None:
        with tempfile.TemporaryDirectory() as folder, mock.patch.multiple(corpus, TRAINING=30_000, VALIDATION=3_000):
            corpus.write(Path(folder), Path("corpus"))
            prompts = {
                part: {
                    normalised(message["content"])
                    for line in (Path(folder) / f"{part}.jsonl").read_text().splitlines()
                    for message in json.loads(line)["messages"]
                    if message["role"] == "user"
                }
                for part in ("train", "validation")
            }
        self.assertGreater(len(prompts["validation"]), 1000)
        self.assertFalse(prompts["train"] & prompts["validation"])

    def test_conversations_hold_every_line_once_and_in_order(self) -> None:
        lines = list(generate(500, 14))
        talks = list(corpus.conversations(iter(lines), 14))
        self.assertEqual({2, 4, 6}, {len(messages) for messages in talks})
        said = [message["content"] for messages in talks for message in messages]
        self.assertEqual([text for line in lines for text in line], said)


if __name__ == "__main__":
    unittest.main()
