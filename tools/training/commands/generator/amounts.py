"""Durations, percentages and degrees in words."""

from __future__ import annotations

from random import Random

from .numerals import number_text, words
from .text import chance, expand, pick

SPECIAL_MINUTES = {
    1: ["a minute", "one minute", "1 minute", "1 min"],
    2: ["a couple of minutes", "2 minutes", "two minutes"],
    15: ["a quarter of an hour", "a quarter of an hour", "quarter of an hour", "a quarter hour", "1/4 hour"],
    30: ["half an hour", "half an hour", "half an hour", "a half hour", "half hour", "1/2 hour", "0.5 hours",
         "a half an hour", "thirty minutes"],
    45: ["three quarters of an hour", "three quarters of an hour", "three-quarters of an hour", "3/4 of an hour",
         "3/4 hour"],
    60: ["an hour", "an hour", "an hour", "one hour", "1 hour", "1h", "1 hr", "a full hour", "a whole hour",
         "sixty minutes",
         "1 h", "60 minutes"],
    75: ["an hour and a quarter", "one and a quarter hours", "an hour and fifteen minutes", "an hour and a quarter"],
    90: ["an hour and a half", "an hour and a half", "one and a half hours", "1.5 hours", "1 1/2 hours", "1.5h",
         "one hour and a half",
         "90 minutes", "ninety minutes"],
    105: ["an hour and three quarters", "one and three quarter hours", "1 hour 45 minutes"],
    120: ["a couple of hours", "two hours", "2 hours", "2h", "2 hrs"],
    720: ["twelve hours", "12 hours", "12h", "half a day"],
}
FRACTIONS = {
    50: ["half", "half", "half", "a half", "one half", "1/2"],
             33: ["a third", "a third", "one third", "1/3", "one-third"],
    67: ["two thirds", "two thirds", "two-thirds", "2/3"], 25: ["a quarter", "a quarter", "one quarter", "1/4",
                                                                "one-quarter"],
    75: ["three quarters", "three quarters", "three-quarters", "3/4"], 20: ["a fifth", "one fifth", "1/5"],
    10: ["a tenth", "one tenth", "1/10"], 40: ["two fifths", "2/5"], 60: ["three fifths", "3/5"], 80: ["four fifths"],
    30: ["three tenths"], 70: ["seven tenths"], 90: ["nine tenths"],
}
# How often a percentage is said as a fraction.
FRACTION_SHARE = {33: 0.95, 67: 0.95, 30: 0.04, 70: 0.04, 90: 0.04, 40: 0.12, 60: 0.12, 80: 0.1}
FULL = ["full", "full", "maximum", "maximum", "max", "the maximum", "the max", "its maximum"]
ROUND_PERCENT = [*range(10, 101, 10)] * 4 + [*range(5, 100, 5)] * 2 + [25, 75, 50, 0, 1, 15]
DEGREE_UNITS = [" degrees"] * 9 + ["°"] * 4
DEGREE_UNITS += [" C", "C", "°C", " °C", "°c", "c", " degrees C", " degrees celsius", " degrees Celsius", " celsius",
                 " deg", " °"]


def random_minutes(rng: Random) -> int:
    """1 to 720, mostly round."""
    return pick(rng, [(10, rng.choice((5, 10, 15, 20, 25, 30, 40, 45, 50))), (10, rng.randrange(1, 61)),
                      (4, rng.choice((15, 30, 45, 60, 90, 75, 105, 120))), (3, 60 * rng.randrange(1, 13)),
                      (2, rng.randrange(61, 721)), (1, 60 * rng.randrange(1, 5) + rng.choice((5, 10, 15, 20, 30, 40))),
                      (0.7, 60 * rng.randrange(2, 11) + 30)])


def _hours_and_minutes(hours: int, rest: int, rng: Random) -> str:
    unit = "(minutes|minutes|mins|min)"
    ways = [f"{number_text(hours, rng)} hour{'s' * (hours > 1)} [and ]{number_text(rest, rng)} {unit}"] * 3
    ways += [f"{hours}h {rest}m[in]", f"{hours}h{rest:02}", f"{hours} h[r] {rest} min", f"{hours}h {rest}min"]
    if hours == 1:
        ways += [f"an hour and {number_text(rest, rng)} {unit}"] * 4
    if rest == 30:
        ways += [f"{words(hours)} and a half hours", f"{hours}.5 hours", f"{words(hours)} hours and a half",
                 f"{hours} and a half hours", f"{hours} 1/2 hours", f"{hours}.5h"]
    if rest == 1:
        return f"{number_text(hours, rng)} hour{'s' * (hours > 1)} and {rng.choice(['one', '1', 'a'])} minute"
    return expand(rng.choice(ways), rng)


