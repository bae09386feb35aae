"""Documents of a reader's own text, for configs/own.toml: all .txt and .jsonl files of a folder and its folders.

A text file is one document, or several with <|endoftext|> between them; long ones are cut behind a paragraph. A line of
a .jsonl file is a document as text/documents.py says: {"text": ...}, or {"messages": [...]} for a model to chat with.
"""
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from text.bpe import END_OF_TEXT
from text.documents import Document, read_documents

# One document in so many is held out, chosen by its content, so that the same documents are on the same side.
HELD_OUT_ONE_IN = 20
# A part of a long text, in characters.
PART = 4000


def write(folder: Path, corpus: Path) -> None:
    """train.jsonl and validation.jsonl in `folder` from the files of `corpus`."""
    parts: dict[str, list[Document]] = {"train": [], "validation": []}
    for document in read(corpus):
        parts["validation" if is_held_out(document) else "train"].append(document)
    if not parts["train"]:
        raise SystemExit(f"{corpus} has no text: no .txt or .jsonl file, or nothing in them (--corpus FOLDER).")
    for part, documents in parts.items():
        with open(folder / f"{part}.jsonl", "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)


def read(corpus: Path) -> Iterator[Document]:
    for path in sorted(corpus.rglob("*")):
        if path.suffix == ".jsonl":
            yield from read_documents(path)
        elif path.suffix == ".txt":
            for text in path.read_text(encoding="utf-8", errors="replace").split(END_OF_TEXT):
                yield from ({"text": part} for part in cut(text))


def cut(text: str) -> Iterator[str]:
    """The text in parts of whole paragraphs, each as many as fit, and a longer paragraph whole."""
    part = ""
    for paragraph in filter(str.strip, text.split("\n\n")):
        if part and len(part) + len(paragraph) > PART:
            yield part
            part = ""
        part += ("\n\n" if part else "") + paragraph.strip("\n")
    if part:
        yield part


def is_held_out(document: Document) -> bool:
    digest = hashlib.sha256(json.dumps(document).encode()).digest()
    return int.from_bytes(digest[:4], "big") % HELD_OUT_ONE_IN == 0
