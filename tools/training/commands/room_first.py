"""The third text of mor-commands: a fifth of its lines begin with a room, as telegrams do ("kitchen fan off").

A word at the very beginning is a token of its own, without the space before it, and the first two texts have too few
of them: a model that knew every other phrasing still took the kitchen for the bathroom there.
"""
from __future__ import annotations

import re
from pathlib import Path

from commands.corpus import write_conversations
from commands.finishing import ROOM, thinned

FIRST = re.compile(rf"^{ROOM}\b", re.IGNORECASE)
ONE_IN = 30
PARTS = {"train": (1_200_000, 5), "validation": (12_000, 6)}


def write(folder: Path, corpus: Path) -> None:
    """train.jsonl and validation.jsonl. `corpus` is not needed."""
    for part, (count, seed) in PARTS.items():
        write_conversations(folder / f"{part}.jsonl", thinned(count, seed, FIRST, ONE_IN), seed)
