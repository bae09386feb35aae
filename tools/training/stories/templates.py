"""Writes short simple stories about a requested noun, from the plots in the folder plots.

A plot file has plots that begin with "= kind ..." and name the kinds of nouns they suit. Each line is one sentence
(or two that belong together) in several wordings, separated by "|". A line that begins with "?" is left out half of
the time, an empty line ends a paragraph. {slots} are filled once for the whole story, so that a name, a place, or a
color stays the same; {names} of plots/shared.txt draw one of their wordings anew each time.

These stories teach one thing above all: that the noun asked for is the noun the story is about.
"""
import random
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from stories import names
from stories.nouns import ADJECTIVES, nouns_by_kind, with_article

PLOTS = Path(__file__).with_name("plots")
SEPARATOR = re.compile(r"\s*\|\s*")

PLACES = """park garden forest woods meadow village field market playground valley town square
farmyard backyard orchard zoo schoolyard harbor jungle hills""".replace("town square", "town_square").split()
SPOTS = """an old tree|a big rock|the bridge|the old well|a green bush|the fence by the road|a pile of leaves
|the red barn
|a wooden bench|the garden wall|a tall hedge|the apple tree|the school gate|a small pond|the stone wall|a hollow log
|the farmhouse|an empty box|the rose bush|the blue door|a haystack|the mailbox""".replace("\n", "").split("|")
HOMES = """a deep forest|a green valley|a small village|the tall grass|a quiet wood|a little house
|an old tree by the river
|a faraway land|a warm jungle|a house on a hill|the reeds by the lake|a town by the sea|a garden full of flowers
|a hole under a hill|the middle of a forest|a land of snow""".replace("\n", "").split("|")
ANIMALS = """fox rabbit owl squirrel cat dog bear mouse frog duck bird monkey turkey hedgehog cow horse pony donkey
bunny
kitten puppy lion elephant giraffe snake snail otter badger hare sparrow crow robin lizard toad camel piglet rooster bee
butterfly moose eagle seal hawk rat chipmunk""".split()
CLIMBERS = "squirrel monkey cat bird owl crow sparrow robin chipmunk lizard".split()
THINGS = """ball book kite toy hat basket box letter key bell picture stone stick blanket coin map
whistle bottle cup doll drawing flower pot spoon bag button card""".split()
FOODS = """some bread and jam|some apples|some warm soup|some cookies|a piece of cake|some cheese|some carrots|some nuts
|sandwiches|pancakes|fresh berries|some popcorn|warm milk and honey|some grapes|an apple pie|ice cream""".replace(
    "\n", "").split("|")
SNACKS = "nuts berries apples seeds carrots cookies honey cherries grapes corn sweet_roots plums".split()
COLORS = "red blue green yellow orange purple pink white brown silver golden".split()
CONDITIONS = """small but very pretty|old but still good|bright and new|soft and warm|a little dirty|very light
|just the right size|the nicest thing in the house|not very big, but it was beautiful|wet from the rain
|full of dust|shiny in the sun""".replace("\n", "").split("|")
CHORES = """washed the dishes|fed the chickens|swept the floor|watered the flowers|cleaned the windows|carried the wood
|made the bed|picked apples|helped an old man carry his bags|looked after the baby|folded the clothes
|raked the leaves""".replace("\n", "").split("|")
WISHES = """I want to fly like a bird|I wish I could talk to animals|I want to see the stars from close by
|I want to be as tall
 as a house|I wish it would snow in summer|I want to visit the moon|I want to swim with the fish
|I want a house made of cake
|I wish I were very small|I want to see the whole world|I want to be a king for one day""".replace("\n", "").split("|")
SELLERS = "seller shopkeeper old shopkeeper kind seller".replace("old s", "old_s").replace("kind s", "kind_s").split()
PARENTS = {"mom": True, "dad": False, "mother": True, "father": False, "grandma": True, "grandpa": False, "aunt": True,
           "uncle": False}
VEHICLE_NAMES = "Zoom Rusty Speedy Old Bessie Puff Dot Bumpy Lightning Tooter Sunny Chugger Red".replace(
    "Old B", "Old_B").split()


@dataclass(frozen=True)
class TemplateStory:
    """A story, the noun it is about, how the story first calls it, and its hero's name."""

    text: str
    noun: str
    phrase: str
    hero: str


