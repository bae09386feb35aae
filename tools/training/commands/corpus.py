"""The text that mor-commands is trained on: the generator's lines as conversations.

The generator gives each kind of phrasing about the share it has in speech, so that the rarest come a few times in a
thousand lines, and most requests come plain. The text thins the plain ones. It holds no phrasing of the two files
written by hand.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Iterator

from commands.generator.generate import generate, normalised, read_excluded

HERE = Path(__file__).resolve().parent
Line = tuple[str, str]

ROOM = r"(?:kitchen|bedroom|bath(?:room)?|hall(?:way)?|corridor|entrance|garage|garden|(?:back )?yard|office|study" \
       r"|living room|lounge|sitting room)"
# One pattern per kind that is kept whole: the rare ones, and what a model gets wrong most.
KEPT = re.compile(
    "|".join((
        # A telegram that begins with its room: a word at the very beginning is a token of its own, without the space
        # before it, and a model that knew every other phrasing still took the kitchen for the bathroom there.
        rf"^(?:please )?(?:the |my |our )?{ROOM}\b",
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
        # Reasons, announcements and trailers around a request.
        r"[,;:.!?-] +[a-z']",
        r"\b(?:because|since|cause|see (?:that|to it)|make sure)\b",
    )),
    re.IGNORECASE,
)
# Weights of one, two and three questions in a conversation: a chat asks again, and must not be put off by its history.
TURNS, TURN_WEIGHTS = (1, 2, 3), (8, 2, 1)
# Lines drawn from the generator, and of how many plain ones one is kept.
TRAINING, VALIDATION, ONE_IN = 1_000_000, 12_000, 4


def write(folder: Path, corpus: Path) -> None:
    """train.jsonl and validation.jsonl, which has no prompt of the other."""
    known: set[str] = set()
    for part, count, seed in (("train", TRAINING, 1), ("validation", VALIDATION, 2)):
        with open(folder / f"{part}.jsonl", "w", encoding="utf-8") as file:
            for messages in conversations(thinned(count, seed, frozenset(known)), seed):
                file.write(json.dumps({"messages": messages}) + "\n")
                known.update(normalised(message["content"]) for message in messages if message["role"] == "user")


def thinned(count: int, seed: int, known: frozenset[str] = frozenset()) -> Iterator[Line]:
    """Of so many lines of the generator all of the kinds in KEPT, and of the others one in ONE_IN.

    No prompt is a phrasing of the evaluation, or in `known`, but for capitals and punctuation.
    """
    random = Random(seed)
    excluded = read_excluded(HERE / "test.jsonl") | read_excluded(HERE / "development.jsonl") | known
    for line in generate(count, seed, excluded):
        if KEPT.search(line[0]) or random.randrange(ONE_IN) == 0:
            yield line


def conversations(lines: Iterator[Line], seed: int) -> Iterator[list[dict[str, str]]]:
    """Messages of one to three questions and their answers."""
    random = Random(seed)
    while turns := [line for _, line in zip(range(random.choices(TURNS, TURN_WEIGHTS)[0]), lines)]:
        yield [
            {"role": role, "content": content}
            for prompt, answer in turns
            for role, content in (("user", prompt), ("assistant", answer))
        ]
