"""Small helpers for choosing and for templates.

A template holds alternatives "(a|b|)" and optional parts "[a]"; both nest. Slots "{name}" are left for the caller.
"""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random
from typing import Sequence, TypeVar

Item = TypeVar("Item")
SLOT = re.compile(r"\{(\w+)\}")


def chance(rng: Random, probability: float) -> bool:
    """True with the given probability."""
    return rng.random() < probability


def pick(rng: Random, table: Sequence[tuple[float, Item]]) -> Item:
    """One item of a table of (weight, item)."""
    point = rng.random() * sum(weight for weight, _ in table)
    for weight, item in table:
        point -= weight
        if point < 0:
            return item
    return table[-1][1]


def _parse(template: str, position: int, closing: str) -> tuple[list[list[object]], int]:
    """Alternatives up to the closing bracket; each is a list of texts and nested choices."""
    branches: list[list[object]] = [[]]
    literal = ""
    while position < len(template) and template[position] != closing:
        character = template[position]
        position += 1
        if character not in "([|" or (character == "|" and not closing):
            literal += character
            continue
        branches[-1].append(literal)
        literal = ""
        if character == "|":
            branches.append([])
            continue
        inner, position = _parse(template, position, ")" if character == "(" else "]")
        if character == "[":
            inner.append([])
        branches[-1].append(inner)
        position += 1
    branches[-1].append(literal)
    return branches, position


@lru_cache(maxsize=None)
def _compiled(template: str) -> list[list[object]]:
    return _parse(template, 0, "")[0]


def _render(branches: list[list[object]], rng: Random) -> str:
    branch = branches[0] if len(branches) == 1 else rng.choice(branches)
    return "".join(part if isinstance(part, str) else _render(part, rng) for part in branch)  # type: ignore[arg-type]


def expand(template: str, rng: Random) -> str:
    """One random text of the template."""
    return _render(_compiled(template), rng)


def fill(template: str, rng: Random, **slots: str) -> str:
    """Expand the template, then put the slot texts in."""
    return SLOT.sub(lambda match: slots[match.group(1)], expand(template, rng))


def join(*parts: str) -> str:
    """Join with single spaces, without a space before a comma."""
    return re.sub(r"\s+,", ",", " ".join(" ".join(parts).split()))


def options(listing: str) -> list[str]:
    """The entries of a table written as 'a; b; c'."""
    return [" ".join(entry.split()) for entry in listing.split(";") if entry.strip()]
