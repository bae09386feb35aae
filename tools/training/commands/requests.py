"""on, off, open and close."""

from __future__ import annotations

from random import Random

from amounts import minutes_modifier, random_minutes
from frames import dress, state_wish, wish
from model import Command, Line
from nouns import ELSEWHERE, Noun, Phrase, noun_phrase, random_noun, random_room, room_name, room_place
from text import chance, expand, fill, join, options, pick
from times import random_time, time_modifiers
from verbs import STATES, forms, random_verb, with_object

# A part of the day without an hour says nothing in this language.
VAGUE = options("""tonight; this evening; tomorrow morning; in the morning; in the evening; tomorrow; later; today; this afternoon;
in the afternoon; at night; later today; tomorrow evening; tomorrow night; this morning; for now; for the night; again; once more; for a while;
for a bit; overnight; later on; first thing in the morning; all night""")
REASONS = {
    "on": {"lamp": options("it's too dark; it is dark; I can't see a thing; I want to read; I can't see anything; so I can see"),
           "heater": options("it's cold; I'm cold; I'm freezing; it's freezing in here; it is chilly; it's getting cold; we are freezing"),
           "fan": options("it's hot; I'm sweating; it's stuffy in here; it's too hot; it's so warm; it smells; it's boiling in here"),
           "radio": options("I'm bored; I want to dance; it's too quiet; I want to hear something"),
           "sprinkler": options("the lawn is dry; it's so dry; the grass looks thirsty; the plants are dry"), "alarm": []},
    "off": {"lamp": options("I'm going to bed; it's too bright; I want to sleep; I'm leaving; good night; we're going out; nobody needs it"),
            "heater": options("it's too warm; it's too hot; I'm sweating; I'm leaving; it's way too hot in here; we're going out"),
            "fan": options("it's too noisy; I'm cold; it's too loud; I'm leaving; it's drafty"),
            "radio": options("it's too loud; I want to sleep; I'm trying to work; I have a headache; I need some quiet; it's annoying"),
            "sprinkler": options("it's raining; it is raining; the grass is wet; it's wet enough"),
            "alarm": options("I'm awake; I'm up; I'm up already; it's annoying; it's too loud")},
    "open": {"blind": options("I want some sun; it's dark; the sun is out; I need daylight; I want to see the sun"),
             "door": options("I'm home; somebody is knocking; I'm coming in; the postman is here; I'm here; my hands are full")},
    "close": {"blind": options("the sun is blinding me; it's too bright; I want to sleep; the sun is too strong; the neighbours can see us"),
              "door": options("it's cold; I'm leaving; there's a draft; it's draughty; we're leaving; I'm going to bed")},
}
# Sayings that only fit one action and device. {r} the room ("the kitchen"), {w} what is watered.
SAYINGS: dict[tuple[str, str], list[str]] = {
    ("on", "lamp"): options("light up {r}; light {r} up; light up {r}; illuminate {r}; let there be light in {r}; give me [some] light in {r}; "
                            "I need [some] light in {r}; make light in {r}; some light in {r}; get me some light in {r}; light {r}; "
                            "put some light on in {r}; turn on some light in {r}; bring some light into {r}; I want light in {r}"),
    ("on", "heater"): options("heat {r}; heat up {r}; heat {r} up; warm up {r}; warm {r} up; start heating {r}; get {r} warm; make {r} warm; "
                              "start warming up {r}; warm {r}; get some heat into {r}; put some heat on in {r}; I want {r} heated; get {r} heated"),
    ("on", "fan"): options("ventilate {r}; start ventilating {r}; get {r} ventilated; I want {r} ventilated; give {r} some ventilation"),
    ("on", "radio"): options("play [some] music in {r}; put [some] music on in {r}; start [some] music in {r}; put on some music in {r}; "
                             "let me hear some music in {r}; I want to hear music in {r}; I want [some] music in {r}; some music in {r}; let's have some music in {r}; "
                             "let's hear some music in {r}; I'd like to listen to the radio in {r}; let music play in {r}; give me some music in {r}; "
                             "turn on some music in {r}; I'd like some music in {r}; I want to listen to music in {r}; stick some tunes on the radio in {r}; let the radio play in {r}"),
    ("on", "sprinkler"): options("water {w}; water {w}; water {w}; start watering {w}; give {w} some water; give {w} a watering; get {w} watered; "
                                 "I want {w} watered; {w} should be watered; {w} must be watered; {w} could use some water; irrigate {w}; have {w} watered; "
                                 "sprinkle {w}; let's water {w}; see that {w} get water; {w} need watering; {w} need to be watered"),
    ("off", "sprinkler"): options("stop watering {w}; stop watering {w}; quit watering {w}; enough watering {w}; stop irrigating {w}; end the watering of {w}"),
    ("off", "lamp"): options("lights out in {r}; lights off in {r}; make {r} dark; no more light in {r}; all lights out in {r}; no lights in {r}"),
    ("off", "heater"): options("stop heating {r}; quit heating {r}; no more heating in {r}; no heat in {r}"),
    ("off", "fan"): options("stop ventilating {r}; no more ventilation in {r}"),
    ("off", "radio"): options("no more music in {r}; stop playing music in {r}; enough music in {r}; stop the music playing in {r}; no music in {r}; enough of the radio in {r}"),
    ("open", "door"): options("open {g}; open {g}; unlock {g}; open up {g}; open {g} up"),
    ("close", "door"): options("close {g}; shut {g}; lock {g}; lock up {g}; close up {g}; lock {g} up; lock {g}"),
}
ROOMLESS_SAYINGS: dict[tuple[str, str], list[str]] = {
    ("on", "lamp"): options("let there be light; lights on; lights; on with the lights; light please; hit the lights on; I need [some] light; give me [some] light; I want [some] light; lights please; on with the lamp"),
    ("off", "lamp"): options("lights out; lights out; lights off; out with the lights; off with the lights; all lights out; everything off with the lights; lamps out; off with the lamp".replace("everything off with the lights; ", "")),
    ("on", "radio"): options("play [some] music; play me some music; put [some] music on; play something on the radio; I want to hear [some] music; some music; music; let's have some music; "
                             "put on some tunes on the stereo; let the music play; music on; start some music; let's hear some music; how about some music; let's listen to some music; I'd like to hear the radio; on with the music; "
                             "play the radio; put some music on; I'm in the mood for some music; give us some music; let's listen to the radio; turn some music on; unmute the volume"),
    ("off", "radio"): options("stop the music; no more music; enough music; enough of that music; stop playing music; mute; mute the volume; volume off; music off; quiet the radio; cut the music; mute it on the radio; make the radio be quiet; off with the music; stop the music playing; make the music stop; I've had enough of the radio"),
    ("on", "heater"): options("heat on; heating on; start heating; on with the heating; heat up the house; warm up the house; warm the house up; heat the house; get some heat going; get the house warm; put some heat on; turn on some heat"),
    ("off", "heater"): options("heat off; heating off; stop heating; off with the heating; stop heating the house; no more heating"),
    ("on", "fan"): options("fan on; on with the fan; start ventilating; ventilation on; let the fan spin; let the fan run; get some ventilation going"),
    ("off", "fan"): options("fan off; off with the fan; stop ventilating; ventilation off; make the fan stop; stop the fan spinning"),
    ("on", "sprinkler"): options("water {w}; start watering; watering on; start the watering; on with the sprinklers; let the sprinklers run; let the sprinkler run; sprinkle {w}; get the watering going; run the watering"),
    ("off", "sprinkler"): options("stop watering; stop the watering; watering off; off with the sprinklers; enough watering; stop watering {w}; end the watering; that's enough water for {w}"),
    ("on", "alarm"): options("alarm on; alarm clock on; start the timer; timer on; set the alarm on; arm the alarm"),
    ("off", "alarm"): options("alarm off; alarm clock off; timer off; stop that alarm; stop ringing, alarm; make the alarm stop; make that alarm be quiet; stop the alarm ringing; shut that alarm up; stop the beeping of the timer; off with the alarm; make the timer stop; stop the timer"),
    ("open", "blind"): options("up with the blinds; blinds up; blinds open; up with the shutters; shutters up; curtains open; open the blinds all the way; open the curtains all the way; raise the blinds all the way; roll the shutters all the way up; "
                               "pull the shades all the way up; open the curtains wide; open the shutters completely; open all the blinds all the way; fling open the curtains; draw the curtains open; draw back the curtains; pull back the curtains; pull the curtains back; pull the curtains open; draw the curtains back"),
    ("close", "blind"): options("down with the blinds; blinds down; blinds closed; down with the shutters; shutters down; curtains closed; close the blinds all the way; draw the curtains; draw the curtains; draw the blinds; close the curtains all the way; pull the curtains closed; pull the curtains shut; pull the curtains together; "
                                "lower the blinds all the way; roll the shutters all the way down; close the shutters completely; pull the shades all the way down; draw all the curtains; curtains shut"),
    ("open", "door"): options("open sesame, door; let me in through the door; hold the door open; get the door open; open the door wide; door open; gate open; open the door all the way; open the gate all the way; open the doors wide; swing the gate wide open; leave the door open; answer the door and open it".replace("; answer the door and open it", "")),
    ("close", "door"): options("lock the door tight; door shut; gate shut; shut the door behind me; close the door behind me; lock all the doors; lock the doors; lock up all the doors; close the door all the way; shut the gate behind us; bolt the door; lock the door behind me; lock up the doors; close the gate after me; doors locked"),
}
WATERED = options("the lawn; the lawn; the plants; the plants; the flowers; the flowers; the grass; my plants; our lawn; the roses; the flower beds; my flowers; the flowerbeds")
GARDENS = options("the garden; the garden; the garden; the yard; the yard; the backyard; my garden; our garden; our yard; the back yard")


