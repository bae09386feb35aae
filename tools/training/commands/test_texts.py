"""The texts of mor-commands, made of the generator's lines (run from the folder above: python3 -m unittest)."""
import json
import re
import unittest

from commands import finishing, room_first
from commands.corpus import HERE, generated


def normalised(prompt: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", "", prompt.lower()).split())


class Texts(unittest.TestCase):
    def test_thinning_keeps_the_rare_kinds(self) -> None:
        everything = list(generated(3000, 11))
        kept = list(finishing.thinned(3000, 11))
        rare = [line for line in everything if finishing.RARE.search(line["prompt"])]
        self.assertTrue(all(line in kept for line in rare))
        self.assertLess(len(kept), 0.5 * len(everything))
        self.assertGreater(len(kept), len(rare))

    def test_lines_that_begin_with_a_room_are_common_in_the_third_text(self) -> None:
        lines = list(finishing.thinned(6000, 12, room_first.FIRST, room_first.ONE_IN))
        share = sum(bool(room_first.FIRST.search(line["prompt"])) for line in lines) / len(lines)
        self.assertGreater(share, 0.15)

    def test_no_line_is_a_phrasing_of_the_evaluation(self) -> None:
        written = set()
        for name in ("test", "development"):
            lines = (HERE / f"{name}.jsonl").read_text().splitlines()
            written |= {normalised(json.loads(line)["prompt"]) for line in lines}
        self.assertFalse([line for line in generated(20_000, 13) if normalised(line["prompt"]) in written])


if __name__ == "__main__":
    unittest.main()
