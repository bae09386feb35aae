"""Reads the story collections, cleans them, gives the lower-cased ones their capitals, and drops stories seen before.

Every collection has a licence that allows this use; the list is in COLLECTIONS and goes into attribution.md.
"""
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SEPARATOR = "<|endoftext|>"
SHORTEST, LONGEST = 150, 4000
PART_LENGTH = 1500
# The share of a part's words that TinyStories also has; below it, a part is too hard and left out. The children's books
# are old and plenty, so that the bar can be lower there.
SIMPLE_ENOUGH, FAMILIAR_ENOUGH = 0.945, 0.90


@dataclass(frozen=True)
class Story:
    """A story or a part of one: its text, the collection's key, and whether its language is TinyStories' own."""

    text: str
    collection: str
    simple: bool


@dataclass(frozen=True)
class Collection:
    key: str
    title: str
    licence: str
    origin: str


COLLECTIONS = (
    Collection("tinystories", "TinyStories (Ronen Eldan, Yuanzhi Li, 2023), parts", "CDLA-Sharing-1.0",
               "huggingface.co/datasets/roneneldan/TinyStories"),
    Collection("african-storybook", "African Storybook, English stories", "CC BY", "github.com/global-asp/asp-source"),
    Collection("pratham", "Pratham Books' StoryWeaver, English stories", "CC BY", "github.com/global-asp/pb-source"),
    Collection("fairytaleqa", "FairytaleQA, stories (the simpler parts)",
               "Apache-2.0; the tales themselves are in the public domain", "github.com/uci-soe/FairytaleQAData"),
    Collection("aesop", "The Aesop for Children (1919), Library of Congress", "public domain", "read.gov/aesop"),
    Collection("children-books", "Classic books for children (the simpler parts)", "public domain in the United States",
               "github.com/mlschmitt/classic-books-markdown"),
)

# Double-decoded punctuation as it stands in the fragments, then typographic signs a small vocabulary does without.
_REPLACEMENTS = (
    ("â€œ", '"'), ("â€˜", "'"), ("â€™", "'"), ("â€“", " - "), ("â€”", " - "), ("â€¦", "..."), ("â€\x9d", '"'),
    ("â€", '"'), ("â\x80\x9c", '"'), ("â\x80\x9d", '"'), ("â\x80\x99", "'"), ("â\x80\x98", "'"),
    ("“", '"'), ("”", '"'), ("„", '"'), ("‘", "'"), ("’", "'"), ("…", "..."), ("—", " - "), ("–", " - "),
    ("--", " - "), ("\u00a0", " "), ("\ufeff", ""), ("\u200b", ""), ("\u00ad", ""), ("``", '"'), ("''", '"'),
)


def clean(text: str) -> str:
    """Plain quotation marks and dashes, single spaces, one empty line at most between paragraphs."""
    for found, plain in _REPLACEMENTS:
        text = text.replace(found, plain)
    text = re.sub(r"[ \t\r]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{2,}", "\n\n", text).strip()


def read_stories(corpus: Path) -> list[Story]:
    """All stories of all collections, each once."""
    fragments = corpus / "tinystories_fragments"
    cased = [clean(text) for text in _cased_tiny_stories(fragments)]
    kept = _without_repeats(cased, set())
    seen = {_fingerprint(text) for text in kept}
    lower = [clean(text) for text in _lower_tiny_stories(fragments)]
    case = TrueCase(kept)
    kept += [case.restore(text) for text in _without_repeats(lower, seen)]
    stories = [Story(text, "tinystories", True) for text in kept if _is_story(text)]
    familiar = _familiar_words(kept)
    books = corpus / "storybooks_ccby"
    for key, name in (("african-storybook", "african_storybook_en.txt"), ("pratham", "pratham_en.txt")):
        for text in _read(books / name).split(SEPARATOR):
            stories += [Story(part, key, False) for part in _parts(_prose(clean(text)))]
    for text in _read(corpus / "fairytaleqa" / "stories.txt").split(SEPARATOR):
        parts = _parts(_unwrapped(clean(text)))
        stories += [Story(part, "fairytaleqa", False) for part in parts if _share(part, familiar) >= SIMPLE_ENOUGH]
    for fable in json.loads(_read(corpus / "aesop4children" / "aesop4children.json")):
        text = clean(fable["fable"])
        if len(text) >= SHORTEST:
            stories.append(Story(text, "aesop", False))
    for _, text in _books(corpus):
        stories += [Story(part, "children-books", False) for part in _book_parts(text, familiar)]
    unique: list[Story] = []
    found: set[str] = set()
    for story in stories:
        mark = _fingerprint(story.text)
        whole = story.text.isascii() and re.match(r'["\'A-Z]', story.text)
        if whole and mark not in found:
            found.add(mark)
            unique.append(story)
    return unique