class StoryWriter:
    """Writes stories from one source of randomness; the nouns come in turn, so that none is rare."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._nouns = nouns_by_kind()
        self._turns: dict[str, list[str]] = {kind: [] for kind in self._nouns}
        self._plots, self._shared = _read_plots()

    def write(self) -> TemplateStory:
        """One story about the next noun."""
        kind = self._draw_kind()
        noun = self._next_noun(kind)
        phrase = noun
        if self._random.random() < 0.45 and " " not in noun:
            phrase = f"{self._random.choice(ADJECTIVES[kind])} {noun}"
            sized = phrase.startswith(("little", "big", "small", "tiny"))
            if kind in ("thing", "vehicle") and not sized and self._random.random() < 0.2:
                phrase = f"little {phrase}"
        slots = self._slots(kind, noun, phrase)
        plot = self._random.choice(self._plots[kind])
        paragraphs = [
            " ".join(self._sentence(line, slots) for line in paragraph if line[0] != "?" or self._random.random() < 0.5)
            for paragraph in plot
        ]
        return TemplateStory("\n\n".join(paragraphs), noun, phrase, slots["hero"])

    def _draw_kind(self) -> str:
        kinds = list(self._nouns)
        return self._random.choices(kinds, [len(self._nouns[kind]) ** 0.9 for kind in kinds])[0]

    def _next_noun(self, kind: str) -> str:
        if not self._turns[kind]:
            self._turns[kind] = self._random.sample(self._nouns[kind], len(self._nouns[kind]))
        return self._turns[kind].pop()

    def _sentence(self, line: str, slots: dict[str, str]) -> str:
        text = self._random.choice(SEPARATOR.split(line.lstrip("? ").strip()))
        while True:
            filled = re.sub(r"\{(\w+)\}", lambda match: self._fill(match.group(1), slots), text)
            if filled == text:
                return text
            text = filled

    def _fill(self, name: str, slots: dict[str, str]) -> str:
        return slots[name] if name in slots else self._random.choice(self._shared[name])

    def _slots(self, kind: str, noun: str, phrase: str) -> dict[str, str]:
        draw = self._random
        girl, friend_girl, elder_woman = (draw.random() < 0.5 for _ in range(3))
        creature = kind in ("animal", "being")
        parent = draw.choice(list(PARENTS) if not creature else ["mother", "father"])
        hero = names.pet(draw) if creature else names.person(draw, girl)
        others = [animal for animal in ANIMALS if animal != noun]
        animal, animal2 = draw.sample(others, 2)
        slots = {
            "n": noun, "N": phrase, "aN": with_article(phrase), "aN2": with_article(noun), "hero": hero,
            "kid": "girl" if girl else "boy", "kid2": "girl" if friend_girl else "boy",
            "mom": parent, "animal": animal, "animal2": animal2, "child": names.person(draw, girl),
            "elder": "woman" if elder_woman else "man", "ehe": "she" if elder_woman else "he",
            "den": draw.choice(HOMES), "food": draw.choice(FOODS), "wish": draw.choice(WISHES),
            "snack": draw.choice(SNACKS).replace("_", " "), "condition": draw.choice(CONDITIONS),
            "seller": draw.choice(SELLERS).replace("_", " "), "itname": draw.choice(VEHICLE_NAMES).replace("_", " "),
            "thing": draw.choice([thing for thing in THINGS if thing != noun]),
        }
        friend = names.person(draw, friend_girl)
        while friend in (hero, slots["child"]):
            friend = names.person(draw, friend_girl)
        slots["friend"] = friend
        slots["place"], slots["place2"] = (f"the {place.replace('_', ' ')}" for place in draw.sample(
            [place for place in PLACES if place != noun], 2))
        slots["spot"], slots["spot2"], slots["spot3"] = draw.sample([spot for spot in SPOTS if noun not in spot], 3)
        slots["color"], slots["color2"] = draw.sample([color for color in COLORS if color not in phrase], 2)
        slots["chore"], slots["chore2"] = draw.sample(CHORES, 2)
        slots["chores"] = f"{slots['chore']} and {slots['chore2']}"
        for prefix, female in (("", girl), ("f", friend_girl), ("m", PARENTS[parent])):
            slots.update(_pronouns(prefix, female))
        slots.update({"aanimal": with_article(animal), "aanimal2": with_article(animal2)})
        for lower in ("aN", "aN2", "aanimal", "aanimal2", "place"):
            slots[lower[0].upper() + lower[1:]] = slots[lower][0].upper() + slots[lower][1:]
        return slots


def _pronouns(prefix: str, female: bool) -> dict[str, str]:
    forms = ("she", "her", "her", "herself") if female else ("he", "his", "him", "himself")
    slots: dict[str, str] = {}
    for name, form in zip(("he", "his", "him", "himself"), forms):
        slots[prefix + name] = form
        slots[(prefix + name).capitalize()] = form.capitalize()
    return slots


Plot = list[list[str]]


@lru_cache(maxsize=1)
def _read_plots() -> tuple[dict[str, list[Plot]], dict[str, list[str]]]:
    """The plots by kind, each a list of paragraphs of lines, and the shared wordings by name."""
    plots: dict[str, list[Plot]] = {}
    shared: dict[str, list[str]] = {}
    for path in sorted(PLOTS.glob("*.txt")):
        plot: Plot = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                continue
            if line.startswith("@"):
                name, wordings = line[1:].split(":", 1)
                shared[name] = SEPARATOR.split(wordings.strip())
            elif line.startswith("="):
                plot = [[]]
                for kind in line[1:].split():
                    plots.setdefault(kind, []).append(plot)
            elif line.strip():
                plot[-1].append(line.strip())
            elif plot and plot[-1]:
                plot.append([])
    for kind in plots:
        for plot in plots[kind]:
            plot[:] = [paragraph for paragraph in plot if paragraph]
    return plots, shared
