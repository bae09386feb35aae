"""on, off, open and close."""

from __future__ import annotations

from random import Random

from .amounts import minutes_modifier, random_minutes
from .frames import ASKING, STATING, dress, state_wish, wish
from .model import Command, Line
from .nouns import Noun, Phrase, noun_phrase, random_noun, random_room, room_name, room_place
from .sayings import (
    GARDENS, IMPERATIVES, MOVES, REASONS, ROOMLESS_SAYINGS, SAYINGS, SCHEDULES, SEEN_TO, UNTIMED_SCHEDULES, VAGUE,
    WATERED
)
from .text import chance, expand, fill, join, pick
from .times import clock, random_time, time_modifiers
from .verbs import STATES, forms, random_verb, with_object



def modifiers_for(command: Command, rng: Random, kind: str = "") -> list[str]:
    """Time and minutes as adverbials."""
    found = []
    if command.time:
        heater = command.device == "heater"
        found = time_modifiers(command.time, rng, start=command.action == "on", small_hours_only=heater)
    if command.minutes:
        kind = kind or ("for" if command.time else rng.choice(["for", "in"]))
        found.append(minutes_modifier(command.minutes, rng, kind))
    return found


def place_modifiers(found: list[str], rng: Random) -> tuple[str, str]:
    """Some adverbial may open the sentence; the others follow the verb in any order."""
    if len(found) > 1 and chance(rng, 0.5):
        rng.shuffle(found)
    front = ""
    if found and chance(rng, 0.14):
        front = found.pop(0) + rng.choice([",", ""])
    return front, join(rng.choice([" ", " ", " ", ", "]).join(found)) if found and chance(rng, 0.3) else " ".join(found)


def draw_timing(command: Command, rng: Random) -> None:
    """Give the command a time, minutes, both or none."""
    kind = pick(rng, [(50, ""), (27, "time"), (16, "minutes"), (7, "both")])
    if kind in ("time", "both"):
        command.time = random_time(rng)
    if kind in ("minutes", "both"):
        command.minutes = random_minutes(rng)


def saying(command: Command, rng: Random) -> str | None:
    """A saying that fits; sets the room where the saying means it."""
    key = command.action, command.device or ""
    if command.device == "sprinkler" and command.room not in (None, "garden"):
        return None
    if not command.room:
        return fill(rng.choice(ROOMLESS_SAYINGS[key]), rng, w=rng.choice(WATERED))
    if key not in SAYINGS or (command.device == "door" and command.room in ("garden", "hall")):
        return None
    watered = rng.choice(GARDENS) if chance(rng, 0.6) else f"{rng.choice(WATERED)} {room_place('garden', rng)}"
    text = fill(rng.choice(SAYINGS[key]), rng, r=room_name(command.room, rng), g=room_name(command.room, rng),
                w=watered)
    # Plants need, a lawn needs.
    single = not any(word in watered.split() for word in ("plants", "flowers", "roses", "beds", "flowerbeds"))
    for plural, one in ((" need ", " needs "), (" get water", " gets water")):
        text = text.replace(plural, one) if single and "I need" not in text else text
    return text


def noun_for(verb: str, action: str, device: str, rng: Random) -> Noun:
    """Some verbs take only some nouns of a device."""
    while True:
        noun = random_noun(device, rng)
        if device == "radio" and verb.startswith("play") and noun.text.startswith("stereo") and chance(rng, 0.7):
            continue
        drawn = (device, action, verb) == ("blind", "close", "draw")
        if drawn and "curtain" not in noun.text and chance(rng, 0.6):
            continue
        if device == "blind" and "curtain" in noun.text and ("roll" in verb or "wind" in verb):
            continue
        if device == "door" and "gate" not in noun.text and "roll" in verb:
            continue
        return noun


def _with_reason(text: str, command: Command, rng: Random, timed: bool) -> str:
    reasons = REASONS[command.action].get(command.device or "", [])
    if timed or not reasons or not chance(rng, 0.035):
        return text
    reason = rng.choice(reasons)
    return f"{reason}, {text}" if chance(rng, 0.3) else f"{text}, {reason}"


