"""Writes training lines: one English prompt and its JSON answer per line.

    python3 -m commands.generator.generate --count 300000 --seed 1 --output train.jsonl
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from random import Random
from typing import Iterator

from .alarms import alarm_line
from .cancels import cancel_line
from .chatter import SHARE, with_chatter
from .model import DEVICES, Line
from .noise import spoil
from .none import none_line
from .queries import query_line
from .requests import request_line
from .settings import level_line
from .text import chance, pick
from .topics import topic_line

# How many lines name the thing first and then say "it".
TOPIC_SHARE = 0.06
# Shares in percent. on, off, open, close and set give every device about the same number of lines.
ACTION_SHARES = [(13.0, "none"), (9.0, "cancel"), (15.0, "query"), (25.0, "set"), (12.0, "on"), (12.0, "off"),
                 (7.0, "open"), (7.0, "close")]
SET_SHARES = [(16.0, "lamp"), (22.0, "heater"), (12.0, "fan"), (14.0, "blind"), (4.0, "door"), (11.0, "radio"),
              (3.0, "sprinkler"), (24.0, "alarm")]
SWITCH_SHARES = [(20.0, "lamp"), (16.0, "heater"), (17.0, "fan"), (17.0, "radio"), (11.0, "alarm"), (19.0, "sprinkler")]


def normalised(prompt: str) -> str:
    """Lower case, no punctuation, single spaces."""
    return " ".join(re.sub(r"[^\w\s]", "", prompt.lower()).split())


def one_line(rng: Random) -> Line:
    """A random line by the shares above, some with chatter around it."""
    line = plain_line(rng)
    return with_chatter(line, rng) if chance(rng, SHARE) else line


def plain_line(rng: Random) -> Line:
    """A random line by the shares above."""
    action = pick(rng, ACTION_SHARES)
    if action == "none":
        return none_line(rng)
    if action == "cancel":
        device = pick(rng, [(18, ""), (26, "alarm"), (14, "sprinkler"), *[(7, device) for device in DEVICES[:6]]])
        return topic_line(action, device, rng) if device and chance(rng, TOPIC_SHARE) else cancel_line(device, rng)
    if action == "query":
        device = pick(rng, [(10, device) for device in DEVICES] + [(6, "door"), (5, "alarm"), (6, "heater"),
                                                                   (3, "lamp")])
        return (topic_line if chance(rng, TOPIC_SHARE) else _query)(action, device, rng)
    if action == "set":
        device = pick(rng, SET_SHARES)
        if device == "alarm":
            return alarm_line(rng)
        return topic_line(action, device, rng) if chance(rng, TOPIC_SHARE) else level_line(device, rng)
    maker = topic_line if chance(rng, TOPIC_SHARE) else request_line
    if action in ("open", "close"):
        return maker(action, "blind" if chance(rng, 0.5) else "door", rng)
    shares = [(weight + 5 if device == "alarm" and action == "off" else weight, device) for weight,
              device in SWITCH_SHARES]
    return maker(action, pick(rng, shares), rng)


def _query(_action: str, device: str, rng: Random) -> Line:
    return query_line(device, rng)


def generate(count: int, seed: int, excluded: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Prompts and answers; the same for the same seed and exclusions."""
    rng = Random(seed)
    written = 0
    while written < count:
        line = one_line(rng)
        prompt = spoil(line, rng)
        if excluded and normalised(prompt) in excluded:
            continue
        yield prompt, line.command.answer()
        written += 1


def read_excluded(path: str) -> frozenset[str]:
    """The normalised prompts of a file of JSON lines."""
    with open(path, encoding="utf-8") as file:
        return frozenset(normalised(json.loads(row)["prompt"]) for row in file if row.strip())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Write training lines for the home commands.")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", help="a file; standard output without it")
    parser.add_argument("--exclude", action="append", default=[], help="JSON lines whose prompts must not be generated")
    arguments = parser.parse_args()
    excluded = frozenset().union(*(read_excluded(path) for path in arguments.exclude))
    output = open(arguments.output, "w", encoding="utf-8") if arguments.output else sys.stdout
    for prompt, answer in generate(arguments.count, arguments.seed, excluded):
        output.write(json.dumps({"prompt": prompt, "answer": answer}, ensure_ascii=False) + "\n")
    if output is not sys.stdout:
        output.close()


if __name__ == "__main__":
    main()
