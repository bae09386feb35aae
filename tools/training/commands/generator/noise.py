"""Capitals, punctuation, spelling variants and typos."""

from __future__ import annotations

import re
from random import Random

from .model import Line
from .text import chance

NEIGHBOURS = dict(entry.split(":") for entry in """
a:sqz b:vn c:xv d:sfe e:wr f:dgr g:fht h:gjy i:uo j:hk k:jl l:ko m:n n:bm o:ip p:o q:wa r:et s:ad t:ry u:yi v:cb w:qe
x:zc y:tu z:xa
""".split())
# right>wrong
VARIANTS = [tuple(entry.split(">")) for entry in """
living room>livingroom; living room>living-room; sitting room>sittingroom; alarm clock>alarmclock; turn off>turn of;
switch off>switch of; the >teh ; please>pleas; please>plz; turn >trun ; switch>swich; lights>ligths; light>ligth;
light>lite; minutes>mintues; minutes>minuts; kitchen>kichen; bathroom>bathrom; bedroom>bedrom; garage>garrage;
sprinkler>sprinker; you>u; what's>whats; I'm>im; I'd>id; can you>cn you; radiator>raditor; thermostat>thermastat;
curtain>curtin; forty>fourty; ventilator>ventillator; degrees>degress; quarter>quater; tomorrow>tommorow;
o'clock>oclock; hallway>hall way; cancel>cancle; cancel>cancell; a.m.>a.m; okay>k
""".strip().replace("\n", " ").split("; ")]
# A typo must never turn one meaningful word into another.
MEANINGFUL = frozenset("""
on off of open close closed lock unlock look lower raise lamp lamps light lights night heat heater heating fan blind
blinds shade shades door doors gate date late radio music alarm timer time times sprinkler garden garage kitchen
bedroom bathroom hall half office study lounge hour hours seven eleven three third thirty thirteen fourteen forty
fifteen fifty sixteen sixty seventeen seventy eighteen eighty nineteen ninety eight eighth tenth noon moon soon
morning evening tonight quarter past last fast post put but out up start stop shut shot room broom water later wake
make take bath path shed shut cancel pull full roll wall call ball fall hell hill
""".split())
NUMERALS = frozenset("""
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred half third thirds quarter quarters fifth fifths
tenth tenths
""".split())
FILLERS = ["um", "uh", "er", "like", "you know", "erm", "hm", "uhm", "let's see", "what's it called"]
STARTS = ["um", "uh", "okay", "okay so", "so", "yeah so", "right so", "hey so", "and", "ah", "well", "oh and", "yeah",
          "so um", "hi so", "alright so", "oh okay so"]
WORD = re.compile(r"[A-Za-z]{4,}")


def _edit(word: str, rng: Random) -> str:
    """One slip inside the word; the first letter stays."""
    place = rng.randrange(1, len(word) - 1)
    kind = rng.choice(["swap", "swap", "drop", "drop", "double", "neighbour"])
    # Endings tell thirteen from thirty, so numerals only suffer harmless slips.
    if word.lower() in NUMERALS:
        kind, place = rng.choice(["swap", "double"]), min(place, 2)
    if kind == "swap":
        return word[:place] + word[place + 1] + word[place] + word[place + 2:]
    if kind == "drop":
        return word[:place] + word[place + 1:]
    if kind == "double":
        return word[:place] + word[place] + word[place:]
    return word[:place] + rng.choice(NEIGHBOURS.get(word[place].lower(), word[place])) + word[place + 1:]


def typo(text: str, rng: Random) -> str:
    """One typo, or the text itself where none is safe."""
    if chance(rng, 0.13):
        return _missing_space(text, rng)
    if chance(rng, 0.3):
        fitting = [(right, wrong) for right, wrong in VARIANTS if right in text]
        if fitting:
            right, wrong = rng.choice(fitting)
            return text.replace(right, wrong, 1)
    words = list(WORD.finditer(text))
    if not words:
        return text
    match = rng.choice(words)
    edited = _edit(match.group(), rng)
    if edited.lower() in MEANINGFUL or edited == match.group():
        return text
    return text[:match.start()] + edited + text[match.end():]


def _missing_space(text: str, rng: Random) -> str:
    """"turnoff the lamp"; never between numerals or digits."""
    spaces = []
    for match in re.finditer(r"([a-z]+) ([a-z]+)", text, re.IGNORECASE):
        if match.group(1).lower() not in NUMERALS and match.group(2).lower() not in NUMERALS:
            spaces.append(match.end(1))
    if not spaces:
        return text
    place = rng.choice(spaces)
    return text[:place] + text[place + 1:]


def punctuate(text: str, line: Line, rng: Random) -> str:
    """The mark at the end, or none."""
    text = text.rstrip(" ,:")
    if text.endswith("?"):
        return text
    if line.keep_mark:
        return text + "?"
    if line.question:
        return text + ("?" if chance(rng, 0.68) else "")
    end = rng.random()
    if end < 0.36 and not text.endswith((".", "!")):
        return text + "."
    if end < 0.42 and not text.endswith((".", "!")):
        return text + "!"
    return text


def hesitate(text: str, rng: Random) -> str:
    """As a dictation writes it down: fillers, no marks."""
    text = re.sub(r"(?<!\d)[,:!](?!\d)| - |\.{3}", " ", text)
    gaps = [match.start() + 1 for match in re.finditer(r" (the|my|our|in|please|for|it|all) ", text)]
    if gaps and chance(rng, 0.6):
        place = rng.choice(gaps)
        text = f"{text[:place]}{rng.choice(FILLERS)} {text[place:]}"
    if chance(rng, 0.5):
        text = f"{rng.choice(STARTS)} {text}"
    return " ".join(text.split())


def capitals(text: str, rng: Random) -> str:
    """Sentence case mostly, else all small, seldom all capitals."""
    way = rng.random()
    if way < 0.46:
        return text[:1].upper() + text[1:]
    if way < 0.62:
        return text
    if way < 0.962:
        return text.lower()
    return text.upper() if way < 0.991 else text.title().replace("'S", "'s")


def spoil(line: Line, rng: Random, typo_share: float = 0.13) -> str:
    """The prompt as it is typed."""
    text = " ".join(line.text.split())
    if chance(rng, 0.04) and not line.keep_mark:
        text = hesitate(text, rng)
    if chance(rng, typo_share):
        text = typo(text, rng)
        if chance(rng, 0.2):
            text = typo(text, rng)
    if chance(rng, 0.12):
        text = text.replace(",", "")
    if chance(rng, 0.06):
        text = text.replace("'", "" if chance(rng, 0.8) else "’")
    return capitals(punctuate(text, line, rng), rng)
