"""The thing is named first, then it is only "it": "I forgot the heater, turn it off", "the door, is it locked?"."""

from __future__ import annotations

from random import Random

from .amounts import degrees_text, percent_text, random_percent
from .frames import ASKING, STATING, dress
from .model import Command, Line
from .nouns import noun_phrase, random_noun, random_room, room_place
from .requests import draw_timing, modifiers_for
from .text import chance, fill, join, options, pick
from .times import random_time, time_modifiers
from .verbs import STATES, random_verb, with_object

# {o} the thing, {b} is/are, {h} has/have, {z} the state it is in now, {y} it/them, {m} makes/make.
FORGOTTEN = options("""
I forgot {o}; I forgot about {o}; I forgot all about {o}; I forgot to do {o}; I always forget {o}; we forgot {o}; I've
forgotten {o} again; I left {o} {z}; we left {o} {z}; {o} {b} still {z}; {o} {b} {z} again; somebody left {o} {z}; I
see {o} {b} {z}; why {b} {o} {z}; who left {o} {z}; you forgot {o}; I meant to do {o}; I think {o} {b} {z}; {o} {b}
{z}; oh no, {o}; oh dear, I forgot {o}; the kids left {o} {z}; {o} {b} always {z}; I noticed {o} {b} {z}
""")
UNLOVED = options("""
{o} {b} annoying; {o} {b} driving me nuts; {o} {b} getting on my nerves; {o} {b} bothering me; nobody is using {o}; I
can't stand {o} any more; I've had enough of {o}; {o} {b} a nuisance; {o} {b} too much; we won't be needing {o}; I
hate {o}; {o} {b} keeping me awake; nobody wants {o}; I've seen enough of {o}
""")
LOUD = options("{o} {b} too loud; {o} {b} so loud; {o} {b} too noisy; {o} {b} deafening; {o} {b} hurting my ears; "
               "I can't sleep with {o}; I can't work with {o}; {o} {b} making such a racket; what a noise from {o}")
COMPLAINTS = {
    "lamp": options("{o} {b} too bright; {o} {b} blinding me; {o} {b} dazzling me; {o} {b} shining in my eyes"),
    "heater": options("{o} {b} making me sweat; {o} {b} too hot; {o} {b} far too warm; I'm boiling because of {o}"),
    "fan": LOUD, "radio": LOUD, "alarm": LOUD,
    "sprinkler": options("the grass is soaked by {o}; {o} {b} making me wet; {o} {b} wasting water"),
}
WANTED = options("""
I need {o}; I want {o}; we need {o}; I'd like {o}; I could do with {o}; it's time for {o}; where would I be without
{o}; I miss {o}; I'm missing {o}; we could use {o}; what about {o}; how about {o}
""")
BARE = options("""
{o}; {o}; {o}; {o}; {o}; {o}; about {o}; as for {o}; you know {o}; listen, {o}; that thing with {o}; see {o}; it's about
{o}; concerning {o}; regarding {o}
""")
SET_VERBS = options("set|; set|; set|; put|; turn|; bring|; make|; adjust|; change|; move|")
LEVEL_VERBS = {"radio": options("turn|down; turn|up; turn|down"), "lamp": options("dim|; dim|; turn|down; turn|up"),
               "heater": options("turn|up; turn|down"), "blind": options("open|; close|; raise|; lower|")}
