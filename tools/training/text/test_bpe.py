"""The tokenizer: words, training, the written file, and the ids of a tokenizer.json as the library gives them."""
import tempfile
import unittest

from text.bpe import Tokenizer, train
from text.pretokenizer import split_words

TEXTS = ["Once upon a time there was a little boat. The little boat was red."] * 3 + ["It's 27 boats! naïve café\n\n"]


class SplitWords(unittest.TestCase):
    def test_contractions_digits_and_white_space(self) -> None:
        self.assertEqual(
            split_words("It's 27 boats,  they'll\n\n go_on  "),
            ["It", "'s", " ", "2", "7", " boats", ",", " ", " they", "'ll", "\n\n", " go", "_", "on", "  "])

    def test_white_space_before_a_digit_is_one_word(self) -> None:
        self.assertEqual(split_words("a  5"), ["a", "  ", "5"])

    def test_rare_numeric_characters_stand_alone(self) -> None:
        self.assertEqual(split_words("x²½ Ⅷ 四"), ["x", "²", "½", " ", "Ⅷ", " 四"])

    def test_separators_that_unicode_does_not_call_white_space(self) -> None:
        self.assertEqual(split_words("a\x1cb\x85c"), ["a", "\x1c", "b", "\x85", "c"])

    def test_words_join_to_the_text(self) -> None:
        text = "¿Qué? ١٢ e\u0301 \u00a0\u2003 it'S 'tis \t\r\n 👍🏽 x² _a_"
        self.assertEqual("".join(split_words(text)), text)


class TrainedTokenizer(unittest.TestCase):
    def setUp(self) -> None:
        self.tokenizer = train(TEXTS, 300)

    def test_special_tokens_come_first(self) -> None:
        self.assertEqual(self.tokenizer.encode("<|endoftext|><|im_start|><|im_end|>", allow_special=True), [0, 1, 2])
        self.assertTrue(all(token > 2 for token in self.tokenizer.encode("<|im_start|>")))

    def test_round_trip(self) -> None:
        for text in ["The little boat.", "naïve 👍🏽 \x00 <|im_end|>", "  \n\t12 'll", ""]:
            self.assertEqual(self.tokenizer.decode(self.tokenizer.encode(text)), text)
            self.assertEqual(self.tokenizer.decode(self.tokenizer.encode(text, allow_special=True)), text)

    def test_size_and_frequent_words(self) -> None:
        self.assertLessEqual(len(self.tokenizer), 300)
        self.assertEqual(len(self.tokenizer.encode(" little")), 1)

    def test_training_is_deterministic(self) -> None:
        self.assertEqual(train(reversed(TEXTS), 300).vocabulary, self.tokenizer.vocabulary)

    def test_no_pair_occurs_twice_any_more(self) -> None:
        self.assertEqual(len(train(["abab"], 4096)), 3 + 256 + 1)

    def test_saved_and_loaded(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.tokenizer.save(folder, 512)
            loaded = Tokenizer.load(folder)
        self.assertEqual(loaded.vocabulary, self.tokenizer.vocabulary)
        self.assertEqual(loaded.encode(TEXTS[-1]), self.tokenizer.encode(TEXTS[-1]))


if __name__ == "__main__":
    unittest.main()
