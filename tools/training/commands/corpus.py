"""The documents of mor-commands: lines of the generator as conversations, most of one question, some of more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Iterator

HERE = Path(__file__).resolve().parent
# Lines and seed of each part.
PARTS = {"train": (320_000, 1), "validation": (4_000, 2)}
# Weights of one, two and three questions in a conversation: a chat asks again, and must not be put off by its history.
TURNS, TURN_WEIGHTS = (1, 2, 3), (8, 2, 1)


def write(folder: Path, corpus: Path) -> None:
    """train.jsonl and validation.jsonl, without a phrasing of the two evaluation files. `corpus` is not needed."""
    for part, (count, seed) in PARTS.items():
        write_conversations(folder / f"{part}.jsonl", generated(count, seed), seed)


def write_conversations(path: Path, lines: Iterator[dict[str, str]], seed: int) -> None:
    """Lines as conversations of one to three questions."""
    random = Random(seed)
    with open(path, "w", encoding="utf-8") as file:
        while turns := [line for _, line in zip(range(random.choices(TURNS, TURN_WEIGHTS)[0]), lines)]:
            messages = [message for line in turns for message in exchange(line)]
            file.write(json.dumps({"messages": messages}) + "\n")


def exchange(line: dict[str, str]) -> list[dict[str, str]]:
    return [{"role": "user", "content": line["prompt"]}, {"role": "assistant", "content": line["answer"]}]


def generated(count: int, seed: int) -> Iterator[dict[str, str]]:
    """Lines of generate.py, a program of its own."""
    command = [sys.executable, str(HERE / "generate.py"), "--count", str(count), "--seed", str(seed)]
    for name in ("test", "development"):
        command += ["--exclude", str(HERE / f"{name}.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise SystemExit(f"generate.py ended with {process.returncode}.")
