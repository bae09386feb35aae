"""A reader's own text becomes documents, each once, on one side."""
import json
import tempfile
import unittest
from pathlib import Path

from text import own
from text.documents import read_documents


class OwnText(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.corpus, self.output = Path(folder.name) / "corpus", Path(folder.name) / "output"
        (self.corpus / "inner").mkdir(parents=True)
        self.output.mkdir()

    def test_every_document_is_on_one_side(self) -> None:
        talk = {"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]}
        (self.corpus / "inner/talks.jsonl").write_text(json.dumps(talk) + "\n" + json.dumps({"text": "One."}) + "\n")
        stories = [f"Story {index}.\n\nIts end." for index in range(200)]
        (self.corpus / "stories.txt").write_text("\n<|endoftext|>\n".join(stories) + "\n<|endoftext|>\n")
        (self.corpus / "notes.md").write_text("not a text")
        own.write(self.output, self.corpus)
        train, held_out = (list(read_documents(self.output / f"{part}.jsonl")) for part in ("train", "validation"))
        expected = [talk, {"text": "One."}, *({"text": story} for story in stories)]
        self.assertCountEqual(map(json.dumps, expected), map(json.dumps, train + held_out))
        self.assertTrue(0 < len(held_out) < 30)

    def test_a_long_text_is_cut_behind_paragraphs(self) -> None:
        paragraphs = [f"{index} " + "word " * 300 for index in range(9)] + ["x" * (own.PART + 1), "the end"]
        parts = list(own.cut("\n\n".join(paragraphs)))
        self.assertEqual("\n\n".join(paragraphs), "\n\n".join(parts))
        self.assertEqual([2, 2, 2, 2, 1, 1, 1], [len(part.split("\n\n")) for part in parts])

    def test_a_folder_without_text_is_one_sentence(self) -> None:
        for corpus in (self.corpus, self.corpus / "missing"):
            with self.assertRaisesRegex(SystemExit, "has no text"):
                own.write(self.output, corpus)

    def test_a_line_that_is_no_document_is_one_sentence(self) -> None:
        lines = {
            b'{"text": "open': "no JSON of UTF-8",
            b'{"text": "\xff"}': "no JSON of UTF-8",
            b'["text"]': "a document is",
            b'"text"': "a document is",
            b'{"text": 5}': "a document is",
            b'{"text": "a", "messages": []}': "a document is",
            b'{"prompt": "a"}': "a document is",
            b'{"messages": "a"}': "a document is",
            b'{"messages": [{"role": "user"}]}': "a document is",
        }
        for line, said in lines.items():
            (self.corpus / "a.jsonl").write_bytes(b'{"text": "whole"}\n\n' + line + b"\n")
            with self.subTest(line), self.assertRaisesRegex(SystemExit, rf"a\.jsonl:3: .*{said}"):
                own.write(self.output, self.corpus)


if __name__ == "__main__":
    unittest.main()
