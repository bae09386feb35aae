"""Makes documents out of stories: the nouns that a request for a story may name, and the forms such a request takes."""
from __future__ import annotations

import random
import re
from collections import Counter, defaultdict

from stories import prompts
from stories.nouns import ADJECTIVES, held_out_nouns, nouns_by_kind
from stories.small_talk import Message, SmallTalker
from stories.sources import Story
from stories.templates import TemplateStory
from text.documents import Document

LONGEST_CONVERSATION = 2600
HELD_OUT = re.compile(r"\b(?:" + "|".join(held_out_nouns()) + r")(?:s|es)?\b", re.IGNORECASE)


def ask(question: str, answer: str) -> list[Message]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def names_held_out(messages: list[Message]) -> bool:
    """Whether a request names a noun that none may name."""
    return any(message["role"] == "user" and HELD_OUT.search(message["content"]) for message in messages)


class NounFinder:
    """Finds the nouns of a story that a request for it may name."""

    def __init__(self) -> None:
        # Words every other story has, so that asking for them says little about the story.
        common = {"boy", "girl", "friend", "man", "woman", "child", "baby", "day", "park", "house", "mother", "stick"}
        self._known = {noun for nouns in nouns_by_kind().values() for noun in nouns if " " not in noun}
        self._common = common
        # After a noun these are verbs; any other noun there makes the two one thing, such as a toy box.
        self._joined = self._known - set("saw fly play swallow can top cook rake brush ring".split())
        self._before = set("a an the his her its my your our their this that another".split())
        self._before.update(word for adjectives in ADJECTIVES.values() for word in adjectives)
        self._used: Counter[str] = Counter()

    def find(self, text: str) -> dict[str, int]:
        """The nouns that occur three times or in the first three sentences; a higher number matters more."""
        words = self._as_nouns(text)
        start = self._as_nouns(" ".join(re.split(r"(?<=[.!?])\s+", text)[:3]))
        return {word: count + 2 * (word in start) for word, count in words.items() if count >= 3 or word in start}

    def _as_nouns(self, text: str) -> Counter[str]:
        """How often each known word stands as a noun by itself: "a saw", but neither "he saw" nor "a saw mill"."""
        words = re.findall(r"[a-z]+|[^a-z\s]", text.lower())
        return Counter(word for before, word, after in zip(words, words[1:], words[2:] + ["."])
                       if word in self._known and after not in self._joined and before in self._before)

    def choose(self, text: str, draw: random.Random, number: int) -> list[str]:
        """Up to `number` nouns: rather those the story is about, and rather those seldom asked for so far."""
        found = self.find(text)
        chosen: list[str] = []
        while found and len(chosen) < number:
            nouns = sorted(found)
            weights = [found[noun] ** 1.5 / (3 + self._used[noun]) ** 0.7 * (0.2 if noun in self._common else 1)
                       for noun in nouns]
            noun = draw.choices(nouns, weights)[0]
            chosen.append(noun)
            self._used[noun] += 1
            del found[noun]
        return chosen


