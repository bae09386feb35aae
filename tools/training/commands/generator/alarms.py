"""Alarms and timers that are made."""

from __future__ import annotations

from random import Random

from .amounts import duration, duration_adjective, random_minutes
from .frames import ASKING, STATING, dress
from .model import Command, Line
from .nouns import ROOM_WORDS, room_place
from .text import chance, fill, join, options
from .times import clock, random_time, time_modifiers

# {a} "at seven", {f} "for seven", {c} "seven" with its part of the day, {n} a noun, {t} a task.
AT_IMPERATIVE = options("""
wake me {a}; wake me up {a}; wake me {a}; wake me up {a}; get me up {a}; get me up {a}; get me out of bed {a}; set
(an|the|my) {n} {f}; set (an|the|my) {n} {f}; set (an|the|my|one) {n} {a}; set (an|the|my) {n} to {c}; set {n} {f};
set {n} {a}; make (an|the) {n} {f}; create an {n} {f}; add an {n} {f}; put (an|the) {n} on {f}; schedule an {n} {f};
program (an|the) {n} {f}; set up an {n} {f}; put an {n} in {f}; set me an {n} {f}; give me an {n} {a}; give me an {n}
{f}; let the {n} ring {a}; let the {n} go off {a}; have the {n} ring {a}; have the {n} go off {a}; ring the {n} {a};
sound the {n} {a}; make the {n} ring {a}; make the {n} go off {a}; set (my|the) {n} to ring {a}; set (my|the) {n} to
go off {a}; wake us {a}; wake us up {a}; change (my|the) {n} to {c}; move (my|the) {n} to {c}; put (my|the) {n} to
{c}; adjust (my|the) {n} to {c}; remind me {a}; remind me {a}; remind me {t} {a}; remind me {a} {t}; get me up out of
bed {a}; set a {c} alarm; set my {c} alarm; make me a {c} alarm; book an {n} {f}; set a new {n} {f}; set another {n}
{f}; start an {n} {f}; wake me by ringing {a}; set the timer {f}; set a timer {f}; get us up {a}; set a reminder {f};
arrange an {n} {f}; see that I wake up {a}; make sure I wake up {a}; make sure to wake me {a}; be sure to wake me up
{a}; set (an|the) {n} so I wake up {a}; use the {n} to wake me {a}; ring me awake {a}; remind me again {a}; wake me
gently {a}; set the timer to {c}; set the {n} to go {a}; fix an {n} {f}
""")
AT_OTHER = options("""
wake-up call {f}; wake-up call {a}; I want a wake-up call {a}; I need a wake-up call {f}; give me a wake-up call {a};
{n} {f}; {n} {a}; {n} {c}; {n} {c}; {n} {a}; {c} {n}; new {n} {f}; new {n} {a}; I need an {n} {f}; I want an {n} {f};
I'd like an {n} {f}; I need an {n} {a}; I want an {n} {a}; I'd like an {n} {a}; the {n} should ring {a}; the {n}
should go off {a}; I want the {n} to ring {a}; I want the {n} to go off {a}; I want to be woken {a}; I'd like to be
woken up {a}; I want to be woken up {a}; I need to be woken {a}; I would like to be woken {a}; I'd like an {n} set
{f}; I need a {c} {n}; an {n} {f}; an {n} {a}; the {n} {f}; I want my {n} set {f}; please have me woken {a}; another
{n} {f}; one {n} {f}; I'd like you to wake me {a}; wake-up {n} {f}; I need you to wake me up {a}; I need an {n} set
{f}; I must be woken {a}; can I have an {n} {f}; can I have an {n} {a}; could I have an {n} {a};
could I have an {n} {f}; could we have an {n} {f}; can we get an {n} {f}; can I get an {n} {a}; we have to be up {a},
wake us; {n}
please, {c}; {n}: {c}; an {n} please, {f}; I need waking {a}; I'd like a wake-up call {a}; let me sleep until {c},
then wake me; a reminder {f}; reminder {a}; reminder {f}; I need a reminder {a}; I'd
like a reminder {f}; can I have a reminder {a}
""")
# {d} "ten minutes", {j} "ten-minute", {i} "in ten minutes".
IN_IMPERATIVE = options("""
set a timer for {d}; set a timer for {d}; set the timer for {d}; set the timer to {d}; set a {j} timer; set a {j}
timer; start a timer for {d}; start a {j} timer; start a {j} timer; make a timer for {d}; put a timer on for {d}; run
a timer for {d}; run a {j} timer; create a timer for {d}; create a {j} timer; give me a {j} timer; give me a timer for
{d}; set my timer for {d}; put {d} on the timer; set timer for {d}; set timer to {d}; set timer {d}; start the timer
for {d}; let the timer run for {d}; set a timer of {d}; add a {j} timer; add a timer for {d}; begin a timer for {d};
begin a {j} timer; set the egg timer to {d}; set up a timer for {d}; set me a timer for {d}; set another timer for
{d}; wake me {i}; wake me up {i}; wake me {i}; get me up {i}; remind me {i}; remind me {i}; remind me {t} {i}; remind
me {i} {t}; set an alarm for {d} from now; set an alarm {i}; set an alarm for {d}; set the alarm to ring {i}; let the
alarm ring {i}; have the alarm go off {i}; ring the alarm {i}; make the alarm go off {i}; set the alarm clock for {d}
from now; set a timer to go off {i}; sound the alarm {i}; start a countdown timer for {d}; set a countdown timer for
{d}; start timer for {d}; start a timer, {d}; set a timer: {d}; wake us {i}; wake us up {i}; start timer {d}; get a
timer going for {d}; get a {j} timer going; fire up a {j} timer; turn on a {j} timer; set a timer for {d} for the
(pasta|eggs|pizza|tea|rice|laundry|cake|noodles); set a (pasta|tea|pizza|egg) timer for {d}; set a reminder {i}; set
an alarm to go off {i}; set a {j} alarm; have the timer run for {d}
""")
IN_OTHER = options("""
timer, {d}; timer, {d} please; timer for {d}; timer {d}; timer {d}; {j} timer; {j} timer; timer for {d}; timer: {d};
alarm {i}; {d} timer; I need a {j} timer; I need a timer for {d}; I want a timer for {d}; I'd like a timer for {d};
I'd like a {j} timer; I want a {j} timer; new timer for {d}; new timer, {d}; {d} on the timer; a timer for {d}; a {j}
timer; I want to be woken {i}; I'd like to be woken up {i}; the alarm should ring {i}; the alarm should go off {i}; I
need an alarm {i}; I want an alarm {i}; countdown timer for {d}; countdown timer {d}; another timer for {d}; the timer
for {d}; egg timer {d}; egg timer for {d}; I'd like an alarm {i}; can I have a timer for {d}; can I get a {j} timer;
could I have a {j} timer; can we have a timer for {d}; can I have a {j} timer; tea timer {d}; alarm for {d} from now;
 {d}, timer; a timer please, {d}; {d} please, timer; a timer, {d}; could I have a timer for {d}; may I
have a
{j} timer; can we get a {j} timer; reminder {i}; I need a reminder {i}; timer on for {d}; {j} timer please; I have to be
woken {i}; I need to get up {i}, wake me; {d} timer from now
""")
PLAIN = options("""
set an alarm; set the alarm; set a timer; set an alarm clock; set my alarm; set the timer; make a timer; make an
alarm; I need a timer; I need an alarm; create an alarm; new alarm; set the alarm clock; set alarm; create a timer;
new timer; remind me; wake me up; wake me; I want an alarm; get me up; add an alarm; set up an alarm; add a timer; set
a new alarm; I'd like an alarm
""")
TASKS = options("""
to call mum; to call my sister; to take the pills; to feed the cat; to take out the trash; to check the oven; to buy
milk; to pick up the kids; to leave; about the pizza; about the laundry; about the cake; to go to bed; to take a
break; to take my medicine; about the meeting; to phone the dentist; to stretch; to get ready; to turn the chicken; to
walk the dog; to drink some water; about the bread in the oven; to pay the bill; to charge my phone; to email Tom; to
check the soup; to flip the steak; to do my homework; that the bus leaves; to take the cake out; about the plumber;
 to ring the bank;  to post the letter; that mum is coming; to turn the roast; to buy
flowers; about the rent; to put the bins out; to write to Ben; about the parcel; that we have
guests; to bring the washing in; to take the bread out; to iron a shirt; about the train; to defrost the chicken
""")


