"""set with a percentage or degrees."""

from __future__ import annotations

from random import Random

from .amounts import degrees_text, percent_text, random_percent
from .frames import dress, wish
from .level_phrases import (ALL_UP, BLIND_PHRASES, DEGREE_NOUN_PHRASES, DEGREE_VERBS, DOWN, HALF_STATES, HOUSE_DEGREES,
                           OPENING_PHRASES,
 PERCENT_NOUN_PHRASES, PROPERTIES, ROOM_DEGREES, SET_VERBS, WAYS)
from .model import Command, Line
from .nouns import Phrase, noun_phrase, random_noun, random_room, room_name, room_place
from .requests import draw_timing, modifiers_for, place_modifiers
from .numerals import number_text
from .sayings import VAGUE
from .text import chance, fill, join, options, pick
from .verbs import forms, with_object

# {l} stands for "to 40 percent"; {v} for "40 percent" alone.


def _property(thing: Phrase, device: str, rng: Random) -> Phrase:
    """"the lamp brightness", "the brightness of the lamp"."""
    name = rng.choice(PROPERTIES[device])
    if thing.room_behind or chance(rng, 0.5):
        link = rng.choice(["of", "of", "of", "on"])
        return Phrase(f"the {name} {link} {thing.text}", False, thing.has_room, thing.room_behind)
    return Phrase(f"{thing.text} {name}", False, thing.has_room)


def _bare_property(device: str, rng: Random) -> str | None:
    """"volume" alone means the radio, "brightness" alone the lamp."""
    word = {"radio": "volume", "lamp": "brightness"}.get(device)
    return word and join(rng.choice(["the", "the", ""]), word)


def _percent_core(command: Command, thing: Phrase, rng: Random) -> tuple[str, bool, str]:
    """The sentence without adverbials, whether it asks, and a level that may move among them."""
    device, percent = command.device or "", command.percent or 0
    if percent == 100 and chance(rng, 0.35):
        return fill(rng.choice(ALL_UP[device]), rng, o=thing.text), False, ""
    if percent == 50 and chance(rng, 0.42):
        return fill(rng.choice(HALF_STATES[device]), rng, o=thing.text), False, ""
    value = percent_text(percent, rng)
    be = "are" if thing.plural else "is"
    if device in ("blind", "door"):
        if percent in WAYS and chance(rng, 0.4):
            verb = rng.choice(options("""
        open; open; open; close; raise; lower; shut""" if device == "blind" else """
        open; open; open; close"""))
            return f"{verb} {thing.text} {rng.choice(options(WAYS[percent]))}", False, ""
        if device == "blind" and chance(rng, 0.1) and percent != 100:
            return fill(rng.choice(BLIND_PHRASES), rng, o=thing.text, v=value), False, ""
        if chance(rng, 0.2) and value not in ("full", "max", "maximum"):
            return fill(rng.choice(OPENING_PHRASES), rng, o=thing.text, v=value), False, ""
    if chance(rng, 0.3):
        text = fill(rng.choice(PERCENT_NOUN_PHRASES), rng, o=thing.text, v=value, l=f"to {value}", b=be)
        return text, text.startswith(("can ", "could ")), ""
    verb = pick(rng, SET_VERBS[device])
    link = pick(rng, [(80, "to"), (8, "at"), (4, "on"), (3, "all the way to"), (3, "to about")])
    if verb in ("keep", "leave", "hold", "play", "run", "start", "fix", "light"):
        link = rng.choice(["at", "at", "at", "on"])
    elif verb in ("turn|on", "switch|on", "put|on"):
        link = rng.choice(["at", "at", "to"])
    elif verb in DOWN and chance(rng, 0.3):
        link = "down to" if "|down" not in verb and verb not in ("slow",) else "to"
    elif verb in ("brighten", "raise", "set", "turn", "bring", "increase", "put") and chance(rng, 0.12):
        link = "up to"
    elif verb in ("set", "turn", "bring", "put") and chance(rng, 0.12):
        link = "down to"
    # "volume to 30": without the word percent, but nothing else can be meant.
    if link == "to" and device != "heater" and chance(rng, 0.12 if device == "radio" else 0.03):
        value = number_text(percent, rng, 0.3)
    return verb, False, f"{link} {value}"


