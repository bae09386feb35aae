"""Something planned is called off."""

from __future__ import annotations

from random import Random

from .amounts import duration, duration_adjective, minutes_modifier, random_minutes
from .frames import ASKING, OPENERS, STATING
from .model import Command, Line
from .nouns import DETERMINERS, PLURAL_DETERMINERS, noun_phrase, random_noun, random_room, room_place
from .text import chance, fill, join, options, pick
from .times import clock, random_time, time_modifiers
from .verbs import forms, random_verb, with_object

BARE = options("""
cancel; cancel that; cancel that; cancel it; never mind; never mind; never mind; nevermind; forget it; forget it;
forget that; forget about it; forget about that; scrap that; scrap it; undo that; undo it; undo; no wait, cancel; no
wait, cancel that; actually never mind; actually, never mind; actually, cancel that; actually forget it; scratch that;
call it off; call that off; abort; abort that; I changed my mind; I've changed my mind; changed my mind; skip it; skip
that; cancel my last command; cancel the last command; cancel my last request; cancel the last one; cancel what I
said; cancel what I just said; take that back; I take that back; I take it back; drop it; drop that; oops, cancel
that; oh never mind; oh, forget it; on second thought, never mind; on second thoughts, cancel that; on second thought,
cancel; on second thoughts, forget it; ignore that; disregard that; disregard; ignore what I said; forget what I said;
forget what I just said; forget I said anything; no, never mind; no, cancel that; no, forget it; nah, never mind; nah
forget it; wait, cancel that; wait, never mind; sorry, cancel that; sorry, never mind; cancel everything; cancel
please; cancel that request; cancel this; cancel the command; cancel the last thing; undo the last command; undo my
last command; undo what you just did; undo the last one; never mind that; never mind about that; no no, cancel that;
stop, cancel that; hold on, cancel that; hang on, never mind; hang on, cancel that; hold on, never mind; well, never
mind; ah never mind; ok never mind; okay forget it; hm, never mind; please cancel; please cancel that; can you cancel
that; could you cancel that; could you undo that; can you undo that; can you cancel my last request; would you cancel
that; I want to cancel that; I'd like to cancel that; I want to cancel; that's no longer needed; no longer needed; no
longer necessary; never mind, it's fine; never mind, thanks; never mind what I said; oh, cancel; oops, never mind; my
mistake, cancel that; my mistake, never mind; that was a mistake, cancel it; that was wrong, undo it; revert that;
revert; revoke that; retract that; withdraw that; let's forget it; let's forget about that; let's cancel that; let's
scrap that; not any more, cancel; it's fine, never mind; it's okay, never mind; forget the whole thing; call the whole
thing off; cancel all that; cancel all of it; cancel the plan; scrap the plan; scrap the whole thing; scrap the idea;
ditch that; strike that; belay that; nope, cancel that; I didn't mean that, cancel; I didn't mean it, undo that;
delete that; delete my last command
""")
VERBS = ["cancel"] * 34 + options("""
scrap; scrap; scrap; scrap; forget; forget; forget; forget about; forget about; forget about; forget about; forget
about; call off; call off; call off; call off; delete; delete; delete; delete; delete; remove; remove; remove; remove;
clear; clear; drop; drop; skip; skip; skip; abort; abort; undo; ditch; bin; get rid of; get rid of; never mind; never
mind; never mind about; scratch; nix; erase; dismiss; withdraw; revoke; take back; wipe; discard; chuck out; take out;
ignore; disregard; unschedule; strike; cross off; annul; axe; throw out; abandon; leave out; stop planning; cancel
out; unset
""")
NEED = options("""
I don't need {o} any more; I don't need {o} anymore; I don't need {o}; I no longer need {o}; I no longer want {o}; we
don't need {o} any more; we don't need {o} anymore; we no longer need {o}; no need for {o}; no need for {o} any more;
there's no need for {o}; {o} {b} no longer needed; {o} {b} no longer necessary; {o} can be cancelled; {o} should be
cancelled; {o} can be deleted; I've changed my mind about {o}; I changed my mind about {o}; I don't want {o} any more;
I don't want {o} anymore; {o} won't be needed; {o} {b} not needed any more; I won't need {o}; I won't be needing {o};
we won't need {o}; no {o0} after all; I want {o} cancelled; I'd like {o} cancelled; I'd like {o} called off; I need
{o} cancelled; please have {o} cancelled; I'd like {o} deleted; I want {o} gone; we can do without {o}; there is no
need for {o} any more; I don't need {o} after all; {o} must be cancelled; let's do without {o}; I have no need for {o}
any more; {o} {b} not needed after all; {o} {b} cancelled; {o}: cancel; {o}, cancel {y}; let's not have {o}; I don't
require {o} any more; get {o} cancelled; I want {o} removed; I'd like {o} removed; can I have {o} cancelled; could {o}
be cancelled; can {o} be cancelled; we can skip {o}; {o} cancelled
""")
PLANNED = options("""
cancel; cancel; cancel; cancel; forget about; forget about; call off; scrap; never mind; never mind about; never mind;
skip; scratch; abort; no need for; cancel the plan of; cancel the plan for; I've changed my mind about; I changed my
mind about; drop the idea of; forget the idea of; undo; stop the plan of
""")
TO_PLANS = options("""
scrap the plan to; scrap the plan to; forget the plan to; cancel the plan to; drop the plan to; call off the plan to;
cancel the order to; cancel the request to; cancel my request to; cancel the command to; no need to; no need to; there's
no need to; you don't have to; you don't need to; you needn't; forget that I asked you to; forget that I wanted you to;
ditch the plan to; undo the order to; never mind the plan to; I no longer want you to; I no longer want to; delete the
task to; skip the plan to; take back the order to; withdraw the order to; abandon the plan to; forget the idea to;
cancel
the schedule to
""")
# Behind a device: "the alarm I made".
ORDERED = options("""
I asked for; I made; I set; I set up; I ordered; I planned; I scheduled; I wanted; I requested; I told you about; I
mentioned; we planned; we set; you planned; you set; you set up; that I set; that I made; that I asked for; that we
planned; that I scheduled; I programmed; I put in; we talked about; I asked about
""")
SAID = options("""
forget what I said about {o}; ignore what I said about {o}; cancel what I said about {o}; never mind what I said about
{o}; never mind what I told you about {o}; cancel my request about {o}; cancel my command for {o}; forget my request
for {o}; cancel the plan for {o}; scrap the plan for {o}; cancel the schedule for {o}; no {p} after all; cancel the
planned {p}; cancel the scheduled {p}; scrap the planned {p}; skip the planned {p}; call off the planned {p}; forget
about the planned {p}; forget the scheduled {p}; stop the planned {p}; delete the scheduled {p}; call off the
scheduled {p}
""")
WAKES = options("""
no need to wake me {m} any more; no need to wake me {m} after all; you don't need to wake me {m}; you don't have to
wake me {m}; cancel waking me {m}; forget about waking me {m}; never mind waking me up {m}; you needn't wake me {m};
no need to get me up {m}; I don't need to be woken {m} any more; I no longer need to be woken {m}; forget about
getting me up {m}; no need to remind me {m}; you don't have to remind me {m}; never mind reminding me {m}; no need to
wake me up {m}; I don't want to be woken {m} any more; no wake-up alarm {m}, cancel it
""")
WATERING = options("""
the watering; the watering of the lawn; watering the lawn; watering the plants; watering the flowers; the lawn
watering; watering the grass
""")
SECOND_THOUGHTS = options('no; no wait; wait; oops; actually; actually; oh no; sorry; on second thought; hold on')
TAILS = options("after all; now; please; thanks; if you can; for me; then; too; please and thank you; would you")


