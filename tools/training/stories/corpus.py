"""Builds the documents that mor-stories learns from: stories, requests with stories for answers, and small talk.

A story of the collections stands in the text several times, in several forms: plain, as the answer to a request, as a
part of a conversation, and with its noun called by another word. The project's own template stories, tiny stories and
small talk are conversations, each once. No request names a held-out noun. One story in fifty, chosen by a hash of its
text, is in no training document.

There are two texts: `language` has everything, `plots` answers requests with the project's own stories alone; a third
of it are stories of the collections that nobody asked for.

Command line: python3 -m stories.corpus plots --output FOLDER [--corpus FOLDER]
"""
from __future__ import annotations

import argparse
import hashlib
import json
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from stories import practice
from stories.composer import Composer, NounFinder, ask, names_held_out
from stories.conversations import Namer, about, bystander, requested
from stories.nouns import held_out_nouns
from stories.sources import Story, attribution, read_stories
from stories.templates import StoryWriter
from text.bpe import train
from text.documents import Document, encode_document, render
from trainer import settings

VALIDATION_SHARE = 50
Kinds = list[tuple[str, Document]]


class Amounts(NamedTuple):
    """How many documents of each kind, and the seed of all that is drawn.

    rounds: how often a simple story comes in each form that asks for it; 0: no story of the collections is asked for,
    and `plain` of them are told.
    unnamed: the share of template stories whose noun is not in the request, see Composer.unnamed.
    renamed: the share of the others whose noun is called by another word. free: the share of free requests for those.
    """

    rounds: int
    plain: int
    templates: int
    tiny: int
    talks: int
    unnamed: float
    renamed: float
    free: float
    seed: int

    def part(self, divisor: int) -> "Amounts":
        return self._replace(
            plain=self.plain // divisor, templates=self.templates // divisor, tiny=self.tiny // divisor,
            talks=self.talks // divisor,
        )


LANGUAGE = Amounts(
    rounds=2, plain=0, templates=44_000, tiny=32_000, talks=12_000, unnamed=0, renamed=0.6, free=0.5, seed=11
)
# A model of this size loses the thread of a story like those of the collections; that of a plot it holds. So requests
# are answered with the project's own stories in the end, in whatever words they come. The plain stories of the
# collections keep it able to go on with a text of another kind.
PLOTS = Amounts(
    rounds=0, plain=9_000, templates=20_000, tiny=14_000, talks=3_000, unnamed=0.25, renamed=0.75, free=0.85, seed=21
)
TEXTS = {"language": LANGUAGE, "plots": PLOTS}
# A model learns late that the noun of a request is a word to copy: it guesses one that is common in such stories. Where
# the noun is often a made-up word, there is nothing to learn but to copy. A template keeps its noun seldom, a story of
# the collections mostly: what becomes of a fox is more than its name.
STORIES_RENAMED = 0.35


def is_validation(text: str) -> bool:
    """Whether a story or conversation belongs to the validation set: two in a hundred, by the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:4], "big") % VALIDATION_SHARE == 0


def compose(stories: list[Story], amounts: Amounts, seed: int) -> Kinds:
    """(kind, document) in a mixed order."""
    draw = random.Random(seed)
    composer = Composer(stories, seed)
    namer = Namer(practice.words(story.text for story in stories))
    documents = collected(stories, composer, namer, draw, amounts) + own(composer, namer, draw, amounts, seed)
    documents = [(kind, document) for kind, document in documents if may_be_read(document)]
    draw.shuffle(documents)
    return documents


def may_be_read(document: Document) -> bool:
    """Not so a conversation that a request for a held-out noun emptied, or one with such a request."""
    return "text" in document or bool(document["messages"]) and not names_held_out(document["messages"])


def collected(
    stories: list[Story], composer: Composer, namer: Namer, draw: random.Random, amounts: Amounts
) -> Kinds:
    """What comes of the stories of the collections."""
    if amounts.rounds == 0:
        return [("plain", composer.plain(story)) for story in draw.sample(stories, min(amounts.plain, len(stories)))]
    finder, documents = NounFinder(), Kinds()
    for story in stories:
        if story.simple:
            documents.append(("tinystories", composer.plain(story)))
            for _ in range(amounts.rounds):
                documents.append(("tinystories", composer.conversation(story)))
                asked = requested(story.text, finder, draw, STORIES_RENAMED, namer, amounts.free)
                documents.append(("tinystories", asked))
        else:
            documents.append(("books", composer.conversation(story) if draw.random() < 0.3 else composer.plain(story)))
    return documents


def own(composer: Composer, namer: Namer, draw: random.Random, amounts: Amounts, seed: int) -> Kinds:
    """The project's own: template stories, tiny stories, small talk."""
    documents: Kinds = []
    writer = StoryWriter(seed)
    for _ in range(amounts.templates):
        story = writer.write()
        # No draw where there are none.
        if amounts.unnamed and draw.random() < amounts.unnamed:
            documents.append(("templates", composer.unnamed(story, writer.write())))
        elif draw.random() < amounts.renamed and " " not in story.noun:
            documents.append(("templates", about(story.text, story.noun, draw, namer.name(draw), amounts.free)))
        else:
            documents.append(("templates", composer.template(story)))
    for _ in range(amounts.tiny):
        request, story = practice.tiny_story(draw, namer.any_word(draw), bystander(draw))
        documents.append(("tiny stories", {"messages": ask(request, story)}))
    documents += [("small talk", composer.small_talk()) for _ in range(amounts.talks)]
    return documents


