"""The second text of mor-commands: other lines of the generator, in which the rarer kinds of phrasing are common.

The generator gives each kind about the share it has in speech, so that the rarest come a few times in a thousand lines.
The first text (commands.corpus) taught the language with those shares; this one thins the frequent kinds.
"""
from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Iterator

from commands.corpus import generated, write_conversations

ROOM = r"(?:kitchen|bedroom|bath(?:room)?|hall(?:way)?|corridor|entrance|garage|garden|(?:back )?yard|office|study" \
       r"|living room|lounge|sitting room)"
# One pattern per kind that stays whole.
RARE = re.compile(
    "|".join((
        rf"^(?:please )?(?:the |my |our )?{ROOM}\b",  # a telegram that begins with its room
        r"^(?:the |my |our )?(?:lamp|light|heat|radiator|thermostat|fan|blind|shutter|shade|curtain|door|gate|radio"
        r"|music|stereo|volume|alarm|timer|sprinkler|irrigation)",  # or with its device
        r"\bremind",
        r"\bwater (?:the|my|our)\b",
        r"\b(?:heat|warm) (?:up )?(?:the|my|our|up)\b",
        r"\bhours? and\b",
        r"\bhalfway\b|\bthirds?\b|\bfifth\b|\btenth\b|\bquarters\b",
        r"\bat night\b|\btonight\b|\bthis evening\b|\bin the afternoon\b",
        r"\btwenty(?:-| )five (?:past|to)\b|\b(?:five|ten|twenty) (?:past|to|after)\b",
        r"\b(?:scrap|call off|drop|forget)\b",
        r"\ball the way\b|\bfull\b|\bmaximum\b",
        r"\bwindow|\bappointment|\bfridge|\boven|\bTV\b|\btelevision",
    )),
    re.IGNORECASE,
)
# One in so many of the lines that no pattern names.
THINNED = 6
PARTS = {"train": (900_000, 3), "validation": (9_000, 4)}


def thinned(count: int, seed: int, kept: re.Pattern[str] = RARE, one_in: int = THINNED) -> Iterator[dict[str, str]]:
    """Lines of the generator: all that match, of the others one in so many."""
    random = Random(seed)
    for line in generated(count, seed):
        if kept.search(line["prompt"]) or random.randrange(one_in) == 0:
            yield line


def write(folder: Path, corpus: Path) -> None:
    """train.jsonl and validation.jsonl. `corpus` is not needed."""
    for part, (count, seed) in PARTS.items():
        write_conversations(folder / f"{part}.jsonl", thinned(count, seed), seed)
