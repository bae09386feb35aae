"""The documents of mor-commands: lines of the generator as conversations of one question and one answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Lines and seed of each part.
PARTS = {"train": (400_000, 1), "validation": (4_000, 2)}


def write(folder: Path, corpus: Path) -> None:
    """train.jsonl and validation.jsonl, without a phrasing of the two evaluation files. `corpus` is not needed."""
    for part, (count, seed) in PARTS.items():
        with open(folder / f"{part}.jsonl", "w", encoding="utf-8") as file:
            for line in generated(count, seed):
                messages = [
                    {"role": "user", "content": line["prompt"]},
                    {"role": "assistant", "content": line["answer"]},
                ]
                file.write(json.dumps({"messages": messages}) + "\n")


def generated(count: int, seed: int):
    """Lines of generate.py, a program of its own."""
    command = [sys.executable, str(HERE / "generate.py"), "--count", str(count), "--seed", str(seed)]
    for name in ("test", "development"):
        command += ["--exclude", str(HERE / f"{name}.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise SystemExit(f"generate.py ended with {process.returncode}.")
