"""The documents: no training request names a held-out noun, and a template story is about its noun from the start."""
import random
import re
import unittest

from stories import requests
from stories.composer import Composer, NounFinder
from stories.nouns import held_out_nouns, nouns_by_kind, with_article
from stories.requests import small_talk_requests, story_requests
from stories.small_talk import SmallTalker
from stories.sources import Story, TrueCase
from stories.templates import StoryWriter


class Templates(unittest.TestCase):
    def setUp(self) -> None:
        writer = StoryWriter(5)
        self.stories = [writer.write() for _ in range(3000)]

    def test_the_noun_comes_early_and_often(self) -> None:
        for story in self.stories:
            start = " ".join(re.split(r"(?<=[.!?]) ", story.text)[:4])
            self.assertIn(story.noun, start.lower())
            self.assertGreaterEqual(story.text.count(story.noun), 3, story.text)

    def test_no_slot_is_left_and_articles_fit(self) -> None:
        for story in self.stories:
            self.assertNotRegex(story.text, r"[{}|_]|\b[Aa] [aeio]|\b[Aa]n [bcdfgjklmnpqrstvwxyz]")

    def test_every_plot_is_used(self) -> None:
        self.assertGreater(len({story.noun for story in self.stories}), 600)


class Forms(unittest.TestCase):
    def test_a_story_without_its_noun_is_whole_in_its_answers(self) -> None:
        writer, composer = StoryWriter(8), Composer([], 8)
        seen = set()
        for _ in range(300):
            story, before = writer.write(), writer.write()
            messages = composer.unnamed(story, before)["messages"]
            told = "".join(message["content"] for message in messages if message["role"] == "assistant")
            last = messages[-2]["content"]
            form = "another" if before.text in told else "rest" if story.text not in told else "any"
            form = "parts" if len(messages) == 4 and form == "rest" else form
            seen.add(form)
            if form in ("any", "another"):
                self.assertTrue(told.endswith(story.text))
                self.assertNotIn(story.noun, last)
            else:
                joined = re.sub(r"\s", "", (last if form == "rest" else "") + told)
                self.assertTrue(joined.endswith(re.sub(r"\s", "", story.text)))
        self.assertEqual({"any", "another", "rest", "parts"}, seen)


class Requests(unittest.TestCase):
    def test_held_out_nouns_are_never_asked_for(self) -> None:
        held_out = set(held_out_nouns())
        self.assertTrue(all(held_out.isdisjoint(noun.split()) for kind in nouns_by_kind().values() for noun in kind))
        stories = [Story(f"Once there was {with_article(noun)} and a cat. The {noun} sat down. The cat saw the {noun}. "
                         f"They ran. The {noun} was fast. They were glad.", "test", True) for noun in sorted(held_out)]
        composer = Composer(stories, 3)
        for story in stories * 5:
            for message in composer.conversation(story).get("messages", []):
                if message["role"] == "user":
                    self.assertTrue(held_out.isdisjoint(re.findall("[a-z]+", message["content"].lower())))

    def test_the_evaluation_asks_for_each_twice(self) -> None:
        self.assertEqual(len(story_requests()), 2 * len(held_out_nouns()))
        self.assertEqual(len(small_talk_requests()), 40)

    def test_the_file_of_requests_is_theirs(self) -> None:
        self.assertEqual(requests.lines(), requests.LINES.read_text(encoding="utf-8"))

    def test_verbs_are_not_asked_for(self) -> None:
        found = NounFinder().find("The girl saw a big dog. The dog liked to fly and to play with the toy box.")
        self.assertEqual(set(found), {"girl", "dog"} | ({"box"} & set(found)))


class Texts(unittest.TestCase):
    def test_true_case(self) -> None:
        case = TrueCase(["One day, Lily saw Lily and Lily saw Lily, Lily, Lily."])
        self.assertEqual(case.restore('lily ran. "stop!" she said. then lily and i sat.'),
                         'Lily ran. "Stop!" she said. Then Lily and I sat.')

    def test_articles(self) -> None:
        self.assertEqual([with_article(word) for word in ("owl", "unicorn", "hour", "boat", "old boat")],
                         ["an owl", "a unicorn", "an hour", "a boat", "an old boat"])

    def test_small_talk_alternates(self) -> None:
        talker = SmallTalker(random.randint(0, 9))
        for _ in range(200):
            roles = [message["role"] for message in talker.conversation()]
            self.assertEqual(roles, ["user", "assistant"] * (len(roles) // 2))


if __name__ == "__main__":
    unittest.main()
