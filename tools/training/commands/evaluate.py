#!/usr/bin/python3
"""Exact match of mor-commands on phrasings written by hand, in float32 by the twin, in threshold mode.

    python3 -m commands.evaluate [--file commands/test.jsonl] [--wrong]

The int4 file is judged by the runtime itself, in tests/MoREdge.GoldenTests.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from text import documents
from trainer import settings
from trainer.export import load
from twin.generation import generate

HERE = Path(__file__).resolve().parent
ANSWER_TOKENS_MAX = 80


def main() -> None:
    parser = argparse.ArgumentParser(description="Exact match of a trained mor-commands.")
    parser.add_argument("--model", type=Path, default=settings.RUNS / "mor-commands/export", help="folder")
    parser.add_argument("--file", type=Path, default=HERE / "test.jsonl", help="JSON lines of prompt and answer")
    parser.add_argument("--mode", default="threshold", choices=("threshold", "topk", "full"))
    parser.add_argument("--wrong", action="store_true", help="print each answer that is wrong")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load(arguments.model)
    stop = (tokenizer.end_of_text, tokenizer.message_end)
    lines = [json.loads(line) for line in arguments.file.read_text().splitlines()]
    right = 0
    for line in lines:
        prompt = documents.prompt([{"role": "user", "content": line["prompt"]}], tokenizer)
        answer = tokenizer.decode(generate(model, prompt, ANSWER_TOKENS_MAX, stop, arguments.mode))
        right += answer == line["answer"]
        if arguments.wrong and answer != line["answer"]:
            print(f"{line['prompt']}\n  wanted {line['answer']}\n  got    {answer}")
    print(f"{right} of {len(lines)} exact, {100 * right / len(lines):.2f} %")


if __name__ == "__main__":
    main()