def _thing(command: Command, rng: Random) -> Phrase:
    device = command.device or ""
    without = ("thermostat",) if command.percent is not None else ()
    bare = _bare_property(device, rng) if chance(rng, 0.4 if device == "radio" else 0.07) else None
    if bare:
        if command.room and chance(rng, 0.3):
            phrase = noun_phrase(random_noun(device, rng), command.room, rng)
            return _property(phrase, device, rng)
        return Phrase(bare, False, not command.room)
    if command.degrees is not None and chance(rng, 0.3):
        room_first = command.room is not None and chance(rng, 0.35)
        if room_first:
            return Phrase(f"{room_name(command.room or '', rng)} temperature", False, True)
        return Phrase(rng.choice(["the temperature"] * 8 + ["temperature", "temperature", "the room temperature",
                                                            "our temperature"]), False, not command.room)
    phrase = noun_phrase(random_noun(device, rng, without), command.room, rng, terse=chance(rng, 0.2))
    if device in PROPERTIES and command.percent is not None and chance(rng, 0.13):
        return _property(phrase, device, rng)
    return phrase


def _degrees_core(command: Command, thing: Phrase, rng: Random) -> tuple[str, bool, str]:
    degrees = command.degrees or 0
    value = degrees_text(degrees, rng, bare=chance(rng, 0.3))
    if chance(rng, 0.34):
        text = fill(rng.choice(DEGREE_NOUN_PHRASES), rng, o=thing.text, v=value, b="are" if thing.plural else "is")
        # A bare number behind "on at" would read as an hour.
        if " on at " in text and value[-1].isalnum() and not any(mark in value for mark in ("deg", "C", "°", "c")):
            text = text.replace(" on at ", " at ")
        return text, text.startswith(("can ", "could ")), ""
    verb = pick(rng, DEGREE_VERBS)
    link = "at" if verb in ("keep", "leave", "hold", "run", "fix") else rng.choice(["to"] * 12 + ["at"] * 2 + ["on"])
    if verb in ("set", "turn", "put", "bring", "crank") and chance(rng, 0.15):
        link = rng.choice(["up to", "down to"])
    # "turn the heater up at twelve" would be an hour.
    if link in ("at", "on") and value.replace("-", "").replace(" ", "").isalnum() and not any(
            unit in value.lower() for unit in ("deg", "c")):
        link = "to"
    return verb, False, f"{link} {value}"


def _room_degrees(command: Command, rng: Random) -> tuple[str, bool]:
    """"heat the office to 20 degrees": no device is named."""
    template = rng.choice(ROOM_DEGREES if command.room else HOUSE_DEGREES)
    bare = template.startswith(("heat", "warm", "cool")) and chance(rng, 0.25)
    value = degrees_text(command.degrees or 0, rng, bare)
    text = fill(template, rng, v=value, r=room_name(command.room, rng) if command.room else "")
    return text, text.startswith(("can ", "could "))


def _assemble(command: Command, core: tuple[str, bool, str], thing: Phrase, found: list[str],
              rng: Random) -> tuple[str, str, bool]:
    text, question, level = core
    if not level:
        front, behind = place_modifiers(found, rng)
        return front, join(text, behind), question
    # The level usually stands next to the device, but time and duration may come between.
    front, behind = place_modifiers(found, rng)
    if behind and chance(rng, 0.25):
        behind = f"{behind} {level}"
    else:
        behind = f"{level} {behind}"
    head, _, particle = text.partition("|")
    gerund, participle = forms(head)
    imperative = with_object(text, thing.text, rng, thing.room_behind)
    be = "are" if thing.plural else "is"
    return (front, *wish(rng, imperative, gerund + imperative.removeprefix(head), thing.text,
                         f"{participle} {particle}".strip(), be, behind))


def level_line(device: str, rng: Random) -> Line:
    """One line with a percentage or degrees."""
    command = Command("set", device, random_room(device, rng))
    draw_timing(command, rng)
    if device == "heater" and chance(rng, 0.76):
        command.degrees = rng.choice([rng.randrange(5, 31), rng.randrange(10, 26), rng.randrange(15, 26)])
    else:
        command.percent = 50 if device in ("blind", "door") and chance(rng, 0.12) else random_percent(rng)
    found = modifiers_for(command, rng, "" if command.time else rng.choice(["for", "in"]))
    if not found and chance(rng, 0.06):
        found = [rng.choice(VAGUE)]
    timed = bool(command.time or command.minutes)
    if command.degrees is not None and chance(rng, 0.3):
        text, question = _room_degrees(command, rng)
        front, behind = place_modifiers(found, rng)
        text = join(text, behind)
    else:
        thing = _thing(command, rng)
        if not thing.has_room and command.room:
            found.insert(rng.randrange(len(found) + 1), room_place(command.room, rng, of=False))
        core = (_degrees_core if command.degrees is not None else _percent_core)(command, thing, rng)
        front, text, question = _assemble(command, core, thing, found, rng)
    text, question = dress(join(front, text), rng, question, timed)
    return Line(join(text), command, question)
