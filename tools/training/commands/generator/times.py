"""Clock times: every usual way of saying HH:MM."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .numerals import number_text, words
from .text import chance, expand, pick

# The hours (24) that each part of the day may stand with, by the table of LANGUAGE.md.
MORNING = frozenset(range(1, 12))
AFTERNOON = frozenset(range(12, 19))
EVENING = frozenset(range(17, 24))
NIGHT = frozenset([*range(18, 24), *range(0, 6)])
TONIGHT = frozenset([*range(17, 24), *range(0, 5)])

# (hours, weight, words, whether the words also stand well before the hour)
PARTS: list[tuple[frozenset[int], float, str, bool]] = [
    (MORNING, 6, "in the morning", True), (MORNING, 2, "this morning", True), (MORNING, 3, "tomorrow morning", True),
    (AFTERNOON, 5, "in the afternoon", True), (AFTERNOON, 3, "this afternoon", True),
    (AFTERNOON, 1.5, "tomorrow afternoon", True),
    (EVENING, 5, "in the evening", True), (EVENING, 3, "this evening", True), (EVENING, 1.5, "tomorrow evening", True),
    (NIGHT, 4, "at night", False), (TONIGHT, 5, "tonight", True), (TONIGHT, 0.5, "later tonight", True),
]
AM = ("am", "am", "am", "a.m.", "AM", "a.m")
PM = ("pm", "pm", "pm", "p.m.", "PM", "p.m")


@dataclass
class Clock:
    """The words of a time; a part of the day that may move is kept apart."""

    core: str
    part: str = ""
    part_first: bool = False
    # "at" is left out more easily where the words alone are clearly a time.
    plain: bool = False


def _hour(hour: int, rng: Random) -> str:
    return number_text(hour, rng, 0.5)


def relative_words(hour: int, minute: int, rng: Random) -> str | None:
    """"ten past six", "quarter to seven", "half six": hour is 1 to 12."""
    following = hour % 12 + 1
    if minute == 0:
        return None
    if minute == 30:
        return expand(f"(half past|half past|half past|half|half|half-past) {_hour(hour, rng)}", rng)
    if minute == 15:
        return expand(f"[a ]quarter (past|past|past|after|after) {_hour(hour, rng)}", rng)
    if minute == 45:
        return expand(f"[a ]quarter (to|to|to|to|till|of|before) {_hour(following, rng)}", rng)
    past = minute < 30
    amount = minute if past else 60 - minute
    unit = "" if amount % 5 == 0 and chance(rng, 0.85) else (" minute" if amount == 1 else " minutes")
    link = expand("(past|past|past|after)" if past else "(to|to|to|to|till|before)", rng)
    return f"{number_text(amount, rng, 0.6)}{unit} {link} {_hour(hour if past else following, rng)}"


def digital_words(hour: int, minute: int, rng: Random) -> str:
    """"6:30", "6.30", "six thirty"."""
    if minute == 0:
        return expand(f"({_hour(hour, rng)}|{_hour(hour, rng)}|{hour}:00|{hour}:00|{hour}.00|{hour:02}:00)", rng)
    if chance(rng, 0.3):
        small = f"{expand('(oh|oh|o)', rng)} {words(minute)}" if minute < 10 else words(minute, rng.choice("- "))
        return f"{words(hour)} {small}"
    colon = f"{hour}:{minute:02}"
    return rng.choice([colon, colon, f"{hour:02}:{minute:02}", f"{hour}.{minute:02}", f"{hour} {minute:02}"])


def twelve_hour_words(hour: int, minute: int, rng: Random) -> tuple[str, bool]:
    """The time on the clock face and whether the words name the following hour."""
    if chance(rng, 0.5):
        text = relative_words(hour, minute, rng)
        if text:
            return text, minute > 30
    if minute == 0 and chance(rng, 0.35):
        return f"{_hour(hour, rng)} {rng.choice(['o’clock', *[chr(111) + chr(39) + 'clock'] * 6, 'oclock'])}", False
    return digital_words(hour, minute, rng), False


def day_hours(hour: int, minute: int, rng: Random) -> str:
    """24-hour writing, safe for every hour."""
    ways = [f"{hour:02}:{minute:02}"] * 6 + [f"{hour}:{minute:02}"] * 2 + [f"{hour:02}.{minute:02}"] * 2
    ways += [f"{hour:02}{minute:02} hours", f"{hour:02}{minute:02}", f"{hour:02}:{minute:02} hours"]
    ways += [f"{hour:02}:{minute:02} hrs"]
    if hour >= 13:
        if minute == 0:
            ways += [str(hour)] * 4 + [words(hour), f"{hour} o'clock", f"{hour} o'clock",
                                       f"{words(hour)} hundred hours"]
            ways += [f"{words(hour)} hundred", f"{hour} hours"]
        else:
            small = words(minute, " ") if minute >= 10 else f"oh {words(minute)}"
            ways += [f"{words(hour)} {small}"] * 2 + [f"{hour} {minute:02}"]
    return rng.choice(ways)


def _named(hour: int, minute: int, rng: Random) -> str | None:
    """Noon and midnight."""
    if minute == 0 and hour == 12:
        return expand("(noon|noon|noon|midday|midday|12 noon|twelve noon|high noon|noontime)", rng)
    if minute == 0 and hour == 0:
        return expand("(midnight|midnight|midnight|midnight|12 midnight|twelve midnight)", rng)
    if hour in (0, 12) and minute in (15, 30):
        name = "midnight" if hour == 0 else rng.choice(["noon", "midday"])
        return ("half past " if minute == 30 else "[a ]quarter past ").replace("[a ]", "") + name
    return None


def clock(time: str, rng: Random, small_hours_only: bool = False) -> Clock:
    """Words for HH:MM. small_hours_only keeps away from "at 21", which could be degrees for a heater."""
    hour, minute = int(time[:2]), int(time[3:])
    named = _named(hour, minute, rng)
    if named and chance(rng, 0.55 if minute == 0 else 0.15):
        return Clock(named, plain=True)
    way = pick(rng, [(30, "half"), (32, "part"), (30 if 1 <= hour <= 12 else 0, "bare"), (10, "day"),
                     (18 if hour >= 13 else 0, "day")])
    if way == "day":
        text = day_hours(hour, minute, rng)
        if small_hours_only and ":" not in text:
            text = f"{hour:02}:{minute:02}"
        fitting = [part for part in PARTS if hour in part[0]]
        if hour >= 13 and chance(rng, 0.06):
            part = rng.choice(fitting)
            return Clock(text, part[2], part[3])
        return Clock(text, plain=True)
    text, names_following = twelve_hour_words(hour % 12 or 12, minute, rng)
    stated = (hour + 1) % 24 if names_following else hour
    if way == "bare":
        # "quarter to one" without a part of the day could be 00:45 or 12:45.
        if names_following and hour == 12:
            text = f"{hour}:{minute:02}"
        return Clock(text)
    if way == "half":
        if (stated < 12) != (hour < 12):
            text = f"{hour % 12 or 12}:{minute:02}"
        suffix = rng.choice(AM if hour < 12 else PM)
        glue = "" if text[-1].isdigit() and suffix in ("am", "pm", "AM", "PM") and chance(rng, 0.55) else " "
        return Clock(text + glue + suffix, plain=True)
    fitting = [(part[1], part) for part in PARTS if hour in part[0] and stated in part[0]]
    if not fitting:
        return Clock(f"{hour:02}:{minute:02}", plain=True)
    part = pick(rng, fitting)
    return Clock(text, part[2], part[3])


def time_modifiers(time: str, rng: Random, start: bool = False, small_hours_only: bool = False) -> list[str]:
    """The time as one or two adverbials; two may be put at different places of the sentence."""
    words_of = clock(time, rng, small_hours_only)
    lead = pick(rng, [(80, "at"), (3, "by"), (3, "around"), (2, "at around"), (2, "at about"), (2, "at exactly"),
                      (2, "about"), (6 if start else 0, "from"), (2 if start else 0, "starting at"),
                      (2 if start else 0, "as of"), (2, "@")])
    if words_of.plain and chance(rng, 0.06):
        lead = ""
    core = f"{lead} {words_of.core}".strip()
    if chance(rng, 0.03):
        core += rng.choice([" sharp", " on the dot", " exactly"])
    if words_of.part:
        if words_of.part_first and chance(rng, 0.35):
            return [words_of.part, core] if chance(rng, 0.5) else [f"{words_of.part} {core}"]
        return [f"{core} {words_of.part}"]
    if chance(rng, 0.08):
        return rng.choice([[f"tomorrow {core}"], [f"{core} tomorrow"], ["tomorrow", core], [f"{core} today"],
                           ["today", core]])
    return [core]


def random_time(rng: Random) -> str:
    """A time that people choose: mostly waking hours, mostly round."""
    hour = pick(rng, [(3, rng.randrange(24)), (4, rng.randrange(5, 24)), (2, rng.randrange(1, 13)),
                      (0.35, 12), (0.3, 0)])
    minute = pick(rng, [(42, 0), (18, 30), (9, 15), (9, 45), (18, rng.choice((5, 10, 20, 25, 35, 40, 50, 55))),
                        (16, rng.randrange(60))])
    return f"{hour:02}:{minute:02}"
