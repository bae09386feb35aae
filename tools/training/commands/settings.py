"""set with a percentage or degrees."""

from __future__ import annotations

from random import Random

from amounts import degrees_text, percent_text, random_percent
from frames import dress, wish
from model import Command, Line
from nouns import Phrase, noun_phrase, random_noun, random_room, room_name, room_place
from requests import VAGUE, draw_timing, modifiers_for, place_modifiers
from text import chance, expand, fill, join, options, pick
from verbs import forms, weighted_verbs, with_object

_COMMON = "set * 30; put * 9; turn * 8; adjust * 5; bring * 4; change * 5; make * 1; move * 2; keep * 3; leave * 2; get * 2; regulate * 1; hold; fix; take"
LEVEL_VERBS: dict[str, str] = {
    "lamp": _COMMON + "; dim * 22; brighten * 8; lower * 5; raise * 4; turn|on * 9; switch|on * 5; turn|down * 5; turn|up * 5; reduce * 3; fade * 2; "
                      "increase * 2; bring|down * 2; bring|up; put|on * 2; take|down; light; dim|down * 2; tone|down; start; drop; cut",
    "heater": _COMMON + "; turn|up * 6; turn|down * 6; raise * 3; lower * 3; turn|on * 5; switch|on * 3; run * 4; crank|up * 3; reduce * 2; increase * 2; start; drop; crank; put|on; bump|up; cut",
    "fan": _COMMON + "; turn|up * 6; turn|down * 6; run * 9; turn|on * 7; switch|on * 4; slow|down * 4; speed|up * 3; start * 2; reduce * 2; increase * 2; crank|up * 2; lower * 2; raise; spin; slow; put|on; crank",
    "blind": _COMMON + "; open * 26; close * 20; raise * 9; lower * 12; shut * 4; pull|up * 4; pull|down * 4; roll|up * 4; roll|down * 4; lift * 4; draw * 3; bring|down * 2; put|down; drop * 2; let|down * 2; open|up",
    "door": "open * 50; set * 10; close * 10; put * 2; leave * 3; keep * 3; raise; lower; crack|open; swing|open; move; push|open * 2; slide|open; open|up; get; adjust; pull|open",
    "radio": _COMMON + "; turn|up * 10; turn|down * 10; lower * 6; raise * 3; play * 9; crank|up * 4; turn|on * 5; switch|on * 3; reduce * 2; quieten|down; increase; crank; put|on * 2; start; drop; quiet",
    "sprinkler": _COMMON + "; run * 10; turn|on * 8; turn|up * 4; turn|down * 4; switch|on * 4; start * 2; reduce; lower; open * 2; increase",
}
SET_VERBS = {device: weighted_verbs(listing) for device, listing in LEVEL_VERBS.items()}
DOWN = ("dim", "lower", "turn|down", "reduce", "fade", "bring|down", "take|down", "dim|down", "tone|down", "drop", "cut", "slow|down", "slow",
        "quieten|down", "quiet")
# The measured side of a device: "the brightness of the lamp".
PROPERTIES: dict[str, list[str]] = {
    "lamp": ["brightness"] * 6 + ["level", "intensity", "brightness level"], "heater": ["level", "power", "output"],
    "fan": ["speed"] * 5 + ["power", "level"], "blind": ["position", "opening"], "radio": ["volume"] * 8 + ["loudness", "volume level"],
    "sprinkler": ["power", "level", "pressure", "flow"],
}
# {l} stands for "to 40 percent"; {v} for "40 percent" alone.
ADVERBIAL_HALF = options("halfway; halfway; halfway; half way; half-way; half of the way; half")
WAYS = {33: "a third of the way; one third of the way", 25: "a quarter of the way; one quarter of the way", 67: "two thirds of the way; two-thirds of the way",
        75: "three quarters of the way; three-quarters of the way", 20: "a fifth of the way", 10: "a tenth of the way"}