def scheduled(thing: Phrase, command: Command, modifiers: str, rng: Random) -> str | None:
    """"set the lamp to come on at 7", "the blinds can go up"; never for an alarm, where going off means ringing."""
    if command.device == "alarm":
        return None
    verb = expand(MOVES.get((command.action, command.device or ""), MOVES[command.action, ""]), rng)
    if chance(rng, 0.3):
        return join(fill(rng.choice(SEEN_TO), rng, o=thing.text, v=verb if thing.plural else third_person(verb)),
                    modifiers)
    template = rng.choice(SCHEDULES if modifiers else SCHEDULES[-UNTIMED_SCHEDULES:])
    return join(fill(template, rng, o=thing.text, v=verb), modifiers)


def third_person(verb: str) -> str:
    """"come on" becomes "comes on"."""
    head, _, rest = verb.partition(" ")
    head = "is" if head == "be" else head + ("es" if head.endswith(("o", "ch", "sh")) else "s")
    return f"{head} {rest}".strip()


def request_line(action: str, device: str, rng: Random) -> Line:
    """One line for on, off, open or close."""
    command = Command(action, device, random_room(device, rng))
    draw_timing(command, rng)
    found = modifiers_for(command, rng)
    timed = bool(found)
    if not timed and chance(rng, 0.07):
        found = [rng.choice(VAGUE)]
    question = False
    if (action, device) == ("off", "alarm") and command.time and not command.minutes and chance(rng, 0.3):
        return _named_alarm(command, rng)
    text = saying(command, rng) if chance(rng, 0.30 if device == "sprinkler" else 0.09) else None
    if text:
        front, behind = place_modifiers(found, rng)
        if text.split()[0] in IMPERATIVES and chance(rng, 0.3):
            question = chance(rng, 0.55)
            text = f"{rng.choice(ASKING[:12] * 2 + ASKING if question else STATING)} {text}"
        text = join(text, behind)
    else:
        front, text, question = _sentence(command, found, rng)
    text = _with_reason(join(front, text), command, rng, timed)
    text, question = dress(text, rng, question, timed)
    return Line(join(text), command, question)


def _named_alarm(command: Command, rng: Random) -> Line:
    """"turn off the 7 am alarm"."""
    command.room = None
    words_of = clock(command.time or "", rng)
    owner = rng.choice(["the", "my", "the", "my", "that", ""])
    noun = rng.choice(["alarm", "alarm", "alarm", "alarm clock"])
    thing = join(owner, words_of.core, noun) if not words_of.part else \
        join(owner, noun, rng.choice(["at", "for"]), words_of.core, words_of.part)
    text = with_object(random_verb("off", "alarm", rng), thing, rng, bool(words_of.part))
    text, question = dress(text, rng, False, True)
    return Line(join(text), command, question)


def _sentence(command: Command, found: list[str], rng: Random) -> tuple[str, str, bool]:
    """A verb or a state around the device: the adverbials before, the rest, and whether it asks."""
    action, device = command.action, command.device or ""
    verb = random_verb(action, device, rng)
    state_shape = chance(rng, 0.27)
    noun = noun_for("" if state_shape else verb, action, device, rng)
    thing = noun_phrase(noun, command.room, rng, terse=state_shape and chance(rng, 0.6))
    if not thing.has_room and command.room:
        found = [room_place(command.room, rng, of=False), *found]
    timed = bool(command.time or command.minutes)
    front, behind = place_modifiers(found, rng)
    be = "are" if thing.plural else "is"
    if chance(rng, 0.09 if timed else 0.04):
        text = scheduled(thing, command, behind, rng)
        if text:
            return front, text, False
    if state_shape:
        text, question = state_wish(rng, thing.text, be, rng.choice(STATES[action, device]), behind,
                                    staying=not command.time)
        return front, text, question
    head, _, particle = verb.partition("|")
    gerund, participle = forms(head)
    object_text = thing.text
    # "turn the lamp at six off": rare, but said.
    if particle and behind and not thing.room_behind and chance(rng, 0.03):
        object_text, behind = f"{object_text} {behind.replace(',', '')}", ""
        return front, f"{head} {object_text} {particle}", False
    imperative = with_object(verb, object_text, rng, thing.room_behind)
    gerund_text = gerund + imperative.removeprefix(head)
    return (front, *wish(rng, imperative, gerund_text, object_text, f"{participle} {particle}".strip(), be, behind))