class Composer:
    """Makes documents out of stories. One composer serves one set, so that no story crosses into the other set."""

    def __init__(self, stories: list[Story], seed: int) -> None:
        self._random = random.Random(seed)
        self._finder = NounFinder()
        self._talker = SmallTalker(seed)
        self._short = [story.text for story in stories if story.simple and len(story.text) < 900]
        self._by_noun: dict[str, list[str]] = defaultdict(list)

    def plain(self, story: Story) -> Document:
        return {"text": story.text}

    def conversation(self, story: Story) -> Document:
        """The story as an answer, in one of the forms; plain when the form would name a held-out noun."""
        forms = (self._about, self._two_nouns, self._named, self._any, self._continuation, self._another, self._parts)
        form = self._random.choices(forms, (60, 9, 7, 7, 6, 7, 5))[0]
        if not story.simple and not self._finder.find(story.text):
            return self.plain(story)
        messages = form(story.text) if story.simple else self._about(story.text)
        return self._checked(messages, story.text)

    def template(self, story: TemplateStory) -> Document:
        """A template story as the answer to a request for its noun."""
        draw = self._random
        self._by_noun[story.noun].append(story.text)
        shape = draw.random()
        phrase = story.phrase if draw.random() < 0.6 else story.noun
        if shape < 0.70:
            messages = ask(prompts.about(draw, phrase), story.text)
        elif shape < 0.78 and f"{story.noun} named {story.hero}" in story.text:
            messages = ask(prompts.about_name(draw, phrase, story.hero), story.text)
        elif shape < 0.86:
            others = [noun for noun in self._finder.choose(story.text, draw, 2) if noun != story.noun]
            pair = [phrase, others[0] if others else phrase]
            draw.shuffle(pair)
            question = prompts.about_two(draw, *pair) if others else prompts.about(draw, phrase)
            messages = ask(question, story.text)
        elif shape < 0.94:
            messages = self._talker.conversation()[:4] + ask(prompts.about(draw, phrase), story.text)
        else:
            first = draw.choice(self._short)
            messages = self._about(first) + ask(prompts.about_next(draw, phrase), story.text)
        if draw.random() < 0.04:
            messages += self._talker.turn(draw.choice(("thanks", "good night", "bye")))
        return self._checked(messages, story.text)

    def unnamed(self, story: TemplateStory, before: TemplateStory) -> Document:
        """A template story whose noun nobody names: any one, another behind one before, the rest of one, two parts."""
        draw, text = self._random, story.text
        form = draw.choices(("any", "another", "rest", "parts"), (1, 3, 3, 2))[0]
        if form == "any":
            return self._checked(self._any(text), text)
        if form == "another":
            first = ask(prompts.about(draw, before.noun), before.text)
            return self._checked(first + ask(draw.choice(prompts.ANOTHER), text), text)
        if form == "rest":
            return self._checked(self._continuation(text), text)
        sentences = _sentences(text)
        beginning, rest = _cut(sentences, draw.randint(2, len(sentences) * 2 // 3))
        request = ask(prompts.about(draw, story.noun), beginning)
        return self._checked(request + ask(draw.choice(prompts.NEXT), rest), text)

    def small_talk(self) -> Document:
        """A conversation of small talk; an offered story that is accepted gets told when there is one."""
        messages = self._talker.conversation()
        offer = re.search(r"story (?:about|with) an? (\w+)\?$", messages[-1]["content"])
        if offer and self._by_noun.get(offer.group(1)) and self._random.random() < 0.6:
            accepted = self._random.choice(("Yes, please.", "Yes!", "yes", "Yes please", "Oh yes!", "Okay.", "Sure!"))
            messages += ask(accepted, self._random.choice(self._by_noun[offer.group(1)]))
        return self._checked(messages, "")

    def _checked(self, messages: list[Message], text: str) -> Document:
        if names_held_out(messages) or sum(len(message["content"]) for message in messages) > LONGEST_CONVERSATION:
            return {"text": text} if text else {"messages": []}
        return {"messages": messages}

    def _about(self, text: str) -> list[Message]:
        nouns = self._finder.choose(text, self._random, 1)
        return ask(prompts.about(self._random, self._phrase(nouns[0], text)), text) if nouns else self._any(text)

    def _phrase(self, noun: str, text: str) -> str:
        """The noun, at times with the adjective that the story gives it."""
        found = re.search(rf"\ban? ((?:little |big |small )?(?:[a-z]+) {noun})\b", text)
        known = r"(?:little |big |small )?(?:little|big|small|old|new|red|blue|green|yellow|pink|white|black|brown" \
                r"|pretty|shiny|funny|tiny|magic|brave|kind|clever|happy|sad|lonely|hungry|friendly|young|purple) \w+"
        if found and re.fullmatch(known, found.group(1)) and self._random.random() < 0.4:
            return found.group(1)
        return noun

    def _two_nouns(self, text: str) -> list[Message]:
        nouns = self._finder.choose(text, self._random, 2)
        return ask(prompts.about_two(self._random, *nouns), text) if len(nouns) == 2 else self._about(text)

    def _named(self, text: str) -> list[Message]:
        pattern = r"\ban? ((?:little |brave |happy |young |old |kind )?[a-z]+) (?:named|called) ([A-Z][a-z]+)"
        found = re.search(pattern, text)
        if not found:
            return self._about(text)
        return ask(prompts.about_name(self._random, found.group(1), found.group(2)), text)

    def _any(self, text: str) -> list[Message]:
        return ask(self._random.choice(prompts.ANY), text)

    def _continuation(self, text: str) -> list[Message]:
        """The request gives the beginning, the answer is the rest."""
        sentences = _sentences(text)
        if len(sentences) < 5:
            return self._any(text)
        beginning, rest = _cut(sentences, self._random.randint(1, 3))
        return ask(self._random.choice(prompts.CONTINUE) + beginning, rest)

    def _another(self, text: str) -> list[Message]:
        first = self._random.choice(self._short)
        if first == text or len(first) + len(text) > LONGEST_CONVERSATION - 200:
            return self._about(text)
        opening = self._about(first) if self._random.random() < 0.6 else self._any(first)
        nouns = self._finder.choose(text, self._random, 1)
        if nouns and self._random.random() < 0.6:
            return opening + ask(prompts.about_next(self._random, nouns[0]), text)
        return opening + ask(self._random.choice(prompts.ANOTHER), text)

    def _parts(self, text: str) -> list[Message]:
        """The story in two answers, with "What happened then?" between them."""
        sentences = _sentences(text)
        if len(sentences) < 6:
            return self._about(text)
        beginning, rest = _cut(sentences, self._random.randint(len(sentences) // 3, len(sentences) * 2 // 3))
        return self._about(beginning) + ask(self._random.choice(prompts.NEXT), rest)


def _sentences(text: str) -> list[str]:
    """The sentences with the white space after them; a quotation is not cut from the words that say who spoke."""
    return [part for part in re.split(r'(?<=[.!?])(?=\s+[A-Z"])|(?<=[.!?]")(?=\s+(?:[A-Z"]))', text) if part]


def _cut(sentences: list[str], place: int) -> tuple[str, str]:
    """What stands before a sentence, and the rest."""
    return "".join(sentences[:place]).strip(), "".join(sentences[place:]).strip()
