"""Numbers as digits and as words."""

from __future__ import annotations

from random import Random

from .text import chance

ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen").split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()


def words(number: int, hyphen: str = "-") -> str:
    """0 to 999 in words."""
    if number < 20:
        return ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return TENS[tens] + (hyphen + ONES[ones] if ones else "")
    hundreds, rest = divmod(number, 100)
    return ONES[hundreds] + " hundred" + (" and " + words(rest, hyphen) if rest else "")


def number_text(number: int, rng: Random, share_of_words: float = 0.4) -> str:
    """The number as somebody writes it."""
    if not chance(rng, share_of_words):
        return str(number)
    text = words(number, rng.choice("- "))
    if 100 <= number < 200 and chance(rng, 0.5):
        text = "a" + text[3:]
    if chance(rng, 0.25):
        text = text.replace(" and ", " ")
    return text