def _timing(command: Command, rng: Random) -> None:
    kind = pick(rng, [(46 if command.device != "alarm" else 34, ""), (42, "time"),
                      (12 if command.device != "alarm" else 20, "minutes"), (3, "both")])
    if command.device == "alarm" and kind == "both":
        kind = "time"
    if kind in ("time", "both"):
        command.time = random_time(rng)
    if kind in ("minutes", "both"):
        command.minutes = random_minutes(rng)


def _thing(command: Command, rng: Random) -> tuple[str, bool]:
    """The cancelled device with its time in front ("the 7 am alarm") or behind."""
    device = command.device or ""
    noun = random_noun(device, rng)
    phrase = noun_phrase(noun, command.room, rng)
    text = phrase.text
    found: list[str] = []
    if device == "sprinkler" and not command.room and chance(rng, 0.2):
        phrase.plural = False
        text = rng.choice(WATERING)
    elif command.time and not command.minutes and not command.room and chance(rng, 0.5 if device == "alarm" else 0.2):
        words_of = clock(command.time, rng, small_hours_only=device == "heater")
        owner = rng.choice(["the", "the", "my", "my", "that", ""])
        if not words_of.part:
            return join(owner, words_of.core, noun.text), phrase.plural
        return join(owner, noun.text, rng.choice(["at", "for"]), words_of.core, words_of.part), phrase.plural
    elif command.minutes and not command.time and not command.room and chance(rng, 0.5):
        return join(rng.choice(["the", "my", "the", "that"]), duration_adjective(command.minutes, rng),
                    noun.text), phrase.plural
    if command.room and not phrase.has_room:
        found.append(room_place(command.room, rng, of=False))
    if command.time:
        found.append(" ".join(_planned_time(command, rng)))
    if command.minutes:
        kind = "for" if command.time or device == "alarm" else rng.choice(["for", "in"])
        found.append(minutes_modifier(command.minutes, rng, kind))
    if len(found) > 1 and chance(rng, 0.4):
        rng.shuffle(found)
    return join(text, *found), phrase.plural


