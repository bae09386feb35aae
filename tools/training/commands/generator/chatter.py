"""Chatter around a finished line: reasons, announcements, apologies, jokes. The answer stays what it was."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from .chatter_words import (
    ANNOUNCEMENTS, APOLOGIES, ELSEWHERE_CLAUSES, HINTS, JOKES, NEUTRAL, NUMBERED, SAKES, SLOTS, TRAILERS
)
from .model import Line
from .numerals import number_text
from .text import chance, fill, join, pick

SHARE = 0.22
# Alone these could call something off.
_UNDOING = ("mistake", "wrong", "plan", "misspoke", "mixed", "is off", "was moved", "forg", "remember", "that's all")
_ALONE = [entry for entry in NEUTRAL if not any(word in entry for word in _UNDOING)]
_OPENINGS = [entry for entry in ANNOUNCEMENTS if not any(word in entry for word in (*_UNDOING, "reflection"))]
# A number clause stands only before the request: behind it, it could be read as part of a time.
BEFORE_JOINTS = [(58, "{a}, {b}"), (9, "{a} so {b}"), (5, "{a}, so {b}"), (9, "{a}. {B}"), (6, "{a}! {B}"),
                 (5, "{a} {b}"), (4, "{a} - {b}"), (3, "{a}... {b}"), (1, "since {a}, {b}"), (1, "as {a}, {b}")]
BEHIND_JOINTS = [(56, "{a}, {b}"), (13, "{a} because {b}"), (3, "{a} cause {b}"), (2, "{a}, because {b}"),
                 (3, "{a} since {b}"), (3, "{a} as {b}"), (9, "{a}{mark} {B}"), (5, "{a} - {b}"), (3, "{a} {b}"),
                 (2, "{a}, cos {b}"), (2, "{a}... {b}")]
SHORT_JOINTS = [(80, "{a}, {b}"), (8, "{a} {b}"), (6, "{a}! {B}"), (3, "{a}: {b}"), (3, "{a}. {B}")]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _joined(table: list[tuple[float, str]], first: str, second: str, rng: Random, mark: str = ".") -> str:
    joint = pick(rng, table)
    slots = {"a": first, "b": second, "B": _capital(second), "mark": mark}
    # No template language here: the texts may hold anything.
    return join(joint.format(**slots))


def clause(table: list[str], rng: Random) -> str:
    """One clause of a table with its slots filled."""
    slots = {name: rng.choice(words) for name, words in SLOTS.items()}
    return fill(rng.choice(table), rng, **slots, number=number_text(rng.randrange(2, 100), rng, 0.6))


def reason(rng: Random, before: bool, has_room: bool, hints: bool) -> str:
    """Why somebody asks. Foreign rooms only beside a room of the request's own."""
    kind = pick(rng, [(66, "neutral"), (20, "hint"), (5, "joke"), (6 if before else 0, "number"),
                      (6 if has_room else 0, "room")])
    if not hints and kind == "hint":
        kind = "neutral"
    table = {"neutral": NEUTRAL, "hint": HINTS, "joke": JOKES, "number": NUMBERED, "room": ELSEWHERE_CLAUSES}[kind]
    return clause(table, rng)


def _hints(line: Line) -> bool:
    """"hello, I'm cold" would be a hint without a wish: outside the language."""
    return line.command.action != "none" or len(line.text.split()) > 4


def _before(text: str, has_room: bool, rng: Random, hints: bool) -> str:
    kind = pick(rng, [(58, "reason"), (24, "announcement"), (7, "apology"), (11, "name")])
    if kind == "reason":
        return _joined(BEFORE_JOINTS, reason(rng, True, has_room, hints), text, rng)
    table = {"announcement": ANNOUNCEMENTS, "apology": APOLOGIES, "name": SLOTS["name"]}[kind]
    lead = clause(table, rng)
    if kind == "announcement" and chance(rng, 0.15):
        lead = f"{lead}, {rng.choice(SLOTS['name'])}"
    return _joined(SHORT_JOINTS, lead, text, rng)


def _behind(text: str, line: Line, rng: Random) -> tuple[str, bool]:
    """The text and whether it still ends as a question."""
    wish = line.command.action not in ("query", "cancel", "none") and not line.question
    kind = pick(rng, [(62, "reason"), (18, "trailer"), (12, "name"), (8 if wish else 0, "sake")])
    if kind == "reason":
        tail = reason(rng, False, bool(line.command.room), _hints(line))
        joined = _joined(BEHIND_JOINTS, text, tail, rng, "?" if line.question else ".")
        return joined, line.question and not joined.endswith(_capital(tail))
    if kind == "trailer":
        tail = clause(TRAILERS, rng)
        if chance(rng, 0.4):
            return f"{text}{'?' if line.question else rng.choice('..!')} {_capital(tail)}", False
        return f"{text}, {tail}", line.question
    if kind == "name":
        return f"{text}{rng.choice([',', ',', ''])} {clause(SLOTS['name'], rng)}", line.question
    return f"{text} {clause(SAKES, rng)}", line.question


def with_chatter(line: Line, rng: Random) -> Line:
    """The same line, the same answer, and more words around it."""
    place = pick(rng, [(48, "before"), (44, "behind"), (8, "both")]) if not line.keep_mark else "before"
    text, question = line.text.strip(" ,"), line.question
    if place != "before":
        text, question = _behind(text, line, rng)
    if place != "behind":
        text = _before(text, bool(line.command.room), rng, _hints(line))
    return replace(line, text=text, question=question)


def talk_alone(rng: Random) -> str:
    """A reason without any wish."""
    text = clause(pick(rng, [(70, _ALONE), (12, ELSEWHERE_CLAUSES), (10, NUMBERED), (6, APOLOGIES)]), rng)
    if chance(rng, 0.25):
        text = f"{text}, {clause(_ALONE, rng)}"
    if chance(rng, 0.2):
        text = _joined(SHORT_JOINTS, clause(_OPENINGS, rng), text, rng)
    elif chance(rng, 0.2):
        text = f"{text}, {rng.choice(SLOTS['name'])}"
    return text
