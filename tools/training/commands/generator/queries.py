"""Questions about a state."""

from __future__ import annotations

import re
from random import Random

from .amounts import degrees_text, percent_text, random_percent
from .frames import OPENERS
from .model import Command, Line
from .nouns import ROOM_WORDS, noun_phrase, random_noun, random_room, room_name, room_place
from .question_phrases import DIRECT, INDIRECT, QUESTION_TAILS, ROOM_QUESTIONS, SPECIAL, STATUS, TIMED
from .text import chance, fill, join, options, pick
from .times import clock, random_time, time_modifiers
from .verbs import STATES, forms, random_verb, with_object


# The room alone stands for its door, its lamp or its heater.
ROOM_STATES = {
    "door": options("""
    is {n} (open|closed|locked|shut|unlocked); is {n} still (open|unlocked); did (I|you|we) (lock|close|shut) {n}; did
    (I|anyone|someone) leave {n} (open|unlocked); tell me (if|whether) {n} is (locked|open|closed); check (if|whether)
    {n} is (locked|closed); have (I|you|we) locked {n}; has {n} been locked
    """),
    "lamp": options("is {n} lit; is {n} still lit; is {n} lit up"),
    "fan": options("is {n} being ventilated; are we ventilating {n}"),
}
DEGREE_QUESTIONS = options("""
is the heating set to; is the heater at; is the thermostat at; is the thermostat set to; is it; is the radiator set
to; is the heating at; is the temperature at; is it really; tell me if the heating is at
""")

CLAIMS = ["{o} {b} {s}"] * 8 + ["{o} {b} still {s}"] * 2 + ["I left {o} {s}", "{o} {h} been {p}",
                                                            "somebody left {o} {s}",
    "I (forgot|remembered) to {v}", "anyone left {o} {s}", "{o} {w} left {s}", "{o} {b} {s} or not"]


def _special(command: Command, rng: Random) -> str:
    device = command.device or ""
    if device in ROOM_STATES and command.room and chance(rng, 0.3):
        return fill(rng.choice(ROOM_STATES[device]), rng, n=room_name(command.room, rng))
    if device == "heater" and command.room and chance(rng, 0.35):
        return fill(rng.choice(ROOM_QUESTIONS), rng, n=room_name(command.room, rng))
    template = rng.choice(SPECIAL[device])
    if "{r}" not in template:
        command.room = None
        if device == "sprinkler" and chance(rng, 0.25):
            command.room = "garden"
            garden = f"the {rng.choice(ROOM_WORDS['garden'])}"
            swapped = re.sub(r"the (lawn\b|\([^)]*lawn[^)]*\))", garden, template)
            if swapped != template:
                return fill(swapped, rng)
            return fill(template, rng) + f" {room_place('garden', rng, of=False)}"
    elif not command.room and device == "heater" and chance(rng, 0.2):
        return fill(template, rng, r=rng.choice(["in here", "in the house", "inside", "right now", "here", "at home",
                                                 "in this room"]))
    return fill(template, rng, r=room_place(command.room, rng, of=False) if command.room else "")


def _timed(command: Command, rng: Random) -> str:
    command.room = None
    command.time = random_time(rng)
    words_of = clock(command.time, rng)
    core = join(words_of.core, words_of.part)
    return fill(rng.choice(TIMED[command.device or ""]), rng, f=f"for {core}", c=core,
                a=" ".join(time_modifiers(command.time, rng)))


def _ask(command: Command, rng: Random) -> str:
    """A yes-or-no, indirect or status question around a noun phrase."""
    device = command.device or ""
    action = rng.choice(["open", "close"] if device in ("blind", "door") else ["on", "on", "off"])
    thing = noun_phrase(random_noun(device, rng), command.room, rng)
    text_of = thing.text
    plural = thing.plural
    state = rng.choice(STATES[action, device])
    verb = random_verb(action, device, rng)
    while verb.split("|")[0] in ("get", "let"):
        verb = random_verb(action, device, rng)
    head, _, particle = verb.partition("|")
    participle = forms(head)[1]
    spoken = with_object(verb, text_of, rng, thing.room_behind)
    opposite = {"on": "off", "off": "on", "open": "closed", "close": "open"}[action]
    slots = {"o": text_of, "b": "are" if plural else "is", "w": "were" if plural else "was",
             "h": "have" if plural else "has",
             "d": "do" if plural else "does", "s": state, "p": f"{participle} {particle}".strip(), "v": spoken,
             "e": participle + spoken.removeprefix(head), "z": opposite, "y": "they" if plural else "it"}
    kind = pick(rng, [(56, "direct"), (27, "indirect"), (17, "status")])
    place = f" {room_place(command.room, rng, of=False)}" if command.room and not thing.has_room else ""
    if kind == "indirect":
        lead = fill(rng.choice(INDIRECT), rng, i=rng.choice(["if", "if", "whether"]))
        claim = rng.choice(CLAIMS)
        return lead + " " + fill(claim, rng, **slots) + place
    return fill(rng.choice(DIRECT if kind == "direct" else STATUS), rng, **slots) + place


def query_line(device: str, rng: Random) -> Line:
    """One question."""
    command = Command("query", device, random_room(device, rng))
    if device in TIMED and chance(rng, 0.14):
        text = _timed(command, rng)
    elif chance(rng, {"alarm": 0.75, "heater": 0.5}.get(device, 0.28)):
        text = _special(command, rng)
    elif device in ("lamp", "fan", "radio", "heater") and chance(rng, 0.03):
        command.percent = random_percent(rng)
        noun = random_noun(device, rng, ("lights", "lamps", "bulbs", "fans", "ventilators", "radiators", "heaters"))
        level = percent_text(command.percent, rng, False)
        text = f"is the {noun.text} {rng.choice(['at', 'set to', 'still at'])} {level}"
        command.room = None
    elif device == "heater" and chance(rng, 0.05):
        command.degrees = rng.randrange(5, 31)
        place = room_place(command.room, rng, of=False) if command.room else ""
        lead = rng.choice(DEGREE_QUESTIONS)
        text = join(lead, degrees_text(command.degrees, rng, bare=False), place)
    elif chance(rng, 0.03):
        return _short(command, rng)
    else:
        text = _ask(command, rng)
    if chance(rng, 0.13):
        text = f"{rng.choice(OPENERS)}{rng.choice([',', ''])} {text}"
    if not command.time and chance(rng, 0.04):
        text = f"{text} {rng.choice(['right now', 'now', 'at the moment', 'today', 'currently', 'tonight'])}"
    if chance(rng, 0.06):
        text = f"{text}{rng.choice([',', ''])} {rng.choice(QUESTION_TAILS)}"
    statement = text.startswith(("tell", "let me", "check", "please", "find", "I ", "I'", "look", "see", "go and",
                                 "have a", "take a",
                                 "show", "give", "list", "report", "confirm", "just", "status", "state", "read"))
    return Line(join(text), command, question=not statement or chance(rng, 0.15))


def _short(command: Command, rng: Random) -> Line:
    """"garage door open?": a question by its mark alone."""
    device = command.device or ""
    action = rng.choice(["open", "close"] if device in ("blind", "door") else ["on", "on", "off"])
    thing = noun_phrase(random_noun(device, rng), command.room, rng, terse=True)
    place = room_place(command.room, rng, of=False) if command.room and not thing.has_room else ""
    return Line(join(thing.text, rng.choice(["", "", "still"]), rng.choice(STATES[action, device]), place), command,
                True, keep_mark=True)
