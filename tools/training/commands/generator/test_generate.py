"""Tests of the generator."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path
from random import Random

from . import chatter_words
from . import times
from .amounts import duration, duration_adjective
from .chatter import SHARE, reason, talk_alone, with_chatter
from .generate import generate, normalised, plain_line
from .model import ACTIONS, DEVICES, KEYS, ROOMS
from .noise import NUMERALS, typo
from .numerals import words
from .nouns import noun_phrase, random_noun
from .text import join

ROOT = Path(__file__).resolve().parents[2]
COUNT = 20_000
NUMBER = {words(number): number for number in range(1, 1000)}
NUMBER |= {words(number, " "): number for number in range(1, 1000)}
PARTS = {"morning": lambda hour: hour, "afternoon": lambda hour: 12 if hour == 12 else hour + 12,
         "evening": lambda hour: hour + 12,
         "night": lambda hour: 0 if hour == 12 else (hour + 12 if hour >= 6 else hour),
         "tonight": lambda hour: 0 if hour == 12 else (hour + 12 if hour >= 5 else hour)}


def number(text: str) -> int:
    """A number in digits or words."""
    text = "one" + text[1:] if text.startswith("a hundred") else text
    return int(text) if text.isdigit() else NUMBER[text.replace(" hundred ", " hundred and ").replace("and and", "and")]


def read_face(text: str) -> tuple[int, int]:
    """The stated hour and its offset in minutes, written apart from the generator."""
    text = re.sub(r" ?o['’]?clock", "", text).removeprefix("a ").replace("half-past", "half past")
    found = re.fullmatch(r"(half past|half|quarter past|quarter after|quarter (?:to|till|of|before)) (.+)", text)
    if found:
        offset = 30 if found.group(1).startswith("half") else 15 if re.search("past|after", found.group(1)) else -15
        return number(found.group(2)), offset
    found = re.fullmatch(r"(.+?)(?: minutes?)? (past|after|to|till|before) (.+)", text)
    if found:
        amount = number(found.group(1))
        return number(found.group(3)), amount if found.group(2) in ("past", "after") else -amount
    found = re.fullmatch(r"(\d\d?)[:. ]?(\d\d)", text)
    if found:
        return int(found.group(1)), int(found.group(2))
    found = re.fullmatch(r"([\w-]+) (?:oh|o) (\w+)", text)
    if found and found.group(1) in NUMBER:
        return NUMBER[found.group(1)], NUMBER[found.group(2)]
    if text.isdigit() or text in NUMBER:
        return number(text), 0
    hour, _, minute = text.partition(" ")
    return number(hour), number(minute)


def read_clock(text: str) -> str:
    """HH:MM of a whole time phrase by the rules of LANGUAGE.md."""
    text = text.lower()
    for name, value in (("midnight", 0), ("noon", 12), ("midday", 12), ("noontime", 12)):
        if re.search(rf"\b{name}\b", text):
            return f"{value:02}:{30 if 'half' in text else 15 if 'quarter' in text else 0:02}"
    found = re.fullmatch(r"(\d\d)(\d\d)(?: hours)?", text)
    if found:
        return f"{found.group(1)}:{found.group(2)}"
    text = re.sub(r" (hours|hrs)$", "", text).removesuffix(" hundred")
    part = re.search(r" ?(?:in the|this|tomorrow|at|later)? ?\b(morning|afternoon|evening|night|tonight)$", text)
    half = re.search(r"([ap])\.?m\.?$", text)
    core = text[:part.start()] if part else text[:half.start()].strip() if half else text
    hour, offset = read_face(re.sub(r" (hours|hrs)$", "", core.strip()))
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half.group(1) == "p" else 0)
    if part and 1 <= hour <= 12:
        hour = PARTS[part.group(1)](hour)
    total = (hour * 60 + offset) % 1440
    return f"{total // 60:02}:{total % 60:02}"


def read_duration(text: str) -> int:
    """Minutes of a duration, written apart from the generator."""
    text = text.replace("three-quarters", "three quarters")
    fixed = {"half an hour": 30, "a half an hour": 30, "a half hour": 30, "half hour": 30, "1/2 hour": 30,
             "0.5 hours": 30,
             "a quarter of an hour": 15, "quarter of an hour": 15, "a quarter hour": 15, "1/4 hour": 15,
             "half a day": 720,
             "three quarters of an hour": 45, "3/4 of an hour": 45, "3/4 hour": 45, "a couple of minutes": 2,
             "a couple of hours": 120, "one and three quarter hours": 105, "one and a quarter hours": 75}
    if text in fixed:
        return fixed[text]
    text = text.replace("a full hour", "1 hour").replace("a whole hour", "1 hour")
    text = re.sub(r"^an hour", "1 hour", text)
    text = re.sub(r"^(\w+) and a half hours$", r"\1 hours and a half", text)
    text = re.sub(r"^(\d+) 1/2 hours$", r"\1 hours and a half", text)
    text = re.sub(r"^(\d+)\.5 ?(hours|h)$", r"\1 hours and a half", text)
    text = re.sub(r"\ba minute$", "1 minute", text)
    for tail, extra in ((" and a half", 30), (" and a quarter", 15), (" and three quarters", 45)):
        if text.endswith(tail):
            return read_duration(text.removesuffix(tail)) + extra
    hour_part = r"(\d+|[a-z -]+(?= )) ?(?:hours?|hrs?|h)(?![a-z])"
    minute_part = r"(\d+|[a-z -]+?) ?(?:minutes?|mins?|min|m)?"
    found = re.fullmatch(f"(?:{hour_part})?(?: and)? ?(?:{minute_part})?", text)
    assert found, text
    hours, minutes = found.groups()
    return (number(hours) * 60 if hours else 0) + (number(minutes) if minutes else 0)


class Times(unittest.TestCase):
    """Clock times."""

    def test_reader_knows_the_examples_of_the_language(self) -> None:
        for text, expected in [("7", "07:00"), ("12", "12:00"), ("15", "15:00"), ("half past nine", "09:30"),
                               ("half nine", "09:30"),
                               ("ten to six", "05:50"), ("twenty past four", "04:20"), ("six thirty", "06:30"),
                               ("6.30", "06:30"),
                               ("6 30", "06:30"), ("noon", "12:00"), ("midnight", "00:00"), ("12 am", "00:00"),
                               ("12 pm", "12:00"),
                               ("7 tonight", "19:00"), ("12 tonight", "00:00"), ("3 tonight", "03:00"),
                               ("12 at night", "00:00"),
                               ("11 at night", "23:00"), ("2 at night", "02:00"), ("6 this evening", "18:00"),
                               ("1930 hours", "19:30"),
                               ("12 in the afternoon", "12:00"), ("4 in the afternoon", "16:00"),
                               ("a quarter to 12 at night", "23:45")]:
            self.assertEqual(read_clock(text), expected, text)

    def test_every_minute_of_the_day_in_many_phrasings(self) -> None:
        rng = Random(5)
        for minute in range(0, 1440):
            time = f"{minute // 60:02}:{minute % 60:02}"
            for _ in range(12 if minute % 5 else 60):
                found = times.clock(time, rng)
                text = f"{found.core} {found.part}".strip()
                self.assertEqual(read_clock(text), time, text)

    def test_usual_phrasings_occur(self) -> None:
        rng = Random(6)
        seen = {times.clock(time, rng).core for time in ("07:00", "07:30", "06:45", "19:30", "18:55",
                                                         "07:05") for _ in range(4000)}
        for text in ("7", "7:00", "7.00", "07:00", "7am", "7 am", "7 a.m.", "seven", "seven o'clock", "7 o'clock",
                     "half past 7", "half seven",
                     "quarter to seven", "quarter of 7", "seven thirty", "seven oh five", "five past seven",
                     "five to seven", "19:30", "1930 hours"):
            self.assertIn(text, seen)

    def test_heater_hours_do_not_look_like_degrees(self) -> None:
        rng = Random(7)
        for hour in range(13, 24):
            for _ in range(200):
                text = times.clock(f"{hour}:00", rng, small_hours_only=True).core
                self.assertFalse(text.isdigit() and int(text) > 12, text)


class Amounts(unittest.TestCase):
    """Durations."""

    def test_durations(self) -> None:
        rng = Random(8)
        for minutes in range(1, 721):
            for _ in range(40):
                text = duration(minutes, rng)
                self.assertEqual(read_duration(text), minutes, text)

    def test_adjectives(self) -> None:
        self.assertIn("ten-minute", {duration_adjective(10, Random(seed)) for seed in range(200)})


class Noise(unittest.TestCase):
    """Typos keep what counts."""

    def test_digits_stay(self) -> None:
        rng = Random(9)
        for _ in range(3000):
            text = typo("switch the lamp to 45% at 19:30 for 20 minutes", rng)
            self.assertEqual(re.findall(r"\d", text), list("4519302 0".replace(" ", "")))

    def test_numerals_never_become_others(self) -> None:
        rng = Random(10)
        for word in NUMERALS:
            for _ in range(50):
                edited = typo(word, rng)
                self.assertTrue(edited == word or edited not in NUMERALS, f"{word} {edited}")


class Nouns(unittest.TestCase):
    """Rooms are said once or left to the sentence."""

    def test_phrase_has_room(self) -> None:
        rng = Random(11)
        for _ in range(2000):
            phrase = noun_phrase(random_noun("lamp", rng), "kitchen", rng)
            self.assertEqual("kitchen" in phrase.text, phrase.has_room)


class Chatter(unittest.TestCase):
    """Words around a request."""

    TABLES = (chatter_words.NEUTRAL, chatter_words.HINTS, chatter_words.ANNOUNCEMENTS, chatter_words.APOLOGIES,
              chatter_words.JOKES, chatter_words.TRAILERS, chatter_words.SAKES, *chatter_words.SLOTS.values())

    def test_the_answer_and_the_request_stay(self) -> None:
        rng = Random(12)
        for _ in range(5000):
            line = plain_line(rng)
            wordy = with_chatter(line, rng)
            self.assertEqual(wordy.command.answer(), line.command.answer())
            self.assertIn(join(line.text.strip(" ,")).lower(), wordy.text.lower())
            self.assertGreater(len(wordy.text), len(line.text.strip(" ,")))

    def test_no_times_or_amounts_in_clauses(self) -> None:
        for table in self.TABLES:
            for entry in table:
                self.assertNotRegex(entry, r"\d|\b(morning|evening|afternoon|night|tonight|noon|minutes?|hours?|half|"
                                           r"quarter|third|percent|degrees|max|full power)\b|{number}")
                self.assertFalse(set(entry.split()) & (NUMERALS - {"one"}), entry)

    def test_many_clauses(self) -> None:
        rng = Random(13)
        self.assertGreater(len({reason(rng, True, True, True) for _ in range(20000)}), 900)

    def test_share(self) -> None:
        rng = Random(14)
        self.assertTrue(0.18 <= SHARE <= 0.25)
        alone = sum(talk_alone(rng) != "" for _ in range(500))
        self.assertEqual(alone, 500)


class Spread(unittest.TestCase):
    """No common number is rare."""

    def test_numbers(self) -> None:
        rng = Random(16)
        found = Counter()
        for _ in range(60_000):
            command = plain_line(rng).command
            found.update({("minutes", command.minutes), ("percent", command.percent), ("degrees", command.degrees),
                          ("hour", command.time and int(command.time[:2]))})
        for key, values, least in (("minutes", range(1, 61), 25), ("percent", range(5, 101, 5), 70),
                                   ("degrees", range(10, 26), 50), ("hour", range(24), 300)):
            for value in values:
                self.assertGreater(found[key, value], least, f"{key} {value}")


class Lines(unittest.TestCase):
    """Whole lines."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.rows = list(generate(COUNT, 3))
        cls.answers = [json.loads(answer) for _, answer in cls.rows]

    def test_same_seed_same_lines(self) -> None:
        self.assertEqual(self.rows[:500], list(generate(500, 3)))
        self.assertNotEqual(self.rows[:500], list(generate(500, 4)))

    def test_answers_are_valid(self) -> None:
        for (prompt, text), answer in zip(self.rows, self.answers):
            self.assertEqual(text, json.dumps(answer, separators=(",", ":")), prompt)
            self.assertEqual(list(answer), [key for key in KEYS if key in answer], prompt)
            self.assertIn(answer["action"], ACTIONS)
            self.assertIn(answer.get("device", "lamp"), DEVICES)
            self.assertIn(answer.get("room", "hall"), ROOMS)
            self.assertRegex(answer.get("time", "00:00"), r"^([01]\d|2[0-3]):[0-5]\d$")
            for key, low, high in (("minutes", 1, 720), ("percent", 0, 100), ("degrees", 5, 30)):
                self.assertTrue(low <= answer.get(key, low) <= high, prompt)

    def test_actions_fit(self) -> None:
        for (prompt, _), answer in zip(self.rows, self.answers):
            action, device = answer["action"], answer.get("device")
            if action == "none":
                self.assertEqual(answer, {"action": "none"}, prompt)
            elif action != "cancel":
                self.assertIsNotNone(device, prompt)
            if action in ("open", "close"):
                self.assertIn(device, ("blind", "door"), prompt)
            if action in ("on", "off"):
                self.assertNotIn(device, ("blind", "door"), prompt)
            if "degrees" in answer:
                self.assertEqual((device, "percent" in answer), ("heater", False), prompt)
            if "percent" in answer:
                self.assertIn(action, ("set", "query"), prompt)
            if action == "set" and device != "alarm":
                self.assertTrue("percent" in answer or "degrees" in answer, prompt)

    def test_prompts_are_clean(self) -> None:
        for prompt, _ in self.rows:
            self.assertNotRegex(prompt, r"[{}|\[\]\n]|  |^\W*$|,$|\bNone\b|\(|\)", prompt)
            self.assertLess(len(prompt), 240)

    def test_digits_of_prompts_belong_to_the_answer(self) -> None:
        # Chatter may hold numbers of its own.
        rng = Random(15)
        for line in (plain_line(rng) for _ in range(COUNT)):
            answer = json.loads(line.command.answer())
            if answer["action"] != "none" and not {"time", "minutes", "percent", "degrees"} & set(answer):
                self.assertNotRegex(line.text, r"\d", f"{line.text} {answer}")

    def test_a_percentage_sign_means_percent(self) -> None:
        for (prompt, _), answer in zip(self.rows, self.answers):
            found = re.search(r"(\d+) ?%", prompt)
            if found and answer["action"] != "none":
                self.assertEqual(answer.get("percent"), int(found.group(1)), prompt)

    def test_balance(self) -> None:
        shares = {action: count / COUNT for action,
                  count in Counter(answer["action"] for answer in self.answers).items()}
        for action, low, high in (("none", 0.12, 0.15), ("cancel", 0.08, 0.10), ("query", 0.13, 0.17),
                                  ("set", 0.23, 0.27), ("on", 0.10, 0.14),
                                  ("off", 0.10, 0.14), ("open", 0.05, 0.09), ("close", 0.05, 0.09)):
            self.assertTrue(low <= shares[action] <= high, f"{action} {shares[action]}")
        for key, table in (("device", DEVICES), ("room", ROOMS)):
            counts = Counter(answer[key] for answer in self.answers if key in answer)
            for value in table:
                self.assertGreater(counts[value] / sum(counts.values()), 0.07, value)

    def test_mostly_distinct(self) -> None:
        self.assertGreater(len({prompt for prompt, _ in self.rows}) / COUNT, 0.93)

    def test_exclusions(self) -> None:
        banned = frozenset(normalised(prompt) for prompt, _ in self.rows[:300])
        self.assertFalse(any(normalised(prompt) in banned for prompt, _ in generate(1000, 3, banned)))

    def test_command_line(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            excluded, output = Path(folder) / "excluded.jsonl", Path(folder) / "out.jsonl"
            excluded.write_text(json.dumps({"prompt": self.rows[0][0].upper() + "!!"}) + "\n", encoding="utf-8")
            subprocess.run([sys.executable, "-m", "commands.generator.generate", "--count", "50", "--seed", "3",
                            "--output", str(output), "--exclude", str(excluded)], check=True, cwd=ROOT)
            rows = [json.loads(row) for row in output.read_text(encoding="utf-8").splitlines()]
        self.assertEqual(len(rows), 50)
        self.assertEqual(rows[0]["prompt"], self.rows[1][0])


if __name__ == "__main__":
    unittest.main()
