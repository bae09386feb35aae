"""From a source of documents to packed arrays: corpus, tokenizer, packing; a stage whose files are there is skipped."""

from __future__ import annotations

import importlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from text import bpe, pack
from text.documents import read_documents, render

from .checkpoints import require_same
from .settings import ROOT, Settings, read

# Of the folder of data: what it was made with.
MADE_WITH = "made_with.json"


def prepare(settings: Settings, corpus: Path) -> bpe.Tokenizer:
    """Writes documents, tokenizer and packed arrays of a run, and gives the tokenizer."""
    folder = settings.folder / "data"
    made_with = {**asdict(settings.data), "initial": settings.training.initial}
    if (folder / MADE_WITH).exists():
        require_same(json.loads((folder / MADE_WITH).read_text()), made_with, folder / MADE_WITH)
    if not (folder / "train.jsonl").exists():
        print(f"{settings.name}: writing documents with {settings.data.source}", flush=True)
        source = source_of(settings)
        partial = folder.with_name("data.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            source(partial, corpus)
        except FileNotFoundError as error:
            raise SystemExit(
                f"{settings.name}: {error.filename} is not there, a text that {settings.data.source} reads (--corpus"
                " FOLDER)."
            ) from None
        (partial / MADE_WITH).write_text(json.dumps(made_with, indent=1) + "\n")
        os.replace(partial, folder)
    tokenizer = tokenizer_of(settings, folder)
    if len(tokenizer) > settings.data.vocabulary:
        raise SystemExit(
            f"{settings.name}: the tokenizer has {len(tokenizer)} tokens, more than the vocabulary of"
            f" {settings.data.vocabulary}."
        )
    for part in sorted(path.stem for path in folder.glob("*.jsonl")):
        prefix = settings.packed(part)
        if not prefix.with_name(f"{part}.mask.npy").exists():
            print(f"{settings.name}: packing {part}", flush=True)
            pack.save_arrays(prefix, packed(settings, tokenizer, folder / f"{part}.jsonl"))
    return tokenizer


def source_of(settings: Settings) -> Callable[[Path, Path], None]:
    module, _, function = settings.data.source.rpartition(".")
    try:
        return getattr(importlib.import_module(module), function)
    except (ValueError, ModuleNotFoundError, AttributeError):
        raise SystemExit(f"{settings.name}: there is no function {settings.data.source} to write documents.") from None


def packed(settings: Settings, tokenizer: bpe.Tokenizer, path: Path) -> pack.Arrays:
    data = settings.data
    if data.layout == "stream":
        return pack.pack_stream(read_documents(path), tokenizer, data.mask)
    return pack.pack_rows(read_documents(path), tokenizer, data.window, data.mask)


def tokenizer_of(settings: Settings, folder: Path) -> bpe.Tokenizer:
    """That of the run this one begins with, or the one the settings name; else trained on the documents, once."""
    if settings.training.initial:
        return tokenizer_of(*initial_of(settings))
    if settings.data.tokenizer:
        return bpe.Tokenizer.load((ROOT / settings.data.tokenizer).resolve())
    home = folder / "tokenizer"
    if not (home / "tokenizer.json").exists():
        print(f"{settings.name}: training a tokenizer of {settings.data.vocabulary}", flush=True)
        texts = (render(document) for document in read_documents(folder / "train.jsonl"))
        bpe.train(texts, settings.data.vocabulary).save(home, settings.model["max_position_embeddings"])
    return bpe.Tokenizer.load(home)


def initial_of(settings: Settings) -> tuple[Settings, Path]:
    """The run this one begins with, and its folder of data."""
    initial = read(settings.training.initial, settings.folder.parent)
    return initial, initial.folder / "data"
