"""The later texts of mor-stories: requests and stories in which the noun asked for stands at the beginning.

The first text (stories.corpus) teaches the language; these teach to keep to a request. Many of their stories are about
a made-up word, see practice.py.
"""
from __future__ import annotations

import random
import re
from pathlib import Path
from typing import NamedTuple

from stories import practice, prompts
from stories.corpus import Composer, NounFinder, ask, is_validation, write_sets
from stories.nouns import held_out_nouns
from stories.sources import Story, read_stories
from stories.templates import StoryWriter
from text.documents import Document, render


class Mixture(NamedTuple):
    """How many documents of each kind; `early`: a story answers only requests for a noun of so many first sentences.

    all_stories: a story without such a noun is a plain document; else it is left out. renamed: share of made-up nouns.
    free: share of requests put together freely, see prompts.free. any_word: share of the other nouns that are any word
    of the stories, whatever its part of speech. collections: whether requests are answered with stories of others, too.
    count_min: how often the stories must hold such a word. spliced: share of the made-up nouns that are pieces of two
    words. bystanders: share of tiny stories that mention a noun that no request may name.
    """

    templates: int
    tiny: int
    talks: int
    plain: int
    early: int
    all_stories: bool
    renamed: float
    free: float = 0.0
    any_word: float = 0.0
    collections: bool = True
    count_min: int = practice.FREQUENT
    spliced: float = 0.0
    bystanders: float = 0.0

    def part(self, divisor: int) -> "Mixture":
        return self._replace(
            templates=self.templates // divisor, tiny=self.tiny // divisor, talks=self.talks // divisor,
            plain=self.plain // divisor,
        )


NOUNS = Mixture(templates=9000, tiny=12000, talks=4000, plain=2500, early=2, all_stories=True, renamed=0.35)
KEEPING = Mixture(templates=12000, tiny=4000, talks=3000, plain=400, early=1, all_stories=False, renamed=0.5)
TELLING = Mixture(templates=32000, tiny=8000, talks=7000, plain=1200, early=1, all_stories=True, renamed=0.4, free=0.5)
# A noun that was never asked for was often lost although a made-up one was kept: single tokens had been learnt one by
# one. With any word in the noun's place there is nothing to learn but to copy.
COPYING = Mixture(
    templates=9000, tiny=12000, talks=1500, plain=300, early=1, all_stories=False, renamed=0.85, free=0.5, any_word=0.7
)

# A model of this size loses the thread of a story of the collections; that of a plot it holds.
PLOTS = Mixture(
    templates=7000, tiny=3000, talks=1500, plain=500, early=1, all_stories=False, renamed=0.6, free=0.5, any_word=0.7,
    collections=False,
)
# Both at once and longer: a plot holds the story together, a word that is rare in the stories has to be copied, too.
RARE = PLOTS._replace(templates=26000, tiny=14000, talks=3000, plain=400, renamed=0.8, any_word=0.75, count_min=3)


# A token that no answer ever holds is learnt as one to avoid, and then it cannot be copied either. The nouns that the
# evaluation asks for may stand in an answer, beside the one that was asked for, and their pieces in made-up words.
PIECES = RARE._replace(templates=12000, tiny=14000, talks=2000, spliced=0.5, bystanders=0.5)


def nouns(folder: Path, corpus: Path) -> None:
    """The second text: the noun asked for comes early, in stories of all lengths."""
    write(folder, corpus, NOUNS, seed=17)


def keeping(folder: Path, corpus: Path) -> None:
    """The third text: the noun asked for stands in the first sentence, half of the nouns are made up."""
    write(folder, corpus, KEEPING, seed=23)


def telling(folder: Path, corpus: Path) -> None:
    """The fourth text: many more stories, and requests in every wording."""
    write(folder, corpus, TELLING, seed=31)


def copying(folder: Path, corpus: Path) -> None:
    """The fifth text: any word may stand for the noun."""
    write(folder, corpus, COPYING, seed=41)


def plots(folder: Path, corpus: Path) -> None:
    """The sixth text: requests are answered with the project's own stories alone."""
    write(folder, corpus, PLOTS, seed=53)


def rare(folder: Path, corpus: Path) -> None:
    """The seventh text: the same stories, about words that are rare, too."""
    write(folder, corpus, RARE, seed=61)


def pieces(folder: Path, corpus: Path) -> None:
    """The last text: no token is left that only ever stands in other people's stories."""
    write(folder, corpus, PIECES, seed=71)


