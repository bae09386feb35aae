"""The texts that mor-commands is trained on, one function a part: the generator's lines as conversations.

The generator gives each kind of phrasing about the share it has in speech, so that the rarest come a few times in a
thousand lines. `language` keeps those shares; the other texts thin the frequent kinds. No text holds a phrasing of the
two files written by hand.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Iterator

from commands.generator.generate import generate, read_excluded

HERE = Path(__file__).resolve().parent
Line = tuple[str, str]

# Not the generator's own list: a word more would draw another text than the shipped model's.
ROOM = r"(?:kitchen|bedroom|bath(?:room)?|hall(?:way)?|corridor|entrance|garage|garden|(?:back )?yard|office|study" \
       r"|living room|lounge|sitting room)"
# One pattern per kind that stays whole in the texts of rare kinds.
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
# A word at the very beginning is a token of its own, without the space before it: a model that knew every other
# phrasing still took the kitchen for the bathroom there.
ROOM_FIRST = re.compile(rf"^{ROOM}\b", re.IGNORECASE)
# Reasons, announcements and trailers: what stands around a request was the most frequent cause of errors in the end.
CHATTY = re.compile(r"[,;:.!?-] +[a-z']|\b(?:because|since|cause|see (?:that|to it)|make sure)\b", re.IGNORECASE)
EVERYTHING = re.compile("")

# Weights of one, two and three questions in a conversation: a chat asks again, and must not be put off by its history.
TURNS, TURN_WEIGHTS = (1, 2, 3), (8, 2, 1)


def language(folder: Path, corpus: Path) -> None:
    """Every kind with its own share."""
    write(folder, 320_000, 4_000, seed=1, kept=EVERYTHING, one_in=1)


def rare(folder: Path, corpus: Path) -> None:
    """The rarer kinds, and one in six of the others."""
    write(folder, 900_000, 9_000, seed=3, kept=RARE, one_in=6)


def rooms(folder: Path, corpus: Path) -> None:
    """Lines that begin with a room, a fifth of all."""
    write(folder, 1_200_000, 12_000, seed=5, kept=ROOM_FIRST, one_in=30)


def fresh(folder: Path, corpus: Path) -> None:
    """Fresh lines, the rarer kinds common."""
    write(folder, 500_000, 9_000, seed=7, kept=RARE, one_in=6)


def frequent(folder: Path, corpus: Path) -> None:
    """Fresh lines once more, the frequent kinds less thin."""
    write(folder, 1_000_000, 9_000, seed=9, kept=RARE, one_in=4)


def chatty(folder: Path, corpus: Path) -> None:
    """Lines with something around the request, most of all, for the last decay of the learning rate."""
    write(folder, 600_000, 9_000, seed=11, kept=CHATTY, one_in=4)


def write(folder: Path, train: int, validation: int, seed: int, kept: re.Pattern[str], one_in: int) -> None:
    """train.jsonl and validation.jsonl, thinned from so many lines of the generator."""
    for part, count, part_seed in (("train", train, seed), ("validation", validation, seed + 1)):
        lines = thinned(count, part_seed, kept, one_in)
        with open(folder / f"{part}.jsonl", "w", encoding="utf-8") as file:
            for messages in conversations(lines, part_seed):
                file.write(json.dumps({"messages": messages}) + "\n")


def thinned(count: int, seed: int, kept: re.Pattern[str], one_in: int) -> Iterator[Line]:
    """Of so many lines of the generator all that match, and of the others one in so many."""
    random = Random(seed)
    excluded = read_excluded(HERE / "test.jsonl") | read_excluded(HERE / "development.jsonl")
    for line in generate(count, seed, excluded):
        if kept.search(line[0]) or random.randrange(one_in) == 0:
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
