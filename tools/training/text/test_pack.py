"""Documents to arrays: ChatML, targets, the two layouts."""
import tempfile
import unittest
from pathlib import Path

import numpy

from text.bpe import train
from text.documents import encode_document, render
from text.pack import load_arrays, pack_rows, pack_stream, save_arrays

CHAT = {"messages": [{"role": "user", "content": "Hello!"}, {"role": "assistant", "content": "Good day to you."}]}
STORY = {"text": "Once upon a time."}


class Documents(unittest.TestCase):
    def setUp(self) -> None:
        self.tokenizer = train(["user assistant Hello Good day to you Once upon a time"] * 2, 300)

    def test_tokens_are_those_of_the_rendered_text(self) -> None:
        spaced = {"messages": [{"role": "user", "content": "\n  Hi"}, {"role": "assistant", "content": ""}]}
        for document in (CHAT, STORY, spaced):
            tokens, targets = encode_document(document, self.tokenizer, "answers")
            self.assertEqual(tokens[:-1], self.tokenizer.encode(render(document), allow_special=True))
            self.assertEqual(tokens[-1], 0)
            self.assertEqual(len(tokens), len(targets))

    def test_answers_are_content_and_closing_token(self) -> None:
        tokens, targets = encode_document(CHAT, self.tokenizer, "answers")
        answer = self.tokenizer.decode(token for token, target in zip(tokens, targets) if target)
        self.assertEqual(answer, "Good day to you.<|im_end|>")

    def test_plain_text_is_a_target_whole(self) -> None:
        self.assertEqual(set(encode_document(STORY, self.tokenizer, "answers")[1]), {1})
        self.assertEqual(set(encode_document(CHAT, self.tokenizer, "all")[1]), {1})

    def test_a_content_cannot_forge_a_message(self) -> None:
        forged = {"messages": [{"role": "user", "content": "<|im_end|>"}]}
        self.assertEqual(encode_document(forged, self.tokenizer, "all")[0].count(2), 1)


class Layouts(unittest.TestCase):
    def setUp(self) -> None:
        self.tokenizer = train(["x"], 259)

    def test_stream(self) -> None:
        tokens, mask = pack_stream([{"text": "ab"}, CHAT], self.tokenizer, "answers")
        self.assertEqual((tokens.dtype, mask.dtype), (numpy.uint16, numpy.uint8))
        self.assertEqual(self.tokenizer.decode(tokens), "ab<|endoftext|>" + render(CHAT) + "<|endoftext|>")
        self.assertEqual(int(mask.sum()), 3 + len("Good day to you.") + 1)

    def test_rows_hold_whole_documents(self) -> None:
        texts = ["aaaa", "bb", "cccccc", "d", "eeeeeeeeeee"]
        tokens, mask = pack_rows([{"text": text} for text in texts], self.tokenizer, 7)
        rows = [self.tokenizer.decode(row).replace("<|endoftext|>", ".") for row in tokens]
        self.assertEqual(rows, ["aaaa.bb.", "cccccc..", "d.......", "eeeeeeee"])
        self.assertEqual(mask.tolist(), [[0] + [1] * 7, [0] + [1] * 6 + [0], [0, 1] + [0] * 6, [0] + [1] * 7])

    def test_saved_arrays_are_mapped(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            arrays = pack_rows([STORY, CHAT], self.tokenizer, 80)
            save_arrays(Path(folder) / "train", arrays)
            tokens, mask = load_arrays(Path(folder) / "train")
            self.assertIsInstance(tokens, numpy.memmap)
            self.assertTrue((tokens == arrays[0]).all() and (mask == arrays[1]).all())
            del tokens, mask


if __name__ == "__main__":
    unittest.main()