def _clock_slots(command: Command, rng: Random) -> dict[str, str]:
    """"at seven", "for seven", "seven" and what has been said with it."""
    words_of = clock(command.time or "", rng)
    core = join(words_of.core, words_of.part)
    when = join(rng.choice(["tomorrow"] + [""] * 12)) if not words_of.part else ""
    at_words = " ".join(time_modifiers(command.time or "", rng))
    for_words = f"for {core}" if not when else rng.choice([f"for {core} tomorrow", f"for tomorrow at {core}"])
    if words_of.part_first and chance(rng, 0.2):
        for_words = f"for {words_of.part.removeprefix('in ')} at {words_of.core}"
    return {"a": at_words, "f": for_words, "c": core}


def _noun(rng: Random, template: str) -> str:
    return rng.choice(["alarm"] * 9 + ["alarm clock"] * 3 + (["timer"] if "an {n}" not in template else []))


def _request(text: str, rng: Random) -> tuple[str, bool]:
    """An imperative, sometimes asked for."""
    if chance(rng, 0.24):
        return f"{rng.choice(ASKING[:10] * 2 + ASKING)} {text}", True
    if chance(rng, 0.17):
        return f"{rng.choice(STATING)} {text}", False
    return text, False


def alarm_line(rng: Random) -> Line:
    """One line that makes an alarm or a timer."""
    command = Command("set", "alarm")
    kind = rng.choices(["at", "in", "plain"], [55, 40, 5])[0]
    slots: dict[str, str] = {"t": rng.choice(TASKS)}
    if kind == "at":
        command.time = random_time(rng)
        slots |= _clock_slots(command, rng)
        table = (AT_IMPERATIVE, AT_OTHER)
    elif kind == "in":
        command.minutes = random_minutes(rng)
        text = duration(command.minutes, rng)
        moment = rng.choice([f"in {text}"] * 9 + [f"{text} from now", f"after {text}"])
        slots |= {"d": text, "j": duration_adjective(command.minutes, rng), "i": moment}
        table = (IN_IMPERATIVE, IN_OTHER)
    else:
        table = (PLAIN, PLAIN)
    imperative = chance(rng, 0.72)
    template = rng.choice(table[0 if imperative else 1])
    text = fill(template, rng, **slots, n=_noun(rng, template))
    text = _with_article(text)
    if chance(rng, 0.06) and "{t}" not in template:
        command.room = rng.choice(["bedroom", "bedroom", "kitchen", *ROOM_WORDS])
        text = f"{text} {room_place(command.room, rng, of=False)}"
    front = _front(text, slots, template, rng)
    question = False
    if front:
        text = front
    elif imperative and not template.startswith("I "):
        text, question = _request(text, rng)
    else:
        question = text.startswith(("can ", "could "))
    text, question = dress(text, rng, question, kind != "plain")
    return Line(join(text), command, question)


def _front(text: str, slots: dict[str, str], template: str, rng: Random) -> str | None:
    """The time before the rest: "at seven wake me", "in ten minutes remind me to leave"."""
    for slot in ("a", "i"):
        if template.endswith("{" + slot + "}") and chance(rng, 0.1) and text.endswith(slots[slot]):
            return f"{slots[slot]}{rng.choice([',', ''])} {text.removesuffix(slots[slot]).strip()}"
    return None


def _with_article(text: str) -> str:
    """"a eight am alarm" becomes "an eight am alarm"."""
    words = text.split()
    for index, word in enumerate(words[:-1]):
        following = words[index + 1].lower()
        vowel = following.startswith(("eight", "eleven", "8", "11", "18", "alarm", "hour", "egg"))
        counted = following[0].isdigit() or following.startswith(("eight", "eleven", "alarm", "hour", "timer"))
        if word in ("a", "an") and counted:
            words[index] = "an" if vowel and not following.startswith("110") else "a"
    return " ".join(words)