def duration(minutes: int, rng: Random) -> str:
    """"20 minutes", "an hour and a half", "2h"."""
    if minutes in SPECIAL_MINUTES and chance(rng, 0.55 if minutes % 15 == 0 or minutes == 1 else 0.12):
        return rng.choice(SPECIAL_MINUTES[minutes])
    hours, rest = divmod(minutes, 60)
    if minutes > 60 and rest and chance(rng, 0.8 if minutes < 130 else 0.97):
        return _hours_and_minutes(hours, rest, rng)
    if minutes >= 60 and not rest and chance(rng, 0.9 if minutes < 130 else 1.0):
        plural = "s" * (hours > 1)
        long = f"{number_text(hours, rng)} hour{plural}"
        return rng.choice([long, long, f"{hours} hr{plural}", f"{hours}h", f"{hours} h"])
    number = number_text(minutes, rng, 0.4 if minutes <= 60 else 0.15)
    unit = pick(rng, [(70, " minute" + "s" * (minutes > 1)), (10, " min" + "s" * (minutes > 1)), (9, " min"),
                      (1.5, " mins"), (3, "min" if number.isdigit() else " min"),
                      (1, "m" if number.isdigit() else " min")])
    return number + unit


def duration_adjective(minutes: int, rng: Random) -> str:
    """"ten-minute", "half-hour", as it stands before "timer"."""
    hours, rest = divmod(minutes, 60)
    if minutes == 30 and chance(rng, 0.4):
        return rng.choice(["half-hour", "half hour", "half an hour"])
    if minutes == 90 and chance(rng, 0.4):
        return rng.choice(["hour and a half", "one and a half hour", "1.5 hour"])
    if minutes == 15 and chance(rng, 0.15):
        return "quarter hour"
    glue = rng.choice(["-", " ", " "])
    if hours and not rest:
        return number_text(hours, rng) + glue + rng.choice(["hour", "hour", "hr"])
    return number_text(minutes, rng, 0.4 if minutes <= 60 else 0.1) + glue + rng.choice(["minute", "minute", "min"])


def minutes_modifier(minutes: int, rng: Random, kind: str) -> str:
    """kind is "for" (how long) or "in" (from now)."""
    text = duration(minutes, rng)
    if kind == "for":
        return pick(rng, [(86, f"for {text}"), (4, f"for the next {text.removeprefix('a ').removeprefix('an ')}"),
                          (2, f"for {text} only"), (2, f"for about {text}"), (2, f"for just {text}"),
                          (2, f"for exactly {text}"), (2, f"only for {text}"), (2, f"for around {text}")])
    return pick(rng, [(80, f"in {text}"), (6, f"{text} from now"), (5, f"after {text}"), (3, f"in about {text}"),
                      (2, f"in exactly {text}"), (2, f"in {text} from now"), (2, f"in {text} time")])


def random_percent(rng: Random) -> int:
    """0 to 100, mostly round or a common fraction."""
    return pick(rng, [(10, rng.choice(ROUND_PERCENT)), (8, rng.randrange(101)),
                      (4, rng.choice([*FRACTIONS, 50, 50, 33, 67])),
                      (1.8, 100)])


def percent_text(percent: int, rng: Random, allow_fraction: bool = True) -> str:
    """"40 percent", "40%", "a third", "maximum"."""
    if allow_fraction and percent in FRACTIONS and chance(rng, FRACTION_SHARE.get(percent, 0.32)):
        return rng.choice(FRACTIONS[percent])
    if allow_fraction and percent == 100 and chance(rng, 0.45):
        return rng.choice(FULL)
    if chance(rng, 0.42):
        return f"{percent}{rng.choice(['%', '%', '%', '%', ' %'])}"
    number = "hundred" if percent == 100 and chance(rng, 0.06) else number_text(percent, rng, 0.5)
    return number + rng.choice([" percent"] * 8 + [" per cent"] * 2)


def degrees_text(degrees: int, rng: Random, bare: bool) -> str:
    """"21 degrees", "21°", "twenty-one degrees", and for a heater a bare number."""
    if bare:
        return number_text(degrees, rng)
    if chance(rng, 0.3):
        return words(degrees, rng.choice("- ")) + rng.choice([" degrees"] * 9 + [" degrees celsius", " celsius"])
    return str(degrees) + rng.choice(DEGREE_UNITS)
