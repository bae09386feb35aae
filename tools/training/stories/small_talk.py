"""Small talk: short questions and answers of a story teller that says honestly what it is and what it cannot do."""
import random
import re
from functools import lru_cache
from pathlib import Path

from stories import names

TOPICS_FILE = Path(__file__).with_name("small_talk.txt")
Message = dict[str, str]

THINGS = "ball book kite boat hat train bike doll robot rocket key box car tree house puzzle bell star castle".split()
ANIMALS = "cat dog bird fish horse rabbit bear fox mouse duck frog cow pig lion monkey dragon bee snail turkey".split()
FOODS = "pizza|cake|ice cream|bread|soup|cheese|pancakes|apples|cookies|chocolate|rice|carrots|bananas|jam".split("|")
COLORS = "blue red green yellow purple orange pink white".split()
INSTRUMENTS = "harp flute fiddle horn harmonica".split()
_PLURALS = {"fish": "fish", "mouse": "mice", "box": "boxes"}
# Topics after which a conversation ends, and ones that only make sense as a reply.
_LAST = {"good night", "bye"}
_REPLY = {"yes", "no", "thanks", "rude"}
OFFER = re.compile(r"(?:Shall I|Would you like|Do you want).*\?$")
_FIRST = {"greeting", "how are you", "name", "my name"}


class SmallTalker:
    """Writes conversations of one to four turns; topics and wordings come in turn, so that none is rare."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._topics = read_topics()
        self._turns: dict[str, list[str]] = {}

    def conversation(self) -> list[Message]:
        """A whole conversation: perhaps a greeting, one to three questions, perhaps a farewell."""
        draw = self._random
        middle = [topic for topic in self._topics if topic not in _LAST | _REPLY | _FIRST]
        topics: list[str] = []
        if draw.random() < 0.35:
            topics += draw.sample(sorted(_FIRST), draw.choice((1, 1, 2)))
            topics.sort(key=lambda topic: topic != "greeting")
        topics += draw.sample(middle, draw.choices((0, 1, 2, 3), (2, 10, 4, 2))[0])
        if not topics or draw.random() < 0.12:
            topics.append(draw.choice(sorted(_LAST | _FIRST) if not topics else sorted(_LAST)))
        messages: list[Message] = []
        for topic in topics:
            messages += self.turn(topic)
            if topic == topics[-1] and OFFER.search(messages[-1]["content"]) and draw.random() < 0.35:
                messages += self.turn(draw.choice(("yes", "no", "no", "thanks")))
            elif draw.random() < 0.05:
                messages += self.turn(draw.choice(("thanks", "rude")))
        return messages

    def turn(self, topic: str) -> list[Message]:
        """One question of the topic and its answer."""
        questions, answers = self._topics[topic]
        slots = self._slots()
        question = self._loosen(_fill(self._next(topic, questions), slots))
        answer = _fill(self._random.choice(answers), slots)
        return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]

    def _next(self, topic: str, questions: list[str]) -> str:
        if not self._turns.get(topic):
            self._turns[topic] = self._random.sample(questions, len(questions))
        return self._turns[topic].pop()

    def _slots(self) -> dict[str, str]:
        draw = self._random
        thing, animal = draw.choice(THINGS), draw.choice(ANIMALS)
        return {
            "thing": thing, "things": plural(thing), "animal": animal, "animals": plural(animal),
            "food": draw.choice(FOODS), "color": draw.choice(COLORS), "instrument": draw.choice(INSTRUMENTS),
            "name": names.person(draw, draw.random() < 0.5),
        }

    def _loosen(self, question: str) -> str:
        """The question with its mark, or as people type it: without the mark, in small letters."""
        asks = re.match(r"(?:and |hi, |hello, |tell me, )?(?:what|who|where|how|why|which|do|does|are|is|can|may|will"
                        r"|have|when)\b|.*\band you$", question.lower())
        mark = "?" if asks and not question.startswith("Do my") else self._random.choice("..!")
        shape = self._random.random()
        if shape < 0.62:
            return question + mark
        if shape < 0.75:
            return question
        return question.lower() if shape < 0.92 else question.lower() + mark


def plural(noun: str) -> str:
    return _PLURALS.get(noun, noun + "s")


@lru_cache(maxsize=1)
def read_topics() -> dict[str, tuple[list[str], list[str]]]:
    """Each topic's questions and answers."""
    topics: dict[str, tuple[list[str], list[str]]] = {}
    for line in TOPICS_FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("="):
            topics[line[1:].strip()] = current = ([], [])
        elif line.startswith(("?", "!")):
            current["?!".index(line[0])].extend(re.split(r"\s*\|\s*", line[1:].strip()))
    return topics


def _fill(text: str, slots: dict[str, str]) -> str:
    """Slots filled; {Name} is the slot with a capital, and "a" before a vowel becomes "an"."""
    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        return slots[name] if name in slots else slots[name.lower()].capitalize()

    return re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", re.sub(r"\{(\w+)\}", value, text))
