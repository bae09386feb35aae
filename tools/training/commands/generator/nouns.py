"""Devices and rooms as noun phrases."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .text import chance, expand, join, options, pick


@dataclass(frozen=True)
class Noun:
    """A word for a device. kind: s(ingular), p(lural), m(ass noun, no "a")."""

    text: str
    kind: str
    adjectives: tuple[str, ...] = ()


@dataclass
class Phrase:
    """A noun phrase, and whether the room is already in it."""

    text: str
    plural: bool
    has_room: bool
    # A trailing "in the kitchen" does not go well with "'s" or "brightness" behind it.
    room_behind: bool = False


LAMP = tuple(options("""
ceiling; bedside; reading; little; desk; big; small; overhead; floor; table; standing; corner; wall; main; night; old;
LED; new; pendant; spot; electric; back; front; other; outside; upstairs
"""))
HEATER = tuple(options("electric; wall; little; oil; portable; big; small; space; gas; panel; upstairs; old; main"))
HEATING = tuple(options("central; floor; underfloor; electric; main; gas; downstairs"))
FAN = tuple(options("""
ceiling; little; big; exhaust; extractor; standing; table; desk; electric; small; tower; wall; noisy; floor
"""))
BLIND = tuple(options("""
roller; venetian; front; back; left; big; electric; wooden; black-out; little; right; roman; main
"""))
CURTAIN = tuple(options("heavy; long; red; front; blackout; big; left; old; thick; lace"))
DOOR = tuple(options("""
front; back; side; main; sliding; big; rear; inner; wooden; glass; heavy; patio; cellar; electric
"""))
GATE = tuple(options("front; back; side; main; iron; big; electric; wooden; sliding"))
RADIO = tuple(options("""
old; little; digital; small; portable; big; internet; FM
"""))
MUSIC = tuple(options("background; loud; background; nice"))
ALARM = tuple(options("morning; wake-up; loud; early; daily"))
SPRINKLER = tuple(options("lawn; grass; automatic; front; back; outdoor; big; electric; plant"))

# device: (weight, noun)
NOUNS: dict[str, list[tuple[float, Noun]]] = {
    "lamp": [(28, Noun("lamp", "s", LAMP)), (30, Noun("light", "s", LAMP)), (18, Noun("lights", "p", LAMP)),
             (8, Noun("lamps", "p", LAMP)), (8, Noun("lighting", "m", ("main", "overhead", "electric", "ambient"))),
             (8, Noun("bulb", "s", LAMP)), (2, Noun("light bulb", "s", ())), (1, Noun("bulbs", "p", LAMP)),
             (1, Noun("lightbulb", "s", ()))],
    "heater": [(33, Noun("heater", "s", HEATER)), (26, Noun("heating", "m", HEATING)), (14, Noun("heat", "m", ())),
               (17, Noun("radiator", "s", HEATER)), (10, Noun("thermostat", "s", ("main", "wall", "digital", "old"))),
               (3, Noun("radiators", "p", ())), (2, Noun("heaters", "p", HEATER))],
    "fan": [(60, Noun("fan", "s", FAN)), (17, Noun("ventilator", "s", FAN)), (17, Noun("ventilation", "m", ())),
            (6, Noun("fans", "p", FAN)), (1, Noun("ventilators", "p", ())), (1, Noun("ventilation fan", "s", ()))],
    "blind": [(24, Noun("blinds", "p", BLIND)), (17, Noun("blind", "s", BLIND)), (13, Noun("shutters", "p", BLIND)),
              (10, Noun("shutter", "s", BLIND)), (8, Noun("shade", "s", BLIND)), (9, Noun("shades", "p", BLIND)),
              (14, Noun("curtains", "p", CURTAIN)), (8, Noun("curtain", "s", CURTAIN)),
              (1, Noun("window shades", "p", ())),
              (1, Noun("window blinds", "p", ())), (1, Noun("window shutters", "p", ()))],
    "door": [(70, Noun("door", "s", DOOR)), (10, Noun("doors", "p", DOOR)), (22, Noun("gate", "s", GATE)),
             (2, Noun("gates", "p", GATE))],
    "radio": [(45, Noun("radio", "s", RADIO)), (34, Noun("music", "m", MUSIC)),
              (18, Noun("stereo", "s", ("old", "big", "hi-fi", "little", "new"))), (2, Noun("stereo system", "s", ()))],
    "alarm": [(45, Noun("alarm", "s", ALARM)), (24, Noun("alarm clock", "s", ("old", "loud", "little", "bedside"))),
              (28, Noun("timer", "s", ("egg", "little", "countdown"))), (3, Noun("alarms", "p", ())),
              (2, Noun("timers", "p", ()))],
    "sprinkler": [(40, Noun("sprinkler", "s", SPRINKLER)), (34, Noun("sprinklers", "p", SPRINKLER)),
                  (22, Noun("irrigation", "m", ("lawn", "drip", "automatic"))), (3, Noun("irrigation system", "s", ())),
                  (3, Noun("sprinkler system", "s", ()))],
}
ROOM_WORDS: dict[str, list[str]] = {
    "kitchen": ["kitchen"], "bedroom": ["bedroom"], "bathroom": ["bathroom", "bathroom", "bathroom", "bath"],
    "hall": ["hall", "hall", "hallway", "hallway", "corridor", "entrance"], "garage": ["garage"],
    "garden": ["garden", "garden", "garden", "yard", "yard", "backyard", "back yard"],
    "office": ["office", "office", "study"],
    "living room": ["living room", "living room", "living room", "lounge", "lounge", "sitting room", "sitting room"],
}
# Which rooms people name for a device; every other room stays possible.
USUAL_ROOMS: dict[str, list[str]] = {
    "sprinkler": ["garden"] * 20, "alarm": ["bedroom"] * 12 + ["kitchen"] * 6, "door": ["garage"] * 5 + ["garden"] * 2,
    "lamp": ["hall", "garden"], "heater": ["bathroom"], "fan": ["bathroom", "kitchen"], "blind": ["bedroom"],
                                     "radio": ["kitchen"],
}
# Where a device stands inside its room says nothing in this language.
SPOTS: dict[str, list[str]] = {
    "lamp": options("""
    on the desk; next to the bed; by the window; on the table; over the sink; in the corner; above the table; by the
    sofa; next to the couch; on the wall; on the ceiling; over the mirror; beside the bed; near the door
    """),
    "heater": options("under the window; in the corner; by the wall; next to the bed"),
    "fan": options("on the desk; in the corner; on the ceiling; above the stove; over the bed; by the window"),
    "blind": options("on the left; at the window; on the right; by the balcony; at the back"),
    "door": options("on the left; at the back; at the front; on the right; at the side"),
    "radio": options("on the shelf; in the corner; next to the bed; on the counter; by the window"),
    "alarm": options("""
    next to the bed; on the nightstand
    """), "sprinkler": options("""
    on the lawn; at the back; by the fence; in the flower bed
    """),
}
DEVICE_OF = {noun.text: device for device, table in NOUNS.items() for _, noun in table}
ROOM_SHARE = {"lamp": 0.62, "heater": 0.6, "fan": 0.6, "blind": 0.58, "door": 0.55, "radio": 0.5, "alarm": 0.14,
              "sprinkler": 0.4}
ELSEWHERE = options("upstairs; downstairs; in here; in this room; at home; inside; over there; in the house; in there; "
                    "outside; in my room")
DETERMINERS = ["the"] * 60 + [""] * 12 + ["my"] * 11 + ["our"] * 6 + ["that"] * 3 + ["this"] * 2
PLURAL_DETERMINERS = ["the"] * 50 + [""] * 10 + ["all the"] * 9 + ["my"] * 7 + ["our"] * 5 + ["both"] * 3 + [
    "all of the", "all", "all my", "these", "those", "both the", "every one of the", "both of the"]


def random_room(device: str, rng: Random) -> str | None:
    """A room for the device, or none."""
    if not chance(rng, ROOM_SHARE[device]):
        return None
    return rng.choice([*ROOM_WORDS, *USUAL_ROOMS.get(device, [])])


def room_place(room: str, rng: Random, of: bool = True) -> str:
    """"in the kitchen" and its kin."""
    word = rng.choice(ROOM_WORDS[room])
    the = rng.choice(["the"] * 16 + ["my"] * 2 + ["our"] * 2 + ["this"])
    if word == "entrance":
        return expand(f"(at|in|by) {the} entrance", rng)
    if room == "garden" and chance(rng, 0.3):
        return expand(f"(out in|out in|outside in|out there in) {the} {word}", rng)
    ways = [(80, f"in {the} {word}"), (4, f"over in {the} {word}"), (3, f"in {word}"), (2, f"inside {the} {word}"),
            (2, f"down in {the} {word}"), (1, f"from {the} {word}"), (2, f"up in {the} {word}"),
            (1.5, f"for {the} {word}"),
            (7 if of else 0, f"of {the} {word}")]
    return pick(rng, ways)


def room_name(room: str, rng: Random) -> str:
    """"the kitchen"."""
    return f"{rng.choice(['the'] * 14 + ['my'] * 3 + ['our'] * 3)} {rng.choice(ROOM_WORDS[room])}"


def _determiner(noun: Noun, rng: Random) -> str:
    if noun.kind == "p":
        return rng.choice(PLURAL_DETERMINERS)
    if noun.kind == "s" and chance(rng, 0.03):
        return rng.choice(["every", "every", "each", "every single"])
    if noun.text == "music":
        return rng.choice(["the", "the", "the", "my", "our", "", "that"])
    return rng.choice(DETERMINERS)


def noun_phrase(noun: Noun, room: str | None, rng: Random, terse: bool = False) -> Phrase:
    """The device, now and then with the spot where it stands."""
    phrase = _plain_phrase(noun, room, rng, terse)
    if phrase.room_behind or terse or not chance(rng, 0.035):
        return phrase
    phrase.text = f"{phrase.text} {rng.choice(SPOTS[DEVICE_OF[noun.text]])}"
    phrase.room_behind = True
    return phrase


def _plain_phrase(noun: Noun, room: str | None, rng: Random, terse: bool) -> Phrase:
    """A device with its room before it, behind it or (has_room False) left to the sentence."""
    determiner = "" if terse and chance(rng, 0.8) else _determiner(noun, rng)
    adjective = f"{rng.choice(noun.adjectives)} " if noun.adjectives and chance(rng, 0.14) else ""
    plural = noun.kind == "p"
    if not room:
        return Phrase(join(determiner, adjective + noun.text), plural, True)
    way = pick(rng, [(48 if not terse else 80, "before"), (24, "behind"), (2, "owner"), (26, "apart")])
    word = rng.choice(ROOM_WORDS[room])
    if way == "before":
        # "front garden gate", "the bedroom ceiling lamp": the adjective stands close to the noun.
        return Phrase(join(determiner, word, adjective + noun.text), plural, True)
    if way == "owner":
        return Phrase(join("the", f"{word}'s", adjective + noun.text), plural, True)
    if way == "behind":
        place = room_place(room, rng)
        if "door" in noun.text and chance(rng, 0.2):
            place = expand("(to|to|of) the ", rng) + word
        if chance(rng, 0.05):
            place = f"that {'are' if plural else 'is'} {room_place(room, rng, of=False)}"
        return Phrase(join(determiner, adjective + noun.text, place), plural, True, True)
    return Phrase(join(determiner, adjective + noun.text), plural, False)


def random_noun(device: str, rng: Random, without: tuple[str, ...] = ()) -> Noun:
    """A word for the device."""
    return pick(rng, [(weight, noun) for weight, noun in NOUNS[device] if noun.text not in without])
