"""The last text of mor-commands: fresh lines, the rarer kinds common, for the last decay."""
from __future__ import annotations

from pathlib import Path

from commands.corpus import write_conversations
from commands.finishing import thinned

PARTS = {"train": (500_000, 7), "validation": (9_000, 8)}


def write(folder: Path, corpus: Path) -> None:
    """train.jsonl and validation.jsonl. `corpus` is not needed."""
    for part, (count, seed) in PARTS.items():
        write_conversations(folder / f"{part}.jsonl", thinned(count, seed), seed)