def write(folder: Path, corpus: Path, mixture: Mixture, seed: int) -> None:
    """train.jsonl, validation.jsonl, validation-stories.jsonl (that of the first text) and attribution.md."""
    stories = read_stories(corpus)
    training = [story for story in stories if not is_validation(story.text)]
    held_back = [story for story in stories if is_validation(story.text)]
    documents = compose(training, mixture, seed)
    validation = compose(held_back, mixture.part(50), seed + 2)
    known = {render(document) for document in validation}
    sets = {
        "train": [document for document in documents if render(document) not in known],
        "validation": validation,
        "validation-stories": [{"text": story.text} for story in held_back],
    }
    write_sets(folder, sets, corpus)


def compose(stories: list[Story], mixture: Mixture, seed: int) -> list[Document]:
    """All documents in a mixed order."""
    draw = random.Random(seed)
    composer, writer, finder = Composer(stories, seed), StoryWriter(seed), NounFinder()
    words = practice.words((story.text for story in stories), mixture.count_min)
    namer = Namer(words, mixture.any_word, mixture.spliced)
    documents: list[Document] = [
        requested(story.text, finder, draw, mixture, namer) for story in stories if story.simple and mixture.collections
    ]
    if not mixture.all_stories:
        documents = [document for document in documents if "messages" in document]
    documents += [{"text": story.text} for story in draw.sample(stories, min(mixture.plain, len(stories)))]
    for _ in range(mixture.templates):
        story = writer.write()
        if draw.random() < mixture.renamed and " " not in story.noun:
            documents.append(about(story.text, story.noun, draw, namer.name(draw), mixture.free))
        elif mixture.free and draw.random() < mixture.free:
            documents.append(about(story.text, story.noun, draw, story.noun, mixture.free))
        else:
            documents.append(composer.template(story))
    documents += [
        {"messages": ask(*practice.tiny_story(draw, namer.any_word(draw), bystander(draw, mixture.bystanders)))}
        for _ in range(mixture.tiny)
    ]
    documents += [composer.small_talk() for _ in range(mixture.talks)]
    documents = [document for document in documents if document.get("messages", True) and not names_held_out(document)]
    draw.shuffle(documents)
    return documents


def bystander(draw: random.Random, share: float) -> str | None:
    """A noun that no request may name, at times."""
    return draw.choice(held_out_nouns()) if share and draw.random() < share else None


class Namer:
    """Names to call a noun by: a made-up word, or with some probability any word of the stories.

    Of the made-up words a share is spliced from two words of the stories or of those that no request may name.
    """

    def __init__(self, words: list[str], share: float, spliced: float = 0.0) -> None:
        self._words, self._share, self._spliced = words, share, spliced
        self._sources = [words, held_out_nouns()]

    def any_word(self, draw: random.Random) -> str | None:
        """A word of the stories, at times; nothing is drawn where there are none of them."""
        return draw.choice(self._words) if self._share and draw.random() < self._share else None

    def name(self, draw: random.Random) -> str:
        name = self.any_word(draw)
        if name is None and self._spliced and draw.random() < self._spliced:
            name = practice.spliced(draw, draw.choice(self._sources))
        return name or practice.word(draw)


def requested(text: str, finder: NounFinder, draw: random.Random, mixture: Mixture, namer: Namer) -> Document:
    """A story of the collections as the answer to a request for a noun of its first sentences; plain without one."""
    start = " ".join(re.split(r"(?<=[.!?])\s+", text)[: mixture.early]).lower()
    nouns = [noun for noun in finder.choose(text, draw, 4) if re.search(rf"\b{noun}\b", start)]
    if not nouns:
        return {"text": text}
    name = namer.name(draw) if draw.random() < mixture.renamed else nouns[0]
    return about(text, nouns[0], draw, name, mixture.free)


def about(text: str, noun: str, draw: random.Random, name: str, free: float) -> Document:
    """A request for a noun and its story, in which the noun is called by another name if one is given."""
    answer = text if name == noun else practice.renamed(text, noun, name)
    # No draw where nothing is free: the texts of the earlier parts stay what they were.
    request = prompts.free(draw, name) if free and draw.random() < free else prompts.about(draw, name)
    return {"messages": ask(request, answer)}


HELD_OUT = re.compile(r"\b(?:" + "|".join(held_out_nouns()) + r")(?:s|es)?\b", re.IGNORECASE)


def names_held_out(document: Document) -> bool:
    return any(message["role"] == "user" and HELD_OUT.search(message["content"])
               for message in document.get("messages", []))
