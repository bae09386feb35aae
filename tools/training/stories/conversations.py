"""Requests for a noun and their stories, in which the noun is often called by another word.

Where the noun may be any word, or one that nobody has seen, there is nothing to learn but to copy it.
"""
from __future__ import annotations

import random
import re

from stories import practice, prompts
from stories.composer import NounFinder, ask
from stories.nouns import held_out_nouns
from text.documents import Document

# Shares: of other names that are any word of the stories, whatever its part of speech; of the made-up ones that are
# pieces of two words; of tiny stories that mention a held-out noun.
ANY_WORD_SHARE, SPLICED_SHARE, BYSTANDER_SHARE = 0.7, 0.5, 0.5
# The nouns that a request may name are those of so many first sentences.
EARLY = 1


def bystander(draw: random.Random) -> str | None:
    """A noun that no request may name, at times: a token that no answer holds is learnt as one to avoid."""
    return draw.choice(held_out_nouns()) if draw.random() < BYSTANDER_SHARE else None


class Namer:
    """Names to call a noun by: any word of the stories, or a made-up one, at times of pieces of two words.

    The pieces come from the words of the stories or from those that no request may name.
    """

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._sources = [words, held_out_nouns()]

    def any_word(self, draw: random.Random) -> str | None:
        """A word of the stories, at times."""
        return draw.choice(self._words) if self._words and draw.random() < ANY_WORD_SHARE else None

    def name(self, draw: random.Random) -> str:
        name = self.any_word(draw)
        if name is None and self._words and draw.random() < SPLICED_SHARE:
            name = practice.spliced(draw, draw.choice(self._sources))
        return name or practice.word(draw)


def requested(
    text: str, finder: NounFinder, draw: random.Random, renamed: float, namer: Namer, free: float
) -> Document:
    """A story of the collections as the answer to a request for a noun of its beginning; plain without one.

    renamed: the share of stories whose noun is called by another name. free: see `about`.
    """
    start = " ".join(re.split(r"(?<=[.!?])\s+", text)[:EARLY]).lower()
    nouns = [noun for noun in finder.choose(text, draw, 4) if re.search(rf"\b{noun}\b", start)]
    if not nouns:
        return {"text": text}
    return about(text, nouns[0], draw, namer.name(draw) if draw.random() < renamed else nouns[0], free)


def about(text: str, noun: str, draw: random.Random, name: str, free: float) -> Document:
    """A request for a noun and its story, in which the noun is called by another name if one is given.

    free: the share of requests put together freely, prompts.free.
    """
    answer = text if name == noun else practice.renamed(text, noun, name)
    request = prompts.free(draw, name) if draw.random() < free else prompts.about(draw, name)
    return {"messages": ask(request, answer)}