# {s} the asked state, {z} its opposite.
ASKED = options("""
{b} {y} {s}; {b} {y} {s}; {b} {y} still {s}; did I leave {y2} {s}; {b} {y} {s} or {z}; tell me if {y} {b} {s}; can you
check if {y} {b} {s}; did anyone leave {y2} {s}; I wonder if {y} {b} {s}; {b} {y} {s} right now; check whether {y} {b}
{s}; {b} {y} really {s}; do you know if {y} {b} {s}; what's the status; {h} {y} been left {s}
""")
CANCELLED = options("""
cancel {y2}; cancel {y2}; forget {y2}; scrap {y2}; call {y2} off; forget about {y2}; {y} can be cancelled; delete {y2};
never mind {y2}; drop {y2} from the plan; cancel that; scrap that; cancel the plan; cancel the whole thing
""")
PLANNED_LEADS = options("""
I planned {o} {m}; I scheduled {o} {m}; you planned {o} {m}; about {o} {m}; {o} {m}; {o} {m}; as for {o} {m}; I asked
for {o} {m}; I had planned {o} {m}; I ordered {o} {m}; I said I wanted {o} {m}
""")
OPPOSITES = {"on": "off", "off": "on", "open": "close", "close": "open"}


def _lead(command: Command, slots: dict[str, str], rng: Random) -> str:
    """The first half: names the thing."""
    action, device = command.action, command.device or ""
    tables = [(40, BARE)]
    if action in OPPOSITES:
        tables.append((35, FORGOTTEN))
    if action == "off":
        tables += [(25, UNLOVED), (40, COMPLAINTS[device])]
    elif action == "on" and device != "alarm":
        tables.append((25, WANTED))
    elif action == "set" and device in ("fan", "radio"):
        tables.append((15, LOUD))
    return fill(rng.choice(pick(rng, tables)), rng, **slots)


def _level(command: Command, them: str, rng: Random) -> str:
    device = command.device or ""
    if device == "heater" and chance(rng, 0.75):
        command.degrees = rng.choice([rng.randrange(5, 31), rng.randrange(10, 26)])
        value = degrees_text(command.degrees, rng, chance(rng, 0.25))
    else:
        command.percent = random_percent(rng)
        value = percent_text(command.percent, rng)
    head, _, particle = rng.choice(LEVEL_VERBS.get(device, []) + SET_VERBS).partition("|")
    link = "" if head == "make" else "to" if command.degrees else rng.choice(["to", "to", "to", "to", "at"])
    return join(head, them, particle, link, value)


def _request(command: Command, them: str, rng: Random) -> tuple[str, bool]:
    """The second half: what to do with "it"."""
    action, device = command.action, command.device or ""
    if action == "set":
        text = _level(command, them, rng)
    elif chance(rng, 0.07):
        word = {"on": "on", "off": "off"}.get(action) or ("up" if action == "open" else "down")
        if device != "door":
            return f"{word} with {them}", False
        text = f"{action} {them}"
    else:
        verb = random_verb(action, device, rng)
        while verb.split("|")[0] in ("get", "let"):
            verb = random_verb(action, device, rng)
        head, bar, particle = verb.partition("|")
        text = f"{head} {them} {particle}" if bar else with_object(verb, them, rng)
    shape = pick(rng, [(64, ""), (22, "ask"), (14, "state")])
    if shape == "ask":
        return f"{rng.choice(ASKING[:12] * 2 + ASKING)} {text}", True
    return (f"{rng.choice(STATING)} {text}", False) if shape else (text, False)


def topic_line(action: str, device: str, rng: Random) -> Line:
    """One line in two halves."""
    command = Command(action, device, random_room(device, rng))
    phrase = noun_phrase(random_noun(device, rng, ("music",) if action == "query" else ()), command.room, rng)
    thing = phrase.text if phrase.has_room or not command.room else \
        f"{phrase.text} {room_place(command.room, rng, of=False)}"
    plural = phrase.plural
    slots = {"o": thing, "b": "are" if plural else "is", "h": "have" if plural else "has",
             "y": "they" if plural else "it", "y2": "them" if plural else "it"}
    if action == "query":
        return _question(command, slots, rng)
    if action == "cancel":
        return _cancelled(command, slots, rng)
    opposite = OPPOSITES.get(action, "")
    slots["z"] = rng.choice(STATES[opposite, device]) if opposite else ""
    draw_timing(command, rng)
    text, question = _request(command, slots["y2"], rng)
    if command.time and command.minutes and chance(rng, 0.6):
        command.minutes = None
    kind = "" if action != "set" or command.time else rng.choice(["for", "in"])
    text = join(text, *modifiers_for(command, rng, kind))
    lead = _lead(command, slots, rng)
    text, question = dress(text, rng, question, bool(command.time or command.minutes))
    joint = rng.choice([", "] * 14 + [" so "] * (lead != thing) + [" - ", ". ", ": " if lead == thing else ", and "])
    return Line(join(lead + joint + text), command, question)