def attribution(corpus: Path) -> str:
    """The sources, their licences, and the titles and authors that the storybooks' licence asks to name."""
    lines = ["# Where the training text comes from", "", "| collection | licence | origin |", "|---|---|---|"]
    lines += [f"| {item.title} | {item.licence} | {item.origin} |" for item in COLLECTIONS]
    lines += ["| Template stories and small talk | the project's own | tools/training/stories |", "",
              "The texts were cleaned, cut into parts, and partly given requests in front."]
    for title, name in (("African Storybook", "african_storybook_en_attribution.txt"),
                        ("Pratham Books", "pratham_en_attribution.txt")):
        entries = [line.split(" | ")[:3] for line in _read(corpus / "storybooks_ccby" / name).splitlines() if line]
        lines += ["", f"## {title}: {len(entries)} stories", ""]
        lines += ["- " + ", ".join(part.strip() for part in entry) for entry in entries]
    titles = [title for title, _ in _books(corpus)]
    lines += ["", f"## Classic books for children: {len(titles)} books", "", *(f"- {title}" for title in titles)]
    return "\n".join(lines) + "\n"


class TrueCase:
    """Gives lower-cased text its capitals: those of sentence beginnings, of "I", and of names seen in cased text."""

    def __init__(self, cased: Iterable[str]) -> None:
        capital: Counter[str] = Counter()
        small: Counter[str] = Counter()
        for text in cased:
            for word in re.findall(r"(?<=[a-z,] )[A-Za-z][a-z]+\b", text):
                (capital if word[0].isupper() else small)[word.lower()] += 1
        self._small = small
        self._names = {word for word, count in capital.items() if count > 3 and count > 4 * small[word]} | {"i"}

    def restore(self, text: str) -> str:
        names = set(self._names)
        # A name that is also a common word, such as spot or sunny, is one where the text says so.
        introduced = re.findall(r"\b(?:named|name is|name was) ([a-z]{3,})\b", text)
        called = re.findall(r"\b(?:an?|the) (?:[a-z]+ )?[a-z]+ called ([a-z]{3,})\b", text)
        names.update(word for word in introduced + called if self._small[word] < 40)
        text = re.sub(r"\b[a-z]+\b", lambda match: self._word(match, names), text)
        text = re.sub(r'(^|\n|[.!?]\s+|[.!?]"\s+)(["\']?)([a-z])', _raise_last, text)
        return re.sub(r'((?:^|[\s,])")([a-z])(?=[^"]*")', _raise_opening, text)

    @staticmethod
    def _word(match: re.Match[str], names: set[str]) -> str:
        word = match.group()
        before = match.string[match.start() - 1:match.start()]
        return word if word not in names or before == "'" else word.capitalize()


# What follows a quotation that ends with a mark often says who spoke, and then goes on with a small letter.
_SAYING = re.compile(r"(?:the |his |her |their |a )?(?:[a-z]+ ){0,2}?(?:said|asked|cried|shouted|called|replied|yelled"
                     r"|exclaimed|whispered|answered|says|asks|laughed|giggled|screamed|thought|sang|begged)\b")


def _raise_last(match: re.Match[str]) -> str:
    follows = re.match(r'[!?]"', match.group(1)) and not match.group(2)
    if follows and _SAYING.match(match.string, match.start(3)):
        return match.group()
    return match.group(1) + match.group(2) + match.group(3).upper()


def _raise_opening(match: re.Match[str]) -> str:
    """A quotation's first letter. Whether a mark opens or closes is told by the number of marks before it."""
    before = match.string.rfind("\n", 0, match.start()) + 1
    opening = match.string.count('"', before, match.start(2) - 1) % 2 == 0
    return match.group(1) + (match.group(2).upper() if opening else match.group(2))


