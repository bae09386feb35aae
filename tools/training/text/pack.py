"""Packs documents into the two arrays a training run reads: tokens (uint16) and targets (uint8).

mask[i] = 1 means that token i is to be predicted, from the tokens before it. A trainer that feeds x = tokens[:-1]
therefore weighs the loss of predicting tokens[1:] with mask[1:]; mask[0] of a window is never used.

Layouts:
  stream  one dimension: the documents one after another. The trainer cuts windows of T + 1 at offsets of its choice.
  rows    two dimensions, [rows, T + 1]: every row begins with a document's start and takes the next documents whole
          as long as they fit; the rest is padding, token 0 with mask 0. A document longer than a row is cut.

Command line: python3 -m text.pack documents.jsonl --tokenizer FOLDER --output PREFIX [--layout rows --length 256]
writes PREFIX.tokens.npy and PREFIX.mask.npy, which numpy.load maps into memory with mmap_mode="r".
"""
import argparse
import os
from array import array
from collections.abc import Iterable
from pathlib import Path

import numpy

from text.bpe import Tokenizer
from text.documents import MASKS, Document, encode_document, read_documents

Arrays = tuple[numpy.ndarray, numpy.ndarray]


def pack_stream(documents: Iterable[Document], tokenizer: Tokenizer, mask: str = "all") -> Arrays:
    """All documents in order as one line of tokens, and its mask."""
    tokens = array("H")
    targets = array("B")
    for document in documents:
        document_tokens, document_targets = encode_document(document, tokenizer, mask)
        tokens.extend(document_tokens)
        targets.extend(document_targets)
    return numpy.array(tokens, dtype=numpy.uint16), numpy.array(targets, dtype=numpy.uint8)


def pack_rows(documents: Iterable[Document], tokenizer: Tokenizer, length: int, mask: str = "all",
              open_rows: int = 64) -> Arrays:
    """Rows of length + 1 tokens, and their mask.

    Greedy: a document goes into the fullest of the last `open_rows` rows that has room for it, or else begins a row.
    A few rows kept open leave far less padding than one, and keep documents that follow each other close together.
    The first token of a row has nothing before it to be predicted from; its mask is 0.
    """
    if length < 1 or open_rows < 1:
        raise ValueError("the length of a row and the number of open rows are positive")
    width = length + 1
    rows: list[tuple[array, array]] = []
    waiting: list[int] = []
    for document in documents:
        tokens, targets = encode_document(document, tokenizer, mask)
        tokens, targets = tokens[:width], targets[:width]
        fitting = [index for index in waiting if len(rows[index][0]) + len(tokens) <= width]
        if fitting:
            index = max(fitting, key=lambda candidate: len(rows[candidate][0]))
            rows[index][0].extend(tokens)
            rows[index][1].extend(targets)
        else:
            index = len(rows)
            rows.append((array("H", tokens), array("B", [0, *targets[1:]])))
            waiting.append(index)
        if len(rows[index][0]) >= width - 1:
            waiting.remove(index)
        elif len(waiting) > open_rows:
            waiting.pop(0)
    packed_tokens = numpy.zeros((len(rows), width), dtype=numpy.uint16)
    packed_mask = numpy.zeros((len(rows), width), dtype=numpy.uint8)
    for index, (row_tokens, row_targets) in enumerate(rows):
        packed_tokens[index, :len(row_tokens)] = row_tokens
        packed_mask[index, :len(row_targets)] = row_targets
    return packed_tokens, packed_mask


def save_arrays(prefix: str | Path, arrays: Arrays) -> None:
    """Writes PREFIX.tokens.npy and PREFIX.mask.npy, each whole or not at all."""
    Path(prefix).parent.mkdir(parents=True, exist_ok=True)
    for name, content in zip(("tokens", "mask"), arrays):
        with open(f"{prefix}.{name}.partial", "wb") as file:
            numpy.save(file, content)
        os.replace(f"{prefix}.{name}.partial", f"{prefix}.{name}.npy")


def load_arrays(prefix: str | Path) -> Arrays:
    """The two arrays of save_arrays, mapped into memory and read-only."""
    tokens, mask = (numpy.load(f"{prefix}.{name}.npy", mmap_mode="r") for name in ("tokens", "mask"))
    return tokens, mask


def main() -> None:
    parser = argparse.ArgumentParser(prog="text.pack", description="Pack JSON lines of documents into token arrays.")
    parser.add_argument("inputs", nargs="+", type=Path, help='JSON lines of {"text": ...} or {"messages": [...]}')
    parser.add_argument("--tokenizer", required=True, type=Path, help="a folder with tokenizer.json")
    parser.add_argument("--output", required=True, type=Path, help="the prefix of the two files written")
    parser.add_argument("--layout", choices=("stream", "rows"), default="stream")
    parser.add_argument("--length", type=int, default=256, help="T: a row has T + 1 tokens (default 256)")
    parser.add_argument("--mask", choices=MASKS, default="all")
    arguments = parser.parse_args()
    tokenizer = Tokenizer.load(arguments.tokenizer)
    documents = (document for path in arguments.inputs for document in read_documents(path))
    if arguments.layout == "stream":
        arrays = pack_stream(documents, tokenizer, arguments.mask)
    else:
        arrays = pack_rows(documents, tokenizer, arguments.length, arguments.mask)
    save_arrays(arguments.output, arrays)
    tokens, mask = arrays
    print(f"{tokens.size} tokens in shape {list(tokens.shape)}, {int(mask.sum())} of them targets")


if __name__ == "__main__":
    main()