def _planned_time(command: Command, rng: Random) -> list[str]:
    """"at six", "for six", "set for six", "planned for six"."""
    small = command.device == "heater"
    if chance(rng, 0.65):
        return time_modifiers(command.time or "", rng, small_hours_only=small)
    words_of = clock(command.time or "", rng, small_hours_only=small)
    lead = rng.choice(["for"] * 8 + ["set for"] * 2 + ["planned for", "scheduled for", "that is set for", "from"])
    return [f"{lead} {words_of.core}", words_of.part] if words_of.part else [f"{lead} {words_of.core}"]


def _planned_action(command: Command, rng: Random) -> str:
    """"cancel turning off the lamp at ten"."""
    device = command.device or ""
    action = rng.choice(["open", "close"] if device in ("blind", "door") else ["on", "off"])
    verb = random_verb(action, device, rng)
    while verb.split("|")[0] in ("get", "let"):
        verb = random_verb(action, device, rng)
    head = verb.split("|")[0]
    thing = noun_phrase(random_noun(device, rng), command.room, rng)
    infinitive = chance(rng, 0.45)
    rest = with_object(verb, thing.text, rng, thing.room_behind).removeprefix(head)
    spoken = (head if infinitive else forms(head)[0]) + rest
    found = [room_place(command.room, rng, of=False)] if command.room and not thing.has_room else []
    if command.time:
        found += time_modifiers(command.time, rng, small_hours_only=device == "heater")
    if command.minutes:
        found.append(minutes_modifier(command.minutes, rng, "for" if command.time else rng.choice(["for", "in"])))
    return join(rng.choice(TO_PLANS if infinitive else PLANNED), spoken, *found)


def _asked(text: str, rng: Random) -> tuple[str, bool]:
    if chance(rng, 0.15):
        return f"{rng.choice(ASKING[:10])} {text}", True
    if chance(rng, 0.12):
        return f"{rng.choice(STATING)} {text}", False
    return text, False


def cancel_line(device: str, rng: Random) -> Line:
    """One line that calls something off."""
    question = False
    if device == "":
        text = rng.choice(BARE)
        command = Command("cancel")
    else:
        command = Command("cancel", device, random_room(device, rng) if chance(rng, 0.55) else None)
        _timing(command, rng)
        shape = rng.random()
        if device == "alarm" and shape < 0.09:
            command.room = None
            modifiers = " ".join(time_modifiers(command.time, rng)) if command.time else ""
            command.minutes = None if command.time else command.minutes
            if command.minutes:
                modifiers = f"in {duration(command.minutes, rng)}"
            text = fill(rng.choice(WAKES), rng, m=modifiers)
        elif shape < 0.2 and device != "alarm":
            text = _planned_action(command, rng)
        elif shape < 0.27:
            thing, _ = _thing(command, rng)
            bare = thing
            for determiner in (*PLURAL_DETERMINERS, *DETERMINERS):
                bare = bare.removeprefix(f"{determiner} ") if determiner else bare
            text = fill(rng.choice(SAID), rng, o=thing, p=bare)
        elif shape < 0.42 and (command.time or command.minutes or device in ("alarm", "sprinkler")):
            # Without a time "I don't need the lamp any more" could as well mean off.
            thing, plural = _thing(command, rng)
            text = fill(rng.choice(NEED), rng, o=thing,
                        o0=thing.removeprefix("the ").removeprefix("my ").removeprefix("that "),
                        b="are" if plural else "is", y="them" if plural else "it")
            question = text.startswith(("can ", "could "))
        else:
            thing, _ = _thing(command, rng)
            if not command.time and not command.minutes and chance(rng, 0.25):
                thing = join(thing, rng.choice(ORDERED), rng.choice([""] * 8 + ["earlier", "for tomorrow", "before"]))
            verb = rng.choice(VERBS)
            # "drop the blinds" lowers them.
            verb = "cancel" if verb in ("drop", "take out", "clear") and device != "alarm" else verb
            text, question = _asked(f"{verb} {thing}", rng)
    opener = chance(rng, 0.15 if device else 0.25)
    if opener:
        text = f"{rng.choice([*OPENERS, *SECOND_THOUGHTS])}{rng.choice([',', ''])} {text}"
    if chance(rng, 0.2 if device else 0.1):
        text = f"{text}{rng.choice([',', '', ''])} {rng.choice(TAILS[:1] * 2 + ['please'] * 16 + TAILS)}"
    return Line(join(text), command, question)
