"""Builds the documents that mor-stories learns from: stories, requests with stories for answers, and small talk.

Every story of the collections stands in the training text twice, in two forms (a plain story, an answer to a request,
a part of a conversation); template stories and small talk are conversations, each once. No request of the training
text names a held-out noun. One story in fifty, chosen by a hash of its text, is in no training document.

Command line: python3 -m stories.corpus --output FOLDER [--corpus FOLDER]
"""
import argparse
import hashlib
import json
import random
import re
from collections import Counter, defaultdict
from pathlib import Path

from stories import prompts
from stories.nouns import ADJECTIVES, held_out_nouns, nouns_by_kind
from stories.small_talk import Message, SmallTalker
from stories.sources import Story, attribution, read_stories
from stories.templates import StoryWriter, TemplateStory
from text.bpe import train
from text.documents import Document, encode_document, render
from trainer import settings

VALIDATION_SHARE = 50
LONGEST_CONVERSATION = 2600


def is_validation(text: str) -> bool:
    """Whether a story or conversation belongs to the validation set: two in a hundred, by the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:4], "big") % VALIDATION_SHARE == 0


def ask(question: str, answer: str) -> list[Message]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


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
        self._stories = stories
        self._short = [story.text for story in stories if story.simple and len(story.text) < 900]
        self._held_out = re.compile(r"\b(?:" + "|".join(held_out_nouns()) + r")(?:s|es)?\b", re.IGNORECASE)
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

    def small_talk(self) -> Document:
        """A conversation of small talk; an offered story that is accepted gets told when there is one."""
        messages = self._talker.conversation()
        offer = re.search(r"story (?:about|with) an? (\w+)\?$", messages[-1]["content"])
        if offer and self._by_noun.get(offer.group(1)) and self._random.random() < 0.6:
            accepted = self._random.choice(("Yes, please.", "Yes!", "yes", "Yes please", "Oh yes!", "Okay.", "Sure!"))
            messages += ask(accepted, self._random.choice(self._by_noun[offer.group(1)]))
        return self._checked(messages, "")

    def _checked(self, messages: list[Message], text: str) -> Document:
        asked = any(self._held_out.search(message["content"]) for message in messages if message["role"] == "user")
        if asked or sum(len(message["content"]) for message in messages) > LONGEST_CONVERSATION:
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
        cut = self._random.randint(1, 3)
        beginning, rest = "".join(sentences[:cut]).strip(), "".join(sentences[cut:]).strip()
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
        cut = self._random.randint(len(sentences) // 3, len(sentences) * 2 // 3)
        beginning, rest = "".join(sentences[:cut]).strip(), "".join(sentences[cut:]).strip()
        return self._about(beginning) + ask(self._random.choice(prompts.NEXT), rest)


def _sentences(text: str) -> list[str]:
    """The sentences with the white space after them; a quotation is not cut from the words that say who spoke."""
    return [part for part in re.split(r'(?<=[.!?])(?=\s+[A-Z"])|(?<=[.!?]")(?=\s+(?:[A-Z"]))', text) if part]


def _compose(stories: list[Story], templates: list[TemplateStory], talks: int, seed: int) -> list[tuple[str, Document]]:
    """(kind, document) in a mixed order."""
    draw = random.Random(seed)
    composer = Composer(stories, seed)
    documents: list[tuple[str, Document]] = []
    for story in stories:
        kind = "tinystories" if story.simple else "books"
        if story.simple:
            documents.append((kind, composer.conversation(story)))
            documents.append((kind, composer.plain(story) if draw.random() < 0.5 else composer.conversation(story)))
        else:
            documents.append((kind, composer.conversation(story) if draw.random() < 0.3 else composer.plain(story)))
    documents += [("templates", composer.template(story)) for story in templates]
    documents += [("small talk", composer.small_talk()) for _ in range(talks)]
    documents = [(kind, document) for kind, document in documents if document.get("messages") != []]
    draw.shuffle(documents)
    return documents


def build(corpus: Path, template_count: int, talk_count: int) -> dict[str, list[tuple[str, Document]]]:
    """All sets by file name."""
    stories = read_stories(corpus)
    writer = StoryWriter(7)
    templates = {story.text: story for story in (writer.write() for _ in range(template_count))}
    validation = [story for story in stories if is_validation(story.text)]
    training = [story for story in stories if not is_validation(story.text)]
    validation_templates = [story for text, story in templates.items() if is_validation(text)]
    training_templates = [story for text, story in templates.items() if not is_validation(text)]
    held_back = _compose(validation, validation_templates, talk_count // VALIDATION_SHARE, 11)
    documents = _compose(training, training_templates, talk_count, 13)
    # Small talk is drawn, not hashed: what is in the validation set by its text leaves the training set.
    known = {render(document) for _, document in held_back}
    return {
        "train": [(kind, document) for kind, document in documents if render(document) not in known],
        "validation": held_back,
        "validation-stories": [("stories", {"text": story.text}) for story in validation],
    }


def _report(sets: dict[str, list[tuple[str, Document]]]) -> None:
    tokenizer = train((render(document) for _, document in sets["train"]), 4096)
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


def write(
    folder: Path, corpus: Path, templates: int = 8000, talks: int = 5000
) -> dict[str, list[tuple[str, Document]]]:
    """The first text, every set, into a folder; the sets with the kinds of their documents."""
    sets = build(corpus, templates, talks)
    write_sets(folder, {name: [document for _, document in content] for name, content in sets.items()}, corpus)
    return sets


def write_sets(folder: Path, sets: dict[str, list[Document]], corpus: Path) -> None:
    """NAME.jsonl of every set, and attribution.md."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, documents in sets.items():
        with open(folder / f"{name}.jsonl", "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    (folder / "attribution.md").write_text(attribution(corpus), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="stories.corpus", description="Build the documents of mor-stories.")
    parser.add_argument("--output", required=True, type=Path, help="the folder for the files")
    parser.add_argument("--corpus", type=Path, default=settings.CORPUS, help="the folder with the collections")
    parser.add_argument("--templates", type=int, default=8000, help="the number of template stories")
    parser.add_argument("--talks", type=int, default=5000, help="the number of small-talk conversations")
    arguments = parser.parse_args()
    sets = write(arguments.output, arguments.corpus, arguments.templates, arguments.talks)
    (arguments.output / "held_out_nouns.txt").write_text("\n".join(held_out_nouns()) + "\n", encoding="utf-8")
    _report(sets)


if __name__ == "__main__":
    main()
