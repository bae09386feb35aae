"""Requests for a noun, tiny stories, and nouns called by other words."""
import random
import re
import unittest

from stories import composer, conversations, practice, prompts
from stories.composer import NounFinder
from stories.nouns import held_out_nouns
from stories.requests import WORDINGS


class Practice(unittest.TestCase):
    def test_a_renamed_story_is_about_the_other_word_everywhere(self) -> None:
        text = "An owl saw two owls. The owl's nest was high. Owl! A bowl of soup."
        expected = "A trillo saw two trillos. The trillo's nest was high. Trillo! A bowl of soup."
        self.assertEqual(expected, practice.renamed(text, "owl", "trillo"))

    def test_a_word_with_a_vowel_brings_its_article(self) -> None:
        told = practice.renamed("A cat saw a fox. The cat ran.", "cat", "under")
        self.assertEqual("An under saw a fox. The under ran.", told)

    def test_words_are_frequent_and_never_held_out(self) -> None:
        noun = held_out_nouns()[0]
        texts = [f"the fox and {noun} and {noun}s ran"] * 3 + ["quickly"] * 2
        self.assertEqual(["and", "fox", "ran", "the"], practice.words(texts))

    def test_tiny_stories_have_the_length_asked_for_and_the_noun(self) -> None:
        draw = random.Random(1)
        for _ in range(500):
            request, story = practice.tiny_story(draw)
            self.assertNotRegex(request + story, r"[{}]")
            sentences = len(re.findall(r'[.!?]"?(?= [A-Z"]|$)', re.sub(r'[!?]" (?:said|asked|cried)', "", story)))
            if "one sentence" in request.lower():
                self.assertEqual(1, sentences, story)
            noun = re.search(r"\ban? (?:\w+ )*?(\w+)(?= in one|[.,?!]| please|$)", request.split("about")[-1])
            if noun and "about" in request:
                self.assertIn(noun.group(1), story, request)

    def test_made_up_words_are_never_held_out(self) -> None:
        draw = random.Random(2)
        self.assertFalse({practice.word(draw) for _ in range(5000)} & set(held_out_nouns()))


class Conversations(unittest.TestCase):
    def test_a_request_names_a_noun_of_the_first_sentences_only(self) -> None:
        draw, finder, namer = random.Random(3), NounFinder(), conversations.Namer([])
        text = "Once there was a fox. The fox met a duck. The duck had a boat. A boat is nice. The duck was glad."
        for _ in range(20):
            document = conversations.requested(text, finder, draw, 0.0, namer, 0.5)
            self.assertIn("fox", document["messages"][0]["content"])

    def test_a_free_request_names_its_noun_and_is_no_wording_of_the_evaluation(self) -> None:
        draw = random.Random(4)
        judged = {wording.format(a="an owl").lower() for pair in WORDINGS for wording in pair}
        known = {wording.format(a="an owl").lower() for wording in prompts.ABOUT}
        requests = {prompts.free(draw, "owl") for _ in range(5000)}
        self.assertGreater(len(requests), 4000)
        for request in requests:
            self.assertRegex(request, r"\ban owl\b")
            self.assertNotRegex(request, r"[{}|?]\w|  ")
        self.assertFalse({request.lower() for request in requests} & (judged - known))

    def test_a_noun_is_called_by_a_word_of_the_stories_or_by_a_made_up_one(self) -> None:
        draw, namer = random.Random(5), conversations.Namer(["under", "lantern"])
        called = [namer.name(draw) for _ in range(2000)]
        share = sum(name in ("under", "lantern") for name in called) / len(called)
        self.assertAlmostEqual(conversations.ANY_WORD_SHARE, share, delta=0.05)

    def test_a_held_out_noun_in_a_request_is_found(self) -> None:
        noun = held_out_nouns()[0]
        asked = {"messages": [{"role": "user", "content": f"Tell me about {noun}s."}]}
        told = {"messages": [{"role": "user", "content": "Tell me."}, {"role": "assistant", "content": noun}]}
        self.assertTrue(composer.names_held_out(asked["messages"]))
        self.assertFalse(composer.names_held_out(told["messages"]))


if __name__ == "__main__":
    unittest.main()