ALL_UP: dict[str, list[str]] = {
    "lamp": options("set {o} all the way up; turn {o} all the way up; dim {o} all the way up; turn {o} up all the way; brightness of {o} all the way up; "
                    "{o} to full brightness; set {o} to full brightness; turn {o} up to full; {o} at full brightness; {o} on full brightness; put {o} on full; "
                    "set {o} to the maximum; make {o} as bright as possible; full brightness for {o}; turn {o} on at full brightness; turn {o} up to the maximum; turn {o} on full; {o} on full; max out {o}; full light from {o}"),
    "heater": options("turn {o} all the way up; turn {o} up all the way; set {o} all the way up; {o} on full; {o} at full power; turn {o} up to the maximum; put {o} on full; "
                      "run {o} at full power; crank {o} all the way up; turn {o} up full; {o} to the max; set {o} to full power; turn {o} on full blast; {o} on full blast; max out {o}"),
    "fan": options("turn {o} all the way up; set {o} to full speed; {o} at full speed; run {o} at full speed; {o} on full; put {o} on full; turn {o} up to the maximum; "
                   "turn {o} up all the way; {o} on maximum speed; {o} to full power; set {o} all the way up; {o} on full blast; full speed on {o}; crank {o} all the way up; turn {o} on at maximum speed; run {o} on full"),
    "blind": options("set {o} to fully open percent".replace("fully open percent", "maximum") + "; set {o} all the way up; {o} to full; set {o} to full"),
    "radio": options("turn {o} all the way up; turn {o} up to full volume; play {o} at full volume; {o} at full volume; set {o} to full volume; {o} to the max; crank {o} all the way up; "
                     "turn {o} up to the maximum; {o} on full blast; put {o} on full volume; play {o} at maximum volume; {o} on full volume; set {o} to maximum; turn {o} up full; full volume for {o}"),
    "sprinkler": options("turn {o} all the way up; set {o} to full power; run {o} at full power; {o} on full; {o} at full power; set {o} to maximum; turn {o} up to the maximum"),
    "door": options("set {o} to full; set {o} to maximum"),
}
HALF_STATES: dict[str, list[str]] = {
    "lamp": options("set {o} to half brightness; {o} at half brightness; {o} on half; half brightness for {o}; turn {o} down to half brightness; dim {o} by half; dim {o} halfway; {o} at half power; turn {o} on at half brightness; turn {o} halfway down; put {o} on half; {o} half on; dim {o} down halfway"),
    "heater": options("{o} on half; run {o} at half power; set {o} to half power; {o} at half power; turn {o} halfway up; put {o} on half; turn {o} up halfway; turn {o} to half"),
    "fan": options("set {o} to half speed; {o} at half speed; run {o} at half speed; {o} on half; put {o} on half; turn {o} halfway up; run {o} at half power; turn {o} down to half speed; slow {o} to half speed; {o} half speed"),
    "blind": options("open {o} halfway; close {o} halfway; {o} halfway; {o} half open; {o} half closed; pull {o} halfway down; pull {o} halfway up; lower {o} halfway; raise {o} halfway; "
                     "put {o} halfway; leave {o} half open; I want {o} half open; half open {o}; half close {o}; {o} half way down; {o} halfway up; {o} halfway down; roll {o} halfway down; open {o} by half; roll {o} down halfway; "
                     "bring {o} halfway down; set {o} half open; get {o} half closed; I'd like {o} halfway open; open {o} half way; close {o} half way; draw {o} halfway; let {o} down halfway; keep {o} half closed; make {o} half open; shut {o} halfway; {o} should be half open"),
    "radio": options("turn {o} to half volume; play {o} at half volume; set {o} to half volume; {o} at half volume; turn {o} down to half; {o} on half volume; put {o} on half; {o} half volume; turn {o} halfway up; turn {o} down halfway"),
    "sprinkler": options("set {o} to half power; run {o} at half power; {o} on half; {o} at half power; open {o} halfway"),
    "door": options("open {o} halfway; open {o} half way; {o} half open; leave {o} half open; close {o} halfway; I want {o} half open; keep {o} half open; raise {o} halfway; open {o} by half; {o} halfway; lift {o} halfway; half open {o}; swing {o} halfway open"),
}
PERCENT_NOUN_PHRASES = options("{o} {v}; {o} {v}; {o} {v}; {o} {l}; {o} {l}; {o} {l}; {o} at {v}; {o} on {v}; I want {o} at {v}; I want {o} at {v}; I'd like {o} at {v}; I need {o} at {v}; I want {o} set to {v}; "
                               "{o} should be at {v}; give me {o} at {v}; {o} on at {v}; make sure {o} {b} at {v}; I'd like {o} to be at {v}; let {o} be at {v}; {v} {o}; {v} on {o}; {v} for {o}; get {o} to {v}; "
                               "can I have {o} at {v}; can we have {o} at {v}; could we have {o} at {v}; {o} should go to {v}; let's have {o} at {v}; have {o} at {v}; I want {o} to go to {v}; {o} must be at {v}; set {v} for {o}; set {v} on {o}; give {o} {v}; {o}: {v}; {o}, {v}; I would like {o} at {v}; {o} to be at {v}; we need {o} at {v}")
OPENING_PHRASES = options("{o} {v} open; leave {o} {v} open; I want {o} {v} open; keep {o} {v} open; {o} should be {v} open; {o} {v} closed; I want {o} {v} closed; set {o} {v} open; put {o} {v} open; make {o} {v} open; get {o} {v} open; {o} open at {v}; {o} open to {v}; I'd like {o} {v} open; can we have {o} {v} open; open {o} {v}; close {o} {v}; {o} open {v}; let {o} be {v} open")
DEGREE_VERBS = weighted_verbs("set * 40; turn * 10; put * 9; adjust * 5; change * 6; bring * 4; make * 2; keep * 6; hold * 2; leave * 2; raise * 4; lower * 4; turn|up * 9; turn|down * 8; "
                              "crank|up * 2; take * 1; get * 2; drop * 2; bump|up; increase * 2; reduce * 2; bring|up; bring|down; regulate; run; crank; fix; program * 2; switch; move")
