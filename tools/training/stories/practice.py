"""Tiny stories of one to three sentences, full of the noun asked for, and stories whose noun becomes a made-up word.

A model of a few million parameters learns late that the noun of a request is a word to copy. Here a copied word comes
every ten tokens, and a made-up one cannot be guessed, only copied.
"""
from __future__ import annotations

import random
import re
from collections import Counter
from typing import Iterable

from stories import names
from stories.nouns import ADJECTIVES, held_out_nouns, nouns_by_kind, with_article

REQUESTS = """Tell me a tiny story about {a}.|Tell me about {a} in one sentence.|A very short story about {a}, please.
|One sentence about {a}, please.|Say something about {a}.|Tell me just a little about {a}.
|Make a tiny story with {a}.|A tiny story with {a}!|tiny story about {a}|Just one line about {a}, please.
|Can you tell me a very short story about {a}?|Say one nice thing about {a}.|Only two sentences about {a}, please.
|I have no time. Tell me a tiny story about {a}.|A few words about {a}?""".replace("\n", "").split("|")

OPENINGS = """Once there was {a}.|There once was {a} in {place}.|{child} had {a}.|{child} found {a} in {place}.
|In {place} there was {a}.|One day, {child} saw {a}.|Long ago, there was {a} that everybody knew.
|{child} always wanted {a}.|A friend gave {child} {a}.|Here is a story about {a}.
|Every morning, {child} went to see {a}.
|Far away, in {place}, there was {a}.|{A} was all alone in {place}.|Nobody in {place} had ever seen {a}.
|{child} drew {a} on a big sheet of paper.|There was {a} behind the old tree.|{child} dreamed of {a}.""".replace(
    "\n", "").split("|")

MIDDLES = """"What a nice {n}!" said {child2}.|The {n} was {adjective} and very {adjective2}.|Everybody liked the {n}.
|{child2} came to look at the {n}.|{child2} asked, "May I see the {n}?"|The {n} made {child2} smile.
|"Is this your {n}?" asked {child2}.|One night it rained, and the {n} got wet.|The {n} was lost for a whole day.
|"I love this {n}," said {child2}.|But the {n} was too {adjective}.|The {n} had a secret that only {child2} knew.
|"Where is my {n}?" cried {child2}.|{child2} told all the others about the {n}.|A bird sang a song to the {n}.
|"Look, the {n}!" said {child2}.|The wind blew, but the {n} stayed where it was.""".replace("\n", "").split("|")

ENDINGS = """And the {n} was never alone again.|They kept the {n} for many years.|That was a good day for the {n}.
|From then on, {child2} and the {n} were always together.|So the {n} found a home.|Good night, little {n}!
|The {n} shone in the sun, and all was well.|{child2} still thinks of the {n} every day.|And that is all about the {n}.
|In the end, the {n} was happy.|What a lucky {n}!|The {n} and {child2} went home.|Now you know the {n}, too.
|"The best {n} in the world," said {child2}.""".replace("\n", "").split("|")

PLACES = """the forest|a small town|the garden|a big house|the mountains|a green field|the kitchen|the old barn
|a little shop|the park|a quiet valley|the school|an old castle|the harbor|a deep cave|the village""".replace(
    "\n", "").split("|")

MADE_UP_SHARE = 0.4
# A word counts as one of the stories where they hold it so often.
FREQUENT = 3


def words(texts: Iterable[str]) -> list[str]:
    """The words that some texts hold often, in alphabetical order, without those that the evaluation asks for."""
    counts = Counter(found for text in texts for found in re.findall(r"\b[a-z]{3,}\b", text))
    judged = set(held_out_nouns())
    judged |= {f"{noun}s" for noun in judged} | {f"{noun}es" for noun in judged}
    return sorted(found for found, count in counts.items() if count >= FREQUENT and found not in judged)


def spliced(draw: random.Random, words: list[str]) -> str:
    """The beginning of one word and the end of another: made up, of the pieces that real words are made of."""
    first, last = draw.choice(words), draw.choice(words)
    cut = draw.randint(2, max(2, len(first) - 1))
    return first[:cut] + last[-draw.randint(2, max(2, len(last) - 2)):]


BYSTANDERS = """Beside the {n} lay {b}. {child} took the {bn}, too.|There was also {b}, but nobody saw the {bn}.
|{child} had {b} as well, and the {bn} was nice.|Next to it stood {b}. "I like that {bn}!" said {child}.
|Then {child2} came with {b}. "Here is my {bn}," said {child2}.
|{child2} gave {child} {b}, and {child} was glad of the {bn}.""".replace("\n", "").split("|")


def word(draw: random.Random) -> str:
    """A made-up noun, such as trillo."""
    return names.made_up(draw).lower()


def tiny_story(draw: random.Random, name: str | None = None, bystander: str | None = None) -> tuple[str, str]:
    """A request for a tiny story, and the story; about the name, and with a bystander, if they are given."""
    kinds = nouns_by_kind()
    kind = draw.choice(list(kinds))
    noun = word(draw) if draw.random() < MADE_UP_SHARE else draw.choice(kinds[kind])
    noun = name or noun
    phrase = f"{draw.choice(ADJECTIVES[kind])} {noun}" if draw.random() < 0.3 else noun
    adjective, adjective2 = draw.sample(ADJECTIVES["thing"], 2)
    child, child2 = (names.person(draw, draw.random() < 0.5) for _ in range(2))
    article = with_article(phrase)
    slots = {
        "a": article, "A": article[0].upper() + article[1:], "n": noun, "child": child, "child2": child2,
        "adjective": adjective, "adjective2": adjective2, "place": draw.choice(PLACES),
    }
    request, sentences = draw.choice(REQUESTS), [draw.choice(OPENINGS)]
    length = draw.choices((1, 2, 3), (2, 3, 4))[0]
    for said, number in (("one sentence", 1), ("one line", 1), ("two sentences", 2)):
        length = number if said in request.lower() else length
    if length == 3:
        sentences.append(draw.choice(MIDDLES))
    if length >= 2:
        sentences.append(draw.choice(ENDINGS))
    if bystander is not None:
        slots |= {"b": with_article(bystander), "bn": bystander}
        sentences.insert(1, draw.choice(BYSTANDERS))
    return request.format(**slots), " ".join(sentences).format(**slots)


def renamed(text: str, noun: str, other: str) -> str:
    """The text with a noun replaced by another word, in the singular and a regular plural, its article with it."""

    def replacement(match: re.Match[str]) -> str:
        article, found, plural = match.group(1) or "", match.group(2), match.group(3) or ""
        if article:
            article = article[0] + with_article(other).split(" ")[0][1:] + " "
        return article + (other.capitalize() if found[0].isupper() else other) + ("s" if plural else "")

    return re.sub(rf"\b([Aa]n? )?\b({re.escape(noun)})(e?s)?\b", replacement, text, flags=re.IGNORECASE)