def build(corpus: Path, amounts: Amounts) -> dict[str, Kinds]:
    """All sets by file name."""
    stories = read_stories(corpus)
    held_back = [story for story in stories if is_validation(story.text)]
    validation = compose(held_back, amounts.part(100)._replace(rounds=min(1, amounts.rounds)), amounts.seed)
    # What is drawn, not hashed, and came out the same in both sets leaves the training set.
    known = {render(document) for _, document in validation}
    training = compose([story for story in stories if not is_validation(story.text)], amounts, amounts.seed + 2)
    return {
        "train": [(kind, document) for kind, document in training if render(document) not in known],
        "validation": validation,
        "validation-stories": [("stories", {"text": story.text}) for story in held_back],
    }


def _report(sets: dict[str, Kinds]) -> None:
    vocabulary = settings.read("mor-stories").data.vocabulary
    tokenizer = train((render(document) for _, document in sets["train"]), vocabulary)
    for name, documents in sets.items():
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for kind, document in documents:
            tokens, _ = encode_document(document, tokenizer, "all")
            counts[kind].update(documents=1, characters=len(render(document)), tokens=len(tokens))
            counts["all"].update(documents=1, characters=len(render(document)), tokens=len(tokens))
        print(name)
        for kind, numbers in sorted(counts.items()):
            share = 100 * numbers["tokens"] / counts["all"]["tokens"]
            print(f"  {kind:12} {numbers['documents']:7} documents {numbers['characters']:9} characters "
                  f"{numbers['tokens']:8} tokens {share:5.1f} %")


def language(folder: Path, corpus: Path) -> None:
    """The first text: the language of stories, and what a request is."""
    write(folder, corpus, build(corpus, LANGUAGE))


def plots(folder: Path, corpus: Path) -> None:
    """The second text: requests answered with plots that a small model can hold."""
    write(folder, corpus, build(corpus, PLOTS))


def write(folder: Path, corpus: Path, sets: dict[str, Kinds]) -> None:
    """NAME.jsonl of every set, and attribution.md."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, documents in sets.items():
        with open(folder / f"{name}.jsonl", "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(document, ensure_ascii=False) + "\n" for _, document in documents)
    (folder / "attribution.md").write_text(attribution(corpus), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="stories.corpus", description="Build a text of mor-stories.")
    parser.add_argument("text", choices=TEXTS)
    parser.add_argument("--output", required=True, type=Path, help="the folder for the files")
    parser.add_argument("--corpus", type=Path, default=settings.CORPUS, help="the folder with the collections")
    arguments = parser.parse_args()
    sets = build(arguments.corpus, TEXTS[arguments.text])
    write(arguments.output, arguments.corpus, sets)
    (arguments.output / "held_out_nouns.txt").write_text("\n".join(held_out_nouns()) + "\n", encoding="utf-8")
    _report(sets)


if __name__ == "__main__":
    main()