def modifiers_for(command: Command, rng: Random, kind: str = "") -> list[str]:
    """Time and minutes as adverbials."""
    found = time_modifiers(command.time, rng, start=command.action == "on", small_hours_only=command.device == "heater") if command.time else []
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
    text = fill(rng.choice(SAYINGS[key]), rng, r=room_name(command.room, rng), g=room_name(command.room, rng), w=watered)
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
        if device == "blind" and action == "close" and verb == "draw" and "curtain" not in noun.text and chance(rng, 0.6):
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
    """"set the lamp to come on at 7", only where it cannot mean the ring of an alarm."""
    if command.device in ("alarm", "door") or command.action not in ("on", "off", "open", "close"):
        return None
    verb = {"on": "(come on|turn on|switch on|go on|start)", "off": "(go off|turn off|switch off|shut off|stop)",
            "open": "(open|go up|open up)", "close": "(close|go down|shut)"}[command.action]
    return expand(f"(set|set|schedule|program|have|get|make|let|I want|I'd like) {thing.text} to {verb} {modifiers}", rng) \
        .replace("have " + thing.text + " to", "have " + thing.text).replace("make " + thing.text + " to", "make " + thing.text) \
        .replace("let " + thing.text + " to", "let " + thing.text)


def request_line(action: str, device: str, rng: Random) -> Line:
    """One line for on, off, open or close."""
    command = Command(action, device, random_room(device, rng))
    draw_timing(command, rng)
    found = modifiers_for(command, rng)
    timed = bool(found)
    if not timed and chance(rng, 0.07):
        found = [rng.choice(VAGUE)]
    question = False
    text = saying(command, rng) if chance(rng, 0.30 if device == "sprinkler" else 0.09) else None
    if text:
        front, behind = place_modifiers(found, rng)
        text = join(text, behind)
    else:
        front, text, question = _sentence(command, found, rng)
    text = _with_reason(join(front, text), command, rng, timed)
    text, question = dress(text, rng, question, timed)
    return Line(join(text), command, question)


def _sentence(command: Command, found: list[str], rng: Random) -> tuple[str, str, bool]:
    """A verb or a state around the device: the adverbials before, the rest, and whether it asks."""
    action, device = command.action, command.device or ""
    verb = random_verb(action, device, rng)
    state_shape = chance(rng, 0.27)
    thing = noun_phrase(noun_for("" if state_shape else verb, action, device, rng), command.room, rng, terse=state_shape and chance(rng, 0.6))
    if not thing.has_room and command.room:
        found = [room_place(command.room, rng, of=False), *found]
    timed = bool(command.time or command.minutes)
    front, behind = place_modifiers(found, rng)
    be = "are" if thing.plural else "is"
    if timed and chance(rng, 0.04):
        text = scheduled(thing, command, behind, rng)
        if text:
            return front, text, False
    if state_shape:
        text, question = state_wish(rng, thing.text, be, rng.choice(STATES[action, device]), behind, staying=not command.time)
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