def _books(corpus: Path) -> Iterable[tuple[str, str]]:
    """(title and author, text) of each book; a book begins with its head in Markdown."""
    for book in _read(corpus / "books_pd" / "books_children.txt").split(SEPARATOR):
        fields = dict(re.findall(r"^#+ (Title|Author): (.+)$", book, re.MULTILINE))
        if fields:
            yield ", ".join(fields.values()), book


def _book_parts(text: str, familiar: set[str]) -> list[str]:
    """The simpler parts of a book, without headings and emphasis."""
    prose = re.sub(r"^(?:#|---).*$", "", text.replace("_", ""), flags=re.MULTILINE)
    parts = _parts(_unwrapped(clean(prose)))
    plain = [part for part in parts if not re.search(r"[*#\[\]<>|\\]", part)]
    return [part for part in plain if _share(part, familiar) >= FAMILIAR_ENOUGH]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _cased_tiny_stories(folder: Path) -> Iterable[str]:
    """The last piece of each file but the first is cut off in the middle and left out."""
    yield from _read(folder / "tinystories_v1_train_head.txt").split(SEPARATOR)
    yield from _read(folder / "raw_decodinggpt_10k_1.4MB.txt").split(SEPARATOR)[:-1]
    yield from _read(folder / "raw_elman_0.5MB.txt").split("\0")[:-1]


def _lower_tiny_stories(folder: Path) -> Iterable[str]:
    """These files have a single line end between stories and an empty line between paragraphs."""
    for name in ("raw_arnoochka_train_head_lowercase_4.2MB.txt", "tinystories_v1_train_next_lowercase.txt"):
        yield from re.split(r"(?<!\n)\n(?!\n)", _read(folder / name))[:-1]


def _without_repeats(texts: Iterable[str], seen: set[str]) -> list[str]:
    kept: list[str] = []
    known = set(seen)
    for text in texts:
        mark = _fingerprint(text)
        if mark not in known:
            known.add(mark)
            kept.append(text)
    return kept


def _fingerprint(text: str) -> str:
    """The first letters of a story, without case and punctuation: the same in every fragment that holds it."""
    return re.sub(r"[^a-z]", "", text.lower())[:160]


def _is_story(text: str) -> bool:
    odd = re.search(r"[^\x00-\x7fé]|[<>{}\[\]|\\@#_]|http", text)
    return SHORTEST <= len(text) <= LONGEST and odd is None and text[-1] in ".!?\"'"


def _prose(text: str) -> str:
    """A storybook without its page breaks: the title's line goes, and pages of a sentence join to paragraphs."""
    pages = [page.replace("\n", " ").strip() for page in text.split("\n\n")]
    end = re.compile(r"author's note|glossary|did you know|storyweaver|acknowledg", re.IGNORECASE)
    notes = [index for index, page in enumerate(pages) if end.search(page)]
    pages = pages[:notes[0]] if notes else pages
    pages = [page for page in pages[1:] if page and not re.search(r"http|©|@|\*\*|##|[<>{}|\\]", page)]
    paragraphs: list[str] = []
    for page in pages:
        if paragraphs and len(paragraphs[-1]) + len(page) < 280 and paragraphs[-1][-1:] in ".!?\"'":
            paragraphs[-1] += " " + page
        else:
            paragraphs.append(page)
    return "\n\n".join(paragraphs)


def _unwrapped(text: str) -> str:
    """Joins lines that were broken in the middle of a sentence."""
    return re.sub(r"(?<![.!?:\"'\n])\n+", " ", text)


def _parts(text: str) -> list[str]:
    """The text in pieces of whole paragraphs that a model's context holds."""
    parts: list[str] = []
    for paragraph in re.split(r"\n+", text):
        if parts and len(parts[-1]) + len(paragraph) < PART_LENGTH:
            parts[-1] += "\n\n" + paragraph
        else:
            parts.append(paragraph)
    return [part for part in parts if SHORTEST <= len(part) <= 2 * PART_LENGTH]


def _familiar_words(texts: Iterable[str]) -> set[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(re.findall(r"[a-z]+", text.lower()))
    return {word for word, count in counts.items() if count >= 5}


def _share(text: str, familiar: set[str]) -> float:
    words = re.findall(r"[a-z]+", text.lower())
    return sum(word in familiar for word in words) / max(1, len(words))
