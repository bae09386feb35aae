"""Lines whose answer is none."""

from __future__ import annotations

from random import Random

from . import none_lines
from . import none_words
from .amounts import duration, minutes_modifier, random_minutes
from .chatter import talk_alone
from .frames import ASKING, OPENERS, STATING, dress
from .model import Command, Line
from .nouns import ROOM_WORDS, room_place
from .numerals import number_text
from .text import chance, fill, join, options, pick
from .times import clock, random_time, time_modifiers
from .topics import other_topic

# A known device word in front would make these the devices of the language.
SWITCH_VERBS = options("""
turn on {o}; turn {o} on; turn on {o}; turn {o} on; switch on {o}; switch {o} on; turn off {o}; turn {o} off; turn off
{o}; turn {o} off; switch off {o}; switch {o} off; start {o}; stop {o}; shut off {o}; shut {o} off; shut down {o};
kill {o}; put {o} on; activate {o}; deactivate {o}; run {o}; power up {o}; power off {o}; fire up {o}; get {o} going;
{o} on; {o} off; disable {o}; enable {o}; cut {o}; pause {o}; I want {o} on; I want {o} off; make sure {o} is off;
make sure {o} is on; I'd like {o} turned off; I need {o} on; leave {o} on; have {o} turned on; flip on {o}; {o} should
be off; {o} should be on; keep {o} running; mute {o}; silence {o}; set {o} to {number} percent; turn {o} up to
{number} percent; turn down {o} to {number} percent; adjust {o}; set {o} to maximum; put {o} at {number} percent; {o}
to {number} percent; cancel {o}; forget about {o}; put {o} on standby; unmute {o}
""")
OPEN_VERBS = options("""
open {o}; open {o}; open {o}; open {o}; close {o}; close {o}; close {o}; close {o}; shut {o}; shut {o}; open up {o};
lift {o}; lower {o}; raise {o}; lock {o}; unlock {o}; pull open {o}; swing open {o}; slam {o}; crack {o} open; push
{o} open; get {o} open; I want {o} open; I want {o} closed; I'd like {o} closed; make sure {o} is shut; make sure {o}
is closed; leave {o} open; keep {o} closed; {o} open; {o} closed; {o} should be closed; open {o} halfway; open {o} to
{number} percent; open {o} all the way; pop {o} open; close {o} halfway; roll down {o}; roll up {o}; pull {o} shut;
let me open {o}; tilt {o}; open {o} a crack
""")
# "garage" alone opens a door and "car lights" would be lamps: neither stands in the lists of none_words.


def _slots(rng: Random) -> dict[str, str]:
    words_of = clock(random_time(rng), rng)
    return {"switched": rng.choice(none_words.SWITCHED), "opened": rng.choice(none_words.OPENED),
            "person": rng.choice(none_words.PEOPLE),
            "city": rng.choice(none_words.CITIES), "country": rng.choice(none_words.COUNTRIES),
            "food": rng.choice(none_words.FOODS),
            "animal": rng.choice(none_words.ANIMALS), "subject": rng.choice(none_words.SUBJECTS),
            "event": rng.choice(none_words.EVENTS),
            "show": rng.choice(none_words.SHOWS), "chore": rng.choice(none_words.CHORES),
            "adjective": rng.choice(none_words.ADJECTIVES),
            "number": number_text(rng.randrange(2, 100), rng), "other": number_text(rng.randrange(2, 300), rng),
            "time": join(words_of.core, words_of.part), "minutes": duration(random_minutes(rng), rng),
            "room": rng.choice(ROOM_WORDS[rng.choice(list(ROOM_WORDS))])}


def _other_device(rng: Random) -> Line:
    """The verbs, rooms and times of the language with a thing that is not in it."""
    switched = chance(rng, 0.6)
    thing = rng.choice(none_words.SWITCHED if switched else none_words.OPENED)
    room = rng.choice(list(ROOM_WORDS))
    article = rng.choice(["the", "the", "the", "the", "my", "our", "", "that"])
    place = pick(rng, [(50, "none"), (22, "front"), (28, "behind")])
    if place == "front":
        thing = f"{rng.choice(ROOM_WORDS[room])} {thing}"
    text = fill(rng.choice(SWITCH_VERBS if switched else OPEN_VERBS), rng, o=join(article, thing),
                number=number_text(rng.randrange(1, 101), rng))
    modifiers = [room_place(room, rng, of=False)] if place == "behind" else []
    if chance(rng, 0.27):
        modifiers += time_modifiers(random_time(rng), rng)
    elif chance(rng, 0.25):
        modifiers.append(minutes_modifier(random_minutes(rng), rng, rng.choice(["for", "in"])))
    rng.shuffle(modifiers)
    question = False
    imperative = not text.startswith(("I ", "I'd", "make sure", thing.split()[0], article or " "))
    front = modifiers.pop() if modifiers and chance(rng, 0.1) else ""
    if not front and imperative and chance(rng, 0.35):
        question = chance(rng, 0.55)
        text = f"{rng.choice(ASKING if question else STATING)} {text}"
    text, question = dress(join(front, text, *modifiers), rng, question, True)
    return Line(join(text), Command("none"), question)


def _other_topic(rng: Random) -> Line:
    """"I forgot the oven, turn it off"."""
    switched = chance(rng, 0.6)
    thing = rng.choice(none_words.SWITCHED if switched else none_words.OPENED)
    room = rng.choice(ROOM_WORDS[rng.choice(list(ROOM_WORDS))])
    thing = join(rng.choice(["the", "the", "the", "my", "that"]), room if chance(rng, 0.25) else "", thing)
    if chance(rng, 0.2):
        thing = f"{thing} in the {room}"
    time = minutes_modifier(random_minutes(rng), rng, "in") if chance(rng, 0.5) else \
        " ".join(time_modifiers(random_time(rng), rng))
    text, question = other_topic(thing, switched, time, rng)
    return Line(join(text), Command("none"), question)


def none_line(rng: Random) -> Line:
    """One line outside the language."""
    kind = pick(rng, [(30, "device"), (11, "talk"), (27, "wish"), (20, "question"), (14, "mention"),
                      (9, "chatter"), (6, "topic")])
    if kind == "topic":
        return _other_topic(rng)
    if kind == "chatter":
        return Line(talk_alone(rng), Command("none"))
    if kind == "device":
        return _other_device(rng)
    table = {"talk": none_lines.TALK, "wish": none_lines.WISHES, "question": none_lines.QUESTIONS,
             "mention": none_lines.MENTIONS}[kind]
    text = fill(rng.choice(table), rng, **_slots(rng))
    question = kind == "question" or text.startswith(("can ", "could ", "would ", "will ", "what", "how", "do ",
                                                      "are ", "is ", "who "))
    if kind == "wish":
        if not question and chance(rng, 0.22) and not text.startswith(("I ", "I'", "let", "dinner", "lunch")):
            question = chance(rng, 0.5)
            text = f"{rng.choice(ASKING[:12] if question else STATING)} {text}"
        text, question = dress(text, rng, question, True)
    elif chance(rng, 0.12):
        text = f"{rng.choice(OPENERS)}{rng.choice([',', ''])} {text}"
    return Line(join(text), Command("none"), question)