ROOM_DEGREES = options("heat {r} to {v}; heat {r} to {v}; heat {r} to {v}; heat {r} up to {v}; warm {r} up to {v}; warm {r} to {v}; warm up {r} to {v}; heat up {r} to {v}; get {r} to {v}; get {r} up to {v}; bring {r} to {v}; bring {r} up to {v}; "
                       "cool {r} to {v}; cool {r} down to {v}; keep {r} at {v}; hold {r} at {v}; set {r} to {v}; set {r} to {v}; I want {r} at {v}; I'd like {r} at {v}; {r} at {v}; {r} to {v}; make {r} {v}; I want {r} to be {v}; {r} should be {v}; {r} should be at {v}; "
                       "I want {r} heated to {v}; I'd like {r} heated to {v}; let's have {r} at {v}; {r} {v}; have {r} at {v}; I need {r} at {v}; make sure {r} is at {v}; maintain {v} in {r}; make it {v} in {r}; I want {v} in {r}; I'd like {v} in {r}; {v} in {r}; set {v} in {r}; "
                       "I want it {v} in {r}; I want it to be {v} in {r}; it should be {v} in {r}; let it be {v} in {r}; keep it at {v} in {r}; keep it {v} in {r}; get it to {v} in {r}; give me {v} in {r}; set it to {v} in {r}; can we have {v} in {r}; could we have {v} in {r}; let's have {v} in {r}; we need {v} in {r}")
HOUSE_DEGREES = options("make it {v}; make it {v} in here; heat the house to {v}; I want it {v}; keep it at {v}; heat to {v}; heat up to {v}; warm up to {v}; warm the house to {v}; set it to {v}; I'd like {v} in here; keep the house at {v}; get the house to {v}; bring the house to {v}; cool the house to {v}; it should be {v} in here; heat the place to {v}; warm it up to {v}; let's have {v}; cool down to {v}; hold {v}")
DEGREE_NOUN_PHRASES = options("{o} {v}; {o} {v}; {o} {v}; {o} to {v}; {o} to {v}; {o} at {v}; I want {o} at {v}; I'd like {o} at {v}; {o} on {v}; {o} should be {v}; {o} should be at {v}; I need {o} at {v}; give me {o} at {v}; I want {o} set to {v}; make sure {o} {b} at {v}; make sure {o} {b} set to {v}; {v} on {o}; let {o} be at {v}; can we have {o} at {v}; "
                              "I'd like {o} to be at {v}; {o} set to {v}; {o}: {v}; {o} up to {v}; {o} down to {v}; {o} must be at {v}; could we have {o} at {v}; I'd like {o} set to {v}; let's have {o} at {v}; have {o} at {v}; I'd like {o} on {v}; set {v} on {o}; {o} on at {v}")


def _property(thing: Phrase, device: str, rng: Random) -> Phrase:
    """"the lamp brightness", "the brightness of the lamp"."""
    name = rng.choice(PROPERTIES[device])
    if thing.room_behind or chance(rng, 0.5):
        return Phrase(f"the {name} (of|of|of|on)".replace("(of|of|of|on)", rng.choice(["of", "of", "of", "on"])) + f" {thing.text}",
                      False, thing.has_room, thing.room_behind)
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
            verb = rng.choice(options("open; open; open; close; raise; lower; shut" if device == "blind" else "open; open; open; close"))
            return f"{verb} {thing.text} {rng.choice(options(WAYS[percent]))}", False, ""
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
        return Phrase(rng.choice(["the temperature"] * 8 + ["temperature", "temperature", "the room temperature", "our temperature"]), False, not command.room)
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
    return verb, False, f"{link} {value}"


def _room_degrees(command: Command, rng: Random) -> tuple[str, bool]:
    """"heat the office to 20 degrees": no device is named."""
    template = rng.choice(ROOM_DEGREES if command.room else HOUSE_DEGREES)
    bare = template.startswith(("heat", "warm", "cool")) and chance(rng, 0.25)
    value = degrees_text(command.degrees or 0, rng, bare)
    text = fill(template, rng, v=value, r=room_name(command.room, rng) if command.room else "")
    return text, text.startswith(("can ", "could "))


def _assemble(command: Command, core: tuple[str, bool, str], thing: Phrase, found: list[str], rng: Random) -> tuple[str, str, bool]:
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
    return (front, *wish(rng, imperative, gerund + imperative.removeprefix(head), thing.text, f"{participle} {particle}".strip(), be, behind))


def level_line(device: str, rng: Random) -> Line:
    """One line with a percentage or degrees."""
    command = Command("set", device, random_room(device, rng))
    draw_timing(command, rng)
    if device == "heater" and chance(rng, 0.76):
        command.degrees = rng.choice([rng.randrange(5, 31), rng.randrange(15, 26), rng.randrange(15, 26)])
    else:
        command.percent = 50 if device in ("blind", "door") and chance(rng, 0.12) else random_percent(rng)
        # A bare hour beside a percentage is clear, beside a bare number of degrees it is not.
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
