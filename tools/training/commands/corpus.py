"""The documents of mor-commands: lines of the generator as conversations of one question and one answer."""

from __future__ import annotations

import json
from pathlib import Path

from commands import generate

TRAINING_LINES = 400_000
VALIDATION_LINES = 4_000
HERE = Path(__file__).resolve().parent


def write(folder: Path, corpus: Path) -> None:
    """train.jsonl and validation.jsonl, without a phrasing of the two evaluation files. `corpus` is not needed."""
    excluded = generate.read_excluded([HERE / "test.jsonl", HERE / "development.jsonl"])
    for part, count, seed in (("train", TRAINING_LINES, 1), ("validation", VALIDATION_LINES, 2)):
        with open(folder / f"{part}.jsonl", "w", encoding="utf-8") as file:
            for line in generate.lines(count, seed, excluded):
                messages = [
                    {"role": "user", "content": line.prompt},
                    {"role": "assistant", "content": line.answer},
                ]
                file.write(json.dumps({"messages": messages}) + "\n")
