"""The texts of mor-commands, made of the generator's lines."""
import json
import unittest

from commands import corpus
from commands.generator.generate import generate, normalised


class Texts(unittest.TestCase):
    def test_thinning_keeps_the_rare_kinds(self) -> None:
        everything = list(corpus.thinned(3000, 11, corpus.EVERYTHING, 1))
        kept = list(corpus.thinned(3000, 11, corpus.RARE, 6))
        rare = [line for line in everything if corpus.RARE.search(line[0])]
        self.assertTrue(all(line in kept for line in rare))
        self.assertLess(len(kept), 0.5 * len(everything))
        self.assertGreater(len(kept), len(rare))

    def test_lines_that_begin_with_a_room_are_common_in_the_third_text(self) -> None:
        lines = list(corpus.thinned(6000, 12, corpus.ROOM_FIRST, 30))
        share = sum(bool(corpus.ROOM_FIRST.search(prompt)) for prompt, _ in lines) / len(lines)
        self.assertGreater(share, 0.15)

    def test_no_line_is_a_phrasing_of_the_evaluation(self) -> None:
        written = set()
        for name in ("test", "development"):
            lines = (corpus.HERE / f"{name}.jsonl").read_text().splitlines()
            written |= {normalised(json.loads(line)["prompt"]) for line in lines}
        self.assertTrue({normalised(prompt) for prompt, _ in generate(150_000, 13)} & written, "nothing to exclude")
        lines = corpus.thinned(150_000, 13, corpus.EVERYTHING, 1)
        self.assertFalse([prompt for prompt, _ in lines if normalised(prompt) in written])

    def test_conversations_hold_every_line_once_and_in_order(self) -> None:
        lines = list(generate(500, 14))
        talks = list(corpus.conversations(iter(lines), 14))
        self.assertEqual({2, 4, 6}, {len(messages) for messages in talks})
        said = [message["content"] for messages in talks for message in messages]
        self.assertEqual([text for line in lines for text in line], said)


if __name__ == "__main__":
    unittest.main()