def _question(command: Command, slots: dict[str, str], rng: Random) -> Line:
    action = rng.choice(["open", "close"] if command.device in ("blind", "door") else ["on", "on", "off"])
    slots["s"] = rng.choice(STATES[action, command.device or ""])
    slots["z"] = {"on": "off", "off": "on", "open": "closed", "close": "open"}[action]
    if chance(rng, 0.3):
        pairs = ["on or off"] * 3 + ["off or on", "on", "off", "still on"]
        if command.device == "blind":
            pairs = ["up or down"] * 3 + ["open or closed"] * 3 + ["down or up", "closed or open", "open or shut"]
        elif command.device == "door":
            pairs = ["open or closed", "locked or unlocked", "open or shut", "shut or open", "locked or not"]
        lead = slots["o"] if chance(rng, 0.6) else f"{slots['b']} {slots['o']}"
        comma = "," if lead == slots["o"] else ""
        return Line(join(f"{lead}{comma}", rng.choice(pairs)), command, True, keep_mark=True)
    asked = fill(rng.choice(ASKED), rng, **slots)
    lead = fill(rng.choice(BARE), rng, **slots)
    return Line(join(f"{lead}{rng.choice([',', ',', ',', ' -'])} {asked}"), command,
                not asked.startswith(("tell", "I ", "check")))


def _cancelled(command: Command, slots: dict[str, str], rng: Random) -> Line:
    if chance(rng, 0.6):
        command.time = random_time(rng)
    moment = join(*time_modifiers(command.time, rng, small_hours_only=command.device == "heater")) \
        if command.time else rng.choice(["", "", "earlier", "before"])
    lead = fill(rng.choice(PLANNED_LEADS), rng, **slots, m=moment)
    return Line(join(f"{lead}{rng.choice([',', ',', ',', ', but', ' -'])} "
                     f"{fill(rng.choice(CANCELLED), rng, **slots)}"), command)


# The same two halves about things that are none of the eight devices: {o} the thing.
OTHER_LEADS = FORGOTTEN + UNLOVED + LOUD + BARE * 2 + WANTED[:6]
OTHER_SWITCHED = options("""
turn it off; turn it off; turn it on; switch it off; switch it on; can you turn it off; could you switch it off; please
turn it off; is it on; is it still on; did I leave it on; stop it; start it; could you start it; kill it; put it on;
set it to {number} percent; turn it down to {number} percent; please stop it; off with it; on or off; cancel it; would
you turn it on; shut it off; turn it off {t}; turn it on {t}; switch it off {t}
""")
OTHER_OPENED = options("""
open it; close it; shut it; please close it; could you close it; could you open it; is it open; is it shut; did I leave
it open; lock it; open or closed; can you shut it; would you open it; open it a bit; close it {t}; open it {t}; is it
closed; check if it is open
""")


def other_topic(thing: str, switched: bool, time: str, rng: Random) -> tuple[str, bool]:
    """"the TV is too loud, switch it off"."""
    state = rng.choice(["on", "off", "running"] if switched else ["open", "closed", "shut"])
    lead = fill(rng.choice(OTHER_LEADS), rng, o=thing, b="is", h="has", z=state)
    text = fill(rng.choice(OTHER_SWITCHED if switched else OTHER_OPENED), rng, t=time,
                number=str(rng.randrange(1, 101)))
    return f"{lead}, {text}", text.startswith(("is ", "did ", "can ", "could ", "would ", "on or", "open or"))
